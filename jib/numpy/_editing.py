"""Changed copies: members put in, taken out, replaced."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.lax._shaping import canonical_axis
from jib.numpy._choosing import where
from jib.numpy._creation import asarray
from jib.numpy._derived import derived, not_in_place
from jib.numpy._joining import concatenate, tile
from jib.numpy._promotion import as_operand
from jib.numpy._ranges import arange
from jib.numpy._shaping import broadcast_to, integer, moveaxis, ravel, shape_tuple
from jib.numpy._sorting import nonzero
from jib.numpy._taking import compress, take_in_bounds
from jib.transforms.vmap import vmap
from jib.typing import Array, ArrayLike, Shape

__all__ = [
    "apply_along_axis", "apply_over_axes", "delete", "extract", "fill_diagonal", "insert",
    "packbits", "piecewise", "place", "put", "put_along_axis", "resize", "trim_zeros", "unpackbits",
]  # fmt: skip


def resize(a: ArrayLike, new_shape: Shape | int) -> Array:
    """An array of the new shape, filled with the elements in order, again and again."""
    shape, flat = shape_tuple("resize", new_shape), ravel(a)
    size, have = int(np.prod(shape)), aval_of(flat).size
    if not have and size:
        raise ShapeError(f"`resize` cannot fill shape {shape} from an array without elements")
    return tile(flat, -(-size // max(have, 1)))[:size].reshape(shape)


def _along(name: str, arr: Any, axis: Any) -> tuple[Any, int]:
    arr = asarray(as_operand(name, arr))
    if axis is None:
        return arr.reshape(-1), 0
    return arr, canonical_axis(name, integer(name, axis), arr.ndim)


def delete(
    arr: ArrayLike, obj: Any, axis: int | None = None, *, assume_unique_indices: bool = False
) -> Array:
    """Without the members at the positions `obj` (known integers, a slice or a mask).

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.delete(jnp.arange(4), 1).tolist()
        [0, 2, 3]
    """
    arr, axis = _along("delete", arr, axis)
    kept = np.delete(np.arange(arr.shape[axis]), obj if isinstance(obj, slice) else np.asarray(obj))
    return take_in_bounds(arr, kept.astype(np.int32), axis)


def insert(arr: ArrayLike, obj: Any, values: ArrayLike, axis: int | None = None) -> Array:
    """`values` in front of the positions `obj` (known integers), along an axis.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.insert(jnp.array([1, 3]), 1, 2).tolist()
        [1, 2, 3]
    """
    arr, axis = _along("insert", arr, axis)
    values, length = asarray(as_operand("insert", values), arr.dtype), arr.shape[axis]
    obj = obj if isinstance(obj, slice) else np.asarray(obj)
    if isinstance(obj, slice) or obj.ndim:
        count = len(np.insert(np.arange(length), obj, 0)) - length
    else:  # at one position, any number of members, which then stand first in `values`
        values = moveaxis(values.reshape((1,) * (arr.ndim - values.ndim) + values.shape), 0, axis)
        count = values.shape[axis]
    values = broadcast_to(values, (*arr.shape[:axis], count, *arr.shape[axis + 1 :]))
    order = np.insert(np.arange(length), obj, np.arange(length, length + count))
    return take_in_bounds(concatenate([arr, values], axis), order.astype(np.int32), axis)


def extract(
    condition: ArrayLike, arr: ArrayLike, *, size: int | None = None, fill_value: ArrayLike = 0
) -> Array:
    """The elements of an array where a condition holds, in a row; see `compress`."""
    return compress(ravel(condition), ravel(arr), 0, size=size, fill_value=fill_value)


def put_along_axis(
    arr: ArrayLike,
    indices: ArrayLike,
    values: ArrayLike,
    axis: int | None,
    inplace: bool = True,
    *,
    mode: str | None = None,
) -> Array:
    """A new array with `values` at the indices, for each line along an axis; see `take_along_axis`.

    Raises:
        ArgumentValueError: unless `inplace=False`: arrays are immutable.
    """
    not_in_place("put_along_axis", "x, indices, values, axis", inplace)
    flat, place = _along("put_along_axis", arr, axis)
    indices = asarray(as_operand("put_along_axis", indices))
    index: list[Any] = list(np.ogrid[tuple(map(slice, flat.shape))])
    index[place] = indices
    return flat.at[tuple(index)].set(values, mode=mode).reshape(aval_of(arr).shape)


def put(
    a: ArrayLike, ind: ArrayLike, v: ArrayLike, mode: str | None = None, *, inplace: bool = True
) -> Array:
    """A new array with `v` (repeated) at the positions `ind` of the flattened array.

    Positions beyond the end are dropped, or moved to the ends by "clip", or around by "wrap".
    """
    not_in_place("put", "x, indices, values", inplace)
    flat, index = ravel(a), ravel(asarray(ind))
    if mode == "wrap":
        index, mode = index % flat.size, None
    if not index.size or not aval_of(ravel(v)).size:
        return asarray(a)
    return flat.at[index].set(resize(v, index.size), mode=mode or "drop").reshape(aval_of(a).shape)


def place(arr: ArrayLike, mask: ArrayLike, vals: ArrayLike, *, inplace: bool = True) -> Array:
    """A new array whose elements where `mask` holds are the first of `vals` (repeated)."""
    not_in_place("place", "x, mask, values", inplace)
    flat = ravel(arr)
    index = nonzero(ravel(mask), size=flat.size, fill_value=flat.size)[0]
    return flat.at[index].set(resize(vals, flat.size), mode="drop").reshape(aval_of(arr).shape)


def fill_diagonal(
    a: ArrayLike, val: ArrayLike, wrap: bool = False, *, inplace: bool = True
) -> Array:
    """A new array with `val` (repeated) on the main diagonal."""
    not_in_place("fill_diagonal", "x, value", inplace)
    a = asarray(as_operand("fill_diagonal", a))
    if a.ndim < 2 or (a.ndim > 2 and len(set(a.shape)) > 1):
        raise ShapeError(f"`fill_diagonal` takes a matrix, or equal lengths, but got {aval_of(a)}")
    step = sum(np.cumprod((1, *a.shape[:0:-1])).tolist())
    end = None if wrap or a.ndim > 2 else a.shape[1] ** 2
    index = np.arange(a.size)[: end : int(step)]
    return a.reshape(-1).at[index].set(resize(val, len(index))).reshape(a.shape)


def trim_zeros(filt: ArrayLike, trim: str = "fb", axis: int | None = None) -> Array:
    """Without the zeros at the front ("f") and the back ("b"); not under a trace."""
    filt = asarray(filt)
    nonzeros = np.nonzero(np.asarray(filt))
    index = []
    for i, (places, length) in enumerate(zip(nonzeros, filt.shape, strict=True)):
        inside = axis is not None and i != axis % filt.ndim
        low, high = (places.min(), places.max() + 1) if places.size else (length, length)
        low, high = low if "f" in trim.lower() else 0, high if "b" in trim.lower() else length
        index.append(slice(None) if inside else slice(int(low), int(high)))
    return filt[tuple(index)]


# ------------------------------------------------------------------------ functions of parts


def apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: ArrayLike, *args: Any, **kwargs: Any
) -> Array:
    """The results of a function of vectors, applied to every line along an axis.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.apply_along_axis(jnp.sum, 0, jnp.ones((2, 3))).tolist()
        [2.0, 2.0, 2.0]
    """
    arr, axis = _along("apply_along_axis", arr, operator.index(axis))

    def function(line: Any) -> Any:
        return func1d(line, *args, **kwargs)

    for i in range(1, arr.ndim - axis):
        function = vmap(function, in_axes=i, out_axes=-1)
    for _ in range(axis):
        function = vmap(function, in_axes=0, out_axes=0)
    return function(arr)


def apply_over_axes(func: Callable[..., Any], a: ArrayLike, axes: int | Sequence[int]) -> Array:
    """The result of `func(a, axis)` for one axis after the other, with all axes kept."""
    a = asarray(a)
    for axis in np.atleast_1d(axes).tolist():
        out = func(a, axis)
        a, ndim = (lax.expand_dims(out, (axis % a.ndim,)) if out.ndim < a.ndim else out), a.ndim
        if a.ndim != ndim:
            raise ShapeError("`apply_over_axes` needs a function that keeps or removes one axis")
    return a


def piecewise(x: ArrayLike, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Array:
    """For each element the function (or number) of the last condition that holds for it."""
    x = asarray(x)
    single = not isinstance(condlist, list | tuple) and np.ndim(condlist) == x.ndim
    conditions = [condlist] if single else list(condlist)
    if not 0 <= len(funclist) - len(conditions) <= 1:
        raise ArgumentValueError(
            f"`piecewise` needs {len(conditions)} functions, or one more, but got {len(funclist)}"
        )
    values = [f(x, *args, **kw) if callable(f) else f for f in funclist]
    default = values.pop() if len(values) > len(conditions) else 0
    out = broadcast_to(asarray(default, x.dtype), x.shape)
    for condition, value in zip(conditions, values, strict=True):
        out = where(condition, asarray(value, x.dtype), out)
    return out


# --------------------------------------------------------------------------------------- bits


@derived("axis", "bitorder")
def packbits(a: ArrayLike, axis: int | None = None, bitorder: str = "big") -> Array:
    """Every eight elements along an axis as the bits of one uint8; zeros fill up the last."""
    a, axis = _along("packbits", a, axis)
    bits = moveaxis((a != 0).astype(np.uint8), axis, -1)
    bits = _longer(bits, -bits.shape[-1] % 8).reshape(*bits.shape[:-1], -1, 8)
    return moveaxis((bits << _bits(bitorder)).sum(-1, dtype=np.uint8), -1, axis)


def _longer(bits: Any, count: int) -> Any:
    padding = [(0, count * (i == bits.ndim - 1), 0) for i in range(bits.ndim)]
    return lax.pad(bits, np.uint8(0), padding)


def _bits(order: str) -> Any:
    if order not in ("big", "little"):
        raise ArgumentValueError(f"the order of bits is 'big' or 'little', not {order!r}")
    places = arange(8, dtype=np.uint8)
    return places if order == "little" else 7 - places


@derived("axis", "count", "bitorder")
def unpackbits(
    a: ArrayLike, axis: int | None = None, count: int | None = None, bitorder: str = "big"
) -> Array:
    """The bits of uint8 numbers along an axis, `count` of them, or without the last `-count`."""
    a, axis = _along("unpackbits", a, axis)
    bits = (moveaxis(a, axis, -1)[..., None] >> _bits(bitorder)) & 1
    bits = bits.reshape(*bits.shape[:-2], -1)
    bits = _longer(bits, max((count or 0) - bits.shape[-1], 0))
    return moveaxis(bits[..., slice(count)], -1, axis)
