"""Bits and what comes straight from them: uniform numbers and integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import transfer
from jib.core.avals import ShapedArray
from jib.core.scalars import exact_scalar
from jib.core.tracing import aval_of
from jib.errors import DTypeError
from jib.lax._random_bits import threefry2x32
from jib.passes.eager import compiled
from jib.random._arguments import broadcast_shape, canonical_shape, checked_dtype, fit, row, scalar
from jib.random._keys import counters, split, word_pair, words_of
from jib.typing import Array, ArrayLike, DTypeLike, Shape

__all__ = ["bits", "randint", "uniform"]

_UNSIGNED = {width: np.dtype(f"uint{width}") for width in (8, 16, 32, 64)}


def random_bits(name: str, key: Any, width: int, shape: tuple[int, ...]) -> Any:
    """Unsigned integers of `width` bits, all equally likely; `name` is for errors."""
    words = word_pair(words_of(name, key))
    first, second = threefry2x32(*words, *counters(shape))
    if width == 64:
        wide = _UNSIGNED[64]
        high = lax.shift_left(lax.convert_element_type(first, wide), exact_scalar(32, wide))
        return lax.bitwise_or(high, lax.convert_element_type(second, wide))
    return lax.convert_element_type(lax.bitwise_xor(first, second), _UNSIGNED[width])


def bits(
    key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None, *, out_sharding: Any = None
) -> Array:
    """Random bits, as unsigned integers of any width.

    Raises:
        DTypeError: if `dtype` is not an unsigned integer.

    Example:
        >>> import jib
        >>> jib.random.bits(jib.random.key(0), (2,), "uint8").dtype
        dtype('uint8')
    """
    found = dtypes.default_uint_dtype() if dtype is None else dtypes.parse(dtype)
    if not dtypes.issubdtype(found, np.unsignedinteger):
        raise DTypeError.accepts("random.bits", found.name, "unsigned integer")
    return _bits(key, canonical_shape("bits", shape), found)


@compiled(static=("shape", "dtype"))
def _bits(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    return random_bits("bits", key, dtype.itemsize * 8, shape)


def uniform(
    key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None, minval: ArrayLike = 0.0,
    maxval: ArrayLike = 1.0, *, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """Numbers that are equally likely anywhere in `[minval, maxval)`.

    Args:
        key: a key.
        shape: shape of the result.
        dtype: a floating dtype.
        minval, maxval: the bounds, which broadcast to `shape`.

    Raises:
        DTypeError: if `dtype` is not floating.
        ShapeError: if `key` is an array of keys, or a bound does not broadcast to `shape`.

    Example:
        >>> import jib
        >>> jib.random.uniform(jib.random.key(0), (2, 3)).shape
        (2, 3)
    """
    shape = canonical_shape("uniform", shape)
    return _uniform(key, minval, maxval, shape, checked_dtype("uniform", dtype))


@compiled(static=("shape", "dtype"))
def _uniform(key: Any, minval: Any, maxval: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The mantissa is random and the exponent is that of 1, so 1 is subtracted."""
    broadcast_shape("uniform", shape, aval_of(minval).shape, aval_of(maxval).shape)
    info = dtypes.finfo(dtype)
    width = 8 if info.nmant < 8 else info.bits
    random = random_bits("uniform", key, width, shape)
    unsigned = _UNSIGNED[info.bits]
    random = lax.convert_element_type(random, unsigned)
    mantissa = lax.shift_right_logical(random, exact_scalar(width - info.nmant, unsigned))
    one = scalar(dtype, 1)
    pattern = lax.bitwise_or(mantissa, exact_scalar(one.view(unsigned), unsigned))
    zero_to_one = lax.sub(lax.bitcast_convert_type(pattern, dtype), one)
    low, high = fit(minval, shape, dtype), fit(maxval, shape, dtype)
    if _is_scalar(low, 0) and _is_scalar(high, 1):
        return zero_to_one
    return lax.max(low, lax.add(lax.mul(zero_to_one, lax.sub(high, low)), low))


def _is_scalar(x: Any, value: float) -> bool:
    return isinstance(x, np.generic) and x == value


