"""The discrete Fourier transform over the last axes."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.core.algebra import algebra
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from jib.lax._families import batch_in_front, constant_like, linear_jvp, one_operation
from jib.passes.lower import lower_by_tracing
from jib.typing import ArrayLike

__all__ = ["FftType", "fft", "fft_p"]


class FftType(enum.IntEnum):
    """Which transform: forward, inverse, forward of real numbers, inverse to real numbers."""

    FFT = 0
    IFFT = 1
    RFFT = 2
    IRFFT = 3


def fft(x: ArrayLike, fft_type: FftType | str, fft_lengths: Sequence[int]) -> Any:
    """The discrete Fourier transform over the last one, two or three axes.

    Inverse transforms divide by the number of elements. The spectrum of real numbers keeps the
    first half of its last axis: `n // 2 + 1` elements.

    Args:
        x: complex64 or complex128; float32 or float64 for `FftType.RFFT`.
        fft_type: a `FftType`, or its name.
        fft_lengths: the lengths of the transformed axes (for real transforms on the real side).

    Raises:
        DTypeError: if the elements do not fit the kind of transform.
        ShapeError: if the lengths are not those of the last axes of `x`.
        ArgumentValueError: if there is no such transform.

    Source: Cooley and Tukey, "An algorithm for the machine calculation of complex Fourier series",
    Mathematics of Computation, 1965.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.fft(jnp.array([1.0, 2.0, 3.0]), lax.FftType.RFFT, (3,))[0].item()
        (6+0j)
    """
    try:
        kind = FftType[fft_type.upper()] if isinstance(fft_type, str) else FftType(fft_type)
    except (KeyError, ValueError):
        raise ArgumentValueError(
            f"there is no Fourier transform {fft_type!r}", help="lax.FftType.FFT"
        ) from None
    return fft_p.bind(x, fft_type=kind, fft_lengths=tuple(map(int, fft_lengths)))


_COMPLEX = {np.dtype("float32"): np.dtype("complex64"), np.dtype("float64"): np.dtype("complex128")}
_REAL = {wide: narrow for narrow, wide in _COMPLEX.items()}
_SAME = {d: d for d in _REAL}
# The dtype of the result by that of the operand, and what the operand may be, in words.
_DTYPES = {
    FftType.FFT: (_SAME, "complex"), FftType.IFFT: (_SAME, "complex"),
    FftType.RFFT: (_COMPLEX, "float32 or float64"), FftType.IRFFT: (_REAL, "complex"),
}  # fmt: skip


def _half(lengths: tuple[int, ...]) -> tuple[int, ...]:
    return (*lengths[:-1], lengths[-1] // 2 + 1)


def _fft_type(x: ShapedArray, *, fft_type: FftType, fft_lengths: tuple[int, ...]) -> ShapedArray:
    name = fft_type.name.lower()
    results, accepted = _DTYPES[fft_type]
    if x.dtype not in results:
        raise DTypeError(
            f"`lax.fft` of kind {name} takes {accepted} elements, but got {x.dtype.name}",
            help=f"jib.numpy.fft.{name}(x) converts real numbers",
        )
    if not 1 <= len(fft_lengths) <= 3 or min(fft_lengths) < 1:
        raise ShapeError(
            f"`lax.fft` takes one to three lengths of at least 1, but got {fft_lengths}",
            help=f"jib.numpy.fft.{name}n(x) transforms any number of axes",
        )
    given = _half(fft_lengths) if fft_type is FftType.IRFFT else fft_lengths
    if x.shape[-len(given) :] != given:
        raise ShapeError(
            f"`lax.fft` of kind {name} with lengths {fft_lengths} needs an array whose last axes "
            f"are {given}, but got {x}",
            help=f"jib.numpy.fft.{name}n(x, s={fft_lengths}) cuts or fills the axes",
        )
    made = _half(fft_lengths) if fft_type is FftType.RFFT else fft_lengths
    return ShapedArray((*x.shape[: -len(made)], *made), results[x.dtype])


def _fft_numpy(x: Any, *, fft_type: FftType, fft_lengths: tuple[int, ...]) -> Any:
    transform = getattr(np.fft, fft_type.name.lower() + "n")
    return transform(x, fft_lengths, tuple(range(-len(fft_lengths), 0)))


def _weights(z: Any, length: int) -> Any:
    """How often each element of half a spectrum occurs in the whole one: 1, 2, ..., 2 and 1."""
    shape = aval_of(z).shape
    place = lax.broadcasted_iota(np.int32, shape, len(shape) - 1)
    once = lax.eq(place, np.int32(0))
    if length % 2 == 0:
        once = lax.bitwise_or(once, lax.eq(place, np.int32(length // 2)))
    return lax.select(once, lax.full(shape, 1, z.dtype), lax.full(shape, 2, z.dtype))


def _fft_transpose(ct: Any, x: Any, *, fft_type: FftType, fft_lengths: Any) -> list[Any]:
    size = math.prod(fft_lengths)
    if fft_type is FftType.RFFT:
        spectrum = lax.div(lax.conj(ct), _weights(ct, fft_lengths[-1]))
        found = fft(spectrum, FftType.IRFFT, fft_lengths)
        return [lax.mul(found, constant_like(found, size))]
    if fft_type is FftType.IRFFT:
        found = fft(ct, FftType.RFFT, fft_lengths)
        scale = lax.div(_weights(found, fft_lengths[-1]), constant_like(found, size))
        return [lax.conj(lax.mul(found, scale))]
    return [fft(ct, fft_type, fft_lengths)]  # a symmetric matrix


def _by_axes(x: Any, *, fft_type: FftType, fft_lengths: tuple[int, ...]) -> Any:
    """The inverse real transform as one of the last axis after complex ones of the others."""
    last, first = aval_of(x).ndim - 1, aval_of(x).ndim - len(fft_lengths)
    x = fft(algebra.moveaxis(x, last, first), FftType.IFFT, fft_lengths[:-1])
    return fft(algebra.moveaxis(x, first, last), fft_type, fft_lengths[-1:])


_lower_by_axes = lower_by_tracing(_by_axes)
_one_operation = one_operation(
    "fft",
    lambda *, fft_type, fft_lengths: {
        "fft_type": mlir.hlo.FftTypeAttr.get(fft_type.name),
        "fft_length": mlir.int64_array(fft_lengths),
    },
)


def _fft_lower(ctx: Any, x: Any, *, fft_type: FftType, fft_lengths: tuple[int, ...]) -> Any:
    params: dict[str, Any] = {"fft_type": fft_type, "fft_lengths": fft_lengths}
    # Other platforms read a spectrum of several axes as if it were Hermitian along all of them.
    if fft_type is FftType.IRFFT and len(fft_lengths) > 1 and ctx.platform != "cpu":
        return _lower_by_axes(ctx, x, **params)
    return _one_operation(ctx, x, **params)


fft_p = Primitive(
    "fft",
    type=_fft_type,
    numpy=_fft_numpy,
    jvp=linear_jvp(lambda: fft_p),
    transpose=_fft_transpose,
    batch=batch_in_front(lambda: fft_p),
    lower=_fft_lower,
)
