"""Rows for `jib/lax/_transcendental.py`."""

from jib import lax
from tests.harness.samples import Row
from tests.harness.table._families import INEXACT, pairs, refused, singles, unequal_shapes

__all__ = ["ROWS"]

FLOATS = ("float32", "bfloat16")


def unary(name, low=-2.0, high=2.0, dtypes=INEXACT, **options):
    accepted = "floating or complex" if "complex64" in dtypes else "floating"
    samples = singles(dtypes, low=low, high=high, **options)
    return Row(name, getattr(lax, name), samples, [refused(name, "int32", accepted)])


ROWS = [
    unary("exp"),
    unary("exp2"),
    unary("expm1"),
    unary("log", 0.3, 3.0),
    unary("log1p", -0.6, 3.0),
    unary("logistic"),
    unary("sqrt", 0.3, 3.0),
    unary("rsqrt", 0.3, 3.0),
    unary("cbrt", 0.3, 3.0, FLOATS),
    unary("sin"),
    unary("cos"),
    unary("tan", -1.2, 1.2),
    unary("asin", -0.9, 0.9),
    unary("acos", -0.9, 0.9),
    unary("atan", -0.9, 0.9),
    Row("atan2", lax.atan2, pairs(FLOATS, low=0.2), [unequal_shapes("atan2")]),
    unary("sinh"),
    unary("cosh"),
    unary("tanh"),
    unary("asinh", 0.2, 2.0),
    unary("acosh", 1.2, 3.0),
    unary("atanh", -0.8, 0.8),
]
