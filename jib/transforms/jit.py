"""`jit`: trace a function once for each signature, compile it, and call it through C++."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ParamSpec, TypedDict, TypeVar, Unpack, overload

from jib import errors
from jib.backend._runtime import trace_key
from jib.backend.devices import devices
from jib.backend.donations import FAILURES, explain_failure, remember
from jib.backend.execute import CallCache, cpp_function, default_sharding
from jib.core.avals import ShapedArray
from jib.core.axes import axes_key
from jib.core.jaxpr import ClosedJaxpr, Jaxpr
from jib.core.scalars import widened
from jib.core.sources import capture, hide_library_frames
from jib.core.tracing import aval_of, is_eager, not_an_array
from jib.lax._nested import nested
from jib.lax._programs import merge, pick
from jib.lax._sharding import named_sharding, with_sharding_constraint
from jib.passes import eager
from jib.passes.eager import CompileOptions, compile_jaxpr
from jib.passes.key_effects import call_program, check_keys
from jib.passes.lower import call_jaxpr
from jib.passes.partial_eval import partial_eval_jaxpr
from jib.passes.stage import evaluate, stage
from jib.settings import debug_infs, debug_nans
from jib.transforms import _calls
from jib.transforms.stages import Traced, Wrapped
from jib.tree import tree_registry

__all__ = ["clear_caches", "clear_traces", "jit"]

P = ParamSpec("P")
R = TypeVar("R")

_traces = _calls.TraceCache()
_cache = CallCache(capacity=8192)
_MOST_SIGNATURES = 512  # kept of one function


def clear_traces() -> None:
    """Forget every traced function."""
    _traces.clear()
    _cache.clear()


def clear_caches() -> None:
    """Forget every traced function and every compiled program of this process.

    What is on disk stays: see `jib.cache.clear`.

    Example:
        >>> import jib
        >>> jib.clear_caches()
    """
    clear_traces()
    eager.clear_caches()


class _JitInfo(types.SimpleNamespace):
    """What a call of `jit` asked for: the function, its name, and the options; see `_info`."""


class _Call:
    """One call, taken apart: static arguments aside, the rest flat."""

    __slots__ = ("avals", "in_tree", "info", "leaves", "repeatable", "static")

    def __init__(self, info: _JitInfo, args: tuple, kwargs: dict[str, Any]) -> None:
        self.info = info
        n = len(args)
        nums = {i % n if i < 0 else i for i in info.static_argnums if -n <= i < n}
        self.static = (
            tuple([(i, args[i]) for i in sorted(nums)]),
            tuple([(k, v) for k, v in sorted(kwargs.items()) if k in info.static_argnames]),
            n,
        )
        dynamic = tuple([x for i, x in enumerate(args) if i not in nums])
        named = {k: v for k, v in kwargs.items() if k not in info.static_argnames}
        self.leaves, self.in_tree = tree_registry.flatten((dynamic, named))
        self.avals = self._types()
        wide = widened(self.leaves)
        self.repeatable = wide is self.leaves  # C++ narrows Python numbers to 32 bits
        if not self.repeatable:
            self.leaves = wide
            self.avals = self._types()

    def _types(self) -> tuple[ShapedArray, ...]:
        avals = []
        for i, x in enumerate(self.leaves):
            try:
                avals.append(getattr(x, "aval", None) or aval_of(x))
            except errors.ArgumentTypeError:
                raise not_an_array(x, self.names()[i]) from None
        return tuple(avals)

    def key(self) -> tuple:
        """What a trace of this call depends on, beside the function."""
        nums, names, _ = self.static
        # 1, 1.0 and True are equal, but make different programs.
        kinds = tuple([type(x) for _, x in (*nums, *names)])
        return (self.static, kinds, self.in_tree, self.avals, trace_key(), axes_key())

    def names(self) -> list[str]:
        """A name for each flat argument, such as `params['w']`."""
        dynamic, named = self.in_tree.unflatten(self.leaves)
        rest, (nums, _, n) = iter(dynamic), self.static
        fixed = dict(nums)
        args = [None if i in fixed else next(rest) for i in range(n)]
        return _calls.argument_names(self.info.fun, args, named)

    def describe(self, positions: Sequence[int]) -> errors.Provenance:
        """The flat arguments at these positions, and the function, for messages."""
        names = self.names()
        shown = [(names[i], str(self.avals[i])) for i in positions]
        return _calls.provenance(self.info.fun, shown, "jib.jit")

    def flat(self) -> tuple[Callable[..., list[Any]], list[Any]]:
        """The function of flat values that the call amounts to."""
        nums, names, n = self.static
        fixed = dict(nums)

        def function(*dynamic: Any, **named: Any) -> Any:
            rest = iter(dynamic)
            args = [fixed[i] if i in fixed else next(rest) for i in range(n)]
            return self.info.fun(*args, **named, **dict(names))

        return _calls.flat_function(function, self.in_tree)


def _trace(call: _Call) -> tuple[Jaxpr, list[Any], Any]:
    """The program of a call, the values it closes over, and the structure of its results."""
    results = _traces.results_of(call.info.fun)
    key = call.key()
    try:
        found = results.get(key)
    except TypeError as error:
        nums, names, _ = call.static
        raise _unhashable(call.info, (*nums, *names)) or error from None
    if found is None:
        # What the function reads from outside may have changed since it was last traced.
        results = _traces.renewed(call.info.fun)
        found = results.get(key)
    if found is None:
        flat, out_tree = call.flat()
        jaxpr, consts = stage(flat, call.avals, name=call.info.name, owner=call)
        if len(results) >= _MOST_SIGNATURES:
            del results[next(iter(results))]  # the oldest, and with it its compiled programs
        found = results[key] = (jaxpr, consts, out_tree[0])
    return found


def _unhashable(info: _JitInfo, static: Iterable[tuple[Any, Any]]) -> Exception | None:
    """The error for a static argument that is not hashable, if there is one."""
    for name, value in static:
        try:
            hash(value)
        except TypeError:
            if isinstance(name, int):
                names = info.static_argnames
                index = info.static_argnums.index(name)
                name = names[index] if index < len(names) else f"argument {name}"
            return errors.StaticArgumentError(name, type(value).__name__, info.name)
    return None


def _per_leaf(shardings: Any, tree: Any) -> tuple[Any, ...] | None:
    if shardings is None:
        return None
    found = _calls.per_leaf(shardings, tree)
    return tuple([None if s is None else named_sharding(s) for s in found])


def _in_shardings(call: _Call) -> tuple[Any, ...] | None:
    """A sharding or None for each flat argument; those passed by keyword are not spoken of."""
    given = call.info.in_shardings
    if given is None:
        return None
    single = not isinstance(given, tuple | list)
    whole = (given, given) if single else (tuple(given), None)
    return _per_leaf(whole, call.in_tree)


def _donated(call: _Call) -> tuple[bool, ...] | None:
    info = call.info
    if not info.donate_argnums and not info.donate_argnames:
        return None
    if debug_nans.value or debug_infs.value:  # the program may have to run again
        return None
    nums, _, n = call.static
    positions = [i for i in range(n) if i not in dict(nums)]
    args, kwargs = call.in_tree.unflatten(call.leaves)
    donated = []
    for position, x in zip(positions, args, strict=True):
        given = position in info.donate_argnums or position - n in info.donate_argnums
        donated += [given] * tree_registry.flatten(x)[1].num_leaves
    for name in sorted(kwargs):
        count = tree_registry.flatten(kwargs[name])[1].num_leaves
        donated += [name in info.donate_argnames] * count
    return tuple(donated)


def _compile_options(call: _Call, jaxpr: Jaxpr, out_tree: Any) -> CompileOptions:
    """How the program of a call is compiled; hidden arguments are neither donated nor sharded."""
    info = call.info
    hidden = len(jaxpr.constvars)
    donated = _donated(call)
    shardings = _in_shardings(call)
    return CompileOptions(
        donated=None if donated is None else (False,) * hidden + donated,
        in_shardings=None if shardings is None else (None,) * hidden + shardings,
        out_shardings=_per_leaf(info.out_shardings, out_tree),
        keep_unused=info.keep_unused,
        options=info.options,
    )


def _run(info: _JitInfo, args: tuple, kwargs: dict[str, Any]) -> tuple[Any, Any, bool]:
    call = _Call(info, args, kwargs)
    jaxpr, consts, out_tree = _trace(call)
    if not is_eager():
        check_keys(jaxpr.hoisted)  # now, with the caller on the stack
        return out_tree.unflatten(_call_in_trace(call, jaxpr, consts, out_tree)), None, False
    values = [*consts, *call.leaves]
    program = compile_jaxpr(jaxpr.hoisted, values, _compile_options(call, jaxpr, out_tree))
    out, repeat = call_program(program, jaxpr.hoisted, values, consts, out_tree.unflatten)
    return out, repeat if call.repeatable else None, False


def _call_in_trace(call: _Call, jaxpr: Jaxpr, consts: list[Any], out_tree: Any) -> list[Any]:
    info = call.info
    leaves = _constrained(call.leaves, _in_shardings(call))
    if info.inline:
        outs = evaluate(jaxpr, consts, *leaves)
    else:
        outs = jit_p.bind(*consts, *leaves, jaxpr=jaxpr.hoisted, name=info.name)
    return _constrained(outs, _per_leaf(info.out_shardings, out_tree))


def _constrained(values: list[Any], shardings: tuple[Any, ...] | None) -> list[Any]:
    """Inside another program, shardings are wishes for the partitioner."""
    return values if shardings is None else with_sharding_constraint(values, list(shardings))


class _Options(TypedDict, total=False):
    in_shardings: Any
    out_shardings: Any
    static_argnums: int | Sequence[int] | None
    static_argnames: str | Iterable[str] | None
    donate_argnums: int | Sequence[int] | None
    donate_argnames: str | Iterable[str] | None
    keep_unused: bool
    device: Any
    backend: str | None
    inline: bool
    compiler_options: dict[str, Any] | None


@overload
def jit(fun: Callable[P, R], /, **options: Unpack[_Options]) -> Wrapped[P, R]: ...
@overload
def jit(
    fun: None = None, /, **options: Unpack[_Options]
) -> Callable[[Callable[P, R]], Wrapped[P, R]]: ...
def jit(
    fun: Callable[..., Any] | None = None,
    /,
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
    compiler_options: dict[str, Any] | None = None,
) -> Any:
    """Compile a function with XLA; later calls with the same shapes and dtypes reuse the program.

    Args:
        fun: a function of arrays (or trees of them). It runs in Python once for each signature.
        in_shardings, out_shardings: where arguments and results live, as prefixes of their trees.
        static_argnums, static_argnames: arguments that are plain Python values; they must be
            hashable, and each new value compiles anew.
        donate_argnums, donate_argnames: arguments whose memory the results may take over.
        keep_unused: keep arguments that the function never reads.
        device, backend: where to run; `jib.device_put` of the arguments is the better way.
        inline: under another transform, write the operations there instead of a call.
        compiler_options: XLA flags for this program alone.

    Returns:
        A function with the same signature, and with `trace`, `lower`, `eval_shape`, `clear_cache`.

    Raises:
        StaticArgumentError: when called with a static argument that is not hashable.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> @jib.jit
        ... def double(x):
        ...     return 2 * x
        >>> double(jnp.arange(3)).tolist()
        [0, 2, 4]
    """
    options = {k: v for k, v in locals().items() if k not in ("fun", "device", "backend")}
    if fun is None:
        return functools.partial(jit, device=device, backend=backend, **options)
    if backend is not None:
        device = devices(backend)[0]
    if device is not None:
        options["in_shardings"] = default_sharding(device)
    if not callable(fun):
        raise errors.ArgumentTypeError(f"`jit` needs a function, but got {type(fun).__name__}")
    return _make(_info(fun, **options))


def _info(fun: Callable[..., Any], **given: Any) -> _JitInfo:
    """Complete the options: a number names the parameter at that place, and the other way round."""
    nums, names = _both_ways(fun, "static", given)
    donated = _both_ways(fun, "donate", given)
    options = given.pop("compiler_options") or {}
    return _JitInfo(
        fun=fun,
        name=_calls.function_name(fun),
        static_argnums=nums,
        static_argnames=names,
        donate_argnums=donated[0],
        donate_argnames=donated[1],
        options=tuple(sorted(options.items())),
        **given,
    )


def _both_ways(fun: Any, kind: str, given: dict) -> tuple[tuple[int, ...], tuple[str, ...]]:
    nums = _calls.as_tuple(given.pop(f"{kind}_argnums"))
    names = _calls.as_tuple(given.pop(f"{kind}_argnames"), str)
    if not nums and not names:
        return (), ()
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):
        return nums, names
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    _check_exist(fun, kind, nums, names, parameters, positional)
    if not any(p.kind is p.VAR_POSITIONAL for p in parameters):
        nums = tuple(i % len(positional) for i in nums)
    if not names:
        names = tuple(positional[i] for i in nums if -len(positional) <= i < len(positional))
    elif not nums:
        nums = tuple(positional.index(name) for name in names if name in positional)
    return nums, names


def _check_exist(
    fun: Any, kind: str, nums: Any, names: Any, parameters: list[Any], positional: list[str]
) -> None:
    """Each number and each name must speak of a parameter."""
    kinds = {p.kind for p in parameters}
    signature = f"`{_calls.function_name(fun)}({', '.join(map(str, parameters))})`"
    for i in nums:
        known = -len(positional) <= i < len(positional)
        if not known and inspect.Parameter.VAR_POSITIONAL not in kinds:
            raise errors.ArgumentValueError(
                f"{kind}_argnums={i} is no positional parameter of {signature}",
                help=f"{kind}_argnames takes parameters by name",
            )
    known = {p.name for p in parameters}
    for name in names:
        if name not in known and inspect.Parameter.VAR_KEYWORD not in kinds:
            raise errors.ArgumentValueError(
                f"{kind}_argnames={name!r} is no parameter of {signature}",
                help=f"the parameters are {', '.join(p.name for p in parameters)}",
            )


def _make(info: _JitInfo) -> Any:
    def cache_miss(*args: Any, **kwargs: Any) -> tuple[Any, Any, bool]:
        return _run(info, args, kwargs)

    key = (info.donate_argnums, info.donate_argnames, info.keep_unused, info.options, info.inline)
    shardings = (info.in_shardings, info.out_shardings)
    if shardings != (None, None):
        key = (*key, *map(_hashable, shardings))
    static = {"static_argnums": info.static_argnums, "static_argnames": info.static_argnames}
    dispatch = cpp_function(info.name, info.fun, cache_miss, _cache, **static, key=key)
    made = (_donating if info.donate_argnums or info.donate_argnames else _plain)(info, dispatch)
    functools.update_wrapper(made, info.fun)
    made.trace = functools.partial(_traced, info)
    made.lower = lambda *args, **kwargs: _traced(info, *args, **kwargs).lower()
    made.eval_shape = lambda *args, **kwargs: _traced(info, *args, **kwargs).out_info
    made.clear_cache = functools.partial(_forget, info, dispatch)
    made._cache_size = dispatch._cache_size  # how many signatures it was compiled for
    return made


def _plain(info: _JitInfo, dispatch: Any) -> Any:
    """The function that users call: C++, with errors explained."""

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return dispatch(*args, **kwargs)
        except Exception as error:
            explained = _explained(info, error, args, kwargs)
            hide_library_frames(error)
            if explained is error:
                raise  # bare, so that this frame is not put back
            raise explained from explained.__cause__

    return call


def _donating(info: _JitInfo, dispatch: Any) -> Any:
    """As `_plain`; each call also notes which arrays it took over."""
    plain = _plain(info, dispatch)
    nums, names = info.donate_argnums, info.donate_argnames
    labels = {n: names[i] if i < len(names) else f"argument {n}" for i, n in enumerate(nums)}

    def call(*args: Any, **kwargs: Any) -> Any:
        out = plain(*args, **kwargs)
        taken = [(labels[n], args[n]) for n in nums if -len(args) <= n < len(args)]
        taken += [(name, kwargs[name]) for name in names if name in kwargs]
        remember(info.name, capture(), taken)
        return out

    return call


def _explained(info: _JitInfo, error: Exception, args: tuple, kwargs: dict) -> Exception:
    if isinstance(error, errors.JibError):
        return error
    if isinstance(error, ValueError) and "static arguments" in str(error):
        call_static = [(i, args[i]) for i in info.static_argnums if -len(args) <= i < len(args)]
        named = [(k, v) for k, v in kwargs.items() if k in info.static_argnames]
        return _unhashable(info, [*call_static, *named]) or error
    return explain_failure(error, (args, kwargs)) if isinstance(error, FAILURES) else error


def _hashable(shardings: Any) -> Any:
    leaves, tree = tree_registry.flatten(shardings, lambda s: s is None)
    return (tuple(leaves), tree)


def _forget(info: _JitInfo, dispatch: Any) -> None:
    """Forget the traces and programs of this function."""
    _traces.forget(info.fun)
    dispatch._clear_cache()


def _traced(info: _JitInfo, *args: Any, **kwargs: Any) -> Traced:
    """Trace for these arguments (arrays or `ShapeDtypeStruct`), without running anything."""
    call = _Call(info, args, kwargs)
    jaxpr, consts, out_tree = _trace(call)
    check_keys(jaxpr.hoisted)
    program, options = ClosedJaxpr(jaxpr, consts), _compile_options(call, jaxpr, out_tree)
    return Traced(program, call.leaves, call.in_tree, out_tree, options, info.name)


# ------------------------------------------------------------------------- the nested call


def _jit_partial_eval(split: Any, args: Any, unknown: Any, params: dict[str, Any]) -> list[Any]:
    parts = partial_eval_jaxpr(params["jaxpr"], tuple(unknown))
    known_args = pick(args, unknown, False)
    outs = split.parent.process(jit_p, tuple(known_args), {**params, "jaxpr": parts.known})
    results, residuals = parts.known_outs(outs)
    # A residual that is an argument needs no copy.
    residuals = [
        r if position is None else known_args[position]
        for r, position in zip(residuals, parts.forwarded, strict=True)
    ]
    operands = (*residuals, *pick(args, unknown))
    rest = split.recorder.process(jit_p, operands, {**params, "jaxpr": parts.unknown})
    return merge(parts.out_unknown, rest, results)


jit_p = nested(
    "jit",
    lower=lambda ctx, *values, jaxpr, name: call_jaxpr(ctx, jaxpr, values, name),
    partial_eval=_jit_partial_eval,
)
