"""Jaxprs: typed, first-order programs that tracing records and every pass reads or writes."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jib.core.avals import ShapedArray
from jib.core.effects import Effect, no_effects
from jib.core.printing import equation_to_string, jaxpr_to_string

if TYPE_CHECKING:
    from jib.core.primitive import Primitive

__all__ = ["ClosedJaxpr", "Equation", "Jaxpr", "Literal", "Var", "memoized", "sub_jaxprs"]


class Var:
    """A variable of a jaxpr, bound once."""

    __slots__ = ("aval",)

    def __init__(self, aval: ShapedArray) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"Var({self.aval})"


class Literal:
    """A scalar written directly into an equation: a Python or NumPy scalar, never an array."""

    __slots__ = ("aval", "val")

    def __init__(self, val: Any, aval: ShapedArray) -> None:
        self.val = val
        self.aval = aval

    def __repr__(self) -> str:
        return f"{self.val}:{self.aval}"


@dataclasses.dataclass(eq=False, repr=False, slots=True)
class Equation:
    """One application of a primitive: `outvars = primitive[params] invars`."""

    primitive: Primitive
    invars: Sequence[Var | Literal]
    outvars: Sequence[Var]
    params: dict[str, Any]
    effects: frozenset[Effect] = no_effects
    source: Any = None

    def replace(self, **changes: Any) -> Equation:
        """The same equation with some fields replaced."""
        return Equation(**{**{name: getattr(self, name) for name in self.__slots__}, **changes})

    def __repr__(self) -> str:
        return equation_to_string(self)


class ScopedEquation(Equation):
    """An equation that was recorded inside `named_scope`; `scope` is the full name."""

    __slots__ = ("scope",)

    @classmethod
    def of(cls, eqn: Equation, scope: str) -> ScopedEquation:
        """The same equation inside a scope."""
        made = cls(**{name: getattr(eqn, name) for name in Equation.__slots__})
        made.scope = scope
        return made

    @property
    def plain(self) -> Equation:
        """The same equation outside of any scope."""
        return Equation(**{name: getattr(self, name) for name in Equation.__slots__})

    def replace(self, **changes: Any) -> Equation:
        """The same equation with some fields replaced."""
        return ScopedEquation.of(self.plain.replace(**changes), self.scope)


class Jaxpr:
    """A program: equations in order, from input variables to output variables.

    `constvars` are the values that the traced function closed over. A jaxpr that stands in the
    parameters of an equation has none: they were turned into operands (`Jaxpr.hoisted`).
    `memo` keeps the results of passes over this jaxpr, for as long as the jaxpr lives.
    """

    __slots__ = ("__weakref__", "constvars", "effects", "eqns", "invars", "memo", "name", "outvars")

    def __init__(
        self,
        constvars: Sequence[Var],
        invars: Sequence[Var],
        outvars: Sequence[Var | Literal],
        eqns: Sequence[Equation],
        effects: frozenset[Effect] | None = None,
        name: str = "",
    ) -> None:
        self.constvars = list(constvars)
        self.invars = list(invars)
        self.outvars = list(outvars)
        self.eqns = list(eqns)
        if effects is None:
            effects = no_effects.union(*(e.effects for e in self.eqns if e.effects))
        self.effects = effects
        self.name = name
        self.memo: dict[Any, Any] = {}

    @property
    def in_avals(self) -> list[ShapedArray]:
        """Types of the inputs."""
        return [v.aval for v in self.invars]

    @property
    def out_avals(self) -> list[ShapedArray]:
        """Types of the outputs."""
        return [v.aval for v in self.outvars]

    @property
    def hoisted(self) -> Jaxpr:
        """The same program with its constants as leading inputs."""
        if not self.constvars:
            return self
        found = self.memo.get("hoisted")
        if found is None:
            invars = [*self.constvars, *self.invars]
            found = self.memo["hoisted"] = self.replace(constvars=(), invars=invars)
        return found

    def replace(self, **changes: Any) -> Jaxpr:
        """The same program with some fields replaced."""
        names = ("constvars", "invars", "outvars", "eqns", "effects", "name")
        return Jaxpr(**{**{name: getattr(self, name) for name in names}, **changes})

    def pretty_print(self, *, source_info: bool = False) -> str:
        """The program as text; `source_info` adds the place in the user's code to each equation."""
        return jaxpr_to_string(self, source_info=source_info)

    def __repr__(self) -> str:
        return jaxpr_to_string(self)


class ClosedJaxpr:
    """A jaxpr together with the values of its constants."""

    __slots__ = ("consts", "jaxpr")

    def __init__(self, jaxpr: Jaxpr, consts: Sequence[Any]) -> None:
        self.jaxpr = jaxpr
        self.consts = list(consts)

    in_avals = property(operator.attrgetter("jaxpr.in_avals"), doc="Types of the inputs.")
    out_avals = property(operator.attrgetter("jaxpr.out_avals"), doc="Types of the outputs.")
    eqns = property(operator.attrgetter("jaxpr.eqns"), doc="The equations of the program.")
    effects = property(operator.attrgetter("jaxpr.effects"), doc="The effects of the program.")

    def pretty_print(self, *, source_info: bool = False) -> str:
        """The program as text; `source_info` adds the place in the user's code to each equation."""
        return jaxpr_to_string(self.jaxpr, source_info=source_info)

    def __repr__(self) -> str:
        return jaxpr_to_string(self.jaxpr)


def sub_jaxprs(params: dict[str, Any]) -> list[Jaxpr]:
    """The jaxprs that stand in the parameters of an equation."""
    found = []
    for value in params.values():
        if isinstance(value, Jaxpr):
            found.append(value)
        elif isinstance(value, tuple):
            found.extend(v for v in value if isinstance(v, Jaxpr))
    return found


def memoized(function: Callable) -> Callable:
    """Remember results of `function(jaxpr, *hashable)` on the jaxpr itself."""

    @functools.wraps(function)
    def wrapper(jaxpr: Jaxpr, *args: Any) -> Any:
        key = (function, args)
        try:
            return jaxpr.memo[key]
        except KeyError:
            result = jaxpr.memo[key] = function(jaxpr, *args)
            return result

    return wrapper


@memoized
def meshes_of(jaxpr: Jaxpr) -> tuple[Any, ...]:
    """The device meshes that the equations of a program speak of."""
    found: dict[Any, None] = {}
    for eqn in jaxpr.eqns:
        if not eqn.params:
            continue
        mesh = eqn.params.get("mesh") or getattr(eqn.params.get("sharding"), "mesh", None)
        if mesh is not None:
            found[mesh] = None
        for inner in sub_jaxprs(eqn.params):
            found.update(dict.fromkeys(meshes_of(inner)))
    return tuple(found)
