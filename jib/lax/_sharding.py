"""Where the values of a program lie: constraints for the partitioner."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from jib.backend import mlir
from jib.backend.meshes import get_mesh
from jib.backend.shardings import NamedSharding, Sharding
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive
from jib.core.tracing import aval_of, context
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.lax._families import linear_jvp
from jib.sharding._partition_spec import PartitionSpec
from jib.tree import broadcast_prefix, tree_registry

__all__ = ["auto_axes", "reshard", "with_sharding_constraint"]


def named_sharding(sharding: Any) -> Any:
    """A sharding as it is, and a `PartitionSpec` over the current mesh.

    Raises:
        ArgumentValueError: for a spec where no mesh is current.
        ArgumentTypeError: if it is neither.
    """
    if isinstance(sharding, Sharding):
        return sharding
    if not isinstance(sharding, PartitionSpec):
        raise ArgumentTypeError(
            f"a sharding or a PartitionSpec is needed, but got {sharding!r}",
            help="jib.NamedSharding(mesh, jib.P('x'))",
        )
    mesh = get_mesh()
    if mesh.empty:
        raise ArgumentValueError(
            f"{sharding} names the axes of a mesh, and no mesh is current",
            help=["jib.set_mesh(mesh)", f"jib.NamedSharding(mesh, {sharding})"],
        )
    return NamedSharding(mesh, sharding)


def with_sharding_constraint(x: Any, shardings: Any) -> Any:
    """Ask that values inside a compiled program lie as the shardings say; they stay equal.

    Args:
        x: a tree of arrays.
        shardings: a prefix of the tree: shardings, or `PartitionSpec`s over the current mesh. None
            leaves the choice to the compiler.

    Raises:
        ArgumentValueError: if an array does not fit its sharding.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> rows = jib.NamedSharding(jib.make_mesh((1,), ("x",)), jib.P("x"))
        >>> jib.jit(lambda x: jib.lax.with_sharding_constraint(2 * x, rows))(jnp.arange(2)).tolist()
        [0, 2]
    """
    leaves, structure = tree_registry.flatten(x)
    wanted = broadcast_prefix(shardings, x, is_leaf=lambda s: s is None)
    return structure.unflatten(
        [v if s is None else _constrained(v, s) for v, s in zip(leaves, wanted, strict=True)]
    )


def reshard(xs: Any, out_shardings: Any) -> Any:
    """Lay a tree of arrays out anew; the same as `with_sharding_constraint`."""
    return with_sharding_constraint(xs, out_shardings)


def auto_axes(
    f: Callable[..., Any] | None = None, /, *, axes: Any = None, out_sharding: Any = None
) -> Any:
    """A function inside which the compiler chooses the layouts; the result lies as asked for.

    Here the compiler chooses along every mesh axis anyway, so `axes` changes nothing.

    Args:
        f: the function; without it, a decorator is returned.
        axes: mesh axes.
        out_sharding: a prefix of the result: shardings, `PartitionSpec`s or None.

    Example:
        >>> import jib, jib.numpy as jnp
        >>> rows = jib.NamedSharding(jib.make_mesh((1,), ("x",)), jib.P("x"))
        >>> jib.sharding.auto_axes(jnp.sin, out_sharding=rows)(jnp.zeros(2)).tolist()
        [0.0, 0.0]
    """
    if f is None:
        return functools.partial(auto_axes, axes=axes, out_sharding=out_sharding)

    @functools.wraps(f)
    def constrained(*args: Any, **kwargs: Any) -> Any:
        return with_sharding_constraint(f(*args, **kwargs), out_sharding)

    return constrained


def _constrained(x: Any, sharding: Any) -> Any:
    sharding = named_sharding(sharding)
    sharding.check_compatible_aval(aval_of(x).shape)
    manual = context.manual
    if manual is not None and manual.names.issuperset(manual.mesh.axis_names):
        raise ArgumentValueError(
            "a sharding constraint inside `shard_map` has no axis left to speak of: the function "
            f"sees one shard along {', '.join(map(str, manual.mesh.axis_names))}",
            help="jib.shard_map(..., axis_names={...}) with fewer axes leaves the others open",
        )
    if not isinstance(sharding, NamedSharding) or sharding.mesh.size == 1:
        return x
    return sharding_constraint_p.bind(x, sharding=sharding)


def _batch(axis: Any, args: Any, dims: Any, *, sharding: Any) -> tuple[Any, int]:
    (x,), (d,) = args, dims
    entries = list(sharding.spec.partitions)
    entries += [None] * (d - len(entries))
    split = axis.spmd_name is not None
    entries.insert(d, axis.spmd_name if split else PartitionSpec.UNCONSTRAINED)
    spec = sharding.spec.update(partitions=entries)
    return sharding_constraint_p.bind(x, sharding=sharding.update(spec=spec)), d


def _lower(ctx: Any, x: Any, *, sharding: Any) -> Any:
    ndim = ctx.avals_out[0].physical().ndim
    attribute = ctx.module.tensor_sharding(sharding.mesh, sharding.spec, ndim)
    return mlir.emit("sdy.sharding_constraint", x.type, [x], {"sharding": attribute})


def _type(x: ShapedArray, *, sharding: Any) -> ShapedArray:
    sharding.check_compatible_aval(x.shape)
    return x


sharding_constraint_p = Primitive(
    "sharding_constraint",
    type=_type,
    numpy=lambda x, *, sharding: x,
    jvp=linear_jvp(lambda: sharding_constraint_p),
    transpose=lambda ct, x, *, sharding: [sharding_constraint_p.bind(ct, sharding=sharding)],
    batch=_batch,
    lower=_lower,
)
