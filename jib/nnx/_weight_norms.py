"""Layers that run another layer with normalised parameters, which they change in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jib import numpy as jnp
from jib.nn import functional as F
from jib.nn.initializers import Initializer, normal, ones
from jib.nnx._filters import Filter, PathContains, to_predicate
from jib.nnx._layers import Layer, next_key, promote_dtype as _promote
from jib.nnx._modules import Module
from jib.nnx._pytrees import data
from jib.nnx._random import Rngs
from jib.nnx._variables import BatchStat, Param
from jib.nnx._walks import iter_graph
from jib.typing import Array, DTypeLike

__all__ = ["SpectralNorm", "WeightNorm"]

_KERNELS = PathContains("kernel")


def _parameters(layer: Module) -> list[tuple[tuple, Param]]:
    """Paths and parameters of a layer, in the order of paths."""
    found = [(path, x) for path, x in iter_graph(layer) if isinstance(x, Param)]
    return sorted(found, key=lambda pair: tuple(map(str, pair[0])))


class SpectralNorm(Layer):
    """Run a layer with each matrix divided by its largest singular value.

    Miyato et al., ICLR 2018. The singular value and its vector are kept in `batch_stats`, by path
    and "sigma" or "u"; parameters of more than two axes count as matrices of their last one.

    Args:
        layer_instance: the layer, whose parameters each call replaces by the divided ones.
        n_steps: how many power iterations a call makes.
        epsilon: added to squared norms.
        dtype: of the divided parameters.
        param_dtype: of `u` and `sigma`.
        error_on_non_matrix: whether parameters of more than two axes are an error.
        update_stats: whether calls keep the improved `u` and `sigma`; `model.train()` and
            `model.eval()` set it.
        rngs: streams of keys, of which `params` is used.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> rngs = nnx.Rngs(0)
        >>> layer = nnx.SpectralNorm(nnx.Linear(3, 4, rngs=rngs), rngs=rngs)
        >>> layer(jnp.ones((1, 3))).shape
        (1, 4)
    """

    def __init__(
        self, layer_instance: Module, *, n_steps: int = 1, epsilon: float = 1e-12,
        dtype: DTypeLike | None = None, param_dtype: DTypeLike = jnp.float32,
        error_on_non_matrix: bool = False, update_stats: bool = True, rngs: Rngs,
    ) -> None:  # fmt: skip
        self.layer_instance, self.n_steps, self.epsilon = layer_instance, n_steps, epsilon
        self.dtype, self.param_dtype = dtype, param_dtype
        self.error_on_non_matrix = error_on_non_matrix
        self.use_running_average = not update_stats
        stats: dict[tuple, BatchStat] = {}
        for path, weight in self._matrices():
            u = normal()(next_key(rngs), (1, weight.shape[-1]), param_dtype)
            stats[*path, "u"] = BatchStat(u)
            stats[*path, "sigma"] = BatchStat(jnp.ones((), param_dtype))
        self.batch_stats: dict[tuple, BatchStat] = data(stats)

    def _matrices(self) -> list[tuple[tuple, Param]]:
        steps = self.n_steps > 0
        found = [(p, w) for p, w in _parameters(self.layer_instance) if w.ndim > 1 and steps]
        for path, weight in found:
            F.check_matrix(self, "/".join(map(str, path)), weight, self.error_on_non_matrix)
        return found

    def __call__(self, x: Any, update_stats: bool | None = None) -> Any:
        """Call the layer; with `update_stats`, keep the improved `u` and `sigma`."""
        update = F.first_given(
            self, "update_stats", "True", update_stats, not self.use_running_average
        )
        for path, weight in self._matrices():
            u, sigma = self.batch_stats[*path, "u"], self.batch_stats[*path, "sigma"]
            out, new_u, new_sigma = F.spectral_normalise(
                weight[...], u[...], self.n_steps, self.epsilon, self.dtype
            )
            if update:
                u[...], sigma[...] = new_u, new_sigma
            weight.set_value(out)
        layer: Any = self.layer_instance
        return layer(x)


class WeightNorm(Layer):
    """Run a layer with each weight divided by its norm, times a learned scale.

    Salimans and Kingma, NeurIPS 2016.

    Args:
        layer_instance: the layer, whose parameters each call replaces by the divided ones.
        feature_axes: each place along these axes has a norm of its own; None is one for all.
        use_scale: whether there are scales, the parameters `scales` by path.
        scale_init: their first values.
        epsilon: added to squared norms.
        dtype: of the divided parameters.
        param_dtype: of the scales.
        variable_filter: chooses parameters.
        promote_dtype: kept, for the peers' sake.
        rngs: streams of keys, of which `params` is used.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> rngs = nnx.Rngs(0)
        >>> layer = nnx.WeightNorm(nnx.Linear(3, 4, rngs=rngs), rngs=rngs)
        >>> layer(jnp.ones((1, 3))).shape
        (1, 4)
    """

    def __init__(
        self, layer_instance: Module, *, feature_axes: int | Sequence[int] | None = -1,
        use_scale: bool = True, scale_init: Initializer = ones, epsilon: float = 1e-12,
        dtype: DTypeLike | None = None, param_dtype: DTypeLike = jnp.float32,
        variable_filter: Filter = _KERNELS,
        promote_dtype: Callable[..., Any] = _promote, rngs: Rngs,
    ) -> None:  # fmt: skip
        self._keep(locals())
        self.variable_filter = to_predicate(variable_filter)
        self.scales: dict[tuple, Param] | None = data(None)
        if use_scale:
            # Ones need no key: then the streams go on as if there were no scales.
            keys = (lambda: None) if scale_init is ones else rngs.params
            self.scales = data({
                path: Param(scale_init(keys(), self._shape(weight)[0], param_dtype))
                for path, weight in self._chosen()
            })  # fmt: skip

    def _chosen(self) -> list[tuple[tuple, Param]]:
        found = _parameters(self.layer_instance)
        return [(path, weight) for path, weight in found if self.variable_filter(path, weight)]

    def _shape(self, weight: Any) -> Any:
        return F.weight_features(self, weight, self.feature_axes)

    def __call__(self, x: Array, *args: Any, **kwargs: Any) -> Any:
        """Call the layer."""
        for path, weight in self._chosen():
            scale = None if self.scales is None else self.scales[path][...]
            features, value = self._shape(weight)[1], weight[...]
            weight.set_value(F.weight_normalise(value, scale, features, self.epsilon, self.dtype))
        layer: Any = self.layer_instance
        return layer(x, *args, **kwargs)
