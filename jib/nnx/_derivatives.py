"""Derivatives of functions that take modules, and change them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jib
from jib import errors, numpy as jnp, tree
from jib.core.origins import function_name
from jib.nnx._compiled import as_tuple, unbound
from jib.nnx._filters import Filter, to_predicate
from jib.nnx._graphs import as_pure, state
from jib.nnx._lifting import Call, PrefixMapping, Sealed, finish, spread
from jib.nnx._states import from_flat_state, to_flat_state
from jib.nnx._structure import is_root
from jib.nnx._variables import Param, RngState, Variable

__all__ = ["DiffState", "custom_vjp", "grad", "jvp", "remat", "value_and_grad", "vjp"]


class DiffState(PrefixMapping):
    """Which variables of one argument to differentiate by: `nnx.DiffState(0, nnx.BatchStat)`.

    Args:
        argnum: the position of the argument.
        filter: the variables of it.
    """

    def __init__(self, argnum: int, filter: Filter) -> None:
        self.argnum, self.filter = argnum, filter
        self.filters, self.things = (filter, ...), (True, False)

    def map_prefix(self, path: tuple, variable: Any) -> bool:
        """Whether to differentiate by a variable."""
        return to_predicate(self.filter)(path, variable)

    def __hash__(self) -> int:
        return hash((self.argnum, self.filter))


def positional(fun: Callable, args: tuple, kwargs: dict) -> tuple:
    """All arguments by position, where the function names them."""
    if not kwargs:
        return args
    bound = inspect.signature(fun).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args if not bound.kwargs else args


def _trained(path: tuple, variable: Any) -> bool:
    """The parameters of modules; a variable that is an argument by itself, of any type."""
    return isinstance(variable, Param) or (not path and not isinstance(variable, RngState))


def _wanted(argnums: Any) -> tuple[DiffState, ...]:
    given = argnums if isinstance(argnums, tuple | list) else (argnums,)
    return tuple([a if isinstance(a, DiffState) else DiffState(a, _trained) for a in given])


class _Chosen:
    """The slots and plain leaves of a call that a derivative is taken by."""

    def __init__(self, call: Call, prefix: tuple, arguments: tuple) -> None:
        self.call = call
        said = spread((prefix, None), arguments)
        slots, plain = call.said_of_slots(said), call.said_of_plain(said)
        self.slots = [i for i, s in enumerate(slots) if s is True]
        self.plain = [i for i, s in enumerate(plain) if s is not None and s is not False]
        self.values = call.values()

    def chosen(self) -> tuple[list, list]:
        """The values to differentiate by."""
        return [self.values[i] for i in self.slots], [self.call.plain[i] for i in self.plain]

    def put(self, chosen: tuple[list, list]) -> tuple[list, list]:
        """All values, with those to differentiate by replaced."""
        values, plain = list(self.values), list(self.call.plain)
        for i, x in zip(self.slots, chosen[0], strict=True):
            values[i] = x
        for i, x in zip(self.plain, chosen[1], strict=True):
            plain[i] = x
        return values, plain

    def arranged(self, argnum: int, args: tuple, grads: tuple[list, list]) -> Any:
        """Gradients as the argument is: a state for a module, an array for an array."""
        graph = self.call.graph
        by_slot = dict(zip(self.slots, grads[0], strict=True))
        by_plain = dict(zip(self.plain, grads[1], strict=True))
        kinds = self.call.signature.kinds
        first = len(tree.leaves(args[:argnum], is_leaf=is_root))
        root, leaf = sum(kinds[:first]), first - sum(kinds[:first])
        leaves, structure = tree.flatten(args[argnum], is_leaf=is_root)
        for k, x in enumerate(leaves):
            if not is_root(x):
                leaves[k], leaf = by_plain[leaf], leaf + 1
                continue
            pairs = []
            for i, owner in enumerate(graph.owners):
                if owner == root and i in by_slot:
                    slot = graph.slots[i]
                    value = by_slot[i]
                    value = slot.copy(value) if isinstance(slot, Variable) else value
                    pairs.append((graph.paths[i], value))
            root += 1
            leaves[k] = from_flat_state(pairs)
        return structure.unflatten(leaves)


def value_and_grad(
    f: Callable | None = None,
    *,
    argnums: Any = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    reduce_axes: Any = (),
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """A function that gives the value of `f`, and its gradient as a state; see `grad`."""
    options = dict(argnums=argnums, has_aux=has_aux, holomorphic=holomorphic, allow_int=allow_int)
    if f is None:
        return lambda f: value_and_grad(f, **options)
    function, wanted = unbound(f, "grad"), _wanted(argnums)

    @functools.wraps(f)
    def with_gradient(*args: Any, **kwargs: Any) -> Any:
        args = positional(function, args, kwargs)
        prefix: list[Any] = [False] * len(args)
        for w in wanted:
            if not -len(args) <= w.argnum < len(args):
                raise errors.ArgumentValueError(
                    f"a gradient by argument {w.argnum} is asked for, but the function is called "
                    f"with {len(args)} arguments",
                    help="nnx.grad(loss, argnums=0)(model)",
                )
            prefix[w.argnum] = w
        call = Call(args, {})
        by = _Chosen(call, tuple(prefix), (args, {}))

        def scored(chosen: tuple[list, list]) -> tuple[Any, Any]:
            outcome = call.run(function, *by.put(chosen))
            value = outcome.out
            if has_aux and not (isinstance(value, tuple) and len(value) == 2):
                raise errors.ArgumentTypeError(
                    f"with has_aux=True `{function_name(function)}` must return a pair, `(value, "
                    f"aux)`, but it returned a {getattr(value, 'aval', type(value).__name__)}",
                    help="return loss, aux",
                )
            value = value[0] if has_aux else value
            return value, outcome.parts()

        scored.__name__ = function_name(function)
        score = jib.value_and_grad(
            scored, has_aux=True, holomorphic=holomorphic, allow_int=allow_int
        )
        (_, parts), grads = score(by.chosen())
        out = call.finish(*parts)
        found = [by.arranged(w.argnum % len(args), args, grads) for w in wanted]
        return out, tuple(found) if isinstance(argnums, tuple | list) else found[0]

    return with_gradient


def grad(
    f: Callable | None = None,
    *,
    argnums: Any = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    reduce_axes: Any = (),
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """The gradient of a function by the parameters of modules, as a state.

    Args:
        f: a function whose value is a number (with `has_aux`, a pair of it and anything else).
        argnums: the position of the argument, or positions; an `nnx.DiffState` says by which
            variables, which are the `nnx.Param` otherwise. Arrays may be arguments too.
        has_aux, holomorphic, allow_int: as in `jib.grad`.

    What `f` changes in its arguments is changed.

    Example:
        >>> from jib import nnx
        >>> model = nnx.Dict(w=nnx.Param(jnp.array([1.0, 2.0])))
        >>> nnx.grad(lambda model: (model.w ** 2).sum())(model)["w"].value
        Array([2., 4.], dtype=float32)
    """
    options = dict(argnums=argnums, has_aux=has_aux, holomorphic=holomorphic, allow_int=allow_int)
    if f is None:
        return lambda f: grad(f, **options)
    with_value = value_and_grad(f, **options)

    @functools.wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        out, grads = with_value(*args, **kwargs)
        return (grads, out[1]) if has_aux else grads

    return gradient


def vjp(
    f: Callable | None = None,
    *primals: Any,
    has_aux: bool = False,
    reduce_axes: Any = (),
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """The value of a function and the function that pulls cotangents back; those of modules are
    modules that hold them.

    Example:
        >>> from jib import nnx
        >>> model = nnx.Dict(w=nnx.Param(jnp.array(3.0)))
        >>> out, pull = nnx.vjp(lambda m, x: m.w * x, model, jnp.array(2.0))
        >>> m_bar, x_bar = pull(jnp.array(1.0))
        >>> float(m_bar.w.value), float(x_bar)
        (2.0, 3.0)
    """
    if f is None or not primals:
        return functools.partial(vjp, *([f] if f else []), has_aux=has_aux)
    function, call = unbound(f, "vjp"), Call(primals, {})

    def pure(values: list, plain: list) -> tuple[Any, Any]:
        outcome = call.run(function, values, plain)
        out = outcome.out[0] if has_aux else outcome.out
        return out, outcome.parts()

    _, pull, parts = jib.vjp(pure, call.values(), call.plain, has_aux=True)
    out = call.finish(*parts)
    signature = call.signature

    def pulled(cotangent: Any) -> tuple:
        return signature.arguments(*pull(cotangent))[1][0]

    return (out[0], pulled, out[1]) if has_aux else (out, pulled)


def jvp(
    f: Callable | None = None,
    primals: Any = None,
    tangents: Any = None,
    *,
    has_aux: bool = False,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """The value of a function and its derivative in a direction; the tangents of modules are
    modules of the same structure.

    Example:
        >>> from jib import nnx
        >>> model = nnx.Dict(w=nnx.Param(jnp.array(3.0)))
        >>> along = nnx.Dict(w=nnx.Param(jnp.array(1.0)))
        >>> jib.tree.map(float, nnx.jvp(lambda m: m.w**2, (model,), (along,)))
        (9.0, 6.0)
    """
    if f is None or primals is None:
        return functools.partial(jvp, *([f] if f else []), has_aux=has_aux)
    function = unbound(f, "jvp")
    call, moved = Call(tuple(primals), {}), Call(tuple(tangents), {})
    if call.signature != moved.signature:
        raise errors.StructureError(
            "the tangents of `nnx.jvp` have another structure than the primals",
            help="tangent = nnx.map(lambda path, v: v.replace(jnp.ones_like(v.value)), model)",
        )

    def pure(values: list, plain: list) -> tuple[Any, Any]:
        outcome = call.run(function, values, plain)
        return (outcome.out[0] if has_aux else outcome.out), outcome.parts()

    at, along = (call.values(), call.plain), (moved.values(), moved.plain)
    _, tangent, parts = jib.jvp(pure, at, along, has_aux=True)
    out = call.finish(*parts)
    return (out[0], tangent, out[1]) if has_aux else (out, tangent)


def remat(
    f: Callable | None = None,
    *,
    prevent_cse: bool = True,
    static_argnums: int | tuple[int, ...] = (),
    policy: Callable[..., bool] | None = None,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """A function of modules whose intermediate values are computed again for the derivative; see
    `jib.checkpoint`."""
    if f is None:
        return lambda f: remat(
            f, prevent_cse=prevent_cse, static_argnums=static_argnums, policy=policy
        )
    static = as_tuple(static_argnums)

    @functools.wraps(f)
    def rematerialized(*args: Any, **kwargs: Any) -> Any:
        function = f
        positions = {i % len(args) for i in static if args}
        fixed = {i: args[i] for i in positions}
        if fixed:

            def function(*rest: Any, **named: Any) -> Any:
                others = iter(rest)
                return f(*[fixed[i] if i in fixed else next(others) for i in range(n)], **named)

        n = len(args)
        call = Call(tuple([x for i, x in enumerate(args) if i not in fixed]), kwargs)
        parts = jib.checkpoint(
            lambda values, plain: call.run(function, values, plain).parts(),
            prevent_cse=prevent_cse,
            policy=policy,
        )(call.values(), call.plain)
        return call.finish(*parts)

    return rematerialized


class custom_vjp:
    """A function of modules with a derivative rule of its own.

    `defvjp(forward, backward)`: `forward` takes the arguments and returns the result and
    residuals; `backward(residuals, (changes, cotangent))` returns, for each argument that is
    differentiated, a state of gradients (or an array). `changes` has the cotangents of what the
    function changed in its arguments, a state for each module.

    Example:
        >>> from jib import nnx
        >>> @nnx.custom_vjp
        ... def double(model):
        ...     return 2 * model.w[...]
        >>> double.defvjp(lambda m: (double(m), m.w[...]),
        ...               lambda w, g: (nnx.State({"w": 5 * g[1]}),))
        >>> nnx.grad(lambda m: double(m))(nnx.Dict(w=nnx.Param(jnp.ones(()))))["w"].value
        Array(5., dtype=float32)
    """

    def __init__(
        self,
        fun: Callable | None = None,
        *,
        nondiff_argnums: Any = (),
        graph: bool | None = None,
        graph_updates: bool | None = None,
    ) -> None:
        self._fun: Any = fun
        self._fixed = as_tuple(nondiff_argnums)
        if fun is not None:
            functools.update_wrapper(self, fun)

    def defvjp(self, fwd: Callable, bwd: Callable, symbolic_zeros: bool = False) -> None:
        """Set the rule."""
        self._forward, self._backward = fwd, bwd

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function, or of a decorator with options, the decorated function."""
        if self._fun is None:
            return custom_vjp(args[0], nondiff_argnums=self._fixed)
        args = positional(self._fun, args, kwargs)
        fixed = {i % len(args) for i in self._fixed}
        held = {i: args[i] for i in fixed}
        moving = tuple([x for i, x in enumerate(args) if i not in fixed])
        call = Call(moving, {})

        def joined(fun: Callable) -> Callable:
            def function(*rest: Any) -> Any:
                others = iter(rest)
                return fun(*[held[i] if i in held else next(others) for i in range(len(args))])

            return function

        def primal(values: list, plain: list) -> Any:
            return call.run(joined(self._fun), values, plain).parts()

        def forward(values: list, plain: list) -> Any:
            outcome = call.run(joined(self._forward), values, plain)
            out, residuals = outcome.out
            kept = Call(residuals)
            parts = outcome.without(out).parts()
            return parts, (kept.values(), kept.plain, Sealed(kept.signature), parts[3])

        def backward(kept: Any, cotangents: Any) -> Any:
            residuals = kept[2].content.arguments(kept[0], kept[1])[1][0]
            description = kept[3].content
            out = description.out.unflatten(cotangents[2])
            of_slots = dict(zip(description.changed, cotangents[0], strict=True))
            changes = [[] for _ in call.roots]
            for i, slot in enumerate(call.graph.slots):
                g = of_slots[i] if i in of_slots else _zeros_of(slot)
                g = slot.copy(g) if isinstance(slot, Variable) else g
                changes[call.graph.owners[i]].append((call.graph.paths[i], g))
            roots = [from_flat_state(pairs) for pairs in changes]
            given = call.signature.together(roots, [None] * len(call.plain))[0]
            nondiff = [held[i] for i in sorted(held)]
            tangents = self._backward(*nondiff, residuals, (given, out))
            return _cotangents(call, tangents)

        rule = jib.custom_vjp(primal)
        rule.defvjp(forward, backward)
        return finish(call.graph, *rule(call.values(), call.plain))


