"""`vmap`: a function of one example as a function of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from jib.core.avals import AxisData
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, NotAvailableError, Provenance
from jib.passes.batch import batched, to_batch_axis
from jib.transforms import _calls
from jib.transforms._mapped import mapped_axes, mapped_size, not_an_axis
from jib.tree import tree_registry

__all__ = ["vmap"]

P = ParamSpec("P")
R = TypeVar("R")


def vmap(
    fun: Callable[P, R],
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    sum_match: bool = False,
) -> Callable[P, R]:
    """Map a function over an axis of its arguments, all members of the batch at once.

    Args:
        fun: a function of arrays (or trees of them).
        in_axes: the axis of each argument to map over, None for an argument that all members share;
            an integer for all, or a tuple of prefixes of the arguments' trees. Arguments passed by
            keyword are mapped over axis 0.
        out_axes: where the mapped axis stands in the results, as a prefix of their tree.
        axis_name: a name by which collectives (`lax.psum`) speak of the axis.
        axis_size: the length of the axis, needed when no argument is mapped.
        spmd_axis_name: the mesh axis (or a tuple of them) that the mapped axis is split over, in
            sharding constraints inside the function.
        sum_match: not there; anything but the default is an error.

    Raises:
        BatchSizeError: if the mapped axes have different lengths.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.vmap(jnp.dot, in_axes=(0, None))(jnp.ones((3, 2)), jnp.ones(2)).tolist()
        [2.0, 2.0, 2.0]
    """
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)

    if sum_match:
        raise NotAvailableError("vmap(sum_match=True)", "jib.vmap(f)")

    @functools.wraps(fun)
    @api_boundary
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, in_tree = tree_registry.flatten((args, kwargs))
        axes = mapped_axes("vmap", fun, in_axes, args, kwargs)
        size = mapped_size("vmap", fun, args, kwargs, leaves, axes, axis_size)
        axis = AxisData(size, axis_name, spmd_axis_name)
        dims = [
            None if a is None else a % aval_of(x).ndim for x, a in zip(leaves, axes, strict=True)
        ]
        flat, out_tree = _calls.flat_function(fun, in_tree)
        owner = functools.partial(_owner, fun, args, kwargs, leaves, dims)
        outs, out_dims = batched(flat, axis, leaves, dims, owner)
        wanted = _calls.per_leaf(out_axes, out_tree[0])
        results = [_place(x, d, w, axis) for x, d, w in zip(outs, out_dims, wanted, strict=True)]
        return out_tree[0].unflatten(results)

    return mapped


def _owner(fun: Any, args: tuple, kwargs: dict, leaves: Any, dims: Any) -> Provenance:
    """What errors say of batched values: the argument they come from, when only one is mapped."""
    mapped = [i for i, d in enumerate(dims) if d is not None]
    shown = []
    if len(mapped) == 1:
        aval, dim = aval_of(leaves[mapped[0]]), dims[mapped[0]]
        one = aval.update(shape=aval.shape[:dim] + aval.shape[dim + 1 :])
        shown = [(_calls.argument_names(fun, args, kwargs)[mapped[0]], str(one))]
    return _calls.provenance(fun, shown, "jib.vmap")


def _place(x: Any, dim: int | None, wanted: Any, axis: AxisData) -> Any:
    if wanted is None:
        if dim is not None:
            raise ArgumentValueError(
                "`vmap` was asked for a result without batch axis (out_axes=None), but it differs "
                "between the members of the batch",
                help="out_axes=0",
            )
        return x
    aval = aval_of(x)
    ndim = aval.ndim + (dim is None)
    if type(wanted) is not int:
        raise not_an_axis("vmap", "out_axes", wanted)
    if not -ndim <= wanted < ndim:
        raise ArgumentValueError(
            f"`vmap` cannot put the batch at axis {wanted} of a result that then has {ndim} axes",
            help="out_axes=0",
        )
    return to_batch_axis(x, dim, axis, wanted % ndim)
