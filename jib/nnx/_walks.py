"""Walking over all that a module holds."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from jib.nnx._boxes import Variable
from jib.nnx._errors import StateError
from jib.nnx._filters import Filter, to_predicate
from jib.nnx._pytrees import Pytree, items
from jib.nnx._structure import is_root, key_of
from jib.tree_util import is_tree_node, tree_flatten_with_path

__all__ = ["find_duplicates", "iter_children", "iter_graph"]


def children_of(node: Any) -> dict[Any, Any]:
    """The attributes of an object, or the members of a container, by key."""
    if isinstance(node, Pytree):
        return {key: value for key, value, _ in items(node)}
    if isinstance(node, Variable) or node is None or not is_tree_node(type(node)):
        return {}
    pairs = tree_flatten_with_path(node, is_leaf=lambda x: x is not node)[0]
    return {key_of(keys[0]): value for keys, value in pairs if keys}


def assign(node: Any, key: Any, value: Any) -> None:
    """Make `value` the member `key` of an object or container."""
    if isinstance(node, Pytree):
        setattr(node, str(key), value)
    elif isinstance(node, list | MutableMapping):
        node[key] = value
    else:
        raise StateError(
            f"`{key}` of a {type(node).__name__} cannot be replaced",
            help="keep what changes in an nnx.Variable, an nnx.List or an nnx.Dict",
        )


def iter_graph(node: Any, /, *, graph: bool | None = None) -> Iterator[tuple[tuple, Any]]:
    """Paths and values of all that a module holds, parts before the whole, each object once.

    Example:
        >>> from jib import nnx
        >>> [path for path, _ in nnx.iter_graph(nnx.Dict(a=nnx.Dict(b=1), c=2))]
        [('a', 'b'), ('a',), ('c',), ()]
    """
    seen: set[int] = set()

    def visit(x: Any, path: tuple) -> Iterator[tuple[tuple, Any]]:
        if is_root(x) or (x is not None and is_tree_node(type(x))):
            if id(x) in seen:
                return
            seen.add(id(x))
            for key, child in children_of(x).items():
                yield from visit(child, (*path, key))
        yield path, x

    return visit(node, ())


def iter_children(node: Any, /, *, graph: bool | None = None) -> Iterator[tuple[Any, Any]]:
    """Keys and values of the objects that an object holds itself."""
    return ((key, value) for key, value in children_of(node).items() if isinstance(value, Pytree))


def find_duplicates(node: Any, /, *, only: Filter = ...) -> list[list[tuple]]:
    """The paths of each object or variable that is reached by more than one.

    Example:
        >>> from jib import nnx
        >>> w = nnx.Param(1.0)
        >>> nnx.find_duplicates(nnx.Dict(a=w, b=w))
        [[('a',), ('b',)]]
    """
    predicate = to_predicate(only)
    paths: dict[int, list[tuple]] = {}

    def visit(x: Any, path: tuple) -> None:
        if is_root(x):
            if id(x) in paths:
                if predicate(path, x):
                    paths[id(x)].append(path)
                return
            paths[id(x)] = [path]
        for key, child in children_of(x).items():
            visit(child, (*path, key))

    visit(node, ())
    return [found for found in paths.values() if len(found) > 1]
