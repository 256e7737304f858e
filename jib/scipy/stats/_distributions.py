"""The distributions of `jib.scipy.stats`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jib import lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from jib.passes.eager import compiled
from jib.scipy import special
from jib.scipy._arguments import promoted
from jib.scipy.special import betaln, gammaln, log_ndtr, xlog1py, xlogy
from jib.scipy.stats._family import distribution, module, with_exponential
from jib.typing import Array, ArrayLike

__all__ = [
    "bernoulli", "beta", "betabinom", "binom", "cauchy", "chi2", "dirichlet", "expon", "gamma",
    "gennorm", "geom", "gumbel_l", "gumbel_r", "laplace", "logistic", "multinomial",
    "multivariate_normal", "nbinom", "norm", "pareto", "poisson", "t", "truncnorm", "uniform",
    "vonmises", "wrapcauchy",
]  # fmt: skip

_POSITIVE = (0.0, math.inf)
_LOG_2PI = math.log(2 * math.pi)

# ------------------------------------------------------------------- location and scale


def _normal(y: Any) -> Any:
    return -0.5 * (y * y + _LOG_2PI)


def _from_tail(y: Any, outside: Any) -> Any:
    """The cumulative function of a symmetric distribution: `outside` is what is beyond `|y|`."""
    return jnp.where(y <= 0, 0.5 * outside, 1 - 0.5 * outside)


norm = distribution(
    "norm", symmetric=True, logpdf=_normal, cdf=special.ndtr, logcdf=log_ndtr, ppf=special.ndtri
)
uniform = distribution(
    "uniform", support=(0.0, 1.0), logpdf=jnp.zeros_like, cdf=lambda y: y, ppf=lambda q: q
)
expon = distribution(
    "expon", support=_POSITIVE, logpdf=lambda y: -y, logsf=lambda y: -y,
    cdf=lambda y: -jnp.expm1(-y), ppf=lambda q: -jnp.log1p(-q),
)  # fmt: skip
cauchy = distribution(
    "cauchy", symmetric=True, logpdf=lambda y: -math.log(math.pi) - jnp.log1p(y * y),
    cdf=lambda y: jnp.arctan2(jnp.ones_like(y), -y) / math.pi,
    ppf=lambda q: jnp.tan(math.pi * (q - 0.5)), isf=lambda q: jnp.tan(math.pi * (0.5 - q)),
)  # fmt: skip
laplace = distribution(
    "laplace", symmetric=True, logpdf=lambda y: -abs(y) - math.log(2),
    cdf=lambda y: _from_tail(y, jnp.exp(-abs(y))),
)  # fmt: skip
logistic = distribution(
    "logistic", symmetric=True, spelled={"ppf": "x", "isf": "x"},
    logpdf=lambda y: -2 * jnp.logaddexp(0.5 * y, -0.5 * y), cdf=special.expit,
    logcdf=lambda y: -jnp.logaddexp(0, -y), ppf=special.logit, isf=lambda q: -special.logit(q),
)  # fmt: skip
gumbel_r = distribution(
    "gumbel_r", logpdf=lambda y: -y - jnp.exp(-y), logcdf=lambda y: -jnp.exp(-y),
    sf=lambda y: -jnp.expm1(-jnp.exp(-y)), ppf=lambda q: -jnp.log(-jnp.log(q)),
    spelled={"ppf": "p"},
)  # fmt: skip
gumbel_l = distribution(
    "gumbel_l", logpdf=lambda y: y - jnp.exp(y), logsf=lambda y: -jnp.exp(y),
    cdf=lambda y: -jnp.expm1(-jnp.exp(y)), ppf=lambda q: jnp.log(-jnp.log1p(-q)),
    spelled={"ppf": "p"},
)  # fmt: skip

# ---------------------------------------------------------------------- with shape parameters

pareto = distribution(
    "pareto", "b", support=(1.0, math.inf), logpdf=lambda y, b: jnp.log(b) - (b + 1) * jnp.log(y),
    logsf=lambda y, b: -b * jnp.log(y), cdf=lambda y, b: -jnp.expm1(-b * jnp.log(y)),
    ppf=lambda q, b: jnp.exp(-jnp.log1p(-q) / b),
)  # fmt: skip


def _gamma(y: Any, a: Any) -> Any:
    return xlogy(a - 1, y) - y - gammaln(a)


gamma = distribution(
    "gamma", "a", support=_POSITIVE, logpdf=_gamma, cdf=lambda y, a: special.gammainc(a, y),
    sf=lambda y, a: special.gammaincc(a, y),
)  # fmt: skip
chi2 = distribution(
    "chi2", "df", support=_POSITIVE, logpdf=lambda y, df: _gamma(0.5 * y, 0.5 * df) - math.log(2),
    cdf=lambda y, df: special.gammainc(0.5 * df, 0.5 * y),
    sf=lambda y, df: special.gammaincc(0.5 * df, 0.5 * y),
)  # fmt: skip
beta = distribution(
    "beta", "a b", support=(0.0, 1.0), valid=lambda a, b: (a > 0) & (b > 0),
    logpdf=lambda y, a, b: xlogy(a - 1, y) + xlog1py(b - 1, -y) - betaln(a, b),
    cdf=lambda y, a, b: special.betainc(a, b, y), sf=lambda y, a, b: special.betainc(b, a, 1 - y),
)  # fmt: skip
t = distribution(
    "t", "df",
    logpdf=lambda y, df: (
        gammaln(0.5 * (df + 1)) - gammaln(0.5 * df) - 0.5 * jnp.log(math.pi * df)
        - 0.5 * (df + 1) * jnp.log1p(y * y / df)
    ),
)  # fmt: skip
gennorm = distribution(
    "gennorm", "beta", parameters="", symmetric=True,
    logpdf=lambda y, beta: jnp.log(0.5 * beta) - gammaln(1 / beta) - abs(y) ** beta,
    cdf=lambda y, beta: _from_tail(y, special.gammaincc(1 / beta, abs(y) ** beta)),
)  # fmt: skip
vonmises = distribution(
    "vonmises", "kappa", parameters="", valid=lambda kappa: kappa > 0,
    logpdf=lambda y, kappa: kappa * (jnp.cos(y) - 1) - _LOG_2PI - jnp.log(special.i0e(kappa)),
)  # fmt: skip
wrapcauchy = distribution(
    "wrapcauchy", "c", parameters="", support=(0.0, 2 * math.pi), valid=lambda c: (c > 0) & (c < 1),
    logpdf=lambda y, c: jnp.log1p(-c * c) - _LOG_2PI - jnp.log1p(c * c - 2 * c * jnp.cos(y)),
)  # fmt: skip


def _log_mass(a: Any, b: Any) -> Any:
    """The logarithm of the normal probability between `a` and `b`, from the lighter tail."""
    right = a > 0
    low, high = jnp.where(right, -b, a), jnp.where(right, -a, b)
    upper, lower = log_ndtr(high), log_ndtr(low)
    return upper + jnp.log1p(-jnp.exp(lower - upper))


truncnorm = distribution(
    "truncnorm", "a b", support=lambda a, b: (a, b), valid=lambda a, b: a < b,
    logpdf=lambda y, a, b: _normal(y) - _log_mass(a, b),
    logcdf=lambda y, a, b: _log_mass(a, y) - _log_mass(a, b),
    logsf=lambda y, a, b: _log_mass(y, b) - _log_mass(a, b),
)  # fmt: skip

# -------------------------------------------------------------------------------- of counts


@compiled
def _bernoulli_ppf(q: Any, p: Any) -> Any:
    """The smaller of 0 and 1 up to which there is this probability."""
    q, p = promoted("bernoulli.ppf", q, p)
    wrong = (q < 0) | (q > 1) | (p < 0) | (p > 1) | jnp.isnan(q) | jnp.isnan(p)
    return jnp.where(wrong, np.nan, jnp.where(q <= 1 - p, 0, jnp.ones_like(q)))


@compiled
def _poisson_entropy(mu: ArrayLike, loc: ArrayLike = 0) -> Array:
    """The entropy in nats: by its sum up to mean 100, and by its asymptotic series beyond."""
    mu, loc = (jnp.asarray(x) for x in promoted("poisson.entropy", mu, loc))
    mu = jnp.broadcast_to(mu, jnp.broadcast_shapes(mu.shape, loc.shape))
    small = jnp.minimum(mu, 100)
    k = jnp.arange(250, dtype=mu.dtype).reshape(250, *(1 for _ in mu.shape))
    total = special.entr(poisson.pmf(k, small)).sum(0)
    far = jnp.maximum(mu, 100)
    series = 0.5 * (_LOG_2PI + 1 + jnp.log(far)) - 1 / (12 * far) - 1 / (24 * far * far)
    return jnp.where(mu > 100, series, jnp.where(mu == 0, 0, total))


bernoulli = distribution(
    "bernoulli", "p", parameters="loc", plain=("cdf",), support=(0.0, 1.0),
    valid=lambda p: (p >= 0) & (p <= 1), others={"ppf": _bernoulli_ppf},
    logpmf=lambda k, p: xlogy(k, p) + xlog1py(1 - k, -p),
    cdf=lambda k, p: jnp.where(k < 1, 1 - p, 1),
)  # fmt: skip
binom = distribution(
    "binom", "n p", parameters="loc", support=lambda n, p: (0.0, n),
    logpmf=lambda k, n, p: _choices(n, k) + xlogy(k, p) + xlog1py(n - k, -p),
)  # fmt: skip
betabinom = distribution(
    "betabinom", "n a b", parameters="loc", support=lambda n, a, b: (0.0, n),
    valid=lambda n, a, b: (n >= 0) & (a > 0) & (b > 0),
    logpmf=lambda k, n, a, b: _choices(n, k) + betaln(k + a, n - k + b) - betaln(a, b),
)  # fmt: skip
nbinom = distribution(
    "nbinom", "n p", parameters="loc", support=_POSITIVE,
    logpmf=lambda k, n, p: (
        gammaln(k + n) - gammaln(n) - gammaln(k + 1) + xlogy(n, p) + xlog1py(k, -p)
    ),
)  # fmt: skip
geom = distribution(
    "geom", "p", parameters="loc", support=(1.0, math.inf),
    logpmf=lambda k, p: xlog1py(k - 1, -p) + jnp.log(p),
)  # fmt: skip
poisson = distribution(
    "poisson", "mu", parameters="loc", support=_POSITIVE, others={"entropy": _poisson_entropy},
    logpmf=lambda k, mu: xlogy(k, mu) - gammaln(k + 1) - mu,
    cdf=lambda k, mu: special.gammaincc(jnp.floor(k) + 1, mu),
    sf=lambda k, mu: special.gammainc(jnp.floor(k) + 1, mu),
)  # fmt: skip


def _choices(n: Any, k: Any) -> Any:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


# -------------------------------------------------------------------------------- of vectors


def _dirichlet_logpdf(x: ArrayLike, alpha: ArrayLike) -> Array:
    """The logarithm of the density at points along the first axis of `x`.

    Raises:
        ShapeError: if `alpha` is no vector, or `x` has neither as many rows nor one less.
    """
    size, rows = aval_of(alpha).shape, aval_of(x).shape[:1]
    if len(size) != 1 or not rows or rows[0] not in (size[0], size[0] - 1):
        raise ShapeError(
            "`dirichlet.logpdf` needs a vector of concentrations, and points along the first axis, "
            f"but got shapes {size} and {aval_of(x).shape}"
        )
    return _dirichlet(x, alpha)


@compiled
def _dirichlet(x: Any, alpha: Any) -> Any:
    x, alpha = promoted("dirichlet.logpdf", x, alpha)
    if x.shape[0] < alpha.shape[0]:
        x = jnp.concatenate([x, 1 - x.sum(0, keepdims=True)])
    weights = alpha.reshape(-1, *(1 for _ in x.shape[1:]))
    scale = gammaln(alpha).sum() - gammaln(alpha.sum())
    on_simplex = (x > 0).all(0) & (abs(x.sum(0) - 1) < 1e-6)
    return jnp.where(on_simplex, xlogy(weights - 1, x).sum(0) - scale, -np.inf)


def _multinomial_logpmf(x: ArrayLike, n: ArrayLike, p: ArrayLike) -> Array:
    """The logarithm of the probability of counts along the last axis of `x`.

    Raises:
        DTypeError: if counts are not integers.
    """
    for counts in (x, n):
        if not jnp.issubdtype(aval_of(counts).dtype, np.integer):
            raise DTypeError.accepts("multinomial.logpmf", aval_of(counts).dtype.name, "integer")
    return _multinomial(x, n, p)


@compiled
def _multinomial(x: Any, n: Any, p: Any) -> Any:
    x, n, p = promoted("multinomial.logpmf", x, n, p)
    logs = gammaln(n + 1) + (xlogy(x, p) - gammaln(x + 1)).sum(-1)
    return jnp.where(x.sum(-1) == n, logs, -np.inf)


def _multivariate_normal_logpdf(
    x: ArrayLike, mean: ArrayLike, cov: ArrayLike, allow_singular: None = None
) -> Array:
    """The logarithm of the density at points along the last axis of `x`.

    Raises:
        ShapeError: if the covariance is not a square matrix of the size of `mean`.
        ArgumentValueError: if `allow_singular` is given.
    """
    if allow_singular is not None:
        raise ArgumentValueError("`multivariate_normal.logpdf` needs a regular covariance")
    size, shape = aval_of(mean).shape[-1:], aval_of(cov).shape
    if size and shape and shape[-2:] != size * 2:
        raise ShapeError(
            f"`multivariate_normal.logpdf` needs a covariance of shape {size * 2}, but got {shape}"
        )
    return _multivariate_normal(x, mean, cov)


@compiled
def _multivariate_normal(x: Any, mean: Any, cov: Any) -> Any:
    x, mean, cov = (jnp.asarray(v) for v in promoted("multivariate_normal.logpdf", x, mean, cov))
    if not mean.shape:
        return _normal((x - mean) / jnp.sqrt(cov)) - 0.5 * jnp.log(cov)
    y, size = x - mean, mean.shape[-1]
    if not cov.shape:
        return -0.5 * ((y * y).sum(-1) / cov + size * (_LOG_2PI + jnp.log(cov)))
    factor = jnp.linalg.cholesky(cov)
    batch = jnp.broadcast_shapes(y.shape[:-1], cov.shape[:-2])
    factor = jnp.broadcast_to(factor, (*batch, size, size))
    y = jnp.broadcast_to(y, (*batch, size))[..., None]
    y = lax.linalg.triangular_solve(factor, y, left_side=True, lower=True)[..., 0]
    logs = jnp.log(jnp.diagonal(factor, axis1=-2, axis2=-1)).sum(-1)
    return -0.5 * ((y * y).sum(-1) + size * _LOG_2PI) - logs


dirichlet = module("dirichlet", **with_exponential(logpdf=_dirichlet_logpdf))
multinomial = module("multinomial", **with_exponential(logpmf=_multinomial_logpmf))
multivariate_normal = module(
    "multivariate_normal", **with_exponential(logpdf=_multivariate_normal_logpdf)
)
