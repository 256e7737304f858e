"""From what a user writes or passes to a dtype, and the width rules on the way.

* Defaults are 32-bit; with `enable_x64`, 64-bit.
* A dtype asked for by name (`float64`, `'int64'`, `np.float64`) is always honoured.
* `bool`, `int`, `float` and `complex` as dtypes mean the default width.
* NumPy's 64-bit *inputs* take the default width; integers that do not fit raise.
* Python scalars have the default width and are weak: they give way to any array's width.
"""

from typing import Any

import ml_dtypes
import numpy as np

from jib.dtypes import _kinds as kinds
from jib.dtypes._kinds import BOOL, NUMERIC, VALID, ExtendedDType, float0
from jib.errors import IntegerRangeError
from jib.settings import enable_x64

__all__ = [
    "canonical_input_dtype", "canonicalize_dtype", "check_integer_fits", "default_complex_dtype",
    "default_float_dtype", "default_int_dtype", "default_uint_dtype", "dtype_of", "finfo", "iinfo",
    "is_python_scalar_type", "is_weak", "parse", "scalar_type_of", "to_floating_dtype",
    "to_inexact_dtype", "to_numeric_dtype",
]  # fmt: skip

_INT32, _INT64, _UINT32, _UINT64 = map(np.dtype, ("int32", "int64", "uint32", "uint64"))
_FLOAT32, _FLOAT64 = map(np.dtype, ("float32", "float64"))
_COMPLEX64, _COMPLEX128 = map(np.dtype, ("complex64", "complex128"))

_NARROWER = {_INT64: _INT32, _UINT64: _UINT32, _FLOAT64: _FLOAT32, _COMPLEX128: _COMPLEX64}

# Indexed by `enable_x64.value`: Python's types and their names at the default width.
_DEFAULT: tuple[dict[Any, np.dtype], dict[Any, np.dtype]] = (
    {bool: BOOL, int: _INT32, float: _FLOAT32, complex: _COMPLEX64},
    {bool: BOOL, int: _INT64, float: _FLOAT64, complex: _COMPLEX128},
)
for _table in _DEFAULT:
    _table |= {"bool": BOOL, "int": _table[int], "float": _table[float]}
    _table |= {"complex": _table[complex], "uint": np.dtype(f"uint{8 * _table[int].itemsize}")}

_WEAK_OF: tuple[dict[type, tuple[np.dtype, bool]], ...] = tuple(
    {kind: (table[kind], kind is not bool) for kind in (bool, int, float, complex)}
    for table in _DEFAULT
)
_PYTHON_SCALARS = frozenset({bool, int, float, complex})

# Everything else that names a dtype, whatever the settings. Objects met later are not added:
# they may compare equal to a Python type.
_NAMED: dict[Any, np.dtype] = {dtype.type: dtype for dtype in (BOOL, *NUMERIC)}
_NAMED |= {dtype.name: dtype for dtype in NUMERIC} | {"float0": float0, "bool_": BOOL}

_ABSTRACT = frozenset({np.generic, np.number, np.integer, np.signedinteger, np.unsignedinteger})
_ABSTRACT |= {np.inexact, np.floating, np.complexfloating, np.flexible, np.character}
_ABSTRACT |= {kinds.extended}


def default_dtype(kind: Any) -> np.dtype:
    """The dtype that `int`, `float`, `complex` (or `"uint"`) stands for."""
    return _DEFAULT[enable_x64.value][kind]


def default_int_dtype() -> np.dtype:
    """The dtype that `int` stands for."""
    return default_dtype(int)


def default_uint_dtype() -> np.dtype:
    """The unsigned dtype of the default width."""
    return default_dtype("uint")


def default_float_dtype() -> np.dtype:
    """The dtype that `float` stands for."""
    return default_dtype(float)


def default_complex_dtype() -> np.dtype:
    """The dtype that `complex` stands for."""
    return default_dtype(complex)


