"""Continuous distributions with a closed formula from uniform or normal numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError
from jib.passes.eager import compiled
from jib.random._arguments import broadcast_shape, canonical_shape, checked_dtype, scalar
from jib.random._keys import split
from jib.random._uniform import _fit, _row, random_bits, uniform
from jib.typing import Array, ArrayLike, DTypeLike, Shape

__all__ = [
    "cauchy", "exponential", "gumbel", "laplace", "logistic", "lognormal", "normal", "pareto",
    "rayleigh", "triangular", "truncated_normal", "wald", "weibull_min",
]  # fmt: skip

_ONE = np.float32(1.0)


def normal(
    key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None, *, out_sharding: Any = None
) -> Array:
    """Numbers of the standard normal distribution: mean 0, variance 1.

    Complex numbers have a variance of 1 in all, half of it in each part.

    Args:
        key: a key.
        shape: shape of the result.
        dtype: a floating or complex dtype.

    Raises:
        DTypeError: if `dtype` is neither floating nor complex.
        ShapeError: if `key` is an array of keys.

    Example:
        >>> import jib
        >>> jib.random.normal(jib.random.key(0), (2, 3)).shape
        (2, 3)
    """
    shape = canonical_shape("normal", shape)
    return _normal(key, shape, checked_dtype("normal", dtype, "floating or complex"))


@compiled(static=("shape", "dtype"))
def _normal(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    if dtype.kind == "c":
        keys = split(key)
        real = np.real(np.zeros((), dtype)).dtype
        parts = [_normal(_row(keys, i), shape, real) for i in range(2)]
        return lax.div(lax.complex(*parts), scalar(dtype, np.sqrt(2)))
    # Inversion of the distribution function, on the open interval (-1, 1).
    low = np.nextafter(scalar(dtype, -1), scalar(dtype, 0))
    u = uniform(key, shape, dtype, low, scalar(dtype, 1))
    return lax.mul(scalar(dtype, np.sqrt(2)), lax.erf_inv(u))


def truncated_normal(
    key: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Standard normal numbers, given that they lie between `lower` and `upper`.

    Raises:
        DTypeError: if `dtype` is not floating.
        ShapeError: if a bound does not broadcast to `shape`.

    Example:
        >>> import jib
        >>> x = jib.random.truncated_normal(jib.random.key(0), -2.0, 2.0, (100,))
        >>> bool((abs(x) < 2).all())
        True
    """
    shape = broadcast_shape("truncated_normal", shape, lower, upper)
    return _truncated_normal(key, lower, upper, shape, checked_dtype("truncated_normal", dtype))


@compiled(static=("shape", "dtype"))
def _truncated_normal(key: Any, lower: Any, upper: Any, shape: tuple, dtype: Any) -> Any:
    root = scalar(dtype, np.sqrt(2))
    lower, upper = _fit(lower, shape, dtype), _fit(upper, shape, dtype)
    bounds = [lax.erf(lax.div(x, root)) for x in (lower, upper)]
    u = uniform(key, shape, dtype, *bounds)
    # Rounding can reach the bounds themselves, which are excluded.
    inside = [
        lax.nextafter(lax.stop_gradient(x), scalar(dtype, towards))
        for x, towards in ((lower, np.inf), (upper, -np.inf))
    ]
    value = lax.mul(root, lax.erf_inv(u))
    return lax.min(lax.max(value, inside[0]), inside[1])


