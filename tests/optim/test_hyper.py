"""Hyperparameters are leaves of the state: reading, setting, schedules, gradients, precision."""

import operator

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import optim
from jib.optim._hyper import HyperparameterError
from tests.optim import cases

PARAMS = {"b": jnp.ones(2), "w": jnp.full((2, 2), 0.5)}


def read(state):
    return {name: float(value) for name, value in optim.get_hyper(state).items()}


def test_every_number_of_an_alias_is_in_its_state_with_all_its_digits():
    state = optim.adamw(1e-3).init(PARAMS)
    assert read(state) == {
        "b1": 0.9, "b2": 0.999, "eps": 1e-8, "eps_root": 0.0, "weight_decay": 1e-4,
        "learning_rate": 1e-3,
    }  # fmt: skip
    assert isinstance(state[0], optim.ScaleByAdamState)
    assert float(state[0].hyper["b1"]) == 0.9


def test_names_that_occur_twice_carry_their_place():
    state = optim.chain(optim.clip(1.0), optim.lamb(0.1)).init(PARAMS)
    assert {"1/0/eps", "1/2/eps", "learning_rate", "max_delta"} <= set(read(state))
    changed = optim.with_hyper(state, {"1/2/eps": 0.5, "learning_rate": 0.25})
    assert read(changed)["1/2/eps"] == 0.5 and read(changed)["1/0/eps"] == 1e-6
    both = read(optim.with_hyper(state, eps=0.125))
    assert both["1/0/eps"] == both["1/2/eps"] == 0.125


NESTED = {
    "masked": lambda: optim.masked(optim.sgd(0.1), cases.MASK),
    "named": lambda: optim.named_chain(("step", optim.sgd(0.1))),
    "partition": lambda: optim.partition({"x": optim.sgd(0.1)}, {"b": "x", "w": "x"}),
    "multi": lambda: optim.MultiSteps(optim.sgd(0.1), 1).gradient_transformation(),
    "finite": lambda: optim.apply_if_finite(optim.sgd(0.1), 3),
    "scaled": lambda: optim.dynamic_loss_scale(optim.sgd(0.1), 1.0),
    "injected": lambda: optim.inject_hyperparams(optim.sgd)(0.1),
    "flat": lambda: optim.flatten(optim.sgd(0.1)),
}


@pytest.mark.parametrize("name", NESTED)
def test_setting_works_at_any_depth(name):
    optimizer = NESTED[name]()
    state = optim.with_hyper(optimizer.init(PARAMS), learning_rate=0.5)
    assert read(state)["learning_rate"] == 0.5
    updates, state = optimizer.update(PARAMS, state, PARAMS)
    assert np.allclose(updates["w"], -0.25)
    assert read(state)["learning_rate"] == 0.5


def test_a_schedule_shows_the_value_used_last_and_cannot_be_overruled():
    optimizer = optim.chain(
        optim.add_decayed_weights(lambda step: 0.5 * step), optim.sgd(lambda step: 1.0 / (1 + step))
    )
    state = optimizer.init(PARAMS)
    assert read(state) == {"weight_decay": 0.0, "learning_rate": 1.0}
    for rate, decay in [(1.0, 0.0), (0.5, 0.5)]:
        _, state = optimizer.update(PARAMS, state, PARAMS)
        assert read(state) == {"weight_decay": decay, "learning_rate": rate}
    for name in ("learning_rate", "weight_decay"):
        with pytest.raises(HyperparameterError, match=f"{name} follows a schedule"):
            optim.with_hyper(state, {name: 1.0})


def test_an_unknown_name_is_an_error_that_lists_those_there_are():
    with pytest.raises(HyperparameterError, match="no hyperparameter 'lr'; it has learning_rate"):
        optim.with_hyper(optim.sgd(0.1).init(PARAMS), lr=0.5)


def test_gradients_reach_the_learning_rate():
    def loss(rate):
        optimizer = optim.sgd(rate)
        updates, _ = optimizer.update(jnp.ones(2), optimizer.init(jnp.ones(2)))
        return updates.sum()

    assert float(jib.grad(loss)(0.1)) == -2.0


def test_learning_rates_as_a_batch():
    def run(rate):
        optimizer = optim.adam(rate)
        state = optimizer.init(PARAMS)
        return optimizer.update(PARAMS, state)[0]["b"]

    found = jib.vmap(run)(jnp.asarray([0.1, 0.2]))
    assert np.allclose(found, [[-0.1, -0.1], [-0.2, -0.2]])


