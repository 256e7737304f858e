"""Differences, polynomials, and the arithmetic of positions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.lax._shaping import canonical_axis
from jib.numpy._promotion import as_operand, promote_dtypes
from jib.numpy._shaping import broadcast_to, integer, shape_tuple
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, Shape

__all__ = ["diag_indices", "diff", "polyval", "unravel_index"]


def diff(
    a: ArrayLike,
    n: int = 1,
    axis: int = -1,
    prepend: ArrayLike | None = None,
    append: ArrayLike | None = None,
) -> Array:
    """The differences of neighbours along an axis, taken `n` times.

    Raises:
        ArgumentValueError: if `n` is negative.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.diff(jnp.array([1, 3, 6])).tolist()
        [2, 3]
    """
    times = integer("diff", n)
    if times < 0:
        raise ArgumentValueError(f"`diff` is taken 0 times or more, but got {n}")
    a = as_operand("diff", a)
    aval = aval_of(a)
    if not aval.ndim:
        raise ShapeError("`diff` takes an array with one axis or more, but got one of rank 0")
    place = canonical_axis("diff", integer("diff", axis), aval.ndim)
    parts = [a]
    for extra, where in ((prepend, 0), (append, len(parts) + 1)):
        if extra is not None:
            one = (*aval.shape[:place], 1, *aval.shape[place + 1 :])
            extra = as_operand("diff", extra)
            extra = broadcast_to(extra, one) if not aval_of(extra).ndim else extra
            parts.insert(where, extra)
    return _diff(parts, times, place)


@compiled(static=("times", "axis"))
def _diff(parts: list[Any], times: int, axis: int) -> Any:
    parts = promote_dtypes("diff", *parts)
    a = lax.concatenate(parts, axis) if len(parts) > 1 else parts[0]
    minus = lax.ne if aval_of(a).dtype == np.bool_ else lax.sub
    for _ in range(times):
        length = aval_of(a).shape[axis]
        later = lax.slice_in_dim(a, min(1, length), length, axis=axis)
        a = minus(later, lax.slice_in_dim(a, 0, max(length - 1, 0), axis=axis))
    return a


def polyval(p: ArrayLike, x: ArrayLike, *, unroll: int = 16) -> Array:
    """The values of a polynomial at `x`; the coefficient of the highest power comes first.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.polyval(jnp.array([1, 0, 2]), 3).tolist()
        11
    """
    p, x = as_operand("polyval", p), as_operand("polyval", x)
    return _polyval(p, x)


@compiled
def _polyval(p: Any, x: Any) -> Any:
    """Horner's scheme."""
    p, x = promote_dtypes("polyval", p, x)
    aval = aval_of(x)
    out = lax.full(aval.shape, 0, aval.dtype)
    for i in range(aval_of(p).shape[0]):
        coefficient = lax.index_in_dim(p, i, 0, keepdims=False)
        out = lax.add(lax.mul(out, x), coefficient)
    return out


def unravel_index(indices: ArrayLike, shape: Shape) -> tuple[Array, ...]:
    """The positions on each axis of a shape, from positions in the flattened array.

    Positions beyond the ends count as the nearest one; negative ones count from the end.

    Example:
        >>> import jib.numpy as jnp
        >>> [int(i) for i in jnp.unravel_index(5, (2, 3))]
        [1, 2]
    """
    return _unravel_index(as_operand("unravel_index", indices), shape_tuple("unravel_index", shape))


@compiled(static=("shape",))
def _unravel_index(indices: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    dtype = dtypes.default_int_dtype()
    if aval_of(indices).dtype.itemsize >= 4:
        dtype = aval_of(indices).dtype
    indices, size = lax.convert_element_type(indices, dtype), math.prod(shape)
    if dtypes.issubdtype(dtype, np.signedinteger):
        from_end = lax.add(indices, dtype.type(size))
        indices = lax.select(lax.lt(indices, dtype.type(0)), from_end, indices)
    rest = lax.clamp(dtype.type(0), indices, dtype.type(max(size - 1, 0)))
    found = []
    for length in reversed(shape):
        step = dtype.type(max(length, 1))
        found.append(lax.rem(rest, step))
        rest = lax.div(rest, step)
    return tuple(found[::-1])


def diag_indices(n: int, ndim: int = 2) -> tuple[Array, ...]:
    """The positions of the diagonal of an array with `ndim` axes of length `n`.

    Raises:
        ArgumentValueError: if a number is negative.
    """
    length, count = integer("diag_indices", n), integer("diag_indices", ndim)
    if length < 0 or count < 0:
        raise ArgumentValueError(f"`diag_indices` takes numbers from 0 on, but got {n} and {ndim}")
    return (lax.iota(dtypes.default_int_dtype(), length),) * count
