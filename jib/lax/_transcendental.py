"""Exponentials, logarithms, roots, circular and hyperbolic functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax
from jib.core.primitive import Primitive
from jib.core.zeros import Zero
from jib.lax._arithmetic import add, div, integer_pow, mul, neg, strong_div, strong_mul, sub
from jib.lax._families import Kinds, binary, complexes, constant_like, floating, unary
from jib.typing import ArrayLike

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "exp",
    "exp2", "expm1", "log", "log1p", "logistic", "rsqrt", "sin", "sinh", "sqrt", "tan", "tanh",
]  # fmt: skip

_inexact = floating | complexes


def widened(function: Callable[..., Any]) -> Callable[..., Any]:
    """A NumPy reference that computes narrow floats in float32, so that they are rounded once."""

    def reference(*args: Any, **params: Any) -> Any:
        wide = [x.astype(np.float32) if x.dtype.itemsize < 4 else x for x in args]
        return function(*wide, **params)

    return reference


def by_result(
    name: str, kinds: Kinds, *, numpy: Callable[..., Any], hlo: Any, jvp: Callable[..., Any]
) -> Primitive:
    """An element-wise primitive whose derivative is written with its result: `jvp(t, y, x)`."""
    primitive = unary(name, kinds, numpy=widened(numpy), hlo=hlo, jvp=None)

    def rule(primals: Any, tangents: Any) -> tuple[Any, Any]:
        out = primitive.bind(*primals)
        (t,) = tangents
        return out, t if type(t) is Zero else jvp(t, out, *primals)

    primitive.jvp = rule
    return primitive


def _one_minus_square(x: Any) -> Any:
    """`1 - x**2`, accurate also near 1."""
    one = constant_like(x, 1)
    return mul(sub(one, x), add(one, x))


# -------------------------------------------------------------- exponentials and logarithms


def exp(x: ArrayLike) -> Any:
    """Element-wise exponential of floating or complex numbers.

    Example:
        >>> from jib import lax
        >>> float(lax.exp(0.0))
        1.0
    """
    return exp_p.bind(x)


exp_p = by_result(
    "exp", _inexact, numpy=np.exp, hlo="exponential", jvp=lambda t, y, x: strong_mul(t, y)
)


def exp2(x: ArrayLike) -> Any:
    """Element-wise power of two."""
    return exp2_p.bind(x)


exp2_p = by_result(
    "exp2",
    _inexact,
    numpy=lambda x: np.power(x.dtype.type(2), x),
    hlo=lambda x: lax.pow(constant_like(x, 2), x),
    jvp=lambda t, y, x: strong_mul(t, mul(y, constant_like(y, math.log(2)))),
)


def expm1(x: ArrayLike) -> Any:
    """Element-wise `exp(x) - 1`, accurate also near zero."""
    return expm1_p.bind(x)


expm1_p = by_result(
    "expm1",
    _inexact,
    numpy=np.expm1,
    hlo="exponential_minus_one",
    jvp=lambda t, y, x: strong_mul(t, add(y, constant_like(y, 1))),
)


def log(x: ArrayLike) -> Any:
    """Element-wise natural logarithm; -inf at zero, NaN for negative floats."""
    return log_p.bind(x)


log_p = unary("log", _inexact, numpy=widened(np.log), hlo="log", jvp=lambda t, x: strong_div(t, x))


def log1p(x: ArrayLike) -> Any:
    """Element-wise `log(1 + x)`, accurate also near zero."""
    return log1p_p.bind(x)


log1p_p = unary(
    "log1p",
    _inexact,
    numpy=widened(np.log1p),
    hlo="log_plus_one",
    jvp=lambda t, x: strong_div(t, add(x, constant_like(x, 1))),
)


def logistic(x: ArrayLike) -> Any:
    """Element-wise `1 / (1 + exp(-x))`."""
    return logistic_p.bind(x)


logistic_p = by_result(
    "logistic",
    _inexact,
    numpy=lambda x: 1 / (1 + np.exp(-x)),
    hlo="logistic",
    jvp=lambda t, y, x: strong_mul(t, mul(y, sub(constant_like(y, 1), y))),
)

# ------------------------------------------------------------------------------------ roots


def sqrt(x: ArrayLike) -> Any:
    """Element-wise square root; NaN for negative floats."""
    return sqrt_p.bind(x)


sqrt_p = by_result(
    "sqrt",
    _inexact,
    numpy=np.sqrt,
    hlo="sqrt",
    jvp=lambda t, y, x: strong_mul(t, div(constant_like(y, 0.5), y)),
)


def rsqrt(x: ArrayLike, *, accuracy: Any = None) -> Any:
    """Element-wise reciprocal of the square root; inf at zero.

    Args:
        accuracy: not used: there is one accuracy, the best of each device.

    Example:
        >>> from jib import lax
        >>> float(lax.rsqrt(4.0))
        0.5
    """
    return rsqrt_p.bind(x)


rsqrt_p = by_result(
    "rsqrt",
    _inexact,
    numpy=lambda x: 1 / np.sqrt(x),
    hlo="rsqrt",
    jvp=lambda t, y, x: strong_mul(t, div(mul(constant_like(y, -0.5), y), x)),
)


def cbrt(x: ArrayLike) -> Any:
    """Element-wise cube root of floating numbers; negative for negative ones."""
    return cbrt_p.bind(x)


cbrt_p = by_result(
    "cbrt",
    floating,
    numpy=np.cbrt,
    hlo="cbrt",
    jvp=lambda t, y, x: strong_mul(t, div(constant_like(y, 1 / 3), mul(y, y))),
)

# ----------------------------------------------------------------------- circular functions


def sin(x: ArrayLike) -> Any:
    """Element-wise sine of angles in radians."""
    return sin_p.bind(x)


sin_p = unary(
    "sin", _inexact, numpy=widened(np.sin), hlo="sine", jvp=lambda t, x: strong_mul(t, cos(x))
)


def cos(x: ArrayLike) -> Any:
    """Element-wise cosine of angles in radians."""
    return cos_p.bind(x)


cos_p = unary(
    "cos",
    _inexact,
    numpy=widened(np.cos),
    hlo="cosine",
    jvp=lambda t, x: strong_mul(t, neg(sin(x))),
)


def tan(x: ArrayLike) -> Any:
    """Element-wise tangent of angles in radians."""
    return tan_p.bind(x)


tan_p = by_result(
    "tan",
    _inexact,
    numpy=np.tan,
    hlo="tan",
    jvp=lambda t, y, x: strong_mul(t, add(constant_like(y, 1), mul(y, y))),
)


def asin(x: ArrayLike) -> Any:
    """Element-wise inverse sine, in radians; NaN for floats outside [-1, 1]."""
    return asin_p.bind(x)


asin_p = unary(
    "asin",
    _inexact,
    numpy=widened(np.arcsin),
    hlo="chlo.asin",
    jvp=lambda t, x: strong_mul(t, rsqrt(_one_minus_square(x))),
)


def acos(x: ArrayLike) -> Any:
    """Element-wise inverse cosine, in radians; NaN for floats outside [-1, 1]."""
    return acos_p.bind(x)


acos_p = unary(
    "acos",
    _inexact,
    numpy=widened(np.arccos),
    hlo="chlo.acos",
    jvp=lambda t, x: strong_mul(t, neg(rsqrt(_one_minus_square(x)))),
)


def atan(x: ArrayLike) -> Any:
    """Element-wise inverse tangent, in radians."""
    return atan_p.bind(x)


atan_p = unary(
    "atan",
    _inexact,
    numpy=widened(np.arctan),
    hlo="chlo.atan",
    jvp=lambda t, x: strong_div(t, add(constant_like(x, 1), integer_pow(x, 2))),
)


def atan2(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise angle, in radians, of the points with ordinates `x` and abscissas `y`."""
    return atan2_p.bind(x, y)


