"""Typed PRNG keys: an array whose elements are keys, carried by an array of `uint32`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from jib.core.avals import ShapedArray
from jib.core.key_uses import KeyRecord, recent
from jib.core.operators import add_array_type
from jib.core.tracing import aval_handlers
from jib.dtypes import ExtendedDType, prng_key
from jib.tree import register_call_node

if TYPE_CHECKING:
    from jib.typing import Array as _Array
else:
    _Array = object

__all__ = ["KeyArray", "KeyDType", "key_dtype"]


class KeyDType(ExtendedDType):
    """The dtype of keys of one generator: `key<fry>` for Threefry."""

    type = prng_key
    physical_dtype = np.dtype(np.uint32)

    def __init__(self, tag: str, implementation: str, words: int) -> None:
        self.name = f"key<{tag}>"
        self.implementation = implementation
        self.physical_shape = (words,)
        self.itemsize = 4 * words

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyDType) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


key_dtype = KeyDType("fry", "threefry2x32", 2)


class KeyArray(_Array):
    """An immutable array of PRNG keys, as `jib.random.key` makes them.

    Operators of arithmetic are not defined for keys; indexing, reshaping and stacking are.
    """

    __slots__ = ("__weakref__", "_base", "_record", "aval")

    def __init__(self, base: Any, dtype: KeyDType = key_dtype) -> None:
        self._base = base
        self._record: KeyRecord | None = None
        shape = base.shape[: len(base.shape) - len(dtype.physical_shape)]
        self.aval = ShapedArray(shape, dtype)

    @property
    def record(self) -> KeyRecord:
        """Which of the keys have been used."""
        if self._record is None:
            self._record = KeyRecord(self.aval.shape)
        return self._record

    @property
    def sharding(self) -> Any:
        """Where the words of the keys lie."""
        return self._base.sharding

    def devices(self) -> Any:
        """The devices that hold the keys."""
        return self._base.devices()

    def block_until_ready(self) -> KeyArray:
        """Wait until the keys are computed; returns them."""
        self._base.block_until_ready()
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])  # type: ignore[index]

    def __repr__(self) -> str:
        words = np.asarray(self._base)
        return f"Array({self.shape}, dtype={self.dtype}) overlaying:\n{words}"

    def __reduce__(self) -> tuple[Any, ...]:
        return KeyArray, (self._base, self.aval.dtype)

    def __hash__(self) -> int:
        raise TypeError("an array of PRNG keys cannot be hashed")


add_array_type(KeyArray)
aval_handlers[KeyArray] = lambda key: key.aval


def _flattened(key: KeyArray) -> tuple[tuple[Any], KeyDType]:
    recent.records.append(key._record or key.record)
    return (key._base,), key.aval.dtype


# A compiled call sees the words; the keys around them are put on again when it returns.
register_call_node(KeyArray, _flattened, lambda dtype, base: KeyArray(base[0], dtype))
