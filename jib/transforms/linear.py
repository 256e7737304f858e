"""`jvp`, `vjp`, `linearize`, `linear_transpose`: derivatives as linear functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib.backend.transfer import put_scalar
from jib.core.algebra import algebra
from jib.core.avals import ShapedArray
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of, is_eager
from jib.core.zeros import UndefinedPrimal, Zero, float0, tangent_aval
from jib.errors import ArgumentTypeError, NotAvailableError, StructureError
from jib.passes import jvp as forward
from jib.passes.linearize import linearize as linearize_flat
from jib.passes.stage import evaluate, stage
from jib.passes.transpose import backward_pass
from jib.transforms import _calls
from jib.tree import first_difference, tree_registry

__all__ = ["jvp", "linear_transpose", "linearize", "vjp"]


def refuse_reduce_axes(name: str, axes: Sequence[Any]) -> None:
    """Refuse the argument of that name, which would sum gradients over mapped axes."""
    if axes:
        raise NotAvailableError(f"{name}(reduce_axes=...)", "jib.lax.psum(gradient, axis_name)")


def _as_array(x: Any) -> Any:
    """A number that went through a program untouched, as the array that users expect."""
    if is_eager() and isinstance(x, int | float | complex | np.generic):
        aval = aval_of(x)
        return put_scalar(x, aval.dtype, aval.weak_type)
    return x


def materialize(tangent: Any) -> Any:
    """A tangent or cotangent as users see it: zeros are arrays, `float0` ones NumPy arrays."""
    if type(tangent) is not Zero:
        return _as_array(tangent)
    if tangent.aval.dtype == float0:
        return np.zeros(tangent.aval.shape, float0)
    return algebra.zeros(tangent.aval)


def _symbolic(tangent: Any, aval: ShapedArray) -> Any:
    """The inverse of `materialize` for `float0`."""
    wanted = tangent_aval(aval)
    return Zero(wanted) if wanted.dtype == float0 else tangent


def vjp_flat(
    function: Callable[..., Sequence[Any]], primals: Sequence[Any], count: int | None = None
) -> tuple[list[Any], Callable[[Sequence[Any]], list[Any]]]:
    """Values of a flat function, and the map from cotangents of its first `count` results to those
    of its inputs."""
    outs, program, consts, depends = linearize_flat(function, primals)
    outs = [_as_array(x) for x in outs]
    linear = [UndefinedPrimal(tangent_aval(aval_of(x))) for x in primals]
    count = len(outs) if count is None else count

    def pullback(cts: Sequence[Any]) -> list[Any]:
        full = [*cts, *(Zero(tangent_aval(aval_of(x))) for x in outs[count:])]
        given = [ct for ct, d in zip(full, depends, strict=True) if d]
        return [materialize(ct) for ct in backward_pass(program, consts, linear, given)]

    return outs, pullback


@api_boundary
def jvp(
    fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> Any:
    """The value of a function and its derivative in the direction `tangents` (forward mode).

    `primals` and `tangents` are sequences of equal structure, shapes and dtypes (`float0` for
    integers). Returns `(value, tangent)`, and `aux` as a third with `has_aux`.

    Raises:
        StructureError: if the structures differ.
        ArgumentTypeError: if a tangent has not the shape and dtype of its primal.

    Example:
        >>> import jib
        >>> value, tangent = jib.jvp(lambda x: x * x, (3.0,), (1.0,))
        >>> float(value), float(tangent)
        (9.0, 6.0)
    """
    for x in (primals, tangents):
        if not isinstance(x, tuple | list):
            raise ArgumentTypeError(
                f"`jvp` needs a tuple of primals and a tuple of tangents, but got {_aval_text(x)}",
                help="jib.jvp(f, (x,), (tangent,))",
            )
    primals, tangents = tuple(primals), tuple(tangents)
    leaves, in_tree = tree_registry.flatten(primals)
    flat_tangents, tangent_tree = tree_registry.flatten(tangents)
    if in_tree != tangent_tree:
        difference = first_difference(primals, tangents, ("primals", "tangents"))
        raise StructureError(f"`jvp` needs tangents structured as the primals: {difference}")
    directions = []
    for x, t in zip(leaves, flat_tangents, strict=True):
        aval = aval_of(x)
        _check_direction("jvp", t, tangent_aval(aval))
        directions.append(_symbolic(t, aval))
    call = _calls.FlatCall(fun, in_tree, has_aux)
    outs, out_tangents = forward.jvp(call, leaves, directions)
    tangent = call.tree.unflatten([materialize(t) for t in out_tangents[: call.count]])
    return call.results([_as_array(x) for x in outs], tangent)


def _check_direction(name: str, x: Any, wanted: ShapedArray) -> None:
    is_float0 = getattr(x, "dtype", None) == float0
    found = ShapedArray(np.shape(x), float0) if is_float0 else aval_of(x)
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        raise ArgumentTypeError(
            f"`{name}` needs a (co)tangent of type {wanted}, but got {_aval_text(x)}"
        )


def _aval_text(x: Any) -> str:
    """The type of a value as text."""
    dtype = getattr(x, "dtype", None)
    return f"float0{list(np.shape(x))}" if dtype == float0 else str(aval_of(x))


@api_boundary
def vjp(
    fun: Callable[..., Any], *primals: Any, has_aux: bool = False, reduce_axes: Sequence[Any] = ()
) -> Any:
    """The value of a function and its vector-Jacobian product (reverse mode).

    Returns `(value, vjp_fun)`, and `aux` as a third with `has_aux`; `vjp_fun(cotangent)` gives a
    tuple with a cotangent for each primal.

    Example:
        >>> import jib
        >>> value, pullback = jib.vjp(lambda x, y: x * y, 3.0, 4.0)
        >>> [float(ct) for ct in pullback(1.0)]
        [4.0, 3.0]
    """
    refuse_reduce_axes("vjp", reduce_axes)
    leaves, in_tree = tree_registry.flatten(primals)
    call = _calls.FlatCall(fun, in_tree, has_aux)
    outs, pullback = vjp_flat(call, leaves)
    out_avals = [aval_of(x) for x in outs]

    @api_boundary
    def vjp_fun(ct: Any) -> tuple:
        cts, ct_tree = tree_registry.flatten(ct)
        if ct_tree != call.tree:
            raise StructureError(
                f"the cotangent needs the structure of the result, {call.tree}, but has {ct_tree}"
            )
        for x, aval in zip(cts, out_avals, strict=False):
            _check_direction("vjp", x, tangent_aval(aval))
        full = [_symbolic(x, a) for x, a in zip(cts, out_avals, strict=False)]
        full += [Zero(tangent_aval(a)) for a in out_avals[call.count :]]
        return in_tree.unflatten(pullback(full))

    return call.results(outs, vjp_fun)


@api_boundary
def linearize(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of a function and its derivative at that point, as a linear function.

    The derivative can be applied to many tangents without evaluating `fun` again.

    Example:
        >>> import jib
        >>> value, derivative = jib.linearize(lambda x: x * x, 3.0)
        >>> float(derivative(2.0))
        12.0
    """
    leaves, in_tree = tree_registry.flatten(primals)
    call = _calls.FlatCall(fun, in_tree, has_aux)
    outs, program, consts, depends = linearize_flat(call, leaves)
    outs = [_as_array(x) for x in outs]
    out_avals = [tangent_aval(aval_of(x)) for x in outs]

    @api_boundary
    def derivative(*tangents: Any) -> Any:
        given, given_tree = tree_registry.flatten(tangents)
        if given_tree != in_tree:
            raise StructureError(
                f"the tangents need the structure of the primals, {in_tree}, not {given_tree}"
            )
        for t, x in zip(given, leaves, strict=True):
            _check_direction("linearize", t, tangent_aval(aval_of(x)))
        found = iter(evaluate(program, consts, *given))
        full = [
            _as_array(next(found)) if d else materialize(Zero(a))
            for d, a in zip(depends, out_avals, strict=True)
        ]
        return call.tree.unflatten(full[: call.count])

    return call.results(outs, derivative)


