"""The network on jib: its parts against NumPy, and that it learns."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from harbor_fleet import predictor
from harbor_fleet.evaluation import compiled_forecast, naive_hold_out, network_hold_out
from harbor_fleet.model import apply_network, dropout_masks, initial_parameters
from harbor_fleet.panel import between
from harbor_fleet.predictor import CROP, baseline, features, scaling
from harbor_fleet.training import (
    BATCH,
    WARM_UP,
    Settings,
    adamw,
    clipped,
    crop_batches,
    huber,
    run_network,
    train,
    training_data,
)

SMALL = Settings(epochs=30, hidden=6, seed=4, learning_rate=0.03)


def small_data(panel):
    base = baseline(panel.counts, panel.calendar)
    scales = scaling(base, panel.calendar)
    return training_data(base, panel.calendar, scales), scales


def random_parameters(width: int, hidden: int = 6) -> dict:
    """Initial parameters, with a head that is not zero."""
    parameters = initial_parameters(jib.random.key(5), 3, width, hidden)
    head = {"weight": jnp.linspace(-1.0, 1.0, hidden), "bias": jnp.float32(0.1)}
    return parameters | {"head": head}


def test_huber_by_hand():
    errors = jnp.array([-2.0, -0.1, 0.0, 0.2, 1.0])
    expected = [0.2 * 1.9, 0.005, 0.0, 0.02, 0.2 * 0.9]
    np.testing.assert_allclose(huber(errors, 0.2), expected, rtol=1e-6)


def test_two_steps_of_adamw_by_hand():
    rate, decay, value = 0.1, 0.01, 2.0
    parameters = {"a": jnp.float32(value)}
    zeros = {"a": jnp.float32(0)}
    state = {"step": jnp.int32(0), "mean": zeros, "square": zeros}
    mean = square = 0.0
    for step, gradient in enumerate([0.5, -0.25], start=1):
        parameters, state = adamw(parameters, {"a": jnp.float32(gradient)}, state, rate, decay)
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        direction = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        value -= rate * (direction + decay * value)
        assert float(parameters["a"]) == pytest.approx(value, rel=1e-4)
    assert int(state["step"]) == 2


def test_gradients_are_clipped_by_their_global_norm():
    long = {"a": jnp.array([3.0]), "b": jnp.array([4.0])}
    assert [float(leaf[0]) for leaf in clipped(long).values()] == pytest.approx([0.6, 0.8])
    short = {"a": jnp.array([0.3]), "b": jnp.array([0.4])}
    assert [float(leaf[0]) for leaf in clipped(short).values()] == pytest.approx([0.3, 0.4])


def test_the_untrained_network_forecasts_the_base(panel):
    data, _ = small_data(panel)
    parameters = initial_parameters(jib.random.key(0), 3, data.inputs.shape[-1], 6)
    assert (np.asarray(run_network(parameters, data.inputs[0])) == 0).all()


def test_compiled_network_equals_numpy(panel):
    data, _ = small_data(panel)
    parameters = random_parameters(data.inputs.shape[-1])
    inputs = data.inputs[3, :, :CROP]
    arrays = jib.tree.map(np.asarray, parameters)
    expected = predictor.gru_network(arrays, inputs)
    np.testing.assert_allclose(run_network(parameters, inputs), expected, atol=1e-5)
    one = apply_network(parameters, 2, jnp.asarray(inputs[2]))
    np.testing.assert_allclose(one, expected[2], atol=1e-5)


def test_dropout_keeps_the_mean_and_follows_its_key():
    masks = dropout_masks(jib.random.key(1), 400, 20, 10)
    again = dropout_masks(jib.random.key(1), 400, 20, 10)
    other = dropout_masks(jib.random.key(2), 400, 20, 10)
    for name, kept in (("inputs", 0.8), ("first", 0.7), ("second", 0.7)):
        mask = np.asarray(masks[name])
        assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / np.float32(kept))}
        assert mask.mean() == pytest.approx(1.0, abs=0.05)
        assert (mask == np.asarray(again[name])).all() and (mask != np.asarray(other[name])).any()


def test_crops_are_full_batches_that_only_learn_from_usable_days(panel):
    data, _ = small_data(panel)
    (batch,) = next(crop_batches(data, 1, seed=0))
    assert batch["inputs"].shape == (BATCH, CROP, data.inputs.shape[-1])
    assert (batch["weights"][:, :WARM_UP] == 0).all() and (batch["weights"] > 0).any()
    assert set(np.bincount(batch["depots"], minlength=3)) <= {21, 22}


def test_missing_and_first_seen_days_carry_no_weight(panel):
    data, _ = small_data(panel)
    assert (data.weights[1, 100:104] == 0).all()
    assert (data.weights[:, 50] == 0).all() and (data.weights[:, 150] == 1).all()


def test_training_learns_and_the_seed_decides(panel):
    data, _ = small_data(panel)
    fitted = list(train(data, SMALL))
    assert len(fitted) == SMALL.epochs
    assert fitted[-1].loss < 0.7 * fitted[0].loss
    same = list(train(data, SMALL))[-1]
    assert same.loss == fitted[-1].loss
    for left, right in zip(
        jib.tree.leaves(same.parameters), jib.tree.leaves(fitted[-1].parameters), strict=True
    ):
        np.testing.assert_array_equal(left, right)
    other = list(train(data, SMALL._replace(seed=5)))[-1]
    assert other.loss != fitted[-1].loss


def test_hold_out_is_five_forecasts_made_in_turn(panel):
    _, scales = small_data(between(panel, 0, 270))
    parameters = random_parameters(len(predictor.feature_names(panel.covariates)))
    whole = network_hold_out(parameters, panel, scales)
    assert whole.shape == naive_hold_out(panel).shape == (3, 30)
    week = compiled_forecast(parameters, panel, scales, 277)
    np.testing.assert_array_equal(whole[:, 7:14], week)
    weights = {"scales": scales._asdict(), "parameters": jib.tree.map(np.asarray, parameters)}
    alone = predictor.forecast(weights, panel.counts, panel.calendar, 277)
    np.testing.assert_allclose(week, alone, rtol=1e-5)


def test_the_forecast_reads_one_crop_of_the_features(panel):
    data, scales = small_data(panel)
    parameters = random_parameters(data.inputs.shape[-1])
    origin = 280
    made = features(baseline(panel.counts, panel.calendar), panel.calendar, scales, origin)
    residual = np.asarray(run_network(parameters, made[:, origin + 7 - CROP : origin + 7]))
    level = baseline(panel.counts, panel.calendar).level[:, origin : origin + 7]
    expected = np.expm1(level + predictor.LOG_UNIT * residual[:, -7:])
    week = compiled_forecast(parameters, panel, scales, origin)
    np.testing.assert_allclose(week, expected, rtol=1e-5)
