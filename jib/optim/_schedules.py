"""Schedules: functions from the step, counted from 0, to a value.

They compute in float32 (in the dtype of the step when that is a float), under `jit` or not.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jib.numpy as jnp
from jib.errors import ArgumentValueError
from jib.optim._base import Number, Schedule
from jib.typing import Array

__all__ = [
    "constant_schedule", "cosine_decay_schedule", "cosine_onecycle_schedule", "exponential_decay",
    "join_schedules", "linear_onecycle_schedule", "linear_schedule",
    "piecewise_constant_schedule", "piecewise_interpolate_schedule", "polynomial_schedule",
    "sgdr_schedule", "warmup_constant_schedule", "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
]  # fmt: skip


def _on_arrays(schedule: Callable[[Array], Any]) -> Schedule:
    """Let a schedule take Python numbers as well."""

    @functools.wraps(schedule)
    def call(count: Number) -> Array:
        return schedule(jnp.asarray(count))

    return call


def _positive(name: str, argument: str, value: int) -> None:
    if not value > 0:
        raise ArgumentValueError(
            f"{argument} of {name} is positive, and this is {value}", help=f"{argument}=1000"
        )


def constant_schedule(value: Number) -> Schedule:
    """The same value at every step."""
    return lambda count: value


def polynomial_schedule(
    init_value: Number, end_value: Number, power: Number, transition_steps: int,
    transition_begin: int = 0,
) -> Schedule:  # fmt: skip
    """From one value to another along `(1 - progress) ** power`.

    Args:
      init_value: value until `transition_begin`.
      end_value: value from `transition_begin + transition_steps` on.
      power: 1 is a straight line.
      transition_steps: how long it takes; 0 or less keeps `init_value` for ever.
      transition_begin: when it starts.

    Example:
        >>> from jib import optim
        >>> [float(optim.polynomial_schedule(1.0, 0.0, 2, 4)(step)) for step in (0, 2, 4, 6)]
        [1.0, 0.25, 0.0, 0.0]
    """
    if transition_steps <= 0:
        return constant_schedule(init_value)
    begin = max(transition_begin, 0)

    @_on_arrays
    def schedule(count: Array) -> Any:
        # Subtracted before the division: 1 - n / n may round to less than 0, which has no power.
        rest = (transition_steps - jnp.clip(count - begin, 0, transition_steps)) / transition_steps
        return (init_value - end_value) * rest**power + end_value

    return schedule


def linear_schedule(
    init_value: Number, end_value: Number, transition_steps: int, transition_begin: int = 0
) -> Schedule:
    """From one value to another in a straight line; see `polynomial_schedule`."""
    return polynomial_schedule(init_value, end_value, 1, transition_steps, transition_begin)


def exponential_decay(
    init_value: Number, transition_steps: int, decay_rate: float, transition_begin: int = 0,
    staircase: bool = False, end_value: Number | None = None,
) -> Schedule:  # fmt: skip
    """`init_value * decay_rate ** ((step - transition_begin) / transition_steps)`.

    Args:
      init_value: value until `transition_begin`.
      transition_steps: steps for one factor `decay_rate`; 0 or less keeps `init_value` for ever.
      decay_rate: the factor; 0 keeps `init_value` for ever.
      transition_begin: when it starts.
      staircase: whole exponents only.
      end_value: where the decay (or growth) stops.
    """
    if transition_steps <= 0 or decay_rate == 0:
        return constant_schedule(init_value)
    begin = max(transition_begin, 0)

    @_on_arrays
    def schedule(count: Array) -> Any:
        exponent = (count - begin) / transition_steps
        exponent = jnp.floor(exponent) if staircase else exponent
        value = jnp.where(count <= begin, init_value, init_value * jnp.power(decay_rate, exponent))
        if end_value is None:
            return value
        return (jnp.maximum if decay_rate < 1.0 else jnp.minimum)(value, end_value)

    return schedule


def cosine_decay_schedule(
    init_value: Number, decay_steps: int, alpha: Number = 0.0, exponent: Number = 1.0
) -> Schedule:
    """From `init_value` to `alpha * init_value` along half a cosine.

    `exponent` is the power of the cosine's half wave. Loshchilov and Hutter, "SGDR", 2017.

    Raises:
      ArgumentValueError: `decay_steps` is not positive.

    Example:
        >>> from jib import optim
        >>> [round(float(optim.cosine_decay_schedule(1.0, 4)(step)), 3) for step in (0, 2, 9)]
        [1.0, 0.5, 0.0]
    """
    _positive("cosine_decay_schedule", "decay_steps", decay_steps)

    @_on_arrays
    def schedule(count: Array) -> Any:
        wave = 0.5 * (1 + jnp.cos(math.pi * jnp.minimum(count, decay_steps) / decay_steps))
        return init_value * ((1 - alpha) * wave**exponent + alpha)

    return schedule


def _boundaries(
    name: str, boundaries_and_scales: Mapping[int, float] | None
) -> list[tuple[int, float]]:
    pairs = sorted((boundaries_and_scales or {}).items())
    if any(factor < 0.0 for _, factor in pairs):
        raise ArgumentValueError(
            f"the factors of {name} are not negative, and these are {dict(pairs)}",
            help="a factor below 1 shrinks the value: {1000: 0.1}",
        )
    return pairs


def piecewise_constant_schedule(
    init_value: Number, boundaries_and_scales: dict[int, float] | None = None
) -> Schedule:
    """A value that is multiplied by a factor at each boundary: `{step: factor}`.

    Example:
        >>> from jib import optim
        >>> schedule = optim.piecewise_constant_schedule(1.0, {10: 0.5, 20: 0.5})
        >>> [float(schedule(step)) for step in (0, 10, 15, 20)]
        [1.0, 0.5, 0.5, 0.25]
    """
    pairs = _boundaries("piecewise_constant_schedule", boundaries_and_scales)

    @_on_arrays
    def schedule(count: Array) -> Any:
        value = init_value
        for boundary, factor in pairs:
            value = jnp.where(count < boundary, value, factor * value)
        return value

    return schedule


def piecewise_interpolate_schedule(
    interpolate_type: str, init_value: Number, boundaries_and_scales: dict[int, float] | None = None
) -> Schedule:
    """Values at boundaries, each the one before times a factor, and a line or wave between.

    Args:
      interpolate_type: "linear" or "cosine".
      init_value: value at step 0.
      boundaries_and_scales: `{step: factor}`.
    """
    ArgumentValueError.check(
        "piecewise_interpolate_schedule", "interpolate_type", interpolate_type, ("linear", "cosine")
    )
    pairs = _boundaries("piecewise_interpolate_schedule", boundaries_and_scales)
    bounds = [0, *(boundary for boundary, _ in pairs)]
    factors = [factor for _, factor in pairs]

    def between(start: Any, end: Any, progress: Array) -> Any:
        if interpolate_type == "linear":
            return (end - start) * progress + start
        return end + (start - end) / 2.0 * (jnp.cos(math.pi * progress) + 1)

    @_on_arrays
    def schedule(count: Array) -> Any:
        values = list(itertools.accumulate(factors, lambda v, f: v * f, initial=init_value))
        result: Any = values[-1]
        for place in reversed(range(len(factors))):
            low, high = bounds[place], bounds[place + 1]
            progress = (count - low) / max(high - low, 1)
            inner = between(values[place], values[place + 1], progress)
            result = jnp.where(count < high, inner, result)
        return result

    return schedule


def linear_onecycle_schedule(
    transition_steps: int, peak_value: Number, pct_start: float = 0.3, pct_final: float = 0.85,
    div_factor: float = 25.0, final_div_factor: float = 10000.0,
) -> Schedule:  # fmt: skip
    """Up to a peak and down again, then further down, in straight lines.

    Args:
      transition_steps: length of the cycle.
      peak_value: the greatest value.
      pct_start: share of the steps that go up.
      pct_final: share of the steps after which the value is back where it started.
      div_factor: the peak over the first value.
      final_div_factor: the first value over the last.

    Smith and Topin, "Super-convergence", 2018.
    """
    _positive("linear_onecycle_schedule", "transition_steps", transition_steps)
    return piecewise_interpolate_schedule("linear", peak_value / div_factor, {
        int(pct_start * transition_steps): div_factor,
        int(pct_final * transition_steps): 1.0 / div_factor,
        transition_steps: 1.0 / final_div_factor,
    })  # fmt: skip


def cosine_onecycle_schedule(
    transition_steps: int, peak_value: Number, pct_start: float = 0.3, div_factor: float = 25.0,
    final_div_factor: float = 10000.0,
) -> Schedule:  # fmt: skip
    """Up to a peak and down again along cosines; see `linear_onecycle_schedule`."""
    _positive("cosine_onecycle_schedule", "transition_steps", transition_steps)
    return piecewise_interpolate_schedule("cosine", peak_value / div_factor, {
        int(pct_start * transition_steps): div_factor,
        transition_steps: 1.0 / (div_factor * final_div_factor),
    })  # fmt: skip


def join_schedules(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """Schedules one after another; each counts its steps from its own boundary.

    Example:
        >>> from jib import optim
        >>> warm = optim.linear_schedule(0.0, 1.0, 4)
        >>> schedule = optim.join_schedules([warm, optim.constant_schedule(1.0)], [4])
        >>> float(schedule(2)), float(schedule(9))
        (0.5, 1.0)
    """

    @_on_arrays
    def schedule(count: Array) -> Any:
        value = schedules[0](count)
        for boundary, following in zip(boundaries, schedules[1:], strict=False):
            value = jnp.where(count < boundary, value, following(count - boundary))
        return value

    return schedule


def warmup_constant_schedule(init_value: Number, peak_value: Number, warmup_steps: int) -> Schedule:
    """A straight line to `peak_value`, which then stays."""
    return linear_schedule(init_value, peak_value, warmup_steps)


def warmup_cosine_decay_schedule(
    init_value: float, peak_value: float, warmup_steps: int, decay_steps: int,
    end_value: float = 0.0, exponent: float = 1.0,
) -> Schedule:  # fmt: skip
    """A straight line to `peak_value`, then half a cosine to `end_value`.

    `decay_steps` counts the warm-up as well. Arguments else as in `cosine_decay_schedule`.
    """
    alpha = 0.0 if peak_value == 0.0 else end_value / peak_value
    warm = linear_schedule(init_value, peak_value, warmup_steps)
    decay = cosine_decay_schedule(peak_value, decay_steps - warmup_steps, alpha, exponent)
    return join_schedules([warm, decay], [warmup_steps])


def warmup_exponential_decay_schedule(
    init_value: Number, peak_value: Number, warmup_steps: int, transition_steps: int,
    decay_rate: float, transition_begin: int = 0, staircase: bool = False,
    end_value: Number | None = None,
) -> Schedule:  # fmt: skip
    """A straight line to `peak_value`, then `exponential_decay`, which counts from there."""
    warm = linear_schedule(init_value, peak_value, warmup_steps)
    decay = exponential_decay(
        peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value
    )
    return join_schedules([warm, decay], [warmup_steps])


def sgdr_schedule(cosine_kwargs: Iterable[dict[str, Any]]) -> Schedule:
    """Several `warmup_cosine_decay_schedule`s one after another, given by their arguments.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
    """
    cycles = list(cosine_kwargs)
    ends = list(itertools.accumulate(cycle["decay_steps"] for cycle in cycles))
    return join_schedules([warmup_cosine_decay_schedule(**cycle) for cycle in cycles], ends[:-1])
