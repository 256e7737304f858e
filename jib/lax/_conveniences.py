"""Short names for a few primitives together: stacking, tiling, approximate extremes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.core.primitive import primitives
from jib.core.tracing import aval_of
from jib.errors import DTypeError, ShapeError, missing_names
from jib.lax._families import constant_like, kind_of
from jib.lax._gathering import GatherDimensionNumbers
from jib.lax._precision import PrecisionLike
from jib.lax._shaping import canonical_axis
from jib.typing import ArrayLike, Shape

__all__ = [
    "approx_max_k", "approx_min_k", "batch_matmul", "broadcast_like", "broadcast_to_rank",
    "index_take", "pbroadcast", "reciprocal", "shape_as_value", "stack", "tile", "unstack",
]  # fmt: skip


def primitive_names(module: str) -> Callable[[str], Any]:
    """A `__getattr__` for `module`: `sin_p` is the primitive `sin`, and so on for all of them."""
    missing = missing_names(module)

    def find(name: str) -> Any:
        known = primitives.get(name.removesuffix("_p")) if name.endswith("_p") else None
        return missing(name) if known is None else known

    return find


# ------------------------------------------------------------------------------------- shapes


def stack(operands: Sequence[ArrayLike], axis: int = 0) -> Any:
    """Join arrays of one shape and dtype along a new axis.

    Raises:
        ShapeError: if the shapes differ.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.stack([jnp.array([1, 2]), jnp.array([3, 4])], axis=1).tolist()
        [[1, 3], [2, 4]]
    """
    axis = canonical_axis("stack", axis, aval_of(operands[0]).ndim + 1)
    return lax.concatenate([lax.expand_dims(x, (axis,)) for x in operands], axis)


def unstack(x: ArrayLike, axis: int = 0) -> tuple[Any, ...]:
    """The arrays along one axis, each without it."""
    axis = canonical_axis("unstack", axis, aval_of(x).ndim)
    parts = lax.split(x, (1,) * aval_of(x).shape[axis], axis)
    return tuple(lax.squeeze(part, (axis,)) for part in parts)


def tile(operand: ArrayLike, reps: Sequence[int]) -> Any:
    """Repeat an array along each of its axes.

    Raises:
        ShapeError: if there is not one number for each axis.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.tile(jnp.array([1, 2]), (2,)).tolist()
        [1, 2, 1, 2]
    """
    aval = aval_of(operand)
    if len(reps) != aval.ndim:
        raise ShapeError(f"`tile` of {aval} needs {aval.ndim} repetitions, but got {tuple(reps)}")
    pairs = [n for pair in zip(reps, aval.shape, strict=True) for n in pair]
    spread = lax.broadcast_in_dim(operand, pairs, range(1, len(pairs), 2))
    return lax.reshape(spread, [r * n for r, n in zip(reps, aval.shape, strict=True)])


def broadcast_to_rank(x: ArrayLike, rank: int) -> Any:
    """The array with axes of length 1 in front, so that it has `rank` axes."""
    return lax.reshape(x, (1,) * (rank - aval_of(x).ndim) + aval_of(x).shape)


def broadcast_like(arr: ArrayLike, like_arr: ArrayLike) -> Any:
    """`arr` repeated to the shape of `like_arr`, its axes aligned with the last ones."""
    shape, ndim = aval_of(like_arr).shape, aval_of(arr).ndim
    return lax.broadcast_in_dim(arr, shape, range(len(shape) - ndim, len(shape)))


def shape_as_value(shape: Shape) -> Any:
    """A shape as an array of integers."""
    return np.asarray(shape, np.int32)


# ----------------------------------------------------------------------------------- numbers


def reciprocal(x: ArrayLike) -> Any:
    """Element-wise `1 / x`."""
    return lax.integer_pow(x, -1)


def batch_matmul(lhs: ArrayLike, rhs: ArrayLike, precision: PrecisionLike = None) -> Any:
    """The products of two stacks of matrices, with the same axes in front.

    Raises:
        ShapeError: if the shapes do not fit.
    """
    left, right = aval_of(lhs), aval_of(rhs)
    if left.ndim != right.ndim or left.ndim < 2:
        raise ShapeError(f"`batch_matmul` needs two stacks of matrices, but got {left} and {right}")
    batch = tuple(range(left.ndim - 2))
    axes = (((left.ndim - 1,), (left.ndim - 2,)), (batch, batch))
    return lax.dot_general(lhs, rhs, axes, precision)


def index_take(src: ArrayLike, idxs: Sequence[ArrayLike], axes: Sequence[int]) -> Any:
    """The windows of `src` at the vectors of indices `idxs` along `axes`, along a new first axis.

    Indices count from the end where they are negative, and round where they are too large.
    """
    aval = aval_of(src)
    axes = tuple(canonical_axis("index_take", a, aval.ndim) for a in axes)
    found = []
    for index, axis in zip(idxs, axes, strict=True):
        size = constant_like(index, aval.shape[axis])
        found.append(lax.rem(lax.add(lax.rem(index, size), size), size))
    numbers = GatherDimensionNumbers(tuple(range(1, aval.ndim - len(axes) + 1)), axes, axes)
    sizes = [1 if a in axes else n for a, n in enumerate(aval.shape)]
    return lax.gather(src, stack(found, 1), numbers, sizes)


def approx_max_k(
    operand: ArrayLike,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
) -> tuple[Any, Any]:
    """The `k` largest floats along an axis, and where they are; here always exactly.

    `recall_target` and the arguments after it allow mistakes, of which none are made.

    Raises:
        DTypeError: if the elements are not floats.
        ArgumentValueError: if the axis has fewer than `k` elements.

    Source: Chern et al., "TPU-KNN: K nearest neighbor search at peak FLOP/s", NeurIPS 2022.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.approx_max_k(jnp.array([1.0, 5.0, 3.0]), 2)[1].tolist()
        [1, 2]
    """
    return _extremes("approx_max_k", operand, k, reduction_dimension)


def approx_min_k(
    operand: ArrayLike,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
) -> tuple[Any, Any]:
    """The `k` smallest floats along an axis, and where they are: see `approx_max_k`."""
    operand = lax.neg(operand) if kind_of(aval_of(operand).dtype) == "f" else operand
    values, places = _extremes("approx_min_k", operand, k, reduction_dimension)
    return lax.neg(values), places


def _extremes(name: str, operand: Any, k: int, axis: int) -> tuple[Any, Any]:
    if kind_of(aval_of(operand).dtype) != "f":
        raise DTypeError.accepts(name, aval_of(operand).dtype.name, "floating", "lax.top_k(x, k)")
    values, places = lax.top_k(operand, k, axis=axis)
    return values, places


def pbroadcast(x: ArrayLike, axis_name: Any, source: int) -> Any:
    """The array of the member `source` of a named axis, for all members."""
    mine = lax.eq(lax.axis_index(axis_name), np.int32(source))
    return lax.psum(lax.select(mine, x, lax.full_like(x, 0)), axis_name)
