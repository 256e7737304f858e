"""Norms, powers and products of matrices and vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import jib.lax.linalg as lax_linalg  # the `from` form would ask for a missing name first
from jib import lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.lax._families import constant_like
from jib.numpy import _contraction, _einsum
from jib.numpy._promotion import as_operand, promote_inexact
from jib.numpy._shaping import axes_tuple, integer
from jib.numpy.linalg._solving import inv
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["matmul", "matrix_norm", "matrix_power", "multi_dot", "norm"]

matmul = _contraction.matmul


def norm(
    x: ArrayLike,
    ord: int | float | str | None = None,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
) -> Array:
    """The length of vectors, or a norm of matrices.

    Args:
        x: an array.
        ord: for vectors any number: `sum(|x|**ord)**(1/ord)`, with inf, -inf and 0 for the largest,
            the smallest and the number of elements that are not zero; for matrices "fro", inf,
            -inf, 1, -1, or by singular values "nuc", 2, -2. By default the root of the sum of
            squares.
        axis: one axis for vectors, two for matrices; by default all, flattened unless `ord` is
            given.
        keepdims: whether the axes stay, with length 1.

    Raises:
        ArgumentValueError: for another order.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.norm(jnp.array([3.0, 4.0])).tolist()
        5.0
    """
    x = as_operand("norm", x)
    ndim = aval_of(x).ndim
    if axis is None:
        if ord is not None and ndim not in (1, 2):
            raise ShapeError(
                f"`norm` of order {ord} needs a vector or a matrix, but got {aval_of(x)}"
            )
        axes = tuple(range(ndim))
        kind = ("vector", 2) if ord is None else (("vector", "matrix")[ndim - 1], ord)
    else:
        axes = axes_tuple("norm", axis, ndim)
        if len(axes) > 2 or not axes:
            raise ArgumentValueError(f"`norm` takes one axis or two, but got {axis}")
        kind = ("vector", 2 if ord is None else ord) if len(axes) == 1 else ("matrix", ord or "fro")
    return _norm(x, axes, *kind, bool(keepdims))


@compiled(static=("axes", "kind", "order", "keepdims"))
def _norm(x: Any, axes: tuple[int, ...], kind: str, order: Any, keepdims: bool) -> Any:
    x = promote_inexact("norm", x)
    shape = aval_of(x).shape
    out = (_vector_norm if kind == "vector" else _matrix_norm)(x, axes, order)
    if keepdims:
        out = lax.reshape(out, tuple(1 if i in axes else n for i, n in enumerate(shape)))
    return out


def _root_of_squares(x: Any, axes: tuple[int, ...]) -> Any:
    if aval_of(x).dtype.kind == "c":
        squares = lax.add(lax.square(lax.real(x)), lax.square(lax.imag(x)))
    else:
        squares = lax.square(x)
    total = lax.reduce_sum(squares, axes)
    # The root has no derivative at 0; of the slopes there, 0 is chosen.
    zero = lax.eq(total, constant_like(total, 0))
    root = lax.sqrt(lax.select(zero, lax.full_like(total, 1), total))
    return lax.select(zero, lax.full_like(total, 0), root)


def _vector_norm(x: Any, axes: tuple[int, ...], order: Any) -> Any:
    if isinstance(order, str):
        raise ArgumentValueError(f"`norm` of vectors knows numbers as orders, but got {order!r}")
    if order == 2:
        return _root_of_squares(x, axes)
    size = lax.abs(x)
    if order == np.inf:
        return lax.reduce_max(size, axes)
    if order == -np.inf:
        return lax.reduce_min(size, axes)
    if order == 1:
        return lax.reduce_sum(size, axes)
    if order == 0:
        counted = lax.convert_element_type(
            lax.ne(size, constant_like(size, 0)), aval_of(size).dtype
        )
        return lax.reduce_sum(counted, axes)
    total = lax.reduce_sum(lax.pow(size, constant_like(size, order)), axes)
    return lax.pow(total, constant_like(size, 1.0 / order))


def _matrix_norm(x: Any, axes: tuple[int, ...], order: Any) -> Any:
    if order in ("fro", "f"):
        return _root_of_squares(x, axes)
    if order in (1, -1, np.inf, -np.inf):
        summed, rest = axes if abs(order) == 1 else axes[::-1]
        totals = lax.reduce_sum(lax.abs(x), (summed,))
        place = rest - (rest > summed)
        extreme = lax.reduce_max if order > 0 else lax.reduce_min
        return extreme(totals, (place,))
    if order in (2, -2, "nuc"):
        s = lax_linalg.svd(_axes_last(x, axes), compute_uv=False)
        last = (aval_of(s).ndim - 1,)
        reduce = {2: lax.reduce_max, -2: lax.reduce_min, "nuc": lax.reduce_sum}[order]
        return reduce(s, last)
    raise ArgumentValueError(
        f"`norm` of matrices knows 'fro', 'nuc', 1, -1, 2, -2, inf, -inf, but got {order!r}"
    )


def _axes_last(x: Any, axes: tuple[int, ...]) -> Any:
    rest = [i for i in range(aval_of(x).ndim) if i not in axes]
    return lax.transpose(x, (*rest, *axes))


def matrix_norm(
    x: ArrayLike, /, *, keepdims: bool = False, ord: str | int | float = "fro"
) -> Array:
    """A norm of the matrices on the last two axes; see `norm`."""
    return norm(x, ord, (-2, -1), keepdims)


def matrix_power(a: ArrayLike, n: int) -> Array:
    """Square matrices to an integer power, by repeated squaring; of the inverse if it is negative.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.matrix_power(jnp.array([[1, 1], [0, 1]]), 3).tolist()
        [[1, 3], [0, 1]]
    """
    a = as_operand("matrix_power", a)
    shape = aval_of(a).shape
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"`matrix_power` takes square matrices, but got {aval_of(a)}")
    power = integer("matrix_power", n)
    return _matrix_power(inv(a) if power < 0 else a, abs(power))


@compiled(static=("power",))
def _matrix_power(a: Any, power: int) -> Any:
    shape, dtype = aval_of(a).shape, aval_of(a).dtype
    if not power:
        place = np.dtype(np.int32)
        rows, columns = (lax.broadcasted_iota(place, shape, len(shape) - i) for i in (2, 1))
        return lax.convert_element_type(lax.eq(rows, columns), dtype)
    out = None
    while True:
        if power & 1:
            out = a if out is None else matmul(out, a)
        power >>= 1
        if not power:
            return out
        a = matmul(a, a)


def multi_dot(arrays: Sequence[ArrayLike], *, precision: Any = None) -> Array:
    """The product of several matrices, in the order that takes the fewest operations."""
    members = [as_operand("multi_dot", x) for x in arrays]
    if len(members) < 2:
        raise ArgumentValueError("`multi_dot` takes two arrays or more")
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    first = aval_of(members[0]).ndim == 1
    last = aval_of(members[-1]).ndim == 1
    terms = [letters[i : i + 2] for i in range(len(members))]
    terms[0] = terms[0][1:] if first else terms[0]
    terms[-1] = terms[-1][:1] if last else terms[-1]
    out = ("" if first else terms[0][0]) + ("" if last else terms[-1][-1])
    text = f"{','.join(terms)}->{out}"
    return _einsum.einsum(text, *members, optimize="optimal", precision=precision)
