"""Programs over eight devices give what they give on one, and repeat without Python."""

import sys

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import P, lax
from jib.errors import ArgumentValueError
from jib.sharding import Mesh, NamedSharding

line = jib.make_mesh((8,), ("data",))
grid = jib.make_mesh((4, 2), ("data", "model"))
generator = np.random.default_rng(0)
x = generator.normal(size=(16, 32)).astype(np.float32)
w = generator.normal(size=(32, 64)).astype(np.float32)


def on(mesh, *entries):
    return NamedSharding(mesh, P(*entries))


def test_elementwise_keeps_the_layout(close):
    placed = jib.device_put(x, on(line, "data"))
    out = jib.jit(lambda x: jnp.sin(x) * 2 + 1)(placed)
    close(out, np.sin(x) * 2 + 1)
    assert out.sharding.is_equivalent_to(placed.sharding, 2)
    assert {s.data.shape for s in out.addressable_shards} == {(2, 32)}
    close(jnp.sin(placed), np.sin(x))
    close(placed + placed, x + x)
    close(placed[3], x[3])


@pytest.mark.parametrize(
    ("left", "right"),
    [(("data", None), (None, None)), (("data", None), (None, "model")),
     ((None, "model"), ("model", None)), (("data", "model"), ("model", None))],
)  # fmt: skip
def test_matmul(left, right, close):
    f = jib.jit(lambda x, w: jnp.tanh(x @ w))
    out = f(jib.device_put(x, on(grid, *left)), jib.device_put(w, on(grid, *right)))
    close(out, np.tanh(x @ w))
    assert len(out.sharding.device_set) == 8


def test_shardings_by_spec_under_a_mesh(close):
    f = jib.jit(jnp.matmul, in_shardings=(P("data"), P(None, "model")), out_shardings=P("data"))
    with pytest.raises(ArgumentValueError, match="no mesh is current"):
        f(x, w)
    with grid:
        out = f(x, w)
        again = f(x, w)
    close(out, x @ w, 1e-4)
    close(again, x @ w, 1e-4)
    assert out.sharding == on(grid, "data")
    with line:
        whole = jib.jit(jnp.sin, in_shardings=P("data"), out_shardings=P())(x)
    assert whole.sharding == on(line)


def test_uncommitted_arguments_and_hidden_constants(close):
    bias = jnp.arange(64.0)
    f = jib.jit(lambda x, w: x @ w + bias)
    placed = jib.device_put(x, on(line, "data"))
    for _ in range(3):
        close(f(placed, jnp.asarray(w)), x @ w + np.arange(64.0), 1e-4)
        close(f(placed, w), x @ w + np.arange(64.0), 1e-4)
    with pytest.raises(ValueError, match="different devices"):
        f(placed, jib.device_put(w, jib.devices()[3]))


def test_repeats_do_not_enter_python(monkeypatch):
    entered = []
    module = sys.modules["jib.transforms.jit"]
    run = module._run
    monkeypatch.setattr(module, "_run", lambda *args: entered.append(None) or run(*args))
    compiled = jib.jit(lambda x, y: x @ y)
    a, b = jib.device_put(x, on(grid, "data")), jib.device_put(w, on(grid, None, "model"))
    outs = [compiled(a, b) for _ in range(3)]
    assert len(entered) == 1
    assert outs[0].sharding == outs[2].sharding


def test_donation(close):
    f = jib.jit(lambda s, g: s - 0.1 * g, donate_argnums=0)
    state = jib.device_put(x, on(line, "data"))
    gradient = jib.device_put(x, on(line, "data"))
    first = f(state, gradient)
    assert state.is_deleted()
    pointers = {s.data.unsafe_buffer_pointer() for s in first.addressable_shards}
    out = f(first, gradient)
    close(out, 0.8 * x)
    assert first.is_deleted()
    assert pointers == {s.data.unsafe_buffer_pointer() for s in out.addressable_shards}


def test_constraints(close):
    def f(x):
        y = lax.with_sharding_constraint({"a": x * 2, "b": x}, {"a": on(grid, "model"), "b": None})
        return y["a"] + y["b"]

    close(jib.jit(f)(x), 3 * x)
    close(jib.jit(jib.grad(lambda x: f(x).sum()))(x), 3 * np.ones_like(x))
    close(jib.jit(jib.vmap(f))(np.stack([x, x])), 3 * np.stack([x, x]))
    out = jib.jit(lambda x: lax.with_sharding_constraint(x, on(grid, "data", "model")))(x)
    assert out.sharding == on(grid, "data", "model")
    now = lax.with_sharding_constraint(jnp.asarray(x), on(line, "data"))
    assert now.sharding.is_equivalent_to(on(line, "data"), 2)
    with pytest.raises(ValueError, match="dimension"):
        jib.jit(lambda x: lax.with_sharding_constraint(x, on(grid, None, None, "data")))(x)


