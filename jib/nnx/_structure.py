"""The structure of a graph of modules: everything but the arrays, as a hashable value.

A graph is taken apart into *slots* (its variables and plain arrays, each once, in the order of
their paths) and a structure, nested tuples of *elements*:

    ("variable", class, metadata)         the next slot, a variable
    ("array",)                            the next slot, an array
    ("node", class, ((key, kind, element), ...))   an object; kind: data, static or None
    ("tree", treedef, (element, ...))     a plain container
    ("static", value)
    ("ref", n), ("slot", n)               an object or slot met before
    ("outer", n), ("outer slot", n)       an object or slot of the caller of a transformed function
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jib.core.tracing import aval_handlers
from jib.nnx._boxes import Structures, Variable, root_types
from jib.nnx._pytrees import Pytree, blank, has_data, hidden, items
from jib.nnx._static import Static, is_fixed
from jib.tree_util import (
    DictKey,
    FlattenedIndexKey,
    GetAttrKey,
    SequenceKey,
    is_tree_node,
    tree_flatten_with_path,
)
from jib.typing import Array

__all__ = [
    "Builder", "Element", "Graph", "Rebuilt", "Walk", "cached_graph", "graph_of", "is_root",
    "key_of", "rebuild", "walk_of",
]  # fmt: skip

Element = tuple
_NUMBERS = (bool, int, float, complex, np.generic)
_ARRAY: Element = ("array",)


def is_root(x: Any) -> bool:
    """Whether a value is an object or variable, which keeps its identity."""
    return type(x) in root_types


def key_of(entry: Any) -> Any:
    """The plain key of an entry of a tree path."""
    if isinstance(entry, SequenceKey):
        return entry.idx
    if isinstance(entry, DictKey | FlattenedIndexKey):
        return entry.key
    return entry.name if isinstance(entry, GetAttrKey) else str(entry)


class Walk:
    """Takes graphs apart. `outer` maps ids of objects known outside to their elements."""

    def __init__(self, outer: dict[int, Element] | None = None) -> None:
        self.outer = outer or {}
        self.slots: list[Any] = []
        self.paths: list[tuple] = []
        self.nodes: list[Any] = []
        self.node_paths: list[tuple] = []
        self.seen: dict[int, Element] = {}
        self.fixed = True  # no container in it can change unseen

    def element(self, x: Any, path: tuple = (), data: bool | None = True) -> Element:
        """The element of a value, which adds what is new in it to the lists."""
        found = self.outer.get(id(x)) or self.seen.get(id(x))
        if found is not None:
            return found
        if isinstance(x, Variable):
            self.seen[id(x)] = "slot", len(self.slots)
            self._slot(x, path)
            return "variable", type(x), x._static()
        if isinstance(x, Pytree):
            self.seen[id(x)] = "ref", len(self.nodes)
            self.nodes.append(x)
            self.node_paths.append(path)
            return "node", type(x), self.attributes(x, path)
        if isinstance(x, Array | np.ndarray) or (data and isinstance(x, _NUMBERS)):
            self._slot(x, path)
            return _ARRAY
        if is_tree_node(type(x)) and x is not None:
            return self._container(x, path, data)
        if data and type(x) in aval_handlers:
            self._slot(x, path)
            return _ARRAY
        self.fixed = self.fixed and is_fixed(x)
        return "static", Static(x)

    def _slot(self, x: Any, path: tuple) -> None:
        self.slots.append(x)
        self.paths.append(path)

    def attributes(self, node: Any, path: tuple = ()) -> tuple:
        """The attributes of an object, as elements."""
        parts = []
        for key, value, kind in items(node):
            if kind is False:
                if not is_fixed(value):
                    self.fixed = False
                    if found := has_data(value):  # put into a list after its assignment
                        raise hidden(node, key, value, found)
                parts.append((key, False, ("static", Static(value))))
            else:
                parts.append((key, kind, self.element(value, (*path, key), kind)))
        return tuple(parts)

    def _container(self, x: Any, path: tuple, data: bool | None) -> Element:
        self.fixed = self.fixed and not isinstance(x, list | dict)
        children, treedef = tree_flatten_with_path(x, is_leaf=lambda y: y is not x)
        keyed = [(key_of(keys[0]) if keys else None, child) for keys, child in children]
        return "tree", treedef, tuple(self.element(v, (*path, k), data) for k, v in keyed)


class Graph(NamedTuple):
    """A graph taken apart: structure, slots, their paths, and the objects in it.

    `owners` and `node_owners` say by which root each slot and object was reached first.
    """

    structure: tuple[Element, ...]
    slots: list[Any]
    paths: list[tuple]
    nodes: list[Any]
    node_paths: list[tuple]
    owners: list[int]
    node_owners: list[int]
    fixed: bool
    boxed: bool  # every slot is a variable

    def values(self) -> list[Any]:
        """What the slots hold."""
        if self.boxed:
            return [s._raw_value for s in self.slots]
        return [s._raw_value if isinstance(s, Variable) else s for s in self.slots]


_interned: dict[tuple, tuple] = {}
_INTERNED_LIMIT = 4096
_CACHED_LIMIT = 8  # kept of one object, by the other objects that it is passed with


def _whole(structure: tuple) -> tuple:
    """The one tuple that stands for all equal structures, so that they compare by identity."""
    if len(_interned) >= _INTERNED_LIMIT:
        _interned.clear()
    return _interned.setdefault(structure, structure)


def walk_of(roots: Sequence[Any], outer: dict[int, Element] | None = None) -> Graph:
    """Take the graph of some values apart."""
    walk = Walk(outer)
    structure, owners, node_owners = [], [], []
    for i, x in enumerate(roots):
        structure.append(walk.element(x))
        owners += [i] * (len(walk.slots) - len(owners))
        node_owners += [i] * (len(walk.nodes) - len(node_owners))
    whole = _whole(tuple(structure))
    parts = walk.slots, walk.paths, walk.nodes, walk.node_paths
    boxed = all(isinstance(x, Variable) for x in walk.slots)
    return Graph(whole, *parts, owners, node_owners, walk.fixed, boxed)


class _Cached:
    """A graph with the versions of its parts, by which one sees whether it still holds."""

    __slots__ = ("__weakref__", "epoch", "graph", "parts", "roots", "versions")

    def __init__(self, roots: tuple, graph: Graph) -> None:
        self.roots, self.graph, self.epoch = roots, graph, Structures.epoch
        variables = [s for s in graph.slots if isinstance(s, Variable)]
        self.parts = graph.nodes, variables
        self.versions = self._versions()

    def _versions(self) -> list[int]:
        nodes, variables = self.parts
        return [n._pytree__version for n in nodes] + [v._version for v in variables]

    def holds(self) -> bool:
        """Whether no part has changed its structure since."""
        epoch = Structures.epoch
        if self.epoch != epoch:
            if self.versions != self._versions():
                return False
            self.epoch = epoch
        return True


def cached_graph(roots: tuple) -> _Cached | None:
    """What is remembered of these objects, if it still holds."""
    cache = getattr(roots[0], "_pytree__cache", None) if roots else None
    found = cache.get(tuple(map(id, roots))) if cache is not None else None
    return found if found is not None and found.holds() else None


def graph_of(roots: tuple) -> Graph:
    """`walk_of` objects, remembered in the first of them while no structure changes."""
    found = cached_graph(roots)
    if found is not None:
        return found.graph
    graph = walk_of(roots)
    first = roots[0] if roots else None
    if not isinstance(first, Pytree):
        return graph
    cache, key = first._pytree__cache, tuple(map(id, roots))
    if graph.fixed:
        if cache is None or len(cache) > _CACHED_LIMIT:
            cache = {}
        cache[key] = _Cached(roots, graph)
        object.__setattr__(first, "_pytree__cache", cache)
    return graph


class Rebuilt(NamedTuple):
    """Values put together from a structure, with their slots and objects in order."""

    roots: list[Any]
    slots: list[Any]
    nodes: list[Any]


def rebuild(
    structure: Iterable[Element],
    values: Iterable[Any],
    outer_nodes: Sequence[Any] = (),
    outer_slots: Sequence[Any] = (),
    variable: Callable[[type, Any, Any], Any] | None = None,
) -> Rebuilt:
    """Put values together. `variable(class, value, metadata)` makes variables; by default new."""
    builder = Builder(iter(values), outer_nodes, outer_slots, variable)
    return Rebuilt([builder.make(e) for e in structure], builder.slots, builder.nodes)


def _new_variable(cls: type, value: Any, metadata: Static) -> Any:
    made: Any = cls
    variable = made._new(value, dict(metadata.value))
    object.__setattr__(variable, "_aux", metadata)
    return variable


class Builder:
    """Makes values of elements; the slots and objects that it makes are kept in order."""

    def __init__(
        self, values: Any, outer_nodes: Any = (), outer_slots: Any = (), variable: Any = None
    ) -> None:
        self.values, self.variable = values, variable or _new_variable
        self.outer_nodes, self.outer_slots = outer_nodes, outer_slots
        self.slots: list[Any] = []
        self.nodes: list[Any] = []

    def make(self, element: Element) -> Any:
        """The value of an element."""
        kind = element[0]
        if kind == "static":
            return element[1].value
        if kind == "variable":
            self.slots.append(self.variable(element[1], next(self.values), element[2]))
            return self.slots[-1]
        if kind == "array":
            self.slots.append(next(self.values))
            return self.slots[-1]
        if kind == "tree":
            return element[1].unflatten([self.make(e) for e in element[2]])
        if kind == "node":
            node = blank(element[1], (), {})
            self.nodes.append(node)
            self.fill(node, element[2])
            return node
        known = {
            "ref": self.nodes,
            "slot": self.slots,
            "outer": self.outer_nodes,
            "outer slot": self.outer_slots,
        }
        return known[kind][element[1]]

    def fill(self, node: Any, parts: tuple) -> None:
        """Give an object its attributes."""
        attributes = {str(key): self.make(e) for key, _, e in parts}
        vars(node).clear()
        vars(node).update(attributes)
        kinds = {str(key): kind for key, kind, _ in parts if kind is not None}
        object.__setattr__(node, "_pytree__kinds", kinds)
