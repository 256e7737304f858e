"""Transformations around another one: when it acts, on what, and on how many gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jib.numpy as jnp
from jib import eval_shape, lax, tree
from jib.errors import ArgumentValueError
from jib.optim._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Updates,
    required,
    with_extra_args_support,
)
from jib.optim._hyper import carry_hyper, hyperparameters
from jib.optim._misfits import explained
from jib.optim._numerics import safe_increment
from jib.optim._scalars import scalar
from jib.optim._trees import tree_zeros_like
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "ApplyIfFiniteState", "ConditionFn", "ConditionallyMaskState", "ConditionallyTransformState",
    "LookaheadParams", "LookaheadState", "MultiSteps", "MultiStepsState",
    "ShouldSkipUpdateFunction", "apply_if_finite", "conditionally_mask",
    "conditionally_transform", "flatten", "lookahead", "skip_large_updates", "skip_not_finite",
]  # fmt: skip


def all_finite(values: Any) -> Array:
    """Whether no leaf has an infinity or a NaN: a boolean of rank 0."""
    found = [jnp.all(jnp.isfinite(leaf)) for leaf in tree.leaves(values)]
    return jnp.all(jnp.stack(found)) if found else jnp.asarray(True)


def _cast_like(values: Any, model: Any) -> Any:
    """Leaves in the dtypes of the model's; keys and leaves that have them already pass."""
    return tree.map(lambda x, m: x if x.dtype == m.dtype else x.astype(m.dtype), values, model)


def update_if(
    condition: Array, inner: GradientTransformationExtraArgs, updates: Updates, state: OptState,
    params: Params | None, extra_args: dict[str, Any], otherwise: Callable[[Updates], Updates],
) -> tuple[Updates, OptState]:  # fmt: skip
    """`inner.update(...)` where the condition holds, else `otherwise(updates)` and the old state.

    What both give has the dtypes that `inner` gives, and the state those that it had.
    """

    def act(updates: Updates) -> tuple[Updates, OptState]:
        new, new_state = inner.update(updates, state, params, **extra_args)
        return new, _cast_like(new_state, state)

    types = eval_shape(act, updates)[0]

    def rest(updates: Updates) -> tuple[Updates, OptState]:
        return _cast_like(otherwise(updates), types), state

    return lax.cond(condition, act, rest, updates)


# When to act ---------------------------------------------------------------------------------


class ConditionFn(Protocol):
    """`condition(step, **extra_args)` gives a boolean of rank 0."""

    def __call__(self, step: Array, **extra_args: Any) -> ArrayLike: ...


class ConditionallyTransformState(NamedTuple):
    """The wrapped transformation's state, and the number of steps."""

    inner_state: Any
    step: Any


class ConditionallyMaskState(NamedTuple):
    """The number of steps, and the wrapped transformation's state."""

    step: Any
    inner_state: Any


def _conditionally(
    state_class: type, inner: GradientTransformation, condition: ConditionFn,
    forward_extra_args: bool, otherwise: Callable[[Updates], Updates],
) -> GradientTransformationExtraArgs:  # fmt: skip
    inner = with_extra_args_support(inner)

    def init(params: Params) -> Any:
        return state_class(step=jnp.zeros((), jnp.int32), inner_state=inner.init(params))

    def update(
        updates: Updates, state: Any, params: Params | None = None, **extra_args: Any
    ) -> tuple[Updates, Any]:
        holds = jnp.asarray(condition(state.step, **(extra_args if forward_extra_args else {})))
        updates, inner_state = update_if(
            holds, inner, updates, state.inner_state, params, extra_args, otherwise
        )
        return updates, state_class(step=safe_increment(state.step), inner_state=inner_state)

    return GradientTransformationExtraArgs(init, update)


