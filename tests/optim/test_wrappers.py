"""Wrappers: skipping, accumulating, loss scales, masks, measurements, errors."""

import functools

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import errors, optim


def test_parameters_are_asked_for():
    optimizer = optim.adamw(0.1)
    with pytest.raises(errors.JibError, match="add_decayed_weights reads the parameters"):
        optimizer.update(jnp.ones(1), optimizer.init(jnp.ones(1)))


def test_overflow_skips_a_step_and_the_scale_recovers():
    optimizer = optim.dynamic_loss_scale(optim.sgd(0.5, 0.9), 2.0**10, period=2)
    params = jnp.asarray([1.0, 2.0])
    state = optimizer.init(params)
    seen = []
    step = jib.jit(optimizer.update)
    for gradient in (1.0, np.inf, 1.0, 1.0, 1.0):
        scaled = state.loss_scale.scale(jnp.full(2, gradient)).astype(jnp.float32)
        updates, state = step(scaled, state, params)
        seen.append((float(updates[0]), float(state.loss_scale.value), bool(state.last_finite)))
    assert [row[1] for row in seen] == [1024, 512, 512, 1024, 1024]
    assert [row[2] for row in seen] == [True, False, True, True, True]
    # The skipped step leaves no trace in the momentum: 1, 1.9, 2.71, ...
    assert np.allclose([row[0] for row in seen], [-0.5, 0.0, -0.95, -1.355, -1.7195])
    assert int(state.skipped) == 1


def test_float16_gradients_that_underflow_survive_scaling():
    def loss(w, scale):
        return scale.scale((w.astype(jnp.float16) * jnp.float16(1e-4)) ** 2)

    w = jnp.asarray(0.03125)
    lost = jib.grad(loss)(w, optim.LossScale.start(1.0))
    assert float(lost) == 0.0
    scale = optim.LossScale.start(2.0**14)
    kept = scale.unscale(jib.grad(loss)(w, scale))
    assert np.isclose(float(kept), 2 * 0.03125 * 1e-8, rtol=1e-2)


def test_a_static_scale_stays():
    optimizer = optim.static_loss_scale(optim.sgd(1.0), 8.0)
    state = optimizer.init(jnp.ones(1))
    for gradient, expected in ((16.0, -2.0), (np.nan, 0.0)):
        updates, state = optimizer.update(jnp.full(1, gradient), state)
        assert updates.tolist() == [expected] and float(state.loss_scale.value) == 8.0


def test_a_scale_neither_vanishes_nor_becomes_infinite():
    small, large = optim.LossScale.start(1.0), optim.LossScale.start(3e38, period=1)
    assert float(small.adjust(jnp.asarray(False)).value) == 1.0
    assert float(large.adjust(jnp.asarray(True)).value) == np.float32(3e38)


def test_policy_casts_floating_leaves_alone():
    policy = optim.Policy(compute_dtype=jnp.bfloat16, output_dtype=jnp.float16)
    tree = {"key": jib.random.key(0), "mask": jnp.ones(1, bool), "w": jnp.ones(1)}
    assert str(policy.cast_to_compute(tree)["w"].dtype) == "bfloat16"
    assert str(policy.cast_to_output(tree)["w"].dtype) == "float16"
    assert str(policy.cast_to_param(policy.cast_to_compute(tree))["w"].dtype) == "float32"
    assert policy.cast_to_compute(tree)["mask"].dtype == bool


def test_multi_steps_skip_gradients_that_are_not_finite():
    optimizer = optim.MultiSteps(optim.sgd(1.0), 2, should_skip_update_fn=optim.skip_not_finite)
    state = optimizer.init(jnp.ones(1))
    emitted = []
    for gradient in (1.0, np.inf, 3.0):
        updates, state = optimizer.update(jnp.full(1, gradient), state)
        emitted.append(updates.tolist())
    assert emitted == [[0.0], [0.0], [-2.0]]
    assert bool(optimizer.has_updated(state)) and int(state.gradient_step) == 1


def test_multi_steps_skip_large_gradients():
    skip = functools.partial(optim.skip_large_updates, max_squared_norm=4.0)
    optimizer = optim.MultiSteps(optim.sgd(1.0), 1, should_skip_update_fn=skip)
    state = optimizer.init(jnp.ones(1))
    assert optimizer.update(jnp.full(1, 1.5), state)[0].tolist() == [-1.5]
    updates, state = optimizer.update(jnp.full(1, 2.5), state)
    assert updates.tolist() == [0.0] and float(state.skip_state["norm_squared"]) == 6.25