def parse(dtype: Any) -> Any:
    """The dtype that a user's `dtype=` argument means.

    Takes NumPy dtypes and scalar classes, names, Python's scalar types, scalar types such as
    `jib.numpy.float32`, and extended dtypes. Raises `TypeError` for what arrays cannot hold.

    Example:
        >>> from jib.dtypes import parse
        >>> parse(float), parse("float64"), parse("bfloat16")
        (dtype('float32'), dtype('float64'), dtype(bfloat16))
    """
    kind = type(dtype)
    if kind is type or kind is str:
        found = _NAMED.get(dtype) or _DEFAULT[enable_x64.value].get(dtype)
        if found is not None:
            return found
    elif isinstance(dtype, np.dtype):
        return dtype if dtype in VALID else _checked(dtype, dtype)
    elif isinstance(dtype, ExtendedDType):
        return dtype
    return _parse_other(dtype)


def _parse_other(dtype: Any) -> Any:
    """`parse` for what its dictionaries do not list."""
    if dtype is None:
        raise TypeError("a dtype is needed here, not None; `float` means the default one")
    if isinstance(dtype, type) and dtype in _ABSTRACT:
        raise TypeError(f"{dtype.__name__} is a kind of dtype, not one. help: dtype=float")
    if not isinstance(dtype, type) and hasattr(dtype, "shape"):
        raise TypeError("an array is not a dtype. help: pass its dtype, as in dtype=x.dtype")
    named = getattr(dtype, "dtype", None)
    if isinstance(named, (np.dtype, ExtendedDType)):
        return named
    try:
        found = np.dtype(dtype)
    except TypeError:
        hint = "a shape is one tuple, as in (2, 3)" if type(dtype) is int else "dtype='float32'"
        raise TypeError(f"{dtype!r} is not a dtype. help: {hint}") from None
    return _checked(found, dtype)


def _checked(found: np.dtype, asked: Any) -> np.dtype:
    """`found` in this machine's byte order, if arrays can hold it."""
    native = found.newbyteorder("=")
    if native not in VALID:
        raise TypeError(f"arrays hold numbers and booleans, not {asked!r}")
    return native


def canonicalize_dtype(dtype: Any, allow_extended_dtype: bool = False) -> Any:
    """The dtype of an array that is made with `dtype=`: names as they are, `float` by default.

    Raises `ValueError` for an extended dtype unless `allow_extended_dtype`.

    Example:
        >>> from jib.dtypes import canonicalize_dtype
        >>> canonicalize_dtype(float), canonicalize_dtype("float64")
        (dtype('float32'), dtype('float64'))
    """
    found = parse(dtype)
    if isinstance(found, ExtendedDType) and not allow_extended_dtype:
        raise ValueError(f"{found!r} is not a dtype of numbers; pass allow_extended_dtype=True")
    return found


def canonical_input_dtype(dtype: np.dtype) -> np.dtype:
    """The dtype that a NumPy input of this dtype becomes: 64 bits narrow unless `enable_x64`.

    Raises `TypeError` for a dtype that arrays cannot hold.
    """
    if not enable_x64.value:
        narrower = _NARROWER.get(dtype)
        if narrower is not None:
            return narrower
    if dtype in VALID:
        return dtype
    native = _checked(dtype, dtype)
    return native if enable_x64.value else _NARROWER.get(native, native)


def check_integer_fits(value: Any, target: np.dtype) -> None:
    """Raise `OverflowError` if an integer (or an array of them) does not fit in `target`."""
    if target.kind not in "iu":
        return
    if isinstance(value, int):
        low = high = value
    elif value.dtype.kind not in "iu" or value.size == 0 or value.dtype == target:
        return
    else:
        low, high = int(value.min()), int(value.max())
    limits = ml_dtypes.iinfo(target)
    if low < limits.min or high > limits.max:
        outside = high if high > limits.max else low
        raise IntegerRangeError.overflow(outside, target.name)


def dtype_of(x: Any) -> tuple[Any, bool]:
    """The dtype that a value has as an array, and whether that is weak.

    Takes Python scalars, NumPy arrays and scalars, and anything with a `dtype` (and a
    `weak_type`, or an `aval` that has one). Raises `TypeError` for anything else.

    Example:
        >>> import numpy as np
        >>> from jib.dtypes import dtype_of
        >>> dtype_of(1.0), dtype_of(np.ones(3))
        ((dtype('float32'), True), (dtype('float32'), False))
    """
    found = _WEAK_OF[enable_x64.value].get(type(x))
    if found is not None:
        return found
    if isinstance(x, (np.ndarray, np.generic)):
        return canonical_input_dtype(x.dtype), False
    dtype = getattr(x, "dtype", None)
    if isinstance(dtype, (np.dtype, ExtendedDType)):
        return dtype, is_weak(x)
    # Subclasses of Python's numbers, such as members of an IntEnum.
    for kind in (int, float, complex):
        if isinstance(x, kind):
            return _WEAK_OF[enable_x64.value][kind]
    raise TypeError(
        f"{type(x).__name__} is neither an array nor a number: {x!r:.60}. "
        "help: make an array of it first, as in jnp.asarray(x)"
    )


