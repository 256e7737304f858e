"""Small helpers of loops that run on several devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import jib
from jib import lax, numpy as jnp
from jib.errors import ShapeError
from jib.typing import Array, ArrayLike

__all__ = ["get_metrics", "onehot", "shard", "shard_prng_key", "stack_forest"]


def shard(xs: Any) -> Any:
    """Arrays `(n * b, ...)` as `(n, b, ...)`, for `n` local devices and `jib.pmap`.

    Raises `ShapeError` if a leading axis cannot be divided.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.training.common_utils import shard
        >>> shard(jnp.zeros((8, 3))).shape  # on one device
        (1, 8, 3)
    """
    count = jib.local_device_count()

    def one(x: Any) -> Any:
        if x.ndim == 0 or x.shape[0] % count:
            raise ShapeError(
                f"shard cannot give {count} devices equal parts of an array of shape {x.shape}",
                help=f"x = x[: len(x) // {count} * {count}]  # drop the rest",
            )
        return x.reshape((count, x.shape[0] // count, *x.shape[1:]))

    return jib.tree.map(one, xs)


def shard_prng_key(prng_key: Array) -> Array:
    """One key for each local device."""
    return jib.random.split(prng_key, jib.local_device_count())


def stack_forest(forest: Sequence[Any]) -> Any:
    """Trees that are built alike as one tree of stacked leaves.

    Example:
        >>> from jib.training.common_utils import stack_forest
        >>> stack_forest([{"loss": 1.0}, {"loss": 2.0}])["loss"].tolist()
        [1.0, 2.0]
    """
    return jib.tree.map(lambda *leaves: jnp.stack([jnp.asarray(x) for x in leaves]), *forest)


def get_metrics(device_metrics: Sequence[Any]) -> Any:
    """Metrics of many steps, replicated over devices, as a tree of NumPy arrays `(steps, ...)`."""
    first = jib.tree.map(lambda x: x.addressable_shards[0].data[0], list(device_metrics))
    host = jib.device_get(first)  # one wait for all
    return jib.tree.map(lambda *leaves: np.stack(leaves), *host)


def onehot(
    labels: ArrayLike, num_classes: int, on_value: float = 1.0, off_value: float = 0.0
) -> Array:
    """Integer labels `(...)` as float32 vectors `(..., num_classes)`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.training.common_utils import onehot
        >>> onehot(jnp.array([1]), 3, on_value=0.9, off_value=0.05).tolist()
        [[0.05000000074505806, 0.8999999761581421, 0.05000000074505806]]
    """
    labels = jnp.asarray(labels)
    hit = labels[..., None] == lax.broadcasted_iota(
        labels.dtype, (*labels.shape, num_classes), labels.ndim
    )
    return jnp.where(hit, jnp.float32(on_value), jnp.float32(off_value))
