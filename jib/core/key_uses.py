"""Who has used a typed PRNG key: a record on the host for each array of keys.

A key gives the same numbers each time, so it is used once. What uses a key is a draw of numbers,
and `split`; `fold_in`, `clone`, `key_data` and moving keys about do not. What a program does to
keys is found in `passes/key_check.py`, and done to their records by `passes/key_effects.py`.
"""

from __future__ import annotations

import threading
from collections import deque
from types import EllipsisType
from typing import Any

import numpy as np

from jib.errors._spans import Source, capture_callers

__all__ = ["MOST_RECENT", "KeyRecord", "KeyUse", "recent"]

MOST_RECENT = 256  # records that a thread keeps
_MOST_FRAMES = 3
_STATIC = (int, np.integer, slice, EllipsisType, type(None))


class KeyUse:
    """Where a key was used: the user's frames, innermost first, unresolved.

    It stands in the parameters of an equation, for messages alone: all are equal to one another, so
    programs that differ in nothing else are the same program.
    """

    __slots__ = ("frames",)

    def __init__(self, frames: tuple[Source, ...] = ()) -> None:
        self.frames = frames

    @classmethod
    def here(cls) -> KeyUse:
        """The use that happens now."""
        return cls(capture_callers(_MOST_FRAMES))

    def __eq__(self, other: object) -> bool:
        return type(other) is KeyUse

    def __hash__(self) -> int:
        return 402

    def __repr__(self) -> str:
        return "once"


class KeyRecord:
    """Which keys of an array have been used, and where.

    `parts` has the shape of the keys; the record of a slice is a view of it, so that the array and
    its slices know of each other. While nobody took the array apart there is only `whole`.
    """

    __slots__ = ("parts", "shape", "whole")

    def __init__(self, shape: tuple[int, ...], parts: np.ndarray | None = None) -> None:
        self.shape = shape
        self.parts = parts
        self.whole: KeyUse | None = None

    def use(self, use: KeyUse, places: np.ndarray | None = None) -> KeyUse | None:
        """Note that the keys (those at flat `places`) are used; returns an earlier use of one."""
        if self.parts is None and places is None:
            if self.whole is None:
                self.whole = use
                return None
            return self.whole
        cells = self.table().flat
        where = slice(None) if places is None else places
        earlier = next((u for u in cells[where] if u is not None), None)
        if earlier is None:
            cells[where] = use
        return earlier

    def table(self) -> np.ndarray:
        """The uses of all keys, None for those that are not used."""
        if self.parts is None:
            self.parts = np.full(self.shape, self.whole, object)
        return self.parts

    def part(self, item: Any) -> KeyRecord | None:
        """The record of `keys[item]`, or None where the index is no plain one."""
        entries = item if type(item) is tuple else (item,)
        if any([type(e) is bool or not isinstance(e, _STATIC) for e in entries]):
            return None
        if Ellipsis not in entries:  # with it, the answer for one key is a view, too
            entries = (*entries, ...)
        parts = self.table()[entries]
        return KeyRecord(parts.shape, parts)

    def places(self, flat: np.ndarray) -> KeyRecord | None:
        """The record of the keys at these flat places; a view of this one where it can be."""
        line, steps = flat.reshape(-1), np.diff(flat.reshape(-1)[:2])
        step = int(steps[0]) if len(steps) else 1
        if step < 1 or (len(line) > 1 and (np.diff(line) != step).any()) or not len(line):
            return None
        parts = self.table().reshape(-1)[line[0] : line[-1] + 1 : step].reshape(flat.shape)
        return KeyRecord(flat.shape, parts)


class _Recent(threading.local):
    """The records of the keys that this thread gave to compiled calls, the last ones last."""

    def __init__(self) -> None:
        self.records: deque[KeyRecord] = deque(maxlen=MOST_RECENT)


recent = _Recent()
