"""Rows for `jib/lax/linalg/`."""

import numpy as np

from jib.errors import ShapeError
from jib.lax import linalg
from jib.lax.linalg._solving import solve
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import wrong

__all__ = ["ROWS"]


def regular(shape, dtype="float32"):
    """Matrices with a heavy diagonal, so that they are far from singular."""
    return array(shape, dtype) + 4 * np.eye(shape[-1], dtype=dtype)


SQUARES = [regular((3, 3)), regular((2, 3, 3)), regular((2, 2), "complex64")]
LOOSE = {"rtol": 2e-4, "atol": 2e-5}

ROWS = [
    Row(
        "lu",
        linalg.lu,
        [
            *(sample(a, order=1, **LOOSE) for a in SQUARES),
            sample(array((3, 2)), order=0, **LOOSE),
            sample(array((2, 3)), order=0, **LOOSE),
        ],
        [
            wrong(
                ShapeError,
                "`lu` takes matrices on the last two axes, but got float32[3]",
                array((3,)),
            )
        ],
    ),
    Row(
        "triangular_solve",
        linalg.triangular_solve,
        [
            sample(SQUARES[0], array((2, 3)), **LOOSE),
            sample(SQUARES[0], array((3, 2)), left_side=True, lower=True, **LOOSE),
            sample(SQUARES[1], array((2, 3, 2)), left_side=True, transpose_a=True, **LOOSE),
            sample(SQUARES[0], array((3, 2)), left_side=True, unit_diagonal=True, **LOOSE),
            sample(SQUARES[2], array((2, 2), "complex64"), conjugate_a=True, order=1, **LOOSE),
        ],
        [
            wrong(
                ShapeError,
                "`triangular_solve` cannot solve float32[3,3] for right sides float32[2,2]",
                *(regular((3, 3)), array((2, 2))),
                left_side=True,
            )
        ],
    ),
    Row(
        "solve",
        solve,
        [
            sample(SQUARES[0], array((3, 2)), **LOOSE),
            sample(SQUARES[1], array((2, 3, 1)), **LOOSE),
            sample(SQUARES[2], array((2, 2), "complex64"), order=1, **LOOSE),
        ],
        [
            wrong(
                ShapeError,
                "`solve` cannot solve float32[3,3] for right sides float32[2,2]",
                *(regular((3, 3)), array((2, 2))),
            )
        ],
    ),
]
