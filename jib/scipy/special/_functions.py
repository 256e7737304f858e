"""Special functions: error functions, gamma and beta functions, entropies."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, DTypeError
from jib.lax._families import constant_like
from jib.nn import log_softmax, logsumexp, softmax
from jib.numpy._promotion import promote_inexact, promote_inexact_args, promote_shapes
from jib.numpy._shaping import integer
from jib.passes.eager import compiled
from jib.scipy._arguments import promoted
from jib.scipy.special._series import erfcx
from jib.typing import Array, ArrayLike

__all__ = [
    "beta", "betainc", "betaln", "boxcox", "boxcox1p", "comb", "digamma", "entr", "erf", "erfc",
    "erfinv", "expit", "factorial", "gamma", "gammainc", "gammaincc", "gammaln", "gammasgn", "i0",
    "i0e", "i1", "i1e", "kl_div", "log_ndtr", "log_softmax", "loggamma", "logit", "logsumexp",
    "multigammaln", "ndtr", "ndtri", "poch", "polygamma", "rel_entr", "softmax", "xlog1py", "xlogy",
    "zeta",
]  # fmt: skip


# ---------------------------------------------------------------------------- error functions


@compiled
def erf(x: ArrayLike) -> Array:
    """The error function.

    Example:
        >>> from jib.scipy.special import erf
        >>> float(erf(0.0))
        0.0
    """
    return lax.erf(promote_inexact("erf", x))


@compiled
def erfc(x: ArrayLike) -> Array:
    """1 less the error function, without loss for large `x`."""
    return lax.erfc(promote_inexact("erfc", x))


@compiled
def erfinv(x: ArrayLike) -> Array:
    """The inverse of the error function."""
    return lax.erf_inv(promote_inexact("erfinv", x))


@compiled
def ndtr(x: ArrayLike) -> Array:
    """The probability that a standard normal number is less than `x`.

    Example:
        >>> from jib.scipy.special import ndtr
        >>> float(ndtr(0.0))
        0.5
    """
    x = promote_inexact("ndtr", x)
    half = constant_like(x, 0.5)
    scaled = lax.mul(x, constant_like(x, math.sqrt(0.5)))
    near = lax.add(half, lax.mul(half, lax.erf(scaled)))
    tail = lax.mul(half, lax.erfc(lax.abs(scaled)))
    outer = lax.select(lax.gt(x, constant_like(x, 0)), lax.sub(constant_like(x, 1), tail), tail)
    inside = lax.lt(lax.abs(scaled), constant_like(x, math.sqrt(0.5)))
    return lax.select(inside, near, outer)


@compiled
def ndtri(p: ArrayLike) -> Array:
    """The inverse of `ndtr`."""
    p = promote_inexact("ndtri", p)
    centred = lax.sub(lax.mul(constant_like(p, 2), p), constant_like(p, 1))
    return lax.mul(constant_like(p, math.sqrt(2)), lax.erf_inv(centred))


@compiled(static=("series_order",))
def log_ndtr(x: ArrayLike, series_order: int = 3) -> Array:
    """The logarithm of `ndtr`, also where that is too small for a number.

    Args:
        x: floating numbers.
        series_order: not used: there is one accuracy.
    """
    x = promote_inexact("log_ndtr", x)
    low, high = jnp.minimum(x, -1), jnp.maximum(x, -1)
    far = jnp.log(0.5 * erfcx(low * -math.sqrt(0.5))) - 0.5 * low * low
    return jnp.where(jnp.less(x, -1), far, jnp.log1p(-ndtr(-high)))


# ----------------------------------------------------------------------- logistic and entropies


@compiled
def expit(x: ArrayLike) -> Array:
    """`1 / (1 + exp(-x))`.

    Example:
        >>> from jib.scipy.special import expit
        >>> float(expit(0.0))
        0.5
    """
    return lax.logistic(promote_inexact("expit", x))


@compiled
def logit(x: ArrayLike) -> Array:
    """`log(x / (1 - x))`, the inverse of `expit`."""
    x = promote_inexact("logit", x)
    return lax.sub(lax.log(x), lax.log1p(lax.neg(x)))


def _times_log(name: str, log: Callable[[Any], Any], x: Any, y: Any) -> Any:
    x, y = promote_inexact_args(name, x, y)
    zero = jnp.equal(x, 0)
    return jnp.where(zero, 0, x * log(jnp.where(zero, 1, y)))


@compiled
def xlogy(x: ArrayLike, y: ArrayLike) -> Array:
    """`x * log(y)`, which is 0 where `x` is 0.

    Example:
        >>> from jib.scipy.special import xlogy
        >>> float(xlogy(0.0, 0.0))
        0.0
    """
    return _times_log("xlogy", jnp.log, x, y)


@compiled
def xlog1py(x: ArrayLike, y: ArrayLike) -> Array:
    """`x * log1p(y)`, which is 0 where `x` is 0."""
    return _times_log("xlog1py", jnp.log1p, x, y)


@compiled
def entr(x: ArrayLike) -> Array:
    """`-x * log(x)`, 0 at 0, and minus infinity below."""
    x = promote_inexact("entr", x)
    return jnp.where(jnp.less(x, 0), -np.inf, jnp.negative(xlogy(x, x)))


@compiled
def rel_entr(p: ArrayLike, q: ArrayLike) -> Array:
    """`p * log(p / q)`, 0 where `p` is 0, infinite where it is not defined."""
    p, q = promote_inexact_args("rel_entr", p, q)
    both = jnp.logical_and(jnp.greater(p, 0), jnp.greater(q, 0))
    none = jnp.logical_and(jnp.equal(p, 0), jnp.greater_equal(q, 0))
    safe_p, safe_q = jnp.where(both, p, 1), jnp.where(both, q, 1)
    value = safe_p * (jnp.log(safe_p) - jnp.log(safe_q))
    return jnp.where(both, value, jnp.where(none, 0.0, np.inf))


@compiled
def kl_div(p: ArrayLike, q: ArrayLike) -> Array:
    """`p * log(p / q) - p + q`."""
    return rel_entr(p, q) - p + q


# ------------------------------------------------------------------------------ gamma and beta


@compiled
def gammaln(x: ArrayLike) -> Array:
    """The logarithm of the absolute value of the gamma function."""
    return lax.lgamma(promote_inexact("gammaln", x))


@compiled
def digamma(x: ArrayLike) -> Array:
    """The derivative of `gammaln`."""
    return lax.digamma(promote_inexact("digamma", x))


@compiled
def loggamma(x: ArrayLike) -> Array:
    """The principal logarithm of the gamma function of real numbers; NaN for negative ones."""
    x = promote_inexact("loggamma", x)
    return jnp.where(jnp.greater(x, 0), lax.lgamma(x), np.nan)


@compiled
def gammasgn(x: ArrayLike) -> Array:
    """The sign of the gamma function; NaN at its poles (but the sign of the zero at 0)."""
    x = promote_inexact("gammasgn", x)
    floor = jnp.floor(x)
    negative = jnp.less(jnp.divide(1, x), 0) & (
        jnp.equal(x, 0) | jnp.not_equal(jnp.mod(floor, 2), 0)
    )
    pole = jnp.less(x, 0) & jnp.equal(x, floor) | jnp.isnan(x)
    return jnp.where(pole, np.nan, jnp.where(negative, jnp.full_like(x, -1), 1))


@compiled
def gamma(x: ArrayLike) -> Array:
    """The gamma function of real numbers.

    Example:
        >>> from jib.scipy.special import gamma
        >>> round(float(gamma(5.0)), 3)
        24.0
    """
    x = promote_inexact("gamma", x)
    return gammasgn(x) * jnp.exp(lax.lgamma(x))


@compiled
def beta(a: ArrayLike, b: ArrayLike) -> Array:
    """The beta function."""
    a, b = promote_inexact_args("beta", a, b)
    return gammasgn(a) * gammasgn(b) * gammasgn(jnp.add(a, b)) * jnp.exp(betaln(a, b))


@compiled
def poch(z: ArrayLike, m: ArrayLike) -> Array:
    """Pochhammer's symbol, `gamma(z + m) / gamma(z)`."""
    z, m = promote_inexact_args("poch", z, m)
    total = jnp.add(z, m)
    ratio = jnp.exp(gammaln(total) - gammaln(z)) * gammasgn(total) * gammasgn(z)
    return jnp.where(jnp.equal(m, 0), 1, ratio)


