"""Linear modules and tables of vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from jib import lax, numpy as jnp
from jib.linen._calls import compact
from jib.linen._module import Module, merge_param
from jib.nn import functional as F
from jib.nn.initializers import Initializer
from jib.typing import Array, DTypeLike, Shape

__all__ = ["Dense", "DenseGeneral", "Einsum", "Embed"]


def injected(given: Callable[..., Any] | None, cls: Any, default: Callable[..., Any]) -> Any:
    """The function that a layer computes with: the given one, one from a class, or the default."""
    return cls() if cls is not None else default if given is None else given


class Dense(Module):
    """A linear transformation of the last axis: `inputs @ kernel + bias`.

    Attributes:
        features: how many numbers come out.
        use_bias: whether a bias is added.
        dtype: in which is computed; by default what inputs and parameters promote to.
        param_dtype: of the parameters.
        precision: of the product, see `jib.lax.Precision`.
        kernel_init, bias_init: first values.
        promote_dtype: a function of (inputs, kernel, bias) that gives them one dtype.
        dot_general, dot_general_cls: what computes the product, in place of `lax.dot_general`; a
            class is called in each call of the module, so that it may hold variables.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> variables = nn.Dense(4).init(jib.random.key(0), jnp.ones((2, 3)))
        >>> jib.tree.map(lambda x: x.shape, variables)
        {'params': {'bias': (4,), 'kernel': (3, 4)}}
    """

    features: int
    use_bias: bool = True
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    precision: Any = None
    kernel_init: Initializer = F.default_kernel_init
    bias_init: Initializer = F.default_bias_init
    promote_dtype: Callable[..., Any] = F.promote_dtype
    dot_general: Callable[..., Any] | None = None
    dot_general_cls: Any = None

    @compact
    def __call__(self, inputs: Array) -> Array:
        """Apply the kernel to the last axis of the inputs."""
        shape = (jnp.shape(inputs)[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape, self.param_dtype)
        bias = None
        if self.use_bias:
            bias = self.param("bias", self.bias_init, (self.features,), self.param_dtype)
        inputs, kernel, bias = self.promote_dtype(inputs, kernel, bias, dtype=self.dtype)
        dot = injected(self.dot_general, self.dot_general_cls, lax.dot_general)
        return F.dense(inputs, kernel, bias, dot_general=dot, precision=self.precision)


class DenseGeneral(Module):
    """A linear transformation of any axes into any axes.

    Attributes:
        features: how many numbers come out, along one new last axis or several.
        axis: what is contracted.
        batch_dims: leading axes along each place of which the kernel is another.

    The others are those of `Dense`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> layer = nn.DenseGeneral((4, 5), axis=(1, -1))
        >>> params = layer.init(jib.random.key(0), jnp.ones((1, 3, 6, 7)))["params"]
        >>> params["kernel"].shape
        (3, 7, 4, 5)
    """

    features: int | Sequence[int]
    axis: int | Sequence[int] = -1
    batch_dims: Sequence[int] = ()
    use_bias: bool = True
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    kernel_init: Initializer = F.default_kernel_init
    bias_init: Initializer = F.default_bias_init
    precision: Any = None
    promote_dtype: Callable[..., Any] = F.promote_dtype
    dot_general: Callable[..., Any] | None = None
    dot_general_cls: Any = None

    @compact
    def __call__(self, inputs: Array) -> Array:
        """Contract the kernel with the inputs."""
        features = F.as_tuple(self.features)
        batch_dims = F.as_tuple(self.batch_dims)
        F.check_batch_axes(self, batch_dims)
        axes = F.sorted_axes(self, self.axis, inputs.ndim)
        batch = tuple(inputs.shape[: len(batch_dims)])
        taken = tuple(inputs.shape[a] for a in axes)
        outs = math.prod(features)
        init = F.flat_init(self.kernel_init, math.prod(batch + taken), outs)
        kernel = self.param("kernel", init, batch + taken + features, self.param_dtype)
        bias = None
        if self.use_bias:
            init = F.flat_init(self.bias_init, None, math.prod(batch) * outs)
            bias = self.param("bias", init, batch + features, self.param_dtype)
        inputs, kernel, bias = self.promote_dtype(inputs, kernel, bias, dtype=self.dtype)
        dot = injected(self.dot_general, self.dot_general_cls, lax.dot_general)
        leading = tuple(range(len(batch)))
        return F.dense_general(
            inputs, kernel, bias, axes, leading, dot_general=dot, precision=self.precision
        )


class Einsum(Module):
    """A sum of products of the inputs and a kernel, told by an equation as in `jnp.einsum`.

    Attributes:
        shape: of the kernel.
        einsum_str: the equation of two operands with `->`; here or at the call.
        use_bias: whether a bias is added along the axes that the kernel brings to the result.
        preferred_element_type: dtype of the result.

    The others are those of `Dense`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> layer = nn.Einsum((5, 6, 7), "abc,cde->abde")
        >>> variables = layer.init(jib.random.key(0), jnp.ones((3, 4, 5)))
        >>> variables["params"]["bias"].shape
        (6, 7)
    """

    shape: Shape
    einsum_str: str | None = None
    use_bias: bool = True
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    precision: Any = None
    kernel_init: Initializer = F.default_kernel_init
    bias_init: Initializer = F.default_bias_init
    promote_dtype: Callable[..., Any] = F.promote_dtype
    preferred_element_type: DTypeLike | None = None

    @compact
    def __call__(self, inputs: Array, einsum_str: str | None = None) -> Array:
        """Sum the products of inputs and kernel."""
        given = merge_param("einsum_str", self.einsum_str, einsum_str)
        equation, shape = F.einsum_equation(self, given), tuple(self.shape)
        kernel = self.param("kernel", self.kernel_init, shape, self.param_dtype)
        bias = None
        if self.use_bias:
            bias_shape = F.einsum_bias_shape(equation, inputs.ndim, shape)[0]
            bias = self.param("bias", self.bias_init, bias_shape, self.param_dtype)
        inputs, kernel, bias = self.promote_dtype(inputs, kernel, bias, dtype=self.dtype)
        return F.einsum_layer(
            equation, inputs, kernel, bias, precision=self.precision,
            preferred_element_type=self.preferred_element_type,
        )  # fmt: skip


class Embed(Module):
    """A table of vectors, looked up by integers.

    Attributes:
        num_embeddings: rows of the table.
        features: length of each.
        dtype: of the result; by default the table's.
        param_dtype: of the table.
        embedding_init: first values.
        promote_dtype: a function of the arrays that gives them one dtype.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> tokens = jnp.array([[0, 2], [1, 1]])
        >>> output, variables = nn.Embed(3, 8).init_with_output(jib.random.key(0), tokens)
        >>> output.shape
        (2, 2, 8)
    """

    num_embeddings: int
    features: int
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    embedding_init: Initializer = F.default_embed_init
    promote_dtype: Callable[..., Any] = F.promote_dtype

    def setup(self) -> None:
        """Make the table."""
        shape = (self.num_embeddings, self.features)
        self.embedding = self.param("embedding", self.embedding_init, shape, self.param_dtype)

    def __call__(self, inputs: Array) -> Array:
        """The rows that integers name; errors as for `jib.nn.functional.embed`."""
        (table,) = self.promote_dtype(self.embedding, dtype=self.dtype, inexact=False)
        return F.embed(inputs, table, self)

    def attend(self, query: Array) -> Array:
        """The inner products of vectors with each row, as for logits that share the table."""
        query, table = self.promote_dtype(query, self.embedding, dtype=self.dtype)
        return F.attend(query, table)
