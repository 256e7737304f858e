"""A convolutional classifier with batch normalisation and dropout, on small pictures of bars.

The running averages of BatchNorm are no parameters: they ride along in a subclass of TrainState.
Run: python examples/image_classifier.py
"""

import argparse
from typing import Any

import numpy as np

import jib
import jib.numpy as jnp
from jib import linen as nn, optim
from jib.training import TrainState


class Classifier(nn.Module):
    """Two convolutions and a hidden layer; pictures `(batch, 12, 12, 1)` to logits `(batch, 4)`."""

    @nn.compact
    def __call__(self, x: jib.Array, train: bool) -> jib.Array:
        for width in (8, 16):
            x = nn.Conv(width, (3, 3), use_bias=False)(x)
            x = nn.relu(nn.BatchNorm(use_running_average=not train, momentum=0.9)(x))
            x = nn.max_pool(x, (2, 2), strides=(2, 2))
        x = nn.relu(nn.Dense(32)(x.reshape(len(x), -1)))
        x = nn.Dropout(0.25, deterministic=not train)(x)
        return nn.Dense(4)(x)


class State(TrainState):
    """A TrainState with the running averages and the key that dropout draws from."""

    batch_stats: Any
    key: jib.Array


def bars(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures `(count, 12, 12, 1)` of a bar in one of four directions, and which one."""
    source = np.random.default_rng(seed)
    direction = source.integers(0, 4, count)
    middle = source.integers(3, 9, (count, 2))
    pictures = source.normal(0, 0.4, (count, 12, 12, 1)).astype(np.float32)
    steps = [(0, 1), (1, 0), (1, 1), (1, -1)]
    for picture, which, place in zip(pictures, direction, middle, strict=True):
        for along in range(-3, 4):
            row, column = np.clip(place + along * np.array(steps[which]), 0, 11)
            picture[row, column, 0] += 1.5
    return pictures, direction


@jib.jit
def train_step(state: State, pictures: jib.Array, labels: jib.Array) -> tuple[State, jib.Array]:
    """One step of the optimizer, and the loss before it."""

    def loss_of(params: Any) -> tuple[jib.Array, Any]:
        logits, updated = state.apply_fn(
            {"params": params, "batch_stats": state.batch_stats},
            pictures,
            train=True,
            rngs={"dropout": jib.random.fold_in(state.key, state.step)},
            mutable=["batch_stats"],
        )
        loss = optim.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
        return loss, updated["batch_stats"]

    (loss, batch_stats), grads = jib.value_and_grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads, batch_stats=batch_stats), loss


@jib.jit
def accuracy(state: State, pictures: jib.Array, labels: jib.Array) -> jib.Array:
    """The share of pictures that are told right, with the running averages."""
    variables = {"params": state.params, "batch_stats": state.batch_stats}
    return jnp.mean(state.apply_fn(variables, pictures, train=False).argmax(-1) == labels)


def main(epochs: int = 6, count: int = 1024, batch: int = 64) -> float:
    """Trains, and returns the accuracy on pictures that were not trained on."""
    model = Classifier()
    init_key, dropout_key = jib.random.split(jib.random.key(0))
    variables = model.init(init_key, jnp.zeros((1, 12, 12, 1)), train=False)
    schedule = optim.cosine_decay_schedule(3e-3, epochs * (count // batch))
    state = State.create(
        apply_fn=model.apply,
        params=variables["params"],
        batch_stats=variables["batch_stats"],
        key=dropout_key,
        tx=optim.adamw(schedule),
    )
    pictures, labels = bars(count, seed=1)
    unseen = bars(512, seed=2)
    found = 0.0
    for epoch in range(epochs):
        losses = []
        order = np.random.default_rng(epoch).permutation(count)
        for rows in order[: count // batch * batch].reshape(-1, batch):
            state, loss = train_step(state, pictures[rows], labels[rows])
            losses.append(loss)
        found = float(accuracy(state, *unseen))
        print(f"epoch {epoch}: loss {np.mean(losses):.3f}, accuracy on unseen {found:.3f}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--count", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=64)
    main(**vars(parser.parse_args()))
