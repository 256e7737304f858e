"""Llama and its relatives: Mistral, Qwen2 and Qwen3 differ in a bias, a window, two norms.

Touvron et al. 2023 (arXiv:2302.13971); rotary positions by Su et al. 2021 (arXiv:2104.09864);
shared key heads by Ainslie et al. 2023 (arXiv:2305.13245).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

import jib
from jib import nnx, numpy as jnp
from jib.errors import ArgumentValueError
from jib.models._attending import Attending, Cache, heads
from jib.models._folder import Names
from jib.models._pretrained import Pretrained
from jib.typing import Array, DTypeLike

__all__ = ["Llama", "rotary", "rotary_frequencies"]


def rotary_frequencies(config: Mapping[str, Any], width: int) -> np.ndarray:
    """Radians per position of each pair of numbers of a head, float32 `(width // 2,)`.

    Raises:
        ArgumentValueError: for a kind of scaling that is not there.
    """
    # Files before and after version 5 of `transformers` say it in two ways.
    scaling = config.get("rope_parameters") or config.get("rope_scaling") or {}
    base = scaling.get("rope_theta") or config.get("rope_theta") or 10000.0
    plain = base ** -(np.arange(0, width, 2, dtype=np.float64) / width)
    kind = scaling.get("rope_type") or scaling.get("type") or "default"
    if kind == "default":
        return plain.astype(np.float32)
    if kind == "linear":
        return (plain / scaling["factor"]).astype(np.float32)
    if kind != "llama3":
        raise ArgumentValueError(
            f"rotary positions scaled as {kind!r} are not there; there are default, linear, llama3"
        )
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    turns = scaling["original_max_position_embeddings"] * plain / (2 * math.pi)
    share = np.clip((turns - low) / (high - low), 0, 1)  # how far a frequency is kept as it is
    return (share * plain + (1 - share) * plain / scaling["factor"]).astype(np.float32)


def rotary(x: Array, positions: Array, frequencies: np.ndarray) -> Array:
    """Heads `(batch, time, heads, width)` turned by their positions `(batch, time)`.

    The pairs that are turned are number `i` and number `i + width / 2`.
    """
    angles = positions[..., None].astype("float32") * frequencies
    cosine, sine = jnp.cos(angles)[:, :, None, :], jnp.sin(angles)[:, :, None, :]
    first, second = jnp.split(x.astype("float32"), 2, axis=-1)
    turned = [first * cosine - second * sine, second * cosine + first * sine]
    return jnp.concatenate(turned, -1).astype(x.dtype)


def _sizes(config: Mapping[str, Any]) -> tuple[int, int, int]:
    """Query heads, key heads, and the width of a head."""
    count = config["num_attention_heads"]
    shared = config.get("num_key_value_heads") or count
    return count, shared, config.get("head_dim") or config["hidden_size"] // count


class _Attention(nnx.Module):
    def __init__(self, config: Mapping[str, Any], options: dict[str, Any]) -> None:
        count, shared, width = _sizes(config)
        outer, kind = config["hidden_size"], config.get("model_type")
        bias = config.get("attention_bias", kind == "qwen2")
        self.query = nnx.Linear(outer, count * width, use_bias=bias, **options)
        self.key = nnx.Linear(outer, shared * width, use_bias=bias, **options)
        self.value = nnx.Linear(outer, shared * width, use_bias=bias, **options)
        out_bias = bias and kind != "qwen2"
        self.out = nnx.Linear(count * width, outer, use_bias=out_bias, **options)
        norm = functools.partial(nnx.RMSNorm, width, epsilon=config["rms_norm_eps"], **options)
        self.query_norm = norm() if kind == "qwen3" else None
        self.key_norm = norm() if kind == "qwen3" else None
        self.counts = (count, shared)
        self.frequencies = nnx.static(tuple(rotary_frequencies(config, width).tolist()))

    def __call__(self, x: Array, layer: int, attend: Attending) -> Array:
        count, shared = self.counts
        query, key = heads(self.query(x), count), heads(self.key(x), shared)
        if self.query_norm is not None and self.key_norm is not None:
            query, key = self.query_norm(query), self.key_norm(key)
        turns = np.array(self.frequencies, np.float32)
        query, key = (rotary(part, attend.positions, turns) for part in (query, key))
        read = attend(layer, query, key, heads(self.value(x), shared))
        return self.out(read.reshape(*x.shape[:-1], -1))


class _Block(nnx.Module):
    def __init__(self, config: Mapping[str, Any], options: dict[str, Any]) -> None:
        width, inner = config["hidden_size"], config["intermediate_size"]
        epsilon, bias = config["rms_norm_eps"], config.get("mlp_bias", False)
        self.first_norm = nnx.RMSNorm(width, epsilon=epsilon, **options)
        self.attention = _Attention(config, options)
        self.second_norm = nnx.RMSNorm(width, epsilon=epsilon, **options)
        self.gate = nnx.Linear(width, inner, use_bias=bias, **options)
        self.widen = nnx.Linear(width, inner, use_bias=bias, **options)
        self.narrow = nnx.Linear(inner, width, use_bias=bias, **options)

    def __call__(self, x: Array, layer: int, attend: Attending) -> Array:
        x = x + self.attention(self.first_norm(x), layer, attend)
        inner = self.second_norm(x)
        return x + self.narrow(jib.nn.silu(self.gate(inner)) * self.widen(inner))


_LAYER = {
    "first_norm": "input_layernorm",
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.out": "self_attn.o_proj",
    "attention.query_norm": "self_attn.q_norm",
    "attention.key_norm": "self_attn.k_norm",
    "second_norm": "post_attention_layernorm",
    "gate": "mlp.gate_proj",
    "widen": "mlp.up_proj",
    "narrow": "mlp.down_proj",
}


class Llama(Pretrained):
    """A decoder with rotary positions, root-mean-square norms and gated layers.

    Args:
        config: as in `config.json`; `model_type` may be llama, mistral, qwen2 or qwen3.
        rngs: for random weights.
        dtype: in which is computed.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import models, nnx
        >>> sizes = {"vocab_size": 50, "hidden_size": 8, "num_hidden_layers": 1,
        ...          "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 16,
        ...          "max_position_embeddings": 32, "rms_norm_eps": 1e-6}
        >>> model = models.Llama(sizes, rngs=nnx.Rngs(0))
        >>> model(jnp.array([[7, 8, 9]])).shape
        (1, 3, 50)
    """

    model_types = ("llama", "mistral", "qwen2", "qwen3")
    ignored = r"rotary_emb\.inv_freq$|lm_head\.weight$"
    names = Names(
        {
            "tokens": "model.embed_tokens",
            "norm": "model.norm",
            "head": "lm_head",
            **{f"layers.{{}}.{k}": f"model.layers.{{}}.{v}" for k, v in _LAYER.items()},
        }
    )

    def __init__(
        self, config: Mapping[str, Any], *, rngs: nnx.Rngs, dtype: DTypeLike | None = None
    ) -> None:
        super().__init__(config, rngs=rngs)
        width, options = config["hidden_size"], {"rngs": rngs, "dtype": dtype}
        self.tokens = nnx.Embed(config["vocab_size"], width, **options)
        count = config["num_hidden_layers"]
        self.layers = nnx.List([_Block(config, options) for _ in range(count)])
        self.norm = nnx.RMSNorm(width, epsilon=config["rms_norm_eps"], **options)
        tied = config.get("tie_word_embeddings", False)
        self.head = (
            None if tied else nnx.Linear(width, config["vocab_size"], use_bias=False, **options)
        )

    def __call__(self, tokens: Array, mask: Array | None = None, cache: Cache | None = None) -> Any:
        """Logits `(batch, time, vocabulary)` of int tokens `(batch, time)`.

        `mask` is True where a token is no padding. With a cache, the pair of logits and the filled
        cache.
        """
        window = self.config.get("sliding_window")
        used = self.config.get("use_sliding_window", self.config.get("model_type") == "mistral")
        attend = Attending(tokens, mask, cache, window if used else None)
        x = self.tokens(tokens)
        for i, layer in enumerate(self.layers):
            x = layer(x, i, attend)
        x = self.norm(x)
        return attend.result(self.tokens.attend(x) if self.head is None else self.head(x))

    def empty_cache(self, batch: int, size: int, dtype: DTypeLike = jnp.float32) -> Cache:
        """A cache for `size` tokens of each row."""
        _, shared, width = _sizes(self.config)
        layers = self.config["num_hidden_layers"]
        return Cache.empty(layers, batch, size, shared, width, dtype)

    @property
    def most_tokens(self) -> int:
        """How many positions the model was trained with."""
        return self.config["max_position_embeddings"]
