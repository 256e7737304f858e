"""Windows: fixed and moving ones agree with NumPy, and their derivatives with each other."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import IndexBoundsError, ShapeError

X = np.arange(24, dtype=np.float32).reshape(4, 6)


def test_slice_is_numpys_slice():
    expected = X[1:4:2, 0:5:3]
    assert np.array_equal(lax.slice(jnp.asarray(X), (1, 0), (4, 5), (2, 3)), expected)
    assert np.array_equal(lax.slice_in_dim(jnp.asarray(X), -3, None, 2, axis=1), X[:, -3::2])


@pytest.mark.parametrize(("start", "row"), [(0, 0), (2, 2), (-1, 2), (9, 2)])
def test_dynamic_slice_stays_inside(start, row):
    expected = X[row : row + 2]
    assert np.array_equal(lax.dynamic_slice_in_dim(jnp.asarray(X), start, 2), expected)
    traced = jib.jit(lambda x, i: lax.dynamic_slice_in_dim(x, i, 2))
    assert np.array_equal(traced(jnp.asarray(X), start), expected)


def test_positions_are_operands():
    """One program serves all positions of a slice with one length."""
    x = jnp.asarray(np.arange(10.0, dtype=np.float32))
    found = [lax.slice_in_dim(x, i, i + 3).tolist() for i in range(8)]
    assert found == [[i, i + 1.0, i + 2.0] for i in range(8)]


def test_a_traced_fixed_slice_is_one_operation():
    text = jib.jit(lambda x: lax.dynamic_slice(x, (1, 2), (2, 2))).lower(jnp.asarray(X)).as_text()
    assert "stablehlo.slice" in text
    assert "dynamic_slice" not in text


def test_update_and_slice_are_transposes():
    x, u = jnp.asarray(X), jnp.ones((2, 2))
    update = jib.grad(lambda u: (lax.dynamic_update_slice(x, u, (1, 1)) * x).sum())(u)
    assert np.array_equal(update, X[1:3, 1:3])
    kept = jib.grad(lambda x: lax.dynamic_update_slice(x, u, (1, 1)).sum())(x)
    expected = np.ones_like(X)
    expected[1:3, 1:3] = 0
    assert np.array_equal(kept, expected)


def test_each_member_of_a_batch_has_its_own_window():
    starts = jnp.asarray(np.array([0, 3, -2], np.int32))
    found = jib.vmap(lambda i: lax.dynamic_slice_in_dim(jnp.asarray(X), i, 2, 1))(starts)
    assert np.array_equal(found, np.stack([X[:, 0:2], X[:, 3:5], X[:, 4:6]]))


def test_errors_name_the_array():
    with pytest.raises(IndexBoundsError, match="axis 0"):
        lax.slice(jnp.asarray(X), (0, 0), (5, 6))
    with pytest.raises(ShapeError, match="needs 2 starts"):
        lax.dynamic_slice(jnp.asarray(X), (0,), (1, 1))
    with pytest.raises(ShapeError, match="window of shape"):
        lax.dynamic_slice(jnp.asarray(X), (0, 0), (5, 1))
