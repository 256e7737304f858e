"""Rows for `jib/lax/_fourier.py`."""

from jib import lax
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import wrong

__all__ = ["ROWS"]

LINEAR = {"order": 1, "step": 0.5, "rtol": 1e-4, "atol": 1e-4}

ROWS = [
    Row(
        "fft",
        lax.fft,
        [
            sample(array((2, 3), "complex64"), "fft", (3,), **LINEAR),
            sample(array((2, 4), "complex64"), "ifft", (2, 4), **LINEAR),
            sample(array((2, 3, 4), "complex64"), lax.FftType.FFT, (2, 3, 4), **LINEAR),
            sample(array((2, 5)), "rfft", (5,), **LINEAR),
            sample(array((2, 3, 4)), "rfft", (3, 4), **LINEAR),
            sample(array((2, 3), "complex64"), "irfft", (4,), **LINEAR),
            sample(array((3, 3), "complex64"), "irfft", (3, 5), **LINEAR),
            sample(array((0, 3), "complex64"), "irfft", (4,)),
        ],
        [
            wrong(
                DTypeError,
                "`lax.fft` of kind fft takes complex elements, but got float32",
                *(array((3,)), "fft", (3,)),
            ),
            wrong(
                DTypeError,
                "`lax.fft` of kind rfft takes float32 or float64 elements, but got complex64",
                *(array((3,), "complex64"), "rfft", (3,)),
            ),
            wrong(
                ShapeError,
                "`lax.fft` of kind irfft with lengths (4,) needs an array whose last axes are "
                "(3,), but got complex64[4]",
                *(array((4,), "complex64"), "irfft", (4,)),
            ),
            wrong(
                ShapeError,
                "`lax.fft` takes one to three lengths of at least 1, but got ()",
                *(array((4,), "complex64"), "fft", ()),
            ),
            wrong(
                ArgumentValueError,
                "there is no Fourier transform 'dft'",
                *(array((4,), "complex64"), "dft", (4,)),
            ),
        ],
    )
]
