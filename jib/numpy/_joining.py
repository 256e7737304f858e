"""Joining arrays, taking them apart, and repeating them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import Tracer, aval_of
from jib.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    ShapeError,
    TracedIntegerError,
    TracedShapeError,
)
from jib.lax._shaping import canonical_axis
from jib.numpy._promotion import as_operand, broadcast_to_shape, promote_dtypes
from jib.numpy._shaping import atleast_1d, atleast_2d, atleast_3d, integer, ravel, shape_tuple
from jib.numpy._taking import take_in_bounds
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "append",
    "array_split",
    "block",
    "column_stack",
    "concat",
    "concatenate",
    "delete",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "insert",
    "pad",
    "repeat",
    "split",
    "stack",
    "tile",
    "unstack",
    "vsplit",
    "vstack",
]


# ----------------------------------------------------------------------------------- joining


def _members(name: str, arrays: Any) -> list[Any]:
    """The arrays of a sequence, or the members of an array along its first axis."""
    if not isinstance(arrays, Sequence):
        if aval_of(as_operand(name, arrays)).ndim == 0:
            raise ArgumentTypeError(
                f"`{name}` takes a sequence of arrays, but got a single one",
                help=f"jib.numpy.{name}([x, y])",
            )
        arrays = unstack(arrays)
    if not arrays:
        raise ArgumentValueError(f"`{name}` needs at least one array")
    return [as_operand(name, x) for x in arrays]


def concatenate(
    arrays: Sequence[ArrayLike] | ArrayLike, axis: int | None = 0, dtype: DTypeLike | None = None
) -> Array:
    """Arrays one after the other along an axis; all in a single row if `axis` is None.

    Raises:
        ShapeError: if the arrays differ in another axis.
        ArgumentValueError: if there are no arrays.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.concatenate([jnp.arange(2), jnp.arange(3)]).tolist()
        [0, 1, 0, 1, 2]
    """
    members = _members("concatenate", arrays)
    if axis is None:
        members, axis = [ravel(x) for x in members], 0
    avals = [aval_of(x) for x in members]
    if not all(a.ndim for a in avals):
        raise ShapeError(
            "`concatenate` cannot join arrays of rank 0",
            help="jib.numpy.stack([x, y])",
        )
    axis = canonical_axis("concatenate", integer("concatenate", axis), avals[0].ndim)
    found = None if dtype is None else dtypes.parse(dtype)
    return _concatenate(members, axis, found)


@compiled(static=("axis", "dtype"))
def _concatenate(members: list[Any], axis: int, dtype: Any) -> Any:
    if dtype is not None:
        members = [lax.convert_element_type(x, dtype) for x in members]
    else:
        members = promote_dtypes("concatenate", *members)
    return lax.concatenate(members, axis)


def concat(arrays: Sequence[ArrayLike], /, *, axis: int | None = 0) -> Array:
    """Arrays one after the other along an axis: `concatenate` by its array-API name."""
    return concatenate(arrays, axis)


def stack(
    arrays: Sequence[ArrayLike] | ArrayLike,
    axis: int = 0,
    out: None = None,
    dtype: DTypeLike | None = None,
) -> Array:
    """Arrays of one shape side by side, along a new axis.

    Raises:
        ShapeError: if the shapes differ.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.stack([jnp.zeros(3), jnp.ones(3)]).shape
        (2, 3)
    """
    if out is not None:
        raise ArgumentValueError("`stack` cannot write into `out`: arrays are immutable")
    members = _members("stack", arrays)
    shapes = {aval_of(x).shape for x in members}
    if len(shapes) > 1:
        listed = " and ".join(map(str, sorted(shapes)))
        raise ShapeError(f"`stack` joins arrays of one shape, but got {listed}")
    axis = canonical_axis("stack", integer("stack", axis), len(shapes.pop()) + 1)
    return _stack(members, axis, None if dtype is None else dtypes.parse(dtype))


@compiled(static=("axis", "dtype"))
def _stack(members: list[Any], axis: int, dtype: Any) -> Any:
    shape = aval_of(members[0]).shape
    wanted = (*shape[:axis], 1, *shape[axis:])
    return _concatenate([lax.reshape(x, wanted) for x in members], axis, dtype)


def _joined(name: str, tup: Any, prepare: Callable[[Any], Any], axis: int, dtype: Any) -> Array:
    return concatenate([prepare(x) for x in _members(name, tup)], axis, dtype)


def vstack(tup: Sequence[ArrayLike] | ArrayLike, dtype: DTypeLike | None = None) -> Array:
    """Arrays below each other; those of rank 1 are rows."""
    return _joined("vstack", tup, atleast_2d, 0, dtype)


def hstack(tup: Sequence[ArrayLike] | ArrayLike, dtype: DTypeLike | None = None) -> Array:
    """Arrays beside each other: along axis 1, or along axis 0 if they have one axis."""
    members = [atleast_1d(x) for x in _members("hstack", tup)]
    return concatenate(members, 0 if aval_of(members[0]).ndim == 1 else 1, dtype)


def dstack(tup: Sequence[ArrayLike] | ArrayLike, dtype: DTypeLike | None = None) -> Array:
    """Arrays behind each other, along axis 2."""
    return _joined("dstack", tup, atleast_3d, 2, dtype)


def column_stack(tup: Sequence[ArrayLike] | ArrayLike) -> Array:
    """Arrays beside each other; those of rank 1 are columns.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.column_stack([jnp.zeros(3), jnp.ones(3)]).shape
        (3, 2)
    """

    def as_column(x: Any) -> Any:
        x = atleast_1d(x)
        return lax.expand_dims(x, (1,)) if aval_of(x).ndim == 1 else x

    return _joined("column_stack", tup, as_column, 1, None)


def append(arr: ArrayLike, values: ArrayLike, axis: int | None = None) -> Array:
    """`values` after the end of `arr`, along an axis or (by default) in a single row."""
    return concatenate([arr, values], axis)


def block(arrays: Any) -> Array:
    """One array from nested lists of blocks; the innermost lists are joined along the last axis.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.block([[jnp.eye(2), jnp.zeros((2, 1))], [jnp.ones((1, 3))]]).shape
        (3, 3)
    """
    depth = _block_depth(arrays)
    members = _leaves(arrays)
    rank = max([depth, *(aval_of(as_operand("block", x)).ndim for x in members)])
    return _block(arrays, depth, rank)


def _block_depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    depths = {_block_depth(x) for x in arrays}
    if len(depths) != 1:
        raise ArgumentValueError("`block` needs lists that are nested equally deep, and not empty")
    return depths.pop() + 1


def _leaves(arrays: Any) -> list[Any]:
    return [x for a in arrays for x in _leaves(a)] if isinstance(arrays, list) else [arrays]


def _block(arrays: Any, depth: int, rank: int) -> Any:
    if not isinstance(arrays, list):
        shape = aval_of(arrays).shape
        return lax.reshape(arrays, (1,) * (rank - len(shape)) + shape)
    return concatenate([_block(x, depth - 1, rank) for x in arrays], rank - depth)


# ------------------------------------------------------------------------------- taking apart


def unstack(x: ArrayLike, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The members of an array along an axis, as a tuple.

    Example:
        >>> import jib.numpy as jnp
        >>> [int(x) for x in jnp.unstack(jnp.arange(3))]
        [0, 1, 2]
    """
    x = as_operand("unstack", x)
    return _unstack(x, canonical_axis("unstack", integer("unstack", axis), aval_of(x).ndim))


