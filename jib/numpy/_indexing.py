"""Reading parts of arrays: `x[...]`, `take` and `take_along_axis`.

An index is taken apart on the host (`_index_rewrite.py`). Eagerly its numbers are operands of one
compiled program, so that `x[i]` compiles once for every `i`; in a traced program known numbers
become fixed slices.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jib import lax
from jib.backend import transfer
from jib.backend.buffers import ArrayImpl
from jib.backend.shardings import SingleDeviceSharding
from jib.core.avals import ShapedArray
from jib.core.keys import KeyArray
from jib.core.tracing import aval_of, is_eager
from jib.errors import ArgumentTypeError, ArgumentValueError, AxisError, ShapeError
from jib.lax._gathering import gather_along_axis, join_components
from jib.lax._slicing import from_end, integer_like, runs_now, widened
from jib.numpy._derived import derived
from jib.numpy._index_rewrite import ARRAY, FULL, NEW, POSITION, SURE, TRACED, parse_index
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["take", "take_along_axis"]

_CLIP = lax.GatherScatterMode.CLIP
_FILL = lax.GatherScatterMode.FILL_OR_DROP
_PROMISE = lax.GatherScatterMode.PROMISE_IN_BOUNDS


class Options(NamedTuple):
    """What `x.at[...]` may say about an index."""

    mode: Any = None  # a GatherScatterMode, or None where nothing was asked for
    sorted: bool = False
    unique: bool = False
    wrap: bool = True
    fill_value: Any = None


_DEFAULT = Options()


def getitem(x: Any, item: Any) -> Any:
    """`x[item]`, as NumPy defines it.

    Positions that are known are checked. Those that only the running program knows are moved
    inside the array; `x.at[index].get(mode=...)` says otherwise.

    Raises:
        IndexBoundsError: for a known position outside the array.
        ArgumentTypeError: for what is not an index.
        TracedMaskError: for a traced boolean array, which would decide a shape.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.arange(6).reshape(2, 3)[1, ::-1].tolist()
        [5, 4, 3]
    """
    structure, operands = parse_index(x.shape, item)
    part = _program_of(structure)(x, *on_device(x, operands))
    if type(part) is KeyArray:  # uses of a part are uses of the whole
        part._record = x.record.part(item) if type(x) is KeyArray else None
    return part


# Small positions as scalars on each device: to make one takes half as long as to run a program.
_SCALARS_LIMIT = 1024
_scalars: dict[Any, dict[int, Any]] = {}


def on_device(x: Any, operands: tuple) -> Any:
    """The operands of an eager call, small positions as scalars that lie where `x` does."""
    if not operands or type(x) is not ArrayImpl or not is_eager():
        return operands
    sharding = x._sharding
    if type(sharding) is not SingleDeviceSharding:
        return operands
    found = _scalars.setdefault(sharding, {})
    return tuple([_scalar(found, i, sharding) if type(i) is int else i for i in operands])


def _scalar(found: dict[int, Any], i: int, sharding: Any) -> Any:
    scalar = found.get(i)
    if scalar is None:
        if not 0 <= i < _SCALARS_LIMIT:
            return i
        aval = ShapedArray((), np.dtype(np.int32))
        scalar = found[i] = transfer.put(np.asarray(i, np.int32), aval, sharding, False)
    return scalar


@functools.lru_cache(4096)
def _program_of(structure: tuple) -> Callable[..., Any]:
    """The function that reads what an index speaks of: a program of its own when called eagerly."""

    def getitem(x: Any, *operands: Any) -> Any:
        return _part_of(x, operands, structure, _DEFAULT)

    return compiled(getitem)


# ------------------------------------------------------------------------- windows and axes


class Plan:
    """An index by the axes of the array: windows, positions and arrays.

    `starts`, `spans` and `steps` hold the window along each axis; `dropped` the axes with one
    position; `arrays` maps axes to arrays of positions, whose place in the result `front` and
    `lead` tell. `out` lists the axes of the result: an axis of the array, None for a new one.
    """

    def __init__(
        self, shape: tuple[int, ...], operands: tuple, structure: tuple, options: Options
    ) -> None:
        self.shape = shape
        self.starts: list[Any] = [0] * len(shape)
        self.spans, self.steps = list(shape), [1] * len(shape)
        self.arrays: dict[int, Any] = {}
        self.flags: list[int] = []
        self.dropped: set[int] = set()
        self.out: list[int | None] = []
        self.lead: int | None = None  # how many axes of the result stand before the arrays'
        self.sure = True  # whether all positions are known to lie inside
        apart = self._apart(structure, self._needs_arrays(structure, options))
        self._fill(operands, structure, options)
        if self.lead is not None and apart:
            self.lead = 0
        self.out += range(self.axis, len(shape))

    @staticmethod
    def _needs_arrays(structure: tuple, options: Options) -> bool:
        """Whether positions become arrays: beside others, or where windows cannot express them."""
        clip = options.mode in (None, _CLIP, _PROMISE)
        return any([
            token in (ARRAY, SURE) or token[0] == "flag" or (token == TRACED and not clip)
            for token in structure
        ])  # fmt: skip

    @staticmethod
    def _apart(structure: tuple, arrays: bool) -> bool:
        """Whether other parts stand between arrays, so that their axes come first."""
        if not arrays:
            return False
        places = [
            i for i, token in enumerate(structure)
            if token in (ARRAY, SURE, POSITION, TRACED) or token[0] == "flag"
        ]  # fmt: skip
        return places[-1] - places[0] >= len(places)

    def _fill(self, operands: tuple, structure: tuple, options: Options) -> None:
        given = iter(operands)
        arrays = self._needs_arrays(structure, options)
        axis = 0
        for token in structure:
            if token == NEW:
                self.out.append(None)
                continue
            if token[0] == "flag":
                self._begin_arrays()
                self.flags.append(token[1])
                continue
            if token == FULL:
                self.out.append(axis)
            elif token[0] == "window":
                self.starts[axis], self.spans[axis] = next(given), token[1]
                self.steps[axis] = token[2]
                self.out.append(axis)
            else:
                self._position(axis, token, next(given), arrays, options)
            axis += 1
        self.axis = axis

    def _position(self, axis: int, token: str, i: Any, arrays: bool, options: Options) -> None:
        known = token in (POSITION, SURE)
        self.sure = self.sure and known
        if not known and options.wrap and aval_of(i).dtype.kind != "u":
            i = from_end(i, self.shape[axis])
        if arrays:
            self._begin_arrays()
            self.arrays[axis] = i
        else:
            self.starts[axis], self.spans[axis] = i, 1
        self.dropped.add(axis)

    def _begin_arrays(self) -> None:
        if self.lead is None:
            self.lead = len(self.out)

    @property
    def windowed(self) -> bool:
        """Whether some axis is not taken whole (axes with arrays are)."""
        return any([
            span != size or step != 1
            for span, size, step in zip(self.spans, self.shape, self.steps, strict=True)
        ])  # fmt: skip

    @property
    def counts(self) -> tuple[int, ...]:
        """How many positions are taken along each axis."""
        return tuple([
            (span - 1) // abs(step) + 1 if span else 0
            for span, step in zip(self.spans, self.steps, strict=True)
        ])  # fmt: skip

    @property
    def has_arrays(self) -> bool:
        """Whether positions are given by arrays."""
        return self.lead is not None

    def array_shape(self) -> tuple[int, ...]:
        """The shape of all arrays of positions together."""
        shapes = [aval_of(a).shape for a in self.arrays.values()]
        return lax.broadcast_shapes(*shapes, *[(n,) for n in self.flags])

    def result_shape(self, new_axes: bool = True) -> tuple[int, ...]:
        """The shape of the result, or of the result without its new axes of length 1."""
        counts = self.counts
        lead = self.lead if self.has_arrays else 0
        sizes = [(1,) if a is None else (counts[a],) for a in self.out]
        if not new_axes:
            sizes = [() if a is None else (counts[a],) for a in self.out]
        before, after = sizes[:lead], sizes[lead:]
        middle = self.array_shape() if self.has_arrays else ()
        return (*[n for s in before for n in s], *middle, *[n for s in after for n in s])

    def index_array(self) -> Any:
        """All arrays of positions as one array, whose last axis holds one index."""
        shape = self.array_shape()
        wide = any([aval_of(a).dtype.itemsize > 4 for a in self.arrays.values()])
        dtype = np.int64 if wide else np.int32
        columns = [
            broadcast_to(lax.convert_element_type(a, dtype), shape) for a in self.arrays.values()
        ]
        if not columns:
            return lax.full((*shape, 0), 0, np.int32)
        return join_components(columns)

    def offset_axes(self) -> tuple[int, ...]:
        """Axes of the result (without new ones) that run along windows."""
        rank = len(self.array_shape())
        kept = [a for a in self.out if a is not None]
        lead = len([a for a in self.out[: self.lead] if a is not None])
        return tuple([i if i < lead else i + rank for i in range(len(kept))])

    def mode(self, options: Options, default: Any) -> Any:
        """What happens out of bounds, which nothing is where all positions are known."""
        if self.sure:
            return _PROMISE
        return default if options.mode is None else options.mode

    def flags_of(self, options: Options) -> dict[str, bool]:
        """What is known of the order of the indices."""
        single = not self.array_shape()
        return {
            "indices_are_sorted": options.sorted or single,
            "unique_indices": options.unique or single,
        }


def broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    """The array repeated to a shape by NumPy's rules; extra leading axes of length 1 go away."""
    own = aval_of(x).shape
    if len(own) > len(shape) and all([n == 1 for n in own[: len(own) - len(shape)]]):
        own = own[len(own) - len(shape) :]
        x = lax.reshape(x, own)
    if own == shape:
        return x
    behind = shape[len(shape) - len(own) :] if len(own) <= len(shape) else ()
    if len(own) > len(shape) or any([n not in (1, m) for n, m in zip(own, behind, strict=True)]):
        raise ShapeError(f"values of shape {own} cannot be stretched to the indexed part, {shape}")
    return lax.broadcast_in_dim(x, shape, range(len(shape) - len(own), len(shape)))


