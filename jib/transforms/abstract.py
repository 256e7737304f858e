"""Programs and types without running anything: `eval_shape`, `make_jaxpr`, `typeof`, names."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ParamSpec, TypeVar

from jib.core.avals import ShapedArray
from jib.core.jaxpr import ClosedJaxpr
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of, extend_axis_env, set_trace
from jib.errors import ArgumentTypeError
from jib.passes.eager import eager_trace
from jib.passes.stage import scoped, stage
from jib.transforms import _calls
from jib.transforms.stages import struct_of
from jib.tree import tree_registry

__all__ = [
    "ensure_compile_time_eval", "eval_shape", "make_jaxpr", "named_call", "named_scope", "typeof",
]  # fmt: skip

P = ParamSpec("P")
R = TypeVar("R")


def _type_of_leaf(x: Any) -> ShapedArray:
    """The type of an array, or of a stand-in with a shape and a dtype."""
    aval = getattr(x, "aval", None)
    if aval is not None:
        return aval
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        return ShapedArray(tuple(x.shape), x.dtype, getattr(x, "weak_type", False))
    return aval_of(x)


@api_boundary
def eval_shape(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The shapes and dtypes of `fun(*args, **kwargs)`, without computing anything.

    The arguments are arrays, or anything with a `shape` and a `dtype`, such as `ShapeDtypeStruct`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.eval_shape(lambda x: x @ x.T, jib.ShapeDtypeStruct((3, 2), jnp.float32))
        ShapeDtypeStruct(shape=(3, 3), dtype=float32)
    """
    leaves, in_tree = tree_registry.flatten((args, kwargs))
    flat, out_tree = _calls.flat_function(fun, in_tree)
    jaxpr, _ = stage(flat, list(map(_type_of_leaf, leaves)), name=_calls.function_name(fun))
    return out_tree[0].unflatten(list(map(struct_of, jaxpr.out_avals)))


def make_jaxpr(
    fun: Callable[P, Any],
    static_argnums: int | Sequence[int] = (),
    axis_env: Sequence[tuple[Any, int]] | None = None,
    return_shape: bool = False,
) -> Callable[P, Any]:
    """A function that returns the traced program of `fun` for given arguments.

    Args:
        fun: the function.
        static_argnums: positions of arguments that are plain Python values.
        axis_env: names and sizes of mapped axes that collectives in `fun` may speak of.
        return_shape: also return the tree of `ShapeDtypeStruct`s of the result.

    Example:
        >>> import jib
        >>> from jib import lax
        >>> program = jib.make_jaxpr(lambda x: lax.sin(lax.mul(x, 2.0)))(1.0)
        >>> [eqn.primitive.name for eqn in program.eqns]
        ['mul', 'sin']
    """
    static = _calls.as_tuple(static_argnums)

    @functools.wraps(fun)
    @api_boundary
    def traced(*args: Any, **kwargs: Any) -> Any:
        fixed = {i % len(args): args[i] for i in static if -len(args) <= i < len(args)}
        dynamic = tuple(x for i, x in enumerate(args) if i not in fixed)

        def with_static(*values: Any, **named: Any) -> Any:
            rest = iter(values)
            full: Any = [fixed[i] if i in fixed else next(rest) for i in range(len(args))]
            return fun(*full, **named)  # type: ignore[call-arg]  # as many as the caller gave

        leaves, in_tree = tree_registry.flatten((dynamic, kwargs))
        flat, out_tree = _calls.flat_function(with_static, in_tree)
        with extend_axis_env(dict(axis_env or ())):
            avals = list(map(_type_of_leaf, leaves))
            jaxpr, consts = stage(flat, avals, name=_calls.function_name(fun))
        program = ClosedJaxpr(jaxpr, consts)
        if not return_shape:
            return program
        return program, out_tree[0].unflatten(list(map(struct_of, jaxpr.out_avals)))

    return traced


def typeof(x: Any) -> ShapedArray:
    """The type of an array: shape, dtype, and whether the dtype is weak.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.typeof(jnp.ones((2, 3)))
        float32[2,3]
    """
    return _type_of_leaf(x)


class _Scopes(threading.local):
    names: tuple[str, ...] = ()


_scopes = _Scopes()


@contextlib.contextmanager
def named_scope(name: str) -> Iterator[str]:
    """Name a part of a program, inside a `with` block or as a decorator; scopes nest.

    Gives the full name, such as `model/layer`, which the operations carry in the lowered program
    and in profiles. The values do not change.

    Example:
        >>> import jib
        >>> with jib.named_scope("model"), jib.named_scope("layer") as full:
        ...     full
        'model/layer'
    """
    if not isinstance(name, str):
        raise ArgumentTypeError(f"`named_scope` needs a string, but got a {type(name).__name__}")
    before = _scopes.names
    _scopes.names = (*before, name)
    full = "/".join(_scopes.names)
    try:
        with scoped(full):
            yield full
    finally:
        _scopes.names = before


def named_call(fun: Callable[P, R], *, name: str | None = None) -> Callable[P, R]:
    """A function whose operations are in the scope `name`, by default its own name."""
    scope = _calls.function_name(fun) if name is None else name

    @functools.wraps(fun)
    def scoped(*args: Any, **kwargs: Any) -> Any:
        with named_scope(scope):
            return fun(*args, **kwargs)

    return scoped


@contextlib.contextmanager
def ensure_compile_time_eval() -> Iterator[None]:
    """Compute at once inside a `with` block, also where a function is being traced.

    Only values that are known now may be used there.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> @jib.jit
        ... def f(x):
        ...     with jib.ensure_compile_time_eval():
        ...         n = int(jnp.sum(jnp.arange(4)))
        ...     return x * n
        >>> f(2).item()
        12
    """
    with set_trace(eager_trace):
        yield
