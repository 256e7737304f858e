"""From the files of a checkpoint to a tree, with every byte checked on the way."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from jib import tree as trees
from jib.backend import transfer
from jib.backend.assembly import make_array_from_single_device_arrays
from jib.backend.client import default_device
from jib.backend.shardings import Sharding, single_device_sharding
from jib.ckpt import _storage
from jib.ckpt._errors import CheckpointDamagedError, CheckpointMismatchError, CheckpointMissingError
from jib.ckpt._fitting import Target, cast_value, differences, target_of
from jib.ckpt._format import (
    Chunk,
    Contents,
    Json,
    Leaf,
    containers,
    decode,
    digest as digest_of,
    path_text,
    paths_and_leaves,
)
from jib.ckpt._parallel import for_each
from jib.core.avals import ShapedArray
from jib.core.keys import KeyArray, KeyDType

__all__: list[str] = []

Box = tuple[tuple[int, int], ...]
_FEW_BYTES = 4 << 20


@dataclass
class Opened:
    """A checkpoint, or one item of it, whose `checkpoint.json` and file lengths are right."""

    folder: Any
    contents: Contents
    skeleton: Any
    leaves: list[Leaf] = field(default_factory=list)

    @property
    def items(self) -> list[str] | None:
        """The names of the items of a composite checkpoint."""
        return self.contents.items

    def item(self, name: str) -> Opened:
        """One item of a composite checkpoint."""
        found = dict(self.skeleton["d"]) if self.items else {}
        if name not in found:
            has = f"its items are {', '.join(found)}" if found else "it is one unnamed tree"
            raise CheckpointMissingError(
                f"the checkpoint {str(self.folder)!r} has no item {name!r}; {has}"
            )
        own = sorted(_indices(found[name]))
        number = {index: i for i, index in enumerate(own)}
        leaves = [replace(self.leaves[i], path=self.leaves[i].path[1:]) for i in own]
        return Opened(self.folder, self.contents, _renumbered(found[name], number), leaves)


def _indices(skeleton: Any) -> list[int]:
    if not isinstance(skeleton, dict):
        return [] if skeleton is None else [skeleton]
    children = [*skeleton.get("l", ()), *skeleton.get("t", ())]
    children += [child for kind in ("d", "n") for _, child in skeleton.get(kind, ())]
    return list(itertools.chain.from_iterable(map(_indices, children)))


def _renumbered(skeleton: Any, number: dict[int, int]) -> Any:
    if not isinstance(skeleton, dict):
        return skeleton if skeleton is None else number[skeleton]
    new = dict(skeleton)
    for kind in ("l", "t"):
        if kind in new:
            new[kind] = [_renumbered(child, number) for child in new[kind]]
    for kind in ("d", "n"):
        if kind in new:
            new[kind] = [[key, _renumbered(child, number)] for key, child in new[kind]]
    return new


def open_checkpoint(path: Any) -> Opened:
    """Read and check what a checkpoint holds, without its arrays."""
    folder = path if hasattr(path, "read_into") else _storage.place(path)
    folder = folder.recovered()
    contents = decode(_storage.require(folder), str(folder))
    for name, size in contents.files:
        problem = folder.length_problem(name, size)
        if problem is not None:
            raise CheckpointDamagedError(
                f"the checkpoint {str(folder)!r} is damaged: its file {name} {problem}"
            )
    return Opened(folder, contents, contents.tree, contents.leaves)


# ---------------------------------------------------------------------------------------- boxes


@dataclass(slots=True)
class _Job:
    leaf: Leaf
    chunk: Chunk
    out: np.ndarray
    box: Box


def read_boxes(opened: Opened, wanted: Sequence[tuple[Leaf, Box]]) -> list[np.ndarray]:
    """The contents of boxes of arrays; only chunks that touch a box are read, and each is checked.

    A box is the first and last-plus-one index of each axis of the array as it is stored.
    """
    results, jobs, total = [], [], 0
    for leaf, box in wanted:
        out = _aligned([stop - start for start, stop in box], leaf.stored_dtype)
        results.append(out)
        for chunk in leaf.chunks:
            if out.size and _overlap(chunk, box) is not None:
                jobs.append(_Job(leaf, chunk, out, box))
                total += chunk.length
        _check_covered(opened, leaf, box, out)
    names = [name for name, _ in opened.contents.files]
    scratch = threading.local()

    def read(job: _Job) -> None:
        _read(opened, names, job, scratch)

    used = sorted({names[job.chunk.file] for job in jobs})
    with opened.folder.opened(used):
        for_each(read, jobs, *([1] if total < _FEW_BYTES else []))
    return results


def _aligned(shape: list[int], dtype: np.dtype) -> np.ndarray:
    """An empty array whose memory a device that shares the host's can take as it is."""
    size = math.prod(shape) * dtype.itemsize
    if size < _FEW_BYTES:
        return np.empty(shape, dtype)
    memory = np.empty(size + 64, np.uint8)
    first = -memory.ctypes.data % 64
    return memory[first : first + size].view(dtype).reshape(shape)


