"""Gathering: many windows of an array, at positions that are an array."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.core.algebra import algebra
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive
from jib.core.scalars import exact_scalar
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from jib.lax._families import constant_like, kind_of, zero_tangent
from jib.lax._slicing import integer_like, widened
from jib.passes.lower import lower_by_tracing
from jib.typing import ArrayLike, Shape

__all__ = ["GatherDimensionNumbers", "GatherScatterMode", "gather", "gather_p"]


class GatherDimensionNumbers(NamedTuple):
    """Which axes of the operand and of the result belong together, as XLA's gather has it.

    Args:
        offset_dims: axes of the result that run over a window.
        collapsed_slice_dims: axes of the operand that the result lacks; the window is 1 there.
        start_index_map: the axis of the operand that each component of an index speaks of.
        operand_batching_dims: axes of the operand that go along with axes of the indices.
        start_indices_batching_dims: those axes of the indices.
    """

    offset_dims: tuple[int, ...]
    collapsed_slice_dims: tuple[int, ...]
    start_index_map: tuple[int, ...]
    operand_batching_dims: tuple[int, ...] = ()
    start_indices_batching_dims: tuple[int, ...] = ()


class GatherScatterMode(enum.Enum):
    """What happens to windows that leave the array.

    `CLIP` moves them inside. `FILL_OR_DROP` fills them when reading (with NaN, or the smallest
    integer) and drops them when writing. `PROMISE_IN_BOUNDS` says that there are none.
    """

    CLIP = enum.auto()
    FILL_OR_DROP = enum.auto()
    PROMISE_IN_BOUNDS = enum.auto()
    ONE_HOT = enum.auto()

    @staticmethod
    def from_any(mode: str | GatherScatterMode | None) -> GatherScatterMode:
        """The mode that a word stands for: clip, fill, drop, promise_in_bounds, one_hot."""
        if isinstance(mode, GatherScatterMode):
            return mode
        if mode not in _modes:
            words = ", ".join(repr(m) for m in _modes if m)
            raise ArgumentValueError(f"there is no indexing mode {mode!r}", help=f"one of {words}")
        return _modes[mode]


_modes = {
    None: GatherScatterMode.FILL_OR_DROP,
    "clip": GatherScatterMode.CLIP,
    "fill": GatherScatterMode.FILL_OR_DROP,
    "drop": GatherScatterMode.FILL_OR_DROP,
    "promise_in_bounds": GatherScatterMode.PROMISE_IN_BOUNDS,
    "one_hot": GatherScatterMode.ONE_HOT,
}


def gather(
    operand: ArrayLike,
    start_indices: ArrayLike,
    dimension_numbers: GatherDimensionNumbers,
    slice_sizes: Shape,
    *,
    unique_indices: bool = False,
    indices_are_sorted: bool = False,
    mode: str | GatherScatterMode | None = None,
    fill_value: Any = None,
) -> Any:
    """Windows of `operand` that start at `start_indices`, whose last axis holds one index.

    Args:
        dimension_numbers: which axes belong together.
        slice_sizes: the shape of a window, one length for each axis of `operand`.
        unique_indices: a promise that no two windows overlap.
        indices_are_sorted: a promise that the indices are in order.
        mode: what happens to windows that leave the array.
        fill_value: a scalar for `mode="fill"`.

    Source: StableHLO specification, `gather`.
    """
    mode = GatherScatterMode.from_any(mode)
    if mode is not GatherScatterMode.FILL_OR_DROP:
        fill_value = None
    elif fill_value is not None:
        fill_value = np.asarray(fill_value).item()
    return gather_p.bind(
        operand,
        start_indices,
        dimension_numbers=GatherDimensionNumbers(*map(tuple, dimension_numbers)),
        slice_sizes=tuple(map(int, slice_sizes)),
        unique_indices=bool(unique_indices),
        indices_are_sorted=bool(indices_are_sorted),
        mode=mode,
        fill_value=fill_value,
    )


def _default_fill(dtype: np.dtype) -> Any:
    """What `mode="fill"` fills with: NaN, the smallest signed integer, the largest unsigned one."""
    kind = kind_of(dtype)
    if kind in "fc":
        return exact_scalar(np.nan, dtype)
    if kind == "b":
        return np.bool_(True)
    info = dtypes.iinfo(dtype)
    return exact_scalar(info.min or info.max, dtype)


def check_indices(name: str, x: ShapedArray, indices: ShapedArray, numbers: Any) -> None:
    """What gather and scatter ask of the axes of the operand and the indices."""
    collapsed, mapped, batching, index_batching = (tuple(n) for n in numbers)
    if kind_of(indices.dtype) != "i":
        raise DTypeError.accepts(name, indices.dtype.name, "integer indices, not other")
    if not indices.ndim:
        raise ShapeError(f"`{name}` needs indices whose last axis holds one index, got a scalar")
    if len(mapped) != indices.shape[-1]:
        raise ShapeError(
            f"`{name}` got indices of {indices.shape[-1]} components, but maps {len(mapped)}"
        )
    gone = (*collapsed, *batching)
    for dims, rank in ((gone, x.ndim), (mapped, x.ndim), (index_batching, indices.ndim - 1)):
        if len(set(dims)) != len(dims) or any([not 0 <= d < rank for d in dims]):
            raise ShapeError(f"`{name}` names axes {dims} of {rank}: each once, from 0 up")
    if set(batching) & set(mapped):
        raise ShapeError(f"`{name}` both maps and batches an axis of {x}")
    lengths = [x.shape[d] for d in batching]
    if lengths != [indices.shape[d] for d in index_batching]:
        raise ShapeError(f"`{name}`: batch axes of {x} and of the indices {indices} differ")


def _gather_type(x: ShapedArray, indices: ShapedArray, **params: Any) -> ShapedArray:
    numbers, sizes = params["dimension_numbers"], params["slice_sizes"]
    check_indices("gather", x, indices, numbers[1:])
    gone = {*numbers.collapsed_slice_dims, *numbers.operand_batching_dims}
    if len(sizes) != x.ndim or any(
        [not 0 <= n <= size for n, size in zip(sizes, x.shape, strict=True)]
    ):
        raise ShapeError(f"`gather` cannot cut windows of shape {sizes} out of {x}")
    if any([sizes[d] > 1 for d in gone]):
        raise ShapeError(f"`gather` windows {sizes} must be 1 along axes {sorted(gone)}")
    window = [n for d, n in enumerate(sizes) if d not in gone]
    rank = len(window) + indices.ndim - 1
    offsets = numbers.offset_dims
    if len(offsets) != len(window) or list(offsets) != sorted({d for d in offsets if d < rank}):
        raise ShapeError(f"`gather` needs {len(window)} sorted offset axes, but got {offsets}")
    windows, batch = iter(window), iter(indices.shape[:-1])
    shape = tuple([next(windows) if i in offsets else next(batch) for i in range(rank)])
    return ShapedArray(shape, x.dtype, x.weak_type)


def window_positions(
    shape: Shape, indices: np.ndarray, numbers: Any, sizes: Shape, out_shape: Shape
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """For each element of the windows its position in the operand, and whether it is inside.

    `numbers` are as for gather. Positions are moved inside; the second result says which windows
    were inside as they stood.
    """
    offsets, collapsed, mapped, batching, index_batching = numbers
    rank = len(out_shape)
    batch_axes = [i for i in range(rank) if i not in offsets]

    def spread(values: np.ndarray) -> np.ndarray:
        wide = [1] * rank
        for axis, n in zip(batch_axes, values.shape, strict=True):
            wide[axis] = n
        return values.reshape(wide)

    batch_shape = indices.shape[:-1]
    inside = np.ones([1] * rank, bool)
    places, window_axes = [], iter(offsets)
    for axis, size in enumerate(shape):
        place = np.zeros([1] * rank, np.int64)
        if axis in mapped:
            start = spread(indices[..., mapped.index(axis)]).astype(np.int64)
            limit = size - sizes[axis]
            inside = inside & (start >= 0) & (start <= limit)
            place = np.clip(start, 0, max(limit, 0))
        elif axis in batching:
            along = index_batching[batching.index(axis)]
            count = np.arange(size).reshape(
                [-1 if i == along else 1 for i in range(len(batch_shape))]
            )
            place = spread(np.broadcast_to(count, batch_shape))
        if axis not in collapsed and axis not in batching:
            out_axis = next(window_axes)
            wide = [1] * rank
            wide[out_axis] = sizes[axis]
            place = place + np.arange(sizes[axis]).reshape(wide)
        places.append(np.broadcast_to(place, out_shape))
    return tuple(places), np.broadcast_to(inside, out_shape)


def _gather_numpy(x: Any, indices: Any, **params: Any) -> Any:
    numbers, sizes = params["dimension_numbers"], params["slice_sizes"]
    avals = [ShapedArray(a.shape, a.dtype) for a in (x, indices)]
    out = _gather_type(*avals, **params)
    if not out.size:
        return np.zeros(out.shape, x.dtype)
    places, inside = window_positions(x.shape, indices, numbers, sizes, out.shape)
    result = x[places]
    if params["mode"] is GatherScatterMode.FILL_OR_DROP:
        fill = params["fill_value"]
        fill = _default_fill(x.dtype) if fill is None else np.asarray(fill).astype(x.dtype)
        result = np.where(inside, result, fill)
    return result


def _gather_jvp(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
    out = gather_p.bind(*primals, **params)
    if type(tangents[0]) is Zero:
        return out, zero_tangent(out)
    if params["mode"] is GatherScatterMode.FILL_OR_DROP:
        params["fill_value"] = 0
    return out, gather_p.bind(tangents[0], primals[1], **params)


def _gather_transpose(ct: Any, x: Any, indices: Any, **params: Any) -> list[Any]:
    numbers = lax.ScatterDimensionNumbers(*params["dimension_numbers"])
    flags = {k: params[k] for k in ("indices_are_sorted", "unique_indices", "mode")}
    return [lax.scatter_add(algebra.zeros(x.aval), indices, ct, numbers, **flags), None]


def _up(dims: Sequence[int], *first: int) -> tuple[int, ...]:
    """Axes after a batch axis was put before them."""
    return (*first, *[d + 1 for d in dims])


def _gather_batch(axis: Any, args: Any, dims: Any, **params: Any) -> Any:
    (x, indices), (dx, di) = args, dims
    numbers, sizes = params["dimension_numbers"], params["slice_sizes"]
    offsets, collapsed, mapped, batching, index_batching = numbers
    if dx is not None:
        x = algebra.moveaxis(x, dx, 0)
        collapsed, mapped = _up(collapsed), _up(mapped)
    if di is None:
        offsets, batching = _up(offsets, 0), _up(batching)
        sizes = (axis.size, *sizes)
    else:
        indices = algebra.moveaxis(indices, di, 0)
        offsets, index_batching = _up(offsets), _up(index_batching)
        if dx is None:  # windows of different members may overlap
            params["unique_indices"] = params["indices_are_sorted"] = False
        else:
            batching, index_batching = _up(batching, 0), (0, *index_batching)
            sizes = (min(axis.size, 1), *sizes)
    params["dimension_numbers"] = GatherDimensionNumbers(
        offsets, collapsed, mapped, batching, index_batching
    )
    params["slice_sizes"] = sizes
    return gather_p.bind(x, indices, **params), 0


def _gather_filled(x: Any, indices: Any, **params: Any) -> Any:
    """A gather with `mode="fill"`, written with one that clips."""
    numbers, sizes, fill = (
        params.pop(name) for name in ("dimension_numbers", "slice_sizes", "fill_value")
    )
    params["mode"] = GatherScatterMode.CLIP
    out = gather(x, indices, numbers, sizes, **params)
    inside = _windows_inside(aval_of(x).shape, indices, numbers.start_index_map, sizes)
    if inside is None:
        return out
    aval = aval_of(out)
    batch_axes = [d for d in range(aval.ndim) if d not in numbers.offset_dims]
    inside = lax.broadcast_in_dim(inside, aval.shape, batch_axes)
    fill = _default_fill(aval.dtype) if fill is None else constant_like(out, fill)
    return lax.select(inside, out, fill)


def _windows_inside(shape: Shape, indices: Any, mapped: Sequence[int], sizes: Shape) -> Any:
    """Which windows lie inside the array: booleans of the indices' leading shape."""
    indices = widened(indices)
    inside = None
    for component, column in enumerate(components(indices)):
        axis = mapped[component]
        fits = lax.le(column, integer_like(column, shape[axis] - sizes[axis]))
        if aval_of(column).dtype.kind != "u":
            fits = lax.bitwise_and(fits, lax.ge(column, integer_like(column, 0)))
        inside = fits if inside is None else lax.bitwise_and(inside, fits)
    return inside


