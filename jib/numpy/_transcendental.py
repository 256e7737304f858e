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
    "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "exp", "exp2", "expm1", "log",
    "log1p", "log2", "log10", "logaddexp", "radians", "sin", "sinh", "sqrt", "tan", "tanh",
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
    x, y = promote_inexact_args("logaddexp", x, y)
    if kind_of(aval_of(x).dtype) == "c":
        raise DTypeError.accepts("logaddexp", aval_of(x).dtype.name, "floating")
    gap = lax.sub(x, y)
    more = lax.log1p(lax.exp(lax.neg(lax.abs(gap))))
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


@elementwise
def radians(x: ArrayLike, /) -> Array:
    """Angles in degrees as radians."""
    x = promote_inexact("radians", x)
    return lax.mul(x, constant_like(x, math.pi / 180))


acos, asin, atan, atan2 = arccos, arcsin, arctan, arctan2
acosh, asinh, atanh = arccosh, arcsinh, arctanh
