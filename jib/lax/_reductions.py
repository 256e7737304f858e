"""Reductions: sums, products, extremes and their places, over some axes."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.backend.mlir import ir
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import DTypeError, ShapeError
from jib.lax._families import (
    Kinds,
    booleans,
    constant_jvp,
    constant_like,
    integers,
    kind_of,
    numbers,
    real,
)
from jib.lax._shaping import canonical_axis
from jib.passes.jvp import instantiate, jvp
from jib.passes.lower import lower_by_tracing
from jib.typing import ArrayLike, DTypeLike

__all__ = [
    "argmax", "argmin", "reduce_and", "reduce_max", "reduce_min", "reduce_or", "reduce_prod",
    "reduce_sum", "reduce_xor",
]  # fmt: skip


def canonical_axes(name: str, axes: Sequence[int], ndim: int) -> tuple[int, ...]:
    """Axes as sorted, non-negative numbers, each once."""
    found = tuple(sorted(canonical_axis(name, axis, ndim) for axis in axes))
    if len(set(found)) != len(found):
        raise ShapeError(f"`{name}` got an axis twice in {tuple(axes)}")
    return found


def _bind(primitive: Primitive, operand: Any, axes: Sequence[int]) -> Any:
    return primitive.bind(operand, axes=canonical_axes(primitive.name, axes, aval_of(operand).ndim))


def _without(shape: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def _restored(x: Any, shape: Sequence[int], axes: Sequence[int]) -> Any:
    """The result of a reduction, repeated along the axes that it lost."""
    return lax.broadcast_in_dim(x, shape, _without(range(len(shape)), axes))


def _shifted_axes(axes: Sequence[int], dim: int) -> tuple[tuple[int, ...], int]:
    """The axes of a batch whose batch axis is `dim`, and where that axis stands in the result."""
    moved = tuple(a + (a >= dim) for a in axes)
    return moved, dim - sum(a < dim for a in moved)


# ----------------------------------------------------------------------------------- family


def _reduce_lower(hlo: str, identity: Callable[[Any], Any], wide: bool) -> Callable[..., Any]:
    """A `lower` rule; `wide` reduces floats of 16 bits and fewer in float32."""

    def rule(ctx: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
        if not axes:
            return x
        aval, out = ctx.avals_in[0], ctx.avals_out[0]
        narrow = wide and kind_of(aval.dtype) == "f" and aval.dtype.itemsize < 4
        dtype = np.dtype(np.float32) if narrow else aval.dtype
        if narrow:
            x = mlir.emit("stablehlo.convert", mlir.ir_type(ShapedArray(aval.shape, dtype)), [x])
        scalar = ShapedArray((), dtype)
        element = mlir.ir_type(scalar)
        reduced = mlir.emit_many(
            "stablehlo.reduce",
            [mlir.ir_type(ShapedArray(out.shape, dtype))],
            [x, ctx.constant(identity(dtype), scalar)],
            {"dimensions": mlir.int64_array(axes)},
            regions=1,
        )
        block = reduced.regions[0].blocks.append(element, element)
        with ir.InsertionPoint(block):
            made = mlir.emit(f"stablehlo.{hlo}", element, list(block.arguments))
            mlir.emit_many("stablehlo.return", [], [made])
        return (
            mlir.emit("stablehlo.convert", mlir.ir_type(out), [reduced.result])
            if narrow
            else (reduced.result)
        )

    return rule


def _reduction(
    name: str,
    kinds: Kinds,
    *,
    numpy: np.ufunc,
    hlo: str,
    identity: Callable[[Any], Any],
    tangent: Callable[..., Any] | None = None,
    transpose: Callable[..., Any] | None = None,
    wide: bool = False,
) -> Primitive:
    """A primitive that joins the elements along some axes by an associative operation.

    `tangent(t, x, out, axes)` is the tangent of the result, None where there is no derivative.
    """

    def type(x: ShapedArray, *, axes: tuple[int, ...]) -> ShapedArray:
        if kind_of(x.dtype) not in kinds:
            raise DTypeError.accepts(name, x.dtype.name, str(kinds))
        return ShapedArray(_without(x.shape, axes), x.dtype, x.weak_type)

    def reference(x: Any, *, axes: tuple[int, ...]) -> Any:
        values = x.astype(np.float32) if kind_of(x.dtype) == "f" and x.dtype.itemsize < 4 else x
        return numpy.reduce(values, axis=axes, dtype=values.dtype, initial=identity(values.dtype))

    def rule(primals: Any, tangents: Any, *, axes: tuple[int, ...]) -> tuple[Any, Any]:
        (x,), (t,) = primals, tangents
        out = primitive.bind(x, axes=axes)
        if tangent is None or isinstance(t, Zero):
            return out, Zero(tangent_aval(aval_of(out)))
        return out, tangent(t, x, out, axes)

    def batch(axis: Any, args: Any, dims: Any, *, axes: tuple[int, ...]) -> tuple[Any, int]:
        moved, dim = _shifted_axes(axes, dims[0])
        return primitive.bind(args[0], axes=moved), dim

    primitive = Primitive(
        name,
        type=type,
        numpy=reference,
        jvp=rule,
        transpose=transpose or Waived(f"`{name}` is not linear"),
        batch=batch,
        lower=_reduce_lower(hlo, identity, wide),
    )
    return primitive


def lowest(dtype: Any) -> Any:
    """The identity of `max`: -inf, the least integer, or False."""
    if kind_of(dtype) == "f":
        return -highest(dtype)
    return False if kind_of(dtype) == "b" else dtypes.iinfo(dtype.type).min


def highest(dtype: Any) -> Any:
    """The identity of `min`: inf, the greatest integer, or True."""
    if kind_of(dtype) == "f":
        return np.inf if dtypes.supports_inf(dtype) else dtypes.finfo(dtype.type).max
    return True if kind_of(dtype) == "b" else dtypes.iinfo(dtype.type).max


# --------------------------------------------------------------------------- sum and product


def reduce_sum(operand: ArrayLike, axes: Sequence[int], *, out_sharding: Any = None) -> Any:
    """The sum over some axes; floats of 16 bits are added in float32.

    Raises:
        AxisError: if there is no such axis.
        DTypeError: for booleans (convert them first).

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.reduce_sum(jnp.ones((2, 3)), (1,)).tolist()
        [3.0, 3.0]
    """
    total = _bind(reduce_sum_p, operand, axes)
    return total if out_sharding is None else lax.with_sharding_constraint(total, out_sharding)


reduce_sum_p = _reduction(
    "reduce_sum",
    numbers,
    numpy=np.add,
    hlo="add",
    identity=lambda dtype: 0,
    tangent=lambda t, x, out, axes: reduce_sum(t, axes),
    transpose=lambda ct, x, *, axes: [_restored(ct, x.aval.shape, axes)],
    wide=True,
)


def reduce_prod(operand: ArrayLike, axes: Sequence[int]) -> Any:
    """The product over some axes. Its derivative is right where factors are zero, too."""
    return _bind(reduce_prod_p, operand, axes)


def _prod_tangent(t: Any, x: Any, out: Any, axes: tuple[int, ...]) -> Any:
    def product(y: Any) -> list[Any]:
        return halve_until_one([y], axes, lambda a, b: [lax.mul(a[0], b[0])], [1])

    return instantiate(jvp(product, [x], [t])[1][0])


def halve_until_one(
    operands: Sequence[Any], axes: tuple[int, ...], combine: Callable[..., Any], fill: Sequence[Any]
) -> list[Any]:
    """Join the elements along some axes pairwise, as a tree: only `combine` is differentiated.

    Where there are no elements the result is `fill`.
    """
    shape = aval_of(operands[0]).shape
    kept = _without(range(len(shape)), axes)
    rest = _without(shape, axes)
    length = math.prod(shape[a] for a in axes)
    if not length:
        return [lax.full(rest, f, aval_of(x).dtype) for x, f in zip(operands, fill, strict=True)]
    # The reduced axes become one leading axis.
    values = [lax.reshape(lax.transpose(x, (*axes, *kept)), (length, *rest)) for x in operands]
    while length > 1:
        half = length // 2
        pairs = [[lax.slice_in_dim(x, start, start + half) for x in values] for start in (0, half)]
        joined = list(combine(*pairs))
        if length % 2:
            last = [lax.slice_in_dim(x, length - 1, length) for x in values]
            joined = [lax.concatenate(pair, 0) for pair in zip(joined, last, strict=True)]
        values, length = joined, half + length % 2
    return [lax.reshape(x, rest) for x in values]


reduce_prod_p = _reduction(
    "reduce_prod",
    numbers,
    numpy=np.multiply,
    hlo="multiply",
    identity=lambda dtype: 1,
    tangent=_prod_tangent,
    wide=True,
)

# ----------------------------------------------------------------------------------- extremes


def reduce_max(operand: ArrayLike, axes: Sequence[int]) -> Any:
    """The maximum over some axes; NaN if there is one, the least number if there is nothing.

    Elements that tie share the derivative equally.
    """
    return _bind(reduce_max_p, operand, axes)


def _extreme_tangent(t: Any, x: Any, out: Any, axes: tuple[int, ...]) -> Any:
    chosen = lax.eq(x, _restored(out, aval_of(x).shape, axes))
    one, zero = constant_like(x, 1), constant_like(x, 0)
    # None ties where the extreme is NaN, or nothing was compared.
    ties = lax.max(reduce_sum(lax.select(chosen, one, zero), axes), one)
    return lax.mul(reduce_sum(lax.select(chosen, t, zero), axes), lax.div(one, ties))


reduce_max_p = _reduction(
    "reduce_max",
    real | booleans,
    numpy=np.maximum,
    hlo="maximum",
    identity=lowest,
    tangent=_extreme_tangent,
)


def reduce_min(operand: ArrayLike, axes: Sequence[int]) -> Any:
    """The minimum over some axes; NaN if there is one, the greatest number if there is nothing.

    Elements that tie share the derivative equally.
    """
    return _bind(reduce_min_p, operand, axes)


reduce_min_p = _reduction(
    "reduce_min",
    real | booleans,
    numpy=np.minimum,
    hlo="minimum",
    identity=highest,
    tangent=_extreme_tangent,
)

# -------------------------------------------------------------------------------------- bits


def reduce_and(operand: ArrayLike, axes: Sequence[int]) -> Any:
    """The bitwise `and` over some axes, of booleans or integers; True (all bits) for nothing."""
    return _bind(reduce_and_p, operand, axes)


def reduce_or(operand: ArrayLike, axes: Sequence[int]) -> Any:
    """The bitwise `or` over some axes, of booleans or integers; False (zero) for nothing."""
    return _bind(reduce_or_p, operand, axes)


def reduce_xor(operand: ArrayLike, axes: Sequence[int]) -> Any:
    """The bitwise `xor` over some axes, of booleans or integers; False (zero) for nothing."""
    return _bind(reduce_xor_p, operand, axes)


def _all_bits(dtype: Any) -> Any:
    return True if kind_of(dtype) == "b" else np.invert(np.zeros((), dtype))


_bits = booleans | integers
reduce_and_p = _reduction("reduce_and", _bits, numpy=np.bitwise_and, hlo="and", identity=_all_bits)
reduce_or_p = _reduction("reduce_or", _bits, numpy=np.bitwise_or, hlo="or", identity=lambda d: 0)
reduce_xor_p = _reduction(
    "reduce_xor", _bits, numpy=np.bitwise_xor, hlo="xor", identity=lambda d: 0
)


# From this many elements on, extremes are looked for in pieces.
_MANY = 4096


def _piece_size(length: int) -> int:
    """The length of about 16 pieces, which vector registers divide; 1 for a short axis."""
    size = -(-length // 16)
    return 1 if length <= 32 else size + -size % (64 if size > 64 else 16)


def _folded(
    x: Any, *, axis: int, join: Callable[..., Any], each: Callable[..., Any] | None = None
) -> Any:
    """The pieces of an axis, which may overlap, joined element by element.

    `each(piece, start)` is done with every piece before.
    """
    length = aval_of(x).shape[axis]
    size = _piece_size(length)
    starts = [min(i, length - size) for i in range(0, length, size)]
    pieces = [lax.slice_in_dim(x, start, start + size, axis=axis) for start in starts]
    if each is not None:
        pieces = list(map(each, pieces, starts))
    while len(pieces) > 1:
        pieces = [*map(join, pieces[::2], pieces[1::2]), *pieces[len(pieces) & ~1 :]]
    return pieces[0]


def _on_cpu(plain: Callable[..., Any], join: Callable[..., Any]) -> Callable[..., Any]:
    """A `lower` rule for extremes: on CPUs pieces are joined first, then NaN is looked for apart.

    There XLA hands reductions to a kernel whose maximum drops NaN (jaxlib 0.10.2), and which is
    slow for short axes and integers; the element-wise maximum compiles to vector instructions.
    """
    fold = lower_by_tracing(functools.partial(_folded, join=join))

    def rule(ctx: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
        aval, out = ctx.avals_in[0], ctx.avals_out[0]
        if ctx.platform != "cpu" or not axes:
            return plain(ctx, x, axes=axes)
        axis = max(axes, key=lambda i: aval.shape[i])
        if aval.size >= _MANY:
            x = fold(ctx, x, axis=axis)
            shape = (*aval.shape[:axis], _piece_size(aval.shape[axis]), *aval.shape[axis + 1 :])
            aval = ShapedArray(shape, aval.dtype)
            ctx = ctx.replace((aval,), (out,))
        found = plain(ctx, x, axes=axes)
        if kind_of(aval.dtype) != "f":
            return found
        # A sum of absolute values is NaN if and only if one of them is, and it is a fast reduction.
        sizes = mlir.emit("stablehlo.abs", mlir.ir_type(aval), [x])
        total = reduce_sum_p.lower(ctx, sizes, axes=axes)
        any_nan = mlir.compare(total, total, "NE")
        nan = ctx.constant(np.nan, out)
        return mlir.emit("stablehlo.select", mlir.ir_type(out), [any_nan, nan, found])

    return rule


reduce_max_p.lower = _on_cpu(reduce_max_p.lower, lambda a, b: lax.max(a, b))
reduce_min_p.lower = _on_cpu(reduce_min_p.lower, lambda a, b: lax.min(a, b))

# ------------------------------------------------------------------------------------ places


def argmax(operand: ArrayLike, axis: int, index_dtype: DTypeLike) -> Any:
    """The index of the (first) maximum along an axis; NaN counts as the maximum.

    Raises:
        ShapeError: if the axis has length 0.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.argmax(jnp.array([3, 7, 7]), 0, "int32").item()
        1
    """
    axis = canonical_axis("argmax", axis, aval_of(operand).ndim)
    return argmax_p.bind(operand, axis=axis, index_dtype=dtypes.parse(index_dtype))


def argmin(operand: ArrayLike, axis: int, index_dtype: DTypeLike) -> Any:
    """The index of the (first) minimum along an axis; NaN counts as the minimum."""
    axis = canonical_axis("argmin", axis, aval_of(operand).ndim)
    return argmin_p.bind(operand, axis=axis, index_dtype=dtypes.parse(index_dtype))


def _place_by_equality(x: Any, axis: int, extreme: Callable[..., Any]) -> Any:
    """The first index at which the extreme (or NaN) stands.

    Two plain reductions, which compile to vector instructions; a reduction of pairs does not.
    """
    aval, top = aval_of(x), extreme(x, (axis,))
    counter = np.int32 if aval.shape[axis] <= np.iinfo(np.int32).max else np.int64

    def places(piece: Any, start: int) -> Any:
        shape = aval_of(piece).shape
        found = lax.eq(piece, _restored(top, shape, (axis,)))
        if kind_of(aval.dtype) == "f":
            found = lax.bitwise_or(found, lax.ne(piece, piece))
        index = lax.broadcasted_iota(counter, shape, axis)
        index = lax.add(index, constant_like(index, start))
        return lax.select(found, index, lax.full_like(index, aval.shape[axis]))

    return reduce_min(_folded(x, axis=axis, join=lax.min, each=places), (axis,))


def _place(name: str, numpy: Callable[..., Any], extreme: Callable[..., Any]) -> Primitive:
    def type(x: ShapedArray, *, axis: int, index_dtype: Any) -> ShapedArray:
        if kind_of(x.dtype) not in "bif":
            raise DTypeError.accepts(name, x.dtype.name, "boolean, integer or floating")
        if kind_of(index_dtype) != "i":
            raise DTypeError(f"the indices of `{name}` are integers, not {index_dtype.name}")
        if not x.shape[axis]:
            raise ShapeError(f"`{name}` of {x} along axis {axis}: there is nothing to compare")
        return ShapedArray(_without(x.shape, (axis,)), index_dtype)

    def batch(axis_data: Any, args: Any, dims: Any, *, axis: int, index_dtype: Any) -> Any:
        (moved,), dim = _shifted_axes((axis,), dims[0])
        return primitive.bind(args[0], axis=moved, index_dtype=index_dtype), dim

    def lowered(x: Any, *, axis: int, index_dtype: Any) -> Any:
        found = _place_by_equality(x, axis, extreme)
        return lax.convert_element_type(found, index_dtype)

    primitive = Primitive(
        name,
        type=type,
        numpy=lambda x, *, axis, index_dtype: numpy(x, axis),
        jvp=constant_jvp(lambda: primitive),
        transpose=Waived("an index has no derivative"),
        batch=batch,
        lower=lower_by_tracing(lowered),
    )
    return primitive


argmax_p = _place("argmax", np.argmax, reduce_max)
argmin_p = _place("argmin", np.argmin, reduce_min)
