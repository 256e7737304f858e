"""What loops and branches share: tracing of the user's functions, carries, and jaxpr surgery."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from jib import dtypes, lax
from jib.backend import mlir
from jib.core.avals import AxisData, ShapedArray
from jib.core.axes import match_vary
from jib.core.jaxpr import Jaxpr, Var, memoized
from jib.core.origins import Origin
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import CarryError, StructureError
from jib.passes.batch import to_batch_axis
from jib.passes.dce import dce_jaxpr
from jib.passes.lower import LoweringContext
from jib.passes.stage import stage
from jib.tree import first_difference, tree_registry

__all__ = [
    "Body", "check_structure", "emit_region", "join_constants", "leading", "merge", "nonzero_of",
    "permuted", "pick", "select_outputs", "stable_carry", "stack_aval", "tangents_of", "trace_body",
    "without_weak_outputs",
]  # fmt: skip


class Body:
    """A traced function: its program, the values it closed over, and the structure it returns."""

    __slots__ = ("consts", "jaxpr", "tree")

    def __init__(self, jaxpr: Jaxpr, consts: list[Any], tree: Any) -> None:
        self.jaxpr = jaxpr
        self.consts = consts
        self.tree = tree

    @property
    def out_avals(self) -> list[ShapedArray]:
        """Types of the results."""
        return self.jaxpr.out_avals


def trace_body(
    function: Callable[..., Any],
    in_tree: Any,
    avals: Sequence[ShapedArray],
    name: str,
    origin: tuple[str, Callable[..., Any], Sequence[Any]] | None = None,
) -> Body:
    """Trace `function(*args)`, where `args` are `in_tree` filled with values of the given types.

    `origin` is what messages speak of: the loop, the user's function and its arguments.
    """
    trees: list[Any] = []

    def flat(*values: Any) -> list[Any]:
        leaves, tree = tree_registry.flatten(function(*in_tree.unflatten(values)))
        trees.append(tree)
        return leaves

    owner = None if origin is None else Origin(f"jib.lax.{origin[0]}", *origin[1:], avals)
    jaxpr, consts = stage(flat, avals, name=name, owner=owner)
    return Body(jaxpr, consts, trees[0])


def join_constants(bodies: Sequence[Body]) -> tuple[list[Jaxpr], list[Any]]:
    """The programs with one list of constants, that of all together, as their leading inputs."""
    if len(bodies) == 1:
        return [bodies[0].jaxpr.hoisted], bodies[0].consts
    together = {id(c): c for body in bodies for c in body.consts}
    jaxprs = []
    for body in bodies:
        own = dict(zip(map(id, body.consts), body.jaxpr.constvars, strict=True))
        leading = [own.get(key) or Var(aval_of(c)) for key, c in together.items()]
        jaxprs.append(body.jaxpr.replace(constvars=(), invars=[*leading, *body.jaxpr.invars]))
    return jaxprs, list(together.values())


# ------------------------------------------------------------------------------------- carries


def check_structure(name: str, init: Any, init_tree: Any, out_tree: Any) -> None:
    """A loop must return a carry of the structure that it was given."""
    if init_tree == out_tree:
        return
    out = out_tree.unflatten([0.0] * out_tree.num_leaves)
    where = first_difference(init, out, ("the first carry", "the returned one"))
    where = where or first_difference(out, init, ("the returned carry", "the first one"))
    raise StructureError(
        f"the body of `{name}` must return a carry of the structure it was given: {where}",
        help="return the same containers, with the same keys, as the first carry has",
    )


def stable_carry(
    name: str, init: Sequence[Any], path_tree: Any, trace: Callable[[list[ShapedArray]], Body]
) -> tuple[Body, list[Any]]:
    """Trace a body whose first results are the next carry, and make the first carry fit it.

    `trace` traces for given types of the carry. Numbers of weak type take the type that the body
    returns; every other change of type is an error.
    """
    values = list(init)
    for _ in range(4 + len(values)):
        avals = [aval_of(x) for x in values]
        body = trace(avals)
        outs = body.out_avals[: len(avals)]
        wanted = [_promoted(a, out) for a, out in zip(avals, outs, strict=True)]
        if wanted == avals:
            break
        values = [
            x if a is w else _as_type(x, a, w)
            for x, a, w in zip(values, avals, wanted, strict=True)
        ]
    changed = [
        (_leaf_name(name, path_tree, i), str(before), str(after))
        for i, (before, after) in enumerate(zip(avals, outs, strict=True))
        if (before.shape, before.dtype) != (after.shape, after.dtype)
    ]
    if changed:
        raise CarryError.differs(name, changed)
    return body, values


def _promoted(before: ShapedArray, after: ShapedArray) -> ShapedArray:
    """The type that a carry takes: a weak one follows what the body returns, and one that devices
    share becomes one of their own where the body makes it so.
    """
    if not after.vary <= before.vary:
        before = before.update(vary=before.vary | after.vary)
    if not before.weak_type or before.shape != after.shape or before is after:
        return before
    dtype, weak = dtypes.promote(((before.dtype, True), (after.dtype, after.weak_type)))
    return before.update(dtype=dtype, weak_type=weak)


def _as_type(x: Any, before: ShapedArray, wanted: ShapedArray) -> Any:
    if (before.dtype, before.weak_type) != (wanted.dtype, wanted.weak_type):
        x = lax.convert_element_type(x, wanted.dtype)
    return match_vary(x, wanted.vary)


def _leaf_name(name: str, tree: Any, index: int) -> str:
    path, _ = tree_registry.flatten_with_path(tree)[0][index]
    if name == "fori_loop":  # its counter is ours: users know the rest only
        path = path[1:]
    return "the carry" if not path else f"`carry{''.join(map(str, path))}`"


def without_weak_outputs(outs: Sequence[Any], avals: Sequence[ShapedArray]) -> list[Any]:
    """The results with strong types where `avals` are strong and the dtypes agree."""
    fitted = list(outs)
    for i, (x, aval) in enumerate(zip(outs, avals, strict=False)):
        out = aval_of(x)
        if out.weak_type and not aval.weak_type and out.dtype == aval.dtype:
            fitted[i] = lax.convert_element_type(x, aval.dtype)
        if aval.vary:
            fitted[i] = match_vary(fitted[i], aval.vary)
    return fitted


# ------------------------------------------------------------------------------ jaxprs and lists


def stack_aval(aval: ShapedArray, length: int) -> ShapedArray:
    """The type of `length` such values, stacked along a new first axis."""
    return aval.update(shape=(length, *aval.shape))


@memoized
def permuted(jaxpr: Jaxpr, inputs: tuple[int, ...], outputs: tuple[int, ...] | None) -> Jaxpr:
    """The program with its inputs (and outputs) in another order."""
    outs = jaxpr.outvars if outputs is None else [jaxpr.outvars[i] for i in outputs]
    return jaxpr.replace(invars=[jaxpr.invars[i] for i in inputs], outvars=outs)


def select_outputs(jaxpr: Jaxpr, keep: Sequence[bool]) -> Jaxpr:
    """The program for some of its outputs; it keeps all of its inputs."""
    return jaxpr if all(keep) else dce_jaxpr(jaxpr, tuple(keep), True)[0]


def nonzero_of(tangents: Sequence[Any]) -> tuple[bool, ...]:
    """Which tangents are not symbolic zeros."""
    return tuple([type(t) is not Zero for t in tangents])


def tangents_of(
    nonzero: Sequence[bool], given: Iterable[Any], avals: Sequence[ShapedArray]
) -> list[Any]:
    """A tangent for each primal type: the next of `given` where it is not zero."""
    rest = iter(given)
    return [
        next(rest) if nz else Zero(tangent_aval(a)) for nz, a in zip(nonzero, avals, strict=True)
    ]


def leading(
    axis: AxisData, args: Sequence[Any], dims: Sequence[int | None]
) -> tuple[tuple[bool, ...], list[Any]]:
    """Which operands have a batch axis, and all operands, with that axis in front."""
    mapped = tuple([d is not None for d in dims])
    moved = [x if d is None else to_batch_axis(x, d, axis) for x, d in zip(args, dims, strict=True)]
    return mapped, moved


def emit_region(module: Any, region: Any, types: Sequence[Any], write: Callable[..., Any]) -> None:
    """Write the one block of a region; `write(ctx, *arguments)` gives the values it returns."""
    block = region.blocks.append(*types)
    with mlir.ir.InsertionPoint(block):
        outs = write(LoweringContext(module, {}, (), ()), *block.arguments)
        mlir.emit_many("stablehlo.return", [], outs)


def pick(values: Iterable[Any], mask: Iterable[bool], wanted: bool = True) -> list[Any]:
    """The values for which the mask holds (or, if that is `wanted`, does not hold)."""
    return [x for x, m in zip(values, mask, strict=True) if m == wanted]


def merge(mask: Sequence[bool], when_true: Iterable[Any], when_false: Iterable[Any]) -> list[Any]:
    """One list of two: for each entry of the mask, the next element of the list it names."""
    yes, no = iter(when_true), iter(when_false)
    return [next(yes) if m else next(no) for m in mask]