def conditionally_transform(
    inner: GradientTransformation, should_transform_fn: ConditionFn,
    forward_extra_args: bool = False,
) -> GradientTransformationExtraArgs:  # fmt: skip
    """Transform updates at the steps where a condition holds, and pass them through at others.

    Args:
      inner: the transformation.
      should_transform_fn: `condition(step)`, or `condition(step, **extra_args)`.
      forward_extra_args: give it the extra arguments of `update`.
    """
    return _conditionally(
        ConditionallyTransformState, inner, should_transform_fn, forward_extra_args, lambda u: u
    )


def conditionally_mask(
    inner: GradientTransformation, should_transform_fn: ConditionFn,
    forward_extra_args: bool = False,
) -> GradientTransformationExtraArgs:  # fmt: skip
    """Transform updates at the steps where a condition holds, and make them zero at others.

    Arguments as in `conditionally_transform`.
    """
    return _conditionally(
        ConditionallyMaskState, inner, should_transform_fn, forward_extra_args, tree_zeros_like
    )


class ApplyIfFiniteState(NamedTuple):
    """Failures in a row, whether the last update was finite, all failures, and the inner state."""

    notfinite_count: Any
    last_finite: Any
    total_notfinite: Any
    inner_state: Any


def apply_if_finite(
    inner: GradientTransformation, max_consecutive_errors: int
) -> GradientTransformationExtraArgs:
    """Skip updates that have an infinity or NaN: zeros come out, and the state stays.

    After `max_consecutive_errors` such updates in a row the next one is applied as it is.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optimizer = optim.apply_if_finite(optim.sgd(1.0), 5)
        >>> state = optimizer.init(jnp.ones(2))
        >>> updates, state = optimizer.update(jnp.asarray([jnp.nan, 1.0]), state)
        >>> updates.tolist(), int(state.total_notfinite)
        ([0.0, 0.0], 1)
    """
    inner = with_extra_args_support(inner)

    def init(params: Params) -> ApplyIfFiniteState:
        zero = jnp.zeros((), jnp.int32)
        return ApplyIfFiniteState(zero, jnp.asarray(True), zero, inner.init(params))

    def update(
        updates: Updates, state: ApplyIfFiniteState, params: Params | None = None, **extra_args: Any
    ) -> tuple[Updates, ApplyIfFiniteState]:
        finite = all_finite(updates)
        failures = jnp.where(finite, 0, safe_increment(state.notfinite_count))
        total = jnp.where(finite, state.total_notfinite, safe_increment(state.total_notfinite))
        apply = finite | (failures > max_consecutive_errors)
        updates, inner_state = update_if(
            apply, inner, updates, state.inner_state, params, extra_args, tree_zeros_like
        )
        return updates, ApplyIfFiniteState(failures, finite, total, inner_state)

    return GradientTransformationExtraArgs(init, update)


# Several gradients for one step --------------------------------------------------------------


class ShouldSkipUpdateFunction(Protocol):
    """`(updates, gradient_step, params) -> (skip, what to remember)`."""

    def __call__(
        self, updates: Updates, gradient_step: Array, params: Params | None
    ) -> tuple[Array, Any]: ...


def skip_not_finite(
    updates: Updates, gradient_step: Any, params: Params | None
) -> tuple[Array, dict[str, Array]]:
    """For `MultiSteps`: skip gradients that have an infinity or NaN, and count these entries."""
    del gradient_step, params
    counts = [jnp.sum(~jnp.isfinite(leaf)) for leaf in tree.leaves(updates)]
    count = jnp.sum(jnp.stack(counts))
    return count > 0, {"should_skip": count > 0, "num_not_finite": count}


def skip_large_updates(
    updates: Updates, gradient_step: Any, params: Params | None, max_squared_norm: float
) -> tuple[Array, dict[str, Array]]:
    """For `MultiSteps`: skip gradients whose squared norm is not below a limit.

    Use it as `functools.partial(optim.skip_large_updates, max_squared_norm=100.0)`.
    """
    del gradient_step, params
    square = jnp.sum(jnp.stack([jnp.sum(leaf**2) for leaf in tree.leaves(updates)]))
    skip = ~(square < max_squared_norm)
    return skip, {"should_skip": skip, "norm_squared": square}


def _never_skip(*_: Any) -> tuple[Array, Any]:
    return jnp.asarray(False), ()


