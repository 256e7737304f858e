"""New shapes for the same elements: broadcasting, reshaping, transposing, reversing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.core.algebra import algebra
from jib.core.avals import ShapedArray
from jib.core.tracing import aval_of
from jib.errors import AxisError, ShapeError
from jib.lax._families import one_operation, structural
from jib.typing import ArrayLike, Shape

__all__ = [
    "broadcast", "broadcast_in_dim", "broadcast_shapes", "collapse", "expand_dims", "reshape",
    "rev", "squeeze", "transpose",
]  # fmt: skip


def canonical_axis(name: str, axis: int, ndim: int) -> int:
    """A non-negative axis."""
    if not -ndim <= axis < ndim:
        raise AxisError.out_of_range(name, axis, ndim)
    return axis % ndim


def broadcast_shapes(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape that arrays of these shapes have together, by NumPy's rules.

    Raises:
        ShapeError: if two lengths differ and neither is 1.

    Example:
        >>> from jib import lax
        >>> lax.broadcast_shapes((3, 1), (4,))
        (3, 4)
    """
    first = tuple(shapes[0]) if shapes else ()
    if all(tuple(s) == first for s in shapes):
        return first
    result: list[int] = []
    rank = max(map(len, shapes))
    aligned = [(1,) * (rank - len(s)) + tuple(s) for s in shapes]
    for column in zip(*aligned, strict=True):
        lengths = {d for d in column if d != 1}
        if len(lengths) > 1:
            raise ShapeError.broadcast("broadcast", [str(tuple(s)) for s in shapes])
        result.append(lengths.pop() if lengths else 1)
    return tuple(result)


# ------------------------------------------------------------------------------ broadcasting


def broadcast_in_dim(
    operand: ArrayLike,
    shape: Shape,
    broadcast_dimensions: Sequence[int],
    *,
    out_sharding: Any = None,
) -> Any:
    """Repeat an array to `shape`; axis `i` becomes axis `broadcast_dimensions[i]` of the result.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.broadcast_in_dim(jnp.arange(2), (2, 3), (0,)).tolist()
        [[0, 0, 0], [1, 1, 1]]
    """
    aval = aval_of(operand)
    shape = tuple(shape)
    dims = tuple(broadcast_dimensions)
    if aval.shape == shape and dims == tuple(range(len(shape))) and not _is_host(operand):
        return operand
    return broadcast_in_dim_p.bind(operand, shape=shape, dims=dims)


def _is_host(x: Any) -> bool:
    return isinstance(x, bool | int | float | complex | np.generic | np.ndarray)


def _broadcast_type(x: ShapedArray, *, shape: tuple, dims: tuple) -> ShapedArray:
    fits = len(dims) == x.ndim and all(
        0 <= d < len(shape) and n in (1, shape[d]) for n, d in zip(x.shape, dims, strict=False)
    )
    if not fits or list(dims) != sorted(set(dims)):
        raise ShapeError(
            f"`broadcast_in_dim` cannot place {x} in shape {shape} along axes {dims}",
            notes=["each axis needs a place, in order, whose length is equal or which it is 1 for"],
        )
    return ShapedArray(shape, x.dtype, x.weak_type)


def _broadcast_numpy(x: Any, *, shape: tuple, dims: tuple) -> Any:
    full = [1] * len(shape)
    for n, d in zip(x.shape, dims, strict=True):
        full[d] = n
    return np.broadcast_to(x.reshape(full), shape)


def _broadcast_transpose(ct: Any, x: Any, *, shape: tuple, dims: tuple) -> list[Any]:
    own = x.aval.shape
    new = tuple(d for d in range(len(shape)) if d not in dims)
    stretched = tuple(d for n, d in zip(own, dims, strict=True) if n == 1 and shape[d] != 1)
    if new or stretched:
        ct = lax.reduce_sum(ct, tuple(sorted(new + stretched)))
    return [reshape(ct, own) if stretched else ct]


