"""From a tree to the files of a checkpoint."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import jib
from jib.backend.buffers import ArrayImpl
from jib.ckpt import _storage
from jib.ckpt._errors import UnsavableLeafError
from jib.ckpt._format import (
    Chunk,
    Contents,
    Leaf,
    digest,
    dtype_name,
    encode,
    path_text,
    paths_and_leaves,
    skeleton,
    value_class,
)
from jib.ckpt._parallel import for_each
from jib.core.keys import KeyArray

__all__ = ["Prepared"]

#: An array is checked, and read, in pieces of at most so many bytes.
CHUNK_BYTES = 16 << 20
#: A data file is closed when it has so many bytes.
FILE_BYTES = 1 << 30
_BATCH_BYTES = 1 << 20


@dataclass(slots=True)
class Prepared:
    """A tree on the host: what will be written, and where."""

    contents: Contents
    data: list[list[np.ndarray]]  # the bytes of each file, chunk by chunk
    chunks: list[list[Chunk]]


def prepare(tree: Any, *, copy: bool, **about: Any) -> Prepared:
    """Bring a tree to the host.

    With `copy`, the result shares no memory with the tree, which may then be donated or changed.
    """
    found, _ = paths_and_leaves(tree)
    paths = [path for path, _ in found]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise UnsavableLeafError(f"two leaves of the tree have the path {path_text(twice)!r}")
    for _, x in found:
        if isinstance(x, ArrayImpl | KeyArray):
            getattr(x, "_base", x).copy_to_host_async()
    contents = Contents(skeleton(tree, itertools.count()), [], created=time.time(), **about)
    contents.written_by = f"jib {jib.__version__}"
    prepared = Prepared(contents, [], [])
    for path, x in found:
        contents.leaves.append(_prepared_leaf(path, x, copy, prepared))
    return prepared


def _prepared_leaf(path: tuple[str, ...], x: Any, copy: bool, prepared: Prepared) -> Leaf:
    if isinstance(x, ArrayImpl | KeyArray):
        leaf = Leaf(path, x.dtype, tuple(x.shape))
        for start, part in _parts(path, getattr(x, "_base", x)):
            _add(leaf, start, part, copy, prepared)
        return leaf
    if isinstance(x, np.ndarray | np.generic):
        value = np.asarray(x)
        value = value.astype(value.dtype.newbyteorder("="), copy=False)
        if dtype_name(value.dtype) is None:
            raise _unsavable(path, f"an array of dtype {value.dtype}")
        leaf = Leaf(path, value.dtype, value.shape)
        _add(leaf, (0,) * value.ndim, value, copy, prepared)
        return leaf
    if value_class(x) is None:
        raise _unsavable(path, f"{x!r:.60} of type {type(x).__name__}")
    return Leaf(path, value=x)


def _unsavable(path: tuple[str, ...], what: str) -> UnsavableLeafError:
    return UnsavableLeafError(
        f"the leaf {path_text(path)!r} is {what}, which a checkpoint cannot hold",
        notes=["leaves are arrays, random keys, numbers, text and bytes"],
    )


def _parts(path: tuple[str, ...], x: Any) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """The parts of a device array, each once however many devices hold it."""
    sharding = x.sharding
    if not x.is_fully_addressable and not x.is_fully_replicated:
        raise _unsavable(path, "an array on devices of other processes")
    if sharding.num_devices == 1 or x.is_fully_replicated:
        yield (0,) * x.ndim, np.asarray(x)
        return
    seen = set()
    for shard, index in zip(
        x.addressable_shards, sharding.devices_indices_map(x.shape).values(), strict=True
    ):
        start = tuple(part.start or 0 for part in index)
        if start not in seen:
            seen.add(start)
            yield start, np.asarray(shard.data)


def _add(
    leaf: Leaf, start: tuple[int, ...], part: np.ndarray, copy: bool, prepared: Prepared
) -> None:
    """Give the bytes of a part of a leaf their places in the files."""
    flat = np.array(part, order="C", copy=copy or None).reshape(-1).view(np.uint8)
    files = prepared.contents.files
    for offset, shape, first, length in boxes(part.shape, part.dtype.itemsize):
        if not files or files[-1][1] >= FILE_BYTES:
            files.append((f"data-{len(files)}.bin", 0))
            prepared.data.append([])
            prepared.chunks.append([])
        name, position = files[-1]
        files[-1] = (name, position + length)
        where = tuple(a + b for a, b in zip(start, offset, strict=True))
        chunk = Chunk(len(files) - 1, position, length, "", where, shape)
        leaf.chunks.append(chunk)
        prepared.data[-1].append(flat[first : first + length])
        prepared.chunks[-1].append(chunk)


def boxes(shape: tuple[int, ...], itemsize: int) -> Iterator[tuple[Any, Any, int, int]]:
    """Cut an array into boxes whose bytes lie in one run: start, shape, first byte, length."""
    total = math.prod(shape) * itemsize
    if not total:
        return
    axis = 0
    slab = total // shape[0] if shape else total
    while slab > CHUNK_BYTES and axis + 1 < len(shape):
        axis += 1
        slab //= shape[axis]
    if total <= CHUNK_BYTES or not shape:
        yield (0,) * len(shape), shape, 0, total
        return
    rows = max(1, CHUNK_BYTES // slab)
    position = 0
    for outer in np.ndindex(*shape[:axis]):
        for row in range(0, shape[axis], rows):
            count = min(rows, shape[axis] - row)
            start = (*outer, row) + (0,) * (len(shape) - axis - 1)
            box = (1,) * axis + (count,) + shape[axis + 1 :]
            yield start, box, position, count * slab
            position += count * slab


def write(prepared: Prepared, folder: Any, force: bool) -> None:
    """Write a prepared tree; it is whole under its name when this returns, or absent."""
    with folder.writer(force) as writer:
        files = prepared.contents.files
        files[:] = [(name.replace(".bin", f"{writer.label}.bin"), size) for name, size in files]
        for (name, size), data, chunks in zip(files, prepared.data, prepared.chunks, strict=True):
            writer.write(name, size, lambda put, d=data, c=chunks: _put_all(put, d, c))
        writer.commit(_storage.MANIFEST, encode(prepared.contents))


def _put_all(put: Callable[[int, Any], None], data: list[np.ndarray], chunks: list[Chunk]) -> None:
    def put_batch(batch: Sequence[int]) -> None:
        for i in batch:
            chunks[i].digest = digest(data[i])
        parts: list[Any] = [data[i] for i in batch]
        joined = parts[0] if len(batch) == 1 else b"".join(parts)
        put(chunks[batch[0]].position, memoryview(joined))

    batches: list[list[int]] = [[]]
    room = _BATCH_BYTES
    for i, chunk in enumerate(chunks):
        batches[-1].append(i)
        room -= chunk.length
        if room <= 0:
            batches.append([])
            room = _BATCH_BYTES
    for_each(put_batch, [batch for batch in batches if batch])
