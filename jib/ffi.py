"""Calls of compiled functions of other languages, through XLA's foreign function interface."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jib import dtypes, lax
from jib.backend import ffi as targets, mlir
from jib.backend.mlir import hlo, ir
from jib.core.avals import ShapedArray
from jib.core.effects import Effect
from jib.core.jaxpr import Equation, Jaxpr, Var
from jib.core.primitive import Primitive, Waived
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import ArgumentValueError, NoDerivativeError
from jib.lax._callbacks import arranged, check_method, layouts
from jib.lax._programs import merge, pick
from jib.passes.batch import to_batch_axis
from jib.passes.eager import compile_jaxpr

__all__ = [
    "build_ffi_lowering_function", "ffi_call", "ffi_lowering", "include_dir", "pycapsule",
    "register_ffi_target", "register_ffi_target_as_batch_partitionable", "register_ffi_type",
]  # fmt: skip

_ffi_effect = Effect("ffi")


def register_ffi_target(
    name: str, fn: Any, platform: str = "cpu", api_version: int = 1, **kwargs: Any
) -> None:
    """Make a compiled function known under a name, for `ffi_call`.

    Args:
        name: the name, which must be new.
        fn: a capsule of `pycapsule`, or a dict of them by stage (`"execute"`, `"initialize"`, ...).
        platform: `"cpu"` or `"CUDA"`, where the function runs.
        api_version: 1 for typed handlers (`XLA_FFI_DEFINE_HANDLER_SYMBOL`), 0 for older ones.
        kwargs: further options of XLA, such as `traits`.
    """
    targets.register_target(name, fn, platform, api_version, **kwargs)


def register_ffi_type(name: str, type_registration: Any, platform: str = "cpu") -> None:
    """Make the type of a handler's state known: a dict with capsules `type_id` and `type_info`."""
    targets.register_type(name, type_registration, platform)


def register_ffi_target_as_batch_partitionable(name: str) -> None:
    """Let the compiler split calls of a target over devices, along shared leading axes."""
    targets.register_partitionable(name)


def pycapsule(funcptr: Any) -> Any:
    """A capsule around a function of a library that `ctypes` has loaded.

    Example:
        >>> import ctypes, jib
        >>> type(jib.ffi.pycapsule(ctypes.pythonapi.Py_IncRef)).__name__
        'PyCapsule'
    """
    make = ctypes.pythonapi.PyCapsule_New
    make.restype = ctypes.py_object
    make.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return make(ctypes.cast(funcptr, ctypes.c_void_p), None, None)


def include_dir() -> str:
    """The folder of the header files that handlers are compiled with (`xla/ffi/api/ffi.h`).

    Example:
        >>> import jib, os
        >>> os.path.exists(os.path.join(jib.ffi.include_dir(), "xla/ffi/api/ffi.h"))
        True
    """
    return targets.header_folder()


@api_boundary
def ffi_call(
    target_name: str,
    result_shape_dtypes: Any,
    *,
    has_side_effect: bool = False,
    vmap_method: str | None = None,
    input_layouts: Sequence[Any] | None = None,
    output_layouts: Any = None,
    input_output_aliases: dict[int, int] | None = None,
    custom_call_api_version: int = 4,
    legacy_backend_config: str | None = None,
) -> Callable[..., Any]:
    """A function that calls a registered target: arrays by position, attributes by name.

    Args:
        target_name: as given to `register_ffi_target`.
        result_shape_dtypes: what has a `shape` and a `dtype`, or a sequence of such things.
        has_side_effect: whether to call it although nobody uses the results.
        vmap_method: how it takes a batch, as for `jib.pure_callback`.
        input_layouts, output_layouts: the order of axes in memory, from major to minor, of each
            argument and result; None for that of C.
        input_output_aliases: which argument's memory (by position) becomes which result's.
        custom_call_api_version: 4 for typed handlers.
        legacy_backend_config: a text for handlers older than those.

    Attributes are NumPy scalars and arrays (which keep their dtype), Python numbers (64-bit),
    texts, and dicts of these.

    Raises:
        ArgumentValueError: if layouts or aliases do not fit the arguments.
        NoDerivativeError: if the call is differentiated.
        EffectError: under `vmap` without a `vmap_method`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib.backend.ffi import ensure_lapack
        >>> ensure_lapack()
        >>> x = jnp.eye(2) * 4.0
        >>> status = jib.ShapeDtypeStruct((), jnp.int32)
        >>> call = jib.ffi.ffi_call("lapack_spotrf_ffi", (x, status))
        >>> import numpy as np
        >>> call(x, uplo=np.uint8(ord("L")))[0].tolist()
        [[2.0, 0.0], [0.0, 2.0]]
    """
    check_method(vmap_method)
    if legacy_backend_config is not None and custom_call_api_version >= 4:
        raise ArgumentValueError(
            "typed handlers take attributes, not a legacy_backend_config",
            help="call(x, name=value)",
        )
    several = isinstance(result_shape_dtypes, Sequence)
    announced = result_shape_dtypes if several else [result_shape_dtypes]
    results = tuple([ShapedArray(tuple(x.shape), dtypes.parse(x.dtype)) for x in announced])
    given_out = output_layouts if several or output_layouts is None else [output_layouts]

    @api_boundary
    def call(*args: Any, **attributes: Any) -> Any:
        avals = [aval_of(x) for x in args]
        ins = _orders("input_layouts", avals, input_layouts)
        outs = _orders("output_layouts", results, given_out)
        found = ffi_call_p.bind(
            *args,
            target=target_name,
            results=results,
            effect=_ffi_effect if has_side_effect else None,
            method=vmap_method,
            ins=ins,
            outs=outs,
            aliases=_aliases(input_output_aliases or {}, avals, results, ins, outs),
            version=custom_call_api_version,
            config=legacy_backend_config,
            attributes=_frozen(attributes),
        )
        if not several:
            return found[0]
        return tuple(found) if isinstance(result_shape_dtypes, tuple) else found

    return call


