"""Rounding, and the parts of floating-point numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import DTypeError
from jib.lax._families import constant_like, kind_of
from jib.numpy._choosing import where
from jib.numpy._elementwise import no_out, of_one, of_two
from jib.numpy._promotion import as_operand, promote_inexact, promote_inexact_args
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["around", "ceil", "fix", "floor", "nan_to_num", "nextafter", "rint", "round", "trunc"]


def _family(name: str, function: Callable[[Any], Any], doc: str) -> Any:
    """A rounding function, which leaves integers as they are."""

    def unless_whole(x: Any) -> Any:
        whole = kind_of(aval_of(x).dtype) in "bi"
        return lax.convert_element_type(x) if whole else function(x)

    return of_one(name, as_operand, unless_whole, doc)


def _towards_zero(x: Any) -> Any:
    return lax.select(lax.lt(x, constant_like(x, 0)), lax.ceil(x), lax.floor(x))


floor = _family("floor", lax.floor, "Elementwise rounding towards minus infinity.")
ceil = _family("ceil", lax.ceil, "Elementwise rounding towards plus infinity.")
trunc = _family("trunc", _towards_zero, "Elementwise rounding towards zero.")


def fix(x: ArrayLike, out: None = None) -> Array:
    """Elementwise rounding towards zero."""
    no_out("fix", out)
    return trunc(x)


def _nearest(x: Any) -> Any:
    if kind_of(aval_of(x).dtype) == "c":
        return lax.complex(_nearest(lax.real(x)), _nearest(lax.imag(x)))
    return lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN)


rint = of_one(
    "rint", promote_inexact, _nearest,
    "Elementwise rounding to the nearest whole number, as floats; halves go to even ones.",
)  # fmt: skip


def round(a: ArrayLike, decimals: int = 0, out: None = None) -> Array:
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
) -> Array:
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


nextafter = of_two(
    "nextafter", promote_inexact_args, lax.nextafter,
    "The next representable number after `x` towards `y`.",
)  # fmt: skip
