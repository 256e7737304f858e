"""Dtypes, shapes and errors of functions of several operands."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import jib.numpy as jnp
from jib import settings
from jib.errors import ArgumentTypeError, DTypeError, IntegerRangeError, ShapeError
from jib.passes.stage import stage
from jib.transforms.grad import grad
from jib.transforms.jit import jit

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "numpy_dtypes.json").read_text())
# Complex numbers have no order; `arctan2` and `logaddexp` of them raise, as in NumPy.
NOT_COMPLEX = {"arctan2", "logaddexp", "max", "argmax", "nanmax", "ptp"}
NUMBERS = {"py_bool": True, "py_int": 2, "py_float": 2.0, "py_complex": 2j}


def value(name):
    return NUMBERS[name] if name in NUMBERS else jnp.zeros(2, name)


def dtypes_of(function, *names):
    """The dtypes that a function gives, found by staging alone: nothing is compiled."""

    def staged():
        out = function(*map(value, names))
        return list(out) if isinstance(out, tuple) else [out]

    try:
        jaxpr, _ = stage(staged, ())
    except Exception as error:
        return f"error {type(error).__name__}"
    return ",".join(aval.dtype.name for aval in jaxpr.out_avals)


@pytest.mark.parametrize("kind", ["binary", "unary", "reduction"])
def test_dtypes_of_results(kind):
    """Every function gives the dtype that the field's reference gives."""
    different = []
    for name, cases in GOLDEN[kind].items():
        for operands, expected in cases.items():
            actual = dtypes_of(getattr(jnp, name), *operands.split())
            refused = name in NOT_COMPLEX and "complex" in operands
            wanted = "error DTypeError" if refused else expected
            if wanted != "error" and actual != wanted:
                different.append((name, operands, expected, actual))
    assert different == []


def equations(function, *args):
    jaxpr, _ = stage(lambda *xs: [function(*xs)], [x.aval for x in args])
    return [eqn.primitive.name for eqn in jaxpr.eqns]


def test_few_equations():
    """Scalars are literals, and shapes are stretched only where they differ."""
    matrix, row = jnp.ones((2, 3)), jnp.ones(3)
    assert equations(lambda x: x + 2, matrix) == ["add"]
    assert equations(lambda x, y: x * y, matrix, matrix) == ["mul"]
    assert equations(lambda x, y: x - y, matrix, row) == ["broadcast_in_dim", "sub"]
    assert equations(lambda x: x + np.float64(2), matrix) == ["add"]
    assert equations(lambda x: x**3, matrix) == ["integer_pow"]


def test_weak_scalars_stay_weak():
    """A Python number with a weak array gives a weak array."""
    assert (jnp.asarray(2.0) + 1).weak_type
    assert not (jnp.float32(2.0) + 1).weak_type
    assert (jnp.ones(2, "bfloat16") * 2.5).dtype == jnp.bfloat16


def test_integers_that_do_not_fit():
    """A Python integer outside the range of the result raises, eagerly and staged."""
    narrow = jnp.zeros(2, "int8")
    for function in (lambda x: x + 300, lambda x: 300 - x, lambda x: x == 300):
        with pytest.raises(IntegerRangeError):
            function(narrow)
        with pytest.raises(IntegerRangeError):
            stage(lambda x, f=function: [f(x)], [narrow.aval])
    with pytest.raises(IntegerRangeError):
        jnp.zeros(2, int) + 2**40
    assert float((jnp.zeros(1) + 2**40)[0]) == 2.0**40


def test_errors_name_the_operation():
    """The message has the operation and both shapes, or what was given."""
    with pytest.raises(ShapeError, match=r"`add`.*\(3,\).*\(4,\)"):
        jnp.ones(3) + jnp.ones(4)
    with pytest.raises(ArgumentTypeError, match="`sin` takes arrays and numbers, not a list"):
        jnp.sin([1.0])
    with pytest.raises(ArgumentTypeError, match="not a list"):
        jnp.ones(2) - [1, 2]
    with pytest.raises(TypeError, match="unsupported operand"):
        jnp.ones(2) + "text"
    with pytest.raises(DTypeError):
        jnp.ones(2, bool) - jnp.ones(2, bool)


def test_rank_promotion_setting():
    """`numpy_rank_promotion` refuses or warns of arrays of different rank, never of scalars."""
    matrix, row = jnp.ones((2, 3)), jnp.ones(3)
    with settings.numpy_rank_promotion("raise"):
        with pytest.raises(ShapeError, match="different rank"):
            jnp.add(matrix, row + 0)
        assert (matrix + 1).shape == (2, 3)
    with settings.numpy_rank_promotion("warn"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stage(lambda x, y: [x + y], [matrix.aval, row.aval])
    assert any("different rank" in str(w.message) for w in caught)


def test_64_bits_stay_exact():
    """Python numbers meet 64-bit arrays at full width, eagerly, staged, and in gradients."""
    x = jnp.array([1.0, 2.0], "float64")
    for function in (lambda v: v * 0.1, lambda v: 0.1 * v, lambda v: jnp.multiply(v, 0.1)):
        np.testing.assert_array_equal(np.asarray(function(x)), [0.1, 0.2])
        np.testing.assert_array_equal(np.asarray(jit(function)(x)), [0.1, 0.2])
    slope = grad(lambda v: jnp.where(v > 0, jnp.sqrt(v), 0.0).sum())(x)
    np.testing.assert_allclose(np.asarray(slope), 0.5 / np.sqrt([1.0, 2.0]), rtol=1e-15)
    assert (jnp.array([1], "int64") + 2**40).tolist() == [2**40 + 1]
    assert jnp.full(1, 0.1, "float64").tolist() == [0.1]
