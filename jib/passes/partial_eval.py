"""Partial evaluation: split a program in what can run now and what waits for unknown inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jib.core.jaxpr import Jaxpr, Var, memoized
from jib.core.tracing import traced_with
from jib.passes.linearize import SplitTrace
from jib.passes.stage import StageTrace, evaluate

__all__ = ["Split", "partial_eval_jaxpr"]


class Split(NamedTuple):
    """A program in two parts.

    `known` maps the known inputs to the known outputs, then the residuals. `unknown` maps the
    residuals, then the unknown inputs, to the unknown outputs. `forwarded` gives, for each
    residual that is itself a known input, that input's position (else None).
    """

    known: Jaxpr
    unknown: Jaxpr
    out_unknown: tuple[bool, ...]
    forwarded: tuple[int | None, ...]

    def known_outs(self, outs: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Outputs of the known part, as (results, residuals)."""
        count = self.out_unknown.count(False)
        return list(outs[:count]), list(outs[count:])


@memoized
def partial_eval_jaxpr(
    jaxpr: Jaxpr, unknown: tuple[bool, ...], out_unknown: tuple[bool, ...] | None = None
) -> Split:
    """Split a program by which inputs are unknown.

    Outputs for which `out_unknown` is given as True count as unknown even where they could be known
    (loops need that, to reach a fixed point).
    """
    recorder_known, recorder = StageTrace(), StageTrace()
    args = [
        (recorder if u else recorder_known).argument(aval)
        for aval, u in zip(jaxpr.in_avals, unknown, strict=True)
    ]
    split = SplitTrace(recorder_known, recorder)
    outs = traced_with(split, evaluate, jaxpr, (), *args)
    asked = out_unknown or (False,) * len(outs)
    is_unknown = tuple(a or split.is_unknown(x) for x, a in zip(outs, asked, strict=True))
    waiting, residuals = recorder.finish([x for x, u in zip(outs, is_unknown, strict=True) if u])
    results = [x for x, u in zip(outs, is_unknown, strict=True) if not u]
    known, consts = recorder_known.finish([*results, *residuals])
    if consts:
        raise AssertionError("a program inside an equation has no constants")
    positions: dict[Var, int] = {v: i for i, v in enumerate(known.invars)}
    forwarded = tuple(
        positions.get(v) if isinstance(v, Var) else None for v in known.outvars[len(results) :]
    )
    known.name, waiting.name = f"{jaxpr.name}_known", f"{jaxpr.name}_waiting"
    return Split(known, waiting.hoisted, is_unknown, forwarded)
