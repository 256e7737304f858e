"""Fitting the network: crops, Huber loss, AdamW, and one compiled step."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

import jib
import jib.numpy as jnp
from harbor_fleet.model import apply_network, dropout_masks, initial_parameters
from harbor_fleet.predictor import CROP, HORIZON, LOG_UNIT, Baseline, Calendar, Scaling, features

__all__ = [
    "Fitted",
    "Settings",
    "TrainingData",
    "adamw",
    "clipped",
    "crop_batches",
    "huber",
    "run_network",
    "train",
    "training_data",
]

WARM_UP = 21  # days at the start of a crop that only fill the state
BATCH = 64


class Settings(NamedTuple):
    """What a person may choose about a fit."""

    epochs: int = 200
    hidden: int = 32
    seed: int = 0
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    huber_delta: float = 0.2


class Fitted(NamedTuple):
    """The network after an epoch, and that epoch's mean loss."""

    loss: float
    parameters: dict


class TrainingData(NamedTuple):
    """Days to learn from: `inputs` float32 `(7, N, T, F)`, one for each weekly origin phase;
    `targets` float32 `(N, T)`, residuals in units of `LOG_UNIT`; `weights` `(N, T)`, 0 or 1.
    """

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


def training_data(base: Baseline, calendar: Calendar, scales: Scaling) -> TrainingData:
    """What may be learnt from the days of `base`."""
    phases = [features(base, calendar, scales, origin) for origin in range(HORIZON)]
    return TrainingData(
        np.stack(phases),
        (base.surprise / LOG_UNIT).astype(np.float32),
        base.usable.astype(np.float32),
    )


def huber(error: jib.Array, delta: float) -> jib.Array:
    """Quadratic within `delta`, linear beyond. Source: Huber 1964, doi:10.1214/aoms/1177703732.

    >>> huber(jnp.array([0.5, 3.0]), 1.0).tolist()
    [0.125, 2.5]
    """
    size = jnp.abs(error)
    return jnp.where(size < delta, 0.5 * error * error, delta * (size - 0.5 * delta))


def _batch_loss(parameters: dict, batch: dict, key: jib.Array, settings: Settings) -> jib.Array:
    """The mean Huber loss over the learnable days of a batch of crops."""
    crops, days, width = batch["inputs"].shape

    def residuals(depot, inputs, key):
        masks = dropout_masks(key, days, width, settings.hidden)
        return apply_network(parameters, depot, inputs, masks)

    keys = jib.random.split(key, crops)
    predicted = jib.vmap(residuals)(batch["depots"], batch["inputs"], keys)
    losses = huber(predicted - batch["targets"], settings.huber_delta) * batch["weights"]
    return losses.sum() / jnp.maximum(batch["weights"].sum(), 1.0)


def adamw(
    parameters: dict, gradients: dict, state: dict, rate: jib.Array, decay: float
) -> tuple[dict, dict]:
    """One AdamW step. Source: Loshchilov and Hutter 2019 (arXiv:1711.05101)."""
    step = state["step"] + 1
    mean = jib.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["mean"], gradients)
    square = jib.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["square"], gradients)

    def updated(p, m, v):
        direction = m / (1 - 0.9**step) / (jnp.sqrt(v / (1 - 0.999**step)) + 1e-8)
        return p - rate * (direction + decay * p)

    return jib.tree.map(updated, parameters, mean, square), {
        "step": step,
        "mean": mean,
        "square": square,
    }


def clipped(gradients: dict, limit: float = 1.0) -> dict:
    """Gradients scaled down to a global norm of at most `limit`."""
    norm = jnp.sqrt(sum((leaf * leaf).sum() for leaf in jib.tree.leaves(gradients)))
    return jib.tree.map(lambda leaf: leaf * jnp.minimum(1.0, limit / (norm + 1e-12)), gradients)


def crop_batches(data: TrainingData, epochs: int, seed: int) -> Iterator[list[dict]]:
    """For each epoch, batches of random crops: two of every depot, at least `BATCH` in all.

    Each crop draws its own weekly origin phase, so that one network learns all seven steps.
    """
    generator = np.random.default_rng(seed)
    depots, days = data.targets.shape
    rounds = max(2, -(-BATCH // depots))
    offsets = np.arange(CROP)
    for _ in range(epochs):
        order = np.concatenate([generator.permutation(depots) for _ in range(rounds)])
        order = order[: len(order) // BATCH * BATCH]
        start = generator.integers(HORIZON, days - CROP + 1, len(order))
        phase = generator.integers(0, HORIZON, len(order))
        rows, columns = order[:, None], start[:, None] + offsets
        epoch = {
            "depots": order.astype(np.int32),
            "inputs": data.inputs[phase[:, None], rows, columns],
            "targets": data.targets[rows, columns],
            "weights": data.weights[rows, columns] * (offsets >= WARM_UP),
        }
        yield [
            {name: values[first : first + BATCH] for name, values in epoch.items()}
            for first in range(0, len(order), BATCH)
        ]


def train(data: TrainingData, settings: Settings) -> Iterator[Fitted]:
    """Fits the network; yields it after every epoch."""
    _, depots, _, width = data.inputs.shape
    key, initial_key = jib.random.split(jib.random.key(settings.seed))
    parameters = initial_parameters(initial_key, depots, width, settings.hidden)
    zeros = jib.tree.map(jnp.zeros_like, parameters)
    state = {"step": jnp.zeros((), jnp.int32), "mean": zeros, "square": zeros}

    @jib.jit
    def step(parameters, state, batch, rate, key):
        loss, gradients = jib.value_and_grad(_batch_loss)(parameters, batch, key, settings)
        parameters, state = adamw(
            parameters, clipped(gradients), state, rate, settings.weight_decay
        )
        return parameters, state, loss

    for epoch, batches in enumerate(crop_batches(data, settings.epochs, settings.seed)):
        key, *batch_keys = jib.random.split(key, len(batches) + 1)
        cosine = 0.5 * (1 + np.cos(np.pi * epoch / settings.epochs))
        losses = []
        for batch, batch_key in zip(batches, batch_keys, strict=True):
            rate = np.float32(settings.learning_rate * cosine)
            parameters, state, loss = step(parameters, state, batch, rate, batch_key)
            losses.append(loss)
        yield Fitted(float(np.mean([float(loss) for loss in losses])), parameters)


@jib.jit
def run_network(parameters: dict, inputs: jib.Array | np.ndarray) -> jib.Array:
    """Residuals `(N, T)` of every depot from `inputs` `(N, T, F)`, compiled, without dropout."""
    depots = jnp.arange(inputs.shape[0])
    return jib.vmap(apply_network, in_axes=(None, 0, 0))(parameters, depots, inputs)
