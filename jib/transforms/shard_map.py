"""`shard_map`: a function of one device's shards, run by all devices of a mesh together."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from jib import lax
from jib.backend import mlir
from jib.backend.meshes import AbstractMesh, Mesh, get_mesh
from jib.backend.mlir import ir, sdy
from jib.core.avals import ShapedArray
from jib.core.axes import ManualAxes, enter_manual, match_vary
from jib.core.jaxpr import Equation, Jaxpr, memoized
from jib.core.origins import Origin
from jib.core.primitive import Primitive
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of, context, is_eager
from jib.core.zeros import Zero
from jib.errors import ArgumentTypeError, ArgumentValueError, NotAvailableError, ShapeError
from jib.lax._families import is_linear
from jib.lax._programs import leading, merge, nonzero_of, pick, tangents_of
from jib.passes.batch import batch_jaxpr
from jib.passes.dce import dce_jaxpr
from jib.passes.jvp import jvp_jaxpr
from jib.passes.lower import LoweringContext, inline_jaxpr
from jib.passes.partial_eval import partial_eval_jaxpr
from jib.passes.reference import evaluate_jaxpr_numpy
from jib.passes.stage import evaluate, stage, stage_jaxpr
from jib.passes.transpose import transpose_jaxpr
from jib.sharding._partition_spec import PartitionSpec
from jib.transforms import _calls
from jib.transforms._shards import as_batch, axes_of_spec, scaled_shape, shard_count
from jib.transforms.jit import jit
from jib.tree import broadcast_prefix, tree_registry

__all__ = ["Infer", "run_on_shards", "shard_map"]


class _Infer:
    """The default of `in_specs`, which must be given."""

    def __repr__(self) -> str:
        return "jib.sharding.Infer"


Infer = _Infer()


def shard_map(
    f: Callable[..., Any] | None = None,
    /,
    *,
    out_specs: Any,
    in_specs: Any = Infer,
    mesh: Mesh | AbstractMesh | None = None,
    axis_names: Any = frozenset(),
    check_vma: bool = True,
) -> Any:
    """Map a function over the shards of its arguments, one shard for each device of a mesh.

    Inside, collectives (`jib.lax.psum`, ...) speak of the axes of the mesh.

    Args:
        f: a function of arrays (or trees of them). It sees shapes divided as the specs say.
        out_specs: how the results are put together: a prefix of their tree of `PartitionSpec`s.
            An axis that a spec leaves out must not make a difference to the result.
        in_specs: how the arguments are cut: one spec, or a tuple of prefixes of their trees.
        mesh: the mesh; None is the current one.
        axis_names: the axes that the function sees; the others stay with the partitioner. Empty
            means all.
        check_vma: follow which values differ along which axes. Then results are checked against
            `out_specs`, and gradients taken *inside* `f` with respect to a value that all devices
            share are summed over the devices, as its derivative demands.

    Raises:
        ArgumentValueError: for a missing mesh or spec, or a result that differs along an axis that
            its spec leaves out.
        ShapeError: if an argument cannot be cut evenly.

    Source: the type system of varying and invarying values is described in "Efficient transposition
    of replication-inducing collectives", JAX design notes, 2023.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> mesh = jib.make_mesh((1,), ("x",))
        >>> total = lambda x: jib.lax.psum(x.sum(), "x")
        >>> jib.shard_map(total, mesh=mesh, in_specs=jib.P("x"), out_specs=jib.P())(jnp.arange(4))
        Array(6, dtype=int32)
    """
    if f is None:
        options = {k: v for k, v in locals().items() if k != "f"}
        return functools.partial(shard_map, **options)
    if not callable(f):
        raise ArgumentTypeError(f"`shard_map` needs a function, but got {type(f).__name__}")
    if in_specs is Infer:
        raise ArgumentValueError(
            "`shard_map` needs in_specs: how each argument is cut",
            help="in_specs=jib.P('x') cuts the first axis of every argument over mesh axis 'x'",
        )

    @functools.wraps(f)
    def traced(*args: Any) -> Any:
        call = _Call(f, _resolved(mesh), in_specs, out_specs, axis_names, check_vma)
        return call(args)

    compiled = jit(traced)

    @functools.wraps(f)
    @api_boundary
    def mapped(*args: Any) -> Any:
        return compiled(*args) if is_eager() else traced(*args)

    return mapped


def run_on_shards(
    f: Callable[..., Any], args: tuple, *, mesh: Mesh, in_specs: Any, out_specs: Any
) -> Any:
    """`shard_map` under a trace, unchecked; `out_specs` is a function of the results."""
    return _Call(f, mesh, in_specs, out_specs, frozenset(), False)(args)


def _resolved(mesh: Any) -> Mesh:
    if isinstance(mesh, Mesh):
        return mesh
    if context.manual is not None and mesh is None:
        return context.manual.mesh
    current = get_mesh()
    if current.empty:
        raise ArgumentValueError(
            "`shard_map` needs a mesh of devices, and no mesh is current",
            help="jib.set_mesh(jib.make_mesh((jib.device_count(),), ('x',)))",
        )
    if mesh is not None and mesh is not current.abstract_mesh:
        raise ArgumentValueError(f"the current mesh is {current}, but `shard_map` got {mesh}")
    return current


class _Call:
    """One call: specs for the flat arguments and results, and the program of one shard."""

    def __init__(
        self, f: Any, mesh: Mesh, in_specs: Any, out_specs: Any, axis_names: Any, check: bool
    ) -> None:
        self.f, self.mesh, self.check = f, mesh, check
        self.in_specs, self.out_specs = in_specs, out_specs
        outer = context.manual
        given = frozenset({axis_names} if isinstance(axis_names, str) else axis_names)
        unknown = given - set(mesh.axis_names)
        if unknown:
            raise ArgumentValueError(
                f"axis_names holds {sorted(map(str, unknown))}, and the mesh has {mesh.axis_names}"
            )
        taken = frozenset() if outer is None else outer.names
        self.names = (given or frozenset(mesh.axis_names)) - taken
        self.manual = ManualAxes(mesh, self.names | taken, check)

    def __call__(self, args: tuple) -> Any:
        leaves, in_tree = tree_registry.flatten(args)
        ins = self._specs(self.in_specs, args, "in_specs")
        labels = _calls.argument_names(self.f, args, {})
        avals = [
            self._shard(aval_of(x), spec, name)
            for x, spec, name in zip(leaves, ins, labels, strict=True)
        ]
        whole = _calls.FlatCall(self.f, in_tree)
        outs: list[PartitionSpec] = []

        def shard(*values: Any) -> list[Any]:
            found = whole(*values)
            results = whole.tree.unflatten(found)
            specs = self.out_specs(results) if callable(self.out_specs) else self.out_specs
            outs[:] = self._specs(specs, results, "out_specs")
            return [self._result(x, s) for x, s in zip(found, outs, strict=True)]

        name = _calls.function_name(self.f)
        owner = Origin("jib.shard_map", self.f, args, avals)
        with enter_manual(self.manual):
            jaxpr, consts = stage(shard, avals, name=name, owner=owner)
        results = shard_map_p.bind(
            *consts,
            *leaves,
            jaxpr=jaxpr.hoisted,
            mesh=self.mesh,
            in_specs=(PartitionSpec(),) * len(consts) + tuple(ins),
            out_specs=tuple(outs),
            axes=tuple([n for n in self.mesh.axis_names if n in self.names]),
            manual=self.manual,
        )
        return whole.tree.unflatten(results)

    def _specs(self, specs: Any, tree: Any, what: str) -> list[PartitionSpec]:
        if isinstance(specs, list) and isinstance(tree, tuple):
            specs = tuple(specs)
        found = broadcast_prefix(specs, tree, is_leaf=lambda s: s is None)
        found = [PartitionSpec() if s is None else s for s in found]
        for spec in found:
            if not isinstance(spec, PartitionSpec):
                raise ArgumentTypeError(
                    f"{what} holds {spec!r}, which is not a PartitionSpec", help="jib.P('x')"
                )
            wrong = [name for name in axes_of_spec(spec) if name not in self.names]
            if wrong:
                raise ArgumentValueError(
                    f"{what} holds {spec}, but the axes that `shard_map` maps over are "
                    f"{tuple(n for n in self.mesh.axis_names if n in self.names)}"
                )
        return found

    def _shard(self, aval: ShapedArray, spec: PartitionSpec, name: str) -> ShapedArray:
        if len(spec.partitions) > aval.ndim:
            raise ShapeError(f"`{name}` is {aval}, and its spec {spec} has more axes")
        for axis in range(aval.ndim):
            count = shard_count(spec, self.mesh, axis)
            if aval.shape[axis] % count:
                raise ShapeError(
                    f"`{name}` is {aval}: axis {axis} cannot be cut in {count} equal parts, "
                    f"as {spec} asks for",
                    help=f"pad axis {axis} to {-(-aval.shape[axis] // count) * count}",
                )
        vary = aval.vary.union(axes_of_spec(spec)) if self.check else aval.vary
        return aval.update(
            shape=scaled_shape(aval, spec, self.mesh, False), vary=vary, weak_type=False
        )

    def _result(self, x: Any, spec: PartitionSpec) -> Any:
        aval = aval_of(x)
        if len(spec.partitions) > aval.ndim:
            raise ShapeError(f"a result is {aval} on a device, and its spec {spec} has more axes")
        loose = sorted(map(str, (aval.vary & self.names) - set(axes_of_spec(spec))))
        if self.check and loose:
            raise ArgumentValueError(
                f"out_specs says {spec} for a result of type {aval}: that leaves out "
                f"{', '.join(map(repr, loose))}, along which the devices have different values",
                help=[
                    f"jib.lax.psum(result, {loose[0]!r}), pmean or pmax make them equal",
                    f"out_specs=jib.P({loose[0]!r}) keeps them all",
                ],
            )
        return match_vary(x, frozenset(axes_of_spec(spec))) if self.check else x


# ---------------------------------------------------------------------------------- rules


def _type(*avals: Any, jaxpr: Jaxpr, mesh: Mesh, out_specs: Any, axes: Any, **_: Any) -> list:
    return [
        a.update(
            shape=scaled_shape(a, s, mesh, True), vary=a.vary.difference(axes), weak_type=False
        )
        for a, s in zip(jaxpr.out_avals, out_specs, strict=True)
    ]


def _bind(params: dict[str, Any], args: Sequence[Any], jaxpr: Jaxpr, ins: Any, outs: Any) -> list:
    return shard_map_p.bind(*args, **_changed(params, jaxpr, ins, outs))


def _matched(params: dict[str, Any], jaxpr: Jaxpr, out_specs: tuple[PartitionSpec, ...]) -> Jaxpr:
    """The program with results that vary along the axes that their specs name."""
    if not params["manual"].check:
        return jaxpr
    wanted = tuple([frozenset(axes_of_spec(s)) for s in out_specs])
    if all(w <= a.vary for w, a in zip(wanted, jaxpr.out_avals, strict=True)):
        return jaxpr
    with enter_manual(params["manual"]):
        return _match_jaxpr(jaxpr, wanted)


@memoized
def _match_jaxpr(jaxpr: Jaxpr, wanted: tuple[frozenset, ...]) -> Jaxpr:
    def function(*args: Any) -> list[Any]:
        outs = evaluate(jaxpr, (), *args)
        return [match_vary(x, w) for x, w in zip(outs, wanted, strict=True)]

    return stage_jaxpr(function, jaxpr.in_avals, name=jaxpr.name)


def _jvp(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
    jaxpr, ins, outs = params["jaxpr"], params["in_specs"], params["out_specs"]
    nonzero = nonzero_of(tangents)
    with enter_manual(params["manual"]):
        program, out_nonzero = jvp_jaxpr(jaxpr, nonzero)
    given = [t for t in tangents if type(t) is not Zero]
    ins = (*ins, *pick(ins, nonzero))
    results = _bind(
        params, [*primals, *given], program, ins, (*outs, *pick(outs, out_nonzero))
    )  # fmt: skip
    count = len(outs)
    return results[:count], tangents_of(
        out_nonzero, results[count:], [aval_of(x) for x in results[:count]]
    )


def _transpose(cts: Any, *operands: Any, **params: Any) -> list[Any]:
    ins, outs = params["in_specs"], params["out_specs"]
    linear = tuple([is_linear(x) for x in operands])
    nonzero = nonzero_of(cts)
    with enter_manual(params["manual"]):
        program, depends = _transposed(
            params["jaxpr"], linear, nonzero, ins, outs, params["axes"], params["manual"]
        )
    given = [ct for ct in cts if type(ct) is not Zero]
    results = _bind(
        params,
        [*pick(operands, linear, False), *given],
        program,
        [*pick(ins, linear, False), *pick(outs, nonzero)],
        pick(pick(ins, linear), depends),
    )
    none = itertools.repeat(None)
    return merge(linear, merge(depends, results, none), none)


@memoized
def _transposed(
    jaxpr: Jaxpr, linear: Any, nonzero: Any, ins: Any, outs: Any, axes: Any, manual: ManualAxes
) -> tuple[Jaxpr, tuple[bool, ...]]:
    """The transpose of one shard's program.

    Unchecked, a result that is equal on some devices gives each of them an equal share of its
    cotangent, and the cotangents of an argument that devices share are added.
    """
    program, depends = transpose_jaxpr(jaxpr, linear, nonzero)
    if manual.check:
        return program, depends
    first = len(program.invars) - sum(nonzero)
    shared = [tuple([n for n in axes if n not in axes_of_spec(s)]) for s in pick(outs, nonzero)]
    summed = [
        tuple([n for n in axes if n not in axes_of_spec(s)])
        for s in pick(pick(ins, linear), depends)
    ]

    def function(*args: Any) -> list[Any]:
        shares = [
            lax.div(ct, lax.full_like(ct, math.prod(manual.mesh.shape[n] for n in names), shape=()))
            for ct, names in zip(args[first:], shared, strict=True)
        ]
        found = evaluate(program, (), *args[:first], *shares)
        return [lax.psum(ct, n) if n else ct for ct, n in zip(found, summed, strict=True)]

    return stage_jaxpr(function, program.in_avals, name=program.name), depends


def _batch(axis: Any, args: Any, dims: Any, **params: Any) -> tuple[Any, Any]:
    if axis.spmd_name is not None:
        raise NotAvailableError(
            f"vmap(spmd_axis_name={axis.spmd_name!r}) of shard_map",
            "jib.shard_map(jib.vmap(f), ...) with that axis in its specs",
        )
    mapped, moved = leading(axis, args, dims)
    with enter_manual(params["manual"]):
        program, out_mapped = batch_jaxpr(params["jaxpr"], axis, mapped)
    ins = [_shifted(s) if m else s for s, m in zip(params["in_specs"], mapped, strict=True)]
    outs = [_shifted(s) if m else s for s, m in zip(params["out_specs"], out_mapped, strict=True)]
    return _bind(params, moved, program, ins, outs), [0 if m else None for m in out_mapped]


def _shifted(spec: PartitionSpec) -> PartitionSpec:
    return spec.update(partitions=(None, *spec.partitions))


def _partial_eval(split: Any, args: Any, unknown: Any, params: dict[str, Any]) -> list[Any]:
    jaxpr, ins, outs = params["jaxpr"], params["in_specs"], params["out_specs"]
    with enter_manual(params["manual"]):
        parts = partial_eval_jaxpr(jaxpr, tuple(unknown))
        known, waiting, specs = _stacked(parts, params["axes"], params["manual"])
    known_args, known_ins = pick(args, unknown, False), pick(ins, unknown, False)
    known_outs = pick(outs, parts.out_unknown, False)
    made = [s for s, f in zip(specs, parts.forwarded, strict=True) if f is None]
    found = split.parent.process(
        shard_map_p, tuple(known_args), _changed(params, known, known_ins, [*known_outs, *made])
    )
    results, fresh = found[: len(known_outs)], iter(found[len(known_outs) :])
    residuals = [next(fresh) if f is None else known_args[f] for f in parts.forwarded]
    residual_specs = [
        s if f is None else known_ins[f] for s, f in zip(specs, parts.forwarded, strict=True)
    ]
    rest = split.recorder.process(
        shard_map_p,
        (*residuals, *pick(args, unknown)),
        _changed(
            params, waiting, [*residual_specs, *pick(ins, unknown)], pick(outs, parts.out_unknown)
        ),
    )
    return merge(parts.out_unknown, rest, results)


def _changed(params: dict[str, Any], jaxpr: Jaxpr, ins: Any, outs: Any) -> dict[str, Any]:
    return _with_program(params, _matched(params, jaxpr, tuple(outs)), ins, outs)


def _with_program(params: dict[str, Any], jaxpr: Jaxpr, ins: Any, outs: Any) -> dict[str, Any]:
    return {**params, "jaxpr": jaxpr, "in_specs": tuple(ins), "out_specs": tuple(outs)}


def _stacked(
    parts: Any, axes: tuple, manual: ManualAxes
) -> tuple[Jaxpr, Jaxpr, list[PartitionSpec]]:
    """Both parts with residuals that travel between them: with a new first axis, one entry for each
    device that has a value of its own. Residuals that are arguments travel as they are.
    """
    first = len(parts.known.outvars) - len(parts.forwarded)
    avals = parts.known.out_avals[first:]
    own = [[n for n in axes if not manual.check or n in a.vary] for a in avals]
    specs = [PartitionSpec(tuple(names)) for names in own]
    made = [f is None for f in parts.forwarded]

    def known(*args: Any) -> list[Any]:
        outs = evaluate(parts.known, (), *args)
        fresh = [lax.expand_dims(x, (0,)) for x in pick(outs[first:], made)]
        return [*outs[:first], *fresh]

    def waiting(*args: Any) -> list[Any]:
        count = len(made)
        given = [lax.squeeze(x, (0,)) if m else x for x, m in zip(args[:count], made, strict=True)]
        return evaluate(parts.unknown, (), *given, *args[count:])

    in_avals = [a.update(shape=(1, *a.shape)) if m else a for a, m in zip(avals, made, strict=True)]
    rest = parts.unknown.in_avals[len(made) :]
    return (
        stage_jaxpr(known, parts.known.in_avals, name=parts.known.name),
        stage_jaxpr(waiting, [*in_avals, *rest], name=parts.unknown.name),
        specs,
    )


def _dce(used: list[bool], eqn: Equation) -> Equation:
    program, kept = dce_jaxpr(eqn.params["jaxpr"], tuple(used))
    ins, outs = pick(eqn.params["in_specs"], kept), pick(eqn.params["out_specs"], used)
    changed = _with_program(eqn.params, program, ins, outs)
    return eqn.replace(
        invars=pick(eqn.invars, kept), outvars=pick(eqn.outvars, used), params=changed
    )


# ------------------------------------------------------------------- without several devices


def _numpy(*args: Any, **params: Any) -> list[Any]:
    return evaluate_jaxpr_numpy(_one_device(params), (), args)


def _one_device(params: dict[str, Any]) -> Jaxpr:
    names = ("jaxpr", "mesh", "in_specs", "out_specs", "axes")
    return as_batch(*[params[name] for name in names])


def _lower(ctx: LoweringContext, *values: Any, **params: Any) -> list[Any]:
    module, mesh, jaxpr = ctx.module, params["mesh"], params["jaxpr"]
    if not module.devices:
        return inline_jaxpr(ctx, _one_device(params), values)
    axes = frozenset(params["axes"])

    def shardings(specs: Any, avals: Any) -> Any:
        return sdy.TensorShardingPerValueAttr.get(
            [
                module.tensor_sharding(mesh, s, a.physical().ndim, axes)
                for s, a in zip(specs, avals, strict=True)
            ]
        )

    operation = sdy.ManualComputationOp(
        [mlir.ir_type(a) for a in ctx.avals_out],
        list(values),
        shardings(params["in_specs"], ctx.avals_in),
        shardings(params["out_specs"], ctx.avals_out),
        sdy.ManualAxesAttr.get([mlir.string_attribute(str(n)) for n in params["axes"]]),
    )
    block = ir.Block.create_at_start(operation.body, list(map(mlir.ir_type, jaxpr.in_avals)))
    outer, module.manual = module.manual, params["manual"]
    try:
        with ir.InsertionPoint(block):
            inner = LoweringContext(module, {}, jaxpr.in_avals, jaxpr.out_avals)
            mlir.emit_many("sdy.return", [], inline_jaxpr(inner, jaxpr, list(block.arguments)))
    finally:
        module.manual = outer
    return list(operation.results)


shard_map_p = Primitive(
    "shard_map",
    type=_type,
    numpy=_numpy,
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    lower=_lower,
    multiple_results=True,
    effects=lambda *, jaxpr, **_: jaxpr.effects,
    partial_eval=_partial_eval,
    dce=_dce,
    collective=True,
)
