"""Hyperparameters of any factory as a dict in the state; measurements kept in the state.

jib's own optimizers have their hyperparameters in the state already (`jib/optim/_hyper.py`);
`inject_hyperparams` does it for functions that build an optimizer in another way, and offers the
field `hyperparams` that code written for other libraries expects.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

import jib.numpy as jnp
from jib.errors import ArgumentValueError
from jib.optim._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Number,
    Params,
    Schedule,
    StatefulSchedule,
    Updates,
    stateless,
    with_extra_args_support,
)
from jib.optim._combining import chain
from jib.optim._hyper import carry_hyper
from jib.optim._numerics import safe_increment
from jib.optim._transforms import ema
from jib.typing import Array, DTypeLike

__all__ = [
    "InjectHyperparamsState", "InjectStatefulHyperparamsState", "MonitorState", "SnapshotState",
    "WrappedSchedule", "WrappedScheduleState", "inject_hyperparams", "inject_stateful_hyperparams",
    "measure_with_ema", "monitor", "snapshot",
]  # fmt: skip


class InjectHyperparamsState(NamedTuple):
    """Number of steps, the hyperparameters by name, and the optimizer's state."""

    count: Any
    hyperparams: Any
    inner_state: Any


class InjectStatefulHyperparamsState(NamedTuple):
    """Number of steps, the hyperparameters by name, their schedules' states, the inner state."""

    count: Any
    hyperparams: Any
    hyperparams_states: Any
    inner_state: Any


class WrappedScheduleState(NamedTuple):
    """How often the schedule was read."""

    count: Any


class WrappedSchedule:
    """A function of the step as a `StatefulSchedule`, which counts the steps itself."""

    def __init__(self, schedule_fn: Schedule) -> None:
        self.schedule_fn = schedule_fn

    def init(self) -> WrappedScheduleState:
        """The first state."""
        return WrappedScheduleState(jnp.zeros((), jnp.int32))

    def update(self, state: WrappedScheduleState, **extra_args: Any) -> WrappedScheduleState:
        """The state of the next step."""
        del extra_args
        return WrappedScheduleState(safe_increment(state.count))

    def __call__(self, state: WrappedScheduleState, **extra_args: Any) -> Any:
        """The value at this step."""
        del extra_args
        return self.schedule_fn(state.count)


