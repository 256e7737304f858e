"""Reductions over windows that move along an array: pooling, and any associative function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import lax, tree
from jib.backend import mlir
from jib.backend.mlir import ir
from jib.core.avals import ShapedArray
from jib.core.jaxpr import Jaxpr
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import Tracer, aval_of
from jib.core.zeros import Zero
from jib.errors import ArgumentTypeError, DTypeError, ShapeError
from jib.lax._families import (
    Kinds,
    booleans,
    constant_like,
    join_region,
    kind_of,
    linear_jvp,
    numbers,
    real,
    zero_tangent,
)
from jib.lax._folding import on_elements
from jib.lax._joining import pad_p
from jib.lax._reductions import highest, lowest
from jib.lax._window_shapes import Pads, count_windows, dilated, numbers_for, pads_back, pads_for
from jib.passes.lower import lower_by_tracing
from jib.passes.stage import stage

__all__ = [
    "reduce_window", "reduce_window_max_p", "reduce_window_min_p", "reduce_window_shape_tuple",
    "reduce_window_sum_p",
]  # fmt: skip

_NAME = "reduce_window"
# Windows that are longer are joined by doubling: log(n) steps on the whole axis.
_SHORT_WINDOW = 8
# ... unless few of them overlap, and the program stays small.
_MOST_TERMS = 128

Combine = Callable[[Sequence[Any], Sequence[Any]], Sequence[Any]]


def reduce_window(
    operand: Any,
    init_value: Any,
    computation: Callable[[Any, Any], Any],
    window_dimensions: Sequence[int],
    window_strides: Sequence[int] | None = None,
    padding: str | Sequence[tuple[int, int]] = "VALID",
    base_dilation: Sequence[int] | None = None,
    window_dilation: Sequence[int] | None = None,
) -> Any:
    """Join the elements in each place of a window by a function of two (trees of) scalars.

    Sums, maxima and minima are recognised and compile to pooling operations. Where elements tie
    for the maximum the first one has the derivative.

    Args:
        operand: an array, or a tree of arrays of one shape.
        init_value: a scalar for each array, the identity of `computation`: it may be joined any
            number of times.
        computation: associative; takes and returns trees like `init_value`.
        window_dimensions: the lengths of the window, one for each axis.
        window_strides: the steps between windows.
        padding: `"SAME"`, `"SAME_LOWER"`, `"VALID"`, or (low, high) for each axis.
        base_dilation, window_dilation: distances of neighbours in the array, in the window.

    Raises:
        ShapeError: if arrays differ in shape, or there is not one number for each axis.
        ArgumentValueError: if there is no such padding, or a number is less than 1.
        ArgumentTypeError: if `computation` returns other types than it takes.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.reduce_window(jnp.array([3, 1, 2, 5]), 0, lax.add, (2,)).tolist()
        [4, 3, 7]
    """
    leaves, structure = tree.flatten(operand)
    inits, init_structure = tree.flatten(init_value)
    avals = [aval_of(x) for x in leaves]
    if init_structure != structure or not leaves:
        raise ArgumentTypeError(f"`{_NAME}` needs one initial value for each operand")
    if any(a.shape != avals[0].shape for a in avals):
        raise ShapeError(f"`{_NAME}` needs operands of one shape, but got {avals}")
    sizes = avals[0].shape
    params = _parameters(
        sizes, window_dimensions, window_strides, padding, base_dilation, window_dilation
    )
    inits = [lax.convert_element_type(i, a.dtype) for i, a in zip(inits, avals, strict=True)]
    scalars = [ShapedArray((), a.dtype) for a in avals]

    def flat(*values: Any) -> list[Any]:
        left, right = values[: len(leaves)], values[len(leaves) :]
        outs = tree.leaves(computation(structure.unflatten(left), structure.unflatten(right)))
        found = [aval_of(x) for x in outs]
        if [a.strip_weak_type() for a in found] != scalars:
            raise ArgumentTypeError(
                f"the computation of `{_NAME}` takes {scalars} and must return the same, but "
                f"returns {found}"
            )
        return [lax.convert_element_type(x, a.dtype) for x, a in zip(outs, scalars, strict=True)]

    known = _by_name(stage(flat, scalars * 2)[0], leaves, inits, params)
    if known is None:
        known = _fold(leaves, inits, lambda a, b: on_elements(flat, [*a, *b]), **params)
        starts = [lax.broadcast(i, aval_of(x).shape) for i, x in zip(inits, known, strict=True)]
        known = on_elements(flat, [*starts, *known]) if aval_of(known[0]).size else known
    return structure.unflatten(known)


def _parameters(
    sizes: Sequence[int], window: Any, strides: Any, padding: Any, base: Any, holes: Any
) -> dict[str, Any]:
    count = len(sizes)
    p: dict[str, Any] = {
        "window_dimensions": numbers_for(_NAME, "window_dimensions", tuple(window), count),
        "window_strides": numbers_for(_NAME, "window_strides", strides, count),
        "padding": padding,
        "base_dilation": numbers_for(_NAME, "base_dilation", base, count),
        "window_dilation": numbers_for(_NAME, "window_dilation", holes, count),
    }
    p["padding"] = pads_for(_NAME, padding, *_spans(sizes, p), p["window_strides"])
    return p


def reduce_window_shape_tuple(
    operand_shape: Sequence[int], window_dimensions: Sequence[int], window_strides: Sequence[int],
    padding: Any, base_dilation: Sequence[int] | None = None,
    window_dilation: Sequence[int] | None = None,
) -> tuple[int, ...]:  # fmt: skip
    """The shape of the result of `reduce_window`."""
    dilations = (base_dilation, window_dilation)
    p = _parameters(operand_shape, window_dimensions, window_strides, padding, *dilations)
    return _shape(operand_shape, **p)


def _spans(sizes: Sequence[int], p: dict[str, Any]) -> tuple[list[int], list[int]]:
    """The lengths of the dilated array and of the dilated window."""
    spread = [dilated(n, d) for n, d in zip(sizes, p["base_dilation"], strict=True)]
    pairs = zip(p["window_dimensions"], p["window_dilation"], strict=True)
    return spread, [dilated(n, d) for n, d in pairs]


def _shape(sizes: Sequence[int], **p: Any) -> tuple[int, ...]:
    return count_windows(*_spans(sizes, p), p["window_strides"], p["padding"])


def _by_name(jaxpr: Jaxpr, leaves: Any, inits: Any, params: dict[str, Any]) -> list[Any] | None:
    """The windows by a primitive of their own, if the computation is one known operation."""
    if len(leaves) != 1 or len(jaxpr.eqns) != 1 or set(jaxpr.eqns[0].invars) != set(jaxpr.invars):
        return None
    (x,), (init,), name = leaves, inits, jaxpr.eqns[0].primitive.name
    pooled = {
        "add": (reduce_window_sum_p, lax.add, lambda dtype: 0, numbers),
        "max": (reduce_window_max_p, lax.max, lowest, _ordered),
        "min": (reduce_window_min_p, lax.min, highest, _ordered),
    }
    dtype = aval_of(x).dtype
    if name not in pooled or kind_of(dtype) not in pooled[name][3]:
        return None
    primitive, join, identity, _ = pooled[name]
    out = primitive.bind(x, **params)
    idle = not isinstance(init, Tracer) and np.asarray(init) == identity(dtype)
    return [out if idle else join(out, init)]


# ----------------------------------------------------------------------- windows, axis by axis


def _fold(
    arrays: Sequence[Any], inits: Sequence[Any], combine: Combine, *, window_dimensions: Any,
    window_strides: Any, padding: Pads, base_dilation: Any, window_dilation: Any,
) -> list[Any]:  # fmt: skip
    """Join whole shifted arrays. One axis after the other, the last one first, keeps the order."""
    every = zip(
        window_dimensions, window_strides, padding, base_dilation, window_dilation, strict=True
    )
    arrays = list(arrays)
    for axis, (window, stride, (low, high), base, hole) in reversed(list(enumerate(every))):
        if (window, stride, low, high, base) == (1, 1, 0, 0, 1):
            continue
        config = [(0, 0, 0)] * aval_of(arrays[0]).ndim
        config[axis] = (low, high, base - 1)
        arrays = [lax.pad(x, i, config) for x, i in zip(arrays, inits, strict=True)]
        length = aval_of(arrays[0]).shape[axis]
        (count,) = count_windows((length,), (dilated(window, hole),), (stride,), ((0, 0),))
        if not count:
            arrays = [lax.slice_in_dim(x, 0, 0, axis=axis) for x in arrays]
        elif window <= _SHORT_WINDOW or (window <= _MOST_TERMS and window * count <= 2 * length):
            arrays = _one_by_one(arrays, combine, axis, window, stride, hole, count)
        else:
            arrays = _by_doubling(arrays, combine, axis, window, hole)
            arrays = _along(arrays, axis, 0, count, stride)
    return arrays


def _along(arrays: Sequence[Any], axis: int, start: int, count: int, stride: int = 1) -> list[Any]:
    stop = start + (count - 1) * stride + 1
    return [lax.slice_in_dim(x, start, stop, stride, axis) for x in arrays]


def _one_by_one(
    arrays: Sequence[Any], combine: Combine, axis: int, window: int, stride: int, hole: int,
    count: int,
) -> list[Any]:  # fmt: skip
    joined = _along(arrays, axis, 0, count, stride)
    for place in range(1, window):
        joined = list(combine(joined, _along(arrays, axis, place * hole, count, stride)))
    return joined


def _by_doubling(
    arrays: Sequence[Any], combine: Combine, axis: int, window: int, hole: int
) -> list[Any]:
    """Windows of 1, 2, 4, ... elements; those that the binary form of `window` names are joined."""
    length = aval_of(arrays[0]).shape[axis]
    powers, size, done, joined = list(arrays), 1, 0, None
    while True:
        if window & size:
            reach = length - (done + size - 1) * hole
            part = _along(powers, axis, done * hole, reach)
            if joined is None:
                joined = part
            else:
                joined = list(combine(_along(joined, axis, 0, reach), part))
            done += size
        if done == window:
            assert joined is not None
            return joined
        reach = length - (2 * size - 1) * hole
        pair = [_along(powers, axis, start, reach) for start in (0, size * hole)]
        powers, size = list(combine(*pair)), 2 * size


# ----------------------------------------------------------------------------------- family


def _numpy_windows(x: Any, fill: Any, p: dict[str, Any]) -> Any:
    """All windows as a read-only view: places first, then the elements of each."""
    config = [(a, b, d - 1) for (a, b), d in zip(p["padding"], p["base_dilation"], strict=True)]
    x = pad_p.numpy(x, np.asarray(fill, x.dtype), config=tuple(config))
    view = np.lib.stride_tricks.sliding_window_view(x, _spans(x.shape, p)[1])
    steps = [slice(None, None, s) for s in (*p["window_strides"], *p["window_dilation"])]
    return view[tuple(steps)]


def _reference(numpy: np.ufunc, identity: Callable[[Any], Any]) -> Callable[..., Any]:
    def reference(x: Any, **p: Any) -> Any:
        values = x.astype(np.float32) if kind_of(x.dtype) == "f" and x.dtype.itemsize < 4 else x
        shape = _shape(x.shape, **p)
        if not np.prod(shape, dtype=int):
            return np.zeros(shape, x.dtype)
        windows = _numpy_windows(values, identity(values.dtype), p)
        axes = tuple(range(x.ndim, 2 * x.ndim))
        return numpy.reduce(windows, axis=axes, dtype=values.dtype)

    return reference


def _joining(better: Callable[[Any, Any], Any] | None) -> Combine:
    """How two arrays are joined element by element; others that come along follow the first."""

    def combine(left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
        if better is None:
            return [lax.add(left[0], right[0])]
        # NaN wins, the first one of them; so does the first of equals.
        first = lax.bitwise_or(better(left[0], right[0]), lax.ne(left[0], left[0]))
        return [lax.select(first, a, b) for a, b in zip(left, right, strict=True)]

    return combine


def _window_primitive(
    name: str,
    kinds: Kinds,
    *,
    numpy: np.ufunc,
    hlo: str,
    identity: Callable[[Any], Any],
    better: Callable[[Any, Any], Any] | None = None,
) -> Primitive:
    """A primitive that joins the elements of each window; `better` chooses between two of them."""

    def type(x: ShapedArray, **p: Any) -> ShapedArray:
        if kind_of(x.dtype) not in kinds:
            raise DTypeError.accepts(name, x.dtype.name, str(kinds))
        return ShapedArray(_shape(x.shape, **p), x.dtype, x.weak_type)

    combine = _joining(better)

    def rule(primals: Any, tangents: Any, **p: Any) -> tuple[Any, Any]:
        (x,), (t,) = primals, tangents
        if isinstance(t, Zero):
            out = primitive.bind(x, **p)
            return out, zero_tangent(out)
        zero = constant_like(x, 0)
        return tuple(
            _fold([x, t], [constant_like(x, identity(aval_of(x).dtype)), zero], combine, **p)
        )

    def batch(axis: Any, args: Any, dims: Any, **p: Any) -> tuple[Any, int]:
        more = {key: (*v[: dims[0]], 1, *v[dims[0] :]) for key, v in p.items() if key != "padding"}
        pads = (*p["padding"][: dims[0]], (0, 0), *p["padding"][dims[0] :])
        return primitive.bind(args[0], **{k: more.get(k, pads) for k in p}), dims[0]

    def folded(x: Any, **p: Any) -> Any:
        dtype = aval_of(x).dtype
        if better is None and kind_of(dtype) == "f" and dtype.itemsize < 4:
            x = lax.convert_element_type(x, np.float32)
        init = constant_like(x, identity(aval_of(x).dtype))
        return lax.convert_element_type(_fold([x], [init], combine, **p)[0], dtype)

    by_folding = lower_by_tracing(folded)

    def lower(ctx: Any, x: Any, **p: Any) -> Any:
        # Measured on a CPU, jaxlib 0.10.2: gradients of long windows 49 -> 0.6 ms.
        if ctx.platform == "cpu" and max(p["window_dimensions"], default=1) > _SHORT_WINDOW:
            return by_folding(ctx, x, **p)
        return _lower_window(ctx, x, hlo, identity(ctx.avals_in[0].dtype), **p)

    primitive = Primitive(
        name,
        type=type,
        numpy=_reference(numpy, identity),
        jvp=rule,
        transpose=Waived(f"`{name}` is not linear"),
        batch=batch,
        lower=lower,
    )
    return primitive


def _lower_window(
    ctx: Any, x: Any, hlo: str, identity: Any, *, window_dimensions: Any, window_strides: Any,
    padding: Pads, base_dilation: Any, window_dilation: Any,
) -> Any:  # fmt: skip
    out = ctx.avals_out[0]
    pads = np.asarray(padding, np.int64).reshape(-1, 2)
    made = mlir.emit_many(
        "stablehlo.reduce_window",
        [mlir.ir_type(out)],
        [x, ctx.constant(identity, ShapedArray((), out.dtype))],
        {
            "window_dimensions": mlir.int64_array(window_dimensions),
            "window_strides": mlir.int64_array(window_strides),
            "base_dilations": mlir.int64_array(base_dilation),
            "window_dilations": mlir.int64_array(window_dilation),
            "padding": ir.DenseIntElementsAttr.get(pads),
        },
        regions=1,
    )
    return join_region(made, out.dtype, hlo)


def _sum_transpose(ct: Any, x: Any, **p: Any) -> list[Any]:
    """Windows again, which run over the cotangents spread by the strides."""
    if not aval_of(ct).size or not x.aval.size:
        return [lax.full(x.aval.shape, 0, x.aval.dtype)]
    strides, base = p["window_strides"], p["base_dilation"]
    back = pads_back(*_spans(x.aval.shape, p), aval_of(ct).shape, strides, p["padding"])
    turned = {**p, "window_strides": base, "padding": back, "base_dilation": strides}
    return [reduce_window_sum_p.bind(ct, **turned)]


reduce_window_sum_p = _window_primitive(
    "reduce_window_sum", numbers, numpy=np.add, hlo="add", identity=lambda dtype: 0
)
reduce_window_sum_p.jvp = linear_jvp(lambda: reduce_window_sum_p)
reduce_window_sum_p.transpose = _sum_transpose

_ordered = real | booleans
reduce_window_max_p = _window_primitive(
    "reduce_window_max",
    _ordered,
    numpy=np.maximum,
    hlo="maximum",
    identity=lowest,
    better=lambda a, b: lax.ge(a, b),
)
reduce_window_min_p = _window_primitive(
    "reduce_window_min",
    _ordered,
    numpy=np.minimum,
    hlo="minimum",
    identity=highest,
    better=lambda a, b: lax.le(a, b),
)
