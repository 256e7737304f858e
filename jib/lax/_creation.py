"""Arrays from nothing: constants and counters."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.core.algebra import algebra
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import Tracer, aval_of
from jib.errors import AxisError, DTypeError, ShapeError, TracedShapeError
from jib.lax._families import kind_of
from jib.typing import ArrayLike, DTypeLike, Shape

__all__ = ["broadcasted_iota", "dtype", "empty", "full", "full_like", "iota"]


def _canonical_shape(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of Python integers; one integer counts as a shape of one axis."""
    try:
        found = tuple(operator.index(n) for n in shape)
    except TypeError:
        several = isinstance(shape, list | tuple)
        for n in shape if several else (shape,):
            if isinstance(n, Tracer):
                raise TracedShapeError(n) from None
        if several or not hasattr(shape, "__index__"):
            raise ShapeError(f"a shape consists of integers, but got {shape!r}") from None
        found = (operator.index(shape),)
    if any(n < 0 for n in found):
        raise ShapeError(f"a shape cannot have negative lengths, but got {found}")
    return found


def dtype(x: Any) -> Any:
    """The dtype of an array, or the one that a Python scalar would have as an array."""
    return aval_of(x).dtype


def full(
    shape: Shape, fill_value: ArrayLike, dtype: DTypeLike | None = None, *, sharding: Any = None
) -> Any:
    """An array of the given shape filled with a scalar.

    Args:
        shape: lengths of the axes.
        fill_value: an array or number of rank 0.
        dtype: of the result; by default that of `fill_value`.
        sharding: where the result lives.

    Raises:
        ShapeError: if `fill_value` has axes, or the shape is not one.

    Example:
        >>> from jib import lax
        >>> lax.full((2,), 7).tolist()
        [7, 7]
    """
    aval = aval_of(fill_value)
    if aval.shape:
        raise ShapeError(
            f"`full` needs a fill value of rank 0, but got {aval}",
            help="jib.numpy.full(shape, fill_value) broadcasts",
        )
    if dtype is not None:
        fill_value = lax.convert_element_type(fill_value, dtype)
    filled = lax.broadcast(fill_value, _canonical_shape(shape))
    return filled if sharding is None else lax.with_sharding_constraint(filled, sharding)


def full_like(
    x: ArrayLike,
    fill_value: ArrayLike,
    dtype: DTypeLike | None = None,
    shape: Shape | None = None,
    sharding: Any = None,
) -> Any:
    """An array of the shape and dtype of `x` (unless others are given), filled with a scalar."""
    aval = aval_of(x)
    shape = aval.shape if shape is None else shape
    return full(shape, fill_value, aval.dtype if dtype is None else dtype, sharding=sharding)


def empty(shape: Shape, dtype: DTypeLike, *, out_sharding: Any = None) -> Any:
    """An array whose contents do not matter (they are zeros: nothing is read before it is written).

    Example:
        >>> from jib import lax
        >>> lax.empty((2, 3), "float32").shape
        (2, 3)
    """
    return full(shape, 0, dtype, sharding=out_sharding)


def _zeros(aval: ShapedArray) -> Any:
    return full(aval.shape, 0, aval.dtype)


algebra.zeros = _zeros


def iota(dtype: DTypeLike, size: int) -> Any:
    """The numbers 0, 1, ..., `size - 1`.

    Example:
        >>> from jib import lax
        >>> lax.iota("int32", 3).tolist()
        [0, 1, 2]
    """
    return broadcasted_iota(dtype, (size,), 0)


def broadcasted_iota(
    dtype: DTypeLike, shape: Shape, dimension: int, *, out_sharding: Any = None
) -> Any:
    """An array of the given shape whose elements count up along one axis.

    Raises:
        AxisError: if the shape has no such axis.
        DTypeError: if the dtype is not one of numbers.

    Example:
        >>> from jib import lax
        >>> lax.broadcasted_iota("int32", (2, 2), 1).tolist()
        [[0, 1], [0, 1]]
    """
    lengths = _canonical_shape(shape)
    if not -len(lengths) <= dimension < len(lengths):
        raise AxisError.out_of_range("iota", dimension, len(lengths))
    axis = operator.index(dimension) % len(lengths)
    made = iota_p.bind(dtype=dtypes.parse(dtype), shape=lengths, dimension=axis)
    return made if out_sharding is None else lax.with_sharding_constraint(made, out_sharding)


def _iota_type(*, dtype: Any, shape: tuple, dimension: int) -> ShapedArray:
    if kind_of(dtype) not in "ifc":
        raise DTypeError.accepts("iota", dtype.name, "integer, floating or complex")
    return ShapedArray(shape, dtype)


def _iota_numpy(*, dtype: Any, shape: tuple, dimension: int) -> Any:
    column = np.arange(shape[dimension]).astype(dtype)
    rest = math.prod(shape[dimension + 1 :])
    lead = shape[:dimension]
    return np.broadcast_to(np.repeat(column, rest), (*lead, column.size * rest)).reshape(shape)


def _iota_lower(ctx: Any, *, dtype: Any, shape: tuple, dimension: int) -> Any:
    attributes = {"iota_dimension": mlir.integer_attribute(dimension)}
    return mlir.emit("stablehlo.iota", mlir.ir_type(ctx.avals_out[0]), [], attributes)


iota_p = Primitive(
    "iota",
    type=_iota_type,
    numpy=_iota_numpy,
    jvp=Waived("`iota` has no operands"),
    transpose=Waived("`iota` has no operands"),
    batch=Waived("`iota` has no operands"),
    lower=_iota_lower,
)
