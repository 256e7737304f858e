"""Complex numbers: making them, and their parts.

Cotangents pair with values without conjugation, so a linear map has one transpose over the complex
numbers: that of `y -> 1j * y` from real numbers is `ct -> -imag(ct)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jib.core.tracing import aval_of
from jib.lax._arithmetic import neg
from jib.lax._families import (
    binary,
    complexes,
    constant_like,
    floating,
    is_linear,
    kind_of,
    unary,
    unbroadcast,
)
from jib.typing import ArrayLike

__all__ = ["complex", "conj", "imag", "real"]


def complex(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x + 1j * y` of float32 (or float64) numbers; `complex64` (or `complex128`).

    Example:
        >>> from jib import lax
        >>> lax.complex(1.0, 2.0).item()
        (1+2j)
    """
    return complex_p.bind(x, y)


def _complex_dtype(dtype: Any) -> np.dtype:
    return np.dtype(np.complex128 if dtype == np.float64 else np.complex64)


def _part_dtype(dtype: Any) -> np.dtype:
    return np.dtype(np.float64 if dtype == np.complex128 else np.float32)


def _complex_transpose(ct: Any, x: Any, y: Any) -> list[Any]:
    return [
        unbroadcast(real(ct), x.aval) if is_linear(x) else None,
        unbroadcast(neg(imag(ct)), y.aval) if is_linear(y) else None,
    ]


complex_p = binary(
    "complex",
    floating,
    numpy=lambda x, y: x + 1j * y,
    hlo="complex",
    jvp=(
        lambda t, x, y: complex(t, constant_like(t, 0)),
        lambda t, x, y: complex(constant_like(t, 0), t),
    ),
    transpose=_complex_transpose,
    result=_complex_dtype,
)


def real(x: ArrayLike) -> Any:
    """Element-wise real part of complex numbers."""
    return real_p.bind(x)


real_p = unary(
    "real",
    complexes,
    numpy=np.real,
    hlo="real",
    jvp=lambda t, x: real(t),
    transpose=lambda ct: complex(ct, constant_like(ct, 0)),
    result=_part_dtype,
)


def imag(x: ArrayLike) -> Any:
    """Element-wise imaginary part of complex numbers."""
    return imag_p.bind(x)


imag_p = unary(
    "imag",
    complexes,
    numpy=np.imag,
    hlo="imag",
    jvp=lambda t, x: imag(t),
    transpose=lambda ct: complex(constant_like(ct, 0), neg(ct)),
    result=_part_dtype,
)


def conj(x: ArrayLike) -> Any:
    """Element-wise complex conjugate; floats become complex numbers first."""
    if kind_of(aval_of(x).dtype) == "f":
        return complex(x, constant_like(x, 0))
    return conj_p.bind(x)


conj_p = unary(
    "conj",
    complexes,
    numpy=np.conj,
    hlo=lambda x: complex(real(x), neg(imag(x))),
    jvp=lambda t, x: conj(t),
    transpose=conj,
)
