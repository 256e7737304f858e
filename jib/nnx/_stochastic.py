"""Random layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jib.errors import ArgumentTypeError
from jib.nn import functional as F
from jib.nnx._layers import Layer
from jib.nnx._pytrees import data
from jib.nnx._random import Rngs, RngStream
from jib.typing import Array

__all__ = ["Dropout"]

_Keys = Rngs | RngStream | Array | None


class Dropout(Layer):
    """Zeros in place of a random share of elements; the others grow, so that the mean stays.

    Args:
        rate: the share of zeros.
        broadcast_dims: axes along which all elements share one fate.
        deterministic: whether inputs pass as they are; `model.train()` and `model.eval()` set it.
        rng_collection: name of the stream of keys.
        rngs: streams of keys; the layer goes on with a stream of its own.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> layer = nnx.Dropout(0.5, rngs=nnx.Rngs(0))
        >>> layer(jnp.ones(8)).max().item(), layer(jnp.ones(8), deterministic=True).min().item()
        (2.0, 1.0)
    """

    def __init__(
        self, rate: float, *, broadcast_dims: Sequence[int] = (),
        deterministic: bool | None = False, rng_collection: str = "dropout",
        rngs: Rngs | RngStream | None = None,
    ) -> None:  # fmt: skip
        self._keep(locals())
        if not isinstance(rngs, Rngs | RngStream | None):
            raise _no_keys(self, rngs)
        stream = rngs[rng_collection] if isinstance(rngs, Rngs) else rngs
        self.rngs: RngStream | None = data(None) if stream is None else stream.fork()

    def __call__(
        self, inputs: Array, *, deterministic: bool | None = None, rngs: _Keys = None
    ) -> Array:
        """Drop elements, with a key or keys `rngs` if there are some."""
        if F.first_given(self, "deterministic", "True", deterministic, self.deterministic):
            return inputs

        def key() -> Any:
            keys = F.first_given(self, "rngs", "nnx.Rngs(0)", rngs, self.rngs)
            if isinstance(keys, Rngs):
                return keys[self.rng_collection]()
            if isinstance(keys, RngStream):
                return keys()
            if isinstance(keys, Array):
                return keys
            raise _no_keys(self, keys)

        return F.dropout(inputs, self.rate, key, self.broadcast_dims, self)

    def set_view(self, deterministic: bool | None = None) -> None:
        """Set `deterministic`, if it is given; `nnx.view` calls this."""
        if deterministic is not None:
            self.deterministic = deterministic


def _no_keys(layer: Dropout, rngs: Any) -> ArgumentTypeError:
    return ArgumentTypeError(
        f"`{F.layer_text(layer)}` draws with streams of keys, but `rngs` is a "
        f"{type(rngs).__name__}",
        help="rngs=nnx.Rngs(dropout=0)",
    )
