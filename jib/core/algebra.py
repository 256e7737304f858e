"""The few array operations that passes need, given by the layer of primitives when it loads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["algebra"]


class _Algebra:
    """`add(x, y)`, `zeros(aval)`, `broadcast(x, size, axis)` (a new axis), `moveaxis(x, a, b)`,
    `vary(x, names)` (marked as varying along mesh axes).
    """

    __slots__ = ("add", "broadcast", "moveaxis", "vary", "zeros")
    add: Callable[[Any, Any], Any]
    zeros: Callable[[Any], Any]
    broadcast: Callable[[Any, int, int], Any]
    moveaxis: Callable[[Any, int, int], Any]
    vary: Callable[[Any, frozenset], Any]


algebra = _Algebra()