class MultiStepsState(NamedTuple):
    """Place in the cycle, number of steps made, inner state, the mean so far, skipping's notes."""

    mini_step: Any
    gradient_step: Any
    inner_opt_state: Any
    acc_grads: Any
    skip_state: Any = ()


class MultiSteps:
    """An optimizer that makes one step of the mean (or sum) of several gradients.

    Between, its updates are zeros.

    Args:
      opt: the optimizer.
      every_k_schedule: how many gradients make a step: a number, or a function of the steps made.
      use_grad_mean: False takes the sum.
      should_skip_update_fn: `(gradients, step, params) -> (skip, notes)`; gradients that are
        skipped do not count. See `skip_not_finite`.
      accumulator_dtype: the least dtype of the mean; float64 gradients keep float64.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optimizer = optim.MultiSteps(optim.sgd(1.0), 2)
        >>> state = optimizer.init(jnp.ones(1))
        >>> for gradient in (1.0, 3.0):
        ...     updates, state = optimizer.update(jnp.full(1, gradient), state)
        ...     print(updates.tolist(), bool(optimizer.has_updated(state)))
        [0.0] False
        [-2.0] True
    """

    def __init__(
        self, opt: GradientTransformation, every_k_schedule: int | Callable[[Array], Any],
        use_grad_mean: bool = True, should_skip_update_fn: ShouldSkipUpdateFunction | None = None,
        accumulator_dtype: DTypeLike = jnp.float32,
    ) -> None:  # fmt: skip
        self._opt = with_extra_args_support(opt)
        self._every = every_k_schedule if callable(every_k_schedule) else lambda _: every_k_schedule
        self._mean = use_grad_mean
        self._should_skip = should_skip_update_fn or _never_skip
        self._dtype = accumulator_dtype

    @property
    def inner_opt(self) -> GradientTransformationExtraArgs:
        """The optimizer that makes the steps."""
        return self._opt

    def init(self, params: Params) -> MultiStepsState:
        """The first state."""
        sums = tree.map(
            lambda p: jnp.zeros_like(p, dtype=jnp.promote_types(p.dtype, self._dtype)), params
        )
        zero = jnp.zeros((), jnp.int32)
        notes = self._should_skip(tree_zeros_like(params), zero, params)[1]
        return MultiStepsState(zero, zero, self._opt.init(params), sums, notes)

    def update(
        self, updates: Updates, state: MultiStepsState, params: Params | None = None, **extra: Any
    ) -> tuple[Updates, MultiStepsState]:
        """Take one gradient; the updates are zeros unless it completes a step."""
        return explained(self.init, self._update)(updates, state, params, **extra)

    def _update(
        self, updates: Updates, state: MultiStepsState, params: Params | None = None, **extra: Any
    ) -> tuple[Updates, MultiStepsState]:
        skip, notes = self._should_skip(updates, state.gradient_step, params)
        if not hasattr(skip, "dtype") or skip.dtype != jnp.bool_ or skip.shape != ():
            raise ArgumentValueError(
                "should_skip_update_fn gives one boolean array and its notes, and its first "
                f"result is {getattr(skip, 'aval', skip)}",
                help="return jnp.any(...), notes",
            )
        period, place = self._every(state.gradient_step), state.mini_step

        def add(total: Array, g: Array) -> Array:
            new = total + (g - total) / (place + 1) if self._mean else total + g
            return jnp.where(skip, total, new).astype(total.dtype)

        sums = tree.map(add, state.acc_grads, updates)
        emit = ~skip & (place == period - 1)
        gradients = _cast_like(sums, updates)
        updates, inner = update_if(
            emit, self._opt, gradients, state.inner_opt_state, params, extra, tree_zeros_like
        )
        following = safe_increment(place) % period
        return updates, MultiStepsState(
            jnp.where(skip, place, following),
            jnp.where(emit, safe_increment(state.gradient_step), state.gradient_step),
            inner,
            tree.map(lambda total: jnp.where(emit, 0, total), sums),
            notes,
        )

    def has_updated(self, state: Any) -> Array:
        """Whether the update that gave this state made a step."""
        return (state.mini_step == 0) & (state.gradient_step > 0)

    def gradient_transformation(self) -> GradientTransformationExtraArgs:
        """The same as a pair of functions."""
        return GradientTransformationExtraArgs(self.init, self.update)