def randint(
    key: ArrayLike, shape: Shape, minval: ArrayLike, maxval: ArrayLike,
    dtype: DTypeLike | None = None, *, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """Integers that are equally likely in `[minval, maxval)`.

    Where the range is empty, the result is `minval`. Twice the bits of the result are drawn, so
    that the remainder by the length of the range favours no number noticeably.

    Raises:
        DTypeError: if `dtype` is not an integer dtype.
        ShapeError: if a bound does not broadcast to `shape`.

    Example:
        >>> import jib
        >>> die = jib.random.randint(jib.random.key(0), (3,), 1, 7)
        >>> bool(((1 <= die) & (die <= 6)).all())
        True
    """
    shape = canonical_shape("randint", shape)
    found = checked_dtype("randint", dtype, "integer")
    low, high = _host_bound(minval, found), _host_bound(maxval, found)
    return _randint(key, low, high, shape, found)


def _host_bound(bound: Any, dtype: np.dtype) -> Any:
    """A host integer in a type that holds it: the upper bound may be one past the largest."""
    if not isinstance(bound, int) or -(2**31) <= bound < 2**31:
        return bound
    fitting = np.uint32 if 0 <= bound < 2**32 else dtype if dtype.itemsize == 8 else np.int32
    fitting = np.dtype(fitting)
    dtypes.check_integer_fits(bound, fitting)
    return transfer.put(np.asarray(bound, fitting), ShapedArray((), fitting))


def _clipped(bound: Any, dtype: np.dtype) -> Any:
    """A bound as an integer of `dtype`, the nearest one if it does not fit."""
    aval = aval_of(bound)
    if not dtypes.issubdtype(aval.dtype, np.integer):
        bound = lax.convert_element_type(bound, dtypes.default_int_dtype())
        aval = aval_of(bound)
    own, wanted = dtypes.iinfo(aval.dtype), dtypes.iinfo(dtype)
    low, high = max(own.min, wanted.min), min(own.max, wanted.max)
    clipped = lax.clamp(scalar(aval.dtype, low), bound, scalar(aval.dtype, high))
    return lax.convert_element_type(clipped, dtype)


@compiled(static=("shape", "dtype"))
def _randint(key: Any, minval: Any, maxval: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    broadcast_shape("randint", shape, aval_of(minval).shape, aval_of(maxval).shape)
    sampled = np.dtype(np.int32) if dtypes.iinfo(dtype).bits < 32 else dtype
    past_end, limits = _past_end(maxval, sampled), dtypes.iinfo(dtype)
    low, high = _clipped(minval, sampled), _clipped(maxval, sampled)
    if sampled != dtype:
        low = lax.clamp(np.int32(limits.min), low, np.int32(limits.max))
        high = lax.clamp(np.int32(limits.min), high, np.int32(limits.max + 1))
    width = sampled.itemsize * 8
    unsigned = _UNSIGNED[width]
    low, high = fit(low, shape, sampled), fit(high, shape, sampled)
    nonempty = lax.gt(high, low)
    span = lax.convert_element_type(lax.sub(high, low), unsigned)
    span = lax.select(nonempty, span, lax.full_like(span, 1))
    # One past the largest integer is a bound too: all integers then count (a span of 0).
    past_end = lax.bitwise_and(fit(past_end, shape, np.dtype(bool)), nonempty)
    span = lax.select(past_end, lax.add(span, exact_scalar(1, unsigned)), span)
    keys = split(key)
    upper, lower = (random_bits("randint", row(keys, i), width, shape) for i in range(2))
    half = lax.rem(exact_scalar(2 ** (width // 2), unsigned), span)
    multiplier = lax.rem(lax.mul(half, half), span)
    offset = lax.add(lax.mul(lax.rem(upper, span), multiplier), lax.rem(lower, span))
    offset = lax.convert_element_type(lax.rem(offset, span), sampled)
    return lax.convert_element_type(lax.add(low, offset), dtype)


def _past_end(maxval: Any, dtype: np.dtype) -> Any:
    aval = aval_of(maxval)
    if not dtypes.issubdtype(aval.dtype, np.integer):
        return np.bool_(False)
    own, largest = dtypes.iinfo(aval.dtype), dtypes.iinfo(dtype).max
    if own.max <= largest:
        return np.bool_(False)
    return lax.gt(maxval, scalar(aval.dtype, largest))
