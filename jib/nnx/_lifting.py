"""How a transform of pure functions becomes one of functions that change modules.

The arguments of a call are taken apart into values and a signature. Inside the transform, new
objects are made of the traced values and the function runs on those. What it changed is told apart
by identity: values that are other objects than before, attributes that were assigned. Only those
leave the transform, with a description of where they belong; then the caller's own objects are
changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jib import tree
from jib.core.origins import argument_names, function_name
from jib.core.tracing import context
from jib.nnx._boxes import Variable, root_types
from jib.nnx._errors import FilterError, SharedVariableError, path_name
from jib.nnx._filters import Filter, to_predicate
from jib.nnx._levels import check_level
from jib.nnx._pytrees import restructured
from jib.nnx._static import Static
from jib.nnx._structure import (
    Builder,
    Element,
    Graph,
    Rebuilt,
    Walk,
    graph_of,
    is_root,
    rebuild,
    walk_of,
)
from jib.tree_util import register_pytree_node
from jib.typing import Array

__all__ = [
    "Call", "Description", "Outcome", "PrefixMapping", "Sealed", "Signature", "finish",
    "named_after", "run", "said_of", "spread",
]  # fmt: skip

_set = object.__setattr__


class PrefixMapping:
    """A leaf of a prefix that says a thing of each variable of a module, by filter."""

    filters: tuple[Filter, ...] = ()
    things: tuple[Any, ...] = ()

    def map_prefix(self, path: tuple, variable: Any) -> Any:
        """What is said of a variable."""
        for filter, thing in zip(self.filters, self.things, strict=True):
            if to_predicate(filter)(path, variable):
                return thing
        raise FilterError(
            f"{type(self).__name__} says nothing of `{path_name(path)}`, a "
            f"{type(variable).__name__}",
            help=f"nnx.{type(self).__name__}({{..., ...: None}})   the last one for all the rest",
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, PrefixMapping)
            and type(self) is type(other)
            and (self.filters, self.things) == (other.filters, other.things)
        )

    def __hash__(self) -> int:
        return hash((self.filters, self.things))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(zip(self.filters, self.things, strict=True))})"


def _is_prefix_leaf(x: Any) -> bool:
    return x is None or isinstance(x, PrefixMapping)


def spread(prefix: Any, values: Any, is_leaf: Callable[[Any], bool] = _is_prefix_leaf) -> list:
    """What a prefix says of each leaf of a tree, objects and variables being leaves."""
    said, structure = tree.flatten(prefix, is_leaf=is_leaf)
    found = []
    for one, part in zip(said, structure.flatten_up_to(values), strict=True):
        found += [one] * len(tree.leaves(part, is_leaf=is_root))
    return found


class Signature(NamedTuple):
    """What the values of a call belong to: the tree of its arguments, which leaves are objects,
    and the structure of those."""

    treedef: Any
    kinds: tuple[bool, ...]
    structure: tuple[Element, ...]

    def arguments(self, values: Sequence[Any], plain: Sequence[Any], variable: Any = None) -> Any:
        """New objects from values: `(what was rebuilt, (args, kwargs))`."""
        rebuilt = rebuild(self.structure, values, variable=variable)
        return rebuilt, self.together(rebuilt.roots, plain)

    def together(self, roots: Sequence[Any], plain: Sequence[Any]) -> Any:
        """The arguments from objects and plain leaves."""
        objects, others = iter(roots), iter(plain)
        return self.treedef.unflatten([next(objects if k else others) for k in self.kinds])


class Description(NamedTuple):
    """What a call changed and returned, without the values. Hashable, compared by content."""

    changed: tuple[int, ...]  # slots with another value
    metadata: tuple[tuple[int, Static], ...]  # slots with other metadata
    updates: tuple[tuple[int, tuple], ...]  # objects with other attributes
    out: Any  # the tree of the results
    elements: tuple[Element | None, ...]  # of its leaves: an object, or None for a plain value
    quiet: bool  # nothing but plain results


class Sealed:
    """A tree without leaves that carries something static out of a transform."""

    __slots__ = ("content",)

    def __init__(self, content: Any) -> None:
        self.content = content


register_pytree_node(Sealed, lambda s: ((), s.content), lambda content, _: Sealed(content))


class Outcome:
    """What a function did to objects that were rebuilt for it.

    `changed`, `new` and `plain` are the values that leave; `slot_of_new` has for each new slot
    `("in", object, path)` or `("out", leaf, path)`.
    """

    def __init__(
        self,
        rebuilt: Rebuilt,
        values: Sequence[Any],
        out: Any,
        fixed: bool,
        always: Sequence[int] = (),
    ) -> None:
        self.out = out
        outer: dict[int, Element] = {id(n): ("outer", i) for i, n in enumerate(rebuilt.nodes)}
        changed, metadata, self.changed = [], [], []
        for i, (slot, value) in enumerate(zip(rebuilt.slots, values, strict=True)):
            if isinstance(slot, Variable | Array):
                outer[id(slot)] = "outer slot", i
            if isinstance(slot, Variable):
                if slot._raw_value is not value or i in always:
                    changed.append(i)
                    self.changed.append(slot._raw_value)
                if slot._version:
                    metadata.append((i, slot._static()))
        walk = Walk(outer)
        updates, self.slot_of_new = [], []
        for i, node in enumerate(rebuilt.nodes):
            if node._pytree__version or not (fixed or _is_fixed(node)):
                updates.append((i, walk.attributes(node)))
                self._note(walk, "in", i)
        leaves, out_tree = tree.flatten(out, is_leaf=is_root)
        elements: list[Element | None] = []
        self.plain = []
        for i, leaf in enumerate(leaves):
            if is_root(leaf):
                elements.append(walk.element(leaf))
                self._note(walk, "out", i)
            else:
                elements.append(None)
                self.plain.append(leaf)
        self.new_slots = walk.slots
        self.new = [s._raw_value if isinstance(s, Variable) else s for s in walk.slots]
        described = tuple(changed), tuple(metadata), tuple(updates), out_tree
        quiet = not (changed or metadata or updates or any(elements))
        self.description = Description(*described, tuple(elements), quiet)

    def _note(self, walk: Walk, where: str, index: int) -> None:
        for i in range(len(self.slot_of_new), len(walk.slots)):
            self.slot_of_new.append((where, index, walk.paths[i]))

    def parts(self) -> tuple[list, list, list, Sealed]:
        """The values and the description, as a tree."""
        return self.changed, self.new, self.plain, Sealed(self.description)

    def without(self, out: Any) -> Outcome:
        """The same, of a function that returned a part of its results alone: plain values."""
        leaves, out_tree = tree.flatten(out, is_leaf=is_root)
        self.out, self.plain = out, leaves
        self.description = self.description._replace(out=out_tree, elements=(None,) * len(leaves))
        return self

    def grouped(
        self,
        call: Call,
        slots: Sequence[Any],
        said: Sequence[Any],
        out_prefix: Any,
        order: tuple,
        is_leaf: Callable[[Any], bool] = _is_prefix_leaf,
    ) -> tuple[tuple[list, ...], Sealed]:
        """The values by what prefixes say of them (an axis, a spec), in the given order."""
        said_out = spread(out_prefix, self.out, is_leaf)
        tags = [slots[i] for i in self.description.changed]
        tags += call.said_of_new(self, said, said_out)
        elements = self.description.elements
        tags += [s for s, e in zip(said_out, elements, strict=True) if e is None]
        groups: dict[Any, list] = {tag: [] for tag in order}
        for tag, value in zip(tags, (*self.changed, *self.new, *self.plain), strict=True):
            groups[tag].append(value)
        counts = len(self.changed), len(self.new)
        return tuple(groups.values()), Sealed((self.description, tuple(tags), order, counts))


def _is_fixed(node: Any) -> bool:
    return not any(isinstance(x, list | dict | set) for x in vars(node).values())


def run(
    signature: Signature,
    fixed: bool,
    fun: Callable,
    values: Sequence[Any],
    plain: Sequence[Any],
    variable: Any = None,
    always: Sequence[int] = (),
) -> Outcome:
    """Call a function on new objects made of values, and say what it did to them.

    `variable(class, value, metadata)` makes the variables, if given. The slots `always` leave
    whether they changed or not.
    """
    rebuilt, (args, kwargs) = signature.arguments(values, plain, variable)
    return Outcome(rebuilt, values, fun(*args, **kwargs), fixed, always)


def finish(
    graph: Graph,
    changed: Sequence[Any],
    new: Sequence[Any],
    plain: Sequence[Any],
    sealed: Sealed,
    made: Callable[[list[Any]], None] | None = None,
) -> Any:
    """Change the caller's objects as described, and return the results."""
    description: Description = sealed.content
    if description.quiet:
        return description.out.unflatten(plain)
    level = context.trace
    for i, value in zip(description.changed, changed, strict=True):
        slot = graph.slots[i]
        if slot._level is not level:
            check_level(slot, slot._level)
        _set(slot, "_raw_value", value)
    for i, metadata in description.metadata:
        graph.slots[i].set_metadata(dict(metadata.value))
    if not description.updates and not any(description.elements):
        return description.out.unflatten(plain)
    builder = Builder(iter(new), graph.nodes, graph.slots)
    for i, parts in description.updates:
        node = graph.nodes[i]
        check_level(node, node._pytree__level)
        builder.fill(node, parts)
        restructured(node)
    rest = iter(plain)
    leaves = [next(rest) if e is None else builder.make(e) for e in description.elements]
    if made is not None:
        made(builder.slots)
    return description.out.unflatten(leaves)


