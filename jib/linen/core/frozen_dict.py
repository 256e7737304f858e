"""`FrozenDict`: an immutable nested dict that is a node of trees."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, TypeVar

from jib import serialization, tree
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.tree_util import DictKey, register_pytree_with_keys_class

__all__ = [
    "FrozenDict", "FrozenKeysView", "FrozenValuesView", "copy", "freeze", "pop", "pretty_repr",
    "unfreeze",
]  # fmt: skip

K = TypeVar("K")
V = TypeVar("V")


class FrozenKeysView(KeysView):
    """The keys of a `FrozenDict`."""

    def __repr__(self) -> str:
        return f"frozen_dict_keys({list(self)})"


class FrozenValuesView(ValuesView):
    """The values of a `FrozenDict`."""

    def __repr__(self) -> str:
        return f"frozen_dict_values({list(self)})"


@register_pytree_with_keys_class
class FrozenDict(Mapping[K, V]):
    """An immutable dict; the dicts in it are seen as frozen, too.

    Example:
        >>> from jib.linen import FrozenDict
        >>> FrozenDict({"a": {"b": 1}})["a"]
        FrozenDict({
            b: 1,
        })
    """

    __slots__ = ("_dict", "_hash")

    def __init__(self, *args: Any, __unsafe_skip_copy__: bool = False, **kwargs: Any) -> None:
        given = dict(*args, **kwargs)
        self._dict: Any = given if __unsafe_skip_copy__ else _thawed(given)
        self._hash: int | None = None

    def __getitem__(self, key: K) -> V:
        value: Any = self._dict[key]
        return _sharing(value) if isinstance(value, dict) else value

    def __setitem__(self, key: K, value: V) -> None:
        raise ArgumentValueError(
            "a FrozenDict does not change", help="new = frozen.copy({key: value})"
        )

    def __contains__(self, key: object) -> bool:
        return key in self._dict

    def __iter__(self) -> Iterator[K]:
        return iter(self._dict)

    def __len__(self) -> int:
        return len(self._dict)

    def __repr__(self) -> str:
        return self.pretty_repr()

    def __reduce__(self) -> Any:
        return FrozenDict, (self.unfreeze(),)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = 0
            for item in self.items():
                self._hash ^= hash(item)
        return self._hash

    def get(self, key: K, default: Any = None) -> Any:
        """The value under a key, or `default`."""
        return self[key] if key in self._dict else default

    def pretty_repr(self, num_spaces: int = 4) -> str:
        """The dict with one entry to a line."""
        return f"FrozenDict({_pretty(self._dict, num_spaces)})"

    def copy(self, add_or_replace: Mapping[K, V] | None = None) -> FrozenDict[K, V]:
        """A `FrozenDict` with further or other entries."""
        return type(self)({**self, **unfreeze(add_or_replace or {})})

    def keys(self) -> Any:
        """The keys."""
        return FrozenKeysView(self)

    def values(self) -> Any:
        """The values."""
        return FrozenValuesView(self)

    def items(self) -> Any:
        """The keys with their values."""
        return ((key, self[key]) for key in self._dict)

    def pop(self, key: K) -> tuple[FrozenDict[K, V], V]:
        """A `FrozenDict` without `key`, and the value that was there."""
        rest = dict(self._dict)
        del rest[key]
        return type(self)(rest), self[key]

    def unfreeze(self) -> dict[K, V]:
        """A plain dict of the same entries, which can be changed."""
        return unfreeze(self)

    def tree_flatten_with_keys(self) -> tuple[tuple[Any, ...], Hashable]:
        """The children by key, for trees."""
        keys = tuple(sorted(self._dict))
        return tuple((DictKey(k), self._dict[k]) for k in keys), keys

    @classmethod
    def tree_unflatten(cls, keys: Any, values: Any) -> FrozenDict[K, V]:
        """The dict of these keys and children."""
        return _sharing(dict(zip(keys, values, strict=True)))


def _sharing(given: dict) -> Any:
    """A `FrozenDict` of a dict that nobody else changes, without a copy."""
    frozen = FrozenDict.__new__(FrozenDict)
    frozen._dict, frozen._hash = given, None
    return frozen


def _thawed(value: Any) -> Any:
    """A nested dict with plain dicts in place of frozen ones, none shared with the given one."""
    if isinstance(value, FrozenDict):
        return value._dict
    return {k: _thawed(v) for k, v in value.items()} if isinstance(value, dict) else value


def freeze(xs: Mapping[Any, Any]) -> FrozenDict[Any, Any]:
    """A nested dict as a `FrozenDict`; later changes of the dict are not seen by it."""
    return FrozenDict(xs)


def unfreeze(x: FrozenDict | dict[str, Any] | Mapping[Any, Any]) -> dict[Any, Any]:
    """A nested dict of plain dicts, which can be changed; arrays are shared, dicts are not."""
    inner = x._dict if isinstance(x, FrozenDict) else x
    if not isinstance(inner, dict):
        return inner  # type: ignore[return-value]
    return {k: unfreeze(v) if isinstance(v, dict | FrozenDict) else v for k, v in inner.items()}


def copy(
    x: FrozenDict | dict[str, Any], add_or_replace: FrozenDict | dict[str, Any] | None = None
) -> FrozenDict | dict[str, Any]:
    """A copy of a dict, frozen or not, with further or other entries.

    Example:
        >>> from jib.linen import core
        >>> core.copy({"a": 1}, {"b": 2})
        {'a': 1, 'b': 2}
    """
    if isinstance(x, FrozenDict):
        return x.copy(add_or_replace)
    return {**tree.map(lambda y: y, _dict(x)), **(add_or_replace or {})}


def pop(x: FrozenDict | dict[str, Any], key: str) -> tuple[FrozenDict | dict[str, Any], Any]:
    """A copy of a dict, frozen or not, without `key`, and the value that was there."""
    if isinstance(x, FrozenDict):
        return x.pop(key)
    rest = tree.map(lambda y: y, _dict(x))
    return rest, rest.pop(key)


def _dict(x: Any) -> dict[str, Any]:
    if not isinstance(x, dict):
        raise ArgumentTypeError(f"a dict or FrozenDict is needed, but got a {type(x).__name__}")
    return x


def pretty_repr(x: Any, num_spaces: int = 4) -> str:
    """A nested dict with one entry to a line; of anything else its `repr`."""
    return x.pretty_repr(num_spaces) if isinstance(x, FrozenDict) else _pretty(x, num_spaces)


def _pretty(x: Any, spaces: int) -> str:
    if not isinstance(x, dict):
        return repr(x)
    lines = "".join(f"{key}: {_pretty(value, spaces)},\n" for key, value in x.items())
    indented = "".join(f"{' ' * spaces}{line}\n" for line in lines.splitlines())
    return f"{{\n{indented}}}" if lines else "{}"


serialization.register_serialization_state(
    FrozenDict,
    lambda x: serialization.to_state_dict(x.unfreeze()),
    lambda x, state: FrozenDict(serialization.from_state_dict(x.unfreeze(), state)),
)
