"""Continuous distributions with a closed formula from uniform or normal numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jib import dtypes, lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError
from jib.passes.eager import compiled
from jib.random._arguments import canonical_shape, checked_dtype, fit, row, sampler, scalar
from jib.random._keys import split
from jib.random._uniform import random_bits, uniform
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
        parts = [_normal(row(keys, i), shape, real) for i in range(2)]
        return lax.div(lax.complex(*parts), scalar(dtype, np.sqrt(2)))
    # Inversion of the distribution function, on the open interval (-1, 1).
    low = scalar(dtype, np.nextafter(scalar(dtype, -1), scalar(dtype, 0)))
    u = uniform(key, shape, dtype, low, scalar(dtype, 1))
    return lax.mul(scalar(dtype, np.sqrt(2)), lax.erf_inv(u))


@sampler()
def truncated_normal(
    key: ArrayLike, lower: ArrayLike, upper: ArrayLike, shape: Shape | None = None,
    dtype: DTypeLike | None = None,
) -> Any:  # fmt: skip
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
    root = scalar(dtype, np.sqrt(2))
    ends = [lax.erf(lax.div(x, root)) for x in (lower, upper)]
    u = uniform(key, shape, dtype, *ends)  # type: ignore[arg-type]
    # Rounding can reach the bounds themselves, which are excluded.
    first, last = (
        lax.nextafter(lax.stop_gradient(x), scalar(dtype, towards))
        for x, towards in ((lower, np.inf), (upper, -np.inf))
    )
    return lax.min(lax.max(lax.mul(root, lax.erf_inv(u)), first), last)


@sampler()
def lognormal(
    key: ArrayLike, sigma: ArrayLike = _ONE, shape: Shape | None = None,
    dtype: DTypeLike | None = None,
) -> Any:  # fmt: skip
    """Exponentials of normal numbers with mean 0 and deviation `sigma`."""
    return lax.exp(lax.mul(normal(key, shape, dtype), sigma))  # type: ignore[arg-type]


@sampler()
def exponential(key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None) -> Any:
    """Numbers of the exponential distribution with mean 1.

    Example:
        >>> import jib
        >>> bool((jib.random.exponential(jib.random.key(0), (10,)) >= 0).all())
        True
    """
    return -lax.log1p(-uniform(key, shape, dtype))  # of 1 - u, which is never 0


def gumbel(
    key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None, mode: str | None = None,
    *, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """Numbers of the standard Gumbel distribution; `mode="high"` draws more bits for its tail.

    Raises:
        ArgumentValueError: if `mode` is not None, "low", "high" or "highest".
    """
    ArgumentValueError.check("gumbel", "mode", mode, (None, "low", "high", "highest"))
    shape = canonical_shape("gumbel", shape)
    return _gumbel(key, shape, checked_dtype("gumbel", dtype), mode or "low")


@compiled(static=("shape", "dtype", "mode"))
def _gumbel(key: Any, shape: tuple, dtype: Any, mode: str) -> Any:
    info = dtypes.finfo(dtype)
    if mode == "highest" and dtype == np.float32:
        return _gumbel_of_64_bits(key, shape)
    if mode == "low":
        return -lax.log(-lax.log(uniform(key, shape, dtype, scalar(dtype, info.tiny))))
    pair = uniform(key, (2, *shape), dtype)
    high, low = row(pair, 0), row(pair, 1)
    finer = high + scalar(dtype, 2.0**-info.nmant) * low + scalar(dtype, info.tiny)
    x = lax.select(high >= 0.5, high, finer)
    return -lax.log(-lax.log1p(-x))


def _gumbel_of_64_bits(key: Any, shape: tuple) -> Any:
    """From a uniform number with 64 random bits behind the point, near 0 and near 1 alike."""
    raw = random_bits("gumbel", key, 32, (2, *shape))
    high, low = row(raw, 0), row(raw, 1)
    small = high < np.uint32(1 << 31)
    mirrored_low = ~low + np.uint32(1)
    carry = lax.convert_element_type(lax.eq(mirrored_low, np.uint32(0)), np.dtype(np.uint32))
    mirrored_high = ~high + carry
    x = _fixed_to_float(
        lax.select(small, high, mirrored_high), lax.select(small, low, mirrored_low)
    )
    return lax.select(small, -lax.log(-lax.log1p(-x)), -lax.log(-lax.log(x)))


def _fixed_to_float(high: Any, low: Any) -> Any:
    """The float32 of a fraction of 64 bits: the point stands before the bits."""
    empty = lax.eq(high, np.uint32(0))
    zeros, zeros_low = lax.clz(high), lax.clz(low)
    borrowed = lax.shift_right_logical(low, np.uint32(32) - zeros)
    both = lax.shift_left(high, zeros) | borrowed
    leading = lax.select(empty, lax.shift_left(low, zeros_low), both)
    mantissa = lax.shift_right_logical(leading, np.uint32(8)) & np.uint32((1 << 23) - 1)
    skipped = lax.select(empty, zeros_low + np.uint32(32), zeros)
    exponent = lax.shift_left(np.uint32(126) - skipped, np.uint32(23))
    return lax.bitcast_convert_type(exponent | mantissa, np.dtype(np.float32))


@sampler()
def laplace(key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None) -> Any:
    """Numbers of the Laplace distribution with mean 0 and scale 1."""
    lowest = scalar(dtype, -1.0 + float(dtypes.finfo(dtype).epsneg))
    u = uniform(key, shape, dtype, lowest)
    return lax.sign(u) * lax.log1p(-abs(u))


@sampler()
def logistic(key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None) -> Any:
    """Numbers of the standard logistic distribution."""
    u = uniform(key, shape, dtype, scalar(dtype, dtypes.finfo(dtype).tiny))
    return lax.log(u) - lax.log1p(-u)


@sampler()
def cauchy(key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None) -> Any:
    """Numbers of the standard Cauchy distribution."""
    u = uniform(key, shape, dtype, scalar(dtype, dtypes.finfo(dtype).eps))
    return lax.tan(math.pi * (u - 0.5))


@sampler()
def pareto(
    key: ArrayLike, b: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Numbers of the Pareto distribution with shape parameter `b` and scale 1."""
    return lax.exp(lax.div(exponential(key, shape, dtype), b))  # type: ignore[arg-type]


