"""Linear layers and tables of vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from jib import lax, numpy as jnp
from jib.nn import functional as F
from jib.nn.initializers import Initializer
from jib.nnx._layers import NOTHING, Layer, made, promote_dtype as _promote, reshaping, value_of
from jib.nnx._random import Rngs
from jib.nnx._variables import Param
from jib.typing import Array, DTypeLike, Shape

__all__ = ["Einsum", "Embed", "Linear", "LinearGeneral"]


class Linear(Layer):
    """A linear transformation of the last axis: `inputs @ kernel + bias`.

    Args:
        in_features, out_features: how many numbers go in and come out.
        use_bias: whether a bias is added.
        dtype: in which is computed; by default what inputs and parameters promote to.
        param_dtype: of the parameters.
        precision: of the product, see `jib.lax.Precision`.
        kernel_init, bias_init: first values.
        dot_general: what computes the product.
        promote_dtype: a function of a tuple of arrays that gives them one dtype.
        preferred_element_type: dtype of the product.
        rngs: streams of keys, of which `params` is used.
        kernel_metadata, bias_metadata: of the variables.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> layer = nnx.Linear(3, 4, rngs=nnx.Rngs(0))
        >>> layer.kernel.shape, layer(jnp.ones((2, 3))).shape
        ((3, 4), (2, 4))
    """

    def __init__(
        self, in_features: int, out_features: int, *, use_bias: bool = True,
        dtype: DTypeLike | None = None, param_dtype: DTypeLike = jnp.float32,
        precision: Any = None, kernel_init: Initializer = F.default_kernel_init,
        bias_init: Initializer = F.default_bias_init,
        dot_general: Callable[..., Any] = lax.dot_general,
        promote_dtype: Callable[..., Any] = _promote,
        preferred_element_type: DTypeLike | None = None, rngs: Rngs,
        kernel_metadata: Mapping[str, Any] = NOTHING, bias_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        self._keep(locals())
        shape = (in_features, out_features)
        self.kernel: Param[Array] = made(rngs, kernel_init, shape, param_dtype, kernel_metadata)
        self.bias: Param[Array] | None = made(
            rngs, bias_init, shape[1:], param_dtype, bias_metadata, use_bias
        )

    def __call__(self, inputs: Array, out_sharding: Any = None) -> Array:
        """Apply the kernel to the last axis of the inputs."""
        F.check_features(self, inputs, (-1,), (self.in_features,))
        arrays = (inputs, self.kernel[...], value_of(self.bias))
        return F.dense(
            *self.promote_dtype(arrays, dtype=self.dtype), dot_general=self.dot_general,
            precision=self.precision, **F.given(
                preferred_element_type=self.preferred_element_type, out_sharding=out_sharding
            ),
        )  # fmt: skip


class LinearGeneral(Layer):
    """A linear transformation of any axes into any axes.

    Args:
        in_features, out_features: lengths of the contracted axes, and of those that come out.
        axis: what is contracted.
        batch_axis: lengths of leading axes along each place of which the kernel is another.
        dot_general_cls: a class whose instances compute the product.

    The others are those of `Linear`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> layer = nnx.LinearGeneral((3, 7), (4, 5), axis=(1, -1), rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((2, 3, 6, 7))).shape
        (2, 6, 4, 5)
    """

    def __init__(
        self, in_features: int | Sequence[int], out_features: int | Sequence[int], *,
        axis: int | Sequence[int] = -1, batch_axis: Mapping[int, int] = MappingProxyType({}),
        use_bias: bool = True, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, kernel_init: Initializer = F.default_kernel_init,
        bias_init: Initializer = F.default_bias_init, precision: Any = None,
        promote_dtype: Callable[..., Any] = _promote,
        dot_general: Callable[..., Any] | None = None, dot_general_cls: Any = None,
        preferred_element_type: DTypeLike | None = None, rngs: Rngs,
        kernel_metadata: Mapping[str, Any] = NOTHING, bias_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        in_features, out_features = F.as_tuple(in_features), F.as_tuple(out_features)
        axis, batch_axis = F.as_tuple(axis), dict(batch_axis)
        F.check_same_length(self, in_features=in_features, axis=axis)
        F.check_batch_axes(self, tuple(batch_axis))
        self._keep(locals())
        batch, outs = tuple(batch_axis.values()), math.prod(out_features)
        kernel_init = reshaping(kernel_init, (math.prod(batch + in_features), outs))
        shape = (*batch, *in_features, *out_features)
        self.kernel: Param[Array] = made(rngs, kernel_init, shape, param_dtype, kernel_metadata)
        bias_init = reshaping(bias_init, (math.prod(batch) * outs,))
        self.bias: Param[Array] | None = made(
            rngs, bias_init, (*batch, *out_features), param_dtype, bias_metadata, use_bias
        )

    def __call__(self, inputs: Array, out_sharding: Any = None) -> Array:
        """Contract the kernel with the inputs."""
        F.check_features(self, inputs, self.axis, self.in_features)
        arrays = (inputs, self.kernel[...], value_of(self.bias))
        x, kernel, bias = self.promote_dtype(arrays, dtype=self.dtype)
        dot = self.dot_general or lax.dot_general
        return F.dense_general(
            x, kernel, bias, F.sorted_axes(self, self.axis, x.ndim),
            tuple(range(len(self.batch_axis))),
            dot_general=self.dot_general_cls() if self.dot_general_cls else dot,
            precision=self.precision, **F.given(
                preferred_element_type=self.preferred_element_type, out_sharding=out_sharding
            ),
        )  # fmt: skip


class Einsum(Layer):
    """A sum of products of the inputs and a kernel, told by an equation as in `jnp.einsum`.

    Args:
        einsum_str: the equation of two operands with `->`.
        kernel_shape: of the kernel.
        bias_shape: of a bias along the axes that the kernel brings to the result; None is none.
        einsum_op: what sums, in place of `jnp.einsum`.

    The others are those of `Linear`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> layer = nnx.Einsum("nta,hab->nthb", (8, 2, 4), (8, 4), rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((16, 11, 2))).shape
        (16, 11, 8, 4)
    """

    def __init__(
        self, einsum_str: str, kernel_shape: Shape, bias_shape: Shape | None = None, *,
        dtype: DTypeLike | None = None, param_dtype: DTypeLike = jnp.float32,
        precision: Any = None, kernel_init: Initializer = F.default_kernel_init,
        bias_init: Initializer = F.default_bias_init,
        promote_dtype: Callable[..., Any] = _promote,
        einsum_op: Callable[..., Any] = jnp.einsum,
        preferred_element_type: DTypeLike | None = None, rngs: Rngs,
        kernel_metadata: Mapping[str, Any] = NOTHING, bias_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        einsum_str = F.einsum_equation(self, einsum_str)
        kernel_shape = tuple(kernel_shape)
        self._keep(locals())
        self.kernel: Param[Array] = made(
            rngs, kernel_init, kernel_shape, param_dtype, kernel_metadata
        )
        self.bias: Param[Array] | None = made(
            rngs, bias_init, bias_shape or (), param_dtype, bias_metadata, bias_shape is not None
        )

    def __call__(
        self, inputs: Array, einsum_str: str | None = None, out_sharding: Any = None
    ) -> Array:
        """Sum the products of inputs and kernel."""
        equation = F.einsum_equation(self, einsum_str or self.einsum_str)
        arrays = (inputs, self.kernel[...], value_of(self.bias))
        x, kernel, bias = self.promote_dtype(arrays, dtype=self.dtype)
        return F.einsum_layer(
            equation, x, kernel, bias, self.einsum_op,
            precision=self.precision, **F.given(
                preferred_element_type=self.preferred_element_type, out_sharding=out_sharding
            ),
        )  # fmt: skip


class Embed(Layer):
    """A table of vectors, looked up by integers.

    Args:
        num_embeddings: rows of the table.
        features: length of each.
        dtype: of the result; by default the table's.
        param_dtype: of the table.
        embedding_init: first values.
        promote_dtype: a function of a tuple of arrays that gives them one dtype.
        rngs: streams of keys, of which `params` is used.
        embedding_metadata: of the variable.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> nnx.Embed(3, 8, rngs=nnx.Rngs(0))(jnp.array([[0, 2], [1, 1]])).shape
        (2, 2, 8)
    """

    def __init__(
        self, num_embeddings: int, features: int, *, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, embedding_init: Initializer = F.default_embed_init,
        promote_dtype: Callable[..., Any] = _promote, rngs: Rngs,
        embedding_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        self._keep(locals())
        self.embedding: Param[Array] = made(
            rngs, embedding_init, (num_embeddings, features), param_dtype, embedding_metadata
        )
        self.dtype = self.embedding.dtype if dtype is None else dtype

    def __call__(self, inputs: Array, out_sharding: Any = None) -> Array:
        """The rows that integers name; errors as for `jib.nn.functional.embed`."""
        (table,) = self.promote_dtype((self.embedding[...],), dtype=self.dtype, inexact=False)
        out = F.embed(inputs, table, self)
        return out if out_sharding is None else lax.with_sharding_constraint(out, out_sharding)

    def attend(self, query: Array, out_sharding: Any = None) -> Array:
        """The inner products of vectors with each row, as for logits that share the table."""
        arrays = self.promote_dtype((query, self.embedding[...]), dtype=self.dtype)
        return F.attend(*arrays, **F.given(out_sharding=out_sharding))