class Call:
    """The arguments of a call taken apart."""

    __slots__ = ("graph", "plain", "roots", "signature")

    def __init__(self, *arguments: Any) -> None:
        leaves, treedef = tree.flatten(arguments, is_leaf=is_root)
        kinds = tuple([type(x) in root_types for x in leaves])
        self.roots = tuple([x for x in leaves if type(x) in root_types])
        self.graph: Graph = graph_of(self.roots)
        self.plain = [x for x in leaves if type(x) not in root_types]
        self.signature = Signature(treedef, kinds, self.graph.structure)

    def values(self) -> list[Any]:
        """What the slots hold."""
        return self.graph.values()

    def run(
        self, fun: Callable, values: Sequence[Any], plain: Sequence[Any], variable: Any = None
    ) -> Outcome:
        """`run` with the signature of this call."""
        return run(self.signature, self.graph.fixed, fun, values, plain, variable)

    def finish(self, *parts: Any) -> Any:
        """`finish` with the graph of this call."""
        return finish(self.graph, *parts)

    def finish_groups(
        self, groups: tuple, sealed: Sealed, made: Callable[[list, tuple], None] | None = None
    ) -> Any:
        """`finish` with what `Outcome.grouped` gave; `made` gets the new slots and their tags."""
        description, tags, order, (n, m) = sealed.content
        streams = {tag: iter(group) for tag, group in zip(order, groups, strict=True)}
        values = [next(streams[tag]) for tag in tags]
        note = None if made is None else lambda slots: made(slots, tags[n : n + m])
        parts = values[:n], values[n : n + m], values[n + m :]
        return self.finish(*parts, Sealed(description), note)

    def said_of_slots(self, said: Sequence[Any]) -> list[Any]:
        """What a prefix, spread over the leaves of the arguments, says of each slot.

        Raises:
            SharedVariableError: if two things are said of one variable.
        """
        of_roots = [p for p, k in zip(said, self.signature.kinds, strict=True) if k]
        if len(set(of_roots)) > 1:
            self._check_shared(of_roots)
        return [
            said_of(of_roots[owner], path, slot)
            for owner, path, slot in zip(
                self.graph.owners, self.graph.paths, self.graph.slots, strict=True
            )
        ]

    def said_of_plain(self, said: Sequence[Any]) -> list[Any]:
        """What a prefix says of each plain leaf of the arguments."""
        return [p for p, k in zip(said, self.signature.kinds, strict=True) if not k]

    def said_of_new(self, outcome: Outcome, said: Sequence[Any], said_out: Sequence[Any]) -> list:
        """What prefixes of arguments and results say of each new slot."""
        of_roots = [p for p, k in zip(said, self.signature.kinds, strict=True) if k]
        found = []
        for (where, i, path), slot in zip(outcome.slot_of_new, outcome.new_slots, strict=True):
            if where == "in":
                path = (*self.graph.node_paths[i], *path)
                found.append(said_of(of_roots[self.graph.node_owners[i]], path, slot))
            else:
                found.append(said_of(said_out[i], path, slot))
        return found

    def _check_shared(self, of_roots: Sequence[Any]) -> None:
        seen: dict[int, tuple[Any, tuple]] = {}
        for root, prefix in zip(self.roots, of_roots, strict=True):
            found = walk_of((root,))
            for slot, path in zip(found.slots, found.paths, strict=True):
                if not isinstance(slot, Variable):
                    continue
                said = said_of(prefix, path, slot)
                first = seen.setdefault(id(slot), (said, path))
                if first[0] != said:
                    raise SharedVariableError(
                        f"one {type(slot).__name__} is reached as {path_name(first[1])} with "
                        f"{first[0]!r} and as {path_name(path)} of another argument with {said!r}",
                        help="give both arguments the same axes, or pass the module once",
                    )


