"""Changed copies of arrays: `x.at[index].set(values)` and its relatives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentTypeError, DTypeError, ShapeError
from jib.lax._families import kind_of
from jib.lax._slicing import widened
from jib.numpy._arithmetic import add, divide, maximum, minimum, multiply, power, subtract
from jib.numpy._index_rewrite import parse_index
from jib.numpy._indexing import Options, Plan, broadcast_to, get, on_device, window
from jib.numpy._promotion import promote_inexact
from jib.passes.eager import compiled

__all__ = ["IndexUpdateHelper", "IndexUpdateRef"]


class IndexUpdateHelper:
    """What `x.at` is: index it, then say what to do with that part.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.zeros(3).at[1].set(5.0).tolist()
        [0.0, 5.0, 0.0]
    """

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> IndexUpdateRef:
        return IndexUpdateRef(self.array, index)

    def __repr__(self) -> str:
        return f"the updates of {aval_of(self.array)}: x.at[index].set(values), .add(values), ..."


def _method(name: str, doc: str):
    def method(
        self: IndexUpdateRef,
        values: Any,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Any:
        options = _options(mode, indices_are_sorted, unique_indices, wrap_negative_indices)
        return _changed(self.array, self.index, values, name, options)

    method.__name__ = name
    method.__qualname__ = f"IndexUpdateRef.{name}"
    method.__doc__ = doc
    return method


class IndexUpdateRef:
    """A part of an array, of which changed copies can be made.

    All methods take `mode`, which says what happens to positions outside the array: "drop" (the
    default when writing), "fill", "clip", or "promise_in_bounds"; known positions are checked
    unless a mode is given. `indices_are_sorted` and `unique_indices` are promises that can make the
    program faster. `wrap_negative_indices=False` counts negative positions as outside.
    """

    __slots__ = ("array", "index")

    def __init__(self, array: Any, index: Any) -> None:
        self.array = array
        self.index = index

    def __repr__(self) -> str:
        return (
            f"a part of {aval_of(self.array)}, at {self.index!r}: call .set(values), .add(values)"
        )

    def get(
        self,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        fill_value: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Any:
        """`x[index]`, where `mode` says what positions outside give.

        "clip" (the default) gives the nearest element, "fill" gives `fill_value` (NaN, or the
        smallest integer, where it is None).

        Example:
            >>> import jib.numpy as jnp
            >>> jnp.arange(3.0).at[7].get(mode="fill", fill_value=-1.0).tolist()
            -1.0
        """
        fill = None if fill_value is None else np.asarray(fill_value).item()
        if mode is None and fill is not None:
            mode = "fill"
        return get(
            self.array,
            self.index,
            _options(mode, indices_are_sorted, unique_indices, wrap_negative_indices, fill),
        )

    def apply(
        self,
        func: Callable[[Any], Any],
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Any:
        """A copy where a function of scalars was applied to a part.

        Example:
            >>> import jib.numpy as jnp
            >>> jnp.ones(3).at[1:].apply(lambda v: v + 1).tolist()
            [1.0, 2.0, 2.0]
        """
        options = _options(mode, indices_are_sorted, unique_indices, wrap_negative_indices)
        checked = options.mode is None and options.wrap
        structure, operands = parse_index(self.array.shape, self.index, checked, options.wrap)
        return _apply(self.array, operands, func, structure, options)

    set = _method(
        "set", "A copy where a part is replaced; where positions repeat, one of the values wins."
    )
    add = _method("add", "A copy where values are added to a part; repeated positions add up.")
    subtract = _method(
        "subtract", "A copy where values are subtracted from a part; repeated positions add up."
    )
    mul = _method(
        "mul", "A copy where a part is multiplied by values; repeated positions multiply."
    )
    divide = _method(
        "divide", "A copy where a part is divided by values; repeated positions divide again."
    )
    power = _method(
        "power", "A copy where a part is raised to powers; repeated positions multiply the powers."
    )
    min = _method("min", "A copy where a part is the minimum of itself and values.")
    max = _method("max", "A copy where a part is the maximum of itself and values.")
    multiply = mul


def _options(
    mode: Any, is_sorted: bool, unique: bool, wrap: bool, fill_value: Any = None
) -> Options:
    parsed = None if mode is None else lax.GatherScatterMode.from_any(mode)
    return Options(parsed, bool(is_sorted), bool(unique), bool(wrap), fill_value)


# ----------------------------------------------------------------------------- the update


def _changed(x: Any, index: Any, values: Any, name: str, options: Options) -> Any:
    """`x.at[index].name(values)`: one program."""
    if isinstance(values, list | tuple):
        values = _from_sequence(values)
    if isinstance(values, int) and not aval_of(x).is_key:
        dtypes.check_integer_fits(values, x.dtype)
    if _is_mask(index) and aval_of(values).size == 1:
        return _where(x, index, values, name)
    checked = options.mode is None and options.wrap
    structure, operands = parse_index(x.shape, index, checked, options.wrap)
    return _program_of(structure, name, options)(x, values, *on_device(x, operands))


@functools.lru_cache(4096)
def _program_of(structure: tuple, name: str, options: Options) -> Callable[..., Any]:
    """The update of a kind at an index: a program of its own when called eagerly."""

    def at_update(x: Any, values: Any, *operands: Any) -> Any:
        return _update(x, operands, values, name, structure, options)

    return compiled(at_update)


def _from_sequence(values: Any) -> Any:
    if any(isinstance(v, Tracer) for v in values):
        raise ArgumentTypeError(
            "the values of an update are a sequence with traced arrays in it",
            help="x.at[index].set(jib.numpy.stack(values))",
        )
    array = np.asarray(values)
    if array.dtype.kind in "fc":  # numbers of Python are of the default width
        return array.astype(dtypes.canonical_input_dtype(array.dtype))
    return array


def _is_mask(index: Any) -> bool:
    """Whether the index is one boolean array, so that a scalar needs no positions."""
    dtype = getattr(index, "dtype", None)
    return dtype is not None and dtype == np.bool_ and getattr(index, "ndim", 0) > 0


@compiled(static=("name",))
def _where(x: Any, mask: Any, values: Any, name: str) -> Any:
    """An update of the elements that a mask marks by one value."""
    shape, own = aval_of(x).shape, aval_of(mask).shape
    if own != shape[: len(own)]:
        raise ShapeError(f"a boolean index of shape {own} does not fit an array of shape {shape}")
    values = _converted(lax.reshape(values, ()), x, name)
    if own != shape:
        mask = lax.broadcast_in_dim(mask, shape, range(len(own)))
    if name != "set":
        values = _combiners[name](x, values)
        x = lax.convert_element_type(x, aval_of(values).dtype)
    return lax.select(mask, values, x)


def _converted(values: Any, x: Any, name: str) -> Any:
    """The values in the dtype of the array; what would lose its meaning is an error."""
    aval, target = aval_of(values), aval_of(x)
    if name == "subtract" and target.dtype == dtypes.BOOL:
        raise DTypeError.accepts("at[...].subtract", "bool", "number")
    if aval.dtype == target.dtype:
        return values
    ranks = "bifc"
    known = not (aval.is_key or target.is_key)
    if not known or ranks.index(kind_of(aval.dtype)) > ranks.index(kind_of(target.dtype)):
        word = "" if target.is_key else f"   or   values.astype({target.dtype.name!r})"
        other = f"x.astype({aval.dtype.name!r}).at[index].{name}(values)"
        raise DTypeError(
            f"`at[...].{name}` cannot write {aval.dtype.name} into an array of {target.dtype.name}",
            help=other + word,
        )
    return lax.convert_element_type(values, target.dtype)


_combiners: dict[str, Callable[[Any, Any], Any]] = {
    "add": add, "subtract": subtract, "mul": multiply, "min": minimum, "max": maximum,
    "divide": divide, "power": power,
}  # fmt: skip


def _update(
    x: Any, operands: tuple, values: Any, name: str, structure: tuple, options: Options
) -> Any:
    plan = Plan(x.shape, operands, structure, _writing(options))
    if name == "divide":
        x = promote_inexact("divide", x)
    values = broadcast_to(_converted(values, x, name), plan.result_shape())
    if 0 in plan.result_shape():
        return x
    if plan.has_arrays:
        return _update_arrays(x, plan, values, name, options)
    values = lax.reshape(values, plan.counts)
    if name != "set":
        values = _combiners[name](window(x, plan), values)
    return _replace_window(x, plan, values)


def _writing(options: Options) -> Options:
    """Writing drops positions outside the array, unless another mode is asked for."""
    if options.mode is None:
        return options._replace(mode=lax.GatherScatterMode.FILL_OR_DROP)
    return options


def _replace_window(x: Any, plan: Plan, values: Any) -> Any:
    """The array with the elements of windows replaced."""
    backwards = [axis for axis, step in enumerate(plan.steps) if step < 0]
    values = lax.rev(values, backwards)
    gaps = [abs(step) - 1 for step in plan.steps]
    starts = [i if isinstance(i, int | np.integer) else widened(i) for i in plan.starts]
    if any(gaps):  # between the new elements, the old ones stay
        config = [(0, 0, gap) for gap in gaps]
        old = lax.dynamic_slice(x, starts, plan.spans, allow_negative_indices=False)
        stays = lax.pad(lax.full(plan.counts, False), np.bool_(True), config)
        filler = lax.reshape(lax.slice(values, [0] * len(gaps), [1] * len(gaps)), ())
        values = lax.select(stays, old, lax.pad(values, filler, config))
    if tuple(plan.spans) == plan.shape:
        return values
    return lax.dynamic_update_slice(x, values, starts, allow_negative_indices=False)


def _update_arrays(x: Any, plan: Plan, values: Any, name: str, options: Options) -> Any:
    """An update at arrays of positions: inside windows, if there are any."""
    if plan.windowed:
        part = _scatter(window(x, plan), plan, values, name, options)
        return _replace_window(x, plan, part)
    return _scatter(x, plan, values, name, options)


def _scatter(x: Any, plan: Plan, values: Any, name: str, options: Options) -> Any:
    values = lax.reshape(values, plan.result_shape(new_axes=False))
    numbers, indices, extra = _scatter_arguments(plan, options)
    if name in ("divide", "power"):
        ones = lax.full(aval_of(x).shape, 1, aval_of(values).dtype)
        factor = lax.scatter_mul(ones, indices, values, numbers, **extra)
        return _combiners[name](x, factor)
    if aval_of(x).dtype == dtypes.BOOL:
        name = {"add": "max", "mul": "min"}.get(name, name)
    scatter = {"set": lax.scatter, "subtract": lax.scatter_sub}.get(name)
    scatter = scatter or getattr(lax, f"scatter_{name}")
    return scatter(x, indices, values, numbers, **extra)


def _scatter_arguments(plan: Plan, options: Options) -> tuple[Any, Any, dict[str, Any]]:
    axes = tuple(plan.arrays)
    numbers = lax.ScatterDimensionNumbers(plan.offset_axes(), axes, axes)
    mode = plan.mode(options, lax.GatherScatterMode.FILL_OR_DROP)
    return numbers, plan.index_array(), {"mode": mode, **plan.flags_of(options)}


@compiled(static=("func", "structure", "options"))
def _apply(
    x: Any, operands: tuple, func: Callable[[Any], Any], structure: tuple, options: Options
) -> Any:
    plan = Plan(x.shape, operands, structure, _writing(options))
    if 0 in plan.result_shape():
        return x
    part = window(x, plan)
    # Without arrays each element is meant once: one array of positions for all of them, `()`.
    extra: dict[str, Any]
    if plan.has_arrays:
        numbers, indices, extra = _scatter_arguments(plan, options)
    else:
        numbers = lax.ScatterDimensionNumbers(tuple(range(part.ndim)), (), ())
        indices = lax.full((0,), 0, np.int32)
        extra = {"indices_are_sorted": True, "unique_indices": True}
    shape = plan.result_shape(new_axes=False) if plan.has_arrays else part.shape
    part = lax.scatter_apply(part, indices, func, numbers, update_shape=shape, **extra)
    return _replace_window(x, plan, part) if plan.windowed else part
