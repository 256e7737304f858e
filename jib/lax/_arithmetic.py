"""Addition to powers: element-wise arithmetic of two operands, and what is linear in one."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.core.algebra import algebra
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.lax._families import (
    Kinds,
    binary,
    complexes,
    constant_like,
    elementwise_batch,
    elementwise_type,
    floating,
    is_linear,
    kind_of,
    numbers,
    real,
    unary,
    unbroadcast,
    zero_tangent,
)
from jib.typing import ArrayLike

__all__ = [
    "abs", "add", "div", "integer_pow", "max", "min", "mul", "neg", "nextafter", "pow", "rem",
    "sign", "square", "sub",
]  # fmt: skip


def add(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise sum of two arrays of one dtype; shapes are equal, or one has rank 0.

    Example:
        >>> from jib import dtypes, lax
        >>> lax.add(1.0, 2.0)
        Array(3., dtype=float32, weak_type=True)
    """
    return add_p.bind(x, y)


def _add_transpose(ct: Any, x: Any, y: Any) -> list[Any]:
    return [unbroadcast(ct, a.aval) if is_linear(a) else None for a in (x, y)]


add_p = binary(
    "add",
    numbers,
    numpy=np.add,
    hlo="add",
    jvp=(lambda t, x, y: t, lambda t, x, y: t),
    transpose=_add_transpose,
)
algebra.add = add