def _orders(name: str, avals: Sequence[ShapedArray], given: Sequence[Any] | None) -> tuple:
    """Orders of axes from minor to major, as XLA wants them."""
    if given is None:
        given = [None] * len(avals)
    if len(given) != len(avals):
        raise ArgumentValueError(f"{name} has {len(given)} entries for {len(avals)} arrays")
    return tuple([_minor_first(a, g) for a, g in zip(avals, given, strict=True)])


def _minor_first(aval: ShapedArray, layout: Any) -> tuple[int, ...]:
    layout = getattr(layout, "major_to_minor", layout)
    return tuple(range(aval.physical().ndim) if layout is None else layout)[::-1]


def _aliases(wanted: dict, avals: Any, results: Any, ins: tuple, outs: tuple) -> tuple:
    for i, o in wanted.items():
        if not (0 <= i < len(avals) and 0 <= o < len(results)):
            raise ArgumentValueError(f"input_output_aliases speaks of {i}: {o}, which is not there")
        one, two = avals[i], results[o]
        if (one.shape, one.dtype, ins[i]) != (two.shape, two.dtype, outs[o]):
            raise ArgumentValueError(
                f"input {i} is {one} and output {o} is {two}: they cannot share memory",
                help="give both the same shape, dtype and layout, or leave out the alias",
            )
    return tuple(sorted(wanted.items()))


class _Frozen(NamedTuple):
    """A value of an attribute in a form that can be hashed."""

    kind: type
    value: Any


