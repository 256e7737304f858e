"""Norms, powers and products of matrices and vectors."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

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
from jib.numpy._choosing import where
from jib.numpy._derived import derived
from jib.numpy._promotion import as_operand, promote_inexact
from jib.numpy._reductions import kept
from jib.numpy._shaping import axes_tuple, integer, moveaxis
from jib.numpy.linalg._solving import identities, inv
from jib.typing import Array, ArrayLike

__all__ = ["matmul", "matrix_norm", "matrix_power", "multi_dot", "norm"]

matmul = _contraction.matmul


@derived("ord", "axis", "keepdims")
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
    ndim = x.ndim
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
    x = promote_inexact("norm", x)
    out = (_vector_norm if kind[0] == "vector" else _matrix_norm)(x, axes, kind[1])
    return kept(out, x.shape, axes) if keepdims else out


def _root_of_squares(x: Any, axes: tuple[int, ...]) -> Any:
    squares = x.real**2 + x.imag**2 if x.dtype.kind == "c" else lax.square(x)
    total = lax.reduce_sum(squares, axes)
    # The root has no derivative at 0; of the slopes there, 0 is chosen.
    return where(total == 0, 0, lax.sqrt(where(total == 0, 1, total)))


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
        return lax.reduce_sum((size != 0).astype(size.dtype), axes)
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
        s = lax_linalg.svd(moveaxis(x, axes, (-2, -1)), compute_uv=False)
        last = (s.ndim - 1,)
        reduce = {2: lax.reduce_max, -2: lax.reduce_min, "nuc": lax.reduce_sum}[order]
        return reduce(s, last)
    raise ArgumentValueError(
        f"`norm` of matrices knows 'fro', 'nuc', 1, -1, 2, -2, inf, -inf, but got {order!r}"
    )


def matrix_norm(
    x: ArrayLike, /, *, keepdims: bool = False, ord: str | int | float = "fro"
) -> Array:
    """A norm of the matrices on the last two axes; see `norm`."""
    return norm(x, ord, (-2, -1), keepdims)


@derived("n")
def matrix_power(a: ArrayLike, n: int) -> Array:
    """Square matrices to an integer power, by repeated squaring; of the inverse if it is negative.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.matrix_power(jnp.array([[1, 1], [0, 1]]), 3).tolist()
        [[1, 3], [0, 1]]
    """
    if aval_of(a).ndim < 2 or len(set(aval_of(a).shape[-2:])) > 1:
        raise ShapeError(f"`matrix_power` takes square matrices, but got {aval_of(a)}")
    power = abs(integer("matrix_power", n))
    a = inv(a) if n < 0 else a
    out = None if power else identities(a)
    while power:
        if power & 1:
            out = a if out is None else matmul(out, a)
        power >>= 1
        a = matmul(a, a) if power else a
    return out


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
