"""What one call of a transformer attends to: its own tokens and those in the cache."""

from __future__ import annotations

from typing import Any

import jib
from jib import lax, numpy as jnp, struct
from jib.errors import ShapeError
from jib.typing import Array, DTypeLike

__all__ = ["Cache"]


class Cache(struct.PyTreeNode):
    """Keys and values of the tokens that a decoder has seen.

    Fields: `keys` and `values` `(layers, batch, size, heads, width)`; `valid` `(batch, size)`,
    False for padding; `length`, an int32 scalar: how many places are filled.
    """

    keys: Array
    values: Array
    valid: Array
    length: Array

    @classmethod
    def empty(
        cls, layers: int, batch: int, size: int, heads: int, width: int, dtype: DTypeLike
    ) -> Cache:
        """A cache for `size` tokens."""
        zeros = jnp.zeros((layers, batch, size, heads, width), dtype)
        return cls(zeros, zeros, jnp.zeros((batch, size), bool), jnp.zeros((), "int32"))


class Attending:
    """The mask and the positions of one call, and the cache as the layers fill it.

    A token attends to itself and to those before it that are no padding, `window` tokens far if
    that is given.
    """

    def __init__(
        self, tokens: Array, mask: Array | None, cache: Cache | None, window: int | None = None
    ) -> None:
        batch, count = checked_tokens(tokens).shape
        valid = jnp.ones((batch, count), bool) if mask is None else jnp.asarray(mask, bool)
        self.cache = cache
        start: Any = 0
        before: Any = 0
        if cache is not None:
            start = cache.length
            before = cache.valid.sum(-1, keepdims=True)
            valid = lax.dynamic_update_slice(cache.valid, valid, (jnp.zeros_like(start), start))
            self._filled = cache.replace(valid=valid, length=start + count)
        own = jnp.ones((batch, count), "int32") if mask is None else jnp.asarray(mask, "int32")
        self.positions = jnp.maximum(before + jnp.cumsum(own, -1) - 1, 0)
        self.plain = mask is None and cache is None
        self.window = window
        query = start + jnp.arange(count)[:, None]
        key = jnp.arange(valid.shape[-1])
        allowed = key <= query
        if window is not None:
            allowed = allowed & (key > query - window)
        self.mask = allowed & valid[:, None, None, :]

    def __call__(self, layer: int, query: Array, key: Array, value: Array) -> Array:
        """What layer number `layer` reads, `(batch, count, heads, width)`."""
        if self.plain and self.window is None:
            return jib.nn.dot_product_attention(query, key, value, is_causal=True)
        if self.cache is not None:
            place = (layer, 0, self.cache.length, 0, 0)
            keys = lax.dynamic_update_slice(self._filled.keys, _put(key, self._filled.keys), place)
            values = lax.dynamic_update_slice(
                self._filled.values, _put(value, self._filled.values), place
            )
            self._filled = self._filled.replace(keys=keys, values=values)
            key, value = keys[layer].astype(query.dtype), values[layer].astype(query.dtype)
        return jib.nn.dot_product_attention(query, key, value, mask=self.mask)

    def result(self, out: Array) -> Any:
        """`out`, with the filled cache beside it if there is one."""
        return out if self.cache is None else (out, self._filled)


def _put(x: Array, like: Array) -> Array:
    return x[None].astype(like.dtype)


def checked_tokens(tokens: Any) -> Array:
    """Tokens as an array `(batch, time)`.

    Raises:
        ShapeError: if they have another number of axes.
    """
    tokens = jnp.asarray(tokens)
    if tokens.ndim != 2:
        raise ShapeError(
            f"a transformer takes tokens (batch, time), not an array of shape {tokens.shape}",
            help="model(tokens[None])   for one row of tokens",
        )
    return tokens


def heads(x: Array, count: int) -> Array:
    """`(batch, time, features)` as `(batch, time, count, features // count)`."""
    return x.reshape(*x.shape[:-1], count, x.shape[-1] // count)
