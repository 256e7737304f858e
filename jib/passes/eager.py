"""Eager evaluation: compile what is asked for, run it, and let C++ repeat it.

One operation is compiled for each primitive and its parameters. A public function of several
operations is wrapped by `compiled`, so that eagerly it is one program too.
"""

from __future__ import annotations

import functools
import inspect
import operator
import types
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar, overload

from jib import settings
from jib.backend import _runtime, client, compile as compiler, placement as placing
from jib.backend.buffers import ArrayImpl
from jib.backend.donations import FAILURES, raise_explained
from jib.backend.execute import CallCache, Program, cpp_function, default_sharding
from jib.backend.shardings import NamedSharding
from jib.backend.transfer import put_scalar
from jib.core.avals import ShapedArray
from jib.core.effects import is_ordered
from jib.core.jaxpr import Equation, Jaxpr, Var, meshes_of
from jib.core.keys import KeyArray
from jib.core.scalars import EXACT_TYPES, widened
from jib.core.tracing import Trace, Tracer, aval_of, install_eager, is_eager, swap_trace
from jib.errors import EffectError
from jib.passes.dce import dce_jaxpr
from jib.passes.key_effects import call_program, with_keys_noted
from jib.passes.lower_module import Lowered, lower_module
from jib.passes.ordering import with_token
from jib.passes.reference import evaluate_numpy
from jib.passes.stage import stage
from jib.tree import tree_registry

__all__ = ["CompileOptions", "EagerTrace", "clear_caches", "compile_jaxpr", "compiled"]

F = TypeVar("F", bound=Callable[..., Any])

_FUNCTIONS_LIMIT = 8192
_functions: dict[Any, Callable[..., Any]] = {}
_primitive_cache = CallCache(capacity=_FUNCTIONS_LIMIT)
_compiled_cache = CallCache(capacity=4096)
_eager_jaxprs: dict[Any, Jaxpr] = {}


class EagerTrace(Trace):
    """Runs every primitive at once, as a compiled program of one equation."""

    __slots__ = ()

    def process(self, primitive: Any, args: tuple, params: dict[str, Any]) -> Any:
        """Run one primitive on arrays."""
        if not is_eager():
            old = swap_trace(self)
            try:
                return self.process(primitive, args, params)
            finally:
                swap_trace(old)
        if settings.jit_disabled.value:
            return _evaluate(primitive, args, params)
        key = (primitive, *params.items())
        function = _functions.get(key)
        if function is None:
            function = _function_of(key, primitive, params)
        if not EXACT_TYPES.isdisjoint(map(type, args)):
            args = tuple([put_scalar(x, x.dtype) if type(x) in EXACT_TYPES else x for x in args])
        try:
            return function(*args)
        except FAILURES as error:
            raise_explained(error, args)


def _evaluate(primitive: Any, args: tuple, params: dict[str, Any]) -> Any:
    """One operation by its NumPy rule."""
    run = functools.partial(evaluate_numpy, primitive, args, params)
    if KeyArray not in map(type, args):
        return run()
    return with_keys_noted(_jaxpr_of(primitive, params, tuple(map(aval_of, args))), args, run)


def _function_of(key: Any, primitive: Any, params: dict[str, Any]) -> Callable[..., Any]:
    if len(_functions) >= _FUNCTIONS_LIMIT:
        _functions.clear()
        _eager_jaxprs.clear()
    if primitive.name in ("callback", "check"):  # its function is on the host already

        def call(*args: Any) -> Any:
            return evaluate_numpy(primitive, args, params)

        return call

    def cache_miss(*args: Any) -> tuple[Any, Any, bool]:
        jaxpr = _jaxpr_of(primitive, params, tuple(map(aval_of, args)))
        single = not primitive.multiple_results
        structure = operator.itemgetter(0) if single else list
        program = compile_jaxpr(jaxpr, args)
        return *call_program(program, jaxpr, args, (), structure), False

    def function(*args: Any) -> Any:
        return _evaluate(primitive, args, params)

    made = cpp_function(primitive.name, function, cache_miss, _primitive_cache, key=key)
    _functions[key] = made
    return made


def _jaxpr_of(primitive: Any, params: dict[str, Any], avals: tuple[ShapedArray, ...]) -> Jaxpr:
    key = (primitive, avals, *params.items())
    jaxpr = _eager_jaxprs.get(key)
    if jaxpr is None:
        out = primitive.abstract(avals, params)
        outvars = [Var(a) for a in (out if primitive.multiple_results else [out])]
        invars = [Var(a) for a in avals]
        effects = primitive.effects_of(params)
        eqn = Equation(primitive, invars, outvars, params, effects)
        jaxpr = _eager_jaxprs[key] = Jaxpr((), invars, outvars, [eqn], name=primitive.name)
    return jaxpr


