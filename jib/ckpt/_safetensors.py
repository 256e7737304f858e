"""Weights in the format of the hub: `.safetensors` files, both ways."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from jib._deferred import DeferredModule
from jib.ckpt import _storage
from jib.ckpt._errors import CheckpointDamagedError, UnsavableLeafError
from jib.ckpt._format import path_text, paths_and_leaves
from jib.ckpt._storage import read_failure, require, write_failure
from jib.core.keys import KeyArray

__all__ = ["load_safetensors", "safetensors_metadata", "save_safetensors"]

_safetensors: Any = DeferredModule("safetensors")

# The names that the format has; the library takes those of NumPy.
_DTYPES = {
    "BOOL": np.bool_, "U8": np.uint8, "I8": np.int8, "U16": np.uint16, "I16": np.int16,
    "U32": np.uint32, "I32": np.int32, "U64": np.uint64, "I64": np.int64, "F16": np.float16,
    "BF16": ml_dtypes.bfloat16, "F32": np.float32, "F64": np.float64, "C64": np.complex64,
    "F8_E4M3": ml_dtypes.float8_e4m3fn, "F8_E5M2": ml_dtypes.float8_e5m2,
    "F8_E8M0": ml_dtypes.float8_e8m0fnu, "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
}  # fmt: skip
_NAMES = {np.dtype(kind).name: name for name, kind in _DTYPES.items()}


def save_safetensors(path: Any, tree: Any, metadata: Mapping[str, str] | None = None) -> None:
    """Write arrays as a `.safetensors` file; the file is whole or absent.

    Args:
        path: the file.
        tree: containers of arrays. The name of an array is its path, joined with dots.
        metadata: texts to keep in the header.

    Raises:
        UnsavableLeafError: a leaf is no array of a dtype that the format has, or two have one name.
        CheckpointWriteError: the disk is full, or writing is not permitted.

    Example:
        >>> import tempfile
        >>> file = tempfile.mkdtemp() + "/model.safetensors"
        >>> save_safetensors(file, {"dense": {"kernel": jnp.ones((2, 1), jnp.bfloat16)}})
        >>> load_safetensors(file)
        {'dense': {'kernel': array([[1],
               [1]], dtype=bfloat16)}}
    """
    tensors: dict[str, Any] = {}
    for keys, x in paths_and_leaves(tree)[0]:
        name = ".".join(keys)
        value = None if isinstance(x, KeyArray | str | bytes) else np.array(x, order="C")
        known = None if value is None else _NAMES.get(value.dtype.name)
        if value is None or known is None or name in tensors:
            what = "there already" if name in tensors else f"of type {type(x).__name__}"
            what = what if value is None or name in tensors else f"an array of {value.dtype}"
            raise UnsavableLeafError(
                f"the leaf {path_text(keys)!r} is {what}: safetensors holds "
                "arrays of plain dtypes, each under a name of its own"
            )
        tensors[name] = known, value
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    position = 0
    for name, (known, value) in tensors.items():
        offsets = [position, position + value.nbytes]
        header[name] = {"dtype": known, "shape": value.shape, "data_offsets": offsets}
        position += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # so that the data begins at a multiple of eight
    target = Path(os.path.abspath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for _, value in tensors.values():
                file.write(value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
        _storage._flush_folder(target.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise write_failure(target, error) from error


def load_safetensors(path: Any, *, nested: bool = True) -> Any:
    """Read a `.safetensors` file as NumPy arrays, without touching a device.

    Args:
        path: the file.
        nested: whether dots in names make nested dictionaries. Without, the names are the keys.

    Raises:
        CheckpointDamagedError: the header is wrong, or the file is cut short or longer. The format
            has no checksums, so other damage cannot be seen.
        CheckpointMissingError: there is no file.
    """
    file = Path(os.path.abspath(path))
    header, first = _header(file)
    header.pop("__metadata__", None)
    memory = np.memmap(file, np.uint8, "r", first) if first < file.stat().st_size else None
    flat = {}
    for name, entry in header.items():
        low, high = entry["data_offsets"]
        dtype = np.dtype(_DTYPES[entry["dtype"]])
        data = np.array(memory[low:high]) if memory is not None else np.empty(0, np.uint8)
        flat[name] = data.view(dtype).reshape(entry["shape"])
    return _nested(flat) if nested else flat


def safetensors_metadata(path: Any) -> dict[str, str]:
    """The texts in the header of a `.safetensors` file."""
    return dict(_header(Path(os.path.abspath(path)))[0].get("__metadata__") or {})


def _header(file: Path) -> tuple[dict[str, Any], int]:
    """The header, after the library has checked it, and where the data begins."""
    if not file.exists():
        require(_storage.place(file))
    try:
        with _safetensors.safe_open(file, "np"):
            pass
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length))
    except OSError as error:
        raise read_failure(file, error) from error
    except Exception as error:  # the library raises errors of its own
        raise CheckpointDamagedError(
            f"{str(file)!r} is no whole safetensors file: {error}"
        ) from None
    unknown = [
        entry["dtype"]
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] not in _DTYPES
    ]
    if unknown:
        raise CheckpointDamagedError(f"{str(file)!r} has arrays of {unknown[0]}, which jib has not")
    return header, 8 + length


def _nested(flat: dict[str, Any]) -> Any:
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *outer, last = name.split(".")
        place = tree
        for key in outer:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                break
        if not isinstance(place, dict) or last in place:
            return flat  # one name is the beginning of another: there is no such tree
        place[last] = value
    return tree
