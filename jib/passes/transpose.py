"""Transposition: walk a linear program backwards, from cotangents of results to those of inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jib.core.algebra import algebra
from jib.core.jaxpr import Equation, Jaxpr, Literal, Var, memoized
from jib.core.zeros import UndefinedPrimal, Zero, tangent_aval
from jib.passes.jvp import instantiate
from jib.passes.stage import process, rebind, stage_jaxpr

__all__ = ["backward_pass", "transpose_jaxpr"]


def backward_pass(
    jaxpr: Jaxpr, consts: Sequence[Any], args: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """The cotangents of the inputs that are `UndefinedPrimal`, and None for the others.

    The program is linear in those inputs; what does not depend on them is evaluated first.
    Cotangents may be `Zero`.
    """
    known, linear_eqns = _forward(jaxpr, consts, args)
    cts: dict[Var, Any] = {}

    def accumulate(atom: Var | Literal, ct: Any) -> None:
        if ct is None or type(ct) is Zero or isinstance(atom, Literal) or atom in known:
            return
        before = cts.get(atom)
        cts[atom] = ct if before is None else algebra.add(before, ct)

    for atom, ct in zip(jaxpr.outvars, cotangents, strict=True):
        accumulate(atom, ct)
    for eqn in reversed(linear_eqns):
        rebind(eqn, _transpose_equation, eqn, known, cts, accumulate)
    return [
        cts.get(var, Zero(tangent_aval(var.aval))) if type(x) is UndefinedPrimal else None
        for var, x in zip(jaxpr.invars, args, strict=True)
    ]


def _forward(
    jaxpr: Jaxpr, consts: Sequence[Any], args: Sequence[Any]
) -> tuple[dict[Var, Any], list[Equation]]:
    """The values that do not depend on undefined inputs, and the equations that do."""
    known: dict[Var, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    for var, x in zip(jaxpr.invars, args, strict=True):
        if type(x) is not UndefinedPrimal:
            known[var] = x
    linear_eqns = []
    for eqn in jaxpr.eqns:
        if all(type(v) is Literal or v in known for v in eqn.invars):
            values = tuple([v.val if isinstance(v, Literal) else known[v] for v in eqn.invars])
            out = rebind(eqn, process, eqn, values)
            outs = out if eqn.primitive.multiple_results else (out,)
            known.update(zip(eqn.outvars, outs, strict=True))
        else:
            linear_eqns.append(eqn)
    return known, linear_eqns


def _transpose_equation(eqn: Equation, known: dict, cts: dict, accumulate: Any) -> None:
    found = [cts.pop(v, None) for v in eqn.outvars]
    if not eqn.effects and all(ct is None for ct in found):
        return
    primitive = eqn.primitive
    operands = [
        v.val if isinstance(v, Literal) else known[v] if v in known else UndefinedPrimal(v.aval)
        for v in eqn.invars
    ]
    if primitive.multiple_results:
        given: Any = [
            Zero(tangent_aval(v.aval)) if ct is None else ct
            for v, ct in zip(eqn.outvars, found, strict=True)
        ]
    else:
        given = found[0]
    for v, ct in zip(eqn.invars, primitive.transpose(given, *operands, **eqn.params), strict=True):
        accumulate(v, ct)


@memoized
def transpose_jaxpr(
    jaxpr: Jaxpr, linear: tuple[bool, ...], nonzero: tuple[bool, ...]
) -> tuple[Jaxpr, tuple[bool, ...]]:
    """The transpose of a program, as a program.

    `linear` says which inputs to transpose, `nonzero` which outputs have cotangents. The new inputs
    are the other inputs, then those cotangents; the new outputs are the cotangents of the linear
    inputs that are not zero, and which they are is returned beside it.
    """
    depends: list[tuple[bool, ...]] = []
    rest = [aval for aval, lin in zip(jaxpr.in_avals, linear, strict=True) if not lin]
    ct_avals = [tangent_aval(a) for a, nz in zip(jaxpr.out_avals, nonzero, strict=True) if nz]

    def function(*values: Any) -> list[Any]:
        known, given = iter(values[: len(rest)]), iter(values[len(rest) :])
        args = [
            UndefinedPrimal(aval) if lin else next(known)
            for aval, lin in zip(jaxpr.in_avals, linear, strict=True)
        ]
        cts = [
            next(given) if nz else Zero(tangent_aval(aval))
            for aval, nz in zip(jaxpr.out_avals, nonzero, strict=True)
        ]
        out = backward_pass(jaxpr, (), args, cts)
        out = [ct for ct, lin in zip(out, linear, strict=True) if lin]
        depends.append(tuple(type(ct) is not Zero for ct in out))
        return [instantiate(ct) for ct in out if type(ct) is not Zero]

    name = f"{jaxpr.name}_transpose" if jaxpr.name else "transpose"
    return stage_jaxpr(function, [*rest, *ct_avals], name=name), depends[0]
