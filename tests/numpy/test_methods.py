"""Operators, methods and properties of device arrays and of tracers."""

import operator

import numpy as np
import pytest

import jib.numpy as jnp
from jib.errors import ArgumentTypeError, ItemAssignmentError
from jib.transforms.jit import jit

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)
OPERATORS = ("add sub mul truediv floordiv mod pow eq ne lt le gt ge").split()  # noqa: SIM905
INTEGER = ["and_", "or_", "xor", "lshift", "rshift"]


def test_operators_both_ways():
    """With an array, a Python number and a NumPy array on either side."""

    def all_of(x):
        out = []
        for name in OPERATORS:
            function = getattr(operator, name)
            out += [function(x, x), function(x, 2), function(2.5, x), function(X, x)]
        return out

    for mine, other in zip(jit(all_of)(X), all_of(X), strict=True):
        np.testing.assert_allclose(np.asarray(mine), other, rtol=1e-5)
    x = jnp.asarray(X)
    for name in ("add", "mul", "truediv", "lt"):
        function = getattr(operator, name)
        np.testing.assert_allclose(np.asarray(function(x, 2)), function(X, 2))
        np.testing.assert_allclose(np.asarray(function(2, x)), function(2, X))
        np.testing.assert_allclose(np.asarray(function(X, x)), function(X, X))


def test_integer_operators():
    """Bits, `divmod`, negation."""
    i = np.array([5, 6, 7], np.int32)

    def all_of(x):
        out = [getattr(operator, name)(x, 2) for name in INTEGER]
        return [*out, *divmod(x, 4), ~x, -x, +x, abs(-x)]

    for mine, other in zip(jit(all_of)(i), all_of(i), strict=True):
        np.testing.assert_array_equal(np.asarray(mine), other)


def test_methods_agree_with_numpy():
    """The same call on a tracer and on a NumPy array."""

    def all_of(x):
        return [
            x.sum(0), x.mean(axis=1), x.max(), x.min(1), x.prod(), x.std(), x.var(0), x.argmax(),
            x.argmin(1), x.cumsum(), x.cumprod(0), x.any(), x.all(0), x.T, x.reshape(3, 2),
            x.reshape((-1,)), x.flatten(), x.ravel(), x.transpose(1, 0), x.transpose(),
            x.swapaxes(0, 1), x.squeeze(), x.clip(2, 4), x.round(), x.real, x.imag, x.conj(),
            x.astype(np.int32), x.repeat(2, 1), x.dot(x.T), x @ x.T, x.copy(), x[0], x[:, 1:],
            x.diagonal(), x.trace(),
        ]  # fmt: skip

    for mine, other in zip(jit(all_of)(X), all_of(X), strict=True):
        np.testing.assert_allclose(np.asarray(mine), other, rtol=1e-5)


def test_views():
    """Bits read as another dtype, of the same, half and double width."""
    x = jnp.asarray(X)
    np.testing.assert_array_equal(np.asarray(x.view("int32")), X.view("int32"))
    np.testing.assert_array_equal(np.asarray(x.view("int16")), X.view("int16"))
    pairs = np.arange(4, dtype=np.int16)
    np.testing.assert_array_equal(np.asarray(jnp.asarray(pairs).view("int32")), pairs.view("int32"))
    with pytest.raises(ValueError, match="divisible"):
        jnp.zeros(3, "int16").view("int32")


def test_arrays_do_not_change():
    """Assignment raises; `.at` makes a changed copy."""
    x = jnp.asarray(X)
    with pytest.raises(ItemAssignmentError):
        x[0] = 1.0
    with pytest.raises(ItemAssignmentError):
        del x[0]
    assert x.at[0, 0].set(9.0)[0].tolist() == [9.0, 2.0, 3.0]


def test_operands_of_other_types():
    """Lists raise with the cure; unknown types get their turn; None is just unequal."""
    x = jnp.ones(2)
    with pytest.raises(ArgumentTypeError, match="list"):
        x * [1, 2]
    with pytest.raises(TypeError, match="unsupported"):
        x + object()
    assert (x == None) is False  # noqa: E711

    class Other:
        def __radd__(self, other):
            return "its turn"

    assert x + Other() == "its turn"


def test_namespace():
    """The array API standard's way to the functions."""
    assert jnp.ones(1).__array_namespace__() is jnp
    assert 1.0 in jnp.ones(2)
