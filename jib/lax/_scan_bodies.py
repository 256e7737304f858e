"""What the transforms make of the body of a `scan`: its derivative, its split, its transpose.

A body takes constants, the carry, and one element of each array that is looped over; it returns the
next carry and the results of the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jib.core.algebra import algebra
from jib.core.jaxpr import Jaxpr, memoized
from jib.core.zeros import tangent_aval
from jib.lax._programs import merge, permuted, pick, select_outputs, tangents_of
from jib.passes.dce import without_dead_code
from jib.passes.jvp import instantiate, jvp_jaxpr
from jib.passes.partial_eval import partial_eval_jaxpr
from jib.passes.stage import evaluate, stage_jaxpr
from jib.passes.transpose import transpose_jaxpr

__all__ = ["Split", "jvp_body", "sections", "split_body", "transpose_body"]


def sections(values: Sequence[Any], num_consts: int, num_carry: int) -> tuple[Any, Any, Any]:
    """Constants, carry and the rest."""
    end = num_consts + num_carry
    return values[:num_consts], values[num_consts:end], values[end:]


@memoized
def jvp_body(
    jaxpr: Jaxpr, nonzero: tuple[bool, ...], num_consts: int, num_carry: int
) -> tuple[Jaxpr, tuple[bool, ...], tuple[bool, ...]]:
    """The derivative of a body, for the carries that get a tangent sooner or later.

    Constants, carry and elements are each followed by their tangents; so are the two kinds of
    results. Also returns which operands and which results have tangents.
    """
    consts, carry, xs = sections(nonzero, num_consts, num_carry)
    num_ys = len(jaxpr.outvars) - num_carry
    while True:
        nonzero = (*consts, *carry, *xs)
        program, out = jvp_jaxpr(jaxpr, nonzero, (*carry, *[False] * num_ys))
        if out[:num_carry] == carry:
            break
        carry = out[:num_carry]
    inputs, outputs = len(jaxpr.invars), len(jaxpr.outvars)
    places = iter(range(inputs, len(program.invars)))
    tangent_of = [next(places) if nz else None for nz in nonzero]
    order: list[int] = []
    for part in sections(range(inputs), num_consts, num_carry):
        order += [*part, *(t for t in (tangent_of[i] for i in part) if t is not None)]
    extra = sum(carry)
    out_order = [
        *range(num_carry),
        *range(outputs, outputs + extra),
        *range(num_carry, outputs),
        *range(outputs + extra, len(program.outvars)),
    ]
    return permuted(program, tuple(order), tuple(out_order)), nonzero, out


class Split(NamedTuple):
    """A body in three parts: what needs only constants, what is known, what waits.

    `sources` says where each residual of the waiting part is found: ("const", i) a known constant,
    ("hoisted", i) a result of the first part, ("xs", i) a known array that is looped over, or
    ("stacked", i) a stacked result of the known loop.
    """

    hoisted: Jaxpr | None
    invariant: int  # how many results of `hoisted` are residuals; the rest feed `known`
    known: Jaxpr
    waiting: Jaxpr
    carry_unknown: tuple[bool, ...]
    out_unknown: tuple[bool, ...]
    sources: tuple[tuple[str, int], ...]


@memoized
def split_body(jaxpr: Jaxpr, unknown: tuple[bool, ...], num_consts: int, num_carry: int) -> Split:
    """Split a body so that no residual is stacked which is the same in every step.

    Known constants go straight to the waiting loop; what is computed from them alone is hoisted in
    front of the loops; known arrays that are looped over are looped over again.
    """
    consts, carry, xs = sections(unknown, num_consts, num_carry)
    num_ys = len(jaxpr.outvars) - num_carry
    while True:
        parts = partial_eval_jaxpr(jaxpr, (*consts, *carry, *xs), (*carry, *[False] * num_ys))
        if parts.out_unknown[:num_carry] == carry:
            break
        carry = parts.out_unknown[:num_carry]
    known_consts, known_carry = consts.count(False), carry.count(False)
    results = parts.out_unknown.count(False)
    sources: list[Any] = []
    for position in parts.forwarded:
        if position is not None and position < known_consts:
            sources.append(("const", position))
        elif position is not None and position >= known_consts + known_carry:
            sources.append(("xs", position - known_consts - known_carry))
        else:
            sources.append(None)
    known = select_outputs(parts.known, [*[True] * results, *[s is None for s in sources]])
    hoisted, loop, stacked = None, known, (True,) * (len(known.outvars) - results)
    if not jaxpr.effects:  # effects happen in every step, so such a body is left whole
        hoist = partial_eval_jaxpr(
            known,
            (False,) * known_consts + (True,) * (len(known.invars) - known_consts),
            (True,) * results + (False,) * len(stacked),
        )
        hoisted, loop, stacked = hoist.known, hoist.unknown, hoist.out_unknown[results:]
    loop = _fill_sources(loop, stacked, results, known_carry, sources)
    order = _waiting_order(sources, len(parts.unknown.invars))
    return Split(
        hoisted and without_dead_code(hoisted),
        stacked.count(False),
        loop,
        permuted(parts.unknown, order, None),
        carry,
        parts.out_unknown,
        tuple(sources),
    )


def _fill_sources(
    loop: Jaxpr, stacked: Sequence[bool], results: int, known_carry: int, sources: list[Any]
) -> Jaxpr:
    """Fill in the sources that were left open; returns the loop, with each result once."""
    first: dict[Any, int] = {v: i for i, v in enumerate(loop.outvars[known_carry:results])}
    kept = [True] * results
    open_places = iter([i for i, s in enumerate(sources) if s is None])
    residuals, hoisted = iter(loop.outvars[results:]), 0
    for in_loop in stacked:
        place = next(open_places)
        if not in_loop:
            sources[place] = ("hoisted", hoisted)
            hoisted += 1
            continue
        var = next(residuals)
        kept.append(var not in first)
        sources[place] = ("stacked", first.setdefault(var, kept.count(True) - 1 - known_carry))
    return select_outputs(loop, kept)


def _waiting_order(sources: Sequence[tuple[str, int]], count: int) -> tuple[int, ...]:
    """Residuals that do not change first, then constants, carry and elements, then the others."""
    invariant = [i for i, (kind, _) in enumerate(sources) if kind in ("const", "hoisted")]
    stacked = [i for i, (kind, _) in enumerate(sources) if kind in ("xs", "stacked")]
    return (*invariant, *range(len(sources), count), *stacked)


@memoized
def transpose_body(
    jaxpr: Jaxpr,
    linear: tuple[bool, ...],
    num_consts: int,
    num_carry: int,
    nonzero: tuple[bool, ...],
) -> tuple[Jaxpr, tuple[bool, ...]]:
    """The body of the loop backwards, and which operands get a cotangent from it.

    It takes the known constants; as carry, sums of the cotangents of linear constants and the
    cotangents of the carry; as elements, the cotangents of the results and the known elements.
    """
    consts, _, xs = sections(linear, num_consts, num_carry)
    all_linear = (*consts, *[True] * num_carry, *xs)
    carry, ys = nonzero[:num_carry], nonzero[num_carry:]
    while True:
        program, found = transpose_jaxpr(jaxpr, all_linear, (*carry, *ys))
        depends = tuple(merge(all_linear, found, [False] * len(all_linear)))
        reached = depends[num_consts : num_consts + num_carry]
        wider = tuple(a or b for a, b in zip(carry, reached, strict=True))
        if wider == carry:
            break
        carry = wider
    const_depends, _, x_depends = sections(depends, num_consts, num_carry)
    avals = jaxpr.in_avals
    const_avals, carry_avals, x_avals = sections(avals, num_consts, num_carry)
    known_consts = pick(const_avals, [not lin for lin in consts])
    sums = [tangent_aval(a) for a in pick(const_avals, const_depends)]
    carry_cts = [tangent_aval(a) for a in pick(carry_avals, carry)]
    y_cts = [tangent_aval(a) for a in pick(jaxpr.out_avals[num_carry:], ys)]
    known_xs = pick(x_avals, [not lin for lin in xs])
    groups = [known_consts, sums, carry_cts, y_cts, known_xs]

    def backwards(*values: Any) -> list[Any]:
        rest = iter(values)
        known, so_far, from_carry, from_ys, elements = [[next(rest) for _ in g] for g in groups]
        outs = iter(evaluate(program, (), *known, *elements, *from_carry, *from_ys))
        new_sums = [algebra.add(total, next(outs)) for total in so_far]
        new_carry = tangents_of(reached, outs, carry_avals)
        return [*new_sums, *(instantiate(ct) for ct in pick(new_carry, carry)), *outs]

    body = stage_jaxpr(backwards, [a for g in groups for a in g], name=f"{jaxpr.name}_backwards")
    return body, (*const_depends, *carry, *x_depends)
