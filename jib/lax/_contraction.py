"""Products of arrays: sums over pairs of axes, with other axes going along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import DTypeError, ShapeError
from jib.lax._families import is_linear, kind_of
from jib.lax._precision import (
    PrecisionLike,
    algorithm_dtypes,
    canonical_precision,
    is_algorithm,
    precision_attributes,
)
from jib.lax._shaping import canonical_axis
from jib.typing import ArrayLike, DTypeLike

__all__ = ["DotDimensionNumbers", "dot", "dot_general"]

DotDimensionNumbers: TypeAlias = tuple[
    tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]
]


def dot_general(
    lhs: ArrayLike,
    rhs: ArrayLike,
    dimension_numbers: DotDimensionNumbers,
    precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """Multiply two arrays, summing over pairs of axes.

    Args:
        lhs, rhs: arrays of numbers; different dtypes are promoted.
        dimension_numbers: `((lhs_contracting, rhs_contracting), (lhs_batch, rhs_batch))`: pairs of
            axes to sum over, and pairs of axes that go along.
        precision: `None` is full float32; see `Precision` and `DotAlgorithmPreset`.
        preferred_element_type: dtype of the sums and the result; by default that of the operands.
        out_sharding: how the result is spread over devices.

    Returns:
        An array whose axes are the batch axes, then the other axes of `lhs`, then those of `rhs`.

    Raises:
        ShapeError: if axes of a pair differ in length, or an axis is named twice.
        DTypeError: if an operand is no array of numbers.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> x, y = jnp.ones((2, 3)), jnp.ones((3, 4))
        >>> lax.dot_general(x, y, (((1,), (0,)), ((), ()))).shape
        (2, 4)
    """
    left, right = aval_of(lhs), aval_of(rhs)
    precision = canonical_precision(precision)
    if left.dtype != right.dtype and not is_algorithm(precision):
        dtype = dtypes.promote_types(left.dtype, right.dtype)
        lhs = lax.convert_element_type(lhs, dtype)
        rhs = lax.convert_element_type(rhs, dtype)
    (lc, rc), (lb, rb) = dimension_numbers
    preferred = None if preferred_element_type is None else dtypes.parse(preferred_element_type)
    wanted = None
    if is_algorithm(precision):
        same = left.dtype == right.dtype
        wanted = preferred or (left.dtype if same else None)
        *given, preferred = algorithm_dtypes(precision, left.dtype, right.dtype, wanted)
        lhs, rhs = (lax.convert_element_type(x, d) for x, d in zip((lhs, rhs), given, strict=True))
    product = dot_general_p.bind(
        lhs,
        rhs,
        dimension_numbers=(
            (_axes(lc, left), _axes(rc, right)),
            (_axes(lb, left), _axes(rb, right)),
        ),
        precision=precision,
        preferred_element_type=preferred,
    )
    product = product if wanted is None else lax.convert_element_type(product, wanted)
    return product if out_sharding is None else lax.with_sharding_constraint(product, out_sharding)


def _axes(axes: Sequence[int], aval: ShapedArray) -> tuple[int, ...]:
    return tuple([canonical_axis("dot_general", a, aval.ndim) for a in axes])


def _free(ndim: int, *taken: Sequence[int]) -> tuple[int, ...]:
    """The axes that are neither summed over nor batch axes."""
    return tuple(i for i in range(ndim) if not any(i in axes for axes in taken))


def _dot_type(x: ShapedArray, y: ShapedArray, **params: Any) -> ShapedArray:
    (lc, rc), (lb, rb) = params["dimension_numbers"]
    for aval in (x, y):
        if kind_of(aval.dtype) == "k":
            raise DTypeError.accepts("dot_general", aval.dtype.name, "numbers")
    if x.dtype != y.dtype and not is_algorithm(params["precision"]):
        raise DTypeError(
            f"`dot_general` needs one dtype, but got {x.dtype.name} and {y.dtype.name}"
        )
    for what, ours, theirs in (("contracting", lc, rc), ("batch", lb, rb)):
        if len(ours) != len(theirs) or any(
            x.shape[a] != y.shape[b] for a, b in zip(ours, theirs, strict=False)
        ):
            raise ShapeError(
                f"`dot_general` of {x} and {y}: the {what} axes {ours} and {theirs} do not match",
                notes=[f"their lengths are {[x.shape[a] for a in ours]} and "
                       f"{[y.shape[b] for b in theirs]}"],
            )  # fmt: skip
    for aval, axes in ((x, lc + lb), (y, rc + rb)):
        if len(set(axes)) != len(axes):
            raise ShapeError(f"`dot_general` names an axis of {aval} twice: {axes}")
    shape = [x.shape[a] for a in lb]
    shape += [x.shape[a] for a in _free(x.ndim, lc, lb)]
    shape += [y.shape[a] for a in _free(y.ndim, rc, rb)]
    preferred = params["preferred_element_type"]
    if preferred is None:
        return ShapedArray(tuple(shape), x.dtype, x.weak_type and y.weak_type)
    return ShapedArray(tuple(shape), preferred)


def _dot_numpy(x: Any, y: Any, **params: Any) -> Any:
    (lc, rc), (lb, rb) = params["dimension_numbers"]
    preferred = params["preferred_element_type"]
    narrow = kind_of(x.dtype) == "f" and x.dtype.itemsize < 4
    dtype = np.dtype(np.float32) if narrow else np.result_type(x.dtype, y.dtype)
    if preferred is not None and kind_of(preferred) == "i":
        dtype = preferred
    # The axes of `x` have their numbers; those of `y` the same, or the next ones.
    names = [x.ndim + i for i in range(y.ndim)]
    for ours, theirs in zip((*lc, *lb), (*rc, *rb), strict=True):
        names[theirs] = ours
    out = [*lb, *_free(x.ndim, lc, lb), *(names[i] for i in _free(y.ndim, rc, rb))]
    return np.einsum(x.astype(dtype), list(range(x.ndim)), y.astype(dtype), names, out)


def _dot_jvp(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
    (x, y), (dx, dy) = primals, tangents
    out = dot_general_p.bind(x, y, **params)
    terms = []
    if type(dx) is not Zero:
        terms.append(dot_general_p.bind(dx, y, **params))
    if type(dy) is not Zero:
        terms.append(dot_general_p.bind(x, dy, **params))
    if not terms:
        return out, Zero(tangent_aval(aval_of(out)))
    return out, terms[0] if len(terms) == 1 else lax.add(*terms)


def _dot_transpose(ct: Any, x: Any, y: Any, **params: Any) -> list[Any]:
    (lc, rc), (lb, rb) = params["dimension_numbers"]
    precision = params["precision"]
    if is_linear(x):
        rows = len(_free(x.aval.ndim, lc, lb))
        return [_cotangent(ct, len(lb) + rows, x.aval, (lc, lb), y, (rc, rb), precision), None]
    return [None, _cotangent(ct, len(rb), y.aval, (rc, rb), x, (lc, lb), precision)]


def _cotangent(
    ct: Any, start: int, aval: ShapedArray, own: Any, other: Any, theirs: Any, precision: Any
) -> Any:
    """The cotangent of one operand: multiply by the other one over that one's free axes.

    Those are the axes of `ct` from `start` on.
    """
    (contracting, batch), (other_contracting, other_batch) = own, theirs
    other_free = _free(aval_of(other).ndim, other_contracting, other_batch)
    summed = tuple(range(start, start + len(other_free)))
    lead = tuple(range(len(batch)))
    order = sorted(range(len(contracting)), key=lambda i: other_contracting[i])
    contracted = [contracting[i] for i in order]
    free = _free(aval.ndim, contracting, batch)
    axes = (*batch, *contracted, *free)
    if axes == tuple(range(aval.ndim)):
        # The order that needs no transposition is twice as fast on CPU: weights are such operands.
        product = dot_general(other, ct, ((other_free, summed), (other_batch, lead)), precision)
    else:
        product = dot_general(ct, other, ((summed, other_free), (lead, other_batch)), precision)
        axes = (*batch, *free, *contracted)
    moved = lax.transpose(product, tuple(int(i) for i in np.argsort(axes)))
    return lax.convert_element_type(moved, aval.dtype)


def _dot_batch(axis: Any, args: Any, dims: Any, **params: Any) -> tuple[Any, int]:
    (x, y), (dx, dy) = args, dims
    (lc, rc), (lb, rb) = params["dimension_numbers"]
    if dx is not None:
        lc, lb = [tuple(a + (a >= dx) for a in axes) for axes in (lc, lb)]
    if dy is not None:
        rc, rb = [tuple(a + (a >= dy) for a in axes) for axes in (rc, rb)]
    if dx is not None and dy is not None:
        lb, rb, out = (dx, *lb), (dy, *rb), 0
    elif dx is not None:  # the batch axis is one more free axis
        out = len(lb) + _free(aval_of(x).ndim, lc, lb).index(dx)
    else:
        rows = len(_free(aval_of(x).ndim, lc, lb))
        out = len(lb) + rows + _free(aval_of(y).ndim, rc, rb).index(dy)
    params["dimension_numbers"] = ((lc, rc), (lb, rb))
    return dot_general_p.bind(x, y, **params), out


def _dot_lower(ctx: Any, x: Any, y: Any, **params: Any) -> Any:
    (lc, rc), (lb, rb) = params["dimension_numbers"]
    numbers = mlir.hlo.DotDimensionNumbers.get(
        lhs_batching_dimensions=lb,
        rhs_batching_dimensions=rb,
        lhs_contracting_dimensions=lc,
        rhs_contracting_dimensions=rc,
    )
    attributes = {
        "dot_dimension_numbers": numbers,
        **precision_attributes(params["precision"], ctx),
    }
    out = mlir.ir_type(ctx.avals_out[0])
    return mlir.emit("stablehlo.dot_general", out, [x, y], attributes)


dot_general_p = Primitive(
    "dot_general",
    type=_dot_type,
    numpy=_dot_numpy,
    jvp=_dot_jvp,
    transpose=_dot_transpose,
    batch=_dot_batch,
    lower=_dot_lower,
)


def dot(
    lhs: ArrayLike,
    rhs: ArrayLike,
    *,
    dimension_numbers: DotDimensionNumbers | None = None,
    precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
    out_sharding: Any = None,
) -> Any:
    """The product of vectors or matrices, or with `dimension_numbers` of any arrays.

    Raises:
        ShapeError: if the shapes do not fit, or an operand is neither a vector nor a matrix.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.dot(jnp.arange(3.0), jnp.arange(3.0)).item()
        5.0
    """
    if dimension_numbers is None:
        left, right = aval_of(lhs), aval_of(rhs)
        if left.ndim not in (1, 2) or right.ndim not in (1, 2):
            raise ShapeError(
                f"`lax.dot` multiplies vectors and matrices, but got {left} and {right}",
                help="jib.numpy.matmul(lhs, rhs) takes stacks of matrices",
            )
        if left.shape[-1] != right.shape[0]:
            raise ShapeError(
                f"`lax.dot` cannot multiply {left} by {right}: {left.shape[-1]} is not "
                f"{right.shape[0]}"
            )
        dimension_numbers = (((left.ndim - 1,), (0,)), ((), ()))
    return dot_general(
        lhs, rhs, dimension_numbers, precision, preferred_element_type, out_sharding=out_sharding
    )
