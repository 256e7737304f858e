"""Values between the elements of an array."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

from jib import lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.lax._families import kind_of
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["map_coordinates"]

_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def map_coordinates(
    input: ArrayLike, coordinates: Sequence[ArrayLike], order: int, mode: str = "constant",
    cval: ArrayLike = 0.0,
) -> Array:  # fmt: skip
    """The values of an array at places between its elements.

    Args:
        input: the array.
        coordinates: the places, one array for each axis, of shapes that fit each other.
        order: 0 takes the nearest element, 1 goes along straight lines.
        mode: what is beyond the edges: `cval` (`"constant"`), the edge (`"nearest"`), the array
            again (`"wrap"`) or its mirror image, with the edge once (`"mirror"`) or twice
            (`"reflect"`).
        cval: the value outside for `"constant"`.

    Returns:
        An array of the places' shape, of the dtype of `input`.

    Raises:
        ShapeError: if there is not one array for each axis.
        ArgumentValueError: if there is no such order or mode.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.scipy.ndimage import map_coordinates
        >>> map_coordinates(jnp.array([0.0, 10.0]), [jnp.array([0.25, 1.0])], 1).tolist()
        [2.5, 10.0]
    """
    aval = aval_of(input)
    if len(coordinates) != aval.ndim:
        raise ShapeError(
            f"`map_coordinates` of {aval} needs {aval.ndim} arrays of places, one for each axis, "
            f"but got {len(coordinates)}"
        )
    ArgumentValueError.check("map_coordinates", "order", order, (0, 1))
    ArgumentValueError.check("map_coordinates", "mode", mode, _MODES)
    return _mapped(input, list(coordinates), cval, order, mode)


def _inside(index: Any, size: int, mode: str) -> Any:
    """The element that stands at a place for the one beyond the edge."""
    if mode == "wrap":
        return index % size
    if mode == "mirror":
        period = max(2 * (size - 1), 1)
        return (size - 1) - jnp.abs(index % period - (size - 1)) if size > 1 else index * 0
    if mode == "reflect":
        place = index % (2 * size)
        return jnp.minimum(place, 2 * size - 1 - place)
    return jnp.clip(index, 0, max(size - 1, 0))


def _neighbours(places: Any, size: int, order: int) -> list[tuple[Any, Any]]:
    """The whole places near each one, with their weights (None is 1)."""
    if kind_of(aval_of(places).dtype) == "i":
        return [(places, None)]
    if order == 0:
        return [(jnp.round(places).astype("int32"), None)]
    lower = jnp.floor(places)
    above = places - lower
    index = lower.astype("int32")
    return [(index, 1 - above), (index + 1, above)]


@compiled(static=("order", "mode"))
def _mapped(input: Any, coordinates: Any, cval: Any, order: int, mode: str) -> Any:
    array = jnp.asarray(input)
    aval = aval_of(array)
    fill = jnp.asarray(cval, aval.dtype)
    axes = [
        _neighbours(jnp.asarray(c), n, order) for c, n in zip(coordinates, aval.shape, strict=True)
    ]
    terms = []
    for corner in itertools.product(*axes):
        taken = array[
            tuple(_inside(i, n, mode) for (i, _), n in zip(corner, aval.shape, strict=True))
        ]
        if mode == "constant":
            valid = [(i >= 0) & (i < n) for (i, _), n in zip(corner, aval.shape, strict=True)]
            taken = jnp.where(functools.reduce(jnp.logical_and, valid, True), taken, fill)
        weights = [w for _, w in corner if w is not None]
        terms.append(functools.reduce(jnp.multiply, weights, taken))
    total = functools.reduce(jnp.add, terms)
    if kind_of(aval.dtype) == "i" and kind_of(aval_of(total).dtype) == "f":
        total = jnp.round(total)
    return lax.convert_element_type(total, aval.dtype)
