"""Other shapes for the same elements: reshaping, broadcasting, moving and turning axes."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.backend.buffers import ArrayImpl
from jib.core.tracing import Tracer, aval_of
from jib.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    AxisError,
    ShapeError,
    TracedIntegerError,
    TracedShapeError,
)
from jib.lax._shaping import canonical_axis
from jib.numpy._arithmetic import remainder
from jib.numpy._promotion import as_operand, broadcast_to_shape
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, Shape

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_shapes",
    "broadcast_to", "expand_dims", "flip", "fliplr", "flipud", "matrix_transpose", "moveaxis",
    "permute_dims", "ravel", "reshape", "roll", "rollaxis", "rot90", "squeeze", "swapaxes",
    "transpose",
]  # fmt: skip


def integer(name: str, x: Any) -> int:
    """A number that a shape or an axis depends on, as a Python integer."""
    if type(x) is int:
        return x
    if isinstance(x, Tracer):
        raise TracedIntegerError(x)
    try:
        return operator.index(x)
    except TypeError:
        raise ArgumentTypeError(f"`{name}` takes integers here, but got {x!r}") from None


def axes_tuple(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """One axis or several, as a tuple of different non-negative integers."""
    given = axis if isinstance(axis, Sequence | np.ndarray) else (axis,)
    found = tuple(canonical_axis(name, integer(name, a), ndim) for a in given)
    if len(set(found)) != len(found):
        raise ArgumentValueError(f"`{name}` got an axis twice in {tuple(given)}")
    return found


def shape_tuple(name: str, shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of integers; a single number is a shape of one axis."""
    if type(shape) is tuple and all([type(d) is int for d in shape]):
        return shape
    if isinstance(shape, np.ndarray | ArrayImpl):
        shape = np.asarray(shape).tolist()
    if isinstance(shape, Tracer) or not hasattr(shape, "__iter__"):
        shape = (shape,)
    return tuple(_length(name, n) for n in shape)


def _length(name: str, n: Any) -> int:
    if isinstance(n, Tracer):
        if n.concrete is None:
            raise TracedShapeError(n)
        n = n.concrete
    try:
        return operator.index(n)
    except TypeError:
        raise ShapeError(f"`{name}` needs whole numbers as lengths, not {n!r}") from None


# --------------------------------------------------------------------------------- reshaping


def reshape(
    a: ArrayLike,
    shape: Shape | int,
    order: str = "C",
    *,
    copy: bool | None = None,
    out_sharding: Any = None,
) -> Array:
    """The same elements with another shape; one length may be -1, which is worked out.

    `order="F"` reads and writes the elements with the first index changing fastest.

    Raises:
        ShapeError: if the number of elements differs.
        TracedShapeError: if a length is known only when the program runs.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.reshape(jnp.arange(6), (2, -1)).tolist()
        [[0, 1, 2], [3, 4, 5]]
    """
    a = as_operand("reshape", a)
    wanted = _completed_shape(aval_of(a), shape_tuple("reshape", shape))
    if order == "C":
        return lax.reshape(a, wanted)
    if order != "F":
        raise ArgumentValueError(f"`reshape` knows the orders 'C' and 'F', but got {order!r}")
    return _reshape_columns(a, wanted)


