"""Scattering: windows written into an array, at positions that are an array."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.core.algebra import algebra
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.errors import DTypeError, ShapeError
from jib.lax._families import constant_like, is_linear, join_region, zero_tangent
from jib.lax._gathering import (
    GatherDimensionNumbers,
    GatherScatterMode,
    check_indices,
    components,
    join_components,
    window_positions,
)
from jib.lax._slicing import integer_like, widened
from jib.passes.batch import to_batch_axis
from jib.passes.jvp import instantiate
from jib.passes.lower import lower_by_tracing
from jib.typing import ArrayLike

__all__ = [
    "ScatterDimensionNumbers", "scatter", "scatter_add", "scatter_add_p", "scatter_max",
    "scatter_max_p", "scatter_min", "scatter_min_p", "scatter_mul", "scatter_mul_p", "scatter_p",
    "scatter_sub",
]  # fmt: skip


class ScatterDimensionNumbers(NamedTuple):
    """Which axes of the operand and of the updates belong together, as XLA's scatter has it.

    Args:
        update_window_dims: axes of the updates that run over a window.
        inserted_window_dims: axes of the operand that the updates lack.
        scatter_dims_to_operand_dims: the axis that each component of an index speaks of.
        operand_batching_dims: axes of the operand that go along with axes of the indices.
        scatter_indices_batching_dims: those axes of the indices.
    """

    update_window_dims: Sequence[int]
    inserted_window_dims: Sequence[int]
    scatter_dims_to_operand_dims: Sequence[int]
    operand_batching_dims: Sequence[int] = ()
    scatter_indices_batching_dims: Sequence[int] = ()


def _public(primitive: Primitive, summary: str) -> Callable[..., Any]:
    """The function that users call; all scatters are called alike."""

    def function(
        operand: ArrayLike,
        scatter_indices: ArrayLike,
        updates: ArrayLike,
        dimension_numbers: ScatterDimensionNumbers,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: str | GatherScatterMode | None = None,
    ) -> Any:
        return primitive.bind(
            operand,
            scatter_indices,
            updates,
            dimension_numbers=ScatterDimensionNumbers(*map(tuple, dimension_numbers)),
            indices_are_sorted=bool(indices_are_sorted),
            unique_indices=bool(unique_indices),
            mode=GatherScatterMode.from_any(mode),
        )

    function.__name__ = function.__qualname__ = primitive.name
    function.__doc__ = summary
    return function


# -------------------------------------------------------------------- rules that all share


def window_sizes(shape: Sequence[int], updates: Sequence[int], numbers: Any) -> list[int]:
    """The lengths of a window along each axis of the operand."""
    gone = {*numbers.inserted_window_dims, *numbers.operand_batching_dims}
    lengths = iter([updates[d] for d in numbers.update_window_dims])
    return [1 if d in gone else next(lengths) for d in range(len(shape))]


def _type_rule(name: str) -> Callable[..., ShapedArray]:
    def rule(x: Any, indices: Any, updates: Any, **params: Any) -> ShapedArray:
        numbers = params["dimension_numbers"]
        check_indices(name, x, indices, numbers[1:])
        if updates.dtype != x.dtype:
            raise DTypeError(
                f"`{name}` cannot write {updates} into {x}: the dtypes differ",
                help=f"updates.astype({x.dtype.name!r})",
            )
        gone = {*numbers.inserted_window_dims, *numbers.operand_batching_dims}
        windows = numbers.update_window_dims
        sorted_axes = sorted({d for d in windows if 0 <= d < updates.ndim})
        if len(windows) + len(gone) != x.ndim or list(windows) != sorted_axes:
            raise ShapeError(f"`{name}` into {x} cannot use window axes {windows} of {updates}")
        batch = tuple([n for d, n in enumerate(updates.shape) if d not in windows])
        sizes = window_sizes(x.shape, updates.shape, numbers)
        fits = all([n <= x.shape[d] for d, n in enumerate(sizes) if d not in gone])
        if batch != indices.shape[:-1] or not fits:
            raise ShapeError(f"`{name}` at indices {indices} cannot write {updates} into {x}")
        return ShapedArray(x.shape, x.dtype, x.weak_type and updates.weak_type)

    return rule


def _numpy_rule(combine: Callable[..., Any]) -> Callable[..., Any]:
    def rule(x: Any, indices: Any, updates: Any, **params: Any) -> Any:
        out = x.copy()
        if updates.size:
            numbers = params["dimension_numbers"]
            sizes = window_sizes(x.shape, updates.shape, numbers)
            places, inside = window_positions(x.shape, indices, numbers, sizes, updates.shape)
            keep = inside | (params["mode"] is GatherScatterMode.CLIP)
            combine(out, tuple([p[keep] for p in places]), updates[keep])
        return out

    return rule


def _batch_rule(primitive: Callable[[], Primitive]) -> Callable[..., Any]:
    def rule(axis: Any, args: Any, dims: Any, **params: Any) -> Any:
        (x, indices, updates), (dx, di, du) = args, dims
        numbers = params["dimension_numbers"]
        windows, inserted, mapped, batching, index_batching = [
            tuple([d + 1 for d in dims]) for dims in numbers
        ]
        if di is None:
            windows, index_batching = (0, *windows), numbers.scatter_indices_batching_dims
        else:
            batching, index_batching = (0, *batching), (0, *index_batching)
            indices = to_batch_axis(indices, di, axis)
        params["dimension_numbers"] = ScatterDimensionNumbers(
            windows, inserted, mapped, batching, index_batching
        )
        x, updates = to_batch_axis(x, dx, axis), to_batch_axis(updates, du, axis)
        return primitive().bind(x, indices, updates, **params), 0

    return rule


def _clamp_indices(indices: Any, *, shape: tuple, mapped: tuple, sizes: tuple) -> Any:
    indices = widened(indices)
    columns = []
    for axis, column in zip(mapped, components(indices), strict=True):
        low, high = integer_like(column, 0), integer_like(column, shape[axis] - sizes[axis])
        columns.append(lax.max(lax.min(column, high), low))
    return join_components(columns)


_lower_clamp = lower_by_tracing(_clamp_indices)


def _clamped_indices(ctx: Any, indices: Any, numbers: Any) -> Any:
    """Indices moved so that every window lies inside the operand."""
    x_aval, index_aval, update_aval = ctx.avals_in
    wide = np.dtype(np.int32) if index_aval.dtype.itemsize < 4 else index_aval.dtype
    return _lower_clamp(
        ctx.replace([index_aval], [ShapedArray(index_aval.shape, wide)]),
        indices,
        shape=x_aval.shape,
        mapped=tuple(numbers.scatter_dims_to_operand_dims),
        sizes=tuple(window_sizes(x_aval.shape, update_aval.shape, numbers)),
    )


def _lower_rule(combine: str | None) -> Callable[..., Any]:
    def rule(ctx: Any, x: Any, indices: Any, updates: Any, **params: Any) -> Any:
        numbers = params["dimension_numbers"]
        if params["mode"] is GatherScatterMode.CLIP and numbers.scatter_dims_to_operand_dims:
            indices = _clamped_indices(ctx, indices, numbers)
        attributes = {
            "scatter_dimension_numbers": mlir.hlo.ScatterDimensionNumbers.get(
                update_window_dims=list(numbers.update_window_dims),
                inserted_window_dims=list(numbers.inserted_window_dims),
                input_batching_dims=list(numbers.operand_batching_dims),
                scatter_indices_batching_dims=list(numbers.scatter_indices_batching_dims),
                scattered_dims_to_operand_dims=list(numbers.scatter_dims_to_operand_dims),
                index_vector_dim=ctx.avals_in[1].ndim - 1,
            ),
            "indices_are_sorted": mlir.bool_attribute(params["indices_are_sorted"]),
            "unique_indices": mlir.bool_attribute(params["unique_indices"]),
        }
        out = ctx.avals_out[0]
        operation = mlir.emit_many(
            "stablehlo.scatter", [mlir.ir_type(out)], [x, indices, updates], attributes, 1
        )
        return join_region(operation, out.dtype, combine)

    return rule


def _gather_back(x: Any, indices: Any, like: Any, mode: Any = None, **params: Any) -> Any:
    """The windows of `x` that a scatter at these indices writes (0 where it writes nothing)."""
    numbers = params["dimension_numbers"]
    return lax.gather(
        x,
        indices,
        GatherDimensionNumbers(*numbers),
        window_sizes(aval_of(x).shape, like.shape, numbers),
        indices_are_sorted=params["indices_are_sorted"],
        unique_indices=params["unique_indices"],
        mode=mode,
        fill_value=0,
    )


def _make(name: str, combine: Any, hlo: str | None, jvp: Any, transpose: Any) -> Primitive:
    """One of the scatters, which differ in how an old and a new element combine."""

    def jvp_rule(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
        x, indices, updates = primals
        t, _, u = tangents
        if type(t) is Zero and type(u) is Zero:
            out = primitive.bind(*primals, **params)
            return out, zero_tangent(out)
        return jvp(x, indices, updates, t, u, **params)

    primitive = Primitive(
        name,
        type=_type_rule(name),
        numpy=_numpy_rule(combine),
        jvp=jvp_rule,
        transpose=transpose,
        batch=_batch_rule(lambda: primitive),
        lower=_lower_rule(hlo),
    )
    return primitive


# ------------------------------------------------------------------------- replacing


def _set(out: Any, places: Any, values: Any) -> None:
    out[places] = values


def _winners(shape: Any, indices: Any, updates: ShapedArray, **params: Any) -> tuple[Any, Any]:
    """Which elements of the operand stay, and which of the updates are the ones that were written.

    Every window has a number; a scatter of the numbers, gathered again, shows who won.
    """
    windows = params["dimension_numbers"].update_window_dims
    lead = [1 if d in windows else n for d, n in enumerate(updates.shape)]
    numbers = lax.add(lax.iota(np.int32, math.prod(lead)), np.int32(1))
    batch = [d for d in range(len(lead)) if d not in windows]
    numbers = lax.reshape(numbers, [lead[d] for d in batch])
    numbers = lax.broadcast_in_dim(numbers, updates.shape, batch)
    written = scatter_p.bind(lax.full(shape, 0, np.int32), indices, numbers, **params)
    back = _gather_back(written, indices, updates, **params)
    return lax.eq(written, np.int32(0)), lax.eq(back, numbers)


def _scatter_jvp(x: Any, indices: Any, updates: Any, t: Any, u: Any, **params: Any) -> Any:
    t, u = instantiate(t), instantiate(u)
    if params["unique_indices"]:
        out = scatter_p.bind(x, indices, updates, **params)
        return out, scatter_p.bind(t, indices, u, **params)
    # The value is computed like the tangent, so that both choose the same winner on any device.
    stays, won = _winners(aval_of(x).shape, indices, aval_of(updates), **params)

    def write(old: Any, new: Any) -> Any:
        old = lax.select(stays, old, constant_like(old, 0))
        new = lax.select(won, new, constant_like(new, 0))
        return scatter_add_p.bind(old, indices, new, **params)

    return write(x, updates), write(t, u)


def _scatter_transpose(ct: Any, x: Any, indices: Any, updates: Any, **params: Any) -> list[Any]:
    aval = updates.aval if is_linear(updates) else aval_of(updates)
    ct_x = ct_updates = stays = won = None
    if not params["unique_indices"]:
        stays, won = _winners(aval_of(ct).shape, indices, aval, **params)
    zero = constant_like(ct, 0)
    if is_linear(x):
        if stays is None:
            ct_x = scatter_p.bind(ct, indices, algebra.zeros(aval), **params)
        else:
            ct_x = lax.select(stays, ct, zero)
    if is_linear(updates):
        ct_updates = _gather_back(ct, indices, aval, **params)
        if won is not None:
            ct_updates = lax.select(won, ct_updates, zero)
    return [ct_x, None, ct_updates]


scatter_p = _make("scatter", _set, None, _scatter_jvp, _scatter_transpose)
scatter = _public(
    scatter_p,
    """A copy of `operand` with windows replaced by `updates`; among equal indices one wins.

    Args:
        scatter_indices: where windows start; the last axis holds one index.
        dimension_numbers: which axes belong together.
        unique_indices: a promise that no two windows overlap.
        indices_are_sorted: a promise that the indices are in order.
        mode: what happens to windows that leave the array; they are dropped by default.

    Source: StableHLO specification, `scatter`.
    """,
)


# ---------------------------------------------------------------- adding and subtracting


def _add_jvp(x: Any, indices: Any, updates: Any, t: Any, u: Any, **params: Any) -> Any:
    out = scatter_add_p.bind(x, indices, updates, **params)
    if type(u) is Zero:
        return out, t
    return out, scatter_add_p.bind(instantiate(t), indices, u, **params)


def _add_transpose(ct: Any, x: Any, indices: Any, updates: Any, **params: Any) -> list[Any]:
    ct_updates = None
    if is_linear(updates):
        ct_updates = _gather_back(ct, indices, updates.aval, **params)
    return [ct if is_linear(x) else None, None, ct_updates]


scatter_add_p = _make("scatter_add", np.add.at, "add", _add_jvp, _add_transpose)


scatter_add = _public(
    scatter_add_p, "Like `scatter`, but the updates are added; every one of equal indices counts."
)


def scatter_sub(
    operand: ArrayLike,
    scatter_indices: ArrayLike,
    updates: ArrayLike,
    dimension_numbers: ScatterDimensionNumbers,
    **options: Any,
) -> Any:
    """Like `scatter_add`, but the updates are subtracted."""
    return scatter_add(operand, scatter_indices, lax.neg(updates), dimension_numbers, **options)


# ------------------------------------------------------------------------- multiplying


def _mul_jvp(x: Any, indices: Any, updates: Any, t: Any, u: Any, **params: Any) -> Any:
    out = scatter_mul_p.bind(x, indices, updates, **params)
    tangent = None
    if type(t) is not Zero:
        tangent = scatter_mul_p.bind(t, indices, updates, **params)
    if type(u) is not Zero:
        share = lax.mul(u, _product_of_others(x, indices, updates, **params))
        base = algebra.zeros(aval_of(x)) if tangent is None else tangent
        tangent = scatter_add_p.bind(base, indices, share, **params)
    return out, tangent


def _product_of_others(x: Any, indices: Any, updates: Any, **params: Any) -> Any:
    """For each update, the product of all else that its element is multiplied by."""
    aval = aval_of(updates)
    if params["unique_indices"]:
        return _gather_back(x, indices, aval, **params)
    # Zeros are counted apart, so that nothing is divided by zero.
    zero, one = constant_like(updates, 0), constant_like(updates, 1)
    is_zero = lax.eq(updates, zero)
    nonzero = lax.select(is_zero, one, updates)
    product = scatter_mul_p.bind(x, indices, nonzero, **params)
    counts = lax.select(is_zero, one, zero)
    counts = lax.broadcast(counts, aval.shape) if not aval_of(counts).shape else counts
    count = scatter_add_p.bind(algebra.zeros(aval_of(x)), indices, counts, **params)
    product = _gather_back(product, indices, aval, **params)
    count = lax.sub(_gather_back(count, indices, aval, **params), counts)
    return lax.select(lax.eq(count, zero), lax.div(product, nonzero), zero)


def _mul_transpose(ct: Any, x: Any, indices: Any, updates: Any, **params: Any) -> list[Any]:
    if is_linear(x):
        return [scatter_mul_p.bind(ct, indices, updates, **params), None, None]
    # Linear in the updates only where each element has one update at most.
    share = _gather_back(ct, indices, updates.aval, **params)
    return [None, None, lax.mul(share, _gather_back(x, indices, updates.aval, **params))]


scatter_mul_p = _make("scatter_mul", np.multiply.at, "multiply", _mul_jvp, _mul_transpose)
scatter_mul = _public(
    scatter_mul_p, "Like `scatter_add`, but the elements are multiplied by the updates."
)


# ------------------------------------------------------------------ minimum and maximum


def _extremum(name: str, combine: Callable[..., Any], hlo: str) -> Primitive:
    def jvp(x: Any, indices: Any, updates: Any, t: Any, u: Any, **params: Any) -> Any:
        out = primitive.bind(x, indices, updates, **params)
        zero, one = constant_like(out, 0), constant_like(out, 1)
        x_won = lax.select(lax.eq(x, out), lax.full(aval_of(x).shape, one), zero)
        back = _gather_back(out, indices, aval_of(updates), **params)
        shape = aval_of(updates).shape
        updates_won = lax.select(lax.eq(updates, back), lax.full(shape, one), zero)
        # All that are equal to the result share the tangent.
        count = scatter_add_p.bind(x_won, indices, updates_won, **params)
        share = lax.div(one, lax.max(count, one))
        parts = lax.mul(instantiate(t), x_won)
        if type(u) is not Zero:
            parts = scatter_add_p.bind(parts, indices, lax.mul(u, updates_won), **params)
        return out, lax.mul(parts, share)

    not_linear = Waived("a scatter of extrema is not linear in any operand")
    primitive = _make(name, combine, hlo, jvp, not_linear)
    return primitive


scatter_min_p = _extremum("scatter_min", np.minimum.at, "minimum")
scatter_max_p = _extremum("scatter_max", np.maximum.at, "maximum")
scatter_min = _public(
    scatter_min_p,
    "Like `scatter_add`, but elements become the minimum of themselves and the updates.",
)
scatter_max = _public(
    scatter_max_p,
    "Like `scatter_add`, but elements become the maximum of themselves and the updates.",
)
