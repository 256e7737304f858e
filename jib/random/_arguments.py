"""What all samplers do with their arguments: shapes, dtypes, parameters."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

import numpy as np

from jib import dtypes, lax
from jib.core.scalars import exact_scalar
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentTypeError, DTypeError, ShapeError, TracedShapeError
from jib.passes.eager import compiled
from jib.typing import Array

__all__ = [
    "broadcast_shape", "canonical_shape", "checked_dtype", "fit", "row", "sampler", "scalar"
]  # fmt: skip

P = ParamSpec("P")


def canonical_shape(name: str, shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of integers."""
    if type(shape) is tuple and all([type(d) is int for d in shape]):
        return shape
    sequence = isinstance(shape, Sequence | np.ndarray)
    for length in shape if sequence else (shape,):
        if isinstance(length, Tracer):
            raise TracedShapeError(length)
    if sequence:
        return tuple(int(d) for d in shape)
    cure = f"values = jib.random.{name}(key, shape=({shape!r},))" if isinstance(shape, int) else ()
    raise ArgumentTypeError(f"`{name}` takes a shape, but got {shape!r}", help=cure)


_KINDS = {"floating": np.floating, "floating or complex": np.inexact, "integer": np.integer}


def checked_dtype(name: str, dtype: Any, kind: str = "floating") -> np.dtype:
    """The dtype asked for, which must be of a kind; None is the default one."""
    default = int if kind == "integer" else float
    found = dtypes.parse(default if dtype is None else dtype)
    if not dtypes.issubdtype(found, _KINDS[kind]):
        raise DTypeError.accepts(f"random.{name}", found.name, kind)
    return found


def broadcast_shape(name: str, shape: Any, *parameters: tuple[int, ...]) -> tuple[int, ...]:
    """The shape asked for, which parameters of these shapes must fit, or theirs together."""
    if not parameters:
        return canonical_shape(name, shape)
    try:
        own = lax.broadcast_shapes(*parameters)
    except ShapeError:
        raise ShapeError.broadcast(name, [str(s) for s in parameters]) from None
    if shape is None:
        return own
    shape = canonical_shape(name, shape)
    if own in ((), shape):
        return shape
    tail = shape[len(shape) - len(own) :]
    if len(own) > len(shape) or any(m not in (1, n) for m, n in zip(own, tail, strict=True)):
        listed = " and ".join(str(s) for s in parameters)
        raise ShapeError(
            f"`{name}` draws values of shape {shape}, but its parameters have shape {listed}",
            help=f"leave `shape` out, or let it end with {own}",
        )
    return shape


def scalar(dtype: Any, value: Any) -> Any:
    """A number of rank 0, a literal in programs."""
    return exact_scalar(value, dtype)


def fit(x: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """A parameter in the dtype of the result, of its shape or of rank 0."""
    x = lax.convert_element_type(x, dtype)
    own = aval_of(x).shape
    if not own or own == shape:
        return x
    return lax.broadcast_in_dim(x, shape, range(len(shape) - len(own), len(shape)))


def row(keys: Any, i: int) -> Any:
    """One key of an array of keys (typed or raw), or one array of numbers, of the first axis."""
    shape = aval_of(keys).shape
    piece = lax.slice(keys, (i, *(0 for _ in shape[1:])), (i + 1, *shape[1:]))
    return lax.reshape(piece, shape[1:])


def sampler(
    kind: str = "floating", parameters: Any = None, full: bool = False
) -> Callable[[Callable[P, Any]], Callable[P, Array]]:
    """Decorates the body of a sampler, which takes a key, parameters, a shape and a dtype.

    The body gets the shape of the result, a dtype of this kind, and parameters in that dtype (or in
    the dtype `parameters`): of that shape, or also of rank 0 unless they must be `full`. Samplers
    have the argument `out_sharding`, too.
    """

    def decorate(body: Callable[P, Any]) -> Callable[P, Array]:
        name, own = body.__name__, inspect.signature(body)
        extra = inspect.Parameter("out_sharding", inspect.Parameter.KEYWORD_ONLY, default=None)
        signature = own.replace(parameters=[*own.parameters.values(), extra])
        names = tuple(own.parameters)
        defaults = [p.default for p in own.parameters.values() if p.default is not p.empty]
        needed = len(names) - len(defaults)

        def draw(shape: Any, dtype: Any, key: Any, *arguments: Any) -> Any:
            values = [fit(v, shape, parameters or dtype) for v in arguments]
            if full:
                values = [
                    v if aval_of(v).shape == shape else lax.broadcast(v, shape) for v in values
                ]
            return body(key, *values, shape, dtype)  # type: ignore[call-arg]

        draw.__name__ = name
        drawn = compiled(static=("shape", "dtype"))(draw)

        @functools.wraps(body)
        def sample(*args: Any, **kwargs: Any) -> Array:
            if kwargs or not needed <= len(args) <= len(names):
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                args = bound.args
            *given, shape, dtype = (*args, *defaults[len(args) - needed :])
            shape = broadcast_shape(name, shape, *[aval_of(v).shape for v in given[1:]])
            return drawn(shape, checked_dtype(name, dtype, kind), *given)

        sample.__signature__ = signature  # type: ignore[attr-defined]
        return sample

    return decorate
