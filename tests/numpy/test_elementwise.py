"""Element-wise functions against NumPy, and gradients at the points that give trouble."""

import numpy as np
import pytest

import jib.numpy as jnp
from jib.transforms.grad import grad
from jib.transforms.jit import jit

FLOATS = np.array([-2.5, -1.0, -0.5, 0.0, 0.5, 1.5, 2.0, 7.25], np.float32)
OTHERS = np.array([1.5, -2.0, 0.25, 3.0, -0.5, 1.0, 2.0, -3.0], np.float32)
INTEGERS = np.array([-7, -3, -1, 0, 1, 2, 5, 12], np.int32)
DIVISORS = np.array([3, -2, 5, 1, -4, 2, 3, -5], np.int32)

UNARY = [
    "abs",
    "negative",
    "sign",
    "square",
    "exp",
    "exp2",
    "expm1",
    "sin",
    "cos",
    "tan",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "floor",
    "ceil",
    "trunc",
    "rint",
    "isnan",
    "isfinite",
    "isinf",
    "isposinf",
    "isneginf",
    "logical_not",
    "cbrt",
    "real",
    "imag",
    "conj",
    "round",
    "nan_to_num",
]
BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "floor_divide",
    "remainder",
    "fmod",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "arctan2",
    "logaddexp",
    "nextafter",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
]
INTEGER = ["bitwise_and", "bitwise_or", "bitwise_xor", "floor_divide", "remainder", "fmod"]


def test_unary_functions_agree_with_numpy():
    """All of one operand in one program: one compilation."""
    ours = jit(lambda x: {name: getattr(jnp, name)(x) for name in UNARY})(FLOATS)
    for name in UNARY:
        np.testing.assert_allclose(
            np.asarray(ours[name]), getattr(np, name)(FLOATS), rtol=2e-5, atol=1e-6, err_msg=name
        )


def test_binary_functions_agree_with_numpy():
    """All of two operands in one program."""
    ours = jit(lambda x, y: {name: getattr(jnp, name)(x, y) for name in BINARY})(FLOATS, OTHERS)
    for name in BINARY:
        np.testing.assert_allclose(
            np.asarray(ours[name]), getattr(np, name)(FLOATS, OTHERS), rtol=2e-5, err_msg=name
        )


def test_integer_functions_agree_with_numpy():
    """Bits, quotients rounded down, powers."""
    ours = jit(lambda x, y: {name: getattr(jnp, name)(x, y) for name in INTEGER})(
        INTEGERS, DIVISORS
    )
    for name in INTEGER:
        np.testing.assert_array_equal(
            np.asarray(ours[name]), getattr(np, name)(INTEGERS, DIVISORS), err_msg=name
        )
    powers = np.array([0, 1, 2, 3, 4, 5, 2, 1], np.int32)
    np.testing.assert_array_equal(np.asarray(jnp.power(INTEGERS, powers)), INTEGERS**powers)


def test_choice():
    """`where`, `clip` and `select` broadcast and promote."""
    x = jnp.arange(3)
    assert jnp.where(x > 0, x, -1.5).tolist() == [-1.5, 1.0, 2.0]
    assert jnp.where(x[:, None] > x, 1, 0).shape == (3, 3)
    assert [i.tolist() for i in jnp.where(x > 0)] == [[1, 2]]
    assert jnp.clip(x, 1).tolist() == [1, 1, 2]
    assert jnp.clip(x, max=1).tolist() == [0, 1, 1]
    assert jnp.select([x < 1, x < 2], [x - 10, x + 10], 5).tolist() == [-10, 11, 5]
    with pytest.raises(TypeError, match="mask"):
        jit(lambda c: jnp.where(c))(x > 0)
    with pytest.raises(ValueError, match="both"):
        jnp.where(x > 0, 1)


def test_closeness():
    """`isclose` and `array_equal`, infinities and NaN included."""
    x = np.array([1.0, np.inf, np.nan, 0.0])
    y = np.array([1.0 + 1e-7, np.inf, np.nan, 1.0])
    for equal_nan in (False, True):
        np.testing.assert_array_equal(
            np.asarray(jnp.isclose(x, y, equal_nan=equal_nan)),
            np.isclose(x, y, equal_nan=equal_nan),
        )
    assert bool(jnp.allclose(jnp.ones(3), 1))
    assert not bool(jnp.array_equal(jnp.ones(3), jnp.ones(2)))


@pytest.mark.parametrize(
    ("function", "point", "slope"),
    [
        (lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0), 0.0, 0.0),
        (lambda x: jnp.where(x > 0, jnp.log(x), 0.0), 0.0, 0.0),
        (lambda x: jnp.where(x > 0, 1 / x, 0.0), 0.0, 0.0),
        (lambda x: jnp.logaddexp(x, -jnp.inf), 1.0, 1.0),
        (lambda x: jnp.logaddexp(x, x), 1.0, 1.0),
        (lambda x: x**0, 0.0, 0.0),
        (lambda x: x**1, 0.0, 1.0),
        (lambda x: x**2, -3.0, -6.0),
        (lambda x: jnp.maximum(x, 0.0), 0.0, 0.5),
        (lambda x: x % 3.0, 7.0, 1.0),
        (lambda x: jnp.abs(x), 0.0, 0.0),
        (lambda x: jnp.nan_to_num(x), 2.0, 1.0),
    ],
)
def test_gradients_at_points_that_give_trouble(function, point, slope):
    """No branch that was not taken poisons a gradient."""
    np.testing.assert_allclose(float(grad(function)(point)), slope, rtol=1e-5)
