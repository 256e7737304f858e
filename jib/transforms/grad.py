"""`grad` and `value_and_grad`: reverse-mode derivatives of scalar functions."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from jib.core.sources import api_boundary
from jib.core.tracing import aval_of, boxes
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
    wanted = _calls.as_tuple(argnums)

    @functools.wraps(fun)
    @api_boundary
    def evaluate(*args: Any, **kwargs: Any) -> Any:
        positions = _positions(fun, wanted, len(args))
        chosen = tuple(args[i] for i in positions)
        leaves, in_tree = tree_registry.flatten(chosen)
        check_inputs(fun, chosen, positions, holomorphic, allow_int)
        call = _calls.FlatCall(_calls.of_arguments(fun, args, kwargs, positions), in_tree, has_aux)

        def scalar(*values: Any) -> list[Any]:
            outs = call(*values)
            _check_result(call, outs, holomorphic)
            return outs

        outs, pullback = vjp_flat(scalar, leaves, 1)
        found = in_tree.unflatten(pullback([constant_like(outs[0], 1)]))
        results: Any = call.results(outs)
        return results if has_aux else results[0], found[0] if isinstance(argnums, int) else found

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


def check_inputs(
    fun: Any,
    chosen: tuple,
    positions: Sequence[int],
    holomorphic: bool,
    allow_int: bool,
    transform: str = "jib.grad",
) -> None:
    """Arguments must be floating, or complex; only that where the function is holomorphic."""
    # `grad` of a real function of z = x + iy is df/dx - i df/dy; Jacobians have no such reading.
    kinds = "c" if holomorphic else "fc" if transform == "jib.grad" else "f"
    for i, x in enumerate(tree_registry.flatten(chosen)[0]):
        aval = aval_of(x)
        kind = kind_of(aval.dtype)
        if kind in kinds or (allow_int and kind in "ib"):
            continue
        path = tree_registry.flatten_with_path(chosen)[0][i][0]
        name = _argument(fun, positions[path[0].idx]) + "".join(map(str, path[1:]))
        parts = tree_registry.flatten(chosen, lambda x: type(x) in boxes)[0]
        raise GradTypeError(name, str(aval), transform, any(type(x) in boxes for x in parts))


def _check_result(call: _calls.FlatCall, outs: Sequence[Any], holomorphic: bool) -> None:
    if call.count != 1 or call.tree.num_nodes != 1:
        out = call.tree.unflatten(outs[: call.count])
        raise NonScalarGradError(type(out).__name__, _calls.function_name(call.fun))
    aval = aval_of(outs[0])
    if aval.shape:
        raise NonScalarGradError(str(aval), _calls.function_name(call.fun))
    if kind_of(aval.dtype) != ("c" if holomorphic else "f"):
        raise GradTypeError("output", str(aval))


def _argument(fun: Any, position: int) -> str:
    """The name of a positional argument."""
    try:
        return list(inspect.signature(fun).parameters)[position]
    except (IndexError, TypeError, ValueError):
        return f"argument {position}"
