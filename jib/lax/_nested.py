"""Primitives that stand for one program: their rules are made of the program's own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from jib.core.jaxpr import Equation, Jaxpr
from jib.core.primitive import Primitive
from jib.core.zeros import Zero
from jib.lax._families import is_linear
from jib.lax._programs import leading, merge, nonzero_of, pick, tangents_of
from jib.passes.batch import batch_jaxpr
from jib.passes.dce import dce_jaxpr
from jib.passes.jvp import jvp_jaxpr
from jib.passes.reference import evaluate_jaxpr_numpy
from jib.passes.transpose import transpose_jaxpr

__all__ = ["nested"]


def nested(
    name: str,
    *,
    lower: Callable[..., Any],
    partial_eval: Callable[..., Any],
    backwards: Callable[[dict[str, Any]], dict[str, Any]] = lambda params: params,
) -> Primitive:
    """A primitive that evaluates its parameter `jaxpr`; it passes its other parameters on.

    `backwards` gives those of the transpose.
    """

    def jvp(primals: Any, tangents: Any, *, jaxpr: Jaxpr, **params: Any) -> tuple[Any, Any]:
        program, out_nonzero = jvp_jaxpr(jaxpr, nonzero_of(tangents))
        given = [t for t in tangents if type(t) is not Zero]
        outs = primitive.bind(*primals, *given, jaxpr=program, **params)
        count = len(jaxpr.outvars)
        return outs[:count], tangents_of(out_nonzero, outs[count:], jaxpr.out_avals)

    def transpose(cts: Any, *operands: Any, jaxpr: Jaxpr, **params: Any) -> list[Any]:
        linear = tuple([is_linear(x) for x in operands])
        program, depends = transpose_jaxpr(jaxpr, linear, nonzero_of(cts))
        given = [ct for ct in cts if type(ct) is not Zero]
        known = pick(operands, linear, False)
        outs = primitive.bind(*known, *given, jaxpr=program, **backwards(params))
        none = itertools.repeat(None)
        return merge(linear, merge(depends, outs, none), none)

    def batch(axis: Any, args: Any, dims: Any, *, jaxpr: Jaxpr, **params: Any) -> Any:
        mapped, moved = leading(axis, args, dims)
        program, out_mapped = batch_jaxpr(jaxpr, axis, mapped)
        outs = primitive.bind(*moved, jaxpr=program, **params)
        return outs, [0 if m else None for m in out_mapped]

    def dce(used: list[bool], eqn: Equation) -> Equation:
        program, needed = dce_jaxpr(eqn.params["jaxpr"], tuple(used))
        return eqn.replace(
            invars=pick(eqn.invars, needed),
            outvars=pick(eqn.outvars, used),
            params={**eqn.params, "jaxpr": program},
        )

    primitive = Primitive(
        name,
        type=lambda *avals, jaxpr, **params: jaxpr.out_avals,
        numpy=lambda *args, jaxpr, **params: evaluate_jaxpr_numpy(jaxpr, (), args),
        jvp=jvp,
        transpose=transpose,
        batch=batch,
        lower=lower,
        multiple_results=True,
        effects=lambda *, jaxpr, **params: jaxpr.effects,
        partial_eval=partial_eval,
        dce=dce,
    )
    return primitive
