"""Rows for `jib/lax/_comparison.py`."""

import numpy as np

from jib import lax
from jib.errors import DTypeError, ShapeError
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import (
    NUMBERS,
    REAL,
    pairs,
    refused,
    unequal_dtypes,
    unequal_shapes,
    wrong,
)

__all__ = ["ROWS"]

TIES = sample(
    np.array([0, 1, np.nan, np.inf, -0.0], "float32"),
    np.array([0, 2, np.nan, np.inf, 0.0], "float32"),
    order=0,
)


def comparison(name, dtypes):
    return Row(
        name,
        getattr(lax, name),
        [*pairs((*dtypes, "bool"), order=0), TIES],
        [unequal_shapes(name), unequal_dtypes(name)],
    )


def choice(dtype, shape, which_shape, low=0, high=1, which="bool"):
    return [array(which_shape, which, low, high), array(shape, dtype), array(shape, dtype, -3, 3)]


ROWS = [
    comparison("eq", NUMBERS),
    comparison("ne", NUMBERS),
    comparison("lt", REAL),
    comparison("le", REAL),
    comparison("gt", REAL),
    comparison("ge", REAL),
    Row(
        "select_n",
        lax.select_n,
        [
            *(sample(*choice(d, (2, 3), (2, 3))) for d in (*NUMBERS, "bool")),
            sample(*choice("float32", (2, 3), ())),
            sample(array((2, 3), "bool"), array((2, 3)), array(())),
            sample(array((2, 3), "bool"), array(()), array((), low=-3)),
            sample(*choice("float32", (2, 3), (2, 3), 0, 2, "int32"), array((2, 3), low=-1)),
            sample(array((3,), "int32", -1, 4), array((3,)), array(())),
            sample(*choice("float32", (0, 3), (0, 3))),
        ],
        [
            wrong(
                DTypeError,
                "`lax.select` needs a boolean or int32 selector, but got float32",
                *[array((2,))] * 3,
            ),
            wrong(
                ShapeError,
                "`lax.select` needs equal shapes, but got bool[3] to choose from float32[2] and "
                "float32[2]",
                *(array((3,), "bool"), array((2,)), array((2,))),
            ),
        ],
    ),
    Row(
        "clamp",
        lax.clamp,
        [
            *(
                sample(array((), d, 0, 0.5), array((2, 3), d), array((), d, 1, 1.5))
                for d in (*REAL, "bool")
            ),
            sample(array((2, 3), low=-1, high=-0.5), array((2, 3)), array((2, 3), low=0.5)),
            sample(array((), low=-1, high=-0.5), array(()), array((), low=0.5)),
            sample(array((), low=-1, high=-0.5), array((0,)), array((), low=0.5)),
        ],
        [refused("clamp", "complex64", "boolean, integer or floating", 3)],
    ),
]
