"""What all transforms do with a call: flatten its arguments, name them, cache traces."""

from __future__ import annotations

import functools
import inspect
import sys
import types
import weakref
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from jib.core.sources import is_library_file
from jib.errors import Provenance
from jib.tree import tree_registry

__all__ = [
    "TraceCache",
    "argument_names",
    "content_key",
    "flat_function",
    "function_name",
    "provenance",
]

flatten = tree_registry.flatten


def function_name(function: Any) -> str:
    """A name for programs and messages."""
    while hasattr(function, "func"):  # functools.partial and the like
        function = function.func
    return getattr(function, "__name__", type(function).__name__)


def flat_function(
    function: Callable[..., Any], in_tree: Any
) -> tuple[Callable[..., list[Any]], list[Any]]:
    """`function(*args, **kwargs)` as a function of flat values, and where its out tree will be."""
    out_tree: list[Any] = []

    def flat(*values: Any) -> list[Any]:
        args, kwargs = in_tree.unflatten(values)
        outs, structure = flatten(function(*args, **kwargs))
        out_tree[:] = [structure]
        return outs

    return flat, out_tree


def argument_names(function: Callable[..., Any], args: Sequence[Any], kwargs: dict) -> list[str]:
    """A name for each leaf of the arguments, such as `params['w']`."""
    try:
        bound = inspect.signature(function).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        bound = {f"args[{i}]": x for i, x in enumerate(args)} | kwargs
    names = []
    for name, value in bound.items():
        for path, _ in tree_registry.flatten_with_path(value)[0]:
            names.append(name + "".join(str(key) for key in path))
    return names


def provenance(function: Any, arguments: Sequence[tuple[str, str]], transform: str) -> Provenance:
    """What a traced value comes from, for messages."""
    while hasattr(function, "func"):
        function = function.func
    code = getattr(inspect.unwrap(function), "__code__", None)
    file, line = (code.co_filename, code.co_firstlineno) if code else ("", 0)
    return Provenance(arguments, function_name(function), file, line, transform)


_PLAIN = (bool, int, float, complex, str, bytes, type(None), type, types.ModuleType)
_PLAIN_FUNCTIONS = (types.BuiltinFunctionType,)


def content_key(value: Any, seen: dict[Any, int] | None = None) -> Hashable | None:
    """A key that is equal for functions that compute the same: their code, and what it refers to.

    That is what they close over, their defaults, and the globals that they read. None when there is
    something among it that is only itself (an array, a mutable object).
    """
    if isinstance(value, float | complex):
        return (type(value), repr(value))  # tells 0.0 from -0.0
    if isinstance(value, _PLAIN):
        return (type(value), value)
    if isinstance(value, _PLAIN_FUNCTIONS):
        return value
    seen = {} if seen is None else seen
    if type(value) in (tuple, frozenset):
        return _all_keys(value, seen)
    if type(value) is not types.FunctionType:
        return None
    if _is_library_function(value):
        return value
    if value in seen:  # a function that calls itself, or is used twice
        return (None, seen[value])
    if len(seen) >= _MANY_FUNCTIONS or value.__dict__:
        return None
    seen[value] = len(seen)
    try:
        cells = [c.cell_contents for c in value.__closure__ or ()]
    except ValueError:  # a variable that is not bound yet
        return None
    known = value.__globals__
    read = [known[name] for name in _global_names(value.__code__) if name in known]
    rest = (*cells, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *read)
    keys = _all_keys(rest, seen)
    return None if keys is None else (value.__code__, id(known), keys)


_MANY_FUNCTIONS = 64


def _is_library_function(function: types.FunctionType) -> bool:
    """Whether a function is part of the library itself, not made by a call of it."""
    if not is_library_file(function.__code__.co_filename):
        return False
    module = sys.modules.get(function.__module__)
    return getattr(module, function.__name__, None) is function


@functools.lru_cache(4096)
def _global_names(code: types.CodeType) -> tuple[str, ...]:
    """Names that a function may read from its module, in it and in the functions inside it."""
    names = dict.fromkeys(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names.update(dict.fromkeys(_global_names(constant)))
    return tuple(names)


def _all_keys(values: Any, seen: dict[Any, int]) -> tuple | None:
    keys = []
    for value in values:
        key = content_key(value, seen)
        if key is None:
            return None
        keys.append(key)
    return tuple(keys)


class TraceCache:
    """Results of tracing, by function and signature.

    Functions that close over plain values share results by content, so a re-created lambda hits;
    results for all others live as long as the function itself.
    """

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._shared: dict[Any, Any] = {}
        self._own: weakref.WeakKeyDictionary[Any, dict] = weakref.WeakKeyDictionary()

    def results_of(self, function: Any) -> dict[Any, Any]:
        """The results for a function, by signature."""
        key = content_key(function)
        if key is not None:
            if len(self._shared) >= self._limit:
                self._shared.clear()
            return self._shared.setdefault(key, {})
        try:
            return self._own.setdefault(function, {})
        except TypeError:  # neither hashable nor weakly referable
            return {}

    def clear(self) -> None:
        """Forget all results."""
        self._shared.clear()
        self._own.clear()

    def forget(self, function: Any) -> None:
        """Forget the results of one function."""
        self.results_of(function).clear()
