"""Products of arrays: dot, matmul and their like; diagonals and traces."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.scalars import exact_scalar
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, AxisError, ShapeError
from jib.lax._shaping import canonical_axis
from jib.numpy._complexes import conj
from jib.numpy._derived import derived
from jib.numpy._joining import stack, unstack
from jib.numpy._promotion import as_operand, promote_dtypes
from jib.numpy._reductions import sum
from jib.numpy._shaping import expand_dims, integer, moveaxis, ravel, squeeze
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "cross", "diag", "diagflat", "diagonal", "dot", "inner", "kron", "matmul", "matvec", "outer",
    "tensordot", "trace", "vdot", "vecdot", "vecmat",
]  # fmt: skip


def contract(a: Any, b: Any, contracted: Any, batch: Any, precision: Any, preferred: Any) -> Any:
    """`lax.dot_general` of two arrays in their common dtype; the result's dtype is theirs."""
    return lax.dot_general(
        a, b, (contracted, batch), precision=precision, preferred_element_type=preferred
    )


def preferred_dtype(dtype: DTypeLike | None) -> Any:
    """The dtype of a product that was asked for, or None."""
    return None if dtype is None else dtypes.parse(dtype)


def fixed(precision: Any) -> Any:
    """A precision that is hashable: lists become tuples."""
    return tuple(precision) if isinstance(precision, list) else precision


# ------------------------------------------------------------------------------ two operands


@derived("precision", "preferred_element_type", "out_sharding", numbers=True)
def dot(
    a: ArrayLike,
    b: ArrayLike,
    *,
    precision: Any = None,
    preferred_element_type: DTypeLike | None = None,
    out_sharding: Any = None,
) -> Array:
    """The product of two arrays over the last axis of `a` and the last but one of `b`.

    For vectors the inner product, for matrices the matrix product, for scalars the product.

    Raises:
        ShapeError: if the contracted lengths differ.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.dot(jnp.array([1, 2]), jnp.array([3, 4])).tolist()
        11
    """
    a, b = promote_dtypes("dot", a, b)
    preferred = preferred_element_type
    first, second = aval_of(a), aval_of(b)
    if not first.ndim or not second.ndim:
        product = lax.mul(a, b)
        return product if preferred is None else lax.convert_element_type(product, preferred)
    axis = max(second.ndim - 2, 0)
    _check_lengths("dot", first, second, first.ndim - 1, axis)
    return contract(a, b, ((first.ndim - 1,), (axis,)), ((), ()), precision, preferred)


def _check_lengths(name: str, first: Any, second: Any, axis1: int, axis2: int) -> None:
    if first.shape[axis1] != second.shape[axis2]:
        raise ShapeError(
            f"`{name}` multiplies {first} by {second}: axis {axis1} of the first has length "
            f"{first.shape[axis1]}, axis {axis2} of the second {second.shape[axis2]}",
            help=f"jib.numpy.{name}(a, b.T)"
            if second.ndim == 2 and second.shape[1 - axis2] == first.shape[axis1]
            else (),
        )


def matmul(
    a: ArrayLike,
    b: ArrayLike,
    *,
    precision: Any = None,
    preferred_element_type: DTypeLike | None = None,
    out_sharding: Any = None,
) -> Array:
    """The matrix product of the last two axes; the axes before them broadcast.

    A vector counts as a row on the left and as a column on the right.

    Raises:
        ShapeError: if the contracted lengths differ, or the leading axes do not broadcast.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.matmul(jnp.ones((2, 3)), jnp.ones((3, 4))).shape
        (2, 4)
    """
    a, b = as_operand("matmul", a), as_operand("matmul", b)
    if precision is None and preferred_element_type is None:
        return plain_matmul(a, b)
    return _matmul(a, b, fixed(precision), preferred_dtype(preferred_element_type))


@compiled
def plain_matmul(a: Any, b: Any) -> Any:
    """`a @ b`, without options: to hash them would cost as much as a small product."""
    return _matmul(a, b, None, None)


