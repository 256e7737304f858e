"""Ranks, the most frequent value, and the error of a mean."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jib import dtypes, numpy as jnp
from jib.errors import ArgumentValueError
from jib.numpy._promotion import promote_inexact
from jib.passes.eager import compiled
from jib.transforms.vmap import vmap
from jib.typing import Array, ArrayLike

__all__ = ["ModeResult", "mode", "rankdata", "sem"]


class ModeResult(NamedTuple):
    """The most frequent values, and how often they come."""

    mode: Any
    count: Any


def _lines(a: Any, axis: int | None) -> tuple[Any, int]:
    a = jnp.atleast_1d(a)
    return (a.ravel(), 0) if axis is None else (a, axis)


def mode(
    a: ArrayLike, axis: int | None = 0, nan_policy: str = "propagate", keepdims: bool = False
) -> ModeResult:
    """The most frequent values along an axis (the least of them), and their counts.

    Raises:
        ArgumentValueError: if `nan_policy` is not "propagate".
    """
    ArgumentValueError.check("mode", "nan_policy", nan_policy, ("propagate",))
    return ModeResult(*_mode(a, axis, keepdims))


@compiled(static=("axis", "keepdims"))
def _mode(a: Any, axis: int | None, keepdims: bool) -> Any:
    ndim = jnp.ndim(a)
    a, place = _lines(a, axis)
    a = jnp.sort(jnp.moveaxis(a, place, -1), axis=-1)
    flat = a.reshape(-1, a.shape[-1])
    counts = vmap(lambda x: jnp.searchsorted(x, x, "right") - jnp.searchsorted(x, x))(flat)
    counts = counts.reshape(a.shape)
    best = jnp.expand_dims(jnp.argmax(counts, -1), -1)
    found = [jnp.take_along_axis(x, best, -1)[..., 0] for x in (a, counts)]
    if keepdims:
        shape = (1,) * ndim
        found = [x.reshape(shape) if axis is None else jnp.expand_dims(x, axis) for x in found]
    return found


def rankdata(
    a: ArrayLike, method: str = "average", *, axis: int | None = None, nan_policy: str = "propagate"
) -> Array:
    """The ranks of values, from 1, along an axis (or all together, as a vector).

    Equal values get the mean of their ranks, their "min" or "max", or ranks in their order
    ("ordinal"); with "dense", the next value has the next rank. A NaN makes a whole line NaN.

    Raises:
        ArgumentValueError: if there is no such method, or `nan_policy` is not "propagate".
    """
    ArgumentValueError.check(
        "rankdata", "method", method, ("average", "min", "max", "dense", "ordinal")
    )
    ArgumentValueError.check("rankdata", "nan_policy", nan_policy, ("propagate",))
    return _rankdata(a, method, axis)


@compiled(static=("method", "axis"))
def _rankdata(a: Any, method: str, axis: int | None) -> Any:
    a, place = _lines(a, axis)
    lines = jnp.moveaxis(a, place, -1)

    def ranks(x: Any) -> Any:
        ordered = jnp.sort(x)
        if method == "ordinal":
            found = jnp.argsort(jnp.argsort(x)) + 1
        elif method == "dense":
            new = jnp.concatenate([jnp.ones(1, bool), ordered[1:] != ordered[:-1]])
            found = jnp.cumsum(new)[jnp.searchsorted(ordered, x)]
        else:
            low, high = jnp.searchsorted(ordered, x) + 1, jnp.searchsorted(ordered, x, "right")
            found = {"min": low, "max": high, "average": 0.5 * (low + high)}[method]
        found = found.astype(dtypes.default_float_dtype())
        return jnp.where(jnp.isnan(x).any(), np.nan, found)

    flat = vmap(ranks)(lines.reshape(-1, lines.shape[-1]))
    return jnp.moveaxis(flat.reshape(lines.shape), -1, place)


def sem(
    a: ArrayLike, axis: int | None = 0, ddof: int = 1, nan_policy: str = "propagate", *,
    keepdims: bool = False,
) -> Array:  # fmt: skip
    """The standard error of the mean: the deviation over the root of the number of values.

    Raises:
        ArgumentValueError: if `nan_policy` is neither "propagate" nor "omit".
    """
    ArgumentValueError.check("sem", "nan_policy", nan_policy, ("propagate", "omit"))
    values: Any = promote_inexact("sem", jnp.asarray(a))
    if nan_policy == "omit":
        count = (~jnp.isnan(values)).sum(axis, keepdims=keepdims).astype(values.dtype)
        return jnp.nanstd(values, axis, ddof=ddof, keepdims=keepdims) / jnp.sqrt(count)
    size = values.size if axis is None else values.shape[axis]
    return jnp.std(values, axis, ddof=ddof, keepdims=keepdims) / size**0.5
