"""What functions with derivatives of their own share: their call, and where it is interpreted."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from jib.core.jaxpr import Jaxpr
from jib.core.tracing import aval_of, context, is_eager, swap_trace
from jib.errors import ArgumentTypeError, ArgumentValueError, NoDerivativeError
from jib.passes.jvp import JVPTrace
from jib.passes.linearize import SplitTrace
from jib.passes.stage import stage
from jib.passes.transpose import backward_pass
from jib.transforms import _calls
from jib.tree import tree_registry

__all__ = [
    "CustomCall",
    "closed_over_error",
    "interpret",
    "nondiff_positions",
    "positional",
    "transpose_call",
]

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
    nums = (nums,) if isinstance(nums, int) else tuple(nums)
    names = (names,) if isinstance(names, str) else tuple(names)
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
        self.leaves, self.in_tree = flatten(tuple(args[i] for i in self.positions))
        self.out_trees: list[Any] = []

    def skeleton(self) -> CustomCall:
        """The call without its values, for a rule that outlives it."""
        made = object.__new__(CustomCall)
        for name in self.__slots__:
            setattr(made, name, getattr(self, name))
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

    def key(self, *more: Any) -> Any:
        """What a trace depends on; None when it depends on values."""
        if self.fixed:
            return None
        return (self.in_tree, tuple(map(aval_of, self.leaves)), *more)


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
        return _outside(trace.parent, call, differentiate, bind, memo)
    key = call.key()
    found = memo.get(key) if key is not None else None
    if found is None:
        jaxpr, consts = stage(call.flat, list(map(aval_of, call.leaves)), name="custom")
        found = (jaxpr.hoisted, consts, call.out_trees[0])
        if key is not None and not consts:
            memo[key] = found
    jaxpr, consts, tree = found
    return tree.unflatten(bind(jaxpr, consts))


def _outside(trace: Any, call: CustomCall, *rest: Any) -> Any:
    old = swap_trace(trace)
    try:
        return interpret(call, *rest)
    finally:
        swap_trace(old)


def _differentiated(
    trace: JVPTrace, call: CustomCall, differentiate: Any, bind: Any, memo: Any
) -> Any:
    pairs = [trace.unpack(x) for x in call.leaves]
    if all(t is None for _, t in pairs):
        return _outside(trace.parent, call, differentiate, bind, memo)
    old = swap_trace(trace.rules)
    try:
        outs, tangents = differentiate([p for p, _ in pairs], [t for _, t in pairs])
    finally:
        swap_trace(old)
    return call.out_trees[0].unflatten(list(map(trace.pack, outs, tangents)))


def closed_over_error(name: str, attribute: str) -> NoDerivativeError:
    """The error for a derivative with respect to what the function closes over."""
    return NoDerivativeError(
        f"`{name}` has its own derivative rule, so it cannot be differentiated with respect to a "
        "value that it closes over",
        help=f"pass that value as an argument, and handle it in the rule of `{attribute}`",
    )


def transpose_call(cts: Any, *operands: Any, jaxpr: Jaxpr, **_: Any) -> list[Any]:
    """The `transpose` rule of a call: that of the function itself."""
    return backward_pass(jaxpr, (), operands, cts)