def components(indices: Any) -> list[Any]:
    """The columns of an array of indices: one array for each component."""
    *lead, count = aval_of(indices).shape
    if count == 1:
        return [lax.reshape(indices, lead)]
    columns = lax.split(indices, [1] * count, len(lead))
    return [lax.reshape(column, lead) for column in columns]


def join_components(columns: Sequence[Any]) -> Any:
    """The array of indices that has these columns."""
    made = [lax.reshape(c, (*aval_of(c).shape, 1)) for c in columns]
    return lax.concatenate(made, aval_of(made[0]).ndim - 1)


_lower_filled = lower_by_tracing(_gather_filled)


def _gather_lower(ctx: Any, x: Any, indices: Any, **params: Any) -> Any:
    if params["mode"] is GatherScatterMode.FILL_OR_DROP:
        return _lower_filled(ctx, x, indices, **params)
    out = ctx.avals_out[0]
    if not out.size:
        return ctx.constant(np.zeros((), out.dtype), out)
    offsets, collapsed, mapped, batching, index_batching = params["dimension_numbers"]
    numbers = mlir.hlo.GatherDimensionNumbers.get(
        offset_dims=list(offsets),
        collapsed_slice_dims=list(collapsed),
        operand_batching_dims=list(batching),
        start_indices_batching_dims=list(index_batching),
        start_index_map=list(mapped),
        index_vector_dim=ctx.avals_in[1].ndim - 1,
    )
    attributes = {
        "dimension_numbers": numbers,
        "slice_sizes": mlir.int64_array(params["slice_sizes"]),
        "indices_are_sorted": mlir.bool_attribute(params["indices_are_sorted"]),
    }
    return mlir.emit("stablehlo.gather", mlir.ir_type(out), [x, indices], attributes)


gather_p = Primitive(
    "gather",
    type=_gather_type,
    numpy=_gather_numpy,
    jvp=_gather_jvp,
    transpose=_gather_transpose,
    batch=_gather_batch,
    lower=_gather_lower,
)


def gather_along_axis(x: Any, indices: Any, axis: int, **options: Any) -> Any:
    """`x[..., indices[..., i, ...], ...]` along one axis; the other axes go along with each other.

    The indices are not negative and have the shape of `x` but for the length of `axis`.
    """
    aval = aval_of(x)
    others = tuple([d for d in range(aval.ndim) if d != axis])
    index = lax.reshape(indices, (*aval_of(indices).shape, 1))
    numbers = GatherDimensionNumbers((), (axis,), (axis,), others, others)
    sizes = [min(n, 1) for n in aval.shape]
    return gather(x, index, numbers, sizes, **options)
