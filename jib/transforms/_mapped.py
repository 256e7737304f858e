"""Which axes `vmap` and `pmap` map over, and how long they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError, BatchSizeError
from jib.transforms import _calls
from jib.tree import broadcast_prefix

__all__ = ["mapped_axes", "mapped_size", "not_an_axis"]


def mapped_axes(
    transform: str, fun: Any, in_axes: Any, args: tuple, kwargs: dict[str, Any]
) -> list[Any]:
    """The mapped axis, or None, of each leaf of the arguments."""
    if isinstance(in_axes, int) or in_axes is None:
        axes: Any = (in_axes,) * len(args)
    elif not isinstance(in_axes, tuple):
        raise not_an_axis(transform, "in_axes", in_axes)
    else:
        axes = in_axes
        if len(axes) != len(args):
            raise ArgumentValueError(
                f"`{transform}` got in_axes for {len(axes)} argument(s), but "
                f"`{_calls.function_name(fun)}` was called with {len(args)}",
                help="give one entry for each positional argument: an axis, or None",
            )
    none_is_leaf = lambda a: a is None  # noqa: E731
    found = broadcast_prefix(axes, args, is_leaf=none_is_leaf)
    for axis in found:
        if type(axis) is not int and axis is not None:
            raise not_an_axis(transform, "in_axes", axis)
    return [*found, *broadcast_prefix(0, kwargs, is_leaf=none_is_leaf)]


def mapped_size(
    transform: str,
    fun: Any,
    args: tuple,
    kwargs: dict[str, Any],
    leaves: Sequence[Any],
    axes: Sequence[Any],
    given: int | None,
) -> int:
    """The length that all mapped axes have."""
    sizes: dict[int, list[int]] = {}
    for i, (x, axis) in enumerate(zip(leaves, axes, strict=True)):
        if axis is None:
            continue
        aval = aval_of(x)
        if not -aval.ndim <= axis < aval.ndim:
            name = _calls.argument_names(fun, args, kwargs)[i]
            raise ArgumentValueError(
                f"`{transform}` cannot map over axis {axis} of `{name}`: {aval} has {aval.ndim} "
                "axes",
                help=f"in_axes=None for `{name}`, if all members of the batch share it",
            )
        sizes.setdefault(aval.shape[axis], []).append(i)
    if given is not None:
        sizes.setdefault(given, [])
    if len(sizes) == 1:
        return next(iter(sizes))
    if not sizes:
        raise ArgumentValueError(
            f"`{transform}` has nothing to map over: every entry of in_axes is None",
            help="give axis_size=n, or an axis for one of the arguments",
        )
    names = _calls.argument_names(fun, args, kwargs)
    found = [
        (names[i], str(aval_of(leaves[i])), axes[i], n) for n, where in sizes.items() for i in where
    ]
    if given is not None:
        found.append(("axis_size", "int", 0, given))
    raise BatchSizeError.differ(_calls.function_name(fun), found)


def not_an_axis(transform: str, name: str, given: Any) -> ArgumentTypeError:
    """The error for an entry that is no axis."""
    return ArgumentTypeError(
        f"{name} of `{transform}` holds integers and None, but got {given!r}", help=f"{name}=0"
    )
