"""Training without a schedule: schedule-free averaging, and cuts when the loss stands still."""

from __future__ import annotations

from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import tree as trees
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.optim._aliases import sgd
from jib.optim._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Number,
    OptState,
    Params,
    ScalarOrSchedule,
    required,
    with_extra_args_support,
)
from jib.optim._combining import chain
from jib.optim._hyper import hyperparameters, wide
from jib.optim._numerics import safe_increment
from jib.optim._schedules import warmup_constant_schedule
from jib.optim._squares import scale_by_rms
from jib.optim._transforms import add_decayed_weights, scale_by_learning_rate
from jib.optim._trees import like, real_dtype, tree_cast, tree_scale
from jib.optim.contrib._adaptive import zero_count
from jib.typing import DTypeLike

__all__ = [
    "ReduceLROnPlateauState", "ScheduleFreeState", "reduce_on_plateau", "schedule_free",
    "schedule_free_adamw", "schedule_free_eval_params", "schedule_free_sgd",
]  # fmt: skip


class ScheduleFreeState(NamedTuple):
    """The mixing weight, sum of weights, steps, largest rate, inner state, and base iterate."""

    b1: Any
    weight_sum: Any
    step_count: Any
    max_lr: Any
    base_optimizer_state: Any
    z: Any
    hyper: Any = ()


def _averaged(b1: Any, y: Any, z: Any) -> Any:
    """The average x, where gradients are taken at `y = b1 * x + (1 - b1) * z`."""
    return (y - like(1 - b1, z) * z) / like(b1, y)


def schedule_free_eval_params(state: OptState, params: Params) -> Params:
    """The parameters to evaluate with: the average, not the point of the last gradient.

    Args:
        state: the state of `schedule_free`.
        params: the parameters that training updates.

    Raises:
        ArgumentTypeError: the state is another one.
    """
    if not (hasattr(state, "b1") and hasattr(state, "z")):
        raise ArgumentTypeError(
            f"the state is of `schedule_free`, not a {type(state).__name__}",
            help="of a chain take its part, as state[-1]",
        )
    return trees.map(lambda y, z: _averaged(state.b1, y, z), params, state.z)


def schedule_free(
    base_optimizer: GradientTransformation,
    learning_rate: ScalarOrSchedule,
    b1: Number = 0.9,
    weight_lr_power: Number = 2.0,
    state_dtype: DTypeLike | None = None,
) -> GradientTransformation:
    """Replace a decaying schedule by an average of iterates, at which gradients are taken.

    Defazio et al., "The road less scheduled", 2024. Evaluate with `schedule_free_eval_params`.

    Args:
        base_optimizer: the optimizer of the base iterate, without momentum.
        learning_rate: the one of `base_optimizer`; its power weighs the iterates.
        b1: share of the average in the point where gradients are taken.
        weight_lr_power: the power.
        state_dtype: dtype of the base iterate.
    """
    base_optimizer = with_extra_args_support(base_optimizer)
    rate: Any = learning_rate
    if callable(learning_rate):  # steps count from 1 here
        rate = lambda step: learning_rate(step + 1)  # noqa: E731

    def init(params: Params) -> ScheduleFreeState:
        zero = jnp.zeros((), real_dtype(params))
        z = trees.map(jnp.copy, tree_cast(params, state_dtype))
        inner = base_optimizer.init(params)
        return ScheduleFreeState(wide(b1), zero, jnp.ones((), "int32"), zero, inner, z)

    def update(updates: Any, state: Any, params: Any, h: Any, **extra: Any) -> Any:
        required(params, "schedule_free")
        largest = jnp.maximum(state.max_lr, h.learning_rate(state.max_lr))
        weight = largest ** h.weight_lr_power(largest)
        total = state.weight_sum + weight
        share = jnp.where(total == 0, 0, weight / jnp.where(total == 0, 1, total))
        moves, inner = base_optimizer.update(updates, state.base_optimizer_state, params, **extra)
        z = trees.map(lambda z, u: (z + u).astype(z.dtype), state.z, moves)

        def step(y: Any, old: Any, new: Any) -> Any:
            x = _averaged(state.b1, y, old)
            x = like(1 - share, x) * x + like(share, new) * new
            return (like(state.b1, x) * x + like(1 - state.b1, new) * new - y).astype(y.dtype)

        updates = trees.map(step, params, state.z, z)
        count = safe_increment(state.step_count)
        return updates, ScheduleFreeState(state.b1, total, count, largest, inner, z)

    return hyperparameters(
        init, update, extra_args=True, learning_rate=rate, weight_lr_power=weight_lr_power
    )


def _warmed(learning_rate: Any, warmup_steps: int | None) -> Any:
    if warmup_steps is None:
        return learning_rate
    return warmup_constant_schedule(0, learning_rate, warmup_steps)


