"""Fitting the network: crops of days, Huber loss, AdamW on a cosine, and one compiled step."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import jib
import jib.numpy as jnp
from harbor_fleet.model import Network
from harbor_fleet.predictor import CROP, HORIZON, LOG_UNIT, Baseline, Calendar, Scaling, features
from jib import optim
from jib.training import TrainState

__all__ = [
    "Crops",
    "Fitted",
    "Settings",
    "TrainingData",
    "crop_batches",
    "initial_state",
    "run_network",
    "train",
    "training_data",
    "training_step",
]

WARM_UP = 21  # days at the start of a crop that only fill the state
BATCH = 64  # crops a step learns from
FEWEST_CROPS = 128  # an epoch's crops: small fleets draw more from each depot


class Settings(NamedTuple):
    """What a person may choose about a fit."""

    epochs: int = 200
    hidden: int = 32
    seed: int = 0
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    huber_delta: float = 0.2
    members: int = 1  # networks whose forecasts are averaged, each from a seed of its own


class Fitted(NamedTuple):
    """The network after an epoch, and that epoch's mean loss."""

    loss: float
    parameters: dict


class TrainingData(NamedTuple):
    """Days to learn from: `inputs` float32 `(7, N, T, F)`, one for each weekly origin phase;
    `targets` float32 `(N, T)`, residuals in units of `LOG_UNIT`; `weights` `(N, T)`, 0 or 1. Of
    NumPy, or of jib inside a step.
    """

    inputs: Any
    targets: Any
    weights: Any


class Crops(NamedTuple):
    """Which crops a step learns from, each `(B,)`: the depot, its first day, its origin phase."""

    depot: np.ndarray
    start: np.ndarray
    phase: np.ndarray


def training_data(base: Baseline, calendar: Calendar, scales: Scaling) -> TrainingData:
    """What may be learnt from the days of `base`."""
    phases = [features(base, calendar, scales, origin) for origin in range(HORIZON)]
    return TrainingData(
        np.stack(phases),
        (base.surprise / LOG_UNIT).astype(np.float32),
        base.usable.astype(np.float32),
    )


def crop_batches(
    depots: int, days: int, epochs: int, generator: np.random.Generator
) -> Iterator[list[Crops]]:
    """For each epoch, batches of random crops: two of every depot, at least `FEWEST_CROPS` in all.

    Each crop draws its own weekly origin phase, so that one network learns all seven steps.
    """
    rounds = _rounds(depots)
    for _ in range(epochs):
        order = np.concatenate([generator.permutation(depots) for _ in range(rounds)])
        count = len(order) // BATCH * BATCH
        start = generator.integers(HORIZON, days - CROP + 1, count)
        phase = generator.integers(0, HORIZON, count)
        drawn = [part[:count].astype(np.int32) for part in (order, start, phase)]
        yield [
            Crops(*(part[first : first + BATCH] for part in drawn))
            for first in range(0, count, BATCH)
        ]


def _rounds(depots: int) -> int:
    """How many crops an epoch takes of each depot."""
    return max(2, -(-FEWEST_CROPS // depots))


def initial_state(network: Network, width: int, steps: int, settings: Settings) -> TrainState:
    """Parameters for inputs of `width` features, and AdamW with a cosine over `steps` steps.

    Source: Loshchilov and Hutter 2019 (arXiv:1711.05101); Pascanu et al. 2013 for the clipping.
    """
    key = jib.random.key(settings.seed)
    inputs = jnp.zeros((1, CROP, width))
    schedule = optim.cosine_decay_schedule(settings.learning_rate, steps)
    return TrainState.create(
        apply_fn=network.apply,
        params=network.init(key, jnp.zeros((1,), jnp.int32), inputs)["params"],
        tx=optim.chain(
            optim.clip_by_global_norm(1.0),
            optim.adamw(schedule, weight_decay=settings.weight_decay),
        ),
    )


def training_step(settings: Settings) -> Callable[..., tuple[TrainState, jib.Array]]:
    """The compiled step: `(state, data, crops, key)` to the next state and the mean Huber loss
    over the learnable days of the crops. Source: Huber 1964, doi:10.1214/aoms/1177703732.
    """
    offsets = np.arange(CROP)

    @jib.jit
    def step(state: TrainState, data: TrainingData, crops: Crops, key: jib.Array) -> Any:
        rows, days = crops.depot[:, None], crops.start[:, None] + offsets
        inputs = data.inputs[crops.phase[:, None], rows, days]
        targets = data.targets[rows, days]
        weights = data.weights[rows, days] * (offsets >= WARM_UP)

        def loss(parameters: dict) -> jib.Array:
            predicted = state.apply_fn(
                {"params": parameters}, crops.depot, inputs, True, rngs={"dropout": key}
            )
            losses = optim.huber_loss(predicted, targets, delta=settings.huber_delta) * weights
            return losses.sum() / jnp.maximum(weights.sum(), 1.0)

        value, gradients = jib.value_and_grad(loss)(state.params)
        return state.apply_gradients(grads=gradients), value

    return step


def train(
    data: TrainingData, settings: Settings, days: int | None = None, step: Callable | None = None
) -> Iterator[Fitted]:
    """Fits the network on the first `days` days of `data`; yields it after every epoch.

    `step` is `training_step(settings)` where several fits share it.
    """
    _, depots, known, width = data.inputs.shape
    generator = np.random.default_rng(settings.seed)
    epochs = crop_batches(depots, days or known, settings.epochs, generator)
    step = step or training_step(settings)
    steps = settings.epochs * (_rounds(depots) * depots // BATCH)
    state = initial_state(Network(depots, settings.hidden), width, steps, settings)
    data = TrainingData(*(jnp.asarray(part) for part in data))
    key = jib.random.fold_in(jib.random.key(settings.seed), 1)
    for batches in epochs:
        key, *batch_keys = jib.random.split(key, len(batches) + 1)
        losses = []
        for crops, batch_key in zip(batches, batch_keys, strict=True):
            state, loss = step(state, data, crops, batch_key)
            losses.append(loss)
        yield Fitted(float(np.mean([float(loss) for loss in losses])), state.params)


def run_network(parameters: dict, inputs: jib.Array | np.ndarray) -> jib.Array:
    """Residuals `(N, T)` of every depot from `inputs` `(N, T, F)`, compiled, without dropout."""
    depots = parameters["embedding"]["embedding"].shape[0]
    hidden = parameters["head"]["kernel"].shape[0]
    return _compiled(Network(depots, hidden), parameters, jnp.asarray(inputs))


@jib.jit(static_argnums=0)
def _compiled(network: Network, parameters: dict, inputs: jib.Array) -> jib.Array:
    return network.apply({"params": parameters}, jnp.arange(network.depots), inputs)
