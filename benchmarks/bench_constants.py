"""What an array that a function closes over costs, against the same array as an argument."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.frameworks import Framework
from benchmarks.measure import Case, Sampler, Stopwatch, everywhere, stages

__all__ = ["CASES"]

#: A program: (framework's root, the operand, the large array) to a result.
Program = Callable[[Any, Any, Any], Any]

_counter = 0


def _scaled_sum(J: Any, x: Any, table: Any) -> Any:
    return J.numpy.sum(x * table)


def _running_sum(J: Any, x: Any, table: Any) -> Any:
    return J.numpy.sum(x * J.numpy.cumsum(table))


def _lookup(J: Any, x: Any, table: Any) -> Any:
    return J.numpy.sum(table[x.astype(J.numpy.int32)])


def _case(
    name: str,
    program: Program,
    elements: int,
    captured: bool,
    host: bool = False,
    slow: bool = False,
) -> Case:
    def build(framework: Framework) -> Sampler:
        J = framework.root

        def run(watch: Stopwatch) -> None:
            global _counter
            # A length of its own each time, so that nothing is remembered; and not one value
            # repeated, which a compiler stores as a scalar.
            _counter += 1
            size = elements + _counter
            table = np.random.default_rng(_counter).random(size, dtype="float32")
            table = table if host else J.block_until_ready(framework.array(table))
            x = framework.array(np.ones(1, "float32"))
            if captured:
                function, arguments = J.jit(lambda x: program(J, x, table)), (x,)
            else:
                function, arguments = J.jit(lambda x, t: program(J, x, t)), (x, table)
            with watch("until compiled"):
                compiled = function.trace(*arguments).lower().compile()
            with watch("first run"):
                J.block_until_ready(compiled(*arguments))

        return stages(run)

    size = f"{elements * 4 / 1e6:g} MB"
    how = "closed over" if captured else "as an argument"
    host_note = ", NumPy" if host else ""
    label = f"{name}, {size}{host_note}, {how}"
    return Case(label, everywhere(build), rounds=3, timeout=60.0, slow=slow)


CASES = [
    *[_case("scale and sum", _scaled_sum, 6_000_000, captured) for captured in (False, True)],
    *[_case("scale and sum", _scaled_sum, 6_000_000, captured, True) for captured in (False, True)],
    *[_case("lookup", _lookup, 6_000_000, captured) for captured in (False, True)],
    *[_case("running sum", _running_sum, 60_000, captured) for captured in (False, True)],
    *[
        _case("running sum", _running_sum, 6_000_000, captured, slow=True)
        for captured in (False, True)
    ],
]
