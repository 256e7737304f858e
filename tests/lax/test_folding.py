"""Reduction by functions of the user."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import ArgumentTypeError

X = np.linspace(0.5, 2, 6, dtype=np.float32).reshape(2, 3)


def joined(x, start):
    """`1 + a` times `1 + b`, less 1: associative, and no known operation."""
    return lax.reduce(x, start, lambda a, b: a + b + a * b, (1,))


def test_any_associative_function_reduces():
    np.testing.assert_allclose(joined(jnp.asarray(X), 0.0), np.prod(1 + X, 1) - 1, rtol=1e-6)
    np.testing.assert_allclose(jib.jit(joined)(X, 1.0), 2 * np.prod(1 + X, 1) - 1, rtol=1e-6)
    assert joined(jnp.zeros((2, 0)), 3.0).tolist() == [3.0, 3.0]


def test_derivatives_and_batches_follow():
    grad = jib.grad(lambda x: joined(x, 0.0).sum())(jnp.asarray(X))
    np.testing.assert_allclose(grad, np.prod(1 + X, 1, keepdims=True) / (1 + X), rtol=1e-5)
    starts = jnp.arange(3.0)
    batch = jib.vmap(joined, (None, 0))(jnp.asarray(X), starts)
    np.testing.assert_allclose(batch, [joined(jnp.asarray(X), s) for s in starts], rtol=1e-6)


def test_several_arrays_reduce_together():
    def later(a, b):
        return jnp.where(a[0] >= b[0], a[0], b[0]), jnp.where(a[0] >= b[0], a[1], b[1])

    values, places = jnp.array([3, 9, 4]), jnp.arange(3)
    found = lax.reduce((values, places), (0, -1), later, (0,))
    assert [x.item() for x in found] == [9, 1]


def test_the_function_keeps_the_types():
    with pytest.raises(ArgumentTypeError, match="must return the same"):
        lax.reduce(jnp.asarray(X), 0.0, lambda a, b: a > b, (0,))
