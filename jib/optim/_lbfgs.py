"""L-BFGS: the inverse Hessian, told from the last few steps."""

from __future__ import annotations

from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import lax, tree as trees
from jib.errors import ArgumentValueError
from jib.optim._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Params,
    ScalarOrSchedule,
    Updates,
    identity,
    required,
)
from jib.optim._combining import chain
from jib.optim._linesearch import scale_by_zoom_linesearch
from jib.optim._numerics import safe_increment
from jib.optim._transforms import scale, scale_by_learning_rate
from jib.optim._trees import (
    real_dtype,
    tree_add_scale,
    tree_batch_shape,
    tree_norm,
    tree_scale,
    tree_sub,
    tree_vdot,
    tree_where,
    tree_zeros_like,
)
from jib.typing import Array

__all__ = ["ScaleByLBFGSState", "lbfgs", "scale_by_lbfgs"]


class ScaleByLBFGSState(NamedTuple):
    """The last point and gradient, and the last differences of both with their weights."""

    count: Any
    params: Any
    updates: Any
    diff_params_memory: Any
    diff_updates_memory: Any
    weights_memory: Any


def _product(x: Any, y: Any, dtype: Any) -> Array:
    return jnp.real(tree_vdot(x, y)).astype(dtype)


def _precondition(updates: Updates, memory: Any, initial: Any, newest: Any) -> Updates:
    """The two-loop recursion, from the newest pair to the oldest and back."""
    _, _, weights = memory
    dtype, size = weights.dtype, weights.shape[0]
    order = (newest + 1 + jnp.arange(size)) % size

    def pair(index: Array) -> Any:
        return trees.map(lambda x: x[index], memory)

    def backward(vector: Any, index: Array) -> Any:
        steps, changes, weight = pair(index)
        alpha = weight * _product(steps, vector, dtype)
        return tree_add_scale(vector, -alpha, changes), alpha

    def forward(vector: Any, index_alpha: Any) -> Any:
        index, alpha = index_alpha
        steps, changes, weight = pair(index)
        beta = weight * _product(changes, vector, dtype)
        return tree_add_scale(vector, alpha - beta, steps), None

    vector, alphas = lax.scan(backward, updates, order, reverse=True)
    return lax.scan(forward, tree_scale(initial, vector), (order, alphas))[0]


def scale_by_lbfgs(
    memory_size: int = 10, scale_init_precond: bool = True
) -> GradientTransformation:
    """Multiply gradients by an inverse Hessian that agrees with the last changes of gradient.

    Liu and Nocedal, "On the limited memory BFGS method", 1989.

    Args:
        memory_size: how many steps are remembered.
        scale_init_precond: start the recursion from the scale of the last step, not from 1.

    Raises:
        ArgumentValueError: `memory_size` is less than 1.
    """
    if memory_size < 1:
        raise ArgumentValueError(
            f"the `memory_size` of `scale_by_lbfgs` is at least 1, not {memory_size}",
            help="memory_size=10",
        )

    def init(params: Params) -> ScaleByLBFGSState:
        zeros = tree_zeros_like(params)
        memory = tree_batch_shape(zeros, (memory_size,))
        weights = jnp.zeros(memory_size, real_dtype(params))
        return ScaleByLBFGSState(jnp.zeros((), "int32"), zeros, zeros, memory, memory, weights)

    def update(
        updates: Updates, state: ScaleByLBFGSState, params: Params | None = None
    ) -> tuple[Updates, ScaleByLBFGSState]:
        required(params, "scale_by_lbfgs")
        started, newest = state.count > 0, (state.count - 1) % memory_size
        differences = tree_sub((params, updates), (state.params, state.updates))
        steps, changes = tree_where(started, differences, tree_zeros_like(differences))
        curvature = _product(changes, steps, state.weights_memory.dtype)
        weight = jnp.where(curvature == 0, 0, 1 / jnp.where(curvature == 0, 1, curvature))
        memory = trees.map(
            lambda all, new: all.at[newest].set(new), state[3:], (steps, changes, weight)
        )
        initial: Any = 1.0
        if scale_init_precond:
            square, norm = tree_norm(changes, squared=True), tree_norm(updates)
            estimate = jnp.where(square > 0, curvature / jnp.where(square > 0, square, 1), 1)
            initial = jnp.where(started, estimate, 1 / jnp.maximum(norm, 1))
        direction = _precondition(updates, memory, initial, newest)
        return direction, ScaleByLBFGSState(safe_increment(state.count), params, updates, *memory)

    return GradientTransformation(init, update)


_ZOOM = scale_by_zoom_linesearch(max_linesearch_steps=20, initial_guess_strategy="one")


def lbfgs(
    learning_rate: ScalarOrSchedule | None = None,
    memory_size: int = 10,
    scale_init_precond: bool = True,
    linesearch: GradientTransformation | None = _ZOOM,
) -> GradientTransformationExtraArgs:
    """L-BFGS with a line search. Liu and Nocedal, 1989.

    With a line search `update` takes `value`, `grad` and `value_fn` by name.

    Args:
        learning_rate: factor of the direction before the line search; 1 when None.
        memory_size: how many steps are remembered.
        scale_init_precond: start the recursion from the scale of the last step, not from 1.
        linesearch: a transformation such as `scale_by_zoom_linesearch`; none when None.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> f = lambda x: jnp.sum((x - 3.0) ** 2)
        >>> optimizer = optim.lbfgs()
        >>> x = jnp.zeros(2)
        >>> state = optimizer.init(x)
        >>> value_and_grad = optim.value_and_grad_from_state(f)
        >>> for _ in range(3):
        ...     value, grad = value_and_grad(x, state=state)
        ...     updates, state = optimizer.update(
        ...         grad, state, x, value=value, grad=grad, value_fn=f)
        ...     x = optim.apply_updates(x, updates)
        >>> x.round(4).tolist()
        [3.0, 3.0]
    """
    return chain(
        scale_by_lbfgs(memory_size, scale_init_precond),
        scale(-1.0) if learning_rate is None else scale_by_learning_rate(learning_rate),
        identity() if linesearch is None else linesearch,
    )
