"""`checkpoint` (or `remat`): compute again on the way back, instead of keeping values in memory."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, ParamSpec, TypeVar

from jib.backend import mlir
from jib.core.jaxpr import Jaxpr, memoized
from jib.core.primitive import Primitive
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of, context, is_eager
from jib.errors import NotAvailableError
from jib.lax._programs import merge, pick
from jib.passes.dce import dce_jaxpr
from jib.passes.lower import inline_jaxpr
from jib.passes.partial_eval import partial_eval_jaxpr
from jib.passes.stage import evaluate, stage, stage_jaxpr
from jib.transforms import _calls
from jib.transforms._custom import CustomCall, nondiff_positions, positional
from jib.transforms._nested import nested

__all__ = ["checkpoint", "checkpoint_name", "checkpoint_policies", "remat"]

P = ParamSpec("P")
R = TypeVar("R")

Policy = Callable[..., bool]


def checkpoint(
    fun: Callable[P, R],
    *,
    prevent_cse: bool = True,
    policy: Policy | None = None,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    concrete: bool = False,
) -> Callable[P, R]:
    """A function that keeps only its arguments for the way back, and computes the rest again.

    Reverse-mode derivatives then need less memory, and more time.

    Args:
        fun: the function.
        prevent_cse: keep the compiler from merging the second computation with the first, which
            would undo the effect; False is faster inside `scan`, where it cannot happen.
        policy: which values to keep all the same, one of `checkpoint_policies`.
        static_argnums, static_argnames: arguments that are plain Python values.
        concrete: not used.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> f = jib.checkpoint(lambda x: jnp.sin(jnp.sin(x)))
        >>> round(float(jib.grad(f)(1.0)), 2)
        0.36
    """
    static = nondiff_positions(fun, static_argnums, static_argnames)
    memo: dict[Any, Any] = {}

    @functools.wraps(fun)
    @api_boundary
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        if is_eager():
            return fun(*args, **kwargs)
        call = CustomCall(fun, static, positional(fun, args, kwargs)) if static else None
        if call is None:
            whole: Callable[..., Any] = fun
            call = CustomCall(lambda a, k: whole(*a, **k), (), (args, kwargs))
        found = memo.get(call.key()) if not call.fixed else None
        if found is None:
            name = _calls.function_name(fun)
            jaxpr, consts = stage(call.flat, list(map(aval_of, call.leaves)), name=name)
            found = (jaxpr.hoisted, consts, call.out_trees[0])
            if not consts and not call.fixed:
                memo[call.key()] = found
        jaxpr, consts, tree = found
        outs = remat_p.bind(
            *consts,
            *call.leaves,
            jaxpr=jaxpr,
            prevent_cse=bool(prevent_cse),
            policy=policy,
            backwards=False,
        )
        return tree.unflatten(outs)

    return checkpointed


remat = checkpoint


# ---------------------------------------------------------------------------------- policies


def _is_product(primitive: Primitive, **params: Any) -> bool:
    return primitive.name in ("dot_general", "conv_general_dilated")


def _is_plain_product(primitive: Primitive, *_: Any, **params: Any) -> bool:
    if primitive.name != "dot_general":
        return False
    return not params["dimension_numbers"][1][0]


def _only_names(*names_which_can_be_saved: str) -> Policy:
    """Keep what `checkpoint_name` gave one of these names."""
    names = frozenset(names_which_can_be_saved)
    return _NamePolicy(names, True, False)


def _any_names_but(*names_not_to_save: str) -> Policy:
    """Keep what has any name but these."""
    return _NamePolicy(frozenset(names_not_to_save), False, False)


def _anything_but(*names_not_to_save: str) -> Policy:
    """Keep everything but what has one of these names."""
    return _NamePolicy(frozenset(names_not_to_save), False, True)


class _NamePolicy(NamedTuple):
    names: frozenset[str]
    wanted: bool
    unnamed: bool

    def __call__(self, primitive: Primitive, *_: Any, **params: Any) -> bool:
        if primitive is not name_p:
            return self.unnamed
        return (params["name"] in self.names) is self.wanted


class _Either(NamedTuple):
    first: Policy
    second: Policy

    def __call__(self, primitive: Primitive, *avals: Any, **params: Any) -> bool:
        return self.first(primitive, *avals, **params) or self.second(primitive, *avals, **params)


class _Policies:
    """What a checkpointed function keeps for the way back.

    A policy is a function `(primitive, *avals, **params) -> bool` of one operation.
    """

    everything_saveable = staticmethod(lambda primitive, *_, **params: True)
    nothing_saveable = staticmethod(lambda primitive, *_, **params: False)
    dots_saveable = staticmethod(lambda primitive, *_, **params: _is_product(primitive))
    checkpoint_dots = dots_saveable
    dots_with_no_batch_dims_saveable = staticmethod(_is_plain_product)
    checkpoint_dots_with_no_batch_dims = dots_with_no_batch_dims_saveable
    save_only_these_names = staticmethod(_only_names)
    save_any_names_but_these = staticmethod(_any_names_but)
    save_anything_except_these_names = staticmethod(_anything_but)
    save_from_both_policies = staticmethod(_Either)

    def __getattr__(self, name: str) -> Any:
        raise NotAvailableError(
            f"jib.checkpoint_policies.{name}", "one of " + ", ".join(sorted(_policy_names()))
        )


def _policy_names() -> list[str]:
    return [name for name in vars(_Policies) if not name.startswith("_")]


checkpoint_policies = _Policies()


def checkpoint_name(x: Any, name: str) -> Any:
    """Give a value (or each array of a tree) a name that policies speak of; it stays as it is."""
    leaves, tree = _calls.flatten(x)
    return tree.unflatten([name_p.bind(leaf, name=name) for leaf in leaves])


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


# ------------------------------------------------------------------------------------- the rules


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

    def later(*values: Any) -> list[Any]:
        residuals = evaluate(again, (), *values[:first])
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
            out = context.trace.process(eqn.primitive, tuple(operands), eqn.params)
            outs = out if eqn.primitive.multiple_results else [out]
        env.update(zip(eqn.outvars, outs, strict=True))
    return list(map(read, jaxpr.outvars))


def _remat_partial_eval(split: Any, args: Any, unknown: Any, params: dict[str, Any]) -> list[Any]:
    plan = _plan(params["jaxpr"], tuple(unknown), params["policy"])
    known = pick(args, unknown, False)
    outs: list[Any] = []
    if plan.now.outvars:
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
