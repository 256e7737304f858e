"""Take trees apart, put them together, and map functions over their leaves."""

import functools
from collections.abc import Callable, Iterable
from typing import Any

from jib.errors import StructureError
from jib.tree._mismatch import first_difference, keyed_children, keystr
from jib.tree._registry import KeyPath, PyTreeDef, tree_registry

__all__ = [
    "flatten_one_level", "flatten_one_level_with_keys", "tree_all", "tree_broadcast",
    "tree_flatten", "tree_flatten_with_path", "tree_leaves", "tree_leaves_with_path", "tree_map",
    "tree_map_with_path", "tree_reduce", "tree_reduce_associative", "tree_structure",
    "tree_transpose", "tree_unflatten", "treedef_children", "treedef_is_leaf",
]  # fmt: skip

IsLeaf = Callable[[Any], bool] | None

_flatten = tree_registry.flatten
_flatten_with_path = tree_registry.flatten_with_path


class _Unspecified:
    """The type of the default of arguments for which None is a value."""

    def __repr__(self) -> str:
        return "<Unspecified>"


_UNSPECIFIED: Any = _Unspecified()


def tree_flatten(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[Any], PyTreeDef]:
    """The leaves of a tree, in order, and its structure.

    `is_leaf(subtree)` may end the descent early.

    Example:
        >>> from jib import tree
        >>> tree.flatten({"b": 2, "a": [1, None]})
        ([1, 2], PyTreeDef({'a': [*, None], 'b': *}))
    """
    return _flatten(tree, is_leaf)


