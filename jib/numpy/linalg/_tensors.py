"""Functions of arrays of any rank, under their names in the array standard."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.numpy import _contraction, _shaping
from jib.numpy._promotion import as_operand
from jib.numpy._reductions import kept
from jib.numpy.linalg._products import norm
from jib.numpy.linalg._solving import inv, solve
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "cross", "diagonal", "matrix_transpose", "outer", "tensordot", "tensorinv", "tensorsolve",
    "trace", "vecdot", "vector_norm",
]  # fmt: skip

matrix_transpose = _shaping.matrix_transpose
tensordot = _contraction.tensordot
vecdot = _contraction.vecdot


def cross(x1: ArrayLike, x2: ArrayLike, /, *, axis: int = -1) -> Array:
    """The cross products of vectors of length 3 along an axis."""
    x1, x2 = as_operand("cross", x1), as_operand("cross", x2)
    if not all(aval_of(x).ndim and aval_of(x).shape[axis] == 3 for x in (x1, x2)):
        raise ShapeError(
            f"`cross` takes vectors of length 3, but got {aval_of(x1)} and {aval_of(x2)}"
        )
    return _contraction.cross(x1, x2, axis=axis)


def outer(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """The products of each element of a vector with each of another."""
    x1, x2 = as_operand("outer", x1), as_operand("outer", x2)
    if aval_of(x1).ndim != 1 or aval_of(x2).ndim != 1:
        raise ShapeError(f"`outer` takes vectors, but got {aval_of(x1)} and {aval_of(x2)}")
    return _contraction.outer(x1, x2)


def diagonal(x: ArrayLike, /, *, offset: int = 0) -> Array:
    """The diagonals of matrices on the last two axes."""
    return _contraction.diagonal(x, offset, -2, -1)


def trace(x: ArrayLike, /, *, offset: int = 0, dtype: DTypeLike | None = None) -> Array:
    """The sums of the diagonals of matrices on the last two axes."""
    return _contraction.trace(x, offset, -2, -1, dtype)


def vector_norm(
    x: ArrayLike,
    /,
    *,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    ord: int | float | str = 2,
) -> Array:
    """The lengths of vectors along one axis, or along several (all by default) taken as one."""
    x = as_operand("vector_norm", x)
    shape = aval_of(x).shape
    chosen = range(len(shape)) if axis is None else axis
    axes = _shaping.axes_tuple("vector_norm", chosen, len(shape))
    rest = [i for i in range(len(shape)) if i not in axes]
    flat = _shaping.transpose(x, (*rest, *axes))
    flat = _shaping.reshape(flat, (*(shape[i] for i in rest), math.prod(shape[i] for i in axes)))
    out = norm(flat, ord, -1)
    return kept(out, shape, axes) if keepdims else out


def tensorinv(a: ArrayLike, ind: int = 2) -> Array:
    """The inverse of `x -> tensordot(a, x, x.ndim)`, where the first `ind` axes are the result's.

    Raises:
        ShapeError: if the result does not have as many elements as `x`.
    """
    a = as_operand("tensorinv", a)
    shape, place = aval_of(a).shape, _shaping.integer("tensorinv", ind)
    if place <= 0:
        raise ArgumentValueError(f"`tensorinv` takes a positive number of axes, but got {ind}")
    size = math.prod(shape[:place])
    if size != math.prod(shape[place:]):
        raise ShapeError(f"`tensorinv` cannot invert {aval_of(a)} with ind={ind}")
    flat = inv(_shaping.reshape(a, (size, size)))
    return _shaping.reshape(flat, (*shape[place:], *shape[:place]))


def tensorsolve(a: ArrayLike, b: ArrayLike, axes: Sequence[int] | None = None) -> Array:
    """The `x` with `tensordot(a, x, x.ndim) == b`.

    Args:
        axes: axes of `a` to move to the end first.

    Raises:
        ShapeError: if the shapes do not fit.
    """
    a, b = as_operand("tensorsolve", a), as_operand("tensorsolve", b)
    if axes is not None:
        ends = range(aval_of(a).ndim - len(axes), aval_of(a).ndim)
        a = _shaping.moveaxis(a, tuple(axes), tuple(ends))
    shape, given = aval_of(a).shape, aval_of(b).shape
    out, size = shape[len(given) :], math.prod(given)
    if shape[: len(given)] != given or math.prod(out) != size:
        raise ShapeError(f"`tensorsolve` cannot solve {aval_of(a)} for {aval_of(b)}")
    flat = solve(_shaping.reshape(a, (size, size)), _shaping.reshape(b, (size,)))
    return _shaping.reshape(flat, out)
