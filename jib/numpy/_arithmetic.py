"""Element-wise arithmetic: sums to powers, remainders, extrema."""

from __future__ import annotations

import builtins
from typing import Any

from jib import dtypes, lax
from jib.backend.buffers import ArrayImpl
from jib.core.tracing import aval_of, is_eager
from jib.errors import ArgumentValueError, DTypeError
from jib.lax._arithmetic import add_p, div_p, integer_pow_p, max_p, min_p, mul_p, pow_p, sub_p
from jib.lax._families import constant_like, kind_of
from jib.numpy._elementwise import elementwise, elementwise2, of_one, of_two, ufunc, ufunc2
from jib.numpy._promotion import (
    as_operand,
    host_value,
    promote_args,
    promote_dtypes,
    promote_inexact,
    promote_inexact_args,
    promote_numeric,
    promote_numeric_args,
    promote_shapes,
)
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = [
    "abs", "absolute", "add", "divide", "divmod", "floor_divide", "fmax", "fmin", "fmod", "maximum",
    "minimum", "mod", "multiply", "negative", "positive", "pow", "power", "reciprocal", "remainder",
    "sign", "square", "subtract", "true_divide",
]  # fmt: skip

_BOOL = dtypes.BOOL


def _is_bool(x: Any) -> builtins.bool:
    return getattr(x, "dtype", None) is _BOOL


@ufunc2
def add(x: ArrayLike, y: ArrayLike, /) -> Array:
    """Elementwise sum, with type promotion and broadcasting; "or" for booleans.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.add(jnp.arange(3), 10).tolist()
        [10, 11, 12]
    """
    x, y = promote_args("add", x, y)
    return lax.bitwise_or(x, y) if _is_bool(x) else add_p.bind(x, y)


@ufunc2
def subtract(x: ArrayLike, y: ArrayLike, /) -> Array:
    """Elementwise difference.

    Raises:
        DTypeError: for booleans, as in NumPy: `jnp.logical_xor` tells where they differ.
    """
    x, y = promote_args("subtract", x, y)
    if _is_bool(x):
        raise DTypeError(
            "`subtract` is not defined for two boolean arrays", help="jib.numpy.logical_xor(x, y)"
        )
    return sub_p.bind(x, y)


@ufunc2
def multiply(x: ArrayLike, y: ArrayLike, /) -> Array:
    """Elementwise product; "and" for booleans."""
    x, y = promote_args("multiply", x, y)
    return lax.bitwise_and(x, y) if _is_bool(x) else mul_p.bind(x, y)


