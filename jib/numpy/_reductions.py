"""Reductions over axes: sums, products, extrema and their places, truth."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend.buffers import ArrayImpl
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, AxisError, DTypeError, ShapeError
from jib.lax._families import constant_like, kind_of
from jib.numpy._choosing import where as _choose
from jib.numpy._elementwise import no_out
from jib.numpy._promotion import as_operand, promote_numeric
from jib.passes.eager import compiled
from jib.typing import ArrayLike, DTypeLike

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "max",
    "min",
    "prod",
    "ptp",
    "sum",
]

Axis = int | Sequence[int] | None


def operand(name: str, x: Any) -> Any:
    """The argument of a reduction."""
    return x if type(x) is ArrayImpl else as_operand(name, x)


def static_axis(axis: Any) -> Any:
    """An axis as None, an integer, or a tuple of integers."""
    if axis is None or type(axis) is int:
        return axis
    if isinstance(axis, list | tuple | np.ndarray):
        return tuple([operator.index(i) for i in axis])
    return operator.index(axis)


def static_dtype(dtype: Any) -> Any:
    """A dtype as None or a dtype."""
    return None if dtype is None else dtypes.parse(dtype)


def axes_of(name: str, x: Any, axis: Any) -> tuple[int, ...]:
    """The axes that are reduced, as sorted non-negative numbers."""
    ndim = aval_of(x).ndim
    if axis is None:
        return tuple(range(ndim))
    found = []
    for i in axis if isinstance(axis, tuple) else (axis,):
        if not -ndim <= i < ndim:
            raise AxisError.out_of_range(name, i, ndim)
        found.append(i % ndim)
    if len(set(found)) != len(found):
        raise ArgumentValueError(f"`{name}` got an axis twice in axis={axis}")
    return tuple(sorted(found))


def kept(out: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """The result of a reduction with the reduced axes as axes of length 1."""
    return lax.reshape(out, tuple(1 if i in axes else n for i, n in enumerate(shape)))


def _masked(name: str, x: Any, mask: Any, value: Any) -> Any:
    """`x` where the mask is true, a constant elsewhere."""
    if mask is None:
        return x
    mask = as_operand(name, mask)
    if aval_of(mask).dtype != dtypes.BOOL:
        raise DTypeError(
            f"`where` of `{name}` must be boolean, not {aval_of(mask).dtype.name}",
            help=f"jib.numpy.{name}(x, where=mask != 0)",
        )
    return _choose(mask, x, constant_like(x, value))


def _reduce(
    name: str,
    x: Any,
    axis: Any,
    keepdims: bool,
    initial: Any,
    reducer: Callable[..., Any],
    combine: Callable[..., Any],
) -> Any:
    axes = axes_of(name, x, axis)
    shape = aval_of(x).shape
    out = reducer(x, axes) if axes else x
    if initial is not None:
        if aval_of(initial).shape != ():
            raise ShapeError(
                f"`initial` of `{name}` must be a number, not of shape {aval_of(initial).shape}"
            )
        out = combine(out, lax.convert_element_type(initial, aval_of(out).dtype))
    return kept(out, shape, axes) if keepdims else out


# -------------------------------------------------------------------------- sums and products


def accumulation_dtype(dtype: Any) -> Any:
    """Integers narrower than the default ones add up in the default width."""
    if dtype == dtypes.BOOL:
        return dtypes.default_int_dtype()
    if kind_of(dtype) == "i":
        unsigned = dtypes.issubdtype(dtype, np.unsignedinteger)
        default = dtypes.default_uint_dtype() if unsigned else dtypes.default_int_dtype()
        return dtype if dtypes.itemsize_bits(dtype) >= dtypes.itemsize_bits(default) else default
    return dtype


def _accumulated(
    name: str,
    x: Any,
    axis: Any,
    dtype: Any,
    keepdims: bool,
    initial: Any,
    where: Any,
    promote_integers: bool,
) -> Any:
    x = promote_numeric(name, x)
    own = aval_of(x).dtype
    target = dtype or (accumulation_dtype(own) if promote_integers else own)
    if target != own or isinstance(x, int | float | complex):
        x = lax.convert_element_type(x, dtypes.to_numeric_dtype(target))
    identity = 0 if name == "sum" else 1
    reducer, combine = (lax.reduce_sum, lax.add) if name == "sum" else (lax.reduce_prod, lax.mul)
    x = _masked(name, x, where, identity)
    out = _reduce(name, x, axis, keepdims, initial, reducer, combine)
    return lax.convert_element_type(out, target) if target == dtypes.BOOL else out


_STATIC = ("axis", "dtype", "keepdims", "promote_integers")


@compiled(static=_STATIC)
def sum_of(
    x: Any, axis: Any, dtype: Any, keepdims: Any, initial: Any, where: Any, promote_integers: Any
) -> Any:
    return _accumulated("sum", x, axis, dtype, keepdims, initial, where, promote_integers)


@compiled(static=_STATIC)
def prod_of(
    x: Any, axis: Any, dtype: Any, keepdims: Any, initial: Any, where: Any, promote_integers: Any
) -> Any:
    return _accumulated("prod", x, axis, dtype, keepdims, initial, where, promote_integers)


def sum(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    promote_integers: bool = True,
) -> Any:
    """The sum over axes (all by default), of the elements where `where` is true.

    Narrow integers add up in 32 bits unless `promote_integers` is False; half-precision floats
    are added in float32 and rounded once.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.sum(jnp.ones((2, 3)), axis=1).tolist()
        [3.0, 3.0]
    """
    if out is not None:
        no_out("sum", out)
    dtype = None if dtype is None else dtypes.parse(dtype)
    x, axis = operand("sum", a), static_axis(axis)
    return sum_of(x, axis, dtype, bool(keepdims), initial, where, bool(promote_integers))


def prod(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    promote_integers: bool = True,
) -> Any:
    """The product over axes (all by default), of the elements where `where` is true."""
    no_out("prod", out)
    x, axis, dtype = operand("prod", a), static_axis(axis), static_dtype(dtype)
    return prod_of(x, axis, dtype, bool(keepdims), initial, where, bool(promote_integers))


def count_nonzero(a: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Any:
    """How many elements are not zero, over axes (all by default)."""
    return _count(operand("count_nonzero", a), static_axis(axis), bool(keepdims))


@compiled(static=("axis", "keepdims"))
def _count(x: Any, axis: Any, keepdims: Any) -> Any:
    return sum_of(_truth(x), axis, dtypes.default_int_dtype(), keepdims, None, None, True)


# ------------------------------------------------------------------------------------ extrema


def _extremum(name: str, x: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    dtype = aval_of(x).dtype
    axes, shape = axes_of(name, x, axis), aval_of(x).shape
    if initial is None and where is not None:
        raise ArgumentValueError(
            f"`{name}` has no value where `where` selects nothing: it needs `initial`",
            help=f"jib.numpy.{name}(x, where=mask, initial=0)",
        )
    if initial is None and _any_zero(shape[i] for i in axes):
        raise ArgumentValueError(
            f"`{name}` of no elements is not defined: the array has shape {shape}",
            help=f"jib.numpy.{name}(x, initial=0)",
        )
    highest = name == "max"
    if dtype == dtypes.BOOL:
        reducer, combine = (
            (lax.reduce_or, lax.bitwise_or) if highest else (lax.reduce_and, lax.bitwise_and)
        )
        return _reduce(
            name, _masked(name, x, where, not highest), axis, keepdims, initial, reducer, combine
        )
    reducer, combine = (lax.reduce_max, lax.max) if highest else (lax.reduce_min, lax.min)
    x = _masked(name, x, where, lowest(dtype) if highest else greatest(dtype))
    return _reduce(name, x, axis, keepdims, initial, reducer, combine)


def _any_zero(lengths: Any) -> bool:
    """Whether one of the lengths is 0."""
    return 0 in tuple(lengths)


def lowest(dtype: Any) -> Any:
    """The least value of a dtype."""
    if kind_of(dtype) == "i":
        return dtypes.iinfo(dtype).min
    return -np.inf if dtypes.supports_inf(dtype) else dtypes.finfo(dtype).min


def greatest(dtype: Any) -> Any:
    """The greatest value of a dtype."""
    if kind_of(dtype) == "i":
        return dtypes.iinfo(dtype).max
    return np.inf if dtypes.supports_inf(dtype) else dtypes.finfo(dtype).max


@compiled(static=("axis", "keepdims"))
def _max(x: Any, axis: Any, keepdims: Any, initial: Any, where: Any) -> Any:
    return _extremum("max", x, axis, keepdims, initial, where)


@compiled(static=("axis", "keepdims"))
def _min(x: Any, axis: Any, keepdims: Any, initial: Any, where: Any) -> Any:
    return _extremum("min", x, axis, keepdims, initial, where)


def max(
    a: ArrayLike,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Any:
    """The greatest element over axes (all by default); NaN if there is one.

    Raises:
        ArgumentValueError: for no elements, or with `where`, unless `initial` is given.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.max(jnp.array([[1, 5], [3, 2]]), axis=0).tolist()
        [3, 5]
    """
    if out is not None:
        no_out("max", out)
    return _max(operand("max", a), static_axis(axis), bool(keepdims), initial, where)


def min(
    a: ArrayLike,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Any:
    """The least element over axes (all by default); NaN if there is one."""
    if out is not None:
        no_out("min", out)
    return _min(operand("min", a), static_axis(axis), bool(keepdims), initial, where)


amax, amin = max, min


def ptp(a: ArrayLike, axis: Axis = None, out: None = None, keepdims: bool = False) -> Any:
    """The greatest minus the least element over axes."""
    no_out("ptp", out)
    return _ptp(operand("ptp", a), static_axis(axis), bool(keepdims))


@compiled(static=("axis", "keepdims"))
def _ptp(x: Any, axis: Any, keepdims: Any) -> Any:
    high, low = (f(x, axis, keepdims, None, None) for f in (_max, _min))
    return lax.sub(high, low)


def argmax(
    a: ArrayLike, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Any:
    """The position of the (first) greatest element along an axis, or in the flattened array.

    Example:
        >>> import jib.numpy as jnp
        >>> int(jnp.argmax(jnp.array([1, 5, 3])))
        1
    """
    no_out("argmax", out)
    return _place(operand("argmax", a), static_axis(axis), bool(keepdims), "argmax")


def argmin(
    a: ArrayLike, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Any:
    """The position of the (first) least element along an axis, or in the flattened array."""
    no_out("argmin", out)
    return _place(operand("argmin", a), static_axis(axis), bool(keepdims), "argmin")


@compiled(static=("axis", "keepdims", "name"))
def _place(x: Any, axis: Any, keepdims: Any, name: str) -> Any:
    return place(x, axis, keepdims, name)


def place(x: Any, axis: Any, keepdims: bool, name: str) -> Any:
    """`argmax` or `argmin`, by name."""
    shape = aval_of(x).shape
    if axis is None:
        axes = tuple(range(len(shape)))
        x = lax.reshape(x, (math.prod(shape),))
    else:
        axes = axes_of(name, x, axis)
    if _any_zero(aval_of(x).shape[i] for i in (axes if axis is not None else (0,))):
        raise ArgumentValueError(f"`{name}` of no elements is not defined: the shape is {shape}")
    if aval_of(x).dtype == dtypes.BOOL:
        x = lax.convert_element_type(x, np.int32)
    function = lax.argmax if name == "argmax" else lax.argmin
    out = function(x, axes[0] if axis is not None else 0, dtypes.default_int_dtype())
    return kept(out, shape, axes) if keepdims else out


# -------------------------------------------------------------------------------------- truth


def _truth(x: Any) -> Any:
    return x if aval_of(x).dtype == dtypes.BOOL else lax.ne(x, constant_like(x, 0))


@compiled(static=("axis", "keepdims"))
def _all(x: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    x = _masked("all", _truth(x), where, True)
    return _reduce("all", x, axis, keepdims, None, lax.reduce_and, lax.bitwise_and)


@compiled(static=("axis", "keepdims"))
def _any(x: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    x = _masked("any", _truth(x), where, False)
    return _reduce("any", x, axis, keepdims, None, lax.reduce_or, lax.bitwise_or)


def all(
    a: ArrayLike,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    *,
    where: ArrayLike | None = None,
) -> Any:
    """Whether all elements over axes (all by default) are true.

    Example:
        >>> import jib.numpy as jnp
        >>> bool(jnp.all(jnp.array([1, 0])))
        False
    """
    no_out("all", out)
    return _all(operand("all", a), static_axis(axis), bool(keepdims), where)


def any(
    a: ArrayLike,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    *,
    where: ArrayLike | None = None,
) -> Any:
    """Whether one of the elements over axes (all by default) is true."""
    no_out("any", out)
    return _any(operand("any", a), static_axis(axis), bool(keepdims), where)