@compiled(static=("precision", "preferred"))
def _matmul(a: Any, b: Any, precision: Any, preferred: Any) -> Any:
    a, b = promote_dtypes("matmul", a, b)
    first, second = aval_of(a), aval_of(b)
    if not first.ndim or not second.ndim:
        raise ShapeError(
            f"`matmul` multiplies arrays with one axis or more, but got {first} and {second}",
            help="jib.numpy.multiply(a, b)",
        )
    axis = max(second.ndim - 2, 0)
    _check_lengths("matmul", first, second, first.ndim - 1, axis)
    if second.ndim <= 2:  # the leading axes of `a` are rows
        return contract(a, b, ((first.ndim - 1,), (axis,)), ((), ()), precision, preferred)
    return _batched_matmul(a, b, precision, preferred)


def _batched_matmul(a: Any, b: Any, precision: Any, preferred: Any) -> Any:
    """Leading axes of equal length are batches; those of length 1 in one operand are rows of it."""
    first, second = aval_of(a).shape, aval_of(b).shape
    rows, columns = first[-2:-1], second[-1:]
    lead = max(len(first), len(second)) - 2
    left = (1,) * (lead - max(len(first) - 2, 0)) + first[:-2]
    right = (1,) * (lead - (len(second) - 2)) + second[:-2]
    try:
        full = lax.broadcast_shapes(left, right)
    except ShapeError:
        raise ShapeError.broadcast("matmul", [str(aval_of(a)), str(aval_of(b))]) from None
    shared = [i for i in range(lead) if left[i] == right[i] != 1]
    own_left = [i for i in range(lead) if i not in shared and left[i] != 1]
    own_right = [i for i in range(lead) if i not in shared and right[i] != 1]
    # Squeeze, contract with the shared axes as batches, then put the axes where they belong.
    pick = sorted(shared + own_left)
    a = lax.reshape(a, (*(left[i] for i in pick), *rows, first[-1]))
    other = sorted(shared + own_right)
    b = lax.reshape(b, (*(right[i] for i in other), second[-2], *columns))
    batch = ([pick.index(i) for i in shared], [other.index(i) for i in shared])
    contracted = ((aval_of(a).ndim - 1,), (aval_of(b).ndim - 2,))
    out = contract(a, b, contracted, batch, precision, preferred)
    # Axes of the product: shared, own of a, row, own of b, column.
    labels = [*shared, *own_left, *("r" for _ in rows), *own_right, "c"]
    wanted = [i for i in range(lead) if i in labels] + [x for x in ("r", "c") if x in labels]
    out = lax.transpose(out, [labels.index(x) for x in wanted])
    return lax.reshape(out, (*full, *rows, *columns))


@derived("axes", "precision", "preferred_element_type", "out_sharding")
def tensordot(
    a: ArrayLike,
    b: ArrayLike,
    axes: int | Sequence[Any] = 2,
    *,
    precision: Any = None,
    preferred_element_type: DTypeLike | None = None,
    out_sharding: Any = None,
) -> Array:
    """The product of two arrays over axes of each: the last and first `axes`, or lists of them.

    Raises:
        ShapeError: if the contracted lengths differ.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.tensordot(jnp.ones((2, 3)), jnp.ones((3, 4)), axes=1).shape
        (2, 4)
    """
    first, second = aval_of(a), aval_of(b)
    if isinstance(axes, Sequence | np.ndarray):
        if len(axes) != 2:
            raise ArgumentValueError(f"`tensordot` takes axes of each array, but got {axes}")
        left, right = (tuple(x) if isinstance(x, Sequence) else (int(x),) for x in axes)
    else:
        count = integer("tensordot", axes)
        if count < 0 or count > min(first.ndim, second.ndim):
            raise ArgumentValueError(f"`tensordot` over {count} axes of {first} and {second}")
        left, right = tuple(range(first.ndim - count, first.ndim)), tuple(range(count))
    if len(left) != len(right):
        raise ArgumentValueError(f"`tensordot` pairs axes, but got {left} and {right}")
    left = tuple(canonical_axis("tensordot", i, first.ndim) for i in left)
    right = tuple(canonical_axis("tensordot", i, second.ndim) for i in right)
    for i, j in zip(left, right, strict=True):
        _check_lengths("tensordot", first, second, i, j)
    a, b = promote_dtypes("tensordot", a, b)
    return contract(a, b, (left, right), ((), ()), precision, preferred_element_type)


