"""Element-wise exponentials, logarithms, roots, trigonometry; integers give floats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jib import lax
from jib.core.tracing import aval_of
from jib.errors import DTypeError
from jib.lax._families import constant_like, kind_of
from jib.numpy._elementwise import elementwise, elementwise2, ufunc2
from jib.numpy._promotion import promote_inexact, promote_inexact_args
from jib.typing import ArrayLike

__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "cos",
    "cosh",
    "deg2rad",
    "degrees",
    "exp",
    "exp2",
    "expm1",
    "hypot",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "rad2deg",
    "radians",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
]


@elementwise
def exp(x: ArrayLike, /) -> Any:
    """Elementwise exponential.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.exp(jnp.array([0.0, -jnp.inf])).tolist()
        [1.0, 0.0]
    """
    return lax.exp(promote_inexact("exp", x))


@elementwise
def exp2(x: ArrayLike, /) -> Any:
    """Elementwise power of two."""
    return lax.exp2(promote_inexact("exp2", x))


@elementwise
def expm1(x: ArrayLike, /) -> Any:
    """Elementwise `exp(x) - 1`, accurate near 0."""
    return lax.expm1(promote_inexact("expm1", x))


@elementwise
def log(x: ArrayLike, /) -> Any:
    """Elementwise natural logarithm."""
    return lax.log(promote_inexact("log", x))


@elementwise
def log1p(x: ArrayLike, /) -> Any:
    """Elementwise `log(1 + x)`, accurate near 0."""
    return lax.log1p(promote_inexact("log1p", x))


@elementwise
def log2(x: ArrayLike, /) -> Any:
    """Elementwise logarithm to base 2."""
    out = lax.log(promote_inexact("log2", x))
    return lax.div(out, constant_like(out, math.log(2)))


@elementwise
def log10(x: ArrayLike, /) -> Any:
    """Elementwise logarithm to base 10."""
    out = lax.log(promote_inexact("log10", x))
    return lax.div(out, constant_like(out, math.log(10)))


@ufunc2
def logaddexp(x: ArrayLike, y: ArrayLike, /) -> Any:
    """Elementwise `log(exp(x) + exp(y))`, without overflow."""
    x, y = promote_inexact_args("logaddexp", x, y)
    return _log_sum(x, y, 1.0)


@ufunc2
def logaddexp2(x: ArrayLike, y: ArrayLike, /) -> Any:
    """Elementwise `log2(2**x + 2**y)`, without overflow."""
    x, y = promote_inexact_args("logaddexp2", x, y)
    return _log_sum(x, y, math.log(2))


def _log_sum(x: Any, y: Any, scale: float) -> Any:
    """`log(exp(scale x) + exp(scale y)) / scale`, from the larger operand up."""
    if kind_of(aval_of(x).dtype) == "c":
        raise DTypeError.accepts("logaddexp", aval_of(x).dtype.name, "floating")
    larger, gap = lax.max(x, y), lax.sub(x, y)
    factor = constant_like(gap, scale)
    more = lax.log1p(lax.exp(lax.neg(lax.mul(factor, lax.abs(gap)))))
    # Two equal infinities have no gap: their sum is the answer, and NaN stays NaN.
    return lax.select(lax.ne(gap, gap), lax.add(x, y), lax.add(larger, lax.div(more, factor)))


@elementwise
def sqrt(x: ArrayLike, /) -> Any:
    """Elementwise square root.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.sqrt(jnp.array([4, 9])).tolist()
        [2.0, 3.0]
    """
    return lax.sqrt(promote_inexact("sqrt", x))


@elementwise
def cbrt(x: ArrayLike, /) -> Any:
    """Elementwise cube root."""
    return lax.cbrt(promote_inexact("cbrt", x))


@elementwise2
def hypot(x1: ArrayLike, x2: ArrayLike, /) -> Any:
    """Elementwise `sqrt(x1**2 + x2**2)`, without overflow; its gradient at the origin is 0."""
    x, y = promote_inexact_args("hypot", x1, x2)
    if kind_of(aval_of(x).dtype) == "c":
        raise DTypeError.accepts("hypot", aval_of(x).dtype.name, "floating")
    x, y = lax.abs(x), lax.abs(y)
    high, low = lax.max(x, y), lax.min(x, y)
    zero, one = constant_like(high, 0), constant_like(high, 1)
    infinite = lax.eq(high, constant_like(high, np.inf))
    plain = lax.bitwise_or(lax.eq(high, zero), infinite)
    ratio = lax.div(low, lax.select(plain, one, high))
    long = lax.mul(high, lax.sqrt(lax.add(one, lax.square(ratio))))
    endless = lax.bitwise_or(infinite, lax.eq(low, constant_like(low, np.inf)))
    inf = constant_like(high, np.inf)
    return lax.select(endless, inf, lax.select(lax.eq(high, zero), high, long))


# ----------------------------------------------------------------------------- trigonometry


@elementwise
def sin(x: ArrayLike, /) -> Any:
    """Elementwise sine of angles in radians."""
    return lax.sin(promote_inexact("sin", x))


@elementwise
def cos(x: ArrayLike, /) -> Any:
    """Elementwise cosine of angles in radians."""
    return lax.cos(promote_inexact("cos", x))


@elementwise
def tan(x: ArrayLike, /) -> Any:
    """Elementwise tangent of angles in radians."""
    return lax.tan(promote_inexact("tan", x))


@elementwise
def arcsin(x: ArrayLike, /) -> Any:
    """Elementwise inverse sine, in radians."""
    return lax.asin(promote_inexact("arcsin", x))


@elementwise
def arccos(x: ArrayLike, /) -> Any:
    """Elementwise inverse cosine, in radians."""
    return lax.acos(promote_inexact("arccos", x))


@elementwise
def arctan(x: ArrayLike, /) -> Any:
    """Elementwise inverse tangent, in radians."""
    return lax.atan(promote_inexact("arctan", x))


@elementwise2
def arctan2(x1: ArrayLike, x2: ArrayLike, /) -> Any:
    """Elementwise angle of the points `(x2, x1)`, in radians from -pi to pi."""
    return lax.atan2(*promote_inexact_args("arctan2", x1, x2))


@elementwise
def sinh(x: ArrayLike, /) -> Any:
    """Elementwise hyperbolic sine."""
    return lax.sinh(promote_inexact("sinh", x))


@elementwise
def cosh(x: ArrayLike, /) -> Any:
    """Elementwise hyperbolic cosine."""
    return lax.cosh(promote_inexact("cosh", x))


@elementwise
def tanh(x: ArrayLike, /) -> Any:
    """Elementwise hyperbolic tangent."""
    return lax.tanh(promote_inexact("tanh", x))


@elementwise
def arcsinh(x: ArrayLike, /) -> Any:
    """Elementwise inverse hyperbolic sine."""
    return lax.asinh(promote_inexact("arcsinh", x))


@elementwise
def arccosh(x: ArrayLike, /) -> Any:
    """Elementwise inverse hyperbolic cosine."""
    return lax.acosh(promote_inexact("arccosh", x))


@elementwise
def arctanh(x: ArrayLike, /) -> Any:
    """Elementwise inverse hyperbolic tangent."""
    return lax.atanh(promote_inexact("arctanh", x))


acos, asin, atan, atan2 = arccos, arcsin, arctan, arctan2
acosh, asinh, atanh = arccosh, arcsinh, arctanh


@elementwise
def deg2rad(x: ArrayLike, /) -> Any:
    """Angles in degrees as radians."""
    x = promote_inexact("deg2rad", x)
    return lax.mul(x, constant_like(x, math.pi / 180))


@elementwise
def rad2deg(x: ArrayLike, /) -> Any:
    """Angles in radians as degrees."""
    x = promote_inexact("rad2deg", x)
    return lax.mul(x, constant_like(x, 180 / math.pi))


radians, degrees = deg2rad, rad2deg


@elementwise
def sinc(x: ArrayLike, /) -> Any:
    """Elementwise `sin(pi x) / (pi x)`, smooth at 0, where it is 1."""
    x = promote_inexact("sinc", x)
    angle = lax.mul(x, constant_like(x, math.pi))
    square = lax.square(angle)
    # Three terms of the series are exact here to more than double precision.
    small = lax.lt(lax.abs(angle), constant_like(lax.abs(angle), 0.01))
    terms = lax.sub(constant_like(x, 1 / 6), lax.mul(square, constant_like(x, 1 / 120)))
    series = lax.sub(constant_like(x, 1), lax.mul(square, terms))
    safe = lax.select(small, constant_like(x, 1), angle)
    return lax.select(small, series, lax.div(lax.sin(safe), safe))
