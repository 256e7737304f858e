"""GPT-2 (Radford et al., "Language models are unsupervised multitask learners", 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jib
from jib import nnx, numpy as jnp
from jib.models._attending import Attending, Cache, heads
from jib.models._folder import Names
from jib.models._pretrained import Pretrained
from jib.typing import Array, DTypeLike

__all__ = ["GPT2"]

_ACTIVATIONS = {
    "gelu": lambda x: jib.nn.gelu(x, approximate=False), "gelu_new": jib.nn.gelu,
    "gelu_pytorch_tanh": jib.nn.gelu, "relu": jib.nn.relu, "silu": jib.nn.silu,
}  # fmt: skip


class _Block(nnx.Module):
    def __init__(self, config: Mapping[str, Any], rngs: nnx.Rngs, dtype: Any) -> None:
        width = config["n_embd"]
        inner = config.get("n_inner") or 4 * width
        options: dict[str, Any] = {"rngs": rngs, "dtype": dtype}
        norm = {"epsilon": config.get("layer_norm_epsilon", 1e-5), **options}
        self.first_norm = nnx.LayerNorm(width, **norm)
        self.projections = nnx.Linear(width, 3 * width, **options)
        self.out = nnx.Linear(width, width, **options)
        self.second_norm = nnx.LayerNorm(width, **norm)
        self.widen = nnx.Linear(width, inner, **options)
        self.narrow = nnx.Linear(inner, width, **options)
        self.heads = config["n_head"]
        self.activation = config.get("activation_function", "gelu_new")

    def __call__(self, x: Array, layer: int, attend: Attending) -> Array:
        parts = jnp.split(self.projections(self.first_norm(x)), 3, axis=-1)
        read = attend(layer, *(heads(part, self.heads) for part in parts))
        x = x + self.out(read.reshape(x.shape))
        return x + self.narrow(_ACTIVATIONS[self.activation](self.widen(self.second_norm(x))))


class GPT2(Pretrained):
    """A decoder with learned positions; its output layer is its token table.

    Args:
        config: as in `config.json`: `vocab_size`, `n_positions`, `n_embd`, `n_layer`, `n_head`.
        rngs: for random weights.
        dtype: in which is computed.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import models, nnx
        >>> sizes = {"vocab_size": 50, "n_positions": 16, "n_embd": 8, "n_layer": 1, "n_head": 2}
        >>> model = models.GPT2(sizes, rngs=nnx.Rngs(0))
        >>> model(jnp.array([[7, 8, 9]])).shape
        (1, 3, 50)
    """

    model_types = ("gpt2",)
    ignored = r"attn\.(masked_)?bias$|lm_head\.weight$"
    names = Names(
        {
            "tokens": "wte",
            "positions": "wpe",
            "norm": "ln_f",
            "layers.{}.first_norm": "h.{}.ln_1",
            "layers.{}.projections": "h.{}.attn.c_attn",
            "layers.{}.out": "h.{}.attn.c_proj",
            "layers.{}.second_norm": "h.{}.ln_2",
            "layers.{}.widen": "h.{}.mlp.c_fc",
            "layers.{}.narrow": "h.{}.mlp.c_proj",
        },
        prefix="transformer.",
        kernels_as_ours=True,
    )

    def __init__(
        self, config: Mapping[str, Any], *, rngs: nnx.Rngs, dtype: DTypeLike | None = None
    ) -> None:
        super().__init__(config, rngs=rngs)
        width, options = config["n_embd"], {"rngs": rngs, "dtype": dtype}
        self.tokens = nnx.Embed(config["vocab_size"], width, **options)
        self.positions = nnx.Embed(config["n_positions"], width, **options)
        self.layers = nnx.List([_Block(config, rngs, dtype) for _ in range(config["n_layer"])])
        epsilon = config.get("layer_norm_epsilon", 1e-5)
        self.norm = nnx.LayerNorm(width, epsilon=epsilon, **options)

    def __call__(self, tokens: Array, mask: Array | None = None, cache: Cache | None = None) -> Any:
        """Logits `(batch, time, vocabulary)` of int tokens `(batch, time)`.

        `mask` is True where a token is no padding. With a cache, the pair of logits and the filled
        cache.
        """
        attend = Attending(tokens, mask, cache)
        x = self.tokens(tokens) + self.positions(attend.positions)
        for i, layer in enumerate(self.layers):
            x = layer(x, i, attend)
        return attend.result(self.tokens.attend(self.norm(x)))

    def empty_cache(self, batch: int, size: int, dtype: DTypeLike = jnp.float32) -> Cache:
        """A cache for `size` tokens of each row."""
        width, count = self.config["n_embd"], self.config["n_head"]
        return Cache.empty(self.config["n_layer"], batch, size, count, width // count, dtype)

    @property
    def most_tokens(self) -> int:
        """How many positions the model knows."""
        return self.config["n_positions"]
