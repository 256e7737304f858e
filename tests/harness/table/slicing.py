"""Rows for `jib/lax/_slicing.py` and `jib/lax/_joining.py`."""

import numpy as np

from jib import lax
from jib.errors import DTypeError, IndexBoundsError, ShapeError
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import wrong

__all__ = ["ROWS"]

DTYPES = ("float32", "bfloat16", "complex64", "int32", "uint8", "bool")


def at(*starts, dtype="int32"):
    return [np.array(i, dtype) for i in starts]


def cut(x, *starts, sizes):
    return lax.dynamic_slice(x, starts, sizes)


def paste(x, update, *starts):
    return lax.dynamic_update_slice(x, update, starts)


ROWS = [
    Row(
        "slice",
        lax.slice,
        [
            *(sample(array((3, 5), d), (1, 0), (3, 5), (1, 2)) for d in DTYPES),
            sample(array((3, 5)), (1, 2), (3, 2)),
            sample(array((3, 5)), (0, 1), (2, 4)),
            sample(array((7,)), (1,), (6,), (3,)),
            sample(array((0, 2)), (0, 0), (0, 1)),
            sample(array(()), (), ()),
        ],
        [
            wrong(
                IndexBoundsError,
                "`slice` from 1 to 4 in steps of 1 is not inside axis 0, which has 3 elements",
                *(array((3,)), (1,), (4,)),
            ),
            wrong(
                ShapeError,
                "`slice` of float32[3] needs 1 starts, limits and strides, but got (0, 0), (1, 1) "
                "and None",
                *(array((3,)), (0, 0), (1, 1)),
            ),
        ],
    ),
    Row(
        "dynamic_slice",
        cut,
        [
            *(sample(array((3, 5), d), *at(1, 2), sizes=(2, 2)) for d in DTYPES),
            sample(array((3, 5)), *at(7, -1), sizes=(2, 2)),
            sample(array((3, 5)), *at(-2, -9, dtype="int16"), sizes=(1, 4)),
            sample(array((3, 5)), *at(1, 255, dtype="uint8"), sizes=(3, 2)),
            sample(array((3, 5)), np.array(1, "int32"), 2, sizes=(2, 2)),
            sample(array((0, 2)), *at(0, 1), sizes=(0, 1)),
            sample(array(()), sizes=()),
        ],
        [
            wrong(
                ShapeError,
                "`dynamic_slice` cannot cut a window of shape (4,) out of float32[3]",
                *(array((3,)), 0),
                sizes=(4,),
            ),
            wrong(
                ShapeError,
                "`dynamic_slice` needs 1 starts, one for each axis, but got 2",
                *(array((3,)), 0, 0),
                sizes=(1,),
            ),
        ],
    ),
    Row(
        "dynamic_update_slice",
        paste,
        [
            *(sample(array((3, 5), d), array((2, 2), d, -3, 3), *at(1, 2)) for d in DTYPES),
            sample(array((3, 5)), array((2, 2)), *at(7, -1)),
            sample(array((3, 5)), array((3, 1)), *at(1, 200, dtype="uint8")),
            sample(array((3, 5)), array((0, 5)), *at(1, 0)),
            sample(array((4,)), array((2,)), -1),
        ],
        [
            wrong(
                ShapeError,
                "`dynamic_update_slice` cannot place float32[4] inside float32[3]",
                *(array((3,)), array((4,)), 0),
            ),
            wrong(
                DTypeError,
                "`dynamic_update_slice` cannot place int32[1] inside float32[3]: the dtypes differ",
                *(array((3,)), array((1,), "int32"), 0),
            ),
        ],
    ),
    Row(
        "concatenate",
        lambda *operands, axis: lax.concatenate(operands, axis),
        [
            *(sample(array((2, 3), d), array((1, 3), d), axis=0) for d in DTYPES),
            sample(array((2, 1)), array((2, 0)), array((2, 2)), axis=-1),
            sample(array((2,)), array((2,)), axis=0),
        ],
        [
            wrong(
                ShapeError,
                "`concatenate` along axis 0 cannot join float32[2,3] and float32[2,2]",
                *(array((2, 3)), array((2, 2))),
                axis=0,
            ),
            wrong(
                DTypeError,
                "`lax.concatenate` needs arrays of one dtype, but got float32[2] and int32[2]",
                *(array((2,)), array((2,), "int32")),
                axis=0,
            ),
        ],
    ),
    Row(
        "split",
        lax.split,
        [
            *(sample(array((5, 2), d), (2, 0, 3)) for d in DTYPES),
            sample(array((2, 3)), (1, 2), axis=1),
            sample(array((0, 2)), (0, 0)),
        ],
        [
            wrong(
                ShapeError,
                "`split` of axis 0 of float32[3] got lengths (1, 1), which add up to 2",
                *(array((3,)), (1, 1)),
            )
        ],
    ),
    Row(
        "pad",
        lax.pad,
        [
            *(sample(array((2, 3), d), array((), d), ((1, 0, 0), (0, 2, 1))) for d in DTYPES),
            sample(array((4, 3)), array(()), ((-1, -2, 0), (-1, 1, 2))),
            sample(array((4,)), array(()), ((-2, 5, 1),)),
            sample(array((4,)), array(()), ((2, -5, 2),)),
            sample(array((0, 2)), array(()), ((1, 1, 3), (0, 0, 0))),
            sample(array(()), array((), low=-3), ()),
        ],
        [
            wrong(
                DTypeError,
                "`pad` of float32[2] needs a scalar of its dtype as padding, but got int32[]",
                *(array((2,)), array((), "int32"), ((0, 1, 0),)),
            )
        ],
    ),
]
