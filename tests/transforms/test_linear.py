"""`jvp`, `vjp`, `linearize`, `linear_transpose`: directions, cotangents, and their types."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.core.zeros import float0
from jib.errors import ArgumentTypeError, NoDerivativeError, StructureError

V = np.float32([1, 2, 3])
T = np.float32([0.5, -1, 2])
N = np.arange(3)


def function(x):
    return {"s": jnp.sin(x), "n": (x * x).sum()}


def test_jvp():
    value, tangent = jib.jvp(function, (V,), (T,))
    np.testing.assert_allclose(value["n"], 14.0)
    np.testing.assert_allclose(tangent["s"], np.cos(V) * T, rtol=1e-6)
    np.testing.assert_allclose(tangent["n"], 2 * V @ T)
    jitted = jib.jit(lambda x, t: jib.jvp(function, (x,), (t,)))(V, T)[1]
    np.testing.assert_allclose(jitted["s"], tangent["s"], rtol=1e-6)


def test_jvp_with_aux_and_integers():
    f = lambda x, n: ((x * n).sum(), {"n": n})
    zeros = np.zeros(3, float0)
    value, tangent, aux = jib.jvp(f, (V, N), (T, zeros), has_aux=True)
    assert (float(value), float(tangent)) == (8.0, 3.0)
    assert aux["n"].tolist() == [0, 1, 2]
    _, tangent = jib.jvp(lambda x, n: n + 1, (V, N), (T, zeros))
    assert (tangent.dtype, tangent.shape) == (float0, (3,))
    _, tangent = jib.jvp(lambda x: jnp.ones(2), (V,), (T,))
    assert tangent.tolist() == [0.0, 0.0]


def test_vjp():
    value, pullback = jib.vjp(function, V)
    np.testing.assert_allclose(value["s"], np.sin(V), rtol=1e-6)
    ct = {"s": T, "n": np.float32(2)}
    (found,) = pullback(ct)
    np.testing.assert_allclose(found, np.cos(V) * T + 4 * V, rtol=1e-6)
    np.testing.assert_allclose(jib.jit(pullback)(ct)[0], found, rtol=1e-6)
    rows = jib.vmap(pullback)({"s": np.eye(3, dtype=np.float32), "n": np.zeros(3, np.float32)})
    np.testing.assert_allclose(rows[0], np.diag(np.cos(V)), rtol=1e-6)


def test_vjp_with_aux_and_integers():
    f = lambda x, n: ((x * n, n), n.sum())
    _, pullback, aux = jib.vjp(f, V, N, has_aux=True)
    assert int(aux) == 3
    by_x, by_n = pullback((T, np.zeros(3, float0)))
    np.testing.assert_allclose(by_x, T * N)
    assert (by_n.dtype, by_n.shape) == (float0, (3,))


def test_the_two_modes_agree():
    """`<ct, J t> == <J^T ct, t>`."""
    f = lambda x, w: jnp.tanh(w @ x) * x[0]
    w = np.outer(T, V)
    primals, tangents = (V, w), (T, w / 2)
    _, out = jib.jvp(f, primals, tangents)
    _, pullback = jib.vjp(f, *primals)
    back = pullback(V)
    left = float((V * out).sum())
    right = sum(float((a * b).sum()) for a, b in zip(back, tangents, strict=True))
    assert left == pytest.approx(right, rel=1e-5)


def test_linearize_evaluates_once():
    calls = []

    def f(x, y):
        calls.append(1)
        return jnp.sin(x) * y

    value, derivative = jib.linearize(f, V, T)
    np.testing.assert_allclose(value, np.sin(V) * T, rtol=1e-6)
    for scale in (1.0, 2.0):
        found = derivative(V * scale, T)
        np.testing.assert_allclose(
            found, scale * np.cos(V) * T * V + np.sin(V) * T, rtol=1e-5, atol=1e-6
        )
    assert len(calls) == 1
    np.testing.assert_allclose(jib.jit(derivative)(V, T), derivative(V, T), rtol=1e-6)
    value, derivative, aux = jib.linearize(lambda x: (x, [x, 1]), V, has_aux=True)
    assert aux[1] == 1
    np.testing.assert_array_equal(derivative(T), T)


def test_linear_transpose():
    matrix = np.outer(T, V)
    transposed = jib.linear_transpose(lambda d: matrix @ d["x"], {"x": V})
    np.testing.assert_allclose(transposed(T)[0]["x"], matrix.T @ T)
    struct = jib.ShapeDtypeStruct((3,), jnp.float32)
    two = jib.linear_transpose(lambda x, y: (x + 2 * y, y[0]), struct, struct)
    x, y = two((T, np.float32(1)))
    np.testing.assert_allclose(x, T)
    np.testing.assert_allclose(y, 2 * T + [1, 0, 0])


def test_transposing_what_is_not_linear():
    with pytest.raises(NoDerivativeError, match="linear"):
        jib.linear_transpose(lambda x: jnp.sin(x), V)(T)


def test_forward_over_reverse():
    cubes = lambda x: (x**3).sum()
    product = jib.jit(lambda x, t: jib.jvp(jib.grad(cubes), (x,), (t,))[1])
    np.testing.assert_allclose(product(V, T), 6 * V * T, rtol=1e-6)
    reverse = jib.grad(lambda x: jib.jvp(cubes, (x,), (T,))[1])
    np.testing.assert_allclose(reverse(V), 6 * V * T, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: jib.jvp(f, V, T), ArgumentTypeError, "needs a tuple of primals"),
        (lambda f: jib.jvp(f, (V,), (T, T)), StructureError, "structured as the primals"),
        (lambda f: jib.jvp(f, (V,), (T[:2],)), ArgumentTypeError, r"float32\[3\], but .*\[2\]"),
        (lambda f: jib.jvp(f, (V,), (N,)), ArgumentTypeError, r"float32\[3\], but got int32"),
        (lambda f: jib.jvp(f, (N,), (N,)), ArgumentTypeError, r"float0\[3\], but got int32"),
        (lambda f: jib.vjp(f, V)[1](T[:2]), ArgumentTypeError, r"float32\[3\], but .*\[2\]"),
        (lambda f: jib.vjp(f, V)[1]((T,)), StructureError, "the structure of the result"),
        (lambda f: jib.linearize(f, V)[1](T, T), StructureError, "structure of the primals"),
        (
            lambda f: jib.linearize(f, V)[1](1.0),
            ArgumentTypeError,
            r"float32\[3\], but got float32",
        ),
        (lambda f: jib.linear_transpose(f, V)(1.0), ArgumentTypeError, r"float32\[3\]"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(lambda x: x * 2)


def test_numbers_that_go_through_untouched_come_out_as_arrays():
    def same(x):
        return x

    results = [
        *jib.jvp(same, (2.0,), (1.0,)),
        *jib.value_and_grad(same)(2.0),
        jib.grad(lambda x: x + 0.0)(np.float32(2.0)),
        jib.vjp(same, 2.0)[0],
        *jib.vjp(same, 2.0)[1](1.0),
        jib.linearize(same, 2.0)[0],
        jib.linearize(same, 2.0)[1](1.0),
        jib.jacrev(same)(2.0),
        jib.jacfwd(same)(2.0),
        jib.hessian(same)(2.0),
    ]
    assert all(isinstance(x, jib.Array) and x.dtype == "float32" for x in results)