def test_injected_numbers_do_not_change_the_trajectory_and_follow_the_dict():
    def factory(rate, decay=0.9):
        return optim.chain(optim.trace(decay), optim.scale_by_learning_rate(rate))

    injected, plain = optim.inject_hyperparams(factory)(0.1), factory(0.1)
    left, right = injected.init(PARAMS), plain.init(PARAMS)
    for step in range(3):
        if step == 2:
            left.hyperparams["rate"] = jnp.asarray(0.2, jnp.float64)
            right = optim.with_hyper(right, learning_rate=0.2)
        mine, left = injected.update(PARAMS, left, PARAMS)
        theirs, right = plain.update(PARAMS, right, PARAMS)
        assert np.array_equal(mine["w"], theirs["w"])
    assert int(left.count) == 3


def test_a_state_built_by_hand_takes_the_numbers_of_the_optimizer():
    optimizer = optim.scale(0.5)
    updates, _ = optimizer.update(jnp.ones(1), optim.EmptyState())
    assert updates.tolist() == [0.5]


@pytest.mark.parametrize("name", ["adam", "adan", "radam", "lamb", "novograd", "sm3", "rmsprop"])
def test_float64_keeps_its_digits(name):
    # The numbers in double precision differ from those in single where single rounds 0.1.
    params = {"w": jnp.asarray([0.5, -1.5], jnp.float64)}
    optimizer = getattr(optim, name)(0.1)
    updates, _ = optimizer.update(params, optimizer.init(params), params)
    single = {"w": params["w"].astype(jnp.float32)}
    rounded, _ = optimizer.update(single, optimizer.init(single), single)
    assert updates["w"].dtype == np.float64 and rounded["w"].dtype == np.float32
    assert np.allclose(updates["w"], rounded["w"], rtol=2e-5)
    assert not np.array_equal(np.asarray(updates["w"]), np.asarray(rounded["w"], np.float64))


def test_sgd_in_float64_is_exact():
    updates, _ = optim.sgd(0.1).update(jnp.ones(1, jnp.float64), optim.sgd(0.1).init(None))
    assert updates.tolist() == [-0.1]


KEPT = [name for name in cases.CASES if "bfloat16" not in name and "/" not in name]


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_a_step_keeps_every_dtype(dtype):
    """All members in one program: parameters, updates and states stay in their dtypes."""
    params = jib.tree.map(lambda x: jnp.asarray(x, dtype), cases.params())

    def step(params, gradients):
        results = {}
        for name in KEPT:
            optimizer = optim.with_extra_args_support(cases.CASES[name](optim))
            state = optimizer.init(params)
            updates, new = optimizer.update(gradients, state, params, value=1.5)
            results[name] = (state, new, updates, optim.apply_updates(params, updates))
        return results

    for name, (state, new, updates, moved) in jib.eval_shape(step, params, params).items():
        types = {str(leaf.dtype) for leaf in jib.tree.leaves((updates, moved))}
        assert types == {dtype}, name
        before, after = ([leaf.dtype for leaf in jib.tree.leaves(each)] for each in (state, new))
        assert before == after, name


@pytest.mark.parametrize(
    "names",
    [["adamw", "adafactor", "partition"], pytest.param(KEPT, marks=pytest.mark.slow)],
    ids=["some", "all"],
)
def test_parameters_in_a_batch_equal_one_after_another(names):
    """All members in one program under vmap, and once more without."""
    batch = jib.tree.map(lambda x: jnp.stack([x, 2 * x]), cases.params())

    def step(params):
        results = {}
        for name in names:
            optimizer = optim.with_extra_args_support(cases.CASES[name](optim))
            updates, _ = optimizer.update(params, optimizer.init(params), params, value=1.5)
            results[name] = updates
        return results

    together = jib.jit(jib.vmap(step))(batch)
    single = jib.jit(step)
    alone = [single(jib.tree.map(operator.itemgetter(place), batch)) for place in range(2)]
    stacked = jib.tree.map(lambda *parts: jnp.stack(parts), *alone)
    for x, y in zip(jib.tree.leaves(together), jib.tree.leaves(stacked), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=[] if name in ("adamw/mask", "partition") else pytest.mark.slow)
    for name in cases.CASES
])  # fmt: skip
def test_without_jit_the_numbers_are_the_same(name):
    optimizer = cases.CASES[name](optim)
    params, gradients = (jib.tree.map(jnp.asarray, x) for x in (cases.params(), cases.gradients(1)))
    update = optim.with_extra_args_support(optimizer).update
    pair = (
        each(gradients, optimizer.init(params), params, value=1.5)
        for each in (update, jib.jit(update))
    )
    for x, y in zip(*map(jib.tree.leaves, pair), strict=True):
        if jnp.issubdtype(x.dtype, jib.dtypes.prng_key):
            x, y = jib.random.key_data(x), jib.random.key_data(y)
        np.testing.assert_allclose(np.asarray(x, np.float64), np.asarray(y, np.float64), 3e-6, 1e-6)
