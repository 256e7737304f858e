"""`vmap`: a function of one example as a function of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from jib.core.avals import AxisData
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError, BatchSizeError, Provenance
from jib.passes.batch import batched, to_batch_axis
from jib.transforms import _calls
from jib.tree import broadcast_prefix, tree_registry

__all__ = ["vmap"]


def vmap(
    fun: Callable[..., Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    sum_match: bool = False,
) -> Callable[..., Any]:
    """Map a function over an axis of its arguments, all members of the batch at once.

    Args:
        fun: a function of arrays (or trees of them).
        in_axes: the axis of each argument to map over, None for an argument that all members share;
            an integer for all, or a tuple of prefixes of the arguments' trees. Arguments passed by
            keyword are mapped over axis 0.
        out_axes: where the mapped axis stands in the results, as a prefix of their tree.
        axis_name: a name by which collectives (`lax.psum`) speak of the axis.
        axis_size: the length of the axis, needed when no argument is mapped.
        spmd_axis_name: the mesh axis that the mapped axis is spread over.
        sum_match: not used.

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

    @functools.wraps(fun)
    @api_boundary
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, in_tree = tree_registry.flatten((args, kwargs))
        axes = _in_axes(fun, in_axes, args, kwargs)
        size = _size(fun, args, kwargs, leaves, axes, axis_size)
        axis = AxisData(size, axis_name)
        dims = [
            None if a is None else a % aval_of(x).ndim for x, a in zip(leaves, axes, strict=True)
        ]
        flat, out_tree = _calls.flat_function(fun, in_tree)
        owner = functools.partial(_owner, fun, args, kwargs, leaves, dims)
        outs, out_dims = batched(flat, axis, leaves, dims, owner)
        wanted = _out_axes(out_axes, out_tree[0], len(outs))
        results = [_place(x, d, w, axis) for x, d, w in zip(outs, out_dims, wanted, strict=True)]
        return out_tree[0].unflatten(results)

    return mapped


def _in_axes(fun: Any, in_axes: Any, args: tuple, kwargs: dict) -> list[Any]:
    if isinstance(in_axes, int) or in_axes is None:
        axes: Any = (in_axes,) * len(args)
    elif not isinstance(in_axes, tuple):
        raise _not_an_axis("in_axes", in_axes)
    else:
        axes = in_axes
        if len(axes) != len(args):
            raise ArgumentValueError(
                f"`vmap` got in_axes for {len(axes)} argument(s), but "
                f"`{_calls.function_name(fun)}` was called with {len(args)}",
                help="give one entry for each positional argument: an axis, or None",
            )
    none_is_leaf = lambda a: a is None  # noqa: E731
    found = broadcast_prefix(axes, args, is_leaf=none_is_leaf)
    for axis in found:
        if type(axis) is not int and axis is not None:
            raise _not_an_axis("in_axes", axis)
    return [*found, *broadcast_prefix(0, kwargs, is_leaf=none_is_leaf)]


def _owner(fun: Any, args: tuple, kwargs: dict, leaves: Any, dims: Any) -> Provenance:
    """What errors say of batched values: the argument they come from, when only one is mapped."""
    mapped = [i for i, d in enumerate(dims) if d is not None]
    shown = []
    if len(mapped) == 1:
        aval, dim = aval_of(leaves[mapped[0]]), dims[mapped[0]]
        one = aval.update(shape=aval.shape[:dim] + aval.shape[dim + 1 :])
        shown = [(_calls.argument_names(fun, args, kwargs)[mapped[0]], str(one))]
    return _calls.provenance(fun, shown, "jib.vmap")


def _size(
    fun: Any, args: tuple, kwargs: dict, leaves: Sequence[Any], axes: Sequence[Any], given: Any
) -> int:
    sizes: dict[int, list[int]] = {}
    for i, (x, axis) in enumerate(zip(leaves, axes, strict=True)):
        if axis is None:
            continue
        aval = aval_of(x)
        if not -aval.ndim <= axis < aval.ndim:
            name = _calls.argument_names(fun, args, kwargs)[i]
            raise ArgumentValueError(
                f"`vmap` cannot map over axis {axis} of `{name}`: {aval} has {aval.ndim} axes",
                help=f"in_axes=None for `{name}`, if all members of the batch share it",
            )
        sizes.setdefault(aval.shape[axis], []).append(i)
    if given is not None:
        sizes.setdefault(given, [])
    if len(sizes) == 1:
        return next(iter(sizes))
    if not sizes:
        raise ArgumentValueError(
            "`vmap` has nothing to map over: every entry of in_axes is None",
            help="give axis_size=n, or an axis for one of the arguments",
        )
    names = _calls.argument_names(fun, args, kwargs)
    found = [
        (names[i], str(aval_of(leaves[i])), axes[i], n) for n, where in sizes.items() for i in where
    ]
    if given is not None:
        found.append(("axis_size", "int", 0, given))
    raise BatchSizeError.differ(_calls.function_name(fun), found)


def _out_axes(out_axes: Any, tree: Any, count: int) -> list[Any]:
    full = tree.unflatten(list(range(count)))
    return broadcast_prefix(out_axes, full, is_leaf=lambda a: a is None)


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
        raise _not_an_axis("out_axes", wanted)
    if not -ndim <= wanted < ndim:
        raise ArgumentValueError(
            f"`vmap` cannot put the batch at axis {wanted} of a result that then has {ndim} axes",
            help="out_axes=0",
        )
    return to_batch_axis(x, dim, axis, wanted % ndim)


def _not_an_axis(name: str, given: Any) -> ArgumentTypeError:
    return ArgumentTypeError(
        f"{name} of `vmap` holds integers and None, but got {given!r}", help=f"{name}=0"
    )
