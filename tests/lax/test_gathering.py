"""Gathering: modes, batch axes, and the scatter that is its transpose."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import ArgumentValueError, ShapeError

X = np.arange(12, dtype=np.float32).reshape(3, 4)
ROWS = lax.GatherDimensionNumbers((1,), (0,), (0,))


def rows(x, indices, **options):
    return lax.gather(x, jnp.asarray(indices, "int32"), ROWS, (1, 4), **options)


@pytest.mark.parametrize(
    ("mode", "outside"), [("clip", X[2]), ("fill", [np.nan] * 4), ("promise_in_bounds", X[2])]
)
def test_modes(mode, outside):
    found = rows(jnp.asarray(X), [[1], [7]], mode=mode)
    np.testing.assert_array_equal(found, [X[1], outside])


def test_fill_value():
    assert rows(jnp.asarray(X), [[7]], mode="fill", fill_value=-1).tolist() == [[-1.0] * 4]
    assert rows(jnp.asarray(X.astype(np.int32)), [[7]]).tolist() == [[-(2**31)] * 4]


def test_the_gradient_adds_up_repeated_rows():
    grad = jib.grad(lambda x: rows(x, [[1], [1], [9]], mode="fill", fill_value=0).sum())
    assert np.array_equal(grad(jnp.asarray(X)), [[0] * 4, [2] * 4, [0] * 4])


def test_batch_axes_go_along():
    numbers = lax.GatherDimensionNumbers((), (1,), (1,), (0,), (0,))
    indices = jnp.asarray(np.array([[[0], [1]], [[2], [3]], [[3], [0]]], np.int32))
    found = lax.gather(jnp.asarray(X), indices, numbers, (1, 1))
    assert np.array_equal(found, np.take_along_axis(X, np.asarray(indices)[..., 0], 1))


def test_errors():
    with pytest.raises(ArgumentValueError, match="no indexing mode"):
        rows(jnp.asarray(X), [[0]], mode="clamp")
    with pytest.raises(ShapeError, match="cannot cut windows"):
        lax.gather(jnp.asarray(X), jnp.zeros((1, 1), "int32"), ROWS, (1, 5))