def factorial(n: ArrayLike, exact: bool = False) -> Array:
    """The factorial, 0 for negative numbers.

    Raises:
        ArgumentValueError: if `exact` is asked for: arrays hold no integers of any length.
    """
    if exact:
        raise ArgumentValueError(
            "`factorial` computes in floating numbers, and has no exact results",
            help="product = math.factorial(n)",
        )
    return _factorial(n)


@compiled
def _factorial(n: Any) -> Any:
    n = promote_inexact("factorial", n)
    return jnp.where(jnp.less(n, 0), 0, jnp.exp(gammaln(jnp.maximum(n, 0) + 1)))


@compiled(static=("repetition",))
def comb(N: ArrayLike, k: ArrayLike, *, repetition: bool = False) -> Array:
    """How many subsets of `k` members a set of `N` has; with repetition, how many multisets."""
    n, k = promote_inexact_args("comb", N, k)
    if repetition:
        none = jnp.equal(k, 0) & jnp.greater_equal(n, 0)
        return jnp.where(none, 1, comb(jnp.add(n, k) - 1, k))
    inside = jnp.less_equal(k, n) & jnp.greater_equal(k, 0)
    n, k = jnp.where(inside, n, 0), jnp.where(inside, k, 0)
    logs = gammaln(jnp.add(n, 1)) - gammaln(jnp.add(k, 1)) - gammaln(jnp.subtract(n, k) + 1)
    return jnp.where(inside, jnp.exp(logs), 0)


