"""The user's position while tracing, and tracebacks without the library's own frames."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

from jib.errors._spans import REBINDING, Source, capture, is_library_file, resolve, user_frame
from jib.settings import traceback_filtering

__all__ = [
    "REBINDING", "Source", "api_boundary", "capture", "hide_library_frames", "resolve",
    "user_frame",
]  # fmt: skip

P = ParamSpec("P")
R = TypeVar("R")


def hide_library_frames(error: BaseException) -> None:
    """Leave only the user's frames in `error.__traceback__`.

    The full one stays at `error.full_traceback`. Nothing is done when the option
    `traceback_filtering` (`JIB_TRACEBACK_FILTERING`) is "off", or when no user frame would be left.
    """
    if traceback_filtering.value == "off":
        return
    entries = []
    entry = full = error.__traceback__
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    kept = [e for e in entries if not is_library_file(e.tb_frame.f_code.co_filename)]
    if not kept or len(kept) == len(entries):
        return
    shown: TracebackType | None = None
    for entry in reversed(kept):
        shown = TracebackType(shown, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    if not hasattr(error, "full_traceback"):  # the innermost boundary saw the most frames
        error.full_traceback = full  # type: ignore[attr-defined]
    error.__traceback__ = shown


def api_boundary(function: Callable[P, R]) -> Callable[P, R]:
    """Hide the library's frames from the traceback of any error that leaves `function`."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            hide_library_frames(error)
            raise

    return call
