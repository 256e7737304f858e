"""Promotion equals the stored table for every pair, and has the algebra of a lattice."""

import itertools
import json
import pathlib

import numpy as np
import pytest
from hypothesis import given, strategies as st

from jib import dtypes, errors
from jib.settings import enable_x64, numpy_dtype_promotion

GOLDEN = json.loads(pathlib.Path(__file__).with_name("promotion_golden.json").read_text())
WEAK = {"int*": int, "float*": float, "complex*": complex}


def _named(name):
    return WEAK.get(name) or dtypes.parse(name)


@pytest.mark.parametrize("table", sorted(GOLDEN))
def test_every_pair(table):
    mode, width = table.split()
    wrong = []
    with numpy_dtype_promotion(mode), enable_x64(width == "64"):
        for pair, expected in GOLDEN[table].items():
            first, second = map(_named, pair.split())
            for operands in ((first, second), (second, first)):
                try:
                    dtype, weak = dtypes.result_type(*operands, return_weak_type_flag=True)
                    found = dtype.name + "*" * weak
                except dtypes.TypePromotionError:
                    found = None
                if found != expected:
                    wrong.append((pair, found, expected))
    assert not wrong


def test_the_table_is_whole():
    names = {dtype.name for dtype in (dtypes.BOOL, *dtypes.NUMERIC)} - {"int1", "uint1"}
    pairs = itertools.combinations_with_replacement(range(len(names) + len(WEAK)), 2)
    count = len(list(pairs))
    assert {len(table) for table in GOLDEN.values()} == {count}


strong = st.sampled_from(["bool", "uint8", "int8", "uint32", "int32", "bfloat16", "float16"])
operand = st.tuples(st.one_of(strong, st.sampled_from(["float32", "complex64"])), st.booleans())


@given(operand, operand)
def test_promotion_commutes_and_is_idempotent(first, second):
    a, b = ((dtypes.parse(name), weak and name != "bool") for name, weak in (first, second))
    assert dtypes.promote((a, b)) == dtypes.promote((b, a))
    assert dtypes.promote((a, a)) == dtypes.promote((a,)) == a


@given(st.lists(strong, min_size=3, max_size=3))
def test_strong_promotion_is_associative(names):
    a, b, c = (dtypes.parse(name) for name in names)
    left = dtypes.promote_types(dtypes.promote_types(a, b), c)
    assert left == dtypes.promote_types(a, dtypes.promote_types(b, c))


def test_values_promote_like_their_dtypes():
    assert dtypes.result_type(np.ones(3, np.int8), 2) == np.int8
    assert dtypes.result_type(np.ones(3, np.int8), 2.0) == np.float32
    assert dtypes.result_type(np.float64(1), np.float32(1)) == np.float32
    assert dtypes.result_type(None) == np.float32
    with pytest.raises(ValueError, match="at least one"):
        dtypes.result_type()


def test_errors_name_the_dtypes_and_the_cure():
    with pytest.raises(dtypes.TypePromotionError, match=r"float32 and float8_e5m2 .*astype"):
        dtypes.result_type("float32", "float8_e5m2")
    with (
        numpy_dtype_promotion("strict"),
        pytest.raises(dtypes.TypePromotionError, match="while numpy_dtype_promotion='strict'"),
    ):
        dtypes.result_type("float32", "int32")


class _KeyDType(dtypes.ExtendedDType):
    type = dtypes.prng_key
    name = "key<test>"


def test_extended_dtypes_promote_with_themselves_only():
    key = _KeyDType()
    assert dtypes.promote(((key, False), (key, False))) == (key, False)
    with pytest.raises(errors.DTypeError, match="key<test>"):
        dtypes.promote(((key, False), (np.dtype("int32"), False)))
