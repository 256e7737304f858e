"""Applying a function to elements of an array, at positions that are an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax
from jib.core.tracing import aval_of
from jib.errors import DTypeError, ShapeError
from jib.lax._folding import on_elements
from jib.lax._gathering import GatherDimensionNumbers, GatherScatterMode
from jib.lax._scattering import ScatterDimensionNumbers, window_sizes
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
    x, indices, shape = operand, scatter_indices, tuple(update_shape)
    numbers = ScatterDimensionNumbers(*(tuple(axes) for axes in dimension_numbers))
    flags = {"indices_are_sorted": indices_are_sorted, "unique_indices": unique_indices}
    sizes = window_sizes(aval_of(x).shape, shape, numbers)

    def windows(values: Any) -> Any:
        gathers = GatherDimensionNumbers._make(numbers)
        return lax.gather(values, indices, gathers, sizes, mode="clip", **flags)

    def step(values: Any) -> Any:
        return on_elements(lambda v: [_checked(func(v), v)], [values])[0]

    values = windows(x)
    if unique_indices or not aval_of(values).size:
        values = step(values)
    else:
        # Elements that are meant several times are read several times, and written alike.
        zeros = lax.full(aval_of(x).shape, 0, np.int32)
        ones = lax.full(shape, 1, np.int32)
        counts = windows(lax.scatter_add(zeros, indices, ones, numbers, mode=mode, **flags))
        most = lax.reduce_max(counts, tuple(range(len(shape))))

        def turn(i: Any, values: Any) -> Any:
            return lax.cond(
                lax.gt(most, i),
                lambda v: lax.select(lax.gt(counts, i), step(v), v),
                lambda v: v,
                values,
            )

        # A known number of turns has a reverse-mode derivative; those that are not due do nothing.
        turns = int(np.prod(aval_of(indices).shape[:-1]))
        values = lax.fori_loop(0, turns, turn, values)
    return lax.scatter(x, indices, values, numbers, mode=mode, **flags)


def _checked(out: Any, element: Any) -> Any:
    wanted, found = aval_of(element), aval_of(out)
    if found.shape:
        raise ShapeError(f"the function of `scatter_apply` must return a scalar, but gave {found}")
    if found.dtype != wanted.dtype:
        raise DTypeError(
            f"the function of `scatter_apply` must return {wanted}, but gave {found}",
            help=f"lambda x: func(x).astype({wanted.dtype.name!r})",
        )
    return lax.convert_element_type(out, wanted.dtype)
