"""What all samplers do with their arguments: shapes and dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentTypeError, DTypeError, ShapeError, TracedShapeError

__all__ = ["broadcast_shape", "canonical_shape", "check_parameters", "checked_dtype", "scalar"]


def canonical_shape(name: str, shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of integers."""
    if type(shape) is tuple and all([type(d) is int for d in shape]):
        return shape
    if isinstance(shape, Sequence | np.ndarray):
        for length in shape:
            if isinstance(length, Tracer):
                raise TracedShapeError(length)
        return tuple(int(d) for d in shape)
    if isinstance(shape, Tracer):
        raise TracedShapeError(shape)
    raise ArgumentTypeError(
        f"`{name}` takes a shape, but got {shape!r}",
        help=f"values = jib.random.{name}(key, shape=({shape!r},))"
        if isinstance(shape, int)
        else (),
    )


_KINDS = {"floating": np.floating, "floating or complex": np.inexact, "integer": np.integer}


def checked_dtype(name: str, dtype: Any, kind: str = "floating") -> np.dtype:
    """The dtype asked for, which must be of a kind; None is the default one."""
    default = int if kind == "integer" else float
    found = dtypes.parse(default if dtype is None else dtype)
    if not dtypes.issubdtype(found, _KINDS[kind]):
        raise DTypeError.accepts(f"random.{name}", found.name, kind)
    return found


def check_parameters(name: str, shape: tuple[int, ...], *parameters: Any) -> None:
    """Raise unless the parameters broadcast to `shape`."""
    shapes = [aval_of(p).shape for p in parameters]
    if lax.broadcast_shapes(shape, *shapes) != shape:
        listed = " and ".join(str(s) for s in shapes)
        raise ShapeError(
            f"`{name}` draws values of shape {shape}, but its parameters have shape {listed}",
            help=f"leave `shape` out, or use {lax.broadcast_shapes(shape, *shapes)}",
        )


def broadcast_shape(name: str, shape: Any, *parameters: Any) -> tuple[int, ...]:
    """The shape asked for, or that of the parameters together."""
    if shape is None:
        return lax.broadcast_shapes(*[aval_of(p).shape for p in parameters])
    shape = canonical_shape(name, shape)
    check_parameters(name, shape, *parameters)
    return shape


def scalar(dtype: np.dtype, value: Any) -> Any:
    """A number of rank 0, a literal in programs."""
    return np.asarray(value).astype(dtype)[()]
