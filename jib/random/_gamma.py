"""Distributions by rejection: the gamma family, Poisson and binomial counts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import dtypes, lax, numpy as jnp
from jib.core.scalars import exact_scalar
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.errors import ShapeError
from jib.passes.eager import compiled
from jib.random._arguments import broadcast_shape, canonical_shape, checked_dtype, row, sampler
from jib.random._continuous import exponential, normal
from jib.random._discrete import rademacher
from jib.random._keys import clone, split
from jib.random._uniform import uniform
from jib.transforms.custom_jvp import custom_jvp
from jib.transforms.vmap import vmap
from jib.typing import Array, ArrayLike, DTypeLike, Shape

__all__ = [
    "ball", "beta", "binomial", "chisquare", "dirichlet", "double_sided_maxwell", "f", "gamma",
    "generalized_normal", "loggamma", "maxwell", "multinomial", "poisson", "t",
]  # fmt: skip


# Rejection needs each number's own parameters.
_sampler = functools.partial(sampler, full=True)

# ------------------------------------------------------------------------------ gamma numbers


def _one_gamma(key: Any, a: Any, log_space: bool) -> Any:
    """One number by the method of Marsaglia and Tsang; `a` below 1 is raised by 1 first."""
    dtype = aval_of(a).dtype
    one = exact_scalar(1, dtype)
    large = lax.ge(a, one)
    d = lax.select(large, a, a + one) - exact_scalar(1 / 3, dtype)
    c = exact_scalar(1 / 3, dtype) / lax.sqrt(d)

    def rejected(state: Any) -> Any:
        _, x, v, u = state
        slow = lax.log(u) >= x * exact_scalar(0.5, dtype) + d * ((one - v) + lax.log(v))
        return (u >= one - exact_scalar(0.0331, dtype) * (x * x)) & slow

    def positive(state: Any) -> Any:
        keys = split(state[0])
        x = normal(row(keys, 1), (), dtype)
        return row(keys, 0), x, one + x * c

    def propose(state: Any) -> Any:
        keys = split(state[0], 3)
        start = (row(keys, 1), exact_scalar(0, dtype), exact_scalar(-1, dtype))
        _, x, v = lax.while_loop(lambda s: s[2] <= 0, positive, start)
        return row(keys, 0), x * x, v * v * v, uniform(row(keys, 2), (), dtype)

    keys = split(key)
    start = (row(keys, 0), exact_scalar(0, dtype), one, exact_scalar(2, dtype))
    v = lax.while_loop(rejected, propose, start)[2]
    if log_space:
        drawn = -exponential(row(keys, 1), (), dtype)
        boost = lax.select(large | (drawn == 0), lax.full_like(a, 0), drawn * (one / a))
        return lax.log(d) + lax.log(v) + boost
    drawn = one - uniform(row(keys, 1), (), dtype)
    return d * v * lax.select(large, lax.full_like(a, 1), lax.pow(drawn, one / a))


def _gamma_function(log_space: bool) -> Callable[[Any, Any], Any]:
    """The sampler for full `a`, whose derivative by `a` is that of the distribution's inverse."""

    @custom_jvp
    def draw(key: Any, a: Any) -> Any:
        shape, size = aval_of(a).shape, aval_of(a).size
        one = functools.partial(_one_gamma, log_space=log_space)
        drawn = vmap(one)(split(key, size), jnp.ravel(jnp.maximum(a, 0)))
        return jnp.where(a < 0, np.nan, jnp.reshape(drawn, shape))

    def rule(primals: Any, tangents: Any) -> Any:
        (key, a), (_, t) = primals, tangents
        out = draw(key, a)
        if type(t) is Zero:
            return out, jnp.zeros_like(out)
        if not log_space:
            return out, t * lax.random_gamma_grad(a, out)
        tiny = out < -40  # there, the distribution function is x**a / gamma(a + 1)
        x = jnp.exp(jnp.where(tiny, 0, out))
        slope = lax.random_gamma_grad(a, x) / x
        return out, t * jnp.where(tiny, (lax.digamma(a + 1) - out) / a, slope)

    draw.defjvp(rule, symbolic_zeros=True)
    return draw


_gamma, _log_gamma = _gamma_function(False), _gamma_function(True)


