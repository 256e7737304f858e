"""Functions that look at a whole axis: softmax, logsumexp, standardising, one-hot vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError
from jib.lax._families import constant_like
from jib.lax._shaping import canonical_axis
from jib.numpy._derived import derived
from jib.numpy._promotion import as_operand, broadcast_to_shape, promote_args, promote_inexact
from jib.numpy._shaping import axes_tuple, integer
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = ["log_softmax", "logmeanexp", "logsumexp", "one_hot", "softmax", "standardize"]


def _axes(name: str, x: Any, axis: Any) -> tuple[int, ...]:
    ndim = aval_of(x).ndim
    return tuple(range(ndim)) if axis is None else axes_tuple(name, axis, ndim)


def _keep(x: Any, like: Any, axes: tuple[int, ...]) -> Any:
    """A reduction's result, repeated to the shape that was reduced."""
    shape = aval_of(like).shape
    rest = [i for i in range(len(shape)) if i not in axes]
    return lax.broadcast_in_dim(x, shape, rest)


def _shift(x: Any, axes: tuple[int, ...]) -> Any:
    """The largest element along axes, 0 where it is not finite; nothing flows back through it."""
    top = lax.reduce_max(lax.stop_gradient(x), axes)
    return lax.select(lax.is_finite(top), top, lax.full_like(top, 0))


def _masked(x: Any, where: Any, fill: float) -> Any:
    if where is None:
        return x
    return lax.select(broadcast_to_shape(where, aval_of(x).shape), x, lax.full_like(x, fill))


# ------------------------------------------------------------------------------------ softmax


@derived("axis", numbers=True)
def softmax(
    x: ArrayLike, axis: int | Sequence[int] | None = -1, where: ArrayLike | None = None
) -> Array:
    """Exponentials along axes, divided by their sum.

    Args:
        x: an array.
        axis: the axes along which the result sums to 1.
        where: which elements count; the others give 0.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.nn.softmax(jnp.array([0.0, 0.0])).tolist()
        [0.5, 0.5]
    """
    return _softmax(x, where, _axes("softmax", x, axis), False)


def _softmax(x: Any, where: Any, axes: tuple[int, ...], log: bool) -> Any:
    x = _masked(promote_inexact("softmax", x), where, -np.inf)
    shifted = lax.sub(x, _keep(_shift(x, axes), x, axes))
    powers = lax.exp(shifted)
    total = lax.reduce_sum(powers, axes)
    if log:
        return lax.sub(shifted, _keep(lax.log(total), x, axes))
    return lax.div(powers, _keep(total, x, axes))


@derived("axis", numbers=True)
def log_softmax(
    x: ArrayLike, axis: int | Sequence[int] | None = -1, where: ArrayLike | None = None
) -> Array:
    """The logarithm of `softmax`, without loss; minus infinity where an element does not count."""
    return _softmax(x, where, _axes("log_softmax", x, axis), True)


# ---------------------------------------------------------------------------------- logsumexp


def logsumexp(
    a: ArrayLike, axis: int | Sequence[int] | None = None, b: ArrayLike | None = None,
    keepdims: bool = False, return_sign: bool = False, where: ArrayLike | None = None,
) -> Any:  # fmt: skip
    """The logarithm of a sum of exponentials along axes, without overflow.

    Args:
        a: an array.
        axis: the axes; None for all.
        b: factors of the exponentials, which broadcast.
        keepdims: whether the axes stay, with length 1.
        return_sign: whether to return the logarithm of the absolute sum, and its sign.
        where: which elements count.

    Returns:
        The logarithms; with `return_sign` a pair of them and signs. NaN for a negative sum
        otherwise.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> round(float(jib.nn.logsumexp(jnp.array([1000.0, 1000.0]))), 2)
        1000.69
    """
    a = as_operand("logsumexp", a)
    if b is not None:
        a, b = promote_args("logsumexp", a, b)
        a = jnp.broadcast_to(a, lax.broadcast_shapes(aval_of(a).shape, aval_of(b).shape))
    axes = _axes("logsumexp", a, axis)
    out, sign = _logsumexp(a, b, where, axes, bool(keepdims), bool(return_sign))
    return (out, sign) if return_sign else out