@elementwise2
def divide(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Elementwise quotient; integers give floats.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.divide(jnp.array([1, 2]), 4).tolist()
        [0.25, 0.5]
    """
    x1, x2 = promote_inexact_args("divide", x1, x2)
    return div_p.bind(x1, x2)


true_divide = divide


@elementwise2
def floor_divide(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Elementwise quotient rounded towards minus infinity.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.floor_divide(jnp.array([7, -7]), 2).tolist()
        [3, -4]
    """
    x, y = promote_numeric_args("floor_divide", x1, x2)
    dtype = aval_of(x).dtype
    kind = kind_of(dtype)
    if kind == "i":
        quotient = lax.div(x, y)
        if dtype.kind == "u":
            return quotient
        one, zero = constant_like(quotient, 1), constant_like(quotient, 0)
        rounds = lax.bitwise_and(
            lax.ne(lax.sign(x), lax.sign(y)), lax.ne(lax.rem(x, y), constant_like(x, 0))
        )
        return lax.sub(quotient, lax.select(rounds, one, zero))
    if kind == "c":
        raise DTypeError.accepts("floor_divide", dtype.name, "integer or floating")
    return _float_divmod(x, y)[0]


def _float_divmod(x: Any, y: Any) -> tuple[Any, Any]:
    remains = lax.rem(x, y)
    quotient = lax.div(lax.sub(x, remains), y)
    below = lax.sub(quotient, constant_like(x, 1))
    quotient = lax.select(_wraps(remains, y), below, quotient)
    # The division above may be off by rounding, never by half.
    quotient = lax.round(quotient, lax.RoundingMethod.TO_NEAREST_EVEN)
    by_zero = lax.eq(y, constant_like(y, 0))
    return lax.select(by_zero, lax.div(x, y), quotient), _wrapped(remains, y)


def _wraps(remains: Any, y: Any) -> Any:
    """Where a remainder with the sign of the dividend lacks the sign of the divisor."""
    zero = constant_like(remains, 0)
    opposite = lax.ne(lax.lt(remains, zero), lax.lt(y, constant_like(y, 0)))
    return lax.bitwise_and(lax.ne(remains, zero), opposite)


def _wrapped(remains: Any, y: Any) -> Any:
    return lax.select(_wraps(remains, y), lax.add(remains, y), remains)


@elementwise2
def remainder(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Elementwise remainder with the sign of the divisor: Python's `%`.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.remainder(jnp.array([7, -7]), 3).tolist()
        [1, 2]
    """
    x, y = promote_numeric_args("remainder", x1, x2)
    remains = lax.rem(x, y)
    return remains if aval_of(x).dtype.kind == "u" else _wrapped(remains, y)


mod = remainder


@elementwise2
def fmod(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Elementwise remainder with the sign of the dividend: C's `fmod`."""
    return lax.rem(*promote_numeric_args("fmod", x1, x2))


def divmod(x1: ArrayLike, x2: ArrayLike, /) -> tuple[Any, Any]:
    """The pair `(floor_divide(x1, x2), remainder(x1, x2))`."""
    return _divmod(as_operand("divmod", x1), as_operand("divmod", x2))


@compiled
def _divmod(x: Any, y: Any) -> tuple[Any, Any]:
    x, y = promote_numeric_args("divmod", x, y)
    if kind_of(aval_of(x).dtype) == "f":
        return _float_divmod(x, y)
    return floor_divide(x, y), remainder(x, y)


# ----------------------------------------------------------------------------------- powers


def power(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Elementwise power. A Python integer as exponent multiplies: exact, and smooth at 0.

    Raises:
        ArgumentValueError: for an integer array to a negative power.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.power(jnp.array([1, 2, 3]), 2).tolist()
        [1, 4, 9]
    """
    if type(x2) is int:
        return _static_power(x1, x2)
    if is_eager() and not (type(x1) is ArrayImpl and type(x2) is ArrayImpl):
        x1, x2 = host_value("power", x1)[0], host_value("power", x2)[0]
    return _power(x1, x2)


pow = power


def _static_power(x: Any, exponent: int) -> Any:
    x = promote_numeric("power", x)
    dtype = aval_of(x).dtype
    if exponent < 0 and kind_of(dtype) == "i":
        raise ArgumentValueError(
            f"integers have no negative powers: the base is {aval_of(x)}, the exponent {exponent}",
            help=f"x.astype(float) ** {exponent}",
        )
    if exponent == 0:
        return lax.full_like(x, 1)
    if exponent == 1:
        return +x
    return integer_pow_p.bind(x, y=exponent)


@compiled
def _power(x: Any, y: Any) -> Any:
    kinds = kind_of(aval_of(x).dtype) + kind_of(aval_of(y).dtype)
    if kinds in ("fi", "ci"):
        # The exponents stay integers, of their own dtype.
        x = lax.convert_element_type(x, aval_of(promote_dtypes("power", x, y)[0]).dtype)
        return lax.pow(*promote_shapes("power", x, y))
    x, y = promote_numeric_args("power", x, y)
    if kind_of(aval_of(x).dtype) == "i":
        return _integer_power(x, y)
    return pow_p.bind(x, y)


def _integer_power(x: Any, y: Any) -> Any:
    """Repeated squaring; negative exponents give 0 (and 1 or -1 for the bases 1 and -1)."""
    dtype = aval_of(x).dtype
    one, zero = constant_like(x, 1), constant_like(x, 0)
    bits = dtypes.itemsize_bits(dtype) - (dtype.kind != "u")
    out, base, left = one, x, y
    for i in range(bits):
        odd = lax.eq(lax.bitwise_and(left, one), one)
        out = lax.select(odd, lax.mul(out, base) if i else base, out)
        if i + 1 < bits:
            base = lax.mul(base, base)
            left = lax.shift_right_logical(left, one)
    if dtype.kind == "u":
        return out
    unit = lax.eq(lax.mul(x, x), one)
    return lax.select(lax.lt(y, zero), lax.select(unit, out, zero), out)


square = of_one("square", promote_numeric, lax.square, "Elementwise square.")


@elementwise
def reciprocal(x: ArrayLike, /) -> Array:
    """Elementwise `1 / x`; integers give floats."""
    x = promote_inexact("reciprocal", x)
    return lax.div(constant_like(x, 1), x)


# ------------------------------------------------------------------------- signs and extrema


@ufunc
def negative(x: ArrayLike, /) -> Array:
    """Elementwise `-x`."""
    x = as_operand("negative", x)
    if _is_bool(x):
        raise DTypeError("`negative` is not defined for booleans", help="jib.numpy.logical_not(x)")
    return lax.neg(x)


positive = of_one("positive", as_operand, lax.convert_element_type, "The array itself.")


@elementwise
def abs(x: ArrayLike, /) -> Array:
    """Elementwise absolute value; real for complex numbers."""
    operand = as_operand("abs", x)
    return operand if aval_of(operand).dtype.kind in "bu" else lax.abs(operand)


absolute = abs


sign = of_one(
    "sign", as_operand, lax.sign, "Elementwise sign: -1, 0 or 1; `x / |x|` for complex numbers."
)


def _extremum(name: str, primitive: Any, word: str) -> Any:
    doc = f"Elementwise {word}; NaN where either is NaN. Equal operands share the gradient."
    return of_two(name, promote_args, primitive.bind, doc, ufunc2)


maximum = _extremum("maximum", max_p, "maximum")
minimum = _extremum("minimum", min_p, "minimum")


@elementwise2
def fmax(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Elementwise maximum that ignores NaN where it can."""
    x, y = promote_args("fmax", x1, x2)
    return lax.select(_first_counts(x, y, lax.gt), x, y)


@elementwise2
def fmin(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Elementwise minimum that ignores NaN where it can."""
    x, y = promote_args("fmin", x1, x2)
    return lax.select(_first_counts(x, y, lax.lt), x, y)


def _first_counts(x: Any, y: Any, compare: Any) -> Any:
    return lax.bitwise_or(compare(x, y), lax.ne(y, y))


# ---------------------------------------------------------------------------- whole numbers
