"""Jaxprs as text: one equation a line, `name:type = primitive[parameters] operands`."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from jib.core.avals import aval_to_string
from jib.core.sources import resolve

if TYPE_CHECKING:
    from jib.core.jaxpr import Equation, Jaxpr, Literal, Var

__all__ = ["Names", "equation_to_string", "jaxpr_to_string", "literal_to_string", "names_of"]

_WIDTH = 100  # what fits in a line of this length is not broken
_INDENT = "  "


class Names:
    """The names of variables in one printed program: a, b, ..., z, ba, bb, ... as they appear."""

    def __init__(self, unused: Iterable[Var] = ()) -> None:
        self._known: dict[Any, str] = dict.fromkeys(unused, "_")
        self._fresh = map(_letters, itertools.count())

    def of(self, atom: Var | Literal) -> str:
        """The name of a variable, or the value of a literal with its type."""
        value = getattr(atom, "val", None)  # of a literal
        if value is not None:
            return f"{literal_to_string(value)}:{_short(atom)}"
        known = self._known.get(atom)
        if known is None:
            known = self._known[atom] = next(self._fresh)
        return known

    def bind(self, atom: Var) -> str:
        """The name of a variable with its type, as it stands where the variable is bound."""
        return f"{self.of(atom)}:{_short(atom)}"


def _letters(number: int) -> str:
    digits = []
    while True:
        number, digit = divmod(number, 26)
        digits.append(string.ascii_lowercase[digit])
        if not number:
            return "".join(reversed(digits))


def _short(atom: Any) -> str:
    return aval_to_string(atom.aval, short=True)


def literal_to_string(value: Any) -> str:
    """A scalar as a program shows it: `2.0`, `True`, `(1+2j)`."""
    return str(value.item() if isinstance(value, np.generic) else value)


def jaxpr_to_string(jaxpr: Jaxpr, *, source_info: bool = False) -> str:
    """A program as text; `source_info` adds the place in the user's code to each equation.

    Example:
        >>> from jib import lax
        >>> from jib.core.avals import ShapedArray
        >>> from jib.passes.stage import stage_jaxpr
        >>> stage_jaxpr(lambda x: [lax.mul(x, 2.0)], [ShapedArray((3,), "float32")])
        { lambda ; a:f32[3]. let b:f32[3] = mul a 2.0:f32[] in (b,) }
    """
    return "\n".join(_jaxpr_lines(jaxpr, Names(_unused(jaxpr)), source_info, _WIDTH))


def equation_to_string(eqn: Equation, names: Names | None = None) -> str:
    """One equation alone; its variables have new names unless those of a program are given."""
    return "\n".join(_equation_lines(eqn, names or Names(), False, _WIDTH))


def names_of(jaxpr: Jaxpr) -> Names:
    """The names that the printed program shows."""
    names = Names(_unused(jaxpr))
    _jaxpr_lines(jaxpr, names, False, _WIDTH)
    return names


def _unused(jaxpr: Jaxpr) -> set[Var]:
    """The results that nothing reads, here and in nested programs; they print as `_`."""
    used: set[Any] = set()
    bound: set[Var] = set()
    waiting = [jaxpr]
    while waiting:
        program = waiting.pop()
        used.update(program.outvars)
        for eqn in program.eqns:
            used.update(eqn.invars)
            bound.update(eqn.outvars)
            waiting += [inner for _, inner in _nested(eqn.params.values())]
    return bound - used


def _nested(values: Iterable[Any]) -> list[tuple[Any, Jaxpr]]:
    """The jaxprs among parameter values, each beside the value that holds it."""
    found = []
    for value in values:
        for item in value if isinstance(value, tuple) else (value,):
            inner = getattr(item, "jaxpr", item)  # a closed jaxpr holds one
            if hasattr(inner, "eqns") and hasattr(inner, "invars"):
                found.append((value, inner))
    return found


def _jaxpr_lines(jaxpr: Jaxpr, names: Names, source_info: bool, width: int) -> list[str]:
    head = " ".join(map(names.bind, jaxpr.constvars))
    head = f"{{ lambda {head}{' ' if head else ''}; {' '.join(map(names.bind, jaxpr.invars))}. let"
    equations = []
    for eqn in jaxpr.eqns:
        equations += [_equation_lines(eqn, names, source_info, width - 4)]
    outs = [names.of(v) for v in jaxpr.outvars]
    tail = f"in ({', '.join(outs)}{',' if len(outs) == 1 else ''}) }}"
    if not source_info and all(len(lines) == 1 for lines in equations):
        body = "; ".join(lines[0] for lines in equations)
        whole = " ".join(part for part in (head, body, tail) if part)
        if len(whole) <= width:
            return [whole]
    body_lines = [2 * _INDENT + line for lines in equations for line in lines]
    return [head, *body_lines, _INDENT + tail]


def _equation_lines(eqn: Equation, names: Names, source_info: bool, width: int) -> list[str]:
    operands = "".join(f" {names.of(v)}" for v in eqn.invars)
    results = " ".join(map(names.bind, eqn.outvars))
    head = f"{results} = {eqn.primitive}" if results else f"{eqn.primitive}"
    end = operands + (_place(eqn) if source_info else "")
    if not eqn.params:
        return [head + end]
    shown = {name: _param_lines(v, names, source_info, width) for name, v in eqn.params.items()}
    if not _nested(eqn.params.values()):
        flat = " ".join(f"{name}={lines[0]}" for name, lines in shown.items())
        whole = f"{head}[{flat}]{end}"
        if len(whole) <= width and all(len(lines) == 1 for lines in shown.values()):
            return [whole]
    inner = []
    for name, lines in shown.items():
        inner += [f"{_INDENT}{name}={lines[0]}", *(_INDENT + line for line in lines[1:])]
    return [f"{head}[", *inner, f"]{end}"]


def _param_lines(value: Any, names: Names, source_info: bool, width: int) -> list[str]:
    nested = [inner for _, inner in _nested([value])]
    if nested:
        lines = [_jaxpr_lines(inner, names, source_info, width - 4) for inner in nested]
        if not isinstance(value, tuple):
            return lines[0]
        return ["(", *(_INDENT + line for program in lines for line in program), ")"]
    if callable(value) and hasattr(value, "__name__"):  # its address says nothing
        return [value.__name__]
    if isinstance(value, str | np.dtype) or hasattr(value, "physical_shape"):
        return [str(getattr(value, "name", value))]
    if isinstance(value, np.generic):
        return [literal_to_string(value)]
    return repr(value).split("\n")


def _place(eqn: Equation) -> str:
    if eqn.source is None:
        return ""
    span = resolve(eqn.source)
    function = f" ({span.function})" if span.function else ""
    return f"  # {span.short_file}:{span.first_line}{function}"
