"""`Array`: what device arrays, tracers and key arrays have in common, for `isinstance`."""

from jib.core.keys import KeyArray
from jib.core.tracing import Tracer
from jib.typing import Array, register_array_class

__all__ = ["Array", "register_array_class"]

register_array_class(Tracer)
register_array_class(KeyArray)