@derived("precision", "preferred_element_type", numbers=True)
def vdot(
    a: ArrayLike,
    b: ArrayLike,
    *,
    precision: Any = None,
    preferred_element_type: DTypeLike | None = None,
) -> Array:
    """The inner product of all elements of two arrays; the first is conjugated.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.vdot(jnp.ones((2, 2)), jnp.ones((2, 2))).tolist()
        4.0
    """
    a, b = ravel(a), ravel(b)
    _check_lengths("vdot", aval_of(a), aval_of(b), 0, 0)
    return dot(conj(a), b, precision=precision, preferred_element_type=preferred_element_type)


@derived("axis", "precision", "preferred_element_type")
def vecdot(
    x1: ArrayLike,
    x2: ArrayLike,
    /,
    *,
    axis: int = -1,
    precision: Any = None,
    preferred_element_type: DTypeLike | None = None,
) -> Array:
    """Inner products of vectors along an axis; other axes broadcast, the first is conjugated."""
    x1, x2 = (
        moveaxis(x, canonical_axis("vecdot", axis, x.ndim), -1)
        for x in promote_dtypes("vecdot", x1, x2)
    )
    _check_lengths("vecdot", aval_of(x1), aval_of(x2), x1.ndim - 1, x2.ndim - 1)
    row, column = conj(x1)[..., None, :], x2[..., None]
    return _matmul(row, column, precision, preferred_element_type)[..., 0, 0]


@derived("precision", "preferred_element_type")
def inner(
    a: ArrayLike,
    b: ArrayLike,
    *,
    precision: Any = None,
    preferred_element_type: DTypeLike | None = None,
) -> Array:
    """The product of two arrays over the last axis of each."""
    options = {"precision": precision, "preferred_element_type": preferred_element_type}
    return tensordot(a, b, (-1, -1), **options) if a.ndim and b.ndim else dot(a, b, **options)


@derived("out")
def outer(a: ArrayLike, b: ArrayLike, out: None = None) -> Array:
    """All products of an element of `a` and one of `b`, both flattened.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.outer(jnp.array([1, 2]), jnp.array([3, 4])).tolist()
        [[3, 4], [6, 8]]
    """
    return a.reshape(-1)[:, None] * b.reshape(-1)


@derived()
def kron(a: ArrayLike, b: ArrayLike) -> Array:
    """The Kronecker product: `a` with each element replaced by its product with `b`.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.kron(jnp.array([1, 2]), jnp.array([1, 1])).tolist()
        [1, 1, 2, 2]
    """
    rank = max(a.ndim, b.ndim)
    left, right = ((1,) * (rank - x.ndim) + x.shape for x in (a, b))
    a = a.reshape([n for length in left for n in (length, 1)])
    b = b.reshape([n for length in right for n in (1, length)])
    return (a * b).reshape([m * n for m, n in zip(left, right, strict=True)])


