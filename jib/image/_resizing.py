"""Resampling: along each axis a matrix of weights, which a filter around each pixel gives."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from typing import Any

from jib import lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.lax import Precision, PrecisionLike
from jib.lax._precision import canonical_precision
from jib.lax._shaping import canonical_axis
from jib.numpy._promotion import promote_inexact, promote_inexact_args
from jib.numpy._shaping import shape_tuple
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["ResizeMethod", "resize", "scale_and_translate"]


class ResizeMethod(enum.Enum):
    """The filters: the nearest pixel, straight lines, Lanczos' windowed sinc, Keys' cubic, areas.

    `CUBIC_PYTORCH` differs from `CUBIC` only without antialiasing: its cubic has another parameter,
    and pixels of the edge are repeated.
    """

    NEAREST = 0
    LINEAR = 1
    LANCZOS3 = 2
    LANCZOS5 = 3
    CUBIC = 4
    CUBIC_PYTORCH = 5
    AREA = 6

    @staticmethod
    def from_string(s: str) -> ResizeMethod:
        """The method of a name such as `"bilinear"`.

        Raises:
            ArgumentValueError: if there is none.
        """
        ArgumentValueError.check("resize", "method", s, tuple(_NAMES))
        return _NAMES[s]


_NAMES = {
    **{name: ResizeMethod.LINEAR for name in ("linear", "bilinear", "trilinear", "triangle")},
    **{name: ResizeMethod.CUBIC for name in ("cubic", "bicubic", "tricubic")},
    **{name: ResizeMethod.CUBIC_PYTORCH for name in ("cubic-pytorch", "bicubic-pytorch")},
    **{name: ResizeMethod[name.upper()] for name in ("nearest", "lanczos3", "lanczos5", "area")},
}


# ------------------------------------------------- filters: the weight at a distance x >= 0


def _lanczos(radius: int) -> Callable[[Any], Any]:
    """The sinc function, windowed by its own wide form (Lanczos, 1964; Duchon, 1979)."""

    def weight(x: Any) -> Any:
        near = x <= 1e-3
        y = jnp.where(near, 1, x * math.pi)
        value = radius * jnp.sin(y) * jnp.sin(y / radius) / (y * y)
        return jnp.where(near, 1, jnp.where(x > radius, 0, value))

    return weight


def _cubic(a: float) -> Callable[[Any], Any]:
    """Keys' piecewise cubic (1981) with the slope `a` at distance 1."""

    def weight(x: Any) -> Any:
        inner = ((a + 2) * x - (a + 3)) * x * x + 1
        outer = ((x - 5) * x + 8) * x * a - 4 * a
        return jnp.where(x >= 2, 0, jnp.where(x >= 1, outer, inner))

    return weight


_FILTERS = {
    ResizeMethod.LINEAR: lambda x: jnp.maximum(0, 1 - x),
    ResizeMethod.LANCZOS3: _lanczos(3),
    ResizeMethod.LANCZOS5: _lanczos(5),
    ResizeMethod.CUBIC: _cubic(-0.5),
    ResizeMethod.CUBIC_PYTORCH: _cubic(-0.75),
}
# Weights whose sum is smaller than this say nothing.
_LEAST_TOTAL = 1000 * 2.0**-23


def _weights(
    size: int, count: int, scale: Any, shift: Any, method: ResizeMethod, antialias: bool
) -> Any:
    """The matrix [size, count] that leads from an axis to its resampled form."""
    step = 1 / scale
    places = jnp.arange(count, dtype=aval_of(scale).dtype)
    sources = jnp.arange(size, dtype=aval_of(scale).dtype)[:, None]
    samples = (places + 0.5) * step - shift * step - 0.5
    repeats_edge = method is ResizeMethod.CUBIC_PYTORCH
    if method is ResizeMethod.AREA:
        start = (places - shift) * step
        shared = jnp.minimum(start + step, sources + 1) - jnp.maximum(start, sources)
        weights = jnp.maximum(0, shared)
    else:
        width = jnp.maximum(step, 1) if antialias else 1
        kernel = _FILTERS[method]
        weights = kernel(jnp.abs(samples - sources) / width)
        if repeats_edge and size:  # two pixels beyond each edge
            for edge, beyond in ((0, (-1, -2)), (size - 1, (size, size + 1))):
                for place in beyond:
                    extra = kernel(jnp.abs(samples - place))
                    weights = weights + jnp.where(sources == edge, extra, 0)
    total = weights.sum(0, keepdims=True)
    enough = jnp.abs(total) > _LEAST_TOTAL
    weights = jnp.where(enough, weights / jnp.where(enough, total, 1), 0)
    if repeats_edge:
        return weights
    return jnp.where((samples >= -0.5) & (samples <= size - 0.5), weights, 0)


def _chosen(name: str, image: Any, shape: Any, method: Any, antialias: bool) -> tuple[Any, Any]:
    """The shape and the method of a call, checked."""
    sizes = shape_tuple(name, shape)
    if len(sizes) != aval_of(image).ndim:
        aval = aval_of(image)
        raise ShapeError(
            f"`{name}` needs a length for each of the {aval.ndim} axes of {aval}, but got {sizes}",
            help=f"shape={(*aval.shape[: max(aval.ndim - len(sizes), 0)], *sizes)[: aval.ndim]}",
        )
    method = ResizeMethod.from_string(method) if isinstance(method, str) else ResizeMethod(method)
    if method is ResizeMethod.CUBIC_PYTORCH and antialias:
        method = ResizeMethod.CUBIC
    return sizes, method


