"""Batching: every value carries the position of its batch axis, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jib.core.algebra import algebra
from jib.core.avals import AxisData, ShapedArray
from jib.core.jaxpr import Jaxpr, memoized, sub_jaxprs
from jib.core.primitive import Primitive
from jib.core.tracing import Trace, Tracer, aval_of, context, extend_axis_env, swap_trace, tracing
from jib.errors import Provenance
from jib.passes.stage import evaluate, stage_jaxpr

__all__ = ["BatchTrace", "BatchTracer", "batch_jaxpr", "batched", "to_batch_axis"]


class BatchTracer(Tracer):
    """A batch of values, seen as one of them."""

    __slots__ = ("dim", "value")
    _trace: BatchTrace

    def __init__(self, trace: BatchTrace, value: Any, dim: int) -> None:
        self._trace = trace
        self.value = value
        self.dim = dim
        aval = aval_of(value)
        shape = aval.shape
        shape = shape[:dim] + shape[dim + 1 :]
        self.aval = ShapedArray(shape, aval.dtype, aval.weak_type, vary=aval.vary)

    def provenance(self) -> Any:
        """That of the batch, as seen by `vmap`."""
        owner = self._trace.owner
        return Provenance(transform="jib.vmap") if owner is None else owner()


class BatchTrace(Trace):
    """Applies `batch` rules."""

    __slots__ = ("axis", "live", "owner", "parent")

    def __init__(
        self, parent: Trace, axis: AxisData, owner: Callable[[], Provenance] | None = None
    ) -> None:
        self.owner = owner
        self.parent = parent
        self.axis = axis
        self.live = True

    def unpack(self, x: Any) -> tuple[Any, int | None]:
        """The value and its batch axis; values of other traces have none."""
        if type(x) is BatchTracer and x._trace is self:
            return x.value, x.dim
        return x, None

    def pack(self, value: Any, dim: int | None) -> Any:
        """A tracer, or the value alone when it has no batch axis."""
        return value if dim is None else BatchTracer(self, value, dim)

    def process(self, primitive: Any, args: tuple, params: dict[str, Any]) -> Any:
        """Compute all members of the batch at once by the primitive's `batch` rule."""
        values, dims = [], []
        mapped = False
        for x in args:
            if type(x) is BatchTracer and x._trace is self:
                values.append(x.value)
                dims.append(x.dim)
                mapped = True
            else:
                values.append(x)
                dims.append(None)
        if not mapped and not self._is_named(primitive, params):
            return self.parent.process(primitive, args, params)
        old = swap_trace(self.parent)
        try:
            out, out_dims = primitive.batch(self.axis, values, dims, **params)
        finally:
            swap_trace(old)
        if primitive.multiple_results:
            return [self.pack(x, d) for x, d in zip(out, out_dims, strict=True)]
        return self.pack(out, out_dims)

    def _is_named(self, primitive: Primitive, params: dict[str, Any]) -> bool:
        """Whether a collective, here or in a program inside, speaks of this trace's axis."""
        name = self.axis.name
        if name is None:
            return False
        if primitive.collective:
            return name in params["axes"]
        return any(_speaks_of(jaxpr, name) for jaxpr in sub_jaxprs(params))


@memoized
def _speaks_of(jaxpr: Jaxpr, name: Any) -> bool:
    return any(
        name in eqn.params["axes"]
        if eqn.primitive.collective
        else any(_speaks_of(inner, name) for inner in sub_jaxprs(eqn.params))
        for eqn in jaxpr.eqns
    )


def to_batch_axis(value: Any, dim: int | None, axis: AxisData, target: int = 0) -> Any:
    """The value with its batch axis at `target`; a value without one is repeated."""
    if dim is None:
        return algebra.broadcast(value, axis.size, target)
    return value if dim == target else algebra.moveaxis(value, dim, target)


def batched(
    function: Callable[..., Sequence[Any]],
    axis: AxisData,
    values: Sequence[Any],
    dims: Sequence[int | None],
    owner: Callable[[], Provenance] | None = None,
) -> tuple[list[Any], list[int | None]]:
    """Evaluate a flat function over a batch; returns the results and their batch axes."""
    trace = BatchTrace(context.trace, axis, owner)
    names = {} if axis.name is None else {axis.name: axis.size}
    with tracing(trace), extend_axis_env(names):
        outs = function(*map(trace.pack, values, dims))
    pairs = [trace.unpack(x) for x in outs]
    return [p[0] for p in pairs], [p[1] for p in pairs]


@memoized
def batch_jaxpr(
    jaxpr: Jaxpr,
    axis: AxisData,
    mapped: tuple[bool, ...],
    instantiated: tuple[bool, ...] | bool = False,
) -> tuple[Jaxpr, tuple[bool, ...]]:
    """A program over a batch, as a program. Batch axes stand first.

    `mapped` says which inputs have a batch axis; which outputs have one is returned, at least those
    that `instantiated` asks for.
    """
    out_mapped: list[tuple[bool, ...]] = []

    def function(*args: Any) -> list[Any]:
        dims = [0 if m else None for m in mapped]
        outs, out_dims = batched(lambda *xs: evaluate(jaxpr, (), *xs), axis, args, dims)
        asked = (instantiated,) * len(outs) if isinstance(instantiated, bool) else instantiated
        keep = tuple(a or d is not None for a, d in zip(asked, out_dims, strict=True))
        out_mapped.append(keep)
        return [
            to_batch_axis(x, d, axis) if k else x
            for x, d, k in zip(outs, out_dims, keep, strict=True)
        ]

    avals = [
        a.update(shape=(axis.size, *a.shape)) if m else a
        for a, m in zip(jaxpr.in_avals, mapped, strict=True)
    ]
    name = f"{jaxpr.name}_batch" if jaxpr.name else "batch"
    return stage_jaxpr(function, avals, name=name), out_mapped[0]


_physical_programs: dict[Any, Jaxpr] = {}


def on_physical(
    primitive: Primitive,
    params: dict[str, Any],
    avals_in: Sequence[ShapedArray],
    avals_out: Sequence[ShapedArray],
) -> Jaxpr:
    """A structural operation on PRNG keys, as a program on the words that carry them.

    Keys are a batch of words over a trailing axis, so the `batch` rule is all that is needed.
    """
    cache_key = (primitive, tuple(avals_in), *params.items())
    found = _physical_programs.get(cache_key)
    if found is not None:
        return found
    dtype = next(a.dtype for a in avals_in if a.is_key)
    (size,) = dtype.physical_shape

    def function(*args: Any) -> list[Any]:
        dims = [a.ndim if a.is_key else None for a in avals_in]
        out, dim = primitive.batch(AxisData(size), list(args), dims, **params)
        outs, out_dims = (out, dim) if primitive.multiple_results else ([out], [dim])
        return [
            algebra.moveaxis(x, d, a.ndim) if a.is_key and d != a.ndim else x
            for x, d, a in zip(outs, out_dims, avals_out, strict=True)
        ]

    made = stage_jaxpr(function, [a.physical() for a in avals_in], name=primitive.name)
    return _physical_programs.setdefault(cache_key, made)


def knows_keys(primitive: Primitive) -> bool:
    """Whether the rules take PRNG keys as they are: those that hold jaxprs, wrap or unwrap keys."""
    return primitive.partial_eval is not None or primitive.name in ("key_data", "wrap_key")
