"""Exponentials, logarithms, roots, circular and hyperbolic functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax
from jib.core.primitive import Primitive
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.lax._arithmetic import add, div, integer_pow, mul, neg, strong_mul, sub
from jib.lax._families import Kinds, binary, complexes, constant_like, floating, kind_of, unary
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


def by_argument(
    name: str, kinds: Kinds, *, numpy: Any = None, hlo: Any = None, slope: Callable[..., Any]
) -> Primitive:
    """An element-wise primitive with the derivative `slope(x)`, which may be infinite.

    NumPy's and StableHLO's names for it are `name` where no others are given.
    """
    return unary(
        name,
        kinds,
        numpy=widened(numpy or getattr(np, name)),
        hlo=hlo or name,
        jvp=lambda t, x: strong_mul(t, slope(x)),
    )


def by_result(
    name: str,
    kinds: Kinds,
    *,
    numpy: Any = None,
    hlo: Any = None,
    slope: Callable[..., Any],
    strong: bool = True,
) -> Primitive:
    """The same, but the derivative is written with the result: `slope(y, x)`.

    It is finite without `strong`.
    """
    primitive = unary(
        name, kinds, numpy=widened(numpy or getattr(np, name)), hlo=hlo or name, jvp=None
    )

    def rule(primals: Any, tangents: Any) -> tuple[Any, Any]:
        out = primitive.bind(*primals)
        (t,) = tangents
        if type(t) is Zero:
            return out, t
        return out, (strong_mul if strong else mul)(t, slope(out, *primals))

    primitive.jvp = rule
    return primitive


def _one_plus(x: Any) -> Any:
    return add(x, constant_like(x, 1))


def _one_over(x: Any) -> Any:
    return div(constant_like(x, 1), x)


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


exp_p = by_result("exp", _inexact, hlo="exponential", slope=lambda y, x: y)


def exp2(x: ArrayLike) -> Any:
    """Element-wise power of two."""
    return exp2_p.bind(x)


def _exp2(x: Any) -> Any:
    """Whole powers are exact: the exponent's bits are written, the rest is between two halves."""
    dtype = aval_of(x).dtype
    if kind_of(dtype) == "c":
        return lax.pow(constant_like(x, 2), x)
    if dtype.itemsize < 4:
        return lax.convert_element_type(_exp2(lax.convert_element_type(x, np.float32)), dtype)
    word = np.dtype(f"int{8 * dtype.itemsize}")
    digits, bias = (23, 127) if dtype.itemsize == 4 else (52, 1023)
    whole = lax.round(lax.clamp(constant_like(x, -2 * bias), x, constant_like(x, 2 * bias)))
    power = lax.convert_element_type(whole, word)
    half = lax.shift_right_arithmetic(power, constant_like(power, 1))
    found = exp(mul(sub(x, whole), constant_like(x, math.log(2))))
    for part in (half, sub(power, half)):  # in two steps, as one could overflow
        bits = lax.shift_left(add(part, constant_like(part, bias)), constant_like(part, digits))
        found = mul(found, lax.bitcast_convert_type(bits, dtype))
    return found


exp2_p = by_result(
    "exp2",
    _inexact,
    numpy=lambda x: np.power(x.dtype.type(2), x),
    hlo=_exp2,
    slope=lambda y, x: mul(y, constant_like(y, math.log(2))),
)


def expm1(x: ArrayLike) -> Any:
    """Element-wise `exp(x) - 1`, accurate also near zero."""
    return expm1_p.bind(x)


expm1_p = by_result("expm1", _inexact, hlo="exponential_minus_one", slope=lambda y, x: _one_plus(y))


def log(x: ArrayLike) -> Any:
    """Element-wise natural logarithm; -inf at zero, NaN for negative floats."""
    return log_p.bind(x)


log_p = by_argument("log", _inexact, slope=lambda x: _one_over(x))


def log1p(x: ArrayLike) -> Any:
    """Element-wise `log(1 + x)`, accurate also near zero."""
    return log1p_p.bind(x)


log1p_p = by_argument(
    "log1p", _inexact, hlo="log_plus_one", slope=lambda x: _one_over(_one_plus(x))
)


def logistic(x: ArrayLike) -> Any:
    """Element-wise `1 / (1 + exp(-x))`."""
    return logistic_p.bind(x)


