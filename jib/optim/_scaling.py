"""Mixed precision: loss scales for float16, and policies that say what is computed in which dtype.

float16 gradients underflow below 6e-8. The cure is to multiply the loss by a large number, and to
divide the gradients by it in float32; when they overflow, the step is skipped and the number
halved. bfloat16 has the range of float32 and needs a `Policy` only.
Micikevicius et al., "Mixed precision training", 2018.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import tree
from jib.errors import ArgumentValueError
from jib.optim._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Params,
    Updates,
    with_extra_args_support,
)
from jib.optim._trees import tree_zeros_like
from jib.optim._wrappers import all_finite, update_if
from jib.typing import Array, DTypeLike

__all__ = [
    "DynamicLossScaleState", "LossScale", "Policy", "dynamic_loss_scale", "static_loss_scale",
]  # fmt: skip


class LossScale(NamedTuple):
    """A loss scale and how it moves; a tree of arrays, so it passes through `jit`.

    Make one with `LossScale.start()`. `period` finite steps multiply it by `factor`; a step that
    is not finite divides it. `factor=1` keeps it.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> scale = optim.LossScale.start(1024.0)
        >>> float(scale.scale(jnp.float32(2.0)))
        2048.0
        >>> scale.unscale(jnp.full(1, 2048.0, jnp.float16)).tolist()
        [2.0]
        >>> float(scale.adjust(jnp.asarray(False)).value)
        512.0
    """

    value: Any
    finite_steps: Any
    period: Any
    factor: Any
    minimum: Any

    @classmethod
    def start(
        cls, value: float = 2.0**15, period: int = 2000, factor: float = 2.0, minimum: float = 1.0
    ) -> LossScale:
        """A scale to begin with."""
        if factor < 1 or value < minimum:
            raise ArgumentValueError(
                "a loss scale has factor >= 1 and value >= minimum, and these are "
                f"factor={factor}, value={value}, minimum={minimum}",
                help="optim.LossScale.start(2.0**15, factor=2.0)",
            )
        whole = (jnp.asarray(n, jnp.int32) for n in (0, period))
        real = (jnp.asarray(x, jnp.float32) for x in (factor, minimum))
        return cls(jnp.asarray(value, jnp.float32), *whole, *real)

    def scale(self, loss: Any) -> Any:
        """The loss, or a tree, times the scale; each leaf keeps its dtype."""
        return tree.map(lambda x: x * self.value.astype(x.dtype), loss)

    def unscale(self, gradients: Any) -> Any:
        """Gradients divided by the scale; those narrower than float32 become float32."""

        def divide(g: Array) -> Array:
            wide = jnp.promote_types(g.dtype, jnp.float32)
            return g.astype(wide) / self.value.astype(wide)

        return tree.map(divide, gradients)

    def adjust(self, finite: Array) -> LossScale:
        """The scale of the next step, given whether this step's gradients were finite."""
        steps = self.finite_steps + 1
        grow = steps >= self.period
        grown = jnp.where(grow, self.value * self.factor, self.value)
        shrunk = jnp.maximum(self.value / self.factor, self.minimum)
        # An infinite scale could not come back.
        grown = jnp.where(jnp.isfinite(grown), grown, self.value)
        return self._replace(
            value=jnp.where(finite, grown, shrunk), finite_steps=jnp.where(finite & ~grow, steps, 0)
        )


class DynamicLossScaleState(NamedTuple):
    """The scale, whether the last gradients were finite, how many were not, the inner state."""

    loss_scale: LossScale
    last_finite: Any
    skipped: Any
    inner_state: Any


def dynamic_loss_scale(
    inner: GradientTransformation, initial_scale: float = 2.0 ** 15, period: int = 2000,
    factor: float = 2.0, minimum: float = 1.0,
) -> GradientTransformationExtraArgs:  # fmt: skip
    """An optimizer that takes gradients of a scaled loss.

    It divides them by `state.loss_scale`, skips steps that overflowed (zero updates, the inner
    state stays) and moves the scale: down by `factor` after an overflow, up by it after `period`
    finite steps.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optimizer = optim.dynamic_loss_scale(optim.sgd(0.1), initial_scale=2.0**14)
        >>> x = jnp.asarray(1.0)
        >>> def loss(x, scale):
        ...     return scale.scale((x.astype(jnp.float16) * 1.5) ** 2)
        >>> state = optimizer.init(x)
        >>> for _ in range(2):
        ...     gradient = jib.grad(loss)(x, state.loss_scale)
        ...     updates, state = optimizer.update(gradient, state, x)
        ...     print(round(float(updates), 3), float(state.loss_scale.value))
        0.0 8192.0
        -0.45 8192.0
    """
    inner = with_extra_args_support(inner)

    def init(params: Params) -> DynamicLossScaleState:
        start = LossScale.start(initial_scale, period, factor, minimum)
        zero = jnp.zeros((), jnp.int32)
        return DynamicLossScaleState(start, jnp.asarray(True), zero, inner.init(params))

    def update(
        updates: Updates, state: Any, params: Params | None = None, **extra_args: Any
    ) -> tuple[Updates, Any]:
        gradients = state.loss_scale.unscale(updates)
        finite = all_finite(gradients)
        new, inner_state = update_if(
            finite, inner, gradients, state.inner_state, params, extra_args, tree_zeros_like
        )
        skipped = state.skipped + jnp.where(finite, 0, 1)
        scale = state.loss_scale.adjust(finite)
        return new, DynamicLossScaleState(scale, finite, skipped, inner_state)

    return GradientTransformationExtraArgs(init, update)


def static_loss_scale(
    inner: GradientTransformation, scale: float = 2.0**15
) -> GradientTransformationExtraArgs:
    """As `dynamic_loss_scale` with a scale that never moves; overflow still skips the step."""
    return dynamic_loss_scale(inner, scale, factor=1.0, minimum=scale)


@dataclasses.dataclass(frozen=True)
class Policy:
    """In which dtype parameters are kept, computations are made, and results are given.

    Only floating leaves are cast; whole numbers, booleans and keys pass.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> policy = optim.Policy(compute_dtype=jnp.bfloat16)
        >>> params = {"w": jnp.ones(2), "steps": jnp.int32(3)}
        >>> {name: str(leaf.dtype) for name, leaf in policy.cast_to_compute(params).items()}
        {'steps': 'int32', 'w': 'bfloat16'}
    """

    param_dtype: DTypeLike = jnp.float32
    compute_dtype: DTypeLike = jnp.float32
    output_dtype: DTypeLike = jnp.float32

    def cast_to_param(self, values: Any) -> Any:
        """Floating leaves in the dtype of parameters."""
        return _cast_floating(values, self.param_dtype)

    def cast_to_compute(self, values: Any) -> Any:
        """Floating leaves in the dtype of computations."""
        return _cast_floating(values, self.compute_dtype)

    def cast_to_output(self, values: Any) -> Any:
        """Floating leaves in the dtype of results."""
        return _cast_floating(values, self.output_dtype)


def _cast_floating(values: Any, dtype: DTypeLike) -> Any:
    def cast(x: Any) -> Any:
        real = hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.floating)
        return x.astype(dtype) if real else x

    return tree.map(cast, values)
