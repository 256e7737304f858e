"""Functions with a `vmap` rule of their own: `custom_vmap`, `sequential_vmap`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from jib import lax, tree
from jib.core.jaxpr import Jaxpr
from jib.core.primitive import Primitive
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of, is_eager, traced_with
from jib.errors import ArgumentValueError, ShapeError, StructureError
from jib.lax._programs import leading, trace_body
from jib.passes.jvp import jvp as forward
from jib.passes.lower import inline_jaxpr
from jib.passes.reference import evaluate_jaxpr_numpy
from jib.passes.stage import evaluate
from jib.passes.transpose import backward_pass
from jib.transforms._calls import function_name
from jib.transforms._custom import positional

__all__ = ["custom_vmap", "sequential_vmap"]


class custom_vmap:
    """A function that `vmap` maps by the rule that `def_vmap` gives.

    Derivatives are those of the function (and, over `vmap`, those of the rule): `vmap` over a
    derivative maps what the function does, not the rule.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib.custom_batching import custom_vmap
        >>> @custom_vmap
        ... def total(x):
        ...     return jnp.sum(x)
        >>> @total.def_vmap
        ... def rule(axis_size, in_batched, x):
        ...     return jnp.sum(x, 1), True
        >>> jib.vmap(total)(jnp.ones((3, 2))).tolist()
        [2.0, 2.0, 2.0]
    """

    def __init__(self, fun: Callable[..., Any]) -> None:
        functools.update_wrapper(self, fun)
        self.fun = fun
        self.vmap_rule: Callable[..., Any] | None = None

    def def_vmap(self, vmap_rule: Callable[..., Any]) -> Callable[..., Any]:
        """Set the rule: `vmap_rule(axis_size, in_batched, *args) -> (result, out_batched)`.

        `in_batched` is a list with a tree of booleans for each argument: whether it has the batch
        axis, which stands first. `out_batched` says the same of the result, as a tree or as one
        boolean for all of it.
        """
        self.vmap_rule = vmap_rule
        return vmap_rule

    @api_boundary
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value of the function."""
        name = function_name(self.fun)
        if self.vmap_rule is None:
            raise ArgumentValueError(
                f"the custom_vmap function `{name}` has no rule yet",
                help=f"@{name}.def_vmap   above   def rule(axis_size, in_batched, *args): ...",
            )
        args = positional(self.fun, args, kwargs) if kwargs else args
        if is_eager():
            return self.fun(*args)
        leaves, in_tree = tree.flatten(args)
        body = trace_body(self.fun, in_tree, list(map(aval_of, leaves)), name)
        rule = _Rule(self.vmap_rule, name, in_tree, body.tree)
        return body.tree.unflatten(
            custom_vmap_call_p.bind(
                *body.consts, *leaves, jaxpr=body.jaxpr.hoisted, rule=rule,
                num_consts=len(body.consts),
            )
        )  # fmt: skip


class _Rule(NamedTuple):
    """A rule on flat values: `(size, mapped, values) -> (results, which have the batch axis)`."""

    vmap_rule: Callable[..., Any]
    name: str
    in_tree: Any
    out_tree: Any

    def __call__(self, size: int, mapped: Any, values: Any) -> tuple[list[Any], list[bool]]:
        values = [
            x if hasattr(x, "ndim") else lax.convert_element_type(x, aval_of(x).dtype)
            for x in values
        ]
        found = self.vmap_rule(
            size, list(self.in_tree.unflatten(mapped)), *self.in_tree.unflatten(values)
        )
        if not isinstance(found, tuple | list) or len(found) != 2:
            raise StructureError(
                f"the rule of custom_vmap function `{self.name}` must return a pair of the result "
                f"and which of it has the batch axis, not a {type(found).__name__}",
                help="return result, True",
            )
        outs, structure = tree.flatten(found[0])
        if structure != self.out_tree:
            raise StructureError(
                f"the rule of custom_vmap function `{self.name}` must return a result structured "
                f"as the function's, {self.out_tree}, not {structure}"
            )
        flags = tree.leaves(tree.broadcast(found[1], found[0]))
        for x, flag in zip(outs, flags, strict=True):
            if flag and aval_of(x).shape[:1] != (size,):
                raise ShapeError(
                    f"the rule of custom_vmap function `{self.name}` says that a result has the "
                    f"batch axis, of size {size}, but it is {aval_of(x)}"
                )
        return outs, flags


def _batch(axis: Any, args: Any, dims: Any, *, jaxpr: Jaxpr, rule: Any, num_consts: int) -> Any:
    mapped, moved = leading(axis, args, dims)
    if any(mapped[:num_consts]):
        raise ArgumentValueError(
            f"`{rule.name}` has its own `vmap` rule, so it cannot close over a value that is "
            "mapped",
            help="pass that value as an argument",
        )
    outs, flags = rule(axis.size, list(mapped[num_consts:]), moved[num_consts:])
    return outs, [0 if flag else None for flag in flags]


def _inline(jaxpr: Jaxpr) -> Callable[..., list[Any]]:
    return functools.partial(evaluate, jaxpr, ())


custom_vmap_call_p = Primitive(
    "custom_vmap_call",
    type=lambda *avals, jaxpr, **_: jaxpr.out_avals,
    numpy=lambda *args, jaxpr, **_: evaluate_jaxpr_numpy(jaxpr, (), args),
    jvp=lambda primals, tangents, *, jaxpr, **_: forward(_inline(jaxpr), primals, tangents),
    transpose=lambda cts, *operands, jaxpr, **_: backward_pass(jaxpr, (), operands, cts),
    batch=_batch,
    lower=lambda ctx, *values, jaxpr, **_: inline_jaxpr(ctx, jaxpr, values),
    multiple_results=True,
    effects=lambda *, jaxpr, **_: jaxpr.effects,
    partial_eval=lambda split, args, unknown, params: traced_with(
        split, _inline(params["jaxpr"]), *args
    ),
)


def sequential_vmap(f: Callable[..., Any]) -> custom_vmap:
    """A function that `vmap` maps by a loop, one member of the batch after the other.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib.custom_batching import sequential_vmap
        >>> jib.vmap(sequential_vmap(lambda x: x + 1))(jnp.arange(3)).tolist()
        [1, 2, 3]
    """
    made = custom_vmap(f)

    def rule(axis_size: int, in_batched: Any, *args: Any) -> tuple[Any, Any]:
        leaves, structure = tree.flatten(args)
        flags = tree.leaves(in_batched)
        mapped = [x for x, flag in zip(leaves, flags, strict=True) if flag]

        def one(elements: list[Any]) -> Any:
            given = iter(elements)
            values = [next(given) if flag else x for x, flag in zip(leaves, flags, strict=True)]
            return f(*structure.unflatten(values))

        return lax.map(one, mapped), True

    made.def_vmap(rule)
    return made
