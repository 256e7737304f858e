"""Device arrays: jaxlib's C++ array, with what Python adds that is not an operation."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from jib.backend import transfer
from jib.backend._compat import attach, jaxlib_core
from jib.backend.donations import FAILURES, donated_array_error, raise_explained
from jib.backend.shards import Shard, addressable_shards
from jib.core.array import register_array_class
from jib.core.avals import ShapedArray
from jib.core.operators import add_array_type
from jib.core.tracing import aval_handlers
from jib.errors import AmbiguousTruthError, UnhashableArrayError

if TYPE_CHECKING:
    from jib.typing import Array as _Array
else:
    _Array = object

__all__ = ["ArrayImpl"]


@attach(jaxlib_core.ArrayImpl)
class ArrayImpl(_Array):
    """An immutable array on one or more devices."""

    __array_priority__ = 100

    sharding = property(attrgetter("_sharding"), doc="How the array is laid out over devices.")
    committed: Any = property(attrgetter("_committed"), doc="Whether it insists on its devices.")

    @property
    def device(self) -> Any:
        """The device, or the sharding when there are several."""
        return self._sharding._device if hasattr(self._sharding, "_device") else self._sharding

    @property
    def is_fully_addressable(self) -> bool:
        """Whether all of its devices belong to this process."""
        return self._sharding.is_fully_addressable

    @property
    def is_fully_replicated(self) -> bool:
        """Whether each device holds the whole array."""
        return self._sharding.is_fully_replicated

    @property
    def addressable_shards(self) -> list[Shard]:
        """The parts on devices of this process."""
        return addressable_shards(self)

    global_shards = addressable_shards

    def addressable_data(self, index: int) -> Any:
        """The data of one addressable shard."""
        return addressable_shards(self)[index].data

    def devices(self) -> set[Any]:
        """The devices that hold the array."""
        return self._sharding.device_set

    def copy_to_host_async(self) -> None:
        """Start copying to the host, so that a later read does not wait."""
        _read_check(self)
        transfer.copy_to_host_async(self)

    @property
    def _value(self) -> np.ndarray:
        _read_check(self)
        try:
            return transfer.device_get(self)
        except FAILURES as error:  # of the program that computes it
            raise_explained(error, self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        value = self._value
        if dtype is not None and value.dtype != dtype:
            return value.astype(dtype)
        return value.copy() if copy else value

    def __bool__(self) -> bool:
        if self.aval.size != 1:
            raise AmbiguousTruthError(self)
        return bool(self._value)

    def __int__(self) -> int:
        return int(self._value)

    def __float__(self) -> float:
        return float(self._value)

    def __complex__(self) -> complex:
        return complex(self._value)

    def __index__(self) -> int:
        value = self._value
        if value.ndim or value.dtype.kind not in "iu":
            raise TypeError(f"only integer scalars can be an index, not {self.aval}")
        return int(value)

    def __format__(self, spec: str) -> str:
        return format(self._value[()] if not self.aval.shape else self, spec) if spec else str(self)

    def __hash__(self) -> int:
        raise UnhashableArrayError(self)

    def __reduce__(self) -> tuple:
        return (_rebuild, (self._value.copy(), self.aval.weak_type))

    def __copy__(self) -> Any:
        return self

    def clone(self) -> Any:
        """A copy in memory of its own."""
        return transfer.copied(self)

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: Any = None,
        dl_device: Any = None,
        copy: bool | None = None,
    ) -> Any:
        _read_check(self)
        return transfer.to_dlpack(self, stream, dl_device, copy)

    def __dlpack_device__(self) -> tuple[int, int]:
        return transfer.dlpack_device(self)

    def __deepcopy__(self, memo: Any) -> Any:
        return self.clone()

    def __repr__(self) -> str:
        if self.is_deleted():
            return f"Array(shape={self.shape}, dtype={self.dtype.name}, deleted)"
        weak = ", weak_type=True" if self.aval.weak_type else ""
        tail = f", dtype={self.aval.dtype.name}{weak})"
        if not self._sharding.is_fully_addressable:
            return f"Array(shape={self.shape}{tail}"
        if self.size == 0:
            return f"Array([], shape={self.shape}{tail}"
        value = self._value
        body = np.array2string(value, prefix="Array(", suffix=",", separator=", ", threshold=1000)
        return f"Array({body}{tail}"

    def __str__(self) -> str:
        return str(self._value)

    def tobytes(self, order: Any = "C") -> bytes:
        """The elements as bytes."""
        return self._value.tobytes(order)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.aval.size * self.aval.dtype.itemsize

    itemsize: Any = property(attrgetter("aval.dtype.itemsize"), doc="Bytes of one element.")

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self._value.tolist()

    def item(self, *args: Any) -> Any:
        """One element as a Python number."""
        return self._value.item(*args)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return self._arrays[0].__cuda_array_interface__


def _read_check(x: Any) -> None:
    if x.is_deleted():
        raise donated_array_error(x)


def _rebuild(value: np.ndarray, weak_type: bool) -> Any:
    return transfer.put(value, ShapedArray(value.shape, value.dtype, weak_type))


aval_handlers[ArrayImpl] = lambda x: x.aval
register_array_class(ArrayImpl)
add_array_type(ArrayImpl)