def _overlap(chunk: Chunk, box: Box) -> Box | None:
    found = []
    for first, length, (start, stop) in zip(chunk.start, chunk.shape, box, strict=True):
        low, high = max(first, start), min(first + length, stop)
        if low >= high:
            return None
        found.append((low, high))
    return tuple(found)


def _check_covered(opened: Opened, leaf: Leaf, box: Box, out: np.ndarray) -> None:
    """The chunks are cut from shards that do not overlap, so counting elements is enough."""
    size = 0
    for chunk in leaf.chunks:
        shared = _overlap(chunk, box) if out.size else None
        if shared is not None:
            size += int(np.prod([high - low for low, high in shared], dtype=np.int64))
    if size != out.size:
        raise CheckpointDamagedError(
            f"the checkpoint {str(opened.folder)!r} lacks a part of {path_text(leaf.path)!r}"
        )


def _read(opened: Opened, names: Sequence[str], job: _Job, scratch: Any) -> None:
    """Read one chunk, check it, and put what the box wants of it in its place."""
    chunk, box = job.chunk, job.box
    shared = _overlap(chunk, box)
    assert shared is not None
    inside = tuple(
        slice(low - start, high - start)
        for (low, high), (start, _) in zip(shared, box, strict=True)
    )
    place = job.out[(*inside, ...)]  # a view also where there is no axis
    all_of_it = place.shape == chunk.shape
    if all_of_it and place.flags.c_contiguous:  # straight to where it belongs
        bytes_of_it: Any = place.reshape(-1).view(np.uint8)
        view = memoryview(bytes_of_it)
        _fill(opened, names, job, view)
        return
    if len(getattr(scratch, "bytes", b"")) < chunk.length:
        scratch.bytes = bytearray(chunk.length)
    view = memoryview(scratch.bytes)[: chunk.length]
    _fill(opened, names, job, view)
    whole = np.frombuffer(view, job.leaf.stored_dtype).reshape(chunk.shape)
    place[...] = whole[
        tuple(
            slice(low - start, high - start)
            for (low, high), start in zip(shared, chunk.start, strict=True)
        )
    ]


def _fill(opened: Opened, names: Sequence[str], job: _Job, view: memoryview) -> None:
    chunk = job.chunk
    name = names[chunk.file]
    count = opened.folder.read_into(name, chunk.position, view)
    if count == chunk.length and digest_of(view) == chunk.digest:
        return
    last = chunk.position + chunk.length - 1
    raise CheckpointDamagedError(
        f"the checkpoint {str(opened.folder)!r} is damaged: {path_text(job.leaf.path)!r} "
        f"({job.leaf}) is not what was saved",
        notes=[f"the checksum of bytes {chunk.position} to {last} of {name} is wrong"],
    )


def _whole(leaf: Leaf) -> Box:
    return tuple((0, length) for length in leaf.stored_shape)


# ------------------------------------------------------------------------------------ whole trees


def as_saved(opened: Opened, sharding: Any = None) -> Any:
    """The tree in plain containers, as NumPy arrays, or on devices where `sharding` says so."""
    places: list[Any] = [None] * len(opened.leaves)
    if sharding is not None:
        indices = containers(opened.skeleton, list(range(len(opened.leaves))))
        spread = broadcast_shardings(sharding, indices)
        for index, place in zip(trees.leaves(indices), spread, strict=True):
            places[index] = place
    targets = [Target("any" if place is None else "array", sharding=place) for place in places]
    return containers(opened.skeleton, restore_leaves(opened, opened.leaves, targets))


def broadcast_shardings(sharding: Any, tree: Any) -> list[Any]:
    """One sharding for each leaf of a tree, from one for all or a tree of them."""

    def is_place(x: Any) -> bool:
        return x is None or isinstance(x, Sharding) or hasattr(x, "platform")

    spread = trees.broadcast(sharding, tree, is_leaf=is_place)
    return [transfer.as_sharding(x) for x in trees.leaves(spread, is_leaf=is_place)]


def like(
    opened: Opened, like: Any, sharding: Any = None, cast: bool = False, partial: bool = False
) -> Any:
    """The tree in the containers of `like`, each leaf as the leaf of `like` is."""
    wanted, structure = paths_and_leaves(like)
    targets = [
        leaf if isinstance(leaf, Target) else target_of(path, leaf, cast) for path, leaf in wanted
    ]
    if sharding is not None:
        for i, place in enumerate(broadcast_shardings(sharding, like)):
            if targets[i].kind in ("array", "numpy"):
                targets[i] = replace(targets[i], kind="array", sharding=place)
    leaves = fitting_leaves(opened, [path for path, _ in wanted], targets, partial)
    return trees.unflatten(structure, restore_leaves(opened, leaves, targets))


