"""What the losses share: checks of their arguments, and products in which zero wins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import jib.numpy as jnp
from jib.errors import DTypeError, ShapeError
from jib.typing import Array, ArrayLike

__all__ = ["Axis", "Where", "equal_shapes", "floating", "weighted"]

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


def weighted(weight: Array, log: Array) -> Array:
    """`weight * log` that is 0 where a weight of 0 meets an infinite logarithm."""
    return weight * jnp.where((weight == 0) & jnp.isinf(log), 0, log)
