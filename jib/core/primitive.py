"""The primitive record: one operation with all of its rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from jib.core.avals import ShapedArray
from jib.core.effects import Effect, no_effects
from jib.core.jaxpr import sub_jaxprs
from jib.core.tracing import boxes, context, unboxed
from jib.errors import NoDerivativeError

__all__ = ["Primitive", "Waived", "primitives"]

# Every primitive by name; the tests walk this table.
primitives: dict[str, Primitive] = {}

_TYPE_CACHE_LIMIT = 4096


class Waived:
    """Stands in a slot that a primitive does not have, with the reason, which the error shows."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __call__(self, *args: Any, **params: Any) -> Any:
        raise NoDerivativeError(self.reason)

    def __repr__(self) -> str:
        return f"Waived({self.reason!r})"


@dataclasses.dataclass(eq=False, repr=False, slots=True, kw_only=True)
class Primitive:
    """One operation of the language, with six rules.

    Args:
        type: `(*avals, **params) -> aval` (a list of avals when `multiple_results`).
        numpy: the reference, `(*arrays, **params) -> array`, evaluated without a compiler.
        jvp: `(primals, tangents, **params) -> (primal_out, tangent_out)`; tangents may be `Zero`.
        transpose: `(cotangent, *operands, **params) -> cotangents`, where the operands to transpose
            are `UndefinedPrimal`, and the answer holds None for the others.
        batch: `(axis, args, dims, **params) -> (out, out_dim)`, where a dim is None or an axis.
        lower: `(ctx, *values, **params) -> value`, which emits StableHLO.
        effects: `(**params) -> effects` of an equation, when there are any.
        partial_eval: only for primitives that hold jaxprs: how to split an equation in a part that
            can run now and a part that waits for unknown operands (see `passes/partial_eval.py`).
        dce: only for primitives that hold jaxprs: `(used_outputs, equation) -> (used, equation)`.
        collective: whether the primitive speaks of mapped axes by name (its parameter `axes`). Its
            `type` rule says along which axes of a device mesh the results vary.
    """

    name: str = dataclasses.field(kw_only=False)
    type: Callable | Waived
    numpy: Callable | Waived
    jvp: Callable | Waived
    transpose: Callable | Waived
    batch: Callable | Waived
    lower: Callable | Waived
    multiple_results: bool = False
    effects: Callable[..., frozenset[Effect]] | None = None
    partial_eval: Callable | None = None
    dce: Callable | None = None
    collective: bool = False
    _types: dict[Any, Any] = dataclasses.field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.name in primitives:
            raise ValueError(f"there is a primitive named {self.name!r} already")
        primitives[self.name] = self

    def bind(self, *args: Any, **params: Any) -> Any:
        """Apply the primitive to values under the current trace."""
        if boxes and not boxes.isdisjoint(map(type, args)):
            args = unboxed(args)
        if context.manual is not None:
            args = context.manual(self, args)
        return context.trace.process(self, args, params)

    def abstract(self, avals: tuple[ShapedArray, ...], params: dict[str, Any]) -> Any:
        """The types of the results; the `type` rule runs once for each different call."""
        key = (avals, *params.items())
        try:
            return self._types[key]
        except KeyError:
            result = self.infer(avals, params)
        if len(self._types) >= _TYPE_CACHE_LIMIT:
            self._types.clear()
        self._types[key] = result
        return result

    def infer(self, avals: tuple[ShapedArray, ...], params: dict[str, Any]) -> Any:
        """The types of the results, by the `type` rule alone (`abstract` remembers them)."""
        result = self.type(*avals, **params)
        varies = context.manual is not None or any([a.vary for a in avals])
        if varies and not self.collective:
            return self._varying(result, avals, params)
        return result

    def _varying(self, result: Any, avals: tuple[ShapedArray, ...], params: dict) -> Any:
        """The result types with the mesh axes along which the results differ.

        Those of all operands together; a program inside the equation knows better.
        """
        programs = sub_jaxprs(params)
        if programs and self.multiple_results:
            known = [p.out_avals for p in programs if len(p.outvars) == len(result)]
            chosen: frozenset[Any] = frozenset()  # along which axes devices take different ways
            if len(programs) > 1:
                chosen = avals[0].vary.union(
                    *(p.out_avals[0].vary for p in programs if len(p.outvars) == 1)
                )
            if known and result:
                return [
                    a.update(vary=chosen.union(*(x.vary for x in found)))
                    for a, found in zip(result, zip(*known, strict=True), strict=True)
                ]
        vary = frozenset().union(*(a.vary for a in avals))
        if self.multiple_results:
            return [a.update(vary=vary) for a in result]
        return result.update(vary=vary)

    def effects_of(self, params: dict[str, Any]) -> frozenset[Effect]:
        """The effects of an application with these parameters."""
        return self.effects(**params) if self.effects is not None else no_effects

    def __repr__(self) -> str:
        return self.name
