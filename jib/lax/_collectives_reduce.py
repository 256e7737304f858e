"""Reductions over named axes: of `vmap`, of `pmap`, and of the device mesh inside `shard_map`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.backend.mlir import ir
from jib.core.algebra import algebra
from jib.core.avals import ShapedArray
from jib.core.axes import axis_names, axis_sizes, checked_axes, match_vary
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.errors import ArgumentValueError
from jib.lax._families import constant_like, join_region, kind_of, linear_jvp, zero_tangent
from jib.passes.batch import to_batch_axis
from jib.tree import tree_registry

__all__ = ["axis_size", "pcast", "pmax", "pmean", "pmin", "psum", "pvary"]

Groups = Sequence[Sequence[int]] | None


def axis_size(axis_name: Any) -> int:
    """How many members a named axis has, as a Python integer; of several axes, the product.

    Raises:
        UnboundAxisError: if no axis of that name is in scope.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> f = lambda x: x / jib.lax.axis_size("i")
        >>> jib.vmap(f, axis_name="i")(jnp.ones(4)).tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    return axis_sizes(axis_names(axis_name))


def on_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """Apply a function to the leaves of a tree."""
    leaves, structure = tree_registry.flatten(tree)
    return structure.unflatten([function(x) for x in leaves])


def checked_groups(groups: Groups, size: int) -> tuple[tuple[int, ...], ...] | None:
    """Groups of members as tuples.

    Raises:
        ArgumentValueError: if they are not a partition of the members.
    """
    if groups is None:
        return None
    found = tuple(tuple(int(i) for i in group) for group in groups)
    if sorted(i for group in found for i in group) != list(range(size)):
        raise ArgumentValueError(
            f"axis_index_groups must name each of the {size} members once, but got {found}",
            help=f"axis_index_groups={[list(range(size))]}",
        )
    return found


def group_size(name: str, groups: Sequence[Sequence[int]]) -> int:
    """The size that all groups have."""
    sizes = {len(group) for group in groups}
    if len(sizes) != 1:
        raise ArgumentValueError(f"`{name}` needs groups of one size, but got {groups}")
    return sizes.pop()


def _by_kind(names: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], bool]]:
    """The axes apart: those whose types say what varies, and the others; with which they are."""
    checked = checked_axes(names)
    parts = [(tuple([n for n in names if (n in checked) is told]), told) for told in (True, False)]
    return [part for part in parts if part[0]]


# ------------------------------------------------------------------------- marking as varying


def pvary(x: Any, axis_name: Any) -> Any:
    """Mark values as differing along mesh axes, inside `shard_map`; the values stay as they are.

    It is done by itself wherever it is needed. The transpose is a sum over those axes.
    """
    names = frozenset(axis_names(axis_name)) & checked_axes(axis_names(axis_name))
    return on_leaves(lambda leaf: match_vary(leaf, names), x)


def pcast(x: Any, axis_name: Any, *, to: str) -> Any:
    """Change what the types say of mesh axes: `to="varying"` is `pvary`.

    Raises:
        ArgumentValueError: for another `to`: a value that differs becomes equal by a reduction.
    """
    if to != "varying":
        raise ArgumentValueError(
            f"`pcast` goes to 'varying' only, but got to={to!r}",
            help="jib.lax.psum, pmean or pmax make a value that is equal on all devices",
        )
    return pvary(x, axis_name)


def _vary_type(x: ShapedArray, *, axes: tuple) -> ShapedArray:
    return x.update(vary=x.vary.union(axes))


pvary_p = Primitive(
    "pvary",
    type=_vary_type,
    numpy=lambda x, *, axes: x,
    jvp=linear_jvp(lambda: pvary_p),
    transpose=lambda ct, x, *, axes: [_sum_varying(ct, axes)],
    batch=lambda axis, args, dims, *, axes: (_vary_rest(args[0], axis.name, axes), dims[0]),
    lower=lambda ctx, x, *, axes: x,
    collective=True,
)


def _vary_rest(x: Any, name: Any, axes: tuple) -> Any:
    rest = tuple([n for n in axes if n != name])
    return pvary_p.bind(x, axes=rest) if rest else x


def _sum_varying(ct: Any, axes: tuple) -> Any:
    """The sum over axes that the value varies along; the others hold equal copies, or none."""
    ct = match_vary(ct, frozenset(axes))
    return psum_p.bind(ct, axes=axes, groups=None, checked=True)


