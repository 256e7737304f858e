"""Linear systems, inverses and determinants, by LU decomposition."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import jib.lax.linalg as lax_linalg  # the `from` form would ask for a missing name first
from jib import lax
from jib.core.tracing import aval_of
from jib.errors import ShapeError
from jib.numpy._contraction import diagonal
from jib.numpy._derived import derived
from jib.numpy._promotion import as_operand, broadcast_to_shape, promote_dtypes, promote_inexact
from jib.typing import Array, ArrayLike

__all__ = ["SlogdetResult", "det", "inv", "slogdet", "solve"]


def square(name: str, a: Any) -> Any:
    a = as_operand(name, a)
    shape = aval_of(a).shape
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(
            f"`{name}` takes square matrices on the last two axes, but got {aval_of(a)}"
        )
    return a


@derived()
def inv(a: ArrayLike) -> Array:
    """The inverses of square matrices, of shape `(..., n, n)`.

    A singular matrix gives infinities or NaN. To solve linear systems, `solve` is better.

    Raises:
        ShapeError: if the last two axes differ in length.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.inv(jnp.array([[2.0, 0.0], [0.0, 4.0]])).tolist()
        [[0.5, 0.0], [0.0, 0.25]]
    """
    a = promote_inexact("inv", square("inv", a))
    return lax_linalg.solve(a, identities(a))


def identities(a: Any) -> Any:
    """Identity matrices of the shape and dtype of square matrices."""
    shape, word = aval_of(a).shape, np.dtype(np.int32)
    rows, columns = (lax.broadcasted_iota(word, shape, len(shape) - i) for i in (2, 1))
    return lax.convert_element_type(lax.eq(rows, columns), aval_of(a).dtype)


@derived()
def solve(a: ArrayLike, b: ArrayLike) -> Array:
    """The solutions of `a @ x == b`.

    Args:
        a: matrices of shape `(..., n, n)`.
        b: a vector of shape `(n,)`, or right sides of shape `(..., n, m)`; leading axes broadcast.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.solve(jnp.array([[2.0, 0.0], [0.0, 4.0]]), jnp.array([2.0, 2.0])).tolist()
        [1.0, 0.5]
    """
    first, second = aval_of(square("solve", a)), aval_of(b)
    if not second.ndim or second.shape[-2:][0] != first.shape[-1]:
        raise ShapeError(f"`solve` cannot solve {first} for right sides {second}")
    a, b = (promote_inexact("solve", x) for x in promote_dtypes("solve", a, b))
    b = b[:, None] if second.ndim == 1 else b
    lead = lax.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = (broadcast_to_shape(x, (*lead, *x.shape[-2:])) for x in (a, b))
    x = lax_linalg.solve(a, b)
    return x[..., 0] if second.ndim == 1 else x


class SlogdetResult(NamedTuple):
    """The sign of a determinant, and the logarithm of its absolute value."""

    sign: Any
    logabsdet: Any


@derived("method")
def slogdet(a: ArrayLike, *, method: str | None = None) -> SlogdetResult:
    """The sign and the logarithm of the absolute value of determinants, without overflow.

    Raises:
        ShapeError: if the last two axes differ in length.
    """
    line, exchanged = _diagonal_and_exchanges(square("slogdet", a))
    axis = aval_of(line).ndim - 1
    logarithm = lax.reduce_sum(lax.log(lax.abs(line)), (axis,))
    sign = lax.mul(lax.reduce_prod(lax.sign(line), (axis,)), exchanged)
    return SlogdetResult(sign, logarithm)


@derived()
def det(a: ArrayLike) -> Array:
    """The determinants of square matrices.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.det(jnp.array([[2.0, 0.0], [0.0, 4.0]])).tolist()
        8.0
    """
    line, exchanged = _diagonal_and_exchanges(square("det", a))
    return lax.mul(lax.reduce_prod(line, (aval_of(line).ndim - 1,)), exchanged)


def _diagonal_and_exchanges(a: Any) -> tuple[Any, Any]:
    """The diagonal of the upper triangle, and -1 for an odd number of exchanged rows."""
    factors, pivots, _ = lax_linalg.lu(promote_inexact("det", a))
    line = diagonal(factors, 0, -2, -1)
    axis = aval_of(pivots).ndim - 1
    places = lax.broadcasted_iota(np.dtype(np.int32), aval_of(pivots).shape, axis)
    moved = lax.convert_element_type(lax.ne(pivots, places), np.dtype(np.int32))
    odd = lax.rem(lax.reduce_sum(moved, (axis,)), np.int32(2))
    sign = lax.sub(np.int32(1), lax.mul(np.int32(2), odd))
    return line, lax.convert_element_type(sign, aval_of(line).dtype)
