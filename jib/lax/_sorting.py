"""Sorting, and the largest elements."""

from __future__ import annotations

import operator as operators
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.backend.mlir import ir
from jib.core.algebra import algebra
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import ArgumentTypeError, ArgumentValueError, DTypeError, ShapeError
from jib.lax._families import kind_of
from jib.lax._gathering import gather_along_axis
from jib.lax._shaping import canonical_axis
from jib.passes.batch import to_batch_axis
from jib.passes.eager import compiled
from jib.passes.lower import inline_jaxpr, lower_by_tracing
from jib.passes.stage import stage_jaxpr
from jib.typing import ArrayLike

__all__ = ["sort", "sort_key_val", "sort_p", "top_k", "top_k_p"]


def sort(
    operand: ArrayLike | Sequence[ArrayLike],
    dimension: int = -1,
    is_stable: bool = True,
    num_keys: int = 1,
) -> Any:
    """Elements in ascending order along an axis; several arrays are reordered alike.

    NaN comes last, 0.0 and -0.0 are equal, complex numbers are ordered by real part first.

    Args:
        operand: an array, or several of one shape.
        num_keys: how many of several arrays decide the order, the first one first.
        is_stable: whether equal elements keep their order.

    Raises:
        ShapeError: if the shapes differ.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import dtypes, lax
        >>> keys, values = lax.sort((jnp.array([3, 1, 2]), jnp.array([0, 1, 2])))
        >>> values.tolist()
        [1, 2, 0]
    """
    several = isinstance(operand, Sequence)
    operands = tuple(operand) if several else (operand,)
    if not operands:
        raise ArgumentTypeError("`sort` needs at least one array")
    if not 1 <= num_keys <= len(operands):
        raise ArgumentValueError(f"`sort` of {len(operands)} arrays cannot have {num_keys} keys")
    axis = canonical_axis("sort", dimension, aval_of(operands[0]).ndim)
    outs = sort_p.bind(*operands, dimension=axis, is_stable=bool(is_stable), num_keys=int(num_keys))
    return tuple(outs) if several else outs[0]


def sort_key_val(
    keys: ArrayLike, values: ArrayLike, dimension: int = -1, is_stable: bool = True
) -> tuple[Any, Any]:
    """Sort `keys` along an axis, and reorder `values` like them."""
    return sort((keys, values), dimension, is_stable)


def _sort_type(*avals: ShapedArray, dimension: int, is_stable: bool, num_keys: int) -> list:
    if any([a.shape != avals[0].shape for a in avals]):
        listed = " and ".join(map(str, avals))
        raise ShapeError(f"`sort` needs arrays of one shape, but got {listed}")
    for aval in avals[:num_keys]:
        if kind_of(aval.dtype) == "k":
            raise DTypeError.accepts("sort", aval.dtype.name, "number or boolean")
    return list(avals)


def _sort_numpy(*arrays: Any, dimension: int, is_stable: bool, num_keys: int) -> list[Any]:
    columns: list[Any] = []
    for key in reversed(arrays[:num_keys]):  # np.lexsort wants the first key last
        if kind_of(key.dtype) == "c":
            columns += [key.imag, key.real]
        elif kind_of(key.dtype) == "f" and key.dtype.itemsize < 4:
            columns.append(key.astype(np.float32))
        else:
            columns.append(key)
    order = np.lexsort(columns, axis=dimension)
    return [np.take_along_axis(x, order, dimension) for x in arrays]


