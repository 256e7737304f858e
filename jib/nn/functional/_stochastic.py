"""Random layers as functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jib import lax, numpy as jnp, random
from jib.errors import ArgumentValueError
from jib.nn.functional._promoting import layer_text
from jib.typing import Array

__all__ = ["dropout"]


def dropout(
    x: Array, rate: float, key: Callable[[], Any], broadcast_dims: Sequence[int] = (),
    layer: Any = "dropout",
) -> Array:  # fmt: skip
    """Zeros in place of a random share of elements, the others divided by the share that stays.

    Srivastava et al., Dropout, JMLR 15 (2014).

    Args:
        x: an array.
        rate: the share of zeros.
        key: gives the key; it is not called where nothing is random.
        broadcast_dims: axes along which all elements share one fate.
        layer: what messages call the layer.

    Raises:
        ArgumentValueError: if `rate` is not between 0 and 1.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional
        >>> functional.dropout(jnp.ones(4), 0.5, lambda: jib.random.key(3)).max().item()
        2.0
    """
    if not 0 <= rate <= 1:
        raise ArgumentValueError(
            f"`{layer_text(layer)}` has rate {rate}, but a share is between 0 and 1",
            help="rate=0.1",
        )
    if rate == 0:
        return x
    if rate == 1:
        return jnp.zeros_like(x)
    shape = list(x.shape)
    for axis in broadcast_dims:
        shape[axis] = 1
    kept = random.bernoulli(key(), 1.0 - rate, tuple(shape))
    scaled = x / (1.0 - rate)
    return lax.select(jnp.broadcast_to(kept, x.shape), scaled, jnp.zeros_like(scaled))
