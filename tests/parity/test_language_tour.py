"""What guides to the field say about the language holds after changing the imports."""

import os
import subprocess
import sys

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.experimental import mesh_utils


def f(x):
    return jnp.sum(jnp.sin(x) ** 2)


def test_arrays_live_on_a_device_and_are_float32():
    x = jnp.ones((4, 4), dtype=jnp.float32)
    assert x.devices() == {jib.devices()[0]}
    moved = jib.device_put(x, jib.devices("cpu")[0])
    assert moved.dtype == jnp.float32
    assert jib.process_count() == 1
    assert jnp.ones(3).dtype == jnp.float32


def test_a_platform_that_is_not_there_is_said():
    with pytest.raises(RuntimeError, match="gpu"):
        jib.devices("gpu")


def test_arrays_are_immutable():
    x = jnp.zeros(3)
    with pytest.raises(TypeError):
        x[0] = 1
    y = x.at[0].set(1)
    assert y[0] == 1 and x[0] == 0


def test_every_random_call_takes_a_key():
    key = jib.random.key(0)
    key, subkey = jib.random.split(key)
    noise = jib.random.normal(subkey, (3,))
    key, subkey = jib.random.split(key)
    assert not np.array_equal(noise, jib.random.normal(subkey, (3,)))


def test_keys_inside_compiled_code():
    @jib.jit
    def epoch(key, number):
        return jib.random.normal(jib.random.fold_in(key, number), (2,))

    first, second = (epoch(jib.random.key(0), number) for number in range(2))
    assert not np.array_equal(first, second)


def test_precision_of_products_is_a_setting():
    x = jib.random.normal(jib.random.key(0), (8, 8))
    exact = x @ x
    jib.config.update("jax_default_matmul_precision", "bfloat16")
    try:
        assert np.allclose(jib.jit(lambda x: x @ x)(x), exact, rtol=0.1, atol=0.1)
    finally:
        jib.config.update("jax_default_matmul_precision", None)
    assert x.astype(jnp.bfloat16).dtype == jnp.bfloat16


def test_grad_is_of_the_first_argument():
    gradient = jib.grad(lambda x, y: x**2 * y)(3.0, 5.0)
    assert gradient == 30.0


def test_vector_outputs_use_vjp_or_jvp():
    x = jnp.asarray([1.0, 2.0])
    _, pull = jib.vjp(jnp.sin, x)
    _, push = jib.jvp(jnp.sin, (x,), (jnp.ones(2),))
    np.testing.assert_allclose(pull(jnp.ones(2))[0], push, rtol=1e-6)


def test_higher_orders_compose():
    second = jib.grad(jib.grad(jnp.sin))(0.5)
    np.testing.assert_allclose(second, -np.sin(0.5), rtol=1e-6)
    x, v = jnp.asarray([0.3, 0.4]), jnp.asarray([1.0, -1.0])
    product = jib.grad(lambda x: jnp.vdot(jib.grad(f)(x), v))(x)
    np.testing.assert_allclose(product, jib.hessian(f)(x) @ v, rtol=1e-5)


def test_transforms_compose_in_any_order():
    x = jib.random.normal(jib.random.key(1), (4, 3))
    loss = jib.jit(jib.vmap(f))
    np.testing.assert_allclose(
        jib.grad(lambda x: loss(x).sum())(x), jib.vmap(jib.jit(jib.grad(f)))(x), rtol=1e-5
    )


def test_control_flow_has_its_own_forms():
    def program(x):
        x = jib.lax.cond(x > 0, lambda x: x + 1, lambda x: x - 1, x)
        x = jib.lax.fori_loop(0, 3, lambda i, x: x * 2, x)
        return jib.lax.scan(lambda c, y: (c + y, c), x, jnp.arange(3.0))

    total, steps = jib.jit(program)(1.0)
    assert total == 19.0
    np.testing.assert_array_equal(steps, [16.0, 16.0, 17.0])

    @jib.jit
    def plain(x):
        if x > 0:
            return x
        return -x

    with pytest.raises(jib.errors.TracerBoolConversionError):
        plain(1.0)
    assert jib.grad(lambda x: x if x > 0 else -x)(-2.0) == -1.0


def test_the_first_call_compiles_and_a_new_shape_compiles_again():
    traces = []

    @jib.jit
    def double(x):
        traces.append(x.shape)
        return x * 2

    for size in (3, 3, 4, 3):
        jib.block_until_ready(double(jnp.ones(size)))
    assert traces == [(3,), (4,)]


def test_vmap_serves_one_example_and_a_batch():
    def predict(weights, x):
        return jnp.tanh(weights @ x)

    weights, batch = jnp.ones((2, 3)), jnp.arange(12.0).reshape(4, 3) / 10
    together = jib.vmap(predict, in_axes=(None, 0))(weights, batch)
    np.testing.assert_allclose(together, [predict(weights, x) for x in batch], rtol=1e-6)


