"""Kinds of dtypes: NumPy's hierarchy, with the dtypes that NumPy does not know."""

import numpy as np
import pytest

from jib import dtypes

ABSTRACT = [np.generic, np.number, np.integer, np.signedinteger, np.unsignedinteger]
ABSTRACT += [np.inexact, np.floating, np.complexfloating]


@pytest.mark.parametrize("kind", ABSTRACT)
def test_issubdtype_agrees_with_numpy_where_numpy_knows(kind):
    for dtype in (dtypes.BOOL, *dtypes.NUMERIC):
        if dtype.isbuiltin == 1:
            for spelling in (dtype, dtype.type, dtype.name):
                assert dtypes.issubdtype(spelling, kind) == np.issubdtype(dtype, kind)


def test_issubdtype_places_the_other_dtypes():
    for dtype in (*dtypes.NARROW_FLOATS, dtypes.bfloat16):
        assert dtypes.issubdtype(dtype, np.floating) and not dtypes.issubdtype(dtype, np.integer)
    for dtype in dtypes.NARROW_INTEGERS:
        signed = dtype in dtypes.SIGNED
        assert dtypes.issubdtype(dtype, np.signedinteger) == signed
        assert dtypes.issubdtype(dtype, np.unsignedinteger) == (not signed)
    assert dtypes.issubdtype("float32", "float32") and not dtypes.issubdtype("float32", "float64")


def test_issubdtype_of_extended_dtypes():
    class KeyDType(dtypes.ExtendedDType):
        type = dtypes.prng_key

    key = KeyDType()
    assert dtypes.issubdtype(key, dtypes.extended) and dtypes.issubdtype(key, dtypes.prng_key)
    assert dtypes.issubdtype(key, key) and not dtypes.issubdtype(np.float32, key)
    assert not dtypes.issubdtype(key, np.number)
    assert not dtypes.issubdtype(np.dtype("float32"), dtypes.extended)


def test_isdtype():
    assert dtypes.isdtype("int4", "signed integer") and not dtypes.isdtype("uint8", "bool")
    assert dtypes.isdtype("float32", ("bool", np.float32))
    assert dtypes.isdtype("complex64", "numeric") and not dtypes.isdtype(bool, "numeric")
    with pytest.raises(ValueError, match="'flaot' is neither a dtype nor one of bool"):
        dtypes.isdtype("float32", "flaot")


def test_widths_and_names():
    bits = {"bool": 8, "int2": 2, "uint4": 4, "float6_e3m2fn": 6, "bfloat16": 16, "complex64": 64}
    for name, expected in bits.items():
        assert dtypes.itemsize_bits(name) == expected
    names = {"float32": "f32", "bfloat16": "bf16", "uint4": "u4", "bool": "bool"}
    names |= {"complex64": "c64", "float8_e4m3fn": "f8_e4m3fn"}
    for name, expected in names.items():
        assert dtypes.short_name(dtypes.parse(name)) == expected
    assert dtypes.short_name(dtypes.float0) == "float0"


def test_supports_inf():
    assert dtypes.supports_inf("bfloat16") and dtypes.supports_inf("complex64")
    assert not dtypes.supports_inf("float8_e4m3fn") and not dtypes.supports_inf("int32")