def _is_known(i: Any) -> bool:
    return isinstance(i, int | np.integer)


def window(x: Any, plan: Plan) -> Any:
    """The elements along windows, axes with one position kept with length 1."""
    if not plan.windowed:
        return x
    limits = [a + n for a, n in zip(plan.starts, plan.spans, strict=True)] \
        if all(map(_is_known, plan.starts)) else None  # fmt: skip
    steps = [abs(s) for s in plan.steps]
    if limits is not None and not runs_now():
        x = lax.slice(x, plan.starts, limits, steps)
    else:
        if plan.spans != list(plan.shape):
            starts = [widened(i) if not _is_known(i) else i for i in plan.starts]
            x = lax.dynamic_slice(x, starts, plan.spans, allow_negative_indices=False)
        if any([s != 1 for s in steps]):
            x = lax.slice(x, [0] * len(steps), plan.spans, steps)
    backwards = [axis for axis, step in enumerate(plan.steps) if step < 0]
    return lax.rev(x, backwards) if backwards else x


def _part_of(x: Any, operands: tuple, structure: tuple, options: Options) -> Any:
    """The part of `x` that an index speaks of."""
    plan = Plan(x.shape, operands, structure, options)
    if not plan.has_arrays:
        return lax.reshape(window(x, plan), plan.result_shape())
    shape = plan.result_shape()
    if 0 in shape:
        return lax.broadcast(lax.empty((), x.dtype), shape) if not aval_of(x).is_key else _no_keys(
            x, shape
        )  # fmt: skip
    x = window(x, plan)
    axes = tuple(plan.arrays)
    numbers = lax.GatherDimensionNumbers(plan.offset_axes(), axes, axes)
    sizes = [1 if d in plan.arrays else n for d, n in enumerate(x.shape)]
    found = lax.gather(
        x,
        plan.index_array(),
        numbers,
        sizes,
        mode=plan.mode(options, _CLIP),
        fill_value=options.fill_value,
        **plan.flags_of(options),
    )
    return lax.reshape(found, shape)


