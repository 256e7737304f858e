"""Symbolic zeros, and the placeholder of a linear input during transposition."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from jib import dtypes
from jib.core.avals import ShapedArray
from jib.core.tracing import aval_of

__all__ = ["UndefinedPrimal", "Zero", "float0", "is_undefined_primal", "tangent_aval"]

# The dtype of tangents of integers and booleans: it has no bytes and only the value zero.
float0 = dtypes.float0


class Zero:
    """A tangent or cotangent that is known to be zero, so nothing is computed with it."""

    __slots__ = ("aval",)

    def __init__(self, aval: ShapedArray) -> None:
        self.aval = aval

    shape = property(operator.attrgetter("aval.shape"), doc="That of the array it stands for.")
    dtype = property(operator.attrgetter("aval.dtype"), doc="That of the array it stands for.")

    @staticmethod
    def from_primal_value(val: Any) -> Zero:
        """The zero tangent of a value."""
        return Zero(tangent_aval(aval_of(val)))

    def __repr__(self) -> str:
        return f"Zero({self.aval})"


class UndefinedPrimal:
    """Stands for an input that a linear program is being transposed with respect to."""

    __slots__ = ("aval",)

    def __init__(self, aval: ShapedArray) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"UndefinedPrimal({self.aval})"


def is_undefined_primal(x: Any) -> bool:
    """Whether a transpose rule is asked for the cotangent of this operand."""
    return type(x) is UndefinedPrimal


def tangent_aval(aval: ShapedArray) -> ShapedArray:
    """The aval of tangents: the same for floats and complex numbers, `float0` for the rest."""
    if dtypes.issubdtype(aval.dtype, np.inexact):
        return aval
    return ShapedArray(aval.shape, float0, vary=aval.vary)
