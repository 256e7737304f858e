"""`custom_vjp`: a function with a reverse-mode derivative of your own."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jib import lax
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of
from jib.core.zeros import UndefinedPrimal, Zero, float0, tangent_aval
from jib.errors import ArgumentValueError, NoDerivativeError, StructureError
from jib.passes.batch import to_batch_axis
from jib.transforms import _calls, _custom
from jib.transforms._custom import BatchedRule, CustomCall, CustomFunction
from jib.transforms.linear import materialize
from jib.tree import tree_registry

__all__ = ["CustomVJPPrimal", "custom_vjp", "custom_vjp_call_p"]

flatten = tree_registry.flatten


class CustomVJPPrimal(NamedTuple):
    """What `fwd` gets for each array with `symbolic_zeros`, and if it is differentiated."""

    value: Any
    perturbed: bool


class custom_vjp(CustomFunction):
    """A function whose reverse-mode derivative is the pair of functions that `defvjp` gives.

    Args:
        fun: the function.
        nondiff_argnums: positions of arguments that are not differentiated: `fwd` gets them where
            they stand, `bwd` gets them first.
        nondiff_argnames: the same, by name.

    Forward mode (`jvp`, `jacfwd`) of such a function raises `NoDerivativeError`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> @jib.custom_vjp
        ... def clipped(x):
        ...     return x
        >>> clipped.defvjp(lambda x: (x, None), lambda _, ct: (jnp.clip(ct, -1, 1),))
        >>> float(jib.grad(lambda x: 5 * clipped(x))(2.0))
        1.0
    """

    fwd: Callable[..., Any] | None = None
    bwd: Callable[..., Any] | None = None

    def defvjp(
        self,
        fwd: Callable[..., Any],
        bwd: Callable[..., Any],
        symbolic_zeros: bool = False,
        optimize_remat: bool = False,
    ) -> None:
        """Set the rule.

        Args:
            fwd: with the arguments of the function, returns `(result, residuals)`.
            bwd: `bwd(*nondiff, residuals, cotangent)` returns a tuple with a cotangent for each
                differentiated argument; None stands for zeros.
            symbolic_zeros: `fwd` gets `CustomVJPPrimal`s, and `bwd` gets `SymbolicZero`s for
                cotangents that are zero.
            optimize_remat: not used: a rematerialized `fwd` is cleaned of dead code anyway.
        """
        self.fwd, self.bwd, self.symbolic_zeros = fwd, bwd, symbolic_zeros
        self._memo.clear()

    @api_boundary
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value of the function."""
        name = _calls.function_name(self.fun)
        if self.fwd is None or self.bwd is None:
            raise ArgumentValueError(
                f"the custom_vjp function `{name}` has no rule yet", help=f"{name}.defvjp(fwd, bwd)"
            )
        rule = functools.partial(_Rule, self.fwd, self.bwd, self.symbolic_zeros, name)
        return self._interpret(rule, _apply_rule, custom_vjp_call_p, args, kwargs)


