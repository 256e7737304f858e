"""The common dtype of several operands."""

import functools
from typing import Any

import numpy as np

from jib.dtypes._kinds import ExtendedDType
from jib.dtypes._lattice import least_upper_bound
from jib.dtypes._parsing import (
    default_dtype,
    dtype_of,
    is_python_scalar_type,
    parse,
    scalar_type_of,
)
from jib.errors import DTypeError
from jib.settings import enable_x64, numpy_dtype_promotion

__all__ = ["promote", "promote_types", "result_type"]


def promote(dtypes_and_weak: tuple[tuple[Any, bool], ...]) -> tuple[Any, bool]:
    """The dtype that operands of these dtypes promote to, and whether it is weak.

    Raises `TypePromotionError` if they have no common dtype.

    Example:
        >>> import numpy as np
        >>> from jib.dtypes import promote
        >>> promote(((np.dtype("int8"), False), (np.dtype("float32"), True)))
        (dtype('float32'), True)
    """
    return _promote(dtypes_and_weak, numpy_dtype_promotion.value, enable_x64.value)


@functools.lru_cache(4096)
def _promote(operands: tuple[tuple[Any, bool], ...], mode: str, wide: bool) -> tuple[Any, bool]:
    dtypes = [dtype for dtype, _ in operands]
    all_weak = all(weak for _, weak in operands)
    if len(operands) == 1:
        return operands[0]
    if not all_weak and all(dtype == dtypes[0] for dtype in dtypes):
        return dtypes[0], False
    for dtype in dtypes:
        if isinstance(dtype, ExtendedDType):
            raise DTypeError(
                f"nothing is computed with elements of dtype {dtype.name}",
                help="jib.random.key_data(key) gives the words of a key",
            )
    if all_weak and mode != "strict":
        # Join at full strength and weaken the result: weak int16 with weak int8 stays int16.
        nodes = frozenset(dtypes)
    else:
        nodes = frozenset(_node(dtype, weak) for dtype, weak in operands)
    joined = least_upper_bound(nodes, mode, wide)
    if isinstance(joined, type):
        return default_dtype(joined), True
    return joined, all_weak and mode != "strict" and joined.kind != "b"


def _node(dtype: Any, weak: bool) -> Any:
    """The lattice's node: a weak dtype stands at the node of its Python type."""
    if not weak or dtype.kind == "b":
        return dtype
    return scalar_type_of(dtype)


def _operand(x: Any) -> tuple[Any, bool]:
    """Dtype and weakness of an argument of `result_type`: a value, a dtype or None."""
    if x is None:
        return default_dtype(float), False
    if isinstance(x, (np.dtype, type, str, ExtendedDType)):
        return parse(x), is_python_scalar_type(x) and x is not bool
    if hasattr(x, "shape") or isinstance(x, (int, float, complex)):
        return dtype_of(x)
    return parse(x), False


def result_type(*args: Any, return_weak_type_flag: bool = False) -> Any:
    """The dtype that an operation on these values and dtypes gives.

    With `return_weak_type_flag`, the pair of that dtype and whether it is weak. Raises
    `ValueError` without arguments, `TypePromotionError` if there is no common dtype.

    Example:
        >>> import numpy as np
        >>> from jib.dtypes import result_type
        >>> result_type(np.int8(1), 2.5), result_type("bfloat16", 1)
        (dtype('float32'), dtype(bfloat16))
    """
    if not args:
        raise ValueError("result_type needs at least one array or dtype")
    dtype, weak = promote(tuple([_operand(x) for x in args]))
    if weak:
        dtype = default_dtype(scalar_type_of(dtype))
    return (dtype, weak) if return_weak_type_flag else dtype


def promote_types(a: Any, b: Any) -> np.dtype:
    """The dtype that two dtypes promote to; `int`, `float` and `complex` are weak.

    Raises `TypePromotionError` if there is none.

    Example:
        >>> from jib.dtypes import promote_types
        >>> promote_types("uint8", "int8"), promote_types("float16", float)
        (dtype('int16'), dtype('float16'))
    """
    return promote((_operand(a), _operand(b)))[0]
