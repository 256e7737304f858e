"""Reduction by any associative function of the user."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import lax, tree
from jib.backend import mlir
from jib.backend.mlir import ir
from jib.core.avals import AxisData, ShapedArray
from jib.core.jaxpr import Jaxpr
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ShapeError
from jib.lax._reductions import canonical_axes, halve_until_one, shifted_axes
from jib.passes.batch import batched, to_batch_axis
from jib.passes.jvp import jvp
from jib.passes.lower import inline_jaxpr
from jib.passes.reference import evaluate_jaxpr_numpy
from jib.passes.stage import evaluate, stage

__all__ = ["reduce"]


def reduce(
    operands: Any,
    init_values: Any,
    computation: Callable[[Any, Any], Any],
    dimensions: Sequence[int],
    out_sharding: Any = None,
) -> Any:
    """Join the elements along some axes by a function of two (trees of) scalars.

    Args:
        operands: a tree of arrays of one shape.
        init_values: a tree of scalars of the same dtypes, the identity of `computation`: it may be
            joined any number of times, and in any order.
        computation: associative; takes and returns trees like `init_values`.
        dimensions: the axes.

    Raises:
        ShapeError: if the operands differ in shape.
        ArgumentTypeError: if `computation` returns other types than it takes.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.reduce(jnp.arange(4), 0, lax.add, (0,)).item()
        6
    """
    leaves, structure = tree.flatten(operands)
    inits, init_structure = tree.flatten(init_values)
    avals = [aval_of(x) for x in leaves]
    if init_structure != structure or not leaves:
        raise ArgumentTypeError("`reduce` needs one initial value for each operand")
    if any(a.shape != avals[0].shape for a in avals):
        raise ShapeError(f"`reduce` needs operands of one shape, but got {avals}")
    inits = [lax.convert_element_type(i, a.dtype) for i, a in zip(inits, avals, strict=True)]
    axes = canonical_axes("reduce", dimensions, avals[0].ndim)

    def flat(*values: Any) -> list[Any]:
        left, right = values[: len(leaves)], values[len(leaves) :]
        out = computation(structure.unflatten(left), structure.unflatten(right))
        return tree.flatten(out)[0]

    scalars = [ShapedArray((), a.dtype) for a in avals]
    jaxpr, consts = stage(flat, scalars * 2, name="computation")
    if [a.strip_weak_type() for a in jaxpr.out_avals] != scalars:
        raise ArgumentTypeError(
            f"the computation of `reduce` takes {scalars} and must return the same, but returns "
            f"{jaxpr.out_avals}"
        )
    if consts:
        raise ArgumentTypeError("the computation of `reduce` cannot use arrays from outside")
    outs = _reduce_by_name(jaxpr, leaves, inits, axes)
    if outs is None:
        outs = reduce_p.bind(*leaves, *inits, jaxpr=jaxpr, axes=axes)
    return structure.unflatten(outs)


def _reduce_by_name(jaxpr: Jaxpr, leaves: Any, inits: Any, axes: Any) -> list[Any] | None:
    """The reduction by a primitive of its own, if the computation is one known operation."""
    if len(leaves) != 1 or len(jaxpr.eqns) != 1 or set(jaxpr.eqns[0].invars) != set(jaxpr.invars):
        return None
    combine = jaxpr.eqns[0].primitive
    known = {
        "add": lax.reduce_sum, "mul": lax.reduce_prod, "max": lax.reduce_max,
        "min": lax.reduce_min, "and": lax.reduce_and, "or": lax.reduce_or, "xor": lax.reduce_xor,
    }  # fmt: skip
    if combine.name not in known:
        return None
    reduced = known[combine.name](leaves[0], axes)
    return [combine.bind(reduced, lax.broadcast(inits[0], aval_of(reduced).shape))]


def _reduce_tree(*operands: Any, jaxpr: Jaxpr, axes: tuple[int, ...]) -> list[Any]:
    """The same value by operations on whole arrays, which have derivatives."""
    count = len(operands) // 2
    shape = aval_of(operands[0]).shape
    rest = tuple(n for i, n in enumerate(shape) if i not in axes)
    inits = [lax.broadcast(x, rest) for x in operands[count:]]

    def combine(left: Any, right: Any) -> list[Any]:
        return _evaluate_elementwise(jaxpr, [*left, *right])

    if not math.prod(shape[a] for a in axes):
        return inits
    joined = halve_until_one(operands[:count], axes, combine, [0] * count)
    return combine(inits, joined)


def _evaluate_elementwise(jaxpr: Jaxpr, operands: Sequence[Any]) -> list[Any]:
    """Apply a program on scalars to each element of arrays of one shape."""
    shape = aval_of(operands[0]).shape
    axis = AxisData(math.prod(shape))
    flat = [lax.reshape(x, (axis.size,)) for x in operands]
    outs, dims = batched(lambda *xs: evaluate(jaxpr, (), *xs), axis, flat, [0] * len(flat))
    full = [to_batch_axis(x, d, axis) for x, d in zip(outs, dims, strict=True)]
    return [lax.reshape(x, shape) for x in full]


def _reduce_type(*avals: ShapedArray, jaxpr: Jaxpr, axes: tuple[int, ...]) -> list[ShapedArray]:
    operands = avals[: len(avals) // 2]
    shape = tuple(n for i, n in enumerate(operands[0].shape) if i not in axes)
    return [ShapedArray(shape, a.dtype) for a in operands]


def _reduce_numpy(*arrays: Any, jaxpr: Jaxpr, axes: tuple[int, ...]) -> list[Any]:
    count = len(arrays) // 2
    operands, inits = arrays[:count], arrays[count:]
    moved = [np.moveaxis(x, axes, range(len(axes))) for x in operands]
    rest = moved[0].shape[len(axes) :]
    rows = [x.reshape(math.prod(x.shape[: len(axes)]), math.prod(rest)) for x in moved]
    columns = []
    for column in range(math.prod(rest)):
        held = list(inits)
        for row in range(rows[0].shape[0]):
            held = evaluate_jaxpr_numpy(jaxpr, (), [*held, *(x[row, column] for x in rows)])
        columns.append(held)
    return [
        np.asarray([c[i] for c in columns], operands[i].dtype).reshape(rest) for i in range(count)
    ]


def _reduce_jvp(primals: Any, tangents: Any, *, jaxpr: Jaxpr, axes: tuple[int, ...]) -> Any:
    return jvp(lambda *xs: _reduce_tree(*xs, jaxpr=jaxpr, axes=axes), primals, tangents)


def _reduce_batch(axis: Any, args: Any, dims: Any, *, jaxpr: Jaxpr, axes: Any) -> Any:
    count = len(args) // 2
    operands = [to_batch_axis(x, d, axis) for x, d in zip(args[:count], dims, strict=False)]
    moved, _ = shifted_axes(axes, 0)
    inits, init_dims = args[count:], dims[count:]
    if all(d is None for d in init_dims):
        return reduce_p.bind(*operands, *inits, jaxpr=jaxpr, axes=moved), [0] * count
    # Initial values that differ within the batch join last; the elements alone start the tree.
    rest = tuple(n for i, n in enumerate(aval_of(operands[0]).shape) if i not in moved)
    starts = []
    for x, d in zip(inits, init_dims, strict=True):
        spread = (0,) if d is not None else ()
        starts.append(lax.broadcast_in_dim(x, rest, spread))
    if not math.prod(aval_of(operands[0]).shape[a] for a in moved):
        return starts, [0] * count

    def combine(left: Any, right: Any) -> list[Any]:
        return _evaluate_elementwise(jaxpr, [*left, *right])

    joined = halve_until_one(operands, moved, combine, [0] * count)
    return combine(starts, joined), [0] * count


def _reduce_lower(ctx: Any, *values: Any, jaxpr: Jaxpr, axes: tuple[int, ...]) -> list[Any]:
    scalars = [mlir.ir_type(a) for a in jaxpr.in_avals]
    reduced = mlir.emit_many(
        "stablehlo.reduce",
        [mlir.ir_type(a) for a in ctx.avals_out],
        list(values),
        {"dimensions": mlir.int64_array(axes)},
        regions=1,
    )
    block = reduced.regions[0].blocks.append(*scalars)
    with ir.InsertionPoint(block):
        inside = type(ctx)(ctx.module, {}, jaxpr.in_avals, jaxpr.out_avals)
        mlir.emit_many("stablehlo.return", [], inline_jaxpr(inside, jaxpr, list(block.arguments)))
    return list(reduced.results)


reduce_p = Primitive(
    "reduce",
    type=_reduce_type,
    numpy=_reduce_numpy,
    jvp=_reduce_jvp,
    transpose=Waived("`reduce` is not linear: its derivative is written with other primitives"),
    batch=_reduce_batch,
    lower=_reduce_lower,
    multiple_results=True,
)
