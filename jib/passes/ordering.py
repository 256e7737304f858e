"""Ordered effects: a token goes through the program, so that the compiler keeps their order.

The token is a number that each ordered call takes and gives back: what the compiler cannot look
into, it cannot reorder. Programs are traced and transformed without tokens; this pass writes them
in right before lowering, and the runtime hands the token of one program on to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jib.core.avals import ShapedArray
from jib.core.effects import debug_effect, is_ordered, no_effects, ordered_debug_effect
from jib.core.jaxpr import Equation, Jaxpr, Literal, Var, memoized
from jib.errors import EffectError

__all__ = ["TOKEN", "refuse_batch", "with_token", "without_effects"]

TOKEN = ShapedArray((), np.dtype(np.uint32))  # as `backend/execute.py` makes them


@memoized
def with_token(jaxpr: Jaxpr, place: int = 0) -> Jaxpr:
    """The program with a token as input number `place` and as its first output."""
    first = token = Var(TOKEN)
    eqns: list[Equation] = []
    for eqn in jaxpr.eqns:
        if is_ordered(eqn.effects):
            rule = _RULES.get(eqn.primitive.name, _nested)
            token = rule(eqn, token, eqns)
        else:
            eqns.append(eqn)
    invars = [*jaxpr.invars[:place], first, *jaxpr.invars[place:]]
    return jaxpr.replace(invars=invars, outvars=[token, *jaxpr.outvars], eqns=eqns)


def _add(eqn: Equation, token: Var, eqns: list[Equation], place: int, **params: Any) -> Var:
    """Append the equation with the token as operand number `place` and as first result."""
    out = Var(TOKEN)
    invars = [*eqn.invars[:place], token, *eqn.invars[place:]]
    eqns.append(
        eqn.replace(invars=invars, outvars=[out, *eqn.outvars], params={**eqn.params, **params})
    )
    return out


def _callback(eqn: Equation, token: Var, eqns: list[Equation]) -> Var:
    return _add(eqn, token, eqns, 0)


def _nested(eqn: Equation, token: Var, eqns: list[Equation]) -> Var:
    jaxpr = eqn.params.get("jaxpr")
    if not isinstance(jaxpr, Jaxpr) or "mesh" in eqn.params:
        raise EffectError(
            f"an ordered effect inside `{eqn.primitive.name}` has no order: devices run on their "
            "own",
            help="leave out ordered=True",
        )
    return _add(eqn, token, eqns, 0, jaxpr=with_token(jaxpr))


def _scan(eqn: Equation, token: Var, eqns: list[Equation]) -> Var:
    count = eqn.params["num_consts"]
    body = with_token(eqn.params["jaxpr"], count)
    return _add(eqn, token, eqns, count, jaxpr=body, num_carry=eqn.params["num_carry"] + 1)


def _cond(eqn: Equation, token: Var, eqns: list[Equation]) -> Var:
    return _add(eqn, token, eqns, 1, branches=tuple(map(with_token, eqn.params["branches"])))


def _while(eqn: Equation, token: Var, eqns: list[Equation]) -> Var:
    params = eqn.params
    cond, body, num_cond, num_body = (params[k] for k in ("cond", "body", "num_cond", "num_body"))
    if not is_ordered(cond.effects):
        asked = [*cond.invars[:num_cond], Var(TOKEN), *cond.invars[num_cond:]]
        new_body = with_token(body, num_body)
        place = num_cond + num_body
        return _add(eqn, token, eqns, place, cond=cond.replace(invars=asked), body=new_body)
    # The answer of the condition is carried: asked before the loop, and at the end of each turn.
    cond, body = with_token(cond), with_token(body)
    consts, rest = eqn.invars[:num_cond], eqn.invars[num_cond:]
    token, going = _inline(cond, [token, *consts, *rest[num_body:]], eqns)
    turn: list[Equation] = []
    avals = [v.aval for v in eqn.invars]
    inputs = [*map(Var, avals[: num_cond + num_body]), Var(TOKEN), Var(going.aval)]
    inputs += map(Var, avals[num_cond + num_body :])
    at = inputs[num_cond + num_body]
    value = inputs[num_cond + num_body + 2 :]
    at, *new = _inline(body, [at, *inputs[num_cond : num_cond + num_body], *value], turn)
    at, again = _inline(cond, [at, *inputs[:num_cond], *new], turn)
    state = inputs[num_cond + num_body :]
    changed: dict[str, Any] = {
        "cond": Jaxpr((), state, [state[1]], [], name=cond.name),
        "body": Jaxpr((), inputs, [at, again, *new], turn, name=body.name),
        "num_cond": 0,
        "num_body": num_cond + num_body,
    }
    out = Var(TOKEN)
    invars = [*consts, *rest[:num_body], token, going, *rest[num_body:]]
    outvars = [out, Var(going.aval), *eqn.outvars]
    eqns.append(eqn.replace(invars=invars, outvars=outvars, params=changed))
    return out


def _inline(jaxpr: Jaxpr, args: Sequence[Any], eqns: list[Equation]) -> list[Any]:
    """Append the equations of a program, with variables of their own; returns its outputs."""
    env: dict[Any, Any] = dict(zip(jaxpr.invars, args, strict=True))
    read = lambda v: v if type(v) is Literal else env[v]  # noqa: E731
    for eqn in jaxpr.eqns:
        invars = list(map(read, eqn.invars))
        outvars = [Var(v.aval) for v in eqn.outvars]
        env.update(zip(eqn.outvars, outvars, strict=True))
        eqns.append(eqn.replace(invars=invars, outvars=outvars))
    return list(map(read, jaxpr.outvars))


_RULES = {"callback": _callback, "scan": _scan, "cond": _cond, "while": _while}


_LOOKS = frozenset((debug_effect, ordered_debug_effect))


@memoized
def without_effects(jaxpr: Jaxpr, operation: str) -> Jaxpr:
    """The program to run a second time, for `operation`: without calls that only look at values.

    Raises:
        EffectError: if it has other effects, which would happen twice.
    """
    others = [e for e in jaxpr.effects - _LOOKS if e.name != "check"]
    if others:
        raise EffectError(
            f"{operation} computes values a second time, so {others[0]} effects (as of "
            "`io_callback`) in it would happen twice",
            help="move the call out of the function, or look at values by jib.debug.callback",
        )
    if not jaxpr.effects:
        return jaxpr
    eqns = []
    for eqn in jaxpr.eqns:
        if eqn.effects and eqn.primitive.name in ("callback", "check"):
            continue
        if eqn.effects:
            params = {k: _without(v, operation) for k, v in eqn.params.items()}
            eqn = eqn.replace(params=params, effects=no_effects)
        eqns.append(eqn)
    return jaxpr.replace(eqns=eqns, effects=no_effects)


def _without(value: Any, operation: str) -> Any:
    if isinstance(value, tuple):
        return tuple(_without(v, operation) for v in value)
    return without_effects(value, operation) if isinstance(value, Jaxpr) else value


def refuse_batch(operation: str, *programs: Jaxpr) -> None:
    """Raise if programs that run for members of a batch which did not ask for it have effects."""
    for jaxpr in programs:
        for effect in jaxpr.effects:
            if effect.ordered or effect not in _LOOKS:
                raise EffectError(
                    f"under jib.vmap the members of a batch go different ways through `{operation}`"
                    f", so {effect} effects in it would happen for all members",
                    help="jib.lax.map(f, xs) goes through the members one by one",
                )
