"""Grids and positions: ranges in brackets, triangles, coordinates."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from jib import dtypes
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.numpy import _ranges as ranges
from jib.numpy._choosing import clip
from jib.numpy._creation import asarray, ones
from jib.numpy._derived import derived
from jib.numpy._joining import concatenate, stack
from jib.numpy._ranges import arange, linspace, meshgrid
from jib.numpy._reductions import any as any_of
from jib.numpy._shaping import moveaxis, shape_tuple
from jib.numpy._sorting import nonzero
from jib.numpy._transcendental import exp, log
from jib.typing import Array, ArrayLike, DTypeLike, Shape

__all__ = [
    "c_", "diag_indices_from", "fromfunction", "geomspace", "ix_", "mask_indices", "mgrid", "ogrid",
    "r_", "ravel_multi_index", "tri", "tril_indices_from", "triu_indices_from",
]  # fmt: skip


def tri(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None) -> Array:
    """A matrix with ones on and below diagonal `k`, and zeros above it."""
    return ranges.tril(ones((N, N if M is None else M), float if dtype is None else dtype), k)


def _matrix(name: str, arr: Any) -> tuple[int, int]:
    shape = aval_of(arr).shape
    if len(shape) != 2:
        raise ShapeError(f"`{name}` needs a matrix, not an array of shape {shape}")
    return shape[0], shape[1]


def tril_indices_from(arr: ArrayLike, k: int = 0) -> tuple[Array, Array]:
    """`tril_indices` for the shape of a matrix."""
    rows, columns = _matrix("tril_indices_from", arr)
    return ranges.tril_indices(rows, k, columns)


def triu_indices_from(arr: ArrayLike, k: int = 0) -> tuple[Array, Array]:
    """`triu_indices` for the shape of a matrix."""
    rows, columns = _matrix("triu_indices_from", arr)
    return ranges.triu_indices(rows, k, columns)


def diag_indices_from(arr: ArrayLike) -> tuple[Array, ...]:
    """`diag_indices` for an array whose axes are equally long."""
    shape = aval_of(arr).shape
    if len(shape) < 2 or len(set(shape)) > 1:
        raise ShapeError(f"`diag_indices_from` needs two or more equal lengths, not {shape}")
    return ranges.diag_indices(shape[0], len(shape))


def mask_indices(
    n: int, mask_func: Callable[..., Any], k: int = 0, *, size: int | None = None
) -> tuple[Array, ...]:
    """Where `mask_func(matrix, k)`, such as `jnp.triu`, leaves an n by n matrix of ones."""
    return nonzero(mask_func(ones((n, n)), k), size=size)


@derived("num", "endpoint", "dtype", "axis")
def geomspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> Array:
    """`num` numbers from `start` to `stop` in geometric progression; the ends are exact.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.round(jnp.geomspace(1, 1000, 4)).tolist()
        [1.0, 10.0, 100.0, 1000.0]
    """
    low: Any = start * 1.0
    ratio = log(stop / low)
    out = low * exp(linspace(ratio * 0, ratio, num, endpoint))
    if endpoint and num > 1:
        out = out.at[-1].set(stop)
    return moveaxis(out if dtype is None else out.astype(dtype), 0, axis)


def fromfunction(
    function: Callable[..., Any], shape: Any, *, dtype: DTypeLike = float, **kwargs: Any
) -> Any:
    """`function(i, j, ...)` of the coordinates of each element, which are arrays of `shape`.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.fromfunction(lambda i, j: i * 10 + j, (2, 3), dtype=int).tolist()
        [[0, 1, 2], [10, 11, 12]]
    """
    spans = [arange(n, dtype=dtype) for n in shape_tuple("fromfunction", shape)]
    return function(*meshgrid(*spans, indexing="ij"), **kwargs)


def ravel_multi_index(
    multi_index: Any,
    dims: Shape,
    mode: str = "raise",
    order: str = "C",
    *,
    dtype: DTypeLike | None = None,
) -> Array:
    """Positions in the flattened array, from the positions on each axis; see `unravel_index`.

    Raises:
        ArgumentValueError: in the mode "raise", for positions outside, which must be known.
    """
    shape = shape_tuple("ravel_multi_index", dims)
    index = [asarray(i) for i in multi_index]
    if len(index) != len(shape) or mode not in ("raise", "wrap", "clip") or order not in "CF":
        raise ArgumentValueError(
            f"`ravel_multi_index` takes one array per axis, mode 'raise', 'wrap' or 'clip', and "
            f"order 'C' or 'F', but got {len(index)} for shape {shape}, {mode!r} and {order!r}"
        )
    if mode == "raise" and any(
        bool(any_of((i < 0) | (i >= n))) for i, n in zip(index, shape, strict=True)
    ):
        raise ArgumentValueError(
            f"`ravel_multi_index` got a position outside of shape {shape}",
            help="jib.numpy.ravel_multi_index(index, shape, mode='clip')",
        )
    out: Any = asarray(0, dtypes.default_int_dtype() if dtype is None else dtype)
    for i, n in list(zip(index, shape, strict=True))[:: 1 if order == "C" else -1]:
        out = out * n + (i % n if mode == "wrap" else clip(i, 0, n - 1)).astype(out.dtype)
    return out


def ix_(*args: ArrayLike) -> tuple[Array, ...]:
    """Index arrays, from vectors, that select the grid of all their combinations."""
    vectors = [asarray(x) for x in args]
    if any(x.ndim != 1 for x in vectors):
        raise ShapeError(f"`ix_` takes vectors, but got shapes {[x.shape for x in vectors]}")
    vectors = [nonzero(x)[0] if x.dtype == dtypes.BOOL else x for x in vectors]
    return tuple(meshgrid(*vectors, indexing="ij", sparse=True))


# ------------------------------------------------------------------------- ranges in brackets


def _span(part: slice) -> Any:
    start, step = part.start or 0, 1 if part.step is None else part.step
    if isinstance(step, complex):  # the number of points, by NumPy's convention
        return linspace(start, part.stop, int(abs(step)))
    return arange(start, part.stop, step)


class _Grid:
    """`mgrid[0:2, 0:3]`: the coordinates of a grid; `ogrid` leaves axes of length 1."""

    def __init__(self, sparse: bool) -> None:
        self._sparse = sparse

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return _span(key)
        spans = meshgrid(*map(_span, key), indexing="ij", sparse=self._sparse)
        return spans if self._sparse else stack(spans)


class _Joined:
    """`r_[0:3, 7]`: ranges, numbers and arrays in a row; `c_` puts vectors side by side."""

    def __init__(self, *defaults: int) -> None:
        self._defaults = defaults

    def __getitem__(self, key: Any) -> Any:
        items = key if isinstance(key, tuple) else (key,)
        given: list[int] = []
        if isinstance(items[0], str):
            given, items = [operator.index(int(part)) for part in items[0].split(",")], items[1:]
        axis, rank, first = (*given, *self._defaults[len(given) :])
        arrays = [_span(item) if isinstance(item, slice) else asarray(item) for item in items]
        return concatenate([self._raised(x, max(rank, 1), first) for x in arrays], axis)

    @staticmethod
    def _raised(x: Any, rank: int, first: int) -> Any:
        missing = max(rank - x.ndim, 0)
        front = first if first >= 0 else missing + first + 1
        front = missing if not x.ndim else min(max(front, 0), missing)
        return x.reshape((1,) * front + x.shape + (1,) * (missing - front))


mgrid, ogrid = _Grid(False), _Grid(True)
r_, c_ = _Joined(0, 1, -1), _Joined(-1, 2, 0)
