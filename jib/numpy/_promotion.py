"""NumPy's type promotion and broadcasting, in as few equations as possible.

What has to happen to two operands depends on their types alone, so it is planned once for each pair
of types; from then on a binary operation costs one dictionary lookup more than its primitive.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import dtypes
from jib.core.avals import ShapedArray
from jib.core.scalars import exact_scalar, exact_type
from jib.core.tracing import aval_of, not_an_array
from jib.errors import ArgumentTypeError, DTypeError, IntegerRangeError, ShapeError
from jib.lax._conversion import convert_element_type_p
from jib.lax._families import kind_of
from jib.lax._shaping import broadcast_in_dim_p, broadcast_shapes
from jib.settings import enable_x64, numpy_dtype_promotion, numpy_rank_promotion

__all__ = [
    "as_operand", "broadcast_to_shape", "dtype_and_weak", "host_value", "promote_args",
    "promote_dtypes", "promote_inexact", "promote_inexact_args", "promote_numeric",
    "promote_numeric_args", "promote_shapes",
]  # fmt: skip

_PYTHON = frozenset({bool, int, float, complex})
_HOST = (np.ndarray, np.generic)
_Step = Callable[[Any], Any] | None  # None leaves an operand as it is

_PLANS_LIMIT = 8192
_plans: dict[Any, tuple[_Step, _Step]] = {}
_INT32_LIMIT = 2**31


def promote_args(name: str, *args: Any) -> Any:
    """The operands of `name` in their common dtype and (except scalars) their common shape.

    Python numbers become scalars of the result's dtype; an operand of rank 0 stays one.

    Raises:
        ArgumentTypeError: if an operand is not an array.
        ShapeError: if shapes do not broadcast.
    """
    if len(args) == 2:
        return _promote_pair(name, args[0], args[1], False)
    return promote_shapes(name, *promote_dtypes(name, *args))


def promote_inexact_args(name: str, x: Any, y: Any) -> Any:
    """`promote_args` of two operands, to a floating or complex dtype."""
    return _promote_pair(name, x, y, True)


def _promote_pair(name: str, x: Any, y: Any, inexact: bool) -> tuple[Any, Any]:
    a = getattr(x, "aval", None)
    if a is None:
        x, a = host_value(name, x)
    b = getattr(y, "aval", None)
    if b is None:
        y, b = host_value(name, y)
    if a is b and not inexact and type(a) is ShapedArray:
        return x, y
    mode, wide, ranks = numpy_dtype_promotion.value, enable_x64.value, numpy_rank_promotion.value
    key = (a, b, inexact, mode, wide, ranks)
    plan = _plans.get(key)
    if plan is None:
        plan = _make_plan(name, a, b, inexact)
        if ranks != "warn":  # which warns each time
            if len(_plans) >= _PLANS_LIMIT:
                _plans.clear()
            _plans[key] = plan
    step_x, step_y = plan
    return x if step_x is None else step_x(x), y if step_y is None else step_y(y)


def host_value(name: str, x: Any) -> tuple[Any, Any]:
    """A value without an aval, and the key of its type: a Python type, or its aval."""
    kind = type(x)
    if kind in _PYTHON:
        return x, kind
    x = as_operand(name, x)
    aval = getattr(x, "aval", None)
    if aval is not None:
        return x, aval
    if type(x) in _PYTHON:
        return x, type(x)
    aval = aval_of(x)
    return (x if x.dtype == aval.dtype else x.astype(aval.dtype)), aval


def as_operand(name: str, x: Any) -> Any:
    """An operand as an array, tracer, or number; anything else raises.

    Raises:
        ArgumentTypeError: for lists and all else that is not an array.
        IntegerRangeError: for integers that do not fit in the default width.
    """
    if getattr(x, "aval", None) is not None or type(x) in _PYTHON:
        return x
    if isinstance(x, _HOST):
        if x.dtype.kind in "iu" and x.dtype.itemsize == 8:
            _check_fits(x, aval_of(x).dtype)
        aval_of(x)
        return x
    if isinstance(x, (int, float, complex)):
        # Members of an IntEnum and the like are plain numbers from here on.
        kinds: tuple[Any, ...] = (bool, int, float, complex)
        return next(kind(x) for kind in kinds if isinstance(x, kind))
    for protocol in ("__jib_array__", "__jax_array__"):
        if hasattr(x, protocol):
            return getattr(x, protocol)()
    if isinstance(x, list | tuple):
        raise ArgumentTypeError(
            f"`{name}` takes arrays and numbers, not a {type(x).__name__}",
            help="jib.numpy.asarray(values) makes an array of nested sequences",
        )
    raise (
        not_an_array(x)
        if x is not None
        else ArgumentTypeError(f"`{name}` takes arrays and numbers, not None")
    )


def _check_fits(value: Any, target: np.dtype) -> None:
    try:
        dtypes.check_integer_fits(value, target)
    except OverflowError:
        low, high = (value, value) if isinstance(value, int) else (value.min(), value.max())
        outside = high if high > dtypes.iinfo(target).max else low
        raise IntegerRangeError.overflow(int(outside), target.name) from None


# ------------------------------------------------------------------------------------ plans


def dtype_and_weak(key: Any) -> tuple[Any, bool]:
    """The dtype and weakness of an aval or of a Python number's type."""
    if isinstance(key, ShapedArray):
        return key.dtype, key.weak_type
    return dtypes.dtype_of(key())


def _common(name: str, keys: Sequence[Any], inexact: bool) -> tuple[Any, bool]:
    try:
        dtype, weak = dtypes.promote(tuple([dtype_and_weak(k) for k in keys]))
    except dtypes.TypePromotionError as error:
        sentence, _, cure = str(error).partition(". help: ")
        raise DTypeError(f"`{name}`: {sentence}", help=cure or ()) from None
    if inexact and kind_of(dtype) in "bi":
        return dtypes.to_inexact_dtype(dtype), weak
    return dtype, weak


