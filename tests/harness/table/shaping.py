"""Rows for `jib/lax/_shaping.py`."""

from jib import lax
from jib.errors import AxisError, ShapeError
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import wrong

__all__ = ["ROWS"]

DTYPES = ("float32", "bfloat16", "complex64", "int32", "uint8", "bool")


def moved(shape, *args, **params):
    """A sample for each dtype; the functions are linear, so a large step is exact."""
    return [sample(array(shape, d), *args, step=0.5, **params) for d in DTYPES]


ROWS = [
    Row(
        "broadcast_in_dim",
        lax.broadcast_in_dim,
        [
            *moved((2, 3), (2, 4, 3), (0, 2)),
            sample(array((2, 1)), (2, 3), (0, 1)),
            sample(array(()), (2, 3), ()),
            sample(array((0,)), (2, 0), (1,)),
            sample(array((1,)), (0, 2), (1,)),
        ],
        [
            wrong(
                ShapeError,
                "`broadcast_in_dim` cannot place float32[3] in shape (2, 4) along axes (1,)",
                *(array((3,)), (2, 4), (1,)),
            )
        ],
    ),
    Row(
        "reshape",
        lax.reshape,
        [
            *moved((2, 3), (3, 2)),
            sample(array((2, 3)), (6,), (1, 0)),
            sample(array((1, 1)), ()),
            sample(array(()), (1, 1)),
            sample(array((0, 3)), (2, 0)),
        ],
        [
            wrong(
                ShapeError, "`reshape` cannot give float32[3] the shape (2,)", *(array((3,)), (2,))
            )
        ],
    ),
    Row(
        "transpose",
        lax.transpose,
        [*moved((2, 3, 4), (2, 0, 1)), sample(array((0, 3)), (1, 0))],
        [
            wrong(
                ShapeError,
                "`transpose` of float32[2,3] needs each axis once, but got (0, 0)",
                *(array((2, 3)), (0, 0)),
            )
        ],
    ),
    Row(
        "rev",
        lax.rev,
        [*moved((2, 3), (1,)), sample(array((2, 3)), (0, 1)), sample(array((0, 2)), (0,))],
        [wrong(AxisError, AxisError.out_of_range("rev", 2, 2).message, *(array((2, 3)), (2,)))],
    ),
]
