"""Element-wise exponentials, logarithms, roots, trigonometry; integers give floats."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from jib import lax
from jib.core.tracing import aval_of
from jib.errors import DTypeError
from jib.lax._families import constant_like, kind_of
from jib.numpy._elementwise import elementwise, of_one, of_two, ufunc2
from jib.numpy._promotion import promote_inexact, promote_inexact_args
from jib.typing import Array, ArrayLike

__all__ = [
    "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh",
    "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "deg2rad", "degrees", "exp",
    "exp2", "expm1", "i0", "log", "log1p", "log2", "log10", "logaddexp", "logaddexp2", "rad2deg",
    "radians", "sin", "sinc", "sinh", "sqrt", "tan", "tanh",
]  # fmt: skip


def _family(name: str, function: Callable[[Any], Any], doc: str) -> Any:
    """The public function that is one operation on floating or complex numbers."""
    return of_one(name, promote_inexact, function, doc)


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


def _log_to_base(base: float) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        out = lax.log(x)
        return lax.div(out, constant_like(out, math.log(base)))

    return function


log2 = _family("log2", _log_to_base(2), "Elementwise logarithm to base 2.")
log10 = _family("log10", _log_to_base(10), "Elementwise logarithm to base 10.")


def _log_sum(name: str, scale: float, doc: str) -> Any:
    """The function `log(exp(scale x) + exp(scale y)) / scale`, from the larger operand up."""

    def function(x: Any, y: Any) -> Any:
        if kind_of(aval_of(x).dtype) == "c":
            raise DTypeError.accepts(name, aval_of(x).dtype.name, "floating")
        gap = lax.sub(x, y)
        distance, factor = lax.abs(gap), constant_like(gap, scale)
        more = lax.log1p(lax.exp(lax.neg(distance if scale == 1 else lax.mul(distance, factor))))
        more = more if scale == 1 else lax.div(more, factor)
        # Two equal infinities have no gap: their sum is the answer, and NaN stays NaN.
        return lax.select(lax.ne(gap, gap), lax.add(x, y), lax.add(lax.max(x, y), more))

    return of_two(name, promote_inexact_args, function, doc, ufunc2)


logaddexp = _log_sum("logaddexp", 1.0, "Elementwise `log(exp(x) + exp(y))`, without overflow.")
logaddexp2 = _log_sum(
    "logaddexp2", math.log(2), "Elementwise `log2(2**x + 2**y)`, without overflow."
)


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


arctan2 = of_two(
    "arctan2", promote_inexact_args, lax.atan2,
    "Elementwise angle of the points `(x2, x1)`, in radians from -pi to pi.",
)  # fmt: skip


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
