"""Collectives inside `shard_map` on eight devices equal those of `vmap` on one."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import P, lax
from jib.errors import ArgumentValueError, UnboundAxisError

mesh = jib.make_mesh((8,), ("i",))
grid = jib.make_mesh((4, 2), ("a", "b"))
values = np.random.default_rng(0).normal(size=(8, 8, 16)).astype(np.float32)
shift = [(k, (k + 1) % 8) for k in range(8)]
groups = [[0, 2, 4, 6], [1, 3, 5, 7]]

CASES = {
    "psum": lambda x: lax.psum(x, "i"),
    "pmean": lambda x: lax.pmean(x, "i"),
    "pmax": lambda x: lax.pmax(x, "i"),
    "pmin": lambda x: lax.pmin(x, "i"),
    "psum in groups": lambda x: lax.psum(x, "i", axis_index_groups=groups),
    "pmax in groups": lambda x: lax.pmax(x, "i", axis_index_groups=groups),
    "all_gather": lambda x: lax.all_gather(x, "i", axis=1),
    "all_gather tiled": lambda x: lax.all_gather(x, "i", axis=1, tiled=True),
    "ppermute": lambda x: lax.ppermute(x, "i", shift),
    "ppermute some": lambda x: lax.ppermute(x, "i", shift[:3]),
    "pshuffle": lambda x: lax.pshuffle(x, "i", [7, 6, 5, 4, 3, 2, 1, 0]),
    "psum_scatter": lambda x: lax.psum_scatter(x, "i"),
    "psum_scatter tiled": lambda x: lax.psum_scatter(x, "i", scatter_dimension=1, tiled=True),
    "all_to_all": lambda x: lax.all_to_all(x, "i", 0, 1),
    "all_to_all back": lambda x: lax.all_to_all(x, "i", 0, 0),
    "all_to_all tiled": lambda x: lax.all_to_all(x, "i", 1, 0, tiled=True),
    "pswapaxes": lambda x: lax.pswapaxes(x, "i", 0),
    "axis_index": lambda x: x * lax.axis_index("i"),
    "axis_size": lambda x: x * lax.axis_size("i") + lax.psum(1, "i"),
    "pcast": lambda x: lax.pcast(x, "i", to="varying") * lax.psum(x, "i"),
}


def on_devices(f, check=True):
    def one(x):
        return f(x[0])[None]

    return jib.shard_map(one, mesh=mesh, in_specs=P("i"), out_specs=P("i"), check_vma=check)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_same_values_as_vmap(name, check, close):
    f = CASES[name]
    wanted = jib.vmap(f, axis_name="i")(values)
    close(on_devices(f, check)(values), wanted)
    close(jib.jit(on_devices(f, check))(values), wanted)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_same_gradient_as_vmap(name, check, close):
    f = CASES[name]
    wanted = jib.vmap(f, axis_name="i")
    weights = np.random.default_rng(1).normal(size=wanted(values).shape).astype(np.float32)

    def loss(mapped):
        return lambda x: (jnp.tanh(mapped(x) * 0.1) * weights).sum()

    close(jib.grad(loss(on_devices(f, check)))(values), jib.grad(loss(wanted))(values))


@pytest.mark.parametrize("name", ["psum", "pmean", "all_gather", "ppermute", "all_to_all"])
def test_gradient_against_differences(name):
    weights = np.random.default_rng(2).normal(size=on_devices(CASES[name])(values).shape)

    def loss(x):
        return (jnp.tanh(on_devices(CASES[name])(x) * 0.1) * weights.astype(np.float32)).sum()

    direction = np.random.default_rng(3).normal(size=values.shape).astype(np.float32)
    step = np.float32(1e-2)
    slope = (loss(values + step * direction) - loss(values - step * direction)) / (2 * step)
    assert float(slope) == pytest.approx(
        float((jib.grad(loss)(values) * direction).sum()), rel=2e-2
    )


@pytest.mark.parametrize("name", ["psum", "all_gather", "ppermute", "psum_scatter", "axis_index"])
def test_batched_over_an_axis_of_its_own(name, close):
    f = CASES[name]
    more = np.stack([values, 2 * values, values + 1])
    got = jib.vmap(on_devices(f))(more)
    close(got, np.stack([np.asarray(on_devices(f)(x)) for x in more]))
    inner = jib.shard_map(
        lambda x: jib.vmap(f, in_axes=1, out_axes=1)(x[0])[None],
        mesh=mesh, in_specs=P("i"), out_specs=P("i"),
    )  # fmt: skip
    square = np.stack([values] * 3, axis=2)
    close(inner(square), jib.vmap(jib.vmap(f, in_axes=1, out_axes=1), axis_name="i")(square))


def test_two_axes(close):
    def body(x):
        row, column = lax.axis_index("a"), lax.axis_index("b")
        both = lax.axis_index(("a", "b"))
        stacked = lax.all_gather(x, ("a", "b"), tiled=True)
        return lax.psum(x, ("a", "b")) * 0 + both + 10 * row + 100 * column, lax.pmean(stacked, "b")

    f = jib.shard_map(body, mesh=grid, in_specs=P(("a", "b")), out_specs=(P(("a", "b")), P("a")))
    index, gathered = f(np.arange(8, dtype=np.float32))
    close(index, [k + 10 * (k // 2) + 100 * (k % 2) for k in range(8)])
    close(gathered, np.tile(np.arange(8), 4))


def test_some_axes_stay_with_the_partitioner(close):
    def body(x):
        return lax.psum(x @ x.T, "a") + lax.axis_index("a") * 0 + lax.axis_index("a")

    x = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
    f = jib.shard_map(
        lambda x: lax.psum(x.T @ x, "a") + lax.psum(lax.axis_index("a"), "a"),
        mesh=grid, in_specs=P("a"), out_specs=P(), axis_names={"a"},
    )  # fmt: skip
    close(jib.jit(f)(x), x.T @ x + 6)
    placed = jib.device_put(x, jib.NamedSharding(grid, P("a", "b")))
    close(jib.jit(f)(placed), x.T @ x + 6)


def test_gradient_inside_with_shared_parameters(close):
    """The derivative with respect to a value that all devices share sums over the devices."""
    weights = np.float32(1.5)
    x = np.arange(8, dtype=np.float32)

    def loss(w, x):
        return lax.pmean((jnp.sin(w * x) ** 2).sum(), "i")

    def whole(w):
        return (jnp.sin(w * x) ** 2).sum() / 8

    f = jib.shard_map(jib.grad(loss), mesh=mesh, in_specs=(P(), P("i")), out_specs=P())
    close(f(weights, x), jib.grad(whole)(weights))

    def local(w, x):
        return (jnp.sin(w * x) ** 2).sum()

    f = jib.shard_map(jib.grad(local), mesh=mesh, in_specs=(P(), P("i")), out_specs=P())
    close(f(weights, x), 8 * jib.grad(whole)(weights))

    def mixed(w, x):  # used where devices agree, and where they differ
        return lax.psum((w * x).sum(), "i") * w + w**2

    f = jib.shard_map(jib.grad(mixed), mesh=mesh, in_specs=(P(), P("i")), out_specs=P())
    close(f(weights, x), 2 * weights * x.sum() + 2 * weights)


def test_second_derivatives_and_closures(close):
    w = jnp.float32(0.7)
    x = jib.device_put(values[:, 0, 0], jib.NamedSharding(mesh, P("i")))

    def total(w):
        f = jib.shard_map(
            lambda x: lax.psum(jnp.sin(w * x).sum(), "i"), mesh=mesh, in_specs=P("i"), out_specs=P()
        )
        return f(x)

    plain = values[:, 0, 0]
    close(jib.grad(total)(w), (np.cos(0.7 * plain) * plain).sum())
    close(jib.grad(jib.grad(total))(w), -(np.sin(0.7 * plain) * plain**2).sum(), 1e-4)
    close(jib.jit(jib.grad(jib.grad(total)))(w), -(np.sin(0.7 * plain) * plain**2).sum(), 1e-4)


def test_scan_and_cond_inside(close):
    def body(x):
        def step(carry, row):
            return carry + lax.psum(row, "i"), lax.ppermute(row, "i", shift)

        total, rows = lax.scan(step, jnp.zeros(16, jnp.float32), x[0])
        picked = lax.cond(lax.axis_index("i") % 2 == 0, lambda r: r, lambda r: -r, rows)
        return total, picked[None]

    f = jib.shard_map(body, mesh=mesh, in_specs=P("i"), out_specs=(P(), P("i")))
    total, picked = f(values)
    close(total, values.sum((0, 1)))
    signs = np.where(np.arange(8) % 2 == 0, 1, -1)[:, None, None]
    close(picked, np.roll(values, 1, 0) * signs)


def test_a_carry_that_begins_equal_and_becomes_different(close):
    def body(x):
        return lax.scan(lambda c, row: (c + row, None), jnp.zeros(16, jnp.float32), x[0])[0][None]

    f = jib.shard_map(body, mesh=mesh, in_specs=P("i"), out_specs=P("i"))
    close(f(values), values.sum(1))
    close(
        jib.grad(lambda x: (f(x) ** 2).sum())(values), np.repeat(2 * values.sum(1)[:, None], 8, 1)
    )


def test_branches_that_devices_choose_differently(close):
    """The shared weight is used in one branch only, which only some of the devices take."""
    w = np.float32(1.5)
    x = np.arange(8, dtype=np.float32)

    def mapped(w, x):
        def local(w):
            even = lax.axis_index("i") % 2 == 0
            return lax.psum(lax.cond(even, lambda: (w * x).sum(), lambda: x.sum() + 0 * w), "i")

        return local(w), jib.grad(local)(w)

    f = jib.shard_map(mapped, mesh=mesh, in_specs=(P(), P("i")), out_specs=(P(), P()))
    value, slope = f(w, x)
    close(value, 1.5 * x[::2].sum() + x[1::2].sum())
    close(slope, x[::2].sum())

    def shared(w, x):  # all devices take the same branch, which returns a shared value or another
        f = lambda w: lax.psum(lax.cond(w > 1, lambda: w, lambda: w * x[0]), "i")
        return jib.grad(f)(w)

    f = jib.shard_map(shared, mesh=mesh, in_specs=(P(), P("i")), out_specs=P())
    close(f(w, x), 8.0)
    close(f(np.float32(0.5), x), x.sum())


def test_results_that_differ_must_be_said_to():
    f = jib.shard_map(lambda x: x * 2, mesh=mesh, in_specs=P("i"), out_specs=P())
    with pytest.raises(ArgumentValueError, match="leaves out 'i'"):
        f(np.arange(8.0, dtype=np.float32))


def test_unknown_names_and_uneven_shapes():
    with pytest.raises(UnboundAxisError, match=r"no mapped axis is named 'j' here.*'i'"):
        on_devices(lambda x: lax.psum(x, "j"))(values)
    with pytest.raises(NameError, match="in scope: none"):
        lax.psum(jnp.ones(3), "i")
    with pytest.raises(ValueError, match="cannot be cut in 8 equal parts"):
        jib.shard_map(lambda x: x, mesh=mesh, in_specs=P("i"), out_specs=P("i"))(np.ones(9))


def test_without_a_compiler(close):
    f = on_devices(lambda x: lax.psum(x, "i") + lax.ppermute(x, "i", shift))
    wanted = f(values)
    with jib.disable_jit():
        close(f(values), wanted)


def test_a_mesh_of_one_device(close):
    one = jib.make_mesh((1,), ("i",))
    f = jib.shard_map(CASES["psum"], mesh=one, in_specs=P("i"), out_specs=P())
    close(jib.jit(f)(values), values)
    assert jib.jit(f)(jib.device_put(values, jib.NamedSharding(one, P("i")))).sharding.mesh is one
