"""Element-wise exponentials, logarithms, roots, trigonometry; integers give floats."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from jib import lax
from jib.core.tracing import aval_of
from jib.errors import DTypeError
from jib.lax._families import constant_like, kind_of
from jib.numpy._elementwise import elementwise, elementwise2, ufunc2
from jib.numpy._promotion import promote_inexact, promote_inexact_args
from jib.typing import Array, ArrayLike

__all__ = [
    "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh",
    "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "deg2rad", "degrees", "exp",
    "exp2", "expm1", "i0", "log", "log1p", "log2", "log10", "logaddexp", "logaddexp2", "rad2deg",
    "radians", "sin", "sinc", "sinh", "sqrt", "tan", "tanh",
]  # fmt: skip


def _family(name: str, function: Callable[[Any], Any], doc: str) -> Callable[[ArrayLike], Any]:
    """The public function that is one operation on floating or complex numbers."""

    def made(x: ArrayLike, /) -> Any:
        return function(promote_inexact(name, x))

    made.__name__ = made.__qualname__ = name
    made.__doc__ = doc
    return elementwise(made)


@elementwise
def exp(x: ArrayLike, /) -> Array:
    """Elementwise exponential.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.exp(jnp.array([0.0, -jnp.inf])).tolist()
        [1.0, 0.0]
    """
    return lax.exp(promote_inexact("exp", x))


exp2 = _family("exp2", lax.exp2, "Elementwise power of two.")
expm1 = _family("expm1", lax.expm1, "Elementwise `exp(x) - 1`, accurate near 0.")
log = _family("log", lax.log, "Elementwise natural logarithm.")
log1p = _family("log1p", lax.log1p, "Elementwise `log(1 + x)`, accurate near 0.")


@elementwise
def log2(x: ArrayLike, /) -> Array:
    """Elementwise logarithm to base 2."""
    out = lax.log(promote_inexact("log2", x))
    return lax.div(out, constant_like(out, math.log(2)))


@elementwise
def log10(x: ArrayLike, /) -> Array:
    """Elementwise logarithm to base 10."""
    out = lax.log(promote_inexact("log10", x))
    return lax.div(out, constant_like(out, math.log(10)))


@ufunc2
def logaddexp(x: ArrayLike, y: ArrayLike, /) -> Array:
    """Elementwise `log(exp(x) + exp(y))`, without overflow."""
    return _log_sum("logaddexp", x, y, 1.0)


@ufunc2
def logaddexp2(x: ArrayLike, y: ArrayLike, /) -> Array:
    """Elementwise `log2(2**x + 2**y)`, without overflow."""
    return _log_sum("logaddexp2", x, y, math.log(2))


def _log_sum(name: str, x: Any, y: Any, scale: float) -> Any:
    """`log(exp(scale x) + exp(scale y)) / scale`, from the larger operand up."""
    x, y = promote_inexact_args(name, x, y)
    if kind_of(aval_of(x).dtype) == "c":
        raise DTypeError.accepts(name, aval_of(x).dtype.name, "floating")
    gap = lax.sub(x, y)
    distance, factor = lax.abs(gap), constant_like(gap, scale)
    more = lax.log1p(lax.exp(lax.neg(distance if scale == 1 else lax.mul(distance, factor))))
    more = more if scale == 1 else lax.div(more, factor)
    # Two equal infinities have no gap: their sum is the answer, and NaN stays NaN.
    return lax.select(lax.ne(gap, gap), lax.add(x, y), lax.add(lax.max(x, y), more))


@elementwise
def sqrt(x: ArrayLike, /) -> Array:
    """Elementwise square root.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.sqrt(jnp.array([4, 9])).tolist()
        [2.0, 3.0]
    """
    return lax.sqrt(promote_inexact("sqrt", x))


cbrt = _family("cbrt", lax.cbrt, "Elementwise cube root.")


# ----------------------------------------------------------------------------- trigonometry


sin = _family("sin", lax.sin, "Elementwise sine of angles in radians.")
cos = _family("cos", lax.cos, "Elementwise cosine of angles in radians.")
tan = _family("tan", lax.tan, "Elementwise tangent of angles in radians.")
arcsin = _family("arcsin", lax.asin, "Elementwise inverse sine, in radians.")
arccos = _family("arccos", lax.acos, "Elementwise inverse cosine, in radians.")
arctan = _family("arctan", lax.atan, "Elementwise inverse tangent, in radians.")
sinh = _family("sinh", lax.sinh, "Elementwise hyperbolic sine.")
cosh = _family("cosh", lax.cosh, "Elementwise hyperbolic cosine.")
tanh = _family("tanh", lax.tanh, "Elementwise hyperbolic tangent.")
arcsinh = _family("arcsinh", lax.asinh, "Elementwise inverse hyperbolic sine.")
arccosh = _family("arccosh", lax.acosh, "Elementwise inverse hyperbolic cosine.")
arctanh = _family("arctanh", lax.atanh, "Elementwise inverse hyperbolic tangent.")


@elementwise2
def arctan2(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Elementwise angle of the points `(x2, x1)`, in radians from -pi to pi."""
    return lax.atan2(*promote_inexact_args("arctan2", x1, x2))


def _scaled(factor: float) -> Callable[[Any], Any]:
    return lambda x: lax.mul(x, constant_like(x, factor))


radians = _family("radians", _scaled(math.pi / 180), "Angles in degrees as radians.")
degrees = _family("degrees", _scaled(180 / math.pi), "Angles in radians as degrees.")
deg2rad = _family("deg2rad", _scaled(math.pi / 180), "Angles in degrees as radians.")
rad2deg = _family("rad2deg", _scaled(180 / math.pi), "Angles in radians as degrees.")


@elementwise
def sinc(x: ArrayLike, /) -> Array:
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


@elementwise
def i0(x: ArrayLike) -> Array:
    """Elementwise modified Bessel function of the first kind and order 0."""
    x = promote_inexact("i0", x)
    return lax.mul(lax.exp(lax.abs(x)), lax.bessel_i0e(x))


acos, asin, atan, atan2 = arccos, arcsin, arctan, arctan2
acosh, asinh, atanh = arccosh, arcsinh, arctanh
