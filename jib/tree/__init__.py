"""Trees: nested containers whose leaves are arrays. `jib.tree.map`, `jib.tree.leaves`, ..."""

from jib.tree._flatten import (
    broadcast_prefix as broadcast_prefix,
    tree_all as all,
    tree_broadcast as broadcast,
    tree_flatten as flatten,
    tree_flatten_with_path as flatten_with_path,
    tree_leaves as leaves,
    tree_leaves_with_path as leaves_with_path,
    tree_map as map,
    tree_map_with_path as map_with_path,
    tree_reduce as reduce,
    tree_reduce_associative as reduce_associative,
    tree_structure as structure,
    tree_transpose as transpose,
    tree_unflatten as unflatten,
)
from jib.tree._mismatch import first_difference as first_difference
from jib.tree._registry import (
    call_registry as call_registry,
    register_call_node as register_call_node,
    static as static,
    tree_registry as tree_registry,
)

__all__ = [
    "all", "broadcast", "flatten", "flatten_with_path", "leaves", "leaves_with_path", "map",
    "map_with_path", "reduce", "reduce_associative", "static", "structure", "transpose",
    "unflatten",
]  # fmt: skip
