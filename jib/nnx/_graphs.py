"""Modules taken apart into a definition and a state, and put together again."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, Generic, TypeVar

from jib import errors, random, tree
from jib.core.keys import KeyArray
from jib.nnx._errors import SharedVariableError, StateError, path_name, table
from jib.nnx._filters import Filter, split_items, to_predicate
from jib.nnx._pytrees import Pytree
from jib.nnx._states import (
    FlatState,
    State,
    filter_state,
    from_flat_state,
    map_state,
    merge_state,
    one_or_all,
    to_flat_state,
)
from jib.nnx._static import Static
from jib.nnx._structure import Graph, Rebuilt, graph_of, is_root, rebuild
from jib.nnx._variables import Variable
from jib.nnx._walks import assign, children_of, find_duplicates
from jib.tree_util import is_tree_node, register_pytree_with_keys, tree_flatten_with_path
from jib.typing import Array

__all__ = [
    "GraphDef", "GraphState", "as_pure", "call", "clone", "flatten", "graphdef", "map", "merge",
    "pop", "pure", "recursive_map", "set_metadata", "split", "state", "unflatten", "unpack",
    "update", "variables", "vars_as", "with_vars",
]  # fmt: skip

_A = TypeVar("_A")


class GraphDef(Generic[_A]):
    """What a module is beside its arrays: classes, attributes, shared references. Hashable.

    Equal definitions compare by identity of their structure, so that they are quick keys.
    """

    __slots__ = ("_hash", "paths", "structure")

    def __init__(self, structure: tuple, paths: tuple[tuple, ...]) -> None:
        self.structure, self.paths = structure, paths
        self._hash: int | None = None

    @property
    def num_leaves(self) -> int:
        """How many variables and arrays there are."""
        return len(self.paths)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GraphDef) and (
            self.structure is other.structure or self.structure == other.structure
        )

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(self.structure)
        return self._hash

    def __repr__(self) -> str:
        root = self.structure[0]
        name = root[1].__name__ if root[0] == "node" else root[0]
        return f"GraphDef({name}, {self.num_leaves} leaves)"

    def __reduce__(self) -> tuple:
        return GraphDef, (self.structure, self.paths)

    def apply(self, state: Any, *states: Any, graph: bool | None = None) -> Any:
        """Call a method of the module: `graphdef.apply(state).encode(x)` gives `(out, (graphdef,
        state))`, the state after the call."""
        return call((self, state, *states))


register_pytree_with_keys(GraphDef, lambda g: ((), g), lambda g, _: g, lambda g: ((), g))


def _graph(node: Any, graph: bool | None = None) -> Graph:
    if graph is False and (shared := find_duplicates(node)):
        raise SharedVariableError(
            "with graph=False a module is a tree, but some objects are reached by several paths",
            notes=[" = ".join(builtins.map(path_name, paths)) for paths in shared],
            help="leave out graph=False: shared references are kept",
        )
    if not (is_root(node) or (is_tree_node(type(node)) and node is not None)):
        raise errors.ArgumentTypeError(
            f"a {type(node).__name__} has no variables: a module, or a tree of modules, is needed",
            help="graphdef, state = nnx.split(model)",
        )
    return graph_of((node,))


def flatten(node: Any, /, *, with_paths: bool = True, graph: bool | None = None) -> Any:
    """A module's definition and flat state (or, without paths, the list of bare values)."""
    found = _graph(node, graph)
    definition = GraphDef(found.structure, tuple(found.paths))
    if not with_paths:
        return definition, found.values()
    pairs = zip(found.paths, found.slots, strict=True)
    return definition, FlatState(pairs, sort=False)


def split(node: Any, *filters: Filter, graph: bool | None = None) -> Any:
    """A module's definition, and its state (or a state for each filter, which must take all).

    The states hold the module's own variables: `merge` makes new ones.

    Raises:
        FilterError: naming the variables that no filter takes.

    Example:
        >>> from jib import nnx
        >>> model = nnx.Dict(w=nnx.Param(1.0), mean=nnx.BatchStat(2.0))
        >>> graphdef, params, rest = nnx.split(model, nnx.Param, ...)
        >>> nnx.merge(graphdef, params, rest).mean.value
        2.0
    """
    definition, flat = flatten(node, graph=graph)
    if not filters:
        return definition, from_flat_state(list(flat))
    groups = [list(s) for s in _as_tuple(flat.split(*filters))]
    return definition, *builtins.map(from_flat_state, groups)


