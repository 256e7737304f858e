"""Helpers around restoring."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import tree as trees
from jib.backend.buffers import ArrayImpl
from jib.ckpt import _reading
from jib.ckpt._arguments import ArrayRestoreArgs, RestoreArgs
from jib.ckpt.metadata import ArrayMetadata, ScalarMetadata, StringMetadata
from jib.core.keys import KeyArray

__all__ = ["construct_restore_args"]


def construct_restore_args(
    target: Any,
    sharding_tree: Any = None,
    set_global_shape: bool = True,
    support_layout: bool = False,
    strict: bool = True,
) -> Any:
    """A tree of RestoreArgs that restores leaves as those of `target` are.

    Args:
        target: a tree of arrays, `jib.ShapeDtypeStruct`, metadata or plain values.
        sharding_tree: a sharding, or a tree of them; by default, those of `target`.
        set_global_shape: whether another shape in the checkpoint counts as different.
        strict: with False, an array of another shape is cut, or filled up with zeros.

    Example:
        >>> args = construct_restore_args({"w": jnp.ones(2), "step": 1})
        >>> args["w"].global_shape, args["step"].restore_type
        ((2,), <class 'int'>)
    """
    leaves, structure = trees.flatten(target)
    if sharding_tree is None:
        places = [getattr(x, "sharding", None) for x in leaves]
    else:
        places = _reading.broadcast_shardings(sharding_tree, target)

    def args_of(x: Any, place: Any) -> RestoreArgs:
        if isinstance(x, ScalarMetadata):
            return RestoreArgs(type(np.zeros((), x.dtype).item()))
        if isinstance(x, StringMetadata):
            return RestoreArgs(str)
        if isinstance(x, np.ndarray) or (isinstance(x, ArrayMetadata) and place is None):
            return RestoreArgs(np.ndarray, x.dtype)
        if isinstance(x, ArrayImpl | KeyArray) or (hasattr(x, "shape") and place is not None):
            shape = tuple(x.shape) if set_global_shape else None
            return ArrayRestoreArgs(
                dtype=x.dtype, sharding=place, global_shape=shape, strict=strict
            )
        if hasattr(x, "shape") and hasattr(x, "dtype"):
            return RestoreArgs(np.ndarray, x.dtype)
        return RestoreArgs(type(x))

    made = [args_of(x, place) for x, place in zip(leaves, places, strict=True)]
    return trees.unflatten(structure, made)
