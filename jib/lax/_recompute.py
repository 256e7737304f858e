"""What `checkpoint` records: programs to compute again on the way back, and names of values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jib.backend import mlir
from jib.core.jaxpr import Jaxpr, memoized
from jib.core.primitive import Primitive
from jib.lax._nested import nested
from jib.lax._programs import merge, pick
from jib.passes.dce import dce_jaxpr
from jib.passes.key_check import without_key_uses
from jib.passes.lower import inline_jaxpr
from jib.passes.ordering import without_effects
from jib.passes.partial_eval import partial_eval_jaxpr
from jib.passes.stage import evaluate, process, rebind, stage_jaxpr

__all__ = ["Policy", "again", "name_p", "remat_p"]

Policy = Callable[..., Any]


def _name_batch(axis: Any, args: Any, dims: Any, *, name: str) -> tuple[Any, Any]:
    return name_p.bind(*args, name=name), dims[0]


name_p = Primitive(
    "name",
    type=lambda x, *, name: x,
    numpy=lambda x, *, name: x,
    jvp=lambda primals, tangents, *, name: (name_p.bind(*primals, name=name), tangents[0]),
    transpose=lambda ct, x, *, name: [ct],
    batch=_name_batch,
    lower=lambda ctx, x, *, name: x,
)


class _Plan(NamedTuple):
    """A checkpointed program in two: what runs now, and what computes it again and goes on.

    `now` maps the known inputs to the known results and the values that are kept; `later` takes the
    known inputs that `needed` names, the kept values, and the unknown inputs.
    """

    now: Jaxpr
    later: Jaxpr
    needed: tuple[bool, ...]
    out_unknown: tuple[bool, ...]


@memoized
def _plan(jaxpr: Jaxpr, unknown: tuple[bool, ...], policy: Policy | None) -> _Plan:
    parts = partial_eval_jaxpr(_without_calls(jaxpr) if policy else jaxpr, unknown)
    known, results = parts.known, parts.out_unknown.count(False)
    kept = [
        eqn
        for eqn in known.eqns
        if policy is not None and policy(eqn.primitive, *[v.aval for v in eqn.invars], **eqn.params)
    ]
    kept_vars = [v for eqn in kept for v in eqn.outvars]
    rest = [eqn for eqn in known.eqns if eqn not in kept]
    again = Jaxpr((), [*known.invars, *kept_vars], known.outvars[results:], rest)
    first = len(again.invars)
    second = without_effects(again, "jib.checkpoint")

    def later(*values: Any) -> list[Any]:
        residuals = evaluate(without_key_uses(second), (), *values[:first])
        return evaluate(parts.unknown, (), *residuals, *values[first:])

    waiting = pick(jaxpr.in_avals, unknown)
    whole = stage_jaxpr(later, [*again.in_avals, *waiting], name=f"{jaxpr.name}_again")
    keep = (*[False] * first, *[True] * len(waiting))
    slim, used = dce_jaxpr(whole, (True,) * len(whole.outvars), keep)
    needed, used_kept = used[: len(known.invars)], used[len(known.invars) : first]
    outs = pick(kept_vars, used_kept)
    now = known.replace(outvars=[*known.outvars[:results], *outs])
    now, _ = dce_jaxpr(now, (True,) * len(now.outvars), True)
    return _Plan(now, slim, needed, parts.out_unknown)


@memoized
def _without_calls(jaxpr: Jaxpr) -> Jaxpr:
    """The program with nested `jit` calls written out, so that a policy sees what is in them."""

    def function(*values: Any) -> list[Any]:
        return _evaluate_flat(jaxpr, values)

    return stage_jaxpr(function, jaxpr.in_avals, name=jaxpr.name)


def _evaluate_flat(jaxpr: Jaxpr, values: Sequence[Any]) -> list[Any]:
    env: dict[Any, Any] = dict(zip(jaxpr.invars, values, strict=True))
    read = lambda v: v.val if hasattr(v, "val") else env[v]  # noqa: E731
    for eqn in jaxpr.eqns:
        operands = list(map(read, eqn.invars))
        if eqn.primitive.name == "jit":
            outs = _evaluate_flat(eqn.params["jaxpr"], operands)
        else:
            out = rebind(eqn, process, eqn, tuple(operands))
            outs = out if eqn.primitive.multiple_results else [out]
        env.update(zip(eqn.outvars, outs, strict=True))
    return list(map(read, jaxpr.outvars))


def _remat_partial_eval(split: Any, args: Any, unknown: Any, params: dict[str, Any]) -> list[Any]:
    plan = _plan(params["jaxpr"], tuple(unknown), params["policy"])
    known = pick(args, unknown, False)
    outs: list[Any] = []
    if plan.now.outvars or plan.now.effects:
        outs = split.parent.process(remat_p, tuple(known), {**params, "jaxpr": plan.now})
    count = plan.out_unknown.count(False)
    operands = (*pick(known, plan.needed), *outs[count:], *pick(args, unknown))
    waiting = split.recorder.process(remat_p, operands, {**params, "jaxpr": plan.later})
    return merge(plan.out_unknown, waiting, outs)


def _remat_lower(
    ctx: Any, *values: Any, jaxpr: Jaxpr, prevent_cse: bool, policy: Any, backwards: bool
) -> list[Any]:
    operands = list(values)
    if prevent_cse and backwards and operands:
        # Behind the barrier the compiler cannot tell that the operations were done before.
        types = [x.type for x in operands]
        operands = list(mlir.emit_many("stablehlo.optimization_barrier", types, operands).results)
    return inline_jaxpr(ctx, jaxpr, operands)


remat_p = nested(
    "checkpoint",
    lower=_remat_lower,
    partial_eval=_remat_partial_eval,
    backwards=lambda params: {**params, "backwards": True},
)


def again(jaxpr: Jaxpr, values: Sequence[Any], in_loop: bool) -> list[Any]:
    """The results of a program that keeps only its inputs for the way back.

    In the body of a loop the compiler cannot merge the two computations anyway.
    """
    return remat_p.bind(*values, jaxpr=jaxpr, prevent_cse=not in_loop, policy=None, backwards=False)
