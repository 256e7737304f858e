"""Ragged products and exchanges against loops over the groups."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import DTypeError, NotAvailableError, ShapeError
from tests.harness.samples import array

ROWS, MATRICES, SIZES = array((7, 4)), array((3, 4, 5)), np.array([2, 0, 4], "int32")


def grouped(rows, matrices, sizes):
    """Each group of rows times its matrix; what is left over is zero."""
    out, start = np.zeros((len(rows), matrices.shape[-1]), rows.dtype), 0
    for matrix, size in zip(matrices, sizes, strict=True):
        out[start : start + size] = rows[start : start + size] @ matrix
        start += size
    return out


def test_free_axis():
    out = lax.ragged_dot(ROWS, MATRICES, SIZES)
    np.testing.assert_allclose(out, grouped(ROWS, MATRICES, SIZES), 1e-5, 1e-5)


def test_free_axis_in_a_batch():
    rows, matrices = array((2, 7, 4)), array((3, 2, 4, 5))
    sizes = np.array([[1, 2, 3], [4, 0, 3]], "int32")
    numbers = lax.RaggedDotDimensionNumbers((((2,), (2,)), ((0,), (1,))), (1,), (0,))
    out = lax.ragged_dot_general(rows, matrices, sizes, numbers)
    mapped = jib.vmap(lax.ragged_dot, (0, 1, 0))(rows, matrices, sizes)
    for i in range(2):
        expected = grouped(rows[i], matrices[:, i], sizes[i])
        np.testing.assert_allclose(out[i], expected, 1e-5, 1e-5)
        np.testing.assert_allclose(mapped[i], expected, 1e-5, 1e-5)


def test_axis_that_is_summed_over():
    numbers = lax.RaggedDotDimensionNumbers((((0,), (0,)), ((), ())), (0,), ())
    out = lax.ragged_dot_general(ROWS, ROWS, SIZES, numbers)
    for i, (start, size) in enumerate([(0, 2), (2, 0), (2, 4)]):
        rows = ROWS[start : start + size]
        np.testing.assert_allclose(out[i], rows.T @ rows, 1e-5, 1e-5)


def test_batch_axis():
    left, right = array((3, 2, 4)), array((3, 4, 5))
    numbers = lax.RaggedDotDimensionNumbers((((2,), (1,)), ((0,), (0,))), (0,), ())
    out = lax.ragged_dot_general(left, right, np.array([1, 1], "int32"), numbers)
    expected = left @ right
    expected[2] = 0
    np.testing.assert_allclose(out, expected, 1e-5, 1e-5)


def test_derivative_is_that_of_the_groups():
    def loss(rows, matrices):
        return jnp.sum(lax.ragged_dot(rows, matrices, SIZES) ** 2)

    rows, matrices = jib.grad(loss, (0, 1))(ROWS, MATRICES)
    out = 2 * grouped(ROWS, MATRICES, SIZES)
    np.testing.assert_allclose(rows[:2], out[:2] @ MATRICES[0].T, 1e-4, 1e-4)
    np.testing.assert_allclose(matrices[2], ROWS[2:6].T @ out[2:6], 1e-4, 1e-4)
    assert not np.any(matrices[1])


def test_refusals():
    with pytest.raises(ShapeError, match=r"has 2 group sizes, but rhs float32\[3,4,5\] has 3"):
        lax.ragged_dot(ROWS, MATRICES, SIZES[:2])
    with pytest.raises(DTypeError, match="takes integer elements, but got float32"):
        lax.ragged_dot(ROWS, MATRICES, SIZES.astype("float32"))
    with pytest.raises(NotAvailableError, match="group_offset"):
        lax.ragged_dot(ROWS, MATRICES, SIZES, group_offset=SIZES[:1])


def test_exchange():
    def exchange(*arguments):
        return lax.ragged_all_to_all(*arguments, axis_name="i")

    operand, output = jnp.array([[1, 2, 2], [3, 4, 0]]), jnp.full((2, 4), 9)
    offsets, sizes = jnp.array([[0, 1], [0, 1]]), jnp.array([[1, 2], [1, 1]])
    places, arriving = jnp.array([[0, 0], [1, 2]]), jnp.array([[1, 1], [2, 1]])
    found = jib.vmap(exchange, axis_name="i")(operand, output, offsets, sizes, places, arriving)
    assert found.tolist() == [[1, 3, 9, 9], [2, 2, 4, 9]]
    with pytest.raises(ShapeError, match="cannot share 1 slices out among 2 members"):
        cut = [x[:, :1] for x in (offsets, sizes, places, arriving)]
        jib.vmap(exchange, axis_name="i")(operand, output, *cut)
