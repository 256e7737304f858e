"""The format, version 1: what `checkpoint.json` says, and how values become bytes.

The first line of `checkpoint.json` is `jib-checkpoint 1 DIGEST`; the rest is one line of JSON, and
DIGEST is the beginning of the SHA-256 of `jib-checkpoint 1`, a line feed, and that JSON. It holds

    tree      the containers, with the number of a leaf in the place of each leaf
    leaves    for each leaf: its path, then its value, or its dtype, shape and chunks
    files     name and length of each data file
    metadata, metrics, items, created, written_by

A chunk is a box of an array: file, position, length and digest of its bytes, and, unless it is the
whole array, where it starts and its shape. Data files hold chunks and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

from jib.ckpt._errors import CheckpointDamagedError, CheckpointVersionError, UnsavableLeafError
from jib.core.keys import KeyDType, key_dtype
from jib.tree import flatten_with_path
from jib.tree._flatten import flatten_one_level_with_keys
from jib.tree._registry import is_tree_node
from jib.tree_util import GetAttrKey

__all__: list[str] = []

VERSION = 1
MAGIC = "jib-checkpoint"
_HEADER = re.compile(rb"jib-checkpoint ([1-9][0-9]{0,5}) ([0-9a-f]{32})\n")


def digest(data: Any) -> str:
    """The checksum of some bytes: half of their SHA-256."""
    return hashlib.sha256(data).hexdigest()[:32]


@dataclass(slots=True)
class Chunk:
    """A box of an array in a data file. `start` and `shape` count elements of the whole array."""

    file: int
    position: int
    length: int
    digest: str
    start: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass(slots=True)
class Leaf:
    """One leaf: a plain value, or an array in chunks. The dtype of keys is a KeyDType."""

    path: tuple[str, ...]
    dtype: Any = None
    shape: tuple[int, ...] = ()
    chunks: list[Chunk] = field(default_factory=list)
    value: Any = None

    @property
    def is_array(self) -> bool:
        """Whether it is an array, keys included."""
        return self.dtype is not None

    @property
    def stored_dtype(self) -> np.dtype:
        """The dtype of the elements on disk: words, where they are keys."""
        return self.dtype.physical_dtype if isinstance(self.dtype, KeyDType) else self.dtype

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """The shape on disk."""
        return self.shape + getattr(self.dtype, "physical_shape", ())

    @property
    def nbytes(self) -> int:
        """Bytes on disk."""
        return sum(chunk.length for chunk in self.chunks)

    def __str__(self) -> str:
        if self.is_array:
            return type_text(self.dtype, self.shape)
        return "json" if isinstance(self.value, Json) else type(self.value).__name__


@dataclass(frozen=True, slots=True)
class Json:
    """A document of JSON that is one leaf."""

    document: Any


@dataclass(slots=True)
class Contents:
    """All that `checkpoint.json` says."""

    tree: Any
    leaves: list[Leaf]
    files: list[tuple[str, int]] = field(default_factory=list)
    metadata: Any = None
    metrics: Any = None
    items: list[str] | None = None
    created: float = 0.0
    written_by: str = ""


def type_text(dtype: Any, shape: Any) -> str:
    """`float32[2,3]`."""
    name = dtype.str if getattr(dtype, "kind", "") in "SUMm" else dtype.name
    return f"{name}[{','.join(map(str, shape))}]"


def path_text(path: tuple[str, ...]) -> str:
    """`params/dense/kernel`."""
    return "/".join(path) or "(the tree itself)"


# -------------------------------------------------------------------------------------- dtypes


def dtype_name(dtype: Any) -> str | None:
    """The name of a dtype in the format, or None where it cannot be saved."""
    if isinstance(dtype, KeyDType):
        return dtype.name
    if dtype.kind in "OV" and not hasattr(ml_dtypes, dtype.name):
        return None
    return dtype.newbyteorder("=").str[1:] if dtype.kind in "SUMm" else dtype.name


def _dtype_named(name: str) -> Any:
    """The dtype of a name in the format."""
    if name == key_dtype.name:
        return key_dtype
    return np.dtype(getattr(ml_dtypes, name, None) or name)


# ---------------------------------------------------------------------------------------- trees


def _segment(key: Any) -> str:
    """One step of a path as text."""
    for attribute in ("name", "key", "idx"):
        if hasattr(key, attribute):
            return str(getattr(key, attribute))
    return str(key)


def paths_and_leaves(tree: Any) -> tuple[list[tuple[tuple[str, ...], Any]], Any]:
    """The leaves with their paths as names, and the structure."""
    found, structure = flatten_with_path(tree)
    return [(tuple(map(_segment, keys)), leaf) for keys, leaf in found], structure


def skeleton(tree: Any, counter: Iterator[int]) -> Any:
    """The containers of a tree as JSON, with the number of a leaf for each leaf."""
    if tree is None:
        return None
    if not is_tree_node(type(tree)):
        return next(counter)
    pairs = [(key, skeleton(child, counter)) for key, child in flatten_one_level_with_keys(tree)[0]]
    if isinstance(tree, list | tuple) and not hasattr(tree, "_fields"):
        return {"l" if isinstance(tree, list) else "t": [child for _, child in pairs]}
    if not isinstance(tree, Mapping):
        if not all(isinstance(key, GetAttrKey) or hasattr(key, "key") for key, _ in pairs):
            return {"l": [child for _, child in pairs]}
        kind = f"{type(tree).__module__}.{type(tree).__qualname__}"
        return {"n": [[_segment(key), child] for key, child in pairs], "of": kind}
    for key, _ in pairs:
        if type(key.key) not in (str, int, float, bool):
            raise UnsavableLeafError(
                f"the key {key.key!r} of a dictionary is of type {type(key.key).__name__}; keys "
                "in a checkpoint are text or numbers",
                help=f"{{str(key): value for key, value in {type(tree).__name__}.items()}}",
            )
    return {"d": [[key.key, child] for key, child in pairs]}


def containers(skeleton: Any, leaves: list[Any]) -> Any:
    """Dictionaries, lists and tuples as a skeleton says, around the leaves."""
    if not isinstance(skeleton, dict):
        return None if skeleton is None else leaves[skeleton]
    if "l" in skeleton or "t" in skeleton:
        kind = list if "l" in skeleton else tuple
        return kind(containers(child, leaves) for child in skeleton["l" if kind is list else "t"])
    pairs = skeleton["d"] if "d" in skeleton else skeleton["n"]
    return {key: containers(child, leaves) for key, child in pairs}


# --------------------------------------------------------------------------------------- values

_ENCODERS: dict[type, tuple[str, Any]] = {
    bool: ("bool", lambda x: x),
    int: ("int", hex),
    float: ("float", float.hex),
    complex: ("complex", lambda x: [x.real.hex(), x.imag.hex()]),
    str: ("str", lambda x: x),
    bytes: ("bytes", bytes.hex),
    Json: ("json", lambda x: x.document),
}
_DECODERS: dict[str, Any] = {
    "bool": bool,
    "int": lambda x: int(x, 16),
    "float": float.fromhex,
    "complex": lambda x: complex(*map(float.fromhex, x)),
    "str": str,
    "bytes": bytes.fromhex,
    "json": Json,
}


def value_class(x: Any) -> type | None:
    """The class under which a plain value is saved, or None where it is not one."""
    return next((kind for kind in _ENCODERS if isinstance(x, kind)), None)


def _leaf_record(leaf: Leaf) -> list[Any]:
    if not leaf.is_array:
        name, encode = _ENCODERS[value_class(leaf.value) or Json]
        return [leaf.path, name, encode(leaf.value)]
    chunks = []
    for c in leaf.chunks:
        box = [] if c.shape == leaf.stored_shape else [c.start, c.shape]
        chunks.append([c.file, c.position, c.length, c.digest, *box])
    return [leaf.path, "array", dtype_name(leaf.dtype), leaf.shape, chunks]


def _leaf_of_record(record: list[Any]) -> Leaf:
    path, kind, *rest = record
    if kind != "array":
        return Leaf(tuple(path), value=_DECODERS[kind](rest[0]))
    leaf = Leaf(tuple(path), _dtype_named(rest[0]), tuple(rest[1]))
    whole = ((0,) * len(leaf.stored_shape), leaf.stored_shape)
    for file, position, length, checksum, *box in rest[2]:
        start, shape = map(tuple, box) if box else whole
        leaf.chunks.append(Chunk(file, position, length, checksum, start, shape))
    return leaf


def encode(contents: Contents) -> bytes:
    """The bytes of `checkpoint.json`."""
    body = {
        "written_by": contents.written_by,
        "created": contents.created,
        "metadata": contents.metadata,
        "metrics": contents.metrics,
        "items": contents.items,
        "files": contents.files,
        "tree": contents.tree,
        "leaves": [_leaf_record(leaf) for leaf in contents.leaves],
    }
    text = json.dumps(body, separators=(",", ":")).encode() + b"\n"
    start = f"{MAGIC} {VERSION}"
    checksum = digest(f"{start}\n".encode() + text)
    return f"{start} {checksum}\n".encode() + text


def decode(data: bytes, path: str) -> Contents:
    """What the bytes of `checkpoint.json` say; raises where a byte of them is wrong."""
    found = _HEADER.match(data)
    if found is None:
        raise CheckpointDamagedError(f"the first line of {path}/checkpoint.json is damaged")
    version, text = int(found[1]), data[found.end() :]
    if digest(f"{MAGIC} {version}\n".encode() + text).encode() != found[2]:
        raise CheckpointDamagedError(
            f"{path}/checkpoint.json is damaged: its checksum is wrong",
            notes=["it says which bytes belong to which leaf, so nothing can be restored"],
        )
    if version > VERSION:
        raise CheckpointVersionError(
            f"{path!r} is written in version {version} of the format, and this version of jib "
            f"reads up to version {VERSION}",
            help="pip install --upgrade jib",
        )
    body = json.loads(text)
    leaves = [_leaf_of_record(record) for record in body.pop("leaves")]
    return Contents(leaves=leaves, **body)
