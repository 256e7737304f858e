"""Clients, devices and plugins, each in a process of its own."""

import shutil
from pathlib import Path

import jaxlib
import pytest


def test_import_starts_no_client(run):
    assert run("print(client.clients_started())")[0] == "False\n"


def test_number_of_cpu_devices(run):
    code = "print(devices.device_count(), len(devices.local_devices()), devices.process_indices())"
    assert run(code, JIB_NUM_CPU_DEVICES="8")[0] == "8 8 [0]\n"


def test_no_cpu_devices_is_an_error(run):
    code = """
    try:
        devices.devices()
    except ValueError as error:
        print(error)
    """
    assert "must be 1 or more, got 0" in run(code, JIB_NUM_CPU_DEVICES="0")[0]


def test_unknown_platform_lists_those_there_are(run):
    code = """
    try:
        devices.devices("abacus")
    except RuntimeError as error:
        print(error)
    """
    output, _ = run(code)
    assert "there is no platform `abacus` here; the platforms are: cpu" in output
    assert 'help: jib.devices("cpu")' in output


def test_default_device_setting(run):
    code = """
    from jib import settings
    import numpy as np
    first = transfer.put_scalar(1.0, np.dtype("float32"))
    with settings.default_device(devices.devices()[2]):
        second = transfer.put_scalar(1.0, np.dtype("float32"))
    settings.config.update("default_device", "cpu:1")
    third = transfer.put_scalar(1.0, np.dtype("float32"))
    print([x._sharding._device.id for x in (first, second, third)])
    """
    assert run(code, JIB_NUM_CPU_DEVICES="3")[0] == "[0, 2, 1]\n"


def test_other_package_in_the_process_is_refused(run):
    code = """
    import importlib, sys, types
    for name in [name for name in sys.modules if name.startswith("jib.backend")]:
        del sys.modules[name]
    sys.modules["jax"] = types.ModuleType("jax")
    try:
        importlib.import_module("jib.backend.client")
    except ImportError as error:
        print(error)
    """
    assert "jib and jax cannot share a process" in run(code)[0]


def test_nothing_is_printed_when_a_client_starts(run):
    assert run("devices.devices()") == ("", "")


def make_plugin(site: Path, library: bytes | None) -> None:
    """A CUDA plugin whose Python must never run."""
    folder = site / "jax_plugins" / "xla_cuda12"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('the Python of a plugin was run')")
    if library is not None:
        (folder / "xla_cuda_plugin.so").write_bytes(library)


FALLS_BACK = """
print(devices.default_backend(), devices.default_backend())
try:
    devices.devices("gpu")
except RuntimeError as error:
    print(error)
"""


@pytest.mark.parametrize("kind", ["garbage", "no entry point"])
def test_unusable_plugin_warns_once_and_leaves_the_cpu(run, tmp_path: Path, kind: str):
    if kind == "garbage":
        make_plugin(tmp_path, b"this is no library")
    else:
        make_plugin(tmp_path, None)
        library = tmp_path / "jax_plugins" / "xla_cuda12" / "xla_cuda_plugin.so"
        (real,) = Path(jaxlib.__file__).parent.glob("_pretty_printer.so")
        shutil.copy(real, library)
    output, errors = run(FALLS_BACK, EXTRA_PATH=str(tmp_path))
    assert output.startswith("cpu cpu\n")
    assert "could not start" in output
    assert errors.count("RuntimeWarning") == 1
    assert "cannot be used" in errors
    assert "nvidia-smi" in errors


def test_plugin_is_not_touched_when_only_the_cpu_is_asked_for(run, tmp_path: Path):
    make_plugin(tmp_path, b"this is no library")
    output, errors = run(FALLS_BACK, EXTRA_PATH=str(tmp_path), JIB_PLATFORMS="cpu")
    assert (output.splitlines()[0], errors) == ("cpu cpu", "")


def test_plugin_without_library_is_no_plugin(run, tmp_path: Path):
    make_plugin(tmp_path, None)
    assert run(FALLS_BACK, EXTRA_PATH=str(tmp_path))[1] == ""


def test_platform_that_cannot_start_is_an_error_when_it_is_the_only_one(run):
    code = """
    try:
        devices.devices()
    except RuntimeError as error:
        print(error)
    """
    output, _ = run(code, JIB_PLATFORMS="tpu")
    assert "none of the platforms that were asked for could be started: tpu" in output
    assert "help: JIB_PLATFORMS=cpu" in output
