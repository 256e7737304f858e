"""States: the variables of a module by path, as nested mappings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, Generic, TypeVar

from jib.nnx import traversals
from jib.nnx._errors import FilterError, StateError, path_name, table
from jib.nnx._filters import Filter, PathIn, split_items
from jib.nnx._variables import Variable
from jib.tree_util import DictKey, register_pytree_node, register_pytree_with_keys

__all__ = [
    "FlatState", "State", "diff", "filter_state", "from_flat_state", "map_state", "merge_state",
    "replace_by_pure_dict", "restore_int_paths", "split_state", "to_flat_state", "to_pure_dict",
]  # fmt: skip

_K = TypeVar("_K")
_V = TypeVar("_V")


def _sort_key(path: tuple) -> list[tuple[bool, Any]]:
    return [(isinstance(k, str), k) for k in path]


def one_or_all(groups: Sequence[Any]) -> Any:
    """The only group, or all as a tuple."""
    return groups[0] if len(groups) == 1 else tuple(groups)


def _complete(groups: list[list[tuple[tuple, Any]]], filters: Sequence[Filter]) -> list:
    """The groups without the last, which must be empty."""
    if groups[-1]:
        raise FilterError(
            f"the filters leave over {len(groups[-1])} of the variables",
            notes=table((path_name(p), type(v).__name__) for p, v in groups[-1]),
            help="add `...` as the last filter, which takes all that is left",
        )
    return groups[:-1]


class FlatState(Sequence, Generic[_V]):
    """Pairs of path and value, in the order of the paths."""

    __slots__ = ("_keys", "_values")

    def __init__(self, items: Iterable[tuple[tuple, _V]], /, *, sort: bool) -> None:
        pairs = list(items)
        if sort:
            pairs.sort(key=lambda pair: _sort_key(pair[0]))
        self._keys = tuple([k for k, _ in pairs])
        self._values = [v for _, v in pairs]

    @staticmethod
    def from_sorted_keys_values(keys: tuple[tuple, ...], values: list, /) -> FlatState:
        """A flat state of paths that are in order."""
        return FlatState(zip(keys, values, strict=True), sort=False)

    @property
    def paths(self) -> tuple[tuple, ...]:
        """The paths."""
        return self._keys

    @property
    def leaves(self) -> list[_V]:
        """The values."""
        return self._values

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            pairs = zip(self._keys[index], self._values[index], strict=True)
            return FlatState(pairs, sort=False)
        return self._keys[index], self._values[index]

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[tuple[tuple, _V]]:
        return iter(zip(self._keys, self._values, strict=True))

    def __repr__(self) -> str:
        return f"FlatState({list(self)!r})"

    def to_nested_state(self) -> State:
        """The state of these pairs."""
        return from_flat_state(self)

    def split(self, first: Filter, /, *filters: Filter) -> Any:
        """A flat state for each filter; they must take all."""
        filters = (first, *filters)
        groups = _complete(split_items(self, filters), filters)
        return one_or_all([FlatState(g, sort=False) for g in groups])

    def filter(self, first: Filter, /, *filters: Filter) -> Any:
        """A flat state for each filter; what none takes is left out."""
        groups = split_items(self, (first, *filters))[:-1]
        return one_or_all([FlatState(g, sort=False) for g in groups])

    @staticmethod
    def merge(flat_state: Iterable, /, *flat_states: Iterable) -> FlatState:
        """All pairs of some flat states."""
        return FlatState([pair for s in (flat_state, *flat_states) for pair in s], sort=True)


register_pytree_node(
    FlatState,
    lambda x: (x._values, x._keys),
    lambda keys, values: FlatState(zip(keys, values, strict=True), sort=False),
)


class State(MutableMapping, Generic[_K, _V]):
    """A nested mapping from attribute names to variables (or arrays); a tree of arrays.

    Example:
        >>> from jib import nnx
        >>> state = nnx.state(nnx.Dict(a=nnx.Param(1.0), b=nnx.Dict(c=nnx.BatchStat(2.0))))
        >>> state["b"]["c"].value, list(state.flat_state().paths)
        (2.0, [('a',), ('b', 'c')])
        >>> params, rest = state.split(nnx.Param, ...)
        >>> params.to_pure_dict(), rest.to_pure_dict()
        ({'a': 1.0}, {'b': {'c': 2.0}})
    """

    _mapping: dict

    def __init__(self, mapping: Any, /, *, _copy: bool = True) -> None:
        object.__setattr__(self, "_mapping", dict(mapping) if _copy else mapping)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _register(cls)

    @property
    def raw_mapping(self) -> dict:
        """The nested dict inside."""
        return self._mapping

    def __getitem__(self, key: Any) -> Any:
        value = self._mapping[key]
        return type(self)(value, _copy=False) if type(value) is dict else value

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__") or key not in self._mapping:
            raise AttributeError(f"the state has no entry `{key}`; it has {list(self._mapping)}")
        return self[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._mapping[key] = value._mapping if isinstance(value, State) else value

    __setattr__ = __setitem__

    def __delitem__(self, key: Any) -> None:
        del self._mapping[key]

    def __iter__(self) -> Iterator:
        return iter(self._mapping)

    def __len__(self) -> int:
        return len(self._mapping)

    def __repr__(self) -> str:
        return render(self)

    def __reduce__(self) -> tuple:
        return type(self), (self._mapping,)

    def map(self, f: Callable[[tuple, Any], Any]) -> State:
        """See `map_state`."""
        return map_state(f, self)

    def flat_state(self) -> FlatState:
        """See `to_flat_state`."""
        return to_flat_state(self)

    @classmethod
    def from_flat_path(cls, flat_state: Any, /) -> State:
        """See `from_flat_state`."""
        return from_flat_state(flat_state, cls=cls)

    def to_pure_dict(self, extract_fn: Callable[[Any], Any] | None = None) -> dict:
        """See `to_pure_dict`."""
        return to_pure_dict(self, extract_fn)

    def replace_by_pure_dict(self, pure_dict: dict, replace_fn: Callable | None = None) -> None:
        """See `replace_by_pure_dict`."""
        replace_by_pure_dict(self, pure_dict, replace_fn)

    def split(self, first: Filter, /, *filters: Filter) -> Any:
        """See `split_state`."""
        return split_state(self, first, *filters)

    def filter(self, first: Filter, /, *filters: Filter) -> Any:
        """See `filter_state`."""
        return filter_state(self, first, *filters)

    @classmethod
    def merge(cls, state: Mapping, /, *states: Mapping) -> State:
        """See `merge_state`."""
        return merge_state(state, *states)

    def __or__(self, other: Mapping) -> State:
        return merge_state(self, other) if other else self

    def __sub__(self, other: State) -> State:
        return diff(self, other) if other else self


render: Any = lambda state: f"State({state._mapping!r})"  # noqa: E731 (replaced by the drawings)


def _in_order(state: State) -> list[tuple[Any, Any]]:
    return sorted(state._mapping.items(), key=lambda item: _sort_key(item[:1]))


def _register(cls: type) -> None:
    make: Any = cls
    register_pytree_with_keys(
        cls,
        lambda s: ([(DictKey(k), v) for k, v in _in_order(s)], tuple(k for k, _ in _in_order(s))),
        lambda keys, values: make(zip(keys, values, strict=True)),
        lambda s: ([v for _, v in _in_order(s)], tuple(k for k, _ in _in_order(s))),
    )


_register(State)


def map_state(f: Callable[[tuple, Any], Any], state: State) -> State:
    """A state of `f(path, value)` for each entry.

    Example:
        >>> from jib import nnx
        >>> nnx.map_state(lambda path, v: v * len(path), nnx.State({"a": 1, "b": {"c": 1}}))
        State({
          'a': 1,
          'b': {
            'c': 2
          }
        })
    """
    return from_flat_state([(path, f(path, value)) for path, value in to_flat_state(state)])


def to_flat_state(state: Any) -> FlatState:
    """Pairs of path and value of a state, in order."""
    mapping = state._mapping if isinstance(state, State) else state
    return FlatState(traversals.flatten_to_sequence(mapping), sort=True)


def from_flat_state(flat_state: Any, *, cls: type = State) -> Any:
    """The state of pairs, or of a mapping, of paths and values; of one pair with an empty path, the
    value."""
    pairs = list(flat_state.items() if isinstance(flat_state, Mapping) else flat_state)
    if len(pairs) == 1 and pairs[0][0] == ():
        return pairs[0][1]
    return cls(traversals.unflatten_mapping(pairs))


def _pure(x: Any) -> Any:
    return x.get_value() if isinstance(x, Variable) else x


def to_pure_dict(state: Any, extract_fn: Callable[[Any], Any] | None = None) -> dict:
    """Nested dicts of the bare values, which any library can save."""
    extract = extract_fn or _pure
    return traversals.unflatten_mapping([(k, extract(x)) for k, x in to_flat_state(state)])


def _as_int(key: Any) -> Any:
    return int(key) if isinstance(key, str) and key.lstrip("-").isdecimal() else key


def restore_int_paths(pure_dict: dict) -> dict:
    """Nested dicts whose keys such as `"0"`, as JSON makes them, are integers again."""
    flat = traversals.flatten_mapping(pure_dict).items()
    return traversals.unflatten_mapping([(tuple(map(_as_int, k)), v) for k, v in flat])


def replace_by_pure_dict(state: Any, pure_dict: dict, replace_fn: Callable | None = None) -> None:
    """Put bare values, as from `to_pure_dict`, into a state.

    Raises:
        StateError: if the dict has paths that the state has not.
    """
    replace = replace_fn or (lambda x, v: x.replace(v) if hasattr(x, "replace") else v)
    current = dict(to_flat_state(state))
    unknown = []
    for path, value in traversals.flatten_mapping(pure_dict).items():
        path = path if path in current else tuple(map(_as_int, path))
        if path in current:
            current[path] = replace(current[path], value)
        else:
            unknown.append(path)
    if unknown:
        raise StateError(
            f"paths of the dict that the state has not: {len(unknown)}",
            notes=table((path_name(p), "not in the state") for p in unknown),
            help="nnx.to_pure_dict(state)   shows the paths that it has",
        )
    state.update(traversals.unflatten_mapping(current))


def split_state(state: Any, first: Filter, /, *filters: Filter) -> Any:
    """A state for each filter; together they must take all.

    Raises:
        FilterError: naming the paths that no filter takes.
    """
    filters = (first, *filters)
    groups = _complete(split_items(to_flat_state(state), filters), filters)
    return one_or_all([from_flat_state(g) for g in groups])


def filter_state(state: Any, first: Filter, /, *filters: Filter) -> Any:
    """A state for each filter; what none takes is left out."""
    groups = split_items(to_flat_state(state), (first, *filters))[:-1]
    return one_or_all([from_flat_state(g) for g in groups])


def merge_state(state: Mapping, /, *states: Mapping, cls: type = State) -> Any:
    """One state of several; of equal paths the last counts."""
    if not states:
        return state if isinstance(state, cls) else cls(state)
    merged: dict[tuple, Any] = {}
    for s in (state, *states):
        merged.update(traversals.flatten_mapping(s))
    return from_flat_state(merged, cls=cls)


def diff(state: Any, other: Any) -> State:
    """The entries of a state whose paths another has not."""
    paths = set(to_flat_state(other).paths)
    return from_flat_state([(k, v) for k, v in to_flat_state(state) if k not in paths])


def create_path_filters(state: Any) -> dict[PathIn, Any]:
    """Filters by path from a state of equal-hashing values, such as axes."""
    paths: dict[Any, list[tuple]] = {}
    for path, value in to_flat_state(state):
        paths.setdefault(_pure(value), []).append(path)
    return {PathIn(*where): value for value, where in paths.items()}
