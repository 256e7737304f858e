"""What guides to the field say about training holds after changing the imports."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import ckpt, linen as nn, models, nnx, optim
from jib.jax_utils import replicate, unreplicate
from jib.training import checkpoints
from jib.training.common_utils import shard
from jib.training.dynamic_scale import DynamicScale
from jib.training.train_state import TrainState


class Inline(nn.Module):
    features: int = 4

    @nn.compact
    def __call__(self, x):
        x = nn.LayerNorm()(nn.Dense(self.features)(x))
        return nn.Dense(1)(nn.relu(x))[..., 0]


class InSetup(nn.Module):
    features: int = 4

    def setup(self):
        self.Dense_0 = nn.Dense(self.features)
        self.LayerNorm_0 = nn.LayerNorm()
        self.Dense_1 = nn.Dense(1)

    def __call__(self, x):
        return self.Dense_1(nn.relu(self.LayerNorm_0(self.Dense_0(x))))[..., 0]


X = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
BATCH = X, X @ np.asarray([1.0, -1.0, 0.5], "float32")
MODEL = Inline()
TX = optim.adamw(0.05)
PARAMS = MODEL.init(jib.random.key(0), X)["params"]


def loss_fn(params, batch):
    x, y = batch
    return jnp.mean((MODEL.apply({"params": params}, x) - y) ** 2)


@jib.jit
def train_step(state, batch):
    return state.apply_gradients(grads=jib.grad(loss_fn)(state.params, batch))


def new_state():
    return TrainState.create(apply_fn=MODEL.apply, params=PARAMS, tx=TX)


def assert_same(found, expected):
    assert jib.tree.structure(found) == jib.tree.structure(expected)
    jib.tree.map(np.testing.assert_array_equal, found, expected)


def test_parameters_are_defined_in_setup_or_inline():
    assert jib.tree.map(jnp.shape, PARAMS) == {
        "Dense_0": {"kernel": (3, 4), "bias": (4,)},
        "LayerNorm_0": {"scale": (4,), "bias": (4,)},
        "Dense_1": {"kernel": (4, 1), "bias": (1,)},
    }
    assert_same(InSetup().init(jib.random.key(0), X)["params"], PARAMS)


def test_initialization_needs_the_shape_of_the_input_alone():
    model, key = Inline(), jib.random.key(1)
    shapes = jib.eval_shape(model.init, key, jib.ShapeDtypeStruct((1, 3), jnp.float32))["params"]
    assert jib.tree.map(lambda s: s.shape, shapes) == jib.tree.map(jnp.shape, PARAMS)


def test_a_training_step_in_pure_functions():
    grad_loss = jib.grad(loss_fn)
    tx = optim.adamw(learning_rate=0.05)
    opt_state = tx.init(PARAMS)

    @jib.jit
    def step(params, opt_state, batch):
        grads = grad_loss(params, batch)
        updates, opt_state = tx.update(grads, opt_state, params)
        return optim.apply_updates(params, updates), opt_state

    params, state = PARAMS, new_state()
    for _ in range(60):
        params, opt_state = step(params, opt_state, BATCH)
        state = train_step(state, BATCH)
    assert loss_fn(params, BATCH) < loss_fn(PARAMS, BATCH) / 20
    assert state.step == 60  # a TrainState bundles the same
    jib.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4), state.params, params)


def test_transforms_compose_around_a_module():
    def one(params, x, y):
        return (MODEL.apply({"params": params}, x) - y) ** 2

    each = jib.jit(jib.vmap(jib.grad(one), in_axes=(None, 0, 0)))(PARAMS, *BATCH)
    whole = jib.grad(lambda params: jib.jit(jib.vmap(one, (None, 0, 0)))(params, *BATCH).mean())
    assert each["Dense_0"]["kernel"].shape == (16, 3, 4)
    means = jib.tree.map(lambda g: g.mean(0), each)
    jib.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), means, whole(PARAMS)
    )


def test_pmap_keeps_a_copy_of_the_state_on_each_device():
    def step(state, batch):
        grads = jib.lax.pmean(jib.grad(loss_fn)(state.params, batch), "devices")
        return state.apply_gradients(grads=grads)

    states = jib.pmap(step, axis_name="devices")(replicate(new_state()), shard(BATCH))
    expected = train_step(new_state(), BATCH)
    jib.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6),
        unreplicate(states).params,
        expected.params,
    )


def test_parameters_are_partitioned_over_a_mesh():
    init = nn.with_partitioning(nn.initializers.lecun_normal(), (None, "model"))
    layer = nn.Dense(8, kernel_init=init)
    variables = layer.init(jib.random.key(0), X)
    specs = nn.get_partition_spec(variables)["params"]
    spec = jib.sharding.PartitionSpec
    assert specs["kernel"] == spec(None, "model")
    mesh = jib.sharding.Mesh(np.asarray(jib.devices()), ("model",))
    kernel = nn.unbox(variables)["params"]["kernel"]
    spread = jib.device_put(kernel, jib.sharding.NamedSharding(mesh, specs["kernel"]))
    assert spread.sharding.spec == spec(None, "model")


def test_the_whole_tree_is_saved_and_training_goes_on_as_if_nothing_happened(tmp_path):
    state = train_step(new_state(), BATCH)
    checkpointer = ckpt.PyTreeCheckpointer()
    checkpointer.save(tmp_path / "whole", {"params": state.params, "opt": state.opt_state})
    plain = checkpointer.restore(tmp_path / "whole")
    assert type(plain["params"]["Dense_0"]["kernel"]) is np.ndarray  # nested dicts of arrays
    assert_same(plain["params"], jib.tree.map(np.asarray, state.params))

    checkpoints.save_checkpoint(tmp_path, state, step=1)
    back = checkpoints.restore_checkpoint(tmp_path, new_state())
    assert_same(train_step(back, BATCH), train_step(state, BATCH))
    with ckpt.CheckpointManager(tmp_path / "run") as manager:
        manager.save(1, args=ckpt.args.StandardSave(state))
        manager.wait_until_finished()
        again = manager.restore(1, args=ckpt.args.StandardRestore(state))
    assert_same(again, state)


def test_modules_that_change_train_too():
    class Network(nnx.Module):
        def __init__(self, rngs):
            self.first = nnx.Linear(3, 8, rngs=rngs)
            self.dropout = nnx.Dropout(0.1, rngs=rngs)
            self.second = nnx.Linear(8, 1, rngs=rngs)

        def __call__(self, x):
            return self.second(self.dropout(nnx.relu(self.first(x))))[..., 0]

    model = Network(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optim.adamw(0.05), wrt=nnx.Param)

    @nnx.jit
    def step(model, optimizer, x, y):
        loss, grads = nnx.value_and_grad(lambda model: jnp.mean((model(x) - y) ** 2))(model)
        optimizer.update(model, grads)
        return loss

    losses = [step(model, optimizer, *BATCH) for _ in range(40)]
    assert losses[-1] < losses[0] / 3
    model.eval()
    assert model.dropout.deterministic


def test_pretrained_weights_come_by_the_name_of_their_architecture(tmp_path):
    config = {
        "model_type": "gpt2", "vocab_size": 11, "n_positions": 8, "n_embd": 4, "n_layer": 1,
        "n_head": 2,
    }  # fmt: skip
    model = models.GPT2(config, rngs=nnx.Rngs(0))
    model.save_pretrained(tmp_path)
    again = models.from_pretrained(tmp_path)
    assert type(again) is models.GPT2
    assert_same(nnx.to_pure_dict(nnx.state(again)), nnx.to_pure_dict(nnx.state(model)))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_mixed_precision_keeps_parameters_in_float32(dtype):
    class Half(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dense(1, dtype=dtype)(nn.relu(nn.Dense(4, dtype=dtype)(x)))[..., 0]

    model = Half()
    params = model.init(jib.random.key(0), X)["params"]
    assert {leaf.dtype.name for leaf in jib.tree.leaves(params)} == {"float32"}
    outs = jib.eval_shape(model.apply, {"params": params}, X)
    assert outs.dtype == dtype

    @jib.jit
    def gradient(scale, params):
        def loss(params):
            out = model.apply({"params": params}, X).astype("float32")
            return jnp.mean((out - BATCH[1]) ** 2)

        return scale.value_and_grad(loss)(params)

    result = gradient(DynamicScale(scale=jnp.float32(2.0**40)), params)
    for _ in range(40):  # what overflows halves the scale
        if result.finite:
            break
        result = gradient(result.dynamic_scale, params)
    assert result.finite and result.dynamic_scale.fin_steps == 1
    assert (result.dynamic_scale.scale < 2.0**40) == (dtype == "float16")


def test_optimizers_keep_moments_in_bfloat16():
    moments = optim.scale_by_adam(mu_dtype=jnp.bfloat16).init(PARAMS).mu
    assert {leaf.dtype.name for leaf in jib.tree.leaves(moments)} == {"bfloat16"}


class Demand(nn.Module):
    """Two recurrent layers over the days of one depot, and a number for each day."""

    width: int = 6

    @nn.compact
    def __call__(self, days, training=False):
        over_days = nn.scan(
            nn.GRUCell, variable_broadcast="params", split_rngs={"params": False}
        )  # fmt: skip
        values = days
        for layer in ("first", "second"):
            start = jnp.zeros(self.width)
            _, values = over_days(self.width, name=layer)(start, values)
            values = nn.Dropout(0.2, deterministic=not training)(values)
        return nn.Dense(1, name="head")(values)[..., 0]


DEPOTS, DAYS = 64, 12
NETWORK = Demand()


@pytest.fixture(scope="module")
def fleet():
    numbers = np.random.default_rng(1)
    weekday = np.eye(7, dtype="float32")[np.arange(DAYS) % 7]
    level = numbers.uniform(3, 5, (DEPOTS, 1)).astype("float32")
    logs = level + 0.3 * weekday @ numbers.normal(size=7).astype("float32")
    counts = numbers.poisson(np.exp(logs)).astype("float32")
    features = [
        np.broadcast_to(weekday, (DEPOTS, DAYS, 7)),
        np.log1p(np.roll(counts, 7, 1))[..., None],
    ]
    features = np.concatenate(features, axis=2).astype("float32")
    return jnp.asarray(features), jnp.asarray(counts)


@pytest.fixture(scope="module")
def weights(fleet):
    return jib.jit(NETWORK.init)(jib.random.key(0), fleet[0][0])["params"]


def test_the_cell_unrolled_by_hand_is_the_layer(fleet, weights):
    def by_hand(weights, days):
        values = days
        for layer in ("first", "second"):
            step = lambda carry, x, layer=layer: nn.GRUCell(6).apply(
                {"params": weights[layer]}, carry, x
            )
            values = jib.lax.scan(step, jnp.zeros(6), values)[1]
        return (values @ weights["head"]["kernel"] + weights["head"]["bias"])[..., 0]

    over_depots = lambda f: jib.jit(jib.vmap(f, in_axes=(None, 0)))
    layers = over_depots(lambda weights, days: NETWORK.apply({"params": weights}, days))
    found, expected = over_depots(by_hand)(weights, fleet[0]), layers(weights, fleet[0])
    assert found.shape == (DEPOTS, DAYS)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_forecaster_trains(fleet, weights):
    tx = optim.adamw(1e-2)

    def one_depot(weights, days, counts, key):
        rngs = {"dropout": key}
        forecast = NETWORK.apply({"params": weights}, days, training=True, rngs=rngs)
        return optim.huber_loss(forecast, jnp.log1p(counts)).mean()

    @jib.jit
    def epoch(weights, opt_state, key):
        keys = jib.random.split(key, DEPOTS)
        losses = lambda weights: jib.vmap(one_depot, (None, 0, 0, 0))(weights, *fleet, keys).mean()
        loss, grads = jib.value_and_grad(losses)(weights)
        updates, opt_state = tx.update(grads, opt_state, weights)
        return optim.apply_updates(weights, updates), opt_state, loss

    def run(epochs):
        key, trained, opt_state, losses = jib.random.key(7), weights, tx.init(weights), []
        for _ in range(epochs):
            key, subkey = jib.random.split(key)
            trained, opt_state, loss = epoch(trained, opt_state, subkey)
            losses.append(float(loss))
        return trained, losses

    trained, losses = run(60)
    assert losses[-1] < losses[0] / 5
    assert run(3)[1] == losses[:3]  # keys are explicit, so a second run is the same run
    mean, spike = optim.huber_loss(jnp.asarray([1.0, 100.0]))
    assert mean == 0.5 and spike == 99.5  # linear beyond one
    # The numbers go to the host as NumPy arrays, and the forecast is checked without compilation.
    exported = jib.tree.map(np.asarray, trained)
    compiled = jib.jit(NETWORK.apply)({"params": trained}, fleet[0][0])
    with jib.disable_jit():
        plain = NETWORK.apply({"params": exported}, fleet[0][0])
    np.testing.assert_allclose(plain, compiled, rtol=1e-5)


def test_one_key_for_every_epoch_is_the_same_dropout_each_time(fleet, weights):
    def epoch(key):
        rngs = {"dropout": key}
        return NETWORK.apply({"params": weights}, fleet[0][0], training=True, rngs=rngs)

    epoch = jib.jit(epoch)
    first, second = jib.random.split(jib.random.key(2))
    assert not np.array_equal(epoch(first), epoch(second))
    np.testing.assert_array_equal(epoch(first), epoch(jib.random.clone(first)))
