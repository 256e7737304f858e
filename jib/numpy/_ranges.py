"""Arrays from rules: ranges, grids, identity matrices, triangles."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentValueError, DTypeError, ShapeError, TracedShapeError
from jib.lax._families import constant_like, kind_of
from jib.numpy._creation import asarray, canonical_shape, on_device
from jib.numpy._promotion import as_operand, broadcast_to_shape, promote_args, promote_dtypes
from jib.numpy._shaping import integer, moveaxis
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "arange", "diag_indices", "eye", "identity", "indices", "linspace", "logspace", "meshgrid",
    "tril", "tril_indices", "triu", "triu_indices",
]  # fmt: skip


def _known(name: str, x: Any) -> Any:
    """A number whose value is known now."""
    if isinstance(x, Tracer):
        if x.concrete is None:
            raise TracedShapeError(x)
        x = x.concrete
    if np.shape(x) != ():
        raise ShapeError(f"`{name}` needs numbers, not an array of shape {np.shape(x)}")
    return x


def _item(x: Any) -> Any:
    return x if isinstance(x, int | float | complex) else np.asarray(x).item()


def arange(
    start: ArrayLike,
    stop: ArrayLike | None = None,
    step: ArrayLike | None = None,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Numbers from `start` (0 if only one argument is given) up to, not including, `stop`.

    Raises:
        TracedShapeError: for arguments whose value is not known while tracing.
        ArgumentValueError: if `step` is 0.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.arange(2, 10, 3).tolist()
        [2, 5, 8]
    """
    given = [_known("arange", x) for x in (start, stop, step) if x is not None]
    wanted = dtypes.result_type(*given) if dtype is None else dtypes.parse(dtype)
    if kind_of(wanted) in "ck":
        raise DTypeError.accepts("arange", wanted.name, "integer or floating")
    low, high = (0, start) if stop is None else (start, stop)
    low, high, by = (_item(_known("arange", x)) for x in (low, high, 1 if step is None else step))
    if by == 0:
        raise ArgumentValueError("`arange` needs a step that is not 0")
    count = max(0, math.ceil((high - low) / by))
    if kind_of(wanted) == "i":
        for end in (low, low + (count - 1) * by) if count else ():
            dtypes.check_integer_fits(math.floor(end), wanted)
    out = _arange(count, low, by, wanted)
    return on_device(out, out_sharding if device is None else device)


@compiled(static=("count", "start", "step", "dtype"))
def _arange(count: int, start: Any, step: Any, dtype: Any) -> Any:
    if kind_of(dtype) == "b":
        return lax.convert_element_type(_arange(count, start, step, np.dtype(np.int32)), dtype)
    out = lax.iota(dtype, count)
    if step != 1:
        out = lax.mul(out, constant_like(out, step))
    return lax.add(out, constant_like(out, start)) if start != 0 else out


