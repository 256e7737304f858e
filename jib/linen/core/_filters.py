"""Which collections a call may change: a name, names, True or False, or a `DenyList`."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from jib import tree
from jib.linen.errors import InvalidFilterError

__all__ = [
    "NOT_INTERMEDIATES", "CollectionFilter", "DenyList", "Filter", "filter_to_set",
    "group_collections", "in_filter", "intersect_filters", "is_filter_empty",
    "subtract_filters", "union_filters",
]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class DenyList:
    """All collections but those that `deny` chooses.

    Example:
        >>> from jib.linen.core import DenyList
        >>> from jib.linen.core.scope import in_filter
        >>> in_filter(DenyList(["params"]), "batch_stats")
        True
    """

    deny: Filter

    def __lt__(self, other: Any) -> bool:
        return str(self.deny) < str(other.deny) if isinstance(other, DenyList) else False

    def __gt__(self, other: Any) -> bool:
        return str(self.deny) > str(other.deny) if isinstance(other, DenyList) else True


Filter: TypeAlias = bool | str | Collection[str] | DenyList
CollectionFilter: TypeAlias = Filter


#: What `init` gives back unless it is told otherwise.
NOT_INTERMEDIATES = DenyList("intermediates")


def in_filter(filter_like: Filter, col: str) -> bool:
    """Whether a filter chooses the collection `col`; raises `InvalidFilterError` if it is none."""
    if isinstance(filter_like, bool):
        return filter_like
    if isinstance(filter_like, str):
        return col == filter_like
    if isinstance(filter_like, DenyList):
        return not in_filter(filter_like.deny, col)
    if isinstance(filter_like, Collection):
        return col in filter_like
    raise InvalidFilterError(filter_like)


def is_filter_empty(filter_like: Filter) -> bool:
    """Whether a filter chooses nothing."""
    if isinstance(filter_like, DenyList):
        return filter_like.deny is True
    return filter_like is False or not filter_to_set(True if filter_like is True else filter_like)


def filter_to_set(x: Filter) -> set[str]:
    """The collections that a filter chooses, where they can be listed; of True, the set of it."""
    if isinstance(x, bool):
        return {"*"} if x else set()
    if isinstance(x, str):
        return {x}
    if isinstance(x, Collection):
        return set(x)
    raise InvalidFilterError(x)


def union_filters(a: Filter, b: Filter) -> Filter:
    """A filter that chooses what `a` or `b` chooses."""
    if a is True or b is True:
        return True
    if isinstance(a, DenyList) and isinstance(b, DenyList):
        return DenyList(intersect_filters(a.deny, b.deny))
    if isinstance(b, DenyList):
        a, b = b, a
    if isinstance(a, DenyList):
        return DenyList(subtract_filters(a.deny, b))
    return filter_to_set(a) | filter_to_set(b)


def subtract_filters(a: Filter, b: Filter) -> Filter:
    """A filter that chooses what `a` chooses and `b` does not."""
    if b is True:
        return False
    if a is True:
        return DenyList(b)
    if isinstance(a, DenyList):
        if isinstance(b, DenyList):
            return subtract_filters(b.deny, a.deny)
        return DenyList(union_filters(a.deny, b))
    if isinstance(b, DenyList):
        return intersect_filters(a, b.deny)
    return filter_to_set(a) - filter_to_set(b)


def intersect_filters(a: Filter, b: Filter) -> Filter:
    """A filter that chooses what both `a` and `b` choose."""
    if a is True or b is True:
        return b if a is True else a
    if isinstance(a, DenyList) and isinstance(b, DenyList):
        return DenyList(union_filters(a.deny, b.deny))
    if isinstance(b, DenyList):
        a, b = b, a
    if isinstance(a, DenyList):
        return subtract_filters(b, a.deny)
    return filter_to_set(a) & filter_to_set(b)


def group_collections(
    xs: Mapping[str, Any], col_filters: Sequence[Filter]
) -> tuple[dict[str, Any], ...]:
    """The collections by the first filter that chooses them, one dict for each filter.

    Example:
        >>> from jib.linen.core.scope import group_collections
        >>> group_collections({"params": {}, "cache": {}}, ["cache", True])
        ({'cache': {}}, {'params': {}})
    """
    groups: tuple[dict[str, Any], ...] = tuple({} for _ in col_filters)
    for col, value in xs.items():
        place = next((i for i, f in enumerate(col_filters) if in_filter(f, col)), None)
        if place is not None:
            groups[place][col] = tree.map(lambda x: x, value)
    return groups
