"""Rows for `jib/lax/_contraction.py` and what is left of `_conversion.py`."""

from jib import lax
from jib.errors import DTypeError, ShapeError
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import NUMBERS, wrong

__all__ = ["ROWS"]

MATRICES = (((1,), (0,)), ((), ()))
STACKS = (((2,), (1,)), ((0,), (0,)))


ROWS = [
    Row(
        "dot_general",
        lax.dot_general,
        [
            *(sample(array((2, 3), d), array((3, 4), d), MATRICES) for d in NUMBERS),
            sample(array((2, 3, 4)), array((2, 4, 2)), STACKS),
            sample(array((2, 3, 4)), array((4, 3, 2)), (((1, 2), (1, 0)), ((0,), (2,)))),
            sample(array((3,)), array((3,), low=-1), (((0,), (0,)), ((), ()))),
            sample(array((3,)), array((2,)), (((), ()), ((), ()))),
            sample(array(()), array((2,)), (((), ()), ((), ()))),
            sample(array((2, 0)), array((0, 3)), MATRICES),
            sample(array((0, 2)), array((2, 3)), MATRICES),
            sample(
                array((2, 3), "bfloat16"),
                array((3, 4), "bfloat16"),
                MATRICES,
                preferred_element_type="float32",
            ),
            sample(
                array((2, 3), "uint8"),
                array((3, 4), "uint8"),
                MATRICES,
                preferred_element_type="int32",
            ),
        ],
        [
            wrong(
                ShapeError,
                "`dot_general` of float32[2,3] and float32[2,3]: the contracting axes (1,) and "
                "(0,) do not match",
                *(array((2, 3)), array((2, 3)), MATRICES),
            )
        ],
    ),
    Row(
        "bitcast_convert_type",
        lax.bitcast_convert_type,
        [
            sample(array((2, 3)), "int32"),
            sample(array((2, 3)), "uint8"),
            sample(array((3, 4), "uint8"), "float32"),
            sample(array((2, 2), "bfloat16"), "float32"),
            sample(array((2, 2), "bfloat16"), "uint16"),
            sample(array(()), "uint16"),
            sample(array((0, 3)), "int32"),
        ],
        [
            wrong(
                DTypeError,
                "`bitcast_convert_type` takes numbers elements, but got bool",
                *(array((2,), "bool"), "uint8"),
            ),
            wrong(
                ShapeError,
                "`bitcast_convert_type` of uint8[3] to float32 needs a last axis of length 4",
                *(array((3,), "uint8"), "float32"),
            ),
        ],
    ),
    Row(
        "stop_gradient",
        lax.stop_gradient,
        [sample(array((2, 3), d), order=0) for d in ("float32", "bfloat16", "complex64", "int32")],
        unchecked="everything can be a constant",
    ),
    Row(
        "optimization_barrier",
        lambda *operands: lax.optimization_barrier(operands),
        [
            sample(array((2, 3)), array((2,), "int32")),
            sample(array((2, 3), "complex64"), array((2,), "bfloat16")),
            sample(array(()), array((), "bool")),
            sample(array((0, 2))),
        ],
        unchecked="it takes everything",
    ),
]
