"""Questions about shapes, and arrays as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib.core.tracing import aval_of
from jib.numpy._creation import asarray
from jib.numpy._promotion import as_operand
from jib.typing import ArrayLike

__all__ = ["isscalar", "ndim", "shape", "size"]


def shape(a: ArrayLike) -> tuple[int, ...]:
    """The lengths of the axes.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.shape(jnp.zeros((2, 3)))
        (2, 3)
    """
    if isinstance(a, list | tuple):
        a = asarray(a)
    return tuple(getattr(a, "shape", None) or aval_of(as_operand("shape", a)).shape)


def ndim(a: ArrayLike) -> int:
    """The number of axes."""
    return len(shape(a))


def size(a: ArrayLike, axis: int | Sequence[int] | None = None) -> int:
    """The number of elements, or the length along some axes."""
    lengths = shape(a)
    if axis is None:
        return math.prod(lengths)
    axes = (axis,) if isinstance(axis, int) else axis
    return math.prod(lengths[i] for i in axes)


def isscalar(element: Any) -> bool:
    """Whether a value is a number, or an array of rank 0."""
    return np.isscalar(element) or getattr(element, "ndim", None) == 0
