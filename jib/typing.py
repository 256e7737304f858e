"""Types for annotations: `ArrayLike` for what functions take, `DTypeLike` for `dtype=`."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

__all__ = ["Array", "ArrayLike", "DTypeLike", "Shape", "SupportsDType"]


@runtime_checkable
class Array(Protocol):
    """What device arrays and tracers have in common, as far as a type checker needs it."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...

    @property
    def ndim(self) -> int: ...

    @property
    def size(self) -> int: ...

    @property
    def aval(self) -> Any: ...

    def __getattr__(self, name: str, /) -> Any: ...


@runtime_checkable
class SupportsDType(Protocol):
    """Anything with a `dtype`, such as `jib.numpy.float32`."""

    @property
    def dtype(self) -> np.dtype: ...


ArrayLike: TypeAlias = Array | np.ndarray | np.bool_ | np.number | bool | int | float | complex
DTypeLike: TypeAlias = str | type[Any] | np.dtype | SupportsDType
Shape: TypeAlias = Sequence[int | Any]