def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DTypeLike | None = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """`num` evenly spaced numbers from `start` to `stop`, which is included if `endpoint`.

    With `retstep`, the pair of these and their distance. The ends may be arrays.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linspace(0, 1, 5).tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    num = num if type(num) is int and num >= 0 else _count("linspace", num)
    wanted = None if dtype is None else dtypes.parse(dtype)
    start, stop = as_operand("linspace", start), as_operand("linspace", stop)
    made = _linspace(start, stop, num, bool(endpoint), wanted, axis, bool(retstep))
    if device is None:
        return made
    return (on_device(made[0], device), made[1]) if retstep else on_device(made, device)


def _count(name: str, num: Any) -> int:
    num = operator.index(_item(_known(name, num)))
    if num < 0:
        raise ArgumentValueError(f"`{name}` cannot make {num} numbers")
    return num


@compiled(static=("num", "endpoint", "dtype", "axis", "retstep"))
def _linspace(
    start: Any, stop: Any, num: int, endpoint: bool, dtype: Any, axis: int, retstep: bool
) -> Any:
    common = dtypes.to_inexact_dtype(dtypes.result_type(start, stop))
    wanted = common if dtype is None else dtype
    compute = dtypes.to_inexact_dtype(dtypes.promote_types(common, wanted))
    shape = lax.broadcast_shapes(aval_of(start).shape, aval_of(stop).shape)
    start, stop = (
        broadcast_to_shape(lax.convert_element_type(x, compute), shape) for x in (start, stop)
    )
    steps = num - 1 if endpoint else num
    divisor = constant_like(start, steps or np.nan)
    step = lax.div(lax.sub(stop, start), divisor)
    places = lax.broadcasted_iota(dtypes.to_floating_dtype(step.dtype), (num, *shape), 0)
    part = lax.div(places, constant_like(places, steps or 1))
    part = lax.convert_element_type(part, step.dtype)
    low, high = (broadcast_to_shape(x, (num, *shape)) for x in (start, stop))
    # Weighted ends, so that the first number is exact; the last one is taken as it is.
    one = constant_like(part, 1)
    out = lax.add(lax.mul(low, lax.sub(one, part)), lax.mul(high, part))
    if endpoint and num > 1:
        out = lax.select(lax.eq(places, constant_like(places, steps)), high, out)
    if kind_of(wanted) == "i":
        out = lax.floor(out)
    out = moveaxis(lax.convert_element_type(out, wanted), 0, axis)
    return (out, step) if retstep else out


def logspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    base: ArrayLike = 10.0,
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> Array:
    """`num` numbers from `base**start` to `base**stop`, evenly spaced on a logarithmic scale."""
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    out = lax.pow(*promote_args("logspace", asarray(base, exponents.dtype), exponents))
    return out if dtype is None else lax.convert_element_type(out, dtype)


# -------------------------------------------------------------------- identity and triangles


def _size(name: str, n: Any) -> int:
    return canonical_shape(name, n)[0]


def eye(
    N: int,
    M: int | None = None,
    k: int | ArrayLike = 0,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
) -> Array:
    """A matrix with ones on diagonal `k` and zeros elsewhere.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.eye(2, 3, k=1, dtype=int).tolist()
        [[0, 1, 0], [0, 0, 1]]
    """
    rows = _size("eye", N)
    columns = rows if M is None else _size("eye", M)
    wanted = dtypes.parse(float if dtype is None else dtype)
    return on_device(_eye(k, (rows, columns), wanted), device)


@compiled(static=("shape", "dtype"))
def _eye(k: Any, shape: Any, dtype: Any) -> Any:
    return lax.convert_element_type(lax.eq(*_places(shape, k)), dtype)


def identity(n: int, dtype: DTypeLike | None = None) -> Array:
    """The identity matrix of `n` rows."""
    return eye(n, dtype=dtype)


def _places(shape: tuple[int, ...], k: Any) -> list[Any]:
    """For each element of a matrix, its row, `k` further down, and its column."""
    rows, columns = (lax.broadcasted_iota(np.int32, shape, axis) for axis in (0, 1))
    return [lax.add(*promote_args("eye", rows, k)), columns]


def tril(m: ArrayLike, k: int = 0) -> Array:
    """The lower triangle of a matrix (or of each of a stack): zeros above diagonal `k`.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.tril(jnp.ones((2, 2), int)).tolist()
        [[1, 0], [1, 1]]
    """
    return _triangle(as_operand("tril", m), operator.index(k), False)


def triu(m: ArrayLike, k: int = 0) -> Array:
    """The upper triangle of a matrix (or of each of a stack): zeros below diagonal `k`."""
    return _triangle(as_operand("triu", m), operator.index(k) - 1, True)


@compiled(static=("k", "upper"))
def _triangle(m: Any, k: int, upper: bool) -> Any:
    shape = aval_of(m).shape
    if len(shape) < 2:
        raise ShapeError(f"a triangle needs a matrix, not an array of shape {shape}")
    mask = broadcast_to_shape(lax.ge(*_places(shape[-2:], np.int32(k))), shape)
    zero = constant_like(m, 0)
    return lax.select(mask, zero, m) if upper else lax.select(mask, m, zero)


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, Any]:
    """Row and column numbers of the elements on and below diagonal `k`."""
    return _positions(np.tril_indices(_size("tril_indices", n), k, m))


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, Any]:
    """Row and column numbers of the elements on and above diagonal `k`."""
    return _positions(np.triu_indices(_size("triu_indices", n), k, m))


def _positions(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    return asarray(pair[0]), asarray(pair[1])


def diag_indices(n: int, ndim: int = 2) -> tuple[Array, ...]:
    """The positions of the diagonal of an array with `ndim` axes of length `n`.

    Raises:
        ArgumentValueError: if a number is negative.
    """
    length, count = integer("diag_indices", n), integer("diag_indices", ndim)
    if length < 0 or count < 0:
        raise ArgumentValueError(f"`diag_indices` takes numbers from 0 on, but got {n} and {ndim}")
    return (lax.iota(dtypes.default_int_dtype(), length),) * count


# ------------------------------------------------------------------------------------ grids


def meshgrid(
    *xi: ArrayLike, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> list[Any]:
    """Coordinate arrays of the grid that vectors span; `"xy"` swaps the first two axes.

    Example:
        >>> import jib.numpy as jnp
        >>> x, y = jnp.meshgrid(jnp.arange(2), jnp.arange(3))
        >>> x.tolist(), y.tolist()
        ([[0, 1], [0, 1], [0, 1]], [[0, 0], [1, 1], [2, 2]])
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentValueError(f"`meshgrid` takes indexing='xy' or 'ij', not {indexing!r}")
    vectors = [asarray(x) for x in xi]
    for x in vectors:
        if x.ndim > 1:
            raise ShapeError(f"`meshgrid` needs vectors, not an array of shape {x.shape}")
    vectors = [lax.reshape(x, (x.size,)) for x in vectors]
    axes = list(range(len(vectors)))
    if indexing == "xy" and len(axes) > 1:
        axes[0], axes[1] = 1, 0
    shape = [0] * len(axes)
    for x, axis in zip(vectors, axes, strict=True):
        shape[axis] = x.size
    return [
        lax.broadcast_in_dim(
            x, [n if i == axis or not sparse else 1 for i, n in enumerate(shape)], (axis,)
        )
        for x, axis in zip(vectors, axes, strict=True)
    ]


def indices(dimensions: Sequence[int], dtype: DTypeLike | None = None, sparse: bool = False) -> Any:
    """The coordinates of every element of a shape, stacked; a tuple of small arrays if `sparse`."""
    shape = canonical_shape("indices", dimensions)
    wanted = dtypes.parse(int if dtype is None else dtype)
    if sparse:
        return tuple(
            lax.broadcasted_iota(wanted, [n if i == axis else 1 for i, n in enumerate(shape)], axis)
            for axis in range(len(shape))
        )
    return _indices(shape, wanted)


@compiled(static=("shape", "dtype"))
def _indices(shape: Any, dtype: Any) -> Any:
    grids = [lax.broadcasted_iota(dtype, (1, *shape), axis + 1) for axis in range(len(shape))]
    if not grids:
        return lax.full((0,), 0, dtype)
    return lax.concatenate(promote_dtypes("indices", *grids), 0)
