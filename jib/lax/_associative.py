"""Running results of an associative function, computed in parallel: `associative_scan`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jib import lax
from jib.core.avals import ShapedArray
from jib.core.tracing import aval_of, is_eager
from jib.errors import ArgumentTypeError, ArgumentValueError, CarryError
from jib.lax._loops_scan import scan
from jib.lax._programs import check_structure
from jib.lax._shaping import canonical_axis
from jib.tree import tree_registry

__all__ = ["associative_scan"]

Combine = Callable[[Sequence[Any], Sequence[Any]], list[Any]]


def associative_scan(
    fn: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """The running results of an associative function along an axis.

    Element `i` of the result is `fn(... fn(fn(x[0], x[1]), x[2]) ..., x[i])`. It takes at most
    `2 * log2(n)` calls of `fn`, one after the other, on at most `2 * n` elements together
    (Blelloch, "Prefix sums and their applications", 1990).

    Args:
        fn: from two trees structured as `elems`, with any number of elements along `axis`, to one.
            It is called on many elements at once, so it works element by element along `axis`.
        elems: a tree of arrays with equal lengths (0 and 1 too) along `axis`.
        reverse: begin at the last element.
        axis: the axis of each array to go along.

    Raises:
        ArgumentTypeError: if `fn` is not a function.
        ArgumentValueError: if the arrays have different lengths.
        CarryError: if `fn` changes shapes or dtypes.
        StructureError: if `fn` changes the structure.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.associative_scan(jnp.maximum, jnp.array([1, 3, 2, 5, 4])).tolist()
        [1, 3, 3, 5, 5]
    """
    if not callable(fn):
        raise ArgumentTypeError(
            f"`fn` of `associative_scan` must be a function, but is a {type(fn).__name__}",
            help="lax.associative_scan(fn, elems)",
        )
    leaves, tree = tree_registry.flatten(elems)
    axes = [canonical_axis("associative_scan", axis, aval_of(x).ndim) for x in leaves]
    lengths = sorted({aval_of(x).shape[a] for x, a in zip(leaves, axes, strict=True)})
    if len(lengths) > 1:
        raise ArgumentValueError(
            f"`associative_scan` needs one length along axis {axis}, but got "
            + " and ".join(map(str, lengths))
        )
    if not lengths or lengths[0] < 2:
        return elems

    def combine(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
        outs, out_tree = tree_registry.flatten(fn(tree.unflatten(a), tree.unflatten(b)))
        check_structure("associative_scan", elems, tree, out_tree)
        changed = [
            ("an element", str(before), str(after))
            for before, after in zip(map(aval_of, a), map(aval_of, outs), strict=True)
            if (before.shape, before.dtype) != (after.shape, after.dtype)
        ]
        if changed:
            raise CarryError.differs("associative_scan", changed)
        return outs

    def whole() -> list[Any]:
        flip = lambda xs: [lax.rev(x, (a,)) for x, a in zip(xs, axes, strict=True)]  # noqa: E731
        outs = _prefixes(combine, flip(leaves) if reverse else leaves, axes)
        return flip(outs) if reverse else outs

    if not is_eager():
        return tree.unflatten(whole())
    # One program, instead of a call for every piece: a loop of one step.
    outs = scan(lambda _, __: ((), whole()), (), None, 1)[1]
    return tree.unflatten([lax.squeeze(x, (0,)) for x in outs])


def _prefixes(combine: Combine, xs: Sequence[Any], axes: Sequence[int]) -> list[Any]:
    """Combine neighbours, solve that problem of half the size, and fill in the elements between."""
    length = aval_of(xs[0]).shape[axes[0]]
    if length < 2:
        return list(xs)

    def part(values: Sequence[Any], start: int, stop: int, step: int = 1) -> list[Any]:
        pairs = zip(values, axes, strict=True)
        return [lax.slice_in_dim(x, start, stop, step, axis) for x, axis in pairs]

    odd = _prefixes(combine, combine(part(xs, 0, length - 1, 2), part(xs, 1, length, 2)), axes)
    even = part(xs, 0, 1)
    between = (length - 1) // 2
    if between:
        filled = combine(part(odd, 0, between), part(xs, 2, length, 2))
        even = [lax.concatenate(pair, a) for *pair, a in zip(even, filled, axes, strict=True)]
    whole = [
        _interleaved(*pair) for pair in zip(part(even, 0, length // 2), odd, axes, strict=True)
    ]
    if length % 2:
        last = part(even, length // 2, length // 2 + 1)
        whole = [lax.concatenate(pair, a) for *pair, a in zip(whole, last, axes, strict=True)]
    return whole


def _interleaved(even: Any, odd: Any, axis: int) -> Any:
    aval: ShapedArray = aval_of(even)
    both = lax.concatenate([lax.expand_dims(x, (axis + 1,)) for x in (even, odd)], axis + 1)
    shape = (*aval.shape[:axis], 2 * aval.shape[axis], *aval.shape[axis + 1 :])
    return lax.reshape(both, shape)
