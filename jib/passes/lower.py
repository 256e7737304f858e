"""Lowering: from the equations of a jaxpr to StableHLO operations."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from jib.backend import mlir
from jib.backend.mlir import func, ir, sdy
from jib.core.avals import ShapedArray
from jib.core.jaxpr import Jaxpr, Literal, ScopedEquation, Var
from jib.passes.batch import knows_keys, on_physical
from jib.passes.stage import stage
from jib.sharding._partition_spec import PartitionSpec

__all__ = ["LoweringContext", "ModuleContext", "lower_by_tracing", "lower_equations"]


@dataclasses.dataclass(eq=False, repr=False, slots=True)
class ModuleContext:
    """What is shared by all functions of a module being written."""

    module: Any
    platform: str
    devices: Sequence[Any] = ()  # in order, in a program over several devices
    manual: Any = None  # the axes over which the code being written sees one shard
    meshes: dict[Any, str] = field(default_factory=dict)  # symbols of the module's meshes
    functions: dict[Any, str] = field(default_factory=dict)  # what was emitted already, by jaxpr
    names: dict[str, int] = field(default_factory=dict)
    callbacks: list[Any] = field(default_factory=list)  # host functions that the program calls

    def fresh_name(self, wanted: str) -> str:
        """A symbol name that the module does not have yet."""
        count = self.names.get(wanted, 0)
        self.names[wanted] = count + 1
        return f"{wanted}_{count}" if count else wanted

    def positions(self, mesh: Any) -> list[int]:
        """Where the devices of a mesh, in its order, stand in the program's list."""
        order = {device: i for i, device in enumerate(self.devices)}
        return [order[device] for device in mesh.devices.flat]

    def mesh_symbol(self, mesh: Any) -> str:
        """The symbol of a mesh, which is written into the module on first use."""
        symbol = self.meshes.get(mesh)
        if symbol is None:
            symbol = self.meshes[mesh] = self.fresh_name("mesh")
            axes = [sdy.MeshAxisAttr.get(str(name), size) for name, size in mesh.shape.items()]
            ids = self.positions(mesh)
            order = [] if ids == sorted(ids) else ids
            with ir.InsertionPoint.at_block_begin(self.module.body):
                sdy.MeshOp(symbol, sdy.MeshAttr.get(axes, order))
        return symbol

    def on_first_device(self, count: int) -> Any:
        """Shardy's attribute for an operation of `count` results that one device does alone."""
        symbol = self.meshes.get("first")
        if symbol is None:
            symbol = self.meshes["first"] = self.fresh_name("first_device")
            with ir.InsertionPoint.at_block_begin(self.module.body):
                sdy.MeshOp(symbol, sdy.MeshAttr.get([], [0]))
        one = sdy.TensorShardingAttr.get(symbol, [])
        return sdy.TensorShardingPerValueAttr.get([one] * count)

    def tensor_sharding(
        self, mesh: Any, spec: Any, ndim: int, axes: frozenset[Any] | None = None
    ) -> Any:
        """Shardy's attribute for an array of `ndim` axes (physical axes, for keys).

        `axes` says which mesh axes to speak of; the others are left to the partitioner.
        """
        entries = () if spec is None else spec.partitions
        dimensions = []
        for i in range(ndim):
            entry = entries[i] if i < len(entries) else None
            open_ended = entry is PartitionSpec.UNCONSTRAINED
            names = () if entry is None or open_ended else entry
            names = names if isinstance(names, tuple) else (names,)
            refs = [sdy.AxisRefAttr.get(str(n)) for n in names if axes is None or n in axes]
            closed = not open_ended and (axes is None or len(axes) == len(mesh.axis_names))
            dimensions.append(sdy.DimensionShardingAttr.get(refs, is_closed=closed))
        return sdy.TensorShardingAttr.get(self.mesh_symbol(mesh), dimensions)


@dataclasses.dataclass(eq=False, repr=False, slots=True)
class LoweringContext:
    """What a `lower` rule may ask: the types of its equation, and the module being written."""

    module: ModuleContext
    constants: dict[Any, Any]  # of the function (or region) being written
    avals_in: Sequence[ShapedArray]
    avals_out: Sequence[ShapedArray]

    @property
    def platform(self) -> str:
        """`cpu`, `cuda`, ... of the devices that the program is for."""
        return self.module.platform

    def replace(
        self, avals_in: Sequence[ShapedArray], avals_out: Sequence[ShapedArray]
    ) -> LoweringContext:
        """The context of an operation that a rule emits on the way."""
        return LoweringContext(self.module, self.constants, avals_in, avals_out)

    def constant(self, value: Any, aval: ShapedArray) -> Any:
        """A constant filled with `value`, emitted once for each function."""
        dtype = aval.dtype
        array = value if type(value) is dtype.type else np.asarray(value).astype(dtype)
        key = (aval, array.tobytes())
        found = self.constants.get(key)
        if found is None:
            found = self.constants[key] = mlir.splat(array, aval)
        return found


