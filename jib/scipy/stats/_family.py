"""One way to write a distribution: formulas of the standard form, and the rest follows."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import numpy as jnp
from jib.passes.eager import compiled
from jib.scipy._arguments import promoted
from jib.typing import Array

__all__ = ["distribution", "module", "with_exponential"]

_CUMULATIVE = {"cdf": (0, 1), "sf": (1, 0), "logcdf": (-np.inf, 0), "logsf": (0, -np.inf)}
_TEXT = {
    "logpdf": "The logarithm of the density",
    "pdf": "The density",
    "logpmf": "The logarithm of the probability",
    "pmf": "The probability",
    "cdf": "The probability of a value up to this one",
    "logcdf": "The logarithm of the probability of a value up to this one",
    "sf": "The probability of a value beyond this one",
    "logsf": "The logarithm of the probability of a value beyond this one",
    "ppf": "The value up to which there is this probability",
    "isf": "The value beyond which there is this probability",
}


def module(name: str, **functions: Callable[..., Any]) -> Any:
    """A module of `jib.scipy.stats` with these functions."""
    made = types.ModuleType(f"jib.scipy.stats.{name}", f"The distribution `{name}`.")
    for key, function in functions.items():
        function.__module__, function.__name__ = made.__name__, key
        function.__qualname__ = key
        setattr(made, key, function)
    made.__all__ = sorted(functions)  # type: ignore[attr-defined]
    sys.modules[made.__name__] = made
    return made


def with_exponential(**functions: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """`logpdf` (or `logpmf`), and `pdf` from it."""
    ((name, logarithm),) = functions.items()

    @functools.wraps(logarithm)
    def density(*args: Any, **kwargs: Any) -> Array:
        return jnp.exp(logarithm(*args, **kwargs))

    density.__doc__ = f"{_TEXT[name[3:]]}."
    return {name: logarithm, name[3:]: density}


def _completed(given: dict[str, Any], symmetric: bool) -> dict[str, Any]:
    """The cumulative functions that follow from those given."""
    found = dict(given)

    def follow(name: str, source: str, rule: Callable[[Any], Any]) -> None:
        if name not in found and source in found:
            function = found[source]
            found[name] = lambda y, *shapes: rule(function(y, *shapes))

    if symmetric:
        for name, other in (("sf", "cdf"), ("logsf", "logcdf")):
            if other in given:
                found[name] = lambda y, *shapes, f=given[other]: f(-y, *shapes)
    for name in ("cdf", "sf"):
        follow(name, f"log{name}", jnp.exp)
    for name, other in (("cdf", "sf"), ("sf", "cdf")):
        if name in found and other in found and f"log{name}" not in found:
            found[f"log{name}"] = _log_of_smaller(found[name], found[other])
        follow(f"log{name}", name, jnp.log)
    for name, other in (("cdf", "sf"), ("sf", "cdf")):
        follow(name, other, lambda p: 1 - p)
        follow(f"log{name}", other, lambda p: jnp.log1p(-p))
    return found


def _log_of_smaller(function: Any, rest: Any) -> Callable[..., Any]:
    """The logarithm of a probability near 1 is found from what remains of 1."""

    def logarithm(y: Any, *shapes: Any) -> Any:
        remains = rest(y, *shapes)
        small = remains < 0.5
        near = jnp.log1p(-jnp.where(small, remains, 0.5))
        return jnp.where(small, near, jnp.log(function(y, *shapes)))

    return logarithm


def _standard(table: Any, support: Any, method: str, y: Any, values: Any) -> Any:
    """A function of the standard form, with what holds outside the support."""
    bounds: Any = support(*values) if callable(support) else support
    low, high = bounds
    outside = jnp.logical_or(y < low, y > high)
    if method in ("pmf", "logpmf"):
        outside = jnp.logical_or(outside, jnp.floor(y) != y)
    # Where the density is 0 the formulas get a harmless value.
    endless = not callable(support) and high == np.inf
    safe = (0.0 if low == -np.inf else low + 0.5) if endless else 0.5 * (low + high)
    out = table[method](jnp.where(outside, safe, y), *values)
    if method in _CUMULATIVE:
        below, above = _CUMULATIVE[method]
        return jnp.where(y < low, below, jnp.where(y > high, above, out))
    return jnp.where(outside, -np.inf, out)


def _with_signature(
    evaluate: Callable[..., Any], names: tuple[str, ...], own: tuple[str, ...]
) -> Callable[..., Any]:
    """`evaluate`, called by position or by name; `own` are `loc` and `scale`."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature(
        [
            *(inspect.Parameter(n, kind) for n in names),
            *(inspect.Parameter(n, kind, default=int(n == "scale")) for n in own),
        ]
    )

    defaults = tuple(int(n == "scale") for n in own)

    def function(*args: Any, **kwargs: Any) -> Array:
        given = len(args) - len(names)
        if not kwargs and 0 <= given <= len(own):
            return evaluate(*args, *defaults[given:])
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return evaluate(*bound.args)

    function.__signature__ = signature  # type: ignore[attr-defined]
    return function


