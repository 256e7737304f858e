"""Codes, classes, long texts and literate tests stay in step."""

import copy
import importlib
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jib import errors, settings

# Their errors exist once they are loaded.
for package in ("ckpt", "linen", "models", "nnx", "optim", "serialization", "training"):
    importlib.import_module(f"jib.{package}")

ROOT = Path(errors.__file__).parents[2]
CODES = sorted(errors.CODES)


def test_every_code_has_a_long_text_and_no_text_lacks_a_code():
    assert sorted(path.stem for path in (ROOT / "jib/errors/texts").glob("*.md")) == CODES


def test_every_code_is_shown_by_a_literate_test():
    shown = set()
    for path in (ROOT / "tests/diagnostics").glob("*.md"):
        shown |= set(re.findall(r"^\w+\[(J\d+)\]:", path.read_text(), re.MULTILINE))
    assert sorted(shown) == CODES


@pytest.mark.parametrize("code", CODES)
def test_explain(code):
    first, *_ = errors.explain(code.lower()).splitlines()
    assert first == f"# {code}: {errors.CODES[code].title}"
    assert issubclass(errors.CODES[code], errors.JibError)


def test_explain_lists_the_codes_when_there_is_no_such_code():
    with pytest.raises(KeyError, match="J101"):
        errors.explain("J000")


@pytest.mark.parametrize(
    ("name", "caught_as"),
    [
        ("TracerBoolConversionError", errors.ConcretizationTypeError),
        ("TracerArrayConversionError", TypeError),
        ("TracerIntegerConversionError", TypeError),
        ("NonConcreteBooleanIndexError", IndexError),
        ("UnexpectedTracerError", errors.JAXTypeError),
        ("KeyReuseError", TypeError),
        ("JaxRuntimeError", RuntimeError),
        ("ShapeError", ValueError),
        ("AxisError", IndexError),
        ("IntegerRangeError", OverflowError),
        ("NotAvailableError", AttributeError),
    ],
)
def test_can_be_caught_as(name, caught_as):
    assert issubclass(getattr(errors, name), caught_as)


def test_a_code_is_given_once():
    with pytest.raises(AssertionError, match="taken by ShapeError"):
        type("Other", (errors.JibError,), {}, code="J201")


def test_report_survives_copying_and_pickling():
    try:
        raise errors.StaticArgumentError("shape", "list", "resize")
    except errors.StaticArgumentError as caught:
        error = caught
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is errors.StaticArgumentError
        assert str(twin) == str(error)
        assert "tuple(shape)" in str(twin)


def test_short_form_is_sentence_and_place():
    error = errors.AxisError.out_of_range("sum", 2, 1)
    with settings.errors("short"):
        sentence, place = str(error).splitlines()
    assert sentence == "`sum` got axis 2, but the array has 1 axis: -1 to 0"
    assert place.startswith(" --> ")
    assert "test_codes.py" in place


def test_python_prints_name_and_code(tmp_path):
    program = tmp_path / "train.py"
    program.write_text("from jib import errors\nraise errors.NonScalarGradError('float32[3]')\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(program)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert "jib.errors.NonScalarGradError[J301]: jib.grad needs" in done.stderr


def test_a_failing_message_does_not_hide_the_error(monkeypatch):
    error = errors.ShapeError("shapes differ")
    monkeypatch.setattr(type(error), "_explain", lambda self: 1 / 0)
    assert str(error).startswith("shapes differ (message incomplete: ZeroDivisionError")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("from jib import pmapp", "jib does not have jib.pmapp; use jib.pmap"),
        ("from jib.numpy import concatentae", "use jib.numpy.concatenate"),
        ("import jib.experimental.ode", "jib does not have jib.experimental.ode"),
        ("from jib.experimental.shard_map import shard_map", "use jib.shard_map"),
    ],
)
def test_an_import_of_what_is_not_there_says_what_is(statement: str, message: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=message):
        exec(statement, {})
