"""The current trace, and what all tracers share.

The current trace is context, not data: a transform sets it for the duration of a call. A tracer
belongs to one trace; to every other trace it is a constant.
"""

from __future__ import annotations

import contextlib
import functools
import operator
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from jib import dtypes, errors
from jib.core.avals import ShapedArray

__all__ = ["Trace", "Tracer", "aval_of", "context", "is_eager", "set_trace", "swap_trace"]

if TYPE_CHECKING:
    from jib.typing import Array as _Array
else:
    _Array = object


class Trace:
    """One interpretation of primitives. Subclasses stand in `jib/passes`, one per file."""

    __slots__ = ()

    def process(self, primitive: Any, args: tuple, params: dict[str, Any]) -> Any:
        """Interpret one application of a primitive."""
        raise NotImplementedError(f"{type(self).__name__} does not interpret primitives")


class Tracer(_Array):
    """A value that stands for an array while a program is traced.

    Operators and methods are those of arrays, attached from `core/operators.py`.
    """

    __slots__ = ("__weakref__", "_trace", "aval")
    aval: ShapedArray
    _trace: Trace
    __array_priority__ = 1000

    def __init_subclass__(cls) -> None:
        aval_handlers[cls] = operator.attrgetter("aval")  # the fast way through `aval_of`

    @property
    def concrete(self) -> Any:
        """The value where it is known now (as under `grad` alone), else None."""
        return None

    def provenance(self) -> errors.Provenance | None:
        """Which arguments of which function the value depends on, for messages."""
        return None

    def origin(self) -> tuple[str, Any]:
        """The function being traced when the value was made, and where, for messages."""
        return "", None

    def known(self, error: Callable[..., Exception], *args: Any, **kwargs: Any) -> Any:
        """The concrete value, or the error that says why there is none."""
        value = self.concrete
        if value is None:
            alive = getattr(self._trace, "live", True)
            raise error(self, *args, **kwargs) if alive else leaked(self)
        return value

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self)))

    def __copy__(self, memo: Any = None) -> Tracer:
        return self

    __deepcopy__ = __copy__

    def __bool__(self) -> bool:
        if self.aval.size != 1:
            raise errors.AmbiguousTruthError(self)
        return bool(self.known(errors.TracedControlFlowError))

    def __int__(self) -> int:
        return int(self.known(errors.TracedIntegerError))

    def __index__(self) -> int:
        return self.known(errors.TracedIntegerError).__index__()

    def __float__(self) -> float:
        return float(self.known(errors.TracedConversionError, needs="a Python float"))

    def __complex__(self) -> complex:
        return complex(self.known(errors.TracedConversionError, needs="a Python complex"))

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        return format(self.known(errors.TracedConversionError, needs="a Python number"), spec)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.known(errors.TracedArrayError), dtype)

    def item(self, *args: Any) -> Any:
        """One element as a Python number, where the value is known now."""
        return self.known(errors.TracedConversionError, needs="a Python number").item(*args)

    def tolist(self) -> Any:
        """The elements as nested lists, where the value is known now."""
        return self.known(errors.TracedConversionError, needs="a Python number").tolist()

    def __hash__(self) -> int:
        raise errors.UnhashableArrayError(self)

    def __repr__(self) -> str:
        return f"Traced<{self.aval}>"


def leaked(x: Any) -> errors.LeakedTracerError:
    """The error for a tracer that is used after its trace has ended."""
    function, created = x.origin() if isinstance(x, Tracer) else ("", None)
    return errors.LeakedTracerError(x, function, created, errors.holder_of(x))


class _Context(threading.local):
    """The state of tracing in this thread."""

    trace: Any = Trace()  # replaced by the eager trace (`passes/eager.py`) for all threads
    axis_env: dict[Any, int] = {}  # noqa: RUF012 (never mutated: replaced when a map is entered)
    manual: Any = None  # inside `shard_map`: `(primitive, operands) -> operands`, which checks them


context = _Context()

# The eager trace, and a hook that tells the C++ dispatcher whether this thread is eager.
_eager: list[Any] = [context.trace, lambda eager: None]


def install_eager(trace: Trace, notify: Callable[[bool], None]) -> None:
    """Make `trace` the trace of threads that trace nothing (called once, by `passes/eager.py`)."""
    _Context.trace = trace
    _eager[:] = trace, notify