def polygamma(n: ArrayLike, x: ArrayLike) -> Array:
    """The derivative of order `n` of `digamma`.

    Raises:
        DTypeError: if `n` is not an integer.
    """
    if not jnp.issubdtype(aval_of(n).dtype, np.integer):
        raise DTypeError.accepts("scipy.special.polygamma", aval_of(n).dtype.name, "integer")
    return _polygamma(n, x)


@compiled
def _polygamma(n: Any, x: Any) -> Any:
    return _elementwise("polygamma", lax.polygamma, n, x)


@compiled
def zeta(x: ArrayLike, q: ArrayLike | None = None) -> Array:
    """Hurwitz's zeta function; without `q`, Riemann's (for `x` beyond 1)."""
    return _elementwise("zeta", lax.zeta, x, 1 if q is None else q)


def _boxcox(name: str, log: Callable[[Any], Any], x: Any, lmbda: Any) -> Any:
    x, lmbda = promote_inexact_args(name, x, lmbda)
    zero = jnp.equal(lmbda, 0)
    safe = jnp.where(zero, 1, lmbda)
    return jnp.where(zero, log(x), jnp.expm1(safe * log(x)) / safe)


@compiled
def boxcox(x: ArrayLike, lmbda: ArrayLike) -> Array:
    """The transform of Box and Cox, `(x**lmbda - 1) / lmbda`, which is `log(x)` at 0."""
    return _boxcox("boxcox", jnp.log, x, lmbda)


@compiled
def boxcox1p(x: ArrayLike, lmbda: ArrayLike) -> Array:
    """`boxcox(1 + x, lmbda)`, accurate near 0."""
    return _boxcox("boxcox1p", jnp.log1p, x, lmbda)


@compiled
def betaln(a: ArrayLike, b: ArrayLike) -> Array:
    """The logarithm of the absolute value of the beta function."""
    a, b = promote_inexact_args("betaln", a, b)
    return gammaln(a) + gammaln(b) - gammaln(jnp.add(a, b))


def _elementwise(name: str, function: Callable[..., Any], *args: Any) -> Any:
    return function(*promote_shapes(name, *promoted(name, *args)))


@compiled
def gammainc(a: ArrayLike, x: ArrayLike) -> Array:
    """The regularised lower incomplete gamma function."""
    return _elementwise("gammainc", lax.igamma, a, x)


@compiled
def gammaincc(a: ArrayLike, x: ArrayLike) -> Array:
    """The regularised upper incomplete gamma function."""
    return _elementwise("gammaincc", lax.igammac, a, x)


@compiled
def betainc(a: ArrayLike, b: ArrayLike, x: ArrayLike) -> Array:
    """The regularised incomplete beta function."""
    return _elementwise("betainc", lax.betainc, a, b, x)


def multigammaln(a: ArrayLike, d: int) -> Array:
    """The logarithm of the gamma function of `d` by `d` matrices.

    Raises:
        ArgumentValueError: if `d` is less than 1.
    """
    size = integer("multigammaln", d)
    if size < 1:
        raise ArgumentValueError(f"`multigammaln` takes a size of 1 or more, but got {size}")
    return _multigammaln(a, size)


@compiled(static=("size",))
def _multigammaln(a: Any, size: int) -> Any:
    a = promote_inexact("multigammaln", a)
    total: Any = 0.25 * size * (size - 1) * math.log(math.pi)
    for i in range(size):
        total = total + gammaln(jnp.subtract(a, 0.5 * i))
    return total


# -------------------------------------------------------------------------------------- Bessel


@compiled
def i0e(x: ArrayLike) -> Array:
    """The modified Bessel function of order 0, times `exp(-|x|)`."""
    return lax.bessel_i0e(promote_inexact("i0e", x))


@compiled
def i1e(x: ArrayLike) -> Array:
    """The modified Bessel function of order 1, times `exp(-|x|)`."""
    return lax.bessel_i1e(promote_inexact("i1e", x))


@compiled
def i0(x: ArrayLike) -> Array:
    """The modified Bessel function of order 0."""
    return jnp.exp(jnp.abs(x)) * i0e(x)


@compiled
def i1(x: ArrayLike) -> Array:
    """The modified Bessel function of order 1."""
    return jnp.exp(jnp.abs(x)) * i1e(x)
