"""Rounding to integers and to fewer bits, and which numbers are finite."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from jib.backend import mlir
from jib.errors import ArgumentValueError
from jib.lax._families import elementwise_lower, floating, unary
from jib.lax._transcendental import widened
from jib.typing import ArrayLike

__all__ = ["RoundingMethod", "ceil", "floor", "is_finite", "reduce_precision", "round"]


class RoundingMethod(enum.IntEnum):
    """Where `round` sends a number halfway between two integers."""

    AWAY_FROM_ZERO = 0
    TO_NEAREST_EVEN = 1


def floor(x: ArrayLike) -> Any:
    """Element-wise: the greatest integer that is not greater, as a float."""
    return floor_p.bind(x)


floor_p = unary("floor", floating, numpy=widened(np.floor), hlo="floor", jvp=None)


def ceil(x: ArrayLike) -> Any:
    """Element-wise: the least integer that is not less, as a float."""
    return ceil_p.bind(x)


ceil_p = unary("ceil", floating, numpy=widened(np.ceil), hlo="ceil", jvp=None)


def round(x: ArrayLike, rounding_method: RoundingMethod = RoundingMethod.AWAY_FROM_ZERO) -> Any:
    """Element-wise: the nearest integer, as a float.

    Example:
        >>> from jib import lax
        >>> float(lax.round(2.5)), float(lax.round(2.5, lax.RoundingMethod.TO_NEAREST_EVEN))
        (3.0, 2.0)
    """
    return round_p.bind(x, rounding_method=RoundingMethod(rounding_method))


def _round_numpy(x: Any, *, rounding_method: RoundingMethod) -> Any:
    if rounding_method is RoundingMethod.TO_NEAREST_EVEN:
        return np.rint(x)
    whole = np.trunc(x)
    return np.where(np.abs(x - whole) >= 0.5, whole + np.sign(x), whole)


_to_even = elementwise_lower("round_nearest_even")
_away = elementwise_lower("round_nearest_afz")


def _round_lower(ctx: Any, x: Any, *, rounding_method: RoundingMethod) -> Any:
    rule = _to_even if rounding_method is RoundingMethod.TO_NEAREST_EVEN else _away
    return rule(ctx, x)


round_p = unary("round", floating, numpy=widened(_round_numpy), hlo="round_nearest_afz", jvp=None)
round_p.lower = _round_lower


def is_finite(x: ArrayLike) -> Any:
    """Element-wise: whether a number is neither infinite nor NaN, as booleans."""
    return is_finite_p.bind(x)


is_finite_p = unary(
    "is_finite",
    floating,
    numpy=widened(np.isfinite),
    hlo="is_finite",
    jvp=None,
    result=np.dtype(np.bool_),
)


def reduce_precision(operand: ArrayLike, exponent_bits: int, mantissa_bits: int) -> Any:
    """Round to the numbers that a float with fewer bits could hold; the dtype stays.

    Too large numbers become infinite, and those below the least normal number zero.

    Args:
        operand: an array of floats.
        exponent_bits: at least 1.
        mantissa_bits: at least 0, not counting the leading one.

    Example:
        >>> from jib import lax
        >>> float(lax.reduce_precision(1.01, 8, 7))
        1.0078125
    """
    if exponent_bits < 1 or mantissa_bits < 0:
        raise ArgumentValueError(
            f"`reduce_precision` needs 1 exponent bit or more and 0 mantissa bits or more, but got "
            f"{exponent_bits} and {mantissa_bits}"
        )
    return reduce_precision_p.bind(
        operand, exponent_bits=int(exponent_bits), mantissa_bits=int(mantissa_bits)
    )


def _reduce_precision_numpy(x: Any, *, exponent_bits: int, mantissa_bits: int) -> Any:
    wide = x.astype(np.float64)
    fraction, exponent = np.frexp(wide)
    # frexp's fraction lies in [0.5, 1): one bit more before the point of the scaled number.
    kept = np.rint(np.ldexp(fraction, mantissa_bits + 1))
    rounded = np.ldexp(kept, exponent - mantissa_bits - 1)
    largest = 2 ** (exponent_bits - 1) - 1
    rounded = np.where(np.abs(rounded) >= 2.0 ** (largest + 1), np.copysign(np.inf, wide), rounded)
    rounded = np.where(np.abs(rounded) < 2.0 ** (1 - largest), np.copysign(0.0, wide), rounded)
    return np.where(np.isfinite(wide), rounded, wide)


def _bits(*, exponent_bits: int, mantissa_bits: int) -> dict[str, Any]:
    return {
        "exponent_bits": mlir.integer_attribute(exponent_bits, 32),
        "mantissa_bits": mlir.integer_attribute(mantissa_bits, 32),
    }


# The tangent and the cotangent are rounded alike, so that a backward pass has the same precision.
reduce_precision_p = unary(
    "reduce_precision",
    floating,
    numpy=_reduce_precision_numpy,
    hlo="reduce_precision",
    jvp=lambda t, x, **bits: reduce_precision(t, **bits),
    transpose=lambda ct, **bits: reduce_precision(ct, **bits),
    attributes=_bits,
)
