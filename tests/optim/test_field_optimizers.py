"""Rarer optimizers and line searches against the field's reference (optax 0.2.8)."""

import functools
import pathlib

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import optim
from jib.errors import ArgumentTypeError, ArgumentValueError, ShapeError
from jib.optim import contrib
from tests.optim.field_cases import LINE_SEARCHES, OPTIMIZERS, problem

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "optim"
PATHS = np.load(GOLDEN / "contrib.npz")
SEARCHES = np.load(GOLDEN / "line_searches.npz")
LOSS, START = problem(jnp)


# Seconds of compilation each, for what other cases show as well.
LONG = {"lbfgs_short", "zoom", "muon_aol", "muon_dion", "muon_spectral", "dog_rate", "adopt_free",
        "prodigy_safe", "momo", "sam", "sam_opaque", "plateau", "dowg", "simplified_ademamix",
        "schedule_free_adamw"}  # fmt: skip


def marked(names):
    return [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in names]


def extra_arguments(kind, value):
    return {
        "value": {"value": value},
        "grad_fn": {"grad_fn": lambda params, step: jib.grad(LOSS)(params)},
        "obj_fn": {"obj_fn": LOSS},
    }.get(kind, {})


def stepper(tx, kind):
    def step(params, state):
        value, grads = jib.value_and_grad(LOSS)(params)
        if kind == "examples":
            grads = jib.tree.map(lambda g: jnp.stack([g, 2 * g, -0.5 * g]), grads)
        updates, state = tx.update(grads, state, params, **extra_arguments(kind, value))
        return optim.apply_updates(params, updates), state

    return step


def test_every_optimizer_has_a_case():
    makers = {"acprop", "ademamix", "adopt", "cocob", "dadapt_adamw", "dog", "dowg", "dpsgd",
              "galore", "madgrad", "mechanize", "momo", "momo_adam", "muon", "prodigy", "sam",
              "schedule_free_adamw", "schedule_free_sgd", "simplified_ademamix",
              "sophia"}  # fmt: skip
    assert makers <= set(OPTIMIZERS)
    assert makers <= set(dir(contrib))


@functools.cache
def eight_steps(long):
    """The paths and last states of many optimizers, by one program for a step of all."""
    names = [name for name in OPTIMIZERS if (name in LONG) == long]
    made = {name: OPTIMIZERS[name][0](optim, contrib) for name in names}
    start = {key: jnp.asarray(value) for key, value in START.items()}
    params = {name: start for name in names}
    states = {name: tx.init(params[name]) for name, tx in made.items()}
    traces, paths = [], {name: [] for name in names}

    @jib.jit
    def step(params, states):
        traces.append(len(traces))
        pairs = {
            name: stepper(tx, OPTIMIZERS[name][1])(params[name], states[name])
            for name, tx in made.items()
        }
        return tuple({name: pair[i] for name, pair in pairs.items()} for i in (0, 1))

    for _ in range(8):
        params, states = step(params, states)
        for name, found in params.items():
            paths[name].append(np.concatenate([found["b"], np.ravel(found["w"])]))
    changed = {name: with_fixed_numbers(state) for name, state in states.items()}
    step(params, changed)
    assert len(traces) == 1  # new hyperparameters are new inputs
    return paths


def with_fixed_numbers(state):
    hyper = optim.get_hyper(state)
    assert hyper
    fixed = [key for key in hyper if key.endswith(("eps", "weight_decay", "step_size"))]
    changed = optim.with_hyper(state, {key: 0.5 for key in fixed})
    assert jib.tree.structure(changed) == jib.tree.structure(state)
    return changed


@pytest.mark.parametrize("name", marked(OPTIMIZERS))
def test_path_is_the_reference(name):
    np.testing.assert_allclose(np.stack(eight_steps(name in LONG)[name]), PATHS[name], atol=2e-6)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_dtypes_and_structure_stay(name, dtype):
    make, kind = OPTIMIZERS[name]
    tx = make(optim, contrib)
    params = {key: jnp.asarray(value, dtype) for key, value in START.items()}
    state = jib.eval_shape(tx.init, params)
    new_params, new_state = jib.eval_shape(stepper(tx, kind), params, state)
    assert {leaf.dtype.name for leaf in jib.tree.leaves(new_params)} == {dtype}
    types = [(leaf.shape, leaf.dtype) for leaf in jib.tree.leaves(state)]
    assert [(leaf.shape, leaf.dtype) for leaf in jib.tree.leaves(new_state)] == types
    assert jib.tree.structure(new_state) == jib.tree.structure(state)


def test_muon_steps_are_orthogonal():
    tx = contrib.scale_by_muon(ns_steps=8, ns_coeffs=(2.0, -1.5, 0.5))
    weight = jnp.asarray(np.random.RandomState(0).randn(2, 3, 4).astype("f"))
    numbers = contrib.MuonDimensionNumbers(1, 2)
    tx = contrib.scale_by_muon((2.0, -1.5, 0.5), 12, weight_dimension_numbers=numbers)
    y, _ = tx.update(weight, tx.init(weight))
    np.testing.assert_allclose(y @ y.mT, np.stack([np.eye(3)] * 2), atol=1e-4)


