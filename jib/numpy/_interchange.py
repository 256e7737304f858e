"""The array API standard's questions about this namespace, and arrays of other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes
from jib.backend import client, devices as backend_devices, sharing
from jib.backend.buffers import ArrayImpl
from jib.errors import ArgumentValueError
from jib.numpy._creation import asarray
from jib.typing import Array

__all__ = ["from_dlpack"]


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Array:
    """An array of another library (NumPy, PyTorch, ...), sharing its memory where that can be.

    Do not write to memory that is shared: arrays are immutable.

    Args:
        x: an object with `__dlpack__` and `__dlpack_device__`.
        device: where the result goes; by default it stays where it is.
        copy: True for a copy, False for none; None copies where it must.

    Raises:
        ArgumentValueError: if the memory cannot be read, or not without a copy.

    Example:
        >>> import numpy, jib.numpy as jnp
        >>> jnp.from_dlpack(numpy.arange(3, dtype="float32")).tolist()
        [0.0, 1.0, 2.0]
    """
    if isinstance(x, ArrayImpl):
        return asarray(x, copy=copy, device=device)
    return sharing.from_dlpack(x, device, copy)


_KINDS: dict[str, tuple[str, ...]] = {
    "bool": ("bool",),
    "signed integer": ("int8", "int16", "int32", "int64"),
    "unsigned integer": ("uint8", "uint16", "uint32", "uint64"),
    "real floating": ("float32", "float64"),
    "complex floating": ("complex64", "complex128"),
}
_KINDS["integral"] = _KINDS["signed integer"] + _KINDS["unsigned integer"]
_KINDS["numeric"] = _KINDS["integral"] + _KINDS["real floating"] + _KINDS["complex floating"]


class ArrayNamespaceInfo:
    """What the standard asks about a namespace: devices, dtypes and capabilities."""

    def capabilities(self) -> dict[str, Any]:
        """Shapes may depend on values (outside of programs), and masks may index."""
        names = {"boolean indexing": True, "data-dependent shapes": False}
        return names | {"max dimensions": 64}

    def default_device(self) -> Any:
        """The device on which arrays are made."""
        return client.default_device()

    def devices(self) -> list[Any]:
        """All devices."""
        return list(backend_devices.devices())

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The dtypes of arrays that are made without one."""
        return {
            "real floating": dtypes.default_float_dtype(),
            "complex floating": dtypes.default_complex_dtype(),
            "integral": dtypes.default_int_dtype(),
            "indexing": dtypes.default_int_dtype(),
        }

    def dtypes(
        self, *, device: Any = None, kind: str | tuple[str, ...] | None = None
    ) -> dict[str, Any]:
        """The standard's dtypes, of one kind or of several ("real floating", ...)."""
        kinds = ("bool", "numeric") if kind is None else (kind,) if isinstance(kind, str) else kind
        unknown = [k for k in kinds if k not in _KINDS]
        if unknown:
            raise ArgumentValueError(
                f"the kinds of dtypes are {tuple(_KINDS)}, and {unknown[0]!r} is not one"
            )
        return {name: np.dtype(name) for k in kinds for name in _KINDS[k]}
