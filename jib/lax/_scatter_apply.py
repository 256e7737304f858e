"""Applying a function to elements of an array, at positions that are an array."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax
from jib.core.algebra import algebra
from jib.core.avals import AxisData, ShapedArray
from jib.core.jaxpr import Jaxpr, memoized
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import DTypeError, ShapeError
from jib.lax._gathering import GatherDimensionNumbers, GatherScatterMode
from jib.lax._scattering import (
    ScatterDimensionNumbers,
    batch_numbers,
    check_scatter,
    numpy_places,
    window_sizes,
)
from jib.passes.batch import batch_jaxpr
from jib.passes.jvp import jvp as jvp_of
from jib.passes.lower import lower_by_tracing
from jib.passes.reference import evaluate_jaxpr_numpy
from jib.passes.stage import evaluate, stage, stage_jaxpr
from jib.typing import ArrayLike, Shape

__all__ = ["scatter_apply"]


def scatter_apply(
    operand: ArrayLike,
    scatter_indices: ArrayLike,
    func: Callable[[Any], Any],
    dimension_numbers: ScatterDimensionNumbers,
    *,
    update_shape: Shape = (),
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: str | GatherScatterMode | None = None,
) -> Any:
    """A copy of `operand` where `func` was applied to the elements at the given windows.

    An element that several windows hold goes through `func` several times.

    Args:
        func: from a scalar of the dtype of `operand` to another one.
        update_shape: the shape that the updates of a `scatter` would have.

    Raises:
        DTypeError: if `func` changes the dtype.
        ShapeError: if `func` does not return a scalar.
    """
    scalar = ShapedArray((), aval_of(operand).dtype)
    jaxpr, consts = stage(lambda x: [func(x)], [scalar], name=getattr(func, "__name__", "func"))
    (out,) = jaxpr.out_avals
    if out.shape:
        raise ShapeError(f"the function of `scatter_apply` must return a scalar, but gave {out}")
    if out.dtype != scalar.dtype:
        raise DTypeError(
            f"the function of `scatter_apply` must return {scalar}, but gave {out}",
            help=f"lambda x: func(x).astype({scalar.dtype.name!r})",
        )
    if any([aval_of(c).shape for c in consts]):
        raise ShapeError("the function of `scatter_apply` works on scalars, but reads an array")
    count = len(consts)
    carried = _carrying(jaxpr.hoisted, count)
    shape = aval_of(operand).shape
    return scatter_apply_p.bind(
        *[lax.broadcast(c, shape) for c in consts],
        operand,
        scatter_indices,
        jaxpr=carried,
        update_shape=tuple(update_shape),
        dimension_numbers=ScatterDimensionNumbers(*map(tuple, dimension_numbers)),
        indices_are_sorted=bool(indices_are_sorted),
        unique_indices=bool(unique_indices),
        mode=GatherScatterMode.from_any(mode),
    )[count]


def _carrying(jaxpr: Jaxpr, count: int) -> Jaxpr:
    """The function as a step of a state: what it closed over is carried along unchanged."""
    return jaxpr.replace(outvars=[*jaxpr.invars[:count], *jaxpr.outvars])


def _apply_type(*avals: ShapedArray, jaxpr: Jaxpr, update_shape: tuple, **params: Any) -> list:
    *states, indices = avals
    for x in states:
        updates = ShapedArray(update_shape, x.dtype)
        check_scatter("scatter_apply", x, indices, updates, params["dimension_numbers"])
    return [ShapedArray(x.shape, x.dtype) for x in states]


def _apply_numpy(*arrays: Any, jaxpr: Jaxpr, update_shape: tuple, **params: Any) -> list[Any]:
    *states, indices = arrays
    states = [x.copy() for x in states]
    if not np.prod(update_shape):
        return states
    numbers, mode = params["dimension_numbers"], params["mode"]
    places, _ = numpy_places(states[0], indices, update_shape, numbers, mode)
    for place in zip(*places, strict=True) if places else [()]:
        new = evaluate_jaxpr_numpy(jaxpr, (), [np.asarray(x[place]) for x in states])
        for x, value in zip(states, new, strict=True):
            x[place] = value
    return states


@memoized
def _with_jacobian(jaxpr: Jaxpr, inexact: tuple[int, ...]) -> Jaxpr:
    """The step of a state, and of the derivatives of its inexact parts by where they began."""
    count, width = len(jaxpr.invars), len(inexact)

    def function(*args: Any) -> list[Any]:
        state, rows = args[:count], args[count:]
        outs: list[Any] = []
        columns = []
        for j in range(width):
            tangents: list[Any] = [Zero(tangent_aval(v.aval)) for v in jaxpr.invars]
            for i, position in enumerate(inexact):
                tangents[position] = rows[i * width + j]
            outs, moved = jvp_of(lambda *xs: evaluate(jaxpr, (), *xs), state, tangents)
            columns.append(
                [algebra.zeros(t.aval) if type(t) is Zero else t for t in map(moved.__getitem__,
                 inexact)]
            )  # fmt: skip
        return [*outs, *[columns[j][i] for i in range(width) for j in range(width)]]

    avals = jaxpr.in_avals
    extra = [avals[i] for i in inexact for _ in inexact]
    return stage_jaxpr(function, [*avals, *extra], name=f"{jaxpr.name}_jacobian")


def _apply_jvp(primals: Any, tangents: Any, *, jaxpr: Jaxpr, **params: Any) -> tuple[Any, Any]:
    *states, indices = primals
    moving = [i for i, t in enumerate(tangents[:-1]) if type(t) is not Zero]
    if not moving:
        outs = scatter_apply_p.bind(*primals, jaxpr=jaxpr, **params)
        return outs, [Zero(tangent_aval(aval_of(x))) for x in outs]
    avals = [aval_of(x) for x in states]
    inexact = tuple(i for i, a in enumerate(avals) if tangent_aval(a) is a)
    identity = [
        lax.full(avals[i].shape, 1 if i == j else 0, avals[i].dtype)
        for i in inexact
        for j in inexact
    ]
    made = scatter_apply_p.bind(
        *states, *identity, indices, jaxpr=_with_jacobian(jaxpr, inexact), **params
    )
    outs, rows = made[: len(states)], made[len(states) :]
    out_tangents: list[Any] = [Zero(tangent_aval(a)) for a in avals]
    for i, position in enumerate(inexact):
        total = None
        for j, source in enumerate(inexact):
            if source in moving:
                part = lax.mul(tangents[source], rows[i * len(inexact) + j])
                total = part if total is None else lax.add(total, part)
        out_tangents[position] = total
    return outs, out_tangents


def _apply_batch(axis: Any, args: Any, dims: Any, *, update_shape: tuple, **params: Any) -> Any:
    *states, indices = args
    *state_dims, d = dims
    moved = [
        algebra.broadcast(x, axis.size, 0) if s is None else algebra.moveaxis(x, s, 0) if s else x
        for x, s in zip(states, state_dims, strict=True)
    ]
    if d:
        indices = algebra.moveaxis(indices, d, 0)
    params["dimension_numbers"] = batch_numbers(params["dimension_numbers"], d is not None)
    shape = (axis.size, *update_shape)
    outs = scatter_apply_p.bind(
        *moved,
        indices,
        jaxpr=params["jaxpr"],
        update_shape=shape,
        **{k: v for k, v in params.items() if k != "jaxpr"},
    )
    return outs, [0] * len(outs)


def _apply_hlo(
    *args: Any, jaxpr: Jaxpr, update_shape: tuple, dimension_numbers: Any, **params: Any
) -> list[Any]:
    """Read the windows, step them as often as each element is meant, and write them back.

    Elements that are meant several times are read several times, and the same value is written.
    """
    *states, indices = args
    numbers = dimension_numbers
    shape = aval_of(states[0]).shape
    sizes = window_sizes(shape, update_shape, numbers)
    flags = {k: params[k] for k in ("indices_are_sorted", "unique_indices")}

    def windows(x: Any) -> Any:
        found = lax.gather(
            x, indices, GatherDimensionNumbers(*numbers), sizes, mode="clip", **flags
        )
        return lax.reshape(found, (math.prod(update_shape),))

    step, _ = batch_jaxpr(jaxpr, AxisData(math.prod(update_shape)), (True,) * len(states), True)
    values = [windows(x) for x in states]
    if params["unique_indices"]:
        values = evaluate(step, (), *values)
    elif values[0].size:
        ones = lax.full(update_shape, 1, np.int32)
        zeros = lax.full(shape, 0, np.int32)
        counts = windows(lax.scatter_add(zeros, indices, ones, numbers, **params))
        values = _repeated(step, counts, values)
    return [
        lax.scatter(x, indices, lax.reshape(v, update_shape), numbers, **params)
        for x, v in zip(states, values, strict=True)
    ]


def _repeated(step: Jaxpr, counts: Any, values: list[Any]) -> list[Any]:
    """Values after as many steps as `counts` says for each."""
    rounds = lax.reduce_max(counts, (0,))

    def body(carry: Any) -> Any:
        i, values = carry
        due = lax.gt(counts, i)
        stepped = evaluate(step, (), *values)
        kept = [lax.select(due, new, old) for new, old in zip(stepped, values, strict=True)]
        return lax.add(i, np.int32(1)), kept

    start = (lax.full((), 0, np.int32), values)
    return lax.while_loop(lambda carry: lax.lt(carry[0], rounds), body, start)[1]


scatter_apply_p = Primitive(
    "scatter_apply",
    type=_apply_type,
    numpy=_apply_numpy,
    jvp=_apply_jvp,
    transpose=Waived("applying a function is not linear; its derivative is a product"),
    batch=_apply_batch,
    lower=lower_by_tracing(_apply_hlo, multiple_results=True),
    multiple_results=True,
)