def resize(
    image: ArrayLike, shape: Sequence[int], method: str | ResizeMethod, antialias: bool = True,
    precision: PrecisionLike = Precision.HIGHEST,
) -> Array:  # fmt: skip
    """An array in another shape of the same rank; axes whose length is kept are not touched.

    Args:
        image: numbers; integers become floats, unless the method is `"nearest"`.
        shape: the new length of each axis, those of the batch and the channels too.
        method: a `ResizeMethod` or a name (`"linear"`, `"cubic"`, `"lanczos3"`, `"area"`, ...).
        antialias: widen the filter where the image shrinks.

    Raises:
        ShapeError: if `shape` has not one length for each axis.
        ArgumentValueError: if there is no such method.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.image.resize(jnp.array([0.0, 4.0]), (4,), "linear").tolist()
        [0.0, 1.0, 3.0, 4.0]
    """
    sizes, method = _chosen("resize", image, shape, method, antialias)
    return _resize(image, sizes, method, bool(antialias), canonical_precision(precision))


@compiled(static=("shape", "method", "antialias", "precision"))
def _resize(image: Any, shape: Any, method: Any, antialias: bool, precision: Any) -> Any:
    old = aval_of(image).shape
    axes = tuple(i for i, (n, m) in enumerate(zip(old, shape, strict=True)) if n != m)
    if method is ResizeMethod.NEAREST:
        for axis in axes:
            places = (jnp.arange(shape[axis], dtype="float32") + 0.5) * (old[axis] / shape[axis])
            image = jnp.take(image, jnp.floor(places).astype("int32"), axis)
        return jnp.asarray(image)
    own = aval_of(promote_inexact("resize", image)).dtype
    dtype = jnp.promote_types(jnp.finfo(own).dtype, "float32")
    ratios = [shape[i] / old[i] if shape[i] and old[i] else 1.0 for i in axes]
    scales = [jnp.asarray(ratio, dtype) for ratio in ratios]
    still = [jnp.asarray(0, dtype)] * len(axes)
    return _resample(image, shape, axes, scales, still, method, antialias, precision)


def scale_and_translate(
    image: ArrayLike, shape: Sequence[int], spatial_dims: Sequence[int],
    scale: ArrayLike | Sequence[float], translation: ArrayLike | Sequence[float],
    method: str | ResizeMethod, antialias: bool = True,
    precision: PrecisionLike = Precision.HIGHEST,
) -> Array:  # fmt: skip
    """Move each point `x` of some axes to `x * scale + translation`; what comes from outside is 0.

    The middle of pixel `i` is at `i + 0.5`. Scale and translation may be traced and differentiated.

    Args:
        image: numbers; integers become floats.
        shape: the length of each axis of the result.
        spatial_dims: the axes that move.
        scale, translation: one number for each of these axes.
        method, antialias, precision: as in `resize`, except for `"nearest"`.

    Raises:
        ShapeError: if there is not one length for each axis, one number for each moved axis.
        ArgumentValueError: if there is no such method.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> x = jnp.array([1.0, 2.0, 3.0])
        >>> jib.image.scale_and_translate(x, (3,), (0,), [1.0], [1.0], "linear").tolist()
        [0.0, 1.0, 2.0]
    """
    name = "scale_and_translate"
    sizes, method = _chosen(name, image, shape, method, antialias)
    if method is ResizeMethod.NEAREST:
        raise ArgumentValueError(f"`{name}` has no nearest-pixel method", help="method='linear'")
    ndim = aval_of(image).ndim
    axes = tuple(canonical_axis(name, a, ndim) for a in spatial_dims)
    scales, shifts = promote_inexact_args(name, jnp.asarray(scale), jnp.asarray(translation))
    if aval_of(scales).shape != (len(axes),) or aval_of(shifts).shape != (len(axes),):
        raise ShapeError(
            f"`{name}` moves the axes {axes}, but got {aval_of(scales)} and {aval_of(shifts)}: "
            "one scale and one translation for each are needed"
        )
    options = (method, bool(antialias), canonical_precision(precision))
    return _resample(image, sizes, axes, scales, shifts, *options)


@compiled(static=("shape", "axes", "method", "antialias", "precision"))
def _resample(
    image: Any, shape: Any, axes: Any, scales: Any, shifts: Any, method: Any, antialias: bool,
    precision: Any,
) -> Any:  # fmt: skip
    """Contract each axis with its weights."""
    image = promote_inexact("scale_and_translate", image)
    for i, axis in enumerate(axes):
        size = aval_of(image).shape[axis]
        weights = _weights(size, shape[axis], scales[i], shifts[i], method, antialias)
        weights = weights.astype(aval_of(image).dtype)
        moved = lax.dot_general(image, weights, (((axis,), (0,)), ((), ())), precision)
        image = jnp.moveaxis(moved, -1, axis)
    return image
