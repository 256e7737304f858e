"""What keeps a value alive, in words: for the message about a traced value that escaped."""

from __future__ import annotations

import gc
from types import CellType, FrameType, FunctionType, GeneratorType
from typing import Any

__all__ = ["holder_of"]

_KINDS = {"list": "a list", "dict": "a dict", "deque": "a queue", "set": "a set"}


def holder_of(value: Any, depth: int = 2) -> str:
    """What holds `value`, as "the global `kept`"; "" where that cannot be told.

    It asks the garbage collector, which walks over every object: for messages only. A container
    is named by what holds it, `depth` times.
    """
    for holder in gc.get_referrers(value):
        name = type(holder).__name__
        if isinstance(holder, FrameType) or type(holder).__module__.startswith("jib."):
            continue
        if isinstance(holder, GeneratorType) or name == "_lru_cache_wrapper":
            kind = "generator" if isinstance(holder, GeneratorType) else "cache of"
            return f"the {kind} `{holder.__name__}`"
        if isinstance(holder, CellType) and _variable(holder):
            return _variable(holder)
        names = holder if type(holder) is dict else getattr(holder, "__dict__", {})
        key = next((key for key, held in names.items() if held is value), "")
        if key and names is not holder:
            return f"the attribute `{key}` of {name}"
        if key and "__builtins__" in names:
            return f"the global `{key}`"
        owner = holder_of(holder, depth - 1) if name in _KINDS and depth else ""
        if owner:
            return f"{owner}, {_KINDS[name]}"
    return ""


def _variable(cell: CellType) -> str:
    """The variable of a function around the one that reads it."""
    for closure in gc.get_referrers(cell):
        for function in gc.get_referrers(closure) if isinstance(closure, tuple) else ():
            if isinstance(function, FunctionType):
                variable = function.__code__.co_freevars[closure.index(cell)]
                return f"the variable `{variable}` around `{function.__name__}`"
    return ""
