"""Arrays as sets: unique elements, unions, intersections, differences."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import Tracer, aval_of
from jib.errors import TracedShapeError
from jib.lax._shaping import canonical_axis
from jib.numpy._creation import asarray
from jib.numpy._promotion import as_operand
from jib.numpy._shaping import integer, ravel
from jib.numpy._taking import positions_with_size, take_in_bounds
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = [
    "intersect1d",
    "setdiff1d",
    "setxor1d",
    "union1d",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
]


class _UniqueAll(NamedTuple):
    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class _UniqueCounts(NamedTuple):
    values: Any
    counts: Any


class _UniqueInverse(NamedTuple):
    values: Any
    inverse_indices: Any


def _on_host(name: str, x: Any) -> np.ndarray:
    x = as_operand(name, x)
    if isinstance(x, Tracer):
        raise TracedShapeError(x)
    return np.asarray(x)


def unique(
    ar: ArrayLike,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    size: int | None = None,
    fill_value: Any = None,
    sorted: bool = True,
) -> Any:
    """The different elements of an array in ascending order.

    Args:
        ar: an array.
        return_index: whether to return where each is found first.
        return_inverse: whether to return, for each element of `ar`, its place in the result.
        return_counts: whether to return how often each occurs.
        axis: None for the elements, else members along that axis are compared.
        equal_nan: whether NaNs count as equal.
        size: how many to find; programs must know it. The rest is filled.
        fill_value: what fills up; by default the smallest element.

    Returns:
        The unique elements, or a tuple of these and what else is asked for.

    Raises:
        TracedShapeError: if the number depends on values of a running program, and `size` is
            missing.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.unique(jnp.array([3, 1, 3])).tolist()
        [1, 3]
    """
    asked = (bool(return_index), bool(return_inverse), bool(return_counts))
    if size is None:
        made = np.unique(_on_host("unique", ar), *asked, axis=axis, equal_nan=equal_nan)
        if not isinstance(made, tuple):
            return asarray(made)
        index = dtypes.default_int_dtype()
        return (asarray(made[0]), *(asarray(x.astype(index)) for x in made[1:]))
    ar = as_operand("unique", ar)
    shape = aval_of(ar).shape
    place = None if axis is None else canonical_axis("unique", axis, len(shape))
    outs = _unique(ar, fill_value, integer("unique", size), place, bool(equal_nan))
    chosen = tuple(x for x, wanted in zip(outs[1:], asked, strict=True) if wanted)
    return (outs[0], *chosen) if chosen else outs[0]


@compiled(static=("size", "axis", "equal_nan"))
def _unique(ar: Any, fill: Any, size: int, axis: int | None, equal_nan: bool) -> tuple[Any, ...]:
    """Rows are sorted; a row that differs from the one before it is new."""
    shape = aval_of(ar).shape
    word = dtypes.default_int_dtype()
    order = list(range(len(shape)))
    if axis is not None:
        order.insert(0, order.pop(axis))
    moved = lax.transpose(ar, order) if axis is not None else ravel(ar)
    rest = aval_of(moved).shape[1:]
    count, width = aval_of(moved).shape[0], math.prod(rest)
    rows = lax.reshape(moved, (count, width))
    columns = [
        lax.reshape(lax.slice_in_dim(rows, i, i + 1, axis=1), (count,)) for i in range(width)
    ]
    *ordered, source = lax.sort((*columns, lax.iota(word, count)), num_keys=max(width, 1))
    new = lax.full((count,), width == 0, np.dtype(bool))
    for column in ordered:
        new = lax.bitwise_or(new, _differs(column, equal_nan))
    first = lax.eq(lax.iota(word, count), word.type(0))
    new = lax.bitwise_or(new, first) if width else first
    starts = lax.convert_element_type(positions_with_size(new, size, count), word)
    rank = lax.sub(lax.cumsum(lax.convert_element_type(new, word)), word.type(1))
    inside = lax.lt(starts, word.type(count))
    safe = lax.min(starts, word.type(max(count - 1, 0)))
    index = take_in_bounds(source, safe, 0)
    values = take_in_bounds(moved, index, 0)
    filler = lax.slice_in_dim(values, 0, min(1, size), axis=0)
    if fill is not None:
        filler = lax.convert_element_type(fill, aval_of(ar).dtype)
        filler = lax.broadcast_in_dim(
            filler, (1, *rest), range(1 + len(rest) - aval_of(filler).ndim, 1 + len(rest))
        )
    mask = lax.broadcast_in_dim(inside, aval_of(values).shape, (0,))
    if size:
        filled = lax.broadcast_in_dim(filler, aval_of(values).shape, range(len(rest) + 1))
        values = lax.select(mask, values, filled)
    # How often: the distance to the next start.
    ends = lax.concatenate([starts, lax.full((1,), count, word)], 0)
    counts = lax.sub(lax.slice_in_dim(ends, 1, size + 1, axis=0), starts)
    back = lax.sort((source, rank), num_keys=1)[1]
    inverse = back if axis is not None else lax.reshape(back, shape)
    if axis is not None:
        order_back = [order.index(i) for i in range(len(shape))]
        values = lax.transpose(values, order_back)
    first_index = lax.select(inside, index, lax.broadcast(_head(index), (size,))) if size else index
    return values, first_index, inverse, counts


def _head(x: Any) -> Any:
    return lax.reshape(lax.slice_in_dim(x, 0, 1, axis=0), ())


def _differs(column: Any, equal_nan: bool) -> Any:
    """Whether each element of a sorted vector differs from the one before it."""
    count = aval_of(column).size
    if count < 2:
        return lax.full((count,), True, np.dtype(bool))
    later = lax.slice_in_dim(column, 1, count, axis=0)
    earlier = lax.slice_in_dim(column, 0, count - 1, axis=0)
    different = lax.ne(later, earlier)
    if equal_nan and dtypes.issubdtype(aval_of(column).dtype, np.inexact):
        both = lax.bitwise_and(lax.ne(later, later), lax.ne(earlier, earlier))
        different = lax.bitwise_and(different, lax.bitwise_not(both))
    return lax.concatenate([lax.full((1,), True, np.dtype(bool)), different], 0)


def unique_values(x: ArrayLike, /, *, size: int | None = None, fill_value: Any = None) -> Array:
    """The different elements; each NaN counts as different."""
    return unique(x, equal_nan=False, size=size, fill_value=fill_value)


def unique_counts(x: ArrayLike, /, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The different elements, and how often each occurs."""
    options = {"equal_nan": False, "size": size, "fill_value": fill_value}
    return _UniqueCounts(*unique(x, return_counts=True, **options))