def _broadcast_batch(axis: Any, args: Any, dims_in: Any, *, shape: tuple, dims: tuple) -> Any:
    (x,), (d,) = args, dims_in
    x = algebra.moveaxis(x, d, 0)
    places = (0, *(i + 1 for i in dims))
    return broadcast_in_dim_p.bind(x, shape=(axis.size, *shape), dims=places), 0


broadcast_in_dim_p = structural(
    "broadcast_in_dim",
    type=_broadcast_type,
    numpy=_broadcast_numpy,
    transpose=_broadcast_transpose,
    batch=_broadcast_batch,
    lower=one_operation(
        "broadcast_in_dim", lambda *, shape, dims: {"broadcast_dimensions": mlir.int64_array(dims)}
    ),
)


def broadcast(operand: ArrayLike, sizes: Sequence[int], *, out_sharding: Any = None) -> Any:
    """Repeat an array along new leading axes of the given sizes."""
    ndim = aval_of(operand).ndim
    shape = (*sizes, *aval_of(operand).shape)
    return broadcast_in_dim(operand, shape, range(len(shape) - ndim, len(shape)))


def _broadcast_new_axis(x: Any, size: int, axis: int) -> Any:
    shape = list(aval_of(x).shape)
    shape.insert(axis, size)
    return broadcast_in_dim(x, shape, [i for i in range(len(shape)) if i != axis])


algebra.broadcast = _broadcast_new_axis


# --------------------------------------------------------------------------------- reshaping


def reshape(
    operand: ArrayLike,
    new_sizes: Shape,
    dimensions: Sequence[int] | None = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """The same elements in row-major order with another shape; `dimensions` transposes first.

    Raises:
        ShapeError: if the number of elements differs.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.reshape(jnp.arange(4), (2, 2)).tolist()
        [[0, 1], [2, 3]]
    """
    aval = aval_of(operand)
    shape = tuple(new_sizes)
    if dimensions is not None and tuple(dimensions) != tuple(range(aval.ndim)):
        operand = transpose(operand, dimensions)
    elif aval.shape == shape and not _is_host(operand):
        return operand
    return reshape_p.bind(operand, shape=shape)


def _reshape_type(x: ShapedArray, *, shape: tuple) -> ShapedArray:
    if math.prod(shape) != x.size or any(d < 0 for d in shape):
        raise ShapeError(
            f"`reshape` cannot give {x} the shape {shape}",
            notes=[f"it has {x.size} elements, and the shape holds {math.prod(shape)}"],
        )
    return ShapedArray(shape, x.dtype, x.weak_type)


def _reshape_batch(axis: Any, args: Any, dims: Any, *, shape: tuple) -> Any:
    x = algebra.moveaxis(args[0], dims[0], 0)
    return reshape_p.bind(x, shape=(axis.size, *shape)), 0


reshape_p = structural(
    "reshape",
    type=_reshape_type,
    numpy=lambda x, *, shape: np.reshape(x, shape),
    transpose=lambda ct, x, *, shape: [reshape(ct, x.aval.shape)],
    batch=_reshape_batch,
    lower=one_operation("reshape"),
)


def expand_dims(array: ArrayLike, dimensions: Sequence[int]) -> Any:
    """Add axes of length 1 at the given positions of the result."""
    aval = aval_of(array)
    ndim = aval.ndim + len(tuple(dimensions))
    places = {canonical_axis("expand_dims", d, ndim) for d in dimensions}
    if len(places) != len(tuple(dimensions)):
        raise ShapeError(f"`expand_dims` got an axis twice in {tuple(dimensions)}")
    rest = [i for i in range(ndim) if i not in places]
    lengths = dict(zip(rest, aval.shape, strict=True))
    return broadcast_in_dim(array, [lengths.get(i, 1) for i in range(ndim)], rest)


def squeeze(array: ArrayLike, dimensions: Sequence[int]) -> Any:
    """Remove axes of length 1."""
    aval = aval_of(array)
    axes = {canonical_axis("squeeze", d, aval.ndim) for d in dimensions}
    for d in axes:
        if aval.shape[d] != 1:
            raise ShapeError(f"`squeeze` cannot remove axis {d} of {aval}: its length is not 1")
    return reshape(array, [n for i, n in enumerate(aval.shape) if i not in axes])


def collapse(operand: ArrayLike, start_dimension: int, stop_dimension: int | None = None) -> Any:
    """Merge the axes from `start_dimension` up to (not including) `stop_dimension` into one."""
    shape = aval_of(operand).shape
    start, stop, _ = slice(start_dimension, stop_dimension).indices(len(shape))
    if start > stop:
        raise ShapeError(f"`collapse` needs start <= stop, but got {start} and {stop}")
    return reshape(operand, (*shape[:start], math.prod(shape[start:stop]), *shape[stop:]))


# ------------------------------------------------------------------------------- transposing


def transpose(operand: ArrayLike, permutation: Sequence[int]) -> Any:
    """Reorder the axes: axis `permutation[i]` becomes axis `i`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.transpose(jnp.ones((2, 3)), (1, 0)).shape
        (3, 2)
    """
    order = tuple(int(p) for p in permutation)
    if order == tuple(range(aval_of(operand).ndim)) and not _is_host(operand):
        return operand
    return transpose_p.bind(operand, permutation=order)


def _transpose_type(x: ShapedArray, *, permutation: tuple) -> ShapedArray:
    if sorted(permutation) != list(range(x.ndim)):
        raise ShapeError(f"`transpose` of {x} needs each axis once, but got {permutation}")
    return ShapedArray(tuple(x.shape[p] for p in permutation), x.dtype, x.weak_type)


def _inverse(permutation: tuple) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argsort(permutation))


