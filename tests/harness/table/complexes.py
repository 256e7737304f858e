"""Rows for `jib/lax/_complexes.py`, `_conversion.py` and `_creation.py`."""

import numpy as np

from jib import lax
from jib.errors import AxisError, DTypeError
from jib.transforms.jit import jit
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import pairs, refused, singles, unequal_shapes, wrong

__all__ = ["ROWS"]

PARTS = singles(("complex64",))


def conversions():
    """Every kind to every other, with what has to be cut off."""
    every = ("float32", "bfloat16", "complex64", "int32", "uint8", "bool")
    cut = np.array([-1.7, -0.4, 0.0, 0.4, 1.7, 2.0], "float32")
    linear = {"order": 1, "step": 0.5}
    return [
        *(sample(array((2, 3), a, 0, 3), b, order=0) for a in every for b in every if a != b),
        *(sample(cut, d, order=0) for d in ("int32", "bool", "float16")),
        sample(array((2, 3)), "complex64", **linear),
        sample(array((2, 3)), "bfloat16", **linear, rtol=2e-2, atol=1e-2),
        sample(array((2, 3), "complex64"), "float32", **linear, rtol=1e-5, atol=1e-5),
        sample(array(()), "int32"),
        sample(array((0, 3)), "int32"),
    ]


ROWS = [
    Row(
        "complex",
        lax.complex,
        pairs(("float32",)),
        [unequal_shapes("complex"), refused("complex", "int32", "floating", 2)],
    ),
    Row("real", lax.real, PARTS, [refused("real", "float32", "complex")]),
    Row("imag", lax.imag, PARTS, [refused("imag", "float32", "complex")]),
    Row("conj", lax.conj, PARTS, [refused("conj", "int32", "complex")]),
    Row(
        "convert_element_type",
        lax.convert_element_type,
        conversions(),
        unchecked="every number converts to every dtype of numbers",
    ),
    Row(
        "iota",
        lax.broadcasted_iota,
        [
            sample("int32", (3, 2), 0),
            sample("float32", (2, 3), 1),
            sample("bfloat16", (5,), 0),
            sample("complex64", (2, 2), 0),
            sample("uint8", (0, 2), 1),
        ],
        [
            wrong(
                DTypeError,
                "`iota` takes integer, floating or complex elements, but got bool",
                *("bool", (2,), 0),
            ),
            wrong(AxisError, AxisError.out_of_range("iota", 1, 1).message, "int32", (2,), 1),
        ],
    ),
    Row(
        "jit",
        lambda x, y: jit(lambda a, b: (lax.mul(a, b), lax.sin(a), b))(x, y),
        [
            sample(array((2, 3)), array((2, 3), low=-1)),
            sample(array((2,), "complex64"), array((2,), "complex64", -1)),
            sample(array(()), array((), low=1)),
            sample(array((0,)), array((0,))),
        ],
        [unequal_shapes("mul")],
    ),
]
