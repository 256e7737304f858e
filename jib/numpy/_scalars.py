"""Scalar types, constants, and questions about dtypes."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from jib import dtypes
from jib.core.array import Array as ndarray
from jib.core.tracing import Tracer
from jib.dtypes import finfo, iinfo, isdtype, promote_types, result_type
from jib.lax._conversion import convert_element_type
from jib.numpy._creation import asarray

__all__ = [
    "ComplexWarning", "bfloat16", "bool", "bool_", "can_cast", "cdouble", "character", "complex64",
    "complex128", "complex_", "complexfloating", "csingle", "double", "dtype", "e", "euler_gamma",
    "finfo", "flexible", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn", "float8_e3m4",
    "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2",
    "float8_e5m2fnuz", "float8_e8m0fnu", "float16", "float32", "float64", "float_", "floating",
    "generic", "get_printoptions", "iinfo", "index_exp", "inexact", "inf", "int1", "int2", "int4",
    "int8", "int16", "int32", "int64", "int_", "integer", "isdtype", "issubdtype", "nan", "ndarray",
    "newaxis", "number", "object_", "pi", "printoptions", "promote_types", "result_type", "s_",
    "set_printoptions", "signedinteger", "single", "uint", "uint1", "uint2", "uint4", "uint8",
    "uint16", "uint32", "uint64", "unsignedinteger",
]  # fmt: skip


class _ScalarType(type):
    """The class of `float32` and its like: called, they make arrays; elsewhere they are dtypes."""

    dtype: np.dtype

    def __call__(cls, x: Any) -> Any:
        if isinstance(x, Tracer):
            return convert_element_type(x, cls.dtype)
        return asarray(x, dtype=cls.dtype)

    def __hash__(cls) -> int:
        return hash(cls.dtype.type)

    def __eq__(cls, other: object) -> Any:
        return cls is other or cls.dtype.type == other or (
            isinstance(other, np.dtype) and cls.dtype == other
        )  # fmt: skip

    def __ne__(cls, other: object) -> Any:
        return not cls == other

    def __instancecheck__(cls, instance: Any) -> Any:
        return isinstance(instance, cls.dtype.type)

    def __repr__(cls) -> str:
        return f"<class 'jib.numpy.{cls.__name__}'>"


def _scalar_type(scalar: Any) -> Any:
    """The scalar type of one NumPy (or ml_dtypes) scalar class."""
    found = np.dtype(scalar)
    doc = f"Scalar type `{found.name}`: call it to make an array, or pass it as a dtype."
    name = "bool_" if found.name == "bool" else found.name
    return _ScalarType(name, (), {"dtype": found, "__doc__": doc, "__module__": "jib.numpy"})


bool_ = _scalar_type(np.bool_)
uint8, uint16, uint32, uint64 = map(_scalar_type, ("uint8", "uint16", "uint32", "uint64"))
int8, int16, int32, int64 = map(_scalar_type, ("int8", "int16", "int32", "int64"))
float16, float32, float64 = map(_scalar_type, ("float16", "float32", "float64"))
complex64, complex128 = map(_scalar_type, ("complex64", "complex128"))
single, double, csingle, cdouble = float32, float64, complex64, complex128
bfloat16 = _scalar_type(ml_dtypes.bfloat16)
int1, int2, int4 = map(_scalar_type, (ml_dtypes.int1, ml_dtypes.int2, ml_dtypes.int4))
uint1, uint2, uint4 = map(_scalar_type, (ml_dtypes.uint1, ml_dtypes.uint2, ml_dtypes.uint4))
float4_e2m1fn = _scalar_type(ml_dtypes.float4_e2m1fn)
float6_e2m3fn = _scalar_type(ml_dtypes.float6_e2m3fn)
float6_e3m2fn = _scalar_type(ml_dtypes.float6_e3m2fn)
float8_e3m4 = _scalar_type(ml_dtypes.float8_e3m4)
float8_e4m3 = _scalar_type(ml_dtypes.float8_e4m3)
float8_e4m3b11fnuz = _scalar_type(ml_dtypes.float8_e4m3b11fnuz)
float8_e4m3fn = _scalar_type(ml_dtypes.float8_e4m3fn)
float8_e4m3fnuz = _scalar_type(ml_dtypes.float8_e4m3fnuz)
float8_e5m2 = _scalar_type(ml_dtypes.float8_e5m2)
float8_e5m2fnuz = _scalar_type(ml_dtypes.float8_e5m2fnuz)
float8_e8m0fnu = _scalar_type(ml_dtypes.float8_e8m0fnu)

bool = bool_
int_ = _scalar_type(dtypes.default_int_dtype())
uint = _scalar_type(dtypes.default_uint_dtype())
float_ = _scalar_type(dtypes.default_float_dtype())
complex_ = _scalar_type(dtypes.default_complex_dtype())

# Abstract types, for `issubdtype` alone.
generic, number, integer, inexact = np.generic, np.number, np.integer, np.inexact
signedinteger, unsignedinteger = np.signedinteger, np.unsignedinteger
floating, complexfloating = np.floating, np.complexfloating
flexible, character, object_ = np.flexible, np.character, np.object_

dtype, newaxis = np.dtype, None
pi, e, euler_gamma, inf, nan = np.pi, np.e, np.euler_gamma, np.inf, np.nan


def issubdtype(arg1: Any, arg2: Any) -> Any:
    """Whether a dtype equals another, or is of a kind such as `jnp.floating`.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.issubdtype(jnp.bfloat16, jnp.floating)
        True
    """
    return dtypes.issubdtype(arg1, arg2)


ComplexWarning = np.exceptions.ComplexWarning
s_, index_exp = np.s_, np.index_exp
get_printoptions, set_printoptions = np.get_printoptions, np.set_printoptions
printoptions = np.printoptions


def can_cast(from_: Any, to: Any, casting: Any = "safe") -> Any:
    """Whether NumPy's rules allow a cast from one dtype to another.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.can_cast(jnp.int8, jnp.float32), jnp.can_cast("float32", "int8")
        (True, False)
    """
    source = getattr(from_, "dtype", from_)
    return np.can_cast(dtypes.parse(source), dtypes.parse(to), casting=casting)