def unique_inverse(x: ArrayLike, /, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The different elements, and for each element of `x` its place among them."""
    options = {"equal_nan": False, "size": size, "fill_value": fill_value}
    return _UniqueInverse(*unique(x, return_inverse=True, **options))


def unique_all(x: ArrayLike, /, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The different elements, their first places, the places of all, and the counts."""
    options = {"equal_nan": False, "size": size, "fill_value": fill_value}
    return _UniqueAll(*unique(x, True, True, True, **options))


def union1d(
    ar1: ArrayLike, ar2: ArrayLike, *, size: int | None = None, fill_value: Any = None
) -> Array:
    """The different elements of two arrays together, in ascending order."""
    members = [ravel(as_operand("union1d", x)) for x in (ar1, ar2)]
    dtype = dtypes.result_type(*members)
    joined = lax.concatenate([lax.convert_element_type(x, dtype) for x in members], 0)
    return unique(joined, size=size, fill_value=fill_value)


def intersect1d(
    ar1: ArrayLike, ar2: ArrayLike, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """The elements that two arrays have in common, in ascending order; not under a trace.

    Raises:
        TracedShapeError: under a trace, where the number of elements is not known.
    """
    first, second = _on_host("intersect1d", ar1), _on_host("intersect1d", ar2)
    made = np.intersect1d(first, second, assume_unique, return_indices)
    index = dtypes.default_int_dtype()
    if not return_indices:
        return asarray(made)
    return (asarray(made[0]), *(asarray(x.astype(index)) for x in made[1:]))


def setdiff1d(ar1: ArrayLike, ar2: ArrayLike, assume_unique: bool = False) -> Array:
    """The elements of the first array that the second lacks; not under a trace."""
    first, second = _on_host("setdiff1d", ar1), _on_host("setdiff1d", ar2)
    return asarray(np.setdiff1d(first, second, assume_unique))


def setxor1d(ar1: ArrayLike, ar2: ArrayLike, assume_unique: bool = False) -> Array:
    """The elements that only one of two arrays has; not under a trace."""
    first, second = _on_host("setxor1d", ar1), _on_host("setxor1d", ar2)
    return asarray(np.setxor1d(first, second, assume_unique))
