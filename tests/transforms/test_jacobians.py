"""Jacobians and Hessians against closed forms."""

import numpy as np
import pytest

from jib import lax
from jib.core.zeros import float0
from jib.errors import ArgumentTypeError, ArgumentValueError, GradTypeError
from jib.transforms.jacobians import hessian, jacfwd, jacobian, jacrev
from jib.transforms.jit import jit

V = np.float32([1, 2, 3])
both = pytest.mark.parametrize("jac", [jacfwd, jacrev])


def scaled(x):
    """`x |x|^2`, whose Jacobian is `|x|^2 1 + 2 x x^T`."""
    return lax.mul(x, lax.reduce_sum(lax.mul(x, x), (0,)))


@both
def test_closed_form(jac):
    expected = (V @ V) * np.eye(3) + 2 * np.outer(V, V)
    np.testing.assert_allclose(jac(scaled)(V), expected, rtol=1e-6)
    np.testing.assert_allclose(jit(jac(scaled))(V), expected, rtol=1e-6)


@both
def test_shapes(jac):
    x = np.float32(np.arange(6).reshape(2, 3))
    got = jac(lambda x: lax.transpose(lax.mul(x, x), (1, 0)))(x)
    assert got.shape == (3, 2, 2, 3)
    expected = np.einsum("ij,ik,jl->jikl", 2 * x, np.eye(2), np.eye(3))
    np.testing.assert_allclose(got, expected)


@both
def test_trees_and_several_arguments(jac):
    f = lambda d, e: {"u": lax.mul(d["a"], e), "v": d["a"]}
    got = jac(f, argnums=(0, 1))({"a": np.float32(2)}, V)
    (d, e) = got["u"]
    np.testing.assert_allclose(d["a"], V)
    np.testing.assert_allclose(e, 2 * np.eye(3))
    assert float(got["v"][0]["a"]) == 1.0
    np.testing.assert_allclose(got["v"][1], np.zeros(3))
    single = jac(f, argnums=-1)({"a": np.float32(2)}, V)
    np.testing.assert_allclose(single["u"], 2 * np.eye(3))


@both
def test_aux(jac):
    got, aux = jac(lambda x: (lax.mul(x, x), {"n": 3}), has_aux=True)(V)
    np.testing.assert_allclose(got, np.diag(2 * V))
    assert aux == {"n": 3}


@both
def test_holomorphic(jac):
    z = np.complex64(1 + 2j)
    got = jac(lambda z: lax.mul(z, z), holomorphic=True)(z)
    np.testing.assert_allclose(got, 2 * z)
    with pytest.raises(GradTypeError):
        jac(lambda z: z)(z)


def test_integers():
    f = lambda n, x: lax.mul(lax.convert_element_type(n, np.float32), x)
    got = jacrev(f, argnums=(0, 1), allow_int=True)(np.int32(2), V)
    assert got[0].dtype == float0
    assert got[0].shape == (3,)
    np.testing.assert_allclose(got[1], 2 * np.eye(3))
    with pytest.raises(GradTypeError):
        jacrev(f)(np.int32(2), V)


def test_hessian():
    f = lambda x: lax.reduce_sum(lax.mul(lax.mul(x, x), lax.sin(x)), (0,))
    expected = np.diag(2 * np.sin(V) + 4 * V * np.cos(V) - V * V * np.sin(V))
    for run in (hessian(f), jit(hessian(f)), jacobian(jacobian(f)), jacfwd(jacfwd(f))):
        np.testing.assert_allclose(run(V), expected, rtol=1e-4, atol=1e-5)


def test_through_a_loop():
    f = lambda x: lax.fori_loop(0, 3, lambda i, v: scaled(v), x)
    small = V / 4
    np.testing.assert_allclose(jacfwd(f)(small), jacrev(f)(small), rtol=1e-4)


def test_errors():
    with pytest.raises(ArgumentValueError, match="argument 1"):
        jacfwd(scaled, argnums=1)(V)


@both
def test_a_result_that_is_no_pair(jac):
    with pytest.raises(ArgumentTypeError, match="with has_aux=True `scaled` must return a pair"):
        jac(scaled, has_aux=True)(V)
