"""Data between the members of named axes: gathering, scattering, permuting, exchanging."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.backend.mlir import ir, sdy
from jib.core.algebra import algebra
from jib.core.avals import ShapedArray
from jib.core.axes import axis_names, axis_sizes, checked_axes, match_vary
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of, context
from jib.errors import ArgumentValueError, ShapeError
from jib.lax._collectives_reduce import (
    Groups,
    channel,
    checked_groups,
    group_size,
    lower_groups,
    on_leaves,
)
from jib.lax._families import constant_jvp, join_region, linear_jvp
from jib.lax._shaping import canonical_axis
from jib.passes.batch import to_batch_axis

__all__ = [
    "all_gather", "all_to_all", "axis_index", "ppermute", "pshuffle", "psum_scatter", "pswapaxes",
]  # fmt: skip


def _members(name: str, axis_name: Any, axis_index_groups: Groups) -> tuple[Any, Any, int]:
    """The names, the groups, and how many members work together."""
    names = axis_names(axis_name)
    size = axis_sizes(names)
    groups = checked_groups(axis_index_groups, size)
    if groups is not None:
        size = group_size(name, groups)
    return names, groups, size


def _varying(x: Any, names: tuple[Any, ...]) -> Any:
    return match_vary(x, checked_axes(names))


def _single(name: str, axes: tuple, axis: Any) -> None:
    if len(axes) > 1:
        raise ArgumentValueError(
            f"`{name}` over {axes} cannot take the `vmap` axis {axis.name!r} together with others",
            help=f"call `{name}` once for each axis",
        )


def _merged(x: Any, axis: int) -> Any:
    """Axes `axis` and `axis + 1` as one."""
    shape = aval_of(x).shape
    merged = shape[axis] * shape[axis + 1]
    return lax.reshape(x, (*shape[:axis], merged, *shape[axis + 2 :]))


def _split(x: Any, axis: int, count: int) -> Any:
    """Axis `axis` as two: `count`, and what is left."""
    shape = aval_of(x).shape
    return lax.reshape(x, (*shape[:axis], count, shape[axis] // count, *shape[axis + 1 :]))


def _movement(
    name: str,
    *,
    type: Callable[..., ShapedArray],
    transpose: Callable[..., Any],
    within: Callable[..., Any],
    shifted: Callable[[dict, int], dict],
    lower: Callable[..., Any],
) -> Primitive:
    """A linear collective. `within(x, axis, **params)` carries it out over a batch axis in front,
    `shifted(params, by)` are its parameters for arrays with further axes in front.
    """

    def batch(axis: Any, args: Any, dims: Any, /, **params: Any) -> tuple[Any, Any]:
        (x,), (d,) = args, dims
        x = to_batch_axis(x, d, axis)
        if axis.name is None or axis.name not in params["axes"]:
            return primitive.bind(x, **shifted(params, 1)), 0
        _single(name, params["axes"], axis)
        if params.get("groups") is not None:
            raise ArgumentValueError(
                f"`{name}` with axis_index_groups works over devices, not over an axis of `vmap`"
            )
        return within(x, axis, **params)

    primitive = Primitive(
        name,
        type=type,
        numpy=Waived("devices exchange nothing without devices; `vmap` resolves collectives"),
        jvp=linear_jvp(lambda: primitive),
        transpose=transpose,
        batch=batch,
        lower=lower,
        collective=True,
    )
    return primitive


# --------------------------------------------------------------------------------- gathering


def all_gather(
    x: Any,
    axis_name: Any,
    *,
    axis_index_groups: Groups = None,
    axis: int = 0,
    tiled: bool = False,
    to: str = "varying",
) -> Any:
    """The arrays of all members, stacked along a new axis (or, `tiled`, joined along `axis`).

    Raises:
        UnboundAxisError: if no axis of that name is in scope.
        ArgumentValueError: for another `to` than "varying".

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> f = lambda x: jib.lax.all_gather(x, "i")
        >>> jib.vmap(f, axis_name="i")(jnp.array([1, 2])).tolist()
        [[1, 2], [1, 2]]
    """
    if to != "varying":
        raise ArgumentValueError(
            f"`all_gather` gives varying values only, but got to={to!r}",
            help="out_specs that name the axis, or jib.shard_map(..., check_vma=False)",
        )
    names, groups, size = _members("all_gather", axis_name, axis_index_groups)

    def leaf(value: Any) -> Any:
        value = _varying(value, names)
        ndim = aval_of(value).ndim + (not tiled)
        place = canonical_axis("all_gather", axis, ndim)
        if not tiled:
            value = lax.expand_dims(value, (place,))
        return all_gather_p.bind(value, axes=names, groups=groups, dimension=place, size=size)

    return on_leaves(leaf, x)


def _resized(x: ShapedArray, axis: int, size: int) -> ShapedArray:
    shape = list(x.shape)
    shape[axis] = size
    return x.update(shape=tuple(shape), weak_type=False)


def _gather_within(x: Any, axis: Any, *, dimension: int, **params: Any) -> Any:
    return _merged(algebra.moveaxis(x, 0, dimension), dimension), None


def _gather_lower(ctx: Any, x: Any, *, axes: Any, groups: Any, dimension: int, size: int) -> Any:
    operation = mlir.hlo.AllGatherOp(
        [mlir.ir_type(ctx.avals_out[0])],
        [x],
        all_gather_dim=mlir.integer_attribute(dimension),
        replica_groups=lower_groups(ctx.module, axes, groups),
        channel_handle=channel(),
        use_global_device_ids=mlir.bool_attribute(True),
    )
    return operation.result


def _dimension_shifted(params: dict, by: int) -> dict:
    return {**params, "dimension": params["dimension"] + by}


all_gather_p = _movement(
    "all_gather",
    type=lambda x, *, dimension, size, **_: _resized(x, dimension, x.shape[dimension] * size),
    transpose=lambda ct, x, **params: [psum_scatter_p.bind(_varying(ct, params["axes"]), **params)],
    within=_gather_within,
    shifted=_dimension_shifted,
    lower=_gather_lower,
)


# -------------------------------------------------------------------------------- scattering


def psum_scatter(
    x: Any,
    axis_name: Any,
    *,
    scatter_dimension: int = 0,
    axis_index_groups: Groups = None,
    tiled: bool = False,
) -> Any:
    """The sum over a named axis, of which each member keeps its own part of `scatter_dimension`.

    Untiled, that dimension has one entry for each member, and is gone from the result.

    Raises:
        ShapeError: if the dimension cannot be shared evenly.
        UnboundAxisError: if no axis of that name is in scope.
    """
    names, groups, size = _members("psum_scatter", axis_name, axis_index_groups)

    def leaf(value: Any) -> Any:
        value = _varying(value, names)
        aval = aval_of(value)
        axis = canonical_axis("psum_scatter", scatter_dimension, aval.ndim)
        _check_share("psum_scatter", aval, axis, size, tiled)
        out = psum_scatter_p.bind(value, axes=names, groups=groups, dimension=axis, size=size)
        return out if tiled else lax.squeeze(out, (axis,))

    return on_leaves(leaf, x)


def _check_share(name: str, aval: ShapedArray, axis: int, size: int, tiled: bool) -> None:
    length = aval.shape[axis]
    if length % size or (not tiled and length != size):
        wanted = f"a multiple of {size}" if tiled else str(size)
        raise ShapeError(
            f"`{name}` over {size} members needs axis {axis} to have length {wanted}, "
            f"but got {aval}",
            help="tiled=True" if not tiled and not length % size else "",
        )


def _scatter_within(x: Any, axis: Any, *, dimension: int, size: int, **params: Any) -> Any:
    return _split(lax.reduce_sum(x, (0,)), dimension, size), dimension


def _scatter_lower(ctx: Any, x: Any, *, axes: Any, groups: Any, dimension: int, size: int) -> Any:
    operation = mlir.hlo.ReduceScatterOp(
        mlir.ir_type(ctx.avals_out[0]),
        x,
        scatter_dimension=mlir.integer_attribute(dimension),
        replica_groups=lower_groups(ctx.module, axes, groups),
        channel_handle=channel(),
        use_global_device_ids=mlir.bool_attribute(True),
    )
    return join_region(operation, ctx.avals_in[0].dtype, "add")


psum_scatter_p = _movement(
    "psum_scatter",
    type=lambda x, *, dimension, size, **_: _resized(x, dimension, x.shape[dimension] // size),
    transpose=lambda ct, x, **params: [all_gather_p.bind(_varying(ct, params["axes"]), **params)],
    within=_scatter_within,
    shifted=_dimension_shifted,
    lower=_scatter_lower,
)


# -------------------------------------------------------------------------------- exchanging


def all_to_all(
    x: Any,
    axis_name: Any,
    split_axis: int,
    concat_axis: int,
    *,
    axis_index_groups: Groups = None,
    tiled: bool = False,
) -> Any:
    """Each member sends one part of `split_axis` to each other, and joins what it gets.

    Untiled, `split_axis` has one entry for each member and is gone from the result, where
    `concat_axis` is new; tiled, the parts are joined along the existing `concat_axis`.

    Raises:
        ShapeError: if `split_axis` cannot be shared evenly.
        UnboundAxisError: if no axis of that name is in scope.
    """
    names, groups, size = _members("all_to_all", axis_name, axis_index_groups)

    def leaf(value: Any) -> Any:
        value = _varying(value, names)
        aval = aval_of(value)
        split = canonical_axis("all_to_all", split_axis, aval.ndim)
        concat = canonical_axis("all_to_all", concat_axis, aval.ndim)
        _check_share("all_to_all", aval, split, size, tiled)
        if tiled:
            return _exchange(value, names, groups, split, concat, size)
        # A new axis of length 1 where the parts are to be stacked; the split one shrinks to 1.
        new = concat if concat <= split else concat + 1
        split += new <= split
        out = _exchange(lax.expand_dims(value, (new,)), names, groups, split, new, size)
        return lax.squeeze(out, (split,))

    return on_leaves(leaf, x)


def pswapaxes(x: Any, axis_name: Any, axis: int, *, axis_index_groups: Groups = None) -> Any:
    """Exchange a named axis and an axis of the array, which have the same size."""
    return all_to_all(x, axis_name, axis, axis, axis_index_groups=axis_index_groups)


def _exchange(x: Any, axes: Any, groups: Any, split: int, concat: int, size: int) -> Any:
    return all_to_all_p.bind(x, axes=axes, groups=groups, split=split, concat=concat, size=size)


def _exchange_type(x: ShapedArray, *, split: int, concat: int, size: int, **_: Any) -> ShapedArray:
    shape = list(x.shape)
    shape[split] //= size
    shape[concat] *= size
    return x.update(shape=tuple(shape), weak_type=False)


def _exchange_within(x: Any, axis: Any, *, split: int, concat: int, size: int, **_: Any) -> Any:
    x = _split(x, split + 1, size)
    x = algebra.moveaxis(x, split + 1, 0)  # the receiver first, then the sender
    return _merged(algebra.moveaxis(x, 1, concat + 1), concat + 1), 0


def _exchange_transpose(ct: Any, x: Any, *, split: int, concat: int, **params: Any) -> list[Any]:
    ct = _varying(ct, params["axes"])
    return [_exchange(ct, params["axes"], params["groups"], concat, split, params["size"])]


def _exchange_lower(
    ctx: Any, x: Any, *, axes: tuple, groups: Any, split: int, concat: int, size: int
) -> Any:
    operation = mlir.hlo.AllToAllOp(
        [x],
        split_dimension=mlir.integer_attribute(split),
        concat_dimension=mlir.integer_attribute(concat),
        split_count=mlir.integer_attribute(size),
        replica_groups=lower_groups(ctx.module, axes, groups),
        channel_handle=channel(),
    )
    return operation.result


all_to_all_p = _movement(
    "all_to_all",
    type=_exchange_type,
    transpose=_exchange_transpose,
    within=_exchange_within,
    shifted=lambda p, by: {**p, "split": p["split"] + by, "concat": p["concat"] + by},
    lower=_exchange_lower,
)


# -------------------------------------------------------------------------------- permuting


def ppermute(x: Any, axis_name: Any, perm: Sequence[tuple[int, int]]) -> Any:
    """Send arrays along `(source, destination)` pairs; who gets nothing has zeros.

    Raises:
        ArgumentValueError: if a source or a destination occurs twice, or is outside the axis.
        UnboundAxisError: if no axis of that name is in scope.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> f = lambda x: jib.lax.ppermute(x, "i", [(0, 1), (1, 2), (2, 0)])
        >>> jib.vmap(f, axis_name="i")(jnp.array([10, 20, 30])).tolist()
        [30, 10, 20]
    """
    names = axis_names(axis_name)
    size = axis_sizes(names)
    pairs = tuple((int(a) % size, int(b) % size) for a, b in perm)
    for ends in zip(*pairs, strict=True):
        if len(set(ends)) != len(ends):
            raise ArgumentValueError(
                f"`ppermute` needs different sources and different destinations, but got {pairs}"
            )
    return on_leaves(lambda v: ppermute_p.bind(_varying(v, names), axes=names, perm=pairs), x)


def pshuffle(x: Any, axis_name: Any, perm: Sequence[int]) -> Any:
    """Permute the members: member `i` gets the array of member `perm[i]`.

    Raises:
        ArgumentValueError: if `perm` is not a permutation.
    """
    if sorted(perm) != list(range(len(perm))):
        raise ArgumentValueError(f"`pshuffle` needs a permutation, but got {list(perm)}")
    return ppermute(x, axis_name, list(zip(perm, range(len(perm)), strict=True)))


def _permute_within(x: Any, axis: Any, *, axes: tuple, perm: tuple) -> Any:
    source = {to: came for came, to in perm}
    none = lax.full_like(lax.index_in_dim(x, 0, 0), 0)
    places = [source.get(i) for i in range(axis.size)]
    return lax.concatenate([none if i is None else lax.index_in_dim(x, i, 0) for i in places], 0), 0


def _permute_lower(ctx: Any, x: Any, *, axes: tuple, perm: tuple) -> Any:
    groups = np.asarray(lower_groups(ctx.module, axes, None))
    pairs = np.array([[g[a], g[b]] for g in groups for a, b in perm], np.int64).reshape(-1, 2)
    operation = mlir.hlo.CollectivePermuteOp(
        x, source_target_pairs=ir.DenseIntElementsAttr.get(pairs), channel_handle=channel()
    )
    return operation.result


def _permute_transpose(ct: Any, x: Any, *, axes: tuple, perm: tuple) -> list[Any]:
    back = tuple((b, a) for a, b in perm)
    return [ppermute_p.bind(_varying(ct, axes), axes=axes, perm=back)]


ppermute_p = _movement(
    "ppermute",
    type=lambda x, *, axes, perm: x.update(weak_type=False),
    transpose=_permute_transpose,
    within=_permute_within,
    shifted=lambda params, by: params,
    lower=_permute_lower,
)


# ------------------------------------------------------------------------------ own position


def axis_index(axis_name: Any) -> Any:
    """This member's position along a named axis (row-major over several), of int32.

    Raises:
        UnboundAxisError: if no axis of that name is in scope.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.vmap(lambda x: x * jib.lax.axis_index("i"), axis_name="i")(jnp.ones(3)).tolist()
        [0.0, 1.0, 2.0]
    """
    index = None
    for name in axis_names(axis_name):
        own = axis_index_p.bind(axes=(name,), vary=checked_axes((name,)))
        size = np.int32(context.axis_env[name])
        index = own if index is None else lax.add(lax.mul(index, size), own)
    return np.int32(0) if index is None else index


def _index_batch(axis: Any, args: Any, dims: Any, *, axes: tuple, vary: frozenset) -> Any:
    return lax.iota(np.int32, axis.size), 0


def _index_lower(ctx: Any, *, axes: tuple, vary: frozenset) -> Any:
    manual = ctx.module.manual
    rest = [name for name in manual.mesh.axis_names if name not in manual.names]
    if not rest:
        return _own_position(ctx, axes[0])
    # A device knows its number only where nothing is left to the partitioner.
    out = mlir.ir_type(ctx.avals_out[0])
    replicated = ctx.module.tensor_sharding(manual.mesh, None, 0)
    operation = sdy.ManualComputationOp(
        [out],
        [],
        sdy.TensorShardingPerValueAttr.get([]),
        sdy.TensorShardingPerValueAttr.get([replicated]),
        sdy.ManualAxesAttr.get([mlir.string_attribute(str(name)) for name in rest]),
    )
    block = ir.Block.create_at_start(operation.body, [])
    with ir.InsertionPoint(block):
        mlir.emit_many("sdy.return", [], [_own_position(ctx, axes[0])])
    return operation.results[0]


def _own_position(ctx: Any, name: Any) -> Any:
    """The position along one axis, looked up by this device's number in the program."""
    mesh = ctx.module.manual.mesh
    word = ShapedArray((), np.uint32)
    number = mlir.emit("stablehlo.partition_id", mlir.ir_type(word), [])
    axis = list(mesh.axis_names).index(name)
    table = np.empty(mesh.size, np.int32)
    coordinates = np.indices(tuple(mesh.shape.values()))[axis].ravel()
    table[list(ctx.module.positions(mesh))] = coordinates
    one = ShapedArray((1,), np.int32)
    found = mlir.emit(
        "stablehlo.dynamic_slice",
        mlir.ir_type(one),
        [mlir.constant(table), number],
        {"slice_sizes": mlir.int64_array((1,))},
    )
    return mlir.emit("stablehlo.reshape", mlir.ir_type(ctx.avals_out[0]), [found])


axis_index_p = Primitive(
    "axis_index",
    type=lambda *, axes, vary: ShapedArray((), np.int32, vary=vary),
    numpy=Waived("a position along an axis needs the axis"),
    jvp=constant_jvp(lambda: axis_index_p),
    transpose=Waived("an index has no derivative"),
    batch=_index_batch,
    lower=_index_lower,
    collective=True,
)
