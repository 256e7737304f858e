"""Decompositions as calls of LAPACK and cuSOLVER: one family of primitives, one way to call."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jib import lax
from jib._deferred import DeferredModule
from jib.backend import mlir
from jib.backend.ffi import ensure_cuda_kernels, ensure_lapack
from jib.backend.mlir import ir
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.errors import NotAvailableError
from jib.lax._families import batch_in_front, zero_tangent
from jib.lax.linalg._matrices import LETTERS, check_matrices, check_square, eye_like
from jib.passes.lower import lower_by_tracing

__all__ = ["Call", "decomposition", "info_like", "lapack", "library_lowering"]

_lapack: Any = DeferredModule("scipy.linalg.lapack")  # for the NumPy rules alone


class Call(NamedTuple):
    """A routine of a library.

    Attributes:
        target: its name, with `{}` for the letter of the dtype in LAPACK's names.
        results: the types of its results; the last may be the `info` of each matrix.
        attributes: its options: a letter, a truth, or an integer.
        aliases: operands whose memory holds a result, as `{operand: result}`.
        checked: whether the last result is `info`: where it is not 0, the others become NaN.
        by_columns: whether matrices are stored by columns.
    """

    target: str
    results: Sequence[ShapedArray]
    attributes: Mapping[str, Any] = {}
    aliases: Mapping[int, int] = {0: 0}
    checked: bool = True
    by_columns: bool = True


def info_like(a: ShapedArray) -> ShapedArray:
    """The type of `info`: one integer for each matrix."""
    return ShapedArray(a.shape[:-2], np.int32)


def lapack(name: str, dtype: Any) -> Any:
    """LAPACK's routine for NumPy arrays of this dtype."""
    return getattr(_lapack, LETTERS[np.dtype(dtype).name] + name)


def _layout(ndim: int, by_columns: bool) -> Any:
    order = list(range(ndim - 1, -1, -1))
    if by_columns:
        order[:2] = order[1::-1]
    return ir.DenseIntElementsAttr.get(
        np.array(order, np.int64), type=ir.IndexType.get(mlir.context)
    )


def _attribute(value: Any) -> Any:
    if isinstance(value, bool):
        return mlir.bool_attribute(value)
    if isinstance(value, int):
        return mlir.integer_attribute(value, 32)
    byte = ord(value) if isinstance(value, str) else int(value)
    return ir.IntegerAttr.get(ir.IntegerType.get_unsigned(8, mlir.context), byte)


def _emit(name: str, ctx: Any, call: Call, operands: Sequence[Any]) -> list[Any]:
    target = call.target.format(LETTERS[ctx.avals_in[0].dtype.name])
    if ctx.platform == "cpu":
        ensure_lapack()
    elif target not in ensure_cuda_kernels():
        raise NotAvailableError(
            f"`{name}` on {ctx.platform}, as the plugin's package of kernels is not installed",
            "jib.device_put(a, jib.devices('cpu')[0])",
        )
    widest = max(a.ndim for a in ctx.avals_in)
    operand_layouts, result_layouts = (
        [_layout(a.ndim, call.by_columns and a.ndim == widest) for a in avals]
        for avals in (ctx.avals_in, call.results)
    )
    single = len(call.results) == 1
    aliases = [
        mlir.hlo.OutputOperandAlias.get([] if single else [i], j, [])
        for j, i in call.aliases.items()
    ]
    options = {key: _attribute(value) for key, value in call.attributes.items()}
    attributes = {
        "call_target_name": mlir.string_attribute(target),
        "api_version": mlir.integer_attribute(4, 32),
        "backend_config": ir.DictAttr.get(options, mlir.context),
        "operand_layouts": ir.ArrayAttr.get(operand_layouts, mlir.context),
        "result_layouts": ir.ArrayAttr.get(result_layouts, mlir.context),
        "output_operand_aliases": ir.ArrayAttr.get(aliases, mlir.context),
    }
    types = [mlir.ir_type(a) for a in call.results]
    return list(mlir.emit_many("stablehlo.custom_call", types, operands, attributes).results)


def _with_nan(*results: Any) -> list[Any]:
    """The results but for `info`, NaN where it says that the routine failed."""
    *outs, info = results
    fine = lax.eq(info, np.int32(0))
    lead = range(aval_of(info).ndim)
    for i, x in enumerate(outs):
        if aval_of(x).dtype.kind in "fc":
            ok = lax.broadcast_in_dim(fine, aval_of(x).shape, lead)
            outs[i] = lax.select(ok, x, lax.full_like(x, np.nan))
    return outs


