"""Dead code elimination."""

from __future__ import annotations

from collections.abc import Sequence

from jib.core.jaxpr import Jaxpr, Var, memoized

__all__ = ["dce_jaxpr", "without_dead_code"]


@memoized
def dce_jaxpr(
    jaxpr: Jaxpr, used_outputs: tuple[bool, ...], keep_inputs: tuple[bool, ...] | bool = False
) -> tuple[Jaxpr, tuple[bool, ...]]:
    """The program for some of its outputs, without what they do not need.

    Inputs that nothing needs are dropped too, but for those that `keep_inputs` names; which inputs
    remain is returned beside the program. The program has no constants (`Jaxpr.hoisted`).
    """
    outvars = [v for v, used in zip(jaxpr.outvars, used_outputs, strict=True) if used]
    live: set[Var] = {v for v in outvars if isinstance(v, Var)}
    eqns = []
    for eqn in reversed(jaxpr.eqns):
        used = [v in live for v in eqn.outvars]
        if not eqn.effects and True not in used:
            continue
        if eqn.primitive.dce is not None and False in used:
            eqn = eqn.primitive.dce(used, eqn)
        eqns.append(eqn)
        live.update([v for v in eqn.invars if type(v) is Var])
    eqns.reverse()
    kept = (keep_inputs,) * len(jaxpr.invars) if isinstance(keep_inputs, bool) else keep_inputs
    used_inputs = tuple(k or v in live for v, k in zip(jaxpr.invars, kept, strict=True))
    invars = [v for v, used in zip(jaxpr.invars, used_inputs, strict=True) if used]
    return Jaxpr((), invars, outvars, eqns, name=jaxpr.name), used_inputs


def without_dead_code(jaxpr: Jaxpr, used_outputs: Sequence[bool] | None = None) -> Jaxpr:
    """The program without equations that nothing needs; the inputs stay as they are."""
    used = (True,) * len(jaxpr.outvars) if used_outputs is None else tuple(used_outputs)
    return dce_jaxpr(jaxpr, used, True)[0]
