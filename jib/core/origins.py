"""The names of traced functions and of their arguments, for messages."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from jib.errors import Provenance
from jib.tree import tree_registry

__all__ = ["Origin", "argument_names", "function_name", "provenance"]


def function_name(function: Any) -> str:
    """A name for programs and messages."""
    while hasattr(function, "func"):  # functools.partial and the like
        function = function.func
    return getattr(function, "__name__", type(function).__name__)


def argument_names(function: Callable[..., Any], args: Sequence[Any], kwargs: dict) -> list[str]:
    """A name for each leaf of the arguments, such as `params['w']`.

    A function that another one stands behind has `argument_labels`, which names its arguments.
    """
    labels = getattr(function, "argument_labels", None)
    if labels is not None:
        return labels(*args)
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
    function = getattr(function, "stands_for", function)
    while hasattr(function, "func"):
        function = function.func
    code = getattr(inspect.unwrap(function), "__code__", None)
    file, line = (code.co_filename, code.co_firstlineno) if code else ("", 0)
    return Provenance(arguments, function_name(function), file, line, transform)


class Origin:
    """The user's function behind a program, and the trees that it is called with."""

    def __init__(
        self,
        transform: str,
        function: Callable[..., Any],
        args: Sequence[Any],
        avals: Sequence[Any],
    ) -> None:
        self.transform, self.function, self.args, self.avals = transform, function, args, avals

    def describe(self, positions: Sequence[int]) -> Provenance:
        """The flat arguments at these positions; those that the user does not pass are left out."""
        names = argument_names(self.function, self.args, {})
        shown = [(names[i], str(self.avals[i])) for i in positions if i < len(names)]
        return provenance(self.function, shown, self.transform)
