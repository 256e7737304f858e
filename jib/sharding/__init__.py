"""How arrays are laid out over devices."""

from jib.sharding._axis_type import AxisType as AxisType
from jib.sharding._partition_spec import PartitionSpec as PartitionSpec

__all__ = ["AxisType", "PartitionSpec"]