logistic_p = by_result(
    "logistic",
    _inexact,
    numpy=lambda x: 1 / (1 + np.exp(-x)),
    slope=lambda y, x: mul(y, sub(constant_like(y, 1), y)),
)

# ------------------------------------------------------------------------------------ roots


def sqrt(x: ArrayLike) -> Any:
    """Element-wise square root; NaN for negative floats."""
    return sqrt_p.bind(x)


sqrt_p = by_result("sqrt", _inexact, slope=lambda y, x: div(constant_like(y, 0.5), y))


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
    slope=lambda y, x: div(mul(constant_like(y, -0.5), y), x),
)


def cbrt(x: ArrayLike) -> Any:
    """Element-wise cube root of floating numbers; negative for negative ones."""
    return cbrt_p.bind(x)


cbrt_p = by_result("cbrt", floating, slope=lambda y, x: div(constant_like(y, 1 / 3), mul(y, y)))

# ----------------------------------------------------------------------- circular functions


def sin(x: ArrayLike) -> Any:
    """Element-wise sine of angles in radians."""
    return sin_p.bind(x)


sin_p = by_argument("sin", _inexact, hlo="sine", slope=lambda x: cos(x))


def cos(x: ArrayLike) -> Any:
    """Element-wise cosine of angles in radians."""
    return cos_p.bind(x)


cos_p = by_argument("cos", _inexact, hlo="cosine", slope=lambda x: neg(sin(x)))


def tan(x: ArrayLike) -> Any:
    """Element-wise tangent of angles in radians."""
    return tan_p.bind(x)


tan_p = by_result("tan", _inexact, slope=lambda y, x: add(constant_like(y, 1), mul(y, y)))


def asin(x: ArrayLike) -> Any:
    """Element-wise inverse sine, in radians; NaN for floats outside [-1, 1]."""
    return asin_p.bind(x)


asin_p = by_argument("asin", _inexact, hlo="chlo.asin", slope=lambda x: rsqrt(_one_minus_square(x)))


def acos(x: ArrayLike) -> Any:
    """Element-wise inverse cosine, in radians; NaN for floats outside [-1, 1]."""
    return acos_p.bind(x)


acos_p = by_argument(
    "acos", _inexact, hlo="chlo.acos", slope=lambda x: neg(rsqrt(_one_minus_square(x)))
)


def atan(x: ArrayLike) -> Any:
    """Element-wise inverse tangent, in radians."""
    return atan_p.bind(x)


atan_p = by_argument(
    "atan",
    _inexact,
    hlo="chlo.atan",
    slope=lambda x: _one_over(add(constant_like(x, 1), integer_pow(x, 2))),
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


sinh_p = by_argument("sinh", _inexact, hlo="chlo.sinh", slope=lambda x: cosh(x))


def cosh(x: ArrayLike) -> Any:
    """Element-wise hyperbolic cosine."""
    return cosh_p.bind(x)


cosh_p = by_argument("cosh", _inexact, hlo="chlo.cosh", slope=lambda x: sinh(x))


def tanh(x: ArrayLike) -> Any:
    """Element-wise hyperbolic tangent."""
    return tanh_p.bind(x)


tanh_p = by_result("tanh", _inexact, slope=lambda y, x: _one_minus_square(y))


def asinh(x: ArrayLike) -> Any:
    """Element-wise inverse hyperbolic sine."""
    return asinh_p.bind(x)


asinh_p = by_argument(
    "asinh", _inexact, hlo="chlo.asinh", slope=lambda x: rsqrt(_one_plus(integer_pow(x, 2)))
)


def acosh(x: ArrayLike) -> Any:
    """Element-wise inverse hyperbolic cosine; NaN for floats below 1."""
    return acosh_p.bind(x)


def _acosh_slope(x: Any) -> Any:
    one = constant_like(x, 1)
    # Two roots: the product under one root could overflow, and has another branch cut.
    return mul(rsqrt(sub(x, one)), rsqrt(add(x, one)))


acosh_p = by_argument("acosh", _inexact, hlo="chlo.acosh", slope=_acosh_slope)


def atanh(x: ArrayLike) -> Any:
    """Element-wise inverse hyperbolic tangent; NaN for floats outside [-1, 1]."""
    return atanh_p.bind(x)


atanh_p = by_argument(
    "atanh", _inexact, hlo="chlo.atanh", slope=lambda x: _one_over(_one_minus_square(x))
)
