"""The names of `jib.linen` that come from its core and from single functions of submodules."""

from jib.linen.core._filters import DenyList
from jib.linen.core.frozen_dict import FrozenDict
from jib.linen.core.meta import (
    PARTITION_NAME,
    Partitioned,
    get_partition_spec,
    get_sharding,
    unbox,
    with_partitioning,
)
from jib.linen.core.scope import Variable
from jib.linen.summary import tabulate

__all__ = [
    "PARTITION_NAME", "DenyList", "FrozenDict", "Partitioned", "Variable", "get_partition_spec",
    "get_sharding", "tabulate", "unbox", "with_partitioning",
]  # fmt: skip
