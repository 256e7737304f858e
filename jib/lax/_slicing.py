"""Windows of arrays: at fixed positions, or at positions that are operands."""

from __future__ import annotations

import operator as operators
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.core.algebra import algebra
from jib.core.array import Array
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive
from jib.core.tracing import aval_of, context, is_eager
from jib.errors import DTypeError, IndexBoundsError, ShapeError
from jib.lax._families import (
    constant_like,
    is_linear,
    kind_of,
    linear_jvp,
    one_operation,
    structural,
)
from jib.passes.batch import to_batch_axis
from jib.passes.eager import compiled
from jib.passes.stage import StageTrace
from jib.typing import ArrayLike, Shape

__all__ = [
    "dynamic_slice", "dynamic_slice_p", "dynamic_update_slice", "dynamic_update_slice_p", "slice",
    "slice_p",
]  # fmt: skip


def runs_now() -> bool:
    """Whether operations run at once, even if a transform watches them, instead of being staged.

    Then a position is better an operand, so that one compiled program serves them all; in a staged
    program a fixed position is cheaper.
    """
    trace = context.trace
    while hasattr(trace, "parent"):
        trace = trace.parent
    return type(trace) is not StageTrace


# ---------------------------------------------------------------------- at fixed positions


def slice(
    operand: ArrayLike,
    start_indices: Sequence[int],
    limit_indices: Sequence[int],
    strides: Sequence[int] | None = None,
) -> Any:
    """The elements from `start_indices` up to (not including) `limit_indices`, along each axis.

    Raises:
        ShapeError: if there is not one position for each axis.
        IndexBoundsError: if a window does not lie inside the array.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.slice(jnp.arange(6), (1,), (6,), (2,)).tolist()
        [1, 3, 5]
    """
    aval = aval_of(operand)
    start = tuple([operators.index(i) for i in start_indices])
    limit = tuple([operators.index(i) for i in limit_indices])
    steps = None if strides is None else tuple([operators.index(i) for i in strides])
    if steps is not None and all([s == 1 for s in steps]) and len(steps) == aval.ndim:
        steps = None
    if steps is None and len(start) == len(limit) == aval.ndim:
        if limit == aval.shape and not any(start) and isinstance(operand, Array):
            return operand
        if is_eager() or runs_now():
            _slice_type(aval, start=start, limit=limit, strides=None)
            sizes = tuple([b - a for a, b in zip(start, limit, strict=True)])
            return dynamic_slice_p.bind(operand, *start, slice_sizes=sizes)
    return slice_p.bind(operand, start=start, limit=limit, strides=steps)


