"""Avals: what is known of an array while tracing. Interned, so equal means identical."""

from __future__ import annotations

import functools
import math
import weakref
from typing import Any, NamedTuple

import numpy as np

from jib import dtypes
from jib.errors import ShapeError

__all__ = ["AxisData", "ShapeDtypeStruct", "ShapedArray", "aval_to_string"]

_interned: weakref.WeakValueDictionary[tuple, ShapedArray] = weakref.WeakValueDictionary()
_interned_get = _interned.get

_nowhere: frozenset[Any] = frozenset()


class ShapedArray:
    """The type of an array value: shape, dtype, and whether its dtype is weak.

    There is one object for each combination, so avals are compared with `is` and make cheap keys.
    Inside `shard_map` an aval also says along which mesh axes the value differs (`vary`).

    Example:
        >>> import numpy as np
        >>> ShapedArray((2, 3), np.float32)
        float32[2,3]
        >>> ShapedArray((2,), np.int32) is ShapedArray((2,), np.int32)
        True
    """

    __slots__ = ("__weakref__", "dtype", "is_key", "ndim", "shape", "size", "vary", "weak_type")
    shape: tuple[int, ...]
    dtype: Any
    weak_type: bool
    ndim: int
    size: int
    is_key: bool  # whether the elements are PRNG keys (or of another extended dtype)
    vary: frozenset[Any]

    def __new__(
        cls,
        shape: Any,
        dtype: Any,
        weak_type: bool = False,
        *,
        vary: frozenset[Any] | None = None,
        sharding: Any = None,
        manual_axis_type: Any = None,
        memory_space: Any = None,
    ) -> ShapedArray:
        if not isinstance(dtype, np.dtype) and not hasattr(dtype, "physical_shape"):
            dtype = np.dtype(dtype)
        key = (shape, dtype, weak_type, vary) if vary else (shape, dtype, weak_type)
        try:
            found = _interned_get(key)
        except TypeError:  # the shape is a list
            found = None
        if found is not None:
            return found
        shape = tuple(int(d) for d in shape)
        self = super().__new__(cls)
        self.shape, self.dtype, self.weak_type = shape, dtype, bool(weak_type)
        self.ndim = len(shape)
        self.size = math.prod(shape)
        self.is_key = not isinstance(dtype, np.dtype)
        self.vary = vary or _nowhere
        key = (shape, dtype, self.weak_type)
        return _interned.setdefault((*key, vary) if vary else key, self)

    def update(self, **changes: Any) -> ShapedArray:
        """The same aval with some fields replaced."""
        fields = {"shape": self.shape, "dtype": self.dtype, "weak_type": self.weak_type}
        return ShapedArray(**{**fields, "vary": self.vary, **changes})

    def strip_weak_type(self) -> ShapedArray:
        """The same aval with a strong dtype."""
        return self.update(weak_type=False) if self.weak_type else self

    def physical(self) -> ShapedArray:
        """The aval of the plain array that carries this value on a device."""
        if not self.is_key:
            return self
        shape = self.shape + self.dtype.physical_shape
        return ShapedArray(shape, self.dtype.physical_dtype, vary=self.vary)

    def str_short(self, short_dtypes: bool = False) -> str:
        """The aval as text; `short_dtypes` writes `f32` for float32."""
        return aval_to_string(self, short=short_dtypes)

    def __repr__(self) -> str:
        return aval_to_string(self)

    def __reduce__(self) -> tuple:
        rebuild = functools.partial(ShapedArray, vary=self.vary)
        return (rebuild, (self.shape, self.dtype, self.weak_type))

    def length(self) -> int:
        """What `len()` of such an array is."""
        if not self.shape:
            raise ShapeError(
                f"`len`, `for` and unpacking need an array with an axis, but got {self}",
                help="x.reshape(1) gives it an axis; x.size is the number of elements",
            )
        return self.shape[0]


def aval_to_string(aval: Any, *, short: bool = False) -> str:
    """`float32[2,3]`, or `f32[2,3]` when short."""
    dtype = aval.dtype
    name = dtypes.short_name(dtype) if short or dtype == dtypes.float0 else dtype.name
    vary = getattr(aval, "vary", None)
    along = f" varying along {', '.join(sorted(map(str, vary)))}" if vary else ""
    return f"{name}[{','.join(map(str, aval.shape))}]{along}"


class ShapeDtypeStruct:
    """A stand-in for an array where only shape and dtype matter, as in `jit(f).lower(...)`.

    Example:
        >>> import numpy as np
        >>> ShapeDtypeStruct((2, 3), np.float32)
        ShapeDtypeStruct(shape=(2, 3), dtype=float32)
    """

    __slots__ = ("dtype", "shape", "sharding", "weak_type")

    def __init__(
        self,
        shape: Any,
        dtype: Any,
        *,
        sharding: Any = None,
        weak_type: bool = False,
        manual_axis_type: Any = None,
        is_ref: bool = False,
    ) -> None:
        if dtype is None:
            raise ValueError("a ShapeDtypeStruct needs a dtype, not None")
        self.shape = tuple(shape)
        self.dtype = dtype if hasattr(dtype, "physical_shape") else np.dtype(dtype)
        self.sharding = sharding
        self.weak_type = weak_type

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def aval(self) -> ShapedArray:
        """The interned type that this struct stands for."""
        return ShapedArray(self.shape, self.dtype, self.weak_type)

    def update(self, **changes: Any) -> ShapeDtypeStruct:
        """The same struct with some fields replaced."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return ShapeDtypeStruct(**{**fields, **changes})

    def __len__(self) -> int:
        return self.aval.length()

    def __repr__(self) -> str:
        tail = f", sharding={self.sharding}" if self.sharding is not None else ""
        tail += ", weak_type=True" if self.weak_type else ""
        name = getattr(self.dtype, "name", self.dtype)
        return f"ShapeDtypeStruct(shape={self.shape}, dtype={name}{tail})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShapeDtypeStruct) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(self._fields())

    def _fields(self) -> tuple:
        return (self.shape, self.dtype, self.sharding, self.weak_type)


class AxisData(NamedTuple):
    """A mapped axis: its size, its name when the user gave one, and the mesh axes it is split over
    where the function speaks of shardings.
    """

    size: int
    name: Any = None
    spmd_name: Any = None
