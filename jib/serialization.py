"""Objects as bytes: nested state dicts, packed by MessagePack.

The bytes are those that Flax writes, so files pass between the two. For checkpoints on disk, with
checksums and shards, use `jib.ckpt`.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgpack
import numpy as np

from jib import dtypes
from jib.backend.transfer import put
from jib.core.array import Array
from jib.core.avals import ShapedArray
from jib.core.keys import KeyArray
from jib.errors import ArgumentTypeError, ArgumentValueError, JibError
from jib.random import key_data, wrap_key_data
from jib.tree_util import Partial

__all__ = [
    "MAX_CHUNK_SIZE", "SerializationError", "current_path", "from_bytes", "from_state_dict",
    "is_serializable", "msgpack_restore", "msgpack_serialize", "register_serialization_state",
    "to_bytes", "to_state_dict",
]  # fmt: skip

#: Arrays of more bytes are cut into pieces: one MessagePack object holds less than 2 GiB.
MAX_CHUNK_SIZE = 2**30

_NDARRAY, _COMPLEX, _SCALAR = 1, 2, 3  # extension types of the format
_CHUNKED = "__msgpack_chunked_array__"


class SerializationError(JibError, ValueError, code="J751", title="saved state does not fit"):
    """The bytes are damaged, or the state in them does not fit the target."""


class _NamedTuple:
    """Stands in the registry for every named tuple."""


_Handlers = tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]
_registry: dict[type, _Handlers] = {}
_path: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("_path", default=())


def current_path() -> str:
    """Where in the target `from_state_dict` is now, as `"./layer/kernel"`."""
    return "/".join(_path.get())


@contextlib.contextmanager
def _inside(name: str) -> Iterator[None]:
    token = _path.set((*_path.get(), name))
    try:
        yield
    finally:
        _path.reset(token)


def register_serialization_state(
    ty: type,
    ty_to_state_dict: Callable[[Any], Any],
    ty_from_state_dict: Callable[[Any, Any], Any],
    override: bool = False,
) -> None:
    """Say how objects of a class become state dicts and come back.

    `ty_to_state_dict(x)` gives a dict with string keys; `ty_from_state_dict(x, state)` gives a copy
    of `x` that holds the state. Raises `ValueError` for a class that is registered, unless
    `override`.

    Example:
        >>> class Box:
        ...     def __init__(self, x): self.x = x
        >>> register_serialization_state(Box, lambda b: {"x": b.x}, lambda b, s: Box(s["x"]))
        >>> from_bytes(Box(0), to_bytes(Box(7))).x
        7
    """
    if ty in _registry and not override:
        raise ArgumentValueError(
            f"`{ty.__name__}` already has a way to become a state dict",
            help="register_serialization_state(..., override=True)",
        )
    _registry[ty] = (ty_to_state_dict, ty_from_state_dict)


def is_serializable(target: Any) -> bool:
    """Whether a class, or an object's class, is registered."""
    return (target if isinstance(target, type) else type(target)) in _registry


def _handlers(target: Any) -> _Handlers | None:
    named = isinstance(target, tuple) and hasattr(target, "_fields")
    return _registry.get(_NamedTuple if named else type(target))


def to_state_dict(target: Any) -> Any:
    """An object as nested dicts with string keys; a leaf is given back as it is.

    Example:
        >>> to_state_dict({"layers": [1.0, 2.0]})
        {'layers': {'0': 1.0, '1': 2.0}}
    """
    handlers = _handlers(target)
    return target if handlers is None else handlers[0](target)


def from_state_dict(target: Any, state: Any, name: str = ".") -> Any:
    """A copy of `target` that holds `state`, which `to_state_dict` made of an object like it.

    Raises `SerializationError` where the two differ: other fields, keys or lengths, or an array of
    another shape.

    Example:
        >>> from_state_dict({"layers": [0.0, 0.0]}, {"layers": {"0": 1.0, "1": 2.0}})
        {'layers': [1.0, 2.0]}
    """
    with _inside(name):
        handlers = _handlers(target)
        if handlers is not None:
            return handlers[1](target, state)
        return _leaf(target, state)


