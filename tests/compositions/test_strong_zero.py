"""A masked element sends no NaN into a gradient, whatever the derivative behind the mask."""

import numpy as np
import pytest

from jib import lax
from jib.transforms.grad import grad
from jib.transforms.jit import jit
from jib.transforms.linear import jvp

INF = float("inf")
BIG = 3e38


def norm(x, others):
    """The length of the vector of an element and others."""
    return lax.sqrt(lax.add(lax.mul(x, x), lax.mul(others, others)))


def fixed(function, value, *, first=True):
    """A function of two arguments, one of which is a number."""
    return (lambda x: function(x, value)) if first else (lambda x: function(value, x))


# A function, a point where its derivative is infinite or NaN, and one where it is not.
CASES = {
    "sqrt": (lax.sqrt, 0.0, 2.0),
    "sqrt of a negative number": (lax.sqrt, -1.0, 2.0),
    "rsqrt": (lax.rsqrt, 0.0, 2.0),
    "cbrt": (lax.cbrt, 0.0, 2.0),
    "log": (lax.log, 0.0, 2.0),
    "log1p": (lax.log1p, -1.0, 2.0),
    "exp": (lax.exp, 1000.0, 2.0),
    "exp2": (lax.exp2, 1000.0, 2.0),
    "expm1": (lax.expm1, 1000.0, 2.0),
    "sinh": (lax.sinh, 1000.0, 2.0),
    "cosh": (lax.cosh, 1000.0, 2.0),
    "tan": (lax.tan, INF, 0.5),
    "sin": (lax.sin, INF, 2.0),
    "cos": (lax.cos, INF, 2.0),
    "tanh": (lax.tanh, np.nan, 0.5),
    "logistic": (lax.logistic, np.nan, 0.5),
    "asin": (lax.asin, 1.0, 0.5),
    "acos": (lax.acos, -1.0, 0.5),
    "atan": (lax.atan, np.nan, 0.5),
    "asinh": (lax.asinh, INF, 2.0),
    "acosh": (lax.acosh, 1.0, 2.0),
    "atanh": (lax.atanh, 1.0, 0.5),
    "atan2": (fixed(lax.atan2, 0.0), 0.0, 2.0),
    "atan2 by the abscissa": (fixed(lax.atan2, 0.0, first=False), 0.0, 2.0),
    "division": (fixed(lax.div, 0.0), 1.0, None),
    "division by the divisor": (fixed(lax.div, 1.0, first=False), 0.0, 2.0),
    "zero by zero": (lambda x: lax.div(x, lax.mul(x, 2.0)), 0.0, 2.0),
    "pow below one": (fixed(lax.pow, 0.5), 0.0, 2.0),
    "pow below zero": (fixed(lax.pow, -1.5), 0.0, 2.0),
    "pow by the exponent": (fixed(lax.pow, 0.0, first=False), -1.0, None),
    "pow of a negative base": (fixed(lax.pow, -2.0, first=False), 0.5, None),
    "integer_pow": (lambda x: lax.integer_pow(x, -2), 0.0, 2.0),
    "rem": (fixed(lax.rem, 0.0, first=False), 0.0, None),
    "rem by the divisor": (fixed(lax.rem, 3.0, first=False), 0.0, 2.0),
    "a cube that overflows": (lambda x: lax.integer_pow(x, 3), BIG, 2.0),
    "erf_inv": (lax.erf_inv, 1.0, 0.5),
    "lgamma": (lax.lgamma, 0.0, 2.0),
    "digamma": (lax.digamma, 0.0, 2.0),
    "norm": (lambda x: norm(x, 0.0), 0.0, 2.0),
    "sqrt of a square": (lambda x: lax.sqrt(lax.mul(x, x)), 0.0, 2.0),
    "log of a square root": (lambda x: lax.log(lax.sqrt(x)), 0.0, 2.0),
}


def masked(name):
    """The sum of the function where the mask is set, and of the elements elsewhere."""
    function = CASES[name][0]

    def total(x, mask):
        return lax.reduce_sum(lax.select(mask, function(x), x), (0,))

    return total


@pytest.fixture(scope="module")
def gradients():
    """Of every case, at the trouble point twice (masked) and at the good point (unmasked)."""

    def everything(points):
        masks = np.array([False, False, True])
        return {name: grad(masked(name))(x, masks) for name, x in points.items()}

    points = {
        name: np.array([trouble, trouble, 1.5 if good is None else good], "float32")
        for name, (_, trouble, good) in CASES.items()
    }
    return jit(everything)(points)


@pytest.mark.parametrize("name", CASES)
def test_gradient(name, gradients):
    found = np.asarray(gradients[name])
    np.testing.assert_array_equal(found[:2], [1, 1])
    if CASES[name][2] is not None:
        assert np.isfinite(found[2])


@pytest.mark.parametrize("name", ["sqrt", "log", "division by the divisor", "norm"])
def test_unmasked_the_derivative_stays_infinite(name):
    """What is infinite for real is still reported: only a zero cotangent makes zero."""
    function, trouble, _ = CASES[name]
    slope = grad(function)(np.float32(trouble))
    assert not np.isfinite(slope) or name == "norm"


def test_forward_mode_is_strict_as_well():
    tangent = jvp(lax.sqrt, (np.zeros(2, "float32"),), (np.array([0, 1], "float32"),))[1]
    np.testing.assert_array_equal(tangent, [0, INF])


def test_second_derivatives_are_strict_as_well():
    mask = np.array([False, True])

    def slope(x):
        first = grad(lambda y: lax.reduce_sum(lax.select(mask, lax.sqrt(y), y), (0,)))(x)
        return lax.reduce_sum(first, (0,))

    found = np.asarray(grad(slope)(np.array([0, 4], "float32")))
    np.testing.assert_allclose(found, [0, -1 / 32], rtol=1e-6)
