"""Calls from a compiled program to Python functions on the host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.backend.execute import wait_for_order
from jib.backend.host_calls import guarded
from jib.backend.mlir import ir
from jib.core.array import Array
from jib.core.avals import ShapedArray
from jib.core.effects import Effect, debug_effect, ordered_debug_effect
from jib.core.primitive import Primitive
from jib.core.sources import Source, capture
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.errors import ArgumentValueError, CallbackError, EffectError, NoDerivativeError
from jib.lax._families import zero_tangent
from jib.passes.batch import to_batch_axis
from jib.tree import first_difference, tree_registry

__all__ = ["HostCall", "arranged", "call_host", "check_method", "layouts", "look_on_host"]

VMAP_METHODS = ("sequential", "sequential_unrolled", "expand_dims", "broadcast_all")


class HostCall:
    """A Python function of trees, as a function from arrays on the host to a list of arrays.

    `out_tree` is the structure it must return; None if its result is ignored. The values of
    `leaves` at places that `traced` marks are given with each call.
    """

    __slots__ = ("function", "leaves", "name", "operation", "out_tree", "source", "structure")

    def __init__(self, operation: str, function: Callable, args: tuple, kwargs: dict) -> None:
        self.operation = operation
        self.function = function
        self.name = getattr(function, "__name__", type(function).__name__)
        self.leaves, self.structure = tree_registry.flatten((args, kwargs))
        self.out_tree: Any = None
        self.source: Source | None = capture(3)

    def __call__(self, *args: np.ndarray) -> list[Any]:
        given = iter(args)
        leaves = [next(given) if x is HostCall else x for x in self.leaves]
        positional, named = self.structure.unflatten(leaves)
        out = self.function(*positional, **named)
        if self.out_tree is None:
            return []
        outs, tree = tree_registry.flatten(out)
        if tree != self.out_tree:
            wanted = self.out_tree.unflatten([0.0] * self.out_tree.num_leaves)
            found = tree.unflatten([0.0] * tree.num_leaves)
            one, two = "result_shape_dtypes", "the result"
            where = first_difference(wanted, found, (one, two))
            where = where or first_difference(found, wanted, (two, one))
            raise CallbackError(
                f"the callback `{self.name}` must return the structure that was announced: {where}",
                help="return the same containers, with the same keys, as result_shape_dtypes",
                source=self.source,
            )
        return outs

    def place(self, i: int) -> str:
        """The name of result number `i`."""
        numbered = self.out_tree.unflatten(range(self.out_tree.num_leaves))
        paths = tree_registry.flatten_with_path(numbered)[0]
        return "result" + "".join(map(str, paths[i][0]))


def _run(function: Any, results: Sequence[ShapedArray], args: Sequence[Any]) -> list[np.ndarray]:
    """Call a host function; what it returns must be what was announced."""
    arrays = []
    for i, (x, aval) in enumerate(zip(function(*args), results, strict=True)):
        array, physical = np.asarray(x), aval.physical()
        dtype = array.dtype
        if dtype != physical.dtype and dtype.kind in "biufc":
            dtype = dtypes.canonical_input_dtype(dtype)
        if array.shape != physical.shape or dtype != physical.dtype:
            shape = ",".join(map(str, array.shape))
            name = getattr(function, "name", "function")
            place = function.place(i) if isinstance(function, HostCall) else f"result {i}"
            raise CallbackError(
                f"the callback `{name}` must return {aval} as `{place}`, "
                f"but returned {dtype}[{shape}]",
                help="announce what it returns in result_shape_dtypes, or cast inside the "
                f"callback   np.asarray(value, {aval.dtype.name!r})",
                source=getattr(function, "source", None),
            )
        arrays.append(np.asarray(array, physical.dtype, order="C"))
    return arrays


class _ForEach:
    """A host function called once for each member of a batch, in order."""

    __slots__ = ("dims", "function", "name", "results", "size", "source")

    def __init__(self, function: Any, results: tuple, size: int, dims: tuple) -> None:
        self.function = function
        self.results = results
        self.size = size
        self.dims = dims
        self.name, self.source = getattr(function, "name", ""), getattr(function, "source", None)

    def __call__(self, *args: np.ndarray) -> list[np.ndarray]:
        pairs = list(zip(args, self.dims, strict=True))
        if not self.size:
            return [np.zeros((0, *a.shape), a.dtype) for a in self.results]
        members = [
            [x if d is None else np.take(x, i, d) for x, d in pairs] for i in range(self.size)
        ]
        outs = [_run(self.function, self.results, member) for member in members]
        return [np.stack(column) for column in zip(*outs, strict=True)]


# ------------------------------------------------------------------------------------- the rules


def _callback_numpy(*args: Any, function: Any, results: tuple, effect: Any, method: Any) -> Any:
    if effect is not None and effect.ordered:
        wait_for_order()
    return _run(function, results, args)


def _described(function: Any) -> str:
    return f"`{getattr(function, 'operation', 'callback')}` of `{getattr(function, 'name', '')}`"


def _callback_jvp(primals: Any, tangents: Any, **params: Any) -> Any:
    function, effect = params["function"], params["effect"]
    if params["results"] and any(type(t) is not Zero for t in tangents):
        raise NoDerivativeError(
            f"{_described(function)} has no derivative: what happens on the host is not known to "
            "jib",
            help="give it one: decorate the function around the call with @jib.custom_jvp, and "
            "define the rule with .defjvp"
            if effect is None
            else "keep it out of what is differentiated   jib.lax.stop_gradient(x)",
        )
    outs = callback_p.bind(*primals, **params)
    return outs, zero_tangent(outs)


def _callback_transpose(cts: Any, *operands: Any, function: Any, **_: Any) -> Any:
    raise EffectError(
        f"{_described(function)} depends on a value that is transposed, which is not known on the "
        "way back",
        help="call it outside of the linear function",
    )


def _callback_batch(axis: Any, args: Any, dims: Any, **params: Any) -> Any:
    function, results, effect = params["function"], params["results"], params["effect"]
    name, operation = getattr(function, "name", ""), getattr(function, "operation", "callback")
    if effect is not None and effect.ordered:
        raise EffectError(
            f"{_described(function)} is ordered, but the members of a batch under jib.vmap have "
            "no order",
            help=["leave out ordered=True", "jib.lax.map(f, xs) goes through them one by one"],
        )
    stacked = tuple(a.update(shape=(axis.size, *a.shape)) for a in results)
    if params["method"] in VMAP_METHODS[:2]:
        function = _ForEach(function, results, axis.size, tuple(dims))
    else:
        args = arranged(axis, args, dims, params["method"], operation, name)
    outs = callback_p.bind(*args, **{**params, "function": function, "results": stacked})
    return outs, [0] * len(outs)


def arranged(
    axis: Any, args: Sequence[Any], dims: Sequence[Any], method: Any, operation: str, name: str
) -> list[Any]:
    """The operands of a function that takes a whole batch at once; the batch axis is the first."""
    if method is None:
        raise EffectError(
            f"`{operation}` of `{name}` under jib.vmap must be told how to take a batch",
            help=[
                'vmap_method="sequential" calls it once for each member',
                'vmap_method="broadcast_all" calls it once, each array with a leading batch axis',
            ],
        )
    size = axis.size if method == "broadcast_all" else 1
    return [
        lax.broadcast(x, (size,)) if d is None else to_batch_axis(x, d, axis)
        for x, d in zip(args, dims, strict=True)
    ]


def check_method(method: str | None) -> None:
    """Raise unless `method` is a way to take a batch."""
    if method is not None and method not in VMAP_METHODS:
        raise ArgumentValueError(
            f"vmap_method={method!r} is none of {', '.join(map(repr, VMAP_METHODS))} and None",
            help='vmap_method="sequential"',
        )


def layouts(orders: Sequence[Sequence[int]]) -> Any:
    """The attribute for orders of axes, each from minor to major."""
    index = ir.IndexType.get()
    found = [np.asarray(order, np.int64) for order in orders]
    return ir.ArrayAttr.get([ir.DenseIntElementsAttr.get(o, type=index) for o in found])


def _row_major(avals: Sequence[ShapedArray]) -> Any:
    return layouts([range(a.physical().ndim - 1, -1, -1) for a in avals])


def _callback_lower(
    ctx: Any, *values: Any, function: Any, results: tuple, effect: Effect | None, method: Any
) -> Any:
    ordered = len(ctx.avals_out) > len(results)  # then a token comes first

    def call(*args: Any) -> tuple:
        # Copies: the memory is the program's, which goes on with it.
        outs = _run(function, results, list(map(np.array, args[ordered:])))
        return (*args[:ordered], *outs)

    callbacks = ctx.module.callbacks
    callbacks.append(guarded(call, function))
    index = ir.IntegerAttr.get(ir.IntegerType.get_unsigned(64), len(callbacks) - 1)
    device = "cpu" if ctx.platform == "cpu" else "gpu"
    attributes = {
        "call_target_name": mlir.string_attribute(f"xla_ffi_python_{device}_callback"),
        "has_side_effect": mlir.bool_attribute(effect is not None),
        "api_version": mlir.integer_attribute(4, 32),
        "backend_config": ir.DictAttr.get({"index": index}),
        "operand_layouts": _row_major(ctx.avals_in),
        "result_layouts": _row_major(ctx.avals_out),
    }
    if ctx.module.devices and not ctx.module.manual:
        # The whole values go to one of the devices, so that the function is called once.
        attributes["sdy.sharding"] = ctx.module.on_first_device(max(1, len(ctx.avals_out)))
    types = [mlir.ir_type(a) for a in ctx.avals_out]
    return list(mlir.emit_many("stablehlo.custom_call", types, list(values), attributes).results)


callback_p = Primitive(
    "callback",
    type=lambda *avals, function, results, effect, method: list(results),
    numpy=_callback_numpy,
    jvp=_callback_jvp,
    transpose=_callback_transpose,
    batch=_callback_batch,
    lower=_callback_lower,
    multiple_results=True,
    effects=lambda *, function, results, effect, method: frozenset(
        () if effect is None else (effect,)
    ),
)


def call_host(
    operation: str,
    callback: Callable[..., Any],
    announced: Any,
    args: tuple,
    kwargs: dict,
    effect: Effect | None,
    method: str | None,
) -> Any:
    """Call a Python function with trees of arrays; it returns what `announced` says."""
    call = HostCall(operation, callback, args, kwargs)
    operands = call.leaves
    call.leaves = [HostCall] * len(operands)
    leaves, call.out_tree = tree_registry.flatten(announced)
    results = tuple([_announced_type(operation, x) for x in leaves])
    for x in operands:
        aval_of(x)
    outs = callback_p.bind(*operands, function=call, results=results, effect=effect, method=method)
    return call.out_tree.unflatten(outs)


def _announced_type(operation: str, x: Any) -> ShapedArray:
    if not hasattr(x, "shape") or not hasattr(x, "dtype"):
        raise ArgumentValueError(
            f"`{operation}` needs a shape and a dtype for each result, but result_shape_dtypes "
            f"holds a {type(x).__name__}",
            help="jib.ShapeDtypeStruct(x.shape, x.dtype)",
        )
    return ShapedArray(tuple(x.shape), dtypes.parse(x.dtype))


def look_on_host(
    operation: str, callback: Callable[..., Any], args: tuple, kwargs: dict, ordered: bool
) -> None:
    """Call a Python function for its effect; only arrays among its arguments go by the program."""
    call = HostCall(operation, callback, args, kwargs)
    arrays = [isinstance(x, Array) for x in call.leaves]
    given = [x for x, a in zip(call.leaves, arrays, strict=True) if a]
    # The function outlives this call; the traced arrays must not.
    call.leaves = [HostCall if a else x for x, a in zip(call.leaves, arrays, strict=True)]
    effect = ordered_debug_effect if ordered else debug_effect
    callback_p.bind(*given, function=call, results=(), effect=effect, method="sequential")
