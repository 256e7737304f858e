"""Real and imaginary parts, conjugates, angles."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.lax._families import constant_like, kind_of
from jib.numpy._elementwise import elementwise
from jib.numpy._promotion import as_operand, promote_inexact
from jib.passes.eager import compiled
from jib.typing import ArrayLike

__all__ = [
    "angle",
    "conj",
    "conjugate",
    "imag",
    "iscomplex",
    "iscomplexobj",
    "isreal",
    "isrealobj",
    "real",
]


def _is_complex(x: Any) -> bool:
    return kind_of(aval_of(x).dtype) == "c"


@elementwise
def real(val: ArrayLike, /) -> Any:
    """The real parts; real arrays are returned as they are."""
    val = as_operand("real", val)
    return lax.real(val) if _is_complex(val) else lax.convert_element_type(val)


@elementwise
def imag(val: ArrayLike, /) -> Any:
    """The imaginary parts; zeros for real arrays.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.imag(jnp.array([1 + 2j, 3])).tolist()
        [2.0, 0.0]
    """
    val = as_operand("imag", val)
    return lax.imag(val) if _is_complex(val) else lax.full_like(val, 0)


@elementwise
def conj(x: ArrayLike, /) -> Any:
    """The complex conjugates; real arrays are returned as they are."""
    x = as_operand("conj", x)
    return lax.conj(x) if _is_complex(x) else lax.convert_element_type(x)


conjugate = conj


def angle(z: ArrayLike, deg: bool = False) -> Any:
    """The angles of complex numbers, in radians, or in degrees."""
    return _angle(as_operand("angle", z), deg=bool(deg))


@compiled(static=("deg",))
def _angle(z: Any, deg: bool = False) -> Any:
    z = promote_inexact("angle", z)
    if _is_complex(z):
        out = lax.atan2(lax.imag(z), lax.real(z))
    else:
        out = lax.atan2(lax.full_like(z, 0), z)
    return lax.mul(out, constant_like(out, 180 / np.pi)) if deg else out


@elementwise
def iscomplex(x: ArrayLike, /) -> Any:
    """Where the imaginary part is not zero."""
    part = imag(x)
    return lax.ne(part, constant_like(part, 0))


@elementwise
def isreal(x: ArrayLike, /) -> Any:
    """Where the imaginary part is zero."""
    part = imag(x)
    return lax.eq(part, constant_like(part, 0))


def iscomplexobj(x: Any) -> bool:
    """Whether the dtype is complex, whatever the values."""
    if x is None:
        return False
    try:
        dtype = dtypes.dtype_of(x)[0]
    except TypeError:
        dtype = np.asarray(x).dtype
    return kind_of(dtype) == "c"


def isrealobj(x: Any) -> bool:
    """Whether the dtype is not complex."""
    return not iscomplexobj(x)
