"""Operators, methods and properties of arrays: the one table for device arrays and tracers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend.buffers import ArrayImpl
from jib.backend.donations import FAILURES, explain_failure
from jib.core.keys import KeyArray
from jib.core.operators import define_members
from jib.core.tracing import Tracer, is_eager
from jib.errors import ArgumentTypeError, ArgumentValueError, ItemAssignmentError
from jib.numpy import (
    _arithmetic as arithmetic,
    _averages as averages,
    _bitwise as bitwise,
    _choosing as choosing,
    _comparison as comparison,
    _complexes as complexes,
    _contraction as contraction,
    _creation as creation,
    _cumulative as cumulative,
    _indexing as indexing,
    _joining as joining,
    _reductions as reductions,
    _rounding as rounding,
    _shaping as shaping,
    _sorting as sorting,
    _taking as taking,
)
from jib.numpy._at import IndexUpdateHelper
from jib.numpy._elementwise import WIDE
from jib.numpy._indexing import getitem
from jib.passes.eager import compiled
from jib.typing import DTypeLike

__all__: list[str] = []

_INT32_LIMIT = 2**31

# Whether an operator takes values of a type, by exact type; the answer for other types is added.
_taken: dict[type, bool] = {int: True, float: True, bool: True, complex: True, ArrayImpl: True}


def _is_taken(kind: type) -> bool:
    """Whether arrays combine with values of this type; another type may know what to do."""
    found = issubclass(
        kind, Tracer | ArrayImpl | KeyArray | np.ndarray | np.generic | int | float | complex
    ) or any(hasattr(kind, name) for name in ("__jib_array__", "__jax_array__"))
    _taken[kind] = found
    return found


def _refuse(symbol: str, self: Any, other: Any) -> Any:
    if isinstance(other, list | tuple):
        raise ArgumentTypeError(
            f"`{symbol}` of an array and a {type(other).__name__} is not defined",
            help="jib.numpy.asarray(values) makes an array of nested sequences",
        )
    return NotImplemented


def _binary(symbol: str, function: Callable[[Any, Any], Any], reflected: bool = False) -> Any:
    """The operator `self <symbol> other`, or `other <symbol> self` when reflected.

    Eager operands that C++ takes as they are go there at once.
    """
    dispatch = function.dispatch  # type: ignore[attr-defined]

    def direct(self: Any, other: Any) -> Any:
        kind = type(other)
        try:
            if kind is ArrayImpl or (kind is float and self.aval.dtype in WIDE):
                if is_eager():
                    return dispatch(self, other)
            elif (
                kind is int
                and -_INT32_LIMIT <= other < _INT32_LIMIT
                and self.aval.dtype in WIDE
                and is_eager()
            ):
                return dispatch(self, other)
        except FAILURES as error:
            raise explain_failure(error, (self, other)) from None
        if not _taken.get(kind) and not _is_taken(kind):
            return _refuse(symbol, self, other)
        return function(self, other)

    def swapped(self: Any, other: Any) -> Any:
        kind = type(other)
        if kind is float or (kind is int and -_INT32_LIMIT <= other < _INT32_LIMIT):
            if self.aval.dtype in WIDE and is_eager():
                try:
                    return dispatch(other, self)
                except FAILURES as error:
                    raise explain_failure(error, (self, other)) from None
        elif not _taken.get(kind) and not _is_taken(kind):
            return _refuse(symbol, self, other)
        return function(other, self)

    return swapped if reflected else direct


def _plain(
    symbol: str,
    function: Callable[[Any, Any], Any],
    eager: Callable[[Any, Any], Any] | None = None,
    reflected: bool = False,
) -> Any:
    """`_binary` for functions that look at their operands themselves.

    `eager` is the short way for two device arrays.
    """
    dispatch = getattr(eager, "dispatch", None)

    def direct(self: Any, other: Any) -> Any:
        if dispatch is not None and type(self) is type(other) is ArrayImpl and is_eager():
            try:
                return dispatch(self, other)
            except FAILURES as error:
                raise explain_failure(error, (self, other)) from None
        if not _taken.get(type(other)) and not _is_taken(type(other)):
            return _refuse(symbol, self, other)
        return function(self, other)

    def swapped(self: Any, other: Any) -> Any:
        if not _taken.get(type(other)) and not _is_taken(type(other)):
            return _refuse(symbol, self, other)
        return function(other, self)

    return swapped if reflected else direct


def _operators() -> dict[str, Any]:
    table = {
        "add": ("+", arithmetic.add),
        "sub": ("-", arithmetic.subtract),
        "mul": ("*", arithmetic.multiply),
        "truediv": ("/", arithmetic.divide),
        "floordiv": ("//", arithmetic.floor_divide),
        "mod": ("%", arithmetic.remainder),
        "and": ("&", bitwise.bitwise_and),
        "or": ("|", bitwise.bitwise_or),
        "xor": ("^", bitwise.bitwise_xor),
        "lshift": ("<<", bitwise.left_shift),
        "rshift": (">>", bitwise.right_shift),
    }
    members = {}
    for name, (symbol, function) in table.items():
        members[f"__{name}__"] = _binary(symbol, function)
        members[f"__r{name}__"] = _binary(symbol, function, reflected=True)
    for name, symbol, plain, eager in (
        ("pow", "**", arithmetic.power, None),
        ("divmod", "divmod", arithmetic.divmod, None),
        ("matmul", "@", contraction.matmul, contraction.plain_matmul),
    ):
        members[f"__{name}__"] = _plain(symbol, plain, eager)
        members[f"__r{name}__"] = _plain(symbol, plain, reflected=True)
    for name, symbol, function in (
        ("eq", "==", comparison.equal),
        ("ne", "!=", comparison.not_equal),
        ("lt", "<", comparison.less),
        ("le", "<=", comparison.less_equal),
        ("gt", ">", comparison.greater),
        ("ge", ">=", comparison.greater_equal),
    ):
        members[f"__{name}__"] = _binary(symbol, function)
    for name, member in members.items():
        member.__name__ = name
        member.__qualname__ = f"Array.{name}"
    members["__neg__"] = _one("neg", arithmetic.negative)
    members["__pos__"] = _one("pos", arithmetic.positive)
    members["__abs__"] = _one("abs", arithmetic.abs)
    members["__invert__"] = _one("invert", bitwise.invert)
    return members


def _one(name: str, function: Callable[[Any], Any]) -> Any:
    def member(self: Any) -> Any:
        return function(self)

    member.__name__, member.__qualname__ = f"__{name}__", f"Array.__{name}__"
    return member


# ------------------------------------------------------------------------- other special names


def _round(self: Any, ndigits: int | None = None) -> Any:
    return rounding.round(self, 0 if ndigits is None else ndigits)


_ROWS_AT_ONCE = 16  # each program compiles quickly, and one serves arrays of any length


@compiled
def _rows(x: Any) -> list[Any]:
    return [lax.index_in_dim(x, i, 0, keepdims=False) for i in range(x.shape[0])]


def _iterate(self: Any) -> Iterator[Any]:
    """The rows, from programs that return many of them."""
    count = self.aval.length()
    if not count:
        return iter(())
    if count <= _ROWS_AT_ONCE:
        return iter(_rows(self))
    parts = (self[i : i + _ROWS_AT_ONCE] for i in range(0, count, _ROWS_AT_ONCE))
    return itertools.chain.from_iterable(map(_rows, parts))


def _contains(self: Any, other: Any) -> bool:
    return bool(reductions.any(comparison.equal(self, other)))


def _setitem(self: Any, i: Any, x: Any) -> None:
    raise ItemAssignmentError(self)


def _delitem(self: Any, i: Any) -> None:
    raise ItemAssignmentError(self)


def _array_namespace(self: Any, *, api_version: str | None = None) -> Any:
    """The module of functions for this array, by the array API standard."""
    if api_version not in (None, "2021.12", "2022.12", "2023.12", "2024.12"):
        raise ArgumentValueError(f"the array API of version {api_version!r} is not known")
    return _namespace[0]


_namespace: list[Any] = []


def set_namespace(module: Any) -> None:
    """Make `module` what `__array_namespace__` gives (called once, by the index)."""
    _namespace[:] = [module]


# ------------------------------------------------------------------------------------ methods


def _reshape(self: Any, *args: Any, order: str = "C", out_sharding: Any = None) -> Any:
    """The same elements in another shape, given as integers or as a tuple; -1 is worked out."""
    shape = args[0] if len(args) == 1 else args
    return shaping.reshape(self, shape, order)


def _transpose(self: Any, *args: Any) -> Any:
    """The axes in another order, reversed by default."""
    if not args or args[0] is None:
        return shaping.transpose(self)
    return shaping.transpose(self, args[0] if isinstance(args[0], list | tuple) else args)


def _flatten(self: Any, order: str = "C", *, out_sharding: Any = None) -> Any:
    """The elements as a vector."""
    return shaping.ravel(self, order)


def _astype(self: Any, dtype: DTypeLike | None, copy: bool = False, device: Any = None) -> Any:
    """The array with its elements converted to another dtype."""
    return creation.astype(self, dtype, copy=copy, device=device)


def _view(self: Any, dtype: DTypeLike | None = None, type: Any = None) -> Any:
    """The same bytes read as another dtype; the last axis grows or shrinks with the width."""
    if type is not None:
        raise ArgumentTypeError("`view` has no `type`: there is one class of arrays")
    if dtype is None:
        return self
    wanted = dtypes.parse(dtype)
    old, new = dtypes.itemsize_bits(self.dtype), dtypes.itemsize_bits(wanted)
    if dtypes.BOOL in (self.dtype, wanted) and self.dtype != wanted:
        whole = self.astype(np.uint8) if self.dtype == dtypes.BOOL else self
        return whole.astype(bool) if wanted == dtypes.BOOL else whole.view(wanted)
    if old == new:
        return lax.bitcast_convert_type(self, wanted)
    if not self.ndim:
        raise ArgumentValueError(f"`view` of a scalar as {wanted.name} changes its width")
    if old > new:
        return lax.bitcast_convert_type(self, wanted).reshape((*self.shape[:-1], -1))
    if self.shape[-1] % (new // old):
        raise ArgumentValueError(
            f"`view` as {wanted.name} needs a last axis divisible by {new // old}, "
            f"but the shape is {self.shape}"
        )
    parts = self.reshape((*self.shape[:-1], -1, new // old))
    return lax.bitcast_convert_type(parts, wanted)


def _byteswap(self: Any) -> Any:
    """The elements with the order of their bytes reversed."""
    if self.dtype.itemsize == 1:
        return self
    octets = lax.bitcast_convert_type(self, np.uint8)
    return lax.bitcast_convert_type(shaping.flip(octets, -1), self.dtype)


def _clip(self: Any, min: Any = None, max: Any = None) -> Any:
    """The elements moved into the range from `min` to `max`."""
    return choosing.clip(self, min, max)


def _compress(
    self: Any,
    condition: Any,
    axis: int | None = None,
    *,
    out: None = None,
    size: int | None = None,
    fill_value: Any = 0,
) -> Any:
    """The members along an axis where the condition holds."""
    return taking.compress(condition, self, axis, size=size, fill_value=fill_value)


def _to_device(self: Any, device: Any, *, stream: Any = None) -> Any:
    """A copy of the array on another device."""
    return creation.asarray(self, device=device)


def _methods() -> dict[str, Any]:
    """Functions that are methods as they are: the array is their first argument."""
    same = {
        averages: ("mean", "std", "var"),
        complexes: ("conj", "conjugate"),
        contraction: ("diagonal", "dot", "trace"),
        creation: ("copy",),
        cumulative: ("cumprod", "cumsum"),
        joining: ("repeat",),
        reductions: ("all", "any", "argmax", "argmin", "max", "min", "prod", "ptp", "sum"),
        rounding: ("round",),
        shaping: ("ravel", "squeeze", "swapaxes"),
        sorting: ("argpartition", "argsort", "nonzero", "searchsorted", "sort"),
        indexing: ("take",),
        taking: ("choose",),
    }
    members = {name: getattr(module, name) for module, names in same.items() for name in names}
    own = (_reshape, _transpose, _flatten, _astype, _view, _byteswap, _clip, _compress, _to_device)
    return members | {function.__name__.removeprefix("_"): function for function in own}


def _properties() -> dict[str, property]:
    return {
        "T": property(shaping.transpose, doc="The axes in reverse order."),
        "mT": property(shaping.matrix_transpose, doc="The last two axes swapped."),
        "real": property(complexes.real, doc="The real parts."),
        "imag": property(complexes.imag, doc="The imaginary parts."),
        "flat": property(
            lambda self: iter(shaping.ravel(self)), doc="An iterator over the elements."
        ),
    }


define_members(
    _operators()
    | _methods()
    | _properties()
    | {
        "__round__": _round,
        "__contains__": _contains,
        "__getitem__": getitem,
        "at": property(IndexUpdateHelper, doc="Changed copies: `x.at[i].set(v)`."),
        "__setitem__": _setitem,
        "__delitem__": _delitem,
        "__array_namespace__": _array_namespace,
    }
)

# Tracers iterate by a method of `Tracer`; keys have a way of their own.
ArrayImpl.__iter__ = _iterate