def _as_tuple(x: Any) -> tuple:
    return x if isinstance(x, tuple) else (x,)


def graphdef(node: Any, /, *, graph: bool | None = None) -> GraphDef:
    """The definition of a module: `split` without the state."""
    return flatten(node, graph=graph)[0]


def state(node: Any, *filters: Filter, graph: bool | None = None) -> Any:
    """The state of a module, or a state of the variables that each filter takes.

    Example:
        >>> from jib import nnx
        >>> model = nnx.Dict(w=nnx.Param(1.0), mean=nnx.BatchStat(2.0))
        >>> nnx.state(model, nnx.Param).to_pure_dict()
        {'w': 1.0}
    """
    pairs = list(flatten(node, graph=graph)[1])
    if not filters:
        return from_flat_state(pairs)
    return one_or_all([from_flat_state(group) for group in split_items(pairs, filters)[:-1]])


variables = state


def _pairs(states: tuple) -> dict[tuple, Any]:
    found: dict[tuple, Any] = {}
    for s in states:
        if isinstance(s, Mapping):
            found.update(to_flat_state(s._state if isinstance(s, GraphState) else s))
        elif isinstance(s, FlatState):
            found.update(s)
        else:
            found[()] = s
    return found


def merge(
    graphdef_or_graphstate: Any,
    /,
    *states: Any,
    copy: bool = False,
    recreate_variables: bool = True,
) -> Any:
    """A module from its definition and all of its state.

    Args:
        graphdef_or_graphstate: from `split` (or `unpack`).
        *states: states, pure dicts of arrays, or one list of values in order.
        copy: copy containers inside variables.
        recreate_variables: make new variables; else the module holds those of the states.

    Raises:
        StateError: a table of the paths that are missing, or not in the definition.
    """
    definition = graphdef_or_graphstate
    if isinstance(definition, GraphState):
        definition, states = definition._graphdef, (definition, *states)
    if not isinstance(definition, GraphDef):
        raise errors.ArgumentTypeError(
            f"merge takes a GraphDef first, then states; got a {type(definition).__name__}",
            help="model = nnx.merge(graphdef, state)",
        )
    if len(states) == 1 and isinstance(states[0], list):
        return unflatten(definition, states[0])
    pairs = _pairs(states)
    _check_paths(set(definition.paths), pairs)
    values = [pairs[path] for path in definition.paths]
    return _put_together(definition, values, copy, recreate_variables).roots[0]


def _check_paths(known: set[tuple], pairs: Mapping[tuple, Any]) -> None:
    missing, extra = known - set(pairs), [path for path in pairs if path not in known]
    if not missing and not extra:
        return
    rows = [(path_name(p), "missing in the state") for p in sorted(missing, key=repr)]
    rows += [(path_name(p), "not in the module") for p in extra]
    raise StateError(
        f"the state does not fit the module: paths missing: {len(missing)}, paths that the module "
        f"has not: {len(extra)}",
        notes=table(rows),
        help=[
            "nnx.merge(graphdef, params, rest)   takes every state that `split` gave",
            "nnx.update(model, state)   changes some variables of a module",
        ],
    )


def _put_together(definition: GraphDef, values: list[Any], copy: bool, recreate: bool) -> Rebuilt:
    def variable(cls: Any, given: Any, metadata: Static) -> Variable:
        if not isinstance(given, Variable):
            return cls._new(given, dict(metadata.value))
        if type(given) is not cls:
            raise StateError(
                f"the state has a {type(given).__name__} where the module has a {cls.__name__}",
                help="the state of another module? nnx.state(model) shows what it has",
            )
        if not recreate and not copy:
            return given
        return given.copy() if copy else cls._new(given._raw_value, dict(given._metadata))

    return rebuild(definition.structure, values, variable=variable)


def unflatten(graphdef: GraphDef, state: Any, /, *, recreate_variables: bool = True) -> Any:
    """A module from its definition and a flat state, or a list of values in order."""
    if not isinstance(state, list):
        return merge(graphdef, state, recreate_variables=recreate_variables)
    if len(state) != graphdef.num_leaves:
        raise StateError(
            f"the module has {graphdef.num_leaves} variables and arrays, but {len(state)} values "
            "are given",
            notes=table((path_name(p), "") for p in graphdef.paths),
            help="values in the order of   nnx.flatten(model, with_paths=False)",
        )
    return _put_together(graphdef, state, False, recreate_variables).roots[0]