_guarded = lower_by_tracing(_with_nan, multiple_results=True)


def _is_identity(out: ShapedArray, operands: Sequence[Any]) -> bool:
    """Whether a result for empty matrices is an identity (which may be empty too), not zeros."""
    return out.ndim == operands[0].ndim > 1 and out.dtype.kind in "fc"


def _of_nothing(*operands: Any, outs: Sequence[ShapedArray]) -> list[Any]:
    """What decompositions of empty matrices are."""
    zeros = [lax.full(out.shape, 0, out.dtype) for out in outs]
    avals = [aval_of(x) for x in operands]
    return [eye_like(z) if _is_identity(aval_of(z), avals) else z for z in zeros]


_empty = lower_by_tracing(_of_nothing, multiple_results=True)


def library_lowering(
    name: str, calls: Mapping[str, Callable[..., Call]], finish: Callable[..., list[Any]] | None
) -> Callable[..., list[Any]]:
    """A `lower` rule that calls a library, other ones on other platforms."""
    finished = None if finish is None else lower_by_tracing(finish, multiple_results=True)

    def lower(ctx: Any, *values: Any, **params: Any) -> list[Any]:
        if not math.prod(ctx.avals_in[0].shape):
            return _empty(ctx, *values, outs=tuple(ctx.avals_out))
        plan = calls.get(ctx.platform)
        if plan is None:
            raise NotAvailableError(
                f"`{name}` on {ctx.platform}", "jib.device_put(a, jib.devices('cpu')[0])"
            )
        call = plan(*ctx.avals_in, outs=ctx.avals_out, **params)
        results, avals = _emit(name, ctx, call, values), list(call.results)
        if call.checked:
            results = _guarded(ctx.replace(avals, avals[:-1]), *results)
            avals.pop()
        if finished is not None:
            inner = ctx.replace(avals, ctx.avals_out)
            results = finished(inner, *results, platform=ctx.platform, **params)
        return list(results[: len(ctx.avals_out)])

    return lower


def decomposition(
    name: str,
    *,
    type: Callable[..., list[ShapedArray]],
    numpy: Callable[..., Any],
    square: bool = False,
    calls: Mapping[str, Callable[..., Call]] = {},
    finish: Callable[..., list[Any]] | None = None,
    traced: Callable[..., list[Any]] | None = None,
    jvp: Callable[..., Any] | None = None,
) -> Primitive:
    """A primitive that a library computes: operands and results have equal leading axes.

    Args:
        type: `(a, *others, **params) -> types`, where `a` holds matrices (`square` ones).
        numpy: the reference for one matrix, which has elements.
        calls: by platform, `(*avals_in, outs=avals_out, **params) -> Call`.
        finish: `(*results, platform, **params) -> outs`, written with other primitives.
        traced: in place of `calls`, the whole decomposition, written with other primitives.
        jvp: `(a, tangent, **params) -> (outs, tangents)`; None if there is no derivative.
    """
    check = check_square if square else check_matrices

    def types(a: ShapedArray, *others: ShapedArray, **params: Any) -> list[ShapedArray]:
        check(name, a)
        return type(a.strip_weak_type(), *others, **params)

    def reference(a: Any, *others: Any, **params: Any) -> list[Any]:
        operands = (a, *others)
        avals = [ShapedArray(x.shape, x.dtype) for x in operands]
        outs = types(*avals, **params)
        if not a.size:
            ones = [
                np.eye(x.shape[-2], x.shape[-1]) if _is_identity(x, avals) else np.zeros(())
                for x in outs
            ]
            return [np.broadcast_to(one, x.shape) for one, x in zip(ones, outs, strict=True)]
        lead = a.ndim - 2
        rows = zip(*[x.reshape(-1, *x.shape[lead:]) for x in operands], strict=True)
        columns = zip(*[numpy(*row, **params) for row in rows], strict=True)
        return [np.reshape(c, out.shape) for c, out in zip(columns, outs, strict=True)]

    def rule(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
        if isinstance(tangents[0], Zero):
            outs = primitive.bind(*primals, **params)
            return outs, zero_tangent(outs)
        assert jvp is not None
        return jvp(*primals, *tangents, **params)

    primitive = Primitive(
        name,
        type=types,
        numpy=reference,
        jvp=Waived(f"`{name}` has no derivative in jib") if jvp is None else rule,
        transpose=Waived(f"`{name}` is not linear"),
        batch=batch_in_front(lambda: primitive),
        lower=library_lowering(name, calls, finish)
        if traced is None
        else lower_by_tracing(traced, multiple_results=True),
        multiple_results=True,
    )
    return primitive
