"""What of a function's results is known when some arguments are known by shape only."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from jib import tree
from jib.core.avals import ShapeDtypeStruct
from jib.linen.errors import LazyInitError
from jib.passes.dce import dce_jaxpr
from jib.passes.stage import evaluate
from jib.transforms.abstract import make_jaxpr

__all__ = ["known_results", "lazy_init"]


def known_results(
    fun: Callable[..., Any], *unknown: Any, error: Callable[[Any], Exception] = LazyInitError
) -> Any:
    """`fun(*unknown)`, of whose arguments only the shapes are used.

    Raises what `error` gives, if a result depends on the values of an argument.
    """
    program, shapes = make_jaxpr(fun, return_shape=True)(*unknown)
    leaves, kind = tree.flatten(shapes)
    hoisted, constants = program.jaxpr.hoisted, list(program.consts)
    needed, used = dce_jaxpr(hoisted, (True,) * len(leaves))
    if any(used[len(constants) :]):
        for number, leaf in enumerate(leaves):
            only = tuple(i == number for i in range(len(leaves)))
            if any(dce_jaxpr(hoisted, only)[1][len(constants) :]):
                raise error(f"{leaf.dtype}{list(leaf.shape)}")
    given = [x for x, keep in zip(constants, used, strict=False) if keep]
    return kind.unflatten(evaluate(needed, (), *given))


def lazy_init(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes `ShapeDtypeStruct`s for arguments whose values its result needs not."""

    @functools.wraps(fn)
    def lazy(*args: Any, **kwargs: Any) -> Any:
        leaves, kind = tree.flatten((args, kwargs))
        places = [i for i, x in enumerate(leaves) if isinstance(x, ShapeDtypeStruct)]
        if not places:
            return fn(*args, **kwargs)

        def of_unknown(*values: Any) -> Any:
            for place, value in zip(places, values, strict=True):
                leaves[place] = value
            given, named = kind.unflatten(leaves)
            return fn(*given, **named)

        return known_results(of_unknown, *[leaves[i] for i in places])

    return lazy
