"""What a program is: avals, jaxprs, primitives, tracers, and the context they live in."""

from jib.core.avals import ShapedArray as ShapedArray

__all__ = ["ShapedArray"]
