"""PRNG keys: making, splitting and folding them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import transfer
from jib.core.avals import ShapedArray
from jib.core.key_uses import KeyUse
from jib.core.keys import KeyArray, KeyDType, key_dtype
from jib.core.scalars import exact_scalar
from jib.core.tracing import Tracer, aval_of, is_eager
from jib.errors import ArgumentTypeError, ArgumentValueError, IntegerRangeError, ShapeError
from jib.lax._random_bits import key_data_p, threefry2x32, wrap_key_p
from jib.passes.eager import compiled
from jib.settings import enable_x64
from jib.typing import Array, ArrayLike

__all__ = ["PRNGKey", "clone", "fold_in", "key", "key_data", "key_impl", "split", "wrap_key_data"]

_IMPLEMENTATIONS = {"threefry2x32": key_dtype}
_LOW_WORD = 0xFFFFFFFF


def _implementation(name: str, impl: Any, dtype: Any = None) -> KeyDType:
    if impl is not None and dtype is not None:
        raise ArgumentValueError(f"`{name}` takes `impl` or `dtype`, but got both")
    impl = dtype if impl is None else impl
    if impl is None or isinstance(impl, KeyDType):
        return key_dtype if impl is None else impl
    found = _IMPLEMENTATIONS.get(impl) if isinstance(impl, str) else None
    if found is None:
        raise ArgumentValueError(
            f"there is no generator of random bits {impl!r}; the one there is, is 'threefry2x32'",
            help="key = jib.random.key(0)",
        )
    return found


# ------------------------------------------------------------------------------- making keys


def key(seed: int | ArrayLike, *, impl: Any = None, dtype: Any = None) -> Array:
    """A typed PRNG key from an integer seed.

    Args:
        seed: an integer of up to 64 bits, or an integer array of rank 0. The upper half of it
            counts only where 64-bit integers are enabled.
        impl: the generator, by name; there is one, `"threefry2x32"`.
        dtype: the same as the dtype of keys; give one of the two.

    Returns:
        An array of rank 0 and dtype `key<fry>`.

    Raises:
        IntegerRangeError: if the seed needs more than 64 bits.
        ArgumentTypeError: if the seed is not an integer.

    Example:
        >>> import jib
        >>> jib.random.key_data(jib.random.key(42)).tolist()
        [0, 42]
    """
    chosen = _implementation("key", impl, dtype)
    return _wrapped(_seed_words("key", seed), chosen)


def PRNGKey(seed: int | ArrayLike, *, impl: Any = None) -> Array:
    """A PRNG key as a plain array of two words of uint32; `key` makes typed ones.

    Example:
        >>> import jib
        >>> jib.random.PRNGKey(42).tolist()
        [0, 42]
    """
    _implementation("PRNGKey", impl)
    return _seed_words("PRNGKey", seed)


def _seed_words(name: str, seed: Any) -> Any:
    if isinstance(seed, np.ndarray) and seed.ndim == 0:
        seed = seed[()]
    if isinstance(seed, int | np.integer | np.bool_):
        number = int(seed)
        if not -(2**63) <= number < 2**63:
            raise IntegerRangeError.overflow(number, "int64")
        high = (number >> 32) & _LOW_WORD if enable_x64.value else 0
        words = np.array([high, number & _LOW_WORD], np.uint32)
        return transfer.put(words, ShapedArray((2,), words.dtype))
    aval = aval_of(seed)
    if aval.ndim:
        raise ShapeError(
            f"`{name}` takes one seed, but got {aval}",
            help=f"keys = jib.vmap(jib.random.{name})(seeds)",
        )
    if not dtypes.issubdtype(aval.dtype, np.integer):
        raise ArgumentTypeError(f"`{name}` takes an integer seed, but got {aval}")
    return _traced_seed_words(seed)


@compiled
def _traced_seed_words(seed: Any) -> Any:
    dtype = aval_of(seed).dtype
    low = lax.convert_element_type(seed, np.dtype(np.uint32))
    high = np.uint32(0)
    if dtype.itemsize == 8:
        shifted = lax.shift_right_logical(seed, exact_scalar(32, dtype))
        high = lax.convert_element_type(shifted, np.dtype(np.uint32))
    return _join_words(high, low)


def _join_words(first: Any, second: Any) -> Any:
    """Words on a new last axis."""
    ndim = aval_of(second).ndim
    first = lax.broadcast(first, aval_of(second).shape) if not aval_of(first).shape else first
    return lax.concatenate([lax.expand_dims(x, (ndim,)) for x in (first, second)], ndim)


def _wrapped(words: Any, dtype: KeyDType) -> Any:
    # In a program that is traced, each run makes a key of its own.
    if isinstance(words, Tracer | np.ndarray) or not is_eager():
        return wrap_key_p.bind(words, dtype=dtype)
    wrap_key_p.abstract((aval_of(words),), {"dtype": dtype})  # checks the words
    return KeyArray(words, dtype)


def wrap_key_data(key_bits_array: ArrayLike, *, impl: Any = None, dtype: Any = None) -> Array:
    """Typed keys from their words: uint32 of shape `(..., 2)` becomes keys of shape `(...)`.

    Raises:
        DTypeError: if the words are not of uint32.
        ShapeError: if the last axis does not hold two words.

    Example:
        >>> import jib
        >>> jib.random.wrap_key_data(jib.random.PRNGKey(0)).dtype
        key<fry>
    """
    return _wrapped(key_bits_array, _implementation("wrap_key_data", impl, dtype))


def key_data(keys: ArrayLike) -> Array:
    """The words of keys: typed keys of shape `(...)` give uint32 of shape `(..., 2)`."""
    if type(keys) is KeyArray:
        return keys._base
    return words_of("key_data", keys, batched=True, used=False)


def key_impl(keys: ArrayLike) -> str:
    """The name of the generator that keys belong to.

    Example:
        >>> import jib
        >>> jib.random.key_impl(jib.random.key(0))
        'threefry2x32'
    """
    dtype = aval_of(keys).dtype
    return dtype.implementation if isinstance(dtype, KeyDType) else key_dtype.implementation


def clone(key: ArrayLike) -> Any:
    """The same key again, as a value that may be used once more.

    Example:
        >>> import jib
        >>> key = jib.random.key(0)
        >>> bool(jib.random.uniform(key) == jib.random.uniform(jib.random.clone(key)))
        True
    """
    return _wrapped(key_data(key), key_dtype) if _is_typed(key) else key


# -------------------------------------------------------------------------- from key to keys


def _is_typed(key: Any) -> bool:
    """Whether a key is typed (`key`), or an array of words (`PRNGKey`)."""
    return isinstance(aval_of(key).dtype, KeyDType)


def words_of(name: str, key: Any, batched: bool = False, used: bool = True) -> Any:
    """The words of a key, which is typed or an array of words; a helper of all samplers.

    A typed key is used by it (`jib/core/key_uses.py`), unless `used` is False.
    """
    if isinstance(key, list | tuple):
        message = f"samplers take a key first, but got a {type(key).__name__}"
        raise ArgumentTypeError(message, help="key = jib.random.key(0)")
    aval = aval_of(key)
    if aval.is_key:
        words = key_data_p.bind(key, use=KeyUse.here() if used else None)
        shape = aval.shape
    else:
        wrap_key_p.abstract((aval,), {"dtype": key_dtype})  # checks the words
        words, shape = key, aval.shape[:-1]
    if shape and not batched:
        raise ShapeError(
            f"`{name}` takes one key, but got an array of keys of shape {shape}",
            help=f"values = jib.vmap(jib.random.{name})(keys)",
        )
    return words


def word_pair(words: Any) -> tuple[Any, Any]:
    """The two words of one key, of rank 0."""
    pieces = (lax.slice(words, (i,), (i + 1,)) for i in (0, 1))
    first, second = (lax.reshape(piece, ()) for piece in pieces)
    return first, second


def counters(shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The position of each element, as two words; every device can count its own part."""
    word = np.dtype(np.uint32)
    size = int(np.prod(shape, dtype=object))
    wide = word if size <= 2**32 else np.dtype(np.uint64)
    position, stride = None, size
    for axis, length in enumerate(shape):
        stride = stride // length if length else 0
        step = lax.broadcasted_iota(wide, shape, axis)
        step = step if stride == 1 else lax.mul(step, exact_scalar(stride, wide))
        position = step if position is None else lax.add(position, step)
    if position is None:
        return np.uint32(0), np.uint32(0)
    if wide == word:
        return np.uint32(0), position
    high = lax.shift_right_logical(position, exact_scalar(32, wide))
    return lax.convert_element_type(high, word), lax.convert_element_type(position, word)


