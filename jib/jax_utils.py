"""Copies of a tree on several devices, for `jib.pmap`, and batches that are there in time."""

from __future__ import annotations

import collections
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

import jib
from jib.errors import ShapeError
from jib.sharding import Mesh, NamedSharding, PartitionSpec

__all__ = ["pad_shard_unpad", "prefetch_to_device", "replicate", "unreplicate"]

_AXIS = "_device_put_sharded"


def _over_devices(devices: Sequence[jib.Device] | None, axis_name: str) -> NamedSharding:
    mesh = Mesh(np.array(devices or jib.local_devices()), (axis_name,))
    return NamedSharding(mesh, PartitionSpec(axis_name))


def replicate(
    tree: Any, devices: Sequence[jib.Device] | None = None, axis_name: str = _AXIS
) -> Any:
    """Arrays `(...)` as arrays `(devices, ...)`, one copy on each device, as `jib.pmap` takes them.

    Example:
        >>> from jib.jax_utils import replicate, unreplicate
        >>> copies = replicate({"w": 1.5})  # on one device
        >>> copies["w"].tolist(), unreplicate(copies)["w"].tolist()
        ([1.5], 1.5)
    """
    sharding = _over_devices(devices, axis_name)
    count = sharding.mesh.size

    def one(x: Any) -> Any:
        x = jib.numpy.asarray(x)
        return jib.device_put(jib.numpy.broadcast_to(x[None], (count, *x.shape)), sharding)

    return jib.tree.map(one, tree)


def unreplicate(tree: Any) -> Any:
    """The first copy of each replicated array; no other device is asked."""

    def one(x: Any) -> Any:
        sharding = getattr(x, "sharding", None)
        if sharding is None or sharding.num_devices == 1 or x.ndim == 0:
            return x[0] if np.ndim(x) else x
        first = x.addressable_shards[0].data
        return first if sharding.is_fully_replicated else first[0]

    return jib.tree.map(one, tree)


def prefetch_to_device(
    iterator: Iterable[Any],
    size: int,
    devices: Sequence[jib.Device] | None = None,
    axis_name: str = _AXIS,
) -> Iterator[Any]:
    """The batches of an iterator, `size` of them on their way to the devices ahead of use.

    Each batch is a tree of arrays `(devices, ...)`. Two are enough on a GPU.

    Example:
        >>> import numpy as np
        >>> from jib.jax_utils import prefetch_to_device
        >>> batches = (np.full((1, 2), i) for i in range(3))  # on one device
        >>> [batch.tolist() for batch in prefetch_to_device(batches, 2)]
        [[[0, 0]], [[1, 1]], [[2, 2]]]
    """
    sharding = _over_devices(devices, axis_name)
    batches, ahead = iter(iterator), collections.deque()

    def enqueue(count: int) -> None:
        for batch in itertools.islice(batches, count):
            ahead.append(jib.tree.map(lambda x: jib.device_put(x, sharding), batch))

    enqueue(size)
    while ahead:
        yield ahead.popleft()
        enqueue(1)


def pad_shard_unpad(
    wrapped: Callable[..., Any],
    static_argnums: Sequence[int] = (0,),
    static_argnames: Sequence[str] = (),
    static_return: bool = False,
) -> Callable[..., Any]:
    """Let a `jib.pmap`ped function take batches that do not divide by the number of devices.

    Arguments are padded with zeros and cut into `(devices, batch, ...)`, the static ones excepted;
    results are joined and cut to the batch, unless `static_return`. The function that comes back
    takes `min_device_batch`, the least rows for each device: one shape, one compilation. Raises
    `ShapeError` for arguments of different leading sizes.
    """
    count = jib.local_device_count()

    def pad(x: Any, rows: int) -> Any:
        padding = np.zeros((count * rows - x.shape[0], *x.shape[1:]), x.dtype)
        return np.concatenate([np.asarray(x), padding]).reshape(count, rows, *x.shape[1:])

    @functools.wraps(wrapped)
    def padded(*args: Any, min_device_batch: int | None = None, **kwargs: Any) -> Any:
        named = {**dict(enumerate(args)), **kwargs}
        static = {*static_argnums, *static_argnames}
        batched = {key: x for key, x in named.items() if key not in static}
        sizes = {np.shape(x)[0] for x in jib.tree.leaves(batched)}
        if len(sizes) != 1:
            raise ShapeError(f"the arguments have different leading sizes: {sorted(sizes)}")
        (size,) = sizes
        rows = max(-(-size // count), min_device_batch or 0)
        named.update({k: jib.tree.map(lambda x: pad(x, rows), x) for k, x in batched.items()})
        out = wrapped(*(named[i] for i in range(len(args))), **{k: named[k] for k in kwargs})
        if static_return:
            return out
        return jib.tree.map(lambda x: np.asarray(x).reshape(-1, *x.shape[2:])[:size], out)

    return padded
