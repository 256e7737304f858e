"""How XLA and Shardy write a layout: tiles of devices, and mesh axes per dimension."""

import functools
import math
import operator
from typing import Any

import numpy as np

from jib._deferred import DeferredModule
from jib.backend._compat import hlo_bindings
from jib.sharding import PartitionSpec

__all__ = ["hlo_indices", "named_to_hlo", "named_to_sdy", "replicated", "spec_from_hlo"]

HloSharding = hlo_bindings.HloSharding
_json: Any = DeferredModule("json")
_SubgroupType = hlo_bindings.OpSharding.Type
REPLICATED = HloSharding.replicate()
Index = tuple[slice, ...]


def tile_counts(hlo_sharding: Any) -> tuple[list[int], int]:
    """Pieces per dimension, and how many devices hold each piece."""
    if hlo_sharding.is_replicated() or hlo_sharding.is_maximal():
        return [], 1
    counts = list(hlo_sharding.tile_assignment_dimensions())
    copies = 1
    if hlo_sharding.replicate_on_last_tile_dim():
        copies = counts.pop()
    else:
        for _ in hlo_sharding.subgroup_types():
            copies *= counts.pop()
    return counts, copies


@functools.lru_cache(4096)
def hlo_indices(hlo_sharding: Any, shape: tuple[int, ...], num_devices: int) -> tuple[Index, ...]:
    """For each device in order, the slices of an array of `shape` that it holds."""
    whole = (slice(None),) * len(shape)
    if hlo_sharding.is_replicated() or num_devices == 1:
        return (whole,) * num_devices
    counts, copies = tile_counts(hlo_sharding)
    pieces = [
        [slice(None)]
        if count == 1
        else [slice(k * (size // count), (k + 1) * (size // count)) for k in range(count)]
        for size, count in zip(shape, counts, strict=True)
    ]
    result: list[Index] = [whole] * num_devices
    for position, device in enumerate(hlo_sharding.tile_assignment_devices()):
        rest = position // copies
        index = []
        for options in reversed(pieces):
            rest, piece = divmod(rest, len(options))
            index.append(options[piece])
        result[device] = tuple(reversed(index))
    return tuple(result)


def same_tiles(a: Any, b: Any) -> bool:
    """Whether two XLA shardings put the same parts on the same devices."""
    return a == b or (replicated(a) and replicated(b))


def replicated(hlo_sharding: Any) -> bool:
    """Whether an XLA sharding puts the whole array on every device."""
    if hlo_sharding.is_replicated() or hlo_sharding.num_devices() == 1:
        return True
    if not hlo_sharding.is_tiled():
        return False
    counts, _ = tile_counts(hlo_sharding)
    return math.prod(counts) == 1


def axes_of(entry: Any) -> tuple[Any, ...]:
    """The mesh axes of one dimension of a spec."""
    if entry is None or entry is PartitionSpec.UNCONSTRAINED:
        return ()
    return entry if isinstance(entry, tuple) else (entry,)


@functools.lru_cache(4096)
def named_to_hlo(mesh: Any, spec: PartitionSpec, ndim: int) -> Any:
    """XLA's form: devices counted in mesh order, reshaped to the mesh, transposed, cut in tiles."""
    axes = [(name, size) for name, size in mesh.shape_tuple if size != 1]
    position = {name: i for i, (name, _) in enumerate(axes)}
    sizes = [size for _, size in axes]
    tiles, order = [1] * ndim, []
    for axis, entry in enumerate(spec.partitions):
        for name in axes_of(entry):
            if name in position:
                tiles[axis] *= sizes[position[name]]
                order.append(position[name])
    kinds = dict.fromkeys(mesh.manual_axes, _SubgroupType.MANUAL)
    kinds |= dict.fromkeys(spec.unreduced, _SubgroupType.UNREDUCED)
    groups: dict[Any, list[int]] = {}
    for name, i in position.items():
        if i not in order:
            groups.setdefault(kinds.get(name, _SubgroupType.REPLICATED), []).append(i)
    if not order and set(groups) <= {_SubgroupType.REPLICATED}:
        return REPLICATED
    subgroups = sorted(groups, key=lambda kind: kind.value)
    for kind in subgroups:
        tiles.append(math.prod(sizes[i] for i in groups[kind]))
        order += groups[kind]
    return HloSharding.iota_tile(
        dims=tiles, reshape_dims=sizes, transpose_perm=order, subgroup_types=subgroups
    )


def _sdy_axes(names: Any) -> str:
    return ", ".join(_json.dumps(str(name)) for name in names)


@functools.lru_cache(4096)
def named_to_sdy(mesh: Any, spec: PartitionSpec, ndim: int) -> str:
    """Shardy's form of a spec, as the text of an attribute."""
    axes = ", ".join(f"{_json.dumps(str(name))}={size}" for name, size in mesh.shape_tuple)
    entries = (*spec.partitions, *(None,) * (ndim - len(spec.partitions)))
    dimensions = [
        "{?}" if entry is PartitionSpec.UNCONSTRAINED else f"{{{_sdy_axes(axes_of(entry))}}}"
        for entry in entries
    ]
    unreduced = [name for name in mesh.axis_names if name in spec.unreduced]
    end = f", unreduced={{{_sdy_axes(unreduced)}}}" if unreduced else ""
    return f"#sdy.sharding<mesh<[{axes}]>, [{', '.join(dimensions)}]{end}>"


@functools.lru_cache(4096)
def spec_from_hlo(mesh: Any, hlo_sharding: Any, ndim: int) -> PartitionSpec | None:
    """The spec on `mesh` that says the same as an XLA sharding, or None where none does."""
    if hlo_sharding.is_replicated():
        return PartitionSpec()
    if not hlo_sharding.is_tiled():
        return None
    counts, copies = tile_counts(hlo_sharding)
    if len(counts) != ndim or math.prod(counts) * copies != mesh.size:
        return None
    # tile[d] is the tile, in row-major order, that the d-th device of the mesh holds.
    tile = np.empty(mesh.size, int)
    tile[list(hlo_sharding.tile_assignment_devices())] = np.arange(mesh.size) // copies
    coordinates = np.stack(np.unravel_index(tile, counts), axis=-1) if counts else None
    found: list[list[tuple[int, Any]]] = [[] for _ in range(ndim)]
    stride = mesh.size
    for name, size in mesh.shape_tuple:
        stride //= size
        if size > 1 and coordinates is not None:
            # One step along this mesh axis moves along at most one dimension of the array.
            (moved,) = np.nonzero(coordinates[stride])
            for dimension in moved[:1]:
                found[dimension].append((int(coordinates[stride][dimension]), name))
    by_stride = operator.itemgetter(0)
    entries = [
        tuple(name for _, name in sorted(axes, key=by_stride, reverse=True)) for axes in found
    ]

    while entries and not entries[-1]:
        entries.pop()
    spec = PartitionSpec(*entries)
    return spec if named_to_hlo(mesh, spec, ndim) == hlo_sharding else None
