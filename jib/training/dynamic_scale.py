"""Gradients in float16: the loss is scaled up so that small gradients do not vanish."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import jib
from jib import lax, numpy as jnp, struct
from jib.typing import Array

__all__ = ["DynamicScale", "DynamicScaleResult"]

_TINY, _LARGEST = np.finfo(np.float32).tiny, np.finfo(np.float32).max


class DynamicScaleResult(NamedTuple):
    """What `DynamicScale.value_and_grad` gives: `aux` is the value or `(value, aux)`."""

    dynamic_scale: DynamicScale
    finite: Array
    aux: Any
    grad: Any


class DynamicScale(struct.PyTreeNode):
    """The scale of a loss, halved at each overflow and doubled after a long time without one.

    Fields: `growth_factor`, `backoff_factor`, `growth_interval` (finite steps until the scale
    grows), `fin_steps` (finite steps in a row), `scale`, `minimum_scale`. Micikevicius et al. 2018
    (arXiv:1710.03740). `jib.optim` has the same as a wrapper round an optimizer.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.training.dynamic_scale import DynamicScale
        >>> loss = lambda p: (p.astype("float16") * 1e-3).astype("float32") ** 2
        >>> scale, finite, value, gradient = DynamicScale().value_and_grad(loss)(jnp.ones(()))
        >>> bool(finite), scale.fin_steps.tolist()
        (True, 1)
    """

    growth_factor: float = struct.field(pytree_node=False, default=2.0)
    backoff_factor: float = struct.field(pytree_node=False, default=0.5)
    growth_interval: int = struct.field(pytree_node=False, default=2000)
    fin_steps: Any = 0
    scale: Any = 65536.0
    minimum_scale: float | None = struct.field(pytree_node=False, default=_TINY)

    def value_and_grad(
        self,
        fun: Callable[..., Any],
        argnums: int | Sequence[int] = 0,
        has_aux: bool = False,
        axis_name: str | None = None,
    ) -> Callable[..., DynamicScaleResult]:
        """Like `jib.value_and_grad`, with the scale put on and taken off.

        The gradients are float32, averaged over `axis_name` if it is given. Where `finite` is
        False, leave the parameters as they are; the scale that comes back is smaller then.
        """

        @functools.wraps(fun)
        def scaled(*args: Any, **kwargs: Any) -> Any:
            out = fun(*args, **kwargs)
            return (scale * out[0], out[1]) if has_aux else scale * out

        scale = jnp.asarray(self.scale, "float32")  # 2**16 is infinite in float16
        gradient = jib.value_and_grad(scaled, argnums, has_aux)

        @functools.wraps(fun)
        def wrapped(*args: Any, **kwargs: Any) -> DynamicScaleResult:
            out, grads = gradient(*args, **kwargs)
            out = (out[0] / scale, out[1]) if has_aux else out / scale
            grads = jib.tree.map(lambda g: jnp.asarray(g, "float32") / scale, grads)
            if axis_name is not None:
                grads = lax.pmean(grads, axis_name)
            finite = functools.reduce(
                jnp.logical_and, [jnp.isfinite(g).all() for g in jib.tree.leaves(grads)], True
            )
            return DynamicScaleResult(self._after(jnp.asarray(finite)), finite, out, grads)

        return wrapped

    def _after(self, finite: Any) -> DynamicScale:
        grows = jnp.equal(self.fin_steps, self.growth_interval)
        larger = jnp.minimum(jnp.asarray(self.scale * self.growth_factor, "float32"), _LARGEST)
        smaller = jnp.asarray(self.scale * self.backoff_factor, "float32")
        if self.minimum_scale is not None:
            smaller = jnp.maximum(smaller, self.minimum_scale)
        scale = jnp.where(finite, jnp.where(grows, larger, self.scale), smaller)
        steps = jnp.where(grows | ~finite, 0, self.fin_steps + 1)
        return self.replace(fin_steps=steps, scale=scale)