def _leaf(target: Any, state: Any) -> Any:
    wanted, found = getattr(target, "shape", None), getattr(state, "shape", None)
    if isinstance(wanted, tuple) and isinstance(found, tuple) and wanted != found:
        raise SerializationError(
            f"at {current_path()}: the saved array has shape {found}, the target {wanted}",
            help="build the target with the settings that the state was saved with",
        )
    if isinstance(target, Array) and isinstance(state, np.ndarray | np.generic):
        # A program would read a NumPy array of 64 bits, such as a learning rate, as 32 bits.
        return put(np.asarray(state), ShapedArray(state.shape, state.dtype))
    return state


def _check_keys(what: str, wanted: set[str], state: Any, exact: bool) -> None:
    if not isinstance(state, Mapping):
        raise SerializationError(
            f"at {current_path()}: {what} is wanted and the saved state is a {type(state).__name__}"
        )
    missing, surplus = sorted(wanted - set(state)), sorted(set(map(str, state)) - wanted)
    parts = [f"has no {', '.join(f'`{m}`' for m in missing)}"] if missing else []
    if exact and surplus:
        parts.append(f"has {', '.join(f'`{s}`' for s in surplus)}, which the target has not")
    if parts:
        raise SerializationError(
            f"at {current_path()}: the saved state of {what} {' and '.join(parts)}",
            help="build the target with the settings that the state was saved with",
        )


def restore_fields(what: str, target: Any, names: tuple[str, ...], state: Any) -> dict[str, Any]:
    """The fields `names` of an object, each restored from the state under its name."""
    _check_keys(what, set(names), state, exact=True)
    return {n: from_state_dict(getattr(target, n), state[n], n) for n in names}


def _list_state(xs: Any) -> dict[str, Any]:
    return {str(i): to_state_dict(x) for i, x in enumerate(xs)}


def _restore_list(xs: Any, state: Any) -> list[Any]:
    _check_keys(f"a {type(xs).__name__} of {len(xs)}", set(map(str, range(len(xs)))), state, True)
    return [from_state_dict(x, state[str(i)], str(i)) for i, x in enumerate(xs)]


def _dict_state(xs: Mapping[Any, Any]) -> dict[str, Any]:
    if len({str(key) for key in xs}) != len(xs):
        raise ArgumentValueError(f"two keys of {list(xs)} are the same when written as strings")
    return {str(key): to_state_dict(value) for key, value in xs.items()}


def _restore_dict(xs: Mapping[Any, Any], state: Any) -> dict[Any, Any]:
    _check_keys("a dict", {str(key) for key in xs}, state, exact=False)
    return {key: from_state_dict(value, state[str(key)], str(key)) for key, value in xs.items()}


def _restore_partial(x: Partial, state: Any) -> Partial:
    args, keywords = from_state_dict(
        (x.args, x.keywords), {"0": state["args"], "1": state["keywords"]}
    )
    return Partial(x.func, *args, **keywords)


register_serialization_state(dict, _dict_state, _restore_dict)
register_serialization_state(list, _list_state, _restore_list)
register_serialization_state(tuple, _list_state, lambda xs, s: tuple(_restore_list(xs, s)))
register_serialization_state(
    _NamedTuple,
    lambda x: {name: to_state_dict(getattr(x, name)) for name in x._fields},
    lambda x, s: type(x)(**restore_fields(f"`{type(x).__name__}`", x, x._fields, s)),
)
register_serialization_state(
    Partial,
    lambda x: {"args": to_state_dict(x.args), "keywords": to_state_dict(x.keywords)},
    _restore_partial,
)
register_serialization_state(
    KeyArray, key_data, lambda keys, words: wrap_key_data(_leaf(key_data(keys), words))
)

# --------------------------------------------------------------------------------------- bytes


def to_bytes(target: Any) -> bytes:
    """An object's state as bytes: arrays, numbers, strings, containers, registered classes.

    Example:
        >>> import jib.numpy as jnp
        >>> data = to_bytes({"w": jnp.arange(3.0), "step": 7})
        >>> from_bytes({"w": jnp.zeros(3), "step": 0}, data)["w"].tolist()
        [0.0, 1.0, 2.0]
    """
    return msgpack_serialize(to_state_dict(target))


