"""Staging: run a function once with tracers and record the operations as a jaxpr."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from jib.core.avals import ShapedArray
from jib.core.jaxpr import Equation, Jaxpr, Literal, ScopedEquation, Var
from jib.core.sources import REBINDING, capture
from jib.core.tracing import Trace, Tracer, aval_of, context, leaked, tracing
from jib.errors import Provenance
from jib.settings import check_tracer_leaks

__all__ = [
    "StageTrace", "StageTracer", "evaluate", "process", "rebind", "scoped", "stage",
    "stage_jaxpr",
]  # fmt: skip


class StageTracer(Tracer):
    """A tracer whose value is a variable of the jaxpr being recorded."""

    __slots__ = ("_var",)
    _trace: StageTrace
    _var: Var

    def __init__(self, trace: StageTrace, var: Var) -> None:
        self._trace = trace
        self._var = var
        self.aval = var.aval

    def provenance(self) -> Provenance | None:
        """The arguments that this value depends on."""
        describe = getattr(self._trace.owner, "describe", None)
        if describe is None:
            return None
        behind: set[Any] = {self._var}
        for eqn in reversed(self._trace.eqns):
            if not behind.isdisjoint(eqn.outvars):
                behind.update(v for v in eqn.invars if type(v) is Var)
        return describe([i for i, var in enumerate(self._trace.invars) if var in behind])

    def origin(self) -> tuple[str, Any]:
        """The traced function, and the place of the operation that made the value."""
        name = getattr(getattr(self._trace.owner, "info", None), "name", "")
        for eqn in self._trace.eqns:
            if self._var in eqn.outvars:
                return name, eqn.source
        return name, None


class StageTrace(Trace):
    """Records equations. `owner` describes the traced function to error messages."""

    __slots__ = ("consts", "constvars", "eqns", "invars", "known", "live", "owner")

    def __init__(self, owner: Any = None) -> None:
        self.eqns: list[Equation] = []
        self.invars: list[Var] = []
        self.constvars: list[Var] = []
        self.consts: list[Any] = []
        self.known: dict[int, Var] = {}  # id of a constant -> its variable
        self.live = True
        self.owner = owner

    def argument(self, aval: ShapedArray) -> StageTracer:
        """A new input of the program."""
        var = Var(aval)
        self.invars.append(var)
        return StageTracer(self, var)

    def atom(self, x: Any) -> Var | Literal:
        """The variable or literal that stands for a value in this program."""
        if type(x) is StageTracer and x._trace is self:
            return x._var
        return self.constant(x)

    def constant(self, x: Any) -> Var | Literal:
        """A value from outside: scalars are written into the program, arrays become constants."""
        aval = aval_of(x)
        if isinstance(x, Tracer):
            if not getattr(x._trace, "live", True):
                raise leaked(x)
        elif not aval.shape and isinstance(x, np.generic | bool | int | float | complex):
            return Literal(x, aval)
        var = self.known.get(id(x))
        if var is None:
            var = self.known[id(x)] = Var(aval)
            self.constvars.append(var)
            self.consts.append(x)  # keeps x alive, so its id stays its own
        return var

    def process(self, primitive: Any, args: tuple, params: dict[str, Any]) -> Any:
        """Record one equation and return tracers of its results."""
        invars = [
            x._var if type(x) is StageTracer and x._trace is self else self.constant(x)
            for x in args
        ]
        out = primitive.abstract(tuple([v.aval for v in invars]), params)
        effects = primitive.effects_of(params) if primitive.effects is not None else frozenset()
        if not self.live:
            raise leaked(next((x for x in args if isinstance(x, Tracer)), None))
        if primitive.multiple_results:
            outvars = [Var(aval) for aval in out]
            self.eqns.append(Equation(primitive, invars, outvars, params, effects, capture(3)))
            return [StageTracer(self, var) for var in outvars]
        var = Var(out)
        self.eqns.append(Equation(primitive, invars, (var,), params, effects, capture(3)))
        return StageTracer(self, var)

    def finish(self, outs: Sequence[Any], name: str = "") -> tuple[Jaxpr, list[Any]]:
        """Seal the trace, and return its jaxpr and the values of its constants."""
        outvars = [self.atom(x) for x in outs]
        self.live = False
        jaxpr = Jaxpr(self.constvars, self.invars, outvars, self.eqns, name=name)
        return jaxpr, self.consts


def stage(
    function: Callable[..., Sequence[Any]],
    in_avals: Sequence[ShapedArray],
    *,
    name: str = "",
    owner: Any = None,
) -> tuple[Jaxpr, list[Any]]:
    """Record `function(*tracers) -> values` as a jaxpr; also return the values it closed over."""
    trace = StageTrace(owner)
    with tracing(trace):
        outs = function(*[trace.argument(aval) for aval in in_avals])
        jaxpr, consts = trace.finish(outs, name)
    if check_tracer_leaks.value:
        del outs
        _check_released(trace)
    return jaxpr, consts


def _check_released(trace: StageTrace) -> None:
    """Raise if a tracer of a finished trace is still held."""
    gc.collect()
    for holder in gc.get_referrers(trace):
        if isinstance(holder, Tracer):
            raise leaked(holder)


@contextlib.contextmanager
def scoped(name: str) -> Iterator[None]:
    """Give what is recorded inside the `with` block the name of a scope, where it has none.

    The names are given afterwards, so recording itself knows nothing of them.
    """
    found, waiting = [], [context.trace]
    while waiting:
        trace = waiting.pop()
        if isinstance(trace, StageTrace):
            found.append((trace.eqns, len(trace.eqns)))
        else:
            around = [getattr(trace, key, None) for key in ("parent", "rules", "recorder")]
            waiting += [t for t in around if t is not None and t is not trace]
    yield
    for eqns, start in found:
        for i in range(start, len(eqns)):
            if type(eqns[i]) is Equation:
                eqns[i] = ScopedEquation.of(eqns[i], name)


def stage_jaxpr(
    function: Callable[..., Sequence[Any]], in_avals: Sequence[ShapedArray], *, name: str = ""
) -> Jaxpr:
    """Record a function that closes over nothing (a pass over a jaxpr, say)."""
    jaxpr, consts = stage(function, in_avals, name=name)
    if consts:
        raise AssertionError(f"{name or function} closed over {len(consts)} values: {consts[:3]}")
    return jaxpr


def rebind(eqn: Equation, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function that does `eqn` in another way, as if from its place and in its scope."""
    if type(eqn) is ScopedEquation:
        with scoped(eqn.scope):
            return function(*args)
    return function(*args)


rebind.__code__ = rebind.__code__.replace(co_filename=REBINDING)


def process(eqn: Equation, operands: tuple) -> Any:
    """Apply an equation to other operands, one frame below `rebind`, as `capture(3)` assumes."""
    return context.trace.process(eqn.primitive, operands, eqn.params)


def evaluate(jaxpr: Jaxpr, consts: Sequence[Any], *args: Any) -> list[Any]:
    """Apply the equations of a jaxpr to values under the current trace."""
    env: dict[Var, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))

    def read(atom: Var | Literal) -> Any:
        return atom.val if isinstance(atom, Literal) else env[atom]

    for eqn in jaxpr.eqns:
        operands = tuple([read(v) for v in eqn.invars])
        out = rebind(eqn, process, eqn, operands)
        if eqn.primitive.multiple_results:
            env.update(zip(eqn.outvars, out, strict=True))
        else:
            env[eqn.outvars[0]] = out
    return [read(v) for v in jaxpr.outvars]
