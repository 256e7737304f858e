"""Windows: functions of the user, initial values, ties, and long windows."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import ArgumentTypeError, ShapeError
from tests.harness.samples import array


@pytest.mark.parametrize("window", [3, 13])
def test_any_associative_function(window):
    """Products of matrices do not commute: the order of a window is kept."""
    entries = tuple(array((20,), low=low, high=1.0) for low in (0.5, -0.5, -0.25, 0.75))

    def product(x, y):
        a, b, c, d = x
        e, f, g, h = y
        return a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h

    one = (1.0, 0.0, 0.0, 1.0)
    found = np.stack(lax.reduce_window(entries, one, product, (window,), (2,)), -1)
    matrices = np.stack(entries, -1).reshape(-1, 2, 2).astype(float)
    for i, row in enumerate(found):
        piece = matrices[2 * i : 2 * i + window]
        wanted = np.linalg.multi_dot(piece)
        np.testing.assert_allclose(row.reshape(2, 2), wanted, rtol=1e-4, atol=1e-5)


def test_a_product_differentiates_where_factors_are_zero():
    slopes = jib.grad(lambda x: lax.reduce_window(x, 1.0, lax.mul, (3,)).sum())(
        jnp.array([2.0, 0.0, 3.0])
    )
    assert slopes.tolist() == [0.0, 6.0, 0.0]


def test_the_first_of_equals_has_the_derivative():
    x = jnp.ones((2, 4))
    slopes = jib.grad(lambda v: lax.reduce_window(v, -np.inf, lax.max, (2, 2), (2, 2)).sum())(x)
    assert slopes.tolist() == [[1.0, 0.0, 1.0, 0.0], [0.0] * 4]


def test_nan_wins():
    x = jnp.array([1.0, np.nan, 2.0, 3.0])
    pooled = lambda v: lax.reduce_window(v, -np.inf, lax.max, (2,))
    for out in (pooled(x), jib.jvp(pooled, [x], [x])[0]):
        np.testing.assert_array_equal(out, [np.nan, np.nan, 3.0])


def test_an_initial_value_takes_part():
    x = jnp.array([1.0, -2.0, -3.0])
    assert lax.reduce_window(x, 0.0, lax.max, (2,)).tolist() == [1.0, 0.0]
    assert lax.reduce_window(x, 10.0, lax.add, (2,)).tolist() == [9.0, 5.0]
    traced = jib.jit(lambda v, init: lax.reduce_window(v, init, lax.min, (2,)))
    assert traced(x, -2.5).tolist() == [-2.5, -3.0]


def test_shape_alone():
    assert lax.reduce_window_shape_tuple((7, 6), (3, 2), (2, 1), "SAME") == (4, 6)


def test_wrong_computations():
    with pytest.raises(ArgumentTypeError, match="must return the same"):
        lax.reduce_window(array((4,)), 0.0, lax.lt, (2,))
    with pytest.raises(ShapeError, match="one shape"):
        lax.reduce_window((array((4,)), array((3,))), (0.0, 0.0), lambda a, b: a, (2,))
