"""Loops whose way back runs steps again: `scan(remat=...)` and `while_loop(max_steps=...)`."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import ArgumentValueError

generator = np.random.default_rng(0)


def normal(*shape):
    return generator.normal(size=shape).astype(np.float32)


def equal(got, want, rtol=2e-5):
    for a, b in zip(jib.tree.leaves(got), jib.tree.leaves(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-6)


def recurrence(w, init, xs, **options):
    """Trees as carry and elements, with stacked results and an integer among the carry."""

    def step(carry, x):
        count, state = carry
        state = jnp.tanh(w * state + x["in"]) * (1 + 0.1 * count)
        return (count + 1, state), {"sum": state.sum(), "count": count}

    (count, state), ys = lax.scan(step, (0, init), {"in": xs}, **options)
    return jnp.sum(state**2) + jnp.sum(ys["sum"] * ys["count"]) + count, ys


@pytest.mark.parametrize(
    ("length", "remat", "reverse"),
    [(1, "sqrt", False), (7, "sqrt", True), (9, "sqrt", False), (7, 3, False), (7, 3, True),
     (4, 1, False), (4, 99, True)],
)  # fmt: skip
def test_gradients_are_those_without_remat(length, remat, reverse):
    args = normal(3), normal(3), normal(length, 3)
    run = lambda **options: jib.value_and_grad(
        lambda *a: recurrence(*a, reverse=reverse, **options), (0, 1, 2), has_aux=True
    )
    with jib.disable_jit():
        equal(run(remat=remat)(*args), run()(*args))


def test_with_other_transforms():
    args = normal(3), normal(3), normal(5, 3)
    with_remat = lambda w: recurrence(w, *args[1:], remat=2)[0]
    without = lambda w: recurrence(w, *args[1:])[0]
    w, ws = args[0], normal(2, 3)
    for way in (
        lambda f: jib.jit(jib.grad(f))(w),
        lambda f: jib.jvp(f, (w,), (w,)),
        lambda f: jib.jit(jib.vmap(jib.grad(f)))(ws),
        lambda f: jib.jit(jib.hessian(f))(w),
        lambda f: jib.jit(jib.grad(lambda w: jib.grad(f)(w).sum()))(w),
    ):
        with jib.disable_jit():
            equal(way(with_remat), way(without), 1e-4)
    equal(jib.jit(jib.grad(with_remat))(w), jib.jit(jib.grad(without))(w))


def test_no_step_at_all():
    run = lambda w: recurrence(w, jnp.ones(3), jnp.zeros((0, 3)), remat="sqrt")[0]
    equal(jib.grad(run)(jnp.ones(3)), np.zeros(3))


def temporary_bytes(function, *args):
    return jib.jit(jib.grad(function)).lower(*args).compile().memory_analysis().temp_size_in_bytes


def test_memory_grows_with_the_square_root():
    c, w = jnp.ones(1024), jnp.ones(1024)

    def loop(remat):
        step = lambda c, x: (jnp.tanh(w * jnp.sin(c) + x), None)
        return lambda c, xs: jnp.sum(lax.scan(step, c, xs, remat=remat)[0])

    short, middle, long = (temporary_bytes(loop("sqrt"), c, jnp.ones(t)) for t in (64, 256, 1024))
    assert middle < 2.2 * short
    assert long < 2.2 * middle
    assert 10 * long < temporary_bytes(loop(None), c, jnp.ones(1024))


@pytest.mark.parametrize("remat", ["log", 0, -1, 2.0])
def test_an_unknown_remat_is_refused(remat):
    with pytest.raises(ArgumentValueError, match="`remat` must be"):
        lax.scan(lambda c, x: (c, x), 0, jnp.ones(2), remat=remat)


# --------------------------------------------------------------------------------- max_steps


def grown(x, **options):
    step = lambda v: (v[0] + 1, v[1] * 1.3 + jnp.sin(v[1]))
    return lax.while_loop(lambda v: v[1].sum() < 20.0, step, (0, x), **options)


def grown_in_python(x):
    while x.sum() < 20.0:
        x = x * 1.3 + jnp.sin(x)
    return x


X = np.float32([1, 2])
XS = np.float32([[1, 2], [5, 6], [0.3, 0.3]])


@pytest.mark.parametrize("max_steps", [8, 9, 13, 100])
def test_a_bounded_loop_is_the_loop(max_steps):
    equal(grown(X, max_steps=max_steps), grown(X))
    bounded = lambda x: grown(x, max_steps=max_steps)[1].sum()
    expected = jib.grad(lambda x: grown_in_python(x).sum())(X)
    equal(jib.grad(bounded)(X), expected)


def test_a_bounded_loop_with_other_transforms():
    bounded = lambda x: grown(x, max_steps=13)[1].sum()
    plain = lambda x: grown_in_python(x).sum()
    equal(jib.jit(jib.hessian(bounded))(X), jib.hessian(plain)(X), 1e-4)
    equal(jib.jvp(bounded, (X,), (X,)), jib.jvp(plain, (X,), (X,)))
    equal(jib.jit(jib.vmap(jib.grad(bounded)))(XS), np.stack([jib.grad(plain)(x) for x in XS]))
    assert grown(X * 100, max_steps=0)[0] == 0


def test_memory_of_a_bounded_loop():
    loop = lambda most: (
        lambda c: jnp.sum(
            lax.while_loop(
                lambda c: c[0] > 1e-9, lambda c: jnp.tanh(jnp.sin(c) + 1), c, max_steps=most
            )
        )
    )
    short, long = (temporary_bytes(loop(most), jnp.ones(1024)) for most in (64, 1024))
    assert long < 5 * short


def test_a_loop_that_is_not_done_raises_or_leaves_no_number():
    run = lambda x: grown(x, max_steps=3)
    total = lambda x: run(x)[1].sum()
    for call in (run, jib.grad(total)):
        with pytest.raises(ArgumentValueError, match="not done after max_steps=3"):
            call(X)
    count, value = jib.jit(run)(X)
    assert count == np.iinfo(np.int32).min
    assert np.isnan(value).all()
    assert np.isnan(jib.jit(jib.grad(total))(X)).all()
    counts, values = jib.vmap(run)(XS)
    np.testing.assert_array_equal(np.isnan(values[:, 0]), [True, False, True])
    assert counts[1] == 3
    waves = lambda z: lax.while_loop(lambda z: abs(z) < 9, lambda z: z * 2, z, max_steps=2)
    assert np.isnan(jib.jit(waves)(np.complex64(1j)))
    unsigned = lambda n: lax.while_loop(lambda n: n > 0, lambda n: n - 1, n, max_steps=2)
    assert jib.jit(unsigned)(np.uint8(9)) == 255


@pytest.mark.parametrize("max_steps", [-1, 2.0, True, "many"])
def test_a_bound_is_a_number(max_steps):
    with pytest.raises(ArgumentValueError, match="must be a number of steps"):
        grown(X, max_steps=max_steps)
