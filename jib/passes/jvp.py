"""Forward-mode differentiation: every value carries its tangent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jib.core.algebra import algebra
from jib.core.jaxpr import Jaxpr, memoized
from jib.core.tracing import Trace, Tracer, aval_of, context, swap_trace, tracing
from jib.core.zeros import Zero, tangent_aval
from jib.passes.stage import evaluate, stage_jaxpr

__all__ = ["JVPTrace", "JVPTracer", "instantiate", "jvp", "jvp_jaxpr", "unzip"]


class JVPTracer(Tracer):
    """A primal value with its tangent (a `Zero` when it does not depend on the inputs)."""

    __slots__ = ("primal", "tangent")

    def __init__(self, trace: JVPTrace, primal: Any, tangent: Any) -> None:
        self._trace = trace
        self.primal = primal
        self.tangent = tangent
        self.aval = aval_of(primal)

    @property
    def concrete(self) -> Any:
        """The primal value when it is known now, else None."""
        primal = self.primal
        return primal.concrete if isinstance(primal, Tracer) else primal

    def provenance(self) -> Any:
        """That of the primal value."""
        return self.primal.provenance() if isinstance(self.primal, Tracer) else None

    def origin(self) -> tuple[str, Any]:
        """That of the primal value."""
        return self.primal.origin() if isinstance(self.primal, Tracer) else ("", None)


class JVPTrace(Trace):
    """Applies `jvp` rules. Rules run under `rules`: the trace around, or one that splits."""

    __slots__ = ("live", "parent", "rules")

    def __init__(self, parent: Trace, rules: Trace | None = None) -> None:
        self.parent = parent
        self.rules = parent if rules is None else rules
        self.live = True

    def unpack(self, x: Any) -> tuple[Any, Any]:
        """The primal and the tangent of a value; values of other traces are constants."""
        if type(x) is JVPTracer and x._trace is self:
            return x.primal, x.tangent
        return x, None

    def pack(self, primal: Any, tangent: Any) -> Any:
        """A tracer, or the primal alone when the tangent is zero."""
        if type(tangent) is Zero:
            return primal
        return JVPTracer(self, primal, tangent)

    def process(self, primitive: Any, args: tuple, params: dict[str, Any]) -> Any:
        """Compute the results and their tangents by the primitive's `jvp` rule."""
        primals = []
        tangents: list[Any] = []
        constant = True
        for x in args:
            if type(x) is JVPTracer and x._trace is self:
                primals.append(x.primal)
                tangents.append(x.tangent)
                constant = False
            else:
                primals.append(x)
                tangents.append(None)
        if constant:
            return self.parent.process(primitive, args, params)
        tangents = [
            Zero(tangent_aval(aval_of(x))) if t is None else t
            for x, t in zip(primals, tangents, strict=True)
        ]
        old = swap_trace(self.rules)
        try:
            out, out_tangent = primitive.jvp(primals, tangents, **params)
        finally:
            swap_trace(old)
        if primitive.multiple_results:
            return [self.pack(p, t) for p, t in zip(out, out_tangent, strict=True)]
        return self.pack(out, out_tangent)


def instantiate(tangent: Any) -> Any:
    """The tangent as an array, also where it is a symbolic zero."""
    if type(tangent) is not Zero:
        return tangent
    zeros = algebra.zeros(tangent.aval)
    vary = tangent.aval.vary
    return algebra.vary(zeros, vary) if vary else zeros


def jvp(
    function: Callable[..., Sequence[Any]], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """Evaluate a flat function and its derivative in a direction. Tangents may be `Zero`."""
    trace = JVPTrace(context.trace)
    with tracing(trace):
        outs = function(*map(trace.pack, primals, tangents))
    return unzip(trace, outs)


def unzip(trace: JVPTrace, outs: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The primals and the tangents of the outputs of a traced function."""
    primals, tangents = [], []
    for x in outs:
        primal, tangent = trace.unpack(x)
        primals.append(primal)
        tangents.append(Zero(tangent_aval(aval_of(primal))) if tangent is None else tangent)
    return primals, tangents


@memoized
def jvp_jaxpr(
    jaxpr: Jaxpr, nonzero: tuple[bool, ...], instantiated: tuple[bool, ...] | bool = False
) -> tuple[Jaxpr, tuple[bool, ...]]:
    """The derivative of a program, as a program.

    `nonzero` says which inputs have tangents; the new inputs are the primals and those tangents.
    The new outputs are the primals, then the tangents that are not zero (or that `instantiated`
    asks for); which they are is returned beside it.
    """
    count = len(jaxpr.invars)
    out_nonzero: list[tuple[bool, ...]] = []

    def function(*args: Any) -> list[Any]:
        primals, given = args[:count], iter(args[count:])
        tangents = [
            next(given) if nz else Zero(tangent_aval(v.aval))
            for nz, v in zip(nonzero, jaxpr.invars, strict=True)
        ]
        outs, out_tangents = jvp(lambda *xs: evaluate(jaxpr, (), *xs), primals, tangents)
        asked = (instantiated,) * len(outs) if isinstance(instantiated, bool) else instantiated
        keep = tuple(a or type(t) is not Zero for a, t in zip(asked, out_tangents, strict=True))
        out_nonzero.append(keep)
        kept = [instantiate(t) for k, t in zip(keep, out_tangents, strict=True) if k]
        return [*outs, *kept]

    tangent_avals = [
        tangent_aval(v.aval) for nz, v in zip(nonzero, jaxpr.invars, strict=True) if nz
    ]
    name = f"{jaxpr.name}_jvp" if jaxpr.name else "jvp"
    result = stage_jaxpr(function, [*jaxpr.in_avals, *tangent_avals], name=name)
    return result, out_nonzero[0]