def from_bytes(target: Any, encoded_bytes: bytes) -> Any:
    """A copy of `target` that holds what `to_bytes` wrote.

    Its arrays are jib's where those of `target` are, and else NumPy's.

    Raises `SerializationError` for damaged bytes and for a state that does not fit `target`.
    """
    return from_state_dict(target, msgpack_restore(encoded_bytes))


def msgpack_serialize(pytree: Any, in_place: bool = False) -> bytes:
    """Nested dicts and lists of arrays, numbers and strings as bytes; `in_place` is ignored."""
    return _packed(_chunked(pytree), default=_pack, strict_types=True)


def msgpack_restore(encoded_pytree: bytes) -> Any:
    """The dicts, lists, numbers and NumPy arrays that `msgpack_serialize` wrote."""
    try:
        state = msgpack.unpackb(encoded_pytree, ext_hook=_unpack, raw=False, strict_map_key=False)
        return _whole(state)
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise SerializationError(
            f"these {len(encoded_pytree)} bytes are not a whole saved state: {error}",
            help="read the file again; a copy that was cut short cannot be repaired",
        ) from None


def _chunked(tree: Any) -> Any:
    """The tree with NumPy arrays for jib's, and with arrays that are too large cut up."""
    if isinstance(tree, dict):
        return {key: _chunked(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_chunked(value) for value in tree]
    if not isinstance(tree, (np.ndarray, Array)):
        return tree
    array = np.asarray(tree)
    if array.nbytes <= MAX_CHUNK_SIZE:
        return array
    flat, step = array.reshape(-1), max(1, MAX_CHUNK_SIZE // array.itemsize)
    pieces = [flat[start : start + step] for start in range(0, flat.size, step)]
    numbered = [{str(i): x for i, x in enumerate(xs)} for xs in (array.shape, pieces)]
    return {_CHUNKED: True, "shape": numbered[0], "chunks": numbered[1]}


def _whole(tree: Any) -> Any:
    """The tree with the pieces of large arrays put together."""
    if isinstance(tree, list):
        return [_whole(value) for value in tree]
    if not isinstance(tree, dict):
        return tree
    if _CHUNKED not in tree:
        return {key: _whole(value) for key, value in tree.items()}
    shape, pieces = ([d[str(i)] for i in range(len(d))] for d in (tree["shape"], tree["chunks"]))
    return np.concatenate(pieces).reshape(shape)


def _packed(value: Any, **options: Any) -> bytes:
    data = msgpack.packb(value, **options)
    assert data is not None  # the stubs of MessagePack allow it
    return data


def _array_bytes(array: np.ndarray) -> bytes:
    if array.dtype.hasobject or array.dtype.names:
        raise ArgumentTypeError(f"an array of dtype {array.dtype} has no bytes to save")
    return _packed((array.shape, array.dtype.name, array.tobytes("C")))


def _pack(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return msgpack.ExtType(_NDARRAY, _array_bytes(x))
    if isinstance(x, np.generic):
        return msgpack.ExtType(_SCALAR, _array_bytes(np.asarray(x)))
    if isinstance(x, complex):
        return msgpack.ExtType(_COMPLEX, msgpack.packb((x.real, x.imag)))
    if isinstance(x, tuple):  # inside a state dict a tuple is a list
        return list(x)
    raise ArgumentTypeError(
        f"a {type(x).__name__} has no form to be saved in",
        help="save jib.serialization.to_state_dict(x), or register_serialization_state its class",
    )


def _unpack(code: int, data: bytes) -> Any:
    if code == _COMPLEX:
        return complex(*msgpack.unpackb(data))
    if code not in (_NDARRAY, _SCALAR):
        return msgpack.ExtType(code, data)
    shape, name, buffer = msgpack.unpackb(data, raw=True)
    array = np.frombuffer(buffer, dtypes.parse(name.decode())).reshape(shape)
    return array[()] if code == _SCALAR else array
