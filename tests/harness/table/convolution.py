"""Rows for `jib/lax/_convolution.py` and `_windows.py`."""

import numpy as np

from jib import lax
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import NUMBERS, wrong

__all__ = ["ROWS"]

IMAGES = ("NHWC", "HWIO", "NHWC")
ODD = ("HCNW", "IWOH", "CWNH")


def conv(lhs, rhs, *args, dtype="float32", **params):
    # Linear in each operand: the differences may take large steps.
    return sample(array(lhs, dtype), array(rhs, dtype), *args, step=1e-3, **params)


def pool(join, identity):
    """`reduce_window` with its computation, as a function of an array and numbers."""

    def pooled(x, *args, **params):
        kind = np.dtype(x.dtype)
        return lax.reduce_window(x, identity(kind), join, *args, **params)

    return pooled


def least(dtype):
    if dtype.kind in "iu":
        return np.iinfo(dtype).min
    return False if dtype.kind == "b" else -np.inf


def greatest(dtype):
    if dtype.kind in "iu":
        return np.iinfo(dtype).max
    return True if dtype.kind == "b" else np.inf


def windows(dtypes, order):
    return [
        *(sample(array((5,), d), (2,), (2,), order=order) for d in dtypes),
        sample(array((2, 5, 4)), (1, 3, 2), (1, 2, 1), "SAME", order=order),
        sample(array((5, 4)), (2, 2), (2, 1), ((1, 1), (0, -1)), (2, 1), (1, 2), order=order),
        sample(array((30,)), (11,), (1,), "SAME_LOWER", order=order),
        sample(array((0, 3)), (1, 2), (1, 1), order=0),
        sample(array((2,)), (4,), (1,), order=0),
    ]


WINDOW_ERRORS = [
    wrong(
        ShapeError, "`reduce_window` got window_dimensions (2,) for 2 axes", *(array((3, 4)), (2,))
    ),
    wrong(
        ArgumentValueError,
        "`reduce_window` got window_strides (-1,), but each must be at least 1",
        *(array((3,)), (2,), (-1,)),
    ),
]

ROWS = [
    Row(
        "conv_general_dilated",
        lax.conv_general_dilated,
        [
            *(conv((1, 2, 4), (2, 2, 3), (1,), "SAME", dtype=d) for d in NUMBERS),
            conv((2, 5, 4, 2), (3, 2, 2, 3), (2, 1), "SAME", dimension_numbers=IMAGES),
            conv((4, 2, 1, 5), (2, 2, 3, 1), (2, 1), [(1, 0), (-1, 2)], (2, 1), (1, 2), ODD),
            conv((1, 4, 5), (4, 1, 3), (2,), [(1, 1)], feature_group_count=4),
            conv((1, 4, 5), (8, 1, 2), (1,), "VALID", (2,), feature_group_count=4),
            conv((1, 4, 5), (2, 2, 3), (2,), "SAME", None, (2,), feature_group_count=2),
            conv((4, 2, 4), (4, 2, 2), (1,), [(1, 0)], batch_group_count=2),
            conv((2, 3), (4, 3), (), "VALID"),
            conv((1, 1, 2), (1, 1, 4), (1,), "VALID", order=0),
            conv((0, 1, 4), (1, 1, 2), (1,), "VALID", order=0),
            conv((1, 0, 4), (2, 0, 2), (1,), "VALID", order=0),
            conv(
                (1, 1, 4), (1, 1, 2), (1,), "VALID", dtype="uint8", preferred_element_type="int32"
            ),
        ],
        [
            wrong(
                ShapeError,
                "`conv_general_dilated` of float32[1,4,5] and kernel float32[2,3,2]: the array has "
                "4 features (axis 1), and the kernel takes 3 (axis 1)",
                *(array((1, 4, 5)), array((2, 3, 2)), (1,), "SAME"),
            ),
            wrong(
                ShapeError,
                "a convolution needs two arrays of one rank, 2 or more, but got the shapes [4, 5] "
                "and [2, 4, 2]",
                *(array((4, 5)), array((2, 4, 2)), (1,), "SAME"),
            ),
            wrong(
                DTypeError,
                "`conv_general_dilated` needs operands of one dtype, but got float32[1,4,5] and "
                "int32[2,4,2]",
                *(array((1, 4, 5)), array((2, 4, 2), "int32"), (1,), "SAME"),
            ),
        ],
    ),
    Row("reduce_window_sum", pool(lax.add, lambda dtype: 0), windows(NUMBERS, 2), WINDOW_ERRORS),
    Row(
        "reduce_window_max",
        pool(lax.max, least),
        windows(("float32", "bfloat16", "int32", "uint8"), 1),
        WINDOW_ERRORS,
    ),
    Row(
        "reduce_window_min",
        pool(lax.min, greatest),
        windows(("float32", "bfloat16", "int32", "bool"), 1),
        WINDOW_ERRORS,
    ),
]
