"""Products and exchanges of arrays whose rows come in groups of different lengths."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.core.algebra import algebra
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, DTypeError, NotAvailableError, ShapeError
from jib.lax._families import constant_like, kind_of
from jib.lax._gathering import GatherDimensionNumbers
from jib.lax._precision import PrecisionLike
from jib.lax._shaping import canonical_axis
from jib.passes.eager import compiled
from jib.typing import ArrayLike, DTypeLike

__all__ = ["RaggedDotDimensionNumbers", "ragged_all_to_all", "ragged_dot", "ragged_dot_general"]


@dataclasses.dataclass(frozen=True)
class RaggedDotDimensionNumbers:
    """Which axes of a ragged product belong together.

    Args:
        dot_dimension_numbers: contracting and batch axes, as for `dot_general`.
        lhs_ragged_dimensions: the one axis of `lhs` that is made of groups.
        rhs_group_dimensions: the axis of `rhs` with one entry for each group, if it has one.
    """

    dot_dimension_numbers: Any
    lhs_ragged_dimensions: Sequence[int]
    rhs_group_dimensions: Sequence[int]

    def __post_init__(self) -> None:
        numbers = tuple(tuple(map(tuple, pair)) for pair in self.dot_dimension_numbers)
        object.__setattr__(self, "dot_dimension_numbers", numbers)
        for name in ("lhs_ragged_dimensions", "rhs_group_dimensions"):
            object.__setattr__(self, name, tuple(getattr(self, name)))


_ROWS = RaggedDotDimensionNumbers((((1,), (1,)), ((), ())), (0,), (0,))


def ragged_dot(
    lhs: ArrayLike,
    rhs: ArrayLike,
    group_sizes: ArrayLike,
    precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
    group_offset: ArrayLike | None = None,
    out_sharding: Any = None,
) -> Any:
    """Multiply each group of rows of `lhs` by a matrix of its own.

    Args:
        lhs: `(m, k)`: rows, the groups one after the other.
        rhs: `(groups, k, n)`: the matrices.
        group_sizes: integers `(groups,)`: how many rows each group has. Rows that are left over
            give zeros.
        precision, preferred_element_type, out_sharding: as for `dot_general`.

    Returns:
        An array of shape `(m, n)`.

    Raises:
        ShapeError: if the shapes do not fit.
        DTypeError: if the sizes are not integers.
        NotAvailableError: if a `group_offset` is given.

    Source: Gale, Narayanan, Young, Zaharia, "MegaBlocks", MLSys 2023, for what it is used for.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> weights = jnp.array([[[1.0]], [[10.0]]])
        >>> lax.ragged_dot(jnp.ones((3, 1)), weights, jnp.array([1, 2])).ravel().tolist()
        [1.0, 10.0, 10.0]
    """
    return ragged_dot_general(
        lhs, rhs, group_sizes, _ROWS, precision, preferred_element_type, group_offset, out_sharding
    )


def ragged_dot_general(
    lhs: ArrayLike,
    rhs: ArrayLike,
    group_sizes: ArrayLike,
    ragged_dot_dimension_numbers: RaggedDotDimensionNumbers,
    precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
    group_offset: ArrayLike | None = None,
    out_sharding: Any = None,
) -> Any:
    """`dot_general` where one axis of `lhs` is made of groups, one after the other.

    If that axis is a free one, each group meets its own entry of the group axis of `rhs`. If it is
    summed over, there is a sum for each group, along a new first axis of the result. If it is a
    batch axis, the groups only say how many of its entries count.

    Args:
        group_sizes: integers, `(groups,)`; or with axes in front for the batch axes of `lhs`, and
            for its free (or contracting) ones that stand before the ragged one.

    Raises:
        ShapeError: if the shapes do not fit.
        DTypeError: if the sizes are not integers.
        NotAvailableError: if a `group_offset` is given.
    """
    if group_offset is not None:
        raise NotAvailableError("group_offset of lax.ragged_dot", "zeros in group_sizes")
    numbers, left, right = ragged_dot_dimension_numbers, aval_of(lhs), aval_of(rhs)
    sizes = aval_of(group_sizes)
    if kind_of(sizes.dtype) != "i":
        raise DTypeError.accepts("ragged_dot, group_sizes", sizes.dtype.name, "integer")
    if len(numbers.lhs_ragged_dimensions) != 1:
        raise ArgumentValueError("`ragged_dot_general` needs one ragged axis of lhs")
    ragged = canonical_axis("ragged_dot_general", numbers.lhs_ragged_dimensions[0], left.ndim)
    (lc, _), (lb, _) = numbers.dot_dimension_numbers
    free = tuple(a for a in range(left.ndim) if a not in lc + lb)
    line = next(axes for axes in (free, lc, lb) if ragged in axes)
    prefix = (lb if line is not lb else ()) + line[: line.index(ragged)]
    wanted = tuple(left.shape[a] for a in prefix)
    if (sizes.ndim != 1 and sizes.shape[:-1] != wanted) or not sizes.ndim:
        raise ShapeError(
            f"`ragged_dot` of {left} needs group_sizes of shape (groups,) or "
            f"{(*wanted, 'groups')}, but got {sizes}"
        )
    group = numbers.rhs_group_dimensions
    if len(group) != (line is free):
        raise ArgumentValueError(
            "`ragged_dot_general` needs one group axis of rhs where the ragged axis of lhs is a "
            f"free one, and none elsewhere, but got {group}"
        )
    if group and right.shape[group[0]] != sizes.shape[-1]:
        raise ShapeError(
            f"`ragged_dot` has {sizes.shape[-1]} group sizes, but rhs {right} has "
            f"{right.shape[group[0]]} groups",
            help=f"lax.ragged_dot(lhs, rhs[:{sizes.shape[-1]}], group_sizes)",
        )
    plan = (ragged, prefix, "batch" if line is lb else "free" if group else "sum")
    found = _ragged(lhs, rhs, group_sizes, numbers, plan, precision, preferred_element_type)
    return found if out_sharding is None else lax.with_sharding_constraint(found, out_sharding)


@compiled(static=("numbers", "plan", "precision", "preferred"))
def _ragged(
    lhs: Any, rhs: Any, sizes: Any, numbers: Any, plan: Any, precision: Any, preferred: Any
) -> Any:
    ragged, prefix, role = plan
    (lc, rc), (lb, rb) = numbers.dot_dimension_numbers
    ends = lax.cumsum(sizes, aval_of(sizes).ndim - 1)
    shape = aval_of(lhs).shape
    if role == "batch":
        last = aval_of(ends).shape[-1]
        total = lax.slice_in_dim(ends, last - 1, last, axis=aval_of(ends).ndim - 1)
        lhs = _inside(lhs, [total], (1, *shape), ragged, prefix)
        pairs = ((lc, rc), (lb, rb))
        return lax.dot_general(lax.reshape(lhs, shape), rhs, pairs, precision, preferred)
    full = (aval_of(ends).shape[-1], *shape)
    lhs = _inside(lhs, [ends, lax.sub(ends, sizes)], full, ragged, prefix)
    lc, lb = tuple(a + 1 for a in lc), tuple(a + 1 for a in lb)
    if role == "free":  # the elements of other groups are zero: sum over the groups too
        pairs = (((0, *lc), (*numbers.rhs_group_dimensions, *rc)), (lb, rb))
        return lax.dot_general(lhs, rhs, pairs, precision, preferred)
    found = lax.dot_general(lhs, rhs, ((lc, rc), (lb, rb)), precision, preferred)
    return algebra.moveaxis(found, len(lb), 0)


def _inside(lhs: Any, bounds: list, full: tuple, ragged: int, prefix: tuple) -> Any:
    """`lhs` once for each group, with zeros outside it; `bounds` are the ends, then the starts."""
    place = lax.broadcasted_iota(aval_of(bounds[0]).dtype, full, ragged + 1)
    spread = []
    for bound in bounds:
        last = aval_of(bound).ndim - 1
        bound, places = algebra.moveaxis(bound, last, 0), (0,)
        if last:
            order = tuple(int(i) for i in np.argsort(prefix))
            bound = lax.transpose(bound, (0, *(i + 1 for i in order)))
            places = (0, *(prefix[i] + 1 for i in order))
        spread.append(lax.broadcast_in_dim(bound, full, places))
    inside = lax.lt(place, spread[0])
    if len(spread) > 1:
        inside = lax.bitwise_and(inside, lax.ge(place, spread[1]))
    repeated = lax.broadcast_in_dim(lhs, full, tuple(range(1, len(full))))
    return lax.select(inside, repeated, lax.full(full, constant_like(lhs, 0)))


def ragged_all_to_all(
    operand: ArrayLike,
    output: ArrayLike,
    input_offsets: ArrayLike,
    send_sizes: ArrayLike,
    output_offsets: ArrayLike,
    recv_sizes: ArrayLike,
    *,
    axis_name: Any,
    axis_index_groups: Any = None,
) -> Any:
    """Each member sends rows of `operand` to each other, which writes them in its `output`.

    The four arrays of integers have the same length, the first part of which is for the first
    member, and so on.

    Args:
        operand: rows to send.
        output: what the result holds where nothing arrives.
        input_offsets, send_sizes: where the rows for each member start, and how many they are.
        output_offsets: where they are written at the receiver.
        recv_sizes: how many rows arrive from each member: the `send_sizes` for this one.

    Raises:
        ShapeError: if the four arrays differ in shape, or do not divide by the number of members.
        UnboundAxisError: if no axis of that name is in scope.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> def swap(x):
        ...     at, one = jnp.array([0, 1]), jnp.array([1, 1])
        ...     to = jnp.full(2, jib.lax.axis_index("i"))
        ...     return jib.lax.ragged_all_to_all(
        ...         x, jnp.zeros_like(x), at, one, to, one, axis_name="i"
        ...     )
        >>> jib.vmap(swap, axis_name="i")(jnp.array([[1, 2], [3, 4]])).tolist()
        [[1, 3], [2, 4]]
    """
    plans = [aval_of(x) for x in (input_offsets, send_sizes, output_offsets, recv_sizes)]
    if plans[0].ndim != 1 or any(p.shape != plans[0].shape for p in plans):
        listed = ", ".join(map(str, plans))
        raise ShapeError(f"`ragged_all_to_all` needs four vectors of one length, but got {listed}")
    everything = lax.all_gather(operand, axis_name, axis_index_groups=axis_index_groups)
    members, rows, *rest = aval_of(everything).shape
    count, own = plans[0].shape[0], aval_of(output)
    if count % members:
        raise ShapeError(
            f"`ragged_all_to_all` cannot share {count} slices out among {members} members"
        )
    options: Any = {"axis_index_groups": axis_index_groups, "tiled": True}
    first, start = (
        lax.all_to_all(lax.convert_element_type(x, np.int32), axis_name, 0, 0, **options)
        for x in (input_offsets, output_offsets)
    )
    sizes = lax.convert_element_type(recv_sizes, np.int32)
    table = (count, own.shape[0])
    row, piece = (lax.broadcasted_iota(np.int32, table, axis) for axis in (1, 0))
    first, start, end = (
        lax.broadcast_in_dim(x, table, (0,)) for x in (first, start, lax.add(start, sizes))
    )
    arrives = lax.bitwise_and(lax.ge(row, start), lax.lt(row, end))
    # Where each row of the output comes from; the last of several pieces wins.
    source = lax.mul(lax.div(piece, np.int32(count // members)), np.int32(rows))
    place = lax.add(source, lax.add(first, lax.sub(row, start)))
    winner = lax.reduce_max(lax.select(arrives, piece, lax.full(table, np.int32(-1))), (0,))
    chosen = lax.eq(piece, lax.broadcast_in_dim(winner, table, (1,)))
    place = lax.reduce_sum(lax.select(chosen, place, lax.full(table, np.int32(0))), (0,))
    arrived = lax.gather(
        lax.reshape(everything, (members * rows, *rest)),
        lax.reshape(place, (*place.shape, 1)),
        GatherDimensionNumbers(tuple(range(1, 1 + len(rest))), (0,), (0,)),
        (1, *rest),
        mode="clip",
    )
    written = lax.broadcast_in_dim(lax.ge(winner, np.int32(0)), own.shape, (0,))
    return lax.select(written, arrived, output)