@_sampler()
def gamma(
    key: ArrayLike, a: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Numbers of the gamma distribution with shape parameter `a` and scale 1; NaN for negative `a`.

    They have a derivative by `a`: that of the inverse of the distribution function.

    Raises:
        DTypeError: if `dtype` is not floating.
        ShapeError: if `a` does not broadcast to `shape`.

    Source: Marsaglia, Tsang, "A simple method for generating gamma variables", 2000.

    Example:
        >>> import jib
        >>> bool((jib.random.gamma(jib.random.key(0), 2.0, (10,)) > 0).all())
        True
    """
    return _gamma(key, a)


@_sampler()
def loggamma(
    key: ArrayLike, a: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> Any:
    """The logarithms of numbers of the gamma distribution, also where those underflow."""
    return _log_gamma(key, a)


@_sampler()
def beta(
    key: ArrayLike, a: ArrayLike, b: ArrayLike, shape: Shape | None = None,
    dtype: DTypeLike | None = None,
) -> Any:  # fmt: skip
    """Numbers of the beta distribution, which lie between 0 and 1."""
    keys = split(key)
    logs = _log_gamma(row(keys, 0), a), _log_gamma(row(keys, 1), b)
    top = jnp.maximum(*logs)
    first, second = (jnp.exp(x - top) for x in logs)
    return first / (first + second)


def dirichlet(
    key: ArrayLike, alpha: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None,
    *, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """Vectors of positive numbers with sum 1, of the Dirichlet distribution.

    Args:
        key: a key.
        alpha: concentrations, of shape `(..., n)`.
        shape: shape of the result without its last axis, which has length `n`.
        dtype: a floating dtype.

    Raises:
        ShapeError: if `alpha` is a scalar.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.random.dirichlet(jib.random.key(0), jnp.ones(3), (2,)).shape
        (2, 3)
    """
    own = aval_of(alpha).shape
    if not own:
        raise ShapeError(
            "`dirichlet` needs a vector of concentrations, but got a scalar",
            help="points = jib.random.dirichlet(key, jnp.full(n, alpha))",
        )
    full = own if shape is None else (*canonical_shape("dirichlet", shape), own[-1])
    logs = loggamma(key, alpha, full, dtype)
    shares = jnp.exp(logs - lax.stop_gradient(logs.max(-1, keepdims=True)))
    return shares / shares.sum(-1, keepdims=True)


@_sampler()
def chisquare(
    key: ArrayLike, df: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Numbers of the chi-square distribution with `df` degrees of freedom."""
    return jnp.exp(_log_gamma(key, jnp.divide(df, 2))) * 2


@_sampler()
def f(
    key: ArrayLike, dfnum: ArrayLike, dfden: ArrayLike, shape: Shape | None = None,
    dtype: DTypeLike | None = None,
) -> Any:  # fmt: skip
    """Numbers of the F distribution with the degrees of freedom `dfnum` and `dfden`."""
    keys = split(key)
    above = chisquare(row(keys, 1), dfnum, dtype=dtype) / dfnum
    return above / (chisquare(row(keys, 0), dfden, dtype=dtype) / dfden)


@_sampler()
def t(key: ArrayLike, df: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None) -> Any:
    """Numbers of Student's t distribution with `df` degrees of freedom."""
    keys = split(key)
    half = jnp.divide(df, 2)
    drawn = normal(row(keys, 0), half.shape, dtype)
    return drawn * jnp.sqrt(half / _gamma(row(keys, 1), half))


@_sampler()
def generalized_normal(
    key: ArrayLike, p: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None
) -> Any:
    """Numbers whose density is proportional to `exp(-|x|**p)`."""
    keys = split(key)
    inverse = jnp.divide(1, p)
    size = _gamma(row(keys, 0), inverse) ** inverse
    return rademacher(row(keys, 1), aval_of(p).shape, dtype) * size


def ball(
    key: ArrayLike, d: int, p: ArrayLike = 2, shape: Shape = (), dtype: DTypeLike | None = None,
    *, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """Points in the unit ball of the `p`-norm in `d` dimensions, equally likely everywhere.

    Returns:
        An array of shape `(*shape, d)`.

    Source: Barthe, Guedon, Mendelson, Naor, "A probabilistic approach to the geometry of the
    lp-ball", 2005.
    """
    keys, shape = split(key), canonical_shape("ball", shape)
    points = generalized_normal(row(keys, 0), p, (*shape, d), dtype)
    rest = exponential(row(keys, 1), shape, dtype)
    return points / jnp.expand_dims(((abs(points) ** p).sum(-1) + rest) ** jnp.divide(1, p), -1)


@_sampler()
def maxwell(key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None) -> Any:
    """Numbers of the Maxwell distribution: lengths of vectors of three normal numbers."""
    return jnp.sqrt((normal(key, (*shape, 3), dtype) ** 2).sum(-1))


def double_sided_maxwell(
    key: ArrayLike, loc: ArrayLike, scale: ArrayLike, shape: Shape = (),
    dtype: DTypeLike | None = None,
) -> Array:  # fmt: skip
    """Numbers of the Maxwell distribution with a random sign, times `scale`, plus `loc`.

    Returns:
        An array of `shape`, followed by the shape of the parameters together.
    """
    own = lax.broadcast_shapes(aval_of(loc).shape, aval_of(scale).shape)
    full = (*(canonical_shape("double_sided_maxwell", shape) or own), *own)
    keys = split(key)
    size = maxwell(row(keys, 0), full, dtype)
    return rademacher(row(keys, 1), full, size.dtype) * size * scale + loc


# ------------------------------------------------------------------------------------- counts


def _until_accepted(key: Any, like: Any, propose: Callable[..., Any]) -> Any:
    """For each element the first `k` of those that `propose(u, v) -> (k, accepted)` accepts."""
    shape, dtype = aval_of(like).shape, aval_of(like).dtype

    def step(state: Any) -> Any:
        key, kept, accepted = state
        keys = split(key, 3)
        u, v = (uniform(row(keys, i), shape, dtype) for i in (1, 2))
        k, found = propose(u - 0.5, v)
        return row(keys, 0), jnp.where(found, k, kept), accepted | found

    start = (key, jnp.full_like(like, -1), jnp.zeros(shape, bool))
    return lax.while_loop(lambda s: ~s[2].all(), step, start)[1]


def _small_poisson(key: Any, lam: Any) -> Any:
    """How many uniform numbers it takes until their product is below `exp(-lam)`; D. Knuth."""

    def step(state: Any) -> Any:
        key, k, product = state
        keys = split(key)
        k = jnp.where(product > -lam, k + 1, k)
        return row(keys, 0), k, product + jnp.log(uniform(row(keys, 1), lam.shape, "float32"))

    start = (key, jnp.zeros_like(lam), jnp.zeros_like(lam))
    return lax.while_loop(lambda s: (s[2] > -lam).any(), step, start)[1] - 1


def _large_poisson(key: Any, lam: Any) -> Any:
    """Transformed rejection; W. Hormann, "The transformed rejection method", 1993."""
    b = 0.931 + 2.53 * jnp.sqrt(lam)
    a = -0.059 + 0.02483 * b

    def propose(u: Any, v: Any) -> Any:
        edge = 0.5 - abs(u)
        k = jnp.floor((2 * a / edge + b) * u + lam + 0.43)
        inverse = 1.1239 + 1.1328 / (b - 3.4)
        s = jnp.log(v * inverse / (a / (edge * edge) + b))
        below = s <= -lam + k * jnp.log(lam) - lax.lgamma(k + 1)
        outside = (k < 0) | ((edge < 0.013) & (v > edge))
        inner = (edge >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
        return k, inner | (~outside & below)

    return _until_accepted(key, lam, propose)


@_sampler("integer", np.dtype(np.float32))
def poisson(
    key: ArrayLike, lam: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Counts of the Poisson distribution with mean `lam`; -1 where that is negative or NaN.

    Raises:
        DTypeError: if `dtype` is not an integer dtype.
        ShapeError: if `lam` does not broadcast to `shape`.
    """
    lam = jnp.asarray(lam)
    large = jnp.logical_and(lam >= 10, lam < np.inf)
    small = _small_poisson(clone(key), jnp.where(large | (lam == np.inf), 0, lam))
    counts = jnp.where(large, _large_poisson(key, jnp.where(large, lam, 1e5)), small)
    return jnp.where(lam == 0, 0, counts).astype(dtype)


def _small_binomial(key: Any, count: Any, p: Any) -> Any:
    """How many waiting times until a success fit in `count` tries."""

    def step(state: Any) -> Any:
        key, number, total = state
        keys = split(key)
        number = jnp.where(total <= count, number + 1, number)
        wait = jnp.ceil(jnp.log(uniform(row(keys, 0), p.shape, p.dtype)) / jnp.log1p(-p))
        return row(keys, 1), number, total + wait

    start = (key, jnp.zeros_like(p), jnp.zeros_like(p))
    return lax.while_loop(lambda s: (s[2] <= count).any(), step, start)[1] - 1


_TAIL = (
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
    0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.0104112652619720,
    0.00925546218271273, 0.00833056343336287,
)  # fmt: skip


def _stirling_tail(k: Any) -> Any:
    """What Stirling's formula lacks of the logarithm of the factorial of `k`."""
    place = jnp.clip(k, 0, 9)
    square = (place + 1) * (place + 1)
    series = (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (place + 1)
    table = jnp.asarray(_TAIL, aval_of(k).dtype)
    return jnp.where(k <= 9, table[jnp.floor(place).astype("int32")], series)


def _large_binomial(key: Any, count: Any, p: Any) -> Any:
    """Transformed rejection; W. Hormann, "The generation of binomial random variates", 1993."""
    deviation = jnp.sqrt(count * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    odds, m = p / (1 - p), jnp.floor((count + 1) * p)
    # What does not change from try to try is computed once.
    scale, squeeze, shift = (2.83 + 5.1 / b) * deviation, 0.92 - 4.2 / b, count * p + 0.5
    mode = (m + 0.5) * jnp.log((m + 1) / (odds * (count - m + 1)))
    tails = _stirling_tail(m) + _stirling_tail(count - m)

    def propose(u: Any, v: Any) -> Any:
        edge = 0.5 - abs(u)
        k = jnp.floor((2 * a / edge + b) * u + shift)
        s = jnp.log(v * scale / (a / (edge * edge) + b))
        bound = (
            mode
            + (count + 1) * jnp.log((count - m + 1) / (count - k + 1))
            + (k + 0.5) * jnp.log(odds * (count - k + 1) / (k + 1))
            + tails
            - (_stirling_tail(k) + _stirling_tail(count - k))
        )
        inner = (edge >= 0.07) & (v <= squeeze)
        return k, inner | ((k >= 0) & (k <= count) & (s <= bound))

    return _until_accepted(key, p, propose)


def binomial(
    key: ArrayLike, n: ArrayLike, p: ArrayLike, shape: Shape | None = None,
    dtype: DTypeLike | None = None,
) -> Array:  # fmt: skip
    """How many of `n` tries succeed, each with probability `p`, as floating numbers.

    NaN where `n` is negative or `p` is outside [0, 1].

    Raises:
        DTypeError: if `dtype` is not floating.
        ShapeError: if a parameter does not broadcast to `shape`.
    """
    shape = broadcast_shape("binomial", shape, aval_of(n).shape, aval_of(p).shape)
    return _binomial(key, n, p, shape, checked_dtype("binomial", dtype))


@compiled(static=("shape", "dtype"))
def _binomial(key: Any, n: Any, p: Any, shape: Any, dtype: Any) -> Any:
    own = dtypes.to_inexact_dtype(aval_of(p).dtype)
    n, p = (jnp.broadcast_to(lax.convert_element_type(x, own), shape) for x in (n, p))
    q = jnp.where(p < 0.5, p, 1 - p)
    wrong = jnp.isnan(n) | (n < 0) | jnp.isnan(q) | (q < 0)
    safe, endless = jnp.where(wrong, 0.01, q), n == np.inf
    few = wrong | endless | (n * safe <= 10)
    count = jnp.floor(n)
    small = _small_binomial(clone(key), jnp.where(few & ~(wrong | endless), count, 0), safe)
    large = _large_binomial(key, jnp.where(few, 1e4, count), jnp.where(few, 0.5, safe))
    drawn = jnp.where(endless, np.inf, jnp.where(few, small, large))
    drawn = jnp.where((p < 0.5) | endless, drawn, count - drawn)
    return jnp.where(wrong, np.nan, drawn).astype(dtype)


def multinomial(
    key: ArrayLike, n: ArrayLike, p: ArrayLike, *, shape: Shape | None = None,
    dtype: DTypeLike | None = None, unroll: int | bool = 1,
) -> Array:  # fmt: skip
    """How often each outcome comes in `n` tries, as floating numbers.

    Args:
        key: a key.
        n: numbers of tries, which broadcast to `shape[:-1]`.
        p: probabilities, along the last axis.
        shape: shape of the result, by default that of `p`.
        dtype: a floating dtype.
        unroll: see `jib.lax.scan`, by which outcomes are drawn one after the other.
    """
    full = aval_of(p).shape if shape is None else canonical_shape("multinomial", shape)
    return _multinomial(key, n, p, full, checked_dtype("multinomial", dtype), unroll)


@compiled(static=("shape", "dtype", "unroll"))
def _multinomial(key: Any, n: Any, p: Any, shape: Any, dtype: Any, unroll: Any) -> Any:
    own = dtypes.to_inexact_dtype(aval_of(p).dtype)
    p = jnp.moveaxis(jnp.broadcast_to(lax.convert_element_type(p, own), shape), -1, 0)
    left = jnp.broadcast_to(lax.convert_element_type(n, own), shape[:-1])
    rest = lax.cumsum(p, 0, reverse=True)
    ratios = p / jnp.where(rest == 0, 1, rest)

    def step(left: Any, entry: Any) -> Any:
        ratio, key = entry
        count = binomial(key, left, jnp.clip(ratio, 0, 1), dtype=own)
        return left - count, count

    counts = lax.scan(step, left, (ratios, split(key, shape[-1])), unroll=unroll)[1]
    return jnp.moveaxis(counts, 0, -1).astype(dtype)
