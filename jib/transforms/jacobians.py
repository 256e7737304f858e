"""`jacfwd`, `jacrev`, `jacobian`, `hessian`: all partial derivatives at once."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

from jib import lax
from jib.core.avals import AxisData, ShapedArray
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, float0, tangent_aval
from jib.errors import ArgumentValueError, GradTypeError
from jib.lax._families import kind_of
from jib.passes import jvp as forward
from jib.passes.batch import batched, to_batch_axis
from jib.transforms import _calls
from jib.transforms.grad import check_inputs
from jib.transforms.linear import vjp_flat
from jib.tree import tree_registry

__all__ = ["hessian", "jacfwd", "jacobian", "jacrev"]

P = ParamSpec("P")
R = TypeVar("R")


def jacfwd(
    fun: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[P, Any]:
    """The Jacobian, one input direction at a time (forward mode): good for few inputs.

    Args:
        fun: a function of arrays or trees of them (with `has_aux`, it returns `(value, aux)`).
        argnums: which positional arguments to differentiate with respect to.
        has_aux: whether `fun` returns a pair; then the result is `(jacobian, aux)`.
        holomorphic: whether `fun` is complex-differentiable; arguments are then complex.

    Returns:
        A function whose result has the tree of the value, and in each leaf the tree of the
        argument; the leaves have the shape of the value, then that of the argument.

    Raises:
        GradTypeError: if an argument is not floating (complex, for holomorphic functions).

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.jacfwd(lambda x: x * x)(jnp.array([1.0, 2.0])).tolist()
        [[2.0, 0.0], [0.0, 4.0]]
    """

    @functools.wraps(fun)
    @api_boundary
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        call = _Call(fun, argnums, has_aux, args, kwargs)
        check_inputs(fun, call.chosen, call.positions, holomorphic, False, "jib.jacfwd")
        sizes = [aval_of(x).size for x in call.leaves]
        axis = AxisData(sum(sizes))
        found: list[Any] = []

        def push(*tangents: Any) -> list[Any]:
            outs, out_tangents = forward.jvp(call, call.leaves, tangents)
            found[:] = outs
            return [forward.instantiate(_floating(t)) for t in out_tangents[: call.count]]

        basis = _basis([aval_of(x) for x in call.leaves])
        columns, dims = batched(push, axis, basis, [0] * len(basis))
        rows = []
        for column, dim, out in zip(columns, dims, found, strict=False):
            shape = aval_of(out).shape
            full = to_batch_axis(column, dim, axis, len(shape))
            pieces = _pieces(full, sizes, len(shape))
            rows.append(
                [
                    lax.reshape(piece, (*shape, *aval_of(x).shape))
                    for piece, x in zip(pieces, call.leaves, strict=True)
                ]
            )
        return call.result(rows, found)

    return jacobian


def jacrev(
    fun: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, Any]:
    """The Jacobian, one output at a time (reverse mode): good for few outputs; see `jacfwd`.

    `allow_int` accepts integer arguments, whose derivatives have dtype `float0`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.jacrev(lambda x: x * x)(jnp.array([1.0, 2.0])).tolist()
        [[2.0, 0.0], [0.0, 4.0]]
    """

    @functools.wraps(fun)
    @api_boundary
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        call = _Call(fun, argnums, has_aux, args, kwargs)
        check_inputs(fun, call.chosen, call.positions, holomorphic, allow_int, "jib.jacrev")
        outs, pullback = vjp_flat(call, call.leaves)
        results = outs[: call.count]
        for x in results:
            if kind_of(aval_of(x).dtype) != ("c" if holomorphic else "f"):
                raise GradTypeError("output", str(aval_of(x)), "jib.jacrev")
        sizes = [aval_of(x).size for x in results]
        axis = AxisData(sum(sizes))

        def pull(*cts: Any) -> list[Any]:
            full = [*cts, *(Zero(tangent_aval(aval_of(x))) for x in outs[call.count :])]
            return [ct for ct in pullback(full) if getattr(ct, "dtype", None) != float0]

        basis = _basis([aval_of(x) for x in results])
        found, dims = batched(pull, axis, basis, [0] * len(basis))
        columns = iter([to_batch_axis(x, d, axis) for x, d in zip(found, dims, strict=True)])
        rows: list[list[Any]] = [[] for _ in results]
        for leaf in call.leaves:
            aval = aval_of(leaf)
            if tangent_aval(aval).dtype == float0:
                pieces: Any = [None] * len(results)
            else:
                pieces = _pieces(next(columns), sizes, 0)
            for row, x, piece in zip(rows, results, pieces, strict=True):
                shape = (*aval_of(x).shape, *aval.shape)
                empty = piece is None
                row.append(np.zeros(shape, float0) if empty else lax.reshape(piece, shape))
        return call.result(rows, outs)

    return jacobian


jacobian = jacrev


def hessian(
    fun: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[P, Any]:
    """The matrix of second derivatives, as a Jacobian of a Jacobian; see `jacfwd`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.hessian(lambda x: jnp.sum(x**3))(jnp.array([1.0, 2.0])).tolist()
        [[6.0, 0.0], [0.0, 12.0]]
    """
    inner = jacrev(fun, argnums, has_aux, holomorphic)
    return jacfwd(inner, argnums, has_aux, holomorphic)


class _Call(_calls.FlatCall):
    """One call: the arguments to differentiate, flat, and the function of them."""

    def __init__(
        self, fun: Any, argnums: Any, has_aux: bool, args: tuple, kwargs: dict[str, Any]
    ) -> None:
        wanted = _calls.as_tuple(argnums)
        for i in wanted:
            if not -len(args) <= i < len(args):
                raise ArgumentValueError(
                    f"argnums speaks of argument {i} of `{_calls.function_name(fun)}`, which was "
                    f"called with {len(args)} positional argument(s)",
                    help="pass the argument by position, or change argnums",
                )
        self.single = isinstance(argnums, int)
        self.positions = [i % len(args) for i in wanted]
        self.chosen = tuple(args[i] for i in self.positions)
        self.leaves, in_tree = tree_registry.flatten(self.chosen)
        super().__init__(_calls.of_arguments(fun, args, kwargs, self.positions), in_tree, has_aux)

    def result(self, rows: Sequence[Sequence[Any]], outs: Sequence[Any]) -> Any:
        """The tree of the result, with the tree of the arguments in each leaf."""
        cells = []
        for row in rows:
            cell = self.in_tree.unflatten(row)
            cells.append(cell[0] if self.single else cell)
        found = self.tree.unflatten(cells)
        return (found, self.aux_tree.unflatten(outs[self.count :])) if self.has_aux else found


def _floating(tangent: Any) -> Any:
    """A tangent of an integer result counts as zeros of the default floating type."""
    if type(tangent) is Zero and tangent.aval.dtype == float0:
        return Zero(ShapedArray(tangent.aval.shape, np.dtype(np.float32)))
    return tangent


def _basis(avals: Sequence[ShapedArray]) -> list[Any]:
    """The unit vectors of the space of such values; each array has them along its first axis."""
    total, start, made = sum(a.size for a in avals), 0, []
    for aval in avals:
        size = aval.size
        row = lax.broadcasted_iota(np.int32, (total, size), 0)
        column = lax.broadcasted_iota(np.int32, (total, size), 1)
        unit = lax.eq(row, lax.add(column, np.int32(start)))
        unit = lax.convert_element_type(unit, aval.dtype)
        made.append(lax.reshape(unit, (total, *aval.shape)))
        start += size
    return made


def _pieces(x: Any, sizes: Sequence[int], axis: int) -> list[Any]:
    """The array cut along an axis into stretches of these lengths."""
    ends = np.cumsum([0, *sizes]).tolist()
    return [lax.slice_in_dim(x, a, b, axis=axis) for a, b in itertools.pairwise(ends)]
