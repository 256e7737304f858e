"""Results that are defined by an equation: `custom_root`, `custom_linear_solve`, `linear_call`.

Their derivatives come from the equation, not from how it was solved. A primitive here holds several
programs that share their constants; it runs the first one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from jib import lax
from jib.core.jaxpr import Jaxpr
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import UndefinedPrimal, Zero
from jib.errors import NoDerivativeError, ShapeError
from jib.lax._families import zero_tangent
from jib.lax._programs import (
    Body,
    check_structure,
    join_constants,
    leading,
    nonzero_of,
    tangents_of,
    trace_body,
)
from jib.passes.batch import batch_jaxpr, to_batch_axis
from jib.passes.jvp import instantiate, jvp as forward, jvp_jaxpr
from jib.passes.lower import inline_jaxpr
from jib.passes.reference import evaluate_jaxpr_numpy
from jib.passes.stage import evaluate
from jib.passes.transpose import backward_pass
from jib.tree import tree_registry

__all__ = ["custom_linear_solve", "custom_root"]

flatten = tree_registry.flatten


def custom_linear_solve(
    matvec: Callable[[Any], Any],
    b: Any,
    solve: Callable[[Callable[[Any], Any], Any], Any],
    transpose_solve: Callable[[Callable[[Any], Any], Any], Any] | None = None,
    symmetric: bool = False,
    has_aux: bool = False,
) -> Any:
    """The solution of `matvec(x) = b` by `solve`, with derivatives from the equation itself.

    Derivatives are taken with respect to `b` and to all that `matvec` closes over; `solve` is never
    differentiated, so it may iterate as it likes.

    Args:
        matvec: a linear function, from a tree structured as `b` to one.
        b: a tree of arrays.
        solve: `solve(matvec, b)` gives the solution.
        transpose_solve: `transpose_solve(vecmat, ct)` solves with the transposed function; reverse
            mode needs it.
        symmetric: `matvec` is its own transpose, so `solve` serves for both.
        has_aux: `solve` and `transpose_solve` return a pair of the solution and other results,
            which are not differentiated.

    Raises:
        ShapeError: if the solution has not the types of `b`.
        NoDerivativeError: in reverse mode, without `transpose_solve`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> def divided(a, b):
        ...     return lax.custom_linear_solve(
        ...         lambda x: a * x, b, lambda _, b: b / a, symmetric=True)
        >>> float(jib.grad(divided)(2.0, 8.0))
        -2.0
    """
    if symmetric and transpose_solve is None:
        transpose_solve = solve
    leaves, tree = flatten(b)
    avals = list(map(aval_of, leaves))
    in_tree = flatten((b,))[1]
    trace = functools.partial(trace_body, in_tree=in_tree, avals=avals)
    forwards = trace(matvec, name="matvec")
    _check("matvec", b, forwards, avals)
    vecmat = matvec if symmetric else functools.partial(_transposed, forwards, avals, tree)
    bodies = [trace(functools.partial(solve, matvec), name="solve"), forwards]
    if transpose_solve is not None:
        backwards = trace(vecmat, name="vecmat")
        solve_back = trace(functools.partial(transpose_solve, vecmat), name="transpose_solve")
        _check("transpose_solve", b, solve_back, avals, has_aux)
        bodies += [solve_back, backwards]
    _check("solve", b, bodies[0], avals, has_aux)
    programs, consts = join_constants(bodies)
    outs = linear_solve_p.bind(
        *consts, *leaves, programs=tuple(programs), num_consts=len(consts), size=len(leaves)
    )
    return bodies[0].tree.unflatten(outs)


def _transposed(body: Body, avals: Sequence[Any], tree: Any, ct: Any) -> Any:
    undefined = [UndefinedPrimal(a) for a in avals]
    found = backward_pass(body.jaxpr, body.consts, undefined, flatten(ct)[0])
    return tree.unflatten([instantiate(x) for x in found])


def _check(name: str, like: Any, body: Body, avals: Sequence[Any], has_aux: bool = False) -> None:
    """The result (the first of two, with `has_aux`) is structured and typed as the unknown is."""
    tree = body.tree
    if has_aux:
        first, _ = tree.unflatten(range(tree.num_leaves))
        tree = flatten(first)[1]
    check_structure(name, like, flatten(like)[1], tree)
    for wanted, found in zip(avals, body.out_avals, strict=False):
        if (wanted.shape, wanted.dtype) != (found.shape, found.dtype):
            raise ShapeError(
                f"`{name}` must return what it is given, {wanted}, but returned {found}"
            )


def custom_root(
    f: Callable[[Any], Any],
    initial_guess: Any,
    solve: Callable[[Callable[[Any], Any], Any], Any],
    tangent_solve: Callable[[Callable[[Any], Any], Any], Any],
    has_aux: bool = False,
) -> Any:
    """A root of `f` found by `solve`, with derivatives from the equation `f(x) = 0` itself.

    Derivatives are taken with respect to all that `f` closes over (the implicit function theorem);
    `solve` is never differentiated.

    Args:
        f: from a tree of arrays to one of the same structure, shapes and dtypes.
        initial_guess: where to start; the result does not depend on it.
        solve: `solve(f, initial_guess)` gives `x` with `f(x) = 0`.
        tangent_solve: `tangent_solve(g, y)` solves `g(x) = y` for a linear function `g`; it must be
            differentiable itself, as `lambda g, y: y / g(1.0)` is for one number. For more numbers
            use `custom_linear_solve` in it.
        has_aux: `solve` returns a pair of the root and other results, which are not differentiated.

    Raises:
        ShapeError: if `f`, `solve` or `tangent_solve` changes shapes or dtypes.

    Example:
        >>> import jib
        >>> from jib import lax
        >>> def cube_root(a):
        ...     newton = lambda f, x: lax.fori_loop(
        ...         0, 20, lambda i, x: x - f(x) / jib.grad(f)(x), x)
        ...     return lax.custom_root(
        ...         lambda x: x**3 - a, 1.0, newton, lambda g, y: y / g(1.0))
        >>> round(float(jib.grad(cube_root)(8.0)), 4)
        0.0833
    """
    leaves, tree = flatten(initial_guess)
    guess = [lax.convert_element_type(x, aval_of(x).dtype) for x in leaves]
    avals = list(map(aval_of, guess))
    one, two = (flatten((initial_guess,) * n)[1] for n in (1, 2))
    equation = trace_body(f, one, avals, "root_of")
    _check("f", initial_guess, equation, avals)

    def tangent(x: Any, y: Any) -> Any:
        point = flatten(x)[0]

        def slope(t: Any) -> Any:
            run = functools.partial(evaluate, equation.jaxpr, equation.consts)
            return tree.unflatten(list(map(instantiate, forward(run, point, flatten(t)[0])[1])))

        return tangent_solve(slope, y)

    solving = trace_body(functools.partial(solve, f), one, avals, "solve")
    _check("solve", initial_guess, solving, avals, has_aux)
    back = trace_body(tangent, two, [*avals, *avals], "tangent_solve")
    _check("tangent_solve", initial_guess, back, avals)
    programs, consts = join_constants([solving, equation, back])
    outs = root_p.bind(
        *consts, *guess, programs=tuple(programs), num_consts=len(consts), size=len(guess)
    )
    return solving.tree.unflatten(outs)


# ------------------------------------------------------------------------------------- the rules
#
# Operands: the constants that the programs share, then `size` values. The first of `size` results
# have derivatives, the others (aux) have none.


def _implicit(name: str, *, jvp: Callable[..., Any], transpose: Any) -> Primitive:
    def batch(axis: Any, args: Any, dims: Any, *, programs: Any, num_consts: int, size: int) -> Any:
        mapped, moved = leading(axis, args[:num_consts], dims[:num_consts])
        made = []
        for program in programs:
            values = (True,) * (len(program.invars) - num_consts)
            made.append(batch_jaxpr(program, axis, (*mapped, *values), True)[0])
        pairs = zip(args[num_consts:], dims[num_consts:], strict=True)
        moved += [to_batch_axis(x, d, axis) for x, d in pairs]
        outs = primitive.bind(*moved, programs=tuple(made), num_consts=num_consts, size=size)
        return outs, [0] * len(outs)

    def derivative(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
        outs = primitive.bind(*primals, **params)
        found = jvp(outs, primals, tangents, **params)
        return outs, [*found, *zero_tangent(outs[params["size"] :])]

    primitive = Primitive(
        name,
        type=lambda *avals, programs, **_: programs[0].out_avals,
        numpy=lambda *args, programs, **_: evaluate_jaxpr_numpy(programs[0], (), args),
        jvp=derivative,
        transpose=transpose,
        batch=batch,
        lower=lambda ctx, *values, programs, **_: inline_jaxpr(ctx, programs[0], values),
        multiple_results=True,
        effects=lambda *, programs, **_: programs[0].effects,
        partial_eval=lambda split, args, unknown, params: split.recorder.process(
            primitive, args, params
        ),
    )
    return primitive


def _of_constants(program: Jaxpr, consts: Any, x: Sequence[Any], tangents: Any) -> list[Any]:
    """The tangents of a program's results at `x`, as its constants move."""
    nonzero = (*nonzero_of(tangents), *[False] * len(x))
    made, depends = jvp_jaxpr(program, nonzero)
    given = [t for t in tangents if type(t) is not Zero]
    outs = evaluate(made, (), *consts, *x, *given)
    return tangents_of(depends, outs[len(program.outvars) :], program.out_avals)


