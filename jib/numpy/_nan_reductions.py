"""Reductions that skip NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import lax
from jib.core.tracing import aval_of
from jib.lax._families import constant_like, kind_of
from jib.numpy._averages import mean_of, var_of
from jib.numpy._choosing import where as _choose
from jib.numpy._comparison import isnan
from jib.numpy._elementwise import no_out
from jib.numpy._reductions import (
    Axis,
    axes_of,
    greatest,
    kept,
    lowest,
    max,
    min,
    operand,
    place,
    prod_of,
    static_axis,
    static_dtype,
    sum_of,
)
from jib.passes.eager import compiled
from jib.typing import ArrayLike, DTypeLike

__all__ = [
    "nanargmax",
    "nanargmin",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
]


def _inexact(x: Any) -> bool:
    return kind_of(aval_of(x).dtype) in "fc"


def _valid(x: Any, where: Any) -> Any:
    """Where elements count: not NaN, and not masked out."""
    valid = lax.bitwise_not(isnan(x))
    if where is None:
        return valid
    return _choose(where, valid, np.bool_(False))


def nansum(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Any:
    """The sum over axes, NaN counting as 0.

    Example:
        >>> import jib.numpy as jnp
        >>> float(jnp.nansum(jnp.array([1.0, jnp.nan])))
        1.0
    """
    no_out("nansum", out)
    x, axis, dtype = operand("nansum", a), static_axis(axis), static_dtype(dtype)
    return _nansum(x, axis, dtype, bool(keepdims), initial, where)


def nanprod(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Any:
    """The product over axes, NaN counting as 1."""
    no_out("nanprod", out)
    x, axis, dtype = operand("nanprod", a), static_axis(axis), static_dtype(dtype)
    return _nanprod(x, axis, dtype, bool(keepdims), initial, where)


@compiled(static=("axis", "dtype", "keepdims"))
def _nansum(x: Any, axis: Any, dtype: Any, keepdims: Any, initial: Any, where: Any) -> Any:
    x = lax.select(isnan(x), constant_like(x, 0), x) if _inexact(x) else x
    return sum_of(x, axis, dtype, keepdims, initial, where, True)


@compiled(static=("axis", "dtype", "keepdims"))
def _nanprod(x: Any, axis: Any, dtype: Any, keepdims: Any, initial: Any, where: Any) -> Any:
    x = lax.select(isnan(x), constant_like(x, 1), x) if _inexact(x) else x
    return prod_of(x, axis, dtype, keepdims, initial, where, True)


def nanmax(
    a: ArrayLike,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Any:
    """The greatest element over axes that is not NaN; NaN where there is none."""
    no_out("nanmax", out)
    x, axis = operand("nanmax", a), static_axis(axis)
    return _nan_extremum(x, axis, bool(keepdims), initial, where, "max")


def nanmin(
    a: ArrayLike,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Any:
    """The least element over axes that is not NaN; NaN where there is none."""
    no_out("nanmin", out)
    x, axis = operand("nanmin", a), static_axis(axis)
    return _nan_extremum(x, axis, bool(keepdims), initial, where, "min")


@compiled(static=("axis", "keepdims", "name"))
def _nan_extremum(x: Any, axis: Any, keepdims: Any, initial: Any, where: Any, name: str) -> Any:
    function = max if name == "max" else min
    if not _inexact(x):
        return function(x, axis, None, keepdims, initial, where)
    missing = isnan(x)
    neutral = lowest(aval_of(x).dtype) if name == "max" else greatest(aval_of(x).dtype)
    filled = lax.select(missing, constant_like(x, neutral), x)
    out = function(filled, axis, None, keepdims, initial, where)
    if initial is not None:
        return out
    axes = axes_of(f"nan{name}", x, axis)
    nothing = lax.reduce_and(missing, axes) if axes else missing
    if keepdims:
        nothing = kept(nothing, aval_of(x).shape, axes)
    return lax.select(nothing, constant_like(out, np.nan), out)


def nanmean(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    keepdims: bool = False,
    where: ArrayLike | None = None,
) -> Any:
    """The mean over axes of the elements that are not NaN."""
    no_out("nanmean", out)
    x, axis, dtype = operand("nanmean", a), static_axis(axis), static_dtype(dtype)
    return _nanmean(x, axis, dtype, bool(keepdims), where)


@compiled(static=("axis", "dtype", "keepdims"))
def _nanmean(x: Any, axis: Any, dtype: Any, keepdims: Any, where: Any) -> Any:
    return mean_of(x, axis, dtype, keepdims, _valid(x, where) if _inexact(x) else where)


def nanvar(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    ddof: int = 0,
    keepdims: bool = False,
    where: ArrayLike | None = None,
    mean: ArrayLike | None = None,
) -> Any:
    """The variance over axes of the elements that are not NaN."""
    no_out("nanvar", out)
    x, axis, dtype = operand("nanvar", a), static_axis(axis), static_dtype(dtype)
    return _nanvar(x, axis, dtype, ddof, bool(keepdims), where, mean)


def nanstd(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    ddof: int = 0,
    keepdims: bool = False,
    where: ArrayLike | None = None,
    mean: ArrayLike | None = None,
) -> Any:
    """The standard deviation over axes of the elements that are not NaN."""
    no_out("nanstd", out)
    x, axis, dtype = operand("nanstd", a), static_axis(axis), static_dtype(dtype)
    return _nanstd(x, axis, dtype, ddof, bool(keepdims), where, mean)


@compiled(static=("axis", "dtype", "ddof", "keepdims"))
def _nanvar(
    x: Any, axis: Any, dtype: Any, ddof: Any, keepdims: Any, where: Any, center: Any
) -> Any:
    return var_of(
        x, axis, dtype, ddof, keepdims, _valid(x, where) if _inexact(x) else where, center
    )


@compiled(static=("axis", "dtype", "ddof", "keepdims"))
def _nanstd(
    x: Any, axis: Any, dtype: Any, ddof: Any, keepdims: Any, where: Any, center: Any
) -> Any:
    return lax.sqrt(_nanvar(x, axis, dtype, ddof, keepdims, where, center))


def nanargmax(
    a: ArrayLike, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Any:
    """The position of the greatest element that is not NaN; -1 where there is none."""
    no_out("nanargmax", out)
    return _nan_place(operand("nanargmax", a), static_axis(axis), bool(keepdims), "argmax")


def nanargmin(
    a: ArrayLike, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Any:
    """The position of the least element that is not NaN; -1 where there is none."""
    no_out("nanargmin", out)
    return _nan_place(operand("nanargmin", a), static_axis(axis), bool(keepdims), "argmin")


@compiled(static=("axis", "keepdims", "name"))
def _nan_place(x: Any, axis: Any, keepdims: Any, name: str) -> Any:
    if not _inexact(x):
        return place(x, axis, keepdims, name)
    missing = isnan(x)
    dtype = aval_of(x).dtype
    neutral = lowest(dtype) if name == "argmax" else greatest(dtype)
    out = place(lax.select(missing, constant_like(x, neutral), x), axis, keepdims, name)
    axes = axes_of(name, x, axis)
    nothing = lax.reduce_and(missing, axes) if axes else missing
    if keepdims:
        nothing = kept(nothing, aval_of(x).shape, axes)
    return lax.select(nothing, constant_like(out, -1), out)
