"""A small neural network that tells two interleaved half-moons apart, trained with Adam.

Everything is in plain functions of arrays: no classes, no training library.
Run: python examples/mlp.py
"""

import argparse
from itertools import pairwise
from typing import NamedTuple

import numpy as np

import jib
import jib.numpy as jnp

Layers = list[dict[str, jib.Array]]


class State(NamedTuple):
    """What training carries from step to step: the layers, and Adam's two moments and count."""

    layers: Layers
    first: Layers
    second: Layers
    count: jib.Array


def two_moons(count: int, noise: float = 0.15, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points `(count, 2)` float32 on two half-circles, and which one each is on, `(count,)`."""
    source = np.random.default_rng(seed)
    label = source.integers(0, 2, count)
    angle = source.uniform(0, np.pi, count)
    x = np.where(label == 0, np.cos(angle), 1 - np.cos(angle))
    y = np.where(label == 0, np.sin(angle), 0.5 - np.sin(angle))
    points = np.stack([x, y], axis=1) + noise * source.normal(size=(count, 2))
    return points.astype(np.float32), label.astype(np.float32)


def initial_layers(key: jib.Array, widths: tuple[int, ...]) -> Layers:
    """Weights of variance 2 / width, for ReLU. Source: He et al. 2015, arXiv:1502.01852."""
    layers = []
    for inputs, outputs in pairwise(widths):
        key, own = jib.random.split(key)
        weight = jib.random.normal(own, (inputs, outputs)) * (2.0 / inputs) ** 0.5
        layers.append({"weight": weight, "bias": jnp.zeros(outputs)})
    return layers


def score(layers: Layers, point: jib.Array) -> jib.Array:
    """The log-odds that one point `(2,)` is on the second moon."""
    *hidden, last = layers
    for layer in hidden:
        point = jnp.maximum(point @ layer["weight"] + layer["bias"], 0.0)
    return (point @ last["weight"] + last["bias"])[0]


def loss(layers: Layers, points: jib.Array, labels: jib.Array) -> jib.Array:
    """Mean logistic loss: `log(1 + exp(-s))` for the one label, `log(1 + exp(s))` for the other."""
    scores = jib.vmap(score, in_axes=(None, 0))(layers, points)
    return jnp.mean(jnp.logaddexp(0.0, scores) - labels * scores)


def adam(state: State, slope: Layers, rate: float = 1e-2) -> State:
    """One step of Adam. Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1."""
    count = state.count + 1
    first = jib.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state.first, slope)
    second = jib.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, state.second, slope)

    def moved(value: jib.Array, m: jib.Array, v: jib.Array) -> jib.Array:
        mean, square = m / (1 - 0.9**count), v / (1 - 0.999**count)
        return value - rate * mean / (jnp.sqrt(square) + 1e-8)

    return State(jib.tree.map(moved, state.layers, first, second), first, second, count)


@jib.jit
def train(state: State, batches: tuple[jib.Array, jib.Array]) -> tuple[State, jib.Array]:
    """A pass over all batches, as one compiled program; also returns each batch's loss."""

    def step(state: State, batch: tuple[jib.Array, jib.Array]) -> tuple[State, jib.Array]:
        value, slope = jib.value_and_grad(loss)(state.layers, *batch)
        return adam(state, slope), value

    return jib.lax.scan(step, state, batches)


@jib.jit
def accuracy(layers: Layers, points: jib.Array, labels: jib.Array) -> jib.Array:
    """The share of points on the right side."""
    scores = jib.vmap(score, in_axes=(None, 0))(layers, points)
    return jnp.mean((scores > 0) == (labels > 0.5))


def main(epochs: int = 40, width: int = 32, batch: int = 50) -> float:
    """Trains, reports the losses, and returns the accuracy on points not seen in training."""
    points, labels = two_moons(1000)
    layers = initial_layers(jib.random.key(0), (2, width, width, 1))
    zeros = jib.tree.map(jnp.zeros_like, layers)
    state = State(layers, zeros, zeros, jnp.zeros(()))
    source = np.random.default_rng(1)
    for epoch in range(epochs):
        order = source.permutation(len(points))[: len(points) // batch * batch].reshape(-1, batch)
        state, losses = train(state, (points[order], labels[order]))
        if epoch % 10 == 9 or epoch == epochs - 1:
            print(f"epoch {epoch + 1:3}: loss {float(losses.mean()):.4f}")
    found = float(accuracy(state.layers, *two_moons(1000, seed=2)))
    print(f"accuracy on new points: {found:.1%}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--width", type=int, default=32)
    main(**vars(parser.parse_args()))
