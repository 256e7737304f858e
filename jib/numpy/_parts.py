"""Parts of numbers: signs, fractions and exponents, angles, divisors."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.scalars import exact_scalar
from jib.core.tracing import aval_of
from jib.errors import DTypeError
from jib.lax._families import constant_like, kind_of
from jib.numpy._choosing import where
from jib.numpy._comparison import isinf, isnan
from jib.numpy._complexes import imag
from jib.numpy._derived import derived
from jib.numpy._elementwise import elementwise, elementwise2, no_out, of_two
from jib.numpy._promotion import as_operand, promote_args, promote_inexact, promote_inexact_args
from jib.numpy._rounding import trunc
from jib.typing import Array, ArrayLike

__all__ = [
    "angle", "copysign", "fabs", "float_power", "frexp", "gcd", "heaviside", "hypot", "iscomplex",
    "isreal", "lcm", "ldexp", "modf", "signbit", "spacing",
]  # fmt: skip


def _real(name: str, x: Any, kinds: str = "f") -> Any:
    dtype = aval_of(x).dtype
    if kind_of(dtype) not in kinds:
        raise DTypeError.accepts(name, dtype.name, "integer" if kinds == "i" else "real")
    return x


@elementwise
def signbit(x: ArrayLike, /) -> Array:
    """Where the sign bit is set: below zero, -0.0, and some NaN."""
    x = _real("signbit", as_operand("signbit", x), "bif")
    dtype = aval_of(x).dtype
    if kind_of(dtype) == "f":
        x = lax.bitcast_convert_type(x, np.dtype(f"int{8 * dtype.itemsize}"))
    return lax.full_like(x, False, dtypes.BOOL) if dtype.kind in "bu" else x < 0


@elementwise2
def copysign(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """The size of `x1` with the sign of `x2`."""
    x, y = promote_inexact_args("copysign", x1, x2)
    return where(signbit(y), -lax.abs(x), lax.abs(x))


@elementwise
def fabs(x: ArrayLike, /) -> Array:
    """Elementwise absolute value as a float."""
    return lax.abs(_real("fabs", promote_inexact("fabs", x)))


@elementwise
def spacing(x: ArrayLike, /) -> Array:
    """The distance to the next representable number away from zero."""
    x = _real("spacing", promote_inexact("spacing", x))
    return lax.sub(lax.nextafter(x, copysign(constant_like(x, np.inf), x)), x)


@elementwise2
def heaviside(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """0 where `x1` is below zero, 1 above, `x2` at zero; NaN stays."""
    x, at_zero = promote_inexact_args("heaviside", x1, x2)
    zero, one = constant_like(x, 0), constant_like(x, 1)
    sides = where(lax.ne(x, x), x, where(lax.lt(x, zero), zero, one))
    return where(lax.eq(x, zero), at_zero, sides)


float_power = of_two(
    "float_power", promote_inexact_args, lax.pow,
    "Elementwise power in floating or complex numbers.",
)  # fmt: skip


@elementwise2
def hypot(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Elementwise `sqrt(x1**2 + x2**2)`, without overflow; its gradient at the origin is 0."""
    x, y = (_real("hypot", v) for v in promote_inexact_args("hypot", x1, x2))
    endless = lax.bitwise_or(isinf(x), isinf(y))  # even beside NaN
    x, y = (lax.abs(where(endless, constant_like(v, 0), v)) for v in (x, y))
    high, low = lax.max(x, y), lax.min(x, y)
    plain = lax.eq(high, constant_like(high, 0))
    ratio = lax.div(low, where(plain, constant_like(high, 1), high))
    long = lax.mul(high, lax.sqrt(lax.add(constant_like(ratio, 1), lax.square(ratio))))
    return where(endless, constant_like(high, np.inf), where(plain, high, long))


