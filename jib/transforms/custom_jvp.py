"""`custom_jvp`: a function with a forward-mode derivative of your own."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from jib.core.algebra import algebra
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import ArgumentValueError, StructureError
from jib.lax._programs import tangents_of
from jib.transforms import _calls, _custom
from jib.transforms._custom import BatchedRule, CustomCall, CustomFunction
from jib.transforms.linear import materialize
from jib.tree import tree_registry

__all__ = ["custom_jvp", "custom_jvp_call_p"]

flatten = tree_registry.flatten


class custom_jvp(CustomFunction):
    """A function whose derivative is the rule that `defjvp` gives; reverse mode follows from it.

    Args:
        fun: the function.
        nondiff_argnums: positions of arguments that are not differentiated; the rule gets them
            first.
        nondiff_argnames: the same, by name.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> @jib.custom_jvp
        ... def log1pexp(x):
        ...     return jnp.log(1 + jnp.exp(x))
        >>> @log1pexp.defjvp
        ... def rule(primals, tangents):
        ...     (x,), (t,) = primals, tangents
        ...     return log1pexp(x), (1 - 1 / (1 + jnp.exp(x))) * t
        >>> float(jib.grad(log1pexp)(100.0))
        1.0
    """

    jvp: Callable[..., Any] | None = None

    def defjvp(self, jvp: Callable[..., Any], symbolic_zeros: bool = False) -> Callable[..., Any]:
        """Set the rule: `jvp(*nondiff, primals, tangents) -> (result, tangent of the result)`.

        With `symbolic_zeros` a tangent that is zero comes as a `SymbolicZero`, not as an array.
        """
        self.jvp = jvp
        self.symbolic_zeros = symbolic_zeros
        self._memo.clear()
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """Set the rule by one function for each argument, None where the derivative is zero.

        Each is `(tangent, result, *primals) -> its part of the tangent of the result`.
        """

        def rule(primals: Any, tangents: Any) -> tuple[Any, Any]:
            out = self(*primals)
            leaves, tree = flatten(out)
            totals = [materialize(Zero(tangent_aval(aval_of(x)))) for x in leaves]
            for jvp, t in zip(jvps, tangents, strict=True):
                if jvp is not None:
                    parts = flatten(jvp(t, out, *primals))[0]
                    totals = [algebra.add(a, b) for a, b in zip(totals, parts, strict=True)]
            return out, tree.unflatten(totals)

        self.defjvp(rule)

    @api_boundary
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value of the function."""
        name = _calls.function_name(self.fun)
        if self.jvp is None:
            raise ArgumentValueError(
                f"the custom_jvp function `{name}` has no rule yet",
                help=f"@{name}.defjvp   above   def rule(primals, tangents): ...",
            )
        rule = functools.partial(_Rule, self.jvp, self.symbolic_zeros, name)
        return self._interpret(rule, operator.call, custom_jvp_call_p, args, kwargs)


@dataclasses.dataclass(eq=False, repr=False, slots=True)
class _Rule:
    """A rule on flat values: `(primals, tangents) -> (results, tangents)`."""

    jvp: Callable[..., Any]
    symbolic_zeros: bool
    name: str
    call: CustomCall

    def __call__(
        self, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        call = self.call
        given = tangents if self.symbolic_zeros else [materialize(t) for t in tangents]
        out, tangent = _custom.rule_pair(
            self.jvp(*call.fixed.values(), call.arguments(primals), call.arguments(given)),
            f"rule of custom_jvp function `{self.name}`",
            "result and its tangent",
            "return value, tangent",
        )
        outs, tree = flatten(out)
        out_tangents, tangent_tree = flatten(tangent)
        if tree != tangent_tree:
            raise StructureError(
                f"the rule of custom_jvp function `{self.name}` must return a tangent of the "
                f"structure of the result, {tree}, not {tangent_tree}"
            )
        call.out_trees[:] = [tree]
        problem = (
            f"the rule of custom_jvp function `{self.name}` returned a result of type {{aval}}, "
            "whose tangent must be {wanted}, but is {found}"
        )
        pairs = zip(outs, out_tangents, strict=True)
        return outs, [_custom.checked(t, aval_of(x), problem) for x, t in pairs]


class _BatchedRule(BatchedRule):
    __slots__ = ()

    def __call__(
        self, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        count = len(primals)
        nonzero = [type(t) is not Zero for t in tangents]
        shapes: list[Any] = []

        def flat(*values: Any) -> list[Any]:
            avals = [aval_of(p) for p in values[:count]]
            full = tangents_of(nonzero, values[count:], avals)
            outs, found = self.rule(values[:count], full)
            shapes[:] = [len(outs), [type(t) is not Zero for t in found]]
            return [*outs, *(t for t in found if type(t) is not Zero)]

        dims = [0 if m else None for m in self.mapped]
        tangent_dims = [d for d, nz in zip(dims, nonzero, strict=True) if nz]
        given = [t for t in tangents if type(t) is not Zero]
        moved = self.batched(flat, [*primals, *given], [*dims, *tangent_dims])
        outs, rest = moved[: shapes[0]], iter(moved[shapes[0] :])
        return outs, tangents_of(shapes[1], rest, [aval_of(x) for x in outs])


custom_jvp_call_p = _custom.rule_call("custom_jvp_call", operator.call, _BatchedRule, "defjvp")
