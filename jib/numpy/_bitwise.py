"""Element-wise operations on the bits of integers (and on booleans)."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import lax
from jib.core.tracing import aval_of
from jib.errors import DTypeError
from jib.lax._families import kind_of
from jib.numpy._elementwise import elementwise, elementwise2, of_two, ufunc2
from jib.numpy._promotion import as_operand, promote_args, promote_numeric, promote_numeric_args
from jib.typing import Array, ArrayLike

__all__ = [
    "bitwise_and", "bitwise_count", "bitwise_invert", "bitwise_left_shift", "bitwise_not",
    "bitwise_or", "bitwise_right_shift", "bitwise_xor", "invert", "left_shift", "right_shift",
]  # fmt: skip


def _logic(name: str, function: Any, doc: str) -> Any:
    return of_two(name, promote_args, function, doc, ufunc2)


bitwise_and = _logic("bitwise_and", lax.bitwise_and, "Elementwise `x & y` of integers or booleans.")
bitwise_or = _logic("bitwise_or", lax.bitwise_or, "Elementwise `x | y` of integers or booleans.")
bitwise_xor = _logic("bitwise_xor", lax.bitwise_xor, "Elementwise `x ^ y` of integers or booleans.")


@elementwise
def invert(x: ArrayLike, /) -> Array:
    """Elementwise `~x`: all bits flipped, "not" of booleans.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.invert(jnp.array([0, 5])).tolist()
        [-1, -6]
    """
    return lax.bitwise_not(as_operand("invert", x))


bitwise_not = bitwise_invert = invert


@elementwise2
def left_shift(x: ArrayLike, y: ArrayLike, /) -> Array:
    """Elementwise `x << y`."""
    return lax.shift_left(*_integers("left_shift", x, y))


bitwise_left_shift = left_shift


@elementwise2
def right_shift(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """Elementwise `x1 >> x2`; the sign is kept."""
    x, y = _integers("right_shift", x1, x2)
    if np.dtype(aval_of(x).dtype).kind == "u":
        return lax.shift_right_logical(x, y)
    return lax.shift_right_arithmetic(x, y)


bitwise_right_shift = right_shift


def _integers(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    x, y = promote_numeric_args(name, x, y)
    if kind_of(aval_of(x).dtype) != "i":
        raise DTypeError.accepts(name, aval_of(x).dtype.name, "integer")
    return x, y


@elementwise
def bitwise_count(x: ArrayLike, /) -> Array:
    """The number of bits that are set in the absolute value of each integer, as uint8."""
    x = promote_numeric("bitwise_count", x)
    dtype = aval_of(x).dtype
    if kind_of(dtype) != "i":
        raise DTypeError.accepts("bitwise_count", dtype.name, "integer or boolean")
    counts = lax.population_count(x if dtype.kind == "u" else lax.abs(x))
    return lax.convert_element_type(counts, np.uint8)
