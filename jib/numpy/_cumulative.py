"""Running sums and products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jib import dtypes, lax
from jib.core.scalars import exact_scalar
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, DTypeError
from jib.lax._families import constant_like, kind_of
from jib.numpy._comparison import isnan
from jib.numpy._elementwise import no_out
from jib.numpy._promotion import promote_numeric
from jib.numpy._reductions import (
    accumulation_dtype,
    axes_of,
    operand,
    static_axis,
    static_dtype,
)
from jib.passes.eager import compiled
from jib.typing import ArrayLike, DTypeLike

__all__ = [
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "nancumprod",
    "nancumsum",
]


def _running(
    name: str, x: Any, axis: Any, dtype: Any, fill: int | None, function: Callable[..., Any]
) -> Any:
    if axis is None:
        x, axis = lax.reshape(x, (aval_of(x).size,)), 0
    (axis,) = axes_of(name, x, axis)
    x = promote_numeric(name, x)
    if fill is not None and kind_of(aval_of(x).dtype) in "fc":
        x = lax.select(isnan(x), constant_like(x, fill), x)
    if dtype is not None:
        if dtype == dtypes.BOOL:
            raise DTypeError(f"`{name}` does not add up in booleans", help=f"jib.numpy.{name}(x)")
        x = lax.convert_element_type(x, dtype)
    return function(x, axis)


@compiled(static=("axis", "dtype", "fill"))
def _cumsum(x: Any, axis: Any, dtype: Any, fill: Any) -> Any:
    return _running("cumsum", x, axis, dtype, fill, lax.cumsum)


@compiled(static=("axis", "dtype", "fill"))
def _cumprod(x: Any, axis: Any, dtype: Any, fill: Any) -> Any:
    return _running("cumprod", x, axis, dtype, fill, lax.cumprod)


def cumsum(
    a: ArrayLike,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: None = None,
) -> Any:
    """Running sums along an axis, or of the flattened array.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.cumsum(jnp.array([1, 2, 3])).tolist()
        [1, 3, 6]
    """
    no_out("cumsum", out)
    return _cumsum(operand("cumsum", a), static_axis(axis), static_dtype(dtype), None)


def cumprod(
    a: ArrayLike,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: None = None,
) -> Any:
    """Running products along an axis, or of the flattened array."""
    no_out("cumprod", out)
    return _cumprod(operand("cumprod", a), static_axis(axis), static_dtype(dtype), None)


def nancumsum(
    a: ArrayLike,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: None = None,
) -> Any:
    """Running sums, NaN counting as 0."""
    no_out("nancumsum", out)
    return _cumsum(operand("nancumsum", a), static_axis(axis), static_dtype(dtype), 0)


def nancumprod(
    a: ArrayLike,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: None = None,
) -> Any:
    """Running products, NaN counting as 1."""
    no_out("nancumprod", out)
    return _cumprod(operand("nancumprod", a), static_axis(axis), static_dtype(dtype), 1)


def _standard(
    name: str,
    function: Callable[..., Any],
    x: Any,
    axis: int | None,
    dtype: Any,
    start: int | None,
) -> Any:
    """The array API's running sums: an axis is needed, and narrow integers widen."""
    x = operand(name, x)
    ndim = aval_of(x).ndim
    if axis is None:
        if ndim != 1:
            raise ArgumentValueError(
                f"`{name}` of an array with {ndim} axes needs `axis`",
                help=f"jib.numpy.{name}(x, axis=0)",
            )
        axis = 0
    wanted = accumulation_dtype(aval_of(x).dtype) if dtype is None else dtypes.parse(dtype)
    out = function(x, axis, wanted)
    if start is None:
        return out
    axis = axis % ndim
    shape = tuple(1 if i == axis else n for i, n in enumerate(out.shape))
    first = lax.broadcast_in_dim(exact_scalar(start, out.dtype), shape, ())
    return lax.concatenate([first, out], axis)


def cumulative_sum(
    x: ArrayLike,
    /,
    *,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    include_initial: bool = False,
) -> Any:
    """Running sums along an axis, which may be left out for vectors; optionally from 0 on.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.cumulative_sum(jnp.array([1, 2]), include_initial=True).tolist()
        [0, 1, 3]
    """
    return _standard("cumulative_sum", cumsum, x, axis, dtype, 0 if include_initial else None)


def cumulative_prod(
    x: ArrayLike,
    /,
    *,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    include_initial: bool = False,
) -> Any:
    """Running products along an axis, which may be left out for vectors; optionally from 1 on."""
    return _standard("cumulative_prod", cumprod, x, axis, dtype, 1 if include_initial else None)
