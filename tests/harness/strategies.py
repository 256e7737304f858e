"""Hypothesis strategies: shapes, dtypes and arrays, small enough to run hundreds of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from ml_dtypes import bfloat16

from jib.lax._families import Kinds, kind_of

__all__ = ["arrays", "axes", "dtypes_of", "operands", "shapes"]

DTYPES = tuple(
    np.dtype(d)
    for d in (
        *(np.bool_, np.int8, np.int16, np.int32, np.uint8, np.uint32),
        *(np.float16, bfloat16, np.float32, np.complex64),
    )
)


def shapes(min_rank: int = 0, max_rank: int = 3, min_length: int = 0) -> st.SearchStrategy:
    """Shapes of up to three axes, with axes of length 0 and 1."""
    return st.lists(st.integers(min_length, 3), min_size=min_rank, max_size=max_rank).map(tuple)


def dtypes_of(kinds: Kinds) -> st.SearchStrategy:
    """The dtypes of a family: `integers`, `floating`, `floating | complexes`, ..."""
    return st.sampled_from([d for d in DTYPES if kind_of(d) in kinds])


def axes(rank: int) -> st.SearchStrategy:
    """Some of the axes of an array, in order."""
    return (
        st.sets(st.integers(0, rank - 1)).map(lambda s: tuple(sorted(s))) if rank else st.just(())
    )


@st.composite
def arrays(draw: Any, shape: Sequence[int], dtype: Any) -> np.ndarray:
    """An array of small whole numbers and halves, for which every dtype is exact enough."""
    seed = draw(st.integers(0, 2**32 - 1))
    source = np.random.default_rng(seed)
    kind = kind_of(dtype)
    if kind == "b":
        return np.asarray(source.random(shape) < 0.5)
    if kind == "i":
        return np.asarray(source.integers(0 if dtype.kind == "u" else -9, 9, shape), dtype)
    halves = source.integers(-9, 9, shape) / 2
    if kind == "c":
        halves = halves + 1j * source.integers(-9, 9, shape)
    return np.asarray(halves).astype(dtype)


@st.composite
def operands(draw: Any, count: int, kinds: Kinds) -> list[np.ndarray]:
    """Operands of an element-wise operation: one dtype, and one shape or rank 0."""
    dtype, shape = draw(dtypes_of(kinds)), draw(shapes())
    return [draw(arrays(draw(st.sampled_from([shape, ()])), dtype)) for _ in range(count)]