def test_after_many_failures_an_update_is_applied():
    optimizer = optim.apply_if_finite(optim.sgd(1.0), 1)
    state = optimizer.init(jnp.ones(1))
    found = []
    for _ in range(2):
        updates, state = optimizer.update(jnp.full(1, np.inf), state)
        found.append(updates.tolist())
    assert found == [[0.0], [-np.inf]] and int(state.notfinite_count) == 2


def test_lookahead_meets_every_second_step():
    optimizer = optim.lookahead(optim.sgd(1.0, 0.9), 2, 0.5, reset_state=True)
    params = optim.LookaheadParams.init_synced(jnp.ones(1))
    state = optim.with_hyper(optimizer.init(params), learning_rate=0.5)
    for _ in range(2):
        updates, state = optimizer.update(jnp.ones(1), state, params)
        params = optim.apply_updates(params, updates)
    # Fast weights went to 1 - 0.5 - 0.95; slow ones go half of the way and fast ones return.
    assert np.allclose(params.fast, 0.275) and np.allclose(params.slow, 0.275)
    assert float(state.fast_state[0].trace[0]) == 0.0
    assert float(optim.get_hyper(state)["learning_rate"]) == 0.5


def test_measurements_are_in_the_state():
    optimizer = optim.monitor({"peak": lambda u: jnp.max(u["w"]), "mean": optim.measure_with_ema(
        lambda u: jnp.mean(u["w"]), 0.5)})  # fmt: skip
    updates = {"w": jnp.asarray([1.0, 3.0])}
    passed, state = optimizer.update(updates, optimizer.init(updates))
    assert passed is updates
    assert float(state.measurements["peak"]) == 3.0 and float(state.measurements["mean"]) == 2.0


def test_clipping_of_examples():
    grads = {"a": jnp.asarray([[3.0], [0.3]]), "b": jnp.asarray([[4.0], [0.4]])}
    total, clipped = optim.per_example_global_norm_clip(grads, 1.0)
    assert np.allclose(total["a"], 0.9) and np.allclose(total["b"], 1.2) and int(clipped) == 1
    total, clipped = optim.per_example_layer_norm_clip(grads, 2.0**0.5)
    assert np.allclose(total["a"], 1.3) and int(clipped["b"]) == 1


def test_complex_parameters():
    params = jnp.asarray([1 + 2j, -0.5j])
    for optimizer in (optim.adam(0.1), optim.yogi(0.1), optim.rmsprop(0.1, centered=True)):
        state = optimizer.init(params)
        updates, new = optimizer.update(params, state, params)
        assert updates.dtype == np.complex64
        assert [x.dtype for x in jib.tree.leaves(state)] == [x.dtype for x in jib.tree.leaves(new)]
    with pytest.raises(errors.JibError, match="scale_by_sm3 takes real parameters"):
        optim.sm3(0.1).init(params)


def test_leaves_that_are_none_stay_none():
    params = {"a": jnp.ones(1), "b": None}
    optimizer = optim.adamw(0.1)
    updates, _ = optimizer.update(params, optimizer.init(params), params)
    assert updates["b"] is None and optim.apply_updates(params, updates)["b"] is None


ERRORS = {
    "the state that `update` got is of 1": lambda: optim.chain(
        optim.scale(1.0), optim.scale(1.0)
    ).update(jnp.ones(1), (optim.EmptyState(),)),
    "names in named_chain are distinct": lambda: optim.named_chain(
        ("a", optim.scale(1.0)), ("a", optim.scale(2.0))
    ),
    "have no transformation": lambda: optim.partition({"a": optim.sgd(1.0)}, "b").init(jnp.ones(1)),
    "sync_period of lookahead": lambda: optim.lookahead(optim.sgd(1.0), 0, 0.5),
    "decay_steps of cosine_decay_schedule is positive": lambda: optim.cosine_decay_schedule(1.0, 0),
    "optimistic_adam takes a number": lambda: optim.optimistic_adam(lambda step: 1.0),
    "are not arguments of sgd": lambda: optim.inject_hyperparams(optim.sgd, "lr"),
    "whose axis 0 counts examples": lambda: optim.per_example_global_norm_clip(jnp.ones(()), 1.0),
    "a loss scale has factor >= 1": lambda: optim.LossScale.start(0.5),
    "add_noise got both": lambda: optim.add_noise(1.0, 1.0, 1, seed=2),
    "a count is an integer": lambda: optim.safe_increment(jnp.asarray(True)),
}


@pytest.mark.parametrize("message", ERRORS)
def test_messages(message):
    with pytest.raises(errors.JibError, match=message):
        ERRORS[message]()
