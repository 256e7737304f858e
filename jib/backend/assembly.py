"""Arrays over several devices, put together from their parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import dtypes
from jib.backend import transfer
from jib.backend._compat import jaxlib_core
from jib.backend.shardings import single_device_sharding
from jib.core.avals import ShapedArray
from jib.errors import ArgumentValueError, ShapeError

__all__ = [
    "make_array_from_callback", "make_array_from_process_local_data",
    "make_array_from_single_device_arrays",
]  # fmt: skip

ArrayImpl = jaxlib_core.ArrayImpl


def make_array_from_callback(
    shape: Sequence[int], sharding: Any, data_callback: Callable[[Any], Any], dtype: Any = None
) -> Any:
    """An array whose parts, for devices of this process, come from a function of their indices.

    Args:
        shape: the shape of the whole array.
        sharding: how it lies over devices.
        data_callback: from a tuple of slices to the contents of that part.
        dtype: the dtype; by default that of the first part.

    Raises:
        ShapeError: if a part has another shape than its index says.

    Example:
        >>> import jib, numpy
        >>> mesh = jib.make_mesh((1,), ("x",))
        >>> rows = jib.NamedSharding(mesh, jib.P("x"))
        >>> data = numpy.arange(4, dtype="float32")
        >>> jib.make_array_from_callback((4,), rows, lambda index: data[index]).tolist()
        [0.0, 1.0, 2.0, 3.0]
    """
    shape, parts = tuple(shape), []
    made: dict[Any, Any] = {}
    for device, index in sharding.addressable_devices_indices_map(shape).items():
        key = tuple((part.start, part.stop) for part in index)
        if key not in made:
            made[key] = np.asarray(data_callback(index))
        value = made[key]
        wanted = dtypes.canonical_input_dtype(value.dtype) if dtype is None else dtypes.parse(dtype)
        value = value.astype(wanted, copy=False)
        aval = ShapedArray(value.shape, value.dtype, False)
        parts.append(transfer.put(value, aval, single_device_sharding(device)))
    return make_array_from_single_device_arrays(shape, sharding, parts, dtype=dtype)


def make_array_from_single_device_arrays(
    shape: Sequence[int], sharding: Any, arrays: Sequence[Any], *, dtype: Any = None
) -> Any:
    """The array whose parts are `arrays`, one on each device of this process; nothing is copied.

    Raises:
        ArgumentValueError: if an array is missing, is not on one device of the sharding, or the
            dtypes differ.
        ShapeError: if a part has another shape than the sharding says.
    """
    shape = tuple(shape)
    wanted = list(sharding.addressable_devices_indices_map(shape))
    found = {next(iter(x.devices())): x for x in arrays}
    if len(arrays) != len(wanted) or set(found) != set(wanted):
        raise ArgumentValueError(
            f"the sharding spans {[str(d) for d in wanted]} in this process, but the "
            f"{len(arrays)} arrays are on {[str(d) for d in found]}: it takes one on each"
        )
    if not arrays and dtype is None:
        raise ArgumentValueError("without arrays in this process, `dtype` must be given")
    dtype = arrays[0].dtype if dtype is None else dtypes.parse(dtype)
    part = tuple(sharding.shard_shape(shape))
    for device, x in found.items():
        if x.shape != part:
            raise ShapeError(
                f"an array of shape {shape} in this sharding has parts of shape {part}, but the "
                f"one on {device} has shape {x.shape}"
            )
        if x.dtype != dtype:
            raise ArgumentValueError(
                f"the parts of one array are all {dtype}, but the one on {device} is {x.dtype}"
            )
    aval = ShapedArray(shape, dtype, False)
    parts = [shard for device in wanted for shard in found[device]._arrays]
    return ArrayImpl(aval, sharding, parts, True, _skip_checks=True)


def make_array_from_process_local_data(
    sharding: Any, local_data: Any, global_shape: Sequence[int | None] | None = None
) -> Any:
    """An array of which each process gives the part that lies on its devices.

    Args:
        sharding: how the whole array lies over the devices of all processes.
        local_data: this process's part, in one piece.
        global_shape: the shape of the whole; lengths that are None, or all of them, are worked
            out from how many parts the sharding has.

    Raises:
        ShapeError: if the part does not fit.
    """
    local_data = np.asarray(local_data)
    # With this many elements along each axis every sharding divides evenly.
    grid = (sharding.num_devices,) * local_data.ndim
    starts = [
        [{index[i].start or 0 for index in indices.values()} for i in range(local_data.ndim)]
        for indices in (
            sharding.devices_indices_map(grid),
            sharding.addressable_devices_indices_map(grid),
        )
    ]
    given = global_shape or (None,) * local_data.ndim
    shape = tuple(
        n * len(every) // len(own) if length is None else length
        for n, length, every, own in zip(local_data.shape, given, *starts, strict=True)
    )
    indices = sharding.addressable_devices_indices_map(shape).values()
    low = [min(index[i].start or 0 for index in indices) for i in range(len(shape))]
    high = [
        max(n if index[i].stop is None else index[i].stop for index in indices)
        for i, n in enumerate(shape)
    ]
    own = tuple(b - a for a, b in zip(low, high, strict=True))
    if local_data.shape == shape:
        low, own = [0] * len(shape), shape
    if local_data.shape != own:
        raise ShapeError(
            f"this process holds a part of shape {own} of an array of shape {shape} in this "
            f"sharding, but got data of shape {local_data.shape}"
        )

    def part(index: Any) -> Any:
        return local_data[
            tuple(
                slice((s.start or 0) - a, (n if s.stop is None else s.stop) - a)
                for s, a, n in zip(index, low, shape, strict=True)
            )
        ]

    return make_array_from_callback(shape, sharding, part)
