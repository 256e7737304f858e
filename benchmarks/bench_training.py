"""What a training step of the demand forecaster costs: a two-layer GRU under AdamW.

120 depots, 70 days, 8 features, 32 hidden units, one forecast a day, mean squared error.
Each framework gets a process of its own, so that the peak memory is this model's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import workloads
from benchmarks.frameworks import Framework
from benchmarks.measure import Case, Sampler, calls, everywhere

__all__ = ["CASES"]

_DEPOTS, _DAYS, _FEATURES, _HIDDEN, _LAYERS = 120, 70, 8, 32, 2
_RATE, _DECAY, _BETA1, _BETA2, _EPSILON = 1e-3, 1e-4, 0.9, 0.999, 1e-8


def _host_data(time_axis: int) -> tuple[np.ndarray, np.ndarray]:
    shape = (_DAYS, _DEPOTS) if time_axis == 0 else (_DEPOTS, _DAYS)
    generator = np.random.RandomState(0)
    x = generator.standard_normal((*shape, _FEATURES)).astype("float32")
    return x, x[..., :1] * 0.5


def _adamw(J: Any) -> Callable[..., Any]:
    """AdamW of Loshchilov and Hutter (2019) in array functions alone."""
    jnp, tree = J.numpy, J.tree

    def update(parameters: Any, gradient: Any, mean: Any, square: Any, count: Any) -> Any:
        count = count + 1
        mean = tree.map(lambda m, g: _BETA1 * m + (1 - _BETA1) * g, mean, gradient)
        square = tree.map(lambda s, g: _BETA2 * s + (1 - _BETA2) * g * g, square, gradient)
        time = count.astype(jnp.float32)
        one, two = 1 - _BETA1**time, 1 - _BETA2**time

        def move(p: Any, m: Any, s: Any) -> Any:
            return p - _RATE * (m / one / (jnp.sqrt(s / two) + _EPSILON) + _DECAY * p)

        return tree.map(move, parameters, mean, square), mean, square, count

    return update


def _by_hand(framework: Framework) -> Sampler:
    """Model and optimizer written out in `lax.scan` and `tree.map`, nothing else."""
    J = framework.root
    loss, (parameters, _) = workloads.gru_scan(
        J, _HIDDEN, _FEATURES, _DEPOTS, _DAYS, layers=_LAYERS
    )
    data = tuple(framework.array(a) for a in _host_data(time_axis=0))
    update = _adamw(J)

    @J.jit
    def step(state: Any, data: Any) -> Any:
        value, gradient = J.value_and_grad(loss)(state[0], data)
        return update(state[0], gradient, *state[1:]), value

    zeros = J.tree.map(J.numpy.zeros_like, parameters)
    start = (parameters, zeros, zeros, J.numpy.zeros((), J.numpy.int32))
    return _trained(framework, lambda state: step(state, data), start)


def _with_libraries(framework: Framework) -> Sampler:
    """The same step in modules: `jib.linen` and `jib.optim`, Flax and Optax."""
    J, linen, optim = framework.root, framework.library("linen"), framework.library("optim")

    class Forecaster(linen.Module):
        """Stacked GRUs and one dense output a day."""

        @linen.compact
        def __call__(self, x: Any) -> Any:
            for _ in range(_LAYERS):
                x = linen.RNN(linen.GRUCell(_HIDDEN))(x)
            return linen.Dense(1)(x)

    model, optimizer = Forecaster(), optim.adamw(_RATE, weight_decay=_DECAY)
    x, y = (framework.array(a) for a in _host_data(time_axis=1))
    parameters = model.init(J.random.key(0), x)

    @J.jit
    def step(parameters: Any, moments: Any, x: Any, y: Any) -> Any:
        def loss(parameters: Any) -> Any:
            return J.numpy.mean(J.numpy.square(model.apply(parameters, x) - y))

        value, gradient = J.value_and_grad(loss)(parameters)
        updates, moments = optimizer.update(gradient, moments, parameters)
        return (optim.apply_updates(parameters, updates), moments), value

    start = (parameters, optimizer.init(parameters))
    return _trained(framework, lambda state: step(*state, x, y), start)


def _torch(framework: Framework) -> Sampler:
    """The same step in PyTorch: `nn.GRU` (its own kernel) and `optim.AdamW`."""
    torch = framework.root
    gru = torch.nn.GRU(_FEATURES, _HIDDEN, _LAYERS, batch_first=True)
    head = torch.nn.Linear(_HIDDEN, 1)
    parameters = [*gru.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, _RATE, weight_decay=_DECAY)
    x, y = (framework.array(a) for a in _host_data(time_axis=1))

    def step(state: Any) -> Any:
        optimizer.zero_grad()
        value = torch.mean((head(gru(x)[0]) - y) ** 2)
        value.backward()
        optimizer.step()
        return state, value.detach()

    return _trained(framework, step, None)


def _trained(framework: Framework, step: Callable[[Any], Any], start: Any) -> Sampler:
    """Times one step, each fed with the last one's state; the loss must fall meanwhile."""
    state, first = step(start)
    for _ in range(20):
        state, value = step(state)
    if not float(value) < float(first):
        raise AssertionError(f"the loss did not fall: {float(first):.4f} to {float(value):.4f}")
    box = [state]

    def advance() -> Any:
        box[0], value = step(box[0])
        return value

    return calls(advance, framework, "one step")


CASES = [
    Case("written by hand", everywhere(_by_hand, torch=_torch), isolated=True, timeout=300.0),
    Case("with libraries", everywhere(_with_libraries, torch=_torch), isolated=True, timeout=300.0),
]
