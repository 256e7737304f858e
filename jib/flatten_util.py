"""Trees of arrays as a single vector."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from jib import dtypes, lax, tree_util
from jib.core.tracing import aval_of
from jib.errors import ShapeError
from jib.numpy._promotion import as_operand
from jib.passes.eager import compiled
from jib.typing import Array

__all__ = ["ravel_pytree"]


def ravel_pytree(pytree: Any) -> tuple[Array, Callable[[Array], Any]]:
    """All numbers of a tree of arrays in one vector, and the function that builds the tree again.

    Args:
        pytree: a tree of arrays and numbers.

    Returns:
        The vector, in the dtype that the leaves promote to, and a function from such vectors to
        trees of the same structure, shapes and dtypes.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.flatten_util import ravel_pytree
        >>> vector, unravel = ravel_pytree({"a": jnp.ones(2), "b": 3.0})
        >>> vector.tolist()
        [1.0, 1.0, 3.0]
        >>> unravel(vector)["a"].shape
        (2,)
    """
    leaves, structure = tree_util.tree_flatten(pytree)
    leaves = [as_operand("ravel_pytree", x) for x in leaves]
    avals = tuple(aval_of(x) for x in leaves)
    kinds = tuple((a.shape, a.dtype) for a in avals)
    dtype = dtypes.result_type(*leaves) if leaves else dtypes.default_float_dtype()
    size = sum(a.size for a in avals)

    def unravel(vector: Array) -> Any:
        found = aval_of(vector)
        if found.shape != (size,):
            raise ShapeError(f"the tree holds {size} numbers, but the vector is {found}")
        return tree_util.tree_unflatten(structure, _unravel(vector, kinds))

    return _ravel(leaves, dtype), unravel


@compiled(static=("dtype",))
def _ravel(leaves: list[Any], dtype: Any) -> Any:
    if not leaves:
        return lax.full((0,), 0, dtype)
    flat = [lax.convert_element_type(x, dtype) for x in leaves]
    return lax.concatenate([lax.reshape(x, (aval_of(x).size,)) for x in flat], 0)


@compiled(static=("kinds",))
def _unravel(vector: Any, kinds: tuple) -> list[Any]:
    made, start = [], 0
    for shape, dtype in kinds:
        stop = start + math.prod(shape)
        piece = lax.reshape(lax.slice(vector, (start,), (stop,)), shape)
        made.append(lax.convert_element_type(piece, dtype))
        start = stop
    return made
