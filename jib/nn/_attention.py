"""Attention: averages of values, weighted by how well keys answer queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import jib.numpy as jnp
from jib.errors import ArgumentValueError, ShapeError
from jib.nn._normalising import logsumexp
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["dot_product_attention"]


def _check(query: Array, key: Array, value: Array) -> None:
    fits = query.ndim == key.ndim == 4 and key.shape == value.shape
    fits = fits and query.shape[0] == key.shape[0] and query.shape[3] == key.shape[3]
    if not fits or query.shape[2] % key.shape[2]:
        raise ShapeError(
            "`dot_product_attention` takes a query [batch, time, heads, depth], and key and value "
            f"[batch, time, heads or a divisor of it, depth], but got {query.shape}, {key.shape} "
            f"and {value.shape}"
        )


def _allowed(
    times: tuple[int, int],
    mask: Any,
    is_causal: bool,
    lengths: Sequence[Array | None],
    window: tuple[int, int] | None,
) -> Array | None:
    """Which key each query may look at: booleans that broadcast to [batch, heads, T, S]."""
    row, column = jnp.arange(times[0])[:, None], jnp.arange(times[1])[None, :]
    conditions = [mask] if mask is not None else []
    if is_causal:
        conditions.append(column <= row)
    if window is not None:
        conditions.append((column >= row - window[0]) & (column <= row + window[1]))
    for position, length in zip((row, column), lengths, strict=True):
        if length is not None:
            conditions.append(position < jnp.reshape(length, (-1, 1, 1, 1)))
    allowed = conditions[0] if conditions else None
    for condition in conditions[1:]:
        allowed = jnp.logical_and(allowed, condition)
    return allowed


@compiled(static=("scale", "is_causal", "local_window_size", "implementation", "return_residual"))
def dot_product_attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    bias: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
    query_seq_lengths: ArrayLike | None = None,
    key_value_seq_lengths: ArrayLike | None = None,
    local_window_size: int | tuple[int, int] | None = None,
    implementation: Literal["xla"] | None = None,
    return_residual: bool = False,
) -> Any:
    """Scaled dot-product attention (Vaswani et al., 2017), `softmax(scale q kᵀ + bias) v`.

    Products and the softmax are accumulated in float32. A query that may look at nothing gives 0.

    Args:
        query: floating [B, T, N, H]; without B for one example, as all others then.
        key: [B, S, K, H]. N is a multiple of K; each group of N // K heads shares a key head.
        value: [B, S, K, H].
        bias: added to the scores, broadcast to [B, N, T, S].
        mask: booleans, True where a query may look, broadcast to [B, N, T, S].
        scale: of the scores; 1 / sqrt(H) if None.
        is_causal: a query looks at its own time and before.
        query_seq_lengths: int32[B]; queries after that are padding.
        key_value_seq_lengths: int32[B]; keys after that are padding.
        local_window_size: how many times before and after its own a query looks at.
        implementation: "xla" or None.
        return_residual: return also the logarithm of the softmax's denominator, [B, T, N].

    Returns:
        [B, T, N, H], of the query's type.

    Raises:
        ShapeError: if the shapes do not fit.
        ArgumentValueError: for an implementation that is not there.

    Example:
        >>> import jib, jib.numpy as jnp
        >>> x = jib.random.normal(jib.random.key(0), (2, 5, 4, 8))
        >>> jib.nn.dot_product_attention(x, x, x, is_causal=True).shape
        (2, 5, 4, 8)
    """
    if implementation not in (None, "xla"):
        raise ArgumentValueError(
            f"`dot_product_attention` is there as 'xla', but got {implementation!r}"
        )
    single = jnp.ndim(query) == 3
    q, k, v = (jnp.asarray(x)[None] if single else jnp.asarray(x) for x in (query, key, value))
    _check(q, k, v)
    (b, t, n, h), (s, groups) = q.shape, k.shape[1:3]
    wide = jnp.promote_types(q.dtype, "float32")
    scores = jnp.einsum(
        "btkgh,bskh->bkgts", q.reshape(b, t, groups, -1, h), k, preferred_element_type=wide
    ).reshape(b, n, t, s)
    scores = scores * (h**-0.5 if scale is None else scale)
    if bias is not None:
        scores = scores + bias
    window: Any = (
        (local_window_size,) * 2 if isinstance(local_window_size, int) else local_window_size
    )
    optional = (mask, query_seq_lengths, key_value_seq_lengths)
    mask, *lengths = (None if x is None else jnp.asarray(x) for x in optional)
    allowed = _allowed((t, s), mask, is_causal, lengths, window)
    total = logsumexp(scores, axis=-1, keepdims=True, where=allowed)
    weights = jnp.exp(scores - jnp.where(jnp.isfinite(total), total, 0.0))
    if allowed is not None:
        weights = jnp.where(allowed, weights, 0.0)
    mixed = jnp.einsum(
        "bkgts,bskh->btkgh", weights.astype(v.dtype).reshape(b, groups, -1, t, s), v,
        preferred_element_type=wide,
    )  # fmt: skip
    out = mixed.reshape(q.shape).astype(q.dtype)
    residual = jnp.moveaxis(total[..., 0], 1, 2)
    out, residual = (x[0] if single else x for x in (out, residual))
    return (out, residual) if return_residual else out