@derived("axisa", "axisb", "axisc", "axis")
def cross(
    a: ArrayLike,
    b: ArrayLike,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Array:
    """The vector product of vectors of three (or two) components along an axis.

    Raises:
        ShapeError: if there are neither two nor three components.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.cross(jnp.array([1, 0, 0]), jnp.array([0, 1, 0])).tolist()
        [0, 0, 1]
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    for x, place in ((a, axisa), (b, axisb)):
        aval = aval_of(x)
        if aval.shape[canonical_axis("cross", place, aval.ndim)] not in (2, 3):
            raise ShapeError(f"`cross` takes vectors of 2 or 3 components, but got {aval}")
    a, b = promote_dtypes("cross", a, b)
    first, second = unstack(a, axis=axisa), unstack(b, axis=axisb)
    z = first[0] * second[1] - first[1] * second[0]
    if len(first) == len(second) == 2:
        return z
    (a0, a1, a2), (b0, b1, b2) = ([*parts, 0][:3] for parts in (first, second))
    return stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, z], axisc)


# ---------------------------------------------------------------------------------- diagonals


def diagonal(a: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The elements whose indices on two axes differ by `offset`; they form the last axis.

    Raises:
        AxisError: if there are fewer than two axes.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.diagonal(jnp.arange(4).reshape(2, 2)).tolist()
        [0, 3]
    """
    a = as_operand("diagonal", a)
    ndim = aval_of(a).ndim
    if ndim < 2:
        raise AxisError(f"`diagonal` needs two axes or more, but got {aval_of(a)}")
    first, second = (canonical_axis("diagonal", i, ndim) for i in (axis1, axis2))
    if first == second:
        raise ArgumentValueError(f"`diagonal` needs two different axes, but got {axis1} twice")
    return diagonal_of(a, integer("diagonal", offset), first, second)


@compiled(static=("offset", "axis1", "axis2"))
def diagonal_of(a: Any, offset: int, axis1: int, axis2: int) -> Any:
    """One step along the diagonal is one row and one column on in the flattened matrix."""
    shape = aval_of(a).shape
    rest = [i for i in range(len(shape)) if i not in (axis1, axis2)]
    rows, columns = shape[axis1], shape[axis2]
    lead = tuple(shape[i] for i in rest)
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    if not length:
        return lax.full((*lead, 0), 0, aval_of(a).dtype)
    flat = lax.reshape(lax.transpose(a, [*rest, axis1, axis2]), (*lead, rows * columns))
    start = max(-offset, 0) * columns + max(offset, 0)
    stop = start + (length - 1) * (columns + 1) + 1
    zeros = (0,) * len(lead)
    return lax.slice(flat, (*zeros, start), (*lead, stop), (*(1 for _ in lead), columns + 1))


@derived("offset", "axis1", "axis2", "dtype", "out")
def trace(
    a: ArrayLike,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    dtype: DTypeLike | None = None,
    out: None = None,
) -> Array:
    """The sum of the elements of a diagonal; see `diagonal`."""
    return sum(diagonal(a, offset, axis1, axis2), -1, dtype)


@derived("k")
def diag(v: ArrayLike, k: int = 0) -> Array:
    """The matrix with a vector on its k-th diagonal, or the k-th diagonal of a matrix.

    Raises:
        ShapeError: if `v` has neither one nor two axes.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.diag(jnp.array([1, 2])).tolist()
        [[1, 0], [0, 2]]
    """
    if v.ndim == 2:
        return diagonal(v, k)
    if v.ndim != 1:
        raise ShapeError(f"`diag` takes a vector or a matrix, but got {aval_of(v)}")
    # The diagonal is every (n+1)-th element of the flattened matrix.
    length, k = v.size, integer("diag", k)
    size = length + abs(k)
    start = k if k >= 0 else -k * size
    used = start + (length - 1) * (size + 1) + 1
    if not length:
        return lax.full((size, size), 0, v.dtype)
    flat = lax.pad(
        lax.convert_element_type(v), exact_scalar(0, v.dtype), [(start, size**2 - used, size)]
    )
    return lax.reshape(flat, (size, size))


def matvec(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Matrices `(..., m, n)` times vectors `(..., n)`."""
    column = expand_dims(x2, -1)
    return squeeze(matmul(x1, column), -1)


def vecmat(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Vectors `(..., n)`, conjugated, times matrices `(..., n, m)`."""
    row = expand_dims(conj(x1), -2)
    return squeeze(matmul(row, x2), -2)


def diagflat(v: ArrayLike, k: int = 0) -> Array:
    """The matrix with the flattened input on its k-th diagonal."""
    return diag(ravel(v), k)
