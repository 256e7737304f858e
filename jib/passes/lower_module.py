"""Lowering of a whole program: the module, its entry function, shardings and donations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jib.backend import mlir
from jib.backend.mlir import ir, sdy
from jib.core.jaxpr import Jaxpr
from jib.passes.lower import ModuleContext, lower_function

__all__ = ["Lowered", "lower_module", "tensor_sharding"]

MESH_NAME = "mesh"


class Lowered(NamedTuple):
    """A module with the host functions it calls."""

    module: ir.Module
    callbacks: list[Any]


def lower_module(
    jaxpr: Jaxpr,
    *,
    name: str,
    platform: str,
    mesh: Any = None,
    in_shardings: Sequence[Any] | None = None,
    out_shardings: Sequence[Any] | None = None,
    donated: Sequence[bool] | None = None,
) -> Lowered:
    """Write a program without constants as a StableHLO module.

    `in_shardings` and `out_shardings` hold a sharding or None (the compiler chooses) for each
    argument and result of a program over several devices; `donated` says which arguments may be
    overwritten with results.
    """
    with mlir.context, mlir.unknown_location:
        module = ir.Module.create()
        module.operation.attributes["sym_name"] = mlir.string_attribute(f"jib_{name}")
        ctx = ModuleContext(module, platform, mesh)
        ctx.names["main"] = 1
        if mesh is not None:
            _emit_mesh(module, mesh)
        function = lower_function(ctx, jaxpr, "main", "public")
        arguments: list[dict[str, ir.Attribute]] = [{} for _ in jaxpr.invars]
        results: list[dict[str, ir.Attribute]] = [{} for _ in jaxpr.outvars]
        if mesh is not None:
            _annotate(arguments, jaxpr.in_avals, in_shardings)
            _annotate(results, jaxpr.out_avals, out_shardings)
        if donated is not None and any(donated):
            _donate(jaxpr, donated, arguments, sharded=mesh is not None)
        if any(arguments):
            function.arg_attrs = ir.ArrayAttr.get([ir.DictAttr.get(a) for a in arguments])
        if any(results):
            function.attributes["res_attrs"] = ir.ArrayAttr.get(
                [ir.DictAttr.get(a) for a in results]
            )
    return Lowered(module, ctx.callbacks)


def _emit_mesh(module: ir.Module, mesh: Any) -> None:
    axes = [sdy.MeshAxisAttr.get(str(name), size) for name, size in mesh.shape.items()]
    with ir.InsertionPoint.at_block_begin(module.body):
        sdy.MeshOp(MESH_NAME, sdy.MeshAttr.get(axes))


def tensor_sharding(sharding: Any, ndim: int) -> ir.Attribute:
    """Shardy's attribute for an array of `ndim` axes (physical axes, for keys)."""
    spec = getattr(sharding, "spec", None)
    entries = [] if spec is None else list(spec)
    dimensions = []
    for i in range(ndim):
        entry = entries[i] if i < len(entries) else None
        if entry is None:
            dimensions.append(sdy.DimensionShardingAttr.get([], is_closed=True))
        elif isinstance(entry, str | tuple):
            names = (entry,) if isinstance(entry, str) else entry
            refs = [sdy.AxisRefAttr.get(str(name)) for name in names]
            dimensions.append(sdy.DimensionShardingAttr.get(refs, is_closed=True))
        else:  # unconstrained
            dimensions.append(sdy.DimensionShardingAttr.get([], is_closed=False))
    return sdy.TensorShardingAttr.get(MESH_NAME, dimensions)


def _annotate(attributes: list[dict], avals: Sequence[Any], shardings: Any) -> None:
    for found, aval, sharding in zip(attributes, avals, shardings, strict=True):
        if sharding is not None:
            found["sdy.sharding"] = tensor_sharding(sharding, aval.physical().ndim)


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
