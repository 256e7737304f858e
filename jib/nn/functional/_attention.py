"""Attention as functions of arrays: weights, masks, and steps with a cache of keys and values."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from jib import lax, numpy as jnp, random
from jib.core.tracing import Tracer
from jib.errors import ArgumentValueError, IndexBoundsError, ShapeError
from jib.nn._normalising import softmax
from jib.nn.functional._promoting import layer_text
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "attend_to",
    "attention_inputs",
    "attention_weights",
    "causal_mask",
    "check_attention",
    "combine_masks",
    "decode_step",
    "heads_depth",
    "make_attention_mask",
    "make_causal_mask",
]  # fmt: skip


def check_attention(query: Array, key: Array, value: Array | None = None) -> None:
    """Raise ShapeError unless the arrays `[batch..., time, heads, depth]` fit one another."""
    names = ("query", "key") if value is None else ("query", "key", "value")
    arrays = (query, key) if value is None else (query, key, value)
    shapes: list[Any] = [tuple(x.shape) for x in arrays]
    q, *others = shapes
    fits = len(q) >= 3 and all(len(s) == len(q) and s[:-3] == q[:-3] for s in others)
    fits = fits and key.shape[-1] == q[-1] and all(s[-2] and q[-2] % s[-2] == 0 for s in others)
    if not fits or (value is not None and value.shape[-3:-1] != key.shape[-3:-1]):
        found = ", ".join(f"{n} {list(s)}" for n, s in zip(names, shapes, strict=True))
        raise ShapeError(
            "attention takes arrays [batch..., time, heads, depth] of equal batch axes and depth, "
            f"where the heads of the query are a multiple of the key's, but got {found}",
            help="x.reshape(*x.shape[:-1], heads, -1)   # features to heads",
        )


def _grouped(equation: str, x: Array, y: Array, einsum: Callable[..., Array]) -> Array:
    """An einsum over heads `h` of which `y` may have fewer: groups of heads of `x` share one.

    Nothing is repeated: the heads of `x` become two axes.
    """
    axis = -2 if equation.startswith("...qhd") else -3
    heads, shared = x.shape[axis], y.shape[-2]
    if heads == shared:
        return einsum(equation, x, y)
    at = x.ndim + axis
    split = x.reshape(*x.shape[:at], shared, heads // shared, *x.shape[at + 1 :])
    left, right, out = equation.replace("->", ",").split(",")
    wide = f"{left.replace('h', 'hg')},{right}->{out.replace('h', 'hg')}"
    found = einsum(wide, split, y)
    at = found.ndim - (3 if out.endswith("hd") else 4)
    return found.reshape(*found.shape[:at], heads, *found.shape[at + 2 :])


def attention_weights(
    query: Array, key: Array, bias: ArrayLike | None = None, mask: ArrayLike | None = None, *,
    is_causal: bool = False, dropout_rate: float = 0.0, dropout_key: Any = None,
    broadcast_dropout: bool = True, keep_float32: bool = False,
    sow: Callable[..., Any] | None = None, einsum: Callable[..., Array] = jnp.einsum,
) -> Array:  # fmt: skip
    """`softmax(query keyᵀ / sqrt(depth) + bias)` (Vaswani et al., 2017, arXiv:1706.03762).

    The softmax is computed in float32 where the arrays have fewer bits.

    Args:
        query: batch axes, time, heads, depth.
        key: the same, with its own time, and perhaps fewer heads, shared by groups.
        bias: added to the scores, broadcast to batch axes, heads, query time, key time.
        mask: true where a query may look, broadcast likewise.
        is_causal: whether a query looks at its own time and before alone.
        dropout_rate: the share of weights that are dropped, if there is a `dropout_key`.
        broadcast_dropout: whether all heads and examples drop the same.
        keep_float32: whether the weights stay in float32.
        sow: is given the weights before dropout.
        einsum: what multiplies.

    Returns:
        Batch axes, heads, query time, key time.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional as F
        >>> x = jnp.ones((3, 1, 2))
        >>> F.attention_weights(x, x, is_causal=True)[0, 1].tolist()
        [0.5, 0.5, 0.0]
    """
    check_attention(query, key)
    dtype = query.dtype
    scores = _grouped("...qhd,...khd->...hqk", query / jnp.sqrt(query.shape[-1]).astype(dtype),
                      key, einsum)  # fmt: skip
    if bias is not None:
        scores = scores + bias
    lowest = jnp.finfo(dtype).min
    if mask is not None:
        scores = jnp.where(mask, scores, lowest)
    if is_causal:
        scores = jnp.where(causal_mask(*scores.shape[-2:]), scores, lowest)
    weights = softmax(scores.astype(jnp.promote_types(scores.dtype, jnp.float32)))
    weights = weights if keep_float32 else weights.astype(dtype)
    if sow is not None:
        sow(weights)
    if dropout_rate > 0.0 and dropout_key is not None:
        shape = weights.shape
        if broadcast_dropout:
            shape = (1,) * (len(shape) - 2) + shape[-2:]
        kept = random.bernoulli(dropout_key, 1.0 - dropout_rate, shape)
        weights = weights * (kept.astype(dtype) / jnp.asarray(1.0 - dropout_rate, dtype))
    return weights


def attend_to(weights: Array, value: Array, einsum: Callable[..., Array] = jnp.einsum) -> Array:
    """The average of values for each query: batch axes, query time, heads, depth."""
    return _grouped("...hqk,...khd->...qhd", weights, value, einsum)


def attention_inputs(
    query: Array, key: Array | None, value: Array | None, layer: Any
) -> tuple[Array, Array, Array]:
    """Query, key and value, of which the key is the query and the value the key by default.

    Raises:
        ArgumentValueError: for a value without a key.
    """
    if key is None and value is not None:
        raise ArgumentValueError(
            f"`{layer_text(layer)}` was given values, but no keys to find them by",
            help="layer(inputs_q, inputs_k)   # keys and values alike",
        )
    key = query if key is None else key
    return query, key, key if value is None else value


def heads_depth(features: int, heads: int, layer: Any) -> int:
    """How many features each head has.

    Raises:
        ArgumentValueError: if the features cannot be divided among the heads.
    """
    if heads < 1 or features % heads:
        raise ArgumentValueError(
            f"`{layer_text(layer)}` cannot share {features} features among {heads} heads",
            help=f"qkv_features={-(-features // max(heads, 1)) * max(heads, 1)}",
        )
    return features // heads


# ----------------------------------------------------------------------------------------- cache


def decode_step(
    keys: Array, values: Array, index: Array, key: Array, value: Array, layer: Any = "attention"
) -> tuple[Array, Array, Array]:
    """One time more in a cache: the new keys and values, and the mask of the times that are there.

    Args:
        keys, values: the cache: batch axes, length, heads, depth.
        index: how many times are in it.
        key, value: of the next time: batch axes, 1, heads, depth.
        layer: what messages call the layer.

    Raises:
        ShapeError: if `key` is not one time of the cache's shape.
        IndexBoundsError: if the cache is known to be full. Where the index is traced, the last
            place is written over.
    """
    *batch, length, heads, depth = keys.shape
    wanted = (*batch, 1, heads, depth)
    if tuple(key.shape) != wanted:
        raise ShapeError(
            f"`{layer_text(layer)}` decodes one time after another, with a cache made for keys of "
            f"shape {wanted}, but got {tuple(key.shape)}",
            help="layer(x[:, t : t + 1])   # one time, and the batch that the cache was made for",
        )
    if not isinstance(index, Tracer) and int(index) >= length:
        raise IndexBoundsError(
            f"the cache of `{layer_text(layer)}` is full: it holds {length} times, and all were "
            "decoded",
            help="make the cache for as many times as are decoded",
        )
    at = (0,) * len(batch) + (index, 0, 0)
    keys, values = (
        lax.dynamic_update_slice(kept, new.astype(kept.dtype), at)
        for kept, new in ((keys, key), (values, value))
    )
    seen = (jnp.arange(length) <= index).reshape((1,) * (len(batch) + 2) + (length,))
    return keys, values, seen


# ----------------------------------------------------------------------------------------- masks


def causal_mask(queries: int, keys: int) -> Array:
    """True where a query looks at its own time or before: bool[queries, keys]."""
    return jnp.arange(queries)[:, None] >= jnp.arange(keys)[None, :]


def make_attention_mask(
    query_input: Array,
    key_input: Array,
    pairwise_fn: Callable[..., Any] = jnp.multiply,
    extra_batch_dims: int = 0,
    dtype: DTypeLike = jnp.float32,
) -> Array:
    """A mask from something known about each query and each key.

    Args:
        query_input: batch axes, query time; such as which times are no padding.
        key_input: batch axes, key time.
        pairwise_fn: whether a query looks at a key.
        extra_batch_dims: how many axes of length 1 come first.
        dtype: of the mask.

    Returns:
        Batch axes, 1 for heads, query time, key time.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional as F
        >>> F.make_attention_mask(jnp.array([1, 1]), jnp.array([1, 0])).tolist()
        [[[1.0, 0.0], [1.0, 0.0]]]
    """
    mask = pairwise_fn(jnp.expand_dims(query_input, -1), jnp.expand_dims(key_input, -2))
    mask = jnp.expand_dims(mask, (*range(extra_batch_dims), extra_batch_dims + mask.ndim - 2))
    return mask.astype(dtype)


def make_causal_mask(x: Array, extra_batch_dims: int = 0, dtype: DTypeLike = jnp.float32) -> Array:
    """A mask by which each time sees itself and what was before.

    Args:
        x: batch axes, time; only its shape counts.
        extra_batch_dims: how many axes of length 1 come first.
        dtype: of the mask.

    Returns:
        Batch axes, 1 for heads, time, time.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional as F
        >>> F.make_causal_mask(jnp.zeros(2)).tolist()
        [[[1.0, 0.0], [1.0, 1.0]]]
    """
    times = jnp.broadcast_to(jnp.arange(x.shape[-1], dtype=jnp.int32), x.shape)
    return make_attention_mask(times, times, jnp.greater_equal, extra_batch_dims, dtype)


def combine_masks(*masks: Array | None, dtype: DTypeLike = jnp.float32) -> Array | None:
    """The mask of what all masks allow; None among them allows all, and None alone is None.

    Raises:
        ShapeError: if they have different numbers of axes.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional as F
        >>> F.combine_masks(jnp.array([1, 1, 0]), None, jnp.array([0, 1, 1])).tolist()
        [0.0, 1.0, 0.0]
    """
    given = [m for m in masks if m is not None]
    if len({jnp.ndim(m) for m in given}) > 1:
        shapes = ", ".join(str(list(jnp.shape(m))) for m in given)
        raise ShapeError(
            f"masks are combined that have equal numbers of axes, but these have the shapes "
            f"{shapes}",
            help="mask[:, None, None, :]   # batch, heads, query time, key time",
        )
    return functools.reduce(jnp.logical_and, given).astype(dtype) if given else None
