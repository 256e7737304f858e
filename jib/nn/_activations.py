"""Activation functions, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.lax._families import constant_like
from jib.lax._shaping import canonical_axis
from jib.numpy._promotion import as_operand, promote_inexact
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = [
    "celu", "elu", "gelu", "glu", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "identity", "leaky_relu", "log1mexp", "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid",
    "silu", "soft_sign", "softplus", "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh",
]  # fmt: skip

# Klambauer et al., "Self-normalizing neural networks", 2017.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


@compiled
def identity(x: ArrayLike) -> Array:
    """The input itself."""
    return as_operand("identity", x) if hasattr(x, "aval") else jnp.asarray(x)


@compiled
def relu(x: ArrayLike) -> Array:
    """`max(x, 0)`; its derivative at 0 is 0.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.nn.relu(jnp.array([-1.0, 0.0, 2.0])).tolist()
        [0.0, 0.0, 2.0]
    """
    zero = constant_like(x, 0)
    return lax.select(lax.le(x, zero), zero, x)


@compiled
def relu6(x: ArrayLike) -> Array:
    """`min(max(x, 0), 6)`; its derivative at 0 and 6 is 0."""
    return _clipped_line(x, 0, 6)


def _clipped_line(x: Any, low: float, high: float) -> Any:
    low_x, high_x = constant_like(x, low), constant_like(x, high)
    inner = lax.select(lax.ge(x, high_x), high_x, x)
    return lax.select(lax.le(x, low_x), low_x, inner)


@compiled
def hard_tanh(x: ArrayLike) -> Array:
    """`x` between -1 and 1, and these outside."""
    return _clipped_line(x, -1, 1)


@compiled
def hard_sigmoid(x: ArrayLike) -> Array:
    """A piecewise linear sigmoid: `relu6(x + 3) / 6`."""
    x = promote_inexact("hard_sigmoid", x)
    return lax.div(_clipped_line(lax.add(x, constant_like(x, 3)), 0, 6), constant_like(x, 6))


@compiled
def hard_silu(x: ArrayLike) -> Array:
    """`x * hard_sigmoid(x)`."""
    x = promote_inexact("hard_silu", x)
    return lax.mul(x, hard_sigmoid(x))


hard_swish = hard_silu


@compiled
def sigmoid(x: ArrayLike) -> Array:
    """`1 / (1 + exp(-x))`.

    Example:
        >>> import jib
        >>> float(jib.nn.sigmoid(0.0))
        0.5
    """
    return lax.logistic(promote_inexact("sigmoid", x))


@compiled
def softplus(x: ArrayLike) -> Array:
    """`log(1 + exp(x))`, a smooth `relu`.

    Example:
        >>> import jib
        >>> round(float(jib.nn.softplus(0.0)), 4)
        0.6931
    """
    return jnp.logaddexp(x, 0.0)


@compiled
def sparse_plus(x: ArrayLike) -> Array:
    """0 up to -1, `x` from 1 on, and the parabola `(x + 1)**2 / 4` between."""
    x = promote_inexact("sparse_plus", x)
    one = constant_like(x, 1)
    curve = lax.div(lax.square(lax.add(x, one)), constant_like(x, 4))
    inner = lax.select(lax.ge(x, one), x, curve)
    return lax.select(lax.le(x, lax.neg(one)), constant_like(x, 0), inner)


@compiled
def sparse_sigmoid(x: ArrayLike) -> Array:
    """0 up to -1, 1 from 1 on, and a straight line between."""
    x = promote_inexact("sparse_sigmoid", x)
    line = _clipped_line(x, -1, 1)
    return lax.mul(constant_like(x, 0.5), lax.add(line, constant_like(x, 1)))


@compiled
def soft_sign(x: ArrayLike) -> Array:
    """`x / (1 + |x|)`."""
    x = promote_inexact("soft_sign", x)
    return lax.div(x, lax.add(lax.abs(x), constant_like(x, 1)))


@compiled
def silu(x: ArrayLike) -> Array:
    """`x * sigmoid(x)`, also known as swish.

    Source: Hendrycks, Gimpel, "Gaussian error linear units", 2016.
    """
    x = promote_inexact("silu", x)
    return lax.mul(x, lax.logistic(x))


swish = silu


@compiled
def mish(x: ArrayLike) -> Array:
    """`x * tanh(softplus(x))`.

    Source: Misra, "Mish: a self regularized non-monotonic activation function", 2019.
    """
    x = promote_inexact("mish", x)
    return lax.mul(x, lax.tanh(softplus(x)))


@compiled
def log_sigmoid(x: ArrayLike) -> Array:
    """The logarithm of `sigmoid(x)`, without loss for large `-x`."""
    return lax.neg(softplus(lax.neg(promote_inexact("log_sigmoid", x))))


@compiled
def tanh(x: ArrayLike, /) -> Array:
    """The hyperbolic tangent."""
    return lax.tanh(promote_inexact("tanh", x))


@compiled
def elu(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    """`x` above 0, else `alpha * (exp(x) - 1)`.

    Source: Clevert et al., "Fast and accurate deep network learning by exponential linear units",
    2015.
    """
    x = promote_inexact("elu", x)
    zero = constant_like(x, 0)
    positive = lax.gt(x, zero)
    safe = lax.select(positive, zero, x)
    return jnp.where(positive, x, jnp.multiply(alpha, lax.expm1(safe)))


@compiled
def celu(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    """`x` above 0, else `alpha * (exp(x / alpha) - 1)`, with a continuous derivative.

    Source: Barron, "Continuously differentiable exponential linear units", 2017.
    """
    x = promote_inexact("celu", x)
    scaled = jnp.divide(lax.min(x, constant_like(x, 0)), alpha)
    return jnp.maximum(x, 0.0) + jnp.multiply(alpha, lax.expm1(scaled))


@compiled
def selu(x: ArrayLike) -> Array:
    """`elu` scaled so that mean 0 and variance 1 are kept through layers."""
    x = promote_inexact("selu", x)
    return lax.mul(constant_like(x, _SELU_SCALE), elu(x, constant_like(x, _SELU_ALPHA)))


@compiled
def leaky_relu(x: ArrayLike, negative_slope: ArrayLike = 0.01) -> Array:
    """`x` from 0 on, else `negative_slope * x`."""
    x = promote_inexact("leaky_relu", x)
    return jnp.where(lax.ge(x, constant_like(x, 0)), x, jnp.multiply(negative_slope, x))


@compiled(static=("approximate",))
def gelu(x: ArrayLike, approximate: bool = True) -> Array:
    """`x` times the probability that a standard normal number is less than `x`.

    Args:
        x: an array.
        approximate: whether to take a formula with `tanh`, which is quicker, for the probability.

    Source: Hendrycks, Gimpel, "Gaussian error linear units", 2016.
    """
    x = promote_inexact("gelu", x)
    half, one = constant_like(x, 0.5), constant_like(x, 1)
    if approximate:
        cubic = lax.mul(constant_like(x, 0.044715), lax.integer_pow(x, 3))
        inner = lax.mul(constant_like(x, np.sqrt(2 / np.pi)), lax.add(x, cubic))
        return lax.mul(x, lax.mul(half, lax.add(one, lax.tanh(inner))))
    root = constant_like(x, np.sqrt(0.5))
    return lax.mul(lax.mul(half, x), lax.erfc(lax.mul(lax.neg(x), root)))


def glu(x: ArrayLike, axis: int = -1) -> Array:
    """Half of the array along an axis times the sigmoid of the other half.

    Raises:
        ShapeError: if the length of the axis is odd.

    Source: Dauphin et al., "Language modeling with gated convolutional networks", 2016.
    """
    x = as_operand("glu", x)
    return _glu(x, canonical_axis("glu", axis, aval_of(x).ndim))


@compiled(static=("axis",))
def _glu(x: Any, axis: int) -> Any:
    first, second = jnp.split(x, 2, axis)
    return lax.mul(first, sigmoid(second))


@compiled
def squareplus(x: ArrayLike, b: ArrayLike = 4) -> Array:
    """`(x + sqrt(x**2 + b)) / 2`, a smooth `relu`.

    Source: Barron, "Squareplus: a softplus-like algebraic rectifier", 2021.
    """
    x = promote_inexact("squareplus", x)
    return jnp.multiply(jnp.add(x, jnp.sqrt(jnp.add(lax.square(x), b))), constant_like(x, 0.5))


@compiled
def log1mexp(x: ArrayLike) -> Array:
    """`log(1 - exp(-x))` for positive `x`, without loss at either end.

    Source: Mächler, "Accurately computing log(1 - exp(-|a|))", 2012.
    """
    x = promote_inexact("log1mexp", x)
    threshold = constant_like(x, np.log(2))
    small = lax.lt(x, threshold)
    near = lax.log(lax.neg(lax.expm1(lax.neg(lax.select(small, x, threshold)))))
    far = lax.log1p(lax.neg(lax.exp(lax.neg(lax.select(small, threshold, x)))))
    return lax.select(small, near, far)
