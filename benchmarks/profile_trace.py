"""Where the time of tracing or lowering goes: `python -m benchmarks.profile_trace transformer`."""

import argparse
import cProfile
import pstats
import statistics
import sys
import time
from collections.abc import Sequence

from benchmarks import workloads
from benchmarks.frameworks import load

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the median time of fresh runs, then the functions that most of it went to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile_trace", description=__doc__)
    add = parser.add_argument
    add("workload", nargs="?", default="transformer", choices=workloads.WORKLOADS)
    add("--variant", default="grad", choices=workloads.VARIANTS)
    add("--stage", default="trace", choices=("trace", "lower"))
    add("--framework", default="jib", choices=("jib", "jax"))
    add("--runs", type=int, default=5)
    add("--top", type=int, default=30)
    add("--sort", default="tottime", choices=("tottime", "cumtime", "ncalls"))
    options = parser.parse_args(arguments)
    J = load(options.framework).root

    def run(profile: cProfile.Profile | None) -> tuple[float, int]:
        module = workloads.fresh()
        parts = getattr(module, options.workload)(J)
        function, operands = module.variant(J, *parts, options.variant)
        jitted = J.jit(function)
        traced = jitted.trace(*operands) if options.stage == "lower" else None
        started = time.perf_counter()
        if profile:
            profile.enable()
        if traced is None:
            traced = jitted.trace(*operands)
        else:
            traced.lower()
        if profile:
            profile.disable()
        return time.perf_counter() - started, len(traced.jaxpr.eqns)

    run(None)
    times, equations = zip(*(run(None) for _ in range(options.runs)), strict=True)
    profile = cProfile.Profile()
    run(profile)
    seconds = statistics.median(times)
    print(
        f"{options.framework}: {options.stage} of {options.workload} {options.variant}: "
        f"{seconds * 1e3:.1f} ms, {equations[0]} equations at the top, "
        f"{seconds / equations[0] * 1e6:.1f} us each (the profile itself slows what follows)"
    )
    statistics_of_calls = pstats.Stats(profile, stream=sys.stdout)
    statistics_of_calls.strip_dirs().sort_stats(options.sort).print_stats(options.top)


if __name__ == "__main__":
    main()
