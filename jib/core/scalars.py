"""Scalars of 64 bits that stay so: NumPy's own count as inputs, which narrow to 32 bits."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import numpy as np

from jib.core.avals import ShapedArray
from jib.core.tracing import aval_handlers, aval_of

__all__ = ["EXACT_TYPES", "exact_scalar", "exact_type", "widened"]


class _Float64(np.float64):
    """A float64 that was asked for by name."""


class _Int64(np.int64):
    """An int64 that was asked for by name."""


class _UInt64(np.uint64):
    """A uint64 that was asked for by name."""


class _Complex128(np.complex128):
    """A complex128 that was asked for by name."""


_EXACT = {np.dtype(kind.__base__): kind for kind in (_Float64, _Int64, _UInt64, _Complex128)}

# C++ would narrow these as it narrows NumPy's own: eagerly they go to the device first.
EXACT_TYPES = frozenset(_EXACT.values())

for _dtype, _kind in _EXACT.items():
    aval_handlers[_kind] = functools.partial(lambda aval, x: aval, ShapedArray((), _dtype))


class _WeakFloat64(np.float64):
    """A Python float beside arrays of 64 bits."""


class _WeakComplex128(np.complex128):
    """A Python complex number beside arrays of 64 bits."""


_WIDE = frozenset((np.dtype(np.float64), np.dtype(np.complex128)))
_WIDE_NAMES = {*_WIDE, np.float64, np.complex128, "float64", "complex128"}
_WEAK: dict[type, Any] = {float: _WeakFloat64, complex: _WeakComplex128}
for _kind in _WEAK.values():
    _aval = ShapedArray((), np.dtype(_kind.__base__), weak_type=True)
    aval_handlers[_kind] = functools.partial(lambda aval, x: aval, _aval)


def widened(leaves: list[Any], static: Iterable[Any] = ()) -> list[Any]:
    """Python numbers as scalars of 64 bits, still weak, beside arrays or a dtype of 64 bits.

    They would enter a program as 32 bits, and lose digits that the result has. Where there is
    nothing to widen, the list itself is returned.
    """
    if _WEAK.keys().isdisjoint(map(type, leaves)):
        return leaves
    wide = any(hasattr(x, "dtype") and aval_of(x).dtype in _WIDE for x in leaves)
    if wide or any(isinstance(x, str | type | np.dtype) and x in _WIDE_NAMES for x in static):
        return [_WEAK[type(x)](x) if type(x) in _WEAK else x for x in leaves]
    return leaves


def exact_type(dtype: np.dtype) -> Any:
    """What makes scalars of a dtype that programs keep in that dtype."""
    return _EXACT.get(dtype, dtype.type)


def exact_scalar(value: Any, dtype: np.dtype) -> Any:
    """A number as a scalar of just this dtype: a literal of programs."""
    made = np.asarray(value).astype(dtype)[()]
    kind = _EXACT.get(dtype)
    return made if kind is None else kind(made)
