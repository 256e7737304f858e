"""`grad` and `value_and_grad`: reverse-mode derivatives of scalar functions."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from jib.core.sources import api_boundary
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, GradTypeError, NonScalarGradError
from jib.lax._families import constant_like, kind_of
from jib.transforms import _calls
from jib.transforms.linear import refuse_reduce_axes, vjp_flat
from jib.tree import tree_registry

__all__ = ["grad", "value_and_grad"]

P = ParamSpec("P")
R = TypeVar("R")


def grad(
    fun: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    reduce_axes: Sequence[Any] = (),
) -> Callable[P, Any]:
    """The gradient of a function with a scalar result.

    Args:
        fun: a function whose result is a floating scalar (with `has_aux`, a pair with anything).
        argnums: which positional arguments to differentiate with respect to.
        has_aux: whether `fun` returns `(value, aux)`; then the gradient is `(grad, aux)`.
        holomorphic: whether `fun` is complex-differentiable; arguments are then complex.
        allow_int: accept integer arguments, whose gradients have dtype `float0`.
        reduce_axes: must be empty; sums over mapped axes are written as `lax.psum`.

    Raises:
        NonScalarGradError: if the result is not a scalar.
        GradTypeError: if an argument (or the result) is not floating.

    Example:
        >>> import jib
        >>> jib.grad(lambda x: x**3)(2.0)
        Array(12., dtype=float32, weak_type=True)
    """
    both = value_and_grad(fun, argnums, has_aux, holomorphic, allow_int, reduce_axes)

    @functools.wraps(fun)
    @api_boundary
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, grads = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return gradient


def value_and_grad(
    fun: Callable[P, R],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    reduce_axes: Sequence[Any] = (),
) -> Callable[P, tuple[R, Any]]:
    """The value and the gradient of a function with a scalar result; see `grad`.

    Example:
        >>> import jib
        >>> value, gradient = jib.value_and_grad(lambda x: x**2)(3.0)
        >>> float(value), float(gradient)
        (9.0, 6.0)
    """
    refuse_reduce_axes("grad", reduce_axes)
    wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(fun)
    @api_boundary
    def evaluate(*args: Any, **kwargs: Any) -> Any:
        positions = _positions(fun, wanted, len(args))
        chosen = tuple(args[i] for i in positions)
        leaves, in_tree = tree_registry.flatten(chosen)
        _check_inputs(fun, leaves, chosen, positions, holomorphic, allow_int)
        aux: list[Any] = []

        def scalar(*values: Any) -> list[Any]:
            full = list(args)
            for i, x in zip(positions, in_tree.unflatten(values), strict=True):
                full[i] = x
            out: Any = fun(*full, **kwargs)  # type: ignore[call-arg]  # as many as the caller gave
            if has_aux:
                out, extra = _calls.pair(out, fun)
                flat, tree = tree_registry.flatten(extra)
                aux[:] = [tree, len(flat)]
                return [_checked(fun, out, holomorphic), *flat]
            return [_checked(fun, out, holomorphic)]

        outs, pullback = vjp_flat(scalar, leaves, 1)
        value = outs[0]
        cts = pullback([constant_like(value, 1)])
        found = in_tree.unflatten(cts)
        grads = found[0] if isinstance(argnums, int) else found
        if has_aux:
            return (value, aux[0].unflatten(outs[1:])), grads
        return value, grads

    return evaluate


def _positions(fun: Any, wanted: tuple[int, ...], count: int) -> list[int]:
    for i in wanted:
        if not -count <= i < count:
            raise ArgumentValueError(
                f"`grad` was asked for argument {i} of `{_calls.function_name(fun)}`, which was "
                f"called with {count} positional argument(s)",
                help="pass the argument by position, or change argnums",
            )
    return [i % count for i in wanted]


def _check_inputs(
    fun: Any,
    leaves: Sequence[Any],
    chosen: tuple,
    positions: Sequence[int],
    holomorphic: bool,
    allow_int: bool,
) -> None:
    for i, x in enumerate(leaves):
        aval = aval_of(x)
        kind = kind_of(aval.dtype)
        if (kind == "f" and not holomorphic) or (kind == "c" and holomorphic):
            continue
        if kind in "ib" and allow_int:
            continue
        paths = tree_registry.flatten_with_path(chosen)[0]
        path = paths[i][0]
        inside = "".join(str(k) for k in path[1:])
        raise GradTypeError(_argument(fun, positions[path[0].idx]) + inside, str(aval))


def _checked(fun: Any, out: Any, holomorphic: bool) -> Any:
    leaves, tree = tree_registry.flatten(out)
    if len(leaves) != 1 or tree.num_nodes != 1:
        raise NonScalarGradError(type(out).__name__, _calls.function_name(fun))
    aval = aval_of(out)
    if aval.shape:
        raise NonScalarGradError(str(aval), _calls.function_name(fun))
    kind = kind_of(aval.dtype)
    if kind != ("c" if holomorphic else "f"):
        raise GradTypeError("output", str(aval))
    return out


def _argument(fun: Any, position: int) -> str:
    """The name of a positional argument."""
    try:
        return list(inspect.signature(fun).parameters)[position]
    except (IndexError, TypeError, ValueError):
        return f"argument {position}"
