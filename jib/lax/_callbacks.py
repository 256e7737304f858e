"""Calls from a compiled program to Python functions on the host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib.backend import mlir
from jib.backend.mlir import ir
from jib.core.avals import ShapedArray
from jib.core.effects import Effect
from jib.core.primitive import Primitive, Waived
from jib.core.zeros import Zero, tangent_aval

__all__: list[str] = []

debug_effect = Effect("debug")


def _callback_type(*avals: ShapedArray, function: Any, results: tuple) -> list[ShapedArray]:
    return list(results)


def _callback_numpy(*args: Any, function: Callable[..., Any], results: tuple) -> list[Any]:
    return list(function(*args))


def _callback_jvp(primals: Any, tangents: Any, *, function: Any, results: tuple) -> Any:
    outs = callback_p.bind(*primals, function=function, results=results)
    return outs, [Zero(tangent_aval(a)) for a in results]


class _ForEach:
    """A host function called once for each member of a batch."""

    __slots__ = ("dims", "function", "size")

    def __init__(self, function: Callable[..., Any], size: int, dims: tuple) -> None:
        self.function = function
        self.size = size
        self.dims = dims

    def __call__(self, *args: np.ndarray) -> Sequence[Any]:
        outs = [
            self.function(
                *[
                    x if d is None else np.take(x, i, d)
                    for x, d in zip(args, self.dims, strict=True)
                ]
            )
            for i in range(self.size)
        ]
        return [np.stack(column) for column in zip(*outs, strict=True)]


def _callback_batch(axis: Any, args: Any, dims: Any, *, function: Any, results: tuple) -> Any:
    stacked = tuple(ShapedArray((axis.size, *a.shape), a.dtype) for a in results)
    each = _ForEach(function, axis.size, tuple(dims))
    outs = callback_p.bind(*args, function=each, results=stacked)
    return outs, [0] * len(outs)


def _layouts(avals: Sequence[ShapedArray]) -> Any:
    index = ir.IndexType.get()
    orders = [np.arange(a.physical().ndim - 1, -1, -1, dtype=np.int64) for a in avals]
    return ir.ArrayAttr.get([ir.DenseIntElementsAttr.get(o, type=index) for o in orders])


def _callback_lower(ctx: Any, *values: Any, function: Callable[..., Any], results: tuple) -> Any:
    def call(*args: Any) -> tuple:
        outs = function(*map(np.asarray, args))
        return tuple(np.asarray(x, a.dtype) for x, a in zip(outs, results, strict=True))

    callbacks = ctx.module.callbacks
    callbacks.append(call)
    index = ir.IntegerAttr.get(ir.IntegerType.get_unsigned(64), len(callbacks) - 1)
    device = "cpu" if ctx.platform == "cpu" else "gpu"
    attributes = {
        "call_target_name": mlir.string_attribute(f"xla_ffi_python_{device}_callback"),
        "has_side_effect": mlir.bool_attribute(True),
        "api_version": mlir.integer_attribute(4, 32),
        "backend_config": ir.DictAttr.get({"index": index}),
        "operand_layouts": _layouts(ctx.avals_in),
        "result_layouts": _layouts(results),
    }
    types = [mlir.ir_type(a) for a in results]
    return list(mlir.emit_many("stablehlo.custom_call", types, list(values), attributes).results)


callback_p = Primitive(
    "callback",
    type=_callback_type,
    numpy=_callback_numpy,
    jvp=_callback_jvp,
    transpose=Waived("a call of the host is not linear"),
    batch=_callback_batch,
    lower=_callback_lower,
    multiple_results=True,
    effects=lambda *, function, results: frozenset({debug_effect}),
)
