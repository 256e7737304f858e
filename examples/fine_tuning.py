"""A network that knows one task learns another: first its head alone, then all, gently.

Labels by path say which rule of the optimizer each parameter follows, a mask says which ones
decay, and the learning rate is changed in the state, without compiling again.
Run: python examples/fine_tuning.py
"""

import argparse
from typing import Any

import numpy as np

import jib
import jib.numpy as jnp
from jib import linen as nn, optim
from jib.training import TrainState
from jib.traverse_util import path_aware_map


class Network(nn.Module):
    """A backbone of two layers and a head: `(batch, 20)` to logits `(batch, classes)`."""

    classes: int

    def setup(self) -> None:
        self.backbone = nn.Sequential([nn.Dense(64), nn.relu, nn.Dense(32), nn.relu])
        self.head = nn.Dense(self.classes)

    def __call__(self, x: jib.Array) -> jib.Array:
        return self.head(self.backbone(x))


def examples(count: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows `(count, 20)`, in classes by two hidden directions that all tasks share."""
    hidden = np.random.default_rng(7).normal(size=(20, 2))
    x = np.random.default_rng(seed).normal(size=(count, 20)).astype(np.float32)
    angle = np.arctan2(*np.sin(x @ hidden / 3).T) / (2 * np.pi) + 0.5
    return x, np.minimum((angle * classes).astype(int), classes - 1)


def loss(params: Any, apply: Any, x: jib.Array, y: jib.Array) -> jib.Array:
    """Mean cross entropy."""
    logits = apply({"params": params}, x)
    return optim.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@jib.jit
def train_step(state: TrainState, x: jib.Array, y: jib.Array) -> TrainState:
    """One step of whichever optimizer the state has."""
    return state.apply_gradients(grads=jib.grad(loss)(state.params, state.apply_fn, x, y))


def accuracy(state: TrainState, x: jib.Array, y: jib.Array) -> float:
    """The share of rows that are told right."""
    return float(jnp.mean(state.apply_fn({"params": state.params}, x).argmax(-1) == y))


def decayed(params: Any) -> Any:
    """Kernels decay, and biases do not."""
    return path_aware_map(lambda path, _: path[-1] == "kernel", params)


def main(steps: int = 300, few: int = 64) -> dict[str, float]:
    """Pretrains with many examples and tunes with few; returns accuracies on unseen rows."""
    first_key, second_key = jib.random.split(jib.random.key(0))
    x, y = examples(8192, classes=8, seed=1)
    known = Network(8)
    params = known.init(first_key, x[:1])["params"]
    tx = optim.adamw(3e-3, weight_decay=0.01, mask=decayed)
    known_state = TrainState.create(apply_fn=known.apply, params=params, tx=tx)
    for step in range(2 * steps):
        rows = np.random.default_rng(step).integers(0, len(x), 256)
        known_state = train_step(known_state, x[rows], y[rows])

    x, y = examples(few, classes=3, seed=2)
    unseen = examples(2000, classes=3, seed=3)
    model = Network(3)
    fresh = model.init(second_key, x[:1])["params"]
    plain = TrainState.create(apply_fn=model.apply, params=fresh, tx=tx)
    start = {"backbone": known_state.params["backbone"], "head": fresh["head"]}
    labels = path_aware_map(lambda path, _: path[0], start)
    tuned = optim.multi_transform({"backbone": optim.adamw(0.0), "head": optim.adam(1e-2)}, labels)
    state = TrainState.create(apply_fn=model.apply, params=start, tx=tuned)
    found = {}
    for _ in range(steps):
        plain, state = train_step(plain, x, y), train_step(state, x, y)
    frozen = jib.tree.map(jnp.array_equal, state.params["backbone"], start["backbone"])
    assert jib.tree.all(frozen), "a learning rate of zero moves nothing"
    found["from nothing"], found["head alone"] = accuracy(plain, *unseen), accuracy(state, *unseen)
    programs = train_step._cache_size()
    names = [n for n in optim.get_hyper(state.opt_state) if n.endswith("learning_rate")]
    gentle = {n: 1e-4 if n.startswith("backbone") else 1e-3 for n in names}
    state = state.replace(opt_state=optim.with_hyper(state.opt_state, gentle))
    for _ in range(steps // 3):
        state = train_step(state, x, y)
    found["then all of it"] = accuracy(state, *unseen)
    assert train_step._cache_size() == programs, "another rate is no other program"
    for name, share in found.items():
        print(f"{name:15}{share:.3f}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--few", type=int, default=64)
    main(**vars(parser.parse_args()))
