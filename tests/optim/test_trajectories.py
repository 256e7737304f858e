"""Numbers of every optimizer, transformation and schedule: those of the field's reference.

tests/golden/optim/trajectories.npz holds the parameters after each of six steps, and twenty values
of each schedule, as optax 0.2.8 computes them in float32 from the list in cases.py.

One compiled program per case: it scans the steps (so a state keeps its types), takes the state as
an argument, and serves twenty learning rates.
"""

import functools
import pathlib

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax, optim
from tests.optim import cases

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "optim" / "trajectories.npz"
PARAMS = jib.tree.map(jnp.asarray, cases.params())
GRADIENTS = jib.tree.map(
    lambda *steps: jnp.stack(steps), *(cases.gradients(step) for step in range(cases.STEPS))
)


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN) as stored:
        return dict(stored)


def test_the_goldens_are_those_of_the_cases(golden):
    names = [f"case:{name}" for name in cases.CASES]
    assert sorted(golden) == sorted(names + [f"schedule:{name}" for name in cases.SCHEDULES])


def runner(optimizer, factor=1.0):
    """A compiled function from parameters, state and gradients to the parameters of all steps."""
    optimizer = optim.with_extra_args_support(optimizer)

    def step(carry, gradients):
        params, state = carry
        updates, state = optimizer.update(gradients, state, params, value=1.5)
        updates = jib.tree.map(lambda u: u * factor, updates)
        params = optim.apply_updates(params, updates)
        return (params, state), params

    traces = []

    @jib.jit
    def run(params, state, gradients):
        traces.append(len(traces))
        return lax.scan(step, (params, state), gradients)

    return run, traces


def flat(rows):
    """One row of numbers per step."""
    return np.concatenate([np.reshape(x, (cases.STEPS, -1)) for x in jib.tree.leaves(rows)], 1)


@pytest.mark.parametrize("name", cases.CASES)
def test_trajectory(golden, name):
    optimizer = cases.CASES[name](optim)
    state = optimizer.init(PARAMS)
    run, traces = runner(optimizer, cases.factor(name))
    (_, last), rows = run(PARAMS, state, GRADIENTS)
    assert {leaf.dtype for leaf in jib.tree.leaves(rows)} == {np.dtype(np.float32)}
    np.testing.assert_allclose(flat(rows), golden[f"case:{name}"], rtol=1e-6, atol=1e-6)

    # Trees go to leaves and back; a second call finds the program.
    leaves, treedef = jib.tree.flatten(last)
    (_, again), _ = run(PARAMS, jib.tree.unflatten(treedef, leaves), GRADIENTS)
    assert jib.tree.structure(again) == jib.tree.structure(state)
    assert len(traces) == 1


RATED = [
    name for name, build in cases.ALIASES.items()
    if not {"rprop", "polyak_sgd", "optimistic_adam"} & set(name.split("/"))
    and "learning_rate" in optim.get_hyper(build(optim).init(PARAMS))
]  # fmt: skip


@pytest.mark.parametrize("name", RATED)
def test_twenty_learning_rates_take_one_program(name):
    alias = getattr(optim, name.split("/")[0])
    run, traces = runner(alias(0.1))
    found = []
    for rate in np.linspace(0.01, 0.2, 20):
        found.append(flat(run(PARAMS, alias(float(rate)).init(PARAMS), GRADIENTS)[1]))
    assert len(traces) == 1
    # Each rate is used, and setting it gives the same numbers as starting with it.
    assert len({row.tobytes() for row in found}) == 20
    state = optim.with_hyper(alias(0.5).init(PARAMS), learning_rate=0.01)
    np.testing.assert_array_equal(flat(run(PARAMS, state, GRADIENTS)[1]), found[0])
    assert len(traces) == 1


@pytest.mark.parametrize("name", cases.SCHEDULES)
def test_schedule(golden, name):
    schedule = cases.SCHEDULES[name](optim)
    found = jib.jit(lambda steps: jib.vmap(functools.partial(call, schedule))(steps))(
        jnp.arange(20)
    )
    np.testing.assert_allclose(found, golden[f"schedule:{name}"], rtol=1e-6, atol=1e-7)
    assert np.isclose(float(schedule(7)), float(found[7]))


def call(schedule, step):
    return jnp.asarray(schedule(step), jnp.float32)
