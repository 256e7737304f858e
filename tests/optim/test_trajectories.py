"""Numbers of every optimizer, transformation and schedule: those of the field's reference.

tests/golden/optim/trajectories.npz holds the parameters after each of six steps, and twenty values
of each schedule, as optax 0.2.8 computes them in float32 from the list in cases.py.

A compiled program of some cases scans the steps (so a state keeps its types), takes the states as
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


SIZE = 30  # cases of one program
# Two programs hold every optimizer; the others hold their parts and other settings.
QUICK = [name for name in cases.CASES if "/" not in name and not name.startswith("scale_by_")]
NAMES = sorted(cases.CASES, key=lambda name: name not in QUICK)


def slow_where(pairs):
    return [pytest.param(x, marks=[pytest.mark.slow] if slow else []) for x, slow in pairs]


@functools.cache
def program(chunk):
    """Some optimizers, and a compiled function: parameters, states, gradients -> all steps."""
    names = NAMES[chunk * SIZE : (chunk + 1) * SIZE]
    optimizers = {name: optim.with_extra_args_support(cases.CASES[name](optim)) for name in names}
    traces = []

    def step(carry, gradients):
        params, states = carry
        after, new = {}, {}
        for name, optimizer in optimizers.items():
            updates, new[name] = optimizer.update(gradients, states[name], params[name], value=1.5)
            updates = jib.tree.map(lambda u, name=name: u * cases.factor(name), updates)
            after[name] = optim.apply_updates(params[name], updates)
        return (after, new), after

    @jib.jit
    def run(params, states, gradients):
        traces.append(len(traces))
        return lax.scan(step, (dict.fromkeys(optimizers, params), states), gradients)

    return optimizers, run, traces


def first_states(chunk):
    return {name: optimizer.init(PARAMS) for name, optimizer in program(chunk)[0].items()}


@functools.cache
def results(chunk):
    """The last parameters and states, and the parameters of all steps."""
    return program(chunk)[1](PARAMS, first_states(chunk), GRADIENTS)


def flat(rows):
    """One row of numbers per step."""
    return np.concatenate([np.reshape(x, (cases.STEPS, -1)) for x in jib.tree.leaves(rows)], 1)


@pytest.mark.parametrize("name", slow_where((n, i >= 2 * SIZE) for i, n in enumerate(NAMES)))
def test_trajectory(golden, name):
    rows = results(NAMES.index(name) // SIZE)[1][name]
    assert {leaf.dtype for leaf in jib.tree.leaves(rows)} == {np.dtype(np.float32)}
    np.testing.assert_allclose(flat(rows), golden[f"case:{name}"], rtol=1e-6, atol=1e-6)


# Numbers of the learning rate that these take by another name, or multiply by none.
RATED = [
    name for name, build in cases.ALIASES.items()
    if "/" not in name and name not in ("rprop", "polyak_sgd", "optimistic_adam")
    and "learning_rate" in optim.get_hyper(build(optim).init(PARAMS))
]  # fmt: skip


@pytest.mark.parametrize("chunk", slow_where((i, i >= 2) for i in range(-(-len(NAMES) // SIZE))))
def test_states_are_arguments_of_one_program(chunk):
    """A state that was flattened, or has another learning rate, finds the same program."""
    optimizers, run, traces = program(chunk)
    (_, last), _ = results(chunk)
    leaves, treedef = jib.tree.flatten(last)
    (_, again), _ = run(PARAMS, jib.tree.unflatten(treedef, leaves), GRADIENTS)
    assert jib.tree.structure(again) == jib.tree.structure(first_states(chunk))

    rated = [name for name in optimizers if name in RATED]
    found = {name: set() for name in rated}
    for rate in np.linspace(0.01, 0.2, 20):
        states = first_states(chunk)
        for name in rated:
            states[name] = optim.with_hyper(states[name], learning_rate=rate)
        rows = run(PARAMS, states, GRADIENTS)[1]
        for name in rated:
            found[name].add(flat(rows[name]).tobytes())
    assert {name: len(paths) for name, paths in found.items()} == dict.fromkeys(rated, 20)
    assert len(traces) == 1


@pytest.mark.parametrize("name", RATED)
def test_setting_the_rate_is_starting_with_it(name):
    alias = getattr(optim, name)
    options = {"key": 0} if name == "noisy_sgd" else {}
    state = optim.with_hyper(alias(0.5, **options).init(PARAMS), learning_rate=0.01)
    jib.tree.map(np.testing.assert_array_equal, state, alias(0.01, **options).init(PARAMS))


@functools.cache
def schedules():
    """Twenty values of every schedule."""
    every = {name: build(optim) for name, build in cases.SCHEDULES.items()}
    return jib.jit(
        lambda steps: {
            name: jib.vmap(functools.partial(call, schedule))(steps)
            for name, schedule in every.items()
        }
    )(jnp.arange(20))


@pytest.mark.parametrize("name", cases.SCHEDULES)
def test_schedule(golden, name):
    found = schedules()[name]
    np.testing.assert_allclose(found, golden[f"schedule:{name}"], rtol=1e-6, atol=1e-7)
    assert np.isclose(float(cases.SCHEDULES[name](optim)(7)), float(found[7]))


def call(schedule, step):
    return jnp.asarray(schedule(step), jnp.float32)
