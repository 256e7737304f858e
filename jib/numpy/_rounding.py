"""Rounding, and the parts of floating-point numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import DTypeError
from jib.lax._families import constant_like, kind_of
from jib.numpy._choosing import where
from jib.numpy._elementwise import elementwise, elementwise2, no_out
from jib.numpy._promotion import (
    as_operand,
    promote_args,
    promote_inexact,
    promote_inexact_args,
)
from jib.passes.eager import compiled
from jib.typing import ArrayLike

__all__ = [
    "around",
    "ceil",
    "copysign",
    "fix",
    "floor",
    "frexp",
    "heaviside",
    "ldexp",
    "modf",
    "nan_to_num",
    "nextafter",
    "rint",
    "round",
    "signbit",
    "spacing",
    "trunc",
]


def _float_only(function: Any, x: Any) -> Any:
    """A rounding function, which leaves integers as they are."""
    kind = kind_of(aval_of(x).dtype)
    return lax.convert_element_type(x) if kind in "bi" else function(x)


@elementwise
def floor(x: ArrayLike, /) -> Any:
    """Elementwise rounding towards minus infinity."""
    return _float_only(lax.floor, as_operand("floor", x))


@elementwise
def ceil(x: ArrayLike, /) -> Any:
    """Elementwise rounding towards plus infinity."""
    return _float_only(lax.ceil, as_operand("ceil", x))


@elementwise
def trunc(x: ArrayLike, /) -> Any:
    """Elementwise rounding towards zero."""
    return _float_only(_towards_zero, as_operand("trunc", x))


def _towards_zero(x: Any) -> Any:
    return lax.select(lax.lt(x, constant_like(x, 0)), lax.ceil(x), lax.floor(x))


def fix(x: ArrayLike, out: None = None) -> Any:
    """Elementwise rounding towards zero."""
    no_out("fix", out)
    return trunc(x)


@elementwise
def rint(x: ArrayLike, /) -> Any:
    """Elementwise rounding to the nearest whole number, as floats; halves go to even ones."""
    return _nearest(promote_inexact("rint", x))


def _nearest(x: Any) -> Any:
    if kind_of(aval_of(x).dtype) == "c":
        return lax.complex(_nearest(lax.real(x)), _nearest(lax.imag(x)))
    return lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN)


def round(a: ArrayLike, decimals: int = 0, out: None = None) -> Any:
    """Elementwise rounding to a number of decimals; halves go to the even neighbour.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.round(jnp.array([0.5, 1.5, 2.25])).tolist()
        [0.0, 2.0, 2.0]
    """
    no_out("round", out)
    return _round(as_operand("round", a), decimals=int(decimals))


@compiled(static=("decimals",))
def _round(x: Any, decimals: int = 0) -> Any:
    dtype = aval_of(x).dtype
    if kind_of(dtype) in "bi":
        if decimals >= 0:
            return lax.convert_element_type(x)
        raise DTypeError(
            f"`round` of integers to {decimals} decimals is not defined",
            help="jib.numpy.round(x.astype(float), decimals)",
        )
    if decimals == 0:
        return _nearest(x)
    wide = lax.convert_element_type(x, np.float32) if dtype.itemsize == 2 else x
    factor = constant_like(wide, 10.0 ** abs(decimals))
    up, down = (lax.mul, lax.div) if decimals > 0 else (lax.div, lax.mul)
    rounded = down(_nearest(up(wide, factor)), factor)
    if decimals > 0:  # numbers too large to scale have no decimals to round
        rounded = where(_endless(up(wide, factor)), wide, rounded)
    return lax.convert_element_type(rounded, dtype)


def _endless(x: Any) -> Any:
    size = lax.abs(x)
    return lax.eq(size, constant_like(size, np.inf))


around = round


def nan_to_num(
    x: ArrayLike,
    copy: bool = True,
    nan: ArrayLike = 0.0,
    posinf: ArrayLike | None = None,
    neginf: ArrayLike | None = None,
) -> Any:
    """NaN and infinities replaced: by 0, and by the largest numbers unless others are given.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.nan_to_num(jnp.array([jnp.nan, 1.0]), nan=-1.0).tolist()
        [-1.0, 1.0]
    """
    given = [None if v is None else as_operand("nan_to_num", v) for v in (nan, posinf, neginf)]
    return _nan_to_num(as_operand("nan_to_num", x), *given)


@compiled
def _nan_to_num(x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    dtype = aval_of(x).dtype
    if kind_of(dtype) in "bi":
        return lax.convert_element_type(x)
    if kind_of(dtype) == "c":
        parts = (lax.real(x), lax.imag(x))
        return lax.complex(*(_nan_to_num(part, nan, posinf, neginf) for part in parts))
    limits = dtypes.finfo(dtype)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    for bad, good in (
        (lax.ne(x, x), nan),
        (lax.eq(x, constant_like(x, np.inf)), high),
        (lax.eq(x, constant_like(x, -np.inf)), low),
    ):
        x = where(bad, lax.convert_element_type(good, dtype), x)
    return x


# ---------------------------------------------------------------- parts of floating numbers


_WORDS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


@elementwise
def signbit(x: ArrayLike, /) -> Any:
    """Where the sign bit is set: below zero, -0.0, and some NaN."""
    x = as_operand("signbit", x)
    dtype = aval_of(x).dtype
    kind = kind_of(dtype)
    if kind == "c":
        raise DTypeError.accepts("signbit", dtype.name, "real")
    if kind != "f":
        zero = constant_like(x, 0)
        return lax.lt(x, zero) if dtype.kind == "i" else lax.full_like(x, False, dtypes.BOOL)
    word = np.dtype(_WORDS[dtype.itemsize])
    bits = lax.bitcast_convert_type(x, word)
    return lax.ne(
        lax.shift_right_logical(bits, constant_like(bits, 8 * dtype.itemsize - 1)),
        constant_like(bits, 0),
    )


@elementwise2
def copysign(x1: ArrayLike, x2: ArrayLike, /) -> Any:
    """The size of `x1` with the sign of `x2`."""
    x, y = promote_inexact_args("copysign", x1, x2)
    size = lax.abs(x)
    return lax.select(signbit(y), lax.neg(size), size)


@elementwise2
def nextafter(x: ArrayLike, y: ArrayLike, /) -> Any:
    """The next representable number after `x` towards `y`."""
    return lax.nextafter(*promote_inexact_args("nextafter", x, y))


@elementwise
def spacing(x: ArrayLike, /) -> Any:
    """The distance to the next representable number away from zero."""
    x = promote_inexact("spacing", x)
    if kind_of(aval_of(x).dtype) == "c":
        raise DTypeError.accepts("spacing", aval_of(x).dtype.name, "floating")
    away = copysign(constant_like(x, np.inf), x)
    return lax.sub(lax.nextafter(x, away), x)


@elementwise2
def heaviside(x1: ArrayLike, x2: ArrayLike, /) -> Any:
    """0 where `x1` is below zero, 1 above, `x2` at zero; NaN stays."""
    x, at_zero = promote_inexact_args("heaviside", x1, x2)
    zero, one = constant_like(x, 0), constant_like(x, 1)
    sides = lax.select(lax.lt(x, zero), zero, one)
    sides = lax.select(lax.ne(x, x), x, sides)
    return lax.select(lax.eq(x, zero), at_zero, sides)


@elementwise2
def ldexp(x1: ArrayLike, x2: ArrayLike, /) -> Any:
    """Elementwise `x1 * 2**x2`, for whole `x2`.

    Raises:
        DTypeError: if `x2` is not an integer, or either is complex.
    """
    x, exponent = promote_inexact("ldexp", x1), as_operand("ldexp", x2)
    if kind_of(aval_of(exponent).dtype) != "i" or kind_of(aval_of(x).dtype) == "c":
        kinds = f"{aval_of(x).dtype.name} and {aval_of(exponent).dtype.name}"
        raise DTypeError.accepts("ldexp", kinds, "floating and integer")
    dtype = aval_of(x).dtype
    limits = dtypes.finfo(dtype)
    # In three steps: 2**x2 alone may overflow, or vanish, where the product does not.
    exponent = lax.convert_element_type(exponent, np.int32)
    low, high = int(limits.minexp) - int(limits.nmant), int(limits.maxexp)
    exponent = lax.clamp(np.int32(3 * low), exponent, np.int32(3 * high))
    for parts in (3, 2, 1):
        part = lax.div(exponent, np.int32(parts))
        factor = lax.exp2(lax.convert_element_type(part, dtype))
        x, factor = promote_args("ldexp", x, factor)
        x = lax.mul(x, factor)
        exponent = lax.sub(exponent, part)
    return x


@elementwise
def _frexp(x: Any, /) -> Any:
    x = promote_inexact("frexp", x)
    dtype = aval_of(x).dtype
    if kind_of(dtype) == "c":
        raise DTypeError.accepts("frexp", dtype.name, "floating")
    limits = dtypes.finfo(dtype)
    mantissa_bits, word = int(limits.nmant), np.dtype(_WORDS[dtype.itemsize])
    bias, mask = int(limits.maxexp) - 1, int(limits.maxexp) * 2 - 1
    # Subnormal numbers are scaled up first.
    tiny = lax.lt(lax.abs(x), constant_like(x, limits.smallest_normal))
    scale = mantissa_bits + 2
    scaled = lax.select(tiny, lax.mul(x, constant_like(x, 2.0**scale)), x)
    bits = lax.bitcast_convert_type(scaled, word)
    field = lax.bitwise_and(
        lax.shift_right_logical(bits, constant_like(bits, mantissa_bits)),
        constant_like(bits, mask),
    )
    exponent = lax.sub(lax.convert_element_type(field, np.int32), np.int32(bias - 1))
    exponent = lax.sub(exponent, lax.select(tiny, np.int32(scale), np.int32(0)))
    kept = lax.bitwise_and(bits, constant_like(bits, ~np.array(mask << mantissa_bits, word)))
    half = constant_like(bits, (bias - 1) << mantissa_bits)
    fraction = lax.bitcast_convert_type(lax.bitwise_or(kept, half), dtype)
    plain = lax.bitwise_or(lax.eq(x, constant_like(x, 0)), lax.bitwise_not(lax.is_finite(x)))
    return lax.select(plain, x, fraction), lax.select(plain, np.int32(0), exponent)


def frexp(x: ArrayLike, /) -> tuple[Any, Any]:
    """Mantissas in [0.5, 1) and int32 exponents, with `x == mantissa * 2**exponent`.

    Example:
        >>> import jib.numpy as jnp
        >>> mantissa, exponent = jnp.frexp(jnp.array([8.0, -3.0]))
        >>> mantissa.tolist(), exponent.tolist()
        ([0.5, -0.75], [4, 2])
    """
    return _frexp(x)


@elementwise
def _modf(x: Any, /) -> Any:
    x = promote_inexact("modf", x)
    whole = _towards_zero(x)
    endless = _endless(x)
    return lax.select(endless, constant_like(x, 0), lax.sub(x, whole)), whole


def modf(x: ArrayLike, /, out: None = None) -> tuple[Any, Any]:
    """The fractional and the whole parts, both with the sign of `x`."""
    no_out("modf", out)
    return _modf(x)