def fitting_leaves(
    opened: Opened, paths: list[tuple[str, ...]], targets: list[Target], partial: bool
) -> list[Leaf]:
    """The saved leaf for each path; raises a table of all that does not fit."""
    saved = {leaf.path: leaf for leaf in opened.leaves}
    found = differences(saved, paths, targets, partial)
    if found is not None:
        sentence, table, castable = found
        raise CheckpointMismatchError(
            f"the checkpoint {str(opened.folder)!r} does not fit: {sentence}",
            notes=[table],
            help=f"jib.ckpt.load({str(opened.folder)!r}, like, cast=True)" if castable else (),
        )
    return [saved.get(path, Leaf(path)) for path in paths]


def restore_leaves(opened: Opened, leaves: Sequence[Leaf], targets: Sequence[Target]) -> list[Any]:
    """Each leaf as its target says; all files are read together."""
    wanted: list[tuple[Leaf, Box]] = []
    builders = []
    for leaf, target in zip(leaves, targets, strict=True):
        if target.kind == "skip":
            builders.append(None)
            continue
        own = _boxes(leaf, target) if leaf.is_array else []
        builders.append((len(wanted), len(own)))
        wanted += [(leaf, box) for box in own]
    parts = read_boxes(opened, wanted)
    results = []
    for leaf, target, builder in zip(leaves, targets, builders, strict=True):
        if builder is None:
            results.append(...)
        elif leaf.is_array:
            results.append(_built(leaf, target, parts[builder[0] : sum(builder)]))
        else:
            results.append(_built_value(leaf, target))
    return results


def _device_boxes(leaf: Leaf, sharding: Any) -> dict[Any, Box]:
    """Which box of the stored array each device of this process holds."""
    found = {}
    for device, index in sharding.addressable_devices_indices_map(leaf.shape).items():
        ranges = [
            (part.start or 0, length if part.stop is None else part.stop)
            for part, length in zip(index, leaf.shape, strict=True)
        ]
        words = [(0, length) for length in leaf.stored_shape[len(leaf.shape) :]]
        found[device] = tuple(ranges + words)
    return found


def _boxes(leaf: Leaf, target: Target) -> list[Box]:
    if target.kind == "array" and _is_spread(target.sharding) and target.fit is None:
        return list(dict.fromkeys(_device_boxes(leaf, target.sharding).values()))
    return [_whole(leaf)]


def _is_spread(sharding: Any) -> bool:
    return sharding is not None and sharding.num_devices > 1


def _built(leaf: Leaf, target: Target, parts: list[np.ndarray]) -> Any:
    """An array leaf as its target says, from its boxes."""
    is_key = isinstance(leaf.dtype, KeyDType)
    if target.dtype is not None and not is_key:
        parts = [part.astype(target.dtype, copy=False) for part in parts]
    if target.fit is not None and tuple(target.fit) != leaf.shape:
        parts = [_resized(part, target.fit) for part in parts]
    if target.kind == "python":
        return cast_value(parts[0].item(), target.python)
    if target.kind == "scalar":
        return parts[0][()]
    if target.kind != "array":
        return parts[0]
    sharding = target.sharding
    if sharding is None:
        base = _put(parts[0], single_device_sharding(default_device()))
        return KeyArray(base, leaf.dtype) if is_key else base
    boxes = _device_boxes(leaf, sharding) if _is_spread(sharding) else None
    if boxes is None:
        (device,) = sharding.addressable_devices
        boxes = {device: None}
    by_box = dict(zip(dict.fromkeys(boxes.values()), parts, strict=True))
    arrays = []
    for i, (device, box) in enumerate(boxes.items()):
        own = box not in list(boxes.values())[:i]  # two devices cannot hold the same memory
        value = by_box[box] if own else by_box[box].copy()
        arrays.append(_put(value, single_device_sharding(device)))
    shape = leaf.stored_shape if is_key else tuple(target.fit or leaf.shape)
    base = make_array_from_single_device_arrays(shape, sharding, arrays, dtype=parts[0].dtype)
    return KeyArray(base, leaf.dtype) if is_key else base


def _put(value: np.ndarray, sharding: Any) -> Any:
    """On one device, without a copy where it shares the host's memory: nobody else has `value`."""
    return transfer.put_kept(value, ShapedArray(value.shape, value.dtype), sharding)


def _resized(value: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Cut, or filled up with zeros."""
    out = np.zeros(shape, value.dtype)
    shared = tuple(slice(0, min(pair)) for pair in zip(shape, value.shape, strict=True))
    out[shared] = value[shared]
    return out


def _built_value(leaf: Leaf, target: Target) -> Any:
    value = leaf.value.document if isinstance(leaf.value, Json) else leaf.value
    if target.kind == "python":
        return cast_value(value, target.python)
    if target.kind in ("numpy", "scalar"):
        found = np.asarray(value, target.dtype)
        return found[()] if target.kind == "scalar" else found
    if target.kind == "array" and isinstance(value, bool | int | float | complex):
        if target.dtype is None:
            return value
        found = np.asarray(value, target.dtype)
        return transfer.put(found, ShapedArray(found.shape, found.dtype), target.sharding)
    return value
