"""What a leaf is without its values, for the targets of restoring."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib.core.avals import ShapeDtypeStruct

__all__ = ["to_shape_dtype_struct"]


def to_shape_dtype_struct(x: Any, dtype: Any = None, scalar_dtype: Any = None) -> Any:
    """An array's shape, dtype and sharding as a `jib.ShapeDtypeStruct`; other leaves as they are.

    Args:
        x: a leaf of a tree.
        dtype: a dtype to have in place of the array's.
        scalar_dtype: a type, such as `float`, to make numbers of Python of.

    Example:
        >>> target = jib.tree.map(to_shape_dtype_struct, {"w": jnp.ones(2), "step": 1})
        >>> target["w"].shape, target["step"]
        ((2,), 1)
    """
    if isinstance(x, bool | int | float | np.number):
        return x if scalar_dtype is None else scalar_dtype(x)
    if not hasattr(x, "shape") or not hasattr(x, "dtype"):
        return x
    sharding = getattr(x, "sharding", None)
    return ShapeDtypeStruct(x.shape, dtype or x.dtype, sharding=sharding)
