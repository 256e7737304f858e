"""Running sums, products and extremes along an axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import DTypeError
from jib.lax._families import (
    Kinds,
    booleans,
    constant_like,
    floating,
    kind_of,
    linear_jvp,
    numbers,
    real,
)
from jib.lax._reductions import highest, lowest
from jib.lax._shaping import canonical_axis
from jib.passes.jvp import jvp
from jib.passes.lower import lower_by_tracing
from jib.typing import ArrayLike

__all__ = ["cumlogsumexp", "cummax", "cummin", "cumprod", "cumsum"]

# A row that is at least this long pays for one turn of a loop.
_LONG_ROW = 512
# Axes that are not longer are joined in a few steps of whole arrays.
_SHORT_AXIS = 32

Combine = Callable[[Any, Any], Any]

# ------------------------------------------------------------- ways to run along the first axis


def _length(x: Any) -> int:
    return aval_of(x).shape[0]


def _by_doubling(combine: Combine, x: Any, identity: Any) -> Any:
    """Join each element with those 1, 2, 4, ... places before it: few steps, on whole arrays."""
    distance = 1
    while distance < _length(x):
        rest = [(0, 0, 0)] * (aval_of(x).ndim - 1)
        moved = lax.pad(x, identity, [(distance, -distance, 0), *rest])
        x = combine(moved, x)
        distance *= 2
    return x


def _by_rows(combine: Combine, x: Any, identity: Any) -> Any:
    """One row after the other, in a loop: each element is touched once."""

    def step(running: Any, row: Any) -> tuple[Any, Any]:
        total = combine(running, row)
        return total, total

    start = lax.full(aval_of(x).shape[1:], identity)
    return lax.scan(step, start, x)[1]


def _by_blocks(combine: Combine, x: Any, identity: Any, rows: int, inner: Any, outer: Any) -> Any:
    """Cut the axis into blocks of `rows` elements and run along all of them side by side.

    Then the totals of the blocks before are joined to each block.
    """
    length, *rest = aval_of(x).shape
    blocks = -(-length // rows)
    unpadded = [(0, 0, 0)] * len(rest)
    if blocks * rows != length:
        x = lax.pad(x, identity, [(0, blocks * rows - length, 0), *unpadded])
    swap = (1, 0, *range(2, len(rest) + 2))
    columns = lax.transpose(lax.reshape(x, (blocks, rows, *rest)), swap)
    within = inner(combine, columns, identity)
    totals = lax.index_in_dim(within, rows - 1, 0, keepdims=False)
    before = lax.pad(outer(combine, totals, identity), identity, [(1, -1, 0), *unpadded])
    joined = combine(lax.broadcast(before, (rows,)), within)
    flat = lax.reshape(lax.transpose(joined, swap), (blocks * rows, *rest))
    return lax.slice_in_dim(flat, 0, length)


def _run_on_cpu(combine: Combine, x: Any, identity: Any) -> Any:
    """A loop over long rows; short rows are made long by cutting the axis into blocks."""
    length, *rest = aval_of(x).shape
    if length <= _SHORT_AXIS:
        return _by_doubling(combine, x, identity)
    if math.prod(rest) >= _LONG_ROW:
        return _by_rows(combine, x, identity)
    return _by_blocks(combine, x, identity, math.isqrt(length), _by_rows, _run_on_cpu)


def _run_in_parallel(combine: Combine, x: Any, identity: Any) -> Any:
    """Only operations on whole arrays, for devices where a turn of a loop is dear."""
    if _length(x) <= _SHORT_AXIS:
        return _by_doubling(combine, x, identity)
    blocks = (_SHORT_AXIS, _by_doubling, _run_in_parallel)
    return _by_blocks(combine, x, identity, *blocks)


def _by_pairs(combine: Combine, x: Any) -> Any:
    """As a tree, with work proportional to the length: this form is differentiated."""
    length = _length(x)
    if length < 2:
        return x
    half = length // 2
    left = lax.slice_in_dim(x, 0, 2 * half, 2)
    odd = _by_pairs(combine, combine(left, lax.slice_in_dim(x, 1, 2 * half, 2)))
    first = lax.slice_in_dim(x, 0, 1)
    between = lax.slice_in_dim(odd, 0, (length - 1) // 2)
    even = lax.concatenate([first, combine(between, lax.slice_in_dim(x, 2, length, 2))], 0)
    pairs = [lax.expand_dims(lax.slice_in_dim(even, 0, half), (1,)), lax.expand_dims(odd, (1,))]
    rest = aval_of(x).shape[1:]
    woven = lax.reshape(lax.concatenate(pairs, 1), (2 * half, *rest))
    return lax.concatenate([woven, lax.slice_in_dim(even, half, half + length % 2)], 0)


def _along(x: Any, axis: int, reverse: bool, run: Callable[[Any], Any]) -> Any:
    """Move the axis to the front (and turn it round), run along it, and move it back."""
    ndim = aval_of(x).ndim
    order = (axis, *(i for i in range(ndim) if i != axis))
    moved = lax.transpose(x, order)
    out = run(lax.rev(moved, (0,)) if reverse else moved)
    out = lax.rev(out, (0,)) if reverse else out
    return lax.transpose(out, tuple(int(i) for i in np.argsort(order)))


# ----------------------------------------------------------------------------------- family


def _is_narrow(dtype: Any) -> bool:
    return kind_of(dtype) == "f" and dtype.itemsize < 4


def _reference(ufunc: np.ufunc, wide: bool) -> Callable[..., Any]:
    def reference(x: Any, *, axis: int, reverse: bool) -> Any:
        values = x.astype(np.float32) if wide and _is_narrow(x.dtype) else x
        values = np.flip(values, axis) if reverse else values
        out = ufunc.accumulate(values, axis, dtype=values.dtype)
        return np.flip(out, axis) if reverse else out

    return reference


def _cumulative(
    name: str,
    kinds: Kinds,
    *,
    numpy: np.ufunc,
    combine: Combine,
    identity: Callable[[Any], Any],
    wide: bool = False,
) -> Primitive:
    """A primitive that joins each element with all before it by an associative operation.

    `wide` runs floats of 16 bits and fewer in float32.
    """

    def type(x: ShapedArray, *, axis: int, reverse: bool) -> ShapedArray:
        if kind_of(x.dtype) not in kinds:
            raise DTypeError.accepts(name, x.dtype.name, str(kinds))
        return x

    def rule(primals: Any, tangents: Any, *, axis: int, reverse: bool) -> tuple[Any, Any]:
        (x,), (t,) = primals, tangents
        if isinstance(t, Zero):
            out = primitive.bind(x, axis=axis, reverse=reverse)
            return out, Zero(tangent_aval(aval_of(out)))

        def run(y: Any) -> list[Any]:
            return [_along(y, axis, reverse, lambda z: _by_pairs(combine, z))]

        outs, out_tangents = jvp(run, [x], [t])
        return outs[0], out_tangents[0]

    def batch(data: Any, args: Any, dims: Any, *, axis: int, reverse: bool) -> tuple[Any, int]:
        moved = axis + (axis >= dims[0])
        return primitive.bind(args[0], axis=moved, reverse=reverse), dims[0]

    def lowering(run: Callable[..., Any]) -> Callable[..., Any]:
        def program(x: Any, *, axis: int, reverse: bool) -> Any:
            aval = aval_of(x)
            if not aval.size:
                return x
            if wide and _is_narrow(aval.dtype):
                x = lax.convert_element_type(x, np.float32)
            first = constant_like(x, identity(aval_of(x).dtype))
            out = _along(x, axis, reverse, lambda z: run(combine, z, first))
            return lax.convert_element_type(out, aval.dtype)

        return lower_by_tracing(program)

    on_cpu, in_parallel = lowering(_run_on_cpu), lowering(_run_in_parallel)

    def lower(ctx: Any, x: Any, **params: Any) -> Any:
        return (on_cpu if ctx.platform == "cpu" else in_parallel)(ctx, x, **params)

    primitive = Primitive(
        name,
        type=type,
        numpy=_reference(numpy, wide),
        jvp=rule,
        transpose=Waived(f"`{name}` is not linear"),
        batch=batch,
        lower=lower,
    )
    return primitive


def _bind(primitive: Primitive, operand: Any, axis: int, reverse: bool) -> Any:
    axis = canonical_axis(primitive.name, axis, aval_of(operand).ndim)
    return primitive.bind(operand, axis=axis, reverse=bool(reverse))


def cumsum(operand: ArrayLike, axis: int = 0, reverse: bool = False) -> Any:
    """The running sum along an axis, from its end if `reverse`.

    Floats of 16 bits are added in float32.

    Raises:
        AxisError: if there is no such axis.
        DTypeError: for booleans (convert them first).

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.cumsum(jnp.array([1, 2, 3])).tolist()
        [1, 3, 6]
    """
    return _bind(cumsum_p, operand, axis, reverse)


cumsum_p = _cumulative(
    "cumsum",
    numbers,
    numpy=np.add,
    combine=lambda a, b: lax.add(a, b),
    identity=lambda dtype: 0,
    wide=True,
)


def _cumsum_transpose(ct: Any, x: Any, *, axis: int, reverse: bool) -> list[Any]:
    return [cumsum(ct, axis, not reverse)]


cumsum_p.jvp = linear_jvp(lambda: cumsum_p)
cumsum_p.transpose = _cumsum_transpose


def cumprod(operand: ArrayLike, axis: int = 0, reverse: bool = False) -> Any:
    """The running product along an axis. Its derivative is right where factors are zero, too."""
    return _bind(cumprod_p, operand, axis, reverse)


cumprod_p = _cumulative(
    "cumprod",
    numbers,
    numpy=np.multiply,
    combine=lambda a, b: lax.mul(a, b),
    identity=lambda dtype: 1,
    wide=True,
)


def cummax(operand: ArrayLike, axis: int = 0, reverse: bool = False) -> Any:
    """The running maximum along an axis; NaN from the first NaN on."""
    return _bind(cummax_p, operand, axis, reverse)


cummax_p = _cumulative(
    "cummax", real | booleans, numpy=np.maximum, combine=lambda a, b: lax.max(a, b), identity=lowest
)


def cummin(operand: ArrayLike, axis: int = 0, reverse: bool = False) -> Any:
    """The running minimum along an axis; NaN from the first NaN on."""
    return _bind(cummin_p, operand, axis, reverse)


cummin_p = _cumulative(
    "cummin",
    real | booleans,
    numpy=np.minimum,
    combine=lambda a, b: lax.min(a, b),
    identity=highest,
)


def cumlogsumexp(operand: ArrayLike, axis: int = 0, reverse: bool = False) -> Any:
    """The logarithm of the running sum of exponentials along an axis, without overflow."""
    return _bind(cumlogsumexp_p, operand, axis, reverse)


def _logaddexp(a: Any, b: Any) -> Any:
    more, gap = lax.max(a, b), lax.sub(a, b)
    # Infinities of one sign have no difference, but a sum.
    joined = lax.add(more, lax.log1p(lax.exp(lax.neg(lax.abs(gap)))))
    return lax.select(lax.ne(gap, gap), lax.add(a, b), joined)


cumlogsumexp_p = _cumulative(
    "cumlogsumexp", floating, numpy=np.logaddexp, combine=_logaddexp, identity=lowest, wide=True
)
