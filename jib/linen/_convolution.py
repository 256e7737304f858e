"""Convolutional modules, features last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jib import lax, numpy as jnp
from jib.linen._calls import compact
from jib.linen._linear import injected
from jib.linen._module import Module
from jib.nn import functional as F
from jib.nn.initializers import Initializer
from jib.typing import Array, DTypeLike

__all__ = ["Conv", "ConvLocal", "ConvTranspose"]


class Conv(Module):
    """A convolution: one kernel is laid on all places of the inputs.

    Attributes:
        features: how many numbers come out at each place.
        kernel_size: length of the kernel along each spatial axis; one number is for one axis.
        strides: steps between windows; one number is for all axes.
        padding: `"SAME"`, `"VALID"`, `"CIRCULAR"`, `"REFLECT"`, `"CAUSAL"` (one axis only), a
            number, or for each axis a number or a pair (low, high).
        input_dilation, kernel_dilation: distances of neighbouring elements.
        feature_group_count: in how many groups features fall that meet only their part of the
            kernel.
        use_bias: whether a bias is added.
        mask: factors of the kernel, of its shape.
        dtype: in which is computed; by default what inputs and parameters promote to.
        param_dtype: of the parameters.
        precision: of the products, see `jib.lax.Precision`.
        kernel_init, bias_init: first values.
        promote_dtype: a function of (inputs, kernel, bias) that gives them one dtype.
        conv_general_dilated, conv_general_dilated_cls: what convolves, in place of
            `lax.conv_general_dilated`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> images, layer = jnp.ones((2, 8, 8, 3)), nn.Conv(4, (3, 3), strides=2)
        >>> output, variables = layer.init_with_output(jib.random.key(0), images)
        >>> output.shape, variables["params"]["kernel"].shape
        ((2, 4, 4, 4), (3, 3, 3, 4))
    """

    features: int
    kernel_size: int | Sequence[int]
    strides: int | Sequence[int] | None = 1
    padding: Any = "SAME"
    input_dilation: int | Sequence[int] | None = 1
    kernel_dilation: int | Sequence[int] | None = 1
    feature_group_count: int = 1
    use_bias: bool = True
    mask: Array | None = None
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    precision: Any = None
    kernel_init: Initializer = F.default_kernel_init
    bias_init: Initializer = F.default_bias_init
    promote_dtype: Callable[..., Any] = F.promote_dtype
    conv_general_dilated: Callable[..., Any] | None = None
    conv_general_dilated_cls: Any = None

    @property
    def shared_weights(self) -> bool:
        """Whether all places share one kernel."""
        return True

    @compact
    def __call__(self, inputs: Array) -> Array:
        """Convolve inputs of any number of batch axes, spatial axes, features."""
        windows = F.windows_of(
            self, self.kernel_size, self.strides, self.padding, self.input_dilation,
            self.kernel_dilation,
        )  # fmt: skip
        groups = self.feature_group_count
        if self.shared_weights:
            taken = F.features_in_group(self, inputs.shape[-1], groups)
            shape, bias_shape = (*windows.sizes, taken, self.features), (self.features,)
        else:
            F.check_one_group(self, groups)
            shape, bias_shape = F.local_shape(self, inputs, self.features, windows)
        mask = F.checked_mask(self, self.mask, shape)
        kernel = self.param("kernel", self.kernel_init, shape, self.param_dtype)
        kernel = kernel if mask is None else kernel * mask
        bias = None
        if self.use_bias:
            bias = self.param("bias", self.bias_init, bias_shape, self.param_dtype)
        inputs, kernel, bias = self.promote_dtype(inputs, kernel, bias, dtype=self.dtype)
        options = {"precision": self.precision, "layer": self}
        if not self.shared_weights:
            return F.convolve_local(inputs, kernel, bias, windows, **options)
        conv = injected(
            self.conv_general_dilated, self.conv_general_dilated_cls, lax.conv_general_dilated
        )
        return F.convolve(inputs, kernel, bias, windows, groups=groups, conv=conv, **options)


class ConvLocal(Conv):
    """A convolution with a kernel of its own at each place; attributes are those of `Conv`."""

    @property
    def shared_weights(self) -> bool:
        """Whether all places share one kernel."""
        return False


class ConvTranspose(Module):
    """The convolution that spreads each element of the inputs with a kernel, `strides` apart.

    Attributes:
        transpose_kernel: whether the kernel is turned round, with its last two axes swapped; then
            it is the transpose of the `Conv` with that kernel.
        preferred_element_type: dtype of the result.

    The others are those of `Conv`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> layer = nn.ConvTranspose(4, (2, 2), strides=(2, 2))
        >>> layer.init_with_output(jib.random.key(0), jnp.ones((1, 5, 5, 3)))[0].shape
        (1, 10, 10, 4)
    """

    features: int
    kernel_size: int | Sequence[int]
    strides: int | Sequence[int] | None = None
    padding: Any = "SAME"
    kernel_dilation: int | Sequence[int] | None = None
    use_bias: bool = True
    mask: Array | None = None
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    precision: Any = None
    kernel_init: Initializer = F.default_kernel_init
    bias_init: Initializer = F.default_bias_init
    transpose_kernel: bool = False
    promote_dtype: Callable[..., Any] = F.promote_dtype
    preferred_element_type: DTypeLike | None = None

    @compact
    def __call__(self, inputs: Array) -> Array:
        """Spread inputs of any number of batch axes, spatial axes, features."""
        windows = F.windows_of(
            self, self.kernel_size, self.strides, self.padding, 1, self.kernel_dilation
        )
        ends = (inputs.shape[-1], self.features)
        shape = (*windows.sizes, *(ends[::-1] if self.transpose_kernel else ends))
        mask = F.checked_mask(self, self.mask, shape)
        kernel = self.param("kernel", self.kernel_init, shape, self.param_dtype)
        kernel = kernel if mask is None else kernel * mask
        bias = None
        if self.use_bias:
            bias = self.param("bias", self.bias_init, (self.features,), self.param_dtype)
        inputs, kernel, bias = self.promote_dtype(inputs, kernel, bias, dtype=self.dtype)
        return F.convolve_transposed(
            inputs, kernel, bias, windows, transpose_kernel=self.transpose_kernel, layer=self,
            precision=self.precision, preferred_element_type=self.preferred_element_type,
        )  # fmt: skip
