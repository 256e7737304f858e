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
from jib.lax._transcendental import by_argument, by_result
from jib.typing import ArrayLike

__all__ = [
    "bessel_i0e", "bessel_i1e", "digamma", "erf", "erf_inv", "erfc", "lgamma", "polygamma", "zeta",
]  # fmt: skip


_scipy: Any = DeferredModule("scipy.special")  # for the NumPy rules alone


def by_scipy(name: str) -> Callable[..., Any]:
    """A NumPy rule: SciPy's function of that name, in float64."""
    return lambda *arrays: getattr(_scipy, name)(*[np.asarray(x, np.float64) for x in arrays])


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


_SLOPE = 2 / math.sqrt(math.pi)
erf_p = unary(
    "erf", floating, numpy=by_scipy("erf"), hlo="chlo.erf", jvp=lambda t, x: _bell(t, x, _SLOPE)
)


def erfc(x: ArrayLike) -> Any:
    """Element-wise `1 - erf(x)`, accurate also where it is small."""
    return erfc_p.bind(x)


erfc_p = unary(
    "erfc", floating, numpy=by_scipy("erfc"), hlo="chlo.erfc", jvp=lambda t, x: _bell(t, x, -_SLOPE)
)


def erf_inv(x: ArrayLike) -> Any:
    """Element-wise inverse of `erf`; infinite at -1 and 1, NaN beyond."""
    return erf_inv_p.bind(x)


erf_inv_p = by_result(
    "erf_inv",
    floating,
    numpy=by_scipy("erfinv"),
    hlo="chlo.erf_inv",
    slope=lambda y, x: mul(constant_like(y, 1 / _SLOPE), lax.exp(mul(y, y))),
)

# ---------------------------------------------------------------------------- gamma family


def lgamma(x: ArrayLike) -> Any:
    """Element-wise logarithm of the absolute value of the gamma function; infinite at its poles."""
    return lgamma_p.bind(x)


lgamma_p = by_argument(
    "lgamma", floating, numpy=by_scipy("gammaln"), hlo="chlo.lgamma", slope=lambda x: digamma(x)
)


def digamma(x: ArrayLike) -> Any:
    """Element-wise derivative of `lgamma`; NaN at its poles."""
    return digamma_p.bind(x)


digamma_p = by_argument(
    "digamma",
    floating,
    numpy=by_scipy("digamma"),
    hlo="chlo.digamma",
    slope=lambda x: polygamma(constant_like(x, 1), x),
)


def no_derivative(
    name: str, operand: str, module: str = "lax", kind: str = "derivative"
) -> Callable[..., Any]:
    """A derivative rule that raises; `kind` may say which derivative of `name` there is not."""

    def rule(*args: Any) -> Any:
        raise NoDerivativeError(
            f"`{module}.{name}` has no {kind} by `{operand}`",
            help=f"{operand} = lax.stop_gradient({operand})",
        )

    return rule


def polygamma(m: ArrayLike, x: ArrayLike) -> Any:
    """Element-wise derivative of order `m` (whole numbers, as floats) of `digamma`."""
    return polygamma_p.bind(m, x)


polygamma_p = binary(
    "polygamma",
    floating,
    numpy=by_scipy("polygamma"),
    hlo="chlo.polygamma",
    jvp=(
        no_derivative("polygamma", "m"),
        lambda t, m, x: strong_mul(t, polygamma(add(m, constant_like(m, 1)), x)),
    ),
)


def zeta(x: ArrayLike, q: ArrayLike) -> Any:
    """Element-wise Hurwitz zeta function, the sum of `(k + q)**-x` over k = 0, 1, 2, ..."""
    return zeta_p.bind(x, q)


def _zeta_jvp(t: Any, x: Any, q: Any) -> Any:
    return strong_mul(t, mul(neg(x), zeta(add(x, constant_like(x, 1)), q)))


zeta_p = binary(
    "zeta",
    floating,
    numpy=by_scipy("zeta"),
    hlo="chlo.zeta",
    jvp=(no_derivative("zeta", "x"), _zeta_jvp),
)

# -------------------------------------------------------------------------- Bessel functions


def _scaled_bessel(x: Any) -> Any:
    """`exp(-|x|) * I_0(x)`: the mean of its integrand, which is smooth and periodic."""
    angles = np.linspace(0, 2 * np.pi, 2048, endpoint=False)
    wide = np.asarray(x, np.float64)[..., None]
    return np.mean(np.exp(wide * np.cos(angles) - np.abs(wide)), axis=-1)


@functools.cache
def _bessel_series() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Chebyshev coefficients of `I_0` scaled: on [0, 8], and of its `sqrt(x)` multiple beyond.

    Source: the two intervals of the Cephes library, S. L. Moshier, 1989.
    """
    fit = np.polynomial.chebyshev.chebinterpolate
    near = fit(lambda t: _scaled_bessel(4 * (t + 1)), 30)
    far = fit(lambda t: np.sqrt(16 / (t + 1)) * _scaled_bessel(16 / (t + 1)), 24)
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
    numpy=by_scipy("i0e"),
    hlo=_bessel_i0e_hlo,
    slope=lambda y, x: sub(bessel_i1e(x), mul(lax.sign(x), y)),
    strong=False,
)


def bessel_i1e(x: ArrayLike) -> Any:
    """Element-wise modified Bessel function of the first kind and order 1, times `exp(-|x|)`."""
    return bessel_i1e_p.bind(x)


def _bessel_i1e_slope(y: Any, x: Any) -> Any:
    at_zero = lax.eq(x, constant_like(x, 0))
    safe = lax.select(at_zero, constant_like(x, 1), x)
    slope = sub(bessel_i0e(x), mul(y, add(lax.sign(x), div(constant_like(x, 1), safe))))
    return lax.select(at_zero, constant_like(x, 0.5), slope)


bessel_i1e_p = by_result(
    "bessel_i1e",
    floating,
    numpy=by_scipy("i1e"),
    hlo="chlo.bessel_i1e",
    slope=_bessel_i1e_slope,
    strong=False,
)
