"""TrainState, loss scales, early stopping, prefetching, and the helpers of several devices."""

import math
import threading

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import jax_utils, linen as nn, optim, struct
from jib.serialization import from_bytes, to_bytes
from jib.training import TrainState, common_utils
from jib.training.dynamic_scale import DynamicScale
from jib.training.early_stopping import EarlyStopping
from jib.training.prefetch_iterator import PrefetchIterator

X = jnp.linspace(-1, 1, 32)[:, None]


class MLP(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.relu(nn.Dense(8)(x)))


class StateWithMean(TrainState):
    mean: jib.Array = struct.field(default=None)


def fresh(cls=TrainState, **fields):
    model = MLP()
    params = model.init(jib.random.key(0), X)["params"]
    return cls.create(apply_fn=model.apply, params=params, tx=optim.adam(0.01), **fields)


@jib.jit
def step(state, x, y):
    def loss(params):
        return jnp.mean((state.apply_fn({"params": params}, x) - y) ** 2)

    value, grads = jib.value_and_grad(loss)(state.params)
    return state.apply_gradients(grads=grads), value


def test_a_loop_learns_and_a_saved_one_goes_on_as_if_nothing_had_happened():
    state, first = step(fresh(), X, X**2)
    for _ in range(30):
        state, value = step(state, X, X**2)
    assert value < 0.5 * first and int(state.step) == 31
    data = to_bytes(state)
    ahead = step(state, X, X**2)
    again = step(from_bytes(fresh(), data), X, X**2)
    for one, other in zip(jib.tree.leaves(ahead), jib.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_subclass_carries_more():
    state = fresh(StateWithMean, mean=jnp.zeros(()))
    zeros = jib.tree.map(jnp.zeros_like, state.params)
    state = state.apply_gradients(grads=zeros, mean=jnp.ones(()))
    assert float(state.mean) == 1.0 and state.step == 1


# Loss scales


def test_float16_gradients_that_vanish_are_found_by_scaling():
    tiny = lambda p: (p.astype("float16") * jnp.float16(1e-4)) ** 2
    p = jnp.float32(1e-3)
    assert float(jib.grad(tiny)(p)) == 0.0
    out = DynamicScale(scale=2.0**15).value_and_grad(tiny)(p)
    np.testing.assert_allclose(out.grad, 2e-11, rtol=0.3)


def test_the_scale_falls_at_an_overflow_and_grows_after_good_steps():
    @jib.jit
    def run(scale, x):
        return scale.value_and_grad(lambda x: x.astype("float16") ** 2)(x)

    scale = DynamicScale(growth_interval=2, scale=2.0**12)
    scale, finite, _, _ = run(scale, jnp.float32(200.0))
    assert not finite and float(scale.scale) == 2.0**11 and int(scale.fin_steps) == 0
    for _ in range(3):
        scale, finite, value, grad = run(scale, jnp.float32(1.0))
        assert finite and float(value) == 1.0 and float(grad) == 2.0
    assert float(scale.scale) == 2.0**12 and int(scale.fin_steps) == 0


def test_the_scale_never_falls_below_its_least():
    scale = DynamicScale(scale=2.0, minimum_scale=1.5)
    out = scale.value_and_grad(lambda x: x * jnp.inf, has_aux=False)(1.0)
    assert float(out.dynamic_scale.scale) == 1.5
    out = scale.value_and_grad(lambda x: (x * 3, {"y": x}), has_aux=True)(1.0)
    assert float(out.aux[0]) == 3.0 and float(out.aux[1]["y"]) == 1.0


def test_gradients_are_averaged_over_an_axis():
    found = jib.vmap(
        lambda x: DynamicScale().value_and_grad(lambda x: x * x, axis_name="i")(x).grad,
        axis_name="i",
    )(jnp.array([1.0, 3.0]))
    assert found.tolist() == [4.0, 4.0]


# Early stopping


def test_early_stopping_counts_and_forgets():
    stop = EarlyStopping(min_delta=0.5, patience=1)
    seen = []
    for metric in (4.0, 3.0, 2.8, 2.0, math.nan, 1.9, 0.0):
        stop = stop.update(metric)
        seen.append((stop.has_improved, stop.patience_count, stop.should_stop))
    assert seen == [
        (True, 0, False), (True, 0, False), (False, 1, False), (True, 0, False),
        (False, 1, False), (False, 2, True), (True, 0, True),
    ]  # fmt: skip
    assert stop.reset() == EarlyStopping(0.5, 1)


def test_a_first_metric_that_is_nan_is_no_improvement():
    stop = EarlyStopping().update(math.nan)
    assert stop.best_metric == math.inf and not stop.has_improved


# Prefetching


def test_prefetching_gives_all_items_then_the_error():
    def items():
        yield from range(3)
        raise KeyError("gone")

    prefetched, seen = PrefetchIterator(items(), 2), []
    with pytest.raises(KeyError, match="gone"):
        for item in prefetched:
            seen.append(item)
    assert seen == [0, 1, 2]
    assert list(prefetched) == []


def test_closing_ends_the_thread_of_an_endless_source():
    before = threading.active_count()
    endless = iter(int, 1)
    with PrefetchIterator(endless, 3) as items:
        assert next(items) == 0
    items._thread.join(5)
    assert threading.active_count() == before and list(items) == []


def test_batches_are_put_on_devices_in_order():
    batches = ({"x": np.full((1, 2), i)} for i in range(5))
    found = [b["x"].tolist() for b in jax_utils.prefetch_to_device(batches, 2)]
    assert found == [[[i, i]] for i in range(5)]


# Several devices (here one; tests/sharding8 has eight)


def test_replicate_shard_and_back():
    tree = {"w": jnp.arange(3.0), "n": 4}
    copies = jax_utils.replicate(tree)
    assert copies["w"].shape == (1, 3)
    back = jax_utils.unreplicate(copies)
    assert back["w"].tolist() == [0, 1, 2] and int(back["n"]) == 4
    assert common_utils.shard({"x": jnp.zeros((6, 2))})["x"].shape == (1, 6, 2)
    assert common_utils.shard_prng_key(jib.random.key(0)).shape == (1,)
    with pytest.raises(ValueError, match="shard cannot give 1 devices equal parts"):
        common_utils.shard(jnp.zeros(()))


def test_metrics_and_forests():
    steps = [jax_utils.replicate({"loss": jnp.float32(i)}) for i in range(3)]
    assert common_utils.get_metrics(steps)["loss"].tolist() == [0, 1, 2]
    assert common_utils.stack_forest([{"a": 1}, {"a": 2}])["a"].tolist() == [1, 2]
    hot = common_utils.onehot(jnp.array([[1, 0]]), 3)
    assert hot.shape == (1, 2, 3) and hot.dtype == jnp.float32
    assert hot.tolist() == [[[0, 1, 0], [1, 0, 0]]]


def test_batches_that_do_not_divide_are_padded():
    seen = []

    @jax_utils.pad_shard_unpad
    def double(scale, x):
        seen.append(x.shape)
        return scale * x

    out = double(2.0, np.arange(5.0), min_device_batch=8)
    assert out.tolist() == [0, 2, 4, 6, 8] and seen == [(1, 8)]
    count = jax_utils.pad_shard_unpad(lambda p, x: x.size, static_return=True)
    assert count(None, np.zeros((3, 2))) == 6
    with pytest.raises(ValueError, match=r"different leading sizes: \[2, 3\]"):
        double(1.0, {"a": np.zeros(2), "b": np.zeros(3)})
