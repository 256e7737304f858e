"""Saving and loading by functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jib.ckpt import _reading, _storage, _writing, args as kinds
from jib.ckpt._checkpointers import prepared
from jib.ckpt._front import DEFAULT
from jib.ckpt._safetensors import load_safetensors, save_safetensors
from jib.ckpt.metadata import metadata_of
from jib.ckpt.v1._context import current
from jib.ckpt.v1.options import CheckpointLayout

__all__ = [
    "load", "load_checkpointables", "load_pytree", "metadata", "pytree_metadata", "save",
    "save_checkpointables", "save_pytree",
]  # fmt: skip

STATE = "state"


def _is_safetensors(path: Any) -> bool:
    layout = getattr(current(), "checkpoint_layout", CheckpointLayout.ORBAX)
    return layout is CheckpointLayout.SAFETENSORS or (
        layout is CheckpointLayout.AUTO and str(path).endswith(".safetensors")
    )


def _arguments(item: Any) -> Any:
    return item if isinstance(item, kinds.CheckpointArgs) else kinds.StandardSave(item)


def save_checkpointables(
    path: Any,
    checkpointables: Mapping[str, Any],
    *,
    overwrite: bool = False,
    custom_metadata: Any = None,
) -> None:
    """Write several named trees as one checkpoint.

    Raises:
        CheckpointExistsError: there is something at `path`, and `overwrite` is not given.

    Example:
        >>> import tempfile
        >>> from jib.ckpt import v1
        >>> folder = tempfile.mkdtemp() + "/one"
        >>> v1.save_checkpointables(folder, {"params": {"w": np.ones(2)}, "step": 3})
        >>> v1.load_checkpointables(folder)
        {'params': {'w': array([1., 1.])}, 'step': 3}
    """
    args = kinds.Composite(**{key: _arguments(item) for key, item in checkpointables.items()})
    ready = prepared(args, copy=False, metadata=custom_metadata)
    _writing.write(ready, _storage.place(path), overwrite)


def load_checkpointables(
    path: Any, abstract_checkpointables: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Read several named trees; with `abstract_checkpointables`, those, each as its target is.

    A target of None is a tree as it was saved, as NumPy arrays.
    """
    if _is_safetensors(path):
        return {STATE: load_safetensors(path)}
    opened = _reading.open_checkpoint(path)
    wanted = abstract_checkpointables
    if wanted is None:
        wanted = dict.fromkeys(opened.items or [STATE])
    found = {}
    for name, target in wanted.items():
        part = opened.item(name) if opened.items else opened
        args = kinds.StandardRestore(target)
        found[name] = args.restored(part)
    return found


def save(
    path: Any,
    state: Any,
    *,
    checkpointable_name: str = STATE,
    overwrite: bool = False,
    custom_metadata: Any = None,
) -> None:
    """Write one tree as a checkpoint, or as a safetensors file where the context says so."""
    if _is_safetensors(path):
        save_safetensors(path, state, custom_metadata)
        return
    save_checkpointables(
        path, {checkpointable_name: state}, overwrite=overwrite, custom_metadata=custom_metadata
    )


def load(path: Any, abstract_state: Any = None, *, checkpointable_name: str = "AUTO") -> Any:
    """Read one tree as `abstract_state` is; without it, as NumPy arrays."""
    if _is_safetensors(path):
        return load_safetensors(path)
    opened = _reading.open_checkpoint(path)
    if opened.items is not None:
        names = [name for name in (STATE, "pytree", DEFAULT) if name in opened.items]
        auto = (names or opened.items)[0]
        opened = opened.item(auto if checkpointable_name == "AUTO" else checkpointable_name)
    return kinds.StandardRestore(abstract_state).restored(opened)


def metadata(path: Any, checkpointable_name: str = "AUTO") -> Any:
    """What a checkpoint holds, without its arrays."""
    return metadata_of(_reading.open_checkpoint(path), STATE)


save_pytree = save
load_pytree = load
pytree_metadata = metadata