@sampler()
def rayleigh(
    key: ArrayLike, scale: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Numbers of the Rayleigh distribution: lengths of vectors of two normal numbers."""
    u = uniform(key, shape, dtype)  # type: ignore[arg-type]
    return lax.mul(scale, lax.sqrt(lax.log(u) * -2.0))


def weibull_min(
    key: ArrayLike, scale: ArrayLike, concentration: ArrayLike, shape: Shape = (),
    dtype: DTypeLike | None = None,
) -> Array:  # fmt: skip
    """Numbers of the Weibull distribution for minima."""
    shape = canonical_shape("weibull_min", shape)
    return _weibull_min(key, scale, concentration, shape, checked_dtype("weibull_min", dtype))


@compiled(static=("shape", "dtype"))
def _weibull_min(key: Any, scale: Any, concentration: Any, shape: tuple, dtype: Any) -> Any:
    exponent = lax.div(scalar(dtype, 1), lax.convert_element_type(concentration, dtype))
    full = lax.broadcast_shapes(shape, aval_of(concentration).shape, aval_of(scale).shape)
    drawn, exponent, scale = (
        fit(x, full, dtype) for x in (exponential(key, shape, dtype), exponent, scale)
    )
    return lax.mul(lax.pow(drawn, exponent), scale)


@sampler()
def triangular(
    key: ArrayLike, left: ArrayLike, mode: ArrayLike, right: ArrayLike,
    shape: Shape | None = None, dtype: DTypeLike | None = None,
) -> Any:  # fmt: skip
    """Numbers whose density rises from `left` to `mode` and falls to `right`, in straight lines."""
    width, rise, fall = lax.sub(right, left), lax.sub(mode, left), lax.sub(right, mode)
    u = uniform(key, shape, dtype)  # type: ignore[arg-type]
    rising = lax.add(left, lax.sqrt(u * width * rise))
    falling = lax.sub(right, lax.sqrt((1 - u) * width * fall))
    return lax.select(lax.lt(u, lax.div(rise, width)), rising, falling)


@sampler(full=True)
def wald(
    key: ArrayLike, mean: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> Any:
    """Numbers of the inverse Gaussian distribution with the given mean and scale 1.

    Source: Michael, Schucany, Haas, "Generating random variates using transformations with
    multiple roots", The American Statistician 30 (1976).
    """
    keys = split(key)
    y = lax.square(normal(row(keys, 0), shape, dtype))  # type: ignore[arg-type]
    z = uniform(row(keys, 1), shape, dtype)  # type: ignore[arg-type]
    mean = jnp.asarray(mean)
    squared = lax.square(mean)
    root = lax.sqrt(4 * mean * y + squared * lax.square(y))
    x = mean + squared * y / 2 - mean / 2 * root
    return lax.select(lax.le(z, mean / (mean + x)), x, squared / x)
