"""What the losses share: checks of their arguments, and products in which zero wins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import jib.numpy as jnp
from jib.errors import DTypeError, ShapeError
from jib.typing import Array, ArrayLike

__all__ = ["Axis", "Where", "broadcasting_shapes", "equal_shapes", "floating", "weighted"]

Axis: TypeAlias = int | Sequence[int] | None
Where: TypeAlias = ArrayLike | None


def floating(loss: str, **arrays: Any) -> list[Array]:
    """The arguments as arrays of floating dtype, or J202 in the name of the loss."""
    taken = {name: jnp.asarray(value) for name, value in arrays.items()}
    for name, array in taken.items():
        if not jnp.issubdtype(array.dtype, jnp.floating):
            raise DTypeError(
                f"`{loss}` takes floating-point `{name}`, not {array.dtype}",
                help=f"{name}.astype(jib.numpy.float32)",
            )
    return list(taken.values())


def equal_shapes(loss: str, **arrays: Any) -> None:
    """J201 in the name of the loss unless the two arrays have one shape."""
    (first, x), (second, y) = arrays.items()
    if jnp.shape(x) != jnp.shape(y):
        raise ShapeError(
            f"`{loss}` takes `{first}` and `{second}` of one shape, "
            f"not {jnp.shape(x)} and {jnp.shape(y)}",
            help=f"broadcast on purpose   {second} = jib.numpy.broadcast_to({second}, "
            f"{first}.shape)",
        )


def broadcasting_shapes(loss: str, **arrays: Any) -> None:
    """J201 in the name of the loss unless two arrays broadcast as they can be meant to.

    `(n, 1)` against `(n,)` is a forgotten axis: it would give n losses for each example.
    """
    (first, x), (second, y) = arrays.items()
    one, other = jnp.shape(x), jnp.shape(y)
    if one == other:
        return
    fits = all(m == n or 1 in (m, n) for m, n in zip(one[::-1], other[::-1], strict=False))
    longer, column = (one, first) if len(one) > len(other) else (other, second)
    forgotten = longer == (*(other if column == first else one), 1) and longer[-2:] > (1, 1)
    if forgotten or not fits:
        raise ShapeError(
            f"`{loss}` got `{first}` of shape {one} and `{second}` of shape {other}",
            help=f"{column}.squeeze(-1)"
            if forgotten
            else f"give `{first}` and `{second}` one shape",
        )


def weighted(weight: Array, log: Array) -> Array:
    """`weight * log` that is 0 where a weight of 0 meets an infinite logarithm."""
    return weight * jnp.where((weight == 0) & jnp.isinf(log), 0, log)
