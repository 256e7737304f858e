"""Scattering: NumPy's `ufunc.at`, with gradients that know about repeated indices."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import DTypeError

X = np.array([2.0, 3.0, 4.0], np.float32)
INDICES = np.array([[0], [2], [0], [9]], np.int32)
UPDATES = np.array([5.0, 1.0, 7.0, 6.0], np.float32)
NUMBERS = lax.ScatterDimensionNumbers((), (0,), (0,))


@pytest.mark.parametrize(
    ("function", "reference"),
    [
        (lax.scatter_add, np.add.at),
        (lax.scatter_sub, np.subtract.at),
        (lax.scatter_mul, np.multiply.at),
        (lax.scatter_min, np.minimum.at),
        (lax.scatter_max, np.maximum.at),
    ],
)
def test_values_and_derivatives(function, reference):
    def scatter(x, u):
        return function(x, jnp.asarray(INDICES), u, NUMBERS)

    expected = X.copy()
    reference(expected, INDICES[:3, 0], UPDATES[:3])
    x, u = jnp.asarray(X), jnp.asarray(UPDATES)
    np.testing.assert_allclose(scatter(x, u), expected)
    for i in range(7):
        step = np.eye(7, dtype=np.float32)[i]
        dx, du = step[:3], step[3:]
        high = scatter(jnp.asarray(X + dx / 100), jnp.asarray(UPDATES + du / 100))
        low = scatter(jnp.asarray(X - dx / 100), jnp.asarray(UPDATES - du / 100))
        slope = (np.asarray(high) - np.asarray(low)) * 50
        _, tangent = jib.jvp(scatter, (x, u), (jnp.asarray(dx), jnp.asarray(du)))
        np.testing.assert_allclose(tangent, slope, rtol=1e-2, atol=1e-2)
        back = jib.vjp(scatter, x, u)[1](jnp.asarray(np.array([1.0, 2.0, 3.0], np.float32)))
        found = np.concatenate([np.asarray(ct) for ct in back])[i]
        np.testing.assert_allclose(found, slope @ [1, 2, 3], rtol=1e-2, atol=1e-2)


def test_only_the_winner_of_equal_indices_has_a_gradient():
    def scatter(u):
        return lax.scatter(jnp.asarray(X), jnp.asarray(INDICES), u, NUMBERS)

    assert scatter(jnp.asarray(UPDATES)).tolist() == [7.0, 3.0, 1.0]
    grad = jib.grad(lambda u: scatter(u).sum())(jnp.asarray(UPDATES))
    assert grad.tolist() == [0.0, 1.0, 1.0, 0.0]


def test_a_product_with_a_zero_has_a_gradient():
    u = jnp.asarray(np.array([0.0, 1.0, 7.0, 6.0], np.float32))
    grad = jib.grad(
        lambda u: lax.scatter_mul(jnp.asarray(X), jnp.asarray(INDICES), u, NUMBERS).sum()
    )(u)
    assert grad.tolist() == [14.0, 4.0, 0.0, 0.0]


def test_apply_repeats_and_reads_what_it_closed_over():
    def apply(x, c):
        function = lambda v: v * c + v * v
        return lax.scatter_apply(
            x, jnp.asarray(INDICES), function, NUMBERS, update_shape=(4,)
        )  # fmt: skip

    def once(v):
        return v * 3 + v * v

    x, c = jnp.asarray(X), jnp.asarray(np.float32(3))
    np.testing.assert_allclose(apply(x, c), [once(once(2.0)), 3.0, once(4.0)])
    dx, dc = jib.grad(lambda x, c: apply(x, c).sum(), (0, 1))(x, c)
    np.testing.assert_allclose(dx, [(3 + 2 * 10) * (3 + 4), 1, 3 + 8])
    np.testing.assert_allclose(dc, 10 + (3 + 2 * 10) * 2 + 4)


def test_dtypes_must_agree():
    with pytest.raises(DTypeError, match="dtypes differ"):
        lax.scatter(jnp.asarray(X), jnp.asarray(INDICES), jnp.zeros(4, "int32"), NUMBERS)


def test_a_function_to_apply_keeps_the_type():
    x, indices = jnp.asarray(X), jnp.asarray(INDICES)
    with pytest.raises(DTypeError, match=r"must return float32.., but gave bool"):
        lax.scatter_apply(x, indices, lambda v: v > 0, NUMBERS, update_shape=(4,))
