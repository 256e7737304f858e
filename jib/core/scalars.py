"""Scalars of 64 bits that stay so: NumPy's own count as inputs, which narrow to 32 bits."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from jib.core.avals import ShapedArray
from jib.core.tracing import aval_handlers

__all__ = ["EXACT_TYPES", "exact_scalar", "exact_type"]


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


def exact_type(dtype: np.dtype) -> Any:
    """What makes scalars of a dtype that programs keep in that dtype."""
    return _EXACT.get(dtype, dtype.type)


def exact_scalar(value: Any, dtype: np.dtype) -> Any:
    """A number as a scalar of just this dtype: a literal of programs."""
    made = np.asarray(value).astype(dtype)[()]
    kind = _EXACT.get(dtype)
    return made if kind is None else kind(made)
