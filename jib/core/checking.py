"""The type checker of jaxprs: every equation must be what its primitive's `type` rule says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from jib.core.avals import ShapedArray
from jib.core.effects import no_effects
from jib.core.jaxpr import Equation, Jaxpr, Literal, Var, sub_jaxprs
from jib.core.printing import Names, equation_to_string, names_of
from jib.core.tracing import aval_of
from jib.errors import JaxprTypeError, JibError

__all__ = ["check_jaxpr"]


def check_jaxpr(jaxpr: Jaxpr) -> None:
    """Check that a program is well-formed, down to the programs inside its equations.

    Every variable is bound once, before it is read; the results of every equation have the types
    that the `type` rule of its primitive gives; the effects are those of the equations; a program
    inside an equation has no constants of its own.

    Raises:
        JaxprTypeError: naming the equation and the variable.

    Example:
        >>> from jib.core.avals import ShapedArray
        >>> from jib.core.jaxpr import Jaxpr, Var
        >>> x = Var(ShapedArray((3,), "float32"))
        >>> check_jaxpr(Jaxpr((), [x], [x], []))
    """
    _Checker(jaxpr).check()


class _Checker:
    """One walk over one program."""

    __slots__ = ("bound", "jaxpr", "number")

    def __init__(self, jaxpr: Jaxpr) -> None:
        self.jaxpr = jaxpr
        self.bound: set[Var] = set()
        self.number: int | None = None  # of the equation being checked

    @property
    def names(self) -> Names:
        """The names that the printed program shows; made for a message only."""
        return names_of(self.jaxpr)

    def check(self) -> None:
        for var in (*self.jaxpr.constvars, *self.jaxpr.invars):
            self.bind(var)
        effects = no_effects
        for number, eqn in enumerate(self.jaxpr.eqns):
            self.number = number
            self.equation(eqn)
            effects |= eqn.effects
        self.number = None
        for atom in self.jaxpr.outvars:
            self.read(atom, "the program returns")
        if effects != self.jaxpr.effects:
            self.fail(
                f"a program says that its effects are {_effects(self.jaxpr.effects)}, "
                f"but those of its equations are {_effects(effects)}"
            )

    def equation(self, eqn: Equation) -> None:
        where = f"equation {self.number} (`{eqn.primitive}`)"
        for atom in eqn.invars:
            self.read(atom, f"{where} reads")
        for inner in sub_jaxprs(eqn.params):
            if inner.constvars:
                self.fail(
                    f"{where} holds a program with {len(inner.constvars)} constants, which must be "
                    "operands of the equation",
                    help="jaxpr.hoisted has its constants as leading inputs",
                )
            check_jaxpr(inner)
        expected = self.types(eqn, where)
        if len(expected) != len(eqn.outvars):
            self.fail(
                f"{where} has {len(eqn.outvars)} results where its rule gives {len(expected)}"
            )
        for var, aval in zip(eqn.outvars, expected, strict=True):
            self.bind(var)
            if var.aval is not aval:
                self.fail(
                    f"{where} binds `{self.names.of(var)}` as {_typed(var.aval)}, "
                    f"but the type rule gives {_typed(aval)}"
                )
        effects = eqn.primitive.effects_of(eqn.params)
        if effects != eqn.effects:
            self.fail(
                f"{where} says that its effects are {_effects(eqn.effects)}, "
                f"but its rule gives {_effects(effects)}"
            )

    def types(self, eqn: Equation, where: str) -> Sequence[ShapedArray]:
        """What the `type` rule gives; it runs anew, since a cached answer proves nothing."""
        avals = [v.aval for v in eqn.invars]
        try:
            out = eqn.primitive.infer(tuple(avals), eqn.params)
        except (JibError, TypeError, ValueError) as error:
            listed = ", ".join(map(_typed, avals))
            message = error.message if isinstance(error, JibError) else str(error)
            self.fail(f"{where} does not accept ({listed}): {message}", cause=error)
        return out if eqn.primitive.multiple_results else [out]

    def bind(self, var: Var) -> None:
        if var in self.bound:
            self.fail(f"variable `{self.names.bind(var)}` is bound twice{self.place}")
        self.bound.add(var)

    def read(self, atom: Var | Literal, where: str) -> None:
        if isinstance(atom, Literal):
            aval = aval_of(atom.val)
            if aval.shape != atom.aval.shape or atom.aval.ndim:
                self.fail(f"{where} a literal of type {_typed(atom.aval)}, not of rank 0")
        elif atom not in self.bound:
            self.fail(f"{where} variable `{self.names.bind(atom)}` before it is bound")

    @property
    def place(self) -> str:
        return "" if self.number is None else f" (the second time in equation {self.number})"

    def fail(self, message: str, *, help: str = "", cause: Any = None) -> NoReturn:
        eqn = None if self.number is None else self.jaxpr.eqns[self.number]
        notes = [] if eqn is None else [f"the equation is {equation_to_string(eqn, self.names)}"]
        source = None if eqn is None else eqn.source
        raise JaxprTypeError(message, notes=notes, help=help or (), source=source) from cause


def _typed(aval: ShapedArray) -> str:
    return f"{aval}, weakly typed" if aval.weak_type else str(aval)


def _effects(effects: frozenset) -> str:
    return "{" + ", ".join(sorted(map(str, effects))) + "}" if effects else "none"
