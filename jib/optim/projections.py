"""Euclidean projections onto convex sets: the nearest point of the set, for whole trees."""

from __future__ import annotations

from typing import Any

import jib.numpy as jnp
from jib import lax, nn, tree as trees
from jib.flatten_util import ravel_pytree
from jib.optim._trees import (
    like,
    tree_add_scale,
    tree_full_like,
    tree_norm,
    tree_scale,
    tree_size,
    tree_vdot,
)
from jib.typing import Array, ArrayLike

__all__ = [
    "projection_box", "projection_halfspace", "projection_hypercube", "projection_hyperplane",
    "projection_l1_ball", "projection_l1_sphere", "projection_l2_ball", "projection_l2_sphere",
    "projection_linf_ball", "projection_non_negative", "projection_simplex", "projection_vector",
]  # fmt: skip


def projection_non_negative(tree: Any) -> Any:
    """Negative elements become 0."""
    return trees.map(nn.relu, tree)


def projection_box(tree: Any, lower: Any, upper: Any) -> Any:
    """Every element limited to `[lower, upper]`.

    Args:
        tree: a tree of arrays.
        lower: a number, an array, or a tree of them with the structure of `tree` or its top.
        upper: the same.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.optim import projections
        >>> projections.projection_box({"a": jnp.array([-1.0, 0.5])}, 0, 1)["a"].tolist()
        [0.0, 0.5]
    """

    def limit(x: Any, low: Any, high: Any) -> Array:
        return jnp.clip(x, like(low, x), like(high, x))

    return trees.map(limit, tree, trees.broadcast(lower, tree), trees.broadcast(upper, tree))


def projection_hypercube(tree: Any, scale: Any = 1) -> Any:
    """Every element limited to `[0, scale]`; `scale` may be a tree."""
    return projection_box(tree, 0, scale)


def _onto_simplex(values: Array, scale: Any) -> Array:
    """The nearest vector of non-negative numbers that sum to `scale`.

    Held, Wolfe and Crowder, 1974: subtract the threshold that makes the positive rest sum to
    `scale`. The support is found without derivatives; the threshold is then a mean over it.
    """
    values = values - lax.stop_gradient(jnp.max(values))  # the result does not change: digits do
    fixed = lax.stop_gradient(values)
    descending = jnp.flip(jnp.sort(fixed))
    count = jnp.arange(1, values.shape[0] + 1, dtype=values.dtype)
    excess = (jnp.cumsum(descending) - lax.stop_gradient(scale)) / count
    size = jnp.maximum(jnp.count_nonzero(descending > excess), 1)
    # Not `fixed >= descending[size - 1]`: a compiler may round the two copies of a value unalike.
    support = fixed > excess[size - 1]
    members = jnp.maximum(jnp.sum(support), 1).astype(values.dtype)
    threshold = (jnp.sum(jnp.where(support, values, 0)) - scale) / members
    return jnp.where(support, jnp.maximum(values - threshold, 0), 0)


def projection_simplex(tree: Any, scale: ArrayLike = 1) -> Any:
    """The nearest tree of non-negative numbers whose sum over all leaves is `scale`.

    Args:
        tree: a tree of floating-point arrays.
        scale: a non-negative number.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.optim import projections
        >>> projections.projection_simplex(jnp.array([2.0, 1.5, -1.0])).tolist()
        [0.75, 0.25, 0.0]
    """
    values, unravel = ravel_pytree(tree)
    return unravel(_onto_simplex(values, like(jnp.asarray(scale), values)))


def projection_l1_sphere(tree: Any, scale: ArrayLike = 1) -> Any:
    """The nearest tree whose absolute values sum to `scale`; zeros count as positive."""
    sizes = projection_simplex(trees.map(jnp.abs, tree), scale)
    return trees.map(lambda x, size: jnp.where(x < 0, -size, size), tree, sizes)


def projection_l1_ball(tree: Any, scale: ArrayLike = 1) -> Any:
    """The nearest tree whose absolute values sum to at most `scale`."""
    inside = tree_norm(tree, ord=1) <= scale
    return lax.cond(inside, lambda x: x, lambda x: projection_l1_sphere(x, scale), tree)


def projection_l2_sphere(tree: Any, scale: ArrayLike = 1) -> Any:
    """The nearest tree whose Euclidean norm is `scale`.

    All points of the sphere are equally near to zero: it goes to the one with equal elements.
    """
    norm, size = tree_norm(tree), tree_size(tree)
    zero = norm == 0
    factor = jnp.asarray(scale) / jnp.where(zero, 1, norm)

    def onto(x: Any) -> Array:
        equal = like(jnp.asarray(scale / size**0.5), x)
        return jnp.where(zero, equal, like(factor, x) * x)

    return trees.map(onto, tree)


def projection_l2_ball(tree: Any, scale: ArrayLike = 1) -> Any:
    """The nearest tree whose Euclidean norm is at most `scale`."""
    norm = tree_norm(tree)
    outside = norm > scale
    return tree_scale(jnp.where(outside, scale / jnp.where(outside, norm, 1), 1), tree)


def projection_linf_ball(tree: Any, scale: ArrayLike = 1) -> Any:
    """Every element limited to `[-scale, scale]`."""
    high = tree_full_like(tree, scale)
    return projection_box(tree, trees.map(jnp.negative, high), high)


def _share(x: Any, a: Any, b: Any) -> Array:
    """The multiple of `a` that leads from x to the plane `<a, x> = b`; 0 when a is zero."""
    square = jnp.asarray(tree_vdot(a, a))
    return jnp.where(square == 0, 0, (b - tree_vdot(x, a)) / jnp.where(square == 0, 1, square))


def projection_vector(x: Any, a: Any) -> Any:
    """The nearest multiple of the tree `a`."""
    return tree_scale(-_share(x, a, 0), a)


def projection_hyperplane(x: Any, a: Any, b: ArrayLike) -> Any:
    """The nearest tree whose inner product with `a` is `b`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.optim import projections
        >>> projections.projection_hyperplane(jnp.zeros(2), jnp.array([1.0, 1.0]), 2.0).tolist()
        [1.0, 1.0]
    """
    return tree_add_scale(x, _share(x, a, b), a)


def projection_halfspace(x: Any, a: Any, b: ArrayLike) -> Any:
    """The nearest tree whose inner product with `a` is at most `b`."""
    return tree_add_scale(x, jnp.minimum(_share(x, a, b), 0), a)