def is_weak(x: Any) -> bool:
    """Whether a value's dtype gives way to the dtypes of the arrays that it meets."""
    weak = getattr(x, "weak_type", None)
    if weak is None:
        weak = getattr(getattr(x, "aval", None), "weak_type", None)
    if weak is None:
        return type(x) in _PYTHON_SCALARS and type(x) is not bool
    return bool(weak)


def is_python_scalar_type(x: Any) -> bool:
    """Whether `x` is one of Python's types bool, int, float and complex."""
    return isinstance(x, type) and x in _PYTHON_SCALARS


_SCALAR_TYPE: dict[Any, type] = {
    BOOL: bool,
    **dict.fromkeys(kinds.UNSIGNED + kinds.SIGNED, int),
    **dict.fromkeys(kinds.FLOATS, float),
    **dict.fromkeys(kinds.COMPLEX, complex),
}


def scalar_type_of(x: Any) -> type:
    """The Python type (bool, int, float or complex) of one element of a value or a dtype.

    Raises `TypeError` for extended dtypes.
    """
    is_dtype = isinstance(x, (np.dtype, type, str, ExtendedDType))
    dtype = parse(x) if is_dtype else dtype_of(x)[0]
    found = _SCALAR_TYPE.get(dtype)
    if found is None:
        raise TypeError(f"elements of dtype {dtype!r} are not Python numbers")
    return found


def to_numeric_dtype(dtype: Any) -> np.dtype:
    """The dtype itself, or int32 for bool."""
    found = parse(dtype)
    return _INT32 if found == BOOL else found


def to_inexact_dtype(dtype: Any) -> np.dtype:
    """The dtype itself if it is floating or complex, else the default float."""
    found = parse(dtype)
    if _SCALAR_TYPE.get(found) in (bool, int):
        # 64-bit integers do not bring in 64-bit floats that nobody asked for.
        return default_float_dtype() if found in (_INT64, _UINT64) else _FLOAT32
    return found


def to_floating_dtype(dtype: Any) -> np.dtype:
    """The real floating dtype of the values' parts: complex64 gives float32."""
    found = to_inexact_dtype(dtype)
    return {_COMPLEX64: _FLOAT32, _COMPLEX128: _FLOAT64}.get(found, found)


class finfo(ml_dtypes.finfo):
    """Limits of a floating dtype: `eps`, `max`, `tiny`, ...; `float` means the default one.

    Example:
        >>> from jib.dtypes import finfo
        >>> float(finfo("bfloat16").eps), finfo(float).bits
        (0.0078125, 32)
    """

    def __new__(cls, dtype: Any) -> Any:
        found = _dtype_or_values_dtype(dtype)
        if _SCALAR_TYPE.get(found) not in (float, complex):
            raise ValueError(
                f"finfo describes floating dtypes, not {found!r}. help: iinfo({dtype!r})"
            )
        return ml_dtypes.finfo(found)


class iinfo(ml_dtypes.iinfo):
    """Limits of an integer dtype: `min`, `max`, `bits`; `int` means the default one.

    Example:
        >>> from jib.dtypes import iinfo
        >>> iinfo("int4").max, iinfo(int).bits
        (7, 32)
    """

    def __new__(cls, int_type: Any) -> Any:
        found = _dtype_or_values_dtype(int_type)
        if _SCALAR_TYPE.get(found) is not int:
            raise ValueError(
                f"iinfo describes integer dtypes, not {found!r}. help: finfo({int_type!r})"
            )
        return ml_dtypes.iinfo(found)


def _dtype_or_values_dtype(x: Any) -> Any:
    """The dtype that `x` names, or that `x` has if it is a value."""
    named = isinstance(x, (type, np.dtype))  # a dtype has a `shape` too
    if not named and (isinstance(x, (int, float, complex)) or hasattr(x, "shape")):
        return dtype_of(x)[0]
    return parse(x)