@elementwise2
def ldexp(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Elementwise `x1 * 2**x2`, for whole `x2`.

    Raises:
        DTypeError: if `x2` is not an integer, or `x1` is complex.
    """
    x = _real("ldexp", promote_inexact("ldexp", x1))
    power = lax.convert_element_type(_real("ldexp", as_operand("ldexp", x2), "i"), np.int32)
    dtype = aval_of(x).dtype
    limits = dtypes.finfo(dtype)
    low, high = int(limits.minexp) - int(limits.nmant), int(limits.maxexp)
    power = lax.clamp(np.int32(3 * low), power, np.int32(3 * high))
    # In three steps: 2**x2 alone may overflow, or vanish, where the product does not.
    for parts in (3, 2, 1):
        part = lax.div(power, np.int32(parts))
        factor = lax.exp2(lax.convert_element_type(part, dtype))
        x, power = lax.mul(*promote_args("ldexp", x, factor)), lax.sub(power, part)
    return x


@derived()
def frexp(x: ArrayLike, /) -> tuple[Array, Array]:
    """Mantissas in [0.5, 1) and int32 exponents, with `x == mantissa * 2**exponent`.

    Example:
        >>> import jib.numpy as jnp
        >>> mantissa, exponent = jnp.frexp(jnp.array([8.0, -3.0]))
        >>> mantissa.tolist(), exponent.tolist()
        ([0.5, -0.75], [4, 2])
    """
    x = _real("frexp", promote_inexact("frexp", x))
    dtype = aval_of(x).dtype
    limits, word = dtypes.finfo(dtype), np.dtype(f"uint{8 * dtype.itemsize}")
    stored, top = int(limits.nmant), int(limits.maxexp)
    bits, mask = lax.bitcast_convert_type(x, word), exact_scalar(2 * top - 1, word)
    # Subnormal numbers, which processors may take for 0, are whole multiples of the smallest one.
    place = exact_scalar(stored, word)
    tiny = (bits >> place) & mask == 0
    whole = (bits & exact_scalar(2**stored - 1, word)).astype(dtype)
    bits = where(tiny, lax.bitcast_convert_type(copysign(whole, x), word), bits)
    field = ((bits >> place) & mask).astype(np.int32)
    half = exact_scalar((top - 2) << stored, word)
    rest = exact_scalar(~((2 * top - 1) << stored) % 2 ** (8 * word.itemsize), word)
    mantissa = lax.bitcast_convert_type(bits & rest | half, dtype)
    plain = (tiny & (whole == 0)) | ~lax.is_finite(x)
    exponent = field - (top - 2) + where(tiny, int(limits.minexp) - stored, 0)
    return where(plain, x, mantissa), where(plain, 0, exponent)


def modf(x: ArrayLike, /, out: None = None) -> tuple[Array, Array]:
    """The fractional and the whole parts, both with the sign of `x`."""
    no_out("modf", out)
    return _modf(x)


@derived()
def _modf(x: Any) -> tuple[Any, Any]:
    x = promote_inexact("modf", x)
    return copysign(where(isinf(x), 0, x - trunc(x)), x), trunc(x)


@derived("deg")
def angle(z: ArrayLike, deg: bool = False) -> Array:
    """The angles of complex numbers, in radians, or in degrees."""
    z = promote_inexact("angle", z)
    out = lax.atan2(lax.imag(z), lax.real(z)) if kind_of(aval_of(z).dtype) == "c" else None
    if out is None:
        out = where(isnan(z), z, where(z < 0, constant_like(z, np.pi), 0))
    return out * (180 / math.pi) if deg else out


@elementwise
def iscomplex(x: ArrayLike, /) -> Array:
    """Where the imaginary part is not zero."""
    part = imag(x)
    return lax.ne(part, constant_like(part, 0))


@elementwise
def isreal(x: ArrayLike, /) -> Array:
    """Where the imaginary part is zero."""
    return lax.bitwise_not(iscomplex(x))


# ------------------------------------------------------------------------------- whole numbers


@derived()
def gcd(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Elementwise greatest common divisor of integers, by Euclid's algorithm.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.gcd(jnp.array([12, 15]), 18).tolist()
        [6, 3]
    """
    x, y = promote_args("gcd", _real("gcd", x1, "i"), _real("gcd", x2, "i"))
    shape = lax.broadcast_shapes(x.shape, y.shape)
    pair = tuple(where(v < 0, -v, v) + lax.full(shape, 0, v.dtype) for v in (x, y))

    def step(pair: Any) -> Any:
        a, b = pair
        # Where b is 0 the remainder would be a: it stays 0, and a is the answer.
        return where(b == 0, a, b), where(b == 0, b, lax.rem(a, where(b == 0, 1, b)))

    return lax.while_loop(lambda pair: (pair[1] != 0).any(), step, pair)[0]


@derived()
def lcm(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Elementwise least common multiple of integers."""
    x, y = (where(v < 0, -v, v) for v in promote_args("lcm", x1, x2))
    divisor = gcd(x, y)
    return x * (y // where(divisor == 0, 1, divisor))
