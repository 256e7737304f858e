"""Arrays from values, shapes and rules."""

import numpy as np
import pytest

import jib.numpy as jnp
from jib.errors import ArgumentTypeError, IntegerRangeError, ShapeError, TracedShapeError
from jib.transforms.jit import jit


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (1, "int32"),
        (1.0, "float32"),
        (1j, "complex64"),
        (True, "bool"),
        ([1, 2.5], "float32"),
        ([True, 2], "int32"),
        ([], "float32"),
        ([[1, 2], [3, 4]], "int32"),
        (np.arange(3.0), "float32"),
        (np.arange(3, dtype="int8"), "int8"),
        ([np.float64(1), 2], "float32"),
        ((range(3)[0], 4), "int32"),
    ],
)
def test_array_takes_values_as_numpy_does(given, dtype):
    """The elements are NumPy's; 64-bit inputs become 32-bit ones."""
    out = jnp.array(given)
    np.testing.assert_array_equal(np.asarray(out), np.asarray(given))
    assert out.dtype == dtype


def test_nested_arrays():
    """Sequences of arrays are stacked."""
    out = jnp.array([jnp.ones(2), np.zeros(2)])
    assert out.tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert jit(lambda x: jnp.array([x, 1.0, x * 2]))(3.0).tolist() == [3.0, 1.0, 6.0]


def test_64_bit_by_name():
    """A width that is asked for by name is honoured."""
    assert jnp.array(2**40, "int64").tolist() == 2**40
    assert jnp.zeros(2, jnp.float64).dtype == np.float64


def test_values_that_arrays_cannot_hold():
    """Integers out of range, text, None, objects and ragged sequences raise."""
    for value in (2**40, np.array([2**40]), [2**40]):
        with pytest.raises(IntegerRangeError):
            jnp.asarray(value)
    with pytest.raises(IntegerRangeError):
        jnp.asarray(-1, "uint8")
    for value in ("text", None, [None], np.array(["a"]), object()):
        with pytest.raises(ArgumentTypeError):
            jnp.asarray(value)
    with pytest.raises(ShapeError, match="equal lengths"):
        jnp.asarray([[1], [1, 2]])


def test_positional_and_keyword_options():
    """`ndmin` adds axes; a copy of an array is another one."""
    assert jnp.array(1, ndmin=2).shape == (1, 1)
    x = jnp.ones(2)
    assert jnp.asarray(x) is x
    assert jnp.array(x) is not x
    assert x.copy() is not x


def test_ranges_agree_with_numpy():
    """`arange`, `linspace` and the like give NumPy's numbers."""
    for args in ((5,), (2, 9), (2, 9, 3), (9, 2, -2), (0.0, 1.0, 0.25), (3, 3)):
        np.testing.assert_allclose(np.asarray(jnp.arange(*args)), np.arange(*args), rtol=1e-6)
    for options in ({}, {"endpoint": False}, {"num": 1}, {"num": 0}, {"dtype": int}):
        np.testing.assert_allclose(
            np.asarray(jnp.linspace(-1.0, 4.0, **{"num": 5} | options)),
            np.linspace(-1.0, 4.0, **{"num": 5} | options),
            rtol=1e-6,
        )
    low, high = np.array([0.0, 1.0]), np.array([1.0, 5.0])
    np.testing.assert_allclose(
        np.asarray(jnp.linspace(low, high, 4, axis=1)), np.linspace(low, high, 4, axis=1), rtol=1e-6
    )
    np.testing.assert_allclose(np.asarray(jnp.logspace(0, 2, 3)), [1, 10, 100], rtol=1e-5)


def test_matrices_agree_with_numpy():
    """Identities, triangles and grids."""
    np.testing.assert_array_equal(np.asarray(jnp.eye(3, 4, 1)), np.eye(3, 4, 1))
    stack = np.arange(18).reshape(2, 3, 3)
    for k in (-1, 0, 1):
        np.testing.assert_array_equal(np.asarray(jnp.tril(stack, k)), np.tril(stack, k))
        np.testing.assert_array_equal(np.asarray(jnp.triu(stack, k)), np.triu(stack, k))
    for options in ({}, {"indexing": "ij"}, {"sparse": True}):
        ours = jnp.meshgrid(np.arange(2), np.arange(3), **options)
        theirs = np.meshgrid(np.arange(2), np.arange(3), **options)
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(np.asarray(mine), other)
    np.testing.assert_array_equal(np.asarray(jnp.indices((2, 3))), np.indices((2, 3)))


def test_shapes_must_be_known():
    """A traced length raises the error that says so; negative lengths raise."""
    with pytest.raises(TracedShapeError):
        jit(lambda n: jnp.zeros(n))(3)
    with pytest.raises(TracedShapeError):
        jit(lambda n: jnp.arange(n))(3)
    with pytest.raises(ShapeError, match="negative"):
        jnp.ones((2, -1))
    with pytest.raises(ShapeError, match="whole numbers"):
        jnp.ones(2.5)


def test_scalar_types():
    """`jnp.float32` is a dtype, a function, and equal to NumPy's."""
    assert np.dtype(jnp.float32) == np.float32
    assert jnp.float32 == np.float32
    assert hash(jnp.float32) == hash(np.float32)
    assert jnp.float32(3).dtype == jnp.float32
    assert jnp.issubdtype(jnp.bfloat16, jnp.floating)
    assert isinstance(np.float32(1), jnp.float32)
