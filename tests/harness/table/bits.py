"""Rows for `jib/lax/_rounding.py` and `jib/lax/_bitwise.py`."""

import numpy as np

from jib import lax
from jib.errors import ArgumentValueError
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import pairs, refused, singles, unequal_shapes, wrong

__all__ = ["ROWS"]

FLOATS = ("float32", "bfloat16")
INTEGERS = ("int32", "uint8", "int16")
HALVES = sample(np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997], "float32"), order=0)
LIMITS = sample(np.array([np.inf, -np.inf, np.nan, 0, -0.0, 3e38], "float32"), order=0)
LOGIC = (*INTEGERS, "bool")


def rounding(name, *more, dtypes=FLOATS):
    samples = [*singles(dtypes, order=1), HALVES, LIMITS, *more]
    return Row(name, getattr(lax, name), samples, [refused(name, "int32", "floating")])


def logic(name, public):
    return Row(name, public, pairs(LOGIC), [refused(name, "float32", "boolean or integer", 2)])


def shift(name):
    far = sample(array((4,), "int32", -99, 99), np.array([0, 31, 32, -1], "int32"))
    error = refused(name, "bool", "integer", 2)
    return Row(name, getattr(lax, name), [*pairs(INTEGERS, low=0, high=7), far], [error])


def count(name):
    ends = sample(np.array([0, 1, -1, 2**31 - 1, -(2**31)], "int32"))
    return Row(
        name, getattr(lax, name), [*singles(INTEGERS), ends], [refused(name, "bool", "integer")]
    )


ROWS = [
    rounding("floor"),
    rounding("ceil"),
    rounding(
        "round",
        sample(HALVES.operands[0], lax.RoundingMethod.TO_NEAREST_EVEN, order=0),
        sample(array((3,), "bfloat16"), lax.RoundingMethod.TO_NEAREST_EVEN),
    ),
    rounding("is_finite"),
    Row(
        "reduce_precision",
        lax.reduce_precision,
        [
            sample(array((2, 3)), 5, 10, order=0),
            sample(array(()), 8, 7, order=0),
            sample(array((3,), "bfloat16"), 4, 3),
            sample(np.array([1e-6, 7e4, np.inf, np.nan, -1e9, 0], "float32"), 5, 10, order=0),
            sample(array((0,)), 5, 10),
        ],
        [
            wrong(
                ArgumentValueError,
                "`reduce_precision` needs 1 exponent bit or more and 0 mantissa bits or more, "
                "but got 0 and 3",
                *(array((2,)), 0, 3),
            )
        ],
    ),
    logic("and", lax.bitwise_and),
    logic("or", lax.bitwise_or),
    logic("xor", lax.bitwise_xor),
    Row("not", lax.bitwise_not, singles(LOGIC), [refused("not", "float32", "boolean or integer")]),
    shift("shift_left"),
    shift("shift_right_logical"),
    shift("shift_right_arithmetic"),
    count("population_count"),
    count("clz"),
    Row(
        "mulhi",
        lax.mulhi,
        [
            sample(array((2, 3), d, -100, 100), array((), d, 1, 90))
            for d in ("int8", "uint8", "int32")
        ],
        [unequal_shapes("mulhi", "int32"), refused("mulhi", "float32", "integer", 2)],
    ),
]
