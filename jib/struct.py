"""Frozen dataclasses that are tree nodes: what travels through `jit`, `grad` and checkpoints."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform, overload

from jib import serialization
from jib.errors import JibError
from jib.tree_util import register_dataclass

__all__ = ["FrozenFieldError", "PyTreeNode", "dataclass", "field"]


class FrozenFieldError(
    JibError, dataclasses.FrozenInstanceError, code="J752", title="a field of a structure is set"
):
    """A field of a `struct.dataclass` is assigned to; `replace` gives a copy."""


_Class = TypeVar("_Class", bound=type)
_Node = TypeVar("_Node", bound="PyTreeNode")


def field(pytree_node: bool = True, *, metadata: dict | None = None, **kwargs: Any) -> Any:
    """A field of a `struct.dataclass`; with `pytree_node=False` it is static data.

    Static fields must be hashable: they are part of what `jit` compiles for. The other arguments
    are those of `dataclasses.field`.
    """
    return dataclasses.field(metadata={**(metadata or {}), "pytree_node": pytree_node}, **kwargs)


@overload
def dataclass(clz: _Class, **kwargs: Any) -> _Class: ...
@overload
def dataclass(clz: None = None, **kwargs: Any) -> Callable[[_Class], _Class]: ...
@dataclass_transform(field_specifiers=(field,), frozen_default=True)
def dataclass(clz: Any = None, **kwargs: Any) -> Any:
    """Make a class a frozen dataclass whose fields are leaves of a tree.

    Instances have `replace(**fields)`, which gives a copy. The other arguments are those of
    `dataclasses.dataclass`; `frozen` is true unless it is given.

    Example:
        >>> import jib
        >>> from jib import struct
        >>> @struct.dataclass
        ... class Line:
        ...     slope: float
        ...     name: str = struct.field(pytree_node=False, default="")
        >>> jib.tree.map(lambda x: 2 * x, Line(1.5, "a"))
        Line(slope=3.0, name='a')
        >>> Line(1.5).replace(slope=0.0)
        Line(slope=0.0, name='')
    """
    if clz is None:
        return functools.partial(dataclass, **kwargs)
    if "_is_struct" in clz.__dict__:
        return clz
    made = dataclasses.dataclass(**{"frozen": True, **kwargs})(clz)
    data, static = [], []
    for f in dataclasses.fields(made):
        (data if f.metadata.get("pytree_node", True) else static).append(f.name)
    if kwargs.get("frozen", True):
        made.__setattr__ = _refuse
    made.replace = _replace
    made._is_struct = True
    register_dataclass(made, data, static)
    names = tuple(data)
    serialization.register_serialization_state(
        made,
        lambda x: {name: serialization.to_state_dict(getattr(x, name)) for name in names},
        lambda x, state: x.replace(
            **serialization.restore_fields(f"`{made.__name__}`", x, names, state)
        ),
    )
    return made


def _refuse(self: Any, name: str, value: Any) -> None:
    """What assignment to a field does: nothing changes in place."""
    raise FrozenFieldError(
        f"a {type(self).__name__} is not changed once it is made, so `{name}` cannot be set",
        help=f"state = state.replace({name}=...)   gives a copy",
    )


def _replace(self: Any, **overrides: Any) -> Any:
    """A copy with other values in some fields."""
    return dataclasses.replace(self, **overrides)


@dataclass_transform(field_specifiers=(field,), frozen_default=True)
class PyTreeNode:
    """A base whose subclasses are `struct.dataclass`es; type checkers know their fields.

    Example:
        >>> import jib
        >>> from jib import struct
        >>> class Point(struct.PyTreeNode):
        ...     x: float
        ...     y: float
        >>> jib.tree.leaves(Point(1.0, 2.0))
        [1.0, 2.0]
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()
        dataclass(cls, **kwargs)

    def replace(self: _Node, **overrides: Any) -> _Node:
        """A copy with other values in some fields; raises `TypeError` for an unknown field."""
        return dataclasses.replace(self, **overrides)  # type: ignore[type-var]
