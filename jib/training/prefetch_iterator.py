"""The next batches are made while this one is used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["PrefetchIterator"]

_END = object()


class PrefetchIterator:
    """Iterates over `data_iter` in a thread of its own, `buffer_size` items ahead.

    What the iterator raises is raised by `next` after the items before it. `close` (or leaving the
    `with` block) ends the thread.

    Example:
        >>> from jib.training.prefetch_iterator import PrefetchIterator
        >>> with PrefetchIterator(iter(range(3)), buffer_size=2) as items:
        ...     list(items)
        [0, 1, 2]
    """

    def __init__(self, data_iter: Iterable[Any], buffer_size: int = 1) -> None:
        self._items: queue.Queue[Any] = queue.Queue(max(1, buffer_size))
        self._closed = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._fill, args=(iter(data_iter),), daemon=True)
        self._thread.start()

    def _fill(self, source: Iterator[Any]) -> None:
        try:
            for item in source:
                if not self._put(item):
                    return
        except BaseException as error:  # whatever it is, the consumer gets it
            self._error = error
        self._put(_END)

    def _put(self, item: Any) -> bool:
        while not self._closed.is_set():
            try:
                self._items.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def __iter__(self) -> PrefetchIterator:
        return self

    def __next__(self) -> Any:
        if self._closed.is_set():
            raise StopIteration
        item = self._items.get()
        if item is not _END:
            return item
        self._closed.set()
        if self._error is not None:
            raise self._error
        raise StopIteration

    def close(self) -> None:
        """End the thread; items that were made are dropped."""
        self._closed.set()
        self._thread.join(timeout=1.0)

    def __enter__(self) -> PrefetchIterator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
