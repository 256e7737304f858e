"""Arrays as sets: unique elements, unions, intersections, differences."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jib import dtypes, lax
from jib.core.scalars import exact_scalar
from jib.core.tracing import Tracer, aval_of
from jib.errors import TracedShapeError
from jib.lax._shaping import canonical_axis
from jib.numpy._choosing import where
from jib.numpy._comparison import isnan
from jib.numpy._creation import asarray
from jib.numpy._joining import concatenate
from jib.numpy._promotion import as_operand, broadcast_to_shape, promote_dtypes
from jib.numpy._ranges import arange
from jib.numpy._shaping import integer, moveaxis, ravel
from jib.numpy._sorting import isin, sort
from jib.numpy._taking import compress, positions_with_size, take_in_bounds
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = [
    "intersect1d", "setdiff1d", "setxor1d", "union1d", "unique", "unique_all", "unique_counts",
    "unique_inverse", "unique_values",
]  # fmt: skip


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
    asked: Any = (bool(return_index), bool(return_inverse), bool(return_counts))
    if size is None:
        made = np.unique(_on_host("unique", ar), *asked, axis=axis, equal_nan=equal_nan)
        own = dtypes.result_type(ar)
        if not isinstance(made, tuple):
            return asarray(made, own)
        index = dtypes.default_int_dtype()
        return (asarray(made[0], own), *(asarray(x.astype(index)) for x in made[1:]))
    ar = as_operand("unique", ar)
    shape = aval_of(ar).shape
    place = None if axis is None else canonical_axis("unique", axis, len(shape))
    outs = _unique(ar, fill_value, integer("unique", size), place, bool(equal_nan))
    chosen = tuple(x for x, wanted in zip(outs[1:], asked, strict=True) if wanted)
    return (outs[0], *chosen) if chosen else outs[0]


@compiled(static=("size", "axis", "equal_nan"))
def _unique(ar: Any, fill: Any, size: int, axis: int | None, equal_nan: bool) -> tuple[Any, ...]:
    """Rows are sorted; a row that differs from the one before it is new."""
    shape, word = aval_of(ar).shape, dtypes.default_int_dtype()
    moved = ravel(ar) if axis is None else moveaxis(ar, axis, 0)
    count, width = aval_of(moved).shape[0], math.prod(aval_of(moved).shape[1:])
    rows = lax.reshape(moved, (count, width))
    columns = [lax.index_in_dim(rows, i, 1, keepdims=False) for i in range(width)]
    *ordered, source = lax.sort((*columns, lax.iota(word, count)), num_keys=max(width, 1))
    new = lax.full((max(count - 1, 0),), False, dtypes.BOOL)
    for column in ordered:
        new = lax.bitwise_or(new, _differs(column, equal_nan))
    new = lax.concatenate([lax.full((min(count, 1),), True, dtypes.BOOL), new], 0)
    starts = lax.convert_element_type(positions_with_size(new, size, count), word)
    rank = lax.sub(lax.cumsum(lax.convert_element_type(new, word)), exact_scalar(1, word))
    inside = lax.lt(starts, exact_scalar(count, word))
    index = take_in_bounds(source, lax.min(starts, exact_scalar(max(count - 1, 0), word)), 0)
    values = take_in_bounds(moved, index, 0)
    filler = values[:1] if fill is None else lax.convert_element_type(fill, aval_of(ar).dtype)
    filler = broadcast_to_shape(filler, aval_of(values).shape)
    mask = lax.broadcast_in_dim(inside, aval_of(values).shape, (0,))
    values = lax.select(mask, values, filler)
    # How often: the distance to the next start.
    ends = lax.concatenate([starts, lax.full((1,), count, word)], 0)
    counts = lax.sub(ends[1:], starts)
    inverse = lax.sort((source, rank), num_keys=1)[1]
    first_index = lax.select(inside, index, broadcast_to_shape(index[:1], (size,)))
    if axis is None:
        return values, first_index, lax.reshape(inverse, shape), counts
    return moveaxis(values, 0, axis), first_index, inverse, counts


def _differs(column: Any, equal_nan: bool) -> Any:
    """Whether each element of a sorted vector, after the first, differs from the one before it."""
    count = aval_of(column).size
    later = lax.slice_in_dim(column, min(count, 1), count, axis=0)
    earlier = lax.slice_in_dim(column, 0, max(count - 1, 0), axis=0)
    different = lax.ne(later, earlier)
    if equal_nan:
        both = lax.bitwise_and(isnan(later), isnan(earlier))
        different = lax.bitwise_and(different, lax.bitwise_not(both))
    return different


def _joint(
    name: str, first: Any, second: Any, keep: Callable[..., Any], size: Any, fill_value: Any
) -> Array:
    """The different elements of two arrays, in order, of those for which `keep` holds."""
    a, b = promote_dtypes(name, ravel(asarray(first)), ravel(asarray(second)))
    ordered = sort(concatenate([a, b]))
    new = concatenate([lax.full((min(ordered.size, 1),), True, bool), _differs(ordered, True)])
    mask = new & keep(ordered, a, b)
    if size is None:
        return compress(mask, ordered)
    filler = fill_value if fill_value is not None or not ordered.size else ordered[0]
    out = compress(mask, ordered, size=integer(name, size))
    return where(arange(out.size) < mask.sum(), out, 0 if filler is None else filler)


def union1d(
    ar1: ArrayLike, ar2: ArrayLike, *, size: int | None = None, fill_value: Any = None
) -> Array:
    """The elements of two arrays, each once, in ascending order; `size` as in `unique`."""
    return _joint("union1d", ar1, ar2, lambda x, a, b: True, size, fill_value)


def setxor1d(
    ar1: ArrayLike,
    ar2: ArrayLike,
    assume_unique: bool = False,
    *,
    size: int | None = None,
    fill_value: Any = None,
) -> Array:
    """The elements that only one of two arrays has; `size` as in `unique`."""
    keep = lambda x, a, b: isin(x, a) != isin(x, b)  # noqa: E731
    return _joint("setxor1d", ar1, ar2, keep, size, fill_value)


def setdiff1d(
    ar1: ArrayLike,
    ar2: ArrayLike,
    assume_unique: bool = False,
    *,
    size: int | None = None,
    fill_value: Any = None,
) -> Array:
    """The elements of the first array that the second lacks; `size` as in `unique`."""
    if assume_unique:  # which also leaves them in their order
        kept, filler = isin(ar1, ar2, invert=True), 0 if fill_value is None else fill_value
        return compress(ravel(kept), ravel(ar1), size=size, fill_value=filler)
    return _joint("setdiff1d", ar1, ar2, lambda x, a, b: ~isin(x, b), size, fill_value)


def intersect1d(
    ar1: ArrayLike,
    ar2: ArrayLike,
    assume_unique: bool = False,
    return_indices: bool = False,
    *,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The elements that two arrays have in common, in ascending order; `size` as in `unique`.

    With `return_indices` also where each is found first in the two arrays.
    """
    keep = lambda x, a, b: isin(x, a) & isin(x, b)  # noqa: E731
    out = _joint("intersect1d", ar1, ar2, keep, size, fill_value)
    if not return_indices:
        return out
    flat = (ravel(asarray(x)) for x in (ar1, ar2))
    return (out, *((x[None, :] == out[:, None]).argmax(1) for x in flat))


