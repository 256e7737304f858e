"""What every public operation costs by itself, on 1e3 to 1e7 elements."""

import functools
import gc
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.frameworks import Framework
from benchmarks.measure import Case, Sampler, calls
from benchmarks.operations import OPERATIONS, Operation

__all__ = ["CASES", "SIZES"]

#: How many elements each operation is given, largest last.
SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)

# A size is left out where the one before says that a single call would take longer than this.
_LONGEST = 0.8


@functools.cache
def _host(kind: str, size: int) -> np.ndarray:
    """Operands by kind; the same numbers in every framework."""
    generator = np.random.default_rng(size)
    rows = max(1, int(size**0.5))
    square = rows * rows
    makers: dict[str, Callable[[], np.ndarray]] = {
        "x": lambda: generator.standard_normal(size, "float32"),
        "y": lambda: generator.standard_normal(size, "float32"),
        "p": lambda: generator.random(size, "float32") + np.float32(0.5),
        "u": lambda: generator.random(size, "float32") * np.float32(1.96) - np.float32(0.98),
        "i": lambda: generator.integers(1, 1000, size, "int32"),
        "j": lambda: generator.integers(1, 30, size, "int32"),
        "b": lambda: generator.random(size, "float32") > 0.5,
        "c": lambda: generator.random(size, "float32") > 0.5,
        "z": lambda: (_host("x", size) + 1j * _host("y", size)).astype("complex64"),
        "m": lambda: generator.standard_normal(square, "float32").reshape(rows, rows),
        "s": lambda: np.sort(_host("x", size)),
        "q": lambda: generator.standard_normal(max(1, size // 10), "float32"),
        "k": lambda: generator.integers(0, size, max(1, size // 10), "int32"),
        "images": lambda: generator.standard_normal(
            (max(1, size // 10_000), 25, 25, 16), "float32"
        ),
        "matrices": lambda: (
            generator.standard_normal((max(1, size // 256), 16, 16), "float32")
            + 8 * np.eye(16, dtype="float32")
        ),
    }
    return makers[kind]()


def _operands(framework: Framework, size: int) -> Any:
    """A namespace whose members become arrays of the framework when they are first read."""

    class Operands(SimpleNamespace):
        def __getattr__(self, kind: str) -> Any:
            value = framework.array(_host(kind, size))
            setattr(self, kind, value)
            return value

    return Operands()


def _builder(program: Callable[[Any, Any, Any], Any]) -> Callable[[Framework], Sampler]:
    def build(framework: Framework) -> Sampler:
        samplers: list[Sampler] = []
        last = 0.0
        for size in SIZES:
            if last * (size / SIZES[0] if len(samplers) == 0 else 10) > _LONGEST:
                break
            values = _operands(framework, size)
            thunk = functools.partial(program, framework.numpy, values, framework.root)
            stage = f"1e{len(str(size)) - 1}"
            samplers.append(calls(thunk, framework, stage, seconds=0.01))
            last = samplers[-1]()[stage]["seconds"]

        def sample() -> dict[str, dict[str, float]]:
            readings: dict[str, dict[str, float]] = {}
            for sampler in samplers:
                readings |= sampler()
            return readings

        gc.collect()
        return sample

    return build


def _case(operation: Operation) -> Case:
    builders = {
        framework: _builder(eval(f"lambda xp, a, root: {source}", {"np": np}))
        for framework, source in operation.sources.items()
    }
    return Case(operation.name, builders, timeout=60.0)


CASES = [_case(operation) for operation in OPERATIONS]
