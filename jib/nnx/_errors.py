"""The errors of modules: each says what stands where, and the line that cures it."""

from __future__ import annotations

from collections.abc import Iterable

from jib.errors import JibError

__all__ = [
    "AttributeKindError", "FilterError", "RngStreamError", "SharedVariableError", "StateError",
    "TraceLevelError",
]  # fmt: skip


class TraceLevelError(JibError, RuntimeError, code="J721", title="variable changed from inside"):
    """A variable or module is changed under another transform than the one that made it."""


class StateError(JibError, ValueError, code="J722", title="state does not fit"):
    """A state and a module have different paths."""


class FilterError(JibError, ValueError, code="J723", title="wrong filter"):
    """A filter is of no known kind, or filters leave variables over."""


class RngStreamError(JibError, KeyError, AttributeError, code="J724", title="no random stream"):
    """A layer asks for a stream of random keys that the module was not given."""

    __str__ = JibError.__str__


class AttributeKindError(JibError, ValueError, code="J725", title="data in a plain attribute"):
    """An attribute of a module would hide arrays or variables from the transforms."""


class SharedVariableError(JibError, ValueError, code="J726", title="shared variable"):
    """One variable is reached by two arguments that a transform treats differently."""


class BroadcastChangeError(JibError, ValueError, code="J727", title="change of a shared value"):
    """A variable that all instances of a mapped function share is changed in it."""


class StructureChangeError(JibError, ValueError, code="J728", title="module changes its structure"):
    """A loop or a branch changes which variables a module has."""


def table(rows: Iterable[tuple[str, str]], limit: int = 12) -> list[str]:
    """Aligned lines of two columns, for the notes of an error."""
    rows = list(rows)
    width = max((len(left) for left, _ in rows), default=0)
    lines = [f"{left:<{width}}  {right}" for left, right in rows[:limit]]
    return lines + [f"... and {len(rows) - limit} more"] * (len(rows) > limit)


def path_name(path: Iterable) -> str:
    """A path as it is shown in messages: `layers/0/kernel`."""
    return "/".join(map(str, path)) or "the root"
