"""Loops that end when a condition says so, and counted loops: `while_loop`, `fori_loop`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.core.avals import ShapedArray
from jib.core.jaxpr import Equation, Jaxpr, memoized
from jib.core.primitive import Primitive
from jib.core.tracing import Tracer, aval_of
from jib.core.zeros import Zero
from jib.errors import ArgumentTypeError, ArgumentValueError, NoDerivativeError
from jib.lax._families import constant_like
from jib.lax._loops_bounded import bounded
from jib.lax._loops_scan import scan_as
from jib.lax._programs import (
    Body,
    check_structure,
    emit_region,
    merge,
    nonzero_of,
    permuted,
    pick,
    select_outputs,
    stable_carry,
    tangents_of,
    trace_body,
    without_weak_outputs,
)
from jib.lax._scan_bodies import sections
from jib.passes.batch import batch_jaxpr, to_batch_axis
from jib.passes.dce import dce_jaxpr
from jib.passes.jvp import instantiate, jvp_jaxpr
from jib.passes.key_check import without_key_uses
from jib.passes.lower import LoweringContext, inline_jaxpr
from jib.passes.ordering import refuse_batch, without_effects
from jib.passes.partial_eval import partial_eval_jaxpr
from jib.passes.reference import evaluate_jaxpr_numpy
from jib.passes.stage import evaluate, stage_jaxpr
from jib.tree import tree_registry

__all__ = ["fori_loop", "while_loop"]

flatten = tree_registry.flatten


def while_loop(
    cond_fun: Callable[[Any], Any],
    body_fun: Callable[[Any], Any],
    init_val: Any,
    *,
    max_steps: int | None = None,
) -> Any:
    """Repeat `val = body_fun(val)` while `cond_fun(val)` is true, compiled as one loop.

    Args:
        cond_fun: from the value to a boolean scalar.
        body_fun: from the value to the next one, of the same structure, shapes and dtypes.
        init_val: the first value, a tree of arrays.
        max_steps: the most steps that it may take, a Python integer.

    Without `max_steps` the loop has forward-mode derivatives (`jvp`, `jacfwd`), but no reverse
    mode: the number of steps, and so the memory for it, is not known. With it both modes exist.
    Reverse mode then keeps the values of about `sqrt(max_steps)` steps, and runs the others again;
    what is not needed is skipped, but under `vmap` every member takes all `max_steps`.

    A loop that is not done after `max_steps` raises an error where values are known. Inside a
    compiled function it cannot, so nothing that it returns looks like a result: floating numbers
    (and their derivatives) become NaN, signed integers the least and others the largest number;
    booleans and random keys stay.

    Raises:
        CarryError: if the value changes its shape or dtype.
        StructureError: if the value changes its structure.
        ArgumentTypeError: if `cond_fun` does not return a boolean scalar.
        ArgumentValueError: if `max_steps` is not a number of steps, or was not enough.

    Example:
        >>> import jib
        >>> from jib import lax
        >>> lax.while_loop(lambda x: x < 100, lambda x: x * 2, 1).item()
        128
        >>> grown = lambda x: lax.while_loop(lambda v: v < 9, lambda v: v * v, x, max_steps=10)
        >>> float(jib.grad(grown)(2.0))
        32.0
    """
    return _while("while_loop", cond_fun, body_fun, init_val, max_steps)


def _while(
    name: str,
    cond_fun: Any,
    body_fun: Any,
    init_val: Any,
    max_steps: int | None = None,
    named: tuple[Callable[..., Any], tuple] | None = None,
) -> Any:
    leaves, tree = flatten(init_val)
    in_tree = flatten((init_val,))[1]

    def trace(avals: list[ShapedArray]) -> Body:
        def step(value: Any) -> list[Any]:
            outs, out_tree = flatten(body_fun(value))
            check_structure(name, init_val, tree, out_tree)
            return without_weak_outputs(outs, avals)

        fun, given = named or (body_fun, (init_val,))
        return trace_body(step, in_tree, avals, f"{name}_body", (name, fun, given))

    body, carry = stable_carry(name, leaves, init_val, trace)
    origin, avals = (name, cond_fun, (init_val,)), [aval_of(x) for x in carry]
    cond = trace_body(cond_fun, in_tree, avals, "while_cond", origin)
    result = cond.out_avals
    if len(result) != 1 or cond.tree.num_nodes != 1 or result[0] not in _BOOLEANS:
        shown = str(result[0]) if len(result) == 1 else str(cond.tree)
        raise ArgumentTypeError(
            f"the condition of `{name}` must return a boolean scalar, but returned {shown}",
            help="compare, and reduce an array with `.any()` or `.all()`: bool[] is needed",
        )
    if max_steps is not None:
        return tree.unflatten(bounded(name, cond, body, carry, max_steps))
    outs = while_p.bind(
        *cond.consts,
        *body.consts,
        *carry,
        cond=cond.jaxpr.hoisted,
        body=body.jaxpr.hoisted,
        num_cond=len(cond.consts),
        num_body=len(body.consts),
    )
    return tree.unflatten(outs)


_BOOLEANS = (ShapedArray((), np.dtype(np.bool_)), ShapedArray((), np.dtype(np.bool_), True))


def fori_loop(
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
) -> Any:
    """Repeat `val = body_fun(i, val)` for `i` from `lower` up to, not including, `upper`.

    With bounds that are known now the loop has a fixed length, so it has reverse-mode derivatives;
    otherwise it is a `while_loop`. `unroll` writes out several steps in one turn, and needs known
    bounds.

    Raises:
        CarryError: if the value changes its shape or dtype.
        ArgumentValueError: if `unroll` is given and a bound is not known.

    Example:
        >>> from jib import lax
        >>> lax.fori_loop(0, 5, lambda i, total: total + i, 0).item()
        10
    """
    for name, bound in (("lower", lower), ("upper", upper)):
        aval = aval_of(bound)
        if aval.shape or not dtypes.issubdtype(aval.dtype, np.integer):
            raise ArgumentTypeError(f"`{name}` of `fori_loop` must be an integer, but is {aval}")
    start, stop = _known(lower), _known(upper)
    dtype = _counter_dtype(lower, upper)
    first = lax.convert_element_type(lower, dtype)
    if start is not None and stop is not None:

        def step(carry: Any, _: Any) -> tuple[Any, None]:
            i, value = carry
            return (lax.add(i, constant_like(i, 1)), body_fun(i, value)), None

        length = max(stop - start, 0)
        steps = 1 if unroll is None else unroll
        carry = (first, init_val)
        named = body_fun, carry
        (_, result), _ = scan_as("fori_loop", step, carry, None, length, False, steps, named=named)
        return result
    if unroll is not None and unroll not in (1, False):
        raise ArgumentValueError(
            "`fori_loop` can unroll only when `lower` and `upper` are known now",
            help="pass Python integers, or leave out `unroll`",
        )
    last = lax.convert_element_type(upper, dtype)

    def advance(carry: Any) -> Any:
        i, value, end = carry
        return lax.add(i, constant_like(i, 1)), body_fun(i, value), end

    go_on = lambda carry: lax.lt(carry[0], carry[2])  # noqa: E731
    named = body_fun, (first, init_val)
    return _while("fori_loop", go_on, advance, (first, init_val, last), named=named)[1]


def _known(bound: Any) -> int | None:
    if isinstance(bound, Tracer):
        bound = getattr(bound, "concrete", None)
    return None if bound is None else int(bound)


def _counter_dtype(lower: Any, upper: Any) -> Any:
    avals = [aval_of(lower), aval_of(upper)]
    return dtypes.promote(tuple((a.dtype, a.weak_type) for a in avals))[0]


# ------------------------------------------------------------------------------------- the rules
#
# Operands: constants of the condition, constants of the body, first value.


def _while_type(*avals: ShapedArray, body: Jaxpr, num_cond: int, num_body: int, **_: Any) -> list:
    return list(body.in_avals[num_body:])


def _while_numpy(*args: Any, cond: Jaxpr, body: Jaxpr, num_cond: int, num_body: int) -> list[Any]:
    cond_consts, body_consts, value = sections(args, num_cond, num_body)
    while evaluate_jaxpr_numpy(cond, (), [*cond_consts, *value])[0]:
        value = evaluate_jaxpr_numpy(body, (), [*body_consts, *value])
    return list(value)


def _while_jvp(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
    body, num_cond, num_body = params["body"], params["num_cond"], params["num_body"]
    cond_consts, body_consts, value = sections(primals, num_cond, num_body)
    _, const_ts, value_ts = sections(tangents, num_cond, num_body)
    program, carry = _jvp_body(body, (*nonzero_of(const_ts), *nonzero_of(value_ts)), num_body)
    given = [t for t in const_ts if type(t) is not Zero]
    moving = [instantiate(t) for t, c in zip(value_ts, carry, strict=True) if c]
    outs = while_p.bind(
        *cond_consts,
        *body_consts,
        *given,
        *value,
        *moving,
        cond=_with_more_inputs(params["cond"], program, len(moving)),
        body=program,
        num_cond=num_cond,
        num_body=num_body + len(given),
    )
    found = tangents_of(carry, outs[len(value) :], body.out_avals)
    return outs[: len(value)], found


@memoized
def _jvp_body(
    body: Jaxpr, nonzero: tuple[bool, ...], num_body: int
) -> tuple[Jaxpr, tuple[bool, ...]]:
    """The derivative of a body, and which values get a tangent sooner or later.

    Constants and values are each followed by their tangents.
    """
    consts, carry = nonzero[:num_body], nonzero[num_body:]
    while True:
        program, out = jvp_jaxpr(body, (*consts, *carry), carry)
        if out == carry:
            break
        carry = out
    inputs, given = len(body.invars), sum(consts)
    order = (
        *range(num_body),
        *range(inputs, inputs + given),
        *range(num_body, inputs),
        *range(inputs + given, len(program.invars)),
    )
    return permuted(program, order, None), carry


@memoized
def _with_more_inputs(cond: Jaxpr, body: Jaxpr, count: int) -> Jaxpr:
    """A condition that also takes (and ignores) the last `count` inputs of a body."""
    more = [v.aval for v in body.invars[len(body.invars) - count :]]
    size = len(cond.invars)
    return stage_jaxpr(
        lambda *xs: evaluate(cond, (), *xs[:size]), [*cond.in_avals, *more], name=cond.name
    )


def _no_transpose(cts: Any, *operands: Any, **params: Any) -> list[Any]:
    name = "fori_loop" if params["body"].name.startswith("fori_loop") else "while_loop"
    if name == "fori_loop":
        why = "its bounds are traced, so how often it runs, and how much memory"
        cures = [
            "bounds that are Python integers   jib.lax.fori_loop(0, 100, body_fun, init_val)   "
            "where `jib.jit(f, static_argnames=...)` keeps an argument what it is",
            "or go to the most steps there can be, and keep the value after the last   "
            "jib.lax.fori_loop(0, 100, lambda i, v: jib.lax.cond(i < n, body_fun, "
            "lambda i, v: v, i, v), init_val)",
        ]
    else:
        why = "how often it runs, and so how much memory"
        cures = [
            "say how many steps it takes at most   "
            "jib.lax.while_loop(cond_fun, body_fun, init_val, max_steps=100)",
            "with a known number of steps   jib.lax.fori_loop(0, n, body, x)   where n is an int",
        ]
    raise NoDerivativeError(
        f"`{name}` has no reverse-mode derivative: {why} the way back needs, is known only at run "
        "time",
        help=[*cures, f"jib.jvp and jib.jacfwd work through `{name}`"],
    )


def _while_partial_eval(split: Any, args: Any, unknown: Any, params: dict[str, Any]) -> list[Any]:
    """Run what is known now, and the whole loop again where something is unknown.

    The values of every step would take an unbounded amount of memory.
    """
    cond, body = params["cond"], params["body"]
    num_cond, num_body = params["num_cond"], params["num_body"]
    cond_unknown, consts, carry = sections(tuple(unknown), num_cond, num_body)
    while True:
        parts = partial_eval_jaxpr(body, (*consts, *carry), carry)
        if parts.out_unknown == carry:
            break
        carry = parts.out_unknown
    flags = (*cond_unknown, *carry)
    if all(carry) or any(partial_eval_jaxpr(cond, flags).out_unknown):
        return split.recorder.process(while_p, args, params)
    keep = [i < carry.count(False) for i in range(len(parts.known.outvars))]
    small = select_outputs(parts.known, keep)
    kept_cond = dce_jaxpr(cond, (True,), tuple([not u for u in flags]))[0]
    counts = {"num_cond": cond_unknown.count(False), "num_body": consts.count(False)}
    known = tuple(pick(args, (*flags[:num_cond], *consts, *carry), False))
    outs = split.parent.process(while_p, known, {"cond": kept_cond, "body": small, **counts})
    operation = "the derivative of `while_loop`"
    cond, body = (without_effects(p, operation) for p in (cond, body))
    programs = {"cond": without_key_uses(cond), "body": without_key_uses(body)}
    again = split.recorder.process(while_p, args, {**params, **programs})
    waiting = pick(again, carry)
    return merge(carry, waiting, outs)


def _while_batch(axis: Any, args: Any, dims: Any, **params: Any) -> tuple[Any, Any]:
    num_cond, num_body = params["num_cond"], params["num_body"]
    cond_mapped, consts, carry = sections(tuple([d is not None for d in dims]), num_cond, num_body)
    while True:
        body, out = batch_jaxpr(params["body"], axis, (*consts, *carry), carry)
        cond, (differs,) = batch_jaxpr(params["cond"], axis, (*cond_mapped, *carry))
        wider = (True,) * len(out) if differs else out
        if wider == carry:
            break
        carry = wider
    if differs:
        refuse_batch("while_loop", cond, body)
        cond, body = _until_all(cond, body, num_cond, num_body)
    mapped = (*cond_mapped, *consts, *carry)
    moved = [
        to_batch_axis(x, d, axis) if m else x for x, d, m in zip(args, dims, mapped, strict=True)
    ]
    if differs:  # the body asks the condition as well
        moved = [*moved[:num_cond], *moved[:num_cond], *moved[num_cond:]]
        num_body += num_cond
    outs = while_p.bind(*moved, cond=cond, body=body, num_cond=num_cond, num_body=num_body)
    return outs, [0 if m else None for m in carry]


@memoized
def _until_all(cond: Jaxpr, body: Jaxpr, num_cond: int, num_body: int) -> tuple[Jaxpr, Jaxpr]:
    """A batched loop that runs until no member goes on; members that are done keep their value.

    The body takes the constants of the condition, its own constants, and the value.
    """

    def any_goes_on(*args: Any) -> list[Any]:
        (going,) = evaluate(cond, (), *args)
        return [lax.reduce_or(going, (0,))]

    def step(*args: Any) -> list[Any]:
        cond_consts, consts, value = sections(args, num_cond, num_body)
        (going,) = evaluate(without_key_uses(cond), (), *cond_consts, *value)
        new = evaluate(body, (), *consts, *value)
        return [_where(going, a, b) for a, b in zip(new, value, strict=True)]

    cond_avals, value_avals = cond.in_avals[:num_cond], body.in_avals[num_body:]
    return (
        stage_jaxpr(any_goes_on, cond.in_avals, name=cond.name),
        stage_jaxpr(step, [*cond_avals, *body.in_avals[:num_body], *value_avals], name=body.name),
    )


def _where(going: Any, new: Any, old: Any) -> Any:
    """`new` where the members of the batch go on; the batch axis is the first."""
    shape = aval_of(new).shape
    mask = going if len(shape) == 1 else lax.broadcast_in_dim(going, shape, (0,))
    return lax.select(mask, new, old)


def _while_dce(used: list[bool], eqn: Equation) -> Equation:
    params = eqn.params
    cond, body = params["cond"], params["body"]
    num_cond, num_body = params["num_cond"], params["num_body"]
    _, cond_needs = dce_jaxpr(cond, (True,))
    carry = tuple(u or n for u, n in zip(used, cond_needs[num_cond:], strict=True))
    while True:
        small, needed = dce_jaxpr(body, carry, (*[False] * num_body, *carry))
        if needed[num_body:] == carry:
            break
        carry = needed[num_body:]
    small_cond, kept_cond = dce_jaxpr(cond, (True,), (*[False] * num_cond, *carry))
    kept = (*kept_cond[:num_cond], *needed)
    counts = {"num_cond": sum(kept[:num_cond]), "num_body": sum(needed[:num_body])}
    return eqn.replace(
        invars=pick(eqn.invars, kept),
        outvars=pick(eqn.outvars, carry),
        params={"cond": small_cond, "body": small, **counts},
    )


def _while_lower(
    ctx: LoweringContext, *values: Any, cond: Jaxpr, body: Jaxpr, num_cond: int, num_body: int
) -> list[Any]:
    cond_consts, body_consts, value = sections(values, num_cond, num_body)
    types = [x.type for x in value]
    loop = mlir.emit_many("stablehlo.while", types, list(value), regions=2)
    test, step = loop.regions
    emit_region(ctx.module, test, types, lambda c, *v: inline_jaxpr(c, cond, [*cond_consts, *v]))
    emit_region(ctx.module, step, types, lambda c, *v: inline_jaxpr(c, body, [*body_consts, *v]))
    return list(loop.results)


while_p = Primitive(
    "while",
    type=_while_type,
    numpy=_while_numpy,
    jvp=_while_jvp,
    transpose=_no_transpose,
    batch=_while_batch,
    lower=_while_lower,
    multiple_results=True,
    effects=lambda *, cond, body, **_: cond.effects | body.effects,
    partial_eval=_while_partial_eval,
    dce=_while_dce,
)
