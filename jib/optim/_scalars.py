"""Numbers that never widen what they meet: kept in float64, cast to the dtype of each leaf."""

from __future__ import annotations

from typing import Any

import jib.numpy as jnp
from jib import tree
from jib.typing import Array

__all__ = ["Scalar", "scalar", "wide"]


def _of_steps(dtype: Any) -> Any:
    """The dtype of numbers that meet this one: a step on integers is not rounded to nothing."""
    return dtype if jnp.issubdtype(dtype, jnp.inexact) else jnp.float32


class Scalar:
    """A number in full precision, `wide`; calling it with an array casts it to that dtype.

    The casts to the dtypes of `like`'s leaves are made at once, in the trace that makes the
    `Scalar`, so that it can be used inside the branches of `cond`.
    """

    __slots__ = ("_narrow", "wide")

    def __init__(self, wide: Any, like: Any = ()) -> None:
        self.wide = wide
        self._narrow: dict[Any, Any] = {}
        if hasattr(wide, "dtype"):
            dtypes = {leaf.dtype for leaf in tree.leaves(like) if hasattr(leaf, "dtype")}
            self._narrow = {dtype: wide.astype(_of_steps(dtype)) for dtype in dtypes}

    def __call__(self, like: Any) -> Any:
        if not hasattr(self.wide, "dtype"):
            return self.wide  # a Python number takes the dtype of what it meets
        if not hasattr(like, "dtype"):
            like = jnp.asarray(like)  # a leaf that is a Python number
        narrow = self._narrow.get(like.dtype)
        return self.wide.astype(_of_steps(like.dtype)) if narrow is None else narrow


def scalar(value: Any, like: Any = ()) -> Scalar:
    """`value`, a number or an array of rank 0 or already a `Scalar`, as a `Scalar`."""
    return value if isinstance(value, Scalar) else Scalar(value, like)


def wide(value: Any) -> Array:
    """A number or array in float64; a Python number keeps all its digits."""
    return (
        value.astype(jnp.float64) if isinstance(value, Array) else jnp.asarray(value, jnp.float64)
    )
