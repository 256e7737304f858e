"""`Array`: what device arrays, tracers and key arrays have in common, for `isinstance`."""

from __future__ import annotations

from typing import Any

from jib.core.keys import KeyArray
from jib.core.tracing import Tracer

__all__ = ["Array", "register_array_class"]

_concrete: list[type] = [KeyArray]


class _ArrayMeta(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, (Tracer, *_concrete))

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, (Tracer, *_concrete))


class Array(metaclass=_ArrayMeta):
    """The type of jib's arrays, traced ones included. Make them with `jib.numpy.asarray`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> isinstance(jnp.ones(3), jib.Array)
        True
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("arrays are made by functions: write jib.numpy.asarray(values)")


def register_array_class(cls: type) -> None:
    """Let instances of a class count as arrays."""
    _concrete.append(cls)
