"""A run that is interrupted and taken up again ends with the very same bits.

What decides the next step is all in one tree: parameters, optimizer, step count and random key.
The data of a step follow from its number, so nothing else is to be remembered.
Run: python examples/resuming.py
"""

import argparse
import tempfile
from typing import Any

import jib
import jib.numpy as jnp
from jib import ckpt, linen as nn, optim
from jib.training import TrainState


class Network(nn.Module):
    """Two numbers to one, with dropout, which draws from the key of the step."""

    @nn.compact
    def __call__(self, x: jib.Array, train: bool) -> jib.Array:
        x = nn.Dropout(0.1, deterministic=not train)(nn.relu(nn.Dense(64)(x)))
        return nn.Dense(1)(x)[:, 0]


class State(TrainState):
    """A TrainState and the key that all randomness of the run comes from."""

    key: jib.Array


def new_state(seed: int = 0) -> State:
    """The state before the first step."""
    model = Network()
    init_key, key = jib.random.split(jib.random.key(seed))
    params = model.init(init_key, jnp.zeros((1, 2)), train=False)["params"]
    tx = optim.adamw(optim.cosine_decay_schedule(1e-2, 1000))
    return State.create(apply_fn=model.apply, params=params, tx=tx, key=key)


@jib.jit
def train_step(state: State) -> tuple[State, jib.Array]:
    """One step, on points that its number determines."""
    data_key, dropout_key = jib.random.split(jib.random.fold_in(state.key, state.step))
    x = jib.random.uniform(data_key, (64, 2), minval=-1.0)

    def loss_of(params: Any) -> jib.Array:
        variables, rngs = {"params": params}, {"dropout": dropout_key}
        guess = state.apply_fn(variables, x, train=True, rngs=rngs)
        return optim.squared_error(guess, x[:, 0] * x[:, 1]).mean()

    loss, grads = jib.value_and_grad(loss_of)(state.params)
    return state.apply_gradients(grads=grads), loss


def train(folder: str, until: int, every: int) -> State:
    """Train up to a step, from the best that is in the folder, saving as it goes."""
    options = ckpt.CheckpointManagerOptions(save_interval_steps=every, max_to_keep=2)
    with ckpt.CheckpointManager(folder, options=options) as manager:
        state, done = new_state(), manager.latest_step()
        if done is not None:
            state = manager.restore(done, args=ckpt.args.StandardRestore(state))
            print(f"goes on after step {done}")
        loss = jnp.nan
        while state.step < until:
            state, loss = train_step(state)
            manager.save(int(state.step), args=ckpt.args.StandardSave(state))
        manager.wait_until_finished()
        print(f"step {int(state.step)}: loss {float(loss):.5f}, on disk {manager.all_steps()}")
    return state


def main(steps: int = 300, every: int = 50) -> tuple[State, State]:
    """One run without and one with an interruption; returns both states."""
    with tempfile.TemporaryDirectory() as folder:
        through = train(f"{folder}/through", steps, every)
        train(f"{folder}/broken", steps // 2 + every // 2, every)  # here it is cut off
        resumed = train(f"{folder}/broken", steps, every)
    alike = jib.tree.map(lambda a, b: bool(jnp.all(a == b)), through.params, resumed.params)
    print("the same to the last bit:", jib.tree.all(alike))
    return through, resumed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--every", type=int, default=50)
    main(**vars(parser.parse_args()))
