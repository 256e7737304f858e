"""Rows for `jib/lax/_gathering.py`, `_scattering.py` and `_scatter_apply.py`."""

import numpy as np

from jib import lax
from jib.errors import DTypeError, ShapeError
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import wrong

__all__ = ["ROWS"]

DTYPES = ("float32", "bfloat16", "complex64", "int32", "uint8", "bool")
PLACES = np.array([[0], [2], [3]], "int32")
REPEATED = np.array([[1], [1], [2]], "int32")
OUTSIDE = np.array([[-1], [9], [2]], "int32")
CORNERS = np.array([[0, 1], [2, 0]], "int32")

ROWS_OF = lax.GatherDimensionNumbers((1,), (0,), (0,))
POINTS_OF = lax.GatherDimensionNumbers((), (0, 1), (0, 1))
WINDOWS_OF = lax.GatherDimensionNumbers((1, 2), (), (0, 1))
INTO_ROWS = lax.ScatterDimensionNumbers((1,), (0,), (0,))
INTO_POINTS = lax.ScatterDimensionNumbers((), (0, 1), (0, 1))
INTO_WINDOWS = lax.ScatterDimensionNumbers((1, 2), (), (0, 1))


def scattering(name, dtypes=DTYPES, low=0.5, high=2.0):
    """One that writes rows, points and windows; twice to the same place; and outside."""
    function = getattr(lax, name)

    def call(x, indices, updates, numbers, **options):
        return function(x, indices, updates, numbers, **options)

    numbers = lambda shape, dtype="float32", low=low: array(shape, dtype, low, high)
    x, rows = numbers((4, 3)), numbers((3, 3), low=0.75)
    samples = [
        *(sample(numbers((4, 3), d), PLACES, numbers((3, 3), d, 0.75), INTO_ROWS) for d in dtypes),
        *(sample(x, OUTSIDE, rows, INTO_ROWS, mode=mode) for mode in ("drop", "clip")),
        sample(x, CORNERS, numbers((2,), low=0.75), INTO_POINTS, unique_indices=True),
        sample(x, CORNERS, numbers((2, 2, 2), low=0.75), INTO_WINDOWS),
        sample(x, CORNERS, numbers((2, 0, 2)), INTO_WINDOWS),
        sample(x, np.zeros((0, 1), "int32"), numbers((0, 3)), INTO_ROWS),
    ]
    if name != "scatter":
        samples.append(sample(x, REPEATED, rows, INTO_ROWS))
    errors = [
        wrong(
            DTypeError,
            f"`{name}` cannot write int32[3,3] into float32[4,3]: the dtypes differ",
            *(x, PLACES, array((3, 3), "int32"), INTO_ROWS),
        )
    ]
    return Row(name, call, samples, errors)


ROWS = [
    Row(
        "gather",
        lax.gather,
        [
            *(sample(array((4, 3), d), PLACES, ROWS_OF, (1, 3)) for d in DTYPES),
            *(
                sample(array((4, 3), d), OUTSIDE, ROWS_OF, (1, 3), mode="fill", order=1)
                for d in ("int32", "uint8", "bool")
            ),
            sample(array((4, 3)), OUTSIDE, ROWS_OF, (1, 3), mode="fill", fill_value=-1.0),
            sample(array((4, 3)), OUTSIDE, ROWS_OF, (1, 3), mode="clip"),
            sample(array((4, 3)), REPEATED, ROWS_OF, (1, 2), mode="promise_in_bounds"),
            sample(array((4, 3)), CORNERS, POINTS_OF, (1, 1)),
            sample(array((4, 3)), CORNERS, WINDOWS_OF, (2, 2)),
            sample(array((4, 3)), np.zeros((0, 1), "int32"), ROWS_OF, (1, 3)),
            sample(
                array((4, 3)),
                np.array([1], "uint8"),
                lax.GatherDimensionNumbers((0,), (0,), (0,)),
                (1, 3),
            ),
        ],
        [
            wrong(
                ShapeError,
                "`gather` cannot cut windows of shape (1, 4) out of float32[4,3]",
                *(array((4, 3)), PLACES, ROWS_OF, (1, 4)),
            )
        ],
    ),
    scattering("scatter"),
    scattering("scatter_add", DTYPES[:-1]),
    scattering("scatter_mul", DTYPES[:-1]),
    scattering("scatter_min", ("float32", "bfloat16", "int32", "uint8")),
    scattering("scatter_max", ("float32", "bfloat16", "int32", "uint8")),
]
