"""The names of subpackages that stand in `jib.optim` itself as well."""

from jib.optim._tree_paths import (
    StateNameError as StateNameError,
    tree_map_params as tree_map_params,
)
from jib.optim._trees import (
    bias_correction as bias_correction,
    global_norm as global_norm,
    update_infinity_moment as update_infinity_moment,
    update_moment as update_moment,
    update_moment_per_elem_norm as update_moment_per_elem_norm,
)
from jib.optim.contrib._private import (
    DifferentiallyPrivateAggregateState as DifferentiallyPrivateAggregateState,
    differentially_private_aggregate as differentially_private_aggregate,
    dpsgd as dpsgd,
)
from jib.optim.microbatching import microbatch as microbatch

__all__ = [
    "DifferentiallyPrivateAggregateState", "StateNameError", "bias_correction",
    "differentially_private_aggregate", "dpsgd", "global_norm", "microbatch", "tree_map_params",
    "update_infinity_moment", "update_moment", "update_moment_per_elem_norm",
]  # fmt: skip
