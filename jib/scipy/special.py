"""Special functions: error functions, gamma and beta functions, entropies."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax, numpy as jnp
from jib.errors import ArgumentValueError
from jib.lax._families import constant_like
from jib.nn import log_softmax as log_softmax, logsumexp as logsumexp, softmax as softmax
from jib.numpy._promotion import (
    promote_dtypes,
    promote_inexact,
    promote_inexact_args,
    promote_shapes,
)
from jib.numpy._shaping import integer
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = [
    "betainc", "betaln", "digamma", "entr", "erf", "erfc", "erfinv", "expit", "gammainc",
    "gammaincc", "gammaln", "i0", "i0e", "i1", "i1e", "kl_div", "log_ndtr", "log_softmax", "logit",
    "logsumexp", "multigammaln", "ndtr", "ndtri", "rel_entr", "softmax", "xlog1py", "xlogy",
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
def erfinv(y: ArrayLike) -> Array:
    """The inverse of the error function."""
    return lax.erf_inv(promote_inexact("erfinv", y))


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


@compiled
def log_ndtr(x: ArrayLike) -> Array:
    """The logarithm of `ndtr`, by its asymptotic series for large `-x`."""
    x = promote_inexact("log_ndtr", x)
    limit = constant_like(x, -10)
    near = lax.log(ndtr(lax.max(x, limit)))
    far = lax.min(x, limit)
    # Abramowitz, Stegun, "Handbook of mathematical functions", 26.2.12.
    inverse = lax.div(constant_like(x, 1), lax.square(far))
    tail = lax.mul(constant_like(x, -0.5), lax.square(far))
    tail = lax.sub(tail, lax.log(lax.neg(far)))
    tail = lax.sub(tail, constant_like(x, 0.5 * math.log(2 * math.pi)))
    correction = lax.log1p(lax.sub(_asymptotic(inverse), constant_like(x, 1)))
    return lax.select(lax.gt(x, limit), near, lax.add(tail, correction))


def _asymptotic(inverse: Any) -> Any:
    """`1 - z + 3 z**2 - 15 z**3 + ...` at `z = 1 / x**2`."""
    total, coefficient = constant_like(inverse, 1), 1.0
    power = constant_like(inverse, 1)
    for order in range(1, 6):
        coefficient *= -(2 * order - 1)
        power = lax.mul(power, inverse)
        total = lax.add(total, lax.mul(constant_like(inverse, coefficient), power))
    return total


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
def betaln(a: ArrayLike, b: ArrayLike) -> Array:
    """The logarithm of the absolute value of the beta function."""
    a, b = promote_inexact_args("betaln", a, b)
    return gammaln(a) + gammaln(b) - gammaln(jnp.add(a, b))


def _elementwise(name: str, function: Callable[..., Any], *args: Any) -> Any:
    dtype = jnp.result_type(*args, float)
    operands = [jnp.asarray(x, dtype) for x in promote_dtypes(name, *args)]
    return function(*promote_shapes(name, *operands))


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
