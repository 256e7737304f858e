"""The decorators of element-wise functions: eagerly one C++ dispatch, traced straight through."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import dtypes
from jib.backend import transfer
from jib.backend.buffers import ArrayImpl
from jib.backend.donations import FAILURES, explain_failure
from jib.core.scalars import EXACT_TYPES, exact_scalar
from jib.core.tracing import is_eager
from jib.errors import ArgumentTypeError
from jib.numpy._promotion import host_value, promote_args
from jib.passes.eager import compiled
from jib.typing import ArrayLike

__all__ = [
    "WIDE", "elementwise", "elementwise2", "named", "no_out", "of_one", "of_two", "ufunc", "ufunc2",
]  # fmt: skip

_INT32_LIMIT = 2**31
# Python floats and 32-bit integers go to C++ with arrays of these dtypes: nothing is lost.
WIDE = frozenset(np.dtype(name) for name in ("int32", "float32", "complex64", dtypes.bfloat16))


def elementwise(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make `function(x)` a public element-wise function."""
    dispatch = compiled(function).dispatch  # type: ignore[attr-defined]
    name = function.__name__

    @functools.wraps(function)
    def wrapper(x: Any, /) -> Any:
        if is_eager():
            x = x if type(x) is ArrayImpl else host_value(name, x)[0]
            try:
                return dispatch(x)
            except FAILURES as error:
                raise explain_failure(error, x) from None
        return function(x)

    wrapper.dispatch = dispatch  # type: ignore[attr-defined]
    return wrapper


def elementwise2(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Make `function(x, y)` a public element-wise function."""
    dispatch = compiled(function).dispatch  # type: ignore[attr-defined]
    name = function.__name__

    @functools.wraps(function)
    def wrapper(x: Any, y: Any, /) -> Any:
        if is_eager():
            if type(x) is not ArrayImpl or type(y) is not ArrayImpl:
                x, y = _eager_operands(name, x, y)
            try:
                return dispatch(x, y)
            except FAILURES as error:
                raise explain_failure(error, (x, y)) from None
        return function(x, y)

    wrapper.dispatch = dispatch  # type: ignore[attr-defined]
    return wrapper


def ufunc(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """`elementwise` for a function that also has NumPy's `out` and `where`, which must be None."""
    inner = elementwise(function)

    @functools.wraps(function)
    def wrapper(x: Any, /, *, out: None = None, where: None = None) -> Any:
        if out is not None or where is not None:
            no_out(function.__name__, out, where)
        return inner(x)

    wrapper.dispatch = inner.dispatch  # type: ignore[attr-defined]
    return wrapper


def ufunc2(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """`elementwise2` for a function that also has NumPy's `out` and `where`, which must be None."""
    inner = elementwise2(function)

    @functools.wraps(function)
    def wrapper(x: Any, y: Any, /, *, out: None = None, where: None = None) -> Any:
        if out is not None or where is not None:
            no_out(function.__name__, out, where)
        return inner(x, y)

    wrapper.dispatch = inner.dispatch  # type: ignore[attr-defined]
    return wrapper


def named(function: Callable[..., Any], name: str, doc: str) -> Any:
    """The function under a public name, with its documentation."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


def of_one(name: str, promote: Callable[..., Any], function: Callable[[Any], Any], doc: str) -> Any:
    """The public function `function(promote(name, x))`."""

    def made(x: ArrayLike, /) -> Any:
        return function(promote(name, x))

    return elementwise(named(made, name, doc))


def of_two(
    name: str, promote: Callable[..., Any], function: Any, doc: str, make: Any = elementwise2
) -> Any:
    """The public function `function(*promote(name, x, y))`."""

    def made(x: ArrayLike, y: ArrayLike, /) -> Any:
        return function(*promote(name, x, y))

    return make(named(made, name, doc))


def no_out(name: str, out: Any = None, where: Any = None) -> None:
    """Refuse NumPy's `out` (arrays are immutable) and a ufunc's `where`."""
    if out is not None:
        raise ArgumentTypeError(
            f"`{name}` cannot write into `out`: arrays are immutable",
            help=f"out = jib.numpy.{name}(x)",
        )
    if where is not None:
        raise ArgumentTypeError(
            f"`{name}` computes every element: it has no `where`",
            help=f"jib.numpy.where(condition, jib.numpy.{name}(x, y), x)",
        )


def _eager_operands(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    """Operands that C++ takes: checked, and large or narrow Python integers converted here."""
    x, a = (x, x.aval) if type(x) is ArrayImpl else host_value(name, x)
    y, b = (y, y.aval) if type(y) is ArrayImpl else host_value(name, y)
    if (a is int or a is float) and _too_special(x, b):
        x, _ = _promoted(name, x, y)
    elif (b is int or b is float) and _too_special(y, a):
        _, y = _promoted(name, x, y)
    return x, y


def _too_special(value: int | float, other: Any) -> bool:
    dtype = getattr(other, "dtype", None)
    if isinstance(dtype, dtypes.ExtendedDType):
        return False  # promotion refuses it
    if type(value) is int and not -_INT32_LIMIT <= value < _INT32_LIMIT:
        return True
    return dtype is not None and dtype not in WIDE


def _promoted(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    """The Python numbers among the operands in the dtype of the result."""
    pair = [v if type(v) in (int, float) else np.zeros((), _dtype(v)) for v in (x, y)]
    pair = [exact_scalar(v, v.dtype) if isinstance(v, np.ndarray) else v for v in pair]
    made = promote_args(name, *pair)
    return tuple(
        _on_device(m) if type(v) in (int, float) else v for m, v in zip(made, (x, y), strict=True)
    )  # type: ignore[return-value]


def _on_device(value: Any) -> Any:
    return transfer.put_scalar(value, value.dtype) if type(value) in EXACT_TYPES else value


def _dtype(value: Any) -> Any:
    dtype, weak = dtypes.dtype_of(value)
    return dtypes.BOOL if weak and dtype.kind == "i" else dtype
