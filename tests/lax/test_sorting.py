"""Sorting agrees with NumPy, NaN last, and derivatives follow the order."""

import ml_dtypes
import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import ArgumentValueError, DTypeError

random = np.random.default_rng(0)


@pytest.mark.parametrize(
    "dtype",
    [np.float32, np.float16, ml_dtypes.bfloat16, np.int8, np.uint32, np.bool_, np.complex64],
)
def test_sort_is_numpys(dtype):
    x = random.integers(-9 if np.dtype(dtype).kind in "fci" else 0, 9, (4, 5)).astype(dtype)
    wide = x.astype(np.complex64)
    for axis in (0, 1):
        found = np.asarray(lax.sort(jnp.asarray(x), axis)).astype(np.complex64)
        assert np.array_equal(found, np.sort(wide, axis))


def test_nan_comes_last_and_zeros_are_equal():
    x = np.array([np.nan, 0.0, -np.inf, -0.0, -np.nan, np.inf], np.float32)
    keys, order = lax.sort((jnp.asarray(x), jnp.arange(6)))
    assert order.tolist() == [2, 1, 3, 5, 0, 4]
    np.testing.assert_array_equal(keys, np.sort(x))
    np.testing.assert_array_equal(lax.sort(jnp.asarray(x)), np.sort(x))


def test_several_keys_decide_in_turn():
    a, b = random.integers(0, 3, (2, 20)).astype(np.int32)
    count = np.arange(20, dtype=np.int32)
    *_, order = lax.sort(tuple(map(jnp.asarray, (a, b, count))), num_keys=2)
    assert np.array_equal(order, np.lexsort([count, b, a]))


def test_derivatives_follow_the_order():
    x = jnp.asarray(np.array([3.0, 1.0, 2.0], np.float32))
    weights = jnp.asarray(np.array([10.0, 20.0, 30.0], np.float32))
    grad = jib.grad(lambda x: (lax.sort(x) * weights).sum())(x)
    assert grad.tolist() == [30.0, 10.0, 20.0]
    grad = jib.grad(lambda x: (lax.top_k(x, 2)[0] * weights[:2]).sum())(x)
    assert grad.tolist() == [10.0, 0.0, 20.0]


def test_top_k_takes_the_first_of_equals():
    x = jnp.asarray(np.array([[1, 5, 5, 2], [4, 4, 4, 4]], np.int32))
    values, indices = lax.top_k(x, 2)
    assert values.tolist() == [[5, 5], [4, 4]]
    assert indices.tolist() == [[1, 2], [0, 1]]
    assert lax.top_k(x, 1, axis=0)[0].tolist() == [[4, 5, 5, 4]]


def test_errors():
    with pytest.raises(ArgumentValueError, match="cannot take 4"):
        lax.top_k(jnp.zeros(3), 4)
    with pytest.raises(DTypeError, match="top_k"):
        lax.top_k(jnp.zeros(3, "complex64"), 1)
