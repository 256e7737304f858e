"""What `dtype=` means, what inputs become, and the width rules between."""

import enum

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, strategies as st

from jib import dtypes
from jib.settings import enable_x64


@pytest.mark.parametrize("wide", [False, True])
def test_named_64_bits_are_honoured_whatever_the_setting(wide):
    with enable_x64(wide):
        for name in ("float64", "int64", "uint64", "complex128"):
            for spelling in (name, np.dtype(name), np.dtype(name).type, np.dtype(name).str):
                assert dtypes.parse(spelling) == np.dtype(name)
                assert dtypes.canonicalize_dtype(spelling) == np.dtype(name)


def test_python_types_mean_the_default_width():
    for kind, narrow, wide in (
        (bool, "bool", "bool"),
        (int, "int32", "int64"),
        (float, "float32", "float64"),
        (complex, "complex64", "complex128"),
    ):
        assert dtypes.parse(kind) == dtypes.parse(kind.__name__) == np.dtype(narrow)
        with enable_x64():
            assert dtypes.parse(kind) == dtypes.parse(kind.__name__) == np.dtype(wide)


def test_spellings():
    assert dtypes.parse("bfloat16") == dtypes.parse(ml_dtypes.bfloat16) == dtypes.bfloat16
    assert dtypes.parse(">f4") == np.dtype("float32") and dtypes.parse(">f4").isnative
    assert dtypes.parse("int4") == np.dtype(ml_dtypes.int4)
    assert dtypes.parse(dtypes.float0) == dtypes.float0

    class Scalar:
        dtype = np.dtype("int16")

    assert dtypes.parse(Scalar) == dtypes.parse(Scalar()) == np.int16


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (None, "a dtype is needed here"),
        ("U3", "arrays hold numbers and booleans, not 'U3'"),
        (object, "arrays hold numbers and booleans"),
        (np.floating, "floating is a kind of dtype"),
        (np.ones(3), "help: pass its dtype"),
        ("flaot32", "'flaot32' is not a dtype"),
        (7, "7 is not a dtype"),
    ],
)
def test_what_is_no_dtype(bad, words):
    with pytest.raises(TypeError) as caught:
        dtypes.parse(bad)
    assert words in str(caught.value)


def test_inputs_narrow_unless_wide():
    for name, narrow in (("float64", "float32"), ("int64", "int32"), ("uint64", "uint32")):
        assert dtypes.canonical_input_dtype(np.dtype(name)) == np.dtype(narrow)
        assert dtypes.dtype_of(np.ones(2, name)) == (np.dtype(narrow), False)
        with enable_x64():
            assert dtypes.canonical_input_dtype(np.dtype(name)) == np.dtype(name)
    assert dtypes.canonical_input_dtype(np.dtype(">i8")) == np.int32
    with pytest.raises(TypeError, match="arrays hold numbers"):
        dtypes.canonical_input_dtype(np.dtype("U1"))


def test_dtype_of_values():
    assert dtypes.dtype_of(True) == (np.dtype(bool), False)
    assert dtypes.dtype_of(1) == (np.dtype("int32"), True)
    assert dtypes.dtype_of(1.5) == (np.dtype("float32"), True)
    assert dtypes.dtype_of(1j) == (np.dtype("complex64"), True)
    assert dtypes.dtype_of(np.float64(1)) == (np.dtype("float32"), False)
    assert dtypes.dtype_of(enum.IntEnum("Color", "RED").RED) == (np.dtype("int32"), True)

    class Aval:
        weak_type = True

    class Traced:
        dtype = np.dtype("float64")
        aval = Aval()

    assert dtypes.dtype_of(Traced()) == (np.dtype("float64"), True)
    with pytest.raises(TypeError, match="list is neither an array nor a number"):
        dtypes.dtype_of([1, 2])


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["int8", "uint8", "int32", "uint32"]))
def test_check_integer_fits(value, name):
    target = np.dtype(name)
    fits = np.iinfo(target).min <= value <= np.iinfo(target).max
    for form in (value, np.array([0, value])):
        if fits:
            dtypes.check_integer_fits(form, target)
        else:
            with pytest.raises(OverflowError, match=f"{value} does not fit in {name}"):
                dtypes.check_integer_fits(form, target)


def test_check_integer_fits_lets_other_kinds_pass():
    dtypes.check_integer_fits(2**40, np.dtype("float32"))
    dtypes.check_integer_fits(np.ones(2), np.dtype("int8"))
    dtypes.check_integer_fits(np.ones(0, np.int64), np.dtype("int8"))
    with pytest.raises(OverflowError, match="dtype='uint64'"):
        dtypes.check_integer_fits(np.uint64(2**63), np.dtype("int32"))


def test_neighbouring_dtypes():
    assert dtypes.to_numeric_dtype(bool) == np.int32
    assert dtypes.to_numeric_dtype("uint8") == np.uint8
    assert dtypes.to_inexact_dtype("int8") == np.float32
    assert dtypes.to_inexact_dtype("bfloat16") == dtypes.bfloat16
    assert dtypes.to_inexact_dtype("int64") == np.float32
    with enable_x64():
        assert dtypes.to_inexact_dtype("int64") == np.float64
        assert dtypes.to_inexact_dtype("int32") == np.float32
    assert dtypes.to_floating_dtype("complex128") == np.float64


def test_limits():
    assert dtypes.finfo("float32").eps == np.finfo(np.float32).eps
    assert dtypes.finfo(float).bits == 32
    assert dtypes.finfo(np.ones(2, np.float16)).bits == 16
    assert dtypes.finfo("complex128").bits == 64
    assert float(dtypes.finfo(dtypes.bfloat16).eps) == 2**-7
    assert dtypes.iinfo(int).max == dtypes.iinfo(3).max == 2**31 - 1
    assert dtypes.iinfo("int4").min == -8
    with pytest.raises(ValueError, match="finfo describes floating"):
        dtypes.finfo(int)
    with pytest.raises(ValueError, match="iinfo describes integer"):
        dtypes.iinfo("float32")


def test_scalar_type_of():
    for x, kind in ((True, bool), ("uint4", int), ("bfloat16", float), (np.complex64(1), complex)):
        assert dtypes.scalar_type_of(x) is kind
