"""What to save and how to restore it, item by item: the `args=` of checkpointers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from jib.ckpt import _reading
from jib.ckpt._arguments import document_of, refuse_transforms, restored_item, saved_item

__all__ = [
    "ArrayRestore", "ArraySave", "CheckpointArgs", "Composite", "JaxRandomKeyRestore",
    "JaxRandomKeySave", "JsonRestore", "JsonSave", "NumpyRandomKeyRestore", "NumpyRandomKeySave",
    "PyTreeRestore", "PyTreeSave", "StandardRestore", "StandardSave",
]  # fmt: skip


class CheckpointArgs:
    """Base of what `args=` takes."""

    def saved(self) -> Any:
        """The tree that goes into the checkpoint."""
        raise TypeError(f"{type(self).__name__} says how to restore, not what to save")

    def restored(self, opened: Any) -> Any:
        """What comes out of an opened checkpoint, or of one item of it."""
        raise TypeError(f"{type(self).__name__} says what to save, not how to restore")


@dataclasses.dataclass
class PyTreeSave(CheckpointArgs):
    """Saves a tree; `save_args` is a tree of SaveArgs."""

    item: Any
    save_args: Any = None
    ocdbt_target_data_file_size: int | None = None
    custom_metadata: Any = None

    def saved(self) -> Any:
        """The tree, in the dtypes that were asked for."""
        return saved_item(self.item, self.save_args)


@dataclasses.dataclass
class StandardSave(CheckpointArgs):
    """Saves a tree."""

    item: Any
    save_args: Any = None
    custom_metadata: Any = None
    saved = PyTreeSave.saved


@dataclasses.dataclass
class ArraySave(CheckpointArgs):
    """Saves one array."""

    item: Any
    save_args: Any = None
    saved = PyTreeSave.saved


class JaxRandomKeySave(ArraySave):
    """Saves a random key, or an array of them."""


@dataclasses.dataclass
class NumpyRandomKeySave(CheckpointArgs):
    """Saves the state of NumPy's generator, as `np.random.get_state()` gives it."""

    item: Any

    def saved(self) -> Any:
        """The state."""
        return self.item


@dataclasses.dataclass
class JsonSave(CheckpointArgs):
    """Saves a JSON value."""

    item: Any

    def saved(self) -> Any:
        """The document, as one leaf."""
        return document_of(self.item)


@dataclasses.dataclass
class PyTreeRestore(CheckpointArgs):
    """Restores a tree: `item` gives containers, `restore_args` says how each leaf comes.

    With `partial_restore`, leaves of the checkpoint that `item` has not are left out.
    """

    item: Any = None
    restore_args: Any = None
    transforms: Any = None
    transforms_default_to_original: bool = True
    legacy_transform_fn: Any = None
    partial_restore: bool = False

    def restored(self, opened: Any) -> Any:
        """The tree."""
        refuse_transforms(self.transforms or self.legacy_transform_fn)
        return restored_item(opened, self.item, self.restore_args, self.partial_restore)


@dataclasses.dataclass
class StandardRestore(CheckpointArgs):
    """Restores a tree as `item` is; without it, as NumPy arrays, or to `fallback_sharding`."""

    item: Any = None
    strict: bool = True
    support_layout: bool = False
    fallback_sharding: Any = None

    def restored(self, opened: Any) -> Any:
        """The tree."""
        if self.item is None:
            return _reading.as_saved(opened, self.fallback_sharding)
        return _reading.like(opened, self.item)


@dataclasses.dataclass
class ArrayRestore(CheckpointArgs):
    """Restores one array."""

    item: Any = None
    restore_args: Any = None

    def restored(self, opened: Any) -> Any:
        """The array."""
        return restored_item(opened, self.item, self.restore_args, False)


@dataclasses.dataclass
class JaxRandomKeyRestore(CheckpointArgs):
    """Restores a random key, or an array of them."""

    restore_args: Any = None

    def restored(self, opened: Any) -> Any:
        """The keys, on the default device."""
        target = _reading.Target("array")
        return _reading.restore_leaves(opened, opened.leaves, [target])[0]


class NumpyRandomKeyRestore(CheckpointArgs):
    """Restores the state of NumPy's generator, for `np.random.set_state`."""

    def restored(self, opened: Any) -> Any:
        """The state."""
        return _reading.as_saved(opened)


@dataclasses.dataclass
class JsonRestore(CheckpointArgs):
    """Restores a JSON value; `item` is not used."""

    item: Any = None

    def restored(self, opened: Any) -> Any:
        """The value."""
        return _reading.as_saved(opened)


class Composite(CheckpointArgs):
    """Several named items, each with arguments of its own; also what restoring them gives.

    Example:
        >>> items = Composite(params={"w": 1}, step=3)
        >>> items.params, items["step"], list(items)
        ({'w': 1}, 3, ['params', 'step'])
    """

    def __init__(self, **items: Any) -> None:
        self._items = items

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __getattr__(self, key: str) -> Any:
        if key in self.__dict__.get("_items", ()):
            return self._items[key]
        raise AttributeError(f"there is no item {key!r}; there are {', '.join(self)}")

    def __repr__(self) -> str:
        return f"Composite({', '.join(f'{key}={value!r}' for key, value in self.items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Composite) and self._items == other._items

    def keys(self) -> Any:
        """The names of the items."""
        return self._items.keys()

    def values(self) -> Any:
        """The items."""
        return self._items.values()

    def items(self) -> Any:
        """Names and items."""
        return self._items.items()

    def get(self, key: str, default: Any = None) -> Any:
        """An item, or `default`."""
        return self._items.get(key, default)

    def saved(self) -> Any:
        """A tree with the items at its top."""
        return {key: args.saved() for key, args in self.items() if args is not None}

    def restored(self, opened: Any) -> Any:
        """The items; all that there are, where none is named."""
        wanted = self._items or dict.fromkeys(opened.items or ())
        found = {}
        for key, args in wanted.items():
            item = opened.item(key)
            found[key] = _reading.as_saved(item) if args is None else args.restored(item)
        return Composite(**found)
