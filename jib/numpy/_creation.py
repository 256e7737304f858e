"""Arrays from values, from shapes, and from rules."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.backend import sharing, transfer
from jib.backend.buffers import ArrayImpl
from jib.core.avals import ShapedArray
from jib.core.keys import KeyArray
from jib.core.scalars import exact_scalar
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError, IntegerRangeError, ShapeError
from jib.lax._families import kind_of
from jib.numpy._promotion import as_operand
from jib.numpy._shaping import shape_tuple
from jib.passes.eager import compiled
from jib.settings import transfer_guard_host_to_device
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "array", "asarray", "astype", "copy", "empty", "empty_like", "frombuffer", "full", "full_like",
    "ones", "ones_like", "zeros", "zeros_like",
]  # fmt: skip


# ------------------------------------------------------------------------------- from values


def array(
    object: Any,
    dtype: DTypeLike | None = None,
    *args: Any,
    copy: bool = True,
    order: str | None = "K",
    ndmin: int = 0,
    device: Any = None,
    out_sharding: Any = None,
) -> Array:
    """An array of a number, a NumPy array, or nested sequences of these and of arrays.

    NumPy's 64-bit inputs become 32-bit ones unless `dtype` names another or 64-bit is enabled.

    Raises:
        IntegerRangeError: for an integer that does not fit in the dtype.
        ShapeError: for sequences of unequal length.
        ArgumentTypeError: for text, None, and other values that arrays cannot hold.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.array([[1, 2], [3, 4]])
        Array([[1, 2],
               [3, 4]], dtype=int32)
    """
    if args:  # NumPy's order of positional arguments
        options: Any = (*args, *(copy, order, ndmin)[len(args) :])
        copy, order, ndmin = options
    if order not in (None, "K", "C", "A"):
        raise ArgumentValueError(f"arrays are stored in row-major order, not order={order!r}")
    wanted = None if dtype is None else dtypes.parse(dtype)
    out = _as_array(object, wanted)
    if ndmin > out.ndim:
        out = lax.reshape(out, (1,) * (ndmin - out.ndim) + out.shape)
    if copy and out is object and type(out) is ArrayImpl:
        # Arrays never change; a copy matters only when one of the two is donated or deleted.
        out = out.clone()
    return on_device(out, out_sharding if device is None else device)


def asarray(
    a: Any,
    dtype: DTypeLike | None = None,
    order: str | None = None,
    *,
    copy: bool | None = None,
    device: Any = None,
    out_sharding: Any = None,
) -> Array:
    """`array`, but an array is returned as it is where nothing has to change.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.asarray([1, 2.5]).dtype
        dtype('float32')
    """
    if copy is False and not isinstance(a, ArrayImpl | Tracer):
        if isinstance(a, np.ndarray):
            return _shared(a, dtype)
        raise ArgumentValueError(
            f"a {type(a).__name__} cannot become an array without a copy",
            help="jib.numpy.asarray(x)",
        )
    out_sharding = out_sharding if device is None else device
    return array(a, dtype, copy=bool(copy), order=order, out_sharding=out_sharding)


def _shared(a: np.ndarray, dtype: Any) -> Any:
    wanted = dtypes.canonical_input_dtype(a.dtype) if dtype is None else dtypes.parse(dtype)
    if wanted != a.dtype:
        raise ArgumentValueError(
            f"an array of {a.dtype} cannot become one of {wanted} without a copy",
            help="jib.numpy.asarray(x)",
        )
    return sharing.share(a)


def on_device(x: Any, device: Any) -> Any:
    """The array on a device or with a sharding, if one is given; traced arrays stay."""
    return x if device is None or isinstance(x, Tracer) else transfer.device_put(x, device)


def _as_array(x: Any, dtype: Any) -> Any:
    """`x` as a device array or tracer."""
    kind = type(x)
    if kind is ArrayImpl or isinstance(x, (Tracer, KeyArray)):
        if dtype is None or (x.aval.dtype == dtype and not x.aval.weak_type):
            return x
        return lax.convert_element_type(x, dtype)
    if kind in (bool, int, float, complex):
        return _number(x, dtype)
    if isinstance(x, np.ndarray | np.generic):
        return _host(x, dtype)
    if isinstance(x, list | tuple):
        return _nested(x, dtype)
    for protocol in ("__jib_array__", "__jax_array__"):
        if hasattr(x, protocol):
            return _as_array(getattr(x, protocol)(), dtype)
    if isinstance(x, builtins.bool | int | float | complex):
        return _number(as_operand("array", x), dtype)
    if hasattr(x, "__array__") or _has_buffer(x):
        return _host(np.asarray(x), dtype)
    raise _unfit(x)


def _unfit(x: Any) -> ArgumentTypeError:
    if x is None:
        return ArgumentTypeError("None is not an array", help="jib.numpy.nan")
    return ArgumentTypeError(
        f"arrays hold numbers and booleans, not a value of type {type(x).__name__}"
    )


def _has_buffer(x: Any) -> builtins.bool:
    try:
        memoryview(x)
    except TypeError:
        return False
    return True


def _number(x: Any, dtype: Any) -> Any:
    weak = dtype is None
    if dtype is None:
        dtype, weak = dtypes.dtype_of(x)
    return _put(_fitted(x, dtype), weak)


def _fitted(x: Any, dtype: Any) -> np.ndarray:
    """Host values in a dtype; integers that do not fit raise."""
    if isinstance(dtype, dtypes.ExtendedDType):
        raise ArgumentTypeError(f"numbers do not become {dtype}", help="jib.random.key(0)")
    integer = kind_of(dtype) == "i"
    if integer and isinstance(x, int):
        limits = dtypes.iinfo(dtype)
        if not limits.min <= x <= limits.max:
            raise IntegerRangeError.overflow(x, dtype.name)
    elif integer and isinstance(x, np.ndarray | np.generic) and x.size and x.dtype.kind in "iu":
        limits = dtypes.iinfo(dtype)
        for value in (int(x.min()), int(x.max())):
            if x.dtype != dtype and not limits.min <= value <= limits.max:
                raise IntegerRangeError.overflow(value, dtype.name)
    if kind_of(dtype) not in "cb" and np.asarray(x).dtype.kind == "c":
        x = np.real(x)
    return np.asarray(x).astype(dtype, copy=False)


def _host(x: Any, dtype: Any) -> Any:
    if x.dtype.kind in "OSUMmV" and x.dtype not in dtypes.VALID:
        raise _bad_elements(x)
    if dtype is None and isinstance(x, np.generic):
        aval = aval_of(x)  # of some scalars the type says more than the dtype
        return _put(_fitted(x, aval.dtype), aval.weak_type)
    return _put(_fitted(x, dtype or dtypes.canonical_input_dtype(x.dtype)))


def _bad_elements(x: np.ndarray) -> ArgumentTypeError:
    kinds = {"O": "Python objects", "S": "bytes", "U": "text", "M": "dates", "m": "durations"}
    return ArgumentTypeError(
        f"arrays hold numbers and booleans, not {kinds.get(x.dtype.kind, f'{x.dtype} records')}",
        help="x.astype('float32') makes numbers of a NumPy array, where that is possible",
    )


def _put(value: np.ndarray, weak: builtins.bool = False) -> ArrayImpl:
    aval = ShapedArray(value.shape, value.dtype, weak)
    if transfer_guard_host_to_device.value == "allow":
        return transfer.put(value, aval)
    with transfer.explicit():
        return transfer.put(value, aval)


def _nested(x: Any, dtype: Any) -> Any:
    """Nested sequences: on the host when they hold no arrays, else stacked."""
    leaves: list[Any] = []
    shape = _shape_of(x, leaves)
    if not any(isinstance(v, ArrayImpl | Tracer | KeyArray) for v in leaves):
        return _nested_host(x, leaves, dtype)
    if dtype is None and not any(getattr(v, "aval", None) and v.aval.is_key for v in leaves):
        dtype = dtypes.result_type(*leaves)
    parts = [lax.reshape(_as_array(v, dtype), (1, *np.shape(v))) for v in leaves]
    joined = parts[0] if len(parts) == 1 else lax.concatenate(parts, 0)
    return lax.reshape(joined, shape)


def _shape_of(x: Any, leaves: list[Any]) -> tuple[int, ...]:
    """The shape of nested sequences; their leaves are collected."""
    if not isinstance(x, list | tuple):
        for protocol in ("__jib_array__", "__jax_array__"):
            if hasattr(x, protocol):
                x = getattr(x, protocol)()
        leaves.append(x)
        shape = getattr(x, "shape", ())
        return tuple(shape) if isinstance(shape, tuple) else ()
    inner = [_shape_of(v, leaves) for v in x]
    for i, shape in enumerate(inner):
        if shape != inner[0]:
            raise ShapeError(
                f"nested sequences must have equal lengths: element 0 has shape {inner[0]}, "
                f"element {i} has shape {shape}"
            )
    return (len(x), *(inner[0] if inner else ()))


def _nested_host(x: Any, leaves: list[Any], dtype: Any) -> Any:
    if not leaves:
        dtype = dtype or dtypes.default_float_dtype()
        return _put(np.asarray(x, dtype))
    for v in leaves:
        if not isinstance(v, builtins.bool | int | float | complex | np.ndarray | np.generic):
            raise _unfit(v)
        if isinstance(v, np.ndarray | np.generic) and v.dtype not in dtypes.VALID:
            raise _bad_elements(np.asarray(v))
    if dtype is None:
        try:
            mixed = len(set(map(type, leaves))) > 1 or isinstance(leaves[0], np.ndarray)
            dtype = dtypes.result_type(*leaves) if mixed else dtypes.dtype_of(leaves[0])[0]
        except OverflowError as error:
            raise IntegerRangeError(str(error)) from None
    # A host dtype in which nothing is lost on the way to the one that is wanted.
    wide = {"i": np.int64, "u": np.uint64}.get(dtype.kind, dtype)
    value = np.asarray(x) if len(set(map(type, leaves))) == 1 else np.array(x, wide)
    if value.dtype == np.object_:  # integers beyond 64 bits
        raise IntegerRangeError.overflow(builtins.max(leaves, key=abs), dtype.name)
    return _put(_fitted(value, dtype))


def astype(
    x: ArrayLike, dtype: DTypeLike | None, /, *, copy: bool = False, device: Any = None
) -> Array:
    """The array with its elements converted to another dtype.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.astype(jnp.array([1.7, -1.7]), int).tolist()
        [1, -1]
    """
    wanted = dtypes.default_float_dtype() if dtype is None else dtypes.parse(dtype)
    x = x if isinstance(x, ArrayImpl | Tracer | KeyArray) else asarray(x)
    out = lax.convert_element_type(x, wanted)
    if copy and out is x and type(x) is ArrayImpl:
        out = out.clone()
    return on_device(out, device)


def copy(a: ArrayLike, order: str | None = None) -> Array:
    """A copy of an array, in memory of its own."""
    return array(a, copy=True, order=order)


def frombuffer(buffer: Any, dtype: DTypeLike = float, count: int = -1, offset: int = 0) -> Array:
    """A vector of the numbers in a bytes-like object."""
    return asarray(np.frombuffer(buffer, dtypes.parse(dtype), count, offset))


# ------------------------------------------------------------------------------- from shapes


def canonical_shape(name: str, shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of Python integers; one integer is a shape of one axis.

    Raises:
        TracedShapeError: for lengths that are known only when the compiled program runs.
        ShapeError: for negative or fractional lengths.
    """
    lengths = shape_tuple(name, shape)
    for length in lengths:
        if length < 0:
            raise ShapeError(f"`{name}` cannot make an array of negative length {length}")
    return lengths


