"""`jit` and what else runs a function once: modules go in, and their changes come out."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jib
from jib import errors, lax, tree
from jib.core.sources import hide_library_frames
from jib.experimental import checkify as checks
from jib.nnx._boxes import Variable, root_types
from jib.nnx._lifting import Call, PrefixMapping, finish, named_after, run, said_of, spread
from jib.nnx._pytrees import Pytree
from jib.nnx._states import State, create_path_filters
from jib.nnx._static import Static
from jib.nnx._structure import cached_graph, is_root, walk_of
from jib.typing import Array

__all__ = [
    "StateSharding", "cached_partial", "checkify", "eval_shape", "jit", "jit_partial",
    "make_jaxpr", "shard_map",
]  # fmt: skip

_PROGRAMS_LIMIT = 512


def by_filter(given: Any) -> tuple[tuple, tuple]:
    """The filters and what each stands for, of a mapping, pairs, or a state of such."""
    if isinstance(given, State):
        given = create_path_filters(given)
    pairs = list(given.items() if isinstance(given, Mapping) else given)
    return tuple([f for f, _ in pairs]), tuple([a for _, a in pairs])


class StateSharding(PrefixMapping):
    """Shardings of a module's variables by filter, for `jit`.

    Example:
        >>> from jib import nnx
        >>> nnx.StateSharding({nnx.Param: "a", ...: None}).shardings
        ('a', None)
    """

    def __init__(self, filter_sharding: Any, /) -> None:
        self.filters, self.things = by_filter(filter_sharding)

    @property
    def shardings(self) -> tuple[Any, ...]:
        """The shardings, one for each filter."""
        return self.things


def unbound(fun: Callable, transform: str) -> Callable:
    """The function itself; a method of a module would close over the module.

    Raises:
        ArgumentTypeError: with the line that passes the module as an argument.
    """
    owner = getattr(fun, "__self__", None)
    if isinstance(fun, Pytree) or isinstance(owner, Pytree):
        name = getattr(fun, "__name__", "__call__")
        kind = type(fun if isinstance(fun, Pytree) else owner).__name__
        raise errors.ArgumentTypeError(
            f"nnx.{transform} is given a method of a {kind}: the module would not be an argument, "
            "and its changes would be lost",
            help=f"nnx.{transform}(lambda model, *args: model.{name}(*args))(model, ...)",
        )
    return fun


def as_tuple(given: Any) -> tuple:
    """One, several or no numbers or names, as a tuple."""
    if given is None:
        return ()
    return (given,) if isinstance(given, int | str) else tuple(given)


class _Jitted:
    """A compiled function; see `jit`."""

    def __init__(self, fun: Callable, options: dict[str, Any]) -> None:
        functools.update_wrapper(self, fun)
        self._fun = fun
        self._static = as_tuple(options.pop("static_argnums"))
        self._static_names = as_tuple(options.pop("static_argnames"))
        self._donated = as_tuple(options.pop("donate_argnums"))
        self._donated_names = as_tuple(options.pop("donate_argnames"))
        self._in = options.pop("in_shardings")
        self._out = options.pop("out_shardings")
        self._options = {k: v for k, v in options.items() if v}
        self._recent: dict[tuple, Any] = {}
        self._by_identity: dict[tuple, Any] = {}
        self._by_content: dict[tuple, Any] = {}

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def _prepare(self, args: tuple, kwargs: dict) -> tuple[Call, Any, Any]:
        fixed = None
        if self._static or self._static_names:
            nums = {n % len(args) for n in self._static if -len(args) <= n < len(args)}
            named = {k: v for k, v in kwargs.items() if k in self._static_names}
            fixed = tuple((i, Static(args[i])) for i in sorted(nums)), Static(named)
            args = tuple(None if i in nums else x for i, x in enumerate(args))
            kwargs = {k: v for k, v in kwargs.items() if k not in named}
        call = Call(args, kwargs)
        signature = call.signature
        key = (id(signature.structure), signature.treedef, signature.kinds, fixed)
        found = self._by_identity.get(key)
        if found is None:
            found = self._program(call, key, fixed, args, kwargs)
        return call, found[1], fixed

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # Calls with the very objects of an earlier call, unchanged in structure, go straight to
        # the compiled function. What is remembered keeps no module alive.
        key = tuple([id(x) if type(x) in root_types else type(x) for x in args])
        found = None if kwargs else self._recent.get(key)
        try:
            if found is not None:
                cached = found[0]()
                if cached is not None and cached.holds():
                    graph = cached.graph
                    plain = [args[i] for i in found[2]]
                    return finish(graph, *found[1](graph.values(), plain))
            call, program, fixed = self._prepare(args, kwargs)
            if fixed is None and not kwargs:
                self._remember(key, call, program, args)
            return finish(call.graph, *program(call.graph.values(), call.plain))
        except Exception as error:
            hide_library_frames(error)
            raise

    def _remember(self, key: tuple, call: Call, program: Any, args: tuple) -> None:
        cached = cached_graph(call.roots)
        leaves = [x for x in args if type(x) not in root_types]
        if cached is not None and all(isinstance(x, Array | int | float) for x in leaves):
            if len(self._recent) >= _PROGRAMS_LIMIT:
                self._recent.clear()
            where = tuple([i for i, x in enumerate(args) if type(x) not in root_types])
            self._recent[key] = weakref.ref(cached), program, where

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """The program for these arguments, not yet compiled; see `jib.jit(f).lower`."""
        call, program, _ = self._prepare(args, kwargs)
        return program.lower(call.values(), call.plain)

    def trace(self, *args: Any, **kwargs: Any) -> Any:
        """The program for these arguments as a jaxpr; see `jib.jit(f).trace`."""
        call, program, _ = self._prepare(args, kwargs)
        return program.trace(call.values(), call.plain)

    def clear_cache(self) -> None:
        """Forget every compiled program of this function."""
        self._recent.clear()
        self._by_identity.clear()
        self._by_content.clear()

    def _program(self, call: Call, key: tuple, fixed: Any, args: tuple, kwargs: dict) -> Any:
        """The compiled function of values for calls of this signature."""
        content = call.signature, fixed
        if len(self._by_identity) >= _PROGRAMS_LIMIT:
            self.clear_cache()
        program = self._by_content.get(content)
        if program is None:
            program = self._by_content[content] = self._make(call, fixed, args, kwargs)
        # The structure is kept, so that its id stays its own.
        self._by_identity[key] = found = call.signature.structure, program
        return found

    def _make(self, call: Call, fixed: Any, args: tuple, kwargs: dict) -> Any:
        fun = functools.partial(_with_static, self._fun, fixed) if fixed else self._fun
        if self._out is not None:
            fun = functools.partial(_constrained, fun, self._out)
        signature, is_fixed = call.signature, call.graph.fixed
        options = dict(self._options)
        if self._in is not None:
            options["in_shardings"] = self._in_shardings(call, args, kwargs)
        donated = self._donated_slots(call, args, kwargs)
        always = donated[0] if donated else ()  # their old arrays will be gone

        def traced(values: list[Any], plain: list[Any]) -> tuple:
            return run(signature, is_fixed, fun, values, plain, always=always).parts()

        named_after(traced, self._fun, call)
        if donated is None:
            return jib.jit(traced, **options)
        return _Donating(traced, donated, options)

    def _in_shardings(self, call: Call, args: tuple, kwargs: dict) -> tuple[list, list]:
        given = self._in
        if isinstance(given, list | tuple):
            rest = iter(given)
            skip = {n % len(args) for n in self._static} if args else set()
            given = tuple(None if i in skip else next(rest) for i in range(len(args)))
        said = spread((given, None), (args, kwargs))
        return call.said_of_slots(said), call.said_of_plain(said)

    def _donated_slots(self, call: Call, args: tuple, kwargs: dict) -> Any:
        """Which slots and which plain leaves are donated; None if none are."""
        if not self._donated and not self._donated_names:
            return None
        nums = {n % len(args) for n in self._donated if args}
        given = tuple(i in nums for i in range(len(args)))
        names = {k: k in self._donated_names for k in kwargs}
        said = spread((given, names), (args, kwargs))
        slots, plain = call.said_of_slots(said), call.said_of_plain(said)
        return [i for i, d in enumerate(slots) if d], [i for i, d in enumerate(plain) if d]


def _with_static(fun: Callable, fixed: Any, *args: Any, **kwargs: Any) -> Any:
    nums, named = fixed
    values = list(args)
    for i, static in nums:
        values[i] = static.value
    return fun(*values, **kwargs, **named.value)


class _Donating:
    """A compiled function that donates some of its values."""

    def __init__(self, traced: Callable, donated: tuple[list, list], options: dict) -> None:
        self._donated = tuple(map(set, donated))
        options.pop("in_shardings", None)

        def joined(given: list, kept: list) -> tuple:
            first, second = iter(given), iter(kept)
            return traced(
                *[
                    [next(first if i in d else second) for i in range(n)]
                    for n, d in zip(self._counts, self._donated, strict=True)
                ]
            )

        joined.__name__ = traced.__name__
        self._jitted = jib.jit(joined, donate_argnums=0, **options)
        self._counts = (0, 0)

    def _split(self, values: list, plain: list) -> tuple[list, list]:
        self._counts = len(values), len(plain)
        parts = list(zip((values, plain), self._donated, strict=True))
        given = [x for xs, d in parts for i, x in enumerate(xs) if i in d]
        return given, [x for xs, d in parts for i, x in enumerate(xs) if i not in d]

    def __call__(self, values: list, plain: list) -> Any:
        return self._jitted(*self._split(values, plain))

    def lower(self, values: list, plain: list) -> Any:
        """See `_Jitted.lower`."""
        return self._jitted.lower(*self._split(values, plain))


def jit(
    fun: Callable | None = None,
    *,
    in_shardings: Any = None,
    out_shardings: Any = None,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Iterable[str] | None = None,
    donate_argnums: int | Sequence[int] | None = None,
    donate_argnames: str | Iterable[str] | None = None,
    keep_unused: bool = False,
    device: Any = None,
    backend: str | None = None,
    inline: bool = False,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """Compile a function that takes modules, and may change them.

    The arguments are those of `jib.jit`; shardings may be `StateSharding` for modules. A call
    passes the arrays of the modules to a compiled function and puts back those that it changed.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> @nnx.jit
        ... def step(model, x):
        ...     model.count[...] += 1
        ...     return x * model.w
        >>> model = nnx.Dict(w=nnx.Param(jnp.ones(())), count=nnx.Variable(jnp.zeros(())))
        >>> step(model, 3.0), model.count.value
        (Array(3., dtype=float32), Array(1., dtype=float32))
    """
    given = dict(
        in_shardings=in_shardings, out_shardings=out_shardings, static_argnums=static_argnums,
        static_argnames=static_argnames, donate_argnums=donate_argnums,
        donate_argnames=donate_argnames, keep_unused=keep_unused, device=device, backend=backend,
        inline=inline,
    )  # fmt: skip
    if fun is None:
        return lambda fun: jit(fun, **given)
    return _Jitted(unbound(fun, "jit"), given)


def jit_partial(fun: Callable, *partial_args: Any, **options: Any) -> Callable:
    """`jit` with the first arguments given: `step = nnx.jit_partial(train_step, model)`."""
    return functools.partial(jit(fun, **options), *partial_args)


def cached_partial(
    f: Callable, *cached_args: Any, graph: bool | None = None, graph_updates: bool | None = None
) -> Callable:
    """A function with its first arguments given. Modules remember their structure by themselves,
    so this is `functools.partial`."""
    return functools.partial(f, *cached_args)


def eval_shape(
    f: Callable,
    *args: Any,
    graph: bool | None = None,
    graph_updates: bool | None = None,
    **kwargs: Any,
) -> Any:
    """The result of a function with `jib.ShapeDtypeStruct` in the place of arrays.

    A module made by `f` is made without any computation; the arguments are not changed.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> nnx.eval_shape(lambda: nnx.Dict(w=nnx.Param(jnp.ones(3)))).w.value
        ShapeDtypeStruct(shape=(3,), dtype=float32)
    """
    call = Call(args, kwargs)
    parts = jib.eval_shape(
        lambda values, plain: call.run(f, values, plain).parts(), call.values(), call.plain
    )
    copies, (new_args, new_kwargs) = call.signature.arguments(call.values(), call.plain)
    del copies
    return Call(new_args, new_kwargs).finish(*parts)


def make_jaxpr(
    f: Callable | None = None,
    *,
    graph: bool | None = None,
    graph_updates: bool | None = None,
    static_argnums: int | Iterable[int] = (),
) -> Any:
    """A function that gives the jaxpr of `f`: of the arrays in its arguments, to those that it
    returns or changes."""
    if f is None:
        return functools.partial(make_jaxpr, static_argnums=static_argnums)
    jitted = jit(f, static_argnums=as_tuple(static_argnums))

    def maker(*args: Any, **kwargs: Any) -> Any:
        return jitted.trace(*args, **kwargs).jaxpr

    return maker


def checkify(
    f: Callable,
    errors: Any = checks.user_checks,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Callable:
    """`jib.experimental.checkify.checkify` for functions that take and change modules."""

    @functools.wraps(f)
    def checked(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call = Call(args, kwargs)
        error, parts = checks.checkify(
            lambda values, plain: call.run(f, values, plain).parts(), errors
        )(call.values(), call.plain)
        return error, call.finish(*parts)

    return checked


def shard_map(
    f: Callable | None = None,
    *,
    mesh: Any,
    in_specs: Any,
    out_specs: Any,
    axis_names: Iterable[str] = frozenset(),
    check_vma: bool = True,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """`jib.shard_map` for functions that take and change modules.

    The specs of a module are one for all of its variables, or `StateSharding` by filter. Variables
    that change keep their spec.
    """
    options: dict[str, Any] = dict(axis_names=frozenset(axis_names), check_vma=check_vma)
    if f is None:
        return lambda f: shard_map(f, mesh=mesh, in_specs=in_specs, out_specs=out_specs, **options)
    function = unbound(f, "shard_map")

    def is_spec(x: Any) -> bool:
        return x is None or isinstance(x, PrefixMapping | jib.P)

    @functools.wraps(f)
    def mapped(*args: Any) -> Any:
        call = Call(args, {})
        said = spread((in_specs, None), (args, {}), is_spec)
        slots, plain = call.said_of_slots(said), call.said_of_plain(said)
        specs = _specs_of(in_specs, is_spec) + _specs_of(out_specs, is_spec)
        order = tuple(dict.fromkeys(specs))

        def inside(values: list, others: list) -> Any:
            outcome = call.run(function, values, others)
            return outcome.grouped(call, slots, said, out_specs, order, is_spec)

        groups = jib.shard_map(
            named_after(inside, function, call),
            mesh=mesh,
            in_specs=(slots, plain),
            out_specs=(order, jib.P()),
            **options,
        )(call.values(), call.plain)
        return call.finish_groups(*groups)

    return mapped


def _specs_of(prefix: Any, is_leaf: Callable) -> list[Any]:
    found = []
    for x in tree.leaves(prefix, is_leaf=is_leaf):
        found += list(x.things) if isinstance(x, PrefixMapping) else [x]
    return found


def _constrained(fun: Callable, shardings: Any, *args: Any, **kwargs: Any) -> Any:
    """The results of a function, with wishes for where they lie."""
    out = fun(*args, **kwargs)
    leaves, structure = tree.flatten(out, is_leaf=is_root)
    for i, sharding in enumerate(spread(shardings, out)):
        if sharding is None:
            continue
        if not is_root(leaves[i]):
            leaves[i] = lax.with_sharding_constraint(leaves[i], sharding)
            continue
        found = walk_of((leaves[i],))
        for path, slot in zip(found.paths, found.slots, strict=True):
            wanted = said_of(sharding, path, slot)
            if isinstance(slot, Variable) and wanted is not None:
                slot.set_value(lax.with_sharding_constraint(slot.get_value(), wanted))
    return structure.unflatten(leaves)