def _difference(a: Any, b: Any) -> Any:
    if type(b) is Zero:
        return a
    return lax.neg(b) if type(a) is Zero else lax.sub(a, b)


def _linear_jvp(
    make: Callable[[], Primitive], outs: Any, primals: Any, tangents: Any, **params: Any
) -> list[Any]:
    """Linear in the values. How a solution moves with the constants, its equation says."""
    num_consts, size, programs = params["num_consts"], params["size"], params["programs"]
    consts, moving, right = primals[:num_consts], tangents[:num_consts], tangents[num_consts:]
    if any(nonzero_of(moving)):
        if make() is linear_call_p:
            raise NoDerivativeError(
                "`linear_call` has a derivative with respect to its linear arguments only",
                help="jib.lax.stop_gradient(residual_args)",
            )
        moved = _of_constants(programs[1], consts, outs[:size], moving)
        right = [_difference(a, b) for a, b in zip(right, moved, strict=True)]
    if not any(nonzero_of(right)):
        return zero_tangent(outs[:size])
    return make().bind(*consts, *map(instantiate, right), **params)[:size]


def _transpose(
    make: Callable[[], Primitive], turned: Sequence[int], cts: Any, *operands: Any, **params: Any
) -> list[Any]:
    programs, num_consts, size = params["programs"], params["num_consts"], params["size"]
    if len(programs) < len(turned):
        raise NoDerivativeError(
            "`custom_linear_solve` has no reverse-mode derivative without `transpose_solve`",
            help=[
                "where `solve` takes any function   "
                "jib.lax.custom_linear_solve(matvec, b, solve, transpose_solve=solve)",
                "where the function is its own transpose   "
                "jib.lax.custom_linear_solve(matvec, b, solve, symmetric=True)",
            ],
        )
    given = map(instantiate, cts[:size])
    params = {"programs": tuple([programs[i] for i in turned]), "num_consts": num_consts}
    count = len(operands) - num_consts
    outs = make().bind(*operands[:num_consts], *given, **params, size=count)
    return [*[None] * num_consts, *outs[:count]]


linear_solve_p = _implicit(
    "linear_solve",
    jvp=functools.partial(_linear_jvp, lambda: linear_solve_p),
    transpose=functools.partial(_transpose, lambda: linear_solve_p, (2, 3, 0, 1)),
)


def _root_jvp(outs: Any, primals: Any, tangents: Any, **params: Any) -> list[Any]:
    _, equation, back = params["programs"]
    consts, moving = primals[: params["num_consts"]], tangents[: params["num_consts"]]
    root = outs[: params["size"]]
    if not any(nonzero_of(moving)):
        return zero_tangent(root)
    moved = _of_constants(equation, consts, root, moving)
    if not any(nonzero_of(moved)):
        return moved
    return [lax.neg(t) for t in evaluate(back, (), *consts, *root, *map(instantiate, moved))]


root_p = _implicit(
    "root", jvp=_root_jvp, transpose=Waived("a root is not linear in what defines it")
)


linear_call_p = _implicit(
    "linear_call",
    jvp=functools.partial(_linear_jvp, lambda: linear_call_p),
    transpose=functools.partial(_transpose, lambda: linear_call_p, (1, 0)),
)
