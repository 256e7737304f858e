"""Discrete Fourier transforms, with NumPy's lengths, axes and norms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, DTypeError, missing_names as _missing_names
from jib.lax import FftType
from jib.lax._families import constant_like, kind_of
from jib.numpy._creation import asarray
from jib.numpy._promotion import as_operand, promote_inexact
from jib.numpy._shaping import axes_tuple, integer, moveaxis, roll
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

_Axes: TypeAlias = Sequence[int] | None

# What a forward transform, then an inverse one, is multiplied with: a power of the size.
_NORMS = {None: (0.0, 0.0), "backward": (0.0, 0.0), "ortho": (-0.5, 0.5), "forward": (-1.0, 1.0)}
_SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _checked_norm(name: str, norm: Any) -> Any:
    if norm not in _NORMS:
        raise ArgumentValueError(
            f"`{name}` has no norm {norm!r}: there are 'backward', 'ortho' and 'forward'",
            help="norm='ortho'",
        )
    return norm


def _transform(name: str, kind: FftType, a: Any, s: Any, axes: Any, norm: Any) -> Any:
    """Check the arguments of the public functions, and run the transform as one program."""
    a = as_operand(name, a)
    shape = aval_of(a).shape
    if axes is None:
        axes = tuple(range(len(shape)) if s is None else range(-len(s), 0))
    axes = axes_tuple(name, axes, len(shape))
    if s is None:
        s = [None] * len(axes)
    if len(s) != len(axes):
        raise ArgumentValueError(f"`{name}` got {len(s)} lengths {tuple(s)} for {len(axes)} axes")
    lengths = []
    for axis, n in zip(axes, s, strict=True):
        if n is None or n == -1:
            n = shape[axis]
            if kind is FftType.IRFFT and axis == axes[-1]:
                n = 2 * (n - 1)
        n = integer(name, n)
        if n < 1:
            raise ArgumentValueError(
                f"`{name}` needs a length of at least 1 along axis {axis} of shape {shape}, "
                f"but got {n}"
            )
        lengths.append(n)
    if kind is FftType.RFFT and kind_of(aval_of(a).dtype) == "c":
        raise DTypeError.accepts(
            name, aval_of(a).dtype.name, "real", f"jib.numpy.fft.{name[1:]}(a) takes complex ones"
        )
    if not axes:
        return asarray(promote_inexact(name, a))
    return _run(a, kind, tuple(lengths), axes, _checked_norm(name, norm))


@compiled(static=("kind", "lengths", "axes", "norm"))
def _run(a: Any, kind: FftType, lengths: tuple[int, ...], axes: tuple[int, ...], norm: Any) -> Any:
    x = promote_inexact("fft", a)
    dtype = aval_of(x).dtype
    if kind is not FftType.RFFT:
        x = lax.convert_element_type(x, dtypes.promote_types(dtype, "complex64"))
    elif dtype.itemsize < 4:
        x = lax.convert_element_type(x, "float32")
    given = list(lengths)
    if kind is FftType.IRFFT:
        given[-1] = lengths[-1] // 2 + 1
    config = [(0, 0, 0)] * aval_of(x).ndim
    for axis, n in zip(axes, given, strict=True):
        config[axis] = (0, n - aval_of(x).shape[axis], 0)  # a negative width cuts
    if any(high for _, high, _ in config):
        x = lax.pad(x, constant_like(x, 0), config)
    # Three axes at a time; real transforms along the last axis, which the others leave complex.
    groups = [range(max(i - 3, 0), i) for i in range(len(axes), 0, -3)]
    kinds = [kind, *[FftType(kind & 1)] * (len(groups) - 1)]
    turns = list(zip(groups, kinds, strict=True))
    for group, own in turns[::-1] if kind is FftType.IRFFT else turns:
        chosen, last = [axes[i] for i in group], range(-len(group), 0)
        x = lax.fft(moveaxis(x, chosen, last), own, [lengths[i] for i in group])
        x = moveaxis(x, last, chosen)
    scale = math.prod(lengths) ** _NORMS[norm][kind & 1]
    return x if scale == 1 else lax.mul(x, constant_like(x, scale))


_DOC = """{words} along {over}.

    Args:
        a: an array{elements}.
        n, s: the length, or the lengths{side}: longer axes are cut, shorter filled with zeros.
        axis, axes: what to transform; by default {default}.
        norm: which direction divides by the size: "backward" (the default) or "forward", or
            both by its root: "ortho".

    Raises:
        ArgumentValueError: if a length is less than 1, or there is no such norm.
        AxisError: if there is no such axis.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.fft.{name}(jnp.ones((4, 6))).shape
        {result}
    """


def _family(
    stem: str, kind: FftType, words: str, elements: str, side: str, result: Any
) -> tuple[Callable[..., Array], ...]:
    """The three functions of one kind: of an axis, of two, of any number."""

    def one(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
        return _transform(stem, kind, a, (n,), (axis,), norm)

    def two(
        a: ArrayLike, s: _Axes = None, axes: _Axes = (-2, -1), norm: str | None = None
    ) -> Array:
        return _transform(stem + "2", kind, a, s, axes, norm)

    def many(a: ArrayLike, s: _Axes = None, axes: _Axes = None, norm: str | None = None) -> Array:
        return _transform(stem + "n", kind, a, s, axes, norm)

    rows = ((one, "", "one axis", "the last"), (two, "2", "two axes", "the last two"))
    for function, suffix, over, default in (*rows, (many, "n", "several axes", "all")):
        function.__name__ = function.__qualname__ = name = stem + suffix
        function.__doc__ = _DOC.format(
            words=words, over=over, elements=elements, side=side, default=default, name=name,
            result=result,
        )  # fmt: skip
    return one, two, many


fft, fft2, fftn = _family(
    "fft", FftType.FFT, "The discrete Fourier transform", "", "", (4, 6)
)  # fmt: skip
ifft, ifft2, ifftn = _family(
    "ifft", FftType.IFFT, "The inverse discrete Fourier transform", "", "", (4, 6)
)
rfft, rfft2, rfftn = _family(
    "rfft", FftType.RFFT, "Half the spectrum of real numbers", " of real numbers", "", (4, 4)
)
irfft, irfft2, irfftn = _family(
    "irfft", FftType.IRFFT, "The real numbers with half a spectrum",
    ", the first half of a spectrum", " of the result", (4, 10),
)  # fmt: skip


def hfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """The spectrum, which is real, of a signal of which the first half is given.

    Args:
        a, axis: the half that is not mirrored, and its axis.
        n: the length of the result; by default `2 * (length - 1)`.
        norm: as for `fft`.

    Raises:
        ArgumentValueError: if `n` is less than 1, or there is no such norm.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.fft.hfft(jnp.array([1.0, 2.0, 3.0])).tolist()
        [8.0, -2.0, 0.0, -2.0]
    """
    swapped = _SWAPPED[_checked_norm("hfft", norm)]
    a = promote_inexact("hfft", as_operand("hfft", a))
    return _transform("hfft", FftType.IRFFT, lax.conj(a), (n,), (axis,), swapped)


def ihfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """The first half of a signal whose spectrum is real: the inverse of `hfft`.

    Raises:
        DTypeError: for complex numbers.
        ArgumentValueError: if `n` is less than 1, or there is no such norm.
    """
    swapped = _SWAPPED[_checked_norm("ihfft", norm)]
    return lax.conj(_transform("ihfft", FftType.RFFT, a, (n,), (axis,), swapped))


# ------------------------------------------------------------------------------- frequencies


def _frequencies(name: str, n: int, first: int, count: int, d: Any, dtype: Any) -> Any:
    if integer(name, n) < 1:
        raise ArgumentValueError(f"`{name}` needs a length of at least 1, but got {n}")
    dtype = dtypes.parse(float if dtype is None else dtype)
    whole = roll(lax.add(lax.iota(dtype, count), lax.full((), first, dtype)), first)
    return whole / asarray(n * d, dtype)


def fftfreq(
    n: int, d: ArrayLike = 1.0, *, dtype: DTypeLike | None = None, device: Any = None
) -> Array:
    """The frequencies of the elements of `fft`: zero, the positive ones, the negative ones.

    Args:
        n: the length of the transform.
        d: the distance of samples.
        dtype, device: of the result.

    Raises:
        ArgumentValueError: if `n` is less than 1.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.fft.fftfreq(4).tolist()
        [0.0, 0.25, -0.5, -0.25]
    """
    return asarray(_frequencies("fftfreq", n, -(n // 2), n, d, dtype), device=device)


def rfftfreq(
    n: int, d: ArrayLike = 1.0, *, dtype: DTypeLike | None = None, device: Any = None
) -> Array:
    """The frequencies of the elements of `rfft`, none of which is negative.

    Raises:
        ArgumentValueError: if `n` is less than 1.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.fft.rfftfreq(4).tolist()
        [0.0, 0.25, 0.5]
    """
    return asarray(_frequencies("rfftfreq", n, 0, n // 2 + 1, d, dtype), device=device)


def _shift(name: str, x: Any, axes: Any, inverse: bool) -> Array:
    x = as_operand(name, x)
    shape = aval_of(x).shape
    chosen = axes_tuple(name, range(len(shape)) if axes is None else axes, len(shape))
    return roll(x, [-(shape[a] // 2) if inverse else shape[a] // 2 for a in chosen], chosen)


def fftshift(x: ArrayLike, axes: int | Sequence[int] | None = None) -> Array:
    """Move the zero frequency to the middle of some axes, by default of all.

    Raises:
        AxisError: if there is no such axis.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.fft.fftshift(jnp.array([0, 1, -2, -1])).tolist()
        [-2, -1, 0, 1]
    """
    return _shift("fftshift", x, axes, False)


def ifftshift(x: ArrayLike, axes: int | Sequence[int] | None = None) -> Array:
    """The inverse of `fftshift`.

    Raises:
        AxisError: if there is no such axis.
    """
    return _shift("ifftshift", x, axes, True)


__getattr__ = _missing_names(__name__)
