"""Reductions over axes: sums, products, extrema and their places, truth."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jib import dtypes, lax
from jib.backend.buffers import ArrayImpl
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, AxisError, DTypeError, ShapeError
from jib.lax._families import constant_like, kind_of
from jib.numpy._choosing import where as _choose
from jib.numpy._comparison import truth
from jib.numpy._elementwise import no_out
from jib.numpy._promotion import as_operand, promote_numeric
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "count_nonzero", "max", "min", "prod", "ptp",
    "sum",
]  # fmt: skip

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


class _Kind(NamedTuple):
    """A reduction: over axes, of two results, and the value of a dtype that changes nothing."""

    reduce: Callable[..., Any]
    combine: Callable[..., Any]
    neutral: Callable[[Any], Any]


def _reduce(
    name: str, kind: _Kind, x: Any, axis: Any, keepdims: bool, initial: Any, where: Any
) -> Any:
    axes, shape = axes_of(name, x, axis), aval_of(x).shape
    if where is not None:
        mask = as_operand(name, where)
        if aval_of(mask).dtype != dtypes.BOOL:
            raise DTypeError(
                f"`where` of `{name}` must be boolean, not {aval_of(mask).dtype.name}",
                help=f"jib.numpy.{name}(x, where=mask != 0)",
            )
        x = _choose(mask, x, constant_like(x, kind.neutral(aval_of(x).dtype)))
    out = kind.reduce(x, axes) if axes else x
    if initial is not None:
        if aval_of(initial).shape != ():
            raise ShapeError(
                f"`initial` of `{name}` must be a number, not of shape {aval_of(initial).shape}"
            )
        out = kind.combine(out, lax.convert_element_type(initial, aval_of(out).dtype))
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


_ACCUMULATIONS = {
    "sum": _Kind(lax.reduce_sum, lax.add, lambda dtype: 0),
    "prod": _Kind(lax.reduce_prod, lax.mul, lambda dtype: 1),
}


@compiled(static=("name", "axis", "dtype", "keepdims", "promote_integers"))
def accumulated(
    name: str,
    x: Any,
    axis: Any,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
    promote_integers: bool = True,
) -> Any:
    """`sum` or `prod`, by name."""
    x = promote_numeric(name, x)
    own = aval_of(x).dtype
    target = dtype or (accumulation_dtype(own) if promote_integers else own)
    if target != own or isinstance(x, int | float | complex):
        x = lax.convert_element_type(x, dtypes.to_numeric_dtype(target))
    out = _reduce(name, _ACCUMULATIONS[name], x, axis, keepdims, initial, where)
    return lax.convert_element_type(out, target) if target == dtypes.BOOL else out


def sum(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    promote_integers: bool = True,
) -> Array:
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
    x, axis, dtype = operand("sum", a), static_axis(axis), static_dtype(dtype)
    keep, promote = bool(keepdims), bool(promote_integers)
    return accumulated("sum", x, axis, dtype, keep, initial, where, promote)


def prod(
    a: ArrayLike,
    axis: Axis = None,
    dtype: DTypeLike | None = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    promote_integers: bool = True,
) -> Array:
    """The product over axes (all by default), of the elements where `where` is true."""
    no_out("prod", out)
    x, axis, dtype = operand("prod", a), static_axis(axis), static_dtype(dtype)
    keep, promote = bool(keepdims), bool(promote_integers)
    return accumulated("prod", x, axis, dtype, keep, initial, where, promote)


def count_nonzero(a: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """How many elements are not zero, over axes (all by default)."""
    return _count(operand("count_nonzero", a), static_axis(axis), bool(keepdims))


@compiled(static=("axis", "keepdims"))
def _count(x: Any, axis: Any, keepdims: Any) -> Any:
    return accumulated("sum", truth("count_nonzero", x), axis, dtypes.default_int_dtype(), keepdims)


# ------------------------------------------------------------------------------------ extrema


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


_TRUTHS = {
    "all": _Kind(lax.reduce_and, lax.bitwise_and, lambda dtype: True),
    "any": _Kind(lax.reduce_or, lax.bitwise_or, lambda dtype: False),
}
_EXTREMA = {
    "max": (_Kind(lax.reduce_max, lax.max, lowest), _TRUTHS["any"]),
    "min": (_Kind(lax.reduce_min, lax.min, greatest), _TRUTHS["all"]),
}


@compiled(static=("name", "axis", "keepdims"))
def _extremum(name: str, x: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    shape = aval_of(x).shape
    if initial is None and where is not None:
        raise ArgumentValueError(
            f"`{name}` has no value where `where` selects nothing: it needs `initial`",
            help=f"jib.numpy.{name}(x, where=mask, initial=0)",
        )
    if initial is None and 0 in [shape[i] for i in axes_of(name, x, axis)]:
        raise ArgumentValueError(
            f"`{name}` of no elements is not defined: the array has shape {shape}",
            help=f"jib.numpy.{name}(x, initial=0)",
        )
    kind = _EXTREMA[name][aval_of(x).dtype == dtypes.BOOL]
    return _reduce(name, kind, x, axis, keepdims, initial, where)


def max(
    a: ArrayLike,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Array:
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
    return _extremum("max", operand("max", a), static_axis(axis), bool(keepdims), initial, where)


def min(
    a: ArrayLike,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Array:
    """The least element over axes (all by default); NaN if there is one."""
    if out is not None:
        no_out("min", out)
    return _extremum("min", operand("min", a), static_axis(axis), bool(keepdims), initial, where)


amax, amin = max, min


def ptp(a: ArrayLike, axis: Axis = None, out: None = None, keepdims: bool = False) -> Array:
    """The greatest minus the least element over axes."""
    no_out("ptp", out)
    return _ptp(operand("ptp", a), static_axis(axis), bool(keepdims))


@compiled(static=("axis", "keepdims"))
def _ptp(x: Any, axis: Any, keepdims: bool) -> Any:
    return lax.sub(max(x, axis, keepdims=keepdims), min(x, axis, keepdims=keepdims))


def argmax(
    a: ArrayLike, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Array:
    """The position of the (first) greatest element along an axis, or in the flattened array.

    Example:
        >>> import jib.numpy as jnp
        >>> int(jnp.argmax(jnp.array([1, 5, 3])))
        1
    """
    no_out("argmax", out)
    return _place("argmax", operand("argmax", a), static_axis(axis), bool(keepdims))


def argmin(
    a: ArrayLike, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Array:
    """The position of the (first) least element along an axis, or in the flattened array."""
    no_out("argmin", out)
    return _place("argmin", operand("argmin", a), static_axis(axis), bool(keepdims))


@compiled(static=("name", "axis", "keepdims"))
def _place(name: str, x: Any, axis: Any, keepdims: bool) -> Any:
    shape = aval_of(x).shape
    axes = axes_of(name, x, axis)
    if axis is None:
        x, axis = lax.reshape(x, (aval_of(x).size,)), 0
    else:
        (axis,) = axes
    if not aval_of(x).shape[axis]:
        raise ArgumentValueError(f"`{name}` of no elements is not defined: the shape is {shape}")
    if aval_of(x).dtype == dtypes.BOOL:
        x = lax.convert_element_type(x, np.int32)
    function = lax.argmax if name == "argmax" else lax.argmin
    out = function(x, axis, dtypes.default_int_dtype())
    return kept(out, shape, axes) if keepdims else out


# -------------------------------------------------------------------------------------- truth


@compiled(static=("name", "axis", "keepdims"))
def _logical(name: str, x: Any, axis: Any, keepdims: bool, where: Any) -> Any:
    return _reduce(name, _TRUTHS[name], truth(name, x), axis, keepdims, None, where)


def all(
    a: ArrayLike,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    *,
    where: ArrayLike | None = None,
) -> Array:
    """Whether all elements over axes (all by default) are true.

    Example:
        >>> import jib.numpy as jnp
        >>> bool(jnp.all(jnp.array([1, 0])))
        False
    """
    no_out("all", out)
    return _logical("all", operand("all", a), static_axis(axis), bool(keepdims), where)


def any(
    a: ArrayLike,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    *,
    where: ArrayLike | None = None,
) -> Array:
    """Whether one of the elements over axes (all by default) is true."""
    no_out("any", out)
    return _logical("any", operand("any", a), static_axis(axis), bool(keepdims), where)
