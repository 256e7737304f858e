"""Products and diagonals of Hessians, for losses of (parameters, inputs, targets)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jib.numpy as jnp
from jib.flatten_util import ravel_pytree
from jib.transforms.grad import grad
from jib.transforms.linear import jvp
from jib.transforms.vmap import vmap
from jib.typing import Array

__all__ = ["fisher_diag", "hessian_diag", "hvp"]


def hvp(loss: Callable[..., Any], v: Array, params: Any, inputs: Any, targets: Any) -> Any:
    """The Hessian of the loss times a vector, without the Hessian.

    Pearlmutter, "Fast exact multiplication by the Hessian", 1994.

    Args:
        loss: a function `loss(params, inputs, targets)` that gives a number.
        v: a vector with as many elements as the parameters.
        params: a tree of arrays.
        inputs: given to the loss.
        targets: given to the loss.

    Returns:
        A tree like `params`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.optim import second_order
        >>> loss = lambda p, x, y: jnp.sum(p**3)
        >>> second_order.hvp(loss, jnp.ones(2), jnp.array([1.0, 2.0]), None, None).tolist()
        [6.0, 12.0]
    """
    _, unravel = ravel_pytree(params)
    return jvp(grad(lambda p: loss(p, inputs, targets)), [params], [unravel(v)])[1]


def hessian_diag(loss: Callable[..., Any], params: Any, inputs: Any, targets: Any) -> Array:
    """The diagonal of the Hessian, a vector; as many products as there are parameters."""
    flat, _ = ravel_pytree(params)

    def element(v: Array) -> Array:
        return jnp.vdot(v, ravel_pytree(hvp(loss, v, params, inputs, targets))[0])

    return vmap(element)(jnp.eye(flat.size, dtype=flat.dtype))


def fisher_diag(
    negative_log_likelihood: Callable[..., Any], params: Any, inputs: Any, targets: Any
) -> Array:
    """The diagonal of the observed Fisher information: squared gradients, a vector."""
    return jnp.square(ravel_pytree(grad(negative_log_likelihood)(params, inputs, targets))[0])
