"""Static data compared by content, so that equal structures share one compiled program."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

__all__ = ["Static", "content_key", "is_fixed"]

_FIXED = (
    str, int, float, complex, bool, bytes, type(None), type, types.FunctionType, types.EllipsisType,
    types.BuiltinFunctionType, np.dtype, frozenset,
)  # fmt: skip


def is_fixed(value: Any) -> bool:
    """Whether a value cannot change in place (as far as its content key goes)."""
    if isinstance(value, list | dict | set | np.ndarray):
        return False
    return not isinstance(value, tuple) or all(map(is_fixed, value))


def content_key(value: Any) -> Any:
    """A hashable value, equal for values of equal content and type."""
    kind = type(value)
    if kind in _FIXED[:7]:
        return kind, value
    if isinstance(value, list | tuple):
        return kind, tuple(map(content_key, value))
    if isinstance(value, dict):
        return kind, tuple((content_key(k), content_key(v)) for k, v in value.items())
    if isinstance(value, set):
        return kind, frozenset(map(content_key, value))
    if isinstance(value, np.ndarray):
        return kind, value.shape, value.dtype, value.tobytes()
    try:
        hash(value)
    except TypeError:
        return kind, id(value)
    return kind, value


class Static:
    """A static value with the equality and hash of its content."""

    __slots__ = ("_hash", "key", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.key = content_key(value)
        self._hash = hash(self.key)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is Static and self._hash == other._hash and self.key == other.key
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return repr(self.value)

    def __reduce__(self) -> tuple:
        return Static, (self.value,)
