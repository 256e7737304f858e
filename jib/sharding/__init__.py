"""How arrays are laid out over devices."""

import importlib as _importlib
from typing import TYPE_CHECKING, Any as _Any

from jib.sharding._axis_type import AxisType as AxisType
from jib.sharding._partition_spec import PartitionSpec as PartitionSpec

if TYPE_CHECKING:
    from jib.backend.meshes import (
        AbstractDevice as AbstractDevice,
        AbstractMesh as AbstractMesh,
        Mesh as Mesh,
        get_abstract_mesh as get_abstract_mesh,
        get_mesh as get_mesh,
        set_mesh as set_mesh,
        use_abstract_mesh as use_abstract_mesh,
    )
    from jib.backend.shardings import (
        NamedSharding as NamedSharding,
        Sharding as Sharding,
        SingleDeviceSharding as SingleDeviceSharding,
        make_single_device_sharding as make_single_device_sharding,
    )
    from jib.lax._sharding import reshard as reshard
    from jib.transforms.shard_map import Infer as Infer

__all__ = [
    "AbstractDevice",
    "AbstractMesh",
    "AxisType",
    "Infer",
    "Mesh",
    "NamedSharding",
    "PartitionSpec",
    "Sharding",
    "SingleDeviceSharding",
    "get_abstract_mesh",
    "get_mesh",
    "make_single_device_sharding",
    "reshard",
    "set_mesh",
    "use_abstract_mesh",
]

# Names from higher layers, fetched on first use: this index stands below them.
_ELSEWHERE = {
    "AbstractDevice": "jib.backend.meshes",
    "AbstractMesh": "jib.backend.meshes",
    "Infer": "jib.transforms.shard_map",
    "Mesh": "jib.backend.meshes",
    "NamedSharding": "jib.backend.shardings",
    "Sharding": "jib.backend.shardings",
    "SingleDeviceSharding": "jib.backend.shardings",
    "get_abstract_mesh": "jib.backend.meshes",
    "get_mesh": "jib.backend.meshes",
    "make_single_device_sharding": "jib.backend.shardings",
    "reshard": "jib.lax._sharding",
    "set_mesh": "jib.backend.meshes",
    "use_abstract_mesh": "jib.backend.meshes",
}


def __getattr__(name: str) -> _Any:
    if name in _ELSEWHERE:
        found = getattr(_importlib.import_module(_ELSEWHERE[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'jib.sharding' has no attribute {name!r}")
