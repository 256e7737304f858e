"""Windows along one axis: the other axes are taken whole."""

from __future__ import annotations

import operator as operators
from typing import Any

from jib import lax
from jib.core.tracing import aval_of
from jib.errors import AxisError, IndexBoundsError
from jib.lax._shaping import canonical_axis
from jib.typing import ArrayLike

__all__ = [
    "dynamic_index_in_dim", "dynamic_slice_in_dim", "dynamic_update_index_in_dim",
    "dynamic_update_slice_in_dim", "index_in_dim", "slice_in_dim",
]  # fmt: skip


def slice_in_dim(
    operand: ArrayLike,
    start_index: int | None,
    limit_index: int | None,
    stride: int = 1,
    axis: int = 0,
) -> Any:
    """A window along one axis; positions may be negative or None, as in `x[start:limit:stride]`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.slice_in_dim(jnp.arange(5), -3, None).tolist()
        [2, 3, 4]
    """
    shape = aval_of(operand).shape
    axis = canonical_axis("slice_in_dim", axis, len(shape))
    size = shape[axis]
    start = 0 if start_index is None else operators.index(start_index)
    limit = size if limit_index is None else operators.index(limit_index)
    starts, limits, strides = [0] * len(shape), list(shape), [1] * len(shape)
    starts[axis] = start + size if start < 0 else start
    limits[axis] = limit + size if limit < 0 else limit
    strides[axis] = operators.index(stride)
    return lax.slice(operand, starts, limits, strides)


def index_in_dim(operand: ArrayLike, index: int, axis: int = 0, keepdims: bool = True) -> Any:
    """The elements at one fixed position of an axis, which stays with length 1 if `keepdims`.

    Raises:
        IndexBoundsError: if the position does not exist.
    """
    shape = aval_of(operand).shape
    axis = canonical_axis("index_in_dim", axis, len(shape))
    index, size = operators.index(index), shape[axis]
    if not -size <= index < size:
        raise IndexBoundsError.outside(index, axis, size)
    result = slice_in_dim(operand, index % size, index % size + 1, 1, axis)
    return result if keepdims else lax.squeeze(result, (axis,))


def _one_axis(name: str, operand: Any, axis: int, start: Any) -> tuple[int, list[Any], list[int]]:
    shape = list(aval_of(operand).shape)
    axis = canonical_axis(name, axis, len(shape))
    starts: list[Any] = [0] * len(shape)
    starts[axis] = start
    return axis, starts, shape


def dynamic_slice_in_dim(
    operand: ArrayLike,
    start_index: ArrayLike,
    slice_size: int,
    axis: int = 0,
    *,
    allow_negative_indices: bool = True,
) -> Any:
    """`dynamic_slice` along one axis."""
    axis, starts, sizes = _one_axis("dynamic_slice_in_dim", operand, axis, start_index)
    sizes[axis] = slice_size
    return lax.dynamic_slice(operand, starts, sizes, allow_negative_indices=allow_negative_indices)


def dynamic_index_in_dim(
    operand: ArrayLike,
    index: ArrayLike,
    axis: int = 0,
    keepdims: bool = True,
    *,
    allow_negative_indices: bool = True,
) -> Any:
    """The elements at one position of an axis, which stays with length 1 if `keepdims`."""
    axis, starts, sizes = _one_axis("dynamic_index_in_dim", operand, axis, index)
    sizes[axis] = 1
    row = lax.dynamic_slice(operand, starts, sizes, allow_negative_indices=allow_negative_indices)
    return row if keepdims else lax.squeeze(row, (axis,))


def dynamic_update_slice_in_dim(
    operand: ArrayLike,
    update: ArrayLike,
    start_index: ArrayLike,
    axis: int,
    *,
    allow_negative_indices: bool = True,
) -> Any:
    """`dynamic_update_slice` along one axis; `update` has the rank of `operand`."""
    _, starts, _ = _one_axis("dynamic_update_slice_in_dim", operand, axis, start_index)
    return lax.dynamic_update_slice(
        operand, update, starts, allow_negative_indices=allow_negative_indices
    )


def dynamic_update_index_in_dim(
    operand: ArrayLike,
    update: ArrayLike,
    index: ArrayLike,
    axis: int,
    *,
    allow_negative_indices: bool = True,
) -> Any:
    """A copy with one position of an axis replaced; `update` may lack that axis."""
    axis, starts, shape = _one_axis("dynamic_update_index_in_dim", operand, axis, index)
    aval = aval_of(update)
    if aval.ndim == len(shape) - 1:
        update = lax.reshape(update, (*aval.shape[:axis], 1, *aval.shape[axis:]))
    elif aval.ndim != len(shape) or aval.shape[axis] != 1:
        raise AxisError(
            f"`dynamic_update_index_in_dim` replaces one position of axis {axis}, but the update "
            f"is {aval}"
        )
    return lax.dynamic_update_slice(
        operand, update, starts, allow_negative_indices=allow_negative_indices
    )
