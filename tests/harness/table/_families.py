"""Samples that primitives of one family share."""

import numpy as np

from jib.errors import DTypeError, ShapeError
from tests.harness.samples import ErrorSample, array, sample

__all__ = [
    "INEXACT",
    "NUMBERS",
    "REAL",
    "pairs",
    "refused",
    "singles",
    "unequal_dtypes",
    "unequal_shapes",
    "wrong",
]

INEXACT = ("float32", "bfloat16", "complex64")
REAL = ("float32", "bfloat16", "int32", "uint8")
NUMBERS = (*REAL, "complex64")


def singles(dtypes=INEXACT, shape=(2, 3), low=-2.0, high=2.0, **options):
    """Samples of one operand: each dtype once, then rank 0, and nothing."""
    return [
        *(sample(array(shape, d, low, high), **options) for d in dtypes),
        sample(array((), dtypes[0], low, high), **options),
        sample(array((0, 3), dtypes[0], low, high), **options),
    ]


def pairs(dtypes=NUMBERS, shape=(2, 3), low=-2.0, high=2.0, **options):
    """Samples of two operands: each dtype once, then rank 0, scalars beside arrays, and nothing."""

    def both(left, right, dtype=dtypes[0]):
        x, y = array((2, *left), dtype, low, high), array((2, *right), dtype, low, high)
        return sample(np.asarray(x[0]), np.asarray(y[1]), **options)

    return [
        *(both(shape, shape, d) for d in dtypes),
        both((), ()),
        both(shape, ()),
        both((), shape),
        both((0, 3), (0, 3)),
    ]


def wrong(exception, message, *args, **params):
    """An error sample, written as the call it stands for."""
    return ErrorSample(args, exception, message, params)


def unequal_shapes(name, dtype="float32"):
    """Two shapes that are neither equal nor of rank 0."""
    return wrong(
        ShapeError,
        f"`{name}` cannot stretch {dtype}[2,3] and {dtype}[3,2] to one shape",
        array((2, 3), dtype),
        array((3, 2), dtype),
    )


def unequal_dtypes(name, first="float32", second="bfloat16"):
    """Two dtypes, which `lax` does not promote."""
    return wrong(
        DTypeError,
        f"`lax.{name}` needs operands of one dtype, but got {first} and {second}",
        array((2,), first),
        array((2,), second),
    )


def refused(name, dtype, accepted, count=1):
    """A dtype that the function does not take, and the words for those that it takes."""
    message = f"`{name}` takes {accepted} elements, but got {dtype}"
    return wrong(DTypeError, message, *[array((2,), dtype)] * count)
