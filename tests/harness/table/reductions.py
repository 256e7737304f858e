"""Rows for `jib/lax/_reductions.py`, `_folding.py` and `_sorting.py`."""

import numpy as np

from jib import lax
from jib.errors import ArgumentValueError, AxisError, DTypeError, ShapeError
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import NUMBERS, REAL, wrong

__all__ = ["ROWS"]


def over(dtypes, *more, low=-2.0, high=2.0):
    """Samples of a reduction: each dtype, other axes, all axes, no axes, and nothing to reduce."""
    numbers = lambda shape, dtype=dtypes[0]: array(shape, dtype, low, high)
    return [
        *(sample(numbers((2, 3), d), (1,)) for d in dtypes),
        sample(numbers((2, 3, 2)), (0, 2)),
        sample(numbers((2, 3)), (0, 1)),
        sample(numbers((3,)), (-1,)),
        sample(numbers(()), ()),
        sample(numbers((0, 3)), (0,)),
        sample(numbers((0, 3)), (1,)),
        *more,
    ]


def reduction(name, dtypes, refused, accepted, *more, **bounds):
    errors = [
        wrong(AxisError, AxisError.out_of_range(name, 2, 1).message, array((3,), dtypes[0]), (2,)),
        wrong(
            DTypeError,
            f"`{name}` takes {accepted} elements, but got {refused}",
            *(array((3,), refused), (0,)),
        ),
    ]
    return Row(name, getattr(lax, name), over(dtypes, *more, **bounds), errors)


BITS = ("int32", "uint8", "bool")
TIES = np.array([[1, 3, 3], [2, 2, 1]], "float32")
UNORDERED = np.array([[1, np.nan, 3], [np.inf, -np.inf, 0]], "float32")


def place(name):
    return Row(
        name,
        getattr(lax, name),
        [
            *(sample(array((2, 3), d), 1, "int32") for d in (*REAL, "bool")),
            sample(TIES, 1, "int32"),
            sample(UNORDERED, 1, "int32"),
            sample(array((2, 3)), 0, "uint8"),
            sample(array((0, 3)), 1, "int32"),
        ],
        [
            wrong(
                ShapeError,
                f"`{name}` of float32[0,3] along axis 0: there is nothing to compare",
                *(array((0, 3)), 0, "int32"),
            )
        ],
    )


ROWS = [
    reduction("reduce_sum", NUMBERS, "bool", "integer, floating or complex"),
    reduction(
        "reduce_prod",
        NUMBERS,
        "bool",
        "integer, floating or complex",
        sample(np.array([[0, 2, 3], [0, 0, 1]], "float32"), (1,)),
    ),
    reduction(
        "reduce_max",
        (*REAL, "bool"),
        "complex64",
        "boolean, integer or floating",
        sample(UNORDERED, (1,), order=0),
    ),
    reduction(
        "reduce_min",
        (*REAL, "bool"),
        "complex64",
        "boolean, integer or floating",
        sample(UNORDERED, (1,), order=0),
    ),
    reduction("reduce_and", BITS, "float32", "boolean or integer"),
    reduction("reduce_or", BITS, "float32", "boolean or integer"),
    reduction("reduce_xor", BITS, "float32", "boolean or integer"),
    place("argmax"),
    place("argmin"),
    Row(
        "sort",
        lax.sort,
        [
            *(sample(array((2, 5), d)) for d in (*NUMBERS, "bool")),
            sample(UNORDERED, 0, order=0),
            sample(UNORDERED, order=0),
            sample(np.array([0.0, -0.0, 1, -1, 0.0], "float32"), order=0),
            sample(array((4, 2)), dimension=0),
            sample(array((0, 3))),
            sample(array((1,))),
        ],
        [wrong(AxisError, AxisError.out_of_range("sort", 2, 1).message, array((3,)), 2)],
    ),
    Row(
        "top_k",
        lax.top_k,
        [
            *(sample(array((2, 5), d), 2) for d in REAL),
            sample(TIES, 2, order=0),
            sample(UNORDERED, 2, order=0),
            sample(array((5,)), 5),
            sample(array((2, 3)), 0),
        ],
        [
            wrong(
                ArgumentValueError,
                "`top_k` cannot take 4 of the 3 elements of float32[3]",
                *(array((3,)), 4),
            ),
            wrong(
                DTypeError,
                "`top_k` takes real or boolean elements, but got complex64",
                *(array((3,), "complex64"), 2),
            ),
        ],
    ),
]
