"""The one table of array operators and methods, shared by device arrays and tracers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from jib.core.tracing import Tracer

__all__ = ["add_array_type", "array_members", "define_members"]

_FROM_AVAL = {
    "shape": "Lengths of the axes.",
    "dtype": "Type of the elements.",
    "ndim": "Number of axes.",
    "size": "Number of elements.",
    "weak_type": "Whether the dtype came from a Python scalar.",
}

# Every operator, method and property of arrays, by name (the rest comes from `numpy/_methods.py`).
array_members: dict[str, Any] = {}

_array_types: list[type] = [Tracer]


def define_members(members: Mapping[str, Callable[..., Any] | property]) -> None:
    """Add operators, methods and properties to all array types."""
    array_members.update(members)
    for array_type in _array_types:
        for name, member in members.items():
            setattr(array_type, name, member)


def add_array_type(array_type: type) -> None:
    """Make a class an array type: it gets every member of the table."""
    _array_types.append(array_type)
    for name, member in array_members.items():
        setattr(array_type, name, member)


define_members(
    {
        name: property(operator.attrgetter(f"aval.{name}"), doc=doc)
        for name, doc in _FROM_AVAL.items()
    }
    | {"__len__": lambda self: self.aval.length()}
)
