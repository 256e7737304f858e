"""Normalising layers as functions of arrays: moments, what they are used for, and norms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from jib import lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.nn.functional._promoting import canonicalize_dtype, layer_text, sorted_axes
from jib.typing import Array, DTypeLike

__all__ = [
    "check_matrix", "group_axes", "group_count", "group_moments", "instance_axes", "l2_normalise",
    "moments", "moved_average", "normalise", "spectral_normalise", "weight_features",
    "weight_normalise",
]  # fmt: skip


def _squared(x: Array) -> Array:
    if jnp.iscomplexobj(x):
        return lax.square(lax.real(x)) + lax.square(lax.imag(x))
    return lax.square(x)


def moments(
    x: Array, axes: int | Sequence[int], dtype: DTypeLike | None = None,
    axis_name: Any = None, axis_index_groups: Any = None, *, use_mean: bool = True,
    use_fast_variance: bool = True, mask: Array | None = None,
    force_float32_reductions: bool = True,
) -> tuple[Array, Array]:  # fmt: skip
    """Mean and variance along axes.

    Args:
        x: an array.
        axes: what is averaged over.
        dtype: in which the averages are taken, by default that of `x`.
        axis_name: name of a mapped axis that is averaged over as well.
        axis_index_groups: groups of positions along that axis, each averaged by itself.
        use_mean: False takes the mean as 0.
        use_fast_variance: whether the variance is mean square less squared mean (one pass over the
            data, and never less than 0), not the mean square of differences from the mean.
        mask: which elements count.
        force_float32_reductions: whether to use at least float32.

    Returns:
        Two arrays without the axes.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional
        >>> [float(x) for x in functional.moments(jnp.array([1.0, 3.0]), 0)]
        [2.0, 1.0]
    """
    found = jnp.result_type(x) if dtype is None else dtype
    x = jnp.asarray(x, jnp.promote_types(found, jnp.float32) if force_float32_reductions else found)
    axes = sorted_axes("moments", axes, x.ndim)
    where = None if mask is None else jnp.asarray(mask, bool)

    def means(*arrays: Array) -> list[Array]:
        local = [jnp.mean(a, axes, where=where) for a in arrays]
        if axis_name is None:
            return local
        # All in one exchange between devices.
        return list(lax.pmean(jnp.stack(local), axis_name, axis_index_groups=axis_index_groups))

    if not use_mean:
        (variance,) = means(_squared(x))
        return jnp.zeros_like(variance), variance
    if use_fast_variance:
        mean, square = means(x, _squared(x))
        return mean, jnp.maximum(0.0, square - _squared(mean))
    (mean,) = means(x)
    (variance,) = means(_squared(x - jnp.expand_dims(mean, axes)))
    return mean, variance


def normalise(
    x: Array, mean: Array, variance: Array, scale: Array | None, bias: Array | None,
    axes: int | Sequence[int], feature_axes: int | Sequence[int], dtype: DTypeLike | None,
    epsilon: float, layer: Any = "normalise",
) -> Array:  # fmt: skip
    """Subtract the mean, divide by the standard deviation, scale and shift.

    Args:
        x: an array.
        mean, variance: as from `moments` along `axes`.
        scale, bias: as many numbers as `x` has along `feature_axes`, or None.
        axes: what the moments were taken over.
        feature_axes: along which scale and bias lie.
        dtype: of the result; by default what `x`, `scale` and `bias` promote to.
        epsilon: added to the variance.
        layer: what messages call the layer.

    Raises:
        ShapeError: if `scale` or `bias` has another size.
    """
    axes, feature_axes = (sorted_axes(layer, a, x.ndim) for a in (axes, feature_axes))
    lengths = tuple(x.shape[a] for a in feature_axes)
    stretched = tuple(n if i in feature_axes else 1 for i, n in enumerate(x.shape))
    for what, given in (("scale", scale), ("bias", bias)):
        if given is not None and given.size != math.prod(lengths):
            raise ShapeError(
                f"`{layer_text(layer)}` has a {what} of shape {given.shape} for features of shape "
                f"{lengths}: the input is {aval_of(x)}",
                help=f"num_features={lengths[-1] if lengths else 1}",
            )
    found = canonicalize_dtype(x, scale, bias, dtype=dtype)
    out = x - jnp.expand_dims(mean, axes)
    factor = lax.rsqrt(jnp.expand_dims(variance, axes) + epsilon)
    out = out * (factor if scale is None else factor * scale.reshape(stretched))
    if bias is not None:
        out = out + bias.reshape(stretched)
    return jnp.asarray(out, found)


def moved_average(average: Array, new: Array, momentum: float) -> Array:
    """An exponential moving average after one more value."""
    return momentum * average + (1 - momentum) * new


# ------------------------------------------------------------------------- groups and instances


def group_count(layer: Any, channels: int, num_groups: int | None, group_size: int | None) -> int:
    """In how many groups the channels fall.

    Raises:
        ArgumentValueError: unless one of the two numbers is given, and divides the channels.
    """
    name = layer_text(layer)
    if (num_groups is None) == (group_size is None):
        raise ArgumentValueError(
            f"`{name}` needs either `num_groups` or `group_size`, but got {num_groups} and "
            f"{group_size}",
            help="num_groups=None, group_size=8",
        )
    given = num_groups if group_size is None else group_size
    if given is None or given <= 0 or channels % given:
        what = "groups" if group_size is None else "channels in a group"
        best = max(n for n in range(1, min(given or 1, channels) + 1) if channels % n == 0)
        option = "num_groups" if group_size is None else "num_groups=None, group_size"
        raise ArgumentValueError(
            f"`{name}` has {given} {what}, which do not divide {channels} channels",
            help=f"{option}={best}",
        )
    return given if group_size is None else channels // given


def group_axes(layer: Any, axes: Any, ndim: int) -> tuple[int, ...]:
    """The axes that a group is averaged over: by default all but the first.

    Raises:
        ArgumentValueError: if the last axis, that of the channels, is not among them.
    """
    given = (*range(1, ndim - 1), ndim - 1) if axes is None else axes
    found = sorted_axes(layer, given, ndim)
    if not found or found[-1] != ndim - 1:
        raise ArgumentValueError(
            f"`{layer_text(layer)}` averages over channels, the last axis, but reduction_axes are "
            f"{axes}",
            help=f"reduction_axes={(*found, -1)}",
        )
    return found


def group_moments(
    x: Array, axes: Sequence[int], groups: int, mask: Array | None = None, **options: Any
) -> tuple[Array, Array]:
    """Mean and variance of each group of channels, for each channel.

    Wu and He, Group normalization, ECCV 2018.

    Args:
        x: an array, channels last.
        axes: as from `group_axes`.
        groups: their number.
        mask: which elements count.
        options: further arguments of `moments`.
    """
    size = x.shape[-1] // groups
    if mask is not None:
        mask = jnp.broadcast_to(mask, x.shape).reshape(*x.shape[:-1], groups, size)
    split = x.reshape(*x.shape[:-1], groups, size)
    mean, variance = moments(split, (*axes[:-1], x.ndim), mask=mask, **options)
    return jnp.repeat(mean, size, axis=-1), jnp.repeat(variance, size, axis=-1)


def instance_axes(layer: Any, feature_axes: int | Sequence[int], ndim: int) -> tuple[int, ...]:
    """The axes that an instance is averaged over: all but the first and the features.

    Raises:
        ArgumentValueError: if the first axis, the batch, is one of features.
    """
    features = sorted_axes(layer, feature_axes, ndim)
    if 0 in features:
        raise ArgumentValueError(
            f"`{layer_text(layer)}` has feature_axes {feature_axes}, but axis 0 is the batch",
            help="feature_axes=-1",
        )
    return tuple(i for i in range(1, ndim) if i not in features)


# -------------------------------------------------------------------------------------- weights


def l2_normalise(x: Array, axes: Any = None, epsilon: float = 1e-12) -> Array:
    """The array divided by its Euclidean norm along axes (None: all)."""
    return x * lax.rsqrt(jnp.sum(x * x, axis=axes, keepdims=True) + epsilon)


def spectral_normalise(
    weight: Array, u: Array, n_steps: int, epsilon: float, dtype: Any = None
) -> tuple[Array, Array, Array]:
    """A matrix divided by its largest singular value, found by power iteration.

    Miyato et al., Spectral normalization for generative adversarial networks, ICLR 2018.

    Args:
        weight: an array; all axes but the last count as rows.
        u: one row, the estimate of the right singular vector.
        n_steps: how many iterations improve it.
        epsilon: added to squared norms.
        dtype: of the first result.

    Returns:
        The divided array, the new `u`, and the singular value.
    """
    matrix = weight.reshape(-1, weight.shape[-1])
    v = u
    for _ in range(n_steps):
        v = l2_normalise(u @ matrix.T, epsilon=epsilon)
        u = l2_normalise(v @ matrix, epsilon=epsilon)
    u, v = lax.stop_gradient(u), lax.stop_gradient(v)
    sigma = (v @ matrix @ u.T)[0, 0]
    out = (matrix / jnp.where(sigma != 0, sigma, 1)).reshape(weight.shape)
    return jnp.asarray(out, canonicalize_dtype(weight, u, v, sigma, dtype=dtype)), u, sigma


def check_matrix(layer: Any, path: str, weight: Any, strict: bool) -> None:
    """Raise ShapeError for a weight of more than two axes, if that is not allowed."""
    if strict and weight.ndim > 2:
        raise ShapeError(
            f"`{layer_text(layer)}` divides matrices, but `{path}` has the shape {weight.shape}",
            help="error_on_non_matrix=False",
        )


def weight_features(
    layer: Any, weight: Any, feature_axes: int | Sequence[int] | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of a weight each place along which has a norm of its own, after their lengths."""
    axes = () if feature_axes is None else sorted_axes(layer, feature_axes, weight.ndim)
    return tuple(weight.shape[a] for a in axes), axes


def weight_normalise(
    weight: Array,
    scale: Array | None,
    feature_axes: Sequence[int],
    epsilon: float,
    dtype: Any = None,
) -> Array:
    """A weight divided by its norm for each place along `feature_axes`, times a scale.

    Salimans and Kingma, Weight normalization, NeurIPS 2016.
    """
    axes = tuple(i for i in range(weight.ndim) if i not in feature_axes)
    out = l2_normalise(weight, axes, epsilon)
    if scale is not None:
        shape = tuple(n if i in feature_axes else 1 for i, n in enumerate(weight.shape))
        out = out * scale.reshape(shape)
    return jnp.asarray(out, canonicalize_dtype(weight, scale, dtype=dtype))