def distribution(
    name: str, shapes: str = "", *, parameters: str = "loc scale", support: Any = (-np.inf, np.inf),
    valid: Callable[..., Any] | None = None, symmetric: bool = False, plain: tuple[str, ...] = (),
    spelled: dict[str, str] | None = None, others: dict[str, Any] | None = None,
    **formulas: Callable[..., Any],
) -> Any:  # fmt: skip
    """The module of a distribution.

    Args:
        name: its name.
        shapes: the names of its shape parameters.
        parameters: those of `loc` and `scale` that its functions take besides.
        support: the bounds of the standard form, or a function of the shape parameters.
        valid: a condition on the shape parameters; elsewhere results are NaN.
        symmetric: whether the standard form is symmetric about 0.
        plain: functions without `loc` and `scale`.
        spelled: first arguments with a name of their own.
        others: functions that are there as they are.
        formulas: `logpdf` or `logpmf`, `cdf`, `ppf`, ... of the standard form, each a function of
            the standardised argument and the shape parameters.
    """
    names = shapes.split()
    count = len(names)
    discrete = "logpmf" in formulas
    density = "logpmf" if discrete else "logpdf"
    table = _completed(formulas, symmetric)
    table[density[3:]] = table[density]
    if "ppf" in table and not discrete:
        table.setdefault("isf", lambda q, *values: table["ppf"](1 - q, *values))

    def build(method: str) -> Callable[..., Any]:
        own = () if method in plain else tuple(parameters.split())
        quantile = method in ("ppf", "isf")
        first = (spelled or {}).get(method, "q" if quantile else "k" if discrete else "x")

        @compiled
        def evaluate(*args: Any) -> Any:
            x, *rest = promoted(f"{name}.{method}", *args)
            values = rest[:count]
            loc, scale = (*rest[count:], *(0.0, 1.0)[len(rest) - count :])
            if quantile:
                out = table[method](x, *values)
                out = jnp.where(jnp.logical_or(x < 0, x > 1), np.nan, loc + scale * out)
            else:
                out = _standard(table, support, method, (x - loc) / scale, values)
                if not discrete and method.endswith("pdf"):
                    out = out - jnp.log(scale)
                out = jnp.exp(out) if method in ("pdf", "pmf") else out
            if "scale" in own:
                out = jnp.where(scale > 0, out, np.nan)
            return out if valid is None else jnp.where(valid(*values), out, np.nan)

        function = _with_signature(evaluate, (first, *names), own)
        function.__doc__ = f"{_TEXT[method]}; of the distribution `{name}`."
        return function

    listed = [m for m in _TEXT if m in table]
    return module(name, **{m: build(m) for m in listed}, **(others or {}))
