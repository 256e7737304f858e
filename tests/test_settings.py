"""Options: names, values, scopes, and who is told of a change."""

import subprocess
import sys
import threading

import numpy as np
import pytest

import jib
from jib import settings
from jib.settings import config


@pytest.fixture(autouse=True)
def _restored():
    """Every option's global value is put back after each test."""
    before = config.values
    yield
    for name, value in before.items():
        if config.read(name) != value:
            config.update(name, value)


def _in_a_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_three_spellings_of_a_name():
    config.update("jax_enable_x64", True)
    assert config.jib_enable_x64 is config.jax_enable_x64 is config.enable_x64 is True
    assert config.read("jib_enable_x64") and config.values["jib_enable_x64"]
    assert settings.enable_x64.value is True


def test_an_unknown_name_lists_near_ones():
    with pytest.raises(AttributeError, match=r"no option 'jib_enable_x46'; near names: enable_x64"):
        config.update("jib_enable_x46", True)
    with pytest.raises(AttributeError, match="no option 'jax_log_compile'"):
        _ = config.jax_log_compile


def test_values_are_checked():
    with pytest.raises(ValueError, match="takes 'allow', 'warn', 'raise', not 'never'"):
        config.update("jib_numpy_rank_promotion", "never")
    with pytest.raises(TypeError, match="takes bool, not 'yes'"):
        config.update("jib_enable_x64", "yes")
    with pytest.raises(ValueError, match="always in the form"):
        config.update("jax_threefry_partitionable", False)
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(settings.enable_x64)
    with pytest.raises(TypeError, match="needs a value"):
        settings.default_matmul_precision()
    config.update("jib_enable_x64", 1)
    assert config.jib_enable_x64 is True


def test_assignment_is_refused_with_the_call_to_write():
    with pytest.raises(AttributeError, match=r"config.update\('jax_enable_x64', True\)"):
        config.jax_enable_x64 = True


def test_a_block_is_for_this_thread_only():
    with settings.enable_x64(), settings.default_matmul_precision("highest"):
        assert config.jib_enable_x64 and config.jib_default_matmul_precision == "highest"
        assert _in_a_thread(lambda: config.jib_enable_x64) is False
        with settings.enable_x64(False):
            assert not config.jib_enable_x64
        assert config.jib_enable_x64
    assert not config.jib_enable_x64 and config.jib_default_matmul_precision is None


def test_a_block_wins_over_an_update():
    with settings.enable_x64(False):
        config.update("jib_enable_x64", True)
        assert not config.jib_enable_x64
        assert _in_a_thread(lambda: config.jib_enable_x64)
    assert config.jib_enable_x64


def test_a_block_ends_with_its_error():
    with pytest.raises(KeyError), settings.log_compiles():
        raise KeyError
    assert not config.jib_log_compiles


def test_options_decorate_functions():
    @settings.enable_x64()
    def depth(count):
        return [config.jib_enable_x64] + (depth(count - 1) if count else [])

    assert depth(2) == [True, True, True]
    assert not config.jib_enable_x64


def test_functions_with_signatures_of_their_own():
    with settings.disable_jit():
        assert config.jib_disable_jit
        with settings.disable_jit(disable=False):
            assert not config.jib_disable_jit
    with settings.transfer_guard("log"):
        assert config.jib_transfer_guard_host_to_device == "log"
    assert config.jib_transfer_guard_host_to_device == "allow"
    config.update("jax_transfer_guard", "disallow")
    assert config.jib_transfer_guard_device_to_host == config.jax_transfer_guard == "disallow"
    with settings.checking_leaks():
        assert config.jib_check_tracer_leaks


def test_a_tracer_that_is_kept_is_found_as_its_trace_ends():
    kept = []

    def keeps(x):
        kept.append(x + 1.0)
        return x

    with jib.checking_leaks():
        assert float(jib.jit(lambda x: jib.numpy.sum(jib.nn.relu(x)))(jib.numpy.ones(3))) == 3.0
        with pytest.raises(jib.errors.LeakedTracerError):
            jib.jit(keeps)(1.0)


def test_transfers_that_nobody_asked_for_are_refused():
    host, there, long = np.ones(3, np.float32), jib.numpy.ones(3), jib.numpy.ones(997)
    with jib.transfer_guard("disallow"):
        with pytest.raises(RuntimeError, match="moves from host to device"):
            there + host
        with pytest.raises(jib.errors.JibRuntimeError, match="moves from host to device"):
            long[991]  # the numbers of usual indices are kept on the device
        assert (there + jib.device_put(host)).shape == (3,)
    assert (there + host).shape == (3,)


def test_trace_key_follows_traced_options():
    key = config.trace_key()
    assert config.trace_key() is key
    with settings.enable_x64():
        inside = config.trace_key()
        assert inside != key
        assert _in_a_thread(config.trace_key) == key
        config.update("jib_numpy_rank_promotion", "raise")
        assert config.trace_key() not in (key, inside)
    assert config.trace_key() not in (key, inside)
    config.update("jib_numpy_rank_promotion", "allow")
    assert config.trace_key() == key
    with settings.log_compiles():
        assert config.trace_key() == key


def test_callbacks_hear_of_every_change(monkeypatch):
    monkeypatch.setattr(settings, "_CALLBACKS", [])
    heard = []
    config.on_change(lambda option, value, is_local: heard.append((option.name, value, is_local)))
    config.update("jib_log_compiles", True)
    with settings.enable_x64(), settings.enable_x64(False):
        pass
    assert heard == [
        ("log_compiles", True, False),
        ("enable_x64", True, True),
        ("enable_x64", False, True),
        ("enable_x64", True, True),
        ("enable_x64", settings.UNSET, True),
    ]


def test_command_line(monkeypatch):
    flags = ["--jax_enable_x64", "--jib_num_cpu_devices=4", "--other=1", "--nojib_log_compiles"]
    monkeypatch.setattr(sys, "argv", ["train.py", *flags, "--", "--jib_check_tracer_leaks"])
    config.parse_flags_with_absl()
    assert config.jib_enable_x64 and config.jib_num_cpu_devices == 4
    assert not config.jib_log_compiles and not config.jib_check_tracer_leaks
    monkeypatch.setattr(sys, "argv", ["train.py", "--jib_num_cpu_devices"])
    with pytest.raises(ValueError, match="needs a value"):
        config.parse_flags_with_absl()


def _process(variables, code):
    command = [sys.executable, "-c", f"from jib.settings import config; {code}"]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def test_environment():
    variables = {"JIB_ENABLE_X64": "true", "JIB_COMPILATION_CACHE": "0", "JIB_ERRORS": "short"}
    code = "print(config.jib_enable_x64, config.jib_compilation_cache, config.jib_errors)"
    assert _process(variables, code).stdout.split() == ["True", "False", "short"]
    assert "takes 1 or 0, not 'maybe'" in _process({"JIB_ENABLE_X64": "maybe"}, code).stderr


def test_the_table():
    for name, option in settings._TABLE.items():
        assert option.environment == f"JIB_{name.upper()}"
        assert option.doc.endswith(".") and option.default == option.checked(option.default)
    assert [option.name for option in config._traced if not option.traced] == []
