"""What a checkpoint holds, leaf by leaf, without its arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from jib.ckpt import args as kinds
from jib.ckpt._format import Leaf, containers, path_text
from jib.tree_util import register_pytree_node

__all__ = [
    "ArrayMetadata", "Metadata", "ScalarMetadata", "StepMetadata", "StringMetadata", "TreeMetadata",
]  # fmt: skip


@dataclasses.dataclass
class Metadata:
    """One leaf: its path, and the checkpoint it is in."""

    name: str
    directory: Any


@dataclasses.dataclass
class ArrayMetadata(Metadata):
    """An array. It may stand in a target of a restore."""

    shape: tuple[int, ...]
    sharding: Any
    dtype: Any
    storage: Any = None


@dataclasses.dataclass
class ScalarMetadata(Metadata):
    """A number of Python."""

    shape: tuple[int, ...] = ()
    sharding: Any = None
    dtype: Any = None
    storage: Any = None


class StringMetadata(Metadata):
    """Text, bytes or a JSON document."""


class TreeMetadata:
    """The leaves of one item, in its containers; `tree` is that tree."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree

    def __getitem__(self, key: Any) -> Any:
        return self.tree[key]

    def __contains__(self, key: object) -> bool:
        return key in self.tree

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tree)

    def __len__(self) -> int:
        return len(self.tree)

    def __repr__(self) -> str:
        return f"TreeMetadata({self.tree!r})"

    def keys(self) -> Any:
        """The keys of the outermost dictionary."""
        return self.tree.keys()

    def get(self, key: Any, default: Any = None) -> Any:
        """An entry of the outermost dictionary, or `default`."""
        return self.tree.get(key, default)


register_pytree_node(TreeMetadata, lambda node: ((node.tree,), None), lambda _, c: TreeMetadata(*c))


@dataclasses.dataclass
class StepMetadata:
    """What is known of one checkpoint. `item_metadata` is a TreeMetadata, or a Composite."""

    item_metadata: Any = None
    item_handlers: Any = None
    metrics: Any = dataclasses.field(default_factory=dict)
    performance_metrics: Any = dataclasses.field(default_factory=dict)
    init_timestamp_nsecs: int | None = None
    commit_timestamp_nsecs: int | None = None
    custom_metadata: Any = dataclasses.field(default_factory=dict)


_NUMBERS = (bool, int, float, complex)


def _leaf(leaf: Leaf, folder: Any) -> Metadata:
    name = path_text(leaf.path).replace("/", ".")
    if leaf.is_array:
        return ArrayMetadata(name, folder.path, leaf.shape, None, leaf.dtype)
    if isinstance(leaf.value, _NUMBERS):
        return ScalarMetadata(name, folder.path, dtype=np.asarray(leaf.value).dtype)
    return StringMetadata(name, folder.path)


def metadata_of(opened: Any, default: str) -> StepMetadata:
    """The metadata of an opened checkpoint; an only item named `default` is not named."""

    def tree_of(part: Any) -> TreeMetadata:
        leaves = [_leaf(leaf, part.folder) for leaf in part.leaves]
        return TreeMetadata(containers(part.skeleton, leaves))

    contents = opened.contents
    if opened.items == [default]:
        items = tree_of(opened.item(default))
    elif opened.items is not None:
        items = kinds.Composite(**{name: tree_of(opened.item(name)) for name in opened.items})
    else:
        items = tree_of(opened)
    written = int(contents.created * 1e9)
    return StepMetadata(
        items,
        metrics=contents.metrics or {},
        commit_timestamp_nsecs=written,
        custom_metadata=contents.metadata or {},
    )
