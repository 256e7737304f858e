"""How many windows fit along an axis: padding, strides and dilation in numbers."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from operator import index
from typing import Any

from jib.errors import ArgumentValueError, ShapeError

__all__ = ["padtype_to_pads"]

Pads = tuple[tuple[int, int], ...]

_NAMES = ("SAME", "SAME_LOWER", "VALID")


def dilated(size: int, dilation: int) -> int:
    """The length of an axis once `dilation - 1` holes stand between its elements."""
    return (size - 1) * dilation + 1 if size else 0


def count_windows(
    sizes: Sequence[int], windows: Sequence[int], strides: Sequence[int], pads: Pads
) -> tuple[int, ...]:
    """How many windows there are along each axis; sizes and windows are dilated already."""
    return tuple(
        max((low + size + high - window) // stride + 1, 0) if low + size + high >= window else 0
        for size, window, stride, (low, high) in zip(sizes, windows, strides, pads, strict=True)
    )


def numbers_for(
    name: str, what: str, values: Sequence[int] | None, count: int, least: int = 1
) -> tuple[int, ...]:
    """One whole number for each of `count` axes; 1 where nothing is said.

    Raises:
        ShapeError: if there are more or fewer.
        ArgumentValueError: if one is less than `least`.
    """
    if values is None:
        return (1,) * count
    found = tuple([index(v) for v in values])
    if len(found) != count:
        some = (found + (1,) * count)[:count]
        axes = f"{count} axis" if count == 1 else f"{count} axes"
        raise ShapeError(f"`{name}` got {what} {found} for {axes}", help=f"{what}={some}")
    if any([v < least for v in found]):
        raise ArgumentValueError(
            f"`{name}` got {what} {found}, but each must be at least {least}",
            help=f"{what}={tuple(max(v, least) for v in found)}",
        )
    return found


def padtype_to_pads(
    in_shape: Sequence[int], window_shape: Sequence[int], window_strides: Sequence[int],
    padding: str,
) -> list[tuple[int, int]]:  # fmt: skip
    """The numbers that a padding name stands for.

    `"SAME"` makes one window start at each stride (with what is odd at the end, `"SAME_LOWER"` at
    the start), `"VALID"` adds nothing.

    Raises:
        ArgumentValueError: if there is no padding of this name.

    Example:
        >>> from jib import lax
        >>> lax.padtype_to_pads((5,), (4,), (1,), "SAME")
        [(1, 2)]
    """
    name = str(padding).upper()
    if name not in _NAMES:
        near = difflib.get_close_matches(name, _NAMES, 1) or ["SAME"]
        raise ArgumentValueError(
            f"there is no padding named {padding!r}",
            help=f"padding={near[0]!r}",
            notes=[f"the names are {', '.join(_NAMES)}; or give (low, high) for each axis"],
        )
    pads = []
    for size, window, stride in zip(in_shape, window_shape, window_strides, strict=True):
        total = 0 if name == "VALID" else max((-(-size // stride) - 1) * stride + window - size, 0)
        low = total // 2 if name != "SAME_LOWER" else total - total // 2
        pads.append((low, total - low))
    return pads


def pads_for(
    name: str, padding: Any, sizes: Sequence[int], windows: Sequence[int], strides: Sequence[int]
) -> Pads:
    """`(low, high)` for each axis, from a name or from pairs.

    Raises:
        ArgumentValueError: if it is neither.
        ShapeError: if there are more or fewer pairs than axes.
    """
    if isinstance(padding, str):
        return tuple(padtype_to_pads(sizes, windows, strides, padding))
    try:
        pads = tuple([(index(low), index(high)) for low, high in padding])
    except (TypeError, ValueError):
        some = ((0, 0),) * len(sizes)
        raise ArgumentValueError(
            f"`{name}` got padding {padding!r}, which is neither a name nor (low, high) pairs",
            help=f"padding={some}",
        ) from None
    if len(pads) != len(sizes):
        some = (pads + ((0, 0),) * len(sizes))[: len(sizes)]
        axes = f"{len(sizes)} axis" if len(sizes) == 1 else f"{len(sizes)} axes"
        raise ShapeError(f"`{name}` got padding {pads} for {axes}", help=f"padding={some}")
    return pads


def pads_back(
    sizes: Sequence[int], windows: Sequence[int], counts: Sequence[int], strides: Sequence[int],
    pads: Pads,
) -> Pads:  # fmt: skip
    """The padding with which reversed windows lead from the results back to the operand.

    Sizes and windows are dilated; the results (`counts` of them) are dilated by `strides`, and the
    windows move by the operand's dilation.
    """
    found = []
    for size, window, count, stride, (low, _) in zip(
        sizes, windows, counts, strides, pads, strict=True
    ):
        before = window - 1 - low
        found.append((before, size + window - 1 - dilated(count, stride) - before))
    return tuple(found)
