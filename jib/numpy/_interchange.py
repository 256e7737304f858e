"""Arrays of other libraries, in files and as text; questions about arrays and namespace."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import dtypes
from jib.backend import client, devices as backend_devices, sharing
from jib.backend.buffers import ArrayImpl
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.numpy._creation import asarray
from jib.numpy._elementwise import named
from jib.numpy._promotion import as_operand
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "array_repr", "array_str", "from_dlpack", "fromfile", "fromiter", "fromstring", "isscalar",
    "iterable", "load", "ndim", "save", "savez", "shape", "size",
]  # fmt: skip


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


# ------------------------------------------------------------------------- files and text


save, savez = np.save, np.savez


def load(file: Any, *args: Any, **kwargs: Any) -> Any:
    """What `numpy.load` reads, as an array; a bfloat16 array that `save` wrote is one again."""
    out = np.load(file, *args, **kwargs)
    if isinstance(out, np.ndarray):  # and not the members of an archive
        out = asarray(out.view(dtypes.bfloat16) if out.dtype == np.dtype("V2") else out)
    return out


def fromstring(string: str, dtype: DTypeLike = float, count: int = -1, *, sep: str) -> Array:
    """The numbers in a text, separated by `sep`.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.fromstring("1 2", int, sep=" ").tolist()
        [1, 2]
    """
    return asarray(np.fromstring(string, dtypes.parse(dtype), count, sep=sep))


def _no_reading(name: str, source: str) -> Any:
    def function(*args: Any, **kwargs: Any) -> Any:
        raise ArgumentTypeError(
            f"`{name}` reads from outside, which a compiled program would do once, and then not "
            "again",
            help=f"jib.numpy.asarray(numpy.{name}(...))",
        )

    doc = f"Not possible: `numpy.{name}` reads {source}.\n\n    Raises:\n        "
    return named(function, name, f"{doc}ArgumentTypeError: always.\n    ")


fromfile, fromiter = _no_reading("fromfile", "a file"), _no_reading("fromiter", "an iterator")


def iterable(y: Any) -> bool:
    """Whether a value can be iterated over: an array of rank 0 cannot."""
    return y.ndim > 0 if hasattr(y, "ndim") else np.iterable(y)


def array_repr(
    arr: ArrayLike,
    max_line_width: int | None = None,
    precision: int | None = None,
    suppress_small: bool | None = None,
) -> str:
    """An array as the text that would make it again."""
    return np.array_repr(np.asarray(arr), max_line_width, precision, suppress_small)


def array_str(
    a: ArrayLike,
    max_line_width: int | None = None,
    precision: int | None = None,
    suppress_small: bool | None = None,
) -> str:
    """The elements of an array as text."""
    return np.array_str(np.asarray(a), max_line_width, precision, suppress_small)


# ------------------------------------------------------------------------------ questions


def shape(a: ArrayLike) -> tuple[int, ...]:
    """The lengths of the axes.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.shape(jnp.zeros((2, 3)))
        (2, 3)
    """
    if isinstance(a, list | tuple):
        a = asarray(a)
    return tuple(getattr(a, "shape", None) or aval_of(as_operand("shape", a)).shape)


def ndim(a: ArrayLike) -> int:
    """The number of axes."""
    return len(shape(a))


def size(a: ArrayLike, axis: int | Sequence[int] | None = None) -> int:
    """The number of elements, or the length along some axes."""
    lengths = shape(a)
    if axis is None:
        return math.prod(lengths)
    axes = (axis,) if isinstance(axis, int) else axis
    return math.prod(lengths[i] for i in axes)


def isscalar(element: Any) -> bool:
    """Whether a value is a number, or an array of rank 0."""
    return np.isscalar(element) or getattr(element, "ndim", None) == 0
