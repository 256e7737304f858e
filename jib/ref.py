"""Mutable references: a box that holds an array, for code that is easier to write with state.

A reference belongs to the function that makes it. What it holds when that function ends is returned
as an array, `ref[...]` or `freeze(ref)`; the reference itself does not leave a transform, and one
from outside does not enter: pass its array in, and return the new one.
"""

from __future__ import annotations

from typing import Any

import jib.numpy as jnp
from jib.core.tracing import context
from jib.errors import ArgumentValueError, EffectError
from jib.typing import Array, ArrayLike

__all__ = ["Ref", "addupdate", "freeze", "get", "new_ref", "set", "swap"]


class Ref:
    """A box that holds one array of a fixed shape and element type; `ref[...]` reads and writes it.

    Example:
        >>> import jib, jib.numpy as jnp
        >>> def running_sum(x):
        ...     total = jib.new_ref(jnp.zeros(()))
        ...     for value in x:
        ...         total[...] += value
        ...     return jib.freeze(total)
        >>> print(jib.jit(jib.grad(running_sum))(jnp.arange(3.0)))
        [1. 1. 1.]
    """

    __slots__ = ("_trace", "_value")

    def __init__(self, value: ArrayLike) -> None:
        self._value: Array | None = jnp.array(value)
        self._trace = context.trace

    def _read(self) -> Array:
        if context.trace is not self._trace:
            raise EffectError(
                "a reference is used under another transform than the one that made it",
                help="pass `ref[...]` in as an argument, and return the new value",
            )
        if self._value is None:
            raise EffectError("a reference is used after `freeze`")
        return self._value

    shape = property(lambda self: self._read().shape, doc="Lengths of the axes.")
    dtype = property(lambda self: self._read().dtype, doc="Type of the elements.")
    ndim = property(lambda self: self._read().ndim, doc="Number of axes.")
    size = property(lambda self: self._read().size, doc="Number of elements.")
    sharding = property(lambda self: self._read().sharding, doc="Where the array is.")

    def __len__(self) -> int:
        return len(self._read())

    def __getitem__(self, idx: Any) -> Array:
        return self._read()[idx]

    def __setitem__(self, idx: Any, x: ArrayLike) -> None:
        self._value = self._read().at[idx].set(x)

    def addupdate(self, x: ArrayLike, idx: Any = ...) -> None:
        """Add to the elements at an index; repeated positions add up."""
        self._value = self._read().at[idx].add(x)

    @property
    def at(self) -> _At:
        """`ref.at[i]` is the part at an index, itself read and written with `[...]`."""
        return _At(self)

    def __repr__(self) -> str:
        return "Ref(frozen)" if self._value is None else f"Ref({self._value!r})"


class _At:
    """Makes parts of a reference."""

    def __init__(self, ref: Ref | _Part) -> None:
        self._ref = ref

    def __getitem__(self, idx: Any) -> _Part:
        return _Part(self._ref, idx)


class _Part:
    """The elements of a reference at an index; reading and writing goes through to it."""

    def __init__(self, ref: Ref | _Part, idx: Any) -> None:
        self._ref, self._idx = ref, idx

    shape = property(lambda self: self[...].shape, doc="Lengths of the axes.")
    dtype = property(lambda self: self[...].dtype, doc="Type of the elements.")

    def __getitem__(self, idx: Any) -> Array:
        return self._ref[self._idx][idx]

    def __setitem__(self, idx: Any, x: ArrayLike) -> None:
        self._ref[self._idx] = self[...].at[idx].set(x)

    @property
    def at(self) -> _At:
        """Parts of the part."""
        return _At(self)


def new_ref(init_val: ArrayLike, *, memory_space: None = None, kind: None = None) -> Ref:
    """A reference that holds a copy of an array, in the memory of its device."""
    if memory_space is not None or kind is not None:
        raise ArgumentValueError("references have one kind: `memory_space` and `kind` must be None")
    return Ref(init_val)


def freeze(ref: Ref) -> Array:
    """The array that a reference holds; the reference cannot be used afterwards."""
    value, ref._value = ref._read(), None
    return value


def get(ref: Ref, idx: Any = ...) -> Array:
    """`ref[idx]`."""
    return ref[idx]


def set(ref: Ref, idx: Any, value: ArrayLike) -> None:
    """`ref[idx] = value`."""
    ref[idx] = value


def swap(ref: Ref, idx: Any, value: ArrayLike) -> Array:
    """Write, and return what was there before."""
    before = ref[idx]
    ref[idx] = value
    return before


def addupdate(ref: Ref, idx: Any, x: ArrayLike) -> None:
    """`ref[idx] += x`, where repeated positions add up."""
    ref.addupdate(x, idx)
