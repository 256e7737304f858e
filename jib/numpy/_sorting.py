"""Sorting and searching, and where conditions hold."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.scalars import exact_scalar
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.lax._families import constant_like
from jib.lax._shaping import canonical_axis
from jib.numpy._creation import asarray, astype
from jib.numpy._derived import derived
from jib.numpy._promotion import as_operand, promote_dtypes
from jib.numpy._shaping import integer, ravel, shape_tuple
from jib.numpy._taking import host_positions, positions_with_size, take_in_bounds
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, Shape

__all__ = [
    "argpartition", "argsort", "argwhere", "digitize", "flatnonzero", "isin", "lexsort", "nonzero",
    "partition", "searchsorted", "sort", "sort_complex", "unravel_index",
]  # fmt: skip

_COMPARE_ALL_LIMIT = 64  # up to this many candidates, comparing with all beats searching


# ----------------------------------------------------------------------------------- sorting


def _sort_arguments(name: str, a: Any, axis: int | None, kind: Any, order: Any) -> tuple[Any, int]:
    if kind is not None and kind not in ("stable", "quicksort", "mergesort", "heapsort"):
        raise ArgumentValueError(f"`{name}` does not know the kind {kind!r}")
    if order is not None:
        raise ArgumentValueError(f"`{name}` has no use for `order`: arrays have no named fields")
    a = as_operand(name, a)
    if axis is None:
        a, axis = ravel(a), 0
    return a, canonical_axis(name, integer(name, axis), aval_of(a).ndim)


@derived("axis", "kind", "order", "stable", "descending")
def sort(
    a: ArrayLike,
    axis: int | None = -1,
    *,
    kind: str | None = None,
    order: None = None,
    stable: bool = True,
    descending: bool = False,
) -> Array:
    """With the elements in ascending order along an axis; NaN comes last.

    Args:
        a: an array.
        axis: the axis; None for the flattened array.
        kind, order: NumPy's; the way of sorting is the compiler's.
        stable: whether equal elements keep their order.
        descending: whether to sort from the largest to the smallest, NaN first.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.sort(jnp.array([3, 1, 2])).tolist()
        [1, 2, 3]
    """
    a, axis = _sort_arguments("sort", a, axis, kind, order)
    out = lax.sort(a, dimension=axis, is_stable=stable)
    return lax.rev(out, (axis,)) if descending else out


@derived("axis", "kind", "order", "stable", "descending", "dtype")
def argsort(
    a: ArrayLike,
    axis: int | None = -1,
    *,
    kind: str | None = None,
    order: None = None,
    stable: bool = True,
    descending: bool = False,
    dtype: Any = None,
) -> Array:
    """The indices that put the elements in ascending order along an axis; NaN comes last.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.argsort(jnp.array([3, 1, 2])).tolist()
        [1, 2, 0]
    """
    a, axis = _sort_arguments("argsort", a, axis, kind, order)
    places = lax.broadcasted_iota(dtype or dtypes.default_int_dtype(), a.shape, axis)
    if not descending:
        return lax.sort((a, places), dimension=axis, is_stable=stable, num_keys=1)[1]
    # Sorted backwards and turned round, so that equal elements keep their order.
    a, places = lax.rev(a, (axis,)), lax.rev(places, (axis,))
    return lax.rev(lax.sort((a, places), dimension=axis, is_stable=stable, num_keys=1)[1], (axis,))


def lexsort(keys: Sequence[ArrayLike] | ArrayLike, axis: int = -1) -> Array:
    """The indices that sort by several keys, the last one first in rank.

    Raises:
        ArgumentValueError: if there are no keys.
    """
    members = list(keys) if isinstance(keys, Sequence) else list(asarray(keys))
    if not members:
        raise ArgumentValueError("`lexsort` needs at least one key")
    members = [as_operand("lexsort", x) for x in members]
    if not aval_of(members[0]).ndim:
        return lax.full((), 0, dtypes.default_int_dtype())
    axis = canonical_axis("lexsort", integer("lexsort", axis), aval_of(members[0]).ndim)
    return _lexsort(members, axis)


@compiled(static=("axis",))
def _lexsort(members: list[Any], axis: int) -> Any:
    places = lax.broadcasted_iota(dtypes.default_int_dtype(), aval_of(members[0]).shape, axis)
    return lax.sort((*members[::-1], places), dimension=axis, num_keys=len(members))[-1]


def argpartition(a: ArrayLike, kth: int, axis: int = -1) -> Array:
    """The indices that sort the elements along an axis: those before the kth belong there."""
    _check_kth("argpartition", a, kth, axis)
    return argsort(a, axis)


def _check_kth(name: str, a: Any, kth: int, axis: int) -> None:
    aval = aval_of(as_operand(name, a))
    length = aval.shape[canonical_axis(name, axis, aval.ndim)]
    canonical_axis(name, integer(name, kth), length)


# --------------------------------------------------------------------------------- searching


def searchsorted(
    a: ArrayLike,
    v: ArrayLike,
    side: str = "left",
    sorter: ArrayLike | None = None,
    *,
    method: str = "scan",
) -> Array:
    """Where the elements of `v` belong in the ascending vector `a`.

    Args:
        a: a vector in ascending order.
        v: values of any shape, which the result has too.
        side: "left" for the place before equal elements, "right" for the place after them.
        sorter: indices that put `a` in ascending order, if it is not.
        method: "compare_all" compares each value with all elements; the others search by halving.

    Raises:
        ShapeError: if `a` is not a vector.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.searchsorted(jnp.array([1, 3, 5]), jnp.array([0, 3, 9])).tolist()
        [0, 1, 3]
    """
    if side not in ("left", "right"):
        raise ArgumentValueError(f"`searchsorted` knows the sides 'left' and 'right', not {side!r}")
    if method not in ("scan", "scan_unrolled", "sort", "compare_all", "default"):
        raise ArgumentValueError(f"`searchsorted` does not know the method {method!r}")
    a, v = as_operand("searchsorted", a), as_operand("searchsorted", v)
    if aval_of(a).ndim != 1:
        raise ShapeError(f"`searchsorted` searches in a vector, but got {aval_of(a)}")
    return _searchsorted(a, v, sorter, side, method == "compare_all")


@compiled(static=("side", "compare_all"))
def _searchsorted(a: Any, v: Any, sorter: Any, side: str, compare_all: bool) -> Any:
    if sorter is not None:
        a = take_in_bounds(a, sorter, 0)
    a, v = promote_dtypes("searchsorted", a, v)
    dtype, shape, count = dtypes.default_int_dtype(), aval_of(v).shape, aval_of(a).size
    v = lax.convert_element_type(v, aval_of(a).dtype)
    if not count:
        return lax.full(shape, 0, dtype)
    if count <= _COMPARE_ALL_LIMIT:
        hits = [_before(x, v, side) for x in _members(a)]
        return functools.reduce(lax.add, [lax.convert_element_type(x, dtype) for x in hits])
    if compare_all:
        both = (*shape, count)
        rows = lax.broadcast_in_dim(a, both, (len(shape),))
        columns = lax.broadcast_in_dim(v, both, range(len(shape)))
        before = lax.convert_element_type(_before(rows, columns, side), dtype)
        return lax.reduce_sum(before, (len(shape),))

    # The answer grows by halves of the length, as long as the element there comes before. A loop,
    # because the processor then looks up many values at once.
    def grow(i: Any, found: Any) -> Any:
        step = lax.shift_right_logical(exact_scalar(1 << (count.bit_length() - 1), dtype), i)
        probe = lax.add(found, step)
        inside = lax.le(probe, exact_scalar(count, dtype))
        element = take_in_bounds(
            a, lax.sub(lax.min(probe, exact_scalar(count, dtype)), exact_scalar(1, dtype)), 0
        )
        before = lax.bitwise_and(inside, _before(element, v, side))
        return lax.select(before, probe, found)

    return lax.fori_loop(
        exact_scalar(0, dtype),
        exact_scalar(count.bit_length(), dtype),
        grow,
        lax.full(shape, 0, dtype),
    )


def _members(a: Any) -> list[Any]:
    """The elements of a vector, as scalars."""
    return [lax.squeeze(lax.slice_in_dim(a, i, i + 1), (0,)) for i in range(aval_of(a).size)]


def _before(element: Any, value: Any, side: str) -> Any:
    """Whether an element comes before the place of a value; NaN is the largest number."""
    compare = lax.lt if side == "left" else lax.le
    if dtypes.issubdtype(aval_of(element).dtype, np.complexfloating):
        parts = [(lax.real(x), lax.imag(x)) for x in (element, value)]
        (a, b), (c, d) = parts
        return lax.bitwise_or(lax.lt(a, c), lax.bitwise_and(lax.eq(a, c), compare(b, d)))
    if not dtypes.issubdtype(aval_of(element).dtype, np.floating):
        return compare(element, value)
    nan = lax.ne(value, value)
    if side == "left":
        nan = lax.bitwise_and(nan, lax.eq(element, element))
    return lax.bitwise_or(compare(element, value), nan)


@derived("assume_unique", "invert", "method")
def isin(
    element: ArrayLike,
    test_elements: ArrayLike,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    method: str = "auto",
) -> Array:
    """Whether each element is among the test elements.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.isin(jnp.array([1, 2, 3]), jnp.array([3, 1])).tolist()
        [True, False, True]
    """
    element, tests = promote_dtypes("isin", element, ravel(test_elements))
    count = tests.size
    if not count:
        return lax.full(element.shape, invert, np.dtype(bool))
    if count <= _COMPARE_ALL_LIMIT:
        found = functools.reduce(lax.bitwise_or, [lax.eq(element, x) for x in _members(tests)])
    else:
        tests = lax.sort(tests)
        place = _searchsorted(tests, element, None, "left", False)
        place = lax.min(place, exact_scalar(count - 1, place.dtype))
        found = lax.eq(take_in_bounds(tests, place, 0), lax.convert_element_type(element))
    return lax.bitwise_not(found) if invert else found


# ------------------------------------------------------------------- where conditions hold


def nonzero(a: ArrayLike, *, size: int | None = None, fill_value: Any = None) -> tuple[Array, ...]:
    """The indices of the elements that are not zero, one array for each axis.

    Args:
        a: an array with one axis or more.
        size: how many to find; programs must know it. The rest is filled.
        fill_value: what fills up (0 by default): a number, or one for each axis.

    Raises:
        TracedMaskError: if the number depends on values of a running program and `size` is missing.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.nonzero(jnp.array([0, 5, 0, 7]))[0].tolist()
        [1, 3]
    """
    a = as_operand("nonzero", a)
    aval = aval_of(a)
    if not aval.ndim:
        raise ShapeError(
            "`nonzero` takes an array with one axis or more, but got one of rank 0",
            help="jib.numpy.nonzero(jib.numpy.atleast_1d(x))",
        )
    if size is None:
        return tuple(asarray(p) for p in host_positions("nonzero", a))
    several = isinstance(fill_value, Sequence | np.ndarray) and np.ndim(fill_value)
    fills = tuple(fill_value) if several else (fill_value,) * aval.ndim
    if len(fills) != aval.ndim:
        raise ArgumentValueError(f"`nonzero` of {aval} needs {aval.ndim} fill values, one per axis")
    return _nonzero(a, integer("nonzero", size), [0 if f is None else f for f in fills])


@compiled(static=("size",))
def _nonzero(a: Any, size: int, fills: list[Any]) -> tuple[Any, ...]:
    aval, dtype = aval_of(a), dtypes.default_int_dtype()
    flat = positions_with_size(lax.reshape(a, (aval.size,)), size, aval.size)
    inside = lax.lt(flat, constant_like(flat, aval.size))
    found = unravel_index(lax.convert_element_type(flat, dtype), aval.shape)
    filled = [lax.broadcast(lax.convert_element_type(x, dtype), (size,)) for x in fills]
    return tuple(lax.select(inside, *pair) for pair in zip(found, filled, strict=True))


@derived("shape")
def unravel_index(indices: ArrayLike, shape: Shape) -> tuple[Array, ...]:
    """The positions on each axis of a shape, from positions in the flattened array.

    Positions beyond the ends count as the nearest one; negative ones count from the end.

    Example:
        >>> import jib.numpy as jnp
        >>> [int(i) for i in jnp.unravel_index(5, (2, 3))]
        [1, 2]
    """
    lengths, dtype = shape_tuple("unravel_index", shape), dtypes.default_int_dtype()
    if indices.dtype.itemsize >= 4:
        dtype = indices.dtype
    indices, size = lax.convert_element_type(indices, dtype), math.prod(lengths)
    if dtypes.issubdtype(dtype, np.signedinteger):
        from_end = lax.add(indices, exact_scalar(size, dtype))
        indices = lax.select(lax.lt(indices, exact_scalar(0, dtype)), from_end, indices)
    rest = lax.clamp(exact_scalar(0, dtype), indices, exact_scalar(max(size - 1, 0), dtype))
    found = []
    for length in reversed(lengths):
        step = exact_scalar(max(length, 1), dtype)
        found.append(lax.rem(rest, step))
        rest = lax.div(rest, step)
    return tuple(found[::-1])


def argwhere(a: ArrayLike, *, size: int | None = None, fill_value: Any = None) -> Array:
    """The indices of the elements that are not zero, one row for each; see `nonzero`.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.argwhere(jnp.array([[0, 5], [7, 0]])).tolist()
        [[0, 1], [1, 0]]
    """
    a = as_operand("argwhere", a)
    aval = aval_of(a)
    if not aval.ndim:
        count = len(nonzero(lax.reshape(a, (1,)), size=size, fill_value=fill_value)[0])
        return lax.full((count, 0), 0, dtypes.default_int_dtype())
    columns = nonzero(a, size=size, fill_value=fill_value)
    return lax.concatenate([lax.expand_dims(x, (1,)) for x in columns], 1)


def partition(a: ArrayLike, kth: int, axis: int = -1) -> Array:
    """With the kth smallest element in its place, and all smaller ones before it."""
    _check_kth("partition", a, kth, axis)
    return sort(a, axis)


def sort_complex(a: ArrayLike) -> Array:
    """The elements in ascending order as complex numbers."""
    a = sort(a)
    return astype(a, dtypes.promote_types(a.dtype, dtypes.default_complex_dtype()))


@derived("right", "method")
def digitize(
    x: ArrayLike, bins: ArrayLike, right: bool = False, *, method: str | None = None
) -> Array:
    """In which of the bins, given by their edges in order, each element lies."""
    if aval_of(bins).ndim != 1:
        raise ShapeError(f"`digitize` takes a vector of edges, but got {aval_of(bins)}")
    if not aval_of(bins).size:
        return lax.full(aval_of(x).shape, 0, dtypes.default_int_dtype())
    side = "left" if right else "right"
    return lax.cond(
        bins[-1] < bins[0],
        lambda: bins.size - searchsorted(lax.rev(bins, (0,)), x, side),
        lambda: searchsorted(bins, x, side),
    )


def flatnonzero(a: ArrayLike, *, size: int | None = None, fill_value: Any = None) -> Array:
    """The indices of the elements that are not zero in the flattened array; see `nonzero`."""
    return nonzero(ravel(a), size=size, fill_value=fill_value)[0]
