"""The network on jib: its parts against NumPy, and that it learns."""

import numpy as np

import jib
import jib.numpy as jnp
from harbor_fleet import predictor
from harbor_fleet.model import Network, deployed_parameters, network_parameters
from harbor_fleet.predictor import CROP, baseline, scaling
from harbor_fleet.training import (
    BATCH,
    Settings,
    crop_batches,
    initial_state,
    run_network,
    train,
    training_data,
    training_step,
)

SMALL = Settings(epochs=15, hidden=6, seed=4, learning_rate=0.03)
STEP = training_step(SMALL)


def small_data(panel):
    base = baseline(panel.counts, panel.calendar)
    return training_data(base, panel.calendar, scaling(base, panel.calendar))


def random_parameters(width: int) -> dict:
    """Parameters of the network, none of them zero."""
    parameters = initial_state(Network(3, 6), width, 1, SMALL).params
    leaves, structure = jib.tree.flatten(parameters)
    generator = np.random.default_rng(2)
    drawn = [0.4 * generator.normal(size=leaf.shape).astype(np.float32) for leaf in leaves]
    return structure.unflatten(drawn)


def test_the_untrained_network_forecasts_the_base(panel):
    data = small_data(panel)
    state = initial_state(Network(3, 6), data.inputs.shape[-1], 1, SMALL)
    assert (np.asarray(run_network(state.params, data.inputs[0, :, :CROP])) == 0).all()


def test_compiled_network_equals_numpy(panel):
    inputs = small_data(panel).inputs[3, :, :CROP]
    parameters = random_parameters(inputs.shape[-1])
    deployed = deployed_parameters(parameters)
    expected = predictor.gru_network(deployed, inputs)
    np.testing.assert_allclose(run_network(parameters, inputs), expected, atol=1e-6)
    back = network_parameters(deployed)
    for left, right in zip(jib.tree.leaves(back), jib.tree.leaves(parameters), strict=True):
        np.testing.assert_array_equal(left, right)


def test_dropout_follows_its_key(panel):
    inputs = jnp.asarray(small_data(panel).inputs[0, :, :CROP])
    network, depots = Network(3, 6), jnp.arange(3)
    variables = {"params": random_parameters(inputs.shape[-1])}

    @jib.jit
    def dropped(key):
        return network.apply(variables, depots, inputs, True, rngs={"dropout": key})

    first, again, other = (np.asarray(dropped(jib.random.key(seed))) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_step_learns_from_the_learnable_days_of_its_crops_alone(panel):
    data = small_data(panel)
    (crops,) = next(crop_batches(3, 300, 1, np.random.default_rng(0)))[:1]
    state = initial_state(Network(3, 6), data.inputs.shape[-1], 1, SMALL)
    _, loss = STEP(state, data, crops, jib.random.key(0))
    days = crops.start[:, None] + np.arange(21, CROP)
    targets = data.targets[crops.depot[:, None], days]
    weights = data.weights[crops.depot[:, None], days]
    delta = SMALL.huber_delta
    size = np.abs(targets)  # the untrained network forecasts 0
    losses = np.where(size < delta, 0.5 * size**2, delta * (size - 0.5 * delta))
    np.testing.assert_allclose(loss, (losses * weights).sum() / weights.sum(), rtol=1e-5)


def test_crops_are_full_batches_within_the_days(panel):
    batches = next(crop_batches(3, 200, 1, np.random.default_rng(0)))
    assert [len(crops.depot) for crops in batches] == [BATCH] * 2
    starts = np.concatenate([crops.start for crops in batches])
    assert starts.min() >= 7 and starts.max() + CROP <= 200
    assert set(np.concatenate([crops.phase for crops in batches])) == set(range(7))


def test_missing_and_first_seen_days_carry_no_weight(panel):
    data = small_data(panel)
    assert (data.weights[1, 100:104] == 0).all()
    assert (data.weights[:, 50] == 0).all() and (data.weights[:, 150] == 1).all()


def test_training_learns_and_the_seed_decides(panel):
    data = small_data(panel)
    fitted = list(train(data, SMALL, step=STEP))
    assert len(fitted) == SMALL.epochs
    assert fitted[-1].loss < 0.8 * fitted[0].loss
    same = list(train(data, SMALL, step=STEP))[-1]
    assert same.loss == fitted[-1].loss
    for left, right in zip(
        jib.tree.leaves(same.parameters), jib.tree.leaves(fitted[-1].parameters), strict=True
    ):
        np.testing.assert_array_equal(left, right)
    other = list(train(data, SMALL._replace(seed=5), step=STEP))[-1]
    assert other.loss != fitted[-1].loss
