"""The types that signatures of modules speak of."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeGuard

import numpy as np

from jib import lax, tree
from jib.linen.core._packing import In as In, Out as Out
from jib.linen.core.frozen_dict import FrozenDict
from jib.tree_util import SequenceKey, register_pytree_with_keys
from jib.typing import Array as _Array, DTypeLike

__all__ = [
    "Array", "Axes", "Axis", "AxisName", "Collection", "ConvGeneralDilatedT", "DotGeneralT",
    "Dtype", "EinsumT", "FrozenVariableDict", "In", "InOutAxis", "InOutScanAxis", "Initializer",
    "Key", "LaxPadding", "LogicalNames", "LogicalRules", "MutableCollection",
    "MutableVariableDict", "Out", "PRNGFoldable", "PRNGKey", "PaddingLike", "Path", "PathParts",
    "PrecisionLike", "PromoteDtypeFn", "PytreeDeque", "RNGSequences", "Shape", "ShapeDtype",
    "Sharding", "SizeBytes", "VariableDict", "has_shape_dtype", "is_key_like",
]  # fmt: skip

Array: TypeAlias = _Array | Any
PRNGKey: TypeAlias = _Array
RNGSequences: TypeAlias = dict[str, PRNGKey]
Dtype: TypeAlias = DTypeLike | Any
Shape: TypeAlias = Sequence[int]
Path: TypeAlias = str

PrecisionLike: TypeAlias = (
    str | lax.Precision | tuple[str, str] | tuple[lax.Precision, lax.Precision] | None
)
DotGeneralT: TypeAlias = Callable[..., Array]
ConvGeneralDilatedT: TypeAlias = Callable[..., Array]
EinsumT: TypeAlias = Callable[..., Array]
PaddingLike: TypeAlias = str | int | Sequence[int | tuple[int, int]]
LaxPadding: TypeAlias = str | Sequence[tuple[int, int]]
Initializer: TypeAlias = Callable[..., Any]

Collection: TypeAlias = Mapping[str, Any]
MutableCollection: TypeAlias = dict[str, Any]
VariableDict: TypeAlias = Mapping[str, Collection]
FrozenVariableDict: TypeAlias = FrozenDict[str, Collection]
MutableVariableDict: TypeAlias = dict[str, MutableCollection]
PRNGFoldable: TypeAlias = int | str


class Key(Hashable, Protocol):
    """A key of a dict that can be sorted."""

    def __lt__(self: Any, value: Any, /) -> bool: ...


PathParts: TypeAlias = tuple[Key, ...]


def is_key_like(x: Any) -> TypeGuard[Key]:
    """Whether a value can be hashed and sorted."""
    return hasattr(x, "__hash__") and hasattr(x, "__lt__")


Axis: TypeAlias = int | None
InOutAxis: TypeAlias = Axis | In | Out
InOutScanAxis: TypeAlias = int | In | Out
Axes: TypeAlias = int | Sequence[int]

LogicalNames: TypeAlias = tuple[str | None, ...]
AxisName: TypeAlias = str | tuple[str, ...] | None
LogicalRules: TypeAlias = Sequence[tuple[str, AxisName]]
Sharding: TypeAlias = tuple[AxisName, ...]


class PytreeDeque(deque):
    """A queue that is a node of trees."""


register_pytree_with_keys(
    PytreeDeque,
    lambda xs: (tuple((SequenceKey(i), x) for i, x in enumerate(xs)), ()),
    lambda _, children: PytreeDeque(children),
)


class ShapeDtype(Protocol):
    """Anything with a shape and a dtype."""

    shape: Shape
    dtype: Dtype


def has_shape_dtype(x: Any) -> TypeGuard[ShapeDtype]:
    """Whether a value has a shape and a dtype."""
    return hasattr(x, "shape") and hasattr(x, "dtype")


class PromoteDtypeFn(Protocol):
    """A function such as `jib.linen.dtypes.promote_dtype`."""

    def __call__(self, *args: Any, dtype: Any = None, inexact: bool = True) -> list[Any]: ...


@dataclasses.dataclass(frozen=True, slots=True)
class SizeBytes:
    """How many numbers, and how many bytes they take.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.linen.typing import SizeBytes
        >>> SizeBytes.from_any({"kernel": jnp.ones((3, 4)), "bias": jnp.ones(4)})
        16 (64 B)
    """

    size: int
    bytes: int

    @classmethod
    def from_array(cls, x: ShapeDtype) -> SizeBytes:
        """Of one array."""
        dtype: Any = np.dtype(x.dtype) if isinstance(x.dtype, str) else x.dtype
        size = int(np.prod(tuple(x.shape)))
        return cls(size, size * dtype.itemsize)

    @classmethod
    def from_any(cls, x: Any) -> SizeBytes:
        """Of all arrays of a tree."""
        total = cls(0, 0)
        for leaf in tree.leaves(x):
            if has_shape_dtype(leaf):
                total += cls.from_array(leaf)
        return total

    def __add__(self, other: SizeBytes) -> SizeBytes:
        return SizeBytes(self.size + other.size, self.bytes + other.bytes)

    def __bool__(self) -> bool:
        return bool(self.size)

    def __repr__(self) -> str:
        for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
            if self.bytes > unit:
                return f"{self.size:,} ({self.bytes / unit:,.1f} {name})"
        return f"{self.size:,} ({self.bytes:,} B)"
