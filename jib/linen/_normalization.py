"""Normalising modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jib import numpy as jnp
from jib.linen._calls import compact
from jib.linen._module import Module, merge_param
from jib.nn import functional as F
from jib.nn.initializers import Initializer, ones, zeros
from jib.typing import Array, DTypeLike

__all__ = ["BatchNorm", "GroupNorm", "InstanceNorm", "LayerNorm", "RMSNorm"]

Axes = int | Sequence[int]


def _options(module: Any, mask: Any) -> dict[str, Any]:
    """What all modules tell about how mean and variance are taken."""
    return {
        "dtype": module.dtype,
        "axis_name": module.axis_name,
        "axis_index_groups": module.axis_index_groups,
        "use_fast_variance": module.use_fast_variance,
        "force_float32_reductions": module.force_float32_reductions,
        "mask": mask,
    }


def _normalised(
    module: Any, x: Array, moments: tuple[Array, Array], axes: Axes, feature_axes: Axes,
    use_bias: bool,
) -> Array:  # fmt: skip
    """Normalise with the moments, and the parameters `scale` and `bias`."""
    feature_axes = F.sorted_axes(module, feature_axes, x.ndim)
    shape, dtype = tuple(x.shape[a] for a in feature_axes), module.param_dtype
    scale = bias = None
    if module.use_scale:
        scale = module.param("scale", module.scale_init, shape, dtype)
    if use_bias:
        bias = module.param("bias", module.bias_init, shape, dtype)
    if not module.force_float32_reductions:
        scale, bias = (None if p is None else jnp.asarray(p, dtype) for p in (scale, bias))
    return F.normalise(
        x, *moments, scale, bias, axes, feature_axes, module.dtype, module.epsilon, module
    )


class BatchNorm(Module):
    """Normalise each feature over the batch (Ioffe and Szegedy, ICML 2015).

    Averages over batches are in the collection `batch_stats`; a training step calls
    `model.apply(variables, x, mutable=["batch_stats"])` and keeps what comes out of it.

    Attributes:
        use_running_average: whether the stored averages are used, not those of the batch; here or
            at the call.
        axis: of the features.
        momentum: the share that the stored average keeps at each step.
        epsilon: added to the variance.
        dtype: of the result; by default what inputs and parameters promote to.
        param_dtype: of the parameters.
        use_bias, use_scale: whether the result is shifted, scaled.
        bias_init, scale_init: first values.
        axis_name, axis_index_groups: a mapped axis that is averaged over as well, and its groups.
        use_fast_variance: whether the variance is mean square less squared mean.
        force_float32_reductions: whether averages are taken in float32 at least.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> layer, x = nn.BatchNorm(use_running_average=False), jnp.array([[1.0], [3.0]])
        >>> variables = layer.init(jib.random.key(0), x)
        >>> y, updated = layer.apply(variables, x, mutable=["batch_stats"])
        >>> y.round(2).tolist(), updated["batch_stats"]["mean"]
        ([[-1.0], [1.0]], Array([0.02], dtype=float32))
    """

    use_running_average: bool | None = None
    axis: int = -1
    momentum: float = 0.99
    epsilon: float = 1e-5
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    use_bias: bool = True
    use_scale: bool = True
    bias_init: Initializer = zeros
    scale_init: Initializer = ones
    axis_name: str | None = None
    axis_index_groups: Any = None
    use_fast_variance: bool = True
    force_float32_reductions: bool = True

    @compact
    def __call__(
        self, x: Array, use_running_average: bool | None = None, *, mask: Array | None = None
    ) -> Array:
        """Normalise; `mask` tells which elements count. `init` leaves the averages as they are."""
        stored = merge_param("use_running_average", self.use_running_average, use_running_average)
        features = F.sorted_axes(self, self.axis, x.ndim)
        axes = tuple(i for i in range(x.ndim) if i not in features)
        shape = tuple(x.shape[a] for a in features)
        dtype = jnp.float32 if self.force_float32_reductions else self.param_dtype
        mean = self.variable("batch_stats", "mean", jnp.zeros, shape, dtype)
        variance = self.variable("batch_stats", "var", jnp.ones, shape, dtype)
        if stored:
            moments = mean.value, variance.value
            if not self.force_float32_reductions:
                moments = jnp.asarray(moments[0], dtype), jnp.asarray(moments[1], dtype)
        else:
            options = _options(self, mask)
            if self.is_initializing():  # the mapped axis need not exist yet
                options["axis_name"] = None
            moments = F.moments(x, axes, **options)
            if not self.is_initializing():
                mean.value = F.moved_average(mean.value, moments[0], self.momentum)
                variance.value = F.moved_average(variance.value, moments[1], self.momentum)
        return _normalised(self, x, moments, axes, features, self.use_bias)


class LayerNorm(Module):
    """Normalise each example over its features (Ba, Kiros and Hinton, arXiv:1607.06450).

    Attributes:
        reduction_axes: what is averaged over.
        feature_axes: along which scale and bias lie.

    The others are those of `BatchNorm`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> y, _ = nn.LayerNorm().init_with_output(jib.random.key(0), jnp.array([1.0, 3.0]))
        >>> y.round(3).tolist()
        [-1.0, 1.0]
    """

    epsilon: float = 1e-6
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    use_bias: bool = True
    use_scale: bool = True
    bias_init: Initializer = zeros
    scale_init: Initializer = ones
    reduction_axes: Axes = -1
    feature_axes: Axes = -1
    axis_name: str | None = None
    axis_index_groups: Any = None
    use_fast_variance: bool = True
    force_float32_reductions: bool = True

    @compact
    def __call__(self, x: Array, *, mask: Array | None = None) -> Array:
        """Normalise; `mask` tells which elements count."""
        moments = F.moments(x, self.reduction_axes, **_options(self, mask))
        return _normalised(self, x, moments, self.reduction_axes, self.feature_axes, self.use_bias)


class RMSNorm(Module):
    """Divide by the root of the mean square (Zhang and Sennrich, NeurIPS 2019).

    Attributes are those of `LayerNorm`.
    """

    epsilon: float = 1e-6
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    use_scale: bool = True
    scale_init: Initializer = ones
    reduction_axes: Axes = -1
    feature_axes: Axes = -1
    axis_name: str | None = None
    axis_index_groups: Any = None
    use_fast_variance: bool = True
    force_float32_reductions: bool = True

    @compact
    def __call__(self, x: Array, *, mask: Array | None = None) -> Array:
        """Normalise; `mask` tells which elements count."""
        moments = F.moments(x, self.reduction_axes, use_mean=False, **_options(self, mask))
        return _normalised(self, x, moments, self.reduction_axes, self.feature_axes, False)


class GroupNorm(Module):
    """Normalise each example over groups of channels (Wu and He, ECCV 2018).

    Attributes:
        num_groups, group_size: how many groups there are, or how many channels in each; one of
            the two is None.
        reduction_axes: what is averaged over, by default all but the first.

    The others are those of `LayerNorm`.
    """

    num_groups: int | None = 32
    group_size: int | None = None
    epsilon: float = 1e-6
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    use_bias: bool = True
    use_scale: bool = True
    bias_init: Initializer = zeros
    scale_init: Initializer = ones
    reduction_axes: Axes | None = None
    axis_name: str | None = None
    axis_index_groups: Any = None
    use_fast_variance: bool = True
    force_float32_reductions: bool = True

    @compact
    def __call__(self, x: Array, *, mask: Array | None = None) -> Array:
        """Normalise; `mask` tells which elements count."""
        axes = F.group_axes(self, self.reduction_axes, x.ndim)
        groups = F.group_count(self, x.shape[-1], self.num_groups, self.group_size)
        moments = F.group_moments(x, axes, groups, **_options(self, mask))
        return _normalised(self, x, moments, axes[:-1], -1, self.use_bias)


class InstanceNorm(Module):
    """Normalise each channel of each example (Ulyanov et al., arXiv:1607.08022).

    Attributes:
        feature_axes: of the channels; all others but the first are averaged over.

    The others are those of `LayerNorm`.
    """

    epsilon: float = 1e-6
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    use_bias: bool = True
    use_scale: bool = True
    bias_init: Initializer = zeros
    scale_init: Initializer = ones
    feature_axes: Axes = -1
    axis_name: str | None = None
    axis_index_groups: Any = None
    use_fast_variance: bool = True
    force_float32_reductions: bool = True

    @compact
    def __call__(self, x: Array, *, mask: Array | None = None) -> Array:
        """Normalise; `mask` tells which elements count."""
        axes = F.instance_axes(self, self.feature_axes, x.ndim)
        moments = F.moments(x, axes, **_options(self, mask))
        return _normalised(self, x, moments, axes, self.feature_axes, self.use_bias)
