"""Rows for loops, branches, and other primitives that hold programs."""

import numpy as np

from jib import lax
from jib.errors import ArgumentTypeError, ArgumentValueError
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import wrong

__all__ = ["ROWS"]


def scanned(w, start, xs, **options):
    """A recurrence with a shared operand, an integer carry, and stacked results."""

    def body(carry, x):
        count, state = carry
        state = lax.sin(lax.add(lax.mul(w, state), x))
        return (lax.add(count, 1), state), lax.mul(state, x)

    return lax.scan(body, (0, start), xs, **options)


def grown(x, limit):
    """Doubles until the first element passes a limit: a different number of times for each."""

    def unfinished(value):
        return lax.lt(value[0], limit)

    def grow(value):
        size, x = value
        return lax.mul(size, 1.5), lax.mul(lax.sin(x), x)

    return lax.while_loop(unfinished, grow, (limit_start(limit), x))


def limit_start(limit):
    return lax.mul(limit, 0.25)


def chosen(index, x, y):
    return lax.switch(index, [lax.mul, lambda a, b: lax.sin(a), lambda a, b: lax.neg(b)], x, y)


ROWS = [
    Row(
        "scan",
        scanned,
        [
            sample(array((2,)), array((2,)), array((3, 2))),
            sample(array((2,)), array((2,)), array((3, 2)), reverse=True),
            sample(array((2,)), array((2,)), array((5, 2)), unroll=2),
            sample(array(()), array(()), array((4,))),
            sample(array((2,)), array((2,)), array((0, 2))),
            sample(array((2,), "complex64"), array((2,), "complex64"), array((2, 2), "complex64")),
        ],
        [
            wrong(
                ArgumentValueError,
                "`scan` loops over leading axes, but `xs` is float32[], which has none",
                *(array((2,)), array((2,)), array(())),
            )
        ],
    ),
    Row(
        "while",
        grown,
        [
            sample(array((3,)), np.array(2.0, "float32"), backwards=False),
            sample(array((3,)), np.array(-1.0, "float32"), backwards=False),
            sample(array((0,)), np.array(2.0, "float32"), backwards=False),
        ],
        [
            wrong(
                ArgumentTypeError,
                "the condition of `while_loop` must return a boolean scalar, but returned bool[2]",
                *(array((3,)), array((2,))),
            )
        ],
    ),
    Row(
        "cond",
        chosen,
        [
            *(
                sample(np.array(i, "int32"), array((2, 3)), array((2, 3), low=-1))
                for i in (0, 1, 2, 7, -4)
            ),
            sample(np.array(2, "int32"), array((), "complex64"), array((), "complex64", -1)),
            sample(np.array(0, "int32"), array((0,)), array((0,))),
        ],
        [
            wrong(
                ArgumentTypeError,
                "`switch` needs an integer scalar as index, but got float32[]",
                *(array(()), array((2,)), array((2,))),
            )
        ],
    ),
]
