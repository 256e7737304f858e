"""Members by position or by condition: `compress`, `extract`, `choose`."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentValueError, DTypeError, IndexBoundsError, TracedMaskError
from jib.lax._shaping import canonical_axis
from jib.numpy._indexing import take, take_along_axis
from jib.numpy._promotion import as_operand
from jib.numpy._shaping import integer, ravel
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["choose", "compress", "extract", "put_along_axis"]


def take_in_bounds(x: Any, indices: Any, axis: int) -> Any:
    """The members of `x` along an axis at indices that are surely in bounds."""
    return _gather(x, indices, axis, "promise_in_bounds", None)


def _gather(x: Any, indices: Any, axis: int, mode: str, fill_value: Any, **hints: bool) -> Any:
    shape = aval_of(x).shape
    count = aval_of(indices).ndim
    offsets = [i for i in range(len(shape) + count - 1) if not axis <= i < axis + count]
    return lax.gather(
        x,
        lax.expand_dims(indices, (count,)),
        lax.GatherDimensionNumbers(tuple(offsets), (axis,), (axis,)),
        tuple(1 if i == axis else n for i, n in enumerate(shape)),
        mode=mode,
        fill_value=fill_value,
        **hints,
    )


def _check_indices(name: str, indices: Any) -> Any:
    indices = as_operand(name, indices)
    dtype = aval_of(indices).dtype
    if not dtypes.issubdtype(dtype, np.integer):
        raise DTypeError(
            f"`{name}` takes integers as indices, but got {aval_of(indices)}",
            help="indices = indices.astype(int)",
        )
    return indices


def _from_end(indices: Any, length: int) -> Any:
    """Indices with negative ones counted from the end."""
    indices = _wide(indices)
    dtype = aval_of(indices).dtype
    if not dtypes.issubdtype(dtype, np.signedinteger):
        return indices
    negative = lax.lt(indices, dtype.type(0))
    return lax.select(negative, lax.add(indices, dtype.type(length)), indices)


def _wide(indices: Any) -> Any:
    """Narrow indices could not count the members of a long axis."""
    if aval_of(indices).dtype.itemsize < 4:
        return lax.convert_element_type(indices, np.dtype(np.int32))
    return lax.convert_element_type(indices, aval_of(indices).dtype)


def _stretched(x: Any, shape: tuple[int, ...]) -> Any:
    return lax.broadcast_in_dim(x, shape, range(len(shape))) if aval_of(x).shape != shape else x


def _number(fill_value: Any) -> Any:
    if isinstance(fill_value, Tracer):
        raise ArgumentValueError("`fill_value` must be a number that is known now")
    return np.asarray(fill_value).item()


def put_along_axis(
    arr: ArrayLike,
    indices: ArrayLike,
    values: ArrayLike,
    axis: int | None,
    inplace: bool = True,
    *,
    mode: str | None = None,
) -> Array:
    """A new array with `values` at the indices, for each line along an axis; see `take_along_axis`.

    Raises:
        ArgumentValueError: unless `inplace=False`: arrays are immutable.
    """
    if inplace:
        raise ArgumentValueError(
            "`put_along_axis` cannot change an array: arrays are immutable",
            help="y = jib.numpy.put_along_axis(x, indices, values, axis, inplace=False)",
        )
    arr = as_operand("put_along_axis", arr)
    indices = _check_indices("put_along_axis", indices)
    shape = aval_of(arr).shape
    if axis is None:
        flat = put_along_axis(ravel(arr), indices, values, 0, False, mode=mode)
        return lax.reshape(flat, shape)
    axis = canonical_axis("put_along_axis", integer("put_along_axis", axis), len(shape))
    return _put_along_axis(arr, indices, as_operand("put_along_axis", values), axis, mode)


@compiled(static=("axis", "mode"))
def _put_along_axis(arr: Any, indices: Any, values: Any, axis: int, mode: str | None) -> Any:
    shape, own = aval_of(arr).shape, aval_of(indices).shape
    full = (*shape[:axis], own[axis], *shape[axis + 1 :])
    index = _from_end(_stretched(indices, full), shape[axis])
    values = lax.convert_element_type(values, aval_of(arr).dtype)
    rank = aval_of(values).ndim
    values = lax.broadcast_in_dim(values, full, range(len(full) - rank, len(full)))
    lines = tuple(i for i in range(len(shape)) if i != axis)
    numbers = lax.ScatterDimensionNumbers((), (axis,), (axis,), lines, lines)
    where = lax.expand_dims(index, (len(shape),))
    return lax.scatter(arr, where, values, numbers, mode=mode or "drop")


def compress(
    condition: ArrayLike,
    a: ArrayLike,
    axis: int | None = None,
    *,
    size: int | None = None,
    fill_value: ArrayLike = 0,
    out: None = None,
) -> Array:
    """The members of an array where a condition along an axis holds.

    With `size` that many members, the rest filled with `fill_value`, so that programs know the
    shape.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.compress(jnp.array([True, False, True]), jnp.array([1, 2, 3])).tolist()
        [1, 3]
    """
    if out is not None:
        raise ArgumentValueError("`compress` cannot write into `out`: arrays are immutable")
    a = as_operand("compress", a)
    if axis is None:
        a, axis = ravel(a), 0
    shape = aval_of(a).shape
    axis = canonical_axis("compress", integer("compress", axis), len(shape))
    places = _positions_of("compress", condition, size, shape[axis])
    return take(a, places, axis, mode="fill", fill_value=_number(fill_value))


def extract(
    condition: ArrayLike, arr: ArrayLike, *, size: int | None = None, fill_value: ArrayLike = 0
) -> Array:
    """The elements of an array where a condition holds, in a row; see `compress`."""
    flat = ravel(as_operand("extract", condition))
    return compress(flat, ravel(arr), 0, size=size, fill_value=fill_value)


def _positions_of(name: str, condition: Any, size: int | None, missing: int) -> Any:
    """The positions where a condition of rank 1 holds; `missing` fills them up to `size`."""
    condition = as_operand(name, condition)
    if size is None:
        return host_positions(name, condition)[0]
    return positions_with_size(condition, integer(name, size), missing)


def host_positions(name: str, condition: Any) -> tuple[np.ndarray, ...]:
    """Where a condition that is known now holds."""
    if isinstance(condition, Tracer):
        raise TracedMaskError(condition)
    return tuple(p.astype(np.int32) for p in np.nonzero(np.asarray(condition)))


@compiled(static=("size", "missing"))
def positions_with_size(condition: Any, size: int, missing: int) -> Any:
    """The first `size` positions where a condition of rank 1 holds."""
    word = np.dtype(np.int32)
    hit = lax.ne(condition, aval_of(condition).dtype.type(0))
    length = aval_of(condition).size
    # The k-th hit goes to place k; the others fall off the end.
    rank = lax.sub(lax.cumsum(lax.convert_element_type(hit, word)), word.type(1))
    place = lax.select(hit, rank, lax.full((length,), size, word))
    return lax.scatter(
        lax.full((size,), missing, word),
        lax.expand_dims(place, (1,)),
        lax.iota(word, length),
        lax.ScatterDimensionNumbers((), (0,), (0,)),
        mode="drop",
    )


def choose(a: ArrayLike, choices: Any, out: None = None, mode: str = "raise") -> Array:
    """For each element, that of the choice whose number is in `a`.

    Raises:
        ArgumentValueError: if `mode` is not "clip" or "wrap" while the numbers are traced.
    """
    if out is not None:
        raise ArgumentValueError("`choose` cannot write into `out`: arrays are immutable")
    a = _check_indices("choose", a)
    members = [as_operand("choose", x) for x in choices]
    if mode not in ("raise", "clip", "wrap"):
        raise ArgumentValueError(f"`choose` knows 'raise', 'clip' and 'wrap', but got {mode!r}")
    if mode == "raise":
        if isinstance(a, Tracer):
            raise ArgumentValueError(
                "`choose` cannot raise for a number that only the running program knows",
                help="jib.numpy.choose(a, choices, mode='clip')",
            )
        values = np.asarray(a)
        outside = values[(values < 0) | (values >= len(members))]
        if outside.size:
            raise IndexBoundsError.outside(int(outside.flat[0]), 0, len(members))
    return _choose(a, members, "wrap" if mode == "wrap" else "clip")


@compiled(static=("mode",))
def _choose(a: Any, members: list[Any], mode: str) -> Any:
    shape = lax.broadcast_shapes(*[aval_of(x).shape for x in (a, *members)])
    dtype = dtypes.result_type(*members)
    rows = []
    for x in members:
        own = aval_of(x).shape
        x = lax.convert_element_type(x, dtype)
        rows.append(
            lax.broadcast_in_dim(x, (1, *shape), range(len(shape) + 1 - len(own), len(shape) + 1))
        )
    own = aval_of(a).shape
    index = lax.broadcast_in_dim(a, (1, *shape), range(len(shape) + 1 - len(own), len(shape) + 1))
    count = np.int32(len(members))
    if mode == "wrap":
        index = lax.rem(_wide(index), count)
        index = lax.select(lax.lt(index, np.int32(0)), lax.add(index, count), index)
    index = lax.clamp(np.int32(0), lax.convert_element_type(index, np.dtype(np.int32)), count - 1)
    picked = take_along_axis(lax.concatenate(rows, 0), index, 0, "promise_in_bounds")
    return lax.reshape(picked, shape)
