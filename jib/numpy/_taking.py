"""Members by position or by condition: `compress`, `extract`, `choose`."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import lax
from jib.core.scalars import exact_scalar
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentValueError, IndexBoundsError, TracedMaskError
from jib.lax._shaping import canonical_axis
from jib.numpy._arithmetic import remainder
from jib.numpy._elementwise import no_out
from jib.numpy._indexing import check_integers, take, take_along_axis
from jib.numpy._promotion import as_operand, promote_dtypes
from jib.numpy._shaping import broadcast_arrays, integer, ravel
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["choose", "compress"]


def take_in_bounds(x: Any, indices: Any, axis: int) -> Any:
    """The members of `x` along an axis at indices that are surely in bounds."""
    shape, count = aval_of(x).shape, aval_of(indices).ndim
    offsets = [i for i in range(len(shape) + count - 1) if not axis <= i < axis + count]
    return lax.gather(
        x,
        lax.expand_dims(indices, (count,)),
        lax.GatherDimensionNumbers(tuple(offsets), (axis,), (axis,)),
        tuple(1 if i == axis else n for i, n in enumerate(shape)),
        mode="promise_in_bounds",
    )


def compress(
    condition: ArrayLike,
    a: ArrayLike,
    axis: int | None = None,
    *,
    size: int | None = None,
    fill_value: ArrayLike = 0,
    out: None = None,
) -> Array:
    """The members of an array where a condition along an axis holds.

    With `size` that many members, the rest filled with `fill_value`, so that programs know the
    shape.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.compress(jnp.array([True, False, True]), jnp.array([1, 2, 3])).tolist()
        [1, 3]
    """
    no_out("compress", out)
    a = as_operand("compress", a)
    if axis is None:
        a, axis = ravel(a), 0
    shape = aval_of(a).shape
    axis = canonical_axis("compress", integer("compress", axis), len(shape))
    condition = as_operand("compress", condition)
    if size is None:
        places = host_positions("compress", condition)[0]
    else:
        places = positions_with_size(condition, integer("compress", size), shape[axis])
    return take(a, places, axis, mode="fill", fill_value=fill_value)


def host_positions(name: str, condition: Any) -> tuple[np.ndarray, ...]:
    """Where a condition that is known now holds."""
    if isinstance(condition, Tracer):
        raise TracedMaskError(condition)
    return tuple(p.astype(np.int32) for p in np.nonzero(np.asarray(condition)))


@compiled(static=("size", "missing"))
def positions_with_size(condition: Any, size: int, missing: int) -> Any:
    """The first `size` positions where a condition of rank 1 holds."""
    word = np.dtype(np.int32)
    hit = lax.ne(condition, exact_scalar(0, aval_of(condition).dtype))
    length = aval_of(condition).size
    # The k-th hit goes to place k; the others fall off the end.
    rank = lax.sub(lax.cumsum(lax.convert_element_type(hit, word)), exact_scalar(1, word))
    place = lax.select(hit, rank, lax.full((length,), size, word))
    return lax.scatter(
        lax.full((size,), missing, word),
        lax.expand_dims(place, (1,)),
        lax.iota(word, length),
        lax.ScatterDimensionNumbers((), (0,), (0,)),
        mode="drop",
    )


def choose(a: ArrayLike, choices: Any, out: None = None, mode: str = "raise") -> Array:
    """For each element, that of the choice whose number is in `a`.

    Raises:
        ArgumentValueError: if `mode` is not "clip" or "wrap" while the numbers are traced.
    """
    no_out("choose", out)
    a = as_operand("choose", a)
    check_integers("choose", a)
    members = [as_operand("choose", x) for x in choices]
    if mode not in ("raise", "clip", "wrap"):
        raise ArgumentValueError(f"`choose` knows 'raise', 'clip' and 'wrap', but got {mode!r}")
    if mode == "raise":
        if isinstance(a, Tracer):
            raise ArgumentValueError(
                "`choose` cannot raise for a number that only the running program knows",
                help="jib.numpy.choose(a, choices, mode='clip')",
            )
        values = np.asarray(a)
        outside = values[(values < 0) | (values >= len(members))]
        if outside.size:
            raise IndexBoundsError.outside(int(outside.flat[0]), 0, len(members))
    return _choose(a, members, "wrap" if mode == "wrap" else "clip")


@compiled(static=("mode",))
def _choose(a: Any, members: list[Any], mode: str) -> Any:
    if mode == "wrap":
        a = remainder(a, len(members))
    index, *members = broadcast_arrays(a, *promote_dtypes("choose", *members))
    rows = lax.concatenate([lax.expand_dims(x, (0,)) for x in members], 0)
    index = lax.expand_dims(index, (0,))
    picked = take_along_axis(rows, index, 0, "clip", wrap_negative_indices=False)
    return lax.squeeze(picked, (0,))