def named_after(function: Any, fun: Callable, call: Call) -> Any:
    """A function of values and plain leaves that messages show as `fun`, a function of modules."""
    signature, graph = call.signature, call.graph
    paths, owners = graph.paths, graph.owners

    def labels(values: Sequence[Any], plain: Sequence[Any]) -> list[str]:
        leaves = [object() for _ in signature.kinds]
        args, *named = signature.treedef.unflatten(leaves)
        names = argument_names(fun, args, named[0] if named else {})
        roots = [n for n, k in zip(names, signature.kinds, strict=True) if k]
        others = [n for n, k in zip(names, signature.kinds, strict=True) if not k]
        found = []
        for value, path, owner in zip(values, paths, owners, strict=True):
            name = roots[owner] + "".join(_step_name(key) for key in path)
            found += [name] * len(tree.leaves(value))
        return found + [n for n, x in zip(others, plain, strict=True) for _ in tree.leaves(x)]

    function.argument_labels, function.stands_for = labels, fun
    function.__name__ = function.__qualname__ = function_name(fun)
    return function


def _step_name(key: Any) -> str:
    return f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"


def said_of(prefix: Any, path: tuple, slot: Any) -> Any:
    """What a leaf of a prefix says of one variable of a module."""
    return prefix.map_prefix(path, slot) if isinstance(prefix, PrefixMapping) else prefix
