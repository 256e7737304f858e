"""Handlers: which kind of arguments a checkpointer takes."""

from __future__ import annotations

from typing import Any

from jib.ckpt import args as kinds
from jib.ckpt.options import accept

__all__ = [
    "ArrayCheckpointHandler", "CheckpointHandler", "CompositeCheckpointHandler",
    "JaxRandomKeyCheckpointHandler", "JsonCheckpointHandler", "NumpyRandomKeyCheckpointHandler",
    "PyTreeCheckpointHandler", "StandardCheckpointHandler",
]  # fmt: skip


class CheckpointHandler:
    """Base of handlers. A kind of its own sets the two classes of arguments.

    `save_kind(item, **options).saved()` gives a tree to write, and
    `restore_kind(**options).restored(opened)` makes of an opened checkpoint what the caller gets.
    """

    save_kind: Any = kinds.PyTreeSave
    restore_kind: Any = kinds.PyTreeRestore

    def __init__(self, **options: Any) -> None:
        accept(options, type(self).__name__)

    def save_arguments(self, given: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The arguments of a save, of `args=` or of an item and options."""
        args = options.pop("args", None)
        return self.save_kind(*given, **options) if args is None else args

    def restore_arguments(self, given: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The arguments of a restore, of `args=` or of an item and options."""
        args = options.pop("args", None)
        return self.restore_kind(*given, **options) if args is None else args


class PyTreeCheckpointHandler(CheckpointHandler):
    """Saves trees and restores them leaf by leaf; the options of storage have no effect here."""

    def __init__(self, aggregate_filename: str | None = None, **options: Any) -> None:
        super().__init__(**options)


class StandardCheckpointHandler(CheckpointHandler):
    """Saves trees and restores them as another tree is."""

    save_kind = kinds.StandardSave
    restore_kind = kinds.StandardRestore


class ArrayCheckpointHandler(CheckpointHandler):
    """Saves one array."""

    save_kind = kinds.ArraySave
    restore_kind = kinds.ArrayRestore

    def __init__(self, checkpoint_name: str | None = None) -> None:
        super().__init__()


class JsonCheckpointHandler(CheckpointHandler):
    """Saves a JSON value."""

    save_kind = kinds.JsonSave
    restore_kind = kinds.JsonRestore

    def __init__(self, filename: str | None = None, **options: Any) -> None:
        super().__init__(**options)


class JaxRandomKeyCheckpointHandler(CheckpointHandler):
    """Saves random keys."""

    save_kind = kinds.JaxRandomKeySave
    restore_kind = kinds.JaxRandomKeyRestore


class NumpyRandomKeyCheckpointHandler(CheckpointHandler):
    """Saves the state of NumPy's generator."""

    save_kind = kinds.NumpyRandomKeySave
    restore_kind = kinds.NumpyRandomKeyRestore


class CompositeCheckpointHandler(CheckpointHandler):
    """Saves several named items, as `args.Composite` says."""

    save_kind = kinds.Composite
    restore_kind = kinds.Composite

    def __init__(self, *item_names: str, **items_and_handlers: Any) -> None:
        self.item_names = (*item_names, *items_and_handlers)
