"""What the options `debug_nans` and `debug_infs` do: find the operation that made such a value.

Only results of programs are looked at, on the device. Where one is bad, its program runs again,
with a check after each operation.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import dtypes
from jib.core.jaxpr import Jaxpr
from jib.core.tracing import aval_of
from jib.errors import EffectError, NotFiniteError
from jib.passes.dce import without_dead_code
from jib.passes.eager import compile_jaxpr
from jib.passes.key_effects import examiners
from jib.passes.ordering import without_effects
from jib.settings import debug_infs, debug_nans
from jib.transforms import checkify
from jib.transforms.jit import jit

__all__ = ["install"]

_OPTIONS = ((debug_nans, checkify.NaNError), (debug_infs, checkify.InfinityError))
_any_bad = jit(checkify.any_bad, static_argnums=1)


def _examine(jaxpr: Jaxpr, values: Sequence[Any], outs: Sequence[Any]) -> None:
    """Raise if a result of a program that just ran is not what the options ask for."""
    floats = [x for x in outs if dtypes.issubdtype(x.dtype, np.inexact)]
    for option, category in _OPTIONS:
        noun, is_bad = checkify.BAD_VALUES[category]
        if option.value and floats and _any_bad(floats, is_bad):
            notes = [f"{noun} is in a result of `{jaxpr.name}`"] if len(jaxpr.eqns) > 1 else []
            found = _first(jaxpr, values, category)
            message = found.args[0] if found else f"`{jaxpr.name}` made {noun}"
            raise NotFiniteError(message, notes=notes, source=found and found.source)


def _first(jaxpr: Jaxpr, values: Sequence[Any], category: Any) -> Any:
    """The error of the first operation that makes a bad value, if it can be found."""
    try:
        part = without_dead_code(without_effects(jaxpr, "debug_nans"))
    except EffectError:  # it must not run again
        return None
    given = [np.bool_(False), np.int32(0), *values]
    avals = tuple(map(aval_of, given[:2]))
    program, sites = checkify.checked_jaxpr(part, frozenset((category,)), avals)
    state = compile_jaxpr(program, given)(given)[:2]
    return checkify.Error.tree_unflatten(sites, state).get_exception()


def install() -> None:
    """Have the results of all programs looked at while one of the options is set."""
    examiners.append(_examine)
