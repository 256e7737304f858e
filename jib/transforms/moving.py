"""Trees of arrays between host and devices, and waiting for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes
from jib.backend import transfer
from jib.backend.buffers import ArrayImpl
from jib.core.avals import ShapedArray
from jib.core.keys import KeyArray
from jib.core.sources import api_boundary
from jib.core.tracing import Tracer, aval_of
from jib.tree import broadcast_prefix, tree_registry

__all__ = ["block_until_ready", "copy_to_host_async", "device_get", "device_put"]


@api_boundary
def device_put(
    x: Any, device: Any = None, *, src: Any = None, donate: Any = False, may_alias: Any = None
) -> Any:
    """Move a tree of arrays (or NumPy arrays, or numbers) to a device or a sharding.

    `device` is a device, a sharding, None (the default device), or a prefix of the tree of these.
    While tracing, values stay where they are unless a sharding is given.

    Example:
        >>> import numpy as np
        >>> import jib
        >>> x = jib.device_put(np.ones(3, np.float32), jib.devices()[0])
        >>> x.committed
        True
    """
    leaves, structure = tree_registry.flatten(x)
    if not isinstance(device, tuple | list | dict):
        places = [device] * len(leaves)
    else:
        places = broadcast_prefix(device, x, is_leaf=lambda d: d is None)
    pairs = zip(leaves, places, strict=True)
    with transfer.explicit():
        return structure.unflatten([_put(leaf, place, donate, may_alias) for leaf, place in pairs])


def _put(x: Any, device: Any, donate: bool, may_alias: bool | None) -> Any:
    if isinstance(x, Tracer):
        return x
    if type(x) is KeyArray:
        return KeyArray(_put(x._base, device, donate, may_alias), x.dtype)
    if type(x) is ArrayImpl:
        return transfer.device_put(x, device, donate=donate, may_alias=may_alias)
    aval = aval_of(x)
    value = np.asarray(x)
    if value.dtype != aval.dtype:
        dtypes.check_integer_fits(value, aval.dtype)
        value = value.astype(aval.dtype)
    placed = transfer.put(value, ShapedArray(aval.shape, aval.dtype, aval.weak_type))
    return placed if device is None else transfer.device_put(placed, device)


def device_get(x: Any) -> Any:
    """The tree with its arrays copied to the host, as NumPy arrays.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.device_get({"x": jnp.arange(2)})
        {'x': array([0, 1], dtype=int32)}
    """
    leaves, structure = tree_registry.flatten(x)
    with transfer.explicit():
        for leaf in leaves:
            copy_to_host_async(leaf)
        return structure.unflatten([_get(leaf) for leaf in leaves])


def _get(x: Any) -> Any:
    if isinstance(x, ArrayImpl | Tracer):
        return np.asarray(x)
    return x


def block_until_ready(x: Any) -> Any:
    """Wait until every array of the tree has been computed, and return the tree.

    Compiled calls return before their results are there; a timer needs this.
    """
    for leaf in tree_registry.flatten(x)[0]:
        base = leaf._base if type(leaf) is KeyArray else leaf
        if hasattr(base, "block_until_ready"):
            base.block_until_ready()
    return x


def copy_to_host_async(x: Any) -> Any:
    """Start copying every array of the tree to the host, and return the tree."""
    for leaf in tree_registry.flatten(x)[0]:
        if isinstance(leaf, ArrayImpl):
            leaf.copy_to_host_async()
    return x
