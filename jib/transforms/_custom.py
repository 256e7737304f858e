"""What functions with derivatives of their own share: their call, and where it is interpreted."""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from jib.core.avals import AxisData, ShapedArray
from jib.core.jaxpr import Jaxpr
from jib.core.primitive import Primitive
from jib.core.scalars import widened
from jib.core.tracing import aval_of, context, is_eager, set_trace, traced_with
from jib.core.zeros import Zero, float0, tangent_aval
from jib.errors import ArgumentTypeError, ArgumentValueError, NoDerivativeError, StructureError
from jib.lax._programs import leading
from jib.passes.batch import batch_jaxpr, batched, to_batch_axis
from jib.passes.jvp import JVPTrace
from jib.passes.linearize import SplitTrace
from jib.passes.lower import inline_jaxpr
from jib.passes.reference import evaluate_jaxpr_numpy
from jib.passes.stage import stage
from jib.passes.transpose import backward_pass
from jib.transforms import _calls
from jib.tree import tree_registry

__all__ = ["BatchedRule", "CustomCall", "CustomFunction", "checked", "interpret", "rule_call"]

flatten = tree_registry.flatten


def positional(fun: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> tuple:
    """All arguments by position, with defaults filled in."""
    try:
        signature = inspect.signature(fun)
    except (TypeError, ValueError):
        if kwargs:
            raise ArgumentTypeError(
                f"`{_calls.function_name(fun)}` has no signature, so pass arguments by position"
            ) from None
        return args
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    if bound.kwargs:
        raise ArgumentTypeError(
            f"`{_calls.function_name(fun)}` has its own derivative rule, so each argument needs a "
            f"position, but {', '.join(bound.kwargs)} can be passed by keyword only",
            help="remove the `*` from its signature",
        )
    return bound.args


def nondiff_positions(
    fun: Callable[..., Any], nums: int | Sequence[int], names: str | Sequence[str]
) -> tuple[int, ...]:
    """Positions of the arguments that are not differentiated."""
    nums, names = _calls.as_tuple(nums), _calls.as_tuple(names, str)
    if not names:
        return nums
    parameters = list(inspect.signature(fun).parameters)
    for name in names:
        if name not in parameters:
            raise ArgumentValueError(
                f"`{_calls.function_name(fun)}` has no argument `{name}` (nondiff_argnames)",
                help=f"its arguments are {', '.join(parameters)}",
            )
    return (*nums, *(parameters.index(name) for name in names))


class CustomCall:
    """One call: the arguments that are differentiated, flat, and the others."""

    __slots__ = ("fixed", "fun", "in_tree", "leaves", "out_trees", "positions", "size")

    def __init__(self, fun: Any, nondiff: Sequence[int], args: tuple) -> None:
        n = len(args)
        skipped = {i % n for i in nondiff if -n <= i < n}
        self.fun = fun
        self.size = n
        self.positions = [i for i in range(n) if i not in skipped]
        self.fixed = {i: args[i] for i in sorted(skipped)}
        leaves, self.in_tree = flatten(tuple(args[i] for i in self.positions))
        self.leaves = widened(leaves)
        self.out_trees: list[Any] = []

    def skeleton(self) -> CustomCall:
        """The call without its values, for a rule that outlives it."""
        made = copy.copy(self)
        made.leaves = []
        return made

    def arguments(self, leaves: Sequence[Any]) -> tuple:
        """The differentiated arguments, made of other leaves."""
        return self.in_tree.unflatten(leaves)

    def all_arguments(self, leaves: Sequence[Any]) -> list[Any]:
        """All arguments, those that are not differentiated included."""
        given = iter(self.arguments(leaves))
        return [self.fixed[i] if i in self.fixed else next(given) for i in range(self.size)]

    def flat(self, *leaves: Any) -> list[Any]:
        """The function itself on flat values."""
        outs, tree = flatten(self.fun(*self.all_arguments(leaves)))
        self.out_trees[:] = [tree]
        return outs

    def staged(self, memo: dict[Any, Any], name: str) -> tuple[Jaxpr, list[Any], Any]:
        """The program of the call, its constants and its out tree, unless `memo` knows them."""
        key = (self.in_tree, tuple(map(aval_of, self.leaves)))
        found = None if self.fixed else memo.get(key)
        if found is None:
            jaxpr, consts = stage(self.flat, key[1], name=name)
            found = (jaxpr.hoisted, consts, self.out_trees[0])
            if not self.fixed and not consts:
                memo[key] = found
        return found


class CustomFunction:
    """A function with a rule of its own: what `custom_jvp` and `custom_vjp` share."""

    def __init__(
        self,
        fun: Callable[..., Any],
        nondiff_argnums: Sequence[int] = (),
        nondiff_argnames: Sequence[str] = (),
    ) -> None:
        functools.update_wrapper(self, fun)  # type: ignore[arg-type]  # subclasses are callable
        self.fun = fun
        self.nondiff_argnums = nondiff_positions(fun, nondiff_argnums, nondiff_argnames)
        self.symbolic_zeros = False
        self._memo: dict[Any, Any] = {}

    def _interpret(
        self, make_rule: Any, apply: Any, primitive: Primitive, args: tuple, kwargs: dict[str, Any]
    ) -> Any:
        """Call the function; `apply(make_rule(call), primals, tangents)` differentiates it."""
        call = CustomCall(self.fun, self.nondiff_argnums, positional(self.fun, args, kwargs))
        rule = make_rule(call.skeleton())

        def bind(jaxpr: Jaxpr, consts: list[Any]) -> list[Any]:
            kept = rule if call.fixed else self._memo.setdefault((jaxpr, "rule"), rule)
            return primitive.bind(
                *consts, *call.leaves, jaxpr=jaxpr, rule=kept, num_consts=len(consts)
            )

        return interpret(call, functools.partial(apply, rule), bind, self._memo)


def interpret(
    call: CustomCall,
    differentiate: Callable[[Sequence[Any], Sequence[Any]], tuple[list[Any], list[Any]]],
    bind: Callable[[Jaxpr, list[Any]], list[Any]],
    memo: dict[Any, Any],
) -> Any:
    """Call a function that has a rule of its own.

    Where nothing is traced the function simply runs. Under differentiation the rule does, on the
    values themselves, so it may use Python control flow where those are known. Under every other
    trace the call becomes an equation.
    """
    if is_eager():
        return call.fun(*call.all_arguments(call.leaves))
    trace = context.trace
    if type(trace) is JVPTrace:
        return _differentiated(trace, call, differentiate, bind, memo)
    if type(trace) is SplitTrace and not any(map(trace.is_unknown, call.leaves)):
        return traced_with(trace.parent, interpret, call, differentiate, bind, memo)
    jaxpr, consts, tree = call.staged(memo, "custom")
    return tree.unflatten(bind(jaxpr, consts))


def _differentiated(
    trace: JVPTrace, call: CustomCall, differentiate: Any, bind: Any, memo: Any
) -> Any:
    pairs = [trace.unpack(x) for x in call.leaves]
    if all(t is None for _, t in pairs):
        return traced_with(trace.parent, interpret, call, differentiate, bind, memo)
    primals, tangents = [p for p, _ in pairs], [t for _, t in pairs]
    with set_trace(trace.rules):
        outs, tangents = differentiate(primals, _symbolic_tangents(primals, tangents))
    return call.out_trees[0].unflatten(list(map(trace.pack, outs, tangents)))


def rule_pair(out: Any, rule: str, results: str, help: str) -> tuple[Any, Any]:
    """The two things that a rule returns."""
    if isinstance(out, tuple | list) and len(out) == 2:
        return out[0], out[1]
    raise StructureError(
        f"the {rule} must return a pair of the {results}, not a {type(out).__name__}", help=help
    )


def checked(tangent: Any, aval: ShapedArray, problem: str) -> Any:
    """A (co)tangent that a rule returned for a value of type `aval`; None stands for zeros.

    `problem` is the sentence of the error, with places for `aval`, `wanted` and `found`.
    """
    wanted = tangent_aval(aval)
    if tangent is None or type(tangent) is Zero or wanted.dtype == float0:
        return Zero(wanted)
    found = aval_of(tangent)
    if (found.shape, found.dtype) != (wanted.shape, wanted.dtype):
        raise ArgumentTypeError(problem.format(aval=aval, wanted=wanted, found=found))
    return tangent


def _symbolic_tangents(primals: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
    """The tangents, with a `Zero` for each None."""
    return [
        Zero(tangent_aval(aval_of(p))) if t is None else t
        for p, t in zip(primals, tangents, strict=True)
    ]


@dataclasses.dataclass(frozen=True, repr=False, slots=True)
class BatchedRule:
    """A rule for a batch: everything it returns has its batch axis first."""

    rule: Any
    axis: AxisData
    mapped: tuple[bool, ...]

    @property
    def name(self) -> str:
        return self.rule.name

    def batched(self, flat: Any, values: Sequence[Any], dims: Sequence[int | None]) -> list[Any]:
        """The results of a flat function over the batch, with their batch axis first."""
        outs, out_dims = batched(flat, self.axis, values, dims)
        return [to_batch_axis(x, d, self.axis) for x, d in zip(outs, out_dims, strict=True)]


def rule_call(
    name: str, apply: Callable[..., Any], batched_rule: type[BatchedRule], attribute: str
) -> Primitive:
    """The call of a function that has a rule; `apply(rule, primals, tangents)` differentiates it.

    Operands: what the function closes over (`num_consts` values), then its arguments.
    """

    def jvp(
        primals: Any, tangents: Any, *, jaxpr: Jaxpr, rule: Any, num_consts: int
    ) -> tuple[list[Any], list[Any]]:
        if any(type(t) is not Zero for t in tangents[:num_consts]):
            raise NoDerivativeError(
                f"`{rule.name}` has its own derivative rule, so it cannot be differentiated with "
                "respect to a value that it closes over",
                help=f"pass that value as an argument, and handle it in the rule of `{attribute}`",
            )
        return apply(rule, primals[num_consts:], tangents[num_consts:])

    def batch(
        axis: Any, args: Any, dims: Any, *, jaxpr: Jaxpr, rule: Any, num_consts: int
    ) -> tuple[list[Any], list[int]]:
        mapped, moved = leading(axis, args, dims)
        program, _ = batch_jaxpr(jaxpr, axis, mapped, True)
        made = batched_rule(rule, axis, mapped[num_consts:])
        outs = primitive.bind(*moved, jaxpr=program, rule=made, num_consts=num_consts)
        return outs, [0] * len(outs)

    primitive = Primitive(
        name,
        type=lambda *avals, jaxpr, **_: jaxpr.out_avals,
        numpy=lambda *args, jaxpr, **_: evaluate_jaxpr_numpy(jaxpr, (), args),
        jvp=jvp,
        transpose=lambda cts, *operands, jaxpr, **_: backward_pass(jaxpr, (), operands, cts),
        batch=batch,
        lower=lambda ctx, *values, jaxpr, **_: inline_jaxpr(ctx, jaxpr, values),
        multiple_results=True,
        effects=lambda *, jaxpr, **_: jaxpr.effects,
        partial_eval=lambda split, args, unknown, params: split.recorder.process(
            primitive, args, params
        ),
    )
    return primitive
