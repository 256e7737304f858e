"""What a case is and how it is timed; this half runs inside the worker processes."""

import contextlib
import gc
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.frameworks import Framework

__all__ = ["Case", "ProcessCase", "Sampler", "Stopwatch", "calls", "everywhere", "stages"]

#: One sample: a reading for each stage, {"seconds": wall, "cpu": cpu} or {"bytes": n}.
Sampler = Callable[[], dict[str, dict[str, float]]]

_SECONDS_PER_SAMPLE = 0.02


@dataclass(frozen=True)
class Case:
    """One measured thing, built per framework; a framework that lacks it is left out.

    `isolated` gives each framework a fresh process, so that its peak memory is this
    case's alone. `slow` cases run only with `--slow`. `rounds` caps the repeats.
    """

    name: str
    builders: Mapping[str, Callable[[Framework], Sampler]]
    isolated: bool = False
    slow: bool = False
    rounds: int | None = None
    timeout: float = 120.0


@dataclass(frozen=True)
class ProcessCase:
    """A program whose whole process is the sample, from its start to its last line.

    `cache` says what the compilation cache on disk holds when it starts: "none", "cold"
    (a new empty folder each time) or "warm" (filled by a run that is not counted).
    """

    name: str
    sources: Mapping[str, str]
    cache: str = "none"
    rounds: int | None = None
    timeout: float = 120.0
    slow: bool = field(default=False)


class Stopwatch:
    """Collects one reading per named stage of a sample."""

    def __init__(self) -> None:
        self.readings: dict[str, dict[str, float]] = {}

    @contextlib.contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time the block as `stage`, in wall and in CPU seconds."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        self.readings[stage] = {"seconds": wall, "cpu": cpu}

    def size(self, stage: str, count: int) -> None:
        """Record a number of bytes as `stage`."""
        self.readings[stage] = {"bytes": float(count)}


def stages(run: Callable[[Stopwatch], Any]) -> Sampler:
    """A sampler for work that is done once per sample, in stages that `run` times."""

    def sample() -> dict[str, dict[str, float]]:
        gc.collect()
        watch = Stopwatch()
        run(watch)
        return watch.readings

    sample()  # the first one also pays for one-time set-up that is no part of the question
    return sample


def calls(
    thunk: Callable[[], Any],
    framework: Framework,
    stage: str = "",
    seconds: float = _SECONDS_PER_SAMPLE,
) -> Sampler:
    """A sampler for the seconds of one call, averaged over a batch of at least `seconds`.

    The batch is waited for once, at its end: calls may overlap as they do in a program.
    """
    wait = framework.wait
    wait(thunk())

    def batch(count: int) -> tuple[float, float]:
        result = None
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            result = thunk()
        wait(result)
        return time.perf_counter() - wall, time.process_time() - cpu

    count = 1
    while (elapsed := batch(count)[0]) < seconds:
        count = max(2 * count, int(count * seconds / max(elapsed, 1e-9)))

    def sample() -> dict[str, dict[str, float]]:
        gc.collect()
        wall, cpu = batch(count)
        return {stage: {"seconds": wall / count, "cpu": cpu / count}}

    return sample


def everywhere(
    array: Callable[[Framework], Sampler], **others: Callable[[Framework], Sampler] | None
) -> dict[str, Callable[[Framework], Sampler]]:
    """Builders from one that jib and JAX share, plus those of the other frameworks."""
    return {"jib": array, "jax": array} | {k: v for k, v in others.items() if v is not None}
