"""Discrete cosine transforms, made of Fourier transforms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from jib import lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, DTypeError, missing_names as _missing_names
from jib.lax._families import constant_like, kind_of
from jib.numpy._promotion import as_operand, promote_inexact
from jib.numpy._shaping import axes_tuple, integer
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["dct", "dctn", "idct", "idctn"]

_INVERSES = {2: 3, 3: 2}
_SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def dct(
    x: ArrayLike, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Array:
    """The discrete cosine transform along one axis.

    Args:
        x: an array of real numbers.
        type: 2, or 3, which undoes it but for a factor.
        n: the length along the axis: a longer axis is cut, a shorter one filled with zeros.
        axis: the axis to transform.
        norm: "backward" (the default) leaves the sums as they are, "forward" divides them, "ortho"
            makes the transform orthogonal.

    Raises:
        ArgumentValueError: if there is no such type or norm, or `n` is 0.
        DTypeError: for complex numbers.

    Source: Makhoul, "A fast cosine transform in one and two dimensions", IEEE Transactions on
    Acoustics, Speech and Signal Processing, 1980.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.scipy.fft import dct
        >>> dct(jnp.ones(4))[0].item()
        8.0
    """
    return _transform("dct", x, type, (n,), (axis,), norm)


def idct(
    x: ArrayLike, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Array:
    """The inverse of `dct` with the same arguments.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.scipy.fft import idct
        >>> idct(jnp.array([8.0, 0.0, 0.0, 0.0])).tolist()
        [1.0, 1.0, 1.0, 1.0]
    """
    return _transform("idct", x, type, (n,), (axis,), norm)


def dctn(
    x: ArrayLike, type: int = 2, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Array:  # fmt: skip
    """The discrete cosine transform along several axes, by default all; `s` are their lengths."""
    return _transform("dctn", x, type, s, axes, norm)


def idctn(
    x: ArrayLike, type: int = 2, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Array:  # fmt: skip
    """The inverse of `dctn` with the same arguments."""
    return _transform("idctn", x, type, s, axes, norm)


def _transform(name: str, x: Any, type: int, s: Any, axes: Any, norm: Any) -> Array:
    ArgumentValueError.check(name, "type", type, tuple(_INVERSES))
    ArgumentValueError.check(name, "norm", norm, tuple(_SWAPPED))
    if name.startswith("i"):
        type, norm = _INVERSES[type], _SWAPPED[norm]
    x = as_operand(name, x)
    shape = aval_of(x).shape
    if kind_of(aval_of(x).dtype) == "c":
        raise DTypeError.accepts(name, aval_of(x).dtype.name, "real", "jib.numpy.real(x)")
    if axes is None:
        axes = range(len(shape)) if s is None else range(-len(s), 0)
    axes = axes_tuple(name, axes, len(shape))
    lengths = (None,) * len(axes) if s is None else tuple(s)
    if len(lengths) != len(axes):
        raise ArgumentValueError(f"`{name}` got {len(lengths)} lengths {s} for {len(axes)} axes")
    sizes = tuple(
        shape[a] if n is None else integer(name, n) for a, n in zip(axes, lengths, strict=True)
    )
    if 0 in sizes:
        raise ArgumentValueError(f"`{name}` needs lengths of at least 1, but got {sizes}")
    return _run(x, type, sizes, axes, norm)


@compiled(static=("type", "sizes", "axes", "norm"))
def _run(x: Any, type: int, sizes: tuple[int, ...], axes: tuple[int, ...], norm: Any) -> Any:
    x = promote_inexact("dct", x)
    dtype = aval_of(x).dtype
    x = lax.convert_element_type(x, "float32") if dtype.itemsize < 4 else x
    for n, axis in zip(sizes, axes, strict=True):
        x = _filled(jnp.moveaxis(x, axis, -1), n)
        half = math.sqrt(0.5)
        if norm == "ortho" and type == 3:
            x = _scaled_first(x, 1 / half)
        x = _second(x, n) if type == 2 else _third(x, n)
        if norm == "ortho" and type == 2:
            x = _scaled_first(x, half)
        power = {"ortho": -0.5, "forward": -1.0}.get(norm, 0.0)
        x = jnp.moveaxis(lax.mul(x, constant_like(x, (2 * n) ** power)), -1, axis)
    return lax.convert_element_type(x, dtype)


def _filled(x: Any, n: int) -> Any:
    """The last axis, cut or filled with zeros to length `n`."""
    config = [(0, 0, 0)] * (x.ndim - 1) + [(0, n - x.shape[-1], 0)]
    return lax.pad(x, constant_like(x, 0), config)


def _scaled_first(x: Any, factor: float) -> Any:
    """With the first element times `factor`."""
    first = lax.broadcasted_iota("int32", x.shape, x.ndim - 1) == 0
    return lax.select(first, lax.mul(x, constant_like(x, factor)), x)


def _turned(x: Any, step: float) -> Any:
    """The complex numbers `x[n] * exp(1j * step * n)`."""
    place = lax.broadcasted_iota(x.real.dtype, x.shape, x.ndim - 1)
    angle = lax.mul(place, constant_like(place, step))
    return x * lax.complex(lax.cos(angle), lax.sin(angle))


def _second(x: Any, n: int) -> Any:
    half = lax.slice_in_dim(jnp.fft.rfft(x, 2 * n), 0, n, axis=x.ndim - 1)
    return 2 * lax.real(_turned(half, -math.pi / (2 * n)))


def _third(x: Any, n: int) -> Any:
    spectrum = _filled(_turned(x, math.pi / (2 * n)), n + 1)
    return lax.slice_in_dim(jnp.fft.irfft(spectrum, 2 * n), 0, n, axis=x.ndim - 1) * (2 * n)


__getattr__ = _missing_names(__name__)