def _transpose_batch(axis: Any, args: Any, dims: Any, *, permutation: tuple) -> Any:
    (x,), (d,) = args, dims
    rest = tuple(p + (p >= d) for p in permutation)
    return transpose_p.bind(x, permutation=(d, *rest)), 0


transpose_p = structural(
    "transpose",
    type=_transpose_type,
    numpy=lambda x, *, permutation: np.transpose(x, permutation),
    transpose=lambda ct, x, *, permutation: [transpose(ct, _inverse(permutation))],
    batch=_transpose_batch,
    lower=one_operation(
        "transpose", lambda *, permutation: {"permutation": mlir.int64_array(permutation)}
    ),
)


def _moveaxis(x: Any, source: int, target: int) -> Any:
    order = [i for i in range(aval_of(x).ndim) if i != source]
    order.insert(target, source)
    return transpose(x, order)


algebra.moveaxis = _moveaxis


def rev(operand: ArrayLike, dimensions: Sequence[int]) -> Any:
    """Reverse the order of the elements along some axes."""
    dims = tuple(dimensions)
    return rev_p.bind(operand, dimensions=dims) if dims else operand


def _rev_type(x: ShapedArray, *, dimensions: tuple) -> ShapedArray:
    for d in dimensions:
        canonical_axis("rev", d, x.ndim)
    return x


def _rev_batch(axis: Any, args: Any, dims: Any, *, dimensions: tuple) -> Any:
    moved = tuple(d + (d >= dims[0]) for d in dimensions)
    return rev_p.bind(args[0], dimensions=moved), dims[0]


rev_p = structural(
    "rev",
    type=_rev_type,
    numpy=lambda x, *, dimensions: np.flip(x, dimensions),
    transpose=lambda ct, x, *, dimensions: [rev(ct, dimensions)],
    batch=_rev_batch,
    lower=one_operation(
        "reverse", lambda *, dimensions: {"dimensions": mlir.int64_array(dimensions)}
    ),
)