def test_gradients_per_example():
    def loss(weights, x, y):
        return (weights @ x - y) ** 2

    weights, x, y = jnp.asarray([1.0, 2.0]), jnp.eye(2), jnp.zeros(2)
    each = jib.vmap(jib.grad(loss), in_axes=(None, 0, 0))(weights, x, y)
    np.testing.assert_allclose(each, [[2.0, 0.0], [0.0, 4.0]])


def test_pmap_runs_one_program_on_the_local_devices():
    count = jib.local_device_count()
    x = jnp.arange(2.0 * count).reshape(count, 2)
    out = jib.pmap(lambda x: jib.lax.psum(x, "i"), axis_name="i")(x)
    np.testing.assert_allclose(out, np.broadcast_to(x.sum(0), x.shape))


def test_gradients_through_pmap_are_summed_over_the_devices():
    count = jib.local_device_count()
    x = jnp.arange(2.0 * count).reshape(count, 2)
    losses = jib.pmap(lambda w, x: jnp.vdot(w, x), in_axes=(None, 0))
    gradient = jib.grad(lambda w: losses(w, x).sum())(jnp.ones(2))
    np.testing.assert_allclose(gradient, x.sum(0))


def test_a_training_step_by_hand():
    def loss_fn(params, batch):
        x, y = batch
        return jnp.mean((x @ params["w"] + params["b"] - y) ** 2)

    grad_loss = jib.grad(loss_fn)

    @jib.jit
    def train(params, batch):
        grads = grad_loss(params, batch)
        return jib.tree.map(lambda p, g: p - 0.1 * g, params, grads)

    x = jib.random.normal(jib.random.key(0), (16, 2))
    batch = x, x @ jnp.asarray([1.0, -1.0]) + 0.5
    params = {"w": jnp.zeros(2), "b": jnp.zeros(())}
    before = loss_fn(params, batch)
    for _ in range(50):
        params = train(params, batch)
    assert loss_fn(params, batch) < before / 100


def test_two_recurrent_layers_in_one_scan_over_a_batch_of_depots():
    def cell(weights, hidden, x):
        update, candidate = jnp.split(jnp.concatenate([hidden, x]) @ weights, 2)
        update = jib.nn.sigmoid(update)
        return (1 - update) * hidden + update * jnp.tanh(candidate)

    def demand(weights, days):
        def day(hiddens, x):
            first = cell(weights[0], hiddens[0], x)
            second = cell(weights[1], hiddens[1], first)
            return (first, second), second.sum()

        return jib.lax.scan(day, (jnp.zeros(4), jnp.zeros(4)), days)[1]

    def huber(error):
        return jnp.where(jnp.abs(error) < 1, error**2 / 2, jnp.abs(error) - 0.5)

    def loss(weights, depots, counts):
        forecast = jib.vmap(demand, in_axes=(None, 0))(weights, depots)
        return huber(forecast - jnp.log1p(counts)).mean()

    keys = jib.random.split(jib.random.key(0), 2)
    weights = jib.random.normal(keys[0], (7, 8)) / 3, jib.random.normal(keys[1], (8, 8)) / 3
    depots, counts = jnp.ones((5, 6, 3)), jnp.full((5, 6), 20)
    gradients = jib.jit(jib.grad(loss))(weights, depots, counts)
    assert [g.shape for g in gradients] == [(7, 8), (8, 8)]
    assert all(np.isfinite(g).all() and np.abs(g).max() > 0 for g in gradients)


def test_debug_print_shows_values_and_compilation_can_be_turned_off(capfd):
    @jib.jit
    def shown(x):
        jib.debug.print("x is {}", x)
        return x * 2

    jib.block_until_ready(shown(3.0))
    jib.effects_barrier()
    assert "x is 3.0" in capfd.readouterr().out
    with jib.disable_jit():
        assert jib.jit(lambda x: 1.0 if x > 0 else 2.0)(3.0) == 1.0


def test_float64_from_numpy_does_not_widen():
    assert (jnp.ones(3) * np.ones(3)).dtype == jnp.float32
    assert (jnp.ones(3) * np.float64(2)).dtype == jnp.float32


def test_named_shardings_cut_an_array_over_a_mesh():
    devices = mesh_utils.create_device_mesh((jib.device_count(),))
    mesh = jib.sharding.Mesh(devices, ("model",))
    spread = jib.sharding.NamedSharding(mesh, jib.sharding.PartitionSpec("model"))
    x = jib.device_put(jnp.arange(8.0), spread)
    assert x.sharding == spread
    assert jib.jit(jnp.sum)(x) == 28.0


def test_the_platform_is_chosen_by_the_environment():
    code = "import jib; print(jib.default_backend())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "JIB_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "cpu\n"


def test_results_agree_with_a_run_without_compilation():
    x = jib.random.normal(jib.random.key(3), (5,))
    compiled = jib.jit(f)(x)
    with jib.disable_jit():
        np.testing.assert_allclose(f(x), compiled, rtol=1e-6)
