"""Every pair of transform and control flow: one function, many ways to compute the same."""

import itertools

import numpy as np
import pytest

from jib import lax
from jib.transforms.custom_jvp import custom_jvp
from jib.transforms.custom_vjp import custom_vjp
from jib.transforms.grad import grad, value_and_grad
from jib.transforms.jit import jit
from jib.transforms.linear import jvp, linearize, vjp
from jib.transforms.remat import checkpoint
from jib.transforms.vmap import vmap

X = np.float32(0.6)
XS = np.float32([0.2, 0.6, 0.9])
STEPS = 3


def square_sine(x):
    return lax.mul(x, lax.sin(x))


def in_scan(x):
    return lax.scan(lambda c, _: (square_sine(c), None), x, None, STEPS)[0]


def in_reversed_scan(x):
    ys = lax.scan(lambda c, y: (square_sine(c), c), x, None, STEPS + 1, reverse=True)[1]
    return lax.reshape(lax.slice_in_dim(ys, 0, 1), ())


def in_fori(x):
    return lax.fori_loop(0, STEPS, lambda i, c: square_sine(c), x)


def in_while(x):
    return lax.while_loop(
        lambda c: lax.lt(c[0], np.int32(STEPS)),
        lambda c: (lax.add(c[0], np.int32(1)), square_sine(c[1])),
        (np.int32(0), x),
    )[1]


def in_cond(x):
    twice = lambda v: square_sine(square_sine(v))
    return square_sine(lax.cond(lax.gt(x, np.float32(-5)), twice, lax.neg, x))


def in_custom_jvp(x):
    f = custom_jvp(square_sine)
    f.defjvp(
        lambda p, t: (f(*p), lax.mul(lax.add(lax.sin(p[0]), lax.mul(p[0], lax.cos(p[0]))), t[0]))
    )
    return f(f(f(x)))


def in_custom_vjp(x):
    f = custom_vjp(square_sine)
    f.defvjp(
        lambda x: (f(x), x),
        lambda x, ct: (lax.mul(lax.add(lax.sin(x), lax.mul(x, lax.cos(x))), ct),),
    )
    return f(f(f(x)))


def in_checkpoint(x):
    return checkpoint(lambda v: square_sine(square_sine(square_sine(v))))(x)


def in_nested_loops(x):
    outer = lambda c, _: (
        lax.cond(
            True,
            checkpoint(lambda v: lax.fori_loop(0, 1, lambda i, u: square_sine(u), v)),
            lax.neg,
            c,
        ),
        None,
    )
    return lax.scan(outer, x, None, STEPS)[0]


FUNCTIONS = {
    f.__name__: f
    for f in (
        in_scan,
        in_reversed_scan,
        in_fori,
        in_while,
        in_cond,
        in_custom_jvp,
        in_custom_vjp,
        in_checkpoint,
        in_nested_loops,
    )
}
NO_REVERSE, NO_FORWARD = {"in_while"}, {"in_custom_vjp"}


def exact(x):
    """The value and the first two derivatives, in double precision, by truncated series."""
    series = [np.float64(x), 1.0, 0.0]
    for _ in range(STEPS):
        v, d, e = series
        sine = [np.sin(v), np.cos(v) * d, np.cos(v) * e - np.sin(v) * d * d]
        series = [
            v * sine[0],
            d * sine[0] + v * sine[1],
            e * sine[0] + 2 * d * sine[1] + v * sine[2],
        ]
    return series


def close(got, want):
    np.testing.assert_allclose(np.asarray(got), want, rtol=2e-4, atol=1e-6)


WRAPPERS = {"plain": lambda f: f, "jit": jit, "checkpoint": checkpoint}
cases = pytest.mark.parametrize(("name", "wrapper"), list(itertools.product(FUNCTIONS, WRAPPERS)))


@cases
def test_forward(name, wrapper):
    f = WRAPPERS[wrapper](FUNCTIONS[name])
    close(f(X), exact(X)[0])
    close(vmap(f)(XS), [exact(x)[0] for x in XS])
    if name in NO_FORWARD:
        return
    two = np.float32(2)
    close(jvp(f, (X,), (two,))[1], 2 * exact(X)[1])
    close(linearize(f, X)[1](two), 2 * exact(X)[1])
    close(jit(lambda x: linearize(f, x)[1](two))(X), 2 * exact(X)[1])
    slopes = vmap(lambda x: jvp(f, (x,), (np.float32(1),))[1])
    close(slopes(XS), [exact(x)[1] for x in XS])
    twice = lambda x: jvp(lambda y: jvp(f, (y,), (np.float32(1),))[1], (x,), (np.float32(1),))[1]
    close(twice(X), exact(X)[2])


@cases
def test_reverse(name, wrapper):
    if name in NO_REVERSE:
        return
    f = WRAPPERS[wrapper](FUNCTIONS[name])
    close(grad(f)(X), exact(X)[1])
    close(jit(value_and_grad(f))(X), exact(X)[:2])
    value, pullback = vjp(f, X)
    close(value, exact(X)[0])
    close(pullback(np.float32(3))[0], 3 * exact(X)[1])
    close(vmap(pullback)(np.float32([1, 2]))[0], np.array([1, 2]) * exact(X)[1])
    slopes = [exact(x)[1] for x in XS]
    close(vmap(grad(f))(XS), slopes)
    close(jit(vmap(grad(f)))(XS), slopes)
    close(grad(lambda xs: lax.reduce_sum(vmap(f)(xs), (0,)))(XS), slopes)


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - NO_REVERSE))
def test_second_order(name):
    f = FUNCTIONS[name]
    close(jit(grad(grad(f)))(X), exact(X)[2])
    close(grad(jit(grad(f)))(X), exact(X)[2])
    close(vmap(grad(grad(f)))(XS), [exact(x)[2] for x in XS])
    if name not in NO_FORWARD:
        close(jvp(grad(f), (X,), (np.float32(1),))[1], exact(X)[2])
        close(grad(lambda x: jvp(f, (x,), (np.float32(1),))[1])(X), exact(X)[2])