class CompileOptions(NamedTuple):
    """How a program is compiled: donations, shardings, and options of the compiler."""

    donated: tuple[bool, ...] | None = None
    in_shardings: tuple[Any, ...] | None = None
    out_shardings: tuple[Any, ...] | None = None
    keep_unused: bool = False
    options: tuple[tuple[str, Any], ...] = ()


_DEFAULTS = CompileOptions()


def _sharding_of(x: Any) -> Any:
    """The sharding that an argument insists on, or None."""
    if type(x) is KeyArray:
        x = x._base
    if type(x) is ArrayImpl and x._committed:
        return x._sharding
    sharding = getattr(x, "sharding", None) if not isinstance(x, Tracer) else None
    return sharding if type(x) is not ArrayImpl else None


class _Placement:
    """Where a program runs: its devices, their mesh when there are several, and shardings."""

    __slots__ = ("committed", "default", "devices", "in_shardings", "mesh", "out_shardings")

    def __init__(self, args: Sequence[Any], options: CompileOptions, jaxpr: Jaxpr) -> None:
        given = options.in_shardings or (None,) * len(args)
        shardings = [
            s if s is not None else _sharding_of(x) for s, x in zip(given, args, strict=True)
        ]
        outs = options.out_shardings or (None,) * len(jaxpr.outvars)
        asked = [s for s in (*shardings, *outs) if s is not None]
        asked += [placing.replicated_on(mesh) for mesh in meshes_of(jaxpr)]
        self.mesh = placing.common_mesh(asked)
        self.committed = bool(asked)
        if self.mesh is not None:
            self.devices = tuple(self.mesh.devices.flat)
            shardings = placing.all_named_on(self.mesh, shardings, jaxpr.in_avals)
            outs = placing.all_named_on(self.mesh, outs, jaxpr.out_avals)
        else:
            self.devices = tuple(asked[0].device_set) if asked else (client.default_device(),)
            # A mesh of one device is one device, but arrays keep saying how they lie on it.
            shardings, outs = (map(placing.named_or_none, found) for found in (shardings, outs))
        self.default = default_sharding(self.devices[0])
        named = [s for s in asked if type(s) is NamedSharding]
        if named:
            self.default = placing.replicated_on(named[0].mesh)
        self.in_shardings, self.out_shardings = tuple(shardings), tuple(outs)

    def key(self) -> tuple:
        """A hashable form."""
        found = (self.default, self.in_shardings, self.out_shardings, self.mesh)
        return (self.devices, self.committed, *found)


def lower_jaxpr(
    jaxpr: Jaxpr, args: Sequence[Any], options: CompileOptions = _DEFAULTS
) -> tuple[Lowered, Jaxpr, tuple[bool, ...], _Placement]:
    """Write a program (without constants) as a module, for the devices that hold `args`."""
    placement = _Placement(args, options, jaxpr)
    used = (True,) * len(jaxpr.outvars)
    donated = options.donated
    keep: Any = True if options.keep_unused else (donated or False)
    slim, kept = dce_jaxpr(jaxpr, used, keep)
    pick = functools.partial(_pick, kept)
    token: list[bool] = []
    if is_ordered(slim.effects):
        if placement.mesh is not None:
            raise EffectError(
                f"`{jaxpr.name}` has ordered effects, but runs on {len(placement.devices)} devices "
                "at once, which have no order",
                help="leave out ordered=True",
            )
        slim, token = with_token(slim), [False]
    lowered = lower_module(
        slim,
        name=jaxpr.name or "program",
        platform=placement.devices[0].platform,
        devices=placement.devices if placement.mesh is not None else (),
        in_shardings=pick(placement.in_shardings),
        out_shardings=placement.out_shardings,
        donated=None if donated is None else [*token, *pick(donated)],
    )
    return lowered, slim, kept, placement


def _pick(kept: Sequence[bool], values: Sequence[Any]) -> list[Any]:
    return [v for v, k in zip(values, kept, strict=True) if k]


def compile_jaxpr(
    jaxpr: Jaxpr, args: Sequence[Any], options: CompileOptions = _DEFAULTS
) -> Program:
    """The compiled form of a program without constants, for the devices that hold `args`."""
    placement = _Placement(args, options, jaxpr)
    key = ("program", placement.key(), options, _runtime.trace_key())
    program = jaxpr.memo.get(key)
    if program is None:
        program = jaxpr.memo[key] = load(lower_jaxpr(jaxpr, args, options), jaxpr, options)
    return program


