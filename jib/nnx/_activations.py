"""Activations with a parameter; those without are in `jib.nn`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jib import numpy as jnp
from jib.nn import functional as F
from jib.nnx._layers import NOTHING, Layer, promote_dtype as _promote
from jib.nnx._variables import Param
from jib.typing import Array, DTypeLike

__all__ = ["PReLU"]


class PReLU(Layer):
    """A rectifier whose slope for negative inputs is learned (He et al., ICCV 2015).

    Args:
        negative_slope_init: first value of the slope.
        dtype: in which is computed; by default that of the inputs.
        param_dtype: of the slope.
        promote_dtype: a function of a tuple of arrays that gives them one dtype.
        negative_slope_metadata: of the variable.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> nnx.PReLU(0.5)(jnp.array([2.0, -2.0])).tolist()
        [2.0, -1.0]
    """

    def __init__(
        self, negative_slope_init: float = 0.01, *, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, promote_dtype: Callable[..., Any] = _promote,
        negative_slope_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        slope = jnp.asarray(negative_slope_init, param_dtype)
        self.negative_slope = Param(slope, **negative_slope_metadata)
        self.dtype, self.param_dtype, self.promote_dtype = dtype, param_dtype, promote_dtype

    def __call__(self, inputs: Array) -> Array:
        """The inputs where they are not negative, times the slope elsewhere."""
        slope = self.negative_slope[...]
        if self.dtype is not None:
            inputs, slope = self.promote_dtype((inputs, slope), dtype=self.dtype)
        return F.prelu(inputs, slope)