def tree_unflatten(treedef: PyTreeDef, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves.

    Raises `ValueError` if there are too few or too many.

    Example:
        >>> from jib import tree
        >>> tree.unflatten(tree.structure((0, [0])), [1, 2])
        (1, [2])
    """
    return treedef.unflatten(leaves)


def tree_leaves(tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves of a tree, in order.

    Example:
        >>> from jib import tree
        >>> tree.leaves({"b": 2, "a": (1, 3)})
        [1, 3, 2]
    """
    return _flatten(tree, is_leaf)[0]


def tree_structure(tree: Any, is_leaf: IsLeaf = None) -> PyTreeDef:
    """The structure of a tree: all of it but the leaves.

    Example:
        >>> from jib import tree
        >>> tree.structure([1, (2,)])
        PyTreeDef([*, (*,)])
    """
    return _flatten(tree, is_leaf)[1]


def _matched(treedef: PyTreeDef, tree: Any, rest: tuple[Any, ...], is_leaf: IsLeaf) -> list[Any]:
    """The subtrees of each of `rest` that stand where `tree` has leaves."""
    return [
        _flatten_up_to(
            treedef, tree, other, is_leaf, ("tree 1", f"tree {number}"),
            "the trees have different structures",
        )
        for number, other in enumerate(rest, start=2)
    ]  # fmt: skip


def _flatten_up_to(
    treedef: PyTreeDef, tree: Any, other: Any, is_leaf: IsLeaf, names: tuple[str, str], problem: str
) -> list[Any]:
    """The subtrees of `other` that stand where `tree` has leaves; or why there are none."""
    try:
        return treedef.flatten_up_to(other)
    except (ValueError, TypeError, KeyError):
        found = first_difference(tree, other, names, is_leaf)
        if found is None:
            raise
        raise StructureError(f"{problem}: {found}") from None


def tree_map(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None) -> Any:
    """The tree of the results of `f` on each leaf, or on the leaves of several trees together.

    The other trees have at least the structure of the first. Raises `StructureError` naming the
    first path where one has not; an error of `f` gets a note with the path of its leaves.

    Example:
        >>> from jib import tree
        >>> tree.map(lambda x, y: x + y, {"a": 1, "b": [2]}, {"a": 10, "b": [20]})
        {'a': 11, 'b': [22]}
    """
    leaves, treedef = _flatten(tree, is_leaf)
    if not rest:
        return treedef.unflatten([f(leaf) for leaf in leaves])
    results: list[Any] = []
    matched = _matched(treedef, tree, rest, is_leaf)
    try:
        results.extend(map(f, leaves, *matched))
    except Exception as error:
        path = tree_leaves_with_path(tree, is_leaf)[len(results)][0]
        error.add_note(
            f"note: the leaves at {keystr(path) or 'the root'} were given to the function"
        )
        raise
    return treedef.unflatten(results)


def tree_flatten_with_path(
    tree: Any, is_leaf: Callable[..., bool] | None = None, is_leaf_takes_path: bool = False
) -> tuple[list[tuple[KeyPath, Any]], PyTreeDef]:
    """The leaves of a tree, each with its path, and the structure.

    With `is_leaf_takes_path`, `is_leaf(path, subtree)` is asked.

    Example:
        >>> from jib import tree
        >>> tree.flatten_with_path({"a": [1]})[0]
        [((DictKey(key='a'), SequenceKey(idx=0)), 1)]
    """
    if is_leaf is None or is_leaf_takes_path:
        return _flatten_with_path(tree, is_leaf)
    return _flatten_with_path(tree, lambda _, subtree: is_leaf(subtree))


def tree_leaves_with_path(
    tree: Any, is_leaf: Callable[..., bool] | None = None, is_leaf_takes_path: bool = False
) -> list[tuple[KeyPath, Any]]:
    """The leaves of a tree, each with its path.

    Example:
        >>> from jib import tree
        >>> tree.leaves_with_path((5,))
        [((SequenceKey(idx=0),), 5)]
    """
    return tree_flatten_with_path(tree, is_leaf, is_leaf_takes_path)[0]


def tree_map_with_path(
    f: Callable[..., Any],
    tree: Any,
    *rest: Any,
    is_leaf: Callable[..., bool] | None = None,
    is_leaf_takes_path: bool = False,
) -> Any:
    """As `tree.map`, with `f(path, leaf, ...)`.

    Example:
        >>> from jib import tree, tree_util
        >>> tree.map_with_path(lambda path, x: tree_util.keystr(path) + str(x), {"a": 1})
        {'a': "['a']1"}
    """
    with_paths, treedef = tree_flatten_with_path(tree, is_leaf, is_leaf_takes_path)
    paths = [path for path, _ in with_paths]
    leaves = [leaf for _, leaf in with_paths]
    matched = _matched(treedef, tree, rest, None if is_leaf_takes_path else is_leaf)
    return treedef.unflatten(map(f, paths, leaves, *matched))


def tree_reduce(
    function: Callable[[Any, Any], Any],
    tree: Any,
    initializer: Any = _UNSPECIFIED,
    is_leaf: IsLeaf = None,
) -> Any:
    """Combine the leaves from left to right: `function(function(first, second), third)`.

    Raises `TypeError` for a tree without leaves and no `initializer`.

    Example:
        >>> from jib import tree
        >>> tree.reduce(lambda total, x: total + x, {"a": 1, "b": [2, 3]})
        6
    """
    leaves = _flatten(tree, is_leaf)[0]
    if initializer is not _UNSPECIFIED:
        return functools.reduce(function, leaves, initializer)
    if not leaves:
        raise TypeError("the tree has no leaves to reduce. help: pass initializer=")
    return functools.reduce(function, leaves)


def tree_reduce_associative(
    operation: Callable[[Any, Any], Any],
    tree: Any,
    *,
    identity: Any = _UNSPECIFIED,
    is_leaf: IsLeaf = None,
) -> Any:
    """Combine the leaves pairwise in a balanced order: fewer steps in a row, smaller errors.

    Raises `TypeError` for a tree without leaves and no `identity`.

    Example:
        >>> from jib import tree
        >>> tree.reduce_associative(lambda x, y: f"({x}{y})", list("abcd"))
        '((ab)(cd))'
    """
    leaves = _flatten(tree, is_leaf)[0]
    if not leaves:
        if identity is _UNSPECIFIED:
            raise TypeError("the tree has no leaves to reduce. help: pass identity=")
        return identity

    def combined(low: int, high: int) -> Any:
        if high - low == 1:
            return leaves[low]
        middle = (low + high) // 2
        return operation(combined(low, middle), combined(middle, high))

    return combined(0, len(leaves))


def tree_all(tree: Any, *, is_leaf: IsLeaf = None) -> bool:
    """Whether every leaf is true.

    Example:
        >>> from jib import tree
        >>> tree.all({"a": True, "b": [1, 0]})
        False
    """
    return all(_flatten(tree, is_leaf)[0])


def tree_transpose(
    outer_treedef: PyTreeDef, inner_treedef: PyTreeDef | None, pytree_to_transpose: Any
) -> Any:
    """Turn a tree of trees inside out.

    Without `inner_treedef`, the first inner tree tells it. Raises `TypeError` if the tree is not
    an outer tree of inner ones.

    Example:
        >>> from jib import tree
        >>> pairs = [(1, 10), (2, 20)]
        >>> tree.transpose(tree.structure([0, 0]), tree.structure((0, 0)), pairs)
        ([1, 2], [10, 20])
    """
    leaves, treedef = _flatten(pytree_to_transpose)
    inner = inner_treedef
    if inner is None:
        inner = tree_structure(outer_treedef.flatten_up_to(pytree_to_transpose)[0])
    if treedef.num_leaves != outer_treedef.num_leaves * inner.num_leaves:
        raise TypeError(
            f"tree.transpose was given {treedef}, which is not an outer tree of inner ones: "
            f"{outer_treedef.compose(inner)}"
        )
    size = inner.num_leaves
    return inner.unflatten([outer_treedef.unflatten(leaves[i::size]) for i in range(size)])


def broadcast_prefix(
    prefix_tree: Any,
    full_tree: Any,
    is_leaf: IsLeaf = None,
    names: tuple[str, str] = ("the prefix", "the full tree"),
) -> list[Any]:
    """A list with the leaf of `prefix_tree` that stands over each leaf of `full_tree`.

    Raises `StructureError`, in which `names` stand for the two trees, naming the first path where
    the prefix does not fit.
    """
    leaves, treedef = _flatten(prefix_tree, is_leaf)
    problem = f"{names[0]} does not fit {names[1]}"
    subtrees = _flatten_up_to(treedef, prefix_tree, full_tree, is_leaf, names, problem)
    result: list[Any] = []
    for leaf, subtree in zip(leaves, subtrees, strict=True):
        result.extend([leaf] * _flatten(subtree)[1].num_leaves)
    return result


def tree_broadcast(prefix_tree: Any, full_tree: Any, is_leaf: IsLeaf = None) -> Any:
    """The tree like `full_tree` whose leaves are those of `prefix_tree` that stand over them.

    Raises `StructureError` naming the first path where the prefix does not fit.

    Example:
        >>> from jib import tree
        >>> tree.broadcast({"a": 0, "b": 1}, {"a": [7, 8], "b": 9})
        {'a': [0, 0], 'b': 1}
    """
    return tree_structure(full_tree).unflatten(broadcast_prefix(prefix_tree, full_tree, is_leaf))


def treedef_children(treedef: PyTreeDef) -> list[PyTreeDef]:
    """The structures of the children of a tree."""
    return treedef.children()


def treedef_is_leaf(treedef: PyTreeDef) -> bool:
    """Whether a structure has one node: a leaf, or a container with nothing in it."""
    return treedef.num_nodes == 1


def flatten_one_level(tree: Any) -> tuple[Iterable[Any], Any]:
    """The children of a node and its static data; raises `ValueError` for a leaf.

    Example:
        >>> from jib import tree_util
        >>> tree_util.flatten_one_level([1, (2, 3)])
        ([1, (2, 3)], None)
    """
    return _of_node(tree, tree_registry.flatten_one_level(tree))


def flatten_one_level_with_keys(tree: Any) -> tuple[Iterable[tuple[Any, Any]], Any]:
    """The `(key, child)` pairs of a node and its static data; raises `ValueError` for a leaf."""
    return _of_node(tree, keyed_children(tree))


def _of_node(tree: Any, found: Any) -> Any:
    if found is None:
        raise ValueError(f"a {type(tree).__name__} is a leaf: it has no children")
    return found