def _mark(x: Any, names: frozenset) -> Any:
    return pvary_p.bind(x, axes=tuple(sorted(names, key=str)))


algebra.vary = _mark


# -------------------------------------------------------------------------------- reductions


def psum(x: Any, axis_name: Any, *, axis_index_groups: Groups = None) -> Any:
    """The sum over a named axis (or several), equal for all members.

    Args:
        x: an array or a tree of arrays; a Python number gives that number times the size.
        axis_name: a name or a tuple of names.
        axis_index_groups: sum within groups of members: lists of positions along the axis.

    Raises:
        UnboundAxisError: if no axis of that name is in scope.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.vmap(lambda x: x / jib.lax.psum(x, "i"), axis_name="i")(jnp.array([1.0, 3.0]))
        Array([0.25, 0.75], dtype=float32)
    """
    return _reduced(psum_p, x, axis_name, axis_index_groups)


def pmean(x: Any, axis_name: Any, *, axis_index_groups: Groups = None) -> Any:
    """The mean over a named axis (or several), equal for all members.

    Raises:
        UnboundAxisError: if no axis of that name is in scope.
        ArgumentValueError: if `axis_index_groups` differ in size.
    """
    count = axis_size(axis_name)
    if axis_index_groups is not None:
        count = group_size("pmean", axis_index_groups)

    def divided(total: Any) -> Any:
        if isinstance(total, int | float | complex):
            return total / count
        if kind_of(aval_of(total).dtype) not in "fc":
            total = lax.convert_element_type(
                total, dtypes.canonical_input_dtype(np.dtype(np.float64))
            )
        return lax.div(total, constant_like(total, count))

    return on_leaves(divided, psum(x, axis_name, axis_index_groups=axis_index_groups))


def pmax(x: Any, axis_name: Any, *, axis_index_groups: Groups = None) -> Any:
    """The largest value over a named axis (or several), equal for all members.

    Raises:
        UnboundAxisError: if no axis of that name is in scope.
    """
    return _reduced(pmax_p, x, axis_name, axis_index_groups)


def pmin(x: Any, axis_name: Any, *, axis_index_groups: Groups = None) -> Any:
    """The smallest value over a named axis (or several), equal for all members.

    Raises:
        UnboundAxisError: if no axis of that name is in scope.
    """
    return _reduced(pmin_p, x, axis_name, axis_index_groups)


def _reduced(primitive: Primitive, x: Any, axis_name: Any, groups: Groups) -> Any:
    names = axis_names(axis_name)
    if groups is not None and len(names) != 1:
        raise ArgumentValueError(f"axis_index_groups go with one axis, but got {names}")
    found = checked_groups(groups, axis_sizes(names))

    def leaf(value: Any) -> Any:
        if isinstance(value, bool | int | float | complex) and found is None:
            return value * axis_sizes(names) if primitive is psum_p else value
        if primitive is psum_p and kind_of(aval_of(value).dtype) == "b":
            value = lax.convert_element_type(value, np.int32)
        for axes, checked in _by_kind(names):
            # Groups give results that differ from group to group, which types cannot tell.
            if checked:
                value = match_vary(value, frozenset(axes))
            value = primitive.bind(value, axes=axes, groups=found, checked=checked)
        return value

    return on_leaves(leaf, x)


def _type(x: ShapedArray, *, axes: tuple, groups: Any, checked: bool) -> ShapedArray:
    return x.update(weak_type=False, vary=x.vary.difference(axes) if groups is None else x.vary)


def lower_groups(module: Any, axes: Sequence[Any], groups: Any) -> Any:
    """The groups of devices that work together, as positions in the program's device list."""
    sizes = module.manual.mesh.shape
    names = list(sizes)
    ids = np.array(module.positions(module.manual.mesh)).reshape(tuple(sizes.values()))
    rest = [names.index(n) for n in names if n not in axes]
    count = math.prod([sizes[n] for n in axes])
    table = ids.transpose(*rest, *(names.index(n) for n in axes)).reshape(-1, count)
    if groups is not None:
        width = max(map(len, groups))
        padded = [list(g) + [-1] * (width - len(g)) for g in groups]
        rows = [[row[i] if i >= 0 else -1 for i in g] for row in table.tolist() for g in padded]
        table = np.array(rows)
    return ir.DenseIntElementsAttr.get(np.ascontiguousarray(table, np.int64))


