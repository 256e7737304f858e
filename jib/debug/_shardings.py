"""How arrays lie on devices: as a table, or handed to a function."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any

from jib.core.tracing import aval_of, is_concrete
from jib.errors import ArgumentValueError, NotAvailableError

__all__ = ["inspect_array_sharding", "visualize_array_sharding", "visualize_sharding"]


def inspect_array_sharding(value: Any, *, callback: Callable[[Any], None]) -> None:
    """Call a function with the sharding of an array that exists.

    Raises:
        NotAvailableError: for a traced array: what the compiler chose for it is known only later.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.debug.inspect_array_sharding(jnp.ones(3), callback=lambda s: print(s.num_devices))
        1
    """
    if not is_concrete(value):
        raise NotAvailableError(
            "debug.inspect_array_sharding of a traced array",
            "jib.lax.with_sharding_constraint to choose, or look at `result.sharding` outside",
        )
    callback(value.sharding)


def visualize_array_sharding(arr: Any, **kwargs: Any) -> None:
    """Print which devices hold which part of a vector or a matrix, as `visualize_sharding`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.debug.visualize_array_sharding(jnp.ones((2, 2)))
        +---------+
        |  CPU 0  |
        +---------+
    """
    shape = aval_of(arr).shape
    inspect_array_sharding(arr, callback=lambda s: visualize_sharding(shape, s, **kwargs))


def visualize_sharding(
    shape: Sequence[int],
    sharding: Any,
    *,
    use_color: bool = True,
    scale: float = 1.0,
    min_width: int = 9,
    max_width: int = 80,
    color_map: Any = None,
) -> None:
    """Print which devices hold which part of a vector or a matrix.

    Args:
        shape: of the array: one axis or two.
        sharding: how it lies on devices.
        min_width, max_width: of a column, and of the table.
        use_color, scale, color_map: not used: the table is plain text.

    Raises:
        ArgumentValueError: if the array has no axes, or more than two.
    """
    if not 1 <= len(shape) <= 2:
        raise ArgumentValueError(
            f"a table shows arrays of one or two axes, but the shape is {tuple(shape)}",
            help="print(x.sharding)",
        )
    cells: dict[tuple[tuple[int, int], ...], list[int]] = {}
    platform = ""
    for device, index in sharding.devices_indices_map(tuple(shape)).items():
        spans = [s.indices(n)[:2] for s, n in zip(index, shape, strict=True)]
        spans = [(0, 1)] * (2 - len(spans)) + spans
        cells.setdefault(tuple(spans), []).append(device.id)
        platform = device.platform.upper()
    rows = sorted({row for row, _ in cells})
    columns = sorted({column for _, column in cells})
    text = {key: f"{platform} {','.join(map(str, sorted(ids)))}" for key, ids in cells.items()}
    widest = max(min_width, *(len(t) + 2 for t in text.values()))
    width = max(3, min(widest, math.floor((max_width - 1) / len(columns)) - 1))
    line = "+" + "+".join(["-" * width] * len(columns)) + "+"
    builtins.print(line)
    for row in rows:
        shown = [text.get((row, column), "")[:width].center(width) for column in columns]
        builtins.print("|" + "|".join(shown) + "|")
        builtins.print(line)
