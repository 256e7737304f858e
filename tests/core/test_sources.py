"""Positions point at the user's expression; tracebacks hold the user's frames."""

import functools
import linecache
import threading
import traceback
import types

import pytest

from jib import errors
from jib.core import sources
from jib.settings import traceback_filtering

PACKAGE = errors.__file__.rsplit("errors", 1)[0]

LIBRARY = """
from jib.core import sources

def captured(depth=1):
    return sources.capture(depth)

def through(function, *args):
    return function(*args)

@sources.api_boundary
def public(function, *args):
    return through(function, *args)

def fail():
    raise ValueError("inside")
"""


@pytest.fixture
def library():
    """A module whose code counts as library code."""
    module = types.ModuleType("stand_in")
    exec(compile(LIBRARY, f"{PACKAGE}stand_in.py", "exec"), module.__dict__)
    return module


def test_capture_is_the_callers_expression(library):
    span = sources.resolve(1 and library.through(library.captured))
    assert span.file == __file__
    assert span.text == "library.through(library.captured)"
    assert span.function == "test_capture_is_the_callers_expression"
    assert linecache.getline(span.file, span.first_line)[span.column :].startswith("library")


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_depth_only_skips_library_frames(library, depth):
    span = sources.resolve(library.through(library.captured, depth))
    assert span.text == "library.through(library.captured, depth)"


def test_depth_beyond_the_stack_is_no_position(library):
    assert library.captured(10_000) is None


def test_contextlib_and_functools_count_as_library(library):
    cached = functools.singledispatch(lambda _: library.captured())
    span = sources.resolve(functools.singledispatch(library.captured)(1))
    assert span.text == "functools.singledispatch(library.captured)(1)"
    assert sources.resolve(cached(1)).text == "library.captured()"


def test_code_without_source_still_has_a_line(library):
    names = {"library": library}
    exec(compile("\nplace = library.captured()", "<made up>", "exec"), names)
    span = sources.resolve(names["place"])
    assert (span.file, span.first_line, span.text) == ("<made up>", 2, "")


def test_accented_letters_do_not_shift_the_carets():
    source = 'name = "äöü"; error = ShapeError("no") if name else None\n'
    linecache.cache["accents.py"] = (len(source), None, [source], "accents.py")
    names = {"ShapeError": errors.ShapeError}
    exec(compile(source, "accents.py", "exec"), names)
    shown = str(names["error"]).splitlines()
    assert shown[2].index("ShapeError") == shown[3].index("^")


def test_several_lines_are_marked_to_the_end_of_the_first(library):
    place = library.through(
        library.captured,
    )  # fmt: skip
    assert sources.resolve(place).text.endswith(",\n    )")


def test_traceback_holds_only_the_users_frames(library):
    def user():
        library.fail()

    with pytest.raises(ValueError) as caught:
        library.public(user)
    shown = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    full = [frame.name for frame in traceback.extract_tb(caught.value.full_traceback)]
    assert shown == ["test_traceback_holds_only_the_users_frames", "user"]
    assert full == ["call", "public", "through", "user", "fail"]


def test_filtering_can_be_turned_off(library):
    with traceback_filtering("off"), pytest.raises(ValueError) as caught:
        library.public(library.fail)
    assert "fail" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_a_thread_of_library_code_alone_has_a_position_or_none(library):
    found = []
    thread = threading.Thread(target=lambda: found.append(library.captured()))
    thread.start()
    thread.join()
    assert sources.resolve(found[0]).file == __file__
