"""What Python functions that programs call have raised, kept until the call's own error shows."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

from jib.core.sources import hide_library_frames, is_library_file, resolve
from jib.errors import CallbackError, JibError

__all__ = ["failure_in", "guarded"]

_MOST_FAILURES = 64
_failures: dict[int, JibError] = {}
_numbers = itertools.count()


def guarded(call: Callable[..., tuple], function: Any) -> Callable[..., tuple]:
    """`call`, which calls the user's `function`; errors are kept for `failure_in`.

    The runtime passes on the text of an error only, so the text is a number to find it by.
    """

    def on_host(*args: Any) -> tuple:
        try:
            return call(*args)
        except BaseException as error:
            number = next(_numbers)
            if len(_failures) >= _MOST_FAILURES:
                del _failures[next(iter(_failures))]
            hide_library_frames(error)
            if isinstance(error, CallbackError):
                error.__traceback__ = None  # nothing but the library's frames
            _failures[number] = error if isinstance(error, JibError) else _wrapped(error, function)
            raise RuntimeError(f"callback failure number {number}") from None

    return on_host


def _wrapped(error: BaseException, function: Any) -> CallbackError:
    notes: list[Any] = []
    entry, place = error.__traceback__, None
    while entry is not None:
        if not is_library_file(entry.tb_frame.f_code.co_filename):
            place = (entry.tb_frame.f_code, entry.tb_lasti)
        entry = entry.tb_next
    if place is not None:
        notes.append((resolve(place), f"raised {type(error).__name__}"))
    name = getattr(function, "name", "") or "function"
    text = f": {error}" if str(error) else ""
    made = CallbackError(
        f"the callback `{name}` raised {type(error).__name__}{text}",
        notes=notes,
        source=getattr(function, "source", None),
    )
    made.__cause__ = error
    return made


def failure_in(text: str) -> JibError | None:
    """The error of a host function that an error text of the runtime is about."""
    found = re.search(r"callback failure number (\d+)", text)
    return None if found is None else _failures.get(int(found[1]))