@compiled(static=("axis",))
def _unstack(x: Any, axis: int) -> tuple[Any, ...]:
    shape = aval_of(x).shape
    rest = (*shape[:axis], *shape[axis + 1 :])
    pieces = (lax.slice_in_dim(x, i, i + 1, axis=axis) for i in range(shape[axis]))
    return tuple(lax.reshape(piece, rest) for piece in pieces)


def split(
    ary: ArrayLike, indices_or_sections: int | Sequence[int] | ArrayLike, axis: int = 0
) -> list[Array]:
    """An array in parts along an axis: so many equal ones, or cut at the given positions.

    Raises:
        ShapeError: if equal parts are not possible; `array_split` allows unequal ones.

    Example:
        >>> import jib.numpy as jnp
        >>> [part.shape for part in jnp.split(jnp.arange(6), [1, 4])]
        [(1,), (3,), (2,)]
    """
    return _split("split", ary, indices_or_sections, axis)


def array_split(
    ary: ArrayLike, indices_or_sections: int | Sequence[int] | ArrayLike, axis: int = 0
) -> list[Array]:
    """An array in parts along an axis, the first ones longer by one if they cannot be equal."""
    return _split("array_split", ary, indices_or_sections, axis)


def vsplit(ary: ArrayLike, indices_or_sections: int | Sequence[int] | ArrayLike) -> list[Array]:
    """An array in parts along axis 0."""
    return _split("vsplit", ary, indices_or_sections, 0)


