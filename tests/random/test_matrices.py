"""Random vectors with a covariance, and orthogonal matrices, against the field's reference."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from jib import random
from jib.errors import ArgumentValueError, ShapeError
from jib.nn import initializers

GOLDEN = np.load(pathlib.Path(__file__).with_name("matrices_golden.npz"))
MEAN = np.array([1, 2, 3], np.float32)
COVARIANCE = np.array([[2, 0.5, 0], [0.5, 1, 0.2], [0, 0.2, 3]], np.float32)


def drawn(method, shape=(4,)):
    return random.multivariate_normal(random.key(3), MEAN, COVARIANCE, shape, method=method)


CASES = {
    "cholesky": lambda key: drawn("cholesky"),
    "eigh": lambda key: drawn("eigh"),
    "svd": lambda key: drawn("svd"),
    "orthogonal": lambda key: random.orthogonal(key, 4),
    "orthogonal_flat": lambda key: random.orthogonal(key, 2, (2,), m=3),
    "unitary": lambda key: random.orthogonal(key, 3, (), np.complex64),
    "init": lambda key: initializers.orthogonal(2.0, 0)(key, (3, 2, 4)),
    "delta": lambda key: initializers.delta_orthogonal()(key, (3, 3, 2, 4)),
}


@pytest.mark.parametrize("name", CASES)
def test_same_as_golden(name):
    """The numbers of the reference for the same key."""
    np.testing.assert_allclose(CASES[name](random.key(3)), GOLDEN[name], rtol=2e-4, atol=2e-5)


def test_moments():
    """Mean and covariance of many vectors."""
    many = np.asarray(drawn("svd", (20000,)))
    np.testing.assert_allclose(many.mean(0), MEAN, atol=0.05)
    np.testing.assert_allclose(np.cov(many.T), COVARIANCE, atol=0.1)


def test_initializer_is_orthonormal():
    """The shorter side is, and of nothing there is nothing."""
    q = np.asarray(initializers.orthogonal()(random.key(0), (5, 3)))
    np.testing.assert_allclose(q.T @ q, np.eye(3), atol=1e-5)
    assert initializers.orthogonal()(random.key(0), (0, 3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: drawn("qr"), ArgumentValueError, "is one of 'cholesky', 'eigh', 'svd'"),
        (
            lambda: random.multivariate_normal(random.key(0), MEAN, COVARIANCE[:2]),
            ShapeError,
            r"got float32\[3\] and float32\[2,3\]",
        ),
        (
            lambda: initializers.orthogonal()(random.key(0), (3,)),
            ShapeError,
            r"`orthogonal` makes matrices, but the shape is \(3,\)",
        ),
        (
            lambda: initializers.delta_orthogonal()(random.key(0), (3, 4, 2)),
            ShapeError,
            r"no more inputs than outputs, but got \(3, 4, 2\)",
        ),
    ],
)
def test_errors(call, error, words):
    """What does not fit is refused."""
    with pytest.raises(error, match=words):
        call()