def _cotangents(call: Call, given: Any) -> tuple[list, list]:
    """What a backward rule gives, by slot and plain leaf; None where it says nothing."""
    found: dict[int, Any] = {}
    plain: list[Any] = []
    graph, root = call.graph, 0
    if not isinstance(given, tuple):
        raise errors.ArgumentTypeError(
            "the backward rule of a custom_vjp must return a tuple with a cotangent for each "
            f"argument, but it returned a {type(given).__name__}",
            help="return (cotangent,)",
        )
    leaves = call.signature.treedef.flatten_up_to((given, {}))
    for kind, x in zip(call.signature.kinds, leaves, strict=True):
        if not kind:
            plain.append(x)
            continue
        flat = {(): x} if x is None or isinstance(x, Variable) else dict(to_flat_state(state(x)))
        for i, (owner, path) in enumerate(zip(graph.owners, graph.paths, strict=True)):
            if owner == root and path in flat:
                found[i] = as_pure(flat[path])
        root += 1
    return [found.get(i) for i in range(len(graph.slots))], plain


def _zeros_of(slot: Any) -> Any:
    """A cotangent of zeros; None for what has no derivative, as a random key."""

    def zeros(x: Any) -> Any:
        return jnp.zeros_like(x) if jnp.issubdtype(x.dtype, jnp.inexact) else None

    return tree.map(zeros, as_pure(slot))
