"""Loops with a condition and a bound, which so have a reverse mode: `while_loop(max_steps=n)`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentValueError
from jib.lax._families import constant_like
from jib.lax._loops_scan import scan_as
from jib.lax._programs import Body, trace_body
from jib.lax._recompute import again
from jib.lax._reductions import highest, lowest
from jib.passes.stage import evaluate
from jib.tree import tree_registry

__all__ = ["bounded"]


def bounded(name: str, cond: Body, body: Body, carry: Sequence[Any], max_steps: int) -> list[Any]:
    """The last value of a loop of at most `max_steps` steps.

    It runs in turns of about `sqrt(max_steps)` steps. A turn keeps its first value for the way
    back, and is skipped when the loop is done.
    """
    if type(max_steps) is not int or max_steps < 0:
        raise ArgumentValueError(
            f"`max_steps` of `{name}` must be a number of steps, but is {max_steps!r}",
            help="max_steps=100",
        )

    def go(*value: Any) -> list[Any]:
        new = evaluate(body.jaxpr, body.consts, *value)
        return [*evaluate(cond.jaxpr, cond.consts, *new), *new]

    def step(state: Any, _: Any) -> tuple[Any, None]:
        going, *value = state
        return lax.cond(going, go, lambda *v: [constant_like(going, False), *v], *value), None

    def turn(state: list[Any], count: int) -> list[Any]:
        steps = lambda *s: scan_as(name, step, list(s), None, count, False, 1)[0]  # noqa: E731
        leaves, in_tree = tree_registry.flatten(tuple(state))
        traced = trace_body(steps, in_tree, list(map(aval_of, leaves)), f"{name}_turn")
        run = lambda *s: again(traced.jaxpr.hoisted, [*traced.consts, *s], True)  # noqa: E731
        return lax.cond(state[0], run, lambda *s: list(s), *state)

    size = max(math.isqrt(max_steps), 1)
    state = [*evaluate(cond.jaxpr, cond.consts, *carry), *carry]
    state[0] = lax.convert_element_type(state[0], np.bool_)
    turns, rest = divmod(max_steps, size)
    state = scan_as(name, lambda s, _: (turn(s, size), None), state, None, turns, False, 1)[0]
    going, *value = turn(state, rest) if rest else state
    known = getattr(going, "concrete", None) if isinstance(going, Tracer) else going
    if known is None:
        return [_unless(going, x) for x in value]
    if known:
        raise ArgumentValueError(
            f"`{name}` is not done after max_steps={max_steps}: its condition is still true",
            help=f"allow more steps   max_steps={max(2 * max_steps, 1)}",
        )
    return value


def _unless(failed: Any, x: Any) -> Any:
    """The value, or what no one takes for a result. A NaN is multiplied, so derivatives get it."""
    aval = aval_of(x)
    if aval.is_key or aval.dtype == np.bool_:
        return x
    if dtypes.issubdtype(aval.dtype, np.complexfloating):
        return lax.complex(_unless(failed, lax.real(x)), _unless(failed, lax.imag(x)))
    if dtypes.issubdtype(aval.dtype, np.floating):
        one = constant_like(x, 1)
        return lax.mul(x, lax.select(failed, constant_like(x, np.nan), one))
    signed = dtypes.issubdtype(aval.dtype, np.signedinteger)
    mark = (lowest if signed else highest)(aval.dtype)
    return lax.select(failed, lax.full(aval.shape, mark, aval.dtype), x)
