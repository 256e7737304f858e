"""Rows for `jib/lax/_special.py`, `jib/lax/_incomplete.py` and `jib/lax/_cumulative.py`."""

import numpy as np

from jib import lax
from jib.errors import AxisError, DTypeError
from jib.lax._incomplete import betainc_grad_a_p
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import REAL, pairs, refused, singles, wrong

__all__ = ["ROWS"]

FLOATS = ("float32", "bfloat16")
LOOSE = {"rtol": 2e-4, "atol": 2e-5}


def unary(name, low, high):
    samples = singles(FLOATS, low=low, high=high, **LOOSE)
    return Row(name, getattr(lax, name), samples, [refused(name, "int32", "floating")])


def binary(name, **options):
    samples = pairs(FLOATS, **options, **LOOSE)
    return Row(name, getattr(lax, name), samples, [refused(name, "int32", "floating", 2)])


def cumulative(name, dtypes, refused_dtype, accepted):
    samples = [
        *(sample(array((2, 4), d), axis=1, rtol=1e-5) for d in dtypes),
        sample(array((3, 2)), axis=0, reverse=True),
        sample(array((1,)), axis=-1),
        sample(array((0, 2)), axis=0),
        sample(array((2, 0)), axis=0),
    ]
    error = AxisError.out_of_range(name, 2, 1).message
    errors = [
        wrong(AxisError, error, array((3,)), axis=2),
        wrong(
            DTypeError,
            f"`{name}` takes {accepted} elements, but got {refused_dtype}",
            array((3,), refused_dtype),
        ),
    ]
    return Row(name, getattr(lax, name), samples, errors)


def incomplete(name, function, count, high, order):
    """Parameters, and the argument last, below `high`."""

    def call(shapes, dtype="float32"):
        rows = [array(s, dtype, 0.6, 4) for s in shapes[:-1]]
        return sample(*rows, array(shapes[-1], dtype, 0.1, high), order=order, **LOOSE)

    full, last = ((2, 3),) * (count - 1), (2, 3)
    samples = [call((*full, last))]
    samples += [call((*((),) * (count - 1), last)), call(((0, 3),) * count)]
    return Row(name, function, samples, [refused(name, "int32", "floating", count)])


NUMBERS = (*REAL, "complex64")
ANY_NUMBER = "integer, floating or complex"
ANY_REAL = "boolean, integer or floating"

ROWS = [
    unary("erf", -2, 2),
    unary("erfc", -2, 2),
    unary("erf_inv", -0.9, 0.9),
    unary("lgamma", 0.5, 4),
    unary("digamma", 0.5, 4),
    unary("bessel_i0e", 0.2, 3),
    unary("bessel_i1e", 0.2, 3),
    Row(
        "polygamma",
        lambda m, x: lax.polygamma(m, x),
        [
            sample(np.array(m, "float32"), array((2, 3), low=0.5, high=4), order=0, **LOOSE)
            for m in (0, 1, 3)
        ],
        [refused("polygamma", "int32", "floating", 2)],
    ),
    Row(
        "zeta",
        lax.zeta,
        [
            sample(
                array((2, 3), low=1.5, high=4), array((2, 3), low=0.5, high=3), order=0, **LOOSE
            ),
            sample(array((), low=1.5, high=4), array((3,), low=0.5, high=3), order=0, **LOOSE),
        ],
        [refused("zeta", "int32", "floating", 2)],
    ),
    incomplete("igamma", lax.igamma, 2, 3, 1),
    incomplete("igammac", lax.igammac, 2, 3, 1),
    incomplete("igamma_grad_a", lax.igamma_grad_a, 2, 3, 0),
    incomplete("random_gamma_grad", lax.random_gamma_grad, 2, 3, 0),
    incomplete("regularized_incomplete_beta", lax.betainc, 3, 0.9, 1),
    incomplete("betainc_grad_a", betainc_grad_a_p.bind, 3, 0.9, 0),
    cumulative("cumsum", NUMBERS, "bool", ANY_NUMBER),
    cumulative("cumprod", NUMBERS, "bool", ANY_NUMBER),
    cumulative("cummax", REAL, "complex64", ANY_REAL),
    cumulative("cummin", REAL, "complex64", ANY_REAL),
    cumulative("cumlogsumexp", FLOATS, "int32", "floating"),
]