def load(lowering: tuple, jaxpr: Jaxpr, options: CompileOptions) -> Program:
    """Compile a lowered program."""
    lowered, slim, kept, placement = lowering
    several = placement.mesh is not None
    executable = compiler.compile_module(
        lowered.module,
        devices=placement.devices,
        options=dict(options.options),
        spmd=several,
        num_partitions=len(placement.devices),
        allow_propagation_to_parameters=[s is None for s in _pick(kept, placement.in_shardings)],
        allow_propagation_to_outputs=[s is None for s in placement.out_shardings],
        host_callbacks=lowered.callbacks,
        name=jaxpr.name,
    )
    if several:
        ins, outs = placing.named_from_compiled(
            executable, placement.mesh, slim.in_avals, slim.out_avals
        )
        found = iter(ins)
        ins = [next(found) if k else None for k in kept]
    else:
        ins = [default_sharding(placement.devices[0])] * len(jaxpr.invars)
        outs = [placement.default] * len(jaxpr.outvars)
    # What was asked for comes first: it is what arguments are compared with on later calls.
    in_shardings = [s or o for s, o in zip(placement.in_shardings, ins, strict=True)]
    out_shardings = [s or o for s, o in zip(placement.out_shardings, outs, strict=True)]
    return Program(
        executable,
        in_avals=jaxpr.in_avals,
        in_shardings=in_shardings,
        kept=kept,
        out_avals=jaxpr.out_avals,
        out_shardings=out_shardings,
        committed=placement.committed,
        effects=jaxpr.effects,
    )


@overload
def compiled(function: F, *, static: Sequence[str] = ()) -> F: ...
@overload
def compiled(function: None = None, *, static: Sequence[str]) -> Callable[[F], F]: ...
def compiled(function: Callable[..., Any] | None = None, *, static: Sequence[str] = ()) -> Any:
    """Make a function of several operations one program when it is called eagerly.

    Under a trace the function is called straight through. `static` names the arguments that are
    not arrays (axes, shapes, dtypes, flags).
    """
    if function is None:
        return functools.partial(compiled, static=static)
    argnums = _positions(function, static) if static else []

    def cache_miss(*args: Any, **kwargs: Any) -> tuple[Any, Any, bool]:
        call = _stage_call(function, argnums, static, args, kwargs)
        jaxpr, consts, values, structure, repeatable = call
        program = compile_jaxpr(jaxpr, values)
        out, repeat = call_program(program, jaxpr, values, consts, structure.unflatten)
        return out, repeat if repeatable else None, False

    dispatch = cpp_function(
        function.__name__,
        function,
        cache_miss,
        _compiled_cache,
        static_argnums=argnums,
        static_argnames=static,
        key=("compiled", function),
    )

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not is_eager():
            return function(*args, **kwargs)
        try:
            return dispatch(*args, **kwargs)
        except FAILURES as error:
            raise_explained(error, (args, kwargs))

    wrapper.dispatch = dispatch  # type: ignore[attr-defined]  # for callers that are eager
    return wrapper


def _positions(function: Callable[..., Any], names: Sequence[str]) -> list[int]:
    """Where named parameters stand; read from the code, as signatures are slow to make."""
    if type(function) is types.FunctionType and not hasattr(function, "__wrapped__"):
        code = function.__code__
        parameters = list(code.co_varnames[: code.co_argcount])
    else:
        parameters = list(inspect.signature(function).parameters)
    return [parameters.index(name) for name in names if name in parameters]


def _stage_call(
    function: Callable[..., Any],
    argnums: Sequence[int],
    static: Sequence[str],
    args: tuple,
    kwargs: dict[str, Any],
) -> tuple[Jaxpr, list[Any], list[Any], Any, bool]:
    """Stage a call whose dynamic arguments may be nested; constants become leading arguments.

    The last result tells whether C++ may repeat the call, which narrows numbers to 32 bits.
    """
    fixed = {i: x for i, x in enumerate(args) if i in argnums}
    fixed_names = {k: v for k, v in kwargs.items() if k in static}
    dynamic = (
        [x for i, x in enumerate(args) if i not in argnums],
        {k: v for k, v in kwargs.items() if k not in static},
    )
    given, structure = tree_registry.flatten(dynamic)
    leaves = widened(given, (*fixed.values(), *fixed_names.values()))
    out_structure: list[Any] = []

    def flat(*tracers: Any) -> list[Any]:
        positional, named = structure.unflatten(tracers)
        rest = iter(positional)
        full = [fixed[i] if i in fixed else next(rest) for i in range(len(args))]
        outs, out_tree = tree_registry.flatten(function(*full, **named, **fixed_names))
        out_structure.append(out_tree)
        return outs

    jaxpr, consts = stage(flat, [aval_of(x) for x in leaves], name=function.__name__)
    return jaxpr.hoisted, consts, [*consts, *leaves], out_structure[0], leaves is given


def clear_caches() -> None:
    """Forget every compiled eager operation."""
    _functions.clear()
    _eager_jaxprs.clear()
    _primitive_cache.clear()
    _compiled_cache.clear()
    compiler.clear_memory_cache()


def _notify(eager: bool) -> None:
    _runtime.trace_state.set_local(None if eager else True)


eager_trace = EagerTrace()
install_eager(eager_trace, _notify)
_runtime.set_tracer_class(Tracer)
