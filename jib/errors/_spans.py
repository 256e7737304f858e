"""Where in the user's program something happened: raw positions, resolved only for a message."""

from __future__ import annotations

import linecache
import os
import sys
from dataclasses import dataclass
from itertools import islice
from types import CodeType, FrameType
from typing import Any, TypeAlias

import numpy as np

__all__ = [
    "REBINDING", "Source", "Span", "capture", "capture_callers", "is_library_file",
    "register_library_prefix", "resolve", "short_file_name", "source_lines", "text_between",
    "user_frame",
]  # fmt: skip

# A position that costs nothing to keep: a code object and the byte offset of an instruction in it.
Source: TypeAlias = tuple[CodeType, int]

_getframe = sys._getframe
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
# What stands between the user and jib: `functools`, `logging`, `np.linalg.norm` and the like.
_prefixes = [_PACKAGE, os.path.dirname(np.__file__) + os.sep]
_STANDARD = os.path.dirname(os.__file__) + os.sep
# The file name, told from others by the dot, of functions whose argument `eqn` tells the position
# of what is recorded below them, unless there is a user's frame nearer.
REBINDING = os.path.join(_PACKAGE, ".", "passes", "stage.py")


# File name -> does it belong to the library; each name is decided once, then found.
_library: dict[str, bool] = {}


def is_library_file(file: str) -> bool:
    """Whether `file` belongs to the library (or to a registered prefix)."""
    known = _library.get(file)
    if known is None:
        if file == REBINDING:
            return True  # and is never stored, so that `capture` stops there
        standard = file.startswith(_STANDARD) and "-packages" not in file
        known = _library[file] = standard or file.startswith(tuple(_prefixes))
    return known


def register_library_prefix(path: str) -> None:
    """Treat every file whose name starts with `path` as library code, never shown to the user."""
    _prefixes.append(path)
    _library.clear()


def user_frame() -> FrameType | None:
    """The innermost frame that is not the library's, or None when there is none."""
    frame: FrameType | None = _getframe(1)
    while frame is not None and is_library_file(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def capture(depth: int = 1) -> Source | None:
    """The user's current position as `(code, instruction offset)`, without resolving anything.

    `depth` is how many library frames are surely on top of the stack, the caller's own included:
    they are skipped in one step. About 0.1 us, and as much for each further library frame. The
    key is the file name because its hash is stored; a code object hashes its constants anew.
    """
    frame: Any = None
    try:
        frame = _getframe(depth)
        while _library[(code := frame.f_code).co_filename]:
            frame = frame.f_back
    except KeyError:  # a file seen for the first time, or an equation that is bound again
        if frame.f_code.co_filename is REBINDING:
            return frame.f_locals["eqn"].source
        is_library_file(frame.f_code.co_filename)
        return capture(depth + 1)  # one frame more: this one
    except (AttributeError, ValueError):  # ran off the outermost frame: no user code here
        return None
    return code, frame.f_lasti


def capture_callers(count: int) -> tuple[Source, ...]:
    """The user's position, and those of the frames that called it, innermost first."""
    found: list[Source] = []
    frame: FrameType | None = _getframe(2)
    while frame is not None:
        code = frame.f_code
        known = _library.get(code.co_filename)
        if not (is_library_file(code.co_filename) if known is None else known):
            found.append((code, frame.f_lasti))
            if len(found) == count:
                break
        frame = frame.f_back
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Span:
    """A resolved place in a file.

    Lines count from 1. Columns count *bytes* of the UTF-8 line from 0, as Python's `ast` does.
    `text` is the source between the two ends, or "" where the source cannot be read.
    """

    file: str
    function: str
    first_line: int
    last_line: int
    column: int
    end_column: int
    text: str

    @property
    def short_file(self) -> str:
        """The file name as shown: relative to the working directory where it lies below it."""
        return short_file_name(self.file)


def short_file_name(file: str) -> str:
    """`file` relative to the working directory where it lies below it, else unchanged."""
    here = os.getcwd() + os.sep
    return file[len(here) :] if file.startswith(here) else file


def source_lines(file: str) -> list[str]:
    """The lines of `file` through `linecache` (files, notebooks, doctests); [] when unknown."""
    linecache.checkcache(file)
    return linecache.getlines(file)


def resolve(source: Source) -> Span:
    """The exact span of the instruction at `source`, with its text where it can be read."""
    code, offset = source
    positions = next(islice(code.co_positions(), max(offset, 0) // 2, None), (None,) * 4)
    first, last, column, end_column = positions
    first = first or code.co_firstlineno
    last = last or first
    text = ""
    if column is None or end_column is None:
        column = end_column = 0
    else:
        text = text_between(source_lines(code.co_filename), first, last, column, end_column)
    function = "" if code.co_name == "<module>" else code.co_qualname.replace("<locals>.", "")
    return Span(code.co_filename, function, first, last, column, end_column, text)


def text_between(lines: list[str], first: int, last: int, column: int, end_column: int) -> str:
    if not 0 < first <= last <= len(lines):
        return ""
    chosen = [line.rstrip("\n").encode() for line in lines[first - 1 : last]]
    chosen[-1] = chosen[-1][:end_column]
    chosen[0] = chosen[0][column:]
    return b"\n".join(chosen).decode(errors="replace")
