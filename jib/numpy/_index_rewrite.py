"""What an index means: from `x[...]` to a hashable structure and the numbers that go with it."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np

from jib.backend.buffers import ArrayImpl
from jib.core.array import Array
from jib.core.tracing import Tracer, aval_of
from jib.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    IndexBoundsError,
    TracedMaskError,
    TracedShapeError,
)

__all__ = ["FULL", "NEW", "Index", "parse_index"]

# One token for each part of an index. Those in operand_tokens come with a number or an array.
NEW = "new"  # None: a new axis
FULL = "full"  # `:`
POSITION = "position"  # an integer known to lie inside
TRACED = "traced"  # an integer known only when the program runs
SURE = "sure"  # an array of integers known to lie inside
ARRAY = "array"  # an array of integers
# ("window", span, step): `span` elements from a start, of which every `step`-th is taken, and
# backwards if `step` is negative. ("flag", 0 or 1): False or True.

_BOOL = np.dtype(np.bool_)

# Index arrays on the host's own memory, up to this size, are checked before the program runs.
_CHECKED_SIZE = 4096


class Index(NamedTuple):
    """An index taken apart; arrays of equal structure and types share a compiled program."""

    structure: tuple[Any, ...]
    operands: tuple[Any, ...]


def parse_index(
    shape: tuple[int, ...], index: Any, checked: bool = True, wrap: bool = True
) -> Index:
    """The structure and operands of an index into an array of this shape.

    Args:
        checked: whether a position out of bounds, where it is known, is an error.
        wrap: whether negative integers count from the end.

    Raises:
        IndexBoundsError: for a position outside the array, or too many positions.
        ArgumentTypeError: for what is not an index.
        TracedMaskError: for a traced boolean array.
    """
    if type(index) is int and shape:
        size = shape[0]
        if 0 <= index < size:
            return Index((POSITION,), (index,))
        if wrap and -size <= index < 0:
            return Index((POSITION,), (index + size,))
    elif type(index) is slice and shape:
        rest = (FULL,) * (len(shape) - 1)
        token, start = _window(index, shape[0])
        return Index((token, *rest), () if token is FULL else (start,))
    entries = index if type(index) is tuple else (_plain_sequence(index),)
    parser = _Parser(shape, entries, checked, wrap)
    return Index(tuple(parser.structure), tuple(parser.operands))


def _plain_sequence(index: Any) -> Any:
    """Refuse `x[[0, 1]]`, of which nobody knows whether it is one index or two."""
    if isinstance(index, list):
        raise ArgumentTypeError(
            "a list is no index: it could be one array of positions, or one position for each axis",
            help=f"x[jib.numpy.asarray({index})]   or   x[{', '.join(map(str, index))}]"
            if len(str(index)) < 60
            else "x[jib.numpy.asarray(positions)]",
        )
    return index


def _window(part: slice, size: int) -> tuple[Any, int]:
    """The token of a slice of an axis of this length, and the lowest position in its window."""
    first, last, stride = part.start, part.stop, part.step
    if first is None and last is None and stride is None:
        return FULL, 0
    for bound in (first, last, stride):
        if isinstance(bound, Tracer):
            raise TracedShapeError(bound)
    start, stop, step = part.indices(size)
    count = len(range(start, stop, step))
    if count == size and step == 1:
        return FULL, 0
    if not count:
        return ("window", 0, 1), 0
    lowest = start if step > 0 else start + (count - 1) * step
    return ("window", (count - 1) * abs(step) + 1, step if count > 1 else 1), lowest


class _Parser:
    """Walks over the parts of an index, from the first axis on."""

    def __init__(self, shape: tuple, entries: tuple, checked: bool, wrap: bool) -> None:
        self.shape, self.checked, self.wrap = shape, checked, wrap
        self.structure: list[Any] = []
        self.operands: list[Any] = []
        self.axis = 0
        used = 0
        ellipsis = False
        for entry in entries:
            if entry is Ellipsis:
                if ellipsis:
                    raise ArgumentValueError("an index can have one `...` only")
                ellipsis = True
            else:
                used += self._axes_of(entry)
        if used > len(shape):
            axes = f"{len(shape)} {'axis' if len(shape) == 1 else 'axes'}"
            raise IndexBoundsError(
                f"the index has {used} positions, but the array has {axes}: its shape is {shape}"
            )
        for entry in entries:
            if entry is Ellipsis:
                skipped = len(shape) - used
                self.structure += [FULL] * skipped
                self.axis += skipped
            else:
                self._take(entry)

    @staticmethod
    def _axes_of(entry: Any) -> int:
        """How many axes a part of an index speaks of."""
        if entry is None or isinstance(entry, bool | np.bool_):
            return 0
        if isinstance(entry, slice | int):
            return 1
        if type(entry) is ArrayImpl:
            return entry.ndim if entry.dtype == _BOOL else 1
        if isinstance(entry, list | tuple):
            entry = np.asarray(entry)
        if isinstance(entry, Array | np.ndarray) and entry.dtype == _BOOL:
            return entry.ndim
        return 1

    def _take(self, entry: Any) -> None:
        kind = type(entry)
        if kind is int:
            self._position(entry)
        elif kind is slice:
            self._slice(entry)
        elif kind is ArrayImpl:
            self._array(entry)
        elif entry is None:
            self.structure.append(NEW)
        elif isinstance(entry, bool | np.bool_):
            self.structure.append(("flag", int(entry)))
        elif isinstance(entry, np.integer):
            self._position(int(entry))
        elif isinstance(entry, list | tuple):
            self._host_array(np.asarray(entry) if len(entry) else np.zeros(0, np.int32))
        elif isinstance(entry, np.ndarray):
            self._host_array(entry)
        elif isinstance(entry, Array) or hasattr(entry, "__jib_array__"):
            self._array(entry)
        elif hasattr(entry, "__index__") and not isinstance(entry, np.generic):
            self._position(operator.index(entry))
        else:
            raise _not_an_index(entry)

    def _operand(self, token: Any, operand: Any) -> None:
        self.structure.append(token)
        self.operands.append(operand)
        self.axis += 1

    def _position(self, i: int) -> None:
        size = self.shape[self.axis]
        if 0 <= i < size:
            self._operand(POSITION, i)
        elif self.wrap and -size <= i < 0:
            self._operand(POSITION, i + size)
        elif self.checked:
            raise IndexBoundsError.outside(i, self.axis, size)
        else:  # left to the mode; any position beyond the end will do
            self._operand(TRACED, max(i, -1) if i < 0 and not self.wrap else i)

    def _slice(self, part: slice) -> None:
        token, start = _window(part, self.shape[self.axis])
        if token is not FULL:
            self.operands.append(start)
        self.structure.append(token)
        self.axis += 1

    def _host_array(self, array: np.ndarray) -> None:
        if array.dtype == _BOOL:
            self._mask(array)
            return
        if array.dtype.kind not in "iu":
            raise _not_an_index(array)
        size = self.shape[self.axis]
        if array.dtype.kind == "i" and self.wrap:
            array = np.where(array < 0, array + size, array)
        if not array.size or (array.min() >= 0 and array.max() < size):
            self._operand(SURE, array.astype(np.int32 if size <= 2**31 else np.int64))
        elif self.checked:
            self._outside(array, array)
        else:
            low, high = -1, min(size, np.iinfo(np.int32).max)
            self._operand(ARRAY, np.clip(array, low, high).astype(np.int32) - (array < 0) * size)

    def _outside(self, array: np.ndarray, normal: np.ndarray) -> None:
        size = self.shape[self.axis]
        bad = array[(normal < 0) | (normal >= size)].flat[0]
        value = int(bad) - size if bad < 0 and self.wrap else int(bad)
        raise IndexBoundsError.outside(value, self.axis, size)

    def _array(self, array: Any) -> None:
        aval = aval_of(array)
        if aval.dtype == _BOOL:
            if isinstance(array, Tracer):
                known = array.concrete
                if known is None:
                    raise TracedMaskError(array)
                array = known
            self._mask(np.asarray(array))
            return
        if aval.is_key or aval.dtype.kind not in "iu":
            raise _not_an_index(array)
        if self.checked and self.wrap and aval.size <= _CHECKED_SIZE and _on_host(array):
            self._check(np.asarray(array))
        self._operand(ARRAY if aval.shape else TRACED, array)

    def _check(self, array: np.ndarray) -> None:
        size = self.shape[self.axis]
        if array.ndim == 0:
            outside = not -size <= int(array) < size
        else:
            outside = array.size and (array.min() < -size or array.max() >= size)
        if outside:
            normal = np.where(array < 0, array + size, array)
            bad = array[(normal < 0) | (normal >= size)].flat[0]
            raise IndexBoundsError.outside(int(bad), self.axis, size)

    def _mask(self, mask: np.ndarray) -> None:
        if not mask.ndim:
            self.structure.append(("flag", int(mask)))
            return
        own = self.shape[self.axis : self.axis + mask.ndim]
        if mask.shape != own:
            raise IndexBoundsError(
                f"a boolean index of shape {mask.shape} does not fit axes of shape {own}"
            )
        for positions in np.nonzero(mask):
            self._operand(SURE, positions.astype(np.int32))


def _on_host(array: Any) -> bool:
    """Whether the values of an array can be read without waiting for another device."""
    if isinstance(array, Tracer):
        return False
    sharding = getattr(array, "_sharding", None)
    device = getattr(sharding, "_device", None)
    return device is not None and device.platform == "cpu" and not array.is_deleted()


def _not_an_index(entry: Any) -> ArgumentTypeError:
    if isinstance(entry, float | np.floating) and float(entry).is_integer():
        value = int(entry)
        return ArgumentTypeError(
            f"{entry!r} is a float, where an index is needed", help=f"x[{value}]"
        )
    if isinstance(entry, str):
        return ArgumentTypeError(
            f"an array has no fields: {entry!r} is no index",
            help="keep arrays in a dictionary: {" + f"{entry!r}" + ": array}",
        )
    dtype = getattr(entry, "dtype", None)
    if dtype is not None:
        return ArgumentTypeError(
            f"an array of {dtype} is no index: only integers and booleans are",
            help="x[positions.astype('int32')]",
        )
    return ArgumentTypeError(
        f"a {type(entry).__name__} is no index",
        help="use integers, slices, None, `...`, and arrays of integers or booleans",
    )
