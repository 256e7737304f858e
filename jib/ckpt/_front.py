"""Save a tree, load it, see what a checkpoint holds."""

from __future__ import annotations

import datetime
from typing import Any

from jib._deferred import DeferredModule
from jib.ckpt import _reading, _writing
from jib.ckpt._format import path_text
from jib.ckpt._storage import place

__all__ = ["describe", "load", "save", "verify"]

_table: Any = DeferredModule("rich.table")
_console: Any = DeferredModule("rich.console")

#: A checkpoint whose only item has this name is that item.
DEFAULT = "default"


def save(path: Any, tree: Any, *, force: bool = False, metadata: Any = None) -> None:
    """Write a tree as a checkpoint, which is whole when this returns, or absent.

    Args:
        path: a new folder, or a URL that TensorStore knows (`gs://`, `s3://`, `file://`).
        tree: containers of arrays of any shape, dtype and sharding, random keys, numbers, text,
            bytes and None. Each part of a sharded array is written once.
        force: replace the checkpoint that is there; it stays until the new one is whole.
        metadata: a JSON value to keep with it.

    Raises:
        CheckpointExistsError: there is something at `path`.
        CheckpointWriteError: the disk is full, or writing is not permitted.
        UnsavableLeafError: a leaf is something else.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp() + "/one"
        >>> jib.ckpt.save(folder, {"w": jnp.ones((2, 2)), "step": 7})
        >>> jib.ckpt.load(folder)["step"]
        7
    """
    _writing.write(_writing.prepare(tree, copy=False, metadata=metadata), place(path), force)


def load(path: Any, like: Any = None, *, sharding: Any = None, cast: bool = False) -> Any:
    """Read a checkpoint, and check every byte that is read.

    Args:
        path: where it is.
        like: a tree of arrays, `jib.ShapeDtypeStruct` or plain values. The result has its
            containers, and each leaf the type and sharding that its leaf has. Without it, arrays
            come as NumPy arrays in dictionaries, lists and tuples (named tuples and dataclasses
            as dictionaries, keys as their words), and no device is touched.
        sharding: a device or sharding for all arrays, or a tree of them.
        cast: whether leaves of another dtype than in `like` are converted.

    Raises:
        CheckpointDamagedError: some byte is not what was written.
        CheckpointMismatchError: the tree differs from `like`; the message has a line per leaf.
        CheckpointMissingError: there is no checkpoint.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp() + "/one"
        >>> jib.ckpt.save(folder, {"w": jnp.ones(2, jnp.bfloat16)})
        >>> jib.ckpt.load(folder)
        {'w': array([1, 1], dtype=bfloat16)}
        >>> jib.ckpt.load(folder, {"w": jib.ShapeDtypeStruct((2,), jnp.float32)}, cast=True)
        {'w': Array([1., 1.], dtype=float32)}
    """
    opened = _reading.open_checkpoint(path)
    if opened.items == [DEFAULT]:
        opened = opened.item(DEFAULT)
    if like is None:
        return _reading.as_saved(opened, sharding)
    return _reading.like(opened, like, sharding, cast)


def verify(path: Any) -> None:
    """Read all of a checkpoint and check it, keeping nothing.

    Raises:
        CheckpointDamagedError: some byte is not what was written.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp() + "/one"
        >>> jib.ckpt.save(folder, {"w": jnp.ones(2)})
        >>> jib.ckpt.verify(folder)
    """
    opened = _reading.open_checkpoint(path)
    for leaf in opened.leaves:
        if leaf.is_array:
            _reading.read_boxes(opened, [(leaf, _reading._whole(leaf))])


def describe(path: Any) -> None:
    """Print a table of what a checkpoint holds; only its `checkpoint.json` is read.

    Raises:
        CheckpointDamagedError: that file is damaged, or another has the wrong length.
    """
    opened = _reading.open_checkpoint(path)
    contents = opened.contents
    written = datetime.datetime.fromtimestamp(contents.created, datetime.UTC)
    total = sum(size for _, size in contents.files)
    table = _table.Table(title=f"{opened.folder}", title_justify="left")
    table.add_column("leaf", overflow="fold")
    table.add_column("type")
    table.add_column("bytes", justify="right")
    table.add_column("value or checksum", overflow="fold")
    for leaf in opened.leaves:
        checksum = leaf.chunks[0].digest[:12] if leaf.chunks else "-"
        last = f"{checksum} + {len(leaf.chunks) - 1} more" if leaf.chunks[1:] else checksum
        row = last if leaf.is_array else repr(leaf.value)[:40]
        size = f"{leaf.nbytes:,}" if leaf.is_array else ""
        table.add_row(path_text(leaf.path), str(leaf), size, row)
    console = _console.Console(highlight=False)
    console.print(table)
    console.print(
        f"{len(opened.leaves)} leaves, {total:,} bytes in {len(contents.files)} files, written "
        f"{written:%Y-%m-%d %H:%M} UTC by {contents.written_by}",
        soft_wrap=True,
    )
    for name, value in (("metadata", contents.metadata), ("metrics", contents.metrics)):
        if value:
            console.print(f"{name}: {value}", soft_wrap=True, markup=False)
