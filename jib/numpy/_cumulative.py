"""Running sums and products."""

from __future__ import annotations

from typing import Any

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, DTypeError
from jib.lax._families import constant_like
from jib.numpy._choosing import where
from jib.numpy._comparison import isnan
from jib.numpy._elementwise import no_out
from jib.numpy._promotion import promote_numeric
from jib.numpy._reductions import accumulation_dtype, axes_of, operand, static_axis, static_dtype
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = ["cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "nancumprod", "nancumsum"]


@compiled(static=("name", "axis", "dtype"))
def _running(name: str, x: Any, axis: Any, dtype: Any) -> Any:
    if axis is None:
        x, axis = lax.reshape(x, (aval_of(x).size,)), 0
    (axis,) = axes_of(name, x, axis)
    x = promote_numeric(name, x)
    if dtype is not None:
        if dtype == dtypes.BOOL:
            raise DTypeError(f"`{name}` does not add up in booleans", help=f"jib.numpy.{name}(x)")
        x = lax.convert_element_type(x, dtype)
    return lax.cumsum(x, axis) if name == "cumsum" else lax.cumprod(x, axis)


def cumsum(
    a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, out: None = None
) -> Array:
    """Running sums along an axis, or of the flattened array.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.cumsum(jnp.array([1, 2, 3])).tolist()
        [1, 3, 6]
    """
    no_out("cumsum", out)
    return _running("cumsum", operand("cumsum", a), static_axis(axis), static_dtype(dtype))


def cumprod(
    a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, out: None = None
) -> Array:
    """Running products along an axis, or of the flattened array."""
    no_out("cumprod", out)
    return _running("cumprod", operand("cumprod", a), static_axis(axis), static_dtype(dtype))


def cumulative_sum(
    x: ArrayLike,
    /,
    *,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    include_initial: bool = False,
) -> Array:
    """Running sums along an axis, which may be left out for vectors; optionally from 0 on.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.cumulative_sum(jnp.array([1, 2]), include_initial=True).tolist()
        [0, 1, 3]
    """
    return _standard("cumulative_sum", cumsum, x, axis, dtype, include_initial, 0)


def cumulative_prod(
    x: ArrayLike,
    /,
    *,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    include_initial: bool = False,
) -> Array:
    """Running products along an axis, which may be left out for vectors; optionally from 1 on."""
    return _standard("cumulative_prod", cumprod, x, axis, dtype, include_initial, 1)


def _standard(
    name: str, function: Any, x: Any, axis: Any, dtype: Any, include_initial: bool, start: int
) -> Any:
    """The array API's running sums: an axis is needed, and narrow integers widen."""
    x = operand(name, x)
    ndim = aval_of(x).ndim
    if axis is None and ndim != 1:
        raise ArgumentValueError(
            f"`{name}` of an array with {ndim} axes needs `axis`",
            help=f"jib.numpy.{name}(x, axis=0)",
        )
    (axis,) = axes_of(name, x, axis)
    out = function(x, axis, accumulation_dtype(aval_of(x).dtype) if dtype is None else dtype)
    if not include_initial:
        return out
    return lax.pad(out, constant_like(out, start), [(int(i == axis), 0, 0) for i in range(ndim)])


def nancumsum(
    a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, out: None = None
) -> Array:
    """Running sums, NaN counting as 0."""
    return cumsum(where(isnan(a), 0, a), axis, dtype, out)


def nancumprod(
    a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, out: None = None
) -> Array:
    """Running products, NaN counting as 1."""
    return cumprod(where(isnan(a), 1, a), axis, dtype, out)
