"""Random bits: the Threefry-2x32 block function, and the way into and out of typed keys."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax
from jib.core.avals import ShapedArray
from jib.core.jaxpr import Jaxpr
from jib.core.key_uses import KeyUse
from jib.core.keys import KeyDType, key_dtype
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.errors import DTypeError, ShapeError
from jib.lax._families import (
    batch_in_front,
    constant_jvp,
    elementwise_batch,
    elementwise_type,
    integers,
)
from jib.passes.lower import call_jaxpr
from jib.passes.stage import stage_jaxpr

__all__ = ["threefry2x32"]

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)


def threefry2x32(key0: Any, key1: Any, count0: Any, count1: Any) -> tuple[Any, Any]:
    """Encrypt pairs of 32-bit words with a pair of key words: 20 rounds of Threefry-2x32.

    All four are arrays of uint32 of one shape, or of rank 0.

    Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

    Raises:
        DTypeError: if an operand is not of uint32.

    Example:
        >>> import numpy as np
        >>> zero = np.uint32(0)
        >>> [hex(int(word)) for word in threefry2x32(zero, zero, zero, zero)]
        ['0x6b200159', '0x99ba4efe']
    """
    first, second = threefry2x32_p.bind(key0, key1, count0, count1)
    return first, second


def _rounds(words: Any, add: Callable, xor: Callable, rotate: Callable) -> list[Any]:
    """The block function, written with the three operations that it is made of."""
    key0, key1, x0, x1 = words
    schedule = (key0, key1, xor(xor(key0, key1), _PARITY))
    x0, x1 = add(x0, key0), add(x1, key1)
    for group in range(5):
        for distance in _ROTATIONS[group % 2]:
            x0 = add(x0, x1)
            x1 = xor(x0, rotate(x1, distance))
        x0 = add(x0, schedule[(group + 1) % 3])
        x1 = add(add(x1, schedule[(group + 2) % 3]), np.uint32(group + 1))
    return [x0, x1]


def _rotate(x: Any, distance: int) -> Any:
    high = lax.shift_left(x, np.uint32(distance))
    return lax.bitwise_or(high, lax.shift_right_logical(x, np.uint32(32 - distance)))


def _rotate_numpy(x: Any, distance: int) -> Any:
    return (x << np.uint32(distance)) | (x >> np.uint32(32 - distance))


def _threefry_type(*avals: ShapedArray) -> list[ShapedArray]:
    for aval in avals:
        if aval.dtype != np.uint32:
            raise DTypeError.accepts("threefry2x32", aval.dtype.name, "uint32")
    out = elementwise_type("threefry2x32", [integers] * 4)(*avals)
    return [out, out]


def _threefry_batch(axis: Any, args: Any, dims: Any) -> tuple[Any, Any]:
    outs, dim = elementwise_batch(lambda: threefry2x32_p)(axis, args, dims)
    return outs, [dim, dim]


@functools.lru_cache(256)
def _program(avals: tuple[ShapedArray, ...]) -> Jaxpr:
    def function(*words: Any) -> list[Any]:
        outs = _rounds(words, lax.add, lax.bitwise_xor, _rotate)
        shape = max((a.shape for a in avals), key=len)
        return [lax.broadcast(x, shape) if aval_of(x).shape != shape else x for x in outs]

    return stage_jaxpr(function, avals, name="threefry2x32")


threefry2x32_p = Primitive(
    "threefry2x32",
    type=_threefry_type,
    numpy=lambda *words: _rounds(words, np.add, np.bitwise_xor, _rotate_numpy),
    jvp=constant_jvp(lambda: threefry2x32_p),
    transpose=Waived("random bits have no derivative"),
    batch=_threefry_batch,
    # A function of its own, emitted once for each module: the rounds are some 150 operations.
    lower=lambda ctx, *words: call_jaxpr(ctx, _program(tuple(ctx.avals_in)), words),
    multiple_results=True,
)


# ----------------------------------------------------------------------------- typed keys


def _wrap_type(words: ShapedArray, *, dtype: KeyDType) -> ShapedArray:
    expected = dtype.physical_shape
    if words.dtype != np.uint32:
        raise DTypeError(
            f"a PRNG key is made of words of uint32, but got {words}",
            help="key = jib.random.key(0)",
        )
    if words.shape[words.ndim - len(expected) :] != expected:
        raise ShapeError(
            f"a PRNG key of {dtype.implementation} is {expected[0]} words on the last axis, "
            f"but got {words}",
            help="key = jib.random.key(0)",
        )
    return ShapedArray(words.shape[: words.ndim - len(expected)], dtype)


wrap_key_p = Primitive(
    "wrap_key",
    type=_wrap_type,
    numpy=lambda words, *, dtype: words,
    jvp=constant_jvp(lambda: wrap_key_p),
    transpose=Waived("random keys have no derivative"),
    batch=batch_in_front(lambda: wrap_key_p),
    lower=lambda ctx, words, *, dtype: words,
)


def _data_type(keys: ShapedArray, *, use: KeyUse | None = None) -> ShapedArray:
    if not keys.is_key:
        raise DTypeError(
            f"`key_data` takes typed PRNG keys, but got {keys}",
            help=f"keys = jib.random.wrap_key_data(words)  # dtype {key_dtype}",
        )
    return keys.physical()


# With a `use` the words are read to make random numbers, which is done once with each key.
key_data_p = Primitive(
    "key_data",
    type=_data_type,
    numpy=lambda keys, *, use=None: keys,
    jvp=constant_jvp(lambda: key_data_p),
    transpose=Waived("random keys have no derivative"),
    batch=lambda axis, args, dims, *, use=None: (key_data_p.bind(*args, use=use), dims[0]),
    lower=lambda ctx, keys, *, use=None: keys,
)
