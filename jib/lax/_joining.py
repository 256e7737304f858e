"""Joining, splitting and padding arrays."""

from __future__ import annotations

import operator as operators
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.core.algebra import algebra
from jib.core.array import Array
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.errors import ArgumentTypeError, ArgumentValueError, DTypeError, ShapeError
from jib.lax._families import constant_like, is_linear, linear_jvp, one_operation, structural
from jib.lax._shaping import canonical_axis
from jib.lax._slicing import slice_attributes
from jib.passes.batch import to_batch_axis
from jib.typing import ArrayLike

__all__ = ["concatenate", "concatenate_p", "pad", "pad_p", "split", "split_p"]


def concatenate(operands: Sequence[ArrayLike], dimension: int) -> Any:
    """Join arrays of one dtype along an existing axis; the other lengths agree.

    Raises:
        ShapeError: if shapes differ in another axis.
        DTypeError: if dtypes differ.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.concatenate([jnp.zeros(1), jnp.ones(2)], 0).tolist()
        [0.0, 1.0, 1.0]
    """
    operands = tuple(operands)
    if not operands:
        raise ArgumentTypeError("`concatenate` needs at least one array")
    if len(operands) == 1 and isinstance(operands[0], Array):
        return operands[0]
    axis = canonical_axis("concatenate", dimension, aval_of(operands[0]).ndim)
    return concatenate_p.bind(*operands, dimension=axis)


def _concatenate_type(*avals: ShapedArray, dimension: int) -> ShapedArray:
    first = avals[0]

    def rest(aval: ShapedArray) -> tuple[int, ...]:
        return (*aval.shape[:dimension], *aval.shape[dimension + 1 :])

    listed = " and ".join(map(str, avals[:4])) + (" ..." if avals[4:] else "")
    if any([a.ndim != first.ndim or rest(a) != rest(first) for a in avals]):
        raise ShapeError(
            f"`concatenate` along axis {dimension} cannot join {listed}",
            notes=[f"all lengths but that of axis {dimension} must be equal"],
        )
    if any([a.dtype != first.dtype for a in avals]):
        raise DTypeError(
            f"`lax.concatenate` needs arrays of one dtype, but got {listed}",
            help="jib.numpy.concatenate promotes dtypes",
        )
    shape = list(first.shape)
    shape[dimension] = sum([a.shape[dimension] for a in avals])
    return ShapedArray(tuple(shape), first.dtype, all([a.weak_type for a in avals]))


def _concatenate_transpose(ct: Any, *operands: Any, dimension: int) -> list[Any]:
    avals = [x.aval if is_linear(x) else aval_of(x) for x in operands]
    parts = split(ct, [a.shape[dimension] for a in avals], dimension)
    return [part if is_linear(x) else None for part, x in zip(parts, operands, strict=True)]


def _concatenate_batch(axis: Any, args: Any, dims: Any, *, dimension: int) -> Any:
    target = next(d for d in dims if d is not None)
    moved = [to_batch_axis(x, d, axis, target) for x, d in zip(args, dims, strict=True)]
    return concatenate_p.bind(*moved, dimension=dimension + (target <= dimension)), target


concatenate_p = structural(
    "concatenate",
    type=_concatenate_type,
    numpy=lambda *arrays, dimension: np.concatenate(arrays, dimension),
    transpose=_concatenate_transpose,
    batch=_concatenate_batch,
    lower=one_operation(
        "concatenate", lambda *, dimension: {"dimension": mlir.integer_attribute(dimension)}
    ),
)


# --------------------------------------------------------------------------------- splitting


def split(operand: ArrayLike, sizes: Sequence[int], axis: int = 0) -> list[Any]:
    """Cut an array along an axis into parts of the given lengths, which add up to its length.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> [part.tolist() for part in lax.split(jnp.arange(3), (1, 2))]
        [[0], [1, 2]]
    """
    axis = canonical_axis("split", axis, aval_of(operand).ndim)
    return split_p.bind(operand, sizes=tuple([operators.index(n) for n in sizes]), axis=axis)


def _split_type(x: ShapedArray, *, sizes: tuple, axis: int) -> list[ShapedArray]:
    if sum(sizes) != x.shape[axis] or any([n < 0 for n in sizes]):
        raise ShapeError(
            f"`split` of axis {axis} of {x} got lengths {sizes}, which add up to {sum(sizes)}"
        )
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    return [ShapedArray((*before, n, *after), x.dtype, x.weak_type) for n in sizes]


def _split_transpose(cts: Any, x: Any, *, sizes: tuple, axis: int) -> list[Any]:
    if all([type(ct) is Zero for ct in cts]):
        return [None]
    parts = [algebra.zeros(ct.aval) if type(ct) is Zero else ct for ct in cts]
    return [concatenate(parts, axis)]


def _split_batch(axis_data: Any, args: Any, dims: Any, *, sizes: tuple, axis: int) -> Any:
    (x,), (d,) = args, dims
    outs = split_p.bind(x, sizes=sizes, axis=axis + (d <= axis))
    return outs, [d] * len(outs)


def _split_lower(ctx: Any, x: Any, *, sizes: tuple, axis: int) -> list[Any]:
    aval, start, parts = ctx.avals_in[0], 0, []
    for size, out in zip(sizes, ctx.avals_out, strict=True):
        starts, limits = [0] * aval.ndim, list(aval.shape)
        starts[axis], limits[axis] = start, start + size
        attributes = slice_attributes(start=starts, limit=limits, strides=None)
        parts.append(mlir.emit("stablehlo.slice", mlir.ir_type(out), [x], attributes))
        start += size
    return parts