def is_eager() -> bool:
    """Whether no transform is tracing in this thread."""
    return context.trace is _eager[0]


def swap_trace(new: Trace) -> Trace:
    """Make `new` the current trace and return the one before it."""
    old = context.trace
    context.trace = new
    eager = _eager[0]
    if (new is eager) is not (old is eager):
        _eager[1](new is eager)
    return old


@contextlib.contextmanager
def set_trace(trace: Trace) -> Iterator[None]:
    """Make `trace` the current one inside a `with` block."""
    old = swap_trace(trace)
    try:
        yield
    finally:
        swap_trace(old)


@contextlib.contextmanager
def tracing(trace: Any) -> Iterator[None]:
    """As `set_trace`, for a trace that ends with the block: its tracers are sealed then."""
    with set_trace(trace):
        try:
            yield
        finally:
            trace.live = False


def traced_with(trace: Trace, function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call a function with `trace` as the current one."""
    with set_trace(trace):
        return function(*args, **kwargs)


@contextlib.contextmanager
def extend_axis_env(sizes: dict[Any, int]) -> Iterator[None]:
    """Bring mapped axes, by name and size, into scope."""
    old = context.axis_env
    context.axis_env = {**old, **sizes}
    try:
        yield
    finally:
        context.axis_env = old


def is_concrete(x: Any) -> bool:
    """Whether the value of `x` is known now."""
    return not isinstance(x, Tracer)


def not_an_array(x: Any, name: str | None = None) -> errors.ArgumentTypeError:
    """The error for a value that is neither an array nor a number."""
    subject = f"`{name}`" if name else "a value"
    help: Any = ()
    message = f"{subject} is a {type(x).__name__}, where an array is needed"
    if isinstance(x, list | tuple):
        help = "jib.numpy.asarray(values) makes an array of nested sequences"
    elif isinstance(x, np.ndarray | np.generic):
        message = f"{subject} is a NumPy array of dtype {x.dtype}"
        message += ", which has no counterpart on devices"
        help = "x.astype('float32') makes numbers of it, where that is possible"
    elif name and name.isidentifier():
        help = f"jib.jit(function, static_argnames='{name}')   compiles once for each value"
    return errors.ArgumentTypeError(message, help=help)


def _numpy_aval(x: Any) -> ShapedArray:
    dtype = x.dtype
    if dtype.kind in "OSUMm" or (dtype.names is not None and dtype != dtypes.float0):
        raise not_an_array(x)
    return ShapedArray(x.shape, dtypes.canonical_input_dtype(dtype))


def _scalar_aval(x: Any) -> ShapedArray:
    dtype, weak = dtypes.dtype_of(x)
    return ShapedArray((), dtype, weak)


# How to find the aval of a value, by its exact type.
aval_handlers: dict[type, Callable[[Any], ShapedArray]] = {
    np.ndarray: _numpy_aval,
    **dict.fromkeys((bool, int, float, complex), _scalar_aval),
}
# Scalars whose width no setting changes: literals of most programs.
aval_handlers.update(
    {
        dtype.type: functools.partial(lambda aval, x: aval, ShapedArray((), dtype))
        for dtype in dtypes.VALID
        if dtype.names is None and dtype.itemsize < 8
    }
)


# Classes of boxes with one array in them, which primitives take for the array. They are trees as
# well, so under a transform a box may hold a tracer: nobody may take it for a constant.
boxes: set[type] = set()


def unboxed(args: tuple) -> tuple:
    """The operands of a primitive, with arrays in the place of boxes."""
    return tuple([x.__jib_array__() if type(x) in boxes else x for x in args])


def aval_of(x: Any) -> ShapedArray:
    """The aval of an array, a tracer, or a NumPy or Python scalar.

    Raises:
        ArgumentTypeError: if `x` is none of these.
    """
    handler = aval_handlers.get(type(x))
    if handler is not None:
        return handler(x)
    if isinstance(x, Tracer):
        return x.aval
    if isinstance(x, np.ndarray | np.generic):
        return _numpy_aval(x)
    if isinstance(x, bool | int | float | complex):
        return _scalar_aval(x)
    if hasattr(x, "__jib_array__"):
        return aval_of(x.__jib_array__())
    raise not_an_array(x)