def hsplit(ary: ArrayLike, indices_or_sections: int | Sequence[int] | ArrayLike) -> list[Array]:
    """An array in parts along axis 1, or along axis 0 if it has one axis."""
    axis = 0 if aval_of(as_operand("hsplit", ary)).ndim == 1 else 1
    return _split("hsplit", ary, indices_or_sections, axis)


def dsplit(ary: ArrayLike, indices_or_sections: int | Sequence[int] | ArrayLike) -> list[Array]:
    """An array in parts along axis 2."""
    return _split("dsplit", ary, indices_or_sections, 2)


def _split(name: str, ary: Any, indices_or_sections: Any, axis: int) -> list[Array]:
    ary = as_operand(name, ary)
    aval = aval_of(ary)
    axis = canonical_axis(name, integer(name, axis), aval.ndim)
    length = aval.shape[axis]
    if isinstance(indices_or_sections, Tracer):
        raise TracedIntegerError(indices_or_sections)
    if isinstance(indices_or_sections, Sequence) or getattr(indices_or_sections, "ndim", 0):
        inner = [slice(integer(name, i)).indices(length)[1] for i in indices_or_sections]
    else:
        count = integer(name, indices_or_sections)
        if count < 1:
            raise ArgumentValueError(f"`{name}` makes one part or more, but got {count}")
        part, longer = divmod(length, count)
        if longer and name != "array_split":
            raise ShapeError(
                f"`{name}` cannot cut {aval} in {count} equal parts along axis {axis}",
                help=f"parts = jib.numpy.array_split(x, {count}, axis={axis})",
            )
        inner = [i * part + min(i, longer) for i in range(1, count)]
    return _cut(ary, (0, *inner, length), axis)


@compiled(static=("bounds", "axis"))
def _cut(ary: Any, bounds: tuple[int, ...], axis: int) -> list[Any]:
    return [
        lax.slice_in_dim(ary, start, max(start, stop), axis=axis)
        for start, stop in itertools.pairwise(bounds)
    ]


# --------------------------------------------------------------------------------- repeating


def tile(A: ArrayLike, reps: int | Sequence[int]) -> Array:
    """An array beside itself, `reps` times along each axis.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.tile(jnp.array([1, 2]), 2).tolist()
        [1, 2, 1, 2]
    """
    A = as_operand("tile", A)
    times = shape_tuple("tile", reps)
    return _tile(A, times)


@compiled(static=("reps",))
def _tile(A: Any, reps: tuple[int, ...]) -> Any:
    shape = aval_of(A).shape
    rank = max(len(shape), len(reps))
    shape = (1,) * (rank - len(shape)) + shape
    reps = (1,) * (rank - len(reps)) + reps
    pairs = [n for pair in zip(reps, shape, strict=True) for n in pair]
    spread = lax.broadcast_in_dim(lax.reshape(A, shape), pairs, range(1, 2 * rank, 2))
    return lax.reshape(spread, tuple(r * n for r, n in zip(reps, shape, strict=True)))


def repeat(
    a: ArrayLike,
    repeats: int | ArrayLike | Sequence[int],
    axis: int | None = None,
    *,
    total_repeat_length: int | None = None,
    out_sharding: Any = None,
) -> Array:
    """Each element several times in a row, along an axis (by default of the flattened array).

    Args:
        a: an array.
        repeats: how often: a number, or one for each element.
        axis: the axis.
        total_repeat_length: length of the result, which programs need to know when `repeats` is
            known only when they run. Surplus repeats are cut off; the last element fills up.

    Raises:
        TracedShapeError: if the length depends on values of a running program.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.repeat(jnp.array([1, 2]), 2).tolist()
        [1, 1, 2, 2]
    """
    a = as_operand("repeat", a)
    if axis is None:
        a, axis = ravel(a), 0
    a = atleast_1d(a)
    aval = aval_of(a)
    axis = canonical_axis("repeat", integer("repeat", axis), aval.ndim)
    length = aval.shape[axis]
    if isinstance(repeats, int) and total_repeat_length is None:
        return _repeat_evenly(a, repeats, axis)
    if not isinstance(repeats, Tracer):
        counts = np.broadcast_to(np.asarray(repeats), (length,))
        total = int(counts.sum()) if total_repeat_length is None else total_repeat_length
        return _repeat(a, counts.astype(np.int32), axis, integer("repeat", total))
    if total_repeat_length is None:
        raise TracedShapeError(repeats)
    if aval_of(repeats).shape in ((), (1,)):
        repeats = broadcast_to_shape(lax.reshape(repeats, ()), (length,))
    return _repeat(a, repeats, axis, integer("repeat", total_repeat_length))