@api_boundary
def linear_transpose(
    fun: Callable[..., Any], *primals: Any, reduce_axes: Sequence[Any] = ()
) -> Callable[..., tuple]:
    """The transpose of a function that is linear in its arguments.

    `primals` are arrays or `ShapeDtypeStruct`s that say the types of the arguments. The result maps
    a cotangent of the value to a tuple of cotangents of the arguments.

    Example:
        >>> import jib
        >>> (ct,) = jib.linear_transpose(lambda x: 3 * x, 1.0)(2.0)
        >>> float(ct)
        6.0
    """
    refuse_reduce_axes("linear_transpose", reduce_axes)
    leaves, in_tree = tree_registry.flatten(primals)
    avals = [getattr(x, "aval", None) or aval_of(x) for x in leaves]
    call = _calls.FlatCall(fun, in_tree)
    program, consts = stage(call, avals)

    @api_boundary
    def transposed(ct: Any) -> tuple:
        cts, ct_tree = tree_registry.flatten(ct)
        if ct_tree != call.tree:
            raise StructureError(
                f"the cotangent needs the structure of the result, {call.tree}, not {ct_tree}"
            )
        for x, aval in zip(cts, program.out_avals, strict=True):
            _check_direction("linear_transpose", x, tangent_aval(aval))
        found = backward_pass(program, consts, [UndefinedPrimal(a) for a in avals], cts)
        return in_tree.unflatten([materialize(x) for x in found])

    return transposed
