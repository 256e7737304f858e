"""Signals: convolution and correlation over any number of axes, and the removal of trends."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.lax import PrecisionLike
from jib.lax._precision import canonical_precision
from jib.lax._shaping import canonical_axis
from jib.numpy import fft
from jib.numpy._promotion import promote_dtypes, promote_inexact
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["convolve", "convolve2d", "correlate", "correlate2d", "detrend", "fftconvolve"]


def _pair(name: str, in1: Any, in2: Any, mode: str, ndim: int | None = None) -> tuple[Any, Any]:
    """Both signals, of one rank, the longer one first if the mode is `"valid"`."""
    ArgumentValueError.check(name, "mode", mode, ("full", "same", "valid"))
    x, y = jnp.asarray(in1), jnp.asarray(in2)
    a, b = aval_of(x), aval_of(y)
    if a.ndim != b.ndim or (ndim is not None and a.ndim != ndim):
        rank = "of one rank" if ndim is None else f"with {ndim} axes"
        raise ShapeError(f"`{name}` takes two arrays {rank}, but got {a} and {b}")
    if not a.size or not b.size:
        raise ShapeError(f"`{name}` needs arrays with elements, but got {a} and {b}")
    larger = [n >= m for n, m in zip(a.shape, b.shape, strict=True)]
    if mode == "valid" and not all(larger) and any(
        n > m for n, m in zip(a.shape, b.shape, strict=True)
    ):  # fmt: skip
        raise ShapeError(
            f"`{name}` of {a} and {b} with mode 'valid': one must be at least as long as the other "
            "along every axis",
            help="mode='full'",
        )
    return x, y


@compiled(static=("name", "mode", "fill", "precision"))
def _slide(x: Any, y: Any, name: str, mode: str, fill: Any, precision: Any) -> Any:
    """The convolution of two arrays; what is beyond the first one's edge is `fill`, or a mode."""
    x, y = [promote_inexact(name, v) for v in promote_dtypes(name, x, y)]
    sizes, windows = aval_of(x).shape, aval_of(y).shape
    if mode == "valid" and any(n < m for n, m in zip(sizes, windows, strict=True)):
        x, y, sizes, windows = y, x, windows, sizes
    pads = {
        "full": [(m - 1, m - 1) for m in windows],
        "same": [((m - 1) - (m - 1) // 2, (m - 1) // 2) for m in windows],
        "same as correlated": [((m - 1) // 2, (m - 1) - (m - 1) // 2) for m in windows],
        "valid": [(0, 0) for _ in windows],
    }[mode]
    if isinstance(fill, str):
        x = jnp.pad(x, pads, {"symm": "symmetric"}.get(fill, fill))
        pads = [(0, 0)] * len(pads)
    elif fill:
        x = jnp.pad(x, pads, constant_values=fill)
        pads = [(0, 0)] * len(pads)
    kernel = lax.rev(y, tuple(range(len(windows))))
    strides = (1,) * len(pads)
    out = lax.conv_general_dilated(
        x[None, None], kernel[None, None], strides, pads, precision=precision
    )
    return out[0, 0]


def convolve(
    in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto",
    precision: PrecisionLike = None,
) -> Array:  # fmt: skip
    """The convolution of two arrays of one rank.

    Args:
        in1, in2: the arrays.
        mode: `"full"` for every place where they meet, `"same"` for a result like `in1`, its
            middle, `"valid"` for the places where they meet in full.
        method: `"direct"` sums products, `"fft"` goes by Fourier transforms; `"auto"` is direct.
        precision: that of the products.

    Raises:
        ShapeError: if the ranks differ, or one is empty.
        ArgumentValueError: if there is no such mode or method.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.scipy.signal import convolve
        >>> convolve(jnp.array([1.0, 2.0]), jnp.array([1.0, 1.0])).tolist()
        [1.0, 3.0, 2.0]
    """
    return _convolve("convolve", in1, in2, mode, method, precision)


def _convolve(name: str, in1: Any, in2: Any, mode: str, method: str, precision: Any) -> Any:
    ArgumentValueError.check(name, "method", method, ("auto", "direct", "fft"))
    x, y = _pair(name, in1, in2, mode)
    if method == "fft":
        return fftconvolve(x, y, mode)
    return _slide(x, y, name, mode, 0, canonical_precision(precision))


def _turned(y: Any) -> Any:
    """Reversed and conjugated: what makes a convolution a correlation."""
    y = jnp.asarray(y)
    return jnp.conj(lax.rev(y, tuple(range(aval_of(y).ndim))))


def correlate(
    in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto",
    precision: PrecisionLike = None,
) -> Array:  # fmt: skip
    """The correlation of two arrays: `convolve` with `in2` reversed and conjugated."""
    x, y = _pair("correlate", in1, in2, mode)
    return _convolve("correlate", x, _turned(y), mode, method, precision)


def _beyond(name: str, boundary: str, fillvalue: Any) -> Any:
    ArgumentValueError.check(name, "boundary", boundary, ("fill", "wrap", "symm"))
    return float(fillvalue) if boundary == "fill" else boundary


def convolve2d(
    in1: ArrayLike, in2: ArrayLike, mode: str = "full", boundary: str = "fill",
    fillvalue: float = 0, precision: PrecisionLike = None,
) -> Array:  # fmt: skip
    """The convolution of two matrices; beyond the first one's edges is what `boundary` says.

    Raises:
        ShapeError: if an argument is no matrix.
        ArgumentValueError: if there is no such mode or boundary (`"fill"`, `"wrap"`, `"symm"`).
    """
    x, y = _pair("convolve2d", in1, in2, mode, 2)
    fill = _beyond("convolve2d", boundary, fillvalue)
    return _slide(x, y, "convolve2d", mode, fill, canonical_precision(precision))


def correlate2d(
    in1: ArrayLike, in2: ArrayLike, mode: str = "full", boundary: str = "fill",
    fillvalue: float = 0, precision: PrecisionLike = None,
) -> Array:  # fmt: skip
    """The correlation of two matrices: `convolve2d` with `in2` reversed and conjugated."""
    x, y = _pair("correlate2d", in1, in2, mode, 2)
    fill = _beyond("correlate2d", boundary, fillvalue)
    mode = "same as correlated" if mode == "same" else mode  # SciPy centres even lengths so
    return _slide(x, _turned(y), "correlate2d", mode, fill, canonical_precision(precision))


def fftconvolve(
    in1: ArrayLike, in2: ArrayLike, mode: str = "full", axes: int | Sequence[int] | None = None
) -> Array:
    """`convolve` by Fourier transforms, along some axes: quick where both arrays are long.

    Raises:
        ShapeError: if the ranks differ, or one is empty, or lengths of other axes do not fit.
        ArgumentValueError: if there is no such mode.
    """
    x, y = _pair("fftconvolve", in1, in2, mode)
    ndim = aval_of(x).ndim
    chosen = range(ndim) if axes is None else [axes] if isinstance(axes, int) else axes
    along = tuple(sorted(canonical_axis("fftconvolve", a, ndim) for a in chosen))
    return _by_fourier(x, y, mode, along)


@compiled(static=("mode", "axes"))
def _by_fourier(x: Any, y: Any, mode: str, axes: Any) -> Any:
    x, y = [promote_inexact("fftconvolve", v) for v in promote_dtypes("fftconvolve", x, y)]
    sizes, windows = aval_of(x).shape, aval_of(y).shape
    if not axes:
        return x * y
    full = [sizes[a] + windows[a] - 1 for a in axes]
    if jnp.iscomplexobj(x):
        out = fft.ifftn(fft.fftn(x, full, axes) * fft.fftn(y, full, axes), full, axes)
    else:
        out = fft.irfftn(fft.rfftn(x, full, axes) * fft.rfftn(y, full, axes), full, axes)
    for a, length in zip(axes, full, strict=True):
        keep = {"full": length, "same": sizes[a], "valid": abs(sizes[a] - windows[a]) + 1}[mode]
        start = (length - keep) // 2
        out = lax.slice_in_dim(out, start, start + keep, axis=a)
    return out


def detrend(
    data: ArrayLike, axis: int = -1, type: str = "linear", bp: int | Sequence[int] = 0,
    overwrite_data: None = None,
) -> Array:  # fmt: skip
    """Data without their mean (`"constant"`) or their best straight line along an axis.

    Args:
        data: the values; integers become floats.
        axis: where they run.
        type: `"linear"` or `"constant"`.
        bp: places between which each piece has a line of its own.
        overwrite_data: makes no difference.

    Raises:
        ArgumentValueError: if there is no such type, or a break is beyond the data.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.scipy.signal import detrend
        >>> detrend(jnp.array([1.0, 2.0, 3.0]), type="constant").tolist()
        [-1.0, 0.0, 1.0]
    """
    ArgumentValueError.check("detrend", "type", type, ("linear", "constant", "l", "c"))
    aval = aval_of(data)
    axis = canonical_axis("detrend", axis, aval.ndim)
    breaks = sorted({0, *np.atleast_1d(bp).tolist(), aval.shape[axis]})
    if breaks[0] < 0 or breaks[-1] > aval.shape[axis]:
        raise ArgumentValueError(f"`detrend` of {aval} has no place for the breaks {bp}")
    return _detrended(data, axis, type[0] == "l", tuple(int(b) for b in breaks))


@compiled(static=("axis", "linear", "breaks"))
def _detrended(data: Any, axis: int, linear: bool, breaks: Any) -> Any:
    x = jnp.moveaxis(promote_inexact("detrend", data), axis, -1)
    if not linear:
        return jnp.moveaxis(x - x.mean(-1, keepdims=True), -1, axis)
    pieces = []
    for start, stop in itertools.pairwise(breaks):
        piece = x[..., start:stop]
        piece = piece - piece.mean(-1, keepdims=True)
        place = jnp.arange(stop - start, dtype=aval_of(x).dtype) - (stop - start - 1) / 2
        slope = (piece * place).sum(-1, keepdims=True) / jnp.maximum((place * place).sum(), 1)
        pieces.append(piece - slope * place)
    return jnp.moveaxis(jnp.concatenate(pieces, -1), -1, axis)
