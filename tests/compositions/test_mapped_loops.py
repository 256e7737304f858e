"""`vmap` of everything that holds a program, one in another, against a Python loop."""

import itertools

import numpy as np
import pytest

import jib
from jib import lax
from jib.custom_batching import sequential_vmap

XS = np.float32([0.3, 0.9, 1.4])
WS = np.float32([[0.5, 1.5], [1.0, 0.2], [0.1, 0.7]])


def wave(w, x):
    return lax.sin(lax.add(lax.mul(w, x), x))


def scanned(f):
    return lambda w, x: lax.scan(lambda c, u: (f(u, c), c), x, w)[0]


def scanned_with_remat(f):
    return lambda w, x: lax.scan(lambda c, u: (f(u, c), c), x, w, remat=1)[0]


def once(f):
    """The function over the first element, for the wrappers that pass all of them on."""
    return lambda w, x: f(lax.index_in_dim(w, 0, 0, keepdims=False) if np.ndim(w) else w, x)


def repeated(f):
    """As often as the value says: it differs between the members."""

    def run(w, x):
        go_on = lambda c: lax.lt(c[0], lax.mul(x, 3.0))
        return lax.while_loop(go_on, lambda c: (c[0] + 1.0, f(w, c[1])), (0.0, x))[1]

    return run


def bounded(f):
    def run(w, x):
        go_on = lambda c: lax.lt(c[0], lax.mul(x, 3.0))
        step = lambda c: (c[0] + 1.0, f(w, c[1]))
        return lax.while_loop(go_on, step, (0.0, x), max_steps=9)[1]

    return run


def chosen(f):
    return lambda w, x: lax.cond(lax.gt(x, 0.5), f, lambda w, x: lax.cos(x), w, x)


def counted(f):
    return lambda w, x: lax.fori_loop(0, 2, lambda i, c: f(w, c), x)


def again(f):
    return lambda w, x: jib.checkpoint(f)(w, x)


def by_rule(f):
    made = jib.custom_jvp(f)
    made.defjvp(lambda p, t: (f(*p), jib.jvp(f, p, t)[1]))
    return lambda w, x: made(w, x)


def by_backward_rule(f):
    made = jib.custom_vjp(f)
    made.defvjp(lambda w, x: (f(w, x), (w, x)), lambda kept, ct: jib.vjp(f, *kept)[1](ct))
    return lambda w, x: made(w, x)


def in_turn(f):
    return lambda w, x: sequential_vmap(f)(w, x)


def prefixed(f):
    def run(w, x):
        products = lax.associative_scan(lax.mul, lax.broadcast(x, (3,)))
        return f(w, lax.index_in_dim(products, 2, 0, keepdims=False))

    return run


def solved(f):
    """`f`, as the solution of `2 * y = 2 * f`."""
    run = lambda w, x: lax.custom_linear_solve(
        lambda y: lax.mul(y, 2.0), lax.mul(f(w, x), 2.0), lambda _, b: lax.mul(b, 0.5),
        symmetric=True,
    )  # fmt: skip
    return run


def rooted(f):
    def run(w, x):
        wanted = f(w, x)
        return lax.custom_root(
            lambda y: lax.sub(y, wanted), 0.0, lambda g, y: lax.neg(g(y)), lambda g, y: y / g(1.0)
        )

    return run


WRAPPERS = [
    scanned, scanned_with_remat, repeated, bounded, chosen, counted, again, by_rule,
    by_backward_rule, in_turn, prefixed, solved, rooted,
]  # fmt: skip
PAIRS = [(a, b) for a, b in itertools.product(WRAPPERS, repeat=2)]
NO_FORWARD, NO_REVERSE = {by_backward_rule}, {repeated}


def build(outer, inner):
    scans = (scanned, scanned_with_remat)
    f = wave
    if inner in scans:
        f = inner(f)
    else:
        f = inner(once(f) if outer not in scans else f)
    return outer(once_or_not(f)) if outer in scans and inner in scans else outer(f)


def once_or_not(f):
    """A scan in a scan goes over one element again."""
    return lambda u, c: f(lax.broadcast(u, (2,)), c)


@pytest.mark.parametrize(
    ("outer", "inner"), PAIRS, ids=[f"{a.__name__}-{b.__name__}" for a, b in PAIRS]
)
def test_vmap_is_a_loop(outer, inner):
    """Values, and slopes in the modes that there are; without a compiler, in NumPy."""
    f = build(outer, inner)
    g = f
    if not {outer, inner} & NO_REVERSE:
        g = jib.value_and_grad(f, (0, 1))
    elif not {outer, inner} & NO_FORWARD:
        g = lambda w, x: jib.jvp(f, (w, x), (w, x))
    with jib.disable_jit():
        both = jib.vmap(g)(WS, XS)
        shared = jib.vmap(g, (None, 0))(WS[0], XS)
        expected = [g(w, x) for w, x in zip(WS, XS, strict=True)]
        expected_shared = [g(WS[0], x) for x in XS]
    for got, want in ((both, expected), (shared, expected_shared)):
        for a, *b in zip(jib.tree.leaves(got), *map(jib.tree.leaves, want), strict=True):
            np.testing.assert_allclose(a, np.stack(b), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("wrapper", WRAPPERS, ids=lambda f: f.__name__)
def test_compiled_and_mapped_twice(wrapper):
    f = wrapper(wave if wrapper in (scanned, scanned_with_remat) else once(wave))
    table = jib.jit(jib.vmap(jib.vmap(f, (None, 0)), (0, None)))(WS, XS)
    with jib.disable_jit():
        expected = [[f(w, x) for x in XS] for w in WS]
    np.testing.assert_allclose(table, np.array(expected), rtol=1e-4, atol=1e-6)
