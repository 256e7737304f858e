"""Families: most primitives are one line, because a family knows shapes, batching and lowering.

Element-wise operands have equal shapes, or rank 0, which counts as repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.core.algebra import algebra
from jib.core.avals import AxisData, ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.scalars import exact_scalar
from jib.core.tracing import aval_of
from jib.core.zeros import UndefinedPrimal, Zero, tangent_aval
from jib.errors import DTypeError, ShapeError
from jib.passes.batch import to_batch_axis
from jib.passes.lower import LoweringContext, lower_by_tracing

__all__ = [
    "Kinds", "anything", "batch_in_front", "binary", "booleans", "comparison", "complexes",
    "constant_jvp", "constant_like", "elementwise_batch", "elementwise_lower", "elementwise_type",
    "floating", "integers", "is_linear", "join_region", "kind_of", "linear_jvp", "n_ary", "numbers",
    "one_operation", "real", "structural", "unary", "unbroadcast", "zero_tangent",
]  # fmt: skip


class Kinds(frozenset):
    """A set of dtype kinds that an operation takes; `|` joins two."""

    def __or__(self, other: Any) -> Kinds:
        return Kinds(frozenset.__or__(self, other))

    def __str__(self) -> str:
        names = {
            "b": "boolean", "i": "integer", "f": "floating", "c": "complex", "k": "key",
        }  # fmt: skip
        shown = [names[k] for k in "bifck" if k in self]
        return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


booleans = Kinds("b")
integers = Kinds("i")
floating = Kinds("f")
complexes = Kinds("c")
real = integers | floating
numbers = real | complexes
anything = numbers | booleans | Kinds("k")

_kind_of: dict[Any, str] = {}


def kind_of(dtype: Any) -> str:
    """`b`, `i`, `f`, `c`, or `k` for PRNG keys."""
    found = _kind_of.get(dtype)
    if found is None:
        for kind, scalar in (("b", np.bool_), ("i", np.integer), ("f", np.floating)):
            if dtypes.issubdtype(dtype, scalar):
                found = kind
        if found is None:
            found = "c" if dtypes.issubdtype(dtype, np.complexfloating) else "k"
        _kind_of[dtype] = found
    return found


def constant_like(x: Any, value: Any) -> Any:
    """A scalar with the dtype of `x`: written into programs as a literal of rank 0."""
    aval = aval_of(x)
    if aval.weak_type:  # a plain number stays weak beside a weak operand
        number = np.asarray(value).astype(aval.dtype).item()
        if dtypes.dtype_of(number) == (aval.dtype, True):
            return number
    return exact_scalar(value, aval.dtype)


# ---------------------------------------------------------------------------- element-wise


def elementwise_type(
    name: str, kinds: Sequence[Kinds], result: Any = None, same_dtype: bool = True
) -> Callable[..., ShapedArray]:
    """A `type` rule: kinds are checked, dtypes agree, shapes are equal or rank 0.

    `result` is the dtype of the result, or a function of the operand's dtype; by default the
    operands' own.
    """

    def rule(*avals: ShapedArray, **params: Any) -> ShapedArray:
        shape: tuple[int, ...] = ()
        for aval, accepted in zip(avals, kinds, strict=True):
            if kind_of(aval.dtype) not in accepted:
                raise DTypeError.accepts(name, aval.dtype.name, str(accepted))
            if aval.shape and aval.shape != shape:
                if shape:
                    raise ShapeError.broadcast(name, [str(a) for a in avals])
                shape = aval.shape
        dtype = avals[-1].dtype
        if same_dtype and any(a.dtype != avals[0].dtype for a in avals):
            listed = " and ".join(a.dtype.name for a in avals)
            raise DTypeError(
                f"`lax.{name}` needs operands of one dtype, but got {listed}",
                help=f"jib.numpy promotes dtypes: use its function, or x.astype({dtype.name!r})",
            )
        weak = all(a.weak_type for a in avals)
        if result is not None:
            dtype, weak = (result(dtype) if callable(result) else result), False
        return ShapedArray(shape, dtype, weak)

    return rule


def _rank0_as(x: Any, shape: tuple[int, ...]) -> Any:
    return lax.broadcast(x, shape) if aval_of(x).shape != shape else x


def elementwise_batch(primitive: Callable[[], Primitive]) -> Callable[..., Any]:
    """A `batch` rule: align the batch axes, then apply the primitive as it is."""

    def rule(axis: AxisData, args: Any, dims: Any, **params: Any) -> tuple[Any, int]:
        ranks = [aval_of(x).ndim - (d is not None) for x, d in zip(args, dims, strict=True)]
        rank = max(ranks)
        mapped = [d for d in dims if d is not None]
        # The common case: all batched alike, or unbatched scalars beside them.
        target = mapped[0]
        if all(
            (d == target and r == rank) or (d is None and r == 0)
            for d, r in zip(dims, ranks, strict=True)
        ):
            return primitive().bind(*args, **params), target
        aligned = []
        for x, dim, own in zip(args, dims, ranks, strict=True):
            if dim is None:
                if own:  # a value shared by the batch: repeat it
                    x = algebra.broadcast(x, axis.size, 0)
            else:
                x = algebra.moveaxis(x, dim, 0) if dim else x
                if own < rank:  # a batch of scalars beside arrays
                    shape = aval_of(x).shape
                    full = next(
                        aval_of(a).shape[:d] + aval_of(a).shape[d + 1 :] if d is not None
                        else aval_of(a).shape
                        for a, d, r in zip(args, dims, ranks, strict=True)
                        if r == rank
                    )  # fmt: skip
                    x = lax.broadcast_in_dim(x, (*shape, *full), (0,))
            aligned.append(x)
        return primitive().bind(*aligned, **params), 0

    return rule


def broadcast_operands(ctx: LoweringContext, values: Sequence[Any]) -> Sequence[Any]:
    """Operands of rank 0 repeated to the shape of the result, as StableHLO wants them."""
    out = ctx.avals_out[0]
    if len(values) == 1 or all([a.shape == out.shape for a in ctx.avals_in]):
        return values
    repeated = []
    for value, aval in zip(values, ctx.avals_in, strict=True):
        if not aval.shape:
            key = ("repeated", value, out.shape)
            found = ctx.constants.get(key)
            if found is None:
                wanted = mlir.ir_type(ShapedArray(out.shape, aval.dtype))
                places = {"broadcast_dimensions": mlir.int64_array(())}
                found = mlir.emit("stablehlo.broadcast_in_dim", wanted, [value], places)
                ctx.constants[key] = found  # most scalars are literals that come again
            value = found
        repeated.append(value)
    return repeated


def elementwise_lower(hlo: str | Callable[..., Any], attributes: Any = None) -> Callable[..., Any]:
    """A `lower` rule: one StableHLO (or `chlo.`) operation, or a function written with others."""
    if not isinstance(hlo, str):
        return lower_by_tracing(hlo)
    name = hlo if "." in hlo else f"stablehlo.{hlo}"

    def rule(ctx: LoweringContext, *values: Any, **params: Any) -> Any:
        operands = broadcast_operands(ctx, values)
        extra = attributes(**params) if attributes is not None else None
        return mlir.emit(name, mlir.ir_type(ctx.avals_out[0]), operands, extra)

    return rule


def unbroadcast(ct: Any, aval: ShapedArray) -> Any:
    """The cotangent for an operand that was repeated from rank 0 (or is of the result's shape)."""
    shape = aval_of(ct).shape
    if shape == aval.shape:
        return ct
    return lax.reduce_sum(ct, tuple(range(len(shape))))


def n_ary(
    name: str,
    kinds: Sequence[Kinds],
    *,
    numpy: Callable[..., Any],
    hlo: str | Callable[..., Any],
    partials: Sequence[Callable[..., Any] | None] | None,
    transpose: Callable[..., Any] | Waived | None = None,
    result: Any = None,
    same_dtype: bool = True,
    attributes: Callable[..., dict] | None = None,
    type: Callable[..., ShapedArray] | None = None,
) -> Primitive:
    """An element-wise primitive.

    `partials` holds, for each operand, `(t, *operands, **params) -> tangent of the result`, or None
    where the derivative is zero; `partials=None` means that no operand has a derivative. Without
    `transpose` the primitive is not linear in any operand.
    """

    def jvp(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
        out = primitive.bind(*primals, **params)
        return out, _sum_of_partials(partials, primals, tangents, aval_of(out), params)

    primitive = Primitive(
        name,
        type=type or elementwise_type(name, kinds, result, same_dtype),
        numpy=numpy,
        jvp=jvp,
        transpose=transpose or Waived(f"`{name}` is not linear in any operand"),
        batch=elementwise_batch(lambda: primitive),
        lower=elementwise_lower(hlo, attributes),
    )
    return primitive


def _sum_of_partials(
    partials: Any, primals: Any, tangents: Any, out: ShapedArray, params: dict
) -> Any:
    """The tangent of the result: each operand's partial derivative times its tangent, added."""
    total = None
    for i, t in enumerate(tangents):
        if type(t) is Zero or partials is None or partials[i] is None:
            continue
        term = _rank0_as(partials[i](t, *primals, **params), out.shape)
        total = term if total is None else lax.add(total, term)
    return Zero(tangent_aval(out)) if total is None else total


def unary(
    name: str,
    kinds: Kinds,
    *,
    numpy: Callable[..., Any],
    hlo: str | Callable[..., Any],
    jvp: Callable[..., Any] | None,
    transpose: Callable[..., Any] | None = None,
    result: Any = None,
    attributes: Callable[..., dict] | None = None,
) -> Primitive:
    """An element-wise primitive of one operand; `jvp=lambda t, x: tangent`, None if it is zero.

    `transpose` (for linear ones) is `(ct) -> ct`.
    """

    def rule(ct: Any, x: Any, **params: Any) -> list[Any]:
        return [transpose(ct, **params)]  # type: ignore[misc]

    return n_ary(
        name,
        [kinds],
        numpy=numpy,
        hlo=hlo,
        partials=None if jvp is None else [jvp],
        transpose=rule if transpose is not None else None,
        result=result,
        attributes=attributes,
    )


def binary(
    name: str,
    kinds: Kinds,
    *,
    numpy: Callable[..., Any],
    hlo: str | Callable[..., Any],
    jvp: tuple[Callable[..., Any] | None, Callable[..., Any] | None] | None,
    transpose: Callable[..., Any] | None = None,
    result: Any = None,
) -> Primitive:
    """An element-wise primitive of two operands of one dtype.

    `jvp` holds the two partial derivatives, each `(t, x, y) -> tangent`.
    """
    return n_ary(
        name, [kinds, kinds], numpy=numpy, hlo=hlo, partials=jvp, transpose=transpose, result=result
    )


def comparison(name: str, kinds: Kinds, *, numpy: Callable[..., Any], direction: str) -> Primitive:
    """A comparison: two operands of one dtype, a boolean result, no derivative."""

    def lower(ctx: LoweringContext, x: Any, y: Any) -> Any:
        kind = kind_of(ctx.avals_in[0].dtype)
        unsigned = kind == "b" or (kind == "i" and ctx.avals_in[0].dtype in dtypes.UNSIGNED)
        compare = "UNSIGNED" if unsigned else "SIGNED" if kind == "i" else "FLOAT"
        left, right = broadcast_operands(ctx, (x, y))
        return mlir.compare(left, right, direction, compare)

    primitive = Primitive(
        name,
        type=elementwise_type(name, [kinds, kinds], np.dtype(np.bool_)),
        numpy=numpy,
        jvp=constant_jvp(lambda: primitive),
        transpose=Waived("a comparison has no derivative"),
        batch=elementwise_batch(lambda: primitive),
        lower=lower,
    )
    return primitive


# ------------------------------------------------------------------------- data movement


def one_operation(
    hlo: str, attributes: Callable[..., dict[str, Any]] | None = None
) -> Callable[..., Any]:
    """A `lower` rule: one StableHLO operation; `attributes(**params)` are its own."""

    def rule(ctx: LoweringContext, *values: Any, **params: Any) -> Any:
        extra = None if attributes is None else attributes(**params)
        return mlir.emit(f"stablehlo.{hlo}", mlir.ir_type(ctx.avals_out[0]), values, extra)

    return rule


def join_region(operation: Any, dtype: Any, hlo: str | None) -> Any:
    """Fill the region of a reduction: two scalars joined by an operation; None takes the second."""
    scalar = mlir.ir_type(ShapedArray((), dtype))
    places = [mlir.unknown_location] * 2
    block = operation.regions[0].blocks.append(scalar, scalar, arg_locs=places)
    with mlir.ir.InsertionPoint(block):
        pair = list(block.arguments)
        joined = pair[1] if hlo is None else mlir.emit(f"stablehlo.{hlo}", scalar, pair)
        mlir.emit_many("stablehlo.return", [], [joined])
    return operation.results[0]


def batch_in_front(primitive: Callable[[], Primitive]) -> Callable[..., Any]:
    """The `batch` rule of a primitive that goes along leading axes: batch axes come first."""

    def rule(axis: AxisData, args: Any, dims: Any, **params: Any) -> Any:
        record = primitive()
        moved = [to_batch_axis(x, d, axis) for x, d in zip(args, dims, strict=True)]
        outs = record.bind(*moved, **params)
        return outs, [0] * len(outs) if record.multiple_results else 0

    return rule


def linear_jvp(
    primitive: Callable[[], Primitive], operands: int | None = None
) -> Callable[..., Any]:
    """The `jvp` rule of a primitive that is linear in its first operands together; or in all."""

    def rule(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
        record = primitive()
        out = record.bind(*primals, **params)
        given = tangents[:operands]
        if all(type(t) is Zero for t in given):
            return out, zero_tangent(out)
        made = [algebra.zeros(t.aval) if type(t) is Zero else t for t in given]
        return out, record.bind(*made, *primals[len(made) :], **params)

    return rule


def constant_jvp(primitive: Callable[[], Primitive]) -> Callable[..., Any]:
    """The `jvp` rule of a primitive whose derivative is zero."""
    return linear_jvp(primitive, 0)


def zero_tangent(out: Any) -> Any:
    """The tangent of a result (or of a list of them) that does not depend on the inputs."""
    if isinstance(out, list):
        return [zero_tangent(x) for x in out]
    return Zero(tangent_aval(aval_of(out)))


def structural(
    name: str,
    *,
    type: Callable[..., ShapedArray],
    numpy: Callable[..., Any],
    transpose: Callable[..., Any],
    batch: Callable[..., Any],
    lower: Callable[..., Any],
) -> Primitive:
    """Data movement: linear, any dtype, keys included (their words are a trailing batch axis)."""
    primitive = Primitive(
        name,
        type=type,
        numpy=numpy,
        jvp=linear_jvp(lambda: primitive),
        transpose=transpose,
        batch=batch,
        lower=lower,
    )
    return primitive


def is_linear(x: Any) -> bool:
    """Whether a transpose rule is asked for this operand."""
    return type(x) is UndefinedPrimal
