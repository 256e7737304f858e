"""Work on several threads that also goes on while the interpreter is closing down."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

__all__: list[str] = []

THREADS = min(8, os.cpu_count() or 1)


def for_each(function: Callable[[Any], None], items: Sequence[Any], threads: int = THREADS) -> None:
    """`function(item)` for each item, on several threads; raises the first failure.

    An executor of the standard library would refuse work that a save begins while the program
    ends.
    """
    remaining = iter(items)
    failures: list[BaseException] = []
    lock = threading.Lock()

    def work() -> None:
        while not failures:
            with lock:
                item = next(remaining, remaining)
            if item is remaining:
                return
            try:
                function(item)
            except BaseException as error:  # it is raised again below
                failures.append(error)

    others = [threading.Thread(target=work) for _ in range(min(threads, len(items)) - 1)]
    for thread in others:
        thread.start()
    work()
    for thread in others:
        thread.join()
    if failures:
        raise failures[0]
