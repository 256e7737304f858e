"""The performance budget: how much of JAX's (or NumPy's) time jib may take, case by case."""

import fnmatch
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.harness import Row

__all__ = ["BUDGET", "Target", "Verdict", "judge"]


@dataclass(frozen=True)
class Target:
    """A limit on jib's time over `peer`'s, for the rows that the patterns name.

    A pattern is "bench: case" or "bench: case · stage", as in the tables. With
    `where_ahead`, only those rows count in which `peer` is ahead of JAX.
    """

    what: str
    limit: float
    patterns: tuple[str, ...]
    peer: str = "jax"
    where_ahead: bool = False


@dataclass(frozen=True)
class Verdict:
    """A target, the geometric mean and the worst of its ratios, and how many cases meet it."""

    target: Target
    measured: int
    within: int
    failed: int
    mean: float
    worst: float
    worst_case: str

    @property
    def word(self) -> str:
        """met, NOT MET (some case is over the limit), or not measured."""
        if not self.measured:
            return "not measured"
        if self.worst > self.target.limit:
            return "NOT MET"
        return "met, but cases failed" if self.failed else "met"


def _eager(*cases: str) -> tuple[str, ...]:
    return tuple(f"eager: {case}" for case in cases)


BUDGET = (
    Target("import", 0.35, ("startup: import · time",)),
    Target(
        "process start to first compiled result, warm cache",
        0.35,
        ("startup: first compiled result, warm · time", "startup: *step, warm · time"),
    ),
    Target("eager x + y, x * 2, x @ y", 0.8, _eager("add", "add_scalar", "mul_scalar", "matmul")),
    Target(
        "eager slice, integer index, float(x[i, j])",
        0.25,
        _eager("slice*", "index_int", "index_negative", "float_element"),
    ),
    Target("eager where, reshape", 0.5, _eager("where*", "reshape")),
    Target("eager .at[].set", 0.1, _eager("at_set")),
    Target("eager reductions", 1.0, _eager("sum_*", "mean", "max", "std", "argmax", "all_finite")),
    Target("compiled call, 1 to 500 leaves", 1.0, ("dispatch: *leaves*",)),
    Target("tracing", 0.33, ("trace: * forward · trace",)),
    Target("tracing grad", 0.33, ("trace: * grad · trace", "trace: * vmap_grad · trace")),
    Target("lowering", 0.6, ("trace: * · lower",)),
    *(
        Target(f"every operation, {size} elements", 1.0, (f"operations: * · {size}",))
        for size in ("1e3", "1e4", "1e5", "1e6", "1e7")
    ),
    Target("compiled run time", 1.0, ("compiled: *", "training: * · one step")),
    Target(
        "sorting and scanning where NumPy is ahead",
        2.0,
        tuple(
            f"compiled: {name} *"
            for name in ("sort", "argsort", "unique", "median", "cumsum", "searchsorted")
        ),
        peer="numpy",
        where_ahead=True,
    ),
)


def _matches(row: Row, target: Target) -> bool:
    name = f"{row.bench}: {row.label}"
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in target.patterns)


def judge(rows: Sequence[Row], budget: Sequence[Target] = BUDGET) -> list[Verdict]:
    """Hold the rows of a run against the budget, target by target."""
    return [_verdict(rows, target) for target in budget]


def _verdict(rows: Sequence[Row], target: Target) -> Verdict:
    chosen = [row for row in rows if _matches(row, target)]
    if target.where_ahead:
        chosen = [row for row in chosen if not row.ratio(target.peer, "jax") >= 1.0]
    ratios = {row.label: row.ratio("jib", target.peer) for row in chosen}
    known = {label: ratio for label, ratio in ratios.items() if not math.isnan(ratio)}
    failed = len(ratios) - len(known)
    if not known:
        return Verdict(target, 0, 0, failed, math.nan, math.nan, "")
    worst = max(known, key=known.__getitem__)
    mean = statistics.geometric_mean(known.values())
    within = sum(ratio <= target.limit for ratio in known.values())
    return Verdict(target, len(known), within, failed, mean, known[worst], worst)
