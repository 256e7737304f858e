"""Special functions: error functions, the gamma family, Bessel functions."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax
from jib._deferred import DeferredModule
from jib.core.tracing import aval_of
from jib.errors import NoDerivativeError
from jib.lax._arithmetic import add, div, integer_pow, mul, neg, strong_mul, sub
from jib.lax._families import binary, constant_like, floating, unary
from jib.lax._transcendental import by_result
from jib.typing import ArrayLike

__all__ = [
    "bessel_i0e", "bessel_i1e", "digamma", "erf", "erf_inv", "erfc", "lgamma", "polygamma", "zeta",
]  # fmt: skip


def elementwise_reference(function: Callable[..., float]) -> Callable[..., Any]:
    """A NumPy reference from a function of Python floats; where it fails the result is NaN."""

    def safe(*values: float) -> float:
        try:
            return function(*values)
        except (ValueError, OverflowError, ZeroDivisionError):
            return math.nan

    def reference(*arrays: Any) -> Any:
        rows = np.broadcast_arrays(*[np.asarray(x, np.float64) for x in arrays])
        found = [safe(*values) for values in zip(*(r.ravel().tolist() for r in rows), strict=True)]
        return np.asarray(found, np.float64).reshape(rows[0].shape)

    return reference


# -------------------------------------------------------------------------- error functions


def erf(x: ArrayLike) -> Any:
    """Element-wise error function, `2 / sqrt(pi)` times the integral of `exp(-t**2)` to `x`.

    Example:
        >>> from jib import lax
        >>> round(float(lax.erf(1.0)), 4)
        0.8427
    """
    return erf_p.bind(x)


def _bell(t: Any, x: Any, height: float) -> Any:
    return mul(t, mul(constant_like(x, height), lax.exp(neg(integer_pow(x, 2)))))


_statistics: Any = DeferredModule("statistics")
_SLOPE = 2 / math.sqrt(math.pi)
erf_p = unary(
    "erf",
    floating,
    numpy=elementwise_reference(math.erf),
    hlo="chlo.erf",
    jvp=lambda t, x: _bell(t, x, _SLOPE),
)


def erfc(x: ArrayLike) -> Any:
    """Element-wise `1 - erf(x)`, accurate also where it is small."""
    return erfc_p.bind(x)


erfc_p = unary(
    "erfc",
    floating,
    numpy=elementwise_reference(math.erfc),
    hlo="chlo.erfc",
    jvp=lambda t, x: _bell(t, x, -_SLOPE),
)


def erf_inv(x: ArrayLike) -> Any:
    """Element-wise inverse of `erf`; infinite at -1 and 1, NaN beyond."""
    return erf_inv_p.bind(x)


def _erf_inv(x: float) -> float:
    if abs(x) == 1:
        return math.copysign(math.inf, x)
    if abs(x) < 1e-9:
        return x / _SLOPE
    return _statistics.NormalDist().inv_cdf((x + 1) / 2) / math.sqrt(2)


erf_inv_p = by_result(
    "erf_inv",
    floating,
    numpy=elementwise_reference(_erf_inv),
    hlo="chlo.erf_inv",
    jvp=lambda t, y, x: strong_mul(t, mul(constant_like(y, 1 / _SLOPE), lax.exp(mul(y, y)))),
)

# ---------------------------------------------------------------------------- gamma family


def lgamma(x: ArrayLike) -> Any:
    """Element-wise logarithm of the absolute value of the gamma function; infinite at its poles."""
    return lgamma_p.bind(x)


def _lgamma(x: float) -> float:
    return math.inf if x <= 0 and x == math.floor(x) else math.lgamma(x)


lgamma_p = unary(
    "lgamma",
    floating,
    numpy=elementwise_reference(_lgamma),
    hlo="chlo.lgamma",
    jvp=lambda t, x: strong_mul(t, digamma(x)),
)


def digamma(x: ArrayLike) -> Any:
    """Element-wise derivative of `lgamma`; NaN at its poles."""
    return digamma_p.bind(x)


def _digamma(x: float) -> float:
    if x <= 0:
        if x == math.floor(x):
            return math.nan
        return _digamma(1 - x) - math.pi / math.tan(math.pi * x)
    total = 0.0
    while x < 10:  # up to where the asymptotic series holds
        total, x = total - 1 / x, x + 1
    square = 1 / (x * x)
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
    return total + math.log(x) - 0.5 / x - series


digamma_p = unary(
    "digamma",
    floating,
    numpy=elementwise_reference(_digamma),
    hlo="chlo.digamma",
    jvp=lambda t, x: strong_mul(t, polygamma(constant_like(x, 1), x)),
)


def no_derivative(name: str, operand: str, module: str = "lax") -> Callable[..., Any]:
    """A derivative rule that raises."""

    def rule(*args: Any) -> Any:
        raise NoDerivativeError(
            f"`{module}.{name}` has no derivative by `{operand}`",
            help=f"{operand} = lax.stop_gradient({operand})",
        )

    return rule


def polygamma(m: ArrayLike, x: ArrayLike) -> Any:
    """Element-wise derivative of order `m` (whole numbers, as floats) of `digamma`."""
    return polygamma_p.bind(m, x)


def _polygamma(m: float, x: float) -> float:
    if m == 0:
        return _digamma(x)
    return (-1) ** (int(m) + 1) * math.factorial(int(m)) * _zeta(m + 1, x)


polygamma_p = binary(
    "polygamma",
    floating,
    numpy=elementwise_reference(_polygamma),
    hlo="chlo.polygamma",
    jvp=(
        no_derivative("polygamma", "m"),
        lambda t, m, x: strong_mul(t, polygamma(add(m, constant_like(m, 1)), x)),
    ),
)


def zeta(x: ArrayLike, q: ArrayLike) -> Any:
    """Element-wise Hurwitz zeta function, the sum of `(k + q)**-x` over k = 0, 1, 2, ..."""
    return zeta_p.bind(x, q)


def _zeta(x: float, q: float) -> float:
    """The first terms, and the rest by the Euler-Maclaurin formula."""
    if x <= 1:
        return math.inf if x == 1 else math.nan
    count = 12
    total = sum((q + k) ** -x for k in range(count))
    last = q + count
    total += last ** (1 - x) / (x - 1) + 0.5 * last**-x
    factor, power = x, last ** (-x - 1)
    for k, bernoulli in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66), 1):
        total += bernoulli * factor * power / math.factorial(2 * k)
        factor *= (x + 2 * k - 1) * (x + 2 * k)
        power /= last * last
    return total


def _zeta_jvp(t: Any, x: Any, q: Any) -> Any:
    return strong_mul(t, mul(neg(x), zeta(add(x, constant_like(x, 1)), q)))


zeta_p = binary(
    "zeta",
    floating,
    numpy=elementwise_reference(_zeta),
    hlo="chlo.zeta",
    jvp=(no_derivative("zeta", "x"), _zeta_jvp),
)

# -------------------------------------------------------------------------- Bessel functions


def _scaled_bessel(order: int, x: Any) -> Any:
    """`exp(-|x|) * I_order(x)`: the mean of its integrand, which is smooth and periodic."""
    angles = np.linspace(0, 2 * np.pi, 2048, endpoint=False)
    wide = np.asarray(x, np.float64)[..., None]
    return np.mean(np.exp(wide * np.cos(angles) - np.abs(wide)) * np.cos(order * angles), axis=-1)


@functools.cache
def _bessel_series() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Chebyshev coefficients of `I_0` scaled: on [0, 8], and of its `sqrt(x)` multiple beyond.

    Source: the two intervals of the Cephes library, S. L. Moshier, 1989.
    """
    fit = np.polynomial.chebyshev.chebinterpolate
    near = fit(lambda t: _scaled_bessel(0, 4 * (t + 1)), 30)
    far = fit(lambda t: np.sqrt(16 / (t + 1)) * _scaled_bessel(0, 16 / (t + 1)), 24)
    return tuple(near.tolist()), tuple(far.tolist())