split_p = Primitive(
    "split",
    type=_split_type,
    numpy=lambda x, *, sizes, axis: np.split(x, np.cumsum(sizes)[:-1], axis) if sizes else [],
    jvp=linear_jvp(lambda: split_p),
    transpose=_split_transpose,
    batch=_split_batch,
    lower=_split_lower,
    multiple_results=True,
)


# ----------------------------------------------------------------------------------- padding


def pad(
    operand: ArrayLike, padding_value: ArrayLike, padding_config: Sequence[tuple[int, int, int]]
) -> Any:
    """Add elements before, after and between those of an array, along each axis.

    Args:
        padding_value: a scalar of the dtype of `operand`.
        padding_config: `(low, high, interior)` for each axis; negative `low` and `high` remove.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.pad(jnp.ones(2), 0.0, [(1, -1, 1)]).tolist()
        [0.0, 1.0, 0.0]
    """
    index = operators.index
    config = tuple([(index(a), index(b), index(c)) for a, b, c in padding_config])
    aval = aval_of(operand)
    if isinstance(operand, Array) and len(config) == aval.ndim and not any(map(any, config)):
        return operand
    if isinstance(padding_value, bool | int | float | complex) and not aval.is_key:
        padding_value = constant_like(operand, padding_value)
    return pad_p.bind(operand, padding_value, config=config)


def _padded(size: int, low: int, high: int, interior: int) -> int:
    return low + size + max(size - 1, 0) * interior + high


def _pad_type(x: ShapedArray, value: ShapedArray, *, config: tuple) -> ShapedArray:
    if value.shape or value.dtype != x.dtype:
        raise DTypeError(
            f"`pad` of {x} needs a scalar of its dtype as padding, but got {value}",
            help=f"padding_value.astype({x.dtype.name!r})" if not value.shape else (),
        )
    if len(config) != x.ndim:
        raise ShapeError(f"`pad` of {x} needs (low, high, interior) for each axis, got {config}")
    shape = tuple([_padded(n, *entry) for n, entry in zip(x.shape, config, strict=True)])
    if any([n < 0 for n in shape]) or any([interior < 0 for _, _, interior in config]):
        raise ArgumentValueError(f"`pad` cannot remove as much of {x} as {config} says")
    return ShapedArray(shape, x.dtype, x.weak_type and value.weak_type)


def _pad_numpy(x: Any, value: Any, *, config: tuple) -> Any:
    for axis, (low, high, interior) in enumerate(config):
        size = x.shape[axis]
        wide = list(x.shape)
        wide[axis] = _padded(size, max(low, 0), max(high, 0), interior)
        out = np.full(wide, value, x.dtype)
        place = [np.s_[:]] * x.ndim
        first = max(low, 0)
        stop = first + (size - 1) * (interior + 1) + 1 if size else first
        place[axis] = np.s_[first : stop : interior + 1]
        out[tuple(place)] = x
        place[axis] = np.s_[max(-low, 0) : wide[axis] - max(-high, 0)]
        x = out[tuple(place)]
    return x


def _unpad(ct: Any, shape: Sequence[int], config: tuple) -> Any:
    """The elements of a padded array that came from the operand (zero where they were removed)."""
    ct = pad(ct, constant_like(ct, 0), [(-low, -high, 0) for low, high, _ in config])
    strides = [interior + 1 for _, _, interior in config]
    if any([s != 1 for s in strides]):
        ct = lax.slice(ct, [0] * len(strides), aval_of(ct).shape, strides)
    return ct


def _pad_transpose(ct: Any, x: Any, value: Any, *, config: tuple) -> list[Any]:
    aval = x.aval if is_linear(x) else aval_of(x)
    ct_x = _unpad(ct, aval.shape, config) if is_linear(x) else None
    ct_value = None
    if is_linear(value):
        added = pad(lax.full(aval.shape, False), np.bool_(True), config)
        kept = lax.select(added, ct, constant_like(ct, 0))
        ct_value = lax.reduce_sum(kept, tuple(range(aval.ndim)))
    return [ct_x, ct_value]


def _pad_batch(axis: Any, args: Any, dims: Any, *, config: tuple) -> Any:
    (x, value), (dx, dv) = args, dims
    if dx is None:
        x, dx = algebra.broadcast(x, axis.size, 0), 0
    wide = (*config[:dx], (0, 0, 0), *config[dx:])
    if dv is None:
        return pad_p.bind(x, value, config=wide), dx
    aval = aval_of(x)
    # Each member has padding of its own: pad with anything, and choose by where padding is.
    first = lax.reshape(lax.slice(value, (0,), (1,)), ())
    padded = pad_p.bind(x, first, config=wide)
    added = pad(lax.full(aval.shape, False), np.bool_(True), wide)
    own = lax.broadcast_in_dim(value, aval_of(padded).shape, (dx,))
    return lax.select(added, own, padded), dx


def _pad_attributes(*, config: tuple) -> dict[str, Any]:
    names = ("edge_padding_low", "edge_padding_high", "interior_padding")
    columns = np.reshape(np.array(config, np.int64), (-1, 3)).T.tolist()
    return {name: mlir.int64_array(c) for name, c in zip(names, columns, strict=True)}


pad_p = structural(
    "pad",
    type=_pad_type,
    numpy=_pad_numpy,
    transpose=_pad_transpose,
    batch=_pad_batch,
    lower=one_operation("pad", _pad_attributes),
)
