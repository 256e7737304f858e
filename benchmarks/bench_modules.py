"""What modules and optimizers cost beyond the arithmetic: calls through 20 small layers.

"plain lists" is the same arithmetic on lists of arrays under `jit`: the measure of the others.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.frameworks import Framework
from benchmarks.measure import Case, Sampler, calls, everywhere, stages

__all__ = ["CASES"]

_LAYERS, _WIDTH = 20, 8


def _input(framework: Framework) -> Any:
    return framework.array(np.ones((4, _WIDTH), "float32"))


def _plain(framework: Framework) -> Sampler:
    generator = np.random.RandomState(0)
    layers = [
        (framework.array(generator.randn(_WIDTH, _WIDTH).astype("float32")), framework.array(bias))
        for bias in np.zeros((_LAYERS, _WIDTH), "float32")
    ]

    @framework.root.jit
    def apply(layers: Any, x: Any) -> Any:
        for kernel, bias in layers:
            x = x @ kernel + bias
        return x

    x = _input(framework)
    return calls(lambda: apply(layers, x), framework)


def _mutable(framework: Framework) -> tuple[Any, Any]:
    nnx = framework.library("nnx")

    class Stack(nnx.Module):
        """Dense layers, one after the other."""

        def __init__(self, rngs: Any) -> None:
            self.layers = nnx.List([nnx.Linear(_WIDTH, _WIDTH, rngs=rngs) for _ in range(_LAYERS)])

        def __call__(self, x: Any) -> Any:
            for layer in self.layers:
                x = layer(x)
            return x

    return nnx, Stack(nnx.Rngs(0))


def _nnx_jit(framework: Framework) -> Sampler:
    nnx, model = _mutable(framework)
    apply, x = nnx.jit(lambda model, x: model(x)), _input(framework)
    return calls(lambda: apply(model, x), framework)


def _nnx_eager(framework: Framework) -> Sampler:
    _, model = _mutable(framework)
    x = _input(framework)
    return calls(lambda: model(x), framework)


def _nnx_step(framework: Framework) -> Sampler:
    """Gradient and Adam through `nnx.Optimizer`: everything changes in place."""
    nnx, model = _mutable(framework)
    optimizer = nnx.Optimizer(model, framework.library("optim").adam(1e-3), wrt=nnx.Param)

    @nnx.jit
    def step(model: Any, optimizer: Any, x: Any) -> Any:
        value, gradient = nnx.value_and_grad(lambda model: (model(x) ** 2).mean())(model)
        optimizer.update(model, gradient)
        return value

    x = _input(framework)
    return calls(lambda: step(model, optimizer, x), framework)


def _dataclass(framework: Framework) -> tuple[Any, Any, Any]:
    linen = framework.library("linen")

    class Stack(linen.Module):
        """Dense layers, one after the other."""

        @linen.compact
        def __call__(self, x: Any) -> Any:
            for _ in range(_LAYERS):
                x = linen.Dense(_WIDTH)(x)
            return x

    model, x = Stack(), _input(framework)
    return model, model.init(framework.root.random.key(0), x), x


def _linen_jit(framework: Framework) -> Sampler:
    model, variables, x = _dataclass(framework)
    apply = framework.root.jit(model.apply)
    return calls(lambda: apply(variables, x), framework)


def _linen_eager(framework: Framework) -> Sampler:
    model, variables, x = _dataclass(framework)
    return calls(lambda: model.apply(variables, x), framework)


def _linen_init(framework: Framework) -> Sampler:
    model, _, x = _dataclass(framework)
    key = framework.root.random.key(0)
    return calls(lambda: model.init(key, x), framework)


def _torch(framework: Framework) -> Sampler:
    torch = framework.root
    model = torch.nn.Sequential(*(torch.nn.Linear(_WIDTH, _WIDTH) for _ in range(_LAYERS)))
    x = _input(framework)
    return calls(lambda: model(x), framework)


def _optimizer(make: Callable[[Any], Any]) -> Callable[[Framework], Sampler]:
    """Tracing the update of 100 parameters, and one compiled update."""

    def build(framework: Framework) -> Sampler:
        J, optim = framework.root, framework.library("optim")
        params = {f"layer_{i}": framework.array(np.ones((4, 4), "float32")) for i in range(100)}
        transformation = make(optim)
        state = transformation.init(params)

        def sample(watch: Any) -> None:
            def update(params: Any, state: Any) -> Any:
                updates, state = transformation.update(params, state, params)
                return optim.apply_updates(params, updates), state

            compiled = J.jit(update)
            with watch("trace"):
                traced = compiled.trace(params, state)
            program = traced.lower().compile()
            J.block_until_ready(program(params, state))
            with watch("50 updates"):
                new = params, state
                for _ in range(50):
                    new = program(*new)
                J.block_until_ready(new)

        return stages(sample)

    return build


def _new_rates(framework: Framework) -> Sampler:
    """Twenty learning rates, one compiled step for all of them."""
    J, optim = framework.root, framework.library("optim")
    params = {"w": framework.array(np.ones((16, 16), "float32"))}

    def sample(watch: Any) -> None:
        @J.jit
        def step(params: Any, state: Any, rate: Any) -> Any:
            updates, state = optim.adam(rate).update(params, state, params)
            return optim.apply_updates(params, updates), state

        with watch("20 learning rates"):
            for i in range(20):
                state = optim.adam(1e-3).init(params)
                J.block_until_ready(step(params, state, 1e-3 * (i + 1)))

    return stages(sample)


CASES = [
    Case("20 layers, plain lists", everywhere(_plain, torch=_torch)),
    Case("20 layers, nnx.jit", everywhere(_nnx_jit)),
    Case("20 layers, nnx eager", everywhere(_nnx_eager)),
    Case("20 layers, nnx training step", everywhere(_nnx_step), timeout=300.0),
    Case("20 layers, linen under jit", everywhere(_linen_jit)),
    Case("20 layers, linen eager", everywhere(_linen_eager)),
    Case("20 layers, linen init", everywhere(_linen_init)),
    Case("adamw, 100 parameters", everywhere(_optimizer(lambda optim: optim.adamw(1e-3)))),
    Case("adafactor, 100 parameters", everywhere(_optimizer(lambda optim: optim.adafactor(1e-3)))),
    Case("a sweep", everywhere(_new_rates)),
]
