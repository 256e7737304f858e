"""Finding, replacing and mapping the named parts of an optimizer's state."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from jib import tree as trees, tree_util
from jib.errors import JibError

__all__ = [
    "NamedTupleKey", "StateNameError", "tree_get", "tree_get_all_with_path", "tree_map_params",
    "tree_set",
]  # fmt: skip

Path = tuple[Any, ...]
Filter = Callable[[Path, Any], bool]


class StateNameError(JibError, KeyError, code="J735", title="a name is not found just once"):
    """A name is missing from a state, or stands in it several times."""


@dataclasses.dataclass(frozen=True)
class NamedTupleKey:
    """A step of a path into a named tuple: the tuple's type and the field."""

    tuple_name: str
    name: str

    def __str__(self) -> str:
        return f"{self.tuple_name}.{self.name}"


def _is_named_tuple(node: Any) -> bool:
    return isinstance(node, tuple) and hasattr(node, "_fields")


def _children(node: Any) -> tuple[list[tuple[Any, Any]], Any]:
    """The (step, child) pairs one level under a node, and how to build the node from children."""
    pairs, structure = trees.flatten_with_path(node, is_leaf=lambda x: x is not node)
    if _is_named_tuple(node):
        name = type(node).__name__
        return [(NamedTupleKey(name, f), getattr(node, f)) for f in node._fields], structure
    return [(path[0] if path else None, child) for path, child in pairs], structure


def _name(step: Any) -> Any:
    """The name that a step looks up; a position in a list or tuple has none."""
    if isinstance(step, tree_util.DictKey):
        return step.key
    return getattr(step, "name", None)


def _is_inner(steps: list[tuple[Any, Any]]) -> bool:
    return bool(steps) and steps[0][0] is not None


def _found(node: Any, key: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if _is_named_tuple(node) and type(node).__name__ == key:
        yield path, node
    steps, _ = _children(node)
    if _is_inner(steps):
        for step, child in steps:
            if _name(step) == key:
                yield (*path, step), child
            yield from _found(child, key, (*path, step))


def tree_get_all_with_path(
    tree: Any, key: Any, filtering: Filter | None = None
) -> list[tuple[Path, Any]]:
    """All values with a name: `(path, value)` pairs.

    Args:
        tree: a tree, such as an optimizer's state.
        key: a dictionary key, the field of a named tuple, or the name of a named tuple's type.
        filtering: a function of path and value; pairs for which it is false are left out.
    """
    found = list(_found(tree, key, ()))
    return [pair for pair in found if filtering(*pair)] if filtering else found


def tree_get(
    tree: Any, key: Any, default: Any | None = None, filtering: Filter | None = None
) -> Any:
    """The one value with a name, or `default` when there is none.

    Args:
        tree: a tree, such as an optimizer's state.
        key: a dictionary key, the field of a named tuple, or the name of a named tuple's type.
        default: what to return when nothing has the name.
        filtering: a function of path and value that says which count.

    Raises:
        StateNameError: several values have the name.

    Example:
        >>> from jib import optim
        >>> optim.tree.get(({"count": 3},), "count")
        3
    """
    found = tree_get_all_with_path(tree, key, filtering)
    if len(found) > 1:
        places = ", ".join(tree_util.keystr(path) for path, _ in found[:4])
        raise StateNameError(
            f"{len(found)} values are named {key!r}: at {places}",
            help="pass filtering=lambda path, value: ... to choose one, "
            "or call tree_get_all_with_path",
        )
    return found[0][1] if found else default


def tree_set(tree: Any, filtering: Filter | None = None, /, **kwargs: Any) -> Any:
    """The tree with every value of the given names replaced.

    Args:
        tree: a tree, such as an optimizer's state.
        filtering: a function of path and value that says which are replaced.
        kwargs: the new values by name.

    Raises:
        StateNameError: nothing has one of the names.

    Example:
        >>> from jib import optim
        >>> optim.tree.set(({"count": 3},), count=4)
        ({'count': 4},)
    """
    for key in kwargs:
        if not tree_get_all_with_path(tree, key, filtering):
            also = " and passes the filter" if filtering else ""
            names = sorted({str(name) for name in _names(tree)})
            raise StateNameError(
                f"no value is named {key!r}{also}", help=f"the names are {', '.join(names)}"
            )

    def replaced(name: Any, path: Path, node: Any) -> bool:
        return name in kwargs and (filtering is None or filtering(path, node))

    def rebuild(node: Any, path: Path) -> Any:
        if _is_named_tuple(node) and replaced(type(node).__name__, path, node):
            return kwargs[type(node).__name__]
        steps, structure = _children(node)
        if not _is_inner(steps):
            return node
        new = []
        for step, child in steps:
            place = (*path, step)
            done = replaced(_name(step), place, child)
            new.append(kwargs[_name(step)] if done else rebuild(child, place))
        return node._replace(**dict(zip(node._fields, new, strict=True))) if (
            _is_named_tuple(node)) else trees.unflatten(structure, new)  # fmt: skip

    return rebuild(tree, ())


def _names(node: Any) -> Iterator[Any]:
    steps, _ = _children(node)
    if _is_inner(steps):
        for step, child in steps:
            if _name(step) is not None:
                yield _name(step)
            yield from _names(child)


@tree_util.register_pytree_node_class
class _Placeholder:
    """Stands for the parameters in a state: a tree without leaves."""

    def tree_flatten(self) -> tuple[tuple[()], None]:
        return (), None

    @classmethod
    def tree_unflatten(cls, aux: None, children: Any) -> _Placeholder:
        del aux, children
        return cls()


def tree_map_params(
    initable: Any,
    f: Callable[..., Any],
    state: Any,
    /,
    *rest: Any,
    transform_non_params: Callable[..., Any] | None = None,
    is_leaf: Callable[[Any], bool] | None = None,
) -> Any:
    """Map the parts of a state that are shaped like the parameters (moments, averages, ...).

    Args:
        initable: the optimizer, or its `init` function.
        f: a function of a leaf, and of the same leaf of every tree in `rest`.
        state: the optimizer's state.
        rest: trees with the parameters' structure.
        transform_non_params: a function of the other leaves, which otherwise stay as they are.
        is_leaf: which nodes of the parameters count as leaves.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> tx = optim.trace(0.9)
        >>> state = tx.init({"w": jnp.zeros(2)})
        >>> optim.tree.map_params(tx, lambda x: x + 1, state).trace["w"].tolist()
        [1.0, 1.0]
    """
    init = getattr(initable, "init", initable)

    def apply(mark: Any, value: Any) -> Any:
        if isinstance(mark, _Placeholder):
            return trees.map(f, value, *rest, is_leaf=is_leaf)
        return value if transform_non_params is None else transform_non_params(value)

    return trees.map(
        apply, init(_Placeholder()), state, is_leaf=lambda x: isinstance(x, _Placeholder)
    )
