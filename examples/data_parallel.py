"""One batch over eight devices, and wide layers over some of them: the step stays as it was.

Only the places of the arrays are chosen: the parameters' axes have names, rules say which axis of
the mesh each name is split over, and the compiler inserts what the devices must tell each other.
BatchNorm sees the whole batch, too. The result is that of one device, which is checked.
Run: python examples/data_parallel.py
"""

import argparse
import os
from typing import Any

os.environ.setdefault("JIB_NUM_CPU_DEVICES", "8")  # before the first array is made

import numpy as np

import jib
import jib.numpy as jnp
from jib import linen as nn, optim
from jib.sharding import Mesh, NamedSharding, PartitionSpec as P
from jib.training import TrainState

RULES = (("batch", "data"), ("in", None), ("hidden", "model"))


class Network(nn.Module):
    """Two layers around a normalisation; `(batch, 16)` to `(batch, 1)`."""

    @nn.compact
    def __call__(self, x: jib.Array) -> jib.Array:
        into = nn.with_logical_partitioning(nn.initializers.lecun_normal(), ("in", "hidden"))
        out = nn.with_logical_partitioning(nn.initializers.lecun_normal(), ("hidden", "in"))
        x = nn.Dense(64, kernel_init=into)(x)
        x = nn.BatchNorm(use_running_average=False)(
            nn.with_logical_constraint(x, ("batch", "hidden"))
        )
        return nn.Dense(1, kernel_init=out)(nn.relu(x))


# Made once: they are part of what tells one kind of state from another.
MODEL, OPTIMIZER = Network(), optim.adam(1e-2)


class State(TrainState):
    """A TrainState with running averages."""

    batch_stats: Any


def first_state(key: jib.Array) -> State:
    """Parameters, averages and optimizer, with the names of the parameters' axes."""
    variables = MODEL.init(key, jnp.zeros((2, 16)))
    return State.create(apply_fn=MODEL.apply, tx=OPTIMIZER, **variables)


def train_step(state: State, x: jib.Array, y: jib.Array) -> tuple[State, jib.Array]:
    """One step, written for a whole batch, wherever its parts may be."""

    def loss_of(params: Any) -> tuple[jib.Array, Any]:
        variables = {"params": params, "batch_stats": state.batch_stats}
        guess, updated = state.apply_fn(variables, x, mutable=["batch_stats"])
        return optim.l2_loss(guess, y).mean(), updated["batch_stats"]

    (loss, batch_stats), grads = jib.value_and_grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads, batch_stats=batch_stats), loss


def batches(steps: int, rows: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Numbers `(rows, 16)`, and the largest of each row's first four."""
    source = np.random.default_rng(0)
    data = [source.normal(size=(rows, 16)).astype(np.float32) for _ in range(steps)]
    return [(x, x[:, :4].max(1, keepdims=True)) for x in data]


def main(steps: int = 40, rows: int = 128) -> tuple[list[float], list[float], Any]:
    """Trains on one device and on all; returns both rows of losses, and where a kernel lies."""
    key, data = jib.random.key(0), batches(steps, rows)
    single, alone = jib.jit(first_state)(key), []
    step = jib.jit(train_step)
    for x, y in data:
        single, loss = step(single, x, y)
        alone.append(float(loss))

    model_parallel = 2 if len(jib.devices()) % 2 == 0 else 1
    mesh = Mesh(np.array(jib.devices()).reshape(-1, model_parallel), ("data", "model"))
    names = nn.get_partition_spec(jib.eval_shape(first_state, key))
    places = nn.logical_to_mesh_sharding(names, mesh, RULES)
    by_rows = NamedSharding(mesh, P("data"))
    with mesh, nn.logical_axis_rules(RULES):
        spread, together = jib.jit(first_state, out_shardings=places)(key), []
        step = jib.jit(train_step, out_shardings=(places, None), donate_argnums=0)
        for batch in data:
            spread, loss = step(spread, *jib.device_put(batch, by_rows))
            together.append(float(loss))
    kernel = spread.params["Dense_0"]["kernel"].unbox()
    print(f"mesh {dict(mesh.shape)}; a kernel {kernel.shape} is split {kernel.sharding.spec}")
    print(f"one device  {alone[0]:.5f} -> {alone[-1]:.5f}")
    print(f"all devices {together[0]:.5f} -> {together[-1]:.5f}")
    return alone, together, kernel.sharding.spec


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rows", type=int, default=128)
    main(**vars(parser.parse_args()))
