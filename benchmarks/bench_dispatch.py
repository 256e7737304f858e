"""What one call of an already compiled function costs, by how many arrays go in and out."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.frameworks import Framework
from benchmarks.measure import Case, Sampler, calls, everywhere

__all__ = ["CASES"]

_ONE = np.ones((4,), "float32")


def _increment(leaf: Any) -> Any:
    return leaf + 1.0


def _leaves(count: int) -> Case:
    """A list of `count` small arrays in, as many out: a model's parameters through a step."""

    def build(framework: Framework) -> Sampler:
        J = framework.root
        function = J.jit(lambda leaves: J.tree.map(_increment, leaves))
        leaves = [framework.array(_ONE) for _ in range(count)]
        return calls(lambda: function(leaves), framework)

    def torch(framework: Framework) -> Sampler:
        leaves = [framework.array(_ONE) for _ in range(count)]
        return calls(lambda: [leaf + 1.0 for leaf in leaves], framework)

    return Case(f"{count} leaves", everywhere(build, torch=torch))


def _nested(framework: Framework) -> Sampler:
    J = framework.root
    function = J.jit(lambda tree: J.tree.map(_increment, tree))
    tree = {
        f"layer_{i}": {"weight": framework.array(_ONE), "bias": framework.array(_ONE)}
        for i in range(50)
    }
    return calls(lambda: function(tree), framework)


def _argument(make: Callable[[Framework], Any]) -> Callable[[Framework], Sampler]:
    def build(framework: Framework) -> Sampler:
        function = framework.root.jit(_increment)
        argument = make(framework)
        return calls(lambda: function(argument), framework)

    return build


def _keywords(framework: Framework) -> Sampler:
    function = framework.root.jit(lambda *, x, y: x + y)
    array = framework.array(_ONE)
    return calls(lambda: function(x=array, y=array), framework)


def _fed_back(framework: Framework) -> Sampler:
    """Feeding each result to the next call, which a training loop does."""
    function = framework.root.jit(_increment)
    state = [framework.array(_ONE)]

    def step() -> Any:
        state[0] = function(state[0])
        return state[0]

    return calls(step, framework)


CASES = [
    *[_leaves(count) for count in (1, 10, 100, 500)],
    Case("100 leaves in nested dicts", everywhere(_nested)),
    Case("result fed to the next call", everywhere(_fed_back)),
    Case("keyword arguments", everywhere(_keywords)),
    Case("Python scalar argument", everywhere(_argument(lambda framework: 2.0))),
    Case("NumPy argument", everywhere(_argument(lambda framework: _ONE))),
]
