"""When a checkpoint is saved, and which are kept."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Container, Sequence
from typing import Any, Protocol, runtime_checkable

from jib.errors import ArgumentValueError

__all__ = [
    "AnyPreservationPolicy", "AnySavePolicy", "BestN", "ContinuousCheckpointingPolicy",
    "CustomSteps", "DecisionContext", "EveryNSeconds", "EveryNSteps", "EveryNStepsClosest",
    "FixedIntervalPolicy", "InitialSavePolicy", "LatestDuration", "LatestN", "PolicyCheckpointInfo",
    "PreemptionCheckpointingPolicy", "PreservationContext", "PreservationPolicy", "PreserveAll",
    "SaveDecisionPolicy", "SpecificStepsPolicy",
]  # fmt: skip


@dataclasses.dataclass
class PolicyCheckpointInfo:
    """What a policy is told of a checkpoint."""

    step: int
    time: datetime.datetime
    metrics: Any = None


@dataclasses.dataclass(kw_only=True)
class DecisionContext:
    """What a policy is told beside the steps."""

    is_saving_in_progress: bool
    reached_preemption: bool
    multiprocessing_options: Any = None


@dataclasses.dataclass(kw_only=True)
class PreservationContext:
    """What a policy of keeping is told beside the checkpoints: nothing so far."""


Info = PolicyCheckpointInfo
Previous = Sequence[PolicyCheckpointInfo]


@runtime_checkable
class SaveDecisionPolicy(Protocol):
    """Says whether a checkpoint is saved at a step."""

    def should_save(self, step: Info, previous_steps: Previous, *, context: Any) -> bool:
        """Whether to save now."""
        ...


@runtime_checkable
class PreservationPolicy(Protocol):
    """Says which checkpoints, given from the oldest to the newest, are kept."""

    def should_preserve(self, checkpoints: Previous, *, context: Any) -> Sequence[bool]:
        """For each checkpoint, whether it is kept."""
        ...


# ---------------------------------------------------------------------------------------- saving


@dataclasses.dataclass
class FixedIntervalPolicy(SaveDecisionPolicy):
    """Saves when the step is a multiple of `interval`."""

    interval: int

    def should_save(self, step: Info, previous_steps: Previous, *, context: Any) -> bool:
        """Whether to save now."""
        return step.step % self.interval == 0


@dataclasses.dataclass
class SpecificStepsPolicy(SaveDecisionPolicy):
    """Saves at the steps that are listed."""

    steps: Container[int]

    def should_save(self, step: Info, previous_steps: Previous, *, context: Any) -> bool:
        """Whether to save now."""
        return step.step in self.steps


@dataclasses.dataclass(kw_only=True)
class ContinuousCheckpointingPolicy(SaveDecisionPolicy):
    """Saves whenever no save is under way, and so many seconds have passed since the last."""

    minimum_interval_secs: int | None = None

    def should_save(self, step: Info, previous_steps: Previous, *, context: Any) -> bool:
        """Whether to save now."""
        if context.is_saving_in_progress:
            return False
        if not previous_steps or self.minimum_interval_secs is None:
            return True
        passed = step.time - previous_steps[-1].time
        return passed >= datetime.timedelta(seconds=self.minimum_interval_secs)


class PreemptionCheckpointingPolicy(SaveDecisionPolicy):
    """Saves when the machine is about to be taken away: the process was sent SIGTERM."""

    def should_save(self, step: Info, previous_steps: Previous, *, context: Any) -> bool:
        """Whether to save now."""
        return context.reached_preemption


class InitialSavePolicy(SaveDecisionPolicy):
    """Saves when there is no checkpoint yet."""

    def should_save(self, step: Info, previous_steps: Previous, *, context: Any) -> bool:
        """Whether to save now."""
        return not previous_steps


@dataclasses.dataclass
class AnySavePolicy(SaveDecisionPolicy):
    """Saves when one of the policies does."""

    policies: Sequence[SaveDecisionPolicy]

    def should_save(self, step: Info, previous_steps: Previous, *, context: Any) -> bool:
        """Whether to save now."""
        return any(p.should_save(step, previous_steps, context=context) for p in self.policies)


@dataclasses.dataclass
class ShouldSaveFunction(SaveDecisionPolicy):
    """Saves when a function of the step and the last saved step says so."""

    function: Callable[[int, int | None], bool]

    def should_save(self, step: Info, previous_steps: Previous, *, context: Any) -> bool:
        """Whether to save now."""
        return self.function(step.step, previous_steps[-1].step if previous_steps else None)


# --------------------------------------------------------------------------------------- keeping


class PreserveAll(PreservationPolicy):
    """Keeps all."""

    def should_preserve(self, checkpoints: Previous, *, context: Any) -> Sequence[bool]:
        """For each checkpoint, whether it is kept."""
        return [True] * len(checkpoints)


def _last(kept: list[bool], most: int | None) -> list[bool]:
    """Of those that are kept, the last ones only."""
    chosen = [i for i, keep in enumerate(kept) if keep]
    few = set(chosen if most is None else chosen[max(len(chosen) - most, 0) :])
    return [i in few for i in range(len(kept))]


@dataclasses.dataclass
class LatestN(PreservationPolicy):
    """Keeps the newest `n`."""

    n: int | None = None

    def should_preserve(self, checkpoints: Previous, *, context: Any) -> Sequence[bool]:
        """For each checkpoint, whether it is kept."""
        return _last([True] * len(checkpoints), self.n)


@dataclasses.dataclass
class LatestDuration(PreservationPolicy):
    """Keeps those that are at most `duration` older than the newest."""

    duration: datetime.timedelta

    def should_preserve(self, checkpoints: Previous, *, context: Any) -> Sequence[bool]:
        """For each checkpoint, whether it is kept."""
        newest = max((info.time for info in checkpoints), default=None)
        return [newest is not None and newest - i.time <= self.duration for i in checkpoints]


def _spaced(checkpoints: Previous, distance: Callable[[Info, Info], bool]) -> list[bool]:
    """The first, and each that is far enough from the last one that is kept."""
    kept, last = [], None
    for info in checkpoints:
        keep = last is None or distance(last, info)
        last = info if keep else last
        kept.append(keep)
    return kept


@dataclasses.dataclass
class EveryNSeconds(PreservationPolicy):
    """Keeps the first, and then one each `interval_secs` seconds."""

    interval_secs: int

    def should_preserve(self, checkpoints: Previous, *, context: Any) -> Sequence[bool]:
        """For each checkpoint, whether it is kept."""
        interval = datetime.timedelta(seconds=self.interval_secs)
        return _spaced(checkpoints, lambda last, info: info.time - last.time >= interval)


def _check_interval(policy: Any) -> None:
    if policy.interval_steps <= 0:
        raise ArgumentValueError(
            f"{type(policy).__name__} needs a positive interval_steps, not {policy.interval_steps}",
            help=f"jib.ckpt.checkpoint_managers.{type(policy).__name__}(1000)",
        )


@dataclasses.dataclass
class EveryNSteps(PreservationPolicy):
    """Keeps multiples of `interval_steps`; if not exact, the first and what is so far apart."""

    interval_steps: int
    exact_interval: bool = True
    max_to_keep: int | None = None
    __post_init__ = _check_interval

    def should_preserve(self, checkpoints: Previous, *, context: Any) -> Sequence[bool]:
        """For each checkpoint, whether it is kept."""
        n = self.interval_steps
        if self.exact_interval:
            kept = [info.step % n == 0 for info in checkpoints]
        else:
            kept = _spaced(checkpoints, lambda last, info: info.step - last.step >= n)
        return _last(kept, self.max_to_keep)


@dataclasses.dataclass
class EveryNStepsClosest(PreservationPolicy):
    """Keeps, for each multiple of `interval_steps`, the step nearest to it, and the newest."""

    interval_steps: int
    max_to_keep: int | None = None
    __post_init__ = _check_interval

    def should_preserve(self, checkpoints: Previous, *, context: Any) -> Sequence[bool]:
        """For each checkpoint, whether it is kept."""
        nearest: dict[int, int] = {}
        steps = [info.step for info in checkpoints]
        for i, step in enumerate(steps):
            k = round(step / self.interval_steps)
            target = k * self.interval_steps
            if k not in nearest or abs(step - target) <= abs(steps[nearest[k]] - target):
                nearest[k] = i
        chosen = {*nearest.values(), len(steps) - 1}
        return _last([i in chosen for i in range(len(steps))], self.max_to_keep)


@dataclasses.dataclass
class CustomSteps(PreservationPolicy):
    """Keeps the steps that are listed."""

    steps: Sequence[int]

    def should_preserve(self, checkpoints: Previous, *, context: Any) -> Sequence[bool]:
        """For each checkpoint, whether it is kept."""
        return [info.step in set(self.steps) for info in checkpoints]


@dataclasses.dataclass
class AnyPreservationPolicy(PreservationPolicy):
    """Keeps what one of the policies keeps."""

    policies: Sequence[PreservationPolicy]

    def should_preserve(self, checkpoints: Previous, *, context: Any) -> Sequence[bool]:
        """For each checkpoint, whether it is kept."""
        answers = [p.should_preserve(checkpoints, context=context) for p in self.policies]
        return [any(column) for column in zip(*answers, strict=True)]


@dataclasses.dataclass(kw_only=True)
class BestN(PreservationPolicy):
    """Keeps the `n` whose metric is greatest, or least with `reverse`."""

    get_metric_fn: Callable[[Any], float]
    reverse: bool = False
    n: int | None = None
    keep_checkpoints_without_metrics: bool = True

    def should_preserve(self, checkpoints: Previous, *, context: Any) -> Sequence[bool]:
        """For each checkpoint, whether it is kept."""
        ranked = [i for i, info in enumerate(checkpoints) if info.metrics is not None]
        ranked.sort(key=lambda i: self.get_metric_fn(checkpoints[i].metrics), reverse=self.reverse)
        if self.n is None:
            return [True] * len(checkpoints)
        best = set(ranked[max(len(ranked) - self.n, 0) :])
        spared = self.keep_checkpoints_without_metrics and self.n > 0
        return [
            i in best or (spared and info.metrics is None) for i, info in enumerate(checkpoints)
        ]
