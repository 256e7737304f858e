"""Means, variances, standard deviations, weighted averages; reductions that skip NaN."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from jib.lax._families import constant_like, kind_of
from jib.numpy import _reductions as reductions
from jib.numpy._choosing import where as _choose
from jib.numpy._comparison import isnan
from jib.numpy._derived import derived
from jib.numpy._elementwise import named, no_out
from jib.numpy._promotion import as_operand, broadcast_to_shape, promote_args, promote_inexact
from jib.numpy._reductions import Axis, accumulated, axes_of, operand, static_axis, static_dtype
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "average", "mean", "nanargmax", "nanargmin", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd",
    "nansum", "nanvar", "std", "var",
]  # fmt: skip


def _compute_dtype(dtype: Any) -> Any:
    """Floats of 16 bits and fewer are averaged in float32."""
    narrow = kind_of(dtype) == "f" and dtype.itemsize < 4
    return np.dtype(np.float32) if narrow else dtype


def _count(total: Any, x: Any, axes: tuple[int, ...], keepdims: bool, where: Any) -> Any:
    """The number of elements in each sum, in the dtype of the sums."""
    shape = aval_of(x).shape
    if where is None:
        return constant_like(total, math.prod(shape[i] for i in axes))
    mask = broadcast_to_shape(as_operand("mean", where), shape)
    return accumulated("sum", mask, axes, aval_of(total).dtype, keepdims)


def mean(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    keepdims: bool = False,
    *,
    where: ArrayLike | None = None,
) -> Array:
    """The mean over axes (all by default), of the elements where `where` is true.

    Example:
        >>> import jib.numpy as jnp
        >>> float(jnp.mean(jnp.array([1, 2, 6])))
        3.0
    """
    if out is not None:
        no_out("mean", out)
    x, axis, dtype = operand("mean", a), static_axis(axis), static_dtype(dtype)
    return _mean(x, axis, dtype, bool(keepdims), where)


@compiled(static=("axis", "dtype", "keepdims"))
def _mean(x: Any, axis: Any, dtype: Any, keepdims: Any, where: Any) -> Any:
    target = dtype or dtypes.to_inexact_dtype(aval_of(x).dtype)
    axes = axes_of("mean", x, axis)
    total = accumulated("sum", x, axes, _compute_dtype(target), keepdims, where=where)
    out = lax.div(total, _count(total, x, axes, keepdims, where))
    return out if aval_of(out).dtype == target else lax.convert_element_type(out, target)


def var(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    ddof: int = 0,
    keepdims: bool = False,
    *,
    where: ArrayLike | None = None,
    mean: ArrayLike | None = None,
    correction: int | float | None = None,
) -> Array:
    """The variance over axes: the mean of squared distances from the mean.

    The divisor is the number of elements less `ddof` (or `correction`, its other name).

    Example:
        >>> import jib.numpy as jnp
        >>> float(jnp.var(jnp.array([1.0, 3.0])))
        1.0
    """
    no_out("var", out)
    return _spread("var", a, axis, dtype, ddof, keepdims, correction, where, mean)


def _spread(
    name: str, a: Any, axis: Any, dtype: Any, ddof: Any, keepdims: Any, correction: Any, *rest: Any
) -> Any:
    if correction is not None:
        if ddof != 0:
            raise ArgumentValueError(f"`{name}` takes `ddof` or `correction`, not both")
        ddof = correction
    x, axis, dtype = operand(name, a), static_axis(axis), static_dtype(dtype)
    return _var(x, axis, dtype, ddof, bool(keepdims), name == "std", *rest)


@compiled(static=("axis", "dtype", "ddof", "keepdims", "root"))
def _var(
    x: Any, axis: Any, dtype: Any, ddof: Any, keepdims: Any, root: bool, where: Any, center: Any
) -> Any:
    own = aval_of(x).dtype
    if dtype is not None and kind_of(dtype) not in "fc":
        raise DTypeError.accepts("var", dtype.name, "floating or complex")
    if dtype is not None and kind_of(own) == "c" and kind_of(dtype) != "c":
        raise DTypeError(
            f"`var` of complex numbers cannot be computed in {dtype.name}", help="jib.numpy.var(x)"
        )
    target = dtypes.to_inexact_dtype(own) if dtype is None else dtype
    wide = _compute_dtype(dtypes.promote_types(target, dtypes.to_inexact_dtype(own)))
    x = lax.convert_element_type(x, wide)
    axes = axes_of("var", x, axis)
    if center is None:
        center = _mean(x, axes, wide, True, where)
    away = lax.sub(*promote_args("var", x, lax.convert_element_type(center, wide)))
    if kind_of(wide) == "c":
        squares = lax.real(lax.mul(away, lax.conj(away)))
    else:
        squares = lax.square(away)
    total = accumulated("sum", squares, axes, None, keepdims, where=where)
    number = _count(total, x, axes, keepdims, where)
    number = lax.sub(number, constant_like(total, ddof))
    # Fewer elements than `ddof` have no variance.
    positive = lax.ge(number, constant_like(number, 0))
    out = lax.div(total, lax.select(positive, number, constant_like(number, np.nan)))
    out = lax.convert_element_type(out, dtypes.to_floating_dtype(target))
    return lax.sqrt(out) if root else out


def std(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    ddof: int = 0,
    keepdims: bool = False,
    *,
    where: ArrayLike | None = None,
    mean: ArrayLike | None = None,
    correction: int | float | None = None,
) -> Array:
    """The standard deviation over axes: the square root of `var`."""
    no_out("std", out)
    return _spread("std", a, axis, dtype, ddof, keepdims, correction, where, mean)


def average(
    a: ArrayLike,
    axis: Axis = None,
    weights: ArrayLike | None = None,
    returned: bool = False,
    keepdims: bool = False,
) -> Any:
    """The weighted mean over axes; with `returned`, the pair of it and the sum of the weights.

    Example:
        >>> import jib.numpy as jnp
        >>> float(jnp.average(jnp.array([1.0, 2.0]), weights=jnp.array([3.0, 1.0])))
        1.25
    """
    x = operand("average", a)
    w = None if weights is None else operand("average", weights)
    out, total = _average(x, static_axis(axis), w, bool(keepdims))
    return (out, total) if returned else out


@compiled(static=("axis", "keepdims"))
def _average(x: Any, axis: Any, weights: Any, keepdims: Any) -> tuple[Any, Any]:
    axes, shape = axes_of("average", x, axis), aval_of(x).shape
    if weights is None:
        out = _mean(x, axes, None, keepdims, None)
        return out, lax.full_like(out, math.prod(shape[i] for i in axes))
    x, weights = promote_inexact("average", x), promote_inexact("average", weights)
    own = aval_of(weights).shape
    if own != shape:
        if axis is None or len(own) != len(axes) or own != tuple(shape[i] for i in axes):
            raise ShapeError(
                f"`average` of shape {shape} over axis={axis} cannot take weights of shape {own}"
            )
        weights = lax.broadcast_in_dim(weights, shape, axes)
    x, weights = promote_args("average", x, weights)
    total = accumulated("sum", weights, axes, None, keepdims)
    weighted = accumulated("sum", lax.mul(x, weights), axes, None, keepdims)
    return lax.div(weighted, total), total


# ------------------------------------------------------------------------- skipping NaN


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
        x = lax.select(valid, x, constant_like(x, 0))  # no NaN on the way back either
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
    return _run(reductions.sum, a, where, arrays, axis=axis, dtype=dtype, keepdims=bool(keepdims))


def _nan_family(name: str, doc: str) -> Any:
    def made(
        a: ArrayLike,
        axis: Axis = None,
        out: None = None,
        keepdims: bool = False,
        initial: ArrayLike | None = None,
        where: ArrayLike | None = None,
    ) -> Array:
        no_out(f"nan{name}", out)
        x, axis = operand(f"nan{name}", a), static_axis(axis)
        return _nan_extremum(x, axis, bool(keepdims), initial, where, name)

    return named(made, f"nan{name}", doc)


nanmax = _nan_family(
    "max", "The greatest element over axes that is not NaN; NaN where there is none."
)
nanmin = _nan_family("min", "The least element over axes that is not NaN; NaN where there is none.")


@compiled(static=("axis", "keepdims", "name"))
def _nan_extremum(x: Any, axis: Any, keepdims: Any, initial: Any, where: Any, name: str) -> Any:
    function = reductions.max if name == "max" else reductions.min
    if not _inexact(x):
        return function(x, axis, None, keepdims, initial, where)
    missing = isnan(x)
    neutral = (
        reductions.lowest(aval_of(x).dtype)
        if name == "max"
        else reductions.greatest(aval_of(x).dtype)
    )
    filled = lax.select(missing, constant_like(x, neutral), x)
    out = function(filled, axis, None, keepdims, initial, where)
    if initial is not None:
        return out
    axes = axes_of(f"nan{name}", x, axis)
    nothing = lax.reduce_and(missing, axes) if axes else missing
    if keepdims:
        nothing = reductions.kept(nothing, aval_of(x).shape, axes)
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
    return _run(mean, a, where, axis=axis, dtype=dtype, keepdims=bool(keepdims))


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
    return _run(reductions.prod, a, where, arrays, axis=axis, dtype=dtype, keepdims=bool(keepdims))


def _nan_spread(function: Callable[..., Any], doc: str) -> Any:
    name = f"nan{function.__name__}"

    def made(
        a: ArrayLike,
        axis: Axis = None,
        dtype: DTypeLike | None = None,
        out: None = None,
        ddof: int = 0,
        keepdims: bool = False,
        where: ArrayLike | None = None,
        mean: ArrayLike | None = None,
    ) -> Array:
        no_out(name, out)
        options: Any = {"dtype": static_dtype(dtype), "ddof": ddof, "keepdims": bool(keepdims)}
        return _run(function, a, where, {"mean": mean}, axis=static_axis(axis), **options)

    return named(made, name, doc)


nanvar = _nan_spread(var, "The variance over axes of the elements that are not NaN.")
nanstd = _nan_spread(std, "The standard deviation over axes of the elements that are not NaN.")


@derived("axis", "keepdims")
def nanargmax(
    a: ArrayLike, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Array:
    """The position of the greatest element that is not NaN; -1 where there is none."""
    return _nan_place(reductions.argmax, reductions.lowest, a, axis, bool(keepdims))


@derived("axis", "keepdims")
def nanargmin(
    a: ArrayLike, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Array:
    """The position of the least element that is not NaN; -1 where there is none."""
    return _nan_place(reductions.argmin, reductions.greatest, a, axis, bool(keepdims))


def _nan_place(function: Any, neutral: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    if not _inexact(x):
        return function(x, axis, keepdims=keepdims)
    filled = _choose(isnan(x), constant_like(x, neutral(x.dtype)), x)
    nothing = isnan(x).all(axis, keepdims=keepdims)
    return _choose(nothing, -1, function(filled, axis, keepdims=keepdims))