def split(key: ArrayLike, num: int | Sequence[int] = 2) -> Array:
    """New keys from one; they and what is drawn with them are independent of each other.

    Args:
        key: a key, typed or raw.
        num: how many, or the shape of an array of keys.

    Returns:
        An array of keys of shape `(num,)`, or of shape `num`.

    Raises:
        ShapeError: if `key` is an array of keys.

    Example:
        >>> import jib
        >>> first, second = jib.random.split(jib.random.key(0))
    """
    shape = tuple(map(int, num)) if isinstance(num, Sequence) else (int(num),)
    return _split(key, shape)


@compiled(static=("shape",))
def _split(key: Any, shape: tuple[int, ...]) -> Any:
    words = word_pair(words_of("split", key))
    made = _join_words(*threefry2x32(*words, *counters(shape)))
    return _like(key, made)


def _like(key: Any, words: Any) -> Any:
    return wrap_key_p.bind(words, dtype=aval_of(key).dtype) if _is_typed(key) else words


def fold_in(key: ArrayLike, data: int | ArrayLike) -> Array:
    """A new key from a key and an integer, such as the number of a step or of a device.

    Raises:
        IntegerRangeError: if a host integer does not fit in 32 bits without sign.
        ShapeError: if `key` or `data` is an array of rank above 0.

    Example:
        >>> import jib
        >>> step_key = jib.random.fold_in(jib.random.key(0), 7)
    """
    aval = aval_of(data)
    if aval.ndim:
        raise ShapeError(
            f"`fold_in` takes one number, but got {aval}",
            help="keys = jib.vmap(jib.random.fold_in, (None, 0))(key, numbers)",
        )
    if isinstance(data, int):
        if not 0 <= data <= _LOW_WORD:
            raise IntegerRangeError.overflow(data, "uint32")
        data = np.uint32(data)
    return _fold_in(key, data)


@compiled
def _fold_in(key: Any, data: Any) -> Any:
    words = word_pair(words_of("fold_in", key, used=False))
    data = lax.convert_element_type(data, np.dtype(np.uint32))
    return _like(key, _join_words(*threefry2x32(*words, np.uint32(0), data)))
