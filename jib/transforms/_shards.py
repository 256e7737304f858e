"""Shards and specs: shapes of parts, and `shard_map` over batch axes in place of devices."""

from __future__ import annotations

import math
from typing import Any

from jib import lax
from jib.backend.meshes import Mesh
from jib.core.avals import AxisData, ShapedArray
from jib.core.jaxpr import Jaxpr, memoized
from jib.core.tracing import aval_of
from jib.passes.batch import batched, to_batch_axis
from jib.passes.stage import evaluate, stage_jaxpr
from jib.sharding._partition_spec import PartitionSpec

__all__ = ["as_batch", "axes_of_dimension", "axes_of_spec", "scaled_shape", "shard_count"]


def axes_of_spec(spec: PartitionSpec) -> tuple[Any, ...]:
    """The mesh axes that a spec names, in its order."""
    return tuple([name for i in range(len(spec.partitions)) for name in axes_of_dimension(spec, i)])


def axes_of_dimension(spec: PartitionSpec, dimension: int) -> tuple[Any, ...]:
    entry = spec.partitions[dimension] if dimension < len(spec.partitions) else None
    if entry is None:
        return ()
    return entry if isinstance(entry, tuple) else (entry,)


def shard_count(spec: PartitionSpec, mesh: Mesh, dimension: int) -> int:
    """Into how many parts a dimension is cut."""
    return math.prod(mesh.shape[name] for name in axes_of_dimension(spec, dimension))


def scaled_shape(
    aval: ShapedArray, spec: PartitionSpec, mesh: Mesh, whole: bool
) -> tuple[int, ...]:
    """The shape of the whole array for that of a shard, or the other way round."""
    counts = [shard_count(spec, mesh, i) for i in range(aval.ndim)]
    return tuple([n * c if whole else n // c for n, c in zip(aval.shape, counts, strict=True)])


@memoized
def as_batch(
    jaxpr: Jaxpr, mesh: Mesh, in_specs: Any, out_specs: Any, axes: tuple
) -> Jaxpr:  # fmt: skip
    """The same function as a program for one device: each mesh axis is a batch axis.

    It is the meaning of `shard_map`, and what runs where there is one device.
    """

    def nested(depth: int, values: list[Any]) -> list[Any]:
        if depth == len(axes):
            return evaluate(jaxpr, (), *values)
        name = axes[depth]
        axis = AxisData(mesh.shape[name], name)
        dims = [0 if name in axes_of_spec(s) else None for s in in_specs]
        outs, out_dims = batched(lambda *xs: nested(depth + 1, list(xs)), axis, values, dims)

        def placed(x: Any, dim: int | None, spec: PartitionSpec) -> Any:
            if name in axes_of_spec(spec):
                return to_batch_axis(x, dim, axis)
            return x if dim is None else lax.index_in_dim(x, 0, dim, keepdims=False)

        return list(map(placed, outs, out_dims, out_specs))

    def function(*args: Any) -> list[Any]:
        shards = [_cut(x, s, mesh, axes) for x, s in zip(args, in_specs, strict=True)]
        outs = nested(0, shards)
        return [_joined(x, s, mesh, axes) for x, s in zip(outs, out_specs, strict=True)]

    avals = [
        a.update(shape=scaled_shape(a, s, mesh, True), vary=a.vary.difference(axes))
        for a, s in zip(jaxpr.in_avals, in_specs, strict=True)
    ]
    return stage_jaxpr(function, avals, name=jaxpr.name)


def _layout(ndim: int, spec: PartitionSpec, axes: tuple) -> list[int]:
    """Where the axes of `(cut axes in mesh order, axes of a shard)` stand in the split array."""
    # The axes in their order there; None stands for what is left of a dimension.
    names = [name for i in range(ndim) for name in (*axes_of_dimension(spec, i), None)]
    own = [position for position, name in enumerate(names) if name is None]
    return [names.index(name) for name in axes if name in names] + own


def _cut(x: Any, spec: PartitionSpec, mesh: Mesh, axes: tuple) -> Any:
    aval = aval_of(x)
    shape: list[int] = []
    for i, n in enumerate(aval.shape):
        counts = [mesh.shape[name] for name in axes_of_dimension(spec, i)]
        shape += [*counts, n // math.prod(counts)]
    return lax.transpose(lax.reshape(x, shape), _layout(aval.ndim, spec, axes))


def _joined(x: Any, spec: PartitionSpec, mesh: Mesh, axes: tuple) -> Any:
    cut = len(axes_of_spec(spec))
    local = aval_of(x).shape[cut:]
    order = _layout(len(local), spec, axes)
    back = sorted(range(len(order)), key=order.__getitem__)
    whole = [n * shard_count(spec, mesh, i) for i, n in enumerate(local)]
    return lax.reshape(lax.transpose(x, back), whole)