def test_nested_jit_with_shardings(close):
    inner = jib.jit(
        lambda x: x @ x.T, in_shardings=on(grid, "data"), out_shardings=on(grid, "data")
    )
    out = jib.jit(lambda x: inner(x) + 1)(x)
    close(out, x @ x.T + 1, 1e-4)
    close(jib.grad(lambda x: inner(x).sum())(x), jib.grad(lambda x: (x @ x.T).sum())(x), 1e-4)


def test_two_meshes_in_one_program(close):
    backwards = Mesh(np.array(jib.devices()[::-1]).reshape(2, 4), ("p", "q"))

    def f(x):
        return lax.with_sharding_constraint(jnp.sin(x), on(backwards, "q", "p")) * 2

    close(jib.jit(f)(jib.device_put(x, on(grid, "data", "model"))), 2 * np.sin(x))


def test_random_numbers_do_not_depend_on_the_layout():
    key = jib.random.key(7)
    wanted = np.asarray(jib.random.normal(jib.random.clone(key), (64, 16)))
    draw = jib.jit(lambda key: jib.random.normal(key, (64, 16)), out_shardings=on(grid, "data"))
    out = draw(key)
    assert out.sharding == on(grid, "data")
    np.testing.assert_array_equal(np.asarray(out), wanted)


def test_keys_are_cut_like_arrays():
    keys = jib.random.split(jib.random.key(0), 8)
    wanted = np.asarray(jib.vmap(lambda k: jib.random.uniform(k, (3,)))(keys))
    placed = jib.device_put(keys, on(line, "data"))
    f = jib.jit(jib.vmap(lambda k: jib.random.uniform(k, (3,))))
    np.testing.assert_array_equal(np.asarray(f(placed)), wanted)
    f = jib.jit(lambda k: k[::-1], in_shardings=on(line, "data"), out_shardings=on(line, "data"))
    turned = f(keys)
    np.testing.assert_array_equal(
        np.asarray(jib.random.key_data(turned)), np.asarray(jib.random.key_data(keys))[::-1]
    )


def test_scan_and_eager_calls(close):
    def f(x, w):
        return lax.scan(lambda h, row: (jnp.tanh(h @ w + row), h.sum()), x[0], x)

    square = w[:, :32] * 0.1
    plain, sums = f(jnp.asarray(x), jnp.asarray(square))
    a, b = jib.device_put(x, on(grid, None, "model")), jib.device_put(square, on(grid, "model"))
    for got, wanted in zip(jib.jit(f)(a, b), (plain, sums), strict=True):
        close(got, wanted, 1e-4)


# -------------------------------------------------------------------------------- training


def init():
    keys = jib.random.split(jib.random.key(0), 2)
    return {
        "w1": jib.random.normal(keys[0], (32, 64)) * 0.1,
        "b1": jnp.zeros(64),
        "w2": jib.random.normal(keys[1], (64, 8)) * 0.1,
        "b2": jnp.zeros(8),
    }


def loss(params, batch):
    h = jnp.tanh(batch["x"] @ params["w1"] + params["b1"])
    return ((h @ params["w2"] + params["b2"] - batch["y"]) ** 2).mean()


def step(params, batch):
    value, grads = jib.value_and_grad(loss)(params, batch)
    return jib.tree.map(lambda p, g: p - 0.1 * g, params, grads), value


batch = {"x": x, "y": generator.normal(size=(16, 8)).astype(np.float32)}
LAYOUTS = {
    "data parallel": {"w1": P(), "b1": P(), "w2": P(), "b2": P()},
    "fully sharded": {"w1": P("data"), "b1": P("data"), "w2": P("data"), "b2": P()},
    "tensor parallel": {
        "w1": P(None, "model"), "b1": P("model"), "w2": P("model", None), "b2": P()
    },
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_training(layout, close):
    single = jib.jit(step)
    wanted, values = init(), []
    for _ in range(4):
        wanted, value = single(wanted, batch)
        values.append(float(value))
    places = {name: NamedSharding(grid, spec) for name, spec in LAYOUTS[layout].items()}
    data = on(grid, "data")
    several = jib.jit(
        step, in_shardings=(places, data), out_shardings=(places, None), donate_argnums=0
    )
    params = jib.tree.map(jib.device_put, init(), places)
    for value in values:
        params, got = several(params, batch)
        assert float(got) == pytest.approx(value, rel=1e-5)
    for name, place in places.items():
        close(params[name], wanted[name], 1e-5)
        assert params[name].sharding.is_equivalent_to(place, params[name].ndim)


def test_training_by_shard_map(close):
    """Inside, the gradient of shared parameters comes out summed over the devices."""

    def local(params, batch):
        def mean_loss(params):
            return lax.pmean(loss(params, batch), "data")

        value, grads = jib.value_and_grad(mean_loss)(params)
        return jib.tree.map(lambda p, g: p - 0.1 * g, params, grads), value

    mapped = jib.shard_map(local, mesh=line, in_specs=(P(), P("data")), out_specs=P())
    params, value = jib.jit(mapped)(init(), batch)
    wanted, plain = jib.jit(step)(init(), batch)
    assert float(value) == pytest.approx(float(plain), rel=1e-5)
    for name in wanted:
        close(params[name], wanted[name])
