"""Reductions that skip NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax
from jib.core.tracing import aval_of
from jib.lax._families import constant_like, kind_of
from jib.numpy._averages import mean as _mean, std, var
from jib.numpy._choosing import where as _choose
from jib.numpy._comparison import isnan
from jib.numpy._derived import derived
from jib.numpy._elementwise import no_out
from jib.numpy._reductions import (
    Axis,
    argmax,
    argmin,
    axes_of,
    greatest,
    kept,
    lowest,
    max,
    min,
    operand,
    prod,
    static_axis,
    static_dtype,
    sum,
)
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "nanargmax", "nanargmin", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum",
    "nanvar",
]  # fmt: skip


def _inexact(x: Any) -> bool:
    return kind_of(aval_of(x).dtype) in "fc"


def _run(function: Callable[..., Any], a: Any, where: Any, arrays: Any = (), **options: Any) -> Any:
    """A reduction of what is not NaN; `arrays` are more operands of it, by name."""
    x = operand(f"nan{function.__name__}", a)
    return _reduced(function, x, where, dict(arrays), tuple(options.items()))


@compiled(static=("function", "options"))
def _reduced(function: Callable[..., Any], x: Any, where: Any, arrays: Any, options: tuple) -> Any:
    if _inexact(x):
        valid = lax.bitwise_not(isnan(x))
        where = valid if where is None else _choose(where, valid, np.bool_(False))
    return function(x, where=where, **arrays, **dict(options))


def nansum(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Array:
    """The sum over axes, NaN counting as 0.

    Example:
        >>> import jib.numpy as jnp
        >>> float(jnp.nansum(jnp.array([1.0, jnp.nan])))
        1.0
    """
    no_out("nansum", out)
    arrays, axis, dtype = {"initial": initial}, static_axis(axis), static_dtype(dtype)
    return _run(sum, a, where, arrays, axis=axis, dtype=dtype, keepdims=bool(keepdims))


def nanmax(
    a: ArrayLike,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Array:
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
) -> Array:
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
) -> Array:
    """The mean over axes of the elements that are not NaN."""
    no_out("nanmean", out)
    axis, dtype = static_axis(axis), static_dtype(dtype)
    return _run(_mean, a, where, axis=axis, dtype=dtype, keepdims=bool(keepdims))


def nanstd(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    ddof: int = 0,
    keepdims: bool = False,
    where: ArrayLike | None = None,
    mean: ArrayLike | None = None,
) -> Array:
    """The standard deviation over axes of the elements that are not NaN."""
    no_out("nanstd", out)
    arrays, axis, dtype = {"mean": mean}, static_axis(axis), static_dtype(dtype)
    return _run(std, a, where, arrays, axis=axis, dtype=dtype, ddof=ddof, keepdims=bool(keepdims))


def nanprod(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Array:
    """The product over axes, NaN counting as 1."""
    no_out("nanprod", out)
    arrays, axis, dtype = {"initial": initial}, static_axis(axis), static_dtype(dtype)
    return _run(prod, a, where, arrays, axis=axis, dtype=dtype, keepdims=bool(keepdims))


def nanvar(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    ddof: int = 0,
    keepdims: bool = False,
    where: ArrayLike | None = None,
    mean: ArrayLike | None = None,
) -> Array:
    """The variance over axes of the elements that are not NaN."""
    no_out("nanvar", out)
    arrays, axis, dtype = {"mean": mean}, static_axis(axis), static_dtype(dtype)
    return _run(var, a, where, arrays, axis=axis, dtype=dtype, ddof=ddof, keepdims=bool(keepdims))


@derived("axis", "keepdims")
def nanargmax(
    a: ArrayLike, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Array:
    """The position of the greatest element that is not NaN; -1 where there is none."""
    return _nan_place(argmax, lowest, a, axis, bool(keepdims))


@derived("axis", "keepdims")
def nanargmin(
    a: ArrayLike, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Array:
    """The position of the least element that is not NaN; -1 where there is none."""
    return _nan_place(argmin, greatest, a, axis, bool(keepdims))


def _nan_place(function: Any, neutral: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    if not _inexact(x):
        return function(x, axis, keepdims=keepdims)
    filled = _choose(isnan(x), constant_like(x, neutral(x.dtype)), x)
    nothing = isnan(x).all(axis, keepdims=keepdims)
    return _choose(nothing, -1, function(filled, axis, keepdims=keepdims))
