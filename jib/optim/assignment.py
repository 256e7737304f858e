"""Assigning rows to columns at the least total cost."""

from __future__ import annotations

from typing import Any

import jib.numpy as jnp
from jib import lax
from jib.errors import ShapeError
from jib.typing import Array, ArrayLike

__all__ = ["base_hungarian_algorithm", "hungarian_algorithm"]


def _shortest_path(costs: Array, u: Array, v: Array, row_of: Array, start: Any) -> Any:
    """Dijkstra from a row to the nearest free column, in reduced costs.

    Returns the column, its distance, all distances, the columns reached, and the row before each.
    """
    columns = costs.shape[1]

    def reach(search: Any) -> Any:
        row, _, least, distance, seen, before = search
        reduced = least + costs[row] - u[row] - v
        nearer = ~seen & (reduced < distance)
        distance, before = jnp.where(nearer, reduced, distance), jnp.where(nearer, row, before)
        open_distance = jnp.where(seen, jnp.inf, distance)
        least = jnp.min(open_distance)
        near = (open_distance == least) & ~seen
        free = near & (row_of < 0)
        column = jnp.where(jnp.any(free), jnp.argmax(free), jnp.argmax(near)).astype("int32")
        sink = jnp.where(row_of[column] < 0, column, -1)
        return row_of[column], sink, least, distance, seen.at[column].set(True), before

    first = (
        start, jnp.int32(-1), jnp.zeros((), costs.dtype), jnp.full(columns, jnp.inf, costs.dtype),
        jnp.zeros(columns, bool), jnp.full(columns, -1, "int32"),
    )  # fmt: skip
    _, sink, least, distance, seen, before = lax.while_loop(lambda s: s[1] < 0, reach, first)
    return sink, least, distance, seen, before


def _assign_row(row: Any, state: Any) -> Any:
    costs, u, v, row_of, column_of = state
    sink, least, distance, seen, before = _shortest_path(costs, u, v, row_of, row)
    slack = jnp.where(seen, least - distance, 0)
    # An index past the end is dropped: free columns have no row whose price changes.
    owners = jnp.where(seen & (row_of >= 0), row_of, u.shape[0])
    u = u.at[row].add(least).at[owners].add(slack, mode="drop")

    def flip(walk: Any) -> Any:
        column, _, row_of, column_of = walk
        owner = before[column]
        previous = column_of[owner]
        row_of, column_of = row_of.at[column].set(owner), column_of.at[owner].set(column)
        return previous, owner, row_of, column_of

    walk = sink, jnp.int32(-1), row_of, column_of
    _, _, row_of, column_of = lax.while_loop(lambda w: w[1] != row, flip, walk)
    return costs, u, v - slack, row_of, column_of


def hungarian_algorithm(cost_matrix: ArrayLike) -> tuple[Array, Array]:
    """The pairs of rows and columns, each used once at most, with the least sum of costs.

    Shortest augmenting paths: Crouse, "On implementing 2D rectangular assignment algorithms",
    2016. The time grows as the square of the shorter side times the longer one.

    Args:
        cost_matrix: `(rows, columns)` finite numbers.

    Returns:
        Row indices in ascending order, and the column of each, both `(min(rows, columns),)`.

    Raises:
        ShapeError: the costs are no matrix.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.optim import assignment
        >>> costs = jnp.array([[4, 1, 3], [2, 0, 5], [3, 2, 2]])
        >>> rows, columns = assignment.hungarian_algorithm(costs)
        >>> columns.tolist(), int(costs[rows, columns].sum())
        ([1, 0, 2], 5)
    """
    costs = jnp.asarray(cost_matrix)
    if costs.ndim != 2:
        raise ShapeError(f"the costs of an assignment are a matrix, not of shape {costs.shape}")
    if 0 in costs.shape:
        return jnp.zeros(0, "int32"), jnp.zeros(0, "int32")
    tall = costs.shape[0] > costs.shape[1]
    costs = (costs.T if tall else costs).astype(jnp.promote_types(costs.dtype, jnp.float32))
    rows, columns = costs.shape
    state = (
        costs, jnp.zeros(rows, costs.dtype), jnp.zeros(columns, costs.dtype),
        jnp.full(columns, -1, "int32"), jnp.full(rows, -1, "int32"),
    )  # fmt: skip
    column_of = lax.fori_loop(0, rows, _assign_row, state)[-1]
    order = jnp.arange(rows, dtype="int32")
    if not tall:
        return order, column_of
    order = jnp.argsort(column_of).astype("int32")
    return column_of[order], order


def base_hungarian_algorithm(cost_matrix: ArrayLike) -> tuple[Array, Array]:
    """Another name of `hungarian_algorithm`."""
    return hungarian_algorithm(cost_matrix)