# Slow and fast weights, and one vector --------------------------------------------------------


class LookaheadState(NamedTuple):
    """The fast optimizer's state, and its steps since the weights were last brought together."""

    fast_state: Any
    steps_since_sync: Any
    hyper: Any = ()


class LookaheadParams(NamedTuple):
    """Fast and slow weights."""

    fast: Any
    slow: Any

    @classmethod
    def init_synced(cls, params: Params) -> LookaheadParams:
        """Both start as `params`."""
        return cls(params, params)


def lookahead(
    fast_optimizer: GradientTransformation, sync_period: int, slow_step_size: ArrayLike,
    reset_state: bool = False,
) -> GradientTransformation:  # fmt: skip
    """Fast weights explore; every `sync_period` steps slow weights follow, and fast ones return.

    Parameters and updates are `LookaheadParams`; gradients are those of the fast weights.
    Zhang et al., "Lookahead optimizer", 2019.

    Args:
      fast_optimizer: moves the fast weights.
      sync_period: steps between meetings.
      slow_step_size: how far of the way the slow weights go.
      reset_state: start the fast optimizer anew at each meeting.

    Raises:
      ArgumentValueError: `sync_period` is below 1.
    """
    if sync_period < 1:
        raise ArgumentValueError(
            f"sync_period of lookahead is at least 1, and this is {sync_period}",
            help="sync_period=5",
        )

    def init(params: Params) -> LookaheadState:
        fast = getattr(params, "fast", params)
        return LookaheadState(fast_optimizer.init(fast), jnp.zeros((), jnp.int32))

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        params = required(params, "lookahead")
        updates, fast_state = fast_optimizer.update(updates, state.fast_state, params.fast)
        meet = state.steps_since_sync == sync_period - 1
        back = scalar(1 - h.slow_step_size.wide, updates)
        gaps = tree.map(lambda f, u, s: f + u - s, params.fast, updates, params.slow)
        slow = tree.map(lambda gap: jnp.where(meet, h.slow_step_size(gap) * gap, 0), gaps)
        fast = tree.map(lambda u, gap: jnp.where(meet, u - back(gap) * gap, u), updates, gaps)
        if reset_state:
            start = carry_hyper(fast_state, fast_optimizer.init(params.fast))
            fast_state = tree.map(lambda a, b: jnp.where(meet, b, a), fast_state, start)
        steps = (state.steps_since_sync + 1) % sync_period
        return LookaheadParams(fast, slow), LookaheadState(fast_state, steps)

    return hyperparameters(init, update, slow_step_size=slow_step_size)


def flatten(inner: GradientTransformation) -> GradientTransformationExtraArgs:
    """Show all leaves to a transformation as one vector; faster for many small leaves.

    The vector has the dtype that holds all leaves; updates come back in their own.
    """
    inner = with_extra_args_support(inner)

    def join(values: Any) -> Array:
        return jnp.concatenate([jnp.ravel(leaf) for leaf in tree.leaves(values)])

    def split(vector: Array, model: Any) -> Any:
        leaves, treedef = tree.flatten(model)
        parts, start = [], 0
        for leaf in leaves:
            part = vector[start : start + leaf.size]
            parts.append(part.reshape(leaf.shape).astype(leaf.dtype))
            start += leaf.size
        return tree.unflatten(treedef, parts)

    def update(
        updates: Updates, state: OptState, params: Params | None = None, **extra_args: Any
    ) -> tuple[Updates, OptState]:
        flat = None if params is None else join(params)
        vector, state = inner.update(join(updates), state, flat, **extra_args)
        return split(vector, updates), state

    return GradientTransformationExtraArgs(lambda params: inner.init(join(params)), update)
