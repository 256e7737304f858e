"""Lowering of a whole program: the module, its entry function, shardings and donations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jib.backend import mlir
from jib.backend.mlir import ir
from jib.core.jaxpr import Jaxpr
from jib.passes.lower import ModuleContext, lower_function

__all__ = ["Lowered", "lower_module"]


class Lowered(NamedTuple):
    """A module with the host functions it calls."""

    module: Any
    callbacks: list[Any]


def lower_module(
    jaxpr: Jaxpr,
    *,
    name: str,
    platform: str,
    devices: Sequence[Any] = (),
    in_shardings: Sequence[Any] | None = None,
    out_shardings: Sequence[Any] | None = None,
    donated: Sequence[bool] | None = None,
) -> Lowered:
    """Write a program without constants as a StableHLO module.

    `in_shardings` and `out_shardings` hold a sharding or None (the compiler chooses) for each
    argument and result of a program over several devices; `donated` says which arguments may be
    overwritten with results. `devices` are those of a program over several, in order.
    """
    with mlir.context, mlir.unknown_location:
        module = ir.Module.create()
        module.operation.attributes["sym_name"] = mlir.string_attribute(f"jib_{name}")
        ctx = ModuleContext(module, platform, devices)
        ctx.names["main"] = 1
        function = lower_function(ctx, jaxpr, "main", "public")
        arguments: list[dict[str, Any]] = [{} for _ in jaxpr.invars]
        results: list[dict[str, Any]] = [{} for _ in jaxpr.outvars]
        if devices:
            _annotate(ctx, arguments, jaxpr.in_avals, in_shardings)
            _annotate(ctx, results, jaxpr.out_avals, out_shardings)
        if donated is not None and any(donated):
            _donate(jaxpr, donated, arguments, sharded=bool(devices))
        if any(arguments):
            function.arg_attrs = ir.ArrayAttr.get([ir.DictAttr.get(a) for a in arguments])
        if any(results):
            function.attributes["res_attrs"] = ir.ArrayAttr.get(
                [ir.DictAttr.get(a) for a in results]
            )
    return Lowered(module, ctx.callbacks)


def _annotate(ctx: ModuleContext, found: list[dict], avals: Any, shardings: Any) -> None:
    for attributes, aval, sharding in zip(found, avals, shardings, strict=True):
        if sharding is not None:
            attributes["sdy.sharding"] = ctx.tensor_sharding(
                sharding.mesh, sharding.spec, aval.physical().ndim
            )


def _donate(jaxpr: Jaxpr, donated: Sequence[bool], arguments: list[dict], sharded: bool) -> None:
    """Let results overwrite donated arguments: of the same type where there is one."""
    free: dict[Any, list[int]] = {}
    for position, aval in enumerate(jaxpr.out_avals):
        free.setdefault((aval.shape, aval.dtype), []).append(position)
    for attributes, aval, given in zip(arguments, jaxpr.in_avals, donated, strict=True):
        if not given:
            continue
        positions = free.get((aval.shape, aval.dtype))
        if positions and not sharded:
            attributes["tf.aliasing_output"] = mlir.integer_attribute(positions.pop(0), 32)
        else:
            attributes["jax.buffer_donor"] = mlir.bool_attribute(True)
