"""Loops over leading axes: `scan` and `map`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.core.algebra import algebra
from jib.core.avals import AxisData, ShapedArray
from jib.core.jaxpr import Equation, Jaxpr
from jib.core.primitive import Primitive
from jib.core.tracing import Trace, aval_of, context, traced_with
from jib.core.zeros import UndefinedPrimal, Zero, tangent_aval
from jib.errors import ArgumentValueError, StructureError
from jib.lax._programs import (
    Body,
    check_structure,
    emit_region,
    merge,
    nonzero_of,
    pick,
    stable_carry,
    stack_aval,
    tangents_of,
    trace_body,
    without_weak_outputs,
)
from jib.lax._recompute import again
from jib.lax._scan_bodies import Split, jvp_body, sections, split_body, transpose_body
from jib.passes.batch import batch_jaxpr, batched, to_batch_axis
from jib.passes.dce import dce_jaxpr
from jib.passes.jvp import instantiate
from jib.passes.lower import LoweringContext, call_jaxpr, inline_jaxpr
from jib.passes.reference import evaluate_jaxpr_numpy
from jib.passes.stage import evaluate, stage_jaxpr
from jib.tree import tree_registry

__all__ = ["map", "scan"]

flatten = tree_registry.flatten


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    _split_transpose: bool = False,
    *,
    remat: str | int | None = None,
) -> tuple[Any, Any]:
    """Run `carry, y = f(carry, x)` over the leading axis of `xs`, compiled as one loop.

    Args:
        f: from a carry and one element of `xs` to the next carry, of the same structure, shapes and
            dtypes, and a result `y`.
        init: the first carry, a tree of arrays.
        xs: a tree of arrays with equal leading axes; None if there is nothing to loop over.
        length: the number of steps, needed when `xs` holds no array.
        reverse: go from the last element to the first; `ys` still stand in the order of `xs`.
        unroll: how many steps to write out in one turn of the loop; True for all of them.
        remat: the way back of reverse mode needs values of every step. With a number k only the
            carry of each k-th step is kept, and the steps between are run again, k at a time; with
            "sqrt", k is about the square root of `length`, and so is the memory: that many carries,
            and the values of that many steps (Griewank and Walther, "Algorithm 799", 2000, go on to
            more levels). `xs` and `ys` have their full size as ever.

    Returns:
        The last carry, and the results `y` stacked along a new first axis.

    Raises:
        CarryError: if the carry changes its shape or dtype.
        StructureError: if `f` does not return a pair, or the carry changes its structure.
        ArgumentValueError: if the leading axes of `xs` have different lengths, or `remat` is
            neither "sqrt" nor a positive number.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> total, sums = lax.scan(lambda c, x: (c + x, c + x), 0, jnp.arange(4))
        >>> total.item(), sums.tolist()
        (6, [0, 1, 3, 6])
    """
    return scan_as("scan", f, init, xs, length, reverse, unroll, remat)


def scan_as(
    name: str,
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any,
    length: int | None,
    reverse: bool,
    unroll: int | bool,
    remat: str | int | None = None,
    named: tuple[Callable[..., Any], tuple] | None = None,
) -> tuple[Any, Any]:
    """`scan` under the name of the function that the user called, and of what it does `named`."""
    init_leaves, init_tree = flatten(init)
    xs_leaves, _ = flatten(xs)
    length = _length(xs, xs_leaves, length)
    in_tree = flatten((init, xs))[1]
    x_avals = [a.update(shape=a.shape[1:]) for a in [aval_of(x) for x in xs_leaves]]

    def trace(avals: list[ShapedArray]) -> Body:
        def step(carry: Any, x: Any) -> tuple[list[Any], Any]:
            carry, y = _pair(f(carry, x))
            leaves, tree = flatten(carry)
            check_structure(name, init, init_tree, tree)
            return without_weak_outputs(leaves, avals), y

        fun, given = named or (f, (init, xs))
        origin = (name, fun, given)
        return trace_body(step, in_tree, [*avals, *x_avals], f"{name}_body", origin)

    body, carry = stable_carry(name, init_leaves, init, trace)
    params = {
        "jaxpr": body.jaxpr.hoisted,
        "num_consts": len(body.consts),
        "num_carry": len(carry),
        "length": length,
        "reverse": bool(reverse),
        "unroll": _steps(unroll, length),
    }
    if remat is None:
        outs = scan_p.bind(*body.consts, *carry, *xs_leaves, **params)
    else:
        size = _chunk_size(remat, length)
        outs = _in_chunks(body.consts, carry, xs_leaves, size, params)
    y_tree = flatten(body.tree.unflatten([0] * body.tree.num_leaves)[1])[1]
    return init_tree.unflatten(outs[: len(carry)]), y_tree.unflatten(outs[len(carry) :])


def _pair(out: Any) -> tuple[Any, Any]:
    if isinstance(out, tuple | list) and len(out) == 2:
        return out[0], out[1]
    if isinstance(out, tuple | list):
        kind = f"a {type(out).__name__} of length {len(out)}"
    else:
        kind = str(aval_of(out)) if hasattr(out, "aval") else f"a {type(out).__name__}"
    raise StructureError(
        f"the body of `scan` must return a pair, the next carry and a result, not {kind}",
        help="return carry, y   (or `return carry, None` when there is no result)",
    )


def _length(xs: Any, leaves: Sequence[Any], length: int | None) -> int:
    found: dict[int, str] = {}
    for (path, x), leaf in zip(tree_registry.flatten_with_path(xs)[0], leaves, strict=True):
        aval = aval_of(x)
        name = "xs" + "".join(str(key) for key in path)
        if not aval.shape:
            raise ArgumentValueError(
                f"`scan` loops over leading axes, but `{name}` is {aval_of(leaf)}, which has none",
                help="xs = jib.numpy.asarray(xs)   makes one array of a list of numbers"
                if isinstance(xs, list)
                else "close over a value that does not change, instead of passing it in xs",
            )
        found.setdefault(aval.shape[0], name)
    if length is not None:
        found.setdefault(int(length), "length")
    if len(found) == 1:
        return next(iter(found))
    if not found:
        raise ArgumentValueError(
            "`scan` cannot tell the number of steps: `xs` holds no array",
            help="say it   lax.scan(f, init, length=10)",
        )
    listed = " and ".join(f"`{name}` has {n}" for n, name in found.items())
    raise ArgumentValueError(f"`scan` needs one number of steps, but {listed}")


def _steps(unroll: int | bool, length: int) -> int:
    if unroll is True:
        return max(length, 1)
    if unroll < 0:
        raise ArgumentValueError(f"`unroll` must be positive, but is {unroll}")
    return min(max(int(unroll), 1), max(length, 1))


def _chunk_size(remat: Any, length: int) -> int:
    if remat == "sqrt":
        root = max(math.isqrt(max(length, 1) - 1) + 1, 1)
        # A divisor of the length needs no extra steps at the end.
        return next((k for k in range(root, 2 * root) if length % k == 0), root)
    if type(remat) is int and remat > 0:
        return min(remat, max(length, 1))
    raise ArgumentValueError(
        f'`remat` must be "sqrt" or a positive number of steps, but is {remat!r}',
        help='lax.scan(f, init, xs, remat="sqrt")',
    )


def _in_chunks(
    consts: Sequence[Any], carry: Sequence[Any], xs: Sequence[Any], size: int, params: dict
) -> list[Any]:
    """The loop in turns of `size` steps, each of which is run again on the way back."""
    jaxpr, length, num_carry = params["jaxpr"], params["length"], params["num_carry"]
    whole = length // size * size
    fixed = len(consts) + num_carry

    def chunk(count: int, in_loop: bool) -> Jaxpr:
        avals = jaxpr.in_avals
        avals = [*avals[:fixed], *(stack_aval(a, count) for a in avals[fixed:])]
        options = {**params, "length": count, "unroll": min(params["unroll"], count)}
        steps = stage_jaxpr(lambda *v: scan_p.bind(*v, **options), avals, name=jaxpr.name)
        return stage_jaxpr(lambda *v: again(steps, v, in_loop), avals, name=jaxpr.name)

    def turns(start: int, stop: int, carry: Sequence[Any]) -> tuple[Sequence[Any], list[Any]]:
        parts = [lax.slice_in_dim(x, start, stop) for x in xs]
        if start:
            outs = evaluate(chunk(stop - start, False), (), *consts, *carry, *parts)
            return outs[:num_carry], outs[num_carry:]
        count = stop // size
        parts = [lax.reshape(x, (count, size, *aval_of(x).shape[1:])) for x in parts]
        options = {**params, "jaxpr": chunk(size, True), "length": count, "unroll": 1}
        outs = scan_p.bind(*consts, *carry, *parts, **options)
        return outs[:num_carry], [lax.collapse(y, 0, 2) for y in outs[num_carry:]]

    ranges = [(0, whole)] if whole == length else [(0, whole), (whole, length)]
    found = {}
    for start, stop in reversed(ranges) if params["reverse"] else ranges:
        carry, found[start] = turns(start, stop, carry)
    ys = [found[start] for start, _ in ranges]
    return [
        *carry,
        *(y[0] if len(y) == 1 else lax.concatenate(y, 0) for y in zip(*ys, strict=True)),
    ]


def map(f: Callable[[Any], Any], xs: Any, *, batch_size: int | None = None) -> Any:
    """Apply a function to each element along the leading axis, one after the other.

    With `batch_size`, that many elements are computed at once, which is faster and takes more
    memory; the last batch may be smaller.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.map(lambda x: x * x, jnp.arange(3)).tolist()
        [0, 1, 4]
    """
    if batch_size is None:
        return scan(lambda _, x: ((), f(x)), (), xs)[1]
    if batch_size < 1:
        raise ArgumentValueError(f"`batch_size` must be positive, but is {batch_size}")
    leaves, in_tree = flatten(xs)
    length = _length(xs, leaves, None)
    whole = length // batch_size * batch_size
    trees: list[Any] = []

    def many(*values: Any) -> list[Any]:
        def flat(*elements: Any) -> list[Any]:
            outs, tree = flatten(f(in_tree.unflatten(elements)))
            trees.append(tree)
            return outs

        axis = AxisData(aval_of(values[0]).shape[0])
        outs, dims = batched(flat, axis, values, [0] * len(values))
        return [to_batch_axis(x, d, axis) for x, d in zip(outs, dims, strict=True)]

    parts = []
    if whole:
        count = whole // batch_size
        chunks = [
            lax.reshape(lax.slice_in_dim(x, 0, whole), (count, batch_size, *aval_of(x).shape[1:]))
            for x in leaves
        ]
        outs = scan(lambda _, x: ((), many(*x)), (), chunks)[1]
        parts.append([lax.collapse(y, 0, 2) for y in outs])
    if whole < length or not length:
        parts.append(many(*[lax.slice_in_dim(x, whole, length) for x in leaves]))
    if len(parts) == 1:
        return trees[0].unflatten(parts[0])
    joined = [lax.concatenate([a, b], 0) for a, b in zip(*parts, strict=True)]
    return trees[0].unflatten(joined)


# ------------------------------------------------------------------------------------- the rules
#
# Operands: constants of the loop, first carry, arrays to loop over. The body takes the constants,
# the carry, and one element of each array; it returns the next carry and the results of a step.


def _scan_type(
    *avals: ShapedArray, jaxpr: Jaxpr, num_consts: int, num_carry: int, length: int, **_: Any
) -> list[ShapedArray]:
    _, carry, _ = sections(jaxpr.in_avals, num_consts, num_carry)
    return [*carry, *(stack_aval(a, length) for a in jaxpr.out_avals[num_carry:])]


def _scan_numpy(
    *args: Any, jaxpr: Jaxpr, num_consts: int, num_carry: int, length: int, reverse: bool, **_: Any
) -> list[Any]:
    consts, carry, xs = sections(args, num_consts, num_carry)
    avals = [stack_aval(v, length).physical() for v in jaxpr.out_avals[num_carry:]]
    stacks = [np.zeros(a.shape, a.dtype) for a in avals]
    for i in reversed(range(length)) if reverse else range(length):
        outs = evaluate_jaxpr_numpy(jaxpr, (), [*consts, *carry, *[x[i] for x in xs]])
        carry = outs[:num_carry]
        for stack, y in zip(stacks, outs[num_carry:], strict=True):
            stack[i] = y
    return [*carry, *stacks]


def _scan_jvp(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
    jaxpr, num_consts, num_carry = params["jaxpr"], params["num_consts"], params["num_carry"]
    nonzero = nonzero_of(tangents)
    program, nonzero, out_nonzero = jvp_body(jaxpr, nonzero, num_consts, num_carry)
    made = [instantiate(t) if nz else t for t, nz in zip(tangents, nonzero, strict=True)]
    operands, counts = [], []
    for values, ts in zip(
        sections(primals, num_consts, num_carry), sections(made, num_consts, num_carry), strict=True
    ):
        given = [t for t in ts if type(t) is not Zero]
        operands += [*values, *given]
        counts.append(len(values) + len(given))
    outs = scan_p.bind(
        *operands, **{**params, "jaxpr": program, "num_consts": counts[0], "num_carry": counts[1]}
    )
    out_avals = [*jaxpr.out_avals[:num_carry]]
    out_avals += [stack_aval(a, params["length"]) for a in jaxpr.out_avals[num_carry:]]
    total, extra = len(jaxpr.out_avals), counts[1] - num_carry
    results = [*outs[:num_carry], *outs[counts[1] : counts[1] + total - num_carry]]
    found = [*outs[num_carry : counts[1]], *outs[total + extra :]]
    return results, tangents_of(out_nonzero, found, out_avals)


def _scan_batch(axis: Any, args: Any, dims: Any, **params: Any) -> tuple[Any, Any]:
    jaxpr, num_consts, num_carry = params["jaxpr"], params["num_consts"], params["num_carry"]
    consts, carry, xs = sections(tuple(d is not None for d in dims), num_consts, num_carry)
    num_ys = len(jaxpr.outvars) - num_carry
    while True:
        program, out = batch_jaxpr(jaxpr, axis, (*consts, *carry, *xs), (*carry, *[False] * num_ys))
        if out[:num_carry] == carry:
            break
        carry = out[:num_carry]
    places = [0] * (num_consts + num_carry) + [1] * len(xs)
    moved = [
        to_batch_axis(x, d, axis, place) if m else x
        for x, d, m, place in zip(args, dims, (*consts, *carry, *xs), places, strict=True)
    ]
    outs = scan_p.bind(*moved, **{**params, "jaxpr": program})
    out_places = [0] * num_carry + [1] * num_ys
    return outs, [place if m else None for m, place in zip(out, out_places, strict=True)]


# ------------------------------------------------------------------------------ partial evaluation


def _run_known(
    parts: Split, args: Sequence[Any], unknown: Sequence[bool], params: dict, trace: Trace
) -> tuple[list[Any], tuple[Any, ...], dict[str, Any]]:
    """Run the known loop; returns its results, and operands and parameters of the waiting one."""
    num_consts, num_carry = params["num_consts"], params["num_carry"]
    consts, carry, xs = sections(args, num_consts, num_carry)
    consts_unknown, _, xs_unknown = sections(unknown, num_consts, num_carry)
    known_consts = pick(consts, consts_unknown, False)
    known_xs = pick(xs, xs_unknown, False)
    known_carry = pick(carry, parts.carry_unknown, False)
    hoisted: list[Any] = []
    in_loop: list[Any] = known_consts
    if parts.hoisted is not None:
        found = traced_with(trace, evaluate, parts.hoisted, (), *known_consts)
        hoisted, in_loop = found[: parts.invariant], found[parts.invariant :]
    outs: list[Any] = []
    if parts.known.outvars or parts.known.effects:
        counts = {"num_consts": len(in_loop), "num_carry": len(known_carry)}
        known = {**params, "jaxpr": parts.known, **counts}
        outs = trace.process(scan_p, (*in_loop, *known_carry, *known_xs), known)
    stacks = outs[len(known_carry) :]
    found_in = {"const": known_consts, "hoisted": hoisted, "xs": known_xs, "stacked": stacks}
    residuals = [(kind, found_in[kind][i]) for kind, i in parts.sources]
    invariant = [x for kind, x in residuals if kind in ("const", "hoisted")]
    waiting_consts = pick(consts, consts_unknown)
    waiting_carry = pick(carry, parts.carry_unknown)
    operands = (
        *invariant,
        *waiting_consts,
        *waiting_carry,
        *pick(xs, xs_unknown),
        *[x for kind, x in residuals if kind in ("xs", "stacked")],
    )
    counts = {"num_consts": len(invariant) + len(waiting_consts), "num_carry": len(waiting_carry)}
    results = outs[: parts.out_unknown.count(False)]
    return results, operands, {**params, "jaxpr": parts.waiting, **counts}


def _scan_partial_eval(split: Any, args: Any, unknown: Any, params: dict[str, Any]) -> list[Any]:
    parts = split_body(params["jaxpr"], tuple(unknown), params["num_consts"], params["num_carry"])
    known, operands, rest = _run_known(parts, args, unknown, params, split.parent)
    waiting = split.recorder.process(scan_p, operands, rest)
    return merge(parts.out_unknown, waiting, known)


# ----------------------------------------------------------------------------------- transposition


def _scan_transpose(cts: Any, *operands: Any, **params: Any) -> list[Any]:
    jaxpr, num_consts, num_carry = params["jaxpr"], params["num_consts"], params["num_carry"]
    linear = tuple(type(x) is UndefinedPrimal for x in operands)
    parts = split_body(jaxpr, linear, num_consts, num_carry)
    if not all(parts.carry_unknown):  # a counter, say: run it first
        _, rest, rest_params = _run_known(parts, operands, linear, params, context.trace)
        waiting_cts = pick(cts, parts.out_unknown)
        found = _scan_transpose(waiting_cts, *rest, **rest_params)
        given = [ct for x, ct in zip(rest, found, strict=True) if type(x) is UndefinedPrimal]
        return merge(linear, given, itertools.repeat(None))
    consts, _, xs = sections(operands, num_consts, num_carry)
    nonzero = nonzero_of(cts)
    body, depends = transpose_body(jaxpr, linear, num_consts, num_carry, nonzero)
    const_depends, carry_depends, _ = sections(depends, num_consts, num_carry)
    known_consts = [x for x in consts if type(x) is not UndefinedPrimal]
    sums = [algebra.zeros(tangent_aval(x.aval)) for x in pick(consts, const_depends)]
    carry_cts = [instantiate(ct) for ct in pick(cts[:num_carry], carry_depends)]
    given = [ct for ct in cts[num_carry:] if type(ct) is not Zero]
    known_xs = [x for x in xs if type(x) is not UndefinedPrimal]
    counts = {"num_consts": len(known_consts), "num_carry": len(sums) + len(carry_cts)}
    operands = (*known_consts, *sums, *carry_cts, *given, *known_xs)
    params = {**params, "jaxpr": body, **counts, "reverse": not params["reverse"]}
    found = merge(depends, scan_p.bind(*operands, **params), itertools.repeat(None))
    return [ct if lin else None for ct, lin in zip(found, linear, strict=True)]


# ---------------------------------------------------------------------- dead code, and the compiler


def _scan_dce(used: list[bool], eqn: Equation) -> Equation:
    jaxpr, num_consts = eqn.params["jaxpr"], eqn.params["num_consts"]
    num_carry = eqn.params["num_carry"]
    num_xs = len(eqn.invars) - num_consts - num_carry
    carry, ys = tuple(used[:num_carry]), tuple(used[num_carry:])
    while True:
        keep = (*[False] * num_consts, *carry, *[False] * num_xs)
        program, needed = dce_jaxpr(jaxpr, (*carry, *ys), keep)
        if needed[num_consts : num_consts + num_carry] == carry:
            break
        carry = needed[num_consts : num_consts + num_carry]
    consts, _, _ = sections(needed, num_consts, num_carry)
    return eqn.replace(
        invars=pick(eqn.invars, needed),
        outvars=pick(eqn.outvars, (*carry, *ys)),
        params={**eqn.params, "jaxpr": program, "num_consts": sum(consts), "num_carry": sum(carry)},
    )


def _scan_lower(
    ctx: LoweringContext,
    *values: Any,
    jaxpr: Jaxpr,
    num_consts: int,
    num_carry: int,
    length: int,
    reverse: bool,
    unroll: int,
) -> list[Any]:
    consts, carry, xs = sections(values, num_consts, num_carry)
    x_avals = [a.physical() for a in sections(ctx.avals_in, num_consts, num_carry)[2]]
    stack_avals = [a.physical() for a in ctx.avals_out[num_carry:]]

    def step(inner: LoweringContext, i: Any, state: Sequence[Any], inline: bool) -> list[Any]:
        carry, stacks = state[:num_carry], state[num_carry:]
        if reverse:
            i = _index_op(inner, "subtract", inner.constant(length - 1, _INDEX), i)
        elements = [_element(inner, x, aval, i) for x, aval in zip(xs, x_avals, strict=True)]
        emit = inline_jaxpr if inline else call_jaxpr
        outs = emit(inner, jaxpr, [*consts, *carry, *elements])
        ys = zip(stacks, outs[num_carry:], stack_avals, strict=True)
        return [*outs[:num_carry], *(_placed(inner, s, y, aval, i) for s, y, aval in ys)]

    def turn(inner: LoweringContext, i: Any, state: Sequence[Any]) -> list[Any]:
        for k in range(unroll):
            at = _index_op(inner, "add", i, inner.constant(k, _INDEX)) if k else i
            state = step(inner, at, state, unroll == 1)
        return [_index_op(inner, "add", i, inner.constant(unroll, _INDEX)), *state]

    state = [*carry, *(ctx.constant(0, aval) for aval in stack_avals)]
    whole = length // unroll * unroll
    if whole > unroll:
        state = _emit_loop(ctx, ctx.constant(0, _INDEX), state, whole, turn)
    for i in range(whole if whole > unroll else 0, length):
        state = step(ctx, ctx.constant(i, _INDEX), state, length == 1)
    return state


_INDEX = ShapedArray((), np.dtype(np.int32))


def _emit_loop(
    ctx: LoweringContext, start: Any, state: Sequence[Any], stop: int, turn: Callable[..., Any]
) -> list[Any]:
    """Emit `i, state = turn(inner, i, state)` while `i < stop`; returns the last state."""
    operands = [start, *state]
    types = [x.type for x in operands]
    loop = mlir.emit_many("stablehlo.while", types, operands, regions=2)
    test, body = loop.regions
    go_on = lambda c, i, *_: [mlir.compare(i, c.constant(stop, _INDEX), "LT")]  # noqa: E731
    emit_region(ctx.module, test, types, go_on)
    emit_region(ctx.module, body, types, lambda c, i, *rest: turn(c, i, rest))
    return list(loop.results)[1:]


def _index_op(ctx: LoweringContext, name: str, x: Any, y: Any) -> Any:
    return mlir.emit(f"stablehlo.{name}", mlir.ir_type(_INDEX), [x, y])


def _element(ctx: LoweringContext, x: Any, aval: ShapedArray, i: Any) -> Any:
    """Element `i` of a stack."""
    zero = ctx.constant(0, _INDEX)
    sliced = mlir.emit(
        "stablehlo.dynamic_slice",
        mlir.ir_type(aval.update(shape=(1, *aval.shape[1:]))),
        [x, i, *[zero] * (aval.ndim - 1)],
        {"slice_sizes": mlir.int64_array((1, *aval.shape[1:]))},
    )
    return mlir.emit("stablehlo.reshape", mlir.ir_type(aval.update(shape=aval.shape[1:])), [sliced])


def _placed(ctx: LoweringContext, stack: Any, y: Any, aval: ShapedArray, i: Any) -> Any:
    """The stack with element `i` replaced."""
    zero = ctx.constant(0, _INDEX)
    row = mlir.emit("stablehlo.reshape", mlir.ir_type(aval.update(shape=(1, *aval.shape[1:]))), [y])
    return mlir.emit(
        "stablehlo.dynamic_update_slice",
        mlir.ir_type(aval),
        [stack, row, i, *[zero] * (aval.ndim - 1)],
    )


scan_p = Primitive(
    "scan",
    type=_scan_type,
    numpy=_scan_numpy,
    jvp=_scan_jvp,
    transpose=_scan_transpose,
    batch=_scan_batch,
    lower=_scan_lower,
    multiple_results=True,
    effects=lambda *, jaxpr, **_: jaxpr.effects,
    partial_eval=_scan_partial_eval,
    dce=_scan_dce,
)
