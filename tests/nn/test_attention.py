"""Attention against its formula, element by element."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.errors import ArgumentValueError, ShapeError
from jib.nn import dot_product_attention

RNG = np.random.default_rng(0)
Q = RNG.standard_normal((2, 5, 4, 3)).astype("float32")
K, V = RNG.standard_normal((2, 2, 6, 2, 3)).astype("float32")
BIAS = RNG.standard_normal((1, 4, 5, 6)).astype("float32")
MASK = RNG.random((2, 1, 5, 6)) > 0.4
ROW, COLUMN = np.arange(5)[:, None], np.arange(6)[None, :]
ALL = np.ones((2, 4, 5, 6), bool)


def reference(allowed=ALL, bias=0.0, scale=3**-0.5):
    k, v = np.repeat(K, 2, axis=2), np.repeat(V, 2, axis=2)
    scores = np.einsum("btnh,bsnh->bnts", Q, k) * scale + bias
    weights = np.where(allowed, np.exp(scores), 0)
    total = weights.sum(-1, keepdims=True)
    weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return np.einsum("bnts,bsnh->btnh", weights, v)


CASES = {
    "plain": ({}, {}),
    "bias and scale": ({"bias": BIAS, "scale": 0.3}, {"bias": BIAS, "scale": 0.3}),
    "mask": ({"mask": MASK}, {"allowed": ALL & MASK}),
    "causal": ({"is_causal": True}, {"allowed": ALL & (COLUMN <= ROW)}),
    "window": ({"local_window_size": 1}, {"allowed": ALL & (abs(COLUMN - ROW) <= 1)}),
    "window before": (
        {"local_window_size": (2, 0)},
        {"allowed": ALL & (COLUMN <= ROW) & (COLUMN >= ROW - 2)},
    ),
    "lengths": (
        {"query_seq_lengths": np.array([3, 5]), "key_value_seq_lengths": np.array([6, 2])},
        {
            "allowed": ALL
            & (np.array([3, 5])[:, None, None, None] > ROW)
            & (np.array([6, 2])[:, None, None, None] > COLUMN)
        },
    ),
    "nothing to see": ({"mask": np.zeros((2, 1, 5, 6), bool)}, {"allowed": ALL & False}),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_the_formula(name):
    given, expected = CASES[name]
    np.testing.assert_allclose(
        dot_product_attention(Q, K, V, **given), reference(**expected), rtol=1e-4, atol=1e-5
    )


def test_one_example_residual_and_gradient():
    whole, residual = dot_product_attention(Q, K, V, return_residual=True)
    one = dot_product_attention(Q[0], K[0], V[0])
    np.testing.assert_allclose(one, whole[0], rtol=1e-5, atol=1e-6)
    assert residual.shape == (2, 5, 4)
    masked = jib.grad(lambda q: dot_product_attention(q, K, V, mask=MASK & (ROW > 1)).sum())(Q)
    assert np.isfinite(masked).all() and not np.any(masked[:, :2])
    assert (
        dot_product_attention(*(jnp.asarray(x, "bfloat16") for x in (Q, K, V))).dtype == "bfloat16"
    )


def test_what_does_not_fit_is_said():
    with pytest.raises(ShapeError, match=r"\(2, 5, 4, 3\), \(2, 6, 3, 3\)"):
        dot_product_attention(Q, np.ones((2, 6, 3, 3)), np.ones((2, 6, 3, 3)))
    with pytest.raises(ArgumentValueError, match="'cudnn'"):
        dot_product_attention(Q, K, V, implementation="cudnn")