def lower_equations(
    module: ModuleContext, constants: dict[Any, Any], jaxpr: Jaxpr, values: Sequence[Any]
) -> list[Any]:
    """Emit the equations of a jaxpr at the insertion point; returns the values of its outputs."""
    env: dict[Any, Any] = dict(zip(jaxpr.invars, values, strict=True))
    scalars = LoweringContext(module, constants, (), ())

    def read(atom: Var | Literal) -> Any:
        return scalars.constant(atom.val, atom.aval) if type(atom) is Literal else env[atom]

    for eqn in jaxpr.eqns:
        invars, primitive = eqn.invars, eqn.primitive
        avals_in = [v.aval for v in invars]
        ctx = LoweringContext(module, constants, avals_in, [v.aval for v in eqn.outvars])
        operands = [
            scalars.constant(v.val, v.aval) if type(v) is Literal else env[v] for v in invars
        ]
        if type(eqn) is ScopedEquation:
            env.update(
                zip(eqn.outvars, _lower_scoped(module, constants, eqn, operands), strict=True)
            )
            continue
        if any([a.is_key for a in avals_in]) and not knows_keys(primitive):
            program = on_physical(primitive, eqn.params, avals_in, ctx.avals_out)
            outs = lower_equations(module, constants, program, operands)
            out: Any = outs if primitive.multiple_results else outs[0]
        else:
            out = primitive.lower(ctx, *operands, **eqn.params)
        if primitive.multiple_results:
            env.update(zip(eqn.outvars, out, strict=True))
        else:
            env[eqn.outvars[0]] = out
    return [read(v) for v in jaxpr.outvars]


def _lower_scoped(
    module: ModuleContext, constants: dict[Any, Any], eqn: ScopedEquation, operands: list[Any]
) -> list[Any]:
    """Emit an equation with operations that carry the name of its scope."""
    invars = [Var(v.aval) for v in eqn.invars]
    program = Jaxpr((), invars, eqn.outvars, [eqn.plain.replace(invars=invars)])
    with ir.Location.name(f"{eqn.scope}/{eqn.primitive.name}"):
        return lower_equations(module, constants, program, operands)


def inline_jaxpr(ctx: LoweringContext, jaxpr: Jaxpr, values: Sequence[Any]) -> list[Any]:
    """Emit a jaxpr in place (the body of a region, say, with constants of its own)."""
    return lower_equations(ctx.module, ctx.constants, jaxpr, values)


def call_jaxpr(
    ctx: LoweringContext, jaxpr: Jaxpr, values: Sequence[Any], name: str = ""
) -> list[Any]:
    """Emit a jaxpr as a function, once for each module, and a call of it."""
    module = ctx.module
    key = (jaxpr, module.manual)
    symbol = module.functions.get(key)
    if symbol is None:
        symbol = module.fresh_name(name or jaxpr.name or "function")
        module.functions[key] = symbol
        lower_function(module, jaxpr, symbol)
    types = [mlir.ir_type(a) for a in jaxpr.out_avals]
    attributes = {"callee": mlir.symbol_attribute(symbol)}
    return list(mlir.emit_many("func.call", types, list(values), attributes).results)


def lower_function(
    module: ModuleContext, jaxpr: Jaxpr, symbol: str, visibility: str = "private"
) -> Any:
    """Emit a jaxpr as a function of the module."""
    in_types = [mlir.ir_type(a) for a in jaxpr.in_avals]
    out_types = [mlir.ir_type(a) for a in jaxpr.out_avals]
    with ir.InsertionPoint(module.module.body):
        function = func.FuncOp(symbol, ir.FunctionType.get(in_types, out_types))
    function.attributes["sym_visibility"] = mlir.string_attribute(visibility)
    block = function.add_entry_block()
    with ir.InsertionPoint(block):
        outs = lower_equations(module, {}, jaxpr, list(block.arguments))
        mlir.emit_many("func.return", [], outs)
    return function


def lower_by_tracing(function: Callable[..., Any], *, multiple_results: bool = False) -> Callable:
    """A `lower` rule from a function written with other primitives."""
    programs: dict[Any, Jaxpr] = {}

    def rule(ctx: LoweringContext, *values: Any, **params: Any) -> Any:
        key = (tuple(ctx.avals_in), *params.items())
        jaxpr = programs.get(key)
        if jaxpr is None:
            if len(programs) > 512:
                programs.clear()

            def flat(*args: Any) -> Sequence[Any]:
                out = function(*args, **params)
                return out if multiple_results else [out]

            jaxpr, consts = stage(flat, ctx.avals_in)
            if consts:
                raise AssertionError(f"{function} closed over arrays")
            programs[key] = jaxpr
        outs = lower_equations(ctx.module, ctx.constants, jaxpr, values)
        return outs if multiple_results else outs[0]

    return rule