def _constant(name: str, value: int, shape: Any, dtype: Any, device: Any) -> Any:
    wanted = dtypes.default_float_dtype() if dtype is None else dtypes.parse(dtype)
    return on_device(_filled(value, canonical_shape(name, shape), wanted), device)


@compiled(static=("value", "shape", "dtype"))
def _filled(value: int, shape: tuple[int, ...], dtype: Any) -> Any:
    return lax.broadcast_in_dim(exact_scalar(value, dtype), shape, ())


def zeros(
    shape: Any, dtype: DTypeLike | None = None, *, device: Any = None, out_sharding: Any = None
) -> Array:
    """An array of zeros; float32 unless told otherwise.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.zeros((2, 3)).shape
        (2, 3)
    """
    return _constant("zeros", 0, shape, dtype, out_sharding if device is None else device)


def ones(
    shape: Any, dtype: DTypeLike | None = None, *, device: Any = None, out_sharding: Any = None
) -> Array:
    """An array of ones; float32 unless told otherwise."""
    return _constant("ones", 1, shape, dtype, out_sharding if device is None else device)


def empty(
    shape: Any, dtype: DTypeLike | None = None, *, device: Any = None, out_sharding: Any = None
) -> Array:
    """An array of zeros: there is no uninitialised memory here."""
    return _constant("empty", 0, shape, dtype, out_sharding if device is None else device)


