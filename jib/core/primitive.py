"""The primitive record: one operation with all of its rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jib.core.avals import ShapedArray
from jib.core.effects import Effect, no_effects
from jib.core.tracing import context

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
        raise NotImplementedError(self.reason)

    def __repr__(self) -> str:
        return f"Waived({self.reason!r})"


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
        collective: whether the primitive speaks of mapped axes by name.
    """

    __slots__ = (
        "_types",
        "batch",
        "collective",
        "dce",
        "effects",
        "jvp",
        "lower",
        "multiple_results",
        "name",
        "numpy",
        "partial_eval",
        "transpose",
        "type",
    )

    def __init__(
        self,
        name: str,
        *,
        type: Callable | Waived,
        numpy: Callable | Waived,
        jvp: Callable | Waived,
        transpose: Callable | Waived,
        batch: Callable | Waived,
        lower: Callable | Waived,
        multiple_results: bool = False,
        effects: Callable[..., frozenset[Effect]] | None = None,
        partial_eval: Callable | None = None,
        dce: Callable | None = None,
        collective: bool = False,
    ) -> None:
        if name in primitives:
            raise ValueError(f"there is a primitive named {name!r} already")
        self.name = name
        self.type = type
        self.numpy = numpy
        self.jvp = jvp
        self.transpose = transpose
        self.batch = batch
        self.lower = lower
        self.multiple_results = multiple_results
        self.effects = effects
        self.partial_eval = partial_eval
        self.dce = dce
        self.collective = collective
        self._types: dict[Any, Any] = {}
        primitives[name] = self

    def bind(self, *args: Any, **params: Any) -> Any:
        """Apply the primitive to values under the current trace."""
        return context.trace.process(self, args, params)

    def abstract(self, avals: tuple[ShapedArray, ...], params: dict[str, Any]) -> Any:
        """The types of the results; the `type` rule runs once for each different call."""
        key = (avals, *params.items())
        try:
            return self._types[key]
        except KeyError:
            result = self.type(*avals, **params)
        if len(self._types) >= _TYPE_CACHE_LIMIT:
            self._types.clear()
        self._types[key] = result
        return result

    def effects_of(self, params: dict[str, Any]) -> frozenset[Effect]:
        """The effects of an application with these parameters."""
        return self.effects(**params) if self.effects is not None else no_effects

    def __repr__(self) -> str:
        return self.name
