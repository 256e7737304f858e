"""Convolutional layers, features last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jib import lax, numpy as jnp
from jib.nn import functional as F
from jib.nn.initializers import Initializer
from jib.nnx._layers import NOTHING, Layer, made, promote_dtype as _promote, value_of
from jib.nnx._random import Rngs
from jib.nnx._variables import Param
from jib.typing import Array, DTypeLike

__all__ = ["Conv", "ConvTranspose"]

_Numbers = int | Sequence[int] | None


def _arrays(layer: Any, inputs: Array) -> Any:
    """Inputs, kernel (masked) and bias in one dtype."""
    F.check_features(layer, inputs, (-1,), (layer.in_features,))
    mask = F.checked_mask(layer, layer.mask, layer.kernel_shape)
    kernel = layer.kernel[...] if mask is None else layer.kernel[...] * mask
    return layer.promote_dtype((inputs, kernel, value_of(layer.bias)), dtype=layer.dtype)


class Conv(Layer):
    """A convolution: one kernel is laid on all places of the inputs.

    Args:
        in_features, out_features: how many numbers go in and come out at each place.
        kernel_size: length of the kernel along each spatial axis; one number is for one axis.
        strides: steps between windows; one number is for all axes.
        padding: `"SAME"`, `"VALID"`, `"CIRCULAR"`, `"REFLECT"`, `"CAUSAL"` (one axis only), a
            number, or for each axis a number or a pair (low, high).
        input_dilation, kernel_dilation: distances of neighbouring elements.
        feature_group_count: in how many groups features fall that meet only their part of the
            kernel.
        mask: factors of the kernel, of its shape.
        conv_general_dilated: what convolves.

    The others are those of `Linear`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> layer = nnx.Conv(3, 4, (3, 3), strides=2, rngs=nnx.Rngs(0))
        >>> layer.kernel.shape, layer(jnp.ones((2, 8, 8, 3))).shape
        ((3, 3, 3, 4), (2, 4, 4, 4))
    """

    def __init__(
        self, in_features: int, out_features: int, kernel_size: int | Sequence[int],
        strides: _Numbers = 1, *, padding: Any = "SAME", input_dilation: _Numbers = 1,
        kernel_dilation: _Numbers = 1, feature_group_count: int = 1, use_bias: bool = True,
        mask: Array | None = None, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, precision: Any = None,
        kernel_init: Initializer = F.default_kernel_init,
        bias_init: Initializer = F.default_bias_init,
        conv_general_dilated: Callable[..., Any] = lax.conv_general_dilated,
        promote_dtype: Callable[..., Any] = _promote,
        preferred_element_type: DTypeLike | None = None, rngs: Rngs,
        kernel_metadata: Mapping[str, Any] = NOTHING, bias_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        kernel_size = F.as_tuple(kernel_size)
        self._keep(locals())
        taken = F.features_in_group(self, in_features, feature_group_count)
        shape = self.kernel_shape = (*kernel_size, taken, out_features)
        self.kernel: Param[Array] = made(rngs, kernel_init, shape, param_dtype, kernel_metadata)
        self.bias: Param[Array] | None = made(
            rngs, bias_init, shape[-1:], param_dtype, bias_metadata, use_bias
        )

    def __call__(self, inputs: Array, out_sharding: Any = None) -> Array:
        """Convolve inputs of any number of batch axes, spatial axes, features."""
        windows = F.windows_of(
            self, self.kernel_size, self.strides, self.padding, self.input_dilation,
            self.kernel_dilation,
        )  # fmt: skip
        x, kernel, bias = _arrays(self, inputs)
        return F.convolve(
            x, kernel, bias, windows, groups=self.feature_group_count, layer=self,
            conv=self.conv_general_dilated, precision=self.precision, **F.given(
                preferred_element_type=self.preferred_element_type, out_sharding=out_sharding
            ),
        )  # fmt: skip


class ConvTranspose(Layer):
    """The convolution that spreads each element of the inputs with a kernel, `strides` apart.

    Args:
        transpose_kernel: whether the kernel is turned round, with its last two axes swapped; then
            it is the transpose of the `Conv` with that kernel.

    The others are those of `Conv`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> layer = nnx.ConvTranspose(3, 4, (2, 2), strides=(2, 2), rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((1, 5, 5, 3))).shape
        (1, 10, 10, 4)
    """

    def __init__(
        self, in_features: int, out_features: int, kernel_size: int | Sequence[int],
        strides: _Numbers = None, *, padding: Any = "SAME", kernel_dilation: _Numbers = None,
        use_bias: bool = True, mask: Array | None = None, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, precision: Any = None,
        kernel_init: Initializer = F.default_kernel_init,
        bias_init: Initializer = F.default_bias_init, transpose_kernel: bool = False,
        promote_dtype: Callable[..., Any] = _promote,
        preferred_element_type: DTypeLike | None = None, rngs: Rngs,
        kernel_metadata: Mapping[str, Any] = NOTHING, bias_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        kernel_size = F.as_tuple(kernel_size)
        self._keep(locals())
        ends = (in_features, out_features)
        shape = self.kernel_shape = (*kernel_size, *(ends[::-1] if transpose_kernel else ends))
        self.kernel: Param[Array] = made(rngs, kernel_init, shape, param_dtype, kernel_metadata)
        self.bias: Param[Array] | None = made(
            rngs, bias_init, (out_features,), param_dtype, bias_metadata, use_bias
        )

    def __call__(self, inputs: Array) -> Array:
        """Spread inputs of any number of batch axes, spatial axes, features."""
        windows = F.windows_of(
            self, self.kernel_size, self.strides, self.padding, 1, self.kernel_dilation
        )
        x, kernel, bias = _arrays(self, inputs)
        return F.convolve_transposed(
            x, kernel, bias, windows, transpose_kernel=self.transpose_kernel, layer=self,
            precision=self.precision, preferred_element_type=self.preferred_element_type,
        )  # fmt: skip
