"""Symbolic zeros and undefined primals, as derivative and transpose rules see them."""

from jib.core.zeros import UndefinedPrimal, Zero, is_undefined_primal
from jib.passes.jvp import instantiate as instantiate_zeros

__all__ = ["UndefinedPrimal", "Zero", "instantiate_zeros", "is_undefined_primal"]