def _no_keys(x: Any, shape: tuple[int, ...]) -> Any:
    """No keys at all, in a shape."""
    empty = lax.slice(lax.reshape(x, (x.size,)), (0,), (0,))
    return lax.reshape(empty, shape)


_read = compiled(_part_of, static=("structure", "options"))


def get(x: Any, index: Any, options: Options) -> Any:
    """`x.at[index].get(...)`."""
    checked = options.mode is None and options.wrap
    structure, operands = parse_index(x.shape, index, checked, options.wrap)
    return _read(x, on_device(x, operands), structure, options)


# ---------------------------------------------------------------------- along one axis


def take(
    a: ArrayLike,
    indices: ArrayLike,
    axis: int | None = None,
    out: None = None,
    mode: str | None = None,
    unique_indices: bool = False,
    indices_are_sorted: bool = False,
    fill_value: Any = None,
) -> Array:
    """The elements at `indices` along an axis (of the flat array, by default).

    Args:
        indices: integers of any shape, which takes the place of the axis.
        mode: out of bounds, "fill" (the default), "clip", or "wrap".
        fill_value: what "fill" fills with; NaN, or the smallest integer, by default.

    Raises:
        ArgumentValueError: for another mode, or with `out`.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.take(jnp.array([10, 20, 30]), jnp.array([2, 0])).tolist()
        [30, 10]
    """
    if out is not None:
        raise ArgumentValueError("`take` cannot write into `out`: arrays never change")
    if mode not in (None, "fill", "clip", "wrap"):
        raise ArgumentValueError(
            f"`take` has no mode {mode!r}", help="jnp.take(a, indices, mode='clip')"
        )
    check_integers("take", indices)
    ndim = aval_of(a).ndim
    if axis is not None and not -max(ndim, 1) <= axis < max(ndim, 1):
        raise AxisError.out_of_range("take", axis, ndim)
    fill_value = None if fill_value is None else np.asarray(fill_value).item()
    options = Options(None, indices_are_sorted, unique_indices, mode != "wrap", fill_value)
    return _take(a, indices, axis, mode, options)


