"""Axes with names: which are in scope, and those over which a program sees one shard."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any

from jib.core.algebra import algebra
from jib.core.tracing import Tracer, aval_of, context, extend_axis_env
from jib.errors import UnboundAxisError

__all__ = ["ManualAxes", "axis_names", "axis_sizes", "enter_manual", "match_vary"]


@dataclasses.dataclass(frozen=True, slots=True)
class ManualAxes:
    """The mesh axes over which the function being traced sees one shard of each array.

    With `check`, types say along which of them a value differs (`aval.vary`), and operands of one
    operation are made to agree: a value that is the same everywhere is marked as varying where it
    meets one that is not. The transpose of that mark is the sum that its gradient needs.
    """

    mesh: Any
    names: frozenset[Any]
    check: bool

    def __call__(self, primitive: Any, args: tuple) -> tuple:
        """The operands of an operation, made to agree."""
        if not self.check or primitive.collective or primitive.partial_eval is not None:
            return args
        first: frozenset[Any] | None = None
        for x in args:
            if isinstance(x, Tracer):
                if first is None:
                    first = x.aval.vary
                elif x.aval.vary != first:
                    break
        else:
            return args
        together = frozenset().union(*(x.aval.vary for x in args if isinstance(x, Tracer)))
        return tuple([match_vary(x, together) if isinstance(x, Tracer) else x for x in args])


def match_vary(x: Any, vary: frozenset[Any]) -> Any:
    """The value, marked as varying along (at least) these mesh axes."""
    missing = vary - aval_of(x).vary
    return algebra.vary(x, missing) if missing else x


@contextlib.contextmanager
def enter_manual(manual: ManualAxes) -> Iterator[None]:
    """Trace a function that sees one shard."""
    old = context.manual
    context.manual = manual
    sizes = {name: manual.mesh.shape[name] for name in manual.mesh.axis_names}
    try:
        with extend_axis_env({n: sizes[n] for n in sizes if n in manual.names}):
            yield
    finally:
        context.manual = old


def axes_key() -> tuple:
    """What a trace depends on through the named axes in scope."""
    if not context.axis_env:
        return ()
    return (tuple(context.axis_env.items()), context.manual)


def axis_names(axis_name: Any) -> tuple[Any, ...]:
    """One name or several, as a tuple of names that are in scope.

    Raises:
        UnboundAxisError: if a name is not in scope.
    """
    names = tuple(axis_name) if isinstance(axis_name, tuple | list) else (axis_name,)
    for name in names:
        if name not in context.axis_env:
            raise UnboundAxisError(name, list(context.axis_env))
    return names


def axis_sizes(names: Sequence[Any]) -> int:
    """How many members the named axes have together."""
    return math.prod([context.axis_env[name] for name in names])


def checked_axes(names: Sequence[Any]) -> frozenset[Any]:
    """Those of the axes for which types say whether a value varies."""
    manual = context.manual
    if manual is None or not manual.check:
        return frozenset()
    return manual.names.intersection(names)