class GraphState(MutableMapping, Generic[_A]):
    """A state with the definition it belongs to; `merge` takes it alone."""

    __slots__ = ("_graphdef", "_state")

    def __init__(self, graphdef: GraphDef, state: State) -> None:
        object.__setattr__(self, "_graphdef", graphdef)
        object.__setattr__(self, "_state", state)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._state, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._state, name, value)

    def __getitem__(self, key: Any) -> Any:
        return self._state[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._state[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._state[key]

    def __iter__(self) -> Iterator:
        return iter(self._state)

    def __len__(self) -> int:
        return len(self._state)

    def __repr__(self) -> str:
        return f"GraphState({self._graphdef!r}, {self._state!r})"


def _state_with_keys(x: GraphState) -> tuple:
    pairs, treedef = tree_flatten_with_path(x._state, is_leaf=lambda y: y is not x._state)
    return [(keys[0], value) for keys, value in pairs], (x._graphdef, treedef)


register_pytree_with_keys(
    GraphState,
    _state_with_keys,
    lambda static, children: GraphState(static[0], static[1].unflatten(children)),
)


def unpack(node: Any, *filters: Filter, graph: bool | None = None) -> Any:
    """As `split`, each state together with the definition."""
    definition, *states = split(node, *filters, graph=graph)
    return one_or_all([GraphState(definition, s) for s in states])


def update(node: Any, state: Any, /, *states: Any) -> None:
    """Put values of states (or pure dicts) into the variables of a module; paths it has not are
    added.

    Raises:
        StateError: where the state has a value and the module a part, or the reverse.
        TraceLevelError: if the module was made under another trace.

    Example:
        >>> from jib import nnx
        >>> model = nnx.Dict(w=nnx.Param(1.0))
        >>> nnx.update(model, {"w": 3.0})
        >>> model.w.value
        3.0
    """
    if isinstance(node, Variable):
        for s in (state, *states):
            if not isinstance(s, Mapping) or s:
                _assign_variable(node, s)
        return
    _update(node, merge_state(state, *states) if states else state, ())


def _assign_variable(variable: Variable, value: Any) -> None:
    if isinstance(value, Variable):
        variable.update_from_state(value)
    elif isinstance(value, dict | State) and value and isinstance(variable.get_raw_value(), Array):
        raise StateError(
            f"the module has an array, in a {type(variable).__name__}, where the state has more "
            f"levels: {', '.join([repr(key) for key in value])}",
            help="nnx.state(model)   shows the paths of the module",
        )
    elif not (isinstance(value, State) and not value):
        old = variable.get_raw_value()
        if isinstance(old, KeyArray) and not isinstance(value, KeyArray):  # read from a file
            words: Any = value
            value = random.wrap_key_data(words, impl=random.key_impl(old))
        variable.set_raw_value(value)


def _update(node: Any, state: Any, path: tuple) -> None:
    children = children_of(node)
    if isinstance(state, list | tuple):
        state = dict(enumerate(state))
    if not isinstance(state, Mapping):
        raise StateError(
            f"the module has a {type(node).__name__} at {path_name(path)}, but the state has a "
            f"{type(state).__name__}, with no entries",
            notes=table((path_name((*path, k)), type(v).__name__) for k, v in children.items()),
            help="nnx.state(model)   shows the paths of the module",
        )
    for key, value in state.items():
        if key not in children:
            value = value.copy() if isinstance(value, Variable) else value
            assign(node, key, value)
            continue
        child = children[key]
        if isinstance(child, Variable):
            _assign_variable(child, value)
        elif isinstance(child, Pytree) or (child is not None and is_tree_node(type(child))):
            _update(child, value, (*path, key))
        else:
            assign(node, key, value)


def pop(node: Any, *filters: Filter) -> Any:
    """Take the variables that the filters match out of a module, and return them as states.

    Example:
        >>> from jib import nnx
        >>> model = nnx.Dict(w=nnx.Param(1.0), seen=nnx.Intermediate(5.0))
        >>> nnx.pop(model, nnx.Intermediate).to_pure_dict(), "seen" in model
        ({'seen': 5.0}, False)
    """
    if not filters:
        raise errors.ArgumentTypeError(
            "pop needs a filter that says what to take out", help="nnx.pop(model, nnx.Intermediate)"
        )
    predicates = [to_predicate(f) for f in filters]
    taken: list[list[tuple[tuple, Any]]] = [[] for _ in filters]
    seen: set[int] = set()

    def visit(x: Any, path: tuple) -> None:
        if id(x) in seen:
            return
        seen.add(id(x))
        for key, child in children_of(x).items():
            here = (*path, key)
            if not isinstance(child, Variable):
                visit(child, here)
                continue
            for group, predicate in zip(taken, predicates, strict=True):
                if id(child) not in seen and predicate(here, child):
                    seen.add(id(child))
                    group.append((here, child))
                    delattr(x, str(key)) if isinstance(x, Pytree) else x.__delitem__(key)
                    break

    visit(node, ())
    return one_or_all([from_flat_state(group) for group in taken])


def clone(
    node: _A, variables: bool = True, *, arrays: bool = False, graph: bool | None = None
) -> _A:
    """A copy of a module: new objects and (with `variables`) new variables; shared references
    stay shared. With `arrays`, the arrays are copied as well."""
    definition, flat = flatten(node, graph=graph)
    values = list(flat.leaves)
    if arrays:
        values = [tree.map(lambda x: x.copy(), v) for v in values]
    return _put_together(definition, values, variables and not arrays, variables).roots[0]


def map(
    f: Callable[[tuple, Any], Any],
    node: _A,
    /,
    *,
    graph: bool | None = None,
    recreate_variables: bool = True,
) -> _A:
    """A copy of a module with `f(path, variable or array)` in the place of each.

    Example:
        >>> from jib import nnx
        >>> model = nnx.Dict(w=nnx.Param(1.0))
        >>> nnx.map(lambda path, v: v.replace(v * 2), model).w.value
        2.0
    """
    definition, found = split(node, graph=graph)
    mapped = map_state(f, found) if isinstance(found, State) else f((), found)
    return merge(definition, mapped, recreate_variables=recreate_variables)


class _Caller:
    """`caller.a.b(x)` calls the method `a.b` of a module that is made for the call."""

    def __init__(self, parts: tuple, names: tuple = ()) -> None:
        self._parts, self._names = parts, names

    def __getattr__(self, name: str) -> _Caller:
        return _Caller(self._parts, (*self._names, name))

    def __getitem__(self, key: Any) -> _Caller:
        return _Caller(self._parts, (*self._names, (key,)))

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, tuple[GraphDef, State]]:
        node = method = merge(*self._parts)
        for name in self._names:
            method = method[name[0]] if isinstance(name, tuple) else getattr(method, name)
        return method(*args, **kwargs), split(node)


def call(graphdef_state: tuple[Any, ...], /) -> Any:
    """Call a method of a module that is given as `(graphdef, state)`; gives the result and the
    new `(graphdef, state)`: `out, (graphdef, state) = nnx.call((graphdef, state)).encode(x)`."""
    return _Caller(graphdef_state)


def recursive_map(
    f: Callable[[tuple, Any], Any], node: Any, /, *, graph: bool | None = None
) -> Any:
    """A copy of a module in which `f(path, part)` replaces each part, innermost first."""
    results: dict[int, Any] = {}

    def visit(x: Any, path: tuple) -> Any:
        if is_root(x) and id(x) in results:
            return results[id(x)]
        for key, child in children_of(x).items():
            new = visit(child, (*path, key))
            if new is not child:
                assign(x, key, new)
        new = f(path, x)
        if is_root(x):
            results[id(x)] = new
        return new

    return visit(clone(node, variables=False), ())


def set_metadata(node: Any, /, *, only: Filter = Variable, **metadata: Any) -> None:
    """Set metadata of the variables of a module."""
    for _, variable in to_flat_state(filter_state(state(node), only)):
        if isinstance(variable, Variable):
            variable.set_metadata(**metadata)


def as_pure(tree: Any) -> Any:
    """A tree with the bare values of its variables."""
    return _as_pure(tree)


def _as_pure(x: Any) -> Any:
    def value(v: Any) -> Any:
        return _as_pure(v.get_raw_value()) if isinstance(v, Variable) else v

    return tree.map(value, x, is_leaf=lambda v: isinstance(v, Variable))


pure = as_pure


def with_vars(
    node: _A,
    /,
    *,
    hijax: bool | None = None,
    ref: bool | None = None,
    mutable: bool | None = None,
    only: Filter = ...,
    allow_duplicates: bool = False,
) -> _A:
    """A copy of a module with new variables where the filter matches; see `Variable`."""
    if hijax or ref:
        Variable(0, hijax=hijax, ref=ref)  # raises, with the reason
    predicate = to_predicate(only)

    def renewed(path: tuple, x: Any) -> Any:
        return x.copy() if isinstance(x, Variable) and predicate(path, x) else x

    return map(renewed, node, recreate_variables=False)


vars_as = with_vars