def test_schedule_free_average():
    tx = contrib.schedule_free_sgd(0.1)
    params = {"w": jnp.ones(2)}
    state = tx.init(params)
    updates, state = tx.update({"w": jnp.ones(2)}, state, params)
    mean = contrib.schedule_free_eval_params(state, optim.apply_updates(params, updates))
    np.testing.assert_allclose(mean["w"], [0.9, 0.9], rtol=1e-6)
    with pytest.raises(ArgumentTypeError, match="the state is of `schedule_free`"):
        contrib.schedule_free_eval_params((), params)


def test_split_real_and_imaginary():
    tx = contrib.split_real_and_imaginary(optim.scale_by_sign())
    z = jnp.array([3 - 4j, 1j])
    updates, _ = tx.update(z, tx.init(z), z)
    assert updates.tolist() == [1 - 1j, 1j]


def test_contrib_errors():
    with pytest.raises(ArgumentValueError, match="takes a `key` for its noise"):
        contrib.differentially_private_aggregate(1.0, 1.0)
    with pytest.raises(ArgumentValueError, match="`factor` of `reduce_on_plateau` is between"):
        contrib.reduce_on_plateau(factor=2.0)
    with pytest.raises(ArgumentValueError, match="`rank` of `scale_by_galore`"):
        contrib.scale_by_galore(rank=0)
    with pytest.raises(ShapeError, match=r"shape \(3,\) is no matrix"):
        tx = contrib.scale_by_muon()
        tx.update(jnp.ones(3), tx.init(jnp.ones(3)))


# ------------------------------------------------------------------------------- line searches

FUNCTIONS = {
    "rosenbrock": lambda x: jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
    "quadratic": lambda x: (
        0.5 * jnp.sum(jnp.asarray([1.0, 10.0, 100.0], x.dtype) * x * x)
        + 0.5 * x[0] * x[1]
        - jnp.sum(x)
    ),
}


def minimise(tx, function, start, steps):
    @jib.jit
    def step(x, state):
        value, grad = jib.value_and_grad(function)(x)
        updates, state = tx.update(grad, state, x, value=value, grad=grad, value_fn=function)
        return x + updates, state

    x, path = start, []
    state = tx.init(x)
    for _ in range(steps):
        x, state = step(x, state)
        path.append(np.asarray(x))
    return np.stack(path), state


@pytest.mark.parametrize("name", marked(LINE_SEARCHES))
def test_line_search_is_the_reference(name):
    make, function, start, steps = LINE_SEARCHES[name]
    start = jnp.asarray(start, "float64")
    path, _ = minimise(make(optim), FUNCTIONS[function], start, steps)
    np.testing.assert_allclose(path, SEARCHES[name], rtol=1e-6, atol=1e-6)


def test_lbfgs_finds_the_valley_in_float32():
    path, state = minimise(optim.lbfgs(), FUNCTIONS["rosenbrock"], jnp.array([-1.2, 1.0]), 45)
    np.testing.assert_allclose(path[-1], [1, 1], atol=1e-3)
    assert isinstance(optim.tree.get(state, "info"), optim.ZoomLinesearchInfo)


def test_value_and_grad_from_state_is_computed_once():
    function, tx = FUNCTIONS["quadratic"], optim.lbfgs()
    value_and_grad = jib.jit(optim.value_and_grad_from_state(function))
    x = jnp.ones(3)
    state = tx.init(x)
    for _ in range(3):
        value, grad = value_and_grad(x, state=state)
        assert float(value) == pytest.approx(float(function(x)), rel=1e-5)
        np.testing.assert_allclose(grad, jib.grad(function)(x), atol=1e-4)
        updates, state = tx.update(grad, state, x, value=value, grad=grad, value_fn=function)
        x = x + updates
    with pytest.raises(ArgumentValueError, match="holds no `value` and `grad`"):
        optim.value_and_grad_from_state(function)(x, state=())


def test_backtracking_stays_where_nothing_is_finite():
    function = lambda x: jnp.where(x[0] == 1.0, 0.0, jnp.nan) + 0 * jnp.sum(x)
    tx = optim.scale_by_backtracking_linesearch(3, store_grad=True)
    x = jnp.ones(2)
    given = {"value": jnp.float32(0), "grad": x, "value_fn": function}
    updates, state = tx.update(-x, tx.init(x), x, **given)
    assert updates.tolist() == [0, 0]
    assert float(state.value) == 0
    with pytest.raises(ArgumentTypeError, match="got 'speed', which `value_fn` does not take"):
        tx.update(-x, tx.init(x), x, speed=1, **given)
