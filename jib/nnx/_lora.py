"""Layers with an update of low rank (Hu et al., LoRA, ICLR 2022)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jib import numpy as jnp
from jib.errors import ArgumentTypeError
from jib.nn import functional as F, initializers
from jib.nn.initializers import Initializer
from jib.nnx._layers import NOTHING, Layer, next_key, promote_dtype as _promote
from jib.nnx._linear import Linear
from jib.nnx._modules import Module
from jib.nnx._random import Rngs
from jib.nnx._variables import LoRAParam, Variable
from jib.typing import Array, DTypeLike

__all__ = ["LoRA", "LoRALinear"]

_a_init, _b_init = initializers.he_uniform(), initializers.zeros


class LoRA(Layer):
    """The product of two thin matrices, added to what a layer gives.

    Args:
        in_features, lora_rank, out_features: the matrices are in by rank, and rank by out.
        base_module: the layer, or None.
        dtype: in which is computed; by default what inputs and parameters promote to.
        param_dtype: of the parameters.
        a_initializer, b_initializer: first values of `lora_a` and `lora_b`.
        lora_param_type: class of the variables, by which filters tell them from others.
        promote_dtype: a function of a tuple of arrays that gives them one dtype.
        rngs: streams of keys, of which `params` is used.
        a_metadata, b_metadata: of the variables.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> rngs = nnx.Rngs(0)
        >>> layer = nnx.LoRA(3, 2, 4, base_module=nnx.Linear(3, 4, rngs=rngs), rngs=rngs)
        >>> layer.lora_a.shape, layer(jnp.ones((16, 3))).shape
        ((3, 2), (16, 4))
    """

    def __init__(
        self, in_features: int, lora_rank: int, out_features: int, *,
        base_module: Module | None = None, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, a_initializer: Initializer = _a_init,
        b_initializer: Initializer = _b_init, lora_param_type: type[Variable] = LoRAParam,
        promote_dtype: Callable[..., Any] = _promote, rngs: Rngs,
        a_metadata: Mapping[str, Any] = NOTHING, b_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        self._keep(locals())
        a = a_initializer(next_key(rngs), (in_features, lora_rank), param_dtype)
        b = b_initializer(next_key(rngs), (lora_rank, out_features), param_dtype)
        self.lora_a: Variable[Array] = lora_param_type(a, **a_metadata)
        self.lora_b: Variable[Array] = lora_param_type(b, **b_metadata)

    def __call__(self, x: Array, **kwargs: Any) -> Array:
        """The layer's result, which gets `kwargs`, plus the product."""
        F.check_features(self, x, (-1,), (self.in_features,))
        arrays = (x, self.lora_a[...], self.lora_b[...])
        x, a, b = self.promote_dtype(arrays, dtype=self.dtype)
        out = x @ a @ b
        if self.base_module is None:
            return out
        if not callable(self.base_module):
            raise ArgumentTypeError("the `base_module` of `LoRA` cannot be called")
        return out + self.base_module(x, **kwargs)


class LoRALinear(Linear):
    """A `Linear` with a `LoRA` beside it.

    Args:
        lora_rank: rank of the update.
        lora_dtype, lora_param_dtype, lora_promote_dtype: as in `LoRA`.
        kwargs: further arguments of `Linear`.

    The others are those of `Linear` and `LoRA`.
    """

    def __init__(
        self, in_features: int, out_features: int, *, lora_rank: int,
        lora_dtype: DTypeLike | None = None, lora_param_dtype: DTypeLike = jnp.float32,
        a_initializer: Initializer = _a_init, b_initializer: Initializer = _b_init,
        lora_param_type: type[Variable] = LoRAParam,
        lora_promote_dtype: Callable[..., Any] = _promote, rngs: Rngs,
        a_metadata: Mapping[str, Any] = NOTHING, b_metadata: Mapping[str, Any] = NOTHING,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(in_features, out_features, rngs=rngs, **kwargs)
        self.lora = LoRA(
            in_features, lora_rank, out_features, dtype=lora_dtype, param_dtype=lora_param_dtype,
            a_initializer=a_initializer, b_initializer=b_initializer,
            lora_param_type=lora_param_type, promote_dtype=lora_promote_dtype, rngs=rngs,
            a_metadata=a_metadata, b_metadata=b_metadata,
        )  # fmt: skip

    def __call__(self, x: Array, out_sharding: Any = None) -> Array:  # type: ignore[override]
        """Both results, added."""
        return super().__call__(x, out_sharding) + self.lora(x)
