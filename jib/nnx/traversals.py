"""Nested mappings as flat ones, with paths for keys, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = [
    "empty_node", "flatten_mapping", "flatten_to_sequence", "unflatten_mapping",
]  # fmt: skip


class _EmptyNode:
    """Stands for an empty mapping."""


empty_node = _EmptyNode()


def _items(xs: Any, path: tuple, keep_empty: bool, is_leaf: Any) -> Iterator[tuple[tuple, Any]]:
    if not isinstance(xs, Mapping) or (is_leaf and is_leaf(path, xs)):
        yield path, xs
    elif not xs and path:
        if keep_empty:
            yield path, empty_node
    else:
        for key, value in xs.items():
            yield from _items(value, (*path, key), keep_empty, is_leaf)


def flatten_mapping(
    xs: Mapping[Any, Any],
    /,
    *,
    keep_empty_nodes: bool = False,
    is_leaf: Callable[[tuple, Any], bool] | None = None,
    sep: str | None = None,
) -> dict[Any, Any]:
    """A flat dict from paths (or, with `sep`, joined strings) to the leaves of nested mappings.

    Example:
        >>> from jib.nnx import traversals
        >>> traversals.flatten_mapping({"a": {"b": 1}, "c": 2})
        {('a', 'b'): 1, ('c',): 2}
        >>> traversals.flatten_mapping({"a": {"b": 1}}, sep="/")
        {'a/b': 1}
    """
    found = _items(xs, (), keep_empty_nodes, is_leaf)
    return {path if sep is None else sep.join(path): value for path, value in found}


def flatten_to_sequence(
    xs: Mapping[Any, Any], /, *, is_leaf: Callable[[tuple, Any], bool] | None = None
) -> list[tuple[Any, Any]]:
    """As `flatten_mapping`, a list of pairs of path and leaf."""
    return list(_items(xs, (), False, is_leaf))


def unflatten_mapping(xs: Any, /, *, sep: str | None = None) -> dict[Any, Any]:
    """Nested dicts from a flat mapping, or pairs, of paths and leaves.

    Example:
        >>> from jib.nnx import traversals
        >>> traversals.unflatten_mapping({("a", "b"): 1, ("c",): 2})
        {'a': {'b': 1}, 'c': 2}
    """
    result: dict[Any, Any] = {}
    for path, value in xs.items() if isinstance(xs, Mapping) else xs:
        keys = path.split(sep) if sep is not None else path
        inner = result
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
        inner[keys[-1]] = {} if value is empty_node else value
    return result
