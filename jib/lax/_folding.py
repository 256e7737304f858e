"""Reduction by any associative function of the user."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from jib import lax, tree
from jib.core.avals import AxisData, ShapedArray
from jib.core.jaxpr import Jaxpr
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ShapeError
from jib.lax._reductions import canonical_axes, halve_until_one
from jib.passes.batch import batched, to_batch_axis
from jib.passes.stage import stage

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

    scalars = [ShapedArray((), a.dtype) for a in avals]

    def flat(*values: Any) -> list[Any]:
        left, right = values[: len(leaves)], values[len(leaves) :]
        outs = tree.flatten(computation(structure.unflatten(left), structure.unflatten(right)))[0]
        found = [aval_of(x) for x in outs]
        if [a.strip_weak_type() for a in found] != scalars:
            raise ArgumentTypeError(
                f"the computation of `reduce` takes {scalars} and must return the same, but "
                f"returns {found}"
            )
        return [lax.convert_element_type(x, a.dtype) for x, a in zip(outs, scalars, strict=True)]

    def combine(left: Any, right: Any) -> list[Any]:
        return on_elements(flat, [*left, *right])

    rest = tuple(n for i, n in enumerate(avals[0].shape) if i not in axes)
    inits = [lax.broadcast(x, rest) for x in inits]
    joined = _reduce_by_name(stage(flat, scalars * 2)[0], leaves, axes)
    if joined is None:
        if not math.prod(avals[0].shape[a] for a in axes):
            return structure.unflatten(inits)
        joined = halve_until_one(leaves, axes, combine, [0] * len(leaves))
    return structure.unflatten(combine(inits, joined))


def _reduce_by_name(jaxpr: Jaxpr, leaves: Any, axes: Any) -> list[Any] | None:
    """The reduction by a primitive of its own, if the computation is one known operation."""
    if len(leaves) != 1 or len(jaxpr.eqns) != 1 or set(jaxpr.eqns[0].invars) != set(jaxpr.invars):
        return None
    known = {
        "add": lax.reduce_sum, "mul": lax.reduce_prod, "max": lax.reduce_max,
        "min": lax.reduce_min, "and": lax.reduce_and, "or": lax.reduce_or, "xor": lax.reduce_xor,
    }  # fmt: skip
    reduction = known.get(jaxpr.eqns[0].primitive.name)
    return None if reduction is None else [reduction(leaves[0], axes)]


def on_elements(function: Callable[..., list[Any]], arrays: Sequence[Any]) -> list[Any]:
    """Apply a function of scalars to each element of arrays of one shape."""
    shape = aval_of(arrays[0]).shape
    axis = AxisData(math.prod(shape))
    flat = [lax.reshape(x, (axis.size,)) for x in arrays]
    outs, dims = batched(function, axis, flat, [0] * len(flat))
    full = [to_batch_axis(x, d, axis) for x, d in zip(outs, dims, strict=True)]
    return [lax.reshape(x, shape) for x in full]
