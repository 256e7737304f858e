"""What reverse mode keeps in memory: `saved_residuals`, `print_saved_residuals`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jib.core.avals import ShapedArray
from jib.core.jaxpr import Jaxpr, Literal
from jib.core.sources import resolve
from jib.core.tracing import aval_of
from jib.passes.linearize import linearize
from jib.passes.stage import stage
from jib.transforms import _calls

__all__ = ["print_saved_residuals", "saved_residuals"]


def saved_residuals(
    f: Callable[..., Any], *args: Any, **kwargs: Any
) -> list[tuple[ShapedArray, str]]:
    """The type and the origin of each value that is kept for the way back through a function.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.ad_checkpoint import saved_residuals
        >>> [(str(aval), origin) for aval, origin in saved_residuals(lambda x: x * x, 3.0)]
        [('float32[]', 'the argument x')]
    """
    leaves, in_tree = _calls.flatten((args, kwargs))
    flat, _ = _calls.flat_function(f, in_tree)
    names = _calls.argument_names(f, args, kwargs)
    jaxpr, consts = stage(lambda *xs: linearize(flat, xs)[2], list(map(aval_of, leaves)))
    del consts
    found = dict.fromkeys(v for v in jaxpr.outvars if not isinstance(v, Literal))
    return [(v.aval, _origin(jaxpr, v, names)) for v in found]


def _origin(jaxpr: Jaxpr, var: Any, names: list[str]) -> str:
    if var in jaxpr.invars:
        return f"the argument {names[list(jaxpr.invars).index(var)]}"
    for eqn in jaxpr.eqns:
        if var in eqn.outvars:
            name = eqn.params.get("name", "") if eqn.primitive.name == "name" else ""
            what = f"named '{name}'" if name else f"output of {eqn.primitive}"
            if eqn.source is None:
                return what
            span = resolve(eqn.source)
            return f"{what} from {span.short_file}:{span.first_line}"
    return "a constant"


def print_saved_residuals(f: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Print, line by line, what `saved_residuals` lists.

    Example:
        >>> from jib.ad_checkpoint import print_saved_residuals
        >>> print_saved_residuals(lambda x: x * x, 3.0)
        float32[] from the argument x
    """
    for aval, origin in saved_residuals(f, *args, **kwargs):
        print(f"{aval} {origin if origin.startswith(('named', 'output')) else f'from {origin}'}")
