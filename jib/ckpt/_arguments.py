"""What a caller says about the leaves that are saved or restored."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

import jib
from jib import tree as trees
from jib.ckpt import _reading
from jib.ckpt._fitting import Target, target_of
from jib.ckpt._format import Json, paths_and_leaves, value_class
from jib.core.keys import KeyArray
from jib.errors import ArgumentValueError
from jib.typing import Array

__all__ = ["PLACEHOLDER", "ArrayRestoreArgs", "RestoreArgs", "SaveArgs"]

#: A leaf of a restore target that is left out: it is not read, and stays as it is.
PLACEHOLDER = ...


@dataclasses.dataclass
class SaveArgs:
    """How a leaf is saved: `dtype` is what it is converted to; the rest has no effect here."""

    aggregate: bool = False
    dtype: Any = None
    chunk_byte_size: int | None = None
    shard_axes: tuple[int, ...] = ()


@dataclasses.dataclass
class RestoreArgs:
    """How a leaf is restored: as `np.ndarray`, `jib.Array`, `int`, ... and of which dtype.

    A dtype that is given here is converted to without asking.
    """

    restore_type: Any = None
    dtype: Any = None


@dataclasses.dataclass
class ArrayRestoreArgs(RestoreArgs):
    """How an array is restored to devices.

    Attributes:
        mesh, mesh_axes: the sharding as a mesh and a PartitionSpec.
        sharding: the sharding, or a device.
        global_shape, shape: the shape that is wanted. With `strict`, another one in the checkpoint
            is an error; otherwise the array is cut, or filled up with zeros.
    """

    restore_type: Any = Array
    mesh: Any = None
    mesh_axes: Any = None
    sharding: Any = None
    global_shape: tuple[int, ...] | None = None
    shape: tuple[int, ...] | None = None
    strict: bool = True


def saved_item(item: Any, save_args: Any) -> Any:
    """A tree with the dtypes that `save_args`, a tree of SaveArgs, asks for."""
    if save_args is None:
        return item

    def cast(x: Any, how: Any) -> Any:
        wanted = getattr(how, "dtype", None)
        if wanted is None or isinstance(x, KeyArray | str | bytes):
            return x
        return x.astype(wanted) if hasattr(x, "astype") else np.asarray(x, wanted)

    return trees.map(cast, item, save_args)


def _target(args: Any, path: tuple[str, ...], x: Any) -> Target:
    """What RestoreArgs say of one leaf; `x` is the leaf of the target tree, or None."""
    kind, dtype = args.restore_type, args.dtype
    if x is PLACEHOLDER:
        return Target("skip")
    if isinstance(args, ArrayRestoreArgs):
        place = args.sharding
        if place is None and args.mesh is not None:
            place = jib.NamedSharding(args.mesh, args.mesh_axes or jib.P())
        shape = args.global_shape if args.global_shape is not None else args.shape
        sharding = _reading.broadcast_shardings(place, 0)[0]
        shape = None if shape is None else tuple(shape)
        return Target(
            "array", shape if args.strict else None, dtype, sharding, None, False,
            None if args.strict else shape,
        )  # fmt: skip
    if kind is None and x is not None and dtype is None:
        return target_of(path, x, False)
    if kind in (int, float, bool, complex, str, bytes):
        return Target("python", (), python=kind, checked=False)
    if kind is np.ndarray:
        return Target("numpy", dtype=dtype, checked=False)
    return Target("array" if kind is not None else "any", dtype=dtype, checked=False)


def restored_item(opened: Any, item: Any, restore_args: Any, partial: bool) -> Any:
    """A tree in the containers of `item` or of `restore_args`, each leaf as the latter says."""

    def is_args(x: Any) -> bool:
        return isinstance(x, RestoreArgs)

    if restore_args is None and item is None:
        return _reading.as_saved(opened)
    if restore_args is None:
        return _reading.like(opened, item, partial=partial)
    if item is None:
        named, structure = paths_and_leaves(restore_args)
        wanted = [(path, args, None) for path, args in named]
    else:
        named, structure = paths_and_leaves(item)
        spread = trees.leaves(restore_args, is_leaf=is_args)
        if len(spread) != len(named):
            raise ArgumentValueError(
                f"the item has {len(named)} leaves and restore_args has {len(spread)}",
                help="restore_args = jib.ckpt.checkpoint_utils.construct_restore_args(item)",
            )
        wanted = [(path, args, x) for (path, x), args in zip(named, spread, strict=True)]
    targets = [_target(args, path, x) for path, args, x in wanted]
    leaves = _reading.fitting_leaves(opened, [path for path, _, _ in wanted], targets, partial)
    return trees.unflatten(structure, _reading.restore_leaves(opened, leaves, targets))


def refuse_transforms(transforms: Any) -> None:
    """Renaming while restoring is plain Python on the restored tree."""
    if transforms:
        raise ArgumentValueError(
            "jib's checkpoints are not transformed while they are restored",
            help='tree = jib.ckpt.load(path); tree["new"] = tree.pop("old")',
        )


def document_of(value: Any) -> Json:
    """A JSON document as one leaf; device arrays and NumPy numbers in it become plain ones."""

    def plain(x: Any) -> Any:
        if hasattr(x, "tolist"):
            return x.tolist()
        if isinstance(x, dict):
            return {str(key): plain(item) for key, item in x.items()}
        if isinstance(x, list | tuple):
            return [plain(item) for item in x]
        if x is None or value_class(x) in (bool, int, float, str):
            return x
        raise ArgumentValueError(f"{x!r:.60} of type {type(x).__name__} is not JSON")

    return Json(plain(value))
