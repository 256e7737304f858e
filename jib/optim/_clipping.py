"""Transformations that limit updates; clipping of single examples' gradients."""

from __future__ import annotations

from typing import Any

import jib.numpy as jnp
from jib import tree, vmap
from jib.errors import ShapeError
from jib.optim._base import GradientTransformation, Number, Updates, init_empty_state
from jib.optim._hyper import hyperparameters
from jib.optim._scalars import scalar
from jib.optim._transforms import leafwise, leafwise_with_params
from jib.optim._trees import abs_sq, tree_norm
from jib.typing import Array

__all__ = [
    "adaptive_grad_clip", "clip", "clip_by_block_rms", "clip_by_global_norm",
    "per_example_global_norm_clip", "per_example_layer_norm_clip", "unitwise_clip", "unitwise_norm",
]  # fmt: skip


def clip(max_delta: Number) -> GradientTransformation:
    """Limit each entry to `[-max_delta, max_delta]`."""
    return leafwise(
        lambda u, h: jnp.minimum(jnp.maximum(u, -h.max_delta(u)), h.max_delta(u)),
        max_delta=max_delta,
    )


def clip_by_block_rms(threshold: Number) -> GradientTransformation:
    """Scale down each leaf whose root mean square is above `threshold`."""

    def limit(u: Array, h: Any) -> Array:
        size = jnp.sqrt(jnp.mean(abs_sq(u)))
        return u / jnp.maximum(1.0, size / h.threshold(size))

    return leafwise(limit, threshold=threshold)


def clip_by_global_norm(max_norm: Number) -> GradientTransformation:
    """Scale down all updates together when their global norm is above `max_norm`.

    Pascanu et al., "On the difficulty of training recurrent neural networks", 2013.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> transform = optim.clip_by_global_norm(1.0)
        >>> transform.update(jnp.asarray([3.0, 4.0]), transform.init(None))[0].tolist()
        [0.6000000238418579, 0.800000011920929]
    """

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        norm = tree_norm(updates)
        small, size = norm < h.max_norm(norm), scalar(norm, updates)
        return tree.map(lambda u: jnp.where(small, u, u / size(u) * h.max_norm(u)), updates), state

    return hyperparameters(init_empty_state, update, max_norm=max_norm)


def unitwise_norm(x: Array, axis: int | tuple[int, ...] | None = None) -> Array:
    """The norm of each unit of a layer, repeated to the shape of `x`.

    A unit is one output: all axes but the last for kernels of 2, 4 and 5 axes, axis 0 for 3, the
    whole array for vectors. `axis` says which axes are summed instead.

    Raises:
      ShapeError: `x` has more than five axes and `axis` is None.
    """
    if axis is None and jnp.squeeze(x).ndim > 1:
        axes = {2: 0, 3: 0, 4: (0, 1, 2), 5: (0, 1, 2, 3)}
        if x.ndim not in axes:
            raise ShapeError(
                f"the units of a parameter of shape {x.shape} are not known",
                help="say over which axes a unit extends: adaptive_grad_clip(..., axis=(0, 1))",
            )
        axis = axes[x.ndim]
    square = jnp.sum(abs_sq(x), axis=axis, keepdims=True)
    return jnp.broadcast_to(jnp.sqrt(square), x.shape)


def unitwise_clip(g_norm: Array, max_norm: Array, grad: Array, div_eps: Number = 1e-06) -> Array:
    """`grad` scaled so that no unit's norm is above `max_norm`; all three have one shape."""
    if not g_norm.shape == max_norm.shape == grad.shape:
        raise ShapeError(
            f"the norms {g_norm.shape}, limits {max_norm.shape} and gradients {grad.shape} of "
            "unitwise_clip differ in shape",
            help="unitwise_norm(x) gives norms in the shape of x",
        )
    return jnp.where(g_norm < max_norm, grad, grad * (max_norm / jnp.maximum(g_norm, div_eps)))


def adaptive_grad_clip(
    clipping: Number, eps: Number = 0.001, axis: int | tuple[int, ...] | None = None
) -> GradientTransformation:
    """Limit each unit's norm to `clipping` times the norm of its parameters, at least `eps`.

    Brock et al., "High-performance large-scale image recognition without normalization", 2021.
    """

    def limit(u: Array, p: Array, h: Any) -> Array:
        sizes = jnp.maximum(unitwise_norm(p, axis), h.eps(p))
        return unitwise_clip(unitwise_norm(u, axis), h.clipping(p) * sizes, u)

    return leafwise_with_params("adaptive_grad_clip", limit, clipping=clipping, eps=eps)


# Of each example; Abadi et al., "Deep learning with differential privacy", 2016 ---------------


def _check_batch(grads: Any, name: str) -> None:
    shapes = [leaf.shape for leaf in tree.leaves(grads)]
    if not all(shape and shape[0] == shapes[0][0] for shape in shapes):
        raise ShapeError(
            f"{name} takes gradients whose axis 0 counts examples, and their shapes are {shapes}",
            help="jib.vmap(jib.grad(loss), (None, 0))(params, batch) gives such gradients",
        )


def per_example_global_norm_clip(grads: Any, l2_norm_clip: Number) -> tuple[Any, Array]:
    """Sum over examples of gradients whose global norm is clipped; how many were.

    Args:
      grads: tree of arrays; axis 0 counts examples.
      l2_norm_clip: greatest norm of one example's gradients.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> total, clipped = optim.per_example_global_norm_clip(jnp.asarray([[3.0], [0.5]]), 1.0)
        >>> total.tolist(), int(clipped)
        ([1.5], 1)
    """
    _check_batch(grads, "per_example_global_norm_clip")
    norms = vmap(tree_norm)(grads)
    factors = jnp.minimum(jnp.asarray(l2_norm_clip).astype(norms.dtype) / norms, 1.0)
    factors = jnp.where(jnp.isnan(factors), 1.0, factors)
    total = tree.map(lambda g: jnp.tensordot(factors.astype(g.dtype), g, axes=1), grads)
    return total, jnp.sum(factors < 1.0)


def per_example_layer_norm_clip(
    grads: Any, global_l2_norm_clip: Number, uniform: bool = True
) -> tuple[Any, Any]:
    """As `per_example_global_norm_clip`, leaf by leaf; the limits' squares sum to the limit's.

    With `uniform` all leaves have one limit, else it grows with the root of the leaf's size.
    """
    _check_batch(grads, "per_example_layer_norm_clip")
    leaves, treedef = tree.flatten(grads)
    sizes = [1 if uniform else leaf[0].size for leaf in leaves]
    results = [
        per_example_global_norm_clip(leaf, global_l2_norm_clip * (size / sum(sizes)) ** 0.5)
        for leaf, size in zip(leaves, sizes, strict=True)
    ]
    return tuple(tree.unflatten(treedef, part) for part in zip(*results, strict=True))
