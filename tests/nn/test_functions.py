"""Activations, softmax and their like, against formulas in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import nn

X = np.array([[-3.0, -1.0, -0.5, 0.0], [0.25, 1.0, 2.5, 7.0]], np.float32)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


FORMULAS = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hard_silu": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "sigmoid": _sigmoid,
    "softplus": lambda x: np.log1p(np.exp(x)),
    "soft_sign": lambda x: x / (1 + np.abs(x)),
    "silu": lambda x: x * _sigmoid(x),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "log_sigmoid": lambda x: -np.log1p(np.exp(-x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "celu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    "log_softmax": lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True)),
    "logsumexp": lambda x: np.log(np.exp(x).sum()),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formula(name):
    """The function has the values of its formula."""
    expected = FORMULAS[name](X.astype(np.float64))
    np.testing.assert_allclose(getattr(nn, name)(X), expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(("name", "slopes"), [("relu", [0, 0, 1]), ("relu6", [0, 0, 1])])
def test_slope_at_the_kink_is_zero(name, slopes):
    """At 0 the derivative is 0, not a half."""
    got = jib.vmap(jib.grad(getattr(nn, name)))(jnp.array([-1.0, 0.0, 1.0]))
    assert got.tolist() == slopes


def test_masked_softmax_ignores_the_rest():
    """Elements that do not count give 0, and do not change the others."""
    got = nn.softmax(X, where=X > 0)
    kept = np.exp(X[1]) / np.exp(X[1]).sum()
    np.testing.assert_allclose(got[1], kept, rtol=1e-6)


def test_logsumexp_of_large_numbers_with_factors():
    """The largest element is taken out first; factors may be negative with `return_sign`."""
    a = np.array([1000.0, 1000.0], np.float32)
    value, sign = nn.logsumexp(a, b=np.array([1.0, -3.0], np.float32), return_sign=True)
    assert float(sign) == -1
    np.testing.assert_allclose(value, 1000 + np.log(2), rtol=1e-6)


def test_gradient_of_logsumexp_is_softmax():
    """The derivative of the logarithm of the sum is the share of each term."""
    np.testing.assert_allclose(jib.grad(nn.logsumexp)(X[1]), nn.softmax(X[1]), rtol=1e-5)


def test_one_hot_outside_the_range_is_zero():
    """A class that does not exist gives no 1; the axis is free."""
    got = nn.one_hot(jnp.array([0, 5]), 2, axis=0, dtype="int32")
    assert got.tolist() == [[1, 0], [0, 0]]
