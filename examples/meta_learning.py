"""MAML: a start from which three steps of gradient descent learn any sine wave of a family.

The loss of the outer optimizer is the loss after the inner one has run, so its gradient goes
through the inner gradients. Source: Finn, Abbeel and Levine 2017, arXiv:1703.03400.
Run: python examples/meta_learning.py
"""

import argparse
from typing import Any

import jib
import jib.numpy as jnp
from jib import lax, linen as nn, optim

Task = dict[str, jib.Array]
inner = optim.sgd(0.02)


class Curve(nn.Module):
    """A function of one number: `(points, 1)` to `(points, 1)`."""

    @nn.compact
    def __call__(self, x: jib.Array) -> jib.Array:
        for _ in range(2):
            x = nn.tanh(nn.Dense(40)(x))
        return nn.Dense(1)(x)


def loss(params: Any, x: jib.Array, y: jib.Array) -> jib.Array:
    """Mean squared error."""
    return optim.squared_error(Curve().apply({"params": params}, x), y).mean()


def adapted(params: Any, task: Task, steps: int = 3) -> Any:
    """The parameters after some steps on the few points of one task."""

    def step(carry: Any, _: None) -> tuple[Any, None]:
        params, state = carry
        grads = jib.grad(loss)(params, task["x"], task["y"])
        updates, state = inner.update(grads, state, params)
        return (optim.apply_updates(params, updates), state), None

    return lax.scan(step, (params, inner.init(params)), length=steps)[0][0]


def losses_after(params: Any, tasks: Task) -> jib.Array:
    """The loss on fresh points of each of many tasks, after adapting to each by itself."""

    def one(task: Task) -> jib.Array:
        return loss(adapted(params, task), task["fresh_x"], task["fresh_y"])

    return jib.vmap(one)(tasks)


def waves(key: jib.Array, count: int, points: int = 10) -> Task:
    """`count` sine waves of random height and phase, with two sets of points of each."""
    height_key, phase_key, x_key, fresh_key = jib.random.split(key, 4)
    height = jib.random.uniform(height_key, (count, 1, 1), minval=0.5, maxval=2.0)
    phase = jib.random.uniform(phase_key, (count, 1, 1), maxval=jnp.pi)
    x = jib.random.uniform(x_key, (count, points, 1), minval=-3.0, maxval=3.0)
    fresh = jib.random.uniform(fresh_key, (count, points, 1), minval=-3.0, maxval=3.0)
    return {
        "x": x,
        "y": height * jnp.sin(x + phase),
        "fresh_x": fresh,
        "fresh_y": height * jnp.sin(fresh + phase),
    }


def main(steps: int = 1500, tasks: int = 16) -> tuple[float, float]:
    """Trains the start; returns the loss after adapting from a random one, and from the trained."""
    init_key, unseen_key, train_key = jib.random.split(jib.random.key(0), 3)
    params = Curve().init(init_key, jnp.zeros((1, 1)))["params"]
    outer = optim.adam(optim.cosine_decay_schedule(5e-3, steps))
    unseen = waves(unseen_key, 200)

    @jib.jit
    def train(params: Any, key: jib.Array) -> tuple[Any, jib.Array]:
        def step(carry: Any, key: jib.Array) -> tuple[Any, jib.Array]:
            params, state = carry
            mean_of = lambda params: losses_after(params, waves(key, tasks)).mean()  # noqa: E731
            value, grads = jib.value_and_grad(mean_of)(params)
            updates, state = outer.update(grads, state, params)
            return (optim.apply_updates(params, updates), state), value

        start = params, outer.init(params)
        (params, _), values = lax.scan(step, start, jib.random.split(key, steps))
        return params, values

    before = float(losses_after(params, unseen).mean())
    params, values = train(params, train_key)
    after = float(losses_after(params, unseen).mean())
    print(f"meta-training: loss {float(values[0]):.3f} -> {float(values[-20:].mean()):.3f}")
    print(f"unseen waves after 3 steps: from a random start {before:.3f}, from this {after:.3f}")
    return before, after


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--tasks", type=int, default=16)
    main(**vars(parser.parse_args()))