@dataclasses.dataclass(eq=False, repr=False, slots=True)
class _Rule:
    """A rule on flat values.

    `forward(primals, perturbed)` gives results, residuals and a token; `backward(token, residuals,
    cotangents)` gives a cotangent (it may be `Zero`) for each primal.
    """

    fwd: Callable[..., Any]
    bwd: Callable[..., Any]
    symbolic_zeros: bool
    name: str
    call: CustomCall

    def forward(
        self, primals: Sequence[Any], perturbed: Sequence[bool]
    ) -> tuple[list[Any], list[Any], Any]:
        call = self.call
        avals = tuple(map(aval_of, primals))
        if self.symbolic_zeros:
            primals = list(map(CustomVJPPrimal, primals, perturbed))
        out, kept = _custom.rule_pair(
            self.fwd(*call.all_arguments(primals)),  # type: ignore[misc]
            f"forward rule of custom_vjp function `{self.name}`",
            "result and residuals",
            "return value, residuals",
        )
        outs, tree = flatten(out)
        residuals, residual_tree = flatten(kept)
        call.out_trees[:] = [tree]
        return outs, residuals, (residual_tree, tree, avals)

    def backward(self, token: Any, residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        residual_tree, tree, avals = token
        call = self.call
        given = cts if self.symbolic_zeros else [materialize(ct) for ct in cts]
        out = self.bwd(  # type: ignore[misc]
            *call.fixed.values(), residual_tree.unflatten(residuals), tree.unflatten(given)
        )
        count = len(call.positions)
        if not isinstance(out, tuple | list) or len(out) != count:
            shown = "an array" if hasattr(out, "dtype") else f"a {type(out).__name__}"
            shown += f" of {len(out)}" if isinstance(out, tuple | list) else ""
            raise StructureError(
                f"the backward rule of custom_vjp function `{self.name}` must return a tuple with "
                f"{count} cotangent(s), one for each argument, not {shown}",
                help="return (ct,)   for one argument; None stands for zeros"
                if count == 1
                else f"return {', '.join(f'ct{i}' for i in range(count))}   None stands for zeros",
            )
        found = _calls.per_leaf(tuple(out), call.in_tree)
        problem = (
            f"the backward rule of custom_vjp function `{self.name}` must return a cotangent "
            "of type {wanted} for an argument of type {aval}, but returned {found}"
        )
        return [_custom.checked(ct, aval, problem) for ct, aval in zip(found, avals, strict=True)]


class _BatchedRule(BatchedRule):
    __slots__ = ()

    def forward(
        self, primals: Sequence[Any], perturbed: Sequence[bool]
    ) -> tuple[list[Any], list[Any], Any]:
        tokens: list[Any] = []

        def flat(*values: Any) -> list[Any]:
            outs, residuals, token = self.rule.forward(values, perturbed)
            tokens[:] = [token, len(outs)]
            return [*outs, *residuals]

        found = self.batched(flat, primals, [0 if m else None for m in self.mapped])
        return found[: tokens[1]], found[tokens[1] :], tokens[0]

    def backward(self, token: Any, residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        nonzero = [type(ct) is not Zero for ct in cts]
        given = [ct for ct in cts if type(ct) is not Zero]
        count, axis = len(residuals), self.axis
        known: list[Any] = []

        def flat(*values: Any) -> list[Any]:
            rest = iter(values[count:])
            full = [
                next(rest) if nz else Zero(_unbatched(ct.aval))
                for nz, ct in zip(nonzero, cts, strict=True)
            ]
            found = self.rule.backward(token, values[:count], full)
            known[:] = found
            return [ct for ct in found if type(ct) is not Zero]

        outs = iter(self.batched(flat, [*residuals, *given], [0] * (count + len(given))))
        result = []
        for ct, mapped in zip(known, self.mapped, strict=True):
            if type(ct) is Zero:
                shape = (axis.size, *ct.aval.shape) if mapped else ct.aval.shape
                result.append(Zero(ShapedArray(shape, ct.aval.dtype)))
            else:
                # An argument that the members share gets the sum of their cotangents.
                full = next(outs)
                result.append(full if mapped else lax.reduce_sum(full, (0,)))
        return result


def _unbatched(aval: ShapedArray) -> ShapedArray:
    return ShapedArray(aval.shape[1:], aval.dtype)


def _apply_rule(
    rule: Any, primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """The results by the forward rule; their tangents are linear, and transpose to `backward`."""
    perturbed = tuple([type(t) is not Zero for t in tangents])
    outs, residuals, token = rule.forward(primals, perturbed)
    out_tangents = [tangent_aval(aval_of(x)) for x in outs]
    linear = custom_vjp_linear_p.bind(
        *residuals,
        *(t for t in tangents if type(t) is not Zero),
        rule=rule,
        token=token,
        perturbed=perturbed,
        out_avals=tuple(out_tangents),
    )
    found = iter(linear)
    return outs, [Zero(a) if a.dtype == float0 else next(found) for a in out_tangents]


custom_vjp_call_p = _custom.rule_call("custom_vjp_call", _apply_rule, _BatchedRule, "defvjp")


# -------------------------------------------------------------------------- the tangents, to be
# Operands: residuals, then the tangents of the perturbed arguments. It has a transpose, and nothing
# else: a backward rule does not say what the forward derivative is.


def _no_forward(*args: Any, rule: Any, **params: Any) -> Any:
    raise NoDerivativeError(
        f"`{rule.name}` has a reverse-mode rule only (custom_vjp), so jib.jvp, jib.jacfwd and "
        "jib.linearize cannot differentiate it",
        help=[
            "jib.jacrev in place of jib.jacfwd",
            "a rule for both modes   jib.custom_jvp   with   f.defjvp(rule)",
        ],
    )


def _linear_transpose(
    cts: Any, *operands: Any, rule: Any, token: Any, perturbed: Any, out_avals: Any
) -> list[Any]:
    residuals = [x for x in operands if type(x) is not UndefinedPrimal]
    if len(residuals) + sum(perturbed) != len(operands):
        raise AssertionError("the tangents of a custom_vjp function are linear together")
    given = iter(cts)
    full = [Zero(a) if a.dtype == float0 else next(given) for a in out_avals]
    found = rule.backward(token, residuals, full)
    wanted = [ct for ct, p in zip(found, perturbed, strict=True) if p]
    return [*[None] * len(residuals), *wanted]


def _linear_batch(
    axis: Any, args: Any, dims: Any, *, rule: Any, token: Any, perturbed: Any, out_avals: Any
) -> tuple[list[Any], list[int]]:
    moved = [to_batch_axis(x, d, axis) for x, d in zip(args, dims, strict=True)]
    outs = custom_vjp_linear_p.bind(
        *moved,
        rule=_BatchedRule(rule, axis, (True,) * len(perturbed)),
        token=token,
        perturbed=perturbed,
        out_avals=tuple(ShapedArray((axis.size, *a.shape), a.dtype) for a in out_avals),
    )
    return outs, [0] * len(outs)


custom_vjp_linear_p = Primitive(
    "custom_vjp_linear",
    type=lambda *avals, rule, token, perturbed, out_avals: [
        a for a in out_avals if a.dtype != float0
    ],
    numpy=_no_forward,
    jvp=lambda primals, tangents, **params: _no_forward(**params),
    transpose=_linear_transpose,
    batch=_linear_batch,
    lower=_no_forward,
    multiple_results=True,
)