def lognormal(
    key: ArrayLike,
    sigma: ArrayLike = _ONE,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Exponentials of normal numbers with mean 0 and deviation `sigma`."""
    shape = broadcast_shape("lognormal", shape, sigma)
    return _lognormal(key, sigma, shape, checked_dtype("lognormal", dtype))


@compiled(static=("shape", "dtype"))
def _lognormal(key: Any, sigma: Any, shape: tuple, dtype: Any) -> Any:
    return lax.exp(lax.mul(_normal(key, shape, dtype), _fit(sigma, shape, dtype)))


def exponential(
    key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None, *, out_sharding: Any = None
) -> Array:
    """Numbers of the exponential distribution with mean 1.

    Example:
        >>> import jib
        >>> bool((jib.random.exponential(jib.random.key(0), (10,)) >= 0).all())
        True
    """
    shape = canonical_shape("exponential", shape)
    return _exponential(key, shape, checked_dtype("exponential", dtype))


@compiled(static=("shape", "dtype"))
def _exponential(key: Any, shape: tuple, dtype: Any) -> Any:
    u = uniform(key, shape, dtype)
    return lax.neg(lax.log1p(lax.neg(u)))  # of 1 - u, which is never 0


def gumbel(
    key: ArrayLike,
    shape: Shape = (),
    dtype: DTypeLike | None = None,
    mode: str | None = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Numbers of the standard Gumbel distribution; `mode="high"` draws more bits for its tail.

    Raises:
        ArgumentValueError: if `mode` is not None, "low", "high" or "highest".
    """
    if mode not in (None, "low", "high", "highest"):
        raise ArgumentValueError(
            f"`gumbel` knows the modes 'low', 'high' and 'highest', but got {mode!r}",
            help="values = jib.random.gumbel(key, shape, mode='high')",
        )
    shape = canonical_shape("gumbel", shape)
    found = checked_dtype("gumbel", dtype)
    precise = mode == "highest" and found == np.float32
    chosen = "highest" if precise else "high" if mode in ("high", "highest") else "low"
    return _gumbel(key, shape, found, chosen)


@compiled(static=("shape", "dtype", "mode"))
def _gumbel(key: Any, shape: tuple, dtype: Any, mode: str) -> Any:
    info = dtypes.finfo(dtype)
    if mode == "highest":
        return _gumbel_of_64_bits(key, shape)
    if mode == "low":
        u = uniform(key, shape, dtype, scalar(dtype, info.tiny))
        return lax.neg(lax.log(lax.neg(lax.log(u))))
    pair = uniform(key, (2, *shape), dtype)
    high, low = (_row(pair, i) for i in range(2))
    finer = lax.add(high, lax.mul(scalar(dtype, 2.0**-info.nmant), low))
    finer = lax.add(finer, scalar(dtype, info.tiny))
    x = lax.select(lax.ge(high, scalar(dtype, 0.5)), high, finer)
    return lax.neg(lax.log(lax.neg(lax.log1p(lax.neg(x)))))


def _gumbel_of_64_bits(key: Any, shape: tuple) -> Any:
    """From a uniform number with 64 random bits behind the point, near 0 and near 1 alike."""
    raw = random_bits("gumbel", key, 32, (2, *shape))
    high, low = (_row(raw, i) for i in range(2))
    small = lax.lt(high, np.uint32(1 << 31))
    mirrored_low = lax.add(lax.bitwise_not(low), np.uint32(1))
    carry = lax.convert_element_type(lax.eq(mirrored_low, np.uint32(0)), np.dtype(np.uint32))
    mirrored_high = lax.add(lax.bitwise_not(high), carry)
    x = _fixed_to_float(
        lax.select(small, high, mirrored_high), lax.select(small, low, mirrored_low)
    )
    tail = lax.neg(lax.log(lax.neg(lax.log1p(lax.neg(x)))))
    return lax.select(small, tail, lax.neg(lax.log(lax.neg(lax.log(x)))))


def _fixed_to_float(high: Any, low: Any) -> Any:
    """The float32 of a fraction of 64 bits: the point stands before the bits."""
    empty = lax.eq(high, np.uint32(0))
    zeros, zeros_low = lax.clz(high), lax.clz(low)
    borrowed = lax.shift_right_logical(low, lax.sub(np.uint32(32), zeros))
    both = lax.bitwise_or(lax.shift_left(high, zeros), borrowed)
    leading = lax.select(empty, lax.shift_left(low, zeros_low), both)
    mantissa = lax.shift_right_logical(leading, np.uint32(8))
    mantissa = lax.bitwise_and(mantissa, np.uint32((1 << 23) - 1))
    skipped = lax.select(empty, lax.add(zeros_low, np.uint32(32)), zeros)
    exponent = lax.shift_left(lax.sub(np.uint32(126), skipped), np.uint32(23))
    pattern = lax.bitwise_or(exponent, mantissa)
    return lax.bitcast_convert_type(pattern, np.dtype(np.float32))


def laplace(
    key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None, *, out_sharding: Any = None
) -> Array:
    """Numbers of the Laplace distribution with mean 0 and scale 1."""
    shape = canonical_shape("laplace", shape)
    return _laplace(key, shape, checked_dtype("laplace", dtype))


@compiled(static=("shape", "dtype"))
def _laplace(key: Any, shape: tuple, dtype: Any) -> Any:
    lowest = scalar(dtype, -1.0 + float(dtypes.finfo(dtype).epsneg))
    u = uniform(key, shape, dtype, lowest)
    return lax.mul(lax.sign(u), lax.log1p(lax.neg(lax.abs(u))))


def logistic(
    key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None, *, out_sharding: Any = None
) -> Array:
    """Numbers of the standard logistic distribution."""
    shape = canonical_shape("logistic", shape)
    return _logistic(key, shape, checked_dtype("logistic", dtype))


@compiled(static=("shape", "dtype"))
def _logistic(key: Any, shape: tuple, dtype: Any) -> Any:
    u = uniform(key, shape, dtype, scalar(dtype, dtypes.finfo(dtype).tiny))
    return lax.sub(lax.log(u), lax.log1p(lax.neg(u)))


def cauchy(
    key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None, *, out_sharding: Any = None
) -> Array:
    """Numbers of the standard Cauchy distribution."""
    shape = canonical_shape("cauchy", shape)
    return _cauchy(key, shape, checked_dtype("cauchy", dtype))


@compiled(static=("shape", "dtype"))
def _cauchy(key: Any, shape: tuple, dtype: Any) -> Any:
    u = uniform(key, shape, dtype, scalar(dtype, dtypes.finfo(dtype).eps))
    return lax.tan(lax.mul(scalar(dtype, np.pi), lax.sub(u, scalar(dtype, 0.5))))


def pareto(
    key: ArrayLike,
    b: ArrayLike,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Numbers of the Pareto distribution with shape parameter `b` and scale 1."""
    shape = broadcast_shape("pareto", shape, b)
    return _pareto(key, b, shape, checked_dtype("pareto", dtype))


@compiled(static=("shape", "dtype"))
def _pareto(key: Any, b: Any, shape: tuple, dtype: Any) -> Any:
    return lax.exp(lax.div(_exponential(key, shape, dtype), _fit(b, shape, dtype)))


def rayleigh(
    key: ArrayLike,
    scale: ArrayLike,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Numbers of the Rayleigh distribution: lengths of vectors of two normal numbers."""
    shape = broadcast_shape("rayleigh", shape, scale)
    return _rayleigh(key, scale, shape, checked_dtype("rayleigh", dtype))


@compiled(static=("shape", "dtype"))
def _rayleigh(key: Any, scale: Any, shape: tuple, dtype: Any) -> Any:
    logarithm = lax.log(uniform(key, shape, dtype))
    return lax.mul(_fit(scale, shape, dtype), lax.sqrt(lax.mul(logarithm, scalar(dtype, -2))))


def weibull_min(
    key: ArrayLike,
    scale: ArrayLike,
    concentration: ArrayLike,
    shape: Shape = (),
    dtype: DTypeLike | None = None,
) -> Array:
    """Numbers of the Weibull distribution for minima."""
    shape = canonical_shape("weibull_min", shape)
    return _weibull_min(key, scale, concentration, shape, checked_dtype("weibull_min", dtype))


@compiled(static=("shape", "dtype"))
def _weibull_min(key: Any, scale: Any, concentration: Any, shape: tuple, dtype: Any) -> Any:
    exponent = lax.div(scalar(dtype, 1), lax.convert_element_type(concentration, dtype))
    full = lax.broadcast_shapes(shape, aval_of(concentration).shape, aval_of(scale).shape)
    drawn = _fit(_exponential(key, shape, dtype), full, dtype)
    return lax.mul(lax.pow(drawn, _fit(exponent, full, dtype)), _fit(scale, full, dtype))


def triangular(
    key: ArrayLike,
    left: ArrayLike,
    mode: ArrayLike,
    right: ArrayLike,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Numbers whose density rises from `left` to `mode` and falls to `right`, in straight lines."""
    shape = broadcast_shape("triangular", shape, left, mode, right)
    return _triangular(key, left, mode, right, shape, checked_dtype("triangular", dtype))


@compiled(static=("shape", "dtype"))
def _triangular(key: Any, left: Any, mode: Any, right: Any, shape: tuple, dtype: Any) -> Any:
    left, mode, right = (_fit(x, shape, dtype) for x in (left, mode, right))
    width, rise, fall = lax.sub(right, left), lax.sub(mode, left), lax.sub(right, mode)
    u = uniform(key, shape, dtype)
    rising = lax.add(left, lax.sqrt(lax.mul(lax.mul(u, width), rise)))
    rest = lax.sub(scalar(dtype, 1), u)
    falling = lax.sub(right, lax.sqrt(lax.mul(lax.mul(rest, width), fall)))
    return lax.select(lax.lt(u, lax.div(rise, width)), rising, falling)


def wald(
    key: ArrayLike,
    mean: ArrayLike,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Numbers of the inverse Gaussian distribution with the given mean and scale 1.

    Source: Michael, Schucany, Haas, "Generating random variates using transformations with
    multiple roots", The American Statistician 30 (1976).
    """
    shape = broadcast_shape("wald", shape, mean)
    return _wald(key, mean, shape, checked_dtype("wald", dtype))


@compiled(static=("shape", "dtype"))
def _wald(key: Any, mean: Any, shape: tuple, dtype: Any) -> Any:
    keys = split(key)
    mean = _fit(mean, shape, dtype)
    mean = mean if aval_of(mean).shape == shape else lax.broadcast(mean, shape)
    y = lax.square(_normal(_row(keys, 0), shape, dtype))
    z = uniform(_row(keys, 1), shape, dtype)
    squared = lax.square(mean)
    half = lax.div(mean, scalar(dtype, 2))
    inner = lax.mul(lax.mul(scalar(dtype, 4), mean), y)
    root = lax.sqrt(lax.add(inner, lax.mul(squared, lax.square(y))))
    x = lax.add(mean, lax.div(lax.mul(squared, y), scalar(dtype, 2)))
    x = lax.sub(x, lax.mul(half, root))
    first = lax.le(z, lax.div(mean, lax.add(mean, x)))
    return lax.select(first, x, lax.div(squared, x))