def schedule_free_sgd(
    learning_rate: Number = 1.0,
    warmup_steps: int | None = None,
    b1: Number = 0.9,
    weight_decay: ScalarOrSchedule | None = None,
    weight_lr_power: Number = 2.0,
    state_dtype: DTypeLike | None = None,
) -> GradientTransformation:
    """Schedule-free SGD, with a linear warm-up if asked; see `schedule_free`."""
    rate = _warmed(learning_rate, warmup_steps)
    optimizer: GradientTransformation = sgd(rate)
    if weight_decay is not None:
        optimizer = chain(add_decayed_weights(weight_decay), optimizer)
    return schedule_free(optimizer, rate, b1, weight_lr_power, state_dtype)


def schedule_free_adamw(
    learning_rate: Number = 0.0025,
    warmup_steps: int | None = None,
    b1: Number = 0.9,
    b2: Number = 0.999,
    eps: Number = 1e-08,
    weight_decay: ScalarOrSchedule = 0.0,
    weight_lr_power: Number = 2.0,
    state_dtype: DTypeLike | None = None,
) -> GradientTransformation:
    """Schedule-free AdamW, with a linear warm-up if asked; see `schedule_free`."""
    rate = _warmed(learning_rate, warmup_steps)
    optimizer = chain(
        scale_by_rms(b2, eps, eps_in_sqrt=False, bias_correction=True),
        add_decayed_weights(weight_decay),
        scale_by_learning_rate(rate),
    )
    return schedule_free(optimizer, rate, b1, weight_lr_power, state_dtype)


class ReduceLROnPlateauState(NamedTuple):
    """The factor, the best loss, how long it stands, pauses and losses counted, and their mean."""

    scale: Any
    best_value: Any
    plateau_count: Any
    cooldown_count: Any
    count: Any
    avg_value: Any
    hyper: Any = ()


def reduce_on_plateau(
    factor: float = 0.1,
    patience: int = 10,
    rtol: float = 0.0001,
    atol: float = 0.0,
    cooldown: int = 0,
    accumulation_size: int = 1,
    min_scale: Number = 0.0,
) -> GradientTransformationExtraArgs:
    """Scale updates down whenever the loss has stopped falling.

    `update` takes the loss by name: `update(gradients, state, params, value=loss)`.

    Args:
        factor: what the scale is multiplied by, in (0, 1).
        patience: how many means without improvement are waited for.
        rtol: relative decrease that counts as improvement.
        atol: absolute decrease that does.
        cooldown: how many means are not counted after a cut.
        accumulation_size: how many losses make one mean.
        min_scale: the least scale.

    Raises:
        ArgumentValueError: the factor or the tolerances are out of range.
    """
    for name, value, right, wanted in (
        ("factor", factor, 0 < factor < 1, "between 0 and 1"),
        ("rtol", rtol, 0 <= rtol <= 1, "between 0 and 1"),
        ("atol", atol, atol >= 0 and (atol > 0 or rtol > 0), "positive where rtol is 0"),
    ):
        if not right:
            raise ArgumentValueError(
                f"the `{name}` of `reduce_on_plateau` is {wanted}, not {value}",
                help="optim.contrib.reduce_on_plateau(factor=0.1, rtol=1e-4)",
            )

    def init(params: Params) -> ReduceLROnPlateauState:
        one, zero = jnp.ones((), real_dtype(params)), zero_count()
        best = jnp.full_like(one, jnp.inf)
        return ReduceLROnPlateauState(one, best, zero, zero, zero, jnp.zeros_like(one))

    def update(updates: Any, state: Any, params: Any, h: Any, *, value: Any, **_: Any) -> Any:
        scale, best, waited, pause, count, mean, _hyper = state
        new_count = safe_increment(count)
        mean = (count * mean + jnp.asarray(value).astype(mean.dtype)) / new_count
        improved = mean < (1 - h.rtol(best)) * best - h.atol(best)
        waited_now = jnp.where(improved, 0, safe_increment(waited))
        paused = pause > 0
        cut = (waited_now == patience) & ~paused
        least = jnp.maximum(jnp.where(cut, scale * h.factor(scale), scale), h.min_scale(scale))
        judged = ReduceLROnPlateauState(
            scale=jnp.where(paused, scale, least),
            best_value=jnp.where(improved, mean, best),
            plateau_count=jnp.where(cut | paused, 0, waited_now),
            cooldown_count=jnp.where(paused, pause - 1, jnp.where(cut, cooldown, 0)),
            count=jnp.zeros_like(count),
            avg_value=jnp.zeros_like(mean),
        )
        waiting = ReduceLROnPlateauState(scale, best, waited, pause, new_count, mean)
        full = new_count == accumulation_size
        new_state = trees.map(
            lambda new, old: jnp.where(full, new, old).astype(old.dtype), judged, waiting
        )
        return tree_scale(new_state.scale, updates), new_state

    transform = hyperparameters(
        init, update, extra_args=True, factor=factor, rtol=rtol, atol=atol, min_scale=min_scale
    )
    return with_extra_args_support(transform)