def _sorted_arguments(
    arguments: Mapping[str, Any], static: set[str]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Arguments that are numbers, schedules, and others."""
    numbers, schedules, others = {}, {}, {}
    for name, value in arguments.items():
        is_dtype = isinstance(value, (type, np.dtype)) or (
            hasattr(value, "dtype") and callable(value)
        )
        if name in static or isinstance(value, bool) or is_dtype:
            others[name] = value
        elif isinstance(value, StatefulSchedule):
            schedules[name] = value
        elif callable(value):
            function: Any = value
            schedules[name] = WrappedSchedule(function)
        elif isinstance(value, (int, float, Array, np.ndarray, np.generic)):
            numbers[name] = value
        else:
            others[name] = value
    return numbers, schedules, others


def inject_hyperparams(
    inner_factory: Callable[..., GradientTransformation], static_args: str | Iterable[str] = (),
    hyperparam_dtype: DTypeLike | None = None,
) -> Callable[..., GradientTransformationExtraArgs]:  # fmt: skip
    """Keep the numbers that a function builds an optimizer from in its state.

    Args:
      inner_factory: function from numbers (or schedules) to an optimizer.
      static_args: names of arguments that stay as they are: flags, functions, whole numbers.
      hyperparam_dtype: dtype of the numbers; None is float64, so that results are those of the
        optimizer without this wrapper.

    Returns:
      A function with the arguments of `inner_factory`. The state of what it builds has a dict
      `hyperparams`; set its entries, or use `with_hyper`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optimizer = optim.inject_hyperparams(optim.sgd)(learning_rate=0.5)
        >>> state = optimizer.init(jnp.ones(1))
        >>> state.hyperparams["learning_rate"] = 0.25
        >>> updates, state = optimizer.update(jnp.ones(1), state)
        >>> updates.tolist()
        [-0.25]
    """
    static = {static_args} if isinstance(static_args, str) else set(static_args)
    signature = inspect.signature(inner_factory)
    if not static <= set(signature.parameters):
        raise ArgumentValueError(
            f"static_args {sorted(static - set(signature.parameters))} are not arguments of "
            f"{getattr(inner_factory, '__name__', inner_factory)}",
            help=f"its arguments are {', '.join(signature.parameters)}",
        )

    def convert(value: Any) -> Any:
        value = jnp.asarray(value)
        if not jnp.issubdtype(value.dtype, jnp.floating):
            return value
        return value.astype(jnp.float64 if hyperparam_dtype is None else hyperparam_dtype)

    @functools.wraps(inner_factory)
    def build(*args: Any, **kwargs: Any) -> GradientTransformationExtraArgs:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        numbers, schedules, others = _sorted_arguments(bound.arguments, static)

        def values_of(states: Mapping[str, Any], **extra: Any) -> dict[str, Any]:
            return {
                name: convert(schedule(states[name], **extra))
                for name, schedule in schedules.items()
            }

        def init(params: Params) -> InjectStatefulHyperparamsState:
            states = {name: schedule.init() for name, schedule in schedules.items()}
            values = {name: convert(value) for name, value in numbers.items()} | values_of(states)
            inner = inner_factory(**others, **values).init(params)
            return InjectStatefulHyperparamsState(jnp.zeros((), jnp.int32), values, states, inner)

        def update(
            updates: Updates, state: Any, params: Params | None = None, **extra: Any
        ) -> tuple[Updates, Any]:
            values = {name: convert(value) for name, value in state.hyperparams.items()}
            values |= values_of(state.hyperparams_states, **extra)
            states = {
                name: schedule.update(state.hyperparams_states[name], **extra)
                for name, schedule in schedules.items()
            }
            inner = with_extra_args_support(inner_factory(**others, **values))
            # The inner state holds the numbers of the last step: put in those of this one.
            fresh = inner.init(updates if params is None else params)
            current = carry_hyper(fresh, state.inner_state, scheduled=False)
            updates, inner_state = inner.update(updates, current, params, **extra)
            count = safe_increment(state.count)
            return updates, InjectStatefulHyperparamsState(count, values, states, inner_state)

        return GradientTransformationExtraArgs(init, update)

    return build


def inject_stateful_hyperparams(
    inner_factory: Callable[..., GradientTransformation], static_args: str | Iterable[str] = (),
    hyperparam_dtype: DTypeLike | None = None,
) -> Callable[..., GradientTransformationExtraArgs]:  # fmt: skip
    """The older name of `inject_hyperparams`."""
    return inject_hyperparams(inner_factory, static_args, hyperparam_dtype)


# Measurements --------------------------------------------------------------------------------


class SnapshotState(NamedTuple):
    """The last measurement, by name."""

    measurement: Any


def snapshot(measure_name: str, measure: Callable[[Updates], Any]) -> GradientTransformation:
    """Keep `measure(updates)` in the state; updates pass through.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> spy = optim.snapshot("peak", jnp.max)
        >>> _, state = spy.update(jnp.asarray([3.0, 4.0]), spy.init(jnp.ones(2)))
        >>> float(state.measurement["peak"])
        4.0
    """

    def init(params: Params) -> SnapshotState:
        return SnapshotState({measure_name: measure(params)})

    def update(
        updates: Updates, state: SnapshotState, params: Params | None = None
    ) -> tuple[Updates, SnapshotState]:
        return updates, SnapshotState({measure_name: measure(updates)})

    return GradientTransformation(init, update)


class MonitorState(NamedTuple):
    """The last measurements by name, and the states of those that have one."""

    measurements: Any
    measure_states: Any


def monitor(
    measures: Mapping[str, GradientTransformation | Callable[[Updates], Any]],
) -> GradientTransformationExtraArgs:
    """Keep several measurements in the state; updates pass through.

    Args:
      measures: by name, functions of the updates, or transformations whose output is the
        measurement (see `measure_with_ema`).
    """
    transforms = {
        name: with_extra_args_support(
            measure
            if isinstance(measure, GradientTransformation)
            else stateless(lambda updates, params, measure=measure: measure(updates))
        )
        for name, measure in measures.items()
    }

    def init(params: Params) -> MonitorState:
        states = tuple(each.init(params) for each in transforms.values())
        # Measuring the parameters gives the first state the structure that all later ones have.
        pairs = zip(transforms.items(), states, strict=True)
        first = {name: each.update(params, state, params)[0] for (name, each), state in pairs}
        return MonitorState(first, states)

    def update(
        updates: Updates, state: MonitorState, params: Params | None = None, **extra_args: Any
    ) -> tuple[Updates, MonitorState]:
        pairs = zip(transforms.items(), state.measure_states, strict=True)
        found = {
            name: each.update(updates, old, params, **extra_args) for (name, each), old in pairs
        }
        values = {name: value for name, (value, _) in found.items()}
        return updates, MonitorState(values, tuple(new for _, new in found.values()))

    return GradientTransformationExtraArgs(init, update)


def measure_with_ema(
    measure: Callable[[Updates], Any], decay: Number, debias: bool = True,
    accumulator_dtype: DTypeLike | None = None,
) -> GradientTransformationExtraArgs:  # fmt: skip
    """The moving average of `measure(updates)`, for `monitor`; see `ema`."""
    average = ema(decay, debias, accumulator_dtype)
    return chain(
        stateless(lambda updates, params: measure(updates)),
        average._replace(init=lambda params: average.init(measure(params))),
    )
