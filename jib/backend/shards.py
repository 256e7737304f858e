"""One device's part of an array, as `array.addressable_shards` lists them."""

import dataclasses
from typing import Any

from jib.backend._compat import jaxlib_core
from jib.backend.shardings import single_device_sharding

__all__ = ["Shard", "addressable_shards"]


@dataclasses.dataclass(eq=False, repr=False, slots=True)
class Shard:
    """The part of an array that one device holds.

    Attributes:
        device: the device.
        index: the slices of the whole array that it is.
        replica_id: 0 for the first device that holds this part, 1 for the second, and so on.
        data: the part as an array on that device; None where it belongs to another process.
    """

    device: Any
    _sharding: Any
    _shape: tuple[int, ...]
    data: Any = None

    @property
    def index(self) -> tuple[slice, ...]:
        """The slices of the whole array."""
        return self._sharding.devices_indices_map(self._shape)[self.device]

    @property
    def replica_id(self) -> int:
        """How many devices before this one hold the same part."""
        indices = self._sharding.devices_indices_map(self._shape)
        return [device for device in indices if indices[device] == self.index].index(self.device)

    def __repr__(self) -> str:
        place = f"device={self.device!r}, index={self.index}, replica_id={self.replica_id}"
        return f"Shard({place}, data={self.data!r})"


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
