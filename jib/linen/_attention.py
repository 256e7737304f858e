"""Attention modules, with masks and a cache for decoding one time after another."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from jib import numpy as jnp
from jib.errors import ArgumentValueError
from jib.linen._calls import compact
from jib.linen._linear import DenseGeneral
from jib.linen._module import Module, merge_param
from jib.linen._normalization import LayerNorm
from jib.nn import functional as F, initializers
from jib.nn.functional import (
    combine_masks as combine_masks,
    make_attention_mask as make_attention_mask,
    make_causal_mask as make_causal_mask,
)
from jib.nn.initializers import Initializer
from jib.typing import Array, DTypeLike

__all__ = [
    "MultiHeadAttention", "MultiHeadDotProductAttention", "SelfAttention", "combine_masks",
    "dot_product_attention", "dot_product_attention_weights", "make_attention_mask",
    "make_causal_mask",
]  # fmt: skip


def _einsum(given: Any, precision: Any, dot_general: Any) -> Callable[..., Array]:
    if given is None:
        return functools.partial(jnp.einsum, precision=precision, _dot_general=dot_general)
    if precision is not None or dot_general is not None:
        raise ArgumentValueError(
            "attention got an einsum of its own, and a precision or dot_general, which it would "
            "not see",
            help="einsum=functools.partial(jnp.einsum, precision=...)",
        )
    return given


def dot_product_attention_weights(
    query: Array, key: Array, bias: Array | None = None, mask: Array | None = None,
    broadcast_dropout: bool = True, dropout_rng: Any = None, dropout_rate: float = 0.0,
    deterministic: bool = False, dtype: DTypeLike | None = None, precision: Any = None,
    module: Module | None = None, force_fp32_for_softmax: bool = False,
    einsum_dot_general: Callable[..., Array] | None = None,
    einsum: Callable[..., Array] | None = None,
) -> Array:  # fmt: skip
    """How much each query attends to each key: `softmax(query keyᵀ / sqrt(depth) + bias)`.

    Args:
        query: batch axes, time, heads, depth.
        key: the same, with its own time, and perhaps fewer heads, shared by groups.
        bias: added to the scores, broadcast to batch axes, heads, query time, key time.
        mask: true where a query may look, broadcast likewise.
        broadcast_dropout: whether all heads and examples drop the same weights.
        dropout_rng, dropout_rate, deterministic: key and share of dropped weights, and whether none
            are.
        dtype: in which is computed; by default what query and key promote to.
        precision, einsum_dot_general, einsum: of the products, or what computes them.
        module: a module that records the weights as the intermediate `attention_weights`.
        force_fp32_for_softmax: whether the weights are float32 whatever the dtype.

    Returns:
        Batch axes, heads, query time, key time.

    Raises:
        ShapeError: if the shapes do not fit.
    """
    query, key = F.promote_dtype(query, key, dtype=dtype)
    sow = None if module is None else functools.partial(
        module.sow, "intermediates", "attention_weights"
    )  # fmt: skip
    return F.attention_weights(
        query, key, bias, mask, dropout_rate=0.0 if deterministic else dropout_rate,
        dropout_key=dropout_rng, broadcast_dropout=broadcast_dropout,
        keep_float32=force_fp32_for_softmax, sow=sow,
        einsum=_einsum(einsum, precision, einsum_dot_general),
    )  # fmt: skip


def dot_product_attention(
    query: Array, key: Array, value: Array, bias: Array | None = None, mask: Array | None = None,
    broadcast_dropout: bool = True, dropout_rng: Any = None, dropout_rate: float = 0.0,
    deterministic: bool = False, dtype: DTypeLike | None = None, precision: Any = None,
    module: Module | None = None, force_fp32_for_softmax: bool = False,
    einsum_dot_general: Callable[..., Array] | None = None,
    qk_attn_weights_einsum: Callable[..., Array] | None = None,
    attn_weights_value_einsum: Callable[..., Array] | None = None,
) -> Array:  # fmt: skip
    """Averages of values, weighted by `dot_product_attention_weights`, whose arguments these are.

    Args:
        value: batch axes, key time, heads, depth.
        qk_attn_weights_einsum, attn_weights_value_einsum: what computes the two products; both or
            none are given.

    Returns:
        Batch axes, query time, heads, depth of the value.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> x = jnp.ones((2, 5, 4, 8))
        >>> nn.dot_product_attention(x, x, x, mask=nn.make_causal_mask(x[:, :, 0, 0])).shape
        (2, 5, 4, 8)
    """
    if (qk_attn_weights_einsum is None) != (attn_weights_value_einsum is None):
        raise ArgumentValueError(
            "attention got an einsum for one of its two products alone",
            help="qk_attn_weights_einsum=einsum, attn_weights_value_einsum=einsum",
        )
    query, key, value = F.promote_dtype(query, key, value, dtype=dtype)
    F.check_attention(query, key, value)
    weights = dot_product_attention_weights(
        query, key, bias, mask, broadcast_dropout, dropout_rng, dropout_rate, deterministic, None,
        precision, module, force_fp32_for_softmax, einsum_dot_general, qk_attn_weights_einsum,
    )  # fmt: skip
    product = _einsum(attn_weights_value_einsum, precision, einsum_dot_general)
    return F.attend_to(weights, value, product)


class MultiHeadDotProductAttention(Module):
    """Attention of several heads (Vaswani et al., 2017, arXiv:1706.03762).

    Attributes:
        num_heads: how many heads.
        dtype: in which is computed; by default what inputs and parameters promote to.
        param_dtype: of the parameters.
        qkv_features: how many features query, key and value have, all heads together; by default
            those of the inputs.
        out_features: how many come out; by default those of the inputs.
        broadcast_dropout: whether all heads and examples drop the same weights.
        dropout_rate, deterministic: share of dropped weights, and whether none are.
        precision: of all products.
        kernel_init, bias_init: first values; `out_kernel_init`, `out_bias_init` for the last layer.
        use_bias: whether the linear layers have biases.
        attention_fn: what attends, by default `dot_product_attention`.
        decode: whether one time after another is given, and keys and values are kept in the
            collection `cache`; `init` with inputs of the full length makes it.
        normalize_qk: whether query and key are normalised (Dehghani et al., 2023,
            arXiv:2302.05442).
        force_fp32_for_softmax: whether attention weights are float32 whatever the dtype.
        qkv_dot_general, out_dot_general, qkv_dot_general_cls, out_dot_general_cls: as of
            `DenseGeneral`.
        qk_attn_weights_einsum_cls, attn_weights_value_einsum_cls: make what computes the two
            products of attention.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> layer, x = nn.MultiHeadDotProductAttention(num_heads=2), jnp.ones((3, 5, 8))
        >>> variables = layer.init(jib.random.key(0), x)
        >>> layer.apply(variables, x, mask=nn.make_causal_mask(x[..., 0])).shape
        (3, 5, 8)
    """

    num_heads: int
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    qkv_features: int | None = None
    out_features: int | None = None
    broadcast_dropout: bool = True
    dropout_rate: float = 0.0
    deterministic: bool | None = None
    precision: Any = None
    kernel_init: Initializer = F.default_kernel_init
    out_kernel_init: Initializer | None = None
    bias_init: Initializer = initializers.zeros
    out_bias_init: Initializer | None = None
    use_bias: bool = True
    attention_fn: Callable[..., Array] = dot_product_attention
    decode: bool = False
    normalize_qk: bool = False
    force_fp32_for_softmax: bool = False
    qkv_dot_general: Callable[..., Any] | None = None
    out_dot_general: Callable[..., Any] | None = None
    qkv_dot_general_cls: Any = None
    out_dot_general_cls: Any = None
    qk_attn_weights_einsum_cls: Callable[..., Callable[..., Array]] | None = None
    attn_weights_value_einsum_cls: Callable[..., Callable[..., Array]] | None = None

    @compact
    def __call__(
        self,
        inputs_q: Array,
        inputs_k: Array | None = None,
        inputs_v: Array | None = None,
        *,
        inputs_kv: Array | None = None,
        mask: Array | None = None,
        deterministic: bool | None = None,
        dropout_rng: Any = None,
        sow_weights: bool = False,
    ) -> Array:
        """Attend from queries to keys.

        Args:
            inputs_q: batch axes, query time, features.
            inputs_k: batch axes, key time, features; the queries by default.
            inputs_v: as `inputs_k`, which they are by default.
            inputs_kv: both, in an older way of calling.
            mask: true where a query may look, broadcast to batch axes, heads, query time, key time.
            deterministic, dropout_rng: whether no weights are dropped, and the key for it; by
                default the attribute, and the stream `dropout`.
            sow_weights: whether the weights are recorded as intermediates.

        Returns:
            Batch axes, query time, `out_features`.

        Raises:
            ShapeError: if shapes do not fit one another, or the cache.
            IndexBoundsError: if the cache is known to be full.
        """
        if inputs_kv is not None:
            if inputs_k is not None or inputs_v is not None:
                raise ArgumentValueError(
                    f"`{F.layer_text(self)}` got inputs_kv beside inputs_k or inputs_v",
                    help="layer(inputs_q, inputs_k, inputs_v)",
                )
            warnings.warn("inputs_kv is deprecated: give inputs_k", DeprecationWarning, 2)
            inputs_k = inputs_kv
        inputs_q, inputs_k, inputs_v = F.attention_inputs(inputs_q, inputs_k, inputs_v, self)
        features = self.qkv_features or inputs_q.shape[-1]
        depth = F.heads_depth(features, self.num_heads, self)
        query, key, value = (
            self._linear(name, (self.num_heads, depth), "qkv")(x)
            for name, x in (("query", inputs_q), ("key", inputs_k), ("value", inputs_v))
        )
        if self.normalize_qk:
            norm = functools.partial(
                LayerNorm, use_bias=False, dtype=self.dtype, param_dtype=self.param_dtype
            )
            query, key = norm(name="query_ln")(query), norm(name="key_ln")(key)
        if self.decode:
            key, value, mask = self._decoded(key, value, mask)
        options = {**self._dropout(deterministic, dropout_rng), **self._products(), "mask": mask}
        known = inspect.signature(self.attention_fn).parameters
        options = {name: option for name, option in options.items() if name in known}
        if sow_weights:
            options["module"] = self
        heads = self.attention_fn(query, key, value, **options)
        return self._linear("out", self.out_features or inputs_q.shape[-1], "out")(heads)

    def _linear(self, name: str, features: Any, role: str) -> DenseGeneral:
        """A linear layer into heads, or out of them."""
        out = role == "out"
        return DenseGeneral(
            features=features, axis=(-2, -1) if out else -1, use_bias=self.use_bias,
            dtype=self.dtype, param_dtype=self.param_dtype, precision=self.precision, name=name,
            kernel_init=(out and self.out_kernel_init) or self.kernel_init,
            bias_init=(out and self.out_bias_init) or self.bias_init,
            dot_general=getattr(self, f"{role}_dot_general"),
            dot_general_cls=getattr(self, f"{role}_dot_general_cls"),
        )  # fmt: skip

    def _decoded(self, key: Array, value: Array, mask: Array | None) -> Any:
        """Keys, values and mask of all times so far; at `init`, the cache is made."""
        there = self.has_variable("cache", "cached_key")
        if not there and not self.is_initializing() and not self.is_mutable_collection("cache"):
            raise ArgumentValueError(
                f"`{F.layer_text(self)}` decodes, but was given no collection `cache`",
                help="variables = model.init(key, x)   # x of the full length; makes the cache",
            )
        keys = self.variable("cache", "cached_key", jnp.zeros, key.shape, key.dtype)
        values = self.variable("cache", "cached_value", jnp.zeros, value.shape, value.dtype)
        index = self.variable("cache", "cache_index", lambda: jnp.array(0, jnp.int32))
        if not there:
            return key, value, mask
        key, value, seen = F.decode_step(keys.value, values.value, index.value, key, value, self)
        keys.value, values.value, index.value = key, value, index.value + 1
        return key, value, combine_masks(mask, seen)

    def _dropout(self, deterministic: bool | None, key: Any) -> dict[str, Any]:
        """The options of dropout; `deterministic` must be told if there is any."""
        fixed = True
        if self.dropout_rate > 0.0:
            fixed = merge_param("deterministic", self.deterministic, deterministic)
            key = self.make_rng("dropout") if not fixed and key is None else key
        return {
            "dropout_rng": key,
            "dropout_rate": self.dropout_rate,
            "broadcast_dropout": self.broadcast_dropout,
            "deterministic": fixed,
        }

    def _products(self) -> dict[str, Any]:
        """The options of products."""
        names = ("qk_attn_weights_einsum", "attn_weights_value_einsum")
        makers = {name: getattr(self, f"{name}_cls") for name in names}
        return {
            "dtype": self.dtype,
            "precision": self.precision,
            "force_fp32_for_softmax": self.force_fp32_for_softmax,
            **{name: None if make is None else make() for name, make in makers.items()},
        }


class MultiHeadAttention(MultiHeadDotProductAttention):
    """`MultiHeadDotProductAttention` by a shorter name, which its scope in a model has too."""


class SelfAttention(MultiHeadDotProductAttention):
    """`MultiHeadDotProductAttention` of a sequence to itself; the mask is the second argument."""

    @compact
    def __call__(  # type: ignore[override]
        self,
        inputs_q: Array,
        mask: Array | None = None,
        deterministic: bool | None = None,
        dropout_rng: Any = None,
        sow_weights: bool = False,
    ) -> Array:
        """Attend from each time of `inputs_q` to all; see `MultiHeadDotProductAttention`."""
        return super().__call__(
            inputs_q,
            mask=mask,
            deterministic=deterministic,
            dropout_rng=dropout_rng,
            sow_weights=sow_weights,
        )
