"""How arrays are laid out over devices."""

import importlib as _importlib
from typing import TYPE_CHECKING, Any as _Any

from jib.sharding._axis_type import AxisType as AxisType
from jib.sharding._partition_spec import PartitionSpec as PartitionSpec

if TYPE_CHECKING:
    from jib.backend.meshes import AbstractMesh, Mesh, get_abstract_mesh, get_mesh, set_mesh
    from jib.backend.shardings import (
        NamedSharding,
        Sharding,
        SingleDeviceSharding,
        make_single_device_sharding,
    )
    from jib.lax._sharding import auto_axes as auto_axes, reshard as reshard
    from jib.transforms.shard_map import Infer as Infer

__all__ = [
    "AbstractMesh", "AxisType", "Infer", "Mesh", "NamedSharding", "PartitionSpec", "Sharding",
    "SingleDeviceSharding", "auto_axes", "get_abstract_mesh", "get_mesh",
    "make_single_device_sharding", "reshard", "set_mesh",
]  # fmt: skip

# Names from higher layers, fetched on first use: this index stands below them.
_ELSEWHERE = {
    "jib.backend.meshes": "AbstractMesh Mesh get_abstract_mesh get_mesh set_mesh",
    "jib.backend.shardings": (
        "NamedSharding Sharding SingleDeviceSharding make_single_device_sharding"
    ),
    "jib.lax._sharding": "auto_axes reshard",
    "jib.transforms.shard_map": "Infer",
}


def __getattr__(name: str) -> _Any:
    for module, names in _ELSEWHERE.items():
        if name in names.split():
            found = globals()[name] = getattr(_importlib.import_module(module), name)
            return found
    raise AttributeError(f"module 'jib.sharding' has no attribute {name!r}")
