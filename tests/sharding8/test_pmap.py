"""`pmap` over eight devices equals `vmap` on one."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import ArgumentValueError, BatchSizeError

x = np.random.default_rng(0).normal(size=(8, 3, 5)).astype(np.float32)


def test_same_as_vmap(close):
    for f, name in ((jnp.sin, None), (lambda x: x / lax.psum(x, "i"), "i")):
        out = jib.pmap(f, axis_name=name)(x)
        close(out, jib.vmap(f, axis_name=name)(x))
        assert {s.data.shape for s in out.addressable_shards} == {(1, 3, 5)}


def test_axes_static_arguments_and_trees(close):
    def f(scale, tree, w, flag):
        y = tree["a"] * scale @ w
        return (y, y.sum()) if flag else y

    w = np.ones((5, 2), np.float32)
    tree = {"a": np.moveaxis(x, 0, 1)}
    mapped = jib.pmap(
        f, in_axes=(None, 1, None, None), out_axes=(1, 0), static_broadcasted_argnums=3
    )
    y, sums = mapped(2.0, tree, w, True)
    close(y, np.moveaxis(2 * x @ w, 0, 1))
    close(sums, (2 * x @ w).sum((1, 2)), 1e-4)
    total = jib.pmap(lambda x: lax.psum(x, "i"), axis_name="i", out_axes=None)(x)
    close(total, x.sum(0))


def test_fewer_rows_than_devices_use_the_first_ones(close):
    out = jib.pmap(jnp.cos)(x[:3])
    close(out, np.cos(x[:3]))
    assert out.sharding.device_set == set(jib.devices()[:3])


def test_composes(close):
    f = jib.pmap(lambda x: (x**2).sum())
    close(jib.grad(lambda x: f(x).sum())(x), 2 * x)
    close(jib.jit(f)(x), (x**2).sum((1, 2)), 1e-4)
    close(jib.pmap(jib.vmap(jnp.sum))(x), x.sum(2))


def test_train_step(close):
    target = np.random.default_rng(1).normal(size=(8, 3)).astype(np.float32)

    def loss(w, x, y):
        return ((x @ w - y) ** 2).mean()

    def step(w, x, y):
        grads = lax.pmean(jib.grad(loss)(w, x, y), "batch")
        return w - 0.1 * grads, lax.pmean(loss(w, x, y), "batch")

    w = np.ones(5, np.float32)
    mapped = jib.pmap(step, axis_name="batch", in_axes=(0, 0, 0), donate_argnums=0)
    copies = jib.pmap(lambda x, w: w, in_axes=(0, None))(x, w)
    for _ in range(3):
        copies, value = mapped(copies, x, target)
        grads = jib.grad(loss)(w, x.reshape(24, 5), target.reshape(24))
        wanted = loss(jnp.asarray(w), x.reshape(24, 5), target.reshape(24))
        w = w - 0.1 * np.asarray(grads)
        close(value, np.full(8, float(wanted)), 1e-5)
        close(copies, np.tile(w, (8, 1)), 1e-5)


def test_more_rows_than_devices():
    with pytest.raises(ArgumentValueError) as caught:
        jib.pmap(jnp.sin)(np.ones((16, 3), np.float32))
    text = str(caught.value)
    assert "16 rows" in text and "8 local cpu devices" in text and "1 process" in text
    assert "jib.vmap(sin)" in text
    assert "x.reshape(8, 2, *x.shape[1:])" in text
    assert "JIB_NUM_CPU_DEVICES=16" in text


def test_sizes_that_differ():
    with pytest.raises(BatchSizeError, match=r"has 8.*has 4|has 4.*has 8"):
        jib.pmap(lambda a, b: a)(x, x[:4])
    with pytest.raises(ArgumentValueError, match="nothing to map over"):
        jib.pmap(jnp.sin, in_axes=None)(x)