def full(
    shape: Any,
    fill_value: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    out_sharding: Any = None,
) -> Array:
    """An array filled with a number, or with an array that broadcasts to the shape.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.full((2,), 7).tolist()
        [7, 7]
    """
    shape = canonical_shape("full", shape)
    if dtype is not None and isinstance(fill_value, int | float | complex):
        wanted = dtypes.parse(dtype)
        out = lax.broadcast_in_dim(exact_scalar(_fitted(fill_value, wanted), wanted), shape, ())
        return on_device(out, out_sharding if device is None else device)
    value = asarray(fill_value, dtype)
    if value.ndim > len(shape):
        raise ShapeError.broadcast("full", [str(value.shape), str(shape)])
    places = tuple(range(len(shape) - value.ndim, len(shape)))
    out = lax.broadcast_in_dim(value, shape, places)
    return on_device(out, out_sharding if device is None else device)


def _like(name: str, a: Any, dtype: Any, shape: Any) -> tuple[Any, Any]:
    aval = aval_of(a) if not isinstance(a, list | tuple) else asarray(a).aval
    return (
        aval.shape if shape is None else canonical_shape(name, shape),
        aval.dtype if dtype is None else dtypes.parse(dtype),
    )


def zeros_like(
    a: Any,
    dtype: DTypeLike | None = None,
    shape: Any = None,
    *,
    device: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Zeros of the shape and dtype of `a`.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.zeros_like(jnp.arange(3)).tolist()
        [0, 0, 0]
    """
    return zeros(*_like("zeros_like", a, dtype, shape), device=device, out_sharding=out_sharding)


def ones_like(
    a: Any,
    dtype: DTypeLike | None = None,
    shape: Any = None,
    *,
    device: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Ones of the shape and dtype of `a`."""
    return ones(*_like("ones_like", a, dtype, shape), device=device, out_sharding=out_sharding)


def empty_like(
    prototype: Any, dtype: DTypeLike | None = None, shape: Any = None, *, device: Any = None
) -> Array:
    """Zeros of the shape and dtype of `prototype`."""
    return zeros(*_like("empty_like", prototype, dtype, shape), device=device)


def full_like(
    a: Any,
    fill_value: ArrayLike,
    dtype: DTypeLike | None = None,
    shape: Any = None,
    *,
    device: Any = None,
    out_sharding: Any = None,
) -> Array:
    """An array of the shape and dtype of `a`, filled with `fill_value`."""
    shape, dtype = _like("full_like", a, dtype, shape)
    return full(shape, fill_value, dtype, device=device, out_sharding=out_sharding)
