"""Rows for `jib/lax/_random_bits.py`; keys go in and come out as words."""

import numpy as np

from jib import lax
from jib.core.keys import key_dtype
from jib.errors import DTypeError, ShapeError
from jib.lax._random_bits import key_data_p, threefry2x32, wrap_key_p
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import wrong

__all__ = ["ROWS"]


def words(*shape):
    return array(shape, "uint32", 0, 2**32 - 1)


def round_trip(x):
    """Into keys, moved about as keys, and out again."""
    keys = wrap_key_p.bind(x, dtype=key_dtype)
    return key_data_p.bind(lax.broadcast(keys, (2,)))


TRIPS = [sample(words(3, 2)), sample(words(2)), sample(words(2, 3, 2)), sample(words(0, 2))]

ROWS = [
    Row(
        "threefry2x32",
        threefry2x32,
        [
            sample(words(), np.asarray(words(2)[1]), words(3), words(3)),
            sample(*words(4, 2, 3)),
            sample(*map(np.asarray, words(4))),
            sample(words(), words(), words(0), words(0)),
        ],
        [
            wrong(
                DTypeError,
                "`threefry2x32` takes uint32 elements, but got int32",
                *[array((2,), "int32")] * 4,
            )
        ],
    ),
    Row(
        "wrap_key",
        round_trip,
        TRIPS,
        [
            wrong(
                ShapeError,
                "a PRNG key of threefry2x32 is 2 words on the last axis, but got uint32[3]",
                words(3),
            ),
            wrong(
                DTypeError,
                "a PRNG key is made of words of uint32, but got int32[2]",
                array((2,), "int32"),
            ),
        ],
    ),
    Row(
        "key_data",
        lambda x: round_trip(x) if x.dtype == np.uint32 else key_data_p.bind(x),
        TRIPS,
        [wrong(DTypeError, "`key_data` takes typed PRNG keys, but got float32[2]", array((2,)))],
    ),
]
