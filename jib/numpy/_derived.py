"""The decorator of functions written with other functions of arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from jib import dtypes
from jib.backend.buffers import ArrayImpl
from jib.backend.donations import FAILURES, raise_explained
from jib.core.scalars import widened
from jib.core.tracing import is_eager
from jib.errors import ArgumentValueError
from jib.numpy._creation import asarray
from jib.numpy._elementwise import no_out
from jib.numpy._promotion import as_operand
from jib.passes.eager import compiled

__all__ = ["derived", "not_in_place"]

F = TypeVar("F", bound=Callable[..., Any])


_NONE = frozenset({type(None)})
_NUMBERS = frozenset({bool, int, float, complex})
_FIXED = _NUMBERS | _NONE | {str}


def derived(*static: str, numbers: bool = False) -> Callable[[F], F]:
    """Make a function one program whose arguments are arrays (or None), the `static` ones apart.

    The function receives arrays, so that it may be written with their operators and methods. With
    `numbers` it receives Python numbers as they are, which have no say about the result's dtype.
    """
    scalars, taken = (_NUMBERS, _same) if numbers else (set(), asarray)

    def decorate(function: Any) -> Any:
        name, run = function.__name__, compiled(static=static)(function)
        dispatch: Any = run.dispatch  # type: ignore[attr-defined]
        code = function.__code__

        def array(x: Any) -> Any:
            return x if type(x) is ArrayImpl else taken(as_operand(name, x))

        def array_or_none(x: Any) -> Any:
            return None if x is None else array(x)

        special = {key: array_or_none for key in _optional(function)}
        special |= dict.fromkeys(static, _fixed) | {
            "out": functools.partial(no_out, name),
            "dtype": _parsed,
            "preferred_element_type": _parsed,
        }
        names = (*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], *special)
        takes = {key: special.get(key, array) for key in names}
        # What needs no conversion: then the whole call is C++'s.
        known = {array: scalars | {ArrayImpl}, array_or_none: scalars | {ArrayImpl, type(None)}}
        known |= {_fixed: _FIXED, _parsed: _NONE, special["out"]: _NONE}
        ready = {key: known[take] for key, take in takes.items()}
        in_order = names[: code.co_argcount]
        direct: set[tuple] = set()  # types of arguments that were ready

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            kinds = (*map(type, args), *map(type, kwargs.values()), *kwargs)
            if kinds in direct and is_eager():
                try:
                    return dispatch(*args, **kwargs)
                except FAILURES as error:
                    raise_explained(error, (args, kwargs))
            named = (*zip(in_order, args, strict=False), *kwargs.items())
            if all([type(x) in ready.get(key, _NONE) for key, x in named]):
                direct.add(kinds)
                return run(*args, **kwargs)
            given = [*args, *kwargs.values()]
            rest = iter(given if numbers else widened(given, given))
            found = [takes[key](x) for key, x in zip(in_order[: len(args)], rest, strict=False)]
            found += [next(rest) for _ in args[len(found) :]]
            return run(*found, **{key: takes.get(key, array)(next(rest)) for key in kwargs})

        return wrapper

    return decorate


def _optional(function: Any) -> list[str]:
    """The parameters that may be None: by default, or any of a private function."""
    code, last = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    if function.__name__.startswith("_"):
        return list(names)
    defaults = dict(zip(names[len(names) - len(last) :], last, strict=True))
    return [key for key, x in (defaults | (function.__kwdefaults__ or {})).items() if x is None]


def _same(x: Any) -> Any:
    return x


def _parsed(dtype: Any) -> Any:
    return None if dtype is None else dtypes.parse(dtype)


def _fixed(x: Any) -> Any:
    """A static argument in a form that can be a key."""
    if isinstance(x, list | tuple):
        return tuple([_fixed(member) for member in x])
    return x.item() if isinstance(x, np.generic) else x


def not_in_place(name: str, arguments: str, inplace: bool) -> None:
    """Refuse to change an array, as NumPy's function does."""
    if inplace:
        raise ArgumentValueError(
            f"`{name}` cannot change an array: arrays are immutable",
            help=f"y = jib.numpy.{name}({arguments}, inplace=False)",
        )
