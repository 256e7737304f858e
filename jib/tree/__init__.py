"""Trees: nested containers whose leaves are arrays. `jib.tree.map`, `jib.tree.leaves`, ..."""

from jib.tree._flatten import broadcast_prefix as broadcast_prefix
from jib.tree._flatten import tree_all as all
from jib.tree._flatten import tree_broadcast as broadcast
from jib.tree._flatten import tree_flatten as flatten
from jib.tree._flatten import tree_flatten_with_path as flatten_with_path
from jib.tree._flatten import tree_leaves as leaves
from jib.tree._flatten import tree_leaves_with_path as leaves_with_path
from jib.tree._flatten import tree_map as map
from jib.tree._flatten import tree_map_with_path as map_with_path
from jib.tree._flatten import tree_reduce as reduce
from jib.tree._flatten import tree_reduce_associative as reduce_associative
from jib.tree._flatten import tree_structure as structure
from jib.tree._flatten import tree_transpose as transpose
from jib.tree._flatten import tree_unflatten as unflatten
from jib.tree._mismatch import first_difference as first_difference
from jib.tree._registry import call_registry as call_registry
from jib.tree._registry import register_call_node as register_call_node
from jib.tree._registry import static as static
from jib.tree._registry import tree_registry as tree_registry

__all__ = [
    "all",
    "broadcast",
    "flatten",
    "flatten_with_path",
    "leaves",
    "leaves_with_path",
    "map",
    "map_with_path",
    "reduce",
    "reduce_associative",
    "static",
    "structure",
    "transpose",
    "unflatten",
]