def _completed_shape(aval: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with a length in place of -1."""
    if -1 not in shape:
        return shape
    rest = math.prod(d for d in shape if d != -1)
    if shape.count(-1) > 1 or rest == 0 or aval.size % rest:
        raise ShapeError(
            f"`reshape` cannot give {aval} the shape {shape}",
            notes=[f"it has {aval.size} elements, and -1 may stand for one length"],
        )
    return tuple(aval.size // rest if d == -1 else d for d in shape)


@compiled(static=("shape",))
def _reshape_columns(a: Any, shape: tuple[int, ...]) -> Any:
    reversed_a = lax.transpose(a, tuple(reversed(range(aval_of(a).ndim))))
    made = lax.reshape(reversed_a, shape[::-1])
    return lax.transpose(made, tuple(reversed(range(len(shape)))))


def ravel(a: ArrayLike, order: str = "C", *, out_sharding: Any = None) -> Array:
    """The elements in a single row.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.ravel(jnp.ones((2, 3))).shape
        (6,)
    """
    a = as_operand("ravel", a)
    return reshape(a, (aval_of(a).size,), "C" if order == "K" else order)


def squeeze(a: ArrayLike, axis: int | Sequence[int] | None = None) -> Array:
    """Without axes of length 1: all of them, or those given.

    Raises:
        ShapeError: if a given axis has another length.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.squeeze(jnp.ones((1, 3, 1))).shape
        (3,)
    """
    a = as_operand("squeeze", a)
    aval = aval_of(a)
    if axis is None:
        axis = [i for i, n in enumerate(aval.shape) if n == 1]
    return lax.squeeze(a, axes_tuple("squeeze", axis, aval.ndim))


def expand_dims(a: ArrayLike, axis: int | Sequence[int]) -> Array:
    """With new axes of length 1 at the given positions of the result.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.expand_dims(jnp.ones(3), 0).shape
        (1, 3)
    """
    a = as_operand("expand_dims", a)
    given = tuple(axis) if isinstance(axis, Sequence | np.ndarray) else (axis,)
    shape = aval_of(a).shape
    places = axes_tuple("expand_dims", given, len(shape) + len(given))
    lengths = iter(shape)
    return lax.reshape(
        a, tuple(1 if i in places else next(lengths) for i in range(len(shape) + len(given)))
    )


def _atleast(name: str, ndim: int, arrays: Sequence[Any]) -> Any:
    made = []
    for x in arrays:
        x = as_operand(name, x)
        shape = aval_of(x).shape
        # With three axes, NumPy puts the last new one behind.
        behind = 1 if ndim == 3 and len(shape) in (1, 2) else 0
        made.append(lax.reshape(x, (1,) * (ndim - len(shape) - behind) + shape + (1,) * behind))
    return made[0] if len(made) == 1 else made


def atleast_1d(*arys: ArrayLike) -> Any:
    """Arrays with one axis at least; one array, or a list of several."""
    return _atleast("atleast_1d", 1, arys)


def atleast_2d(*arys: ArrayLike) -> Any:
    """Arrays with two axes at least, new ones in front.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.atleast_2d(jnp.ones(3)).shape
        (1, 3)
    """
    return _atleast("atleast_2d", 2, arys)


def atleast_3d(*arys: ArrayLike) -> Any:
    """Arrays with three axes at least; rows of shape `(n,)` become `(1, n, 1)`."""
    return _atleast("atleast_3d", 3, arys)


# ------------------------------------------------------------------------------ broadcasting


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that arrays of these shapes have together.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.broadcast_shapes((3, 1), (4,))
        (3, 4)
    """
    return lax.broadcast_shapes(*[shape_tuple("broadcast_shapes", s) for s in shapes])


def broadcast_to(array: ArrayLike, shape: Shape | int, *, out_sharding: Any = None) -> Array:
    """An array repeated to a shape, by NumPy's rules.

    Raises:
        ShapeError: if the array does not broadcast to the shape.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.broadcast_to(jnp.arange(2), (2, 2)).tolist()
        [[0, 1], [0, 1]]
    """
    array = as_operand("broadcast_to", array)
    wanted = shape_tuple("broadcast_to", shape)
    own = aval_of(array).shape
    tail = wanted[len(wanted) - len(own) :]
    if len(own) > len(wanted) or any(n not in (1, d) for n, d in zip(own, tail, strict=False)):
        raise ShapeError(f"`broadcast_to` cannot repeat {aval_of(array)} to shape {wanted}")
    return broadcast_to_shape(array, wanted)


def broadcast_arrays(*args: ArrayLike) -> list[Array]:
    """Arrays repeated to the shape that they have together."""
    operands = [as_operand("broadcast_arrays", x) for x in args]
    shape = lax.broadcast_shapes(*[aval_of(x).shape for x in operands])
    return [broadcast_to(x, shape) for x in operands]


# -------------------------------------------------------------------------------- moving axes


def transpose(a: ArrayLike, axes: Sequence[int] | None = None) -> Array:
    """With the axes in reverse order, or in the order given.

    Raises:
        AxisError: if there is no such axis.
        ShapeError: if an axis is missing or given twice.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.transpose(jnp.ones((2, 3))).shape
        (3, 2)
    """
    a = as_operand("transpose", a)
    ndim = aval_of(a).ndim
    if axes is None:
        return lax.transpose(a, tuple(range(ndim - 1, -1, -1)))
    return lax.transpose(a, axes_tuple("transpose", axes, ndim))


def matrix_transpose(x: ArrayLike, /) -> Array:
    """With the last two axes exchanged.

    Raises:
        AxisError: if there are fewer than two axes.
    """
    x = as_operand("matrix_transpose", x)
    if aval_of(x).ndim < 2:
        raise AxisError(f"`matrix_transpose` needs two axes or more, but got {aval_of(x)}")
    return swapaxes(x, -1, -2)


def swapaxes(a: ArrayLike, axis1: int, axis2: int) -> Array:
    """With two axes exchanged.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.swapaxes(jnp.ones((2, 3, 4)), 0, 2).shape
        (4, 3, 2)
    """
    a = as_operand("swapaxes", a)
    ndim = aval_of(a).ndim
    order = list(range(ndim))
    first, second = (
        canonical_axis("swapaxes", integer("swapaxes", i), ndim) for i in (axis1, axis2)
    )
    order[first], order[second] = second, first
    return lax.transpose(a, order)


def moveaxis(a: ArrayLike, source: int | Sequence[int], destination: int | Sequence[int]) -> Array:
    """With some axes moved to other places; the rest keep their order.

    Raises:
        ArgumentValueError: if the two sequences differ in length.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.moveaxis(jnp.ones((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    a = as_operand("moveaxis", a)
    ndim = aval_of(a).ndim
    start, end = (axes_tuple("moveaxis", x, ndim) for x in (source, destination))
    if len(start) != len(end):
        raise ArgumentValueError(
            f"`moveaxis` moves each axis to one place, but got {start} and {end}"
        )
    order = [i for i in range(ndim) if i not in start]
    for place, axis in sorted(zip(end, start, strict=True)):
        order.insert(place, axis)
    return lax.transpose(a, order)


# ------------------------------------------------------------------------- turning and rolling


def flip(m: ArrayLike, axis: int | Sequence[int] | None = None) -> Array:
    """With the elements in reverse order along the axes given, or along all.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.flip(jnp.arange(3)).tolist()
        [2, 1, 0]
    """
    m = as_operand("flip", m)
    ndim = aval_of(m).ndim
    return lax.rev(m, range(ndim) if axis is None else axes_tuple("flip", axis, ndim))


def rot90(m: ArrayLike, k: int = 1, axes: Sequence[int] = (0, 1)) -> Array:
    """Turned by 90 degrees `k` times, from the first of two axes towards the second.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.rot90(jnp.array([[1, 2], [3, 4]])).tolist()
        [[2, 4], [1, 3]]
    """
    m = as_operand("rot90", m)
    pair = axes_tuple("rot90", axes, aval_of(m).ndim)
    if len(pair) != 2:
        raise ArgumentValueError(f"`rot90` turns in the plane of two axes, but got {tuple(axes)}")
    turns = integer("rot90", k) % 4
    if turns % 2:
        m = swapaxes(m, *pair)
    return flip(m, [(), pair[:1], pair, pair[1:]][turns])


def roll(
    a: ArrayLike, shift: ArrayLike | Sequence[int], axis: int | Sequence[int] | None = None
) -> Array:
    """With the elements moved along axes by `shift` places; those that fall off come back in.

    Without an axis, the elements are moved as if they stood in a single row. The shifts may be
    known only when the program runs.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.roll(jnp.arange(4), 1).tolist()
        [3, 0, 1, 2]
    """
    a = as_operand("roll", a)
    aval = aval_of(a)
    if axis is None:
        return reshape(roll(ravel(a), shift, 0), aval.shape)
    given = axis if isinstance(axis, Sequence) else (axis,)
    axes = tuple(canonical_axis("roll", integer("roll", i), aval.ndim) for i in given)
    if isinstance(shift, Sequence):
        shifts: tuple = tuple(shift)
    elif aval_of(shift).ndim:
        count = aval_of(shift).size
        shifts = tuple(lax.index_in_dim(shift, i, keepdims=False) for i in range(count))
    else:
        shifts = (shift,)
    shifts = shifts * len(axes) if len(shifts) == 1 else shifts
    axes = axes * len(shifts) if len(axes) == 1 else axes
    if len(shifts) != len(axes):
        raise ArgumentValueError(f"`roll` got {len(shifts)} shifts for {len(axes)} axes")
    if all(isinstance(s, int | np.integer) for s in shifts):
        return _roll_static(a, tuple(int(s) for s in shifts), axes)
    return _roll_traced(a, shifts, axes)


@compiled(static=("shifts", "axes"))
def _roll_static(a: Any, shifts: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    for shift, axis in zip(shifts, axes, strict=True):
        length = aval_of(a).shape[axis]
        cut = -shift % length if length else 0
        if cut:
            head = lax.slice_in_dim(a, 0, cut, axis=axis)
            a = lax.concatenate([lax.slice_in_dim(a, cut, length, axis=axis), head], axis)
    return a


@compiled(static=("axes",))
def _roll_traced(a: Any, shifts: tuple, axes: tuple[int, ...]) -> Any:
    for shift, axis in zip(shifts, axes, strict=True):
        length = aval_of(a).shape[axis]
        if length:
            cut = remainder(lax.neg(lax.convert_element_type(shift, np.int32)), length)
            a = lax.dynamic_slice_in_dim(lax.concatenate([a, a], axis), cut, length, axis)
    return a


def permute_dims(a: ArrayLike, /, axes: Sequence[int]) -> Array:
    """With the axes in the order given."""
    return transpose(a, axes)


def rollaxis(a: ArrayLike, axis: int, start: int = 0) -> Array:
    """With one axis moved in front of the axis `start`; `moveaxis` is easier to read."""
    ndim = aval_of(as_operand("rollaxis", a)).ndim
    axis = canonical_axis("rollaxis", integer("rollaxis", axis), ndim)
    start = (
        canonical_axis("rollaxis", integer("rollaxis", start), ndim + 1)
        if start >= 0
        else start % ndim
    )
    return moveaxis(a, axis, start - 1 if start > axis else start)


def fliplr(m: ArrayLike) -> Array:
    """With the columns (axis 1) in reverse order."""
    return flip(m, 1)


def flipud(m: ArrayLike) -> Array:
    """With the rows (axis 0) in reverse order."""
    return flip(m, 0)
