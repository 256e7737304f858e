"""Random modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jib.linen._calls import compact
from jib.linen._module import Module, merge_param
from jib.nn import functional as F
from jib.typing import Array

__all__ = ["Dropout"]


class Dropout(Module):
    """Zeros in place of a random share of elements; the others grow, so that the mean stays.

    The key comes from the stream `dropout`: `model.apply(variables, x, rngs={"dropout": key})`.

    Attributes:
        rate: the share of zeros.
        broadcast_dims: axes along which all elements share one fate.
        deterministic: whether inputs pass as they are; here or at the call.
        rng_collection: name of the stream.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> layer = nn.Dropout(0.5, deterministic=False)
        >>> layer.apply({}, jnp.ones(4), rngs={"dropout": jib.random.key(0)}).max().item()
        2.0
    """

    rate: float
    broadcast_dims: Sequence[int] = ()
    deterministic: bool | None = None
    rng_collection: str = "dropout"

    @compact
    def __call__(self, inputs: Array, deterministic: bool | None = None, rng: Any = None) -> Array:
        """Drop elements, with the key `rng` if there is one."""
        if merge_param("deterministic", self.deterministic, deterministic):
            return inputs

        def key() -> Any:
            return self.make_rng(self.rng_collection) if rng is None else rng

        return F.dropout(inputs, self.rate, key, self.broadcast_dims, self)