@compiled(static=("axes", "keepdims", "return_sign"))
def _logsumexp(
    a: Any, b: Any, where: Any, axes: tuple[int, ...], keepdims: bool, return_sign: bool
) -> tuple[Any, Any]:
    a = promote_inexact("logsumexp", a)
    shape, dtype = aval_of(a).shape, aval_of(a).dtype
    if b is not None:
        b = lax.convert_element_type(b, dtype)
        # A factor of 0 takes its element out, even an infinite one.
        a = lax.select(lax.eq(b, constant_like(b, 0)), lax.full_like(a, -np.inf), a)
    a = _masked(a, where, -np.inf)
    real = lax.real(a) if dtype.kind == "c" else a
    top = _shift(real, axes)
    shifted = lax.sub(a, lax.convert_element_type(_keep(top, a, axes), dtype))
    powers = lax.exp(shifted)
    total = lax.reduce_sum(powers if b is None else lax.mul(powers, b), axes)
    sign = lax.sign(total)
    if return_sign:
        total = lax.abs(total)
    out = lax.add(lax.log(total), lax.convert_element_type(top, aval_of(total).dtype))
    if keepdims:
        kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
        out, sign = lax.reshape(out, kept), lax.reshape(sign, kept)
    return out, sign


def logmeanexp(
    x: ArrayLike, axis: int | Sequence[int] | None = None, where: ArrayLike | None = None,
    keepdims: bool = False,
) -> Array:  # fmt: skip
    """The logarithm of a mean of exponentials along axes."""
    total = logsumexp(x, axis=axis, where=where, keepdims=keepdims)
    ones = jnp.ones(aval_of(as_operand("logmeanexp", x)).shape, aval_of(total).dtype)
    return total - jnp.log(jnp.sum(ones, axis=axis, where=where, keepdims=keepdims))


# -------------------------------------------------------------------------------- standardising


@derived("axis", "algorithm", numbers=True)
def standardize(
    x: ArrayLike, axis: int | Sequence[int] | None = -1, mean: ArrayLike | None = None,
    variance: ArrayLike | None = None, epsilon: ArrayLike = 1e-5, where: ArrayLike | None = None, *,
    algorithm: str = "fast",
) -> Array:  # fmt: skip
    """With the mean subtracted and divided by the standard deviation, along axes.

    Args:
        x: an array.
        axis: the axes.
        mean, variance: in place of those of `x`.
        epsilon: what is added to the variance.
        where: which elements mean and variance are taken of.
        algorithm: "fast" takes the variance as mean square less squared mean; "stable" the mean
            square of the differences from the mean.

    Raises:
        ArgumentValueError: for another algorithm.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.nn.standardize(jnp.array([1.0, 3.0]), epsilon=0.0).tolist()
        [-1.0, 1.0]
    """
    ArgumentValueError.check("standardize", "algorithm", algorithm, ("fast", "stable"))
    x, axes = promote_inexact("standardize", x), _axes("standardize", x, axis)
    if mean is None:
        mean = jnp.mean(x, axes, keepdims=True, where=where)
    if variance is None and algorithm == "fast":
        squares = jnp.mean(lax.square(x), axes, keepdims=True, where=where)
        variance = squares - jnp.square(mean)
    elif variance is None:
        variance = jnp.var(x, axes, keepdims=True, where=where, mean=mean)
    return jnp.multiply(jnp.subtract(x, mean), lax.rsqrt(jnp.add(variance, epsilon)))


def one_hot(
    x: ArrayLike, num_classes: int, *, dtype: DTypeLike | None = None, axis: int = -1
) -> Array:
    """1 at the place that a number names along a new axis, 0 elsewhere; all 0 outside the range.

    Args:
        x: numbers of classes.
        num_classes: length of the new axis.
        dtype: dtype of the result, floating by default.
        axis: where the new axis stands.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.nn.one_hot(jnp.array([1, 0]), 3).tolist()
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    x = jnp.asarray(x)
    found = dtypes.default_float_dtype() if dtype is None else dtypes.parse(dtype)
    place = canonical_axis("one_hot", integer("one_hot", axis), aval_of(x).ndim + 1)
    return _one_hot(x, integer("one_hot", num_classes), found, place)


@compiled(static=("count", "dtype", "axis"))
def _one_hot(x: Any, count: int, dtype: Any, axis: int) -> Any:
    shape = aval_of(x).shape
    full = (*shape[:axis], count, *shape[axis:])
    spread = lax.broadcast_in_dim(x, full, [i for i in range(len(full)) if i != axis])
    classes = lax.broadcasted_iota(aval_of(x).dtype, full, axis)
    return lax.convert_element_type(lax.eq(spread, classes), dtype)
