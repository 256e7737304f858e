"""Numbers that stay safe: norms with a gradient at zero, counters that do not overflow."""

from __future__ import annotations

from typing import Any

import jib.numpy as jnp
from jib.errors import DTypeError
from jib.optim._trees import abs_sq
from jib.typing import Array, ArrayLike

__all__ = [
    "safe_increment", "safe_int32_increment", "safe_norm", "safe_root_mean_squares",
]  # fmt: skip


def safe_norm(
    x: ArrayLike, min_norm: ArrayLike, ord: int | float | str | None = None,
    axis: int | tuple[int, ...] | None = None, keepdims: bool = False,
) -> Array:  # fmt: skip
    """`max(norm(x), min_norm)` with a gradient that is finite at `x == 0`.

    Args:
      x: array of floats.
      min_norm: number that the result is at least.
      ord, axis, keepdims: as in `jib.numpy.linalg.norm`.

    Example:
        >>> import jib
        >>> from jib import optim
        >>> jib.grad(lambda x: optim.safe_norm(x, 1e-6))(jib.numpy.zeros(2)).tolist()
        [0.0, 0.0]
    """
    x = jnp.asarray(x)
    norm = jnp.linalg.norm(x, ord=ord, axis=axis, keepdims=True)
    floor = jnp.asarray(min_norm).astype(norm.dtype)
    small = norm <= floor
    # The norm is taken of ones where it would be too small: sqrt has no derivative at zero.
    lifted = jnp.where(small, jnp.ones_like(x), x)
    if not keepdims:
        small = jnp.squeeze(small, axis=axis)
    masked = jnp.linalg.norm(lifted, ord=ord, axis=axis, keepdims=keepdims)
    return jnp.where(small, floor, masked)


def safe_root_mean_squares(x: ArrayLike, min_rms: ArrayLike) -> Array:
    """`max(sqrt(mean(|x|²)), min_rms)` with a gradient that is finite at `x == 0`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> float(optim.safe_root_mean_squares(jnp.asarray([3.0, 3.0]), 1e-3))
        3.0
    """
    x = jnp.asarray(x)
    square = jnp.mean(abs_sq(x))
    floor = jnp.asarray(min_rms).astype(square.dtype)
    small = jnp.sqrt(square) <= floor
    lifted = jnp.where(small, jnp.ones_like(x), x)
    return jnp.where(small, floor, jnp.sqrt(jnp.mean(abs_sq(lifted))))


def safe_increment(count: ArrayLike) -> Array:
    """`count + 1`, or `count` where it is the greatest number of its dtype already.

    Raises:
      DTypeError: `count` is neither an integer nor a real number.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> int(optim.safe_increment(jnp.int32(2**31 - 1)))
        2147483647
    """
    count = jnp.asarray(count)
    if jnp.issubdtype(count.dtype, jnp.integer):
        greatest: Any = jnp.iinfo(count.dtype).max
    elif jnp.issubdtype(count.dtype, jnp.floating):
        greatest = jnp.finfo(count.dtype).max
    else:
        raise DTypeError(
            f"a count is an integer or a real number, and this one is {count.dtype}",
            help="start it with jnp.zeros((), jnp.int32)",
        )
    return jnp.where(count < greatest, count + 1, count)


safe_int32_increment = safe_increment
