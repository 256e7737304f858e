"""Joining arrays, taking them apart, and repeating them."""

from __future__ import annotations

import itertools
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
from jib.numpy._elementwise import no_out
from jib.numpy._promotion import as_operand, broadcast_to_shape, promote_dtypes
from jib.numpy._shaping import atleast_1d, atleast_2d, atleast_3d, integer, ravel, shape_tuple
from jib.numpy._taking import take_in_bounds
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "append", "array_split", "block", "column_stack", "concat", "concatenate", "dsplit", "dstack",
    "hsplit", "hstack", "repeat", "split", "stack", "tile", "unstack", "vsplit", "vstack",
]  # fmt: skip


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
            help="jib.numpy.stack([x, y])"
            if isinstance(arrays, list | tuple)
            else "jib.numpy.concatenate([x, y])   takes the arrays in one list",
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
    no_out("stack", out)
    members = _members("stack", arrays)
    shapes = {aval_of(x).shape for x in members}
    if len(shapes) > 1:
        listed = " and ".join(map(str, sorted(shapes)))
        raise ShapeError(f"`stack` joins arrays of one shape, but got {listed}")
    axis = canonical_axis("stack", integer("stack", axis), len(shapes.pop()) + 1)
    return _stack(members, axis, None if dtype is None else dtypes.parse(dtype))


@compiled(static=("axis", "dtype"))
def _stack(members: list[Any], axis: int, dtype: Any) -> Any:
    """Arrays of one shape along a new axis."""
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
    """The members along a non-negative axis."""
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
    return _tile(as_operand("tile", A), shape_tuple("tile", reps))


@compiled(static=("reps",))
def _tile(A: Any, reps: tuple[int, ...]) -> Any:
    rank = max(aval_of(A).ndim, len(reps))
    shape = (1,) * (rank - aval_of(A).ndim) + aval_of(A).shape
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