def _slice_type(x: ShapedArray, *, start: tuple, limit: tuple, strides: Any) -> ShapedArray:
    steps = (1,) * x.ndim if strides is None else strides
    if not len(start) == len(limit) == len(steps) == x.ndim:
        raise ShapeError(
            f"`slice` of {x} needs {x.ndim} starts, limits and strides, but got {start}, {limit} "
            f"and {strides}"
        )
    shape = []
    for axis, (a, b, step, size) in enumerate(zip(start, limit, steps, x.shape, strict=True)):
        if not 0 <= a <= b <= size or step < 1:
            raise IndexBoundsError(
                f"`slice` from {a} to {b} in steps of {step} is not inside axis {axis}, "
                f"which has {size} elements"
            )
        shape.append(-((a - b) // step))
    return ShapedArray(tuple(shape), x.dtype, x.weak_type)


def _slice_numpy(x: Any, *, start: tuple, limit: tuple, strides: Any) -> Any:
    steps = strides or (1,) * len(start)
    return x[tuple(np.s_[a:b:s] for a, b, s in zip(start, limit, steps, strict=True))]


def _slice_transpose(ct: Any, x: Any, *, start: tuple, limit: tuple, strides: Any) -> list[Any]:
    steps = strides or (1,) * len(start)
    config = []
    for a, step, kept, size in zip(start, steps, aval_of(ct).shape, x.aval.shape, strict=True):
        covered = (kept - 1) * step + 1 if kept else 0
        config.append((a, size - a - covered, step - 1))
    return [lax.pad(ct, constant_like(ct, 0), config)]


def _with_axis(dim: int, values: Sequence[int], new: int) -> tuple[int, ...]:
    return (*values[:dim], new, *values[dim:])


def _slice_batch(
    axis: Any, args: Any, dims: Any, *, start: tuple, limit: tuple, strides: Any
) -> Any:
    (x,), (d,) = args, dims
    return slice_p.bind(
        x,
        start=_with_axis(d, start, 0),
        limit=_with_axis(d, limit, axis.size),
        strides=None if strides is None else _with_axis(d, strides, 1),
    ), d


def slice_attributes(*, start: Shape, limit: Shape, strides: Any) -> dict[str, Any]:
    """Those of StableHLO's `slice`."""
    return {
        "start_indices": mlir.int64_array(start),
        "limit_indices": mlir.int64_array(limit),
        "strides": mlir.int64_array(strides or (1,) * len(start)),
    }


slice_p = structural(
    "slice",
    type=_slice_type,
    numpy=_slice_numpy,
    transpose=_slice_transpose,
    batch=_slice_batch,
    lower=one_operation("slice", slice_attributes),
)


# ------------------------------------------------------------ at positions that are operands


def _is_static(i: Any) -> bool:
    return isinstance(i, int | np.integer) and not isinstance(i, bool)


def _starts_of(name: str, start_indices: Any, ndim: int) -> Any:
    """The starts as a tuple, or as the integer array of rank 1 that was given."""
    if isinstance(start_indices, Sequence):
        count, starts = len(start_indices), tuple(start_indices)
    else:
        aval = aval_of(start_indices)
        if aval.ndim != 1:
            raise ShapeError(f"`{name}` needs a start for each axis, but got {aval}")
        count, starts = aval.shape[0], start_indices
    if count != ndim:
        raise ShapeError(f"`{name}` needs {ndim} starts, one for each axis, but got {count}")
    return starts


def _negatives_of(allow: bool | Sequence[bool], ndim: int) -> tuple[bool, ...]:
    return (bool(allow),) * ndim if isinstance(allow, bool) else tuple(map(bool, allow))


def _from_end(starts: Any, shape: Shape, negatives: tuple[bool, ...]) -> list[Any]:
    """Starts counted from 0: a negative one counts from the end of its axis."""
    if isinstance(starts, Array | np.ndarray):
        starts = [
            lax.squeeze(slice(starts, (i,), (i + 1,)), (0,)) if len(shape) > 1
            else lax.reshape(starts, ())
            for i in range(len(shape))
        ]  # fmt: skip
    result = []
    for i, size, negative in zip(starts, shape, negatives, strict=True):
        if _is_static(i):
            i = operators.index(i)
            if i < 0 and not negative:
                raise IndexBoundsError(
                    f"start {i} is negative, which `allow_negative_indices=False` rules out"
                )
            result.append(i + size if i < 0 else i)
        elif negative and aval_of(i).dtype.kind != "u":
            result.append(from_end(i, size))
        else:
            result.append(i)
    return result


def from_end(i: Any, size: int) -> Any:
    """Integers counted from 0, where negative ones count from the end of an axis."""
    i = widened(i)
    zero, length = integer_like(i, 0), integer_like(i, size)
    return lax.select(lax.lt(i, zero), lax.add(i, length), i)


def integer_like(i: Any, value: int) -> Any:
    """A number of the integer dtype of `i`: a literal on its own never has 64 bits."""
    dtype = aval_of(i).dtype
    if dtype.itemsize <= 4:
        return constant_like(i, value)
    return lax.convert_element_type(lax.broadcast(np.int32(value), ()), dtype)


def widened(i: Any) -> Any:
    """Integers that hold any position of an axis: narrow dtypes become int32."""
    aval = aval_of(i)
    return lax.convert_element_type(i, np.int32) if aval.dtype.itemsize < 4 else i


def _all_static(starts: Any) -> bool:
    return isinstance(starts, tuple) and all([_is_static(i) for i in starts])


def dynamic_slice(
    operand: ArrayLike,
    start_indices: ArrayLike | Sequence[ArrayLike],
    slice_sizes: Shape,
    *,
    allow_negative_indices: bool | Sequence[bool] = True,
) -> Any:
    """A window of a fixed size whose position is known only when the program runs.

    A window that would leave the array is moved back inside. Negative starts count from the end.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.dynamic_slice(jnp.arange(5), (jnp.array(4),), (2,)).tolist()
        [3, 4]
    """
    aval = aval_of(operand)
    sizes = tuple([operators.index(n) for n in slice_sizes])
    starts = _starts_of("dynamic_slice", start_indices, aval.ndim)
    negatives = _negatives_of(allow_negative_indices, aval.ndim)
    if _all_static(starts):
        fixed = _from_end(starts, aval.shape, negatives)
        if is_eager() or runs_now():
            return dynamic_slice_p.bind(operand, *fixed, slice_sizes=sizes)
        _dynamic_slice_type(aval, slice_sizes=sizes)
        return slice(operand, *_clamped(fixed, sizes, aval.shape))
    return _dynamic_slice(operand, starts, sizes, negatives)


def _clamped(starts: Any, sizes: Shape, shape: Shape) -> tuple[list[int], list[int]]:
    fitting = [
        max(0, min(int(i), n - size)) for i, size, n in zip(starts, sizes, shape, strict=True)
    ]
    return fitting, [i + size for i, size in zip(fitting, sizes, strict=True)]


@compiled(static=("sizes", "negatives"))
def _dynamic_slice(operand: Any, starts: Any, sizes: tuple, negatives: tuple) -> Any:
    starts = _from_end(starts, aval_of(operand).shape, negatives)
    return dynamic_slice_p.bind(operand, *starts, slice_sizes=sizes)


def _check_starts(name: str, starts: Sequence[ShapedArray], ndim: int) -> None:
    if len(starts) != ndim:
        raise ShapeError(f"`{name}` needs {ndim} starts, one for each axis, but got {len(starts)}")
    for aval in starts:
        if aval.shape:
            raise ShapeError(f"`{name}` needs scalar starts, but got {aval}")
        if kind_of(aval.dtype) != "i":
            raise DTypeError(f"`{name}` needs integer starts, but got {aval}")


def _dynamic_slice_type(x: ShapedArray, *starts: ShapedArray, slice_sizes: tuple) -> ShapedArray:
    if starts or not x.ndim:
        _check_starts("dynamic_slice", starts, x.ndim)
    if len(slice_sizes) != x.ndim or not all(
        0 <= n <= size for n, size in zip(slice_sizes, x.shape, strict=True)
    ):
        raise ShapeError(f"`dynamic_slice` cannot cut a window of shape {slice_sizes} out of {x}")
    return ShapedArray(slice_sizes, x.dtype, x.weak_type)


def _window(starts: Any, sizes: Shape, shape: Shape) -> tuple[Any, ...]:
    return tuple(np.s_[a:b] for a, b in zip(*_clamped(starts, sizes, shape), strict=True))


def _dynamic_slice_transpose(ct: Any, x: Any, *starts: Any, slice_sizes: tuple) -> list[Any]:
    zeros = algebra.zeros(x.aval)
    return [dynamic_update_slice_p.bind(zeros, ct, *starts), *[None] * len(starts)]


def _moving_starts(
    axis: Any, starts: Sequence[Any], dims: Any, sizes: Shape, shape: Shape
) -> tuple[tuple[int, ...], Any]:
    """The axes along which a window can be in more than one place, and the starts along them.

    The starts of every member of the batch are an array of shape (batch, axes).
    """
    moving = tuple([i for i, (n, size) in enumerate(zip(sizes, shape, strict=True)) if n != size])
    starts, dims = [starts[i] for i in moving], [dims[i] for i in moving]
    wide = any(aval_of(i).dtype.itemsize > 4 for i in starts)
    columns = []
    for i, d in zip(starts, dims, strict=True):
        i = lax.convert_element_type(i, np.int64 if wide else np.int32)
        columns.append(lax.broadcast_in_dim(i, (axis.size, 1), () if d is None else (0,)))
    if not columns:
        return moving, lax.full((axis.size, 0), 0, np.int32)
    return moving, lax.concatenate(columns, 1) if len(columns) > 1 else columns[0]


def _dynamic_slice_batch(axis: Any, args: Any, dims: Any, *, slice_sizes: tuple) -> Any:
    x, *starts = args
    d, *start_dims = dims
    if all(s is None for s in start_dims):
        sizes = _with_axis(d, slice_sizes, axis.size)
        return dynamic_slice_p.bind(x, *_with_axis(d, starts, 0), slice_sizes=sizes), d
    shape = aval_of(x).shape
    shape = shape if d is None else (*shape[:d], *shape[d + 1 :])
    moving, vector = _moving_starts(axis, starts, start_dims, slice_sizes, shape)
    numbers = lax.GatherDimensionNumbers(
        offset_dims=tuple(range(len(shape))), collapsed_slice_dims=(), start_index_map=moving
    )
    return lax.gather_p.batch(
        axis,
        (x, vector),
        (d, 0),
        dimension_numbers=numbers,
        slice_sizes=slice_sizes,
        unique_indices=True,
        indices_are_sorted=True,
        mode=lax.GatherScatterMode.CLIP,
        fill_value=None,
    )


def _scalar_types(ctx: Any, starts: Sequence[Any], avals: Sequence[ShapedArray]) -> list[Any]:
    """Starts of one type, as StableHLO wants them."""
    if len({a.dtype for a in avals}) < 2:
        return list(starts)
    wide = np.dtype(np.int64 if any(a.dtype.itemsize > 4 for a in avals) else np.int32)
    wanted = mlir.ir_type(ShapedArray((), wide))
    return [
        i if a.dtype == wide else mlir.emit("stablehlo.convert", wanted, [i])
        for i, a in zip(starts, avals, strict=True)
    ]


def _dynamic_slice_lower(ctx: Any, x: Any, *starts: Any, slice_sizes: tuple) -> Any:
    attributes = {"slice_sizes": mlir.int64_array(slice_sizes)}
    out = mlir.ir_type(ctx.avals_out[0])
    operands = [x, *_scalar_types(ctx, starts, ctx.avals_in[1:])]
    return mlir.emit("stablehlo.dynamic_slice", out, operands, attributes)


dynamic_slice_p = Primitive(
    "dynamic_slice",
    type=_dynamic_slice_type,
    numpy=lambda x, *starts, slice_sizes: x[_window(starts, slice_sizes, x.shape)],
    jvp=linear_jvp(lambda: dynamic_slice_p, 1),
    transpose=_dynamic_slice_transpose,
    batch=_dynamic_slice_batch,
    lower=_dynamic_slice_lower,
)


def dynamic_update_slice(
    operand: ArrayLike,
    update: ArrayLike,
    start_indices: ArrayLike | Sequence[ArrayLike],
    *,
    allow_negative_indices: bool | Sequence[bool] = True,
) -> Any:
    """A copy of `operand` with the window that starts at `start_indices` replaced by `update`.

    A window that would leave the array is moved back inside. Negative starts count from the end.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.dynamic_update_slice(jnp.zeros(4), jnp.ones(2), (1,)).tolist()
        [0.0, 1.0, 1.0, 0.0]
    """
    aval = aval_of(operand)
    starts = _starts_of("dynamic_update_slice", start_indices, aval.ndim)
    negatives = _negatives_of(allow_negative_indices, aval.ndim)
    if _all_static(starts):
        fixed = _from_end(starts, aval.shape, negatives)
        return dynamic_update_slice_p.bind(operand, update, *fixed)
    return _dynamic_update_slice(operand, update, starts, negatives)


@compiled(static=("negatives",))
def _dynamic_update_slice(operand: Any, update: Any, starts: Any, negatives: tuple) -> Any:
    starts = _from_end(starts, aval_of(operand).shape, negatives)
    return dynamic_update_slice_p.bind(operand, update, *starts)


def _update_type(x: ShapedArray, update: ShapedArray, *starts: ShapedArray) -> ShapedArray:
    _check_starts("dynamic_update_slice", starts, x.ndim)
    if update.ndim != x.ndim or any(
        n > size for n, size in zip(update.shape, x.shape, strict=True)
    ):
        raise ShapeError(f"`dynamic_update_slice` cannot place {update} inside {x}")
    if update.dtype != x.dtype:
        raise DTypeError(
            f"`dynamic_update_slice` cannot place {update} inside {x}: the dtypes differ",
            help=f"update.astype({x.dtype.name!r})",
        )
    return ShapedArray(x.shape, x.dtype, x.weak_type and update.weak_type)


def _update_numpy(x: Any, update: Any, *starts: Any) -> Any:
    out = x.copy()
    out[_window(starts, update.shape, x.shape)] = update
    return out


def _update_transpose(ct: Any, x: Any, update: Any, *starts: Any) -> list[Any]:
    aval = update.aval if is_linear(update) else aval_of(update)
    ct_x = ct_update = None
    if is_linear(x):
        ct_x = dynamic_update_slice_p.bind(ct, algebra.zeros(aval), *starts)
    if is_linear(update):
        ct_update = dynamic_slice_p.bind(ct, *starts, slice_sizes=aval.shape)
    return [ct_x, ct_update, *[None] * len(starts)]


def _update_batch(axis: Any, args: Any, dims: Any) -> Any:
    x, update, *starts = args
    dx, du, *start_dims = dims
    if all(s is None for s in start_dims):
        d = du if dx is None else dx
        x, update = to_batch_axis(x, dx, axis, d), to_batch_axis(update, du, axis, d)
        return dynamic_update_slice_p.bind(x, update, *_with_axis(d, starts, 0)), d
    shape, window = aval_of(x).shape, aval_of(update).shape
    shape = shape if dx is None else (*shape[:dx], *shape[dx + 1 :])
    window = window if du is None else (*window[:du], *window[du + 1 :])
    moving, vector = _moving_starts(axis, starts, start_dims, window, shape)
    numbers = lax.ScatterDimensionNumbers(
        update_window_dims=tuple(range(len(shape))),
        inserted_window_dims=(),
        scatter_dims_to_operand_dims=moving,
    )
    return lax.scatter_p.batch(
        axis,
        (x, vector, update),
        (dx, 0, du),
        dimension_numbers=numbers,
        indices_are_sorted=True,
        unique_indices=True,
        mode=lax.GatherScatterMode.CLIP,
    )


def _update_lower(ctx: Any, x: Any, update: Any, *starts: Any) -> Any:
    out = mlir.ir_type(ctx.avals_out[0])
    operands = [x, update, *_scalar_types(ctx, starts, ctx.avals_in[2:])]
    return mlir.emit("stablehlo.dynamic_update_slice", out, operands)


dynamic_update_slice_p = Primitive(
    "dynamic_update_slice",
    type=_update_type,
    numpy=_update_numpy,
    jvp=linear_jvp(lambda: dynamic_update_slice_p, 2),
    transpose=_update_transpose,
    batch=_update_batch,
    lower=_update_lower,
)
