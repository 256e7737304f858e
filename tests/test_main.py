"""`python -m jib`: each command, in the process and as a command line."""

import os
import re
import subprocess
import sys

import pytest

from jib import __main__ as command
from jib.backend import client
from jib.core.primitive import primitives
from tests.structure.source import ROOT


@pytest.fixture
def run(capsys):
    def call(*arguments):
        status = command.main(arguments)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return call


def test_the_command_line():
    done = subprocess.run(
        [sys.executable, "-m", "jib", "doctor"],
        cwd=ROOT,
        env={**os.environ, "JIB_NUM_CPU_DEVICES": "2", "JIB_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "JIB_NUM_CPU_DEVICES=2" in done.stdout
    assert done.stdout.count("256 x 256 matmul ok") == 2


def test_doctor_names_versions_devices_and_cache(run):
    status, out, _ = run("doctor")
    assert status == 0
    for word in ("jib 0.", "jaxlib 0.", "numpy ", "devices (1 process", "disk cache: ", " hits, "):
        assert word in out


def test_doctor_says_what_a_broken_device_does(run, monkeypatch):
    monkeypatch.setattr(command.jnp, "matmul", lambda x, y: x + y)
    status, out, _ = run("doctor")
    assert status == 1
    assert re.search(r"matmul wrong in \d+ of 65536 elements", out)
    assert "1 of 1 devices do not work" in out


def test_doctor_says_what_a_device_raises(run, monkeypatch):
    def broken(x, y):
        raise RuntimeError("no memory")

    monkeypatch.setattr(command.jnp, "matmul", broken)
    status, out, _ = run("doctor")
    assert status == 1
    assert "matmul failed: no memory" in out


def test_doctor_without_any_device(run, monkeypatch):
    def broken():
        raise RuntimeError("none of the platforms could be started")

    monkeypatch.setattr(command, "platforms", broken)
    status, out, _ = run("doctor")
    assert status == 1
    assert "devices: none could be started: none of the platforms" in out
    assert client.clients_started()  # only the doctor was told so


def test_explain(run):
    status, out, _ = run("explain", "j101")
    assert status == 0
    assert out.startswith("# J101: ")


def test_explain_an_unknown_code(run):
    status, out, err = run("explain", "J999")
    assert (status, out) == (1, "")
    assert err.startswith("no error has the code J999; there are J101, ")


def places(text):
    """File and line of each rule that a listing shows."""
    found = re.findall(r"^(\w+) +(\S+\.py):(\d+)$", text, re.M)
    return {slot: (ROOT / file, int(line)) for slot, file, line in found}


def test_rules_of_a_primitive_of_a_family(run, monkeypatch):
    monkeypatch.chdir(ROOT)
    status, out, _ = run("rules", "sin")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == list(command._SLOTS)
    assert "transpose    waived: `sin` is not linear in any operand" in out
    for file, line in places(out).values():
        assert re.search(r"def |lambda|sin", file.read_text().splitlines()[line - 1])


def test_rules_of_a_primitive_that_holds_a_program(run, monkeypatch):
    monkeypatch.chdir(ROOT)
    _, out, _ = run("rules", "scan")
    found = places(out)
    assert found.keys() == {*command._SLOTS, *command._OPTIONAL}
    file, line = found["dce"]
    assert file.read_text().splitlines()[line - 1].startswith("def _")


def test_every_primitive_has_rules_to_show(run):
    run("rules", "sin")  # imports everything
    for name in primitives:
        assert run("rules", name)[0] == 0, name


def test_rules_of_an_unknown_primitive(run):
    status, _, err = run("rules", "argm")
    assert status == 1
    assert "there is no primitive 'argm'" in err
    assert "argmax, argmin" in err


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("grad", "jib/transforms/grad.py"),
        ("jib.lax.sort", "jib/lax/_sorting.py"),
        ("numpy.linalg.solve", "jib/numpy/linalg/_solving.py"),
        ("tree", "jib/tree/__init__.py"),
    ],
)
def test_where(run, monkeypatch, name, file):
    monkeypatch.chdir(ROOT)
    status, out, _ = run("where", name)
    assert status == 0
    first, said = out.splitlines()
    assert re.fullmatch(rf"jib\.{name.removeprefix('jib.')}: {file}:\d+", first)
    assert said.endswith((".", "`"))


def test_where_of_a_constant(run):
    assert run("where", "numpy.pi")[1].startswith("jib.numpy.pi: a value of type float\n3.14")


def test_where_of_an_unknown_name(run):
    status, _, err = run("where", "numpy.nothing_of_that_name")
    assert (status, err) == (1, "there is no jib.numpy.nothing_of_that_name\n")