def check_integers(name: str, indices: Any) -> ShapedArray:
    """The shape and dtype of indices, which must be integers."""
    aval = aval_of(indices)
    if aval.is_key or aval.dtype.kind not in "iu":
        raise ArgumentTypeError(
            f"`{name}` needs integer indices, but got {aval}", help="indices.astype('int32')"
        )
    return aval


@compiled(static=("axis", "mode", "options"))
def _take(a: Any, indices: Any, axis: int | None, mode: str | None, options: Options) -> Any:
    aval = aval_of(a)
    if axis is None or not aval.ndim:
        a, axis = lax.reshape(a, (aval.size,)), 0
    shape = aval_of(a).shape
    axis %= len(shape)
    if mode == "wrap":
        indices = widened(indices)
        size, zero = integer_like(indices, shape[axis]), integer_like(indices, 0)
        rest = lax.rem(indices, size)
        indices = lax.select(lax.lt(rest, zero), lax.add(rest, size), rest)
    options = options._replace(mode=_FILL if mode in (None, "fill") else _CLIP)
    return _part_of(a, (indices,), (FULL,) * axis + (ARRAY,), options)


@derived("axis", "mode", "fill_value", "wrap_negative_indices")
def take_along_axis(
    arr: ArrayLike,
    indices: ArrayLike,
    axis: int | None = -1,
    mode: str | lax.GatherScatterMode | None = None,
    fill_value: Any = None,
    *,
    wrap_negative_indices: bool | None = None,
) -> Array:
    """For each position along the other axes, the elements at `indices` along one axis.

    Args:
        indices: integers with as many axes as `arr`; the other axes broadcast with those of `arr`.
        axis: the axis; None means the flat array.
        mode: out of bounds, "fill" (the default), "clip" or "promise_in_bounds".

    Raises:
        AxisError: if the axis does not exist.
        ArgumentValueError: if the numbers of axes differ.

    Example:
        >>> import jib.numpy as jnp
        >>> x = jnp.array([[3, 1, 2]])
        >>> jnp.take_along_axis(x, jnp.argsort(x, axis=1), axis=1).tolist()
        [[1, 2, 3]]
    """
    index = check_integers("take_along_axis", indices)
    ndim = aval_of(arr).ndim if axis is not None else 1
    if index.ndim != ndim:
        raise ArgumentValueError(
            f"`take_along_axis` needs indices with {ndim} axes, but got {index}",
            help=f"jib.numpy.expand_dims(indices, {axis})" if index.ndim + 1 == ndim else (),
        )
    if axis is not None and not -ndim <= axis < ndim:
        raise AxisError.out_of_range("take_along_axis", axis, ndim)
    parsed = lax.GatherScatterMode.from_any(mode)
    wrap = parsed is not _PROMISE if wrap_negative_indices is None else wrap_negative_indices
    fill_value = None if fill_value is None else np.asarray(fill_value).item()
    if axis is None:
        arr, axis = lax.reshape(arr, (aval_of(arr).size,)), 0
    shape, index_shape = list(aval_of(arr).shape), list(aval_of(indices).shape)
    axis %= len(shape)
    size, count = shape[axis], index_shape[axis]
    shape[axis] = index_shape[axis] = 1
    full = list(lax.broadcast_shapes(shape, index_shape))
    indices = broadcast_to(indices, (*full[:axis], count, *full[axis + 1 :]))
    arr = broadcast_to(arr, (*full[:axis], size, *full[axis + 1 :]))
    if wrap and index.dtype.kind != "u":
        indices = from_end(indices, size)
    return gather_along_axis(arr, indices, axis, mode=parsed, fill_value=fill_value)
