"""Modules that run another module with normalised parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from typing import Any

from jib import numpy as jnp, random, tree_util
from jib.linen._calls import compact
from jib.linen._module import Module
from jib.linen._transforms import map_variables
from jib.nn import functional as F
from jib.nn.initializers import Initializer, ones
from jib.typing import Array, DTypeLike

__all__ = ["SpectralNorm", "WeightNorm"]


def _with_changed(
    module: Any, change: Callable[[str, Array], Array], args: Any, kwargs: Any, **options: Any
) -> Any:
    """Call the wrapped module with each parameter changed by `change(path, value)`."""

    def each(path: Any, value: Array) -> Array:
        # The first key of a path is the collection.
        return change(tree_util.keystr(path[1:], simple=True, separator="/"), jnp.asarray(value))

    return map_variables(
        lambda layer: layer(*args, **kwargs),
        trans_in_fn=lambda variables: tree_util.tree_map_with_path(
            lambda path, value: each(path, value), variables
        ),
        init=module.is_initializing(),
        **options,
    )(module.layer_instance)


class SpectralNorm(Module):
    """Run a module with each matrix divided by its largest singular value.

    Miyato et al., ICLR 2018. The singular value `sigma` and its vector `u` are kept in the
    collection `batch_stats`; parameters of more than two axes count as matrices of their last one.

    Attributes:
        layer_instance: the module.
        n_steps: how many power iterations a call makes.
        epsilon: added to squared norms.
        dtype: of the divided parameters.
        param_dtype: of `u` and `sigma`.
        error_on_non_matrix: whether parameters of more than two axes are an error.
        collection_name: where `u` and `sigma` are kept.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> layer, x = nn.SpectralNorm(nn.Dense(4)), jnp.ones((1, 3))
        >>> variables = layer.init(jib.random.key(0), x, update_stats=False)
        >>> layer.apply(variables, x, update_stats=True, mutable=["batch_stats"])[0].shape
        (1, 4)
    """

    layer_instance: Module
    n_steps: int = 1
    epsilon: float = 1e-12
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    error_on_non_matrix: bool = False
    collection_name: str = "batch_stats"

    @compact
    def __call__(self, *args: Any, update_stats: bool, **kwargs: Any) -> Any:
        """Call the module; with `update_stats`, keep the improved `u` and `sigma`."""

        def change(path: str, value: Array) -> Array:
            return self._divided(f"{self.layer_instance.name}/{path}", value, update_stats)

        return _with_changed(self, change, args, kwargs, mutable=True)

    def _divided(self, path: str, value: Array, update: bool) -> Array:
        if value.ndim < 2 or self.n_steps < 1:
            return value
        F.check_matrix(self, path, value, self.error_on_non_matrix)
        known = self.has_variable(self.collection_name, f"{path}/u")
        key = None if known else self.make_rng("params")
        shape = (1, value.shape[-1])
        collection, dtype = self.collection_name, self.param_dtype
        u = self.variable(collection, f"{path}/u", random.normal, key, shape, dtype)
        sigma = self.variable(collection, f"{path}/sigma", jnp.ones, (), dtype)
        out, new_u, new_sigma = F.spectral_normalise(
            value, u.value, self.n_steps, self.epsilon, self.dtype
        )
        if update:
            u.value, sigma.value = new_u, new_sigma
        return out


class WeightNorm(Module):
    """Run a module with each weight divided by its norm, times a learned scale.

    Salimans and Kingma, NeurIPS 2016.

    Attributes:
        layer_instance: the module.
        epsilon: added to squared norms.
        dtype: of the divided parameters.
        param_dtype: of the scales.
        use_scale: whether there are scales.
        scale_init: their first values.
        feature_axes: each place along these axes has a norm of its own; None is one for all.
        variable_filter: parameters are chosen whose path contains one of these words; None is all.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> layer = nn.WeightNorm(nn.Dense(4))
        >>> variables = layer.init(jib.random.key(0), jnp.ones((1, 3)))
        >>> variables["params"]["layer_instance/kernel/scale"].shape
        (4,)
    """

    layer_instance: Module
    epsilon: float = 1e-12
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    use_scale: bool = True
    scale_init: Initializer = ones
    feature_axes: int | Sequence[int] | None = -1
    variable_filter: Iterable[str] | None = field(default_factory=lambda: {"kernel"})

    @compact
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the module."""

        def change(path: str, value: Array) -> Array:
            path = f"{self.layer_instance.name}/{path}"
            chosen = not self.variable_filter or any(w in path for w in self.variable_filter)
            return self._divided(path, value) if chosen else value

        return _with_changed(self, change, args, kwargs)

    def _divided(self, path: str, value: Array) -> Array:
        shape, features = F.weight_features(self, value, self.feature_axes)
        scale = None
        if self.use_scale:
            scale = self.param(f"{path}/scale", self.scale_init, shape, self.param_dtype)
        return F.weight_normalise(value, scale, features, self.epsilon, self.dtype)
