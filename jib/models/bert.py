"""BERT (Devlin et al. 2018, arXiv:1810.04805), and sentence vectors of its hidden states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jib
from jib import nnx, numpy as jnp
from jib.models._attending import checked_tokens, heads
from jib.models._folder import Names
from jib.models._pretrained import Pretrained
from jib.typing import Array, DTypeLike

__all__ = ["Bert", "BertForMaskedLM", "BertOutput", "sentence_vectors"]

_ACTIVATIONS = {
    "gelu": lambda x: jib.nn.gelu(x, approximate=False), "gelu_new": jib.nn.gelu,
    "relu": jib.nn.relu, "silu": jib.nn.silu,
}  # fmt: skip


class BertOutput(NamedTuple):
    """`hidden` `(batch, time, width)`, and `pooled` `(batch, width)`, or None without a pooler."""

    hidden: Array
    pooled: Array | None


class _Layer(nnx.Module):
    def __init__(self, config: Mapping[str, Any], options: dict[str, Any]) -> None:
        width, inner = config["hidden_size"], config["intermediate_size"]
        epsilon = config.get("layer_norm_eps", 1e-12)
        self.query = nnx.Linear(width, width, **options)
        self.key = nnx.Linear(width, width, **options)
        self.value = nnx.Linear(width, width, **options)
        self.out = nnx.Linear(width, width, **options)
        self.first_norm = nnx.LayerNorm(width, epsilon=epsilon, **options)
        self.widen = nnx.Linear(width, inner, **options)
        self.narrow = nnx.Linear(inner, width, **options)
        self.second_norm = nnx.LayerNorm(width, epsilon=epsilon, **options)
        self.heads = config["num_attention_heads"]
        self.activation = config.get("hidden_act", "gelu")

    def __call__(self, x: Array, mask: Array | None) -> Array:
        parts = (heads(part(x), self.heads) for part in (self.query, self.key, self.value))
        read = jib.nn.dot_product_attention(*parts, mask=mask)
        x = self.first_norm(x + self.out(read.reshape(x.shape)))
        return self.second_norm(x + self.narrow(_ACTIVATIONS[self.activation](self.widen(x))))


_ENCODER = {
    "words": "embeddings.word_embeddings",
    "positions": "embeddings.position_embeddings",
    "types": "embeddings.token_type_embeddings",
    "norm": "embeddings.LayerNorm",
    "layers.{}.query": "encoder.layer.{}.attention.self.query",
    "layers.{}.key": "encoder.layer.{}.attention.self.key",
    "layers.{}.value": "encoder.layer.{}.attention.self.value",
    "layers.{}.out": "encoder.layer.{}.attention.output.dense",
    "layers.{}.first_norm": "encoder.layer.{}.attention.output.LayerNorm",
    "layers.{}.widen": "encoder.layer.{}.intermediate.dense",
    "layers.{}.narrow": "encoder.layer.{}.output.dense",
    "layers.{}.second_norm": "encoder.layer.{}.output.LayerNorm",
    "pooler": "pooler.dense",
}


class Bert(Pretrained):
    """An encoder of texts.

    Args:
        config: as in `config.json`: `vocab_size`, `hidden_size`, `num_hidden_layers`, ...
        pooler: whether there is a layer over the first token.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import models, nnx
        >>> sizes = {"vocab_size": 50, "hidden_size": 8, "num_hidden_layers": 1,
        ...          "num_attention_heads": 2, "intermediate_size": 16,
        ...          "max_position_embeddings": 16, "type_vocab_size": 2}
        >>> model = models.Bert(sizes, rngs=nnx.Rngs(0))
        >>> model(jnp.array([[7, 8, 9]])).hidden.shape
        (1, 3, 8)
    """

    model_types = ("bert",)
    ignored = r"position_ids$|^cls\."
    names = Names(_ENCODER, prefix="bert.")

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        rngs: nnx.Rngs,
        dtype: DTypeLike | None = None,
        pooler: bool = True,
    ) -> None:
        super().__init__(config, rngs=rngs)
        width, options = config["hidden_size"], {"rngs": rngs, "dtype": dtype}
        self.words = nnx.Embed(config["vocab_size"], width, **options)
        self.positions = nnx.Embed(config["max_position_embeddings"], width, **options)
        self.types = nnx.Embed(config["type_vocab_size"], width, **options)
        epsilon = config.get("layer_norm_eps", 1e-12)
        self.norm = nnx.LayerNorm(width, epsilon=epsilon, **options)
        count = config["num_hidden_layers"]
        self.layers = nnx.List([_Layer(config, options) for _ in range(count)])
        self.pooler = nnx.Linear(width, width, **options) if pooler else None

    def __call__(
        self, tokens: Array, mask: Array | None = None, types: Array | None = None
    ) -> BertOutput:
        """Hidden states of int tokens `(batch, time)`; `mask` is True where there is no padding."""
        tokens = checked_tokens(tokens)
        places = jnp.arange(tokens.shape[-1])
        kinds = jnp.zeros_like(tokens) if types is None else types
        x = self.norm(self.words(tokens) + self.positions(places) + self.types(kinds))
        seen = None if mask is None else jnp.asarray(mask, bool)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, seen)
        pooled = None if self.pooler is None else jnp.tanh(self.pooler(x[:, 0]))
        return BertOutput(x, pooled)

    @classmethod
    def options_of(cls, weights: Mapping[str, Any]) -> dict[str, Any]:
        """Files of other heads hold no pooler."""
        return {"pooler": any("pooler" in name for name in weights)}


class BertForMaskedLM(Pretrained):
    """`Bert` with the layer that guesses words; its output table is the table of words."""

    names = Names(
        {
            **{f"encoder.{ours}": f"bert.{theirs}" for ours, theirs in _ENCODER.items()},
            "transform": "cls.predictions.transform.dense",
            "norm": "cls.predictions.transform.LayerNorm",
            "": "cls.predictions",
        }
    )
    model_types = ("bert",)
    ignored = r"position_ids$|decoder\.(weight|bias)$|pooler|seq_relationship"

    def __init__(
        self, config: Mapping[str, Any], *, rngs: nnx.Rngs, dtype: DTypeLike | None = None
    ) -> None:
        super().__init__(config, rngs=rngs)
        width, options = config["hidden_size"], {"rngs": rngs, "dtype": dtype}
        self.encoder = Bert(config, rngs=rngs, dtype=dtype, pooler=False)
        self.transform = nnx.Linear(width, width, **options)
        epsilon = config.get("layer_norm_eps", 1e-12)
        self.norm = nnx.LayerNorm(width, epsilon=epsilon, **options)
        self.bias = nnx.Param(jnp.zeros(config["vocab_size"]))

    def __call__(
        self, tokens: Array, mask: Array | None = None, types: Array | None = None
    ) -> Array:
        """Logits `(batch, time, vocabulary)` of int tokens `(batch, time)`."""
        x = self.encoder(tokens, mask, types).hidden
        activation = _ACTIVATIONS[self.config.get("hidden_act", "gelu")]
        x = self.norm(activation(self.transform(x)))
        return self.encoder.words.attend(x) + self.bias[...].astype(x.dtype)


def sentence_vectors(model: Bert, tokens: Array, mask: Array) -> Array:
    """Unit vectors `(batch, width)`: the mean hidden state over the tokens that are no padding.

    This is what the sentence-transformers "all-MiniLM" models compute (Reimers and Gurevych 2019,
    arXiv:1908.10084).
    """
    hidden = model(tokens, mask).hidden
    weight = jnp.asarray(mask, hidden.dtype)[..., None]
    mean = (hidden * weight).sum(1) / jnp.maximum(weight.sum(1), 1e-9)
    return mean / jnp.maximum(jnp.linalg.norm(mean, axis=-1, keepdims=True), 1e-12)
