"""Saves in the background whose failures are never lost."""

from __future__ import annotations

import atexit
import contextlib
import sys
import threading
from collections.abc import Callable
from typing import Any

from jib.ckpt._errors import CheckpointWriteError
from jib.errors import JibError

__all__: list[str] = []

#: Failures that nobody has been told of.
_untold: dict[int, BaseException] = {}


class Background:
    """Runs one piece of work at a time in a thread.

    The thread is not a daemon: the interpreter finishes a save before it exits. A failure is raised
    by the next call of `start`, `check` or `wait`; if there is none, it is printed at exit, and the
    exit status of the program is not zero.
    """

    def __init__(self, timeout: float | None = None) -> None:
        self._timeout = timeout
        self._thread: threading.Thread | None = None
        self._name = ""

    @property
    def busy(self) -> bool:
        """Whether work is being done."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Wait for what is being done, then do `work`; `name` is what it is called in errors."""
        self.wait()
        _report_at_exit()
        self._name = name

        def run() -> None:
            try:
                work()
            except BaseException as error:  # it is raised where the program looks next
                _untold[id(self)] = error

        self._thread = threading.Thread(target=run, name=f"jib.ckpt {name}")
        self._thread.start()

    def wait(self) -> None:
        """Wait until nothing is being done, and raise what failed."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(self._timeout)
            if self._thread.is_alive():
                raise CheckpointWriteError(
                    f"{self._name} is not finished after {self._timeout} seconds",
                    help="options = jib.ckpt.AsyncOptions(timeout_secs=7200)",
                )
            self._thread = None
        self.check()

    def check(self) -> None:
        """Raise what failed, without waiting."""
        error = _untold.pop(id(self), None)
        if error is None:
            return
        if isinstance(error, JibError):
            # The same error, at the place in the user's program that learns of it.
            raise type(error)(error.message, notes=error.notes, help=error.help) from error
        raise CheckpointWriteError(f"{self._name} failed: {error!r}") from error


_registered: list[bool] = []


def _report_at_exit() -> None:
    if not _registered:
        _registered.append(True)
        atexit.register(_report)


def _report() -> None:
    """Runs after the threads have ended: says what was not said, and fails the program."""
    for error in _untold.values():
        print(
            f"a save in the background failed: {type(error).__qualname__}: {error}", file=sys.stderr
        )
    if _untold:
        sys.stderr = _Unflushable(sys.stderr)


class _Unflushable:
    """Python exits with status 120 where the last flush of a stream fails: no other way is left.

    Raising at exit is ignored, and `os._exit` would keep other libraries from cleaning up.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def flush(self) -> None:
        """Flushes; fails when the interpreter does it for the last time."""
        with contextlib.suppress(ValueError):
            self._stream.flush()
        if sys.is_finalizing():
            raise OSError("a save in the background failed")
