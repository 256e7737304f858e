"""Questions about shapes, and arrays as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib.core.tracing import Tracer
from jib.numpy._creation import asarray
from jib.numpy._promotion import as_operand
from jib.typing import ArrayLike

__all__ = ["array_repr", "array_str", "isscalar", "iterable", "ndim", "shape", "size"]


def _aval_like(name: str, a: Any) -> Any:
    """Something with a shape."""
    if hasattr(a, "shape"):
        return a
    return asarray(a) if isinstance(a, list | tuple) else np.asarray(as_operand(name, a))


def shape(a: ArrayLike) -> tuple[int, ...]:
    """The lengths of the axes.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.shape(jnp.zeros((2, 3)))
        (2, 3)
    """
    return tuple(_aval_like("shape", a).shape)


def ndim(a: ArrayLike) -> int:
    """The number of axes."""
    return len(shape(a))


def size(a: ArrayLike, axis: int | Sequence[int] | None = None) -> int:
    """The number of elements, or the length along some axes."""
    lengths = shape(a)
    if axis is None:
        return math.prod(lengths)
    return math.prod(lengths[i] for i in (axis if isinstance(axis, list | tuple) else (axis,)))


def isscalar(element: Any) -> bool:
    """Whether a value is a number, or an array of rank 0."""
    if isinstance(element, Tracer) or hasattr(element, "aval"):
        return element.ndim == 0
    return np.isscalar(element) or (isinstance(element, np.ndarray) and element.ndim == 0)


def iterable(y: Any) -> bool:
    """Whether a value can be iterated over: an array of rank 0 cannot."""
    if hasattr(y, "ndim"):
        return y.ndim > 0
    return np.iterable(y)


def array_repr(
    arr: ArrayLike,
    max_line_width: int | None = None,
    precision: int | None = None,
    suppress_small: bool | None = None,
) -> str:
    """An array as the text that would make it again."""
    return np.array_repr(np.asarray(arr), max_line_width, precision, suppress_small)


def array_str(
    a: ArrayLike,
    max_line_width: int | None = None,
    precision: int | None = None,
    suppress_small: bool | None = None,
) -> str:
    """The elements of an array as text."""
    return np.array_str(np.asarray(a), max_line_width, precision, suppress_small)
