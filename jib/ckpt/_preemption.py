"""Whether the machine is about to be taken away."""

from __future__ import annotations

import signal
import threading
from typing import Any

__all__: list[str] = []

_notice = threading.Event()
_watching: list[Any] = []


def reached() -> bool:
    """Whether SIGTERM has come since `watch` was called."""
    return _notice.is_set()


def watch() -> None:
    """From now on the first SIGTERM asks for a last checkpoint; a second one ends the process.

    Only the main thread may say so; elsewhere nothing changes.
    """
    if _watching or threading.current_thread() is not threading.main_thread():
        return
    _watching.append(signal.signal(signal.SIGTERM, _noticed))


def _noticed(number: int, frame: Any) -> None:
    _notice.set()
    signal.signal(number, _watching[0] or signal.SIG_DFL)