def _frozen(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _Frozen(np.ndarray, (value.tobytes(), value.dtype, value.shape))
    if isinstance(value, dict):
        return _Frozen(dict, tuple(sorted((k, _frozen(v)) for k, v in value.items())))
    if isinstance(value, list | tuple):
        return _Frozen(list, tuple(map(_frozen, value)))
    return _Frozen(type(value), value)  # 1, 1.0 and True are equal, but different attributes


def _thawed(frozen: _Frozen) -> Any:
    if frozen.kind is np.ndarray:
        data, dtype, shape = frozen.value
        return np.frombuffer(data, dtype).reshape(shape)
    if frozen.kind is dict:
        return {k: _thawed(v) for k, v in frozen.value}
    return list(map(_thawed, frozen.value)) if frozen.kind is list else frozen.value


# --------------------------------------------------------------------------------- lowering


def build_ffi_lowering_function(
    call_target_name: str,
    *,
    operand_layouts: Sequence[Any] | None = None,
    result_layouts: Sequence[Any] | None = None,
    backend_config: Mapping[str, Any] | str | None = None,
    skip_ffi_layout_processing: bool = False,
    **lowering_args: Any,
) -> Callable[..., Any]:
    """A function `(ctx, *values, **attributes)` that emits the call and returns the operation.

    Layouts are orders of axes from minor to major. `lowering_args` are `result_types`,
    `has_side_effect`, `api_version` and `operand_output_aliases` (from operand to result).
    """

    def emit(ctx: Any, *values: Any, **attributes: Any) -> Any:
        version = lowering_args.get("api_version", 4)
        types = lowering_args.get("result_types") or [mlir.ir_type(a) for a in ctx.avals_out]
        config: Any = mlir.string_attribute(str(backend_config or ""))
        if version >= 4:
            config = mlir.attribute({**dict(backend_config or {}), **attributes})  # type: ignore
        found = {
            "call_target_name": mlir.string_attribute(call_target_name),
            "has_side_effect": mlir.bool_attribute(lowering_args.get("has_side_effect", False)),
            "api_version": mlir.integer_attribute(version, 32),
            "backend_config": config,
        }
        if not skip_ffi_layout_processing:
            for key, avals, given in (
                ("operand_layouts", ctx.avals_in, operand_layouts),
                ("result_layouts", ctx.avals_out, result_layouts),
            ):
                pairs = zip(avals, given or [None] * len(avals), strict=True)
                found[key] = layouts([_minor_first(a, None) if g is None else g for a, g in pairs])
        aliases = lowering_args.get("operand_output_aliases") or {}
        if aliases:
            made = [
                hlo.OutputOperandAlias.get([] if len(types) == 1 else [o], i, [])
                for i, o in aliases.items()
            ]
            found["output_operand_aliases"] = ir.ArrayAttr.get(made)
        return mlir.emit_many("stablehlo.custom_call", types, list(values), found)

    return emit


@functools.wraps(build_ffi_lowering_function, assigned=())
def ffi_lowering(call_target_name: str, **lowering_args: Any) -> Callable[..., list[Any]]:
    """A `lower` rule for a primitive of several results that is a call of a registered target.

    The arguments are those of `build_ffi_lowering_function`.
    """
    emit = build_ffi_lowering_function(call_target_name, **lowering_args)
    return lambda ctx, *values, **attributes: list(emit(ctx, *values, **attributes).results)


def _lower(ctx: Any, *values: Any, **params: Any) -> list[Any]:
    rule = ffi_lowering(
        params["target"],
        operand_layouts=params["ins"],
        result_layouts=params["outs"],
        backend_config=params["config"],
        has_side_effect=params["effect"] is not None,
        api_version=params["version"],
        operand_output_aliases=dict(params["aliases"]),
    )
    return rule(ctx, *values, **_thawed(params["attributes"]))


def _numpy(*args: Any, **params: Any) -> list[Any]:
    """The reference: the call alone, compiled, as its code is."""
    invars, outvars = [Var(aval_of(x)) for x in args], list(map(Var, params["results"]))
    eqn = Equation(ffi_call_p, invars, outvars, params, ffi_call_p.effects_of(params))
    program = compile_jaxpr(Jaxpr((), invars, outvars, [eqn], name="ffi_call"), args)
    return list(map(np.asarray, program(args)))


def _jvp(primals: Any, tangents: Any, **params: Any) -> Any:
    if any(type(t) is not Zero for t in tangents):
        raise NoDerivativeError(
            f"`jib.ffi.ffi_call` of `{params['target']}` has no derivative: jib cannot look into "
            "compiled code",
            help="give it one: decorate the function around the call with @jib.custom_jvp, and "
            "define the rule with .defjvp",
        )
    return ffi_call_p.bind(*primals, **params), [Zero(tangent_aval(a)) for a in params["results"]]


def _batch(axis: Any, args: Any, dims: Any, **params: Any) -> Any:
    method = params["method"]
    if method in ("sequential", "sequential_unrolled"):
        mapped = [d is not None for d in dims]
        moving = [
            to_batch_axis(x, d, axis) for x, d in zip(args, dims, strict=True) if d is not None
        ]
        shared = pick(args, mapped, False)

        def one(_: Any, xs: list[Any]) -> tuple[tuple, list[Any]]:
            return (), ffi_call_p.bind(*merge(mapped, xs, shared), **params)

        outs = lax.scan(one, (), moving, unroll=method == "sequential_unrolled")[1]
        return outs, [0] * len(outs)
    operands = arranged(axis, args, dims, method, "jib.ffi.ffi_call", params["target"])
    stacked = tuple(a.update(shape=(axis.size, *a.shape)) for a in params["results"])
    wider = {
        key: tuple((*(n + 1 for n in order), 0) for order in params[key]) for key in ("ins", "outs")
    }
    outs = ffi_call_p.bind(*operands, **{**params, "results": stacked, **wider})
    return outs, [0] * len(outs)


ffi_call_p = Primitive(
    "ffi_call",
    type=lambda *avals, results, **params: list(results),
    numpy=_numpy,
    jvp=_jvp,
    transpose=Waived("a call of compiled code is not known to be linear"),
    batch=_batch,
    lower=_lower,
    multiple_results=True,
    effects=lambda *, effect, **params: frozenset(() if effect is None else (effect,)),
)
