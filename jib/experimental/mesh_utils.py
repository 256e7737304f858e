"""Devices arranged for a mesh."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib.backend.devices import devices as all_devices
from jib.errors import ArgumentValueError

__all__ = ["create_device_mesh", "create_hybrid_device_mesh"]


def create_device_mesh(
    mesh_shape: Sequence[int], devices: Sequence[Any] | None = None, *,
    contiguous_submeshes: bool = False, allow_split_physical_axes: bool = False,
) -> np.ndarray:  # fmt: skip
    """All devices as an array of the given shape, for `jib.sharding.Mesh`.

    Devices stand in the order of their ids, process by process: on CPUs and GPUs neighbours along
    the last axis are then as close as can be. The two flags speak of other machines, and change
    nothing.

    Raises:
        ArgumentValueError: if the shape does not hold exactly the devices.

    Example:
        >>> import jib
        >>> from jib.experimental.mesh_utils import create_device_mesh
        >>> create_device_mesh((jib.device_count(), 1)).ndim
        2
    """
    found = list(all_devices() if devices is None else devices)
    shape = tuple(int(n) for n in mesh_shape)
    if math.prod(shape) != len(found):
        raise ArgumentValueError(
            f"a mesh of shape {shape} holds {math.prod(shape)} device(s), and there are "
            f"{len(found)}",
            help=f"create_device_mesh({shape}, devices=jib.devices()[:{math.prod(shape)}])",
        )
    return _array(found, shape)


def create_hybrid_device_mesh(
    mesh_shape: Sequence[int], dcn_mesh_shape: Sequence[int], devices: Sequence[Any] | None = None,
    *, process_is_granule: bool = False, should_sort_granules_by_key: bool = True,
    allow_split_physical_axes: bool = False,
) -> np.ndarray:  # fmt: skip
    """Devices in an array whose axes are, each, processes (slow network) times their devices.

    Args:
        mesh_shape: for each axis, how many devices of one process.
        dcn_mesh_shape: for each axis, how many processes.
        devices: the devices to use; None is all of them.
        process_is_granule: whether a group is a process; otherwise a slice, where devices have one.
        should_sort_granules_by_key: whether groups stand in the order of their numbers.
        allow_split_physical_axes: changes nothing.

    Raises:
        ArgumentValueError: if the groups are not as many, or not as large, as the shapes say.
    """
    found = list(all_devices() if devices is None else devices)
    field = "process_index" if process_is_granule else "slice_index"
    groups: dict[int, list[Any]] = {}
    for device in found:
        groups.setdefault(getattr(device, field, device.process_index), []).append(device)
    keys = sorted(groups) if should_sort_granules_by_key else list(groups)
    inner, outer = tuple(mesh_shape), tuple(dcn_mesh_shape)
    sizes = [len(groups[key]) for key in keys]
    if len(inner) != len(outer) or sizes != [math.prod(inner)] * math.prod(outer):
        raise ArgumentValueError(
            f"{math.prod(outer)} group(s) of {math.prod(inner)} device(s) are needed for "
            f"{inner} and {outer}, but the groups have {sizes} devices",
            help="create_device_mesh(mesh_shape) does not look at processes",
        )
    blocks = np.stack([_array(groups[key], inner) for key in keys])
    blocks = blocks.reshape(outer + inner)
    ndim = len(inner)
    order = [axis for i in range(ndim) for axis in (i, ndim + i)]
    return blocks.transpose(order).reshape([a * b for a, b in zip(outer, inner, strict=True)])


def _array(devices: Sequence[Any], shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(len(devices), dtype=object)
    array[:] = devices
    return array.reshape(shape)
