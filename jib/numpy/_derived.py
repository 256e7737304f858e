"""The decorator of functions written with other functions of arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from jib import dtypes
from jib.backend.buffers import ArrayImpl
from jib.errors import ArgumentValueError
from jib.numpy._creation import asarray
from jib.numpy._elementwise import no_out
from jib.numpy._promotion import as_operand
from jib.passes.eager import compiled

__all__ = ["derived", "not_in_place"]

F = TypeVar("F", bound=Callable[..., Any])


def derived(*static: str) -> Callable[[F], F]:
    """Make a function one program whose arguments are arrays (or None), the `static` ones apart.

    The function receives arrays, so that it may be written with their operators and methods.
    """

    def decorate(function: Any) -> Any:
        name, run = function.__name__, compiled(static=static)(function)
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]

        def taken(parameter: str, x: Any) -> Any:
            if parameter == "out":
                no_out(name, x)
            if parameter == "dtype":
                return None if x is None else dtypes.parse(x)
            if parameter in static:
                return _fixed(x)
            return x if x is None or type(x) is ArrayImpl else asarray(as_operand(name, x))

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            named = {key: taken(key, x) for key, x in kwargs.items()}
            known = [taken(key, x) for key, x in zip(names, args, strict=False)]
            return run(*known, *args[len(names) :], **named)

        return wrapper

    return decorate


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