@compiled(static=("times", "axis"))
def _repeat_evenly(a: Any, times: int, axis: int) -> Any:
    shape = aval_of(a).shape
    head, tail = shape[: axis + 1], shape[axis + 1 :]
    places = [i + (i > axis) for i in range(len(shape))]
    spread = lax.broadcast_in_dim(a, (*head, times, *tail), places)
    return lax.reshape(spread, (*head[:-1], head[-1] * times, *tail))


@compiled(static=("axis", "total"))
def _repeat(a: Any, repeats: Any, axis: int, total: int) -> Any:
    """Each place of the result finds its element by counting the ends that lie before it."""
    length = aval_of(a).shape[axis]
    ends = lax.cumsum(lax.convert_element_type(repeats, np.dtype(np.int32)))
    marks = lax.scatter_add(
        lax.full((total,), 0, np.dtype(np.int32)),
        lax.expand_dims(ends, (1,)),
        lax.full((length,), 1, np.dtype(np.int32)),
        lax.ScatterDimensionNumbers((), (0,), (0,)),
        mode="drop",
    )
    source = lax.min(lax.cumsum(marks), np.int32(max(length - 1, 0)))
    return take_in_bounds(a, source, axis)


# ----------------------------------------------------------------------------------- padding


def pad(array: ArrayLike, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Array:
    """An array with borders around it.

    Args:
        array: an array.
        pad_width: how wide: a number, a pair `(before, after)`, or a pair for each axis.
        mode: what stands in them: "constant" (`constant_values`, 0 by default), "edge", "wrap",
            "reflect", "symmetric", "maximum", "mean", "minimum" or "empty"; or a function
            `(vector, (before, after), axis, kwargs) -> vector`.

    Raises:
        ArgumentValueError: if the mode is not one of these, or a width is negative.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.pad(jnp.array([1, 2]), (1, 2)).tolist()
        [0, 1, 2, 0, 0]
    """
    array = as_operand("pad", array)
    widths = _pairs("pad", pad_width, aval_of(array).ndim)
    if any(w < 0 for pair in widths for w in pair):
        raise ArgumentValueError(f"`pad` takes widths of 0 or more, but got {pad_width}")
    if callable(mode):
        return _pad_with_function(array, widths, mode, kwargs)
    if mode in ("constant", "empty"):
        values = kwargs.pop("constant_values", 0) if mode == "constant" else 0
        _no_more("pad", kwargs)
        return _pad_constant(array, values, widths)
    if kwargs.pop("reflect_type", "even") != "even" or kwargs.pop("stat_length", None) is not None:
        raise ArgumentValueError("`pad` knows reflect_type='even' and stat_length=None alone")
    _no_more("pad", kwargs)
    if mode not in (*_PAD_INDEX, *_PAD_STATISTIC):
        known = ", ".join(["constant", "empty", *_PAD_INDEX, *_PAD_STATISTIC])
        raise ArgumentValueError(f"`pad` knows the modes {known}, but got {mode!r}")
    return _pad_by_mode(array, widths, mode)


def _no_more(name: str, kwargs: dict[str, Any]) -> None:
    if kwargs:
        raise ArgumentTypeError(f"`{name}` got an unknown argument `{next(iter(kwargs))}`")


def _pairs(name: str, given: Any, ndim: int) -> tuple[tuple[int, int], ...]:
    """One pair for each axis."""
    if isinstance(given, dict):
        found = [(0, 0)] * ndim
        for axis, pair in given.items():
            before, after = (pair, pair) if isinstance(pair, int) else pair
            found[canonical_axis(name, axis, ndim)] = (int(before), int(after))
        return tuple(found)
    try:
        full = np.broadcast_to(np.asarray(given), (ndim, 2))
    except ValueError:
        raise ShapeError(
            f"`{name}` needs a pair for each of {ndim} axes, but got {given}"
        ) from None
    return tuple((int(a), int(b)) for a, b in full)


@compiled(static=("widths",))
def _pad_constant(array: Any, values: Any, widths: tuple) -> Any:
    dtype = aval_of(array).dtype
    if aval_of_nested(values) == ():
        value = lax.convert_element_type(values, dtype)
        return lax.pad(array, value, [(before, after, 0) for before, after in widths])
    ndim = len(widths)
    flat = [lax.convert_element_type(x, dtype) for x in _nested_values(values, ndim)]
    for axis, (before, after) in enumerate(widths):
        config = [(0, 0, 0)] * ndim
        config[axis] = (before, 0, 0)
        array = lax.pad(array, flat[2 * axis], config)
        config[axis] = (0, after, 0)
        array = lax.pad(array, flat[2 * axis + 1], config)
    return array


def aval_of_nested(values: Any) -> tuple[int, ...]:
    """The shape of numbers that may be nested in tuples."""
    if isinstance(values, list | tuple):
        return (len(values), *aval_of_nested(values[0]))
    return aval_of(values).shape


def _nested_values(values: Any, ndim: int) -> list[Any]:
    """Two values for each axis, from a pair, a pair for each axis, or an array of them."""
    shape = aval_of_nested(values)
    if isinstance(values, list | tuple):
        flat = [x for v in values for x in (v if isinstance(v, list | tuple) else [v])]
    else:
        flat = list(_unstack(lax.reshape(values, (math.prod(shape),)), 0))
    if len(shape) == 1 or shape[0] == 1:
        flat = flat * 2 if len(flat) == 1 else flat
        return flat * ndim
    return [x for x in flat for _ in range(2)] if shape[1:] == (1,) else flat


def _periodic(position: Any, period: int) -> Any:
    rest = lax.rem(position, np.int32(period))
    return lax.select(lax.lt(rest, np.int32(0)), lax.add(rest, np.int32(period)), rest)


def _mirrored(position: Any, period: int, last: int) -> Any:
    rest = _periodic(position, period)
    return lax.min(rest, lax.sub(np.int32(last), rest))


# Where the element at a position outside comes from, for an axis of length n.
_PAD_INDEX: dict[str, Callable[[Any, int], Any]] = {
    "edge": lambda p, n: lax.clamp(np.int32(0), p, np.int32(n - 1)),
    "wrap": lambda p, n: _periodic(p, n),
    "symmetric": lambda p, n: _mirrored(p, 2 * n, 2 * n - 1),
    "reflect": lambda p, n: _mirrored(p, max(2 * n - 2, 1), max(2 * n - 2, 0)),
}


def _mean(x: Any, axes: tuple[int, ...]) -> Any:
    dtype, length = aval_of(x).dtype, aval_of(x).shape[axes[0]]
    wide = dtypes.to_inexact_dtype(dtype)
    total = lax.div(lax.reduce_sum(lax.convert_element_type(x, wide), axes), wide.type(length))
    if dtypes.issubdtype(dtype, np.integer):
        total = lax.round(total, lax.RoundingMethod.TO_NEAREST_EVEN)
    return lax.convert_element_type(total, dtype)


_PAD_STATISTIC: dict[str, Callable[[Any, tuple[int, ...]], Any]] = {
    "maximum": lambda x, axes: lax.reduce_max(x, axes),
    "mean": _mean,
    "minimum": lambda x, axes: lax.reduce_min(x, axes),
}


@compiled(static=("widths", "mode"))
def _pad_by_mode(array: Any, widths: tuple, mode: str) -> Any:
    for axis, (before, after) in enumerate(widths):
        shape = aval_of(array).shape
        length = shape[axis]
        if not before and not after:
            continue
        if not length:
            raise ArgumentValueError(f"`pad` cannot fill the border of empty axis {axis} ({mode})")
        if mode in _PAD_INDEX:
            place = lax.iota(np.dtype(np.int32), before + length + after)
            index = _PAD_INDEX[mode](lax.sub(place, np.int32(before)), length)
            array = take_in_bounds(array, index, axis)
        else:
            value = lax.expand_dims(_PAD_STATISTIC[mode](array, (axis,)), (axis,))
            borders = [
                broadcast_to_shape(value, (*shape[:axis], n, *shape[axis + 1 :]))
                for n in (before, after)
            ]
            array = lax.concatenate([borders[0], array, borders[1]], axis)
    return array


def _pad_with_function(array: Any, widths: tuple, function: Callable, kwargs: dict) -> Any:
    array = _pad_constant(array, 0, widths)
    for axis, pair in enumerate(widths):
        shape = aval_of(array).shape
        moved = lax.transpose(array, [*(i for i in range(len(shape)) if i != axis), axis])
        length = shape[axis]
        rows = lax.reshape(moved, (aval_of(moved).size // length if length else 0, length))
        made = [function(row, pair, axis, kwargs) for row in _unstack(rows, 0)]
        full = lax.reshape(_stack(made, 0, None), aval_of(moved).shape)
        order = list(range(len(shape) - 1))
        order.insert(axis, len(shape) - 1)
        array = lax.transpose(full, order)
    return array


# -------------------------------------------------------------------- inserting and deleting


def insert(arr: ArrayLike, obj: Any, values: ArrayLike, axis: int | None = None) -> Array:
    """`values` in front of the positions `obj` (known integers), along an axis.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.insert(jnp.array([1, 3]), 1, 2).tolist()
        [1, 2, 3]
    """
    arr = as_operand("insert", arr)
    if axis is None:
        arr, axis = ravel(arr), 0
    aval = aval_of(arr)
    axis = canonical_axis("insert", integer("insert", axis), aval.ndim)
    length = aval.shape[axis]
    places = _positions("insert", obj, length, length + 1)
    values = lax.convert_element_type(as_operand("insert", values), aval.dtype)
    if np.ndim(obj) == 0 and not isinstance(obj, slice):
        # At one position, any number of members along the axis; it then stands first in `values`.
        missing = max(aval.ndim - aval_of(values).ndim, 0)
        values = lax.reshape(values, (1,) * missing + aval_of(values).shape)
        order = list(range(1, aval.ndim))
        order.insert(axis, 0)
        values = lax.transpose(values, order)
        places = np.repeat(places, aval_of(values).shape[axis])
    shape = (*aval.shape[:axis], len(places), *aval.shape[axis + 1 :])
    values = broadcast_to_shape(values, shape)
    order = np.argsort(places, kind="stable")
    targets = np.empty(len(places), np.int64)
    targets[order] = places[order] + np.arange(len(places))
    source = np.empty(length + len(places), np.int32)
    mask = np.zeros(len(source), bool)
    mask[targets] = True
    source[mask] = length + np.argsort(targets, kind="stable")
    source[~mask] = np.arange(length)
    return take_in_bounds(lax.concatenate([arr, values], axis), source, axis)


def delete(
    arr: ArrayLike, obj: Any, axis: int | None = None, *, assume_unique_indices: bool = False
) -> Array:
    """Without the members at the positions `obj` (known integers, a slice or a mask).

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.delete(jnp.arange(4), 1).tolist()
        [0, 2, 3]
    """
    arr = as_operand("delete", arr)
    if axis is None:
        arr, axis = ravel(arr), 0
    shape = aval_of(arr).shape
    axis = canonical_axis("delete", integer("delete", axis), len(shape))
    gone = set(_positions("delete", obj, shape[axis], shape[axis]).tolist())
    kept = np.array([i for i in range(shape[axis]) if i not in gone], np.int32)
    return take_in_bounds(arr, kept, axis)


def _positions(name: str, obj: Any, length: int, count: int) -> np.ndarray:
    """Non-negative host positions below `count`."""
    if isinstance(obj, slice):
        return np.arange(*obj.indices(length))
    if isinstance(obj, Tracer):
        raise TracedShapeError(obj)
    found = np.asarray(obj)
    if found.dtype == bool:
        return np.flatnonzero(found)
    found = np.atleast_1d(found).astype(np.int64)
    if found.size and (found.min() < -length or found.max() >= count):
        raise ArgumentValueError(f"`{name}` has no position {obj} on an axis of length {length}")
    return np.where(found < 0, found + length, found)