class _UniqueAll(NamedTuple):
    """What `unique_all` returns."""

    values: Array
    indices: Array
    inverse_indices: Array
    counts: Array


class _UniqueCounts(NamedTuple):
    """What `unique_counts` returns."""

    values: Array
    counts: Array


class _UniqueInverse(NamedTuple):
    """What `unique_inverse` returns."""

    values: Array
    inverse_indices: Array


def unique_all(x: ArrayLike, /, *, size: int | None = None, fill_value: Any = None) -> _UniqueAll:
    """The different elements, where each is found first, the way back, and how often each is."""
    options: Any = {"equal_nan": False, "size": size, "fill_value": fill_value}
    return _UniqueAll(*unique(x, True, True, True, **options))


def unique_counts(
    x: ArrayLike, /, *, size: int | None = None, fill_value: Any = None
) -> _UniqueCounts:
    """The different elements, and how often each occurs."""
    return _UniqueCounts(*unique_all(x, size=size, fill_value=fill_value)[::3])


def unique_inverse(
    x: ArrayLike, /, *, size: int | None = None, fill_value: Any = None
) -> _UniqueInverse:
    """The different elements, and for each element of `x` its place among them."""
    return _UniqueInverse(*unique_all(x, size=size, fill_value=fill_value)[:3:2])


def unique_values(x: ArrayLike, /, *, size: int | None = None, fill_value: Any = None) -> Array:
    """The different elements; every NaN counts as different."""
    return unique(x, equal_nan=False, size=size, fill_value=fill_value)
