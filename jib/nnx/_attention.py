"""Attention layers, with masks and a cache for decoding one time after another."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from jib import nn, numpy as jnp
from jib.errors import ArgumentValueError
from jib.nn import functional as F, initializers
from jib.nn.functional import (
    combine_masks as combine_masks,
    make_attention_mask as make_attention_mask,
    make_causal_mask as make_causal_mask,
)
from jib.nn.initializers import Initializer
from jib.nnx._layers import NOTHING, Layer, promote_dtype as _promote
from jib.nnx._linear import LinearGeneral
from jib.nnx._modules import Module
from jib.nnx._normalization import LayerNorm
from jib.nnx._pytrees import data
from jib.nnx._random import Rngs, RngStream
from jib.nnx._variables import Cache, Intermediate
from jib.typing import Array, DTypeLike, Shape

__all__ = [
    "MultiHeadAttention", "combine_masks", "dot_product_attention", "make_attention_mask",
    "make_causal_mask",
]  # fmt: skip


def dot_product_attention(
    query: Array, key: Array, value: Array, bias: Array | None = None, mask: Array | None = None,
    broadcast_dropout: bool = True, dropout_rng: Any = None, dropout_rate: float = 0.0,
    deterministic: bool = False, dtype: DTypeLike | None = None, precision: Any = None,
    module: Module | None = None, promote_dtype: Callable[..., Any] = _promote,
    is_causal: bool = False,
) -> Array:  # fmt: skip
    """Averages of values, weighted by `softmax(query keyᵀ / sqrt(depth) + bias)`.

    Args:
        query: batch axes, time, heads, depth.
        key, value: the same, with their own time, and perhaps fewer heads, shared by groups.
        bias: added to the scores, broadcast to batch axes, heads, query time, key time.
        mask: true where a query may look, broadcast likewise.
        broadcast_dropout: whether all heads and examples drop the same weights.
        dropout_rng, dropout_rate, deterministic: key and share of dropped weights, and whether none
            are.
        dtype: in which is computed; by default what the arrays promote to.
        precision: of the products.
        module: a module that records the weights as the intermediate `attention_weights`.
        promote_dtype: a function of a tuple of arrays that gives them one dtype.
        is_causal: whether a query looks at its own time and before alone.

    Returns:
        Batch axes, query time, heads, depth of the value.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> x = jnp.ones((2, 5, 4, 8))
        >>> nnx.dot_product_attention(x, x, x, is_causal=True).shape
        (2, 5, 4, 8)
    """
    query, key, value = promote_dtype((query, key, value), dtype=dtype)
    F.check_attention(query, key, value)
    dropped = 0.0 if deterministic else dropout_rate
    plain = module is None and dropped == 0.0 and precision is None
    if plain and query.ndim == 4 and key.shape == value.shape:
        mask = None if mask is None else jnp.asarray(mask, jnp.bool_)
        return nn.dot_product_attention(query, key, value, bias, mask, is_causal=is_causal)
    sow = None if module is None else functools.partial(
        module.sow, Intermediate, "attention_weights"
    )  # fmt: skip
    einsum = functools.partial(jnp.einsum, precision=precision)
    weights = F.attention_weights(
        query, key, bias, mask, is_causal=is_causal, dropout_rate=dropped, dropout_key=dropout_rng,
        broadcast_dropout=broadcast_dropout, sow=sow, einsum=einsum,
    )  # fmt: skip
    return F.attend_to(weights, value, einsum)


class MultiHeadAttention(Layer):
    """Attention of several heads (Vaswani et al., 2017, arXiv:1706.03762).

    Args:
        num_heads: how many heads.
        in_features: of the queries.
        qkv_features: how many features query, key and value have, all heads together; by default
            `in_features`.
        out_features: how many come out; by default `in_features`.
        num_kv_heads: how many heads keys and values have; groups of query heads share one (Ainslie
            et al., 2023, arXiv:2305.13245).
        in_kv_features: of keys and values; by default `in_features`.
        dtype: in which is computed; by default what inputs and parameters promote to.
        param_dtype: of the parameters.
        broadcast_dropout: whether all heads and examples drop the same weights.
        dropout_rate, deterministic: share of dropped weights, and whether none are.
        precision: of all products.
        kernel_init, bias_init: first values; `out_kernel_init`, `out_bias_init` for the last layer.
        use_bias: whether the linear layers have biases.
        attention_fn: what attends, by default `dot_product_attention`.
        decode: whether one time after another is given, and keys and values are kept in the cache
            that `init_cache` makes.
        normalize_qk: whether query and key are normalised (Dehghani et al., 2023,
            arXiv:2302.05442).
        qkv_promote_dtype, out_promote_dtype, ln_promote_dtype: functions of a tuple of arrays that
            give them one dtype, for the linear layers and the norms.
        qkv_dot_general, out_dot_general, qkv_dot_general_cls, out_dot_general_cls: as of
            `LinearGeneral`.
        rngs: streams of keys: `params`, and `dropout`.
        keep_rngs: whether the layer goes on with a stream `dropout` of its own.
        kernel_metadata, out_kernel_metadata, bias_metadata, out_bias_metadata,
            query_ln_scale_metadata, key_ln_scale_metadata: of the variables.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> layer = nnx.MultiHeadAttention(2, 8, decode=False, rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((3, 5, 8)), is_causal=True).shape
        (3, 5, 8)
    """

    def __init__(
        self, num_heads: int, in_features: int, qkv_features: int | None = None,
        out_features: int | None = None, num_kv_heads: int | None = None,
        in_kv_features: int | None = None, *, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, broadcast_dropout: bool = True,
        dropout_rate: float = 0.0, deterministic: bool | None = None, precision: Any = None,
        kernel_init: Initializer = F.default_kernel_init,
        out_kernel_init: Initializer | None = None, bias_init: Initializer = initializers.zeros,
        out_bias_init: Initializer | None = None, use_bias: bool = True,
        attention_fn: Callable[..., Array] = dot_product_attention, decode: bool | None = None,
        normalize_qk: bool = False, qkv_promote_dtype: Callable[..., Any] = _promote,
        out_promote_dtype: Callable[..., Any] = _promote,
        ln_promote_dtype: Callable[..., Any] = _promote,
        qkv_dot_general: Callable[..., Any] | None = None,
        out_dot_general: Callable[..., Any] | None = None, qkv_dot_general_cls: Any = None,
        out_dot_general_cls: Any = None, rngs: Rngs, keep_rngs: bool = True,
        kernel_metadata: Mapping[str, Any] = NOTHING,
        out_kernel_metadata: Mapping[str, Any] = NOTHING,
        bias_metadata: Mapping[str, Any] = NOTHING,
        out_bias_metadata: Mapping[str, Any] = NOTHING,
        query_ln_scale_metadata: Mapping[str, Any] = NOTHING,
        key_ln_scale_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        qkv_features = in_features if qkv_features is None else qkv_features
        out_features = in_features if out_features is None else out_features
        in_kv_features = in_features if in_kv_features is None else in_kv_features
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        self._keep(locals())
        if num_kv_heads < 1 or num_heads % num_kv_heads:
            raise ArgumentValueError(
                f"`{F.layer_text(self)}` cannot share {num_kv_heads} heads of keys among "
                f"{num_heads} heads of queries",
                help="num_kv_heads=1",
            )
        self.head_dim = F.heads_depth(qkv_features, num_heads, self)
        linear = functools.partial(
            LinearGeneral, use_bias=use_bias, dtype=dtype, param_dtype=param_dtype,
            precision=precision, rngs=rngs,
        )  # fmt: skip
        qkv = functools.partial(
            linear, kernel_init=kernel_init, bias_init=bias_init, promote_dtype=qkv_promote_dtype,
            dot_general=qkv_dot_general, dot_general_cls=qkv_dot_general_cls,
            kernel_metadata=kernel_metadata, bias_metadata=bias_metadata,
        )  # fmt: skip
        shared = (num_kv_heads, self.head_dim)
        self.query = qkv(in_features, (num_heads, self.head_dim))
        self.key, self.value = qkv(in_kv_features, shared), qkv(in_kv_features, shared)
        self.query_ln = self._norm(rngs, query_ln_scale_metadata)
        self.key_ln = self._norm(rngs, key_ln_scale_metadata)
        self.out = linear(
            (num_heads, self.head_dim), out_features, axis=(-2, -1),
            kernel_init=out_kernel_init or kernel_init, bias_init=out_bias_init or bias_init,
            promote_dtype=out_promote_dtype, dot_general=out_dot_general,
            dot_general_cls=out_dot_general_cls,
            kernel_metadata=out_kernel_metadata or kernel_metadata,
            bias_metadata=out_bias_metadata or bias_metadata,
        )  # fmt: skip
        self.rngs: Any = rngs.dropout.fork() if keep_rngs and dropout_rate > 0 else data(None)
        self.cached_key = self.cached_value = data(None)
        self.cache_index: Any = data(None)

    def _norm(self, rngs: Rngs, scale_metadata: Mapping[str, Any]) -> Any:
        if not self.normalize_qk:
            return data(None)
        return LayerNorm(
            self.head_dim, use_bias=False, dtype=self.dtype, param_dtype=self.param_dtype,
            promote_dtype=self.ln_promote_dtype, rngs=rngs, scale_metadata=scale_metadata,
        )  # fmt: skip

    def __call__(
        self, inputs_q: Array, inputs_k: Array | None = None, inputs_v: Array | None = None, *,
        mask: Array | None = None, deterministic: bool | None = None,
        rngs: Rngs | RngStream | None = None, sow_weights: bool = False,
        decode: bool | None = None, is_causal: bool = False, out_sharding: Any = None,
        qkv_sharding: Any = None,
    ) -> Array:  # fmt: skip
        """Attend from queries to keys.

        Args:
            inputs_q: batch axes, query time, features.
            inputs_k: batch axes, key time, features; the queries by default.
            inputs_v: as `inputs_k`, which they are by default.
            mask: true where a query may look, broadcast to batch axes, heads, query time, key time.
            deterministic, rngs, decode: in place of the attributes.
            sow_weights: whether the weights are recorded as intermediates.
            is_causal: whether a query looks at its own time and before alone.
            out_sharding, qkv_sharding: of what the linear layers give.

        Returns:
            Batch axes, query time, `out_features`.

        Raises:
            ShapeError: if shapes do not fit one another, or the cache.
            IndexBoundsError: if the cache is known to be full.
            ArgumentValueError: if there is no cache, or no keys for dropout.
        """
        inputs_q, inputs_k, inputs_v = F.attention_inputs(inputs_q, inputs_k, inputs_v, self)
        query = self.query(inputs_q, out_sharding=qkv_sharding)
        key = self.key(inputs_k, out_sharding=qkv_sharding)
        value = self.value(inputs_v, out_sharding=qkv_sharding)
        if self.normalize_qk:
            query, key = self.query_ln(query), self.key_ln(key)
        if F.first_given(self, "decode", "False", decode, self.decode):
            key, value, mask = self._decoded(key, value, mask)
        fixed = self.dropout_rate == 0.0 or F.first_given(
            self, "deterministic", "True", deterministic, self.deterministic
        )
        heads = self.attention_fn(
            query, key, value, mask=mask, dropout_rng=None if fixed else self._dropout_key(rngs),
            dropout_rate=self.dropout_rate, broadcast_dropout=self.broadcast_dropout,
            deterministic=fixed, dtype=self.dtype, precision=self.precision,
            module=self if sow_weights else None, is_causal=is_causal,
        )  # fmt: skip
        return self.out(heads, out_sharding=out_sharding)

    def _dropout_key(self, rngs: Rngs | RngStream | None) -> Any:
        stream = rngs.dropout if isinstance(rngs, Rngs) else self.rngs if rngs is None else rngs
        if stream is None:
            raise ArgumentValueError(
                f"`{F.layer_text(self)}` drops weights at random, but has no keys",
                help="layer(x, rngs=nnx.Rngs(dropout=0))",
            )
        return stream()

    def _decoded(self, key: Array, value: Array, mask: Array | None) -> Any:
        """Keys, values and mask of all times so far."""
        if self.cached_key is None:
            raise ArgumentValueError(
                f"`{F.layer_text(self)}` decodes, but has no cache",
                help="layer.init_cache(x.shape)   # x of the full length",
            )
        key, value, seen = F.decode_step(
            self.cached_key[...], self.cached_value[...], self.cache_index[...], key, value, self
        )
        self.cached_key[...], self.cached_value[...] = key, value
        self.cache_index[...] += 1
        return key, value, combine_masks(mask, seen)

    def init_cache(self, input_shape: Shape, dtype: DTypeLike = jnp.float32) -> None:
        """Make an empty cache for inputs of that shape: batch axes, full length, features.

        Example:
            >>> import jib.numpy as jnp
            >>> from jib import nnx
            >>> layer = nnx.MultiHeadAttention(2, 4, decode=True, rngs=nnx.Rngs(0))
            >>> layer.init_cache((5, 9, 4))
            >>> layer(jnp.ones((5, 1, 4))).shape, layer.cache_index[...].item()
            ((5, 1, 4), 1)
        """
        shape = (*input_shape[:-1], self.num_kv_heads, self.head_dim)
        self.cached_key = Cache(jnp.zeros(shape, dtype))
        self.cached_value = Cache(jnp.zeros(shape, dtype))
        self.cache_index = Cache(jnp.array(0, jnp.int32))

    def set_view(
        self, deterministic: bool | None = None, decode: bool | None = None,
        batch_size: int | Shape | None = None, max_length: int | None = None,
    ) -> None:  # fmt: skip
        """Set attributes that are given; `nnx.view` calls this.

        Args:
            deterministic: whether no weights are dropped.
            decode: whether one time after another is given.
            batch_size, max_length: of a new cache, made if both are given and there is none.
        """
        if deterministic is not None:
            self.deterministic = deterministic
        if decode is not None:
            self.decode = decode
        if decode and self.cached_key is None and batch_size is not None and max_length is not None:
            batch = F.as_tuple(batch_size)
            self.init_cache((*batch, max_length, self.in_features), self.dtype or jnp.float32)
