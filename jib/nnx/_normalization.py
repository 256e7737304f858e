"""Normalising layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jib import numpy as jnp
from jib.nn import functional as F
from jib.nn.initializers import Initializer, ones, zeros
from jib.nnx._layers import NOTHING, Layer, made, promote_dtype as _promote, value_of
from jib.nnx._random import Rngs
from jib.nnx._variables import BatchStat, Param
from jib.typing import Array, DTypeLike

__all__ = ["BatchNorm", "GroupNorm", "InstanceNorm", "LayerNorm", "RMSNorm"]

Axes = int | Sequence[int]


class _Norm(Layer):
    """What normalising layers share."""

    scale: Param[Array] | None
    bias: Param[Array] | None

    def _make(
        self, rngs: Rngs, dtype: DTypeLike, use_scale: bool, scale_init: Initializer,
        scale_metadata: Mapping[str, Any], use_bias: bool = False, bias_init: Initializer = zeros,
        bias_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        shape = (self.num_features,)
        self.scale = made(rngs, scale_init, shape, dtype, scale_metadata, use_scale)
        self.bias = made(rngs, bias_init, shape, dtype, bias_metadata, use_bias)

    def _promoted(self, *arrays: Any) -> Any:
        """Inputs (and averages), scale and bias in one dtype."""
        arrays = (*arrays, value_of(self.scale), value_of(self.bias))
        return self.promote_dtype(arrays, dtype=self.dtype)

    def _options(self, mask: Any) -> dict[str, Any]:
        """How mean and variance are taken."""
        return {
            "dtype": self.dtype,
            "axis_name": self.axis_name,
            "axis_index_groups": self.axis_index_groups,
            "use_fast_variance": self.use_fast_variance,
            "mask": mask,
        }

    def _normalised(
        self, x: Array, moments: Any, axes: Axes, features: Axes, scale: Any, bias: Any = None
    ) -> Array:
        mean, variance = moments
        return F.normalise(
            x, mean, variance, scale, bias, axes, features, self.dtype, self.epsilon, self
        )


class BatchNorm(_Norm):
    """Normalise each feature over the batch (Ioffe and Szegedy, ICML 2015).

    Args:
        num_features: how many features there are.
        use_running_average: whether the stored averages `mean` and `var` are used, not those of
            the batch; `model.train()` and `model.eval()` set it.
        axis: of the features.
        momentum: the share that the stored average keeps at each call.
        epsilon: added to the variance.
        dtype: of the result; by default what inputs and parameters promote to.
        param_dtype: of the parameters.
        use_bias, use_scale: whether the result is shifted, scaled.
        bias_init, scale_init: first values.
        axis_name, axis_index_groups: a mapped axis that is averaged over as well, and its groups.
        use_fast_variance: whether the variance is mean square less squared mean.
        promote_dtype: a function of a tuple of arrays that gives them one dtype.
        rngs: streams of keys, of which `params` is used.
        bias_metadata, scale_metadata: of the variables.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> layer = nnx.BatchNorm(1, rngs=nnx.Rngs(0))
        >>> layer(jnp.array([[1.0], [3.0]])).round(2).tolist(), layer.mean[...]
        ([[-1.0], [1.0]], Array([0.02], dtype=float32))
    """

    def __init__(
        self, num_features: int, *, use_running_average: bool | None = False, axis: int = -1,
        momentum: float = 0.99, epsilon: float = 1e-5, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, use_bias: bool = True, use_scale: bool = True,
        bias_init: Initializer = zeros, scale_init: Initializer = ones,
        axis_name: str | None = None, axis_index_groups: Any = None,
        use_fast_variance: bool = True, promote_dtype: Callable[..., Any] = _promote, rngs: Rngs,
        bias_metadata: Mapping[str, Any] = NOTHING, scale_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        self._keep(locals())
        self.mean = BatchStat(jnp.zeros((num_features,), jnp.float32))
        self.var = BatchStat(jnp.ones((num_features,), jnp.float32))
        self._make(rngs, param_dtype, use_scale, scale_init, scale_metadata, use_bias, bias_init,
                   bias_metadata)  # fmt: skip

    def __call__(
        self, x: Array, use_running_average: bool | None = None, *, mask: Array | None = None
    ) -> Array:
        """Normalise; `mask` tells which elements count."""
        stored = F.first_given(
            self, "use_running_average", "False", use_running_average, self.use_running_average
        )
        features = F.sorted_axes(self, self.axis, x.ndim)
        F.check_features(self, x, features, (self.num_features,), "num_features")
        axes = tuple(i for i in range(x.ndim) if i not in features)
        x, mean, variance, *affine = self._promoted(x, self.mean[...], self.var[...])
        if not stored:
            mean, variance = F.moments(x, axes, **self._options(mask))
            self.mean[...] = F.moved_average(self.mean[...], mean, self.momentum)
            self.var[...] = F.moved_average(self.var[...], variance, self.momentum)
        return self._normalised(x, (mean, variance), axes, features, *affine)

    def set_view(self, use_running_average: bool | None = None) -> None:
        """Set `use_running_average`, if it is given; `nnx.view` calls this."""
        if use_running_average is not None:
            self.use_running_average = use_running_average


class LayerNorm(_Norm):
    """Normalise each example over its features (Ba, Kiros and Hinton, arXiv:1607.06450).

    Args:
        reduction_axes: what is averaged over.
        feature_axes: along which scale and bias lie.

    The others are those of `BatchNorm`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> nnx.LayerNorm(2, rngs=nnx.Rngs(0))(jnp.array([1.0, 3.0])).round(3).tolist()
        [-1.0, 1.0]
    """

    def __init__(
        self, num_features: int, *, epsilon: float = 1e-6, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, use_bias: bool = True, use_scale: bool = True,
        bias_init: Initializer = zeros, scale_init: Initializer = ones, reduction_axes: Axes = -1,
        feature_axes: Axes = -1, axis_name: str | None = None, axis_index_groups: Any = None,
        use_fast_variance: bool = True, promote_dtype: Callable[..., Any] = _promote, rngs: Rngs,
        bias_metadata: Mapping[str, Any] = NOTHING, scale_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        self._keep(locals())
        self._make(rngs, param_dtype, use_scale, scale_init, scale_metadata, use_bias, bias_init,
                   bias_metadata)  # fmt: skip

    def __call__(self, x: Array, *, mask: Array | None = None) -> Array:
        """Normalise; `mask` tells which elements count."""
        x, *affine = self._promoted(x)
        moments = F.moments(x, self.reduction_axes, **self._options(mask))
        return self._normalised(x, moments, self.reduction_axes, self.feature_axes, *affine)


class RMSNorm(_Norm):
    """Divide by the root of the mean square (Zhang and Sennrich, NeurIPS 2019).

    Arguments are those of `LayerNorm`; there is no bias.
    """

    def __init__(
        self, num_features: int, *, epsilon: float = 1e-6, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, use_scale: bool = True,
        scale_init: Initializer = ones, reduction_axes: Axes = -1, feature_axes: Axes = -1,
        axis_name: str | None = None, axis_index_groups: Any = None,
        use_fast_variance: bool = True, promote_dtype: Callable[..., Any] = _promote, rngs: Rngs,
        scale_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        self._keep(locals())
        self.scale = made(rngs, scale_init, (num_features,), param_dtype, scale_metadata, use_scale)

    def __call__(self, x: Array, mask: Array | None = None) -> Array:
        """Normalise; `mask` tells which elements count."""
        x, scale = self.promote_dtype((x, value_of(self.scale)), dtype=self.dtype)
        moments = F.moments(x, self.reduction_axes, use_mean=False, **self._options(mask))
        return self._normalised(x, moments, self.reduction_axes, self.feature_axes, scale)


class GroupNorm(_Norm):
    """Normalise each example over groups of channels (Wu and He, ECCV 2018).

    Args:
        num_groups, group_size: how many groups there are, or how many channels in each; one of
            the two is None.
        reduction_axes: what is averaged over, by default all but the first.

    The others are those of `LayerNorm`.
    """

    def __init__(
        self, num_features: int, num_groups: int | None = 32, group_size: int | None = None, *,
        epsilon: float = 1e-6, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, use_bias: bool = True, use_scale: bool = True,
        bias_init: Initializer = zeros, scale_init: Initializer = ones,
        reduction_axes: Axes | None = None, axis_name: str | None = None,
        axis_index_groups: Any = None, use_fast_variance: bool = True,
        promote_dtype: Callable[..., Any] = _promote, rngs: Rngs,
        bias_metadata: Mapping[str, Any] = NOTHING, scale_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        num_groups = F.group_count(self, num_features, num_groups, group_size)
        group_size = num_features // num_groups
        self._keep(locals())
        self.feature_axis = -1
        self._make(rngs, param_dtype, use_scale, scale_init, scale_metadata, use_bias, bias_init,
                   bias_metadata)  # fmt: skip

    def __call__(self, x: Array, *, mask: Array | None = None) -> Array:
        """Normalise; `mask` tells which elements count."""
        F.check_features(self, x, (-1,), (self.num_features,), "num_features")
        axes = F.group_axes(self, self.reduction_axes, x.ndim)
        x, *affine = self._promoted(x)
        moments = F.group_moments(x, axes, self.num_groups, **self._options(mask))
        return self._normalised(x, moments, axes[:-1], -1, *affine)


class InstanceNorm(_Norm):
    """Normalise each channel of each example (Ulyanov et al., arXiv:1607.08022).

    Args:
        feature_axes: of the channels; all others but the first are averaged over.

    The others are those of `LayerNorm`.
    """

    def __init__(
        self, num_features: int, *, epsilon: float = 1e-6, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, use_bias: bool = True, use_scale: bool = True,
        bias_init: Initializer = zeros, scale_init: Initializer = ones, feature_axes: Axes = -1,
        axis_name: str | None = None, axis_index_groups: Any = None,
        use_fast_variance: bool = True, promote_dtype: Callable[..., Any] = _promote, rngs: Rngs,
        bias_metadata: Mapping[str, Any] = NOTHING, scale_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        self._keep(locals())
        self._make(rngs, param_dtype, use_scale, scale_init, scale_metadata, use_bias, bias_init,
                   bias_metadata)  # fmt: skip

    def __call__(self, x: Array, *, mask: Array | None = None) -> Array:
        """Normalise; `mask` tells which elements count."""
        axes = F.instance_axes(self, self.feature_axes, x.ndim)
        x, *affine = self._promoted(x)
        moments = F.moments(x, axes, **self._options(mask))
        return self._normalised(x, moments, axes, self.feature_axes, *affine)
