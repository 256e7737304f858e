"""Arrays of other libraries, without a copy where that can be, by the DLPack protocol."""

from __future__ import annotations

from typing import Any

from jib import dtypes
from jib.errors import ArgumentTypeError
from jib.numpy._interchange import from_dlpack as from_dlpack
from jib.typing import DTypeLike

__all__ = ["from_dlpack", "is_supported_dtype", "to_dlpack"]

_EXTRA = frozenset(map(dtypes.parse, ("bool", "bfloat16", "complex64", "complex128")))


def is_supported_dtype(dtype: DTypeLike) -> bool:
    """Whether arrays of this dtype can be shared by DLPack.

    Example:
        >>> import jib.dlpack
        >>> jib.dlpack.is_supported_dtype("bfloat16"), jib.dlpack.is_supported_dtype("int4")
        (True, False)
    """
    known = dtypes.parse(dtype)
    return known in _EXTRA or (known.kind in "iuf" and dtypes.itemsize_bits(known) >= 8)


def to_dlpack(x: Any, stream: Any = None, src_device: Any = None, **_: Any) -> Any:
    """Not there: arrays have `__dlpack__`, which other libraries' `from_dlpack` calls.

    Raises:
        ArgumentTypeError: always.
    """
    raise ArgumentTypeError(
        "`to_dlpack` would make a capsule, which cannot say where its memory is: give the array",
        help="numpy.from_dlpack(x)",
    )
