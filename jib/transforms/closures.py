"""Functions taken apart from the values they close over: `closure_convert`, `custom_gradient`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jib import dtypes
from jib.core.jaxpr import Jaxpr
from jib.core.sources import api_boundary
from jib.core.tracing import Tracer, aval_of
from jib.core.zeros import tangent_aval
from jib.errors import StructureError
from jib.lax._implicit import linear_call_p
from jib.lax._programs import join_constants, trace_body
from jib.passes.stage import evaluate
from jib.transforms import _calls
from jib.transforms.custom_vjp import custom_vjp
from jib.tree._partial import Partial

__all__ = ["closure_convert", "custom_gradient", "linear_call"]


def closure_convert(fun: Callable[..., Any], *example_args: Any) -> tuple[Callable, list[Any]]:
    """A function without traced values in its closure, and those values, to be passed last.

    So `fun` can go through a function with a derivative of its own, which does not see closures.

    Returns:
        `converted` and `values`, where `converted(*args, *values)` is `fun(*args)` for arguments
        typed as `example_args`; the values are the traced floating numbers that `fun` closes over.

    Example:
        >>> import jib
        >>> def scaled(a):
        ...     run, values = jib.closure_convert(lambda x: a * x, 1.0)
        ...     return run(3.0, *values)
        >>> float(jib.grad(scaled)(2.0))
        3.0
    """
    leaves, in_tree = _calls.flatten(example_args)
    body = trace_body(fun, in_tree, list(map(aval_of, leaves)), _calls.function_name(fun))
    moved = [
        isinstance(c, Tracer) and dtypes.issubdtype(c.aval.dtype, np.inexact) for c in body.consts
    ]

    def converted(*args: Any) -> Any:
        count = len(args) - sum(moved)
        given, tree = _calls.flatten(args[:count])
        if tree != in_tree:
            raise StructureError(
                f"`{body.jaxpr.name}` was converted for arguments structured as {in_tree}, and got "
                f"{tree}"
            )
        values = iter(args[count:])
        consts = [next(values) if m else c for c, m in zip(body.consts, moved, strict=True)]
        return body.tree.unflatten(evaluate(body.jaxpr, consts, *given))

    return converted, [c for c, m in zip(body.consts, moved, strict=True) if m]


def custom_gradient(fun: Callable[..., Any]) -> Callable[..., Any]:
    """A function from one that returns its value and its backward rule, together.

    `fun(*args)` returns `(value, rule)`, where `rule(cotangent)` gives the cotangent of the only
    argument, or a tuple with one for each. Reverse mode only, as for `custom_vjp`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> @jib.custom_gradient
        ... def clipped(x):
        ...     return x, lambda ct: jnp.clip(ct, -1, 1)
        >>> float(jib.grad(lambda x: 5 * clipped(x))(2.0))
        1.0
    """

    def forward(*args: Any) -> tuple[Any, Any]:
        value, rule = fun(*args)
        leaves = _calls.flatten(value)[0]
        avals = [tangent_aval(aval_of(x)) for x in leaves]
        body = trace_body(rule, _calls.flatten((value,))[1], avals, "backward")
        return value, Partial(_Backward(body.jaxpr, body.tree), *body.consts)

    def backward(rule: Any, ct: Any) -> tuple:
        found = rule(*_calls.flatten(ct)[0])
        return found if isinstance(found, tuple) else (found,)

    made = custom_vjp(functools.wraps(fun)(lambda *args: fun(*args)[0]))
    made.defvjp(forward, backward)
    return made


class _Backward(NamedTuple):
    """A traced rule: constants first, then the cotangents."""

    jaxpr: Jaxpr
    tree: Any

    def __call__(self, *values: Any) -> Any:
        return self.tree.unflatten(evaluate(self.jaxpr.hoisted, (), *values))


@api_boundary
def linear_call(
    fun: Callable[[Any, Any], Any],
    fun_transpose: Callable[[Any, Any], Any],
    residual_args: Any,
    linear_args: Any,
) -> Any:
    """`fun(residual_args, linear_args)`, a linear function of the second, transposed by hand.

    `fun_transpose(residual_args, ct)` gives the cotangent of `linear_args`; it is itself transposed
    to `fun`. There is no derivative with respect to `residual_args`.

    Example:
        >>> import jib
        >>> from jib.custom_derivatives import linear_call
        >>> halved = lambda x: linear_call(lambda r, x: x / r, lambda r, ct: ct / r, 2.0, x)
        >>> float(jib.grad(halved)(3.0))
        0.5
    """
    leaves, _ = _calls.flatten(linear_args)
    residuals, _ = _calls.flatten(residual_args)
    forward = trace_body(
        fun,
        _calls.flatten((residual_args, linear_args))[1],
        list(map(aval_of, [*residuals, *leaves])),
        _calls.function_name(fun),
    )
    out = forward.tree.unflatten([0] * forward.tree.num_leaves)
    backward = trace_body(
        fun_transpose,
        _calls.flatten((residual_args, out))[1],
        [*map(aval_of, residuals), *map(tangent_aval, forward.out_avals)],
        _calls.function_name(fun_transpose),
    )
    programs, consts = join_constants([forward, backward])
    return forward.tree.unflatten(
        linear_call_p.bind(
            *consts, *residuals, *leaves, programs=tuple(programs),
            num_consts=len(consts) + len(residuals), size=len(forward.out_avals),
        )
    )  # fmt: skip
