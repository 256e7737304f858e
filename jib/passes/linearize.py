"""Linearization: run the primal program now, record the tangent program for later.

The tangent operations of `jvp` rules are split off: whatever touches a tangent is recorded, all
else runs in the trace around. The recorded program is linear, so it can be applied many times
(`linearize`) or walked backwards (`vjp`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jib.core.jaxpr import Jaxpr
from jib.core.tracing import Trace, aval_of, context, tracing
from jib.core.zeros import Zero, float0, tangent_aval
from jib.passes.jvp import JVPTrace, unzip
from jib.passes.stage import StageTrace, StageTracer

__all__ = ["SplitTrace", "linearize"]


class SplitTrace(Trace):
    """Sends operations on unknown values to a recorder, and all others to the trace around."""

    __slots__ = ("parent", "recorder")

    def __init__(self, parent: Trace, recorder: StageTrace) -> None:
        self.parent = parent
        self.recorder = recorder

    def is_unknown(self, x: Any) -> bool:
        """Whether a value is a variable of the recorded program."""
        return type(x) is StageTracer and x._trace is self.recorder

    def process(self, primitive: Any, args: tuple, params: dict[str, Any]) -> Any:
        """Run now, record, or (for primitives that hold programs) do some of both."""
        recorder = self.recorder
        unknown = [type(x) is StageTracer and x._trace is recorder for x in args]
        if True not in unknown:
            return self.parent.process(primitive, args, params)
        if primitive.partial_eval is not None and False in unknown:
            return primitive.partial_eval(self, args, unknown, params)
        return recorder.process(primitive, args, params)


def linearize(
    function: Callable[..., Sequence[Any]],
    primals: Sequence[Any],
    linear: Sequence[bool] | None = None,
) -> tuple[list[Any], Jaxpr, list[Any], list[bool]]:
    """Evaluate a flat function, and record its derivative at that point.

    `linear` says which inputs are differentiated (all, by default); the others have no tangent.
    Returns the results, the linear program (from tangents of the linear inputs to tangents of the
    results that depend on them), the constants of that program, and which results those are.
    """
    parent = context.trace
    recorder = StageTrace()
    trace = JVPTrace(parent, SplitTrace(parent, recorder))
    tangents = []
    for i, x in enumerate(primals):
        aval = tangent_aval(aval_of(x))
        tangent: Any = Zero(aval)
        if linear is None or linear[i]:
            given = recorder.argument(aval)
            if aval.dtype != float0:  # tangents of integers are always zero
                tangent = given
        tangents.append(tangent)
    with tracing(trace):
        outs = function(*map(trace.pack, primals, tangents))
        results, out_tangents = unzip(trace, outs)
    depends = [type(t) is not Zero for t in out_tangents]
    kept = [t for t in out_tangents if type(t) is not Zero]
    program, consts = recorder.finish(kept, "linear")
    return results, program, consts, depends
