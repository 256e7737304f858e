"""Modules over eight devices: the same numbers as on one, and variables where they should lie."""

import pytest

import jib
import jib.numpy as jnp
from jib import P, lax, nnx

X = jnp.arange(64.0).reshape(8, 8) / 64


@pytest.fixture
def mesh():
    auto = (jib.sharding.AxisType.Auto,) * 2
    return jib.make_mesh((2, 4), ("data", "model"), axis_types=auto)


def layer(**metadata):
    model = nnx.Linear(8, 8, rngs=nnx.Rngs(0))
    model.seen = nnx.BatchStat(jnp.zeros(2))
    return model


def test_pmap_has_a_member_on_each_device(close):
    @nnx.split_rngs(splits=8)
    @nnx.pmap
    def make(rngs):
        return nnx.Linear(8, 3, rngs=rngs)

    models = make(nnx.Rngs(0))
    models.n = nnx.BatchStat(jnp.zeros(8))

    @nnx.pmap(in_axes=(0, None), axis_name="d")
    def call(model, x):
        model.n[...] += lax.axis_index("d")
        return model(x), lax.pmean(model(x).mean(), "d")

    out, means = call(models, X)
    close(out, X @ models.kernel[...])
    close(means, jnp.full(8, out.mean()))
    close(models.n[...], jnp.arange(8.0))
    assert len(models.kernel[...].sharding.device_set) == 8


def test_shard_map_sees_the_parts_of_variables(close, mesh):
    model = layer()
    specs = nnx.StateSharding(
        {nnx.PathContains("kernel"): P(None, "model"), nnx.Param: P("model"), ...: P("data")}
    )

    @nnx.shard_map(mesh=mesh, in_specs=(specs, P("data")), out_specs=P("data", "model"))
    def call(model, x):
        assert (model.kernel.shape, model.seen.shape, x.shape) == ((8, 2), (1,), (4, 8))
        model.seen[...] += x.sum()
        return model(x)

    close(call(model, X), layer()(X))
    close(model.seen[...], X.reshape(2, -1).sum(1), 1e-4)


def test_jit_puts_variables_where_shardings_say(close, mesh):
    rows, whole = jib.NamedSharding(mesh, P("data")), jib.NamedSharding(mesh, P())
    columns = jib.NamedSharding(mesh, P(None, "model"))
    wanted = nnx.StateSharding({nnx.PathContains("kernel"): columns, ...: whole})
    model = nnx.jit(layer, out_shardings=wanted)()
    assert model.kernel[...].sharding.spec == P(None, "model")

    @nnx.jit(in_shardings=(wanted, rows), out_shardings=rows)
    def call(model, x):
        model.seen[...] += 1
        return model(x)

    out = call(model, jib.device_put(X, rows))
    close(out, layer()(X))
    assert out.sharding.spec == P("data")
    close(model.seen[...], jnp.ones(2))


def test_partitioned_parameters_stay_partitioned_in_training(close, mesh):
    init = nnx.with_partitioning(nnx.initializers.lecun_normal(), (None, "model"))

    def train(model):
        for _ in range(2):
            grads = nnx.jit(nnx.grad(lambda m: ((m(X) - X) ** 2).mean()))(model)
            new = jib.tree.map(lambda p, g: p - 0.1 * g, nnx.state(model, nnx.Param), grads)
            nnx.update(model, new)
        return model

    with jib.set_mesh(mesh):
        model = train(nnx.Linear(8, 8, kernel_init=init, rngs=nnx.Rngs(0)))
        assert model.kernel[...].sharding.spec == P(None, "model")
    close(model.kernel[...], train(nnx.Linear(8, 8, rngs=nnx.Rngs(0))).kernel[...])