def _chebyshev(t: Any, coefficients: tuple[float, ...]) -> Any:
    """The sum of a Chebyshev series by Clenshaw's recurrence."""
    double = mul(constant_like(t, 2), t)
    first = second = lax.full_like(t, 0)
    for c in reversed(coefficients[1:]):
        first, second = add(sub(mul(double, first), second), constant_like(t, c)), first
    return add(sub(mul(t, first), second), constant_like(t, coefficients[0]))


def _bessel_i0e_hlo(x: Any) -> Any:
    dtype = aval_of(x).dtype
    if dtype.itemsize < 4:
        return lax.convert_element_type(
            _bessel_i0e_hlo(lax.convert_element_type(x, np.float32)), dtype
        )
    near, far = _bessel_series()
    size, one, eight = lax.abs(x), constant_like(x, 1), constant_like(x, 8)
    inner = _chebyshev(sub(div(size, constant_like(x, 4)), one), near)
    safe = lax.max(size, eight)
    outer = mul(_chebyshev(sub(div(constant_like(x, 16), safe), one), far), lax.rsqrt(safe))
    return lax.select(lax.le(size, eight), inner, outer)


def bessel_i0e(x: ArrayLike) -> Any:
    """Element-wise modified Bessel function of the first kind and order 0, times `exp(-|x|)`."""
    return bessel_i0e_p.bind(x)


bessel_i0e_p = by_result(
    "bessel_i0e",
    floating,
    numpy=lambda x: _scaled_bessel(0, x),
    hlo=_bessel_i0e_hlo,
    jvp=lambda t, y, x: mul(t, sub(bessel_i1e(x), mul(lax.sign(x), y))),
)


def bessel_i1e(x: ArrayLike) -> Any:
    """Element-wise modified Bessel function of the first kind and order 1, times `exp(-|x|)`."""
    return bessel_i1e_p.bind(x)


def _bessel_i1e_jvp(t: Any, y: Any, x: Any) -> Any:
    at_zero = lax.eq(x, constant_like(x, 0))
    safe = lax.select(at_zero, constant_like(x, 1), x)
    slope = sub(bessel_i0e(x), mul(y, add(lax.sign(x), div(constant_like(x, 1), safe))))
    return mul(t, lax.select(at_zero, constant_like(x, 0.5), slope))


bessel_i1e_p = by_result(
    "bessel_i1e",
    floating,
    numpy=lambda x: _scaled_bessel(1, x),
    hlo="chlo.bessel_i1e",
    jvp=_bessel_i1e_jvp,
)
