"""Rows for `jib/lax/_arithmetic.py`."""

import numpy as np

from jib import lax
from jib.errors import DTypeError
from jib.lax._arithmetic import strong_mul
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import (
    INEXACT,
    NUMBERS,
    REAL,
    pairs,
    refused,
    singles,
    unequal_dtypes,
    unequal_shapes,
    wrong,
)

__all__ = ["ROWS"]

ANY_NUMBER = "integer, floating or complex"


def both_wrong(name):
    return [unequal_shapes(name), unequal_dtypes(name)]


ROWS = [
    Row("add", lax.add, pairs(), [*both_wrong("add"), refused("add", "bool", ANY_NUMBER, 2)]),
    Row("sub", lax.sub, pairs(), both_wrong("sub")),
    Row("mul", lax.mul, pairs(), both_wrong("mul")),
    Row("strong_mul", strong_mul, pairs(INEXACT), both_wrong("strong_mul")),
    Row(
        "div",
        lax.div,
        [
            *pairs(low=0.5, high=3.0),
            sample(array((4,), "int32", -9, 9), np.array([2, -2, 0, 5], "int32")),
        ],
        both_wrong("div"),
    ),
    Row(
        "rem",
        lax.rem,
        [
            *pairs(REAL, low=0.5, high=3.0),
            sample(array((4,)), np.array([1, -1, 0.7, 0.9], "float32")),
        ],
        [*both_wrong("rem"), refused("rem", "complex64", "integer or floating", 2)],
    ),
    Row("max", lax.max, pairs((*REAL, "bool")), both_wrong("max")),
    Row("min", lax.min, pairs((*REAL, "bool")), both_wrong("min")),
    Row("neg", lax.neg, singles(NUMBERS), [refused("neg", "bool", ANY_NUMBER)]),
    Row("sign", lax.sign, singles(NUMBERS), [refused("sign", "bool", ANY_NUMBER)]),
    Row("abs", lax.abs, singles(NUMBERS), [refused("abs", "bool", ANY_NUMBER)]),
    Row(
        "integer_pow",
        lax.integer_pow,
        [
            *(sample(array((2, 3), d, 0.5, 2), 3) for d in NUMBERS),
            sample(array((2, 3), low=0.5), -2),
            sample(array(()), 5),
            sample(array((0,)), 2),
            sample(np.array([0, -1, 2], "float32"), 2),
        ],
        [
            wrong(
                DTypeError,
                "`integer_pow` takes integer, floating or complex elements, but got bool",
                array((2,), "bool"),
                2,
            )
        ],
    ),
    Row(
        "pow",
        lax.pow,
        [
            *pairs(INEXACT, low=0.5, high=2.0),
            sample(array((2, 3), low=0.5), array((2, 3), "int32", -3, 3)),
            sample(array((3,), "complex64", 0.5), np.array(2, "int32")),
        ],
        both_wrong("pow"),
    ),
    Row(
        "nextafter",
        lax.nextafter,
        pairs(("float32", "bfloat16"), order=0),
        [refused("nextafter", "int32", "floating", 2)],
    ),
]
