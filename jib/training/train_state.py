"""Parameters, optimizer state and step count in one tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from jib import optim, struct
from jib.typing import Array

__all__ = ["TrainState"]


class TrainState(struct.PyTreeNode):
    """What a training step takes and gives back.

    Fields: `step`, the number of steps done; `apply_fn`, often `model.apply`; `params`; `tx`, the
    gradient transformation; `opt_state`. Subclass it to carry more, such as batch statistics.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> from jib.training import TrainState
        >>> line = lambda params, x: params["slope"] * x
        >>> params = {"slope": jnp.zeros(())}
        >>> state = TrainState.create(apply_fn=line, params=params, tx=optim.sgd(0.5))
        >>> loss = lambda params: (state.apply_fn(params, 1.0) - 3.0) ** 2
        >>> state = state.apply_gradients(grads=jib.grad(loss)(state.params))
        >>> state.step, float(state.params["slope"])
        (1, 3.0)
    """

    step: int | Array
    apply_fn: Callable[..., Any] = struct.field(pytree_node=False)
    params: Any
    tx: optim.GradientTransformation = struct.field(pytree_node=False)
    opt_state: Any

    def apply_gradients(self, *, grads: Any, **kwargs: Any) -> Self:
        """The state after one step of the optimizer; `kwargs` replace other fields.

        `grads` is a tree like `params`.
        """
        updates, opt_state = self.tx.update(grads, self.opt_state, self.params)
        params = optim.apply_updates(self.params, updates)
        return self.replace(step=self.step + 1, params=params, opt_state=opt_state, **kwargs)

    @classmethod
    def create(cls, *, apply_fn: Callable[..., Any], params: Any, tx: Any, **kwargs: Any) -> Self:
        """The state before the first step; `kwargs` are the fields of a subclass."""
        opt_state = optim.with_extra_args_support(tx).init(params)
        return cls(step=0, apply_fn=apply_fn, params=params, tx=tx, opt_state=opt_state, **kwargs)
