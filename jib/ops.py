"""Sums, products and extremes over segments of an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax, numpy as jnp
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentValueError, ShapeError, TracedShapeError
from jib.lax._reductions import highest, lowest
from jib.numpy._shaping import integer
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["segment_max", "segment_min", "segment_prod", "segment_sum"]

_SCATTER: dict[str, tuple[Callable, Callable[[Any], Any]]] = {
    "segment_sum": (lax.scatter_add, lambda dtype: dtype.type(0)),
    "segment_prod": (lax.scatter_mul, lambda dtype: dtype.type(1)),
    "segment_max": (lax.scatter_max, lowest),
    "segment_min": (lax.scatter_min, highest),
}


def segment_sum(
    data: ArrayLike, segment_ids: ArrayLike, num_segments: int | None = None,
    indices_are_sorted: bool = False, unique_indices: bool = False, bucket_size: int | None = None,
    mode: Any = None, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """The sums of the members of `data` (along its first axis) that have the same segment id.

    Args:
        data: an array.
        segment_ids: integers that name the segment of each member; they need not be in order.
        num_segments: how many segments there are; by default as many as the largest id says, which
            a program must know. Members with ids outside are left out.
        indices_are_sorted, unique_indices: promises about the ids.
        bucket_size: sum in groups of so many members first, which loses less for long segments.
        mode: what happens to ids outside, see `x.at`.

    Raises:
        TracedShapeError: if the number of segments depends on values of a running program.
        ShapeError: if there is not one id for each member.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.ops.segment_sum(jnp.array([1.0, 2.0, 4.0]), jnp.array([0, 1, 0])).tolist()
        [5.0, 2.0]
    """
    options = (indices_are_sorted, unique_indices, bucket_size, mode)
    return _segments("segment_sum", data, segment_ids, num_segments, *options)


def _segment_function(name: str, what: str, rest: str) -> Callable[..., Array]:
    def segments(
        data: ArrayLike, segment_ids: ArrayLike, num_segments: int | None = None,
        indices_are_sorted: bool = False, unique_indices: bool = False,
        bucket_size: int | None = None, mode: Any = None,
    ) -> Array:  # fmt: skip
        options = (indices_are_sorted, unique_indices, bucket_size, mode)
        return _segments(name, data, segment_ids, num_segments, *options)

    segments.__name__ = segments.__qualname__ = name
    segments.__doc__ = f"The {what} of the members that have the same segment id; {rest}."
    return segments


_EMPTY = "the %s number if none has"
segment_prod = _segment_function("segment_prod", "products", "see `segment_sum`")
segment_max = _segment_function("segment_max", "largest", _EMPTY % "lowest")
segment_min = _segment_function("segment_min", "smallest", _EMPTY % "highest")


def _segments(
    name: str, data: Any, ids: Any, count: Any, ordered: bool, unique: bool, bucket: Any, mode: Any
) -> Any:
    data, ids = jnp.asarray(data), jnp.asarray(ids)
    if aval_of(ids).shape != aval_of(data).shape[:1]:
        raise ShapeError(
            f"`{name}` needs one id for each member of {aval_of(data)}, but got {aval_of(ids)}"
        )
    if not np.issubdtype(aval_of(ids).dtype, np.integer):
        raise ArgumentValueError(f"`{name}` takes integers as ids, but got {aval_of(ids)}")
    if bucket is not None:
        raise ArgumentValueError(
            f"`{name}` sums without buckets",
            help=f"jib.ops.{name}(data, segment_ids, num_segments)",
        )
    if count is None:
        if isinstance(ids, Tracer):
            raise TracedShapeError(ids)
        count = int(np.asarray(ids).max(initial=-1)) + 1
    count = integer(name, count)
    return _scattered(data, ids, name, count, bool(ordered), bool(unique), mode or "drop")


@compiled(static=("name", "count", "ordered", "unique", "mode"))
def _scattered(
    data: Any, ids: Any, name: str, count: int, ordered: bool, unique: bool, mode: Any
) -> Any:
    scatter, start = _SCATTER[name]
    aval = aval_of(data)
    rest = aval.shape[1:]
    return scatter(
        lax.full((count, *rest), start(aval.dtype), aval.dtype),
        lax.expand_dims(ids, (1,)),
        data,
        lax.ScatterDimensionNumbers(tuple(range(1, aval.ndim)), (0,), (0,)),
        indices_are_sorted=ordered,
        unique_indices=unique,
        mode=mode,
    )
