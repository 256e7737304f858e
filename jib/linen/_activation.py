"""Activations with a parameter; those without are in `jib.nn`."""

from __future__ import annotations

from typing import Any

from jib import numpy as jnp
from jib.linen._calls import compact
from jib.linen._module import Module
from jib.nn import functional as F, standardize
from jib.typing import Array

__all__ = ["PReLU", "normalize"]

normalize = standardize


class PReLU(Module):
    """A rectifier whose slope for negative inputs is learned (He et al., ICCV 2015).

    Attributes:
        param_dtype: dtype of the parameter `negative_slope`.
        negative_slope_init: its first value.
    """

    param_dtype: Any = jnp.float32
    negative_slope_init: float = 0.01

    @compact
    def __call__(self, inputs: Array) -> Array:
        """The inputs where they are not negative, times the slope elsewhere."""
        first = self.negative_slope_init
        slope = self.param("negative_slope", lambda _: jnp.asarray(first, self.param_dtype))
        return F.prelu(inputs, slope)