def _make_plan(name: str, a: Any, b: Any, inexact: bool) -> tuple[_Step, _Step]:
    dtype, weak = _common(name, (a, b), inexact)
    shapes = [k.shape if isinstance(k, ShapedArray) else () for k in (a, b)]
    shape = _common_shape(name, shapes)
    return _make_step(a, dtype, weak, shape), _make_step(b, dtype, weak, shape)


def _common_shape(name: str, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that operands have together; checks `numpy_rank_promotion`."""
    ranks = {len(s) for s in shapes if s}
    if len(ranks) > 1 and numpy_rank_promotion.value != "allow":
        listed = " and ".join(str(s) for s in shapes if s)
        message = f"`{name}` broadcasts arrays of different rank, {listed}"
        if numpy_rank_promotion.value == "raise":
            raise ShapeError(
                f"{message}, which numpy_rank_promotion='raise' does not allow",
                help="jib.numpy.expand_dims(x, 0) makes the rank equal",
            )
        warnings.warn(message, stacklevel=6)
    try:
        return broadcast_shapes(*shapes)
    except ShapeError:
        raise ShapeError.broadcast(name, [str(s) for s in shapes]) from None


def _make_step(key: Any, dtype: Any, weak: bool, shape: tuple[int, ...]) -> _Step:
    if not isinstance(key, ShapedArray):
        return _scalar_step(key, dtype, weak)
    convert = key.dtype != dtype
    spread = key.shape not in ((), shape)
    if not convert and not spread:
        return None
    places = tuple(range(len(shape) - key.ndim, len(shape)))

    def step(x: Any) -> Any:
        if convert:
            if isinstance(x, np.generic):
                return exact_scalar(x, dtype)
            x = convert_element_type_p.bind(x, dtype=dtype, weak_type=weak)
        return broadcast_in_dim_p.bind(x, shape=shape, dims=places) if spread else x

    return step


def _scalar_step(kind: type, dtype: np.dtype, weak: bool) -> _Step:
    """How a Python number becomes a scalar of `dtype` (a Python one where the result is weak)."""
    if weak:
        target = dtypes.scalar_type_of(dtype)
        if dtypes.dtype_of(target())[0] == dtype:
            return target if target is not int else functools.partial(_integer, dtype, int)
    if dtype.kind in "iu" or dtype in dtypes.NARROW_INTEGERS:
        return functools.partial(_integer, dtype, exact_type(dtype))
    return exact_type(dtype)


def _integer(dtype: np.dtype, make: Any, value: int) -> Any:
    if not -_INT32_LIMIT <= value < _INT32_LIMIT or dtype.itemsize < 4 or dtype.kind == "u":
        _check_fits(int(value), dtype)
    return make(value)


# ---------------------------------------------------------------------------- other numbers


def promote_dtypes(name: str, *args: Any) -> list[Any]:
    """The operands in their common dtype, shapes as they are."""
    pairs = [_with_key(name, x) for x in args]
    dtype, weak = _common(name, [key for _, key in pairs], False)
    return [_in_dtype(x, key, dtype, weak) for x, key in pairs]


def _with_key(name: str, x: Any) -> tuple[Any, Any]:
    aval = getattr(x, "aval", None)
    return host_value(name, x) if aval is None else (x, aval)


def _in_dtype(x: Any, key: Any, dtype: Any, weak: bool) -> Any:
    shape = key.shape if isinstance(key, ShapedArray) else ()
    step = _make_step(key, dtype, weak, shape)
    return x if step is None else step(x)


def promote_shapes(name: str, *args: Any) -> list[Any]:
    """The operands repeated to their common shape; operands of rank 0 stay as they are."""
    shapes = [aval_of(x).shape for x in args]
    shape = _common_shape(name, shapes)
    return [
        x if own in ((), shape) else broadcast_to_shape(x, shape)
        for x, own in zip(args, shapes, strict=True)
    ]


def broadcast_to_shape(x: Any, shape: tuple[int, ...]) -> Any:
    """One array repeated to a shape that its own broadcasts to."""
    own = aval_of(x).shape
    if own == shape and getattr(x, "aval", None) is not None:
        return x
    places = tuple(range(len(shape) - len(own), len(shape)))
    return broadcast_in_dim_p.bind(x, shape=shape, dims=places)


_INEXACT: dict[Any, bool] = {}


def promote_inexact(name: str, x: Any) -> Any:
    """One operand in a floating or complex dtype: integers and booleans become floats."""
    aval = getattr(x, "aval", None)
    if aval is None:
        x, aval = host_value(name, x)
        if type(x) in (float, complex):
            return x
    dtype, weak = dtype_and_weak(aval)
    inexact = _INEXACT.get(dtype)
    if inexact is None:
        inexact = _INEXACT[dtype] = kind_of(dtype) not in "bi"
    if inexact:
        return x
    return _in_dtype(x, aval, dtypes.to_inexact_dtype(dtype), weak)


def promote_numeric_args(name: str, x: Any, y: Any) -> Any:
    """`promote_args` of two operands to numbers: two booleans become integers."""
    x, y = _promote_pair(name, x, y, False)
    if getattr(x, "dtype", None) is dtypes.BOOL:
        return promote_numeric(name, x), promote_numeric(name, y)
    return x, y


def promote_numeric(name: str, x: Any) -> Any:
    """One operand as a number: booleans become integers of the default width."""
    x, key = _with_key(name, x)
    dtype, weak = dtype_and_weak(key)
    if dtype != dtypes.BOOL:
        return x
    return _in_dtype(x, key, dtypes.default_int_dtype(), weak)