def _squared_length(x: Any, y: Any) -> Any:
    return add(integer_pow(x, 2), integer_pow(y, 2))


atan2_p = binary(
    "atan2",
    floating,
    numpy=widened(np.arctan2),
    hlo="atan2",
    jvp=(
        lambda t, x, y: strong_mul(t, div(y, _squared_length(x, y))),
        lambda t, x, y: strong_mul(t, div(neg(x), _squared_length(x, y))),
    ),
)

# --------------------------------------------------------------------- hyperbolic functions


def sinh(x: ArrayLike) -> Any:
    """Element-wise hyperbolic sine."""
    return sinh_p.bind(x)


sinh_p = unary(
    "sinh",
    _inexact,
    numpy=widened(np.sinh),
    hlo="chlo.sinh",
    jvp=lambda t, x: strong_mul(t, cosh(x)),
)


def cosh(x: ArrayLike) -> Any:
    """Element-wise hyperbolic cosine."""
    return cosh_p.bind(x)


cosh_p = unary(
    "cosh",
    _inexact,
    numpy=widened(np.cosh),
    hlo="chlo.cosh",
    jvp=lambda t, x: strong_mul(t, sinh(x)),
)


def tanh(x: ArrayLike) -> Any:
    """Element-wise hyperbolic tangent."""
    return tanh_p.bind(x)


tanh_p = by_result(
    "tanh",
    _inexact,
    numpy=np.tanh,
    hlo="tanh",
    jvp=lambda t, y, x: strong_mul(t, _one_minus_square(y)),
)


def asinh(x: ArrayLike) -> Any:
    """Element-wise inverse hyperbolic sine."""
    return asinh_p.bind(x)


asinh_p = unary(
    "asinh",
    _inexact,
    numpy=widened(np.arcsinh),
    hlo="chlo.asinh",
    jvp=lambda t, x: strong_mul(t, rsqrt(add(integer_pow(x, 2), constant_like(x, 1)))),
)


def acosh(x: ArrayLike) -> Any:
    """Element-wise inverse hyperbolic cosine; NaN for floats below 1."""
    return acosh_p.bind(x)


def _acosh_jvp(t: Any, x: Any) -> Any:
    one = constant_like(x, 1)
    # Two roots: the product under one root could overflow, and has another branch cut.
    return strong_mul(t, mul(rsqrt(sub(x, one)), rsqrt(add(x, one))))


acosh_p = unary("acosh", _inexact, numpy=widened(np.arccosh), hlo="chlo.acosh", jvp=_acosh_jvp)


def atanh(x: ArrayLike) -> Any:
    """Element-wise inverse hyperbolic tangent; NaN for floats outside [-1, 1]."""
    return atanh_p.bind(x)


atanh_p = unary(
    "atanh",
    _inexact,
    numpy=widened(np.arctanh),
    hlo="chlo.atanh",
    jvp=lambda t, x: strong_div(t, _one_minus_square(x)),
)
