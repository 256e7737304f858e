"""Derivatives from the equation that a result solves."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import NoDerivativeError, ShapeError, StructureError

generator = np.random.default_rng(0)
A = generator.normal(size=(3, 3)).astype(np.float32) + 3 * np.eye(3, dtype=np.float32)
B = np.float32([1, 2, 3])


def richardson(matvec, b):
    """Iterates in a loop that has no reverse mode."""
    step = lambda x: (x[0] + 1, x[1] + 0.2 * (b - matvec(x[1])))
    return lax.while_loop(lambda x: x[0] < 150, step, (0, jnp.zeros_like(b)))[1]


def solved(a, b):
    return lax.custom_linear_solve(lambda x: a @ x, b, richardson, richardson)


def direct(a, b):
    return jnp.linalg.solve(a, b)


def close(got, want, rtol=2e-3):
    for a, b in zip(jib.tree.leaves(got), jib.tree.leaves(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-4)


@pytest.mark.parametrize(
    "way",
    [
        lambda f: f(A, B),
        lambda f: jib.jvp(f, (A, B), (A.T, B)),
        lambda f: jib.jit(jib.grad(lambda *x: jnp.sum(f(*x) ** 3), (0, 1)))(A, B),
        lambda f: jib.jit(jib.hessian(lambda a: jnp.sum(f(a, B) ** 3)))(A),
        lambda f: jib.vmap(f, (0, None))(np.stack([A, A + 1]), B),
        lambda f: jib.jit(jib.vmap(jib.jacrev(f, 1), (None, 0)))(A, np.stack([B, B + 1])),
    ],
    ids=["value", "jvp", "grad", "hessian", "vmap", "jacrev"],
)
def test_a_linear_solve(way):
    with jib.disable_jit():
        close(way(solved), way(direct))


def test_a_compiled_linear_solve():
    slope = lambda f: jib.jit(jib.grad(lambda *x: jnp.sum(f(*x) ** 3), (0, 1)))
    close(slope(solved)(A, B), slope(direct)(A, B))


def test_aux_trees_and_symmetry():
    def run(scale, b):
        def solve(matvec, b):
            return jib.tree.map(lambda x: x / scale, b), {"steps": 3}

        matvec = lambda x: jib.tree.map(lambda v: scale * v, x)
        return lax.custom_linear_solve(matvec, b, solve, symmetric=True, has_aux=True)

    b = {"u": jnp.ones(2), "v": 4.0}
    x, aux = run(2.0, b)
    assert (x["u"].tolist(), float(x["v"]), aux["steps"]) == ([0.5, 0.5], 2.0, 3)
    assert float(jib.grad(lambda s: run(s, b)[0]["v"])(2.0)) == -1.0
    assert jib.vmap(lambda s: run(s, b)[1]["steps"])(jnp.ones(2)).tolist() == [3, 3]


def test_a_linear_solve_that_does_not_fit():
    b = jnp.ones(2)
    with pytest.raises(ShapeError, match=r"`solve` must return what it is given, float32\[2\]"):
        lax.custom_linear_solve(lambda x: x, b, lambda m, b: b.sum())
    with pytest.raises(StructureError, match="`matvec`"):
        lax.custom_linear_solve(lambda x: (x,), b, lambda m, b: b)
    with pytest.raises(NoDerivativeError, match="without `transpose_solve`"):
        jib.grad(lambda b: lax.custom_linear_solve(lambda x: x, b, lambda m, b: b).sum())(b)


def newton(f, x):
    step = lambda x: x - f(x) / jib.grad(f)(x)
    return lax.while_loop(lambda x: abs(f(x)) > 1e-5, step, x)


def cube_root(a, guess=1.0):
    return lax.custom_root(lambda x: x**3 - a, guess, newton, lambda g, y: y / g(1.0))


@pytest.mark.parametrize(
    "way",
    [
        lambda f: f(8.0),
        lambda f: jib.grad(f)(8.0),
        lambda f: jib.jit(jib.grad(jib.grad(f)))(8.0),
        lambda f: jib.jvp(jib.grad(f), (8.0,), (1.0,)),
        lambda f: jib.jit(jib.vmap(jib.grad(f)))(jnp.asarray([1.0, 8.0, 27.0])),
    ],
    ids=["value", "grad", "second", "jvp of grad", "vmap of grad"],
)
def test_a_root(way):
    close(way(cube_root), way(lambda a: a ** (1 / 3)), 1e-4)


def test_a_root_of_several_numbers_does_not_depend_on_the_guess():
    def root(b, guess):
        slope = lambda g, y: jnp.linalg.solve(jib.jacobian(g)(y), y)
        return lax.custom_root(lambda x: A @ x - b, guess, lambda f, x: direct(A, b), slope)

    close(jib.jacobian(root)(B, B), np.linalg.inv(A))
    close(jib.jacobian(root, 1)(B, B), np.zeros((3, 3)))
    aux = lax.custom_root(
        lambda x: x - 2.0, 0.0, lambda f, x: (x + 2.0, 7), lambda g, y: y, has_aux=True
    )
    assert jib.tree.map(float, aux) == (2.0, 7.0)
