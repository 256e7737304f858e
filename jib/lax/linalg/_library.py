"""Decompositions as calls of LAPACK and cuSOLVER: one family of primitives, one way to call."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.backend.ffi import ensure_cuda_kernels, ensure_lapack
from jib.backend.mlir import ir
from jib.core.avals import AxisData, ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.errors import NotAvailableError
from jib.lax.linalg._matrices import LETTERS, eye_like, front
from jib.passes.lower import lower_by_tracing

__all__ = ["Call", "decomposition", "info_like", "library_lowering", "stacked"]


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
    layouts = [
        ir.ArrayAttr.get(
            [_layout(a.ndim, call.by_columns and a.ndim == widest) for a in avals], mlir.context
        )
        for avals in (ctx.avals_in, call.results)
    ]
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
        "operand_layouts": layouts[0],
        "result_layouts": layouts[1],
        "output_operand_aliases": ir.ArrayAttr.get(aliases, mlir.context),
    }
    types = [mlir.ir_type(a) for a in call.results]
    return list(mlir.emit_many("stablehlo.custom_call", types, operands, attributes).results)


def _with_nan(*results: Any) -> list[Any]:
    """The results but for `info`, NaN where it says that the routine failed."""
    *outs, info = results
    fine = lax.eq(info, np.int32(0))
    lead = range(aval_of(info).ndim)
    guarded = []
    for x in outs:
        if aval_of(x).dtype.kind in "fc":
            ok = lax.broadcast_in_dim(fine, aval_of(x).shape, lead)
            x = lax.select(ok, x, lax.full_like(x, np.nan))
        guarded.append(x)
    return guarded


_guarded = lower_by_tracing(_with_nan, multiple_results=True)


def _of_nothing(*operands: Any, outs: Sequence[ShapedArray]) -> list[Any]:
    """What decompositions of empty matrices are: identities (which may be empty too)."""
    made = []
    for out in outs:
        zeros = lax.full(out.shape, 0, out.dtype)
        square = out.ndim > 1 and out.dtype.kind in "fc" and operands
        made.append(eye_like(zeros) if square and out.ndim == aval_of(operands[0]).ndim else zeros)
    return made


_empty = lower_by_tracing(_of_nothing, multiple_results=True)


def library_lowering(
    name: str, calls: Mapping[str, Callable[..., Call]], finish: Callable[..., list[Any]] | None
) -> Callable[..., list[Any]]:
    """A `lower` rule that calls a library, other ones on other platforms."""

    def post(*results: Any, platform: str, **params: Any) -> list[Any]:
        return finish(*results, platform=platform, **params)  # type: ignore[misc]

    finished = lower_by_tracing(post, multiple_results=True)

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
            inner = ctx.replace(avals, avals[:-1])
            results, avals = _guarded(inner, *results), avals[:-1]
        if finish is not None:
            inner = ctx.replace(avals, ctx.avals_out)
            results = finished(inner, *results, platform=ctx.platform, **params)
        return list(results[: len(ctx.avals_out)])

    return lower


def decomposition(
    name: str,
    *,
    type: Callable[..., list[ShapedArray]],
    numpy: Callable[..., Any],
    calls: Mapping[str, Callable[..., Call]] = {},
    finish: Callable[..., list[Any]] | None = None,
    traced: Callable[..., list[Any]] | None = None,
    jvp: Callable[..., Any] | None = None,
) -> Primitive:
    """A primitive that a library computes: operands and results have equal leading axes.

    Args:
        calls: by platform, `(*avals_in, outs=avals_out, **params) -> Call`.
        finish: `(*results, platform, **params) -> outs`, written with other primitives.
        traced: in place of `calls`, the whole decomposition, written with other primitives.
    """
    refused = Waived(f"`{name}` has no derivative in jib")

    def batch(axis: AxisData, args: Any, dims: Any, **params: Any) -> Any:
        outs = primitive.bind(*front(axis, args, dims), **params)
        return outs, [0] * len(outs)

    primitive = Primitive(
        name,
        type=type,
        numpy=numpy,
        jvp=refused if jvp is None else jvp,
        transpose=Waived(f"`{name}` is not linear"),
        batch=batch,
        lower=library_lowering(name, calls, finish)
        if traced is None
        else lower_by_tracing(traced, multiple_results=True),
        multiple_results=True,
    )
    return primitive


def stacked(function: Callable[..., Sequence[Any]], ranks: Sequence[int]) -> Callable[..., Any]:
    """A NumPy rule for stacks of matrices from one for a matrix; `ranks` of the operands."""

    def rule(*operands: Any, **params: Any) -> list[Any]:
        pairs = list(zip(operands, ranks, strict=True))
        lead = np.shape(operands[0])[: np.ndim(operands[0]) - ranks[0]]
        if 0 in lead:  # nothing to loop over: the shapes are those of a made-up matrix
            made = [np.ones(np.shape(x)[np.ndim(x) - r :], x.dtype) for x, r in pairs]
            outs = [np.asarray(x) for x in function(*made, **params)]
            return [np.zeros((*lead, *x.shape), x.dtype) for x in outs]
        count = math.prod(lead)
        members = [np.reshape(x, (count, *np.shape(x)[np.ndim(x) - r :])) for x, r in pairs]
        each = [function(*rows, **params) for rows in zip(*members, strict=True)]
        outs = [np.stack([np.asarray(x) for x in column]) for column in zip(*each, strict=True)]
        return [x.reshape(*lead, *x.shape[1:]) for x in outs]

    return rule
