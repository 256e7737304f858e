"""Joining, splitting and padding agree with NumPy."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import DTypeError, ShapeError

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_split_undoes_concatenate():
    parts = [jnp.asarray(X), jnp.asarray(X[:, :1])]
    joined = lax.concatenate(parts, 1)
    assert np.array_equal(joined, np.concatenate([X, X[:, :1]], 1))
    for part, again in zip(parts, lax.split(joined, (3, 1), axis=1), strict=True):
        assert np.array_equal(part, again)


def test_the_gradient_of_a_split_is_one_concatenate():
    grad = jib.grad(lambda x: sum((i + 1) * p.sum() for i, p in enumerate(lax.split(x, (1, 2), 1))))
    assert np.array_equal(grad(jnp.asarray(X)), [[1, 2, 2], [1, 2, 2]])
    text = jib.jit(grad).lower(jnp.asarray(X)).as_text()
    assert "stablehlo.concatenate" in text
    assert "stablehlo.pad" not in text


def test_pad_inserts_and_removes():
    found = lax.pad(jnp.asarray(X), 9.0, [(0, 1, 1), (-1, 2, 0)])
    expected = [[1, 2, 9, 9], [9] * 4, [4, 5, 9, 9], [9] * 4]
    assert np.array_equal(found, expected)


def test_the_gradient_of_padding_counts_what_was_added():
    def total(x, v):
        return lax.pad(x, v, [(1, 0, 0), (0, -1, 1)]).sum()

    dx, dv = jib.grad(total, (0, 1))(jnp.asarray(X), jnp.asarray(0.5))
    assert np.array_equal(dx, [[1, 1, 0], [1, 1, 0]])
    assert float(dv) == 8.0


def test_errors():
    with pytest.raises(ShapeError, match="cannot join"):
        lax.concatenate([jnp.zeros((2, 2)), jnp.zeros((3, 3))], 0)
    with pytest.raises(DTypeError, match="one dtype"):
        lax.concatenate([jnp.zeros(2), jnp.zeros(2, "int32")], 0)
    with pytest.raises(ShapeError, match="add up to 4"):
        lax.split(jnp.asarray(X), (2, 2), 1)
