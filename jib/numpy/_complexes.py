"""Real and imaginary parts, conjugates, angles."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.lax._families import kind_of
from jib.numpy._elementwise import elementwise
from jib.numpy._promotion import as_operand
from jib.typing import Array, ArrayLike

__all__ = ["conj", "conjugate", "imag", "iscomplexobj", "isrealobj", "real"]


def _is_complex(x: Any) -> bool:
    return kind_of(aval_of(x).dtype) == "c"


@elementwise
def real(val: ArrayLike, /) -> Array:
    """The real parts; real arrays are returned as they are."""
    val = as_operand("real", val)
    return lax.real(val) if _is_complex(val) else lax.convert_element_type(val)


@elementwise
def imag(val: ArrayLike, /) -> Array:
    """The imaginary parts; zeros for real arrays.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.imag(jnp.array([1 + 2j, 3])).tolist()
        [2.0, 0.0]
    """
    val = as_operand("imag", val)
    return lax.imag(val) if _is_complex(val) else lax.full_like(val, 0)


@elementwise
def conj(x: ArrayLike, /) -> Array:
    """The complex conjugates; real arrays are returned as they are."""
    x = as_operand("conj", x)
    return lax.conj(x) if _is_complex(x) else lax.convert_element_type(x)


conjugate = conj


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
