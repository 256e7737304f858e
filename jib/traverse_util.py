"""Nested dicts by the paths of their leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jib import struct
from jib.errors import ArgumentTypeError, StructureError

__all__ = ["empty_node", "flatten_dict", "path_aware_map", "unflatten_dict"]


@struct.dataclass
class _EmptyNode:
    """Stands for an empty dict; as a tree node it has no leaves."""


empty_node = _EmptyNode()


def flatten_dict(
    xs: Mapping[Any, Any],
    keep_empty_nodes: bool = False,
    is_leaf: Callable[[tuple[Any, ...], Any], bool] | None = None,
    sep: str | None = None,
) -> dict[Any, Any]:
    """A nested dict as a flat one from paths to leaves.

    A path is a tuple of keys or, with `sep`, the keys joined by it. Empty dicts are left out or,
    with `keep_empty_nodes`, kept as `empty_node`. `is_leaf(path, x)` stops at a dict. Raises
    `TypeError` if `xs` is not a mapping or a key cannot be joined.

    Example:
        >>> flatten_dict({"dense": {"kernel": 1, "bias": 2}}, sep="/")
        {'dense/kernel': 1, 'dense/bias': 2}
    """
    if not isinstance(xs, Mapping):
        raise ArgumentTypeError(f"flatten_dict takes a dict, not a {type(xs).__name__}")
    flat: dict[Any, Any] = {}

    def visit(node: Any, path: tuple[Any, ...]) -> None:
        inner = isinstance(node, Mapping) and not (is_leaf is not None and is_leaf(path, node))
        if inner and node:
            for key, value in node.items():
                visit(value, (*path, key))
        elif not inner or (keep_empty_nodes and path):
            flat[path if sep is None else _joined(path, sep)] = empty_node if inner else node

    visit(xs, ())
    return flat


def _joined(path: tuple[Any, ...], sep: str) -> str:
    for key in path:
        if not isinstance(key, str):
            raise ArgumentTypeError(
                f"the key {key!r} is not a string and cannot be joined by {sep!r}",
                help="flatten_dict(xs)  # paths are tuples then",
            )
    return sep.join(path)


def unflatten_dict(xs: Mapping[Any, Any], sep: str | None = None) -> dict[Any, Any]:
    """The nested dict of a flat one: undoes `flatten_dict`.

    Raises `TypeError` if `xs` is not a mapping, `ValueError` if one path goes on where another one
    ends.

    Example:
        >>> unflatten_dict({("dense", "kernel"): 1, ("dense", "bias"): 2})
        {'dense': {'kernel': 1, 'bias': 2}}
    """
    if not isinstance(xs, Mapping):
        raise ArgumentTypeError(f"unflatten_dict takes a dict, not a {type(xs).__name__}")
    nested: dict[Any, Any] = {}
    made = {id(nested)}  # the dicts that are ours, as opposed to leaves that are dicts
    for path, value in xs.items():
        keys = path if sep is None else path.split(sep)
        node = nested
        for key in keys[:-1]:
            node = node.setdefault(key, {})
            if not isinstance(node, dict) or (node and id(node) not in made):
                raise StructureError(f"the path {path!r} goes through {key!r}, which is a leaf")
            made.add(id(node))
        if keys[-1] in node:
            raise StructureError(f"the path {path!r} ends where another path goes on")
        node[keys[-1]] = {} if value is empty_node else value
    return nested


def path_aware_map(
    f: Callable[[tuple[Any, ...], Any], Any], nested_dict: Mapping[Any, Any]
) -> dict[Any, Any]:
    """`f(path, leaf)` for every leaf of a nested dict.

    Example:
        >>> decays = lambda path, x: path[-1] == "kernel"
        >>> path_aware_map(decays, {"dense": {"kernel": 1.0, "bias": 2.0}})
        {'dense': {'kernel': True, 'bias': False}}
    """
    flat = flatten_dict(nested_dict, keep_empty_nodes=True)
    return unflatten_dict({k: x if x is empty_node else f(k, x) for k, x in flat.items()})
