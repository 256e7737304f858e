"""The dtypes that arrays may have, their kinds, and questions about one dtype."""

import re
from typing import Any

import ml_dtypes
import numpy as np

__all__ = [
    "BOOL", "COMPLEX", "FLOATS", "NARROW", "NARROW_FLOATS", "NARROW_INTEGERS", "NUMERIC", "SIGNED",
    "UNSIGNED", "VALID", "ExtendedDType", "bfloat16", "extended", "float0", "isdtype", "issubdtype",
    "itemsize_bits", "prng_key", "short_name", "supports_inf",
]  # fmt: skip


class extended(np.generic):
    """Scalar class of dtypes that are not numbers; abstract, for `issubdtype`."""


class prng_key(extended):
    """Scalar class of random keys; abstract, for `issubdtype`."""


class ExtendedDType:
    """Base of dtypes whose elements are stored as several numbers, such as random keys.

    A subclass sets `type` (a subclass of `extended`) and `name`, and defines equality and hash.
    """

    type: Any = extended
    name: str = "extended"
    kind = "V"

    def __repr__(self) -> str:
        return self.name


def _dtypes(names: str) -> tuple[np.dtype, ...]:
    """The dtypes of these names; names that this ml_dtypes does not have are left out."""
    found = [getattr(ml_dtypes, n, None) or getattr(np, n, None) for n in names.split()]
    return tuple([np.dtype(scalar) for scalar in found if scalar is not None])


bfloat16 = ml_dtypes.bfloat16

# The type of tangents of integers and booleans: no bytes, so no value but zero.
float0 = np.dtype([("float0", np.void, 0)])

BOOL = np.dtype(bool)
NARROW_INTEGERS = _dtypes("uint1 uint2 uint4 int1 int2 int4")
NARROW_FLOATS = _dtypes(
    "float4_e2m1fn float6_e2m3fn float6_e3m2fn float8_e3m4 float8_e4m3 float8_e8m0fnu "
    "float8_e4m3b11fnuz float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz"
)
NARROW = NARROW_INTEGERS + NARROW_FLOATS
UNSIGNED = _dtypes("uint1 uint2 uint4 uint8 uint16 uint32 uint64")
SIGNED = _dtypes("int1 int2 int4 int8 int16 int32 int64")
FLOATS = NARROW_FLOATS + _dtypes("bfloat16 float16 float32 float64")
COMPLEX = _dtypes("complex64 complex128")
NUMERIC = UNSIGNED + SIGNED + FLOATS + COMPLEX
VALID = frozenset({BOOL, float0, *NUMERIC})

_KINDS = {
    "bool": frozenset({BOOL}),
    "signed integer": frozenset(SIGNED),
    "unsigned integer": frozenset(UNSIGNED),
    "integral": frozenset(SIGNED + UNSIGNED),
    "real floating": frozenset(FLOATS),
    "complex floating": frozenset(COMPLEX),
    "numeric": frozenset(NUMERIC),
}

# NumPy does not place the scalar classes of ml_dtypes under its abstract ones.
_FLOATING = frozenset({np.floating, np.inexact, np.number, np.generic})
_SIGNED_INTEGER = frozenset({np.signedinteger, np.integer, np.number, np.generic})
_UNSIGNED_INTEGER = frozenset({np.unsignedinteger, np.integer, np.number, np.generic})
_PARENTS: dict[type, frozenset[type]] = {
    **{dtype.type: _FLOATING for dtype in (*NARROW_FLOATS, np.dtype(bfloat16))},
    **{dtype.type: _SIGNED_INTEGER for dtype in SIGNED if dtype in NARROW_INTEGERS},
    **{dtype.type: _UNSIGNED_INTEGER for dtype in UNSIGNED if dtype in NARROW_INTEGERS},
}
_SUBDTYPE_CACHE: dict[tuple[Any, Any], bool] = {}
_HASHABLE = (type, np.dtype, ExtendedDType)


def _scalar_class(dtype: Any) -> type:
    """The scalar class that stands for `dtype` in the hierarchy."""
    if isinstance(dtype, type) and issubclass(dtype, np.generic):
        return dtype
    if isinstance(dtype, ExtendedDType):
        return dtype.type
    return np.dtype(dtype).type


def issubdtype(a: Any, b: Any) -> bool:
    """Whether dtype `a` equals `b` or lies below it in the hierarchy of kinds.

    Like `numpy.issubdtype`, and it knows bfloat16, the narrow floats and integers, and extended
    dtypes.

    Example:
        >>> import numpy as np
        >>> from jib.dtypes import bfloat16, issubdtype
        >>> issubdtype(bfloat16, np.floating)
        True
    """
    # Only classes and dtypes are kept: they are few, and equal ones have the same answer.
    kept = isinstance(a, _HASHABLE) and isinstance(b, _HASHABLE)
    found = _SUBDTYPE_CACHE.get((a, b)) if kept else None
    if found is None:
        found = _is_below(a, b)
        if kept:
            _SUBDTYPE_CACHE[a, b] = found
    return found


def _is_below(a: Any, b: Any) -> bool:
    if isinstance(b, ExtendedDType):
        return isinstance(a, ExtendedDType) and a == b
    low, high = _scalar_class(a), _scalar_class(b)
    return issubclass(low, high) or high in _PARENTS.get(low, ())


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether `dtype` is of a kind: a name of the array API standard, a dtype, or a tuple of them.

    The names are 'bool', 'signed integer', 'unsigned integer', 'integral', 'real floating',
    'complex floating' and 'numeric'. Raises `ValueError` for a string that is neither.

    Example:
        >>> from jib.dtypes import isdtype
        >>> isdtype("bfloat16", "real floating")
        True
    """
    asked = np.dtype(dtype)
    for each in kind if isinstance(kind, tuple) else (kind,):
        if isinstance(each, str) and each in _KINDS:
            if asked in _KINDS[each]:
                return True
            continue
        try:
            other = np.dtype(each)
        except TypeError:
            error = ValueError if isinstance(each, str) else TypeError
            raise error(f"{each!r} is neither a dtype nor one of {', '.join(_KINDS)}") from None
        if asked == other:
            return True
    return False


def itemsize_bits(dtype: Any) -> int:
    """The bits that one element takes up; fewer than `8 * itemsize` for int4 and its like.

    Example:
        >>> from jib.dtypes import itemsize_bits
        >>> itemsize_bits("int4"), itemsize_bits("bfloat16"), itemsize_bits(bool)
        (4, 16, 8)
    """
    found = np.dtype(dtype)
    if found in NARROW_INTEGERS:
        return ml_dtypes.iinfo(found).bits
    if found in NARROW_FLOATS:
        return ml_dtypes.finfo(found).bits
    return 8 * found.itemsize


def supports_inf(dtype: Any) -> bool:
    """Whether a dtype has a value for infinity."""
    found = np.dtype(dtype)
    if found in COMPLEX:
        return True
    return found in FLOATS and bool(np.isinf(found.type(float("inf"))))


_SHORT = {BOOL: "bool", float0: "float0"}
_SHORT |= {d: re.sub("float|uint|int|complex", lambda kind: kind[0][0], d.name) for d in NUMERIC}


def short_name(dtype: Any) -> str:
    """The name used in printed programs: `f32`, `bf16`, `i4`, `bool`."""
    return _SHORT.get(dtype) or dtype.name
