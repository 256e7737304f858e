"""Filters: which variables of a module a function speaks of."""

from __future__ import annotations

import builtins
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any as Anything, cast

from jib.nnx._errors import FilterError

__all__ = [
    "All", "Any", "Everything", "Filter", "Not", "Nothing", "OfType", "PathContains", "PathIn",
    "WithTag", "filters_to_predicates", "to_predicate",
]  # fmt: skip

#: A type of variable, a tag, True or `...` for all, False or None for none, a function
#: `(path, value) -> bool`, or a sequence of these, one of which must hold.
Filter = Anything
Predicate = Callable[[tuple, Anything], bool]


def to_predicate(filter: Filter) -> Predicate:
    """The function `(path, value) -> bool` that a filter stands for.

    Raises:
        FilterError: if `filter` is none of the kinds that are filters.

    Example:
        >>> from jib import nnx
        >>> nnx.to_predicate(nnx.Param)((), nnx.Param(1.0)), nnx.to_predicate(None)((), 1)
        (True, False)
    """
    if isinstance(filter, str):
        return WithTag(filter)
    if isinstance(filter, type):
        return OfType(filter)
    if filter is Ellipsis or filter is True:
        return Everything()
    if filter is None or filter is False:
        return Nothing()
    if callable(filter):
        return cast(Predicate, filter)
    if isinstance(filter, list | tuple):
        return Any(*filter)
    raise FilterError(
        f"a filter is a type of variable, a tag, a function of path and value, `...`, None or a "
        f"sequence of these; got {filter!r} of type {type(filter).__name__}",
        help="nnx.split(model, nnx.Param, ...)   parameters, then all the rest",
    )


def filters_to_predicates(filters: Sequence[Filter]) -> tuple[Predicate, ...]:
    """Predicates for filters that are tried in order; `...` may only come last."""
    whole = [f is Ellipsis or f is True for f in filters]
    for i, is_whole in enumerate(whole):
        if is_whole and not all(whole[i:]):
            raise FilterError(
                f"filter {i} is `{_name(filters[i])}`, which matches everything, so those after "
                "it would get nothing",
                help=f"put `...` last: {', '.join([*map(_name, filters[i + 1 :]), '...'])}",
            )
    return tuple(map(to_predicate, filters))


def _name(filter: Filter) -> str:
    if filter is Ellipsis:
        return "..."
    return filter.__name__ if isinstance(filter, type) else repr(filter)


def split_items(
    items: Iterable[tuple[tuple, Anything]], filters: Sequence[Filter]
) -> list[list[tuple[tuple, Anything]]]:
    """Items `(path, value)` by the first filter that takes them; those that none takes are last."""
    predicates = filters_to_predicates(filters)
    groups: list[list] = [[] for _ in range(len(predicates) + 1)]
    for path, value in items:
        for group, predicate in zip(groups, predicates, strict=False):
            if predicate(path, value):
                group.append((path, value))
                break
        else:
            groups[-1].append((path, value))
    return groups


@dataclasses.dataclass(frozen=True)
class WithTag:
    """Values whose `tag` is the given one, as the keys and counts of a random stream."""

    tag: str

    def __call__(self, path: tuple, x: Anything) -> bool:
        return getattr(x, "tag", None) == self.tag


@dataclasses.dataclass(frozen=True)
class PathContains:
    """Values on whose path a key stands; unless `exact`, as a part of a key.

    Example:
        >>> from jib import nnx
        >>> nnx.PathContains("kernel")(("linear", "kernel"), None)
        True
    """

    key: Anything
    exact: bool = True

    def __call__(self, path: tuple, x: Anything) -> bool:
        if self.exact:
            return self.key in path
        return any(str(self.key) in str(part) for part in path)


class PathIn:
    """Values whose whole path is one of those given."""

    def __init__(self, *paths: tuple) -> None:
        self.paths = frozenset(paths)

    def __call__(self, path: tuple, x: Anything) -> bool:
        return path in self.paths

    def __repr__(self) -> str:
        return f"PathIn({', '.join(map(repr, sorted(self.paths, key=repr)))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PathIn) and self.paths == other.paths

    def __hash__(self) -> int:
        return hash(self.paths)


@dataclasses.dataclass(frozen=True)
class OfType:
    """Values of a type, or of a type derived from it."""

    type: builtins.type

    def __call__(self, path: tuple, x: Anything) -> bool:
        return isinstance(x, self.type)


class _Combined:
    """Filters that hold together, or one at least."""

    def __init__(self, *filters: Filter) -> None:
        self.predicates = tuple(map(to_predicate, filters))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.predicates))})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.predicates == other.predicates  # type: ignore

    def __hash__(self) -> int:
        return hash((type(self), self.predicates))


class Any(_Combined):
    """Values that one of the filters takes."""

    def __call__(self, path: tuple, x: Anything) -> bool:
        return any(predicate(path, x) for predicate in self.predicates)


class All(_Combined):
    """Values that all of the filters take."""

    def __call__(self, path: tuple, x: Anything) -> bool:
        return all(predicate(path, x) for predicate in self.predicates)


class Not:
    """Values that the filter does not take.

    Example:
        >>> from jib import nnx
        >>> nnx.Not(nnx.Param)((), nnx.BatchStat(0.0))
        True
    """

    def __init__(self, collection_filter: Filter, /) -> None:
        self.predicate = to_predicate(collection_filter)

    def __call__(self, path: tuple, x: Anything) -> bool:
        return not self.predicate(path, x)

    def __repr__(self) -> str:
        return f"Not({self.predicate!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Not) and self.predicate == other.predicate

    def __hash__(self) -> int:
        return hash((Not, self.predicate))


@dataclasses.dataclass(frozen=True)
class Everything:
    """All values."""

    def __call__(self, path: tuple, x: Anything) -> bool:
        return True


@dataclasses.dataclass(frozen=True)
class Nothing:
    """No value."""

    def __call__(self, path: tuple, x: Anything) -> bool:
        return False