def sub(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise difference of two arrays of one dtype."""
    return sub_p.bind(x, y)


def _sub_transpose(ct: Any, x: Any, y: Any) -> list[Any]:
    return [
        unbroadcast(ct, x.aval) if is_linear(x) else None,
        unbroadcast(neg(ct), y.aval) if is_linear(y) else None,
    ]


sub_p = binary(
    "sub",
    numbers,
    numpy=np.subtract,
    hlo="subtract",
    jvp=(lambda t, x, y: t, lambda t, x, y: neg(t)),
    transpose=_sub_transpose,
)


def mul(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise product of two arrays of one dtype."""
    return mul_p.bind(x, y)


def _mul_transpose(ct: Any, x: Any, y: Any) -> list[Any]:
    if is_linear(x):
        return [unbroadcast(mul(ct, y), x.aval), None]
    return [None, unbroadcast(mul(x, ct), y.aval)]


mul_p = binary(
    "mul",
    numbers,
    numpy=np.multiply,
    hlo="multiply",
    jvp=(lambda t, x, y: mul(t, y), lambda t, x, y: mul(x, t)),
    transpose=_mul_transpose,
)


def strong_mul(t: Any, factor: Any) -> Any:
    """`t * factor`, but 0 where `t` is 0 even if the factor is infinite or NaN.

    Derivative rules multiply tangents with this where the factor can be infinite, so that a branch
    that `where` did not take cannot poison the gradient. Linear in `t`.
    """
    return strong_mul_p.bind(t, factor)


def _strong_mul_hlo(t: Any, factor: Any) -> Any:
    zero = constant_like(t, 0)
    return lax.select(lax.eq(t, zero), zero, mul(t, factor))


def _strong_mul_transpose(ct: Any, t: Any, factor: Any) -> list[Any]:
    if is_linear(t):
        return [unbroadcast(strong_mul(ct, factor), t.aval), None]
    return [None, unbroadcast(strong_mul(t, ct), factor.aval)]


strong_mul_p = binary(
    "strong_mul",
    floating | complexes,
    numpy=lambda t, factor: np.where(t == 0, np.zeros_like(t), t * factor),
    hlo=_strong_mul_hlo,
    jvp=(lambda d, t, factor: strong_mul(d, factor), lambda d, t, factor: strong_mul(t, d)),
    transpose=_strong_mul_transpose,
)


def div(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise quotient; for integers, rounded towards zero.

    An integer divided by zero is -1 (all bits set), as XLA defines it.
    """
    return div_p.bind(x, y)


def _div_numpy(x: Any, y: Any) -> Any:
    if kind_of(x.dtype) != "i":
        return np.divide(x, y)
    safe = np.where(y == 0, np.ones_like(y), y)
    quotient = np.abs(x) // np.abs(safe) * (np.sign(x) * np.sign(safe)).astype(x.dtype)
    return np.where(y == 0, np.asarray(-1).astype(x.dtype), quotient).astype(x.dtype)


def _div_transpose(ct: Any, x: Any, y: Any) -> list[Any]:
    return [unbroadcast(_strong_div(ct, y), x.aval), None]


def _strong_div(t: Any, y: Any) -> Any:
    """`t / y`, but 0 where `t` is 0 even if `y` is 0."""
    return strong_mul(t, div(constant_like(y, 1), y))


div_p = binary(
    "div",
    numbers,
    numpy=_div_numpy,
    hlo="divide",
    jvp=(lambda t, x, y: _strong_div(t, y), lambda t, x, y: strong_mul(t, div(neg(x), mul(y, y)))),
    transpose=_div_transpose,
)


def rem(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise remainder with the sign of the dividend; for integers, `x` where `y` is zero."""
    return rem_p.bind(x, y)


def _rem_numpy(x: Any, y: Any) -> Any:
    if kind_of(x.dtype) != "i":
        return np.fmod(x, y)
    return np.where(y == 0, x, np.fmod(x, np.where(y == 0, np.ones_like(y), y)))


rem_p = binary(
    "rem",
    real,
    numpy=_rem_numpy,
    hlo="remainder",
    jvp=(
        lambda t, x, y: t,
        lambda t, x, y: strong_mul(t, neg(mul(sign(div(x, y)), lax.floor(abs(div(x, y)))))),
    ),
)


def max(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise maximum; NaN if either is NaN. Complex numbers compare by real part first."""
    return max_p.bind(x, y)


def _share(t: Any, x: Any, y: Any, compare: Any) -> Any:
    """The tangent where `x` wins, half of it where the operands are equal."""
    half = constant_like(t, 0.5)
    weight = lax.select(compare(x, y), constant_like(t, 1), constant_like(t, 0))
    return mul(t, lax.select(lax.eq(x, y), half, weight))


max_p = binary(
    "max",
    numbers | Kinds("b"),
    numpy=np.maximum,
    hlo="maximum",
    jvp=(lambda t, x, y: _share(t, x, y, lax.gt), lambda t, x, y: _share(t, y, x, lax.gt)),
)


def min(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise minimum; NaN if either is NaN. Complex numbers compare by real part first."""
    return min_p.bind(x, y)


min_p = binary(
    "min",
    numbers | Kinds("b"),
    numpy=np.minimum,
    hlo="minimum",
    jvp=(lambda t, x, y: _share(t, x, y, lax.lt), lambda t, x, y: _share(t, y, x, lax.lt)),
)


def neg(x: ArrayLike) -> Any:
    """Element-wise negation."""
    return neg_p.bind(x)


neg_p = unary(
    "neg", numbers, numpy=np.negative, hlo="negate", jvp=lambda t, x: neg(t), transpose=neg
)


def sign(x: ArrayLike) -> Any:
    """Element-wise sign: -1, 0 or 1, NaN for NaN, `x / |x|` for complex numbers."""
    return sign_p.bind(x)


def _sign_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    (x,), (t,) = primals, tangents
    unit = sign(x)
    if type(t) is Zero or kind_of(aval_of(x).dtype) != "c":
        return unit, zero_tangent(unit)
    # The part of the tangent that turns `x`, not the part that stretches it.
    along = lax.real(mul(t, lax.conj(unit)))
    across = sub(t, mul(unit, lax.convert_element_type(along, aval_of(x).dtype)))
    return unit, _strong_div(across, lax.convert_element_type(abs(x), aval_of(x).dtype))


def _sign_lower(ctx: Any, x: Any) -> Any:
    (aval,) = ctx.avals_in
    if aval.dtype in dtypes.UNSIGNED:  # StableHLO knows the sign of signed numbers only
        return mlir.emit("stablehlo.minimum", mlir.ir_type(aval), [x, ctx.constant(1, aval)])
    return mlir.emit("stablehlo.sign", mlir.ir_type(aval), [x])


sign_p = Primitive(
    "sign",
    type=elementwise_type("sign", [numbers]),
    numpy=np.sign,
    jvp=_sign_jvp,
    transpose=Waived("`sign` is not linear"),
    batch=elementwise_batch(lambda: sign_p),
    lower=_sign_lower,
)


def abs(x: ArrayLike) -> Any:
    """Element-wise absolute value; real for complex numbers."""
    return abs_p.bind(x)


def _real_dtype(dtype: np.dtype) -> np.dtype:
    return np.real(np.zeros((), dtype)).dtype


def _abs_jvp(t: Any, x: Any) -> Any:
    is_complex = kind_of(aval_of(x).dtype) == "c"
    return lax.real(mul(t, lax.conj(sign(x)))) if is_complex else mul(t, sign(x))


def _abs_lower(ctx: Any, x: Any) -> Any:
    if ctx.avals_in[0].dtype in dtypes.UNSIGNED:
        return x
    return mlir.emit("stablehlo.abs", mlir.ir_type(ctx.avals_out[0]), [x])


abs_p = unary("abs", numbers, numpy=np.abs, hlo="abs", jvp=_abs_jvp, result=_real_dtype)
abs_p.lower = _abs_lower


def square(x: ArrayLike) -> Any:
    """Element-wise square."""
    return integer_pow(x, 2)


def integer_pow(x: ArrayLike, y: int) -> Any:
    """Element-wise power with a fixed integer exponent, by repeated multiplication."""
    if y == 0:
        return constant_like(x, 1)
    return x if y == 1 else integer_pow_p.bind(x, y=int(y))


def _integer_pow_jvp(t: Any, x: Any, *, y: int) -> Any:
    factor = constant_like(x, y) if y == 1 else mul(constant_like(x, y), integer_pow(x, y - 1))
    return mul(t, factor) if y == 2 else strong_mul(t, factor)


def _integer_pow_hlo(x: Any, *, y: int) -> Any:
    power: Any = None
    base, left = x, y if y > 0 else -y
    while left:
        if left & 1:
            power = base if power is None else mul(power, base)
        left >>= 1
        if left:
            base = mul(base, base)
    return div(constant_like(x, 1), power) if y < 0 else power


integer_pow_p = unary(
    "integer_pow",
    numbers,
    numpy=lambda x, *, y: np.power(x, np.asarray(y).astype(x.dtype)) if y >= 0 else 1 / x**-y,
    hlo=_integer_pow_hlo,
    jvp=_integer_pow_jvp,
)


def pow(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise power of floating or complex numbers; `y` may also be an array of integers."""
    if isinstance(y, int) and not isinstance(y, bool):
        return integer_pow(x, y)
    if kind_of(aval_of(y).dtype) == "i":
        y = lax.convert_element_type(y, aval_of(x).dtype)
    return pow_p.bind(x, y)


def _pow_dx(t: Any, x: Any, y: Any) -> Any:
    one = constant_like(y, 1)
    # At y == 0 the factor is 0 even where x**-1 is infinite.
    less = lax.select(lax.eq(y, constant_like(y, 0)), one, sub(y, one))
    return strong_mul(t, mul(y, pow(x, less)))


def _pow_dy(t: Any, x: Any, y: Any) -> Any:
    # 0**y does not change with y for y > 0: its logarithm is taken at 1 there.
    safe = lax.select(lax.eq(x, constant_like(x, 0)), constant_like(x, 1), x)
    return strong_mul(t, mul(lax.log(safe), pow(x, y)))


pow_p = binary("pow", floating | complexes, numpy=np.power, hlo="power", jvp=(_pow_dx, _pow_dy))


def nextafter(x1: ArrayLike, x2: ArrayLike) -> Any:
    """The next representable number after `x1` towards `x2`."""
    return nextafter_p.bind(x1, x2)


nextafter_p = binary(
    "nextafter", floating, numpy=lambda x, y: np.nextafter(x, y), hlo="chlo.next_after", jvp=None
)
