"""Pooling: one number for each window of an array, features last."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from jib import lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ShapeError
from jib.lax._window_shapes import numbers_for
from jib.nn.functional._convolving import canonicalize_padding
from jib.typing import Array

__all__ = ["avg_pool", "max_pool", "min_pool", "pool"]

Padding = str | Sequence[tuple[int, int]]


def pool(
    inputs: Array, init: Any, reduce_fn: Callable[[Any, Any], Any], window_shape: Sequence[int],
    strides: Sequence[int] | None, padding: Padding,
) -> Array:  # fmt: skip
    """Reduce each window of an array to one number, for each feature by itself.

    Args:
        inputs: any number of batch axes, those of the window, features.
        init: where the reduction starts.
        reduce_fn: a function of two numbers.
        window_shape: lengths of the window.
        strides: steps between windows, by default 1.
        padding: `"SAME"`, `"VALID"`, or (low, high) for each axis of the window.

    Raises:
        ShapeError: if the array has too few axes, or there are not as many strides or pads as
            axes of the window.
        ArgumentValueError: if a stride is less than 1, or there is no such padding.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> from jib.nn import functional
        >>> x = jnp.array([1.0, 2.0, 4.0]).reshape(1, 3, 1)
        >>> functional.pool(x, 0.0, lax.add, (2,), None, "VALID").tolist()
        [[[3.0], [6.0]]]
    """
    window = tuple(window_shape)
    batch = inputs.ndim - len(window) - 1
    if batch < 0:
        raise ShapeError(
            f"`pool` with a window of shape {window} needs {len(window)} axes and features, but "
            f"got {aval_of(inputs)}",
            help=f"window_shape={window[: max(inputs.ndim - 1, 1)]}",
        )
    steps = numbers_for("pool", "strides", strides or None, len(window))
    pads = canonicalize_padding(padding, len(window), "pool")
    ones = (1,) * batch
    if not isinstance(pads, str):
        pads = ((0, 0),) * batch + pads + ((0, 0),)
    return lax.reduce_window(inputs, init, reduce_fn, (*ones, *window, 1), (*ones, *steps, 1), pads)


def avg_pool(
    inputs: Array, window_shape: Sequence[int], strides: Sequence[int] | None = None,
    padding: Padding = "VALID", count_include_pad: bool = True,
) -> Array:  # fmt: skip
    """The average of each window.

    Args:
        inputs, window_shape, strides, padding: as for `pool`.
        count_include_pad: whether the zeros of the padding count.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional
        >>> functional.avg_pool(jnp.ones((1, 3, 1)), (2,), padding="SAME").tolist()
        [[[1.0], [1.0], [0.5]]]
    """
    total = pool(inputs, 0.0, lax.add, window_shape, strides, padding)
    if count_include_pad:
        return total / math.prod(window_shape)
    batch = inputs.ndim - len(window_shape) - 1
    ones = jnp.ones((*(1,) * batch, *inputs.shape[batch:-1], 1), total.dtype)
    return total / pool(ones, 0.0, lax.add, window_shape, strides, padding)


def _farthest(x: Array, sign: int) -> Any:
    """What an extreme starts from: infinity, or the last integer."""
    if jnp.issubdtype(x.dtype, jnp.integer):
        return jnp.iinfo(x.dtype).max if sign > 0 else jnp.iinfo(x.dtype).min
    return sign * math.inf


def max_pool(
    inputs: Array, window_shape: Sequence[int], strides: Sequence[int] | None = None,
    padding: Padding = "VALID",
) -> Array:  # fmt: skip
    """The largest element of each window; arguments as for `pool`."""
    return pool(inputs, _farthest(inputs, -1), lax.max, window_shape, strides, padding)


def min_pool(
    inputs: Array, window_shape: Sequence[int], strides: Sequence[int] | None = None,
    padding: Padding = "VALID",
) -> Array:  # fmt: skip
    """The smallest element of each window; arguments as for `pool`."""
    return pool(inputs, _farthest(inputs, 1), lax.min, window_shape, strides, padding)
