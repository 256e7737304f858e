"""One device's part of an array, as `array.addressable_shards` lists them."""

from typing import Any

from jib.backend._compat import jaxlib_core
from jib.backend.shardings import single_device_sharding

__all__ = ["Shard", "addressable_shards", "replica_ids"]


def replica_ids(sharding: Any, shape: tuple[int, ...]) -> dict[Any, int]:
    """For each device, how many devices before it hold the same part."""
    seen: dict[Any, int] = {}
    result = {}
    for device, index in sharding.devices_indices_map(shape).items():
        key = tuple((part.start, part.stop) for part in index)
        result[device] = seen.get(key, 0)
        seen[key] = result[device] + 1
    return result


class Shard:
    """The part of an array that one device holds.

    Attributes:
        device: the device.
        index: the slices of the whole array that it is.
        replica_id: 0 for the first device that holds this part, 1 for the second, and so on.
        data: the part, as an array on that device.
    """

    __slots__ = ("_data", "_shape", "_sharding", "device")

    def __init__(self, device: Any, sharding: Any, global_shape: tuple[int, ...], data: Any = None):
        self.device, self._sharding = device, sharding
        self._shape, self._data = global_shape, data

    @property
    def index(self) -> tuple[slice, ...]:
        """The slices of the whole array."""
        return self._sharding.devices_indices_map(self._shape)[self.device]

    @property
    def replica_id(self) -> int:
        """How many devices before this one hold the same part."""
        return replica_ids(self._sharding, self._shape)[self.device]

    @property
    def data(self) -> Any:
        """The part, or None where it belongs to another process."""
        return self._data

    def __repr__(self) -> str:
        return (
            f"Shard(device={self.device!r}, index={self.index}, replica_id={self.replica_id}, "
            f"data={self._data!r})"
        )


def addressable_shards(x: Any) -> list[Shard]:
    """The shards of a device array that this process holds, in the sharding's device order."""
    sharding, shape = x._sharding, x.aval.shape
    devices = sharding._addressable_device_assignment
    if len(devices) == 1:
        return [Shard(devices[0], sharding, shape, x)]
    aval = x.aval.update(shape=sharding.shard_shape(shape))
    return [
        Shard(device, sharding, shape, _single(aval, device, part))
        for device, part in zip(devices, x._arrays, strict=True)
    ]


def _single(aval: Any, device: Any, part: Any) -> Any:
    """One device's buffer as an array of its own."""
    place = single_device_sharding(device)
    return jaxlib_core.ArrayImpl(aval, place, [part], True, _skip_checks=True)