def _sort_jvp(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
    if all([type(t) is Zero for t in tangents]):
        outs = sort_p.bind(*primals, **params)
        return outs, [Zero(tangent_aval(aval_of(x))) for x in outs]
    axis = params["dimension"]
    count = lax.broadcasted_iota(np.int32, aval_of(primals[0]).shape, axis)
    *outs, order = sort_p.bind(*primals, count, **params)
    moved = [
        t if type(t) is Zero else gather_along_axis(
            t, order, axis, unique_indices=True, mode="promise_in_bounds"
        )
        for t in tangents
    ]  # fmt: skip
    return outs, moved


def _sort_batch(axis: Any, args: Any, dims: Any, **params: Any) -> Any:
    target = next(d for d in dims if d is not None)
    moved = [to_batch_axis(x, d, axis, target) for x, d in zip(args, dims, strict=True)]
    params["dimension"] += target <= params["dimension"]
    return sort_p.bind(*moved, **params), [target] * len(moved)


def _scalar(value: float, dtype: Any) -> Any:
    """A number of any dtype: a literal on its own never has 64 bits."""
    if np.dtype(dtype).itemsize <= 4:
        return np.asarray(value).astype(dtype)[()]
    narrow = np.float32 if kind_of(np.dtype(dtype)) == "f" else np.int32
    return lax.convert_element_type(lax.broadcast(narrow(value), ()), dtype)


def _ordered(x: Any) -> list[Any]:
    """Numbers whose total order is the order of `x`: one NaN, one zero, parts of complex ones."""
    kind = kind_of(aval_of(x).dtype)
    if kind == "c":
        return [*_ordered(lax.real(x)), *_ordered(lax.imag(x))]
    if kind != "f":
        return [x]
    dtype = aval_of(x).dtype
    zero, nan = _scalar(0, dtype), _scalar(np.nan, dtype)
    x = lax.select(lax.eq(x, zero), zero, x)
    return [lax.select(lax.ne(x, x), nan, x)]


# On CPU, XLA sorts one array of integers many times faster than anything else. So a floating key
# becomes an integer of the same order, and a key with company is packed with positions.


def _code(x: Any) -> Any:
    """Signed integers in the order of `x`: -0.0 before 0.0, NaN last."""
    if kind_of(aval_of(x).dtype) != "f":
        return lax.convert_element_type(x, np.int32)
    x = lax.convert_element_type(x, np.float32)
    x = lax.select(lax.ne(x, x), np.float32(np.nan), x)
    return _mirrored(lax.bitcast_convert_type(x, np.int32))


def _mirrored(bits: Any) -> Any:
    """Swaps the bits of float32 with integers of the same order: its own inverse."""
    signs = lax.shift_right_arithmetic(bits, np.int32(31))
    return lax.bitwise_xor(bits, lax.bitwise_and(signs, np.int32(2**31 - 1)))


def _sort_codes(x: Any, *, dimension: int) -> Any:
    code = _code(x)
    (code,) = sort_p.bind(code, dimension=dimension, is_stable=False, num_keys=1)
    found = lax.bitcast_convert_type(_mirrored(code), np.float32)
    return lax.convert_element_type(found, aval_of(x).dtype)


def _sort_widened(x: Any, *, dimension: int) -> Any:
    code = lax.convert_element_type(x, np.int32)
    (code,) = sort_p.bind(code, dimension=dimension, is_stable=False, num_keys=1)
    return lax.convert_element_type(code, aval_of(x).dtype)


def _sort_packed(*operands: Any, dimension: int) -> list[Any]:
    key = operands[0]
    if kind_of(aval_of(key).dtype) == "f":  # here equal zeros must stay in their order
        zero = _scalar(0, aval_of(key).dtype)
        key = lax.select(lax.eq(key, zero), zero, key)
    high = lax.shift_left(lax.convert_element_type(_code(key), np.int64), _scalar(32, np.int64))
    position = lax.broadcasted_iota(np.int64, aval_of(key).shape, dimension)
    packed = lax.bitwise_or(high, position)
    (packed,) = sort_p.bind(packed, dimension=dimension, is_stable=False, num_keys=1)
    order = lax.convert_element_type(packed, np.int32)  # the low bits: the positions
    return [
        gather_along_axis(x, order, dimension, unique_indices=True, mode="promise_in_bounds")
        for x in operands
    ]


_lower_codes = lower_by_tracing(_sort_codes)
_lower_widened = lower_by_tracing(_sort_widened)
_lower_packed = lower_by_tracing(_sort_packed, multiple_results=True)


def _sort_lower(
    ctx: Any, *values: Any, dimension: int, is_stable: bool, num_keys: int
) -> list[Any]:
    key = ctx.avals_in[0]
    kind = kind_of(key.dtype)
    if ctx.platform == "cpu" and num_keys == 1 and kind in "bif":
        if len(values) == 1 and kind == "f" and key.dtype.itemsize <= 4:
            return [_lower_codes(ctx, *values, dimension=dimension)]
        if len(values) == 1 and key.dtype in dtypes.NARROW_INTEGERS:  # XLA loses some of 2 bits
            return [_lower_widened(ctx, *values, dimension=dimension)]
        if len(values) > 1 and key.dtype.itemsize <= 4 and key.dtype != np.uint32:
            return _lower_packed(ctx, *values, dimension=dimension)
    scalars = [ShapedArray((), a.dtype) for a in ctx.avals_in]
    operation = mlir.emit_many(
        "stablehlo.sort",
        [mlir.ir_type(a) for a in ctx.avals_out],
        values,
        {
            "dimension": mlir.integer_attribute(dimension),
            "is_stable": mlir.bool_attribute(is_stable),
        },
        1,
    )
    pairs = [mlir.ir_type(a) for a in scalars for _ in range(2)]
    block = operation.regions[0].blocks.append(
        *pairs, arg_locs=[mlir.unknown_location] * len(pairs)
    )
    with ir.InsertionPoint(block):
        keys: list[tuple[Any, Any, Any]] = []
        for i, aval in enumerate(scalars[:num_keys]):
            # Traced once for each dtype: the programs are tiny, and sorts are few.
            program = stage_jaxpr(_ordered, [aval])
            region = ctx.replace((), ())
            region.constants = {}
            left, right = (inline_jaxpr(region, program, [block.arguments[2 * i + k]])
                           for k in range(2))  # fmt: skip
            keys += zip(left, right, program.out_avals, strict=True)
        mlir.emit_many("stablehlo.return", [], [_less(keys)])
    return list(operation.results)


def _less(keys: Sequence[tuple[Any, Any, ShapedArray]]) -> Any:
    """Whether the left keys come before the right ones; the first keys decide first."""
    boolean = mlir.ir_type(ShapedArray((), np.dtype(np.bool_)))
    result = None
    for left, right, aval in reversed(keys):
        less = _compare(left, right, "LT", aval)
        if result is not None:
            same = _compare(left, right, "EQ", aval)
            both = mlir.emit("stablehlo.and", boolean, [same, result])
            less = mlir.emit("stablehlo.or", boolean, [less, both])
        result = less
    return result


def _compare(left: Any, right: Any, direction: str, aval: ShapedArray) -> Any:
    kind = kind_of(aval.dtype)
    unsigned = kind == "b" or aval.dtype in dtypes.UNSIGNED
    order = "TOTALORDER" if kind == "f" else "UNSIGNED" if unsigned else "SIGNED"
    return mlir.compare(left, right, direction, order)


sort_p = Primitive(
    "sort",
    type=_sort_type,
    numpy=_sort_numpy,
    jvp=_sort_jvp,
    transpose=Waived("a sort is not linear; its derivative is a gather"),
    batch=_sort_batch,
    lower=_sort_lower,
    multiple_results=True,
)


# -------------------------------------------------------------------------------- largest


def top_k(operand: ArrayLike, k: int, *, axis: int = -1) -> list[Any]:
    """The `k` largest elements along an axis, largest first, and where they are (int32).

    NaN counts as larger than any number. Of equal elements the first ones are taken.

    Raises:
        ArgumentValueError: if the axis has fewer than `k` elements.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import dtypes, lax
        >>> values, indices = lax.top_k(jnp.array([1, 5, 3]), 2)
        >>> values.tolist(), indices.tolist()
        ([5, 3], [1, 2])
    """
    ndim = aval_of(operand).ndim
    axis = canonical_axis("top_k", axis, ndim)
    if axis == ndim - 1:
        return top_k_p.bind(operand, k=operators.index(k))
    return _top_k_along(operand, operators.index(k), axis)


@compiled(static=("k", "axis"))
def _top_k_along(operand: Any, k: int, axis: int) -> list[Any]:
    last = aval_of(operand).ndim - 1
    found = top_k_p.bind(algebra.moveaxis(operand, axis, last), k=k)
    return [algebra.moveaxis(x, last, axis) for x in found]


def _top_k_type(x: ShapedArray, *, k: int) -> list[ShapedArray]:
    if not 0 <= k <= x.shape[-1]:
        raise ArgumentValueError(f"`top_k` cannot take {k} of the {x.shape[-1]} elements of {x}")
    if kind_of(x.dtype) not in "bif":
        raise DTypeError.accepts("top_k", x.dtype.name, "real or boolean")
    shape = (*x.shape[:-1], k)
    return [ShapedArray(shape, x.dtype, x.weak_type), ShapedArray(shape, np.dtype(np.int32))]


def _top_k_numpy(x: Any, *, k: int) -> list[Any]:
    size = x.shape[-1]
    wide = x.astype(np.float32) if kind_of(x.dtype) == "f" and x.dtype.itemsize < 4 else x
    # Ascending by value, then descending by position; read backwards.
    position = np.broadcast_to(np.arange(size)[::-1], x.shape)
    order = np.lexsort([position, wide], axis=-1)[..., ::-1][..., :k]
    return [np.take_along_axis(x, order, -1), order.astype(np.int32)]


def _top_k_jvp(primals: Any, tangents: Any, *, k: int) -> tuple[Any, Any]:
    values, indices = top_k_p.bind(*primals, k=k)
    none = Zero(tangent_aval(aval_of(indices)))
    if type(tangents[0]) is Zero:
        return [values, indices], [Zero(tangent_aval(aval_of(values))), none]
    last = aval_of(indices).ndim - 1
    moved = gather_along_axis(
        tangents[0], indices, last, unique_indices=True, mode="promise_in_bounds"
    )
    return [values, indices], [moved, none]


def _top_k_batch(axis: Any, args: Any, dims: Any, *, k: int) -> Any:
    x = algebra.moveaxis(args[0], dims[0], 0) if dims[0] else args[0]
    return top_k_p.bind(x, k=k), [0, 0]


def _top_k_lower(ctx: Any, x: Any, *, k: int) -> list[Any]:
    types = [mlir.ir_type(a) for a in ctx.avals_out]
    attributes = {"k": mlir.integer_attribute(k)}
    return list(mlir.emit_many("chlo.top_k", types, [x], attributes).results)


top_k_p = Primitive(
    "top_k",
    type=_top_k_type,
    numpy=_top_k_numpy,
    jvp=_top_k_jvp,
    transpose=Waived("`top_k` is not linear; its derivative is a gather"),
    batch=_top_k_batch,
    lower=_top_k_lower,
    multiple_results=True,
)
