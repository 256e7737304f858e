"""Linear systems, determinants and norms, with their derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.numpy import linalg

A = np.random.RandomState(0).randn(2, 4, 4).astype(np.float32)
B = np.random.RandomState(1).randn(2, 4, 3).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "args"), [("inv", (A,)), ("solve", (A, B)), ("det", (A,)), ("matrix_power", (A, 3))]
)
def test_same_as_numpy(name, args):
    """Values are NumPy's, for stacks of matrices."""
    expected = getattr(np.linalg, name)(*args)
    np.testing.assert_allclose(getattr(linalg, name)(*args), expected, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("order", [None, 1, 2, 3, 0, np.inf, -np.inf])
def test_vector_norms(order):
    """All orders of vectors."""
    expected = np.linalg.norm(A[0, 0], order)
    np.testing.assert_allclose(linalg.norm(A[0, 0], order), expected, rtol=1e-5)


@pytest.mark.parametrize("order", ["fro", 1, -1, np.inf, -np.inf])
def test_matrix_norms(order):
    """The orders of matrices that need no decomposition."""
    expected = np.linalg.norm(A, order, (0, 2), True)
    np.testing.assert_allclose(linalg.norm(A, order, (0, 2), True), expected, rtol=1e-5)


def test_gradient_of_norm_at_zero_is_zero():
    """The norm has no derivative at 0; it must not be NaN there."""
    assert jib.grad(linalg.norm)(jnp.zeros(3)).tolist() == [0, 0, 0]


def test_gradients_of_solve_against_differences():
    """Both operands of `solve`, along random directions."""

    def total(a, b):
        return jnp.sum(jnp.sin(linalg.solve(a, b)))

    def reference(a, b):
        return np.sin(np.linalg.solve(a.astype(np.float64), b)).sum()

    by_a, by_b = jib.grad(total, (0, 1))(jnp.asarray(A[0]), jnp.asarray(B[0]))
    step, along_a, along_b = 1e-4, A[1].astype(np.float64), B[1].astype(np.float64)
    slope_a = reference(A[0] + step * along_a, B[0]) - reference(A[0] - step * along_a, B[0])
    slope_b = reference(A[0], B[0] + step * along_b) - reference(A[0], B[0] - step * along_b)
    np.testing.assert_allclose((by_a * along_a).sum(), slope_a / (2 * step), rtol=1e-2)
    np.testing.assert_allclose((by_b * along_b).sum(), slope_b / (2 * step), rtol=1e-2)


def test_gradient_of_det():
    """The derivative of the determinant is the determinant times the transposed inverse."""
    expected = np.linalg.det(A[0]) * np.linalg.inv(A[0]).T
    np.testing.assert_allclose(jib.grad(linalg.det)(jnp.asarray(A[0])), expected, rtol=1e-3)


def test_solve_needs_square_matrices():
    """The error names the shape."""
    with pytest.raises(ValueError, match=r"square matrices.*float32\[4,3\]"):
        linalg.inv(B[0])
