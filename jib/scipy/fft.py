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

_INVERSES = {1: 1, 2: 3, 3: 2, 4: 4}
_SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def dct(
    x: ArrayLike, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Array:
    """The discrete cosine transform along one axis.

    Args:
        x: an array of real numbers.
        type: 1, 2, 3 or 4.
        n: the length along the axis: a longer axis is cut, a shorter one filled with zeros.
        axis: the axis to transform.
        norm: "backward" (the default) leaves the sums as they are, "forward" divides them, "ortho"
            makes the transform orthogonal.

    Raises:
        ArgumentValueError: if there is no such type or norm, or `n` is too small.
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
    x: ArrayLike,
    type: int = 2,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Array:
    """The discrete cosine transform along several axes, by default all; `s` are their lengths."""
    return _transform("dctn", x, type, s, axes, norm)


def idctn(
    x: ArrayLike,
    type: int = 2,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Array:
    """The inverse of `dctn` with the same arguments."""
    return _transform("idctn", x, type, s, axes, norm)


def _transform(name: str, x: Any, type: int, s: Any, axes: Any, norm: Any) -> Array:
    if type not in _INVERSES:
        raise ArgumentValueError(f"`{name}` has no type {type!r}: there are 1, 2, 3 and 4")
    if norm not in _SWAPPED:
        raise ArgumentValueError(
            f"`{name}` has no norm {norm!r}: there are 'backward', 'ortho' and 'forward'",
            help="norm='ortho'",
        )
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
    least = 2 if type == 1 else 1
    if min(sizes, default=least) < least:
        raise ArgumentValueError(
            f"`{name}` of type {type} needs lengths of at least {least}, but got {sizes}"
        )
    return _run(x, type, sizes, axes, norm)


@compiled(static=("type", "sizes", "axes", "norm"))
def _run(x: Any, type: int, sizes: tuple[int, ...], axes: tuple[int, ...], norm: Any) -> Any:
    x = promote_inexact("dct", x)
    dtype = aval_of(x).dtype
    x = lax.convert_element_type(x, "float32") if dtype.itemsize < 4 else x
    for n, axis in zip(sizes, axes, strict=True):
        x = jnp.moveaxis(x, axis, -1)
        x = _filled(x, n)
        period = 2 * (n - 1 if type == 1 else n)
        half, ends = math.sqrt(0.5), 2 if type == 1 else 1
        if norm == "ortho" and type in (1, 3):
            x = _scaled_ends(x, 1 / half, ends)
        x = _COSINES[type](x, n)
        if norm == "ortho" and type in (1, 2):
            x = _scaled_ends(x, half, ends)
        power = {"ortho": -0.5, "forward": -1.0}.get(norm, 0.0)
        x = jnp.moveaxis(lax.mul(x, constant_like(x, period**power)), -1, axis)
    return lax.convert_element_type(x, dtype)


def _filled(x: Any, n: int) -> Any:
    """The last axis, cut or filled with zeros to length `n`."""
    config = [(0, 0, 0)] * (x.ndim - 1) + [(0, n - x.shape[-1], 0)]
    return lax.pad(x, constant_like(x, 0), config)


def _scaled_ends(x: Any, factor: float, ends: int) -> Any:
    """With the first element (of two ends: and the last) times `factor`."""
    place = lax.broadcasted_iota("int32", x.shape, x.ndim - 1)
    chosen = (place == 0) | (place == x.shape[-1] - 1) if ends == 2 else place == 0
    return lax.select(chosen, lax.mul(x, constant_like(x, factor)), x)


def _turned(x: Any, step: float, offset: float = 0.0) -> Any:
    """The complex numbers `x[n] * exp(1j * step * (n + offset))`."""
    place = lax.broadcasted_iota(x.real.dtype, x.shape, x.ndim - 1)
    angle = lax.mul(lax.add(place, constant_like(place, offset)), constant_like(place, step))
    return x * lax.complex(lax.cos(angle), lax.sin(angle))


def _first(x: Any, n: int) -> Any:
    mirrored = lax.rev(lax.slice_in_dim(x, 1, n - 1, axis=x.ndim - 1), (x.ndim - 1,))
    return lax.real(jnp.fft.rfft(jnp.concatenate([x, mirrored], -1)))


def _second(x: Any, n: int) -> Any:
    half = lax.slice_in_dim(jnp.fft.rfft(x, 2 * n), 0, n, axis=x.ndim - 1)
    return 2 * lax.real(_turned(half, -math.pi / (2 * n)))


def _third(x: Any, n: int) -> Any:
    spectrum = _filled(_turned(x, math.pi / (2 * n)), n + 1)
    return lax.slice_in_dim(jnp.fft.irfft(spectrum, 2 * n), 0, n, axis=x.ndim - 1) * (2 * n)


def _fourth(x: Any, n: int) -> Any:
    whole = jnp.fft.fft(_turned(x, -math.pi / (2 * n)), 2 * n)
    half = lax.slice_in_dim(whole, 0, n, axis=x.ndim - 1)
    return 2 * lax.real(_turned(half, -math.pi / (2 * n), 0.5))


# The sums without any factor, by type.
_COSINES = {1: _first, 2: _second, 3: _third, 4: _fourth}

__getattr__ = _missing_names(__name__)
