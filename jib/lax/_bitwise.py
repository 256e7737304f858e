"""Bits: logic, shifts and counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import lax
from jib.core.tracing import aval_of
from jib.dtypes import UNSIGNED, itemsize_bits, parse
from jib.lax._families import binary, booleans, integers, unary
from jib.typing import ArrayLike

__all__ = [
    "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "clz", "mulhi", "population_count",
    "shift_left", "shift_right_arithmetic", "shift_right_logical",
]  # fmt: skip

_bits = integers | booleans


def bitwise_and(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x & y` of integers or booleans of one dtype.

    Example:
        >>> from jib import lax
        >>> int(lax.bitwise_and(6, 3))
        2
    """
    return and_p.bind(x, y)


def bitwise_or(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x | y` of integers or booleans of one dtype."""
    return or_p.bind(x, y)


def bitwise_xor(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x ^ y` of integers or booleans of one dtype."""
    return xor_p.bind(x, y)


def bitwise_not(x: ArrayLike) -> Any:
    """Element-wise `~x` of integers or booleans."""
    return not_p.bind(x)


and_p = binary("and", _bits, numpy=np.bitwise_and, hlo="and", jvp=None)
or_p = binary("or", _bits, numpy=np.bitwise_or, hlo="or", jvp=None)
xor_p = binary("xor", _bits, numpy=np.bitwise_xor, hlo="xor", jvp=None)
not_p = unary("not", _bits, numpy=np.invert, hlo="not", jvp=None)

# ----------------------------------------------------------------------------------- shifts


def shift_left(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x << y`; 0 where `y` is not in 0 ... bits of the dtype - 1."""
    return shift_left_p.bind(x, y)


def shift_right_logical(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x >> y` that fills with zeros, also for negative numbers."""
    return shift_right_logical_p.bind(x, y)


def shift_right_arithmetic(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x >> y` that fills with the sign, also for unsigned dtypes."""
    return shift_right_arithmetic_p.bind(x, y)


def _as_kind(x: Any, kind: str) -> Any:
    return x.view(np.dtype(f"{kind}{x.dtype.itemsize}"))


def _shift_left_numpy(x: Any, y: Any) -> Any:
    amount = _as_kind(y, "u")
    bits = x.dtype.itemsize * 8
    shifted = _as_kind(x, "u") << np.minimum(amount, bits - 1)
    return _as_kind(np.where(amount < bits, shifted, 0).astype(shifted.dtype), x.dtype.kind)


def _shift_right_numpy(kind: str) -> Any:
    def reference(x: Any, y: Any) -> Any:
        amount = _as_kind(y, "u")
        bits = x.dtype.itemsize * 8
        source = _as_kind(x, kind)
        shifted = source >> np.minimum(amount, bits - 1).astype(source.dtype)
        if kind == "u":
            shifted = np.where(amount < bits, shifted, 0).astype(source.dtype)
        return _as_kind(np.asarray(shifted), x.dtype.kind)

    return reference


shift_left_p = binary("shift_left", integers, numpy=_shift_left_numpy, hlo="shift_left", jvp=None)
shift_right_logical_p = binary(
    "shift_right_logical",
    integers,
    numpy=_shift_right_numpy("u"),
    hlo="shift_right_logical",
    jvp=None,
)
shift_right_arithmetic_p = binary(
    "shift_right_arithmetic",
    integers,
    numpy=_shift_right_numpy("i"),
    hlo="shift_right_arithmetic",
    jvp=None,
)

# ----------------------------------------------------------------------------------- counts


def population_count(x: ArrayLike) -> Any:
    """Element-wise: how many bits are set."""
    return population_count_p.bind(x)


def clz(x: ArrayLike) -> Any:
    """Element-wise: how many bits precede the highest bit that is set; all of them for zero."""
    return clz_p.bind(x)


def _unpacked(x: Any) -> Any:
    """The bits along a new last axis, the highest first."""
    size = x.dtype.itemsize
    octets = np.ascontiguousarray(x).reshape(x.shape).view(f"u{size}").astype(f">u{size}")
    return np.unpackbits(octets.reshape(*x.shape, 1).view(np.uint8), axis=-1)


def _clz_numpy(x: Any) -> Any:
    bits = _unpacked(x)
    first = np.argmax(bits, axis=-1)
    return np.where(bits.any(axis=-1), first, bits.shape[-1])


population_count_p = unary(
    "population_count", integers, numpy=lambda x: _unpacked(x).sum(axis=-1), hlo="popcnt", jvp=None
)
clz_p = unary("clz", integers, numpy=_clz_numpy, hlo="count_leading_zeros", jvp=None)

# --------------------------------------------------------------------------------- products


def mulhi(x: ArrayLike, y: ArrayLike, /) -> Any:
    """Element-wise: the high half of the product of two integers, which has twice their bits.

    Example:
        >>> import numpy as np
        >>> from jib import lax
        >>> int(lax.mulhi(np.uint8(200), np.uint8(100)))
        78
    """
    return mulhi_p.bind(x, y)


def _mulhi_numpy(x: Any, y: Any) -> Any:
    return ((x.astype(object) * y.astype(object)) >> itemsize_bits(x.dtype)).astype(x.dtype)


def _mulhi(x: Any, y: Any) -> Any:
    """From the four products of half words, as unsigned numbers."""
    dtype = aval_of(x).dtype
    bits = itemsize_bits(dtype)
    unsigned = parse(f"uint{bits}")

    def number(value: int) -> Any:
        return lax.convert_element_type(lax.full((), np.uint32(value)), unsigned)

    def halves(value: Any) -> tuple[Any, Any]:
        return shift_right_logical(value, half), bitwise_and(value, mask)

    half, mask = number(bits // 2), number(2 ** (bits // 2) - 1)
    (a, b), (c, d) = (halves(lax.bitcast_convert_type(z, unsigned)) for z in (x, y))
    middle = lax.add(lax.mul(a, d), halves(lax.mul(b, d))[0])
    upper, lower = halves(middle)
    upper = lax.add(upper, halves(lax.add(lower, lax.mul(b, c)))[0])
    found = lax.bitcast_convert_type(lax.add(lax.mul(a, c), upper), dtype)
    if dtype in UNSIGNED:
        return found
    for one, other in ((x, y), (y, x)):  # a negative number stood for itself and 2**bits
        zero = lax.full_like(found, 0)
        one, other = lax.add(one, zero), lax.add(other, zero)
        found = lax.sub(found, lax.select(lax.lt(one, zero), other, zero))
    return found


mulhi_p = binary("mulhi", integers, numpy=_mulhi_numpy, hlo=_mulhi, jvp=None)
