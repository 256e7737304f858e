"""Arrays in files and as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes
from jib.errors import ArgumentTypeError
from jib.numpy._creation import asarray
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "array_repr", "array_str", "fromfile", "fromiter", "fromstring", "iterable", "load", "save",
    "savez",
]  # fmt: skip

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


def _no_reading(name: str, args: tuple, kwargs: dict) -> Any:
    raise ArgumentTypeError(
        f"`{name}` reads from outside, which a compiled program would do once, and then not again",
        help=f"jib.numpy.asarray(numpy.{name}(...))",
    )


def fromfile(*args: Any, **kwargs: Any) -> Array:
    """Not possible: `numpy.fromfile` reads a file.

    Raises:
        ArgumentTypeError: always.
    """
    return _no_reading("fromfile", args, kwargs)


def fromiter(*args: Any, **kwargs: Any) -> Array:
    """Not possible: `numpy.fromiter` reads an iterator.

    Raises:
        ArgumentTypeError: always.
    """
    return _no_reading("fromiter", args, kwargs)


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
