"""Derivatives of derivatives of derivatives of a recurrence, by every way to take them."""

import itertools

import numpy as np
import pytest

import jib
from jib import lax
from jib.custom_batching import custom_vmap

X = np.float32(0.7)
STEPS = 5


def turn(c, x):
    return lax.sin(lax.add(lax.mul(c, x), 0.5))


def in_scan(x):
    return lax.scan(lambda c, _: (turn(c, x), c), x, None, STEPS)[0]


def in_remat_scan(x):
    return lax.scan(lambda c, _: (turn(c, x), c), x, None, STEPS, remat="sqrt")[0]


def in_bounded_while(x):
    go_on = lambda c: lax.lt(c[0], STEPS)
    return lax.while_loop(go_on, lambda c: (c[0] + 1, turn(c[1], x)), (0, x), max_steps=7)[1]


def in_checkpoint(x):
    step = jib.checkpoint(turn)
    return lax.fori_loop(0, STEPS, lambda i, c: step(c, x), x)


def in_root(x):
    """The recurrence, as the zero of `y - in_scan(x)`."""
    wanted = in_scan(x)
    solve = lambda f, guess: lax.sub(guess, f(guess))
    return lax.custom_root(lambda y: lax.sub(y, wanted), 0.25, solve, lambda g, y: y / g(1.0))


def in_linear_solve(x):
    """The recurrence, as the solution of `x * y = x * in_scan(x)`."""
    right = lax.mul(x, in_scan(x))
    return lax.custom_linear_solve(
        lambda y: lax.mul(x, y), right, lambda _, b: lax.div(b, x), symmetric=True
    )


def in_custom_vmap(x):
    f = custom_vmap(turn)
    f.def_vmap(lambda size, batched, c, x: (turn(c, x), True))
    return lax.scan(lambda c, _: (f(c, x), None), x, None, STEPS)[0]


def in_associative_scan(x):
    """The recurrence, and two ways to write a power of `x` that cancel."""
    powers = lax.associative_scan(lax.mul, lax.broadcast(x, (STEPS,)))
    last = lax.reshape(lax.slice_in_dim(powers, STEPS - 1, STEPS), ())
    return lax.add(in_scan(x), lax.sub(last, lax.integer_pow(x, STEPS)))


FUNCTIONS = [
    in_scan, in_remat_scan, in_bounded_while, in_checkpoint, in_root, in_linear_solve,
    in_custom_vmap, in_associative_scan,
]  # fmt: skip

ONE = np.float32(1)
WAYS = {
    "grad": jib.grad,
    "vjp": lambda f: lambda x: jib.vjp(f, x)[1](ONE)[0],
    "jvp": lambda f: lambda x: jib.jvp(f, (x,), (ONE,))[1],
    "linearize": lambda f: lambda x: jib.linearize(f, x)[1](ONE),
    "mapped": lambda f: (
        lambda x: lax.index_in_dim(
            jib.vmap(jib.grad(f))(lax.broadcast(x, (2,))), 1, 0, keepdims=False
        )
    ),
    "jit": lambda f: lambda x: jib.jit(jib.value_and_grad(f))(x)[1],
}


def series(x):
    """Value and three derivatives in double precision, by arithmetic of Taylor series."""
    xs = np.array([x, 1, 0, 0], float)
    times = lambda a, b: np.array([np.dot(a[: n + 1], b[n::-1]) for n in range(4)])
    c = xs
    for _ in range(STEPS):
        u = np.add(times(c, xs), [0.5, 0, 0, 0])
        sine, cosine = np.zeros(4), np.zeros(4)
        sine[0], cosine[0] = np.sin(u[0]), np.cos(u[0])
        for n in range(1, 4):
            k = np.arange(1, n + 1)
            sine[n] = np.sum(k * u[k] * cosine[n - k]) / n
            cosine[n] = -np.sum(k * u[k] * sine[n - k]) / n
        c = sine
    return c * [1, 1, 2, 6]


EXACT = series(0.7)
SOME = [
    ("grad", "grad", "mapped"),
    ("mapped", "jvp", "grad"),
    ("vjp", "linearize", "jit"),
    ("jit", "mapped", "linearize"),
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_compiled(function):
    forward, reverse = WAYS["jvp"], WAYS["grad"]
    second = lambda x: (reverse(function)(x), forward(reverse(function))(x))
    np.testing.assert_allclose(jib.jit(second)(X), EXACT[1:3], rtol=2e-4)


def triples(choose):
    modes = [way for way in WAYS if way not in ("mapped", "jit")]
    return pytest.mark.parametrize("ways", choose(modes), ids="-".join)


def check(function, ways):
    """Without a compiler: the same programs in NumPy."""
    f = function
    for way in ways:
        f = WAYS[way](f)
    with jib.disable_jit():
        np.testing.assert_allclose(f(X), EXACT[len(ways)], rtol=2e-4)


@triples(lambda modes: list(itertools.combinations_with_replacement(modes, 3)))
def test_mixed_modes(ways):
    check(in_remat_scan, ways)


@pytest.mark.slow
@triples(lambda modes: list(itertools.product(WAYS, repeat=3)))
def test_every_triple(ways):
    check(in_remat_scan, ways)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("ways", SOME, ids="-".join)
def test_some_triples_of_every_function(function, ways):
    check(function, ways)
