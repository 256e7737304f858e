"""Arrays with borders around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.scalars import exact_scalar
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError, ShapeError
from jib.lax._shaping import canonical_axis
from jib.numpy._creation import asarray
from jib.numpy._promotion import as_operand, broadcast_to_shape
from jib.numpy._taking import take_in_bounds
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["pad"]


def pad(array: ArrayLike, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Array:
    """An array with borders around it.

    Args:
        array: an array.
        pad_width: how wide: a number, a pair `(before, after)`, or a pair for each axis.
        mode: what stands in them: "constant" (`constant_values`, 0 by default), "edge", "wrap",
            "reflect", "symmetric", "maximum", "mean", "minimum" or "empty".

    Raises:
        ArgumentValueError: if the mode is not one of these, or a width is negative.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.pad(jnp.array([1, 2]), (1, 2)).tolist()
        [0, 1, 2, 0, 0]
    """
    array = as_operand("pad", array)
    widths = _pairs("pad", pad_width, aval_of(array).ndim)
    if any(w < 0 for pair in widths for w in pair):
        raise ArgumentValueError(f"`pad` takes widths of 0 or more, but got {pad_width}")
    if mode in ("constant", "empty"):
        values = kwargs.pop("constant_values", 0) if mode == "constant" else 0
        _no_more("pad", kwargs)
        return _pad_constant(array, values, widths)
    if kwargs.pop("reflect_type", "even") != "even" or kwargs.pop("stat_length", None) is not None:
        raise ArgumentValueError("`pad` knows reflect_type='even' and stat_length=None alone")
    _no_more("pad", kwargs)
    if mode not in (*_PAD_INDEX, *_PAD_STATISTIC):
        known = ", ".join(["constant", "empty", *_PAD_INDEX, *_PAD_STATISTIC])
        raise ArgumentValueError(f"`pad` knows the modes {known}, but got {mode!r}")
    return _pad_by_mode(array, widths, mode)


def _no_more(name: str, kwargs: dict[str, Any]) -> None:
    if kwargs:
        raise ArgumentTypeError(f"`{name}` got an unknown argument `{next(iter(kwargs))}`")


def _pairs(name: str, given: Any, ndim: int) -> tuple[tuple[int, int], ...]:
    """One pair for each axis."""
    if isinstance(given, dict):
        found = [(0, 0)] * ndim
        for axis, pair in given.items():
            before, after = (pair, pair) if isinstance(pair, int) else pair
            found[canonical_axis(name, axis, ndim)] = (int(before), int(after))
        return tuple(found)
    try:
        full = np.broadcast_to(np.asarray(given), (ndim, 2))
    except ValueError:
        raise ShapeError(
            f"`{name}` needs a pair for each of {ndim} axes, but got {given}"
        ) from None
    return tuple((int(a), int(b)) for a, b in full)


@compiled(static=("widths",))
def _pad_constant(array: Any, values: Any, widths: tuple) -> Any:
    values = asarray(values, aval_of(array).dtype)
    if not values.ndim:
        return lax.pad(array, values, [(before, after, 0) for before, after in widths])
    ndim = len(widths)
    values = broadcast_to_shape(values, (ndim, 2))
    for axis, pair in enumerate(widths):
        for side, width in enumerate(pair):
            config = [(0, 0, 0)] * ndim
            config[axis] = (0, width, 0) if side else (width, 0, 0)
            array = lax.pad(array, values[axis, side], config)
    return array


def _periodic(position: Any, period: int) -> Any:
    rest = lax.rem(position, np.int32(period))
    return lax.select(lax.lt(rest, np.int32(0)), lax.add(rest, np.int32(period)), rest)


def _mirrored(position: Any, period: int, last: int) -> Any:
    rest = _periodic(position, period)
    return lax.min(rest, lax.sub(np.int32(last), rest))


# Where the element at a position outside comes from, for an axis of length n.
_PAD_INDEX: dict[str, Callable[[Any, int], Any]] = {
    "edge": lambda p, n: lax.clamp(np.int32(0), p, np.int32(n - 1)),
    "wrap": lambda p, n: _periodic(p, n),
    "symmetric": lambda p, n: _mirrored(p, 2 * n, 2 * n - 1),
    "reflect": lambda p, n: _mirrored(p, max(2 * n - 2, 1), max(2 * n - 2, 0)),
}


def _mean(x: Any, axes: tuple[int, ...]) -> Any:
    dtype, length = aval_of(x).dtype, aval_of(x).shape[axes[0]]
    wide = dtypes.to_inexact_dtype(dtype)
    total = lax.reduce_sum(lax.convert_element_type(x, wide), axes)
    total = lax.div(total, exact_scalar(length, wide))
    if dtypes.issubdtype(dtype, np.integer):
        total = lax.round(total, lax.RoundingMethod.TO_NEAREST_EVEN)
    return lax.convert_element_type(total, dtype)


_PAD_STATISTIC: dict[str, Callable[[Any, tuple[int, ...]], Any]] = {
    "maximum": lambda x, axes: lax.reduce_max(x, axes),
    "mean": _mean,
    "minimum": lambda x, axes: lax.reduce_min(x, axes),
}


@compiled(static=("widths", "mode"))
def _pad_by_mode(array: Any, widths: tuple, mode: str) -> Any:
    for axis, (before, after) in enumerate(widths):
        shape = aval_of(array).shape
        length = shape[axis]
        if not before and not after:
            continue
        if not length:
            raise ArgumentValueError(f"`pad` cannot fill the border of empty axis {axis} ({mode})")
        if mode in _PAD_INDEX:
            place = lax.iota(np.dtype(np.int32), before + length + after)
            index = _PAD_INDEX[mode](lax.sub(place, np.int32(before)), length)
            array = take_in_bounds(array, index, axis)
        else:
            value = lax.expand_dims(_PAD_STATISTIC[mode](array, (axis,)), (axis,))
            borders = [
                broadcast_to_shape(value, (*shape[:axis], n, *shape[axis + 1 :]))
                for n in (before, after)
            ]
            array = lax.concatenate([borders[0], array, borders[1]], axis)
    return array
