"""Comparing numbers, and choosing between arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import ArgumentTypeError, DTypeError, ShapeError
from jib.lax._families import (
    booleans,
    broadcast_operands,
    comparison,
    constant_like,
    elementwise_batch,
    is_linear,
    kind_of,
    n_ary,
    numbers,
    real,
    unbroadcast,
)
from jib.typing import ArrayLike

__all__ = ["clamp", "eq", "ge", "gt", "le", "lt", "ne", "select", "select_n"]

# ------------------------------------------------------------------------------- comparisons


def eq(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x == y`, as booleans; two arrays of one dtype, and NaN equals nothing.

    Example:
        >>> from jib import lax
        >>> bool(lax.eq(1.0, 2.0))
        False
    """
    return eq_p.bind(x, y)


def ne(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x != y`, as booleans."""
    return ne_p.bind(x, y)


def lt(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x < y`, as booleans; for numbers that are not complex."""
    return lt_p.bind(x, y)


def le(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x <= y`, as booleans; for numbers that are not complex."""
    return le_p.bind(x, y)


def gt(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x > y`, as booleans; for numbers that are not complex."""
    return gt_p.bind(x, y)


def ge(x: ArrayLike, y: ArrayLike) -> Any:
    """Element-wise `x >= y`, as booleans; for numbers that are not complex."""
    return ge_p.bind(x, y)


_ordered = real | booleans
eq_p = comparison("eq", numbers | booleans, numpy=np.equal, direction="EQ")
ne_p = comparison("ne", numbers | booleans, numpy=np.not_equal, direction="NE")
lt_p = comparison("lt", _ordered, numpy=np.less, direction="LT")
le_p = comparison("le", _ordered, numpy=np.less_equal, direction="LE")
gt_p = comparison("gt", _ordered, numpy=np.greater, direction="GT")
ge_p = comparison("ge", _ordered, numpy=np.greater_equal, direction="GE")

# ------------------------------------------------------------------------------------ choice


def select(pred: ArrayLike, on_true: ArrayLike, on_false: ArrayLike) -> Any:
    """`on_true` where `pred` is True, `on_false` elsewhere; both are computed.

    Args:
        pred: booleans, of the shape of the cases or of rank 0.
        on_true, on_false: arrays of one dtype, of equal shapes or of rank 0.

    Raises:
        DTypeError: if `pred` is not boolean, or the cases differ in dtype.
        ShapeError: if the shapes differ.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.select(jnp.array([True, False]), jnp.array([1, 2]), jnp.array([3, 4])).tolist()
        [1, 4]
    """
    return select_n_p.bind(pred, on_false, on_true)


def select_n(which: ArrayLike, *cases: ArrayLike) -> Any:
    """`cases[which]`, element by element.

    Args:
        which: indices as int32, or booleans where there are two cases at most; of the shape of the
            cases or of rank 0. Out of bounds counts as the nearest case.
        cases: at least one array; all of one dtype and of equal shapes, or of rank 0.

    Raises:
        ArgumentTypeError: if there is no case.
        DTypeError: if `which` is of another dtype, or the cases differ in dtype.
        ShapeError: if the shapes differ.
    """
    if not cases:
        raise ArgumentTypeError("`lax.select_n` needs at least one case")
    return select_n_p.bind(which, *cases)


def _select_type(which: ShapedArray, *cases: ShapedArray) -> ShapedArray:
    kind = kind_of(which.dtype)
    if kind != "b" and which.dtype != np.int32:
        raise DTypeError(
            f"`lax.select` needs a boolean or int32 selector, but got {which.dtype.name}",
            help="lax.select(pred != 0, on_true, on_false)",
        )
    first = cases[0]
    if kind == "b" and len(cases) > 2:
        raise DTypeError(
            f"a boolean selects one of two cases, but `lax.select_n` got {len(cases)}",
            help="lax.select_n(which.astype('int32'), *cases)",
        )
    listed = " and ".join(map(str, reversed(cases) if len(cases) == 2 else cases))
    if any(c.dtype != first.dtype for c in cases):
        raise DTypeError(
            f"`lax.select` needs cases of one dtype, but got {listed}",
            help="jib.numpy.where(pred, on_true, on_false) promotes dtypes",
        )
    shapes = {a.shape for a in (which, *cases) if a.shape}
    if len(shapes) > 1:
        raise ShapeError(
            f"`lax.select` needs equal shapes, but got {which} to choose from {listed}",
            help="jib.numpy.where(pred, on_true, on_false) broadcasts",
        )
    weak = all(c.weak_type for c in cases)
    return ShapedArray(shapes.pop() if shapes else (), first.dtype, weak)


def _select_numpy(which: Any, *cases: Any) -> Any:
    arrays = np.broadcast_arrays(which, *cases)
    out = arrays[1]
    for i, case in enumerate(arrays[2:], 1):
        out = np.where(arrays[0] >= i, case, out)
    return out


def _select_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    out = select_n_p.bind(*primals)
    given = [t for t in tangents[1:] if type(t) is not Zero]
    if not given:
        return out, Zero(tangent_aval(aval_of(out)))
    zero = constant_like(given[0], 0)
    tangent = select_n_p.bind(primals[0], *(zero if type(t) is Zero else t for t in tangents[1:]))
    shape = aval_of(out).shape
    # A case of rank 0 alone has a tangent of rank 0.
    return out, tangent if aval_of(tangent).shape == shape else lax.broadcast(tangent, shape)


def _select_transpose(ct: Any, which: Any, *cases: Any) -> list[Any]:
    zero = constant_like(ct, 0)

    def share(i: int) -> Any:
        return select_n_p.bind(which, *(ct if j == i else zero for j in range(len(cases))))

    found = [unbroadcast(share(i), c.aval) if is_linear(c) else None for i, c in enumerate(cases)]
    return [None, *found]


def _select_lower(ctx: Any, which: Any, *cases: Any) -> Any:
    out = mlir.ir_type(ctx.avals_out[0])
    index = ctx.avals_in[0]
    rest = ctx.replace(ctx.avals_in[1:], ctx.avals_out)
    arrays = broadcast_operands(rest, cases)
    chosen = arrays[0]
    for i, case in enumerate(arrays[1:], 1):
        pred = which
        if kind_of(index.dtype) == "i":
            pred = mlir.compare(which, ctx.constant(i, index), "GE")
        chosen = mlir.emit("stablehlo.select", out, [pred, case, chosen])
    return chosen


select_n_p = Primitive(
    "select_n",
    type=_select_type,
    numpy=_select_numpy,
    jvp=_select_jvp,
    transpose=_select_transpose,
    batch=elementwise_batch(lambda: select_n_p),
    lower=_select_lower,
)


def clamp(min: ArrayLike, x: ArrayLike, max: ArrayLike) -> Any:
    """`x`, but `min` where it is less and `max` where it is greater.

    The bounds have the dtype of `x`, and its shape or rank 0. The derivative by `x` is 1 strictly
    between the bounds and 0 elsewhere.

    Example:
        >>> from jib import lax
        >>> float(lax.clamp(0.0, 1.5, 1.0))
        1.0
    """
    return clamp_p.bind(min, x, max)


def _clamp_hlo(low: Any, x: Any, high: Any) -> Any:
    return lax.min(lax.max(x, low), high)


def _where(t: Any, pred: Any) -> Any:
    return select(pred, t, constant_like(t, 0))


clamp_p = n_ary(
    "clamp",
    [_ordered, _ordered, _ordered],
    numpy=lambda low, x, high: np.minimum(np.maximum(x, low), high),
    hlo=_clamp_hlo,
    partials=(
        lambda t, low, x, high: _where(t, gt(low, x)),
        lambda t, low, x, high: _where(t, lax.bitwise_and(gt(x, low), lt(x, high))),
        lambda t, low, x, high: _where(t, lt(high, x)),
    ),
)