def channel() -> Any:
    """The attribute that says that a collective goes from device to device."""
    return mlir.hlo.ChannelHandle.get(1, 1)


def _all_reduce(hlo: str) -> Callable[..., Any]:
    def rule(ctx: Any, x: Any, *, axes: tuple, groups: Any, checked: bool) -> Any:
        operation = mlir.hlo.AllReduceOp(
            [x.type],
            [x],
            replica_groups=lower_groups(ctx.module, axes, groups),
            channel_handle=channel(),
            use_global_device_ids=mlir.bool_attribute(True),
        )
        return join_region(operation, ctx.avals_in[0].dtype, hlo)

    return rule


def _batch(
    primitive: Callable[[], Primitive], reduce: Callable[..., Any], repeated: Callable[..., Any]
) -> Callable[..., Any]:
    """A `batch` rule: an axis of `vmap` is reduced as any axis is."""

    def rule(axis: Any, args: Any, dims: Any, *, axes: tuple, groups: Any, checked: bool) -> Any:
        (x,), (d,) = args, dims
        rest = tuple([n for n in axes if n != axis.name])
        if len(rest) == len(axes):
            return primitive().bind(x, axes=axes, groups=groups, checked=checked), d
        if groups is not None:
            return _within_groups(to_batch_axis(x, d, axis), groups, reduce), 0
        x = repeated(x, axis.size) if d is None else reduce(x, (d,))
        if rest:
            x = primitive().bind(x, axes=rest, groups=None, checked=checked)
        return x, None

    return rule


def _within_groups(x: Any, groups: tuple, reduce: Callable[..., Any]) -> Any:
    rows: dict[int, Any] = {}
    for group in groups:
        members = lax.concatenate([lax.index_in_dim(x, i, 0) for i in group], 0)
        total = lax.expand_dims(reduce(members, (0,)), (0,))
        rows.update(dict.fromkeys(group, total))
    return lax.concatenate([rows[i] for i in range(len(rows))], 0)


def _psum_transpose(ct: Any, x: Any, *, axes: tuple, groups: Any, checked: bool) -> list[Any]:
    # Where types tell which values are equal everywhere, the cotangent of a sum is one of those,
    # and each member's share is the same. Elsewhere every member holds a cotangent of its own.
    if checked and groups is None:
        return [match_vary(ct, frozenset(axes))]
    if checked:
        ct = match_vary(ct, frozenset(axes))
    return [psum_p.bind(ct, axes=axes, groups=groups, checked=checked)]


psum_p = Primitive(
    "psum",
    type=_type,
    numpy=Waived("a sum over devices needs the devices; `vmap` turns it into an ordinary one"),
    jvp=linear_jvp(lambda: psum_p),
    transpose=_psum_transpose,
    batch=_batch(
        lambda: psum_p,
        lambda x, dims: lax.reduce_sum(x, dims),
        lambda x, size: lax.mul(x, constant_like(x, size)),
    ),
    lower=_all_reduce("add"),
    collective=True,
)


def _extreme(name: str, hlo: str, reduce: Callable[..., Any]) -> Primitive:
    def jvp(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
        (x,), (t,) = primals, tangents
        out = primitive.bind(x, **params)
        if type(t) is Zero:
            return out, zero_tangent(out)
        # Members that share the extreme value share the tangent, as `reduce_max` has it.
        here = lax.convert_element_type(lax.eq(x, out), aval_of(x).dtype)
        shared = psum_p.bind(lax.mul(t, here), **params)
        return out, lax.div(shared, psum_p.bind(match_vary(here, aval_of(x).vary), **params))

    primitive = Primitive(
        name,
        type=_type,
        numpy=Waived("a reduction over devices needs the devices; `vmap` makes it an ordinary one"),
        jvp=jvp,
        transpose=Waived(f"`{name}` is not linear"),
        batch=_batch(lambda: primitive, reduce, lambda x, size: x),
        lower=_all_reduce(hlo),
        collective=True,
    )
    return primitive


pmax_p = _extreme("pmax", "maximum", lambda x, dims: lax.reduce_max(x, dims))
pmin_p = _extreme("pmin", "minimum", lambda x, dims: lax.reduce_min(x, dims))
