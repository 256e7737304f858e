"""Functions of one or two elements as objects that reduce, accumulate, and combine."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.lax._shaping import canonical_axis
from jib.numpy import (
    _arithmetic as arithmetic,
    _bitwise as bitwise,
    _comparison as comparison,
    _transcendental as transcendental,
)
from jib.numpy._choosing import where as choose
from jib.numpy._creation import asarray, full_like
from jib.numpy._derived import not_in_place
from jib.numpy._elementwise import no_out
from jib.numpy._joining import stack
from jib.numpy._mapping import vectorize
from jib.numpy._reductions import static_axis
from jib.numpy._shaping import broadcast_to, moveaxis, reshape
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = ["frompyfunc", "ufunc"]

_METHODS = ("accumulate", "at", "outer", "reduce", "reduceat")


class _Kind(type):
    """`jnp.add` and its like are plain functions with a ufunc's methods: they count as ufuncs."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or hasattr(instance, "reduceat")


class ufunc(metaclass=_Kind):
    """A function of elements, applied to whole arrays, with NumPy's methods for functions of two.

    Args:
        func: a function of `nin` rank-0 arrays with `nout` results.
        identity: the value that changes nothing, where there is one.

    Example:
        >>> import jib.numpy as jnp
        >>> longer = jnp.frompyfunc(lambda x, y: jnp.sqrt(x * x + y * y), 2, 1, identity=0)
        >>> longer.reduce(jnp.array([2.0, 3.0, 6.0])).tolist()
        7.0
    """

    nin: int
    nout: int
    nargs: int
    identity: Any

    def __init__(
        self,
        func: Callable[..., Any],
        /,
        nin: int,
        nout: int,
        *,
        name: str | None = None,
        nargs: int | None = None,
        identity: Any = None,
        call: Callable[..., Any] | None = None,
        reduce: Any = None,
        accumulate: Any = None,
        at: Any = None,
        reduceat: Any = None,
    ) -> None:
        functools.update_wrapper(self, func)
        self.__name__ = name or getattr(func, "__name__", "ufunc")
        self.nin, self.nout = operator.index(nin), operator.index(nout)
        self.nargs, self.identity = nargs or self.nin, identity
        self._call = call or vectorize(func)
        for key, given in zip(_METHODS, (accumulate, at, None, reduce, reduceat), strict=True):
            if given is not None:
                setattr(self, key, functools.partial(given, self))

    def __repr__(self) -> str:
        return f"<jib.numpy.ufunc '{self.__name__}'>"

    def __call__(self, *args: Any, out: None = None, where: None = None) -> Any:
        """The function of each element."""
        no_out(self.__name__, out, where)
        return self._call(*args)

    def _two(self, method: str, out: Any = None) -> None:
        no_out(self.__name__, out)
        if (self.nin, self.nout) != (2, 1):
            raise ArgumentValueError(
                f"`{method}` needs a function of two elements with one result, but "
                f"`{self.__name__}` has {self.nin} and {self.nout}"
            )

    def reduce(
        self,
        a: ArrayLike,
        axis: int | tuple[int, ...] | None = 0,
        dtype: DTypeLike | None = None,
        out: None = None,
        keepdims: bool = False,
        initial: ArrayLike | None = None,
        where: ArrayLike | None = None,
    ) -> Array:
        """The elements along axes, combined from the first to the last."""
        self._two("reduce", out)
        x = asarray(a, dtype)
        initial = self.identity if initial is None else initial
        if where is not None:
            if initial is None:
                raise ArgumentValueError(f"`{self.__name__}.reduce` with `where` needs `initial`")
            x = choose(where, x, initial)
        axes = static_axis(axis)
        axes = range(x.ndim) if axes is None else axes if isinstance(axes, tuple) else (axes,)
        places = [canonical_axis("reduce", i, x.ndim) for i in axes]
        rest = [i for i in range(x.ndim) if i not in places]
        rows = x.transpose(*places, *rest).reshape(-1, *(x.shape[i] for i in rest))
        if initial is None and not len(rows):
            raise ArgumentValueError(f"`{self.__name__}.reduce` of no elements needs `initial`")
        first = rows[0] if initial is None else full_like(rows, initial, shape=rows.shape[1:])
        first = first.astype(aval_of(self(first, first)).dtype)
        rows = rows[1:] if initial is None else rows
        made = first
        if len(rows):
            made = lax.fori_loop(0, len(rows), lambda i, total: self(total, rows[i]), first)
        return lax.expand_dims(made, sorted(places)) if keepdims else made

    def accumulate(
        self, a: ArrayLike, axis: int = 0, dtype: DTypeLike | None = None, out: None = None
    ) -> Array:
        """What `reduce` gives for the first element, the first two, and so on."""
        self._two("accumulate", out)
        x = moveaxis(asarray(a, dtype), axis, 0)
        if not len(x):
            return asarray(a, dtype)

        def step(total: Any, row: Any) -> Any:
            total = self(total, row)
            return total, total

        first = x[0].astype(aval_of(self(x[0], x[0])).dtype)
        _, rest = lax.scan(step, first, x[1:])
        return moveaxis(lax.concatenate([first[None], rest], 0), 0, axis)

    def outer(self, A: ArrayLike, B: ArrayLike, /) -> Array:
        """The function of every pair of elements."""
        self._two("outer")
        a = asarray(A)
        return self(reshape(a, a.shape + (1,) * asarray(B).ndim), B)

    def at(
        self, a: ArrayLike, indices: Any, b: ArrayLike | None = None, /, *, inplace: bool = True
    ) -> Array:
        """A new array with the function applied at the indices, again where one comes twice."""
        not_in_place(f"{self.__name__}.at", "x, indices, y", inplace)
        x = asarray(a)
        if b is None:
            return x.at[indices].apply(self)
        self._two("at")
        chosen = reshape(lax.iota(np.int32, x.size), x.shape)[indices]
        places, values = chosen.reshape(-1), broadcast_to(b, chosen.shape).reshape(-1)

        def step(i: Any, flat: Any) -> Any:
            return flat.at[places[i]].set(self(flat[places[i]], values[i]).astype(flat.dtype))

        return lax.fori_loop(0, places.size, step, x.reshape(-1)).reshape(x.shape)

    def reduceat(
        self,
        a: ArrayLike,
        indices: Any,
        axis: int = 0,
        dtype: DTypeLike | None = None,
        out: None = None,
    ) -> Array:
        """`reduce` from each (known) index to the next one; see NumPy's method."""
        self._two("reduceat", out)
        x = moveaxis(asarray(a, dtype), axis, 0)
        starts = asarray(indices).tolist()
        ends = [*starts[1:], len(x)]
        parts = [x[i:j] if i < j else x[i : i + 1] for i, j in zip(starts, ends, strict=True)]
        return moveaxis(stack([self.reduce(part) for part in parts]), 0, axis)


def frompyfunc(func: Callable[..., Any], /, nin: int, nout: int, *, identity: Any = None) -> ufunc:
    """A function of elements as a `ufunc`.

    Raises:
        ArgumentTypeError: if it is not a function.
    """
    if not callable(func):
        raise ArgumentTypeError(f"`frompyfunc` takes a function, not a {type(func).__name__}")
    return ufunc(func, nin, nout, identity=identity)


def _equip(function: Any, identity: Any) -> None:
    made = ufunc(function, 2, 1, identity=identity, call=function)
    for key in (*_METHODS, "nin", "nout", "nargs", "identity"):
        setattr(function, key, getattr(made, key))


for _function, _identity in (
    (arithmetic.add, 0),
    (arithmetic.multiply, 1),
    (arithmetic.subtract, None),
    (arithmetic.maximum, None),
    (arithmetic.minimum, None),
    (bitwise.bitwise_and, -1),
    (bitwise.bitwise_or, 0),
    (bitwise.bitwise_xor, 0),
    (comparison.logical_and, True),
    (comparison.logical_or, False),
    (comparison.logical_xor, False),
    (transcendental.logaddexp, -float("inf")),
    (transcendental.logaddexp2, -float("inf")),
):
    _equip(_function, _identity)
