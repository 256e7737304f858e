"""Comparisons, logic, and tests for special values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import DTypeError
from jib.lax._comparison import eq_p, ne_p
from jib.lax._families import constant_like, kind_of
from jib.lax._random_bits import key_data_p
from jib.numpy._arithmetic import abs, add, multiply, subtract
from jib.numpy._derived import derived
from jib.numpy._elementwise import elementwise, elementwise2, of_one, of_two, ufunc2
from jib.numpy._promotion import as_operand, promote_args, promote_inexact_args
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = [
    "allclose", "array_equal", "array_equiv", "equal", "greater", "greater_equal", "isclose",
    "isfinite", "isinf", "isnan", "isneginf", "isposinf", "less", "less_equal", "logical_and",
    "logical_not", "logical_or", "logical_xor", "not_equal",
]  # fmt: skip


@elementwise2
def equal(x: ArrayLike, y: ArrayLike, /) -> Array:
    """Elementwise `x == y`; NaN equals nothing, and PRNG keys are equal when their words are."""
    if aval_of(x).is_key and aval_of(y).is_key:
        words = eq_p.bind(*promote_args("equal", key_data_p.bind(x), key_data_p.bind(y)))
        return lax.reduce_and(words, (aval_of(words).ndim - 1,))
    return eq_p.bind(*promote_args("equal", x, y))


@elementwise2
def not_equal(x: ArrayLike, y: ArrayLike, /) -> Array:
    """Elementwise `x != y`; NaN differs from everything."""
    if aval_of(x).is_key and aval_of(y).is_key:
        return lax.bitwise_not(equal(x, y))
    return ne_p.bind(*promote_args("not_equal", x, y))


def _order(name: str, symbol: str, compare: Callable[[Any, Any], Any]) -> Any:
    """A comparison of order; complex numbers are ordered by real, then by imaginary part."""

    def function(x: Any, y: Any) -> Any:
        if kind_of(getattr(x, "dtype", None) or aval_of(x).dtype) != "c":
            return compare(x, y)
        real_x, real_y = lax.real(x), lax.real(y)
        imaginary = compare(lax.imag(x), lax.imag(y))
        return lax.select(lax.eq(real_x, real_y), imaginary, compare(real_x, real_y))

    return of_two(name, promote_args, function, f"Elementwise `x {symbol} y`.")


less = _order("less", "<", lax.lt)
less_equal = _order("less_equal", "<=", lax.le)
greater = _order("greater", ">", lax.gt)
greater_equal = _order("greater_equal", ">=", lax.ge)


# ------------------------------------------------------------------------------------ logic


def truth(name: str, x: Any) -> Any:
    """Where elements are not 0."""
    x = as_operand(name, x)
    if aval_of(x).dtype == dtypes.BOOL:
        return x
    return lax.ne(x, constant_like(x, 0))


def _truths(name: str, x: Any, y: Any) -> Any:
    return promote_args(name, truth(name, x), truth(name, y))


def _logical(name: str, combine: Callable[[Any, Any], Any], doc: str) -> Any:
    return of_two(name, _truths, combine, doc, ufunc2)


logical_and = _logical(
    "logical_and", lax.bitwise_and, 'Elementwise "and" of truth values; everything but 0 is true.'
)
logical_or = _logical("logical_or", lax.bitwise_or, 'Elementwise "or" of truth values.')
logical_xor = _logical(
    "logical_xor", lax.bitwise_xor, 'Elementwise "either, not both" of truth values.'
)
logical_not = of_one("logical_not", truth, lax.bitwise_not, 'Elementwise "not" of truth values.')


# --------------------------------------------------------------------------- special values


def _everywhere(x: Any, value: bool) -> Any:
    return lax.full_like(x, value, dtype=dtypes.BOOL)


@elementwise
def isnan(x: ArrayLike, /) -> Array:
    """Where elements are NaN.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.isnan(jnp.array([1.0, jnp.nan])).tolist()
        [False, True]
    """
    x = as_operand("isnan", x)
    return lax.ne(x, x) if kind_of(aval_of(x).dtype) in "fc" else _everywhere(x, False)


@elementwise
def isfinite(x: ArrayLike, /) -> Array:
    """Where elements are neither infinite nor NaN."""
    x = as_operand("isfinite", x)
    kind = kind_of(aval_of(x).dtype)
    if kind == "c":
        return lax.bitwise_and(lax.is_finite(lax.real(x)), lax.is_finite(lax.imag(x)))
    return lax.is_finite(x) if kind == "f" else _everywhere(x, True)


@elementwise
def isinf(x: ArrayLike, /) -> Array:
    """Where elements are infinite."""
    x = as_operand("isinf", x)
    kind = kind_of(aval_of(x).dtype)
    if kind == "c":
        return lax.bitwise_or(_infinite(lax.real(x)), _infinite(lax.imag(x)))
    return _infinite(x) if kind == "f" else _everywhere(x, False)


def _infinite(x: Any) -> Any:
    return lax.eq(lax.abs(x), constant_like(x, np.inf))


def _real(name: str, x: Any) -> Any:
    x = as_operand(name, x)
    if kind_of(aval_of(x).dtype) == "c":
        raise DTypeError.accepts(name, aval_of(x).dtype.name, "real")
    return x


def isposinf(x: ArrayLike, /, out: None = None) -> Array:
    """Where elements are plus infinity."""
    return equal(_real("isposinf", x), np.inf)


def isneginf(x: ArrayLike, /, out: None = None) -> Array:
    """Where elements are minus infinity."""
    return equal(_real("isneginf", x), -np.inf)


# --------------------------------------------------------------------------------- equality


@derived("equal_nan", numbers=True)
def isclose(
    a: ArrayLike,
    b: ArrayLike,
    rtol: ArrayLike = 1e-05,
    atol: ArrayLike = 1e-08,
    equal_nan: bool = False,
) -> Array:
    """Where `|a - b| <= atol + rtol * |b|`; equal infinities are close.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.isclose(jnp.array([1.0, 2.0]), jnp.array([1.0, 2.1])).tolist()
        [True, False]
    """
    out = equal(a, b)
    a, b = promote_inexact_args("isclose", a, b)
    near = less_equal(abs(subtract(a, b)), add(atol, multiply(rtol, abs(b))))
    out = lax.bitwise_or(out, lax.bitwise_and(near, lax.bitwise_and(isfinite(a), isfinite(b))))
    if equal_nan:
        out = lax.bitwise_or(out, lax.bitwise_and(isnan(a), isnan(b)))
    return out


@derived("equal_nan", numbers=True)
def allclose(
    a: ArrayLike,
    b: ArrayLike,
    rtol: ArrayLike = 1e-05,
    atol: ArrayLike = 1e-08,
    equal_nan: bool = False,
) -> Array:
    """Whether all elements are close in the sense of `isclose`; a boolean array of rank 0."""
    near = isclose(a, b, rtol, atol, equal_nan)
    return lax.reduce_and(near, tuple(range(near.ndim)))


def array_equal(a1: ArrayLike, a2: ArrayLike, equal_nan: bool = False) -> Array:
    """Whether two arrays have one shape and equal elements; a boolean array of rank 0."""
    a1, a2 = as_operand("array_equal", a1), as_operand("array_equal", a2)
    if aval_of(a1).shape != aval_of(a2).shape:
        return _everywhere(np.bool_(False), False)
    return _all_equal(a1, a2, equal_nan=bool(equal_nan))


@compiled(static=("equal_nan",))
def _all_equal(a: Any, b: Any, equal_nan: bool = False) -> Any:
    same = equal(a, b)
    if equal_nan:
        same = lax.bitwise_or(same, lax.bitwise_and(isnan(a), isnan(b)))
    return lax.reduce_and(same, tuple(range(aval_of(same).ndim)))


def array_equiv(a1: ArrayLike, a2: ArrayLike) -> Array:
    """Whether two arrays broadcast together and are equal then."""
    a1, a2 = as_operand("array_equiv", a1), as_operand("array_equiv", a2)
    try:
        lax.broadcast_shapes(aval_of(a1).shape, aval_of(a2).shape)
    except ValueError:
        return _everywhere(np.bool_(False), False)
    return _all_equal(a1, a2)
