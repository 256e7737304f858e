"""One of several functions, chosen when the program runs: `cond` and `switch`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.core.avals import ShapedArray
from jib.core.axes import match_vary
from jib.core.jaxpr import Equation, Jaxpr, Var, memoized
from jib.core.primitive import Primitive
from jib.core.tracing import aval_of
from jib.core.zeros import UndefinedPrimal, Zero
from jib.errors import ArgumentTypeError, ArgumentValueError, CarryError, StructureError
from jib.lax._families import constant_like
from jib.lax._programs import (
    Body,
    emit_region,
    join_constants,
    leading,
    merge,
    nonzero_of,
    pick,
    tangents_of,
    trace_body,
)
from jib.passes.batch import batch_jaxpr
from jib.passes.dce import dce_jaxpr
from jib.passes.jvp import instantiate, jvp_jaxpr
from jib.passes.key_check import without_key_uses
from jib.passes.lower import LoweringContext, inline_jaxpr
from jib.passes.ordering import refuse_batch
from jib.passes.partial_eval import partial_eval_jaxpr
from jib.passes.reference import evaluate_jaxpr_numpy
from jib.passes.stage import evaluate, stage_jaxpr
from jib.passes.transpose import transpose_jaxpr
from jib.tree import first_difference, tree_registry

__all__ = ["cond", "switch"]

flatten = tree_registry.flatten
_NOTHING = object()
_INDEX = ShapedArray((), np.dtype(np.int32))


def cond(
    pred: Any,
    true_fun: Callable[..., Any],
    false_fun: Callable[..., Any],
    *operands: Any,
    operand: Any = _NOTHING,
) -> Any:
    """`true_fun(*operands)` if `pred` is true, else `false_fun(*operands)`; only one of them runs.

    Both functions are traced, and must return the same structure, shapes and dtypes. Under `vmap`
    with a `pred` that differs between the members, both run and the results are selected.

    Args:
        pred: a boolean scalar (a number counts as true unless it is 0).
        true_fun, false_fun: functions of the operands.
        operands: trees of arrays.
        operand: a single operand, by keyword.

    Raises:
        CarryError: if the branches return different shapes or dtypes.
        StructureError: if the branches return different structures.
        ArgumentTypeError: if `pred` is not a scalar, or a branch is not a function.

    Example:
        >>> from jib import lax
        >>> lax.cond(True, lambda x: x + 1, lambda x: x - 1, 10).item()
        11
    """
    aval = aval_of(pred)
    if aval.shape:
        raise ArgumentTypeError(
            f"`cond` needs one condition, but `pred` is {aval}",
            help="jib.numpy.where(pred, a, b) chooses for each element; `.any()` reduces to one",
        )
    if not dtypes.issubdtype(aval.dtype, np.bool_):
        pred = lax.ne(pred, constant_like(pred, 0))
    index = lax.convert_element_type(pred, np.int32)
    functions = (("false_fun", false_fun), ("true_fun", true_fun))
    return _choose("cond", index, functions, _operands(operands, operand))


def switch(
    index: Any, branches: Sequence[Callable[..., Any]], *operands: Any, operand: Any = _NOTHING
) -> Any:
    """`branches[index](*operands)`; an index that is out of range is clamped into it.

    Args:
        index: an integer scalar.
        branches: functions that return the same structure, shapes and dtypes.
        operands: trees of arrays.
        operand: a single operand, by keyword.

    Raises:
        CarryError: if the branches return different shapes or dtypes.
        StructureError: if the branches return different structures.
        ArgumentTypeError: if `index` is not an integer scalar.

    Example:
        >>> from jib import lax
        >>> lax.switch(1, [lambda x: x, lambda x: x * x], 5).item()
        25
    """
    aval = aval_of(index)
    if aval.shape or not dtypes.issubdtype(aval.dtype, np.integer):
        raise ArgumentTypeError(f"`switch` needs an integer scalar as index, but got {aval}")
    branches = tuple(branches)
    if not branches:
        raise ArgumentValueError("`switch` needs at least one branch")
    given = _operands(operands, operand)
    if len(branches) == 1:
        return branches[0](*given)
    last = constant_like(index, len(branches) - 1)
    index = lax.clamp(constant_like(index, 0), index, last)
    functions = tuple((f"branch {i}", f) for i, f in enumerate(branches))
    return _choose("switch", lax.convert_element_type(index, np.int32), functions, given)


def _operands(operands: tuple, operand: Any) -> tuple:
    if operand is _NOTHING:
        return operands
    if operands:
        raise ArgumentTypeError("operands are given by position and by `operand=`; use one way")
    return (operand,)


def _choose(name: str, index: Any, functions: Sequence[tuple[str, Any]], operands: tuple) -> Any:
    for role, function in functions:
        if not callable(function):
            raise ArgumentTypeError(
                f"{role} of `{name}` must be a function, but is a {type(function).__name__}",
                help="lax.cond(pred, true_fun, false_fun, *operands)",
            )
    leaves, in_tree = flatten(operands)
    avals = [aval_of(x) for x in leaves]
    bodies = [
        trace_body(f, in_tree, avals, role.replace(" ", "_"), (name, f, operands))
        for role, f in functions
    ]
    _check_branches(name, [role for role, _ in functions], bodies)
    bodies = _same_weakness(functions, bodies, in_tree, avals)
    if aval_of(index).vary:
        # The devices choose differently: a sum over devices inside one branch (or inside its
        # derivative) would wait for ever for those that took another. All run both, and select.
        jaxprs = [bodies[0].jaxpr, *(without_key_uses(b.jaxpr) for b in bodies[1:])]
        results = [evaluate(p, b.consts, *leaves) for p, b in zip(jaxprs, bodies, strict=True)]
        outs = [lax.select_n(index, *cases) for cases in zip(*results, strict=True)]
        return bodies[0].tree.unflatten(outs)
    branches, consts = join_constants(bodies)
    outs = cond_p.bind(index, *consts, *leaves, branches=tuple(branches))
    return bodies[0].tree.unflatten(outs)


def _check_branches(name: str, roles: Sequence[str], bodies: Sequence[Body]) -> None:
    # The first of them, as the user wrote them: `true_fun` stands in front of `false_fun`.
    order = list(range(len(bodies)))[:: -1 if name == "cond" else 1]
    first = bodies[order[0]]
    for i in order[1:]:
        body = bodies[i]
        names = (f"the result of {roles[order[0]]}", f"the result of {roles[i]}")
        if body.tree != first.tree:
            one, two = (b.tree.unflatten([0.0] * b.tree.num_leaves) for b in (first, body))
            where = first_difference(one, two, names)
            where = where or first_difference(two, one, (names[1], names[0]))
            raise StructureError(
                f"the branches of `{name}` must return the same structure: {where}",
                help="return the same containers, with the same keys, from each branch",
            )
        places = first.tree.unflatten(range(len(first.out_avals)))
        paths = tree_registry.flatten_with_path(places)[0]
        wrong = [
            (f"result{''.join(map(str, path))}", str(a), str(b))
            for (path, _), a, b in zip(paths, first.out_avals, body.out_avals, strict=True)
            if (a.shape, a.dtype) != (b.shape, b.dtype)
        ]
        if wrong:
            raise _branch_error(name, roles[order[0]], roles[i], wrong)


def _branch_error(
    name: str, first: str, second: str, wrong: Sequence[tuple[str, str, str]]
) -> CarryError:
    where, one, two = wrong[0]
    return CarryError(
        f"the branches of `{name}` must return the same types, "
        f"but `{where}` is {one} in {first} and {two} in {second}",
        notes=[f"`{w}` is {a} in {first} and {b} in {second}" for w, a, b in wrong[1:]],
        help="cast in one of the branches, for example with x.astype(dtype)"
        if one.partition("[")[2] == two.partition("[")[2]
        else "give both one shape, for example with jib.numpy.pad or jib.numpy.broadcast_to",
    )


def _same_weakness(
    functions: Sequence[tuple[str, Any]], bodies: list[Body], in_tree: Any, avals: Any
) -> list[Body]:
    """A result is weakly typed only if it is in all branches; where not, it is made strong. Along a
    mesh axis it is equal only if it is so in all branches.
    """
    columns = list(zip(*(b.out_avals for b in bodies), strict=True))
    strong = [len({a.weak_type for a in column}) > 1 for column in columns]
    vary = [frozenset().union(*(a.vary for a in column)) for column in columns]
    alike = all(a.vary == v for column, v in zip(columns, vary, strict=True) for a in column)
    if not any(strong) and alike:
        return bodies
    made = []
    for body in bodies:
        jaxpr = body.jaxpr.hoisted

        def fitted(*xs: Any, jaxpr: Jaxpr = jaxpr) -> list[Any]:
            outs = evaluate(jaxpr, (), *xs)
            outs = [
                lax.convert_element_type(x, aval_of(x).dtype) if s else x
                for x, s in zip(outs, strong, strict=True)
            ]
            return [match_vary(x, v) if v else x for x, v in zip(outs, vary, strict=True)]

        new = stage_jaxpr(fitted, jaxpr.in_avals, name=jaxpr.name)
        count = len(body.consts)
        split = new.replace(constvars=new.invars[:count], invars=new.invars[count:])
        made.append(Body(split, body.consts, body.tree))
    return made


# ------------------------------------------------------------------------------------- the rules
#
# Operands: the index (int32), then the operands that all branches take.


def _cond_numpy(index: Any, *args: Any, branches: tuple[Jaxpr, ...]) -> list[Any]:
    return evaluate_jaxpr_numpy(branches[min(max(int(index), 0), len(branches) - 1)], (), args)


def _union(masks: Sequence[tuple[bool, ...]]) -> tuple[bool, ...]:
    return tuple(any(column) for column in zip(*masks, strict=True))


def _cond_jvp(primals: Any, tangents: Any, *, branches: tuple[Jaxpr, ...]) -> tuple[Any, Any]:
    nonzero = nonzero_of(tangents[1:])
    asked = _union([jvp_jaxpr(branch, nonzero)[1] for branch in branches])
    programs = tuple(jvp_jaxpr(branch, nonzero, asked)[0] for branch in branches)
    given = [t for t in tangents[1:] if type(t) is not Zero]
    outs = cond_p.bind(*primals, *given, branches=programs)
    count = len(asked)
    return outs[:count], tangents_of(asked, outs[count:], branches[0].out_avals)


def _cond_transpose(cts: Any, index: Any, *operands: Any, branches: tuple[Jaxpr, ...]) -> list[Any]:
    linear = tuple(type(x) is UndefinedPrimal for x in operands)
    nonzero = nonzero_of(cts)
    asked = _union([transpose_jaxpr(branch, linear, nonzero)[1] for branch in branches])
    programs = tuple(_transpose_branch(branch, linear, nonzero, asked) for branch in branches)
    given = [ct for ct in cts if type(ct) is not Zero]
    outs = cond_p.bind(index, *pick(operands, linear, False), *given, branches=programs)
    none = itertools.repeat(None)
    return [None, *merge(linear, merge(asked, outs, none), none)]


@memoized
def _transpose_branch(
    branch: Jaxpr, linear: tuple[bool, ...], nonzero: tuple[bool, ...], asked: tuple[bool, ...]
) -> Jaxpr:
    """The transpose of a branch, with the cotangents that the branches have together."""
    program, depends = transpose_jaxpr(branch, linear, nonzero)
    avals = pick(branch.in_avals, linear)

    def function(*values: Any) -> list[Any]:
        full = tangents_of(depends, evaluate(program, (), *values), avals)
        return [instantiate(ct) for ct in pick(full, asked)]

    return stage_jaxpr(function, program.in_avals, name=program.name)


def _cond_batch(axis: Any, args: Any, dims: Any, *, branches: tuple[Jaxpr, ...]) -> tuple[Any, Any]:
    index, *operands = args
    index_dim, *dims = dims
    mapped, moved = leading(axis, operands, dims)
    if index_dim is None:
        asked = _union([batch_jaxpr(branch, axis, mapped)[1] for branch in branches])
        programs = tuple(batch_jaxpr(branch, axis, mapped, asked)[0] for branch in branches)
        outs = cond_p.bind(index, *moved, branches=programs)
        return outs, [0 if a else None for a in asked]
    refuse_batch("cond", *branches)
    # Members differ in their branch: compute all branches, and select.
    # They may use one and the same key, so the uses of the first count alone.
    branches = (branches[0], *map(without_key_uses, branches[1:]))
    results = [
        evaluate(batch_jaxpr(branch, axis, mapped, True)[0], (), *moved) for branch in branches
    ]
    outs = [_select_rows(index, cases) for cases in zip(*results, strict=True)]
    return outs, [0] * len(outs)


def _select_rows(index: Any, cases: Sequence[Any]) -> Any:
    """For each member of the batch (the first axis), the row of the case that it chose."""
    shape = aval_of(cases[0]).shape
    which = index if len(shape) == 1 else lax.broadcast_in_dim(index, shape, (0,))
    return lax.select_n(which, *cases)


def _cond_partial_eval(split: Any, args: Any, unknown: Any, params: dict[str, Any]) -> list[Any]:
    if unknown[0]:
        return split.recorder.process(cond_p, args, params)
    branches = params["branches"]
    mask = tuple(unknown[1:])
    asked, known, waiting, count, forwarded = _split_branches(branches[0], branches, mask)
    known_args = pick(args[1:], mask, False)
    outs: list[Any] = []
    if known[0].outvars or any(branch.effects for branch in known):
        outs = split.parent.process(cond_p, (args[0], *known_args), {"branches": known})
    results = outs[: asked.count(False)]
    rest = [
        args[0],
        *outs[len(outs) - count :],
        *(known_args[i] for i in forwarded),
        *pick(args[1:], mask),
    ]
    found = split.recorder.process(cond_p, tuple(rest), {"branches": waiting})
    return merge(asked, found, results)


@memoized
def _split_branches(
    _: Jaxpr, branches: tuple[Jaxpr, ...], mask: tuple[bool, ...]
) -> tuple[tuple[bool, ...], tuple, tuple, int, list[int]]:
    """Split each branch, with the same residuals in all of them.

    Residuals of the same type share a place; a branch without one fills it with zeros. Residuals
    that are operands are passed as they are. Returns which results wait, the known and the waiting
    branches, the number of places, and the operands that are passed.
    """
    asked = _union([partial_eval_jaxpr(branch, mask).out_unknown for branch in branches])
    parts = [partial_eval_jaxpr(branch, mask, asked) for branch in branches]
    results = asked.count(False)
    forwarded = sorted({p for part in parts for p in part.forwarded if p is not None})
    slots: list[ShapedArray] = []
    places: list[list[int | None]] = []
    for part in parts:
        free = list(range(len(slots)))
        own: list[int | None] = []
        for var, position in zip(part.known.outvars[results:], part.forwarded, strict=True):
            if position is not None:
                own.append(None)
                continue
            place = next((i for i in free if slots[i] is var.aval), None)
            if place is None:
                place = len(slots)
                slots.append(var.aval)
            else:
                free.remove(place)
            own.append(place)
        places.append(own)
    known = tuple(
        _fill_places(part.known, results, tuple(own), tuple(slots))
        for part, own in zip(parts, places, strict=True)
    )
    waiting = tuple(
        _take_places(part, own, slots, forwarded) for part, own in zip(parts, places, strict=True)
    )
    return asked, known, waiting, len(slots), forwarded


def _fill_places(
    known: Jaxpr, results: int, own: tuple[int | None, ...], slots: tuple[ShapedArray, ...]
) -> Jaxpr:
    def function(*values: Any) -> list[Any]:
        outs = evaluate(known, (), *values)
        filled = {p: x for p, x in zip(own, outs[results:], strict=True) if p is not None}
        rest = [filled[i] if i in filled else _zeros(a) for i, a in enumerate(slots)]
        return [*outs[:results], *rest]

    return stage_jaxpr(function, known.in_avals, name=known.name)


def _zeros(aval: ShapedArray) -> Any:
    """What stands in a place that a branch does not use."""
    if aval.is_key:
        words = lax.full(aval.physical().shape, 0, aval.physical().dtype)
        return lax.wrap_key(words, aval.dtype)
    return lax.full(aval.shape, 0, aval.dtype)


def _take_places(part: Any, own: Sequence[int | None], slots: Any, forwarded: list[int]) -> Jaxpr:
    waiting = part.unknown
    count = len(own)
    shared: list[Var] = [Var(a) for a in slots]
    operand_avals = {
        p: v.aval
        for p, v in zip(part.forwarded, waiting.invars[:count], strict=True)
        if p is not None
    }
    passed = [Var(operand_avals.get(p) or part.known.invars[p].aval) for p in forwarded]
    for var, place, position in zip(waiting.invars[:count], own, part.forwarded, strict=True):
        if place is not None:
            shared[place] = var
        else:
            passed[forwarded.index(position)] = var
    return waiting.replace(invars=[*shared, *passed, *waiting.invars[count:]])


def _cond_dce(used: list[bool], eqn: Equation) -> Equation:
    branches = eqn.params["branches"]
    mask = tuple(used)
    needed = _union([dce_jaxpr(branch, mask)[1] for branch in branches])
    return eqn.replace(
        invars=[eqn.invars[0], *pick(eqn.invars[1:], needed)],
        outvars=pick(eqn.outvars, used),
        params={"branches": tuple(dce_jaxpr(branch, mask, needed)[0] for branch in branches)},
    )


def _cond_lower(
    ctx: LoweringContext, index: Any, *values: Any, branches: tuple[Jaxpr, ...]
) -> list[Any]:
    types = [mlir.ir_type(a) for a in ctx.avals_out]
    chosen = mlir.emit_many("stablehlo.case", types, [index], regions=len(branches))
    for region, branch in zip(chosen.regions, branches, strict=True):
        emit_region(ctx.module, region, (), lambda c, p=branch: inline_jaxpr(c, p, values))
    return list(chosen.results)


cond_p = Primitive(
    "cond",
    type=lambda index, *avals, branches: branches[0].out_avals,
    numpy=_cond_numpy,
    jvp=_cond_jvp,
    transpose=_cond_transpose,
    batch=_cond_batch,
    lower=_cond_lower,
    multiple_results=True,
    effects=lambda *, branches: frozenset().union(*(b.effects for b in branches)),
    partial_eval=_cond_partial_eval,
    dce=_cond_dce,
)
