"""The same values as another dtype, as constants to differentiation, or behind a barrier."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes, tree
from jib.backend import mlir
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.scalars import exact_scalar
from jib.core.tracing import Tracer, aval_of
from jib.core.zeros import Zero, float0, tangent_aval
from jib.errors import DTypeError, ShapeError
from jib.lax._families import (
    batch_in_front,
    constant_jvp,
    elementwise_batch,
    kind_of,
    one_operation,
)
from jib.typing import ArrayLike, DTypeLike

__all__ = ["bitcast_convert_type", "convert_element_type", "optimization_barrier", "stop_gradient"]


def convert_element_type(operand: ArrayLike, new_dtype: DTypeLike | None = None) -> Any:
    """The array with its elements converted to another dtype.

    Floats to integers round towards zero; complex numbers to real ones drop the imaginary part;
    everything but zero becomes True.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> lax.convert_element_type(jnp.array([1.7, -1.7]), jnp.int32).tolist()
        [1, -1]
    """
    aval = aval_of(operand)
    dtype = aval.dtype if new_dtype is None else dtypes.parse(new_dtype)
    if isinstance(operand, np.generic | bool | int | float | complex):
        if kind_of(aval.dtype) == "c" and kind_of(dtype) != "c":
            operand = operand.real
        return exact_scalar(operand, dtype)
    if aval.dtype == dtype and not aval.weak_type and not isinstance(operand, np.ndarray):
        return operand
    return convert_element_type_p.bind(operand, dtype=dtype, weak_type=False)


def _convert_type(x: ShapedArray, *, dtype: Any, weak_type: bool) -> ShapedArray:
    if (kind_of(x.dtype) == "k") != (kind_of(dtype) == "k"):
        raise DTypeError(
            f"PRNG keys are not numbers: {x.dtype.name} cannot become {dtype.name}",
            help="jib.random.key_data(key) gives the words of a key",
        )
    return ShapedArray(x.shape, dtype, weak_type)


def _convert_numpy(x: Any, *, dtype: Any, weak_type: bool) -> Any:
    if x.dtype.kind == "c" and kind_of(dtype) != "c":
        x = x.real if kind_of(dtype) != "b" else x != 0
    return x.astype(dtype)


def _convert_jvp(primals: Any, tangents: Any, *, dtype: Any, weak_type: bool) -> Any:
    out = convert_element_type_p.bind(*primals, dtype=dtype, weak_type=weak_type)
    aval = tangent_aval(aval_of(out))
    (t,) = tangents
    if type(t) is Zero or aval.dtype == float0:
        return out, Zero(aval)
    return out, convert_element_type_p.bind(t, dtype=dtype, weak_type=weak_type)


def _convert_transpose(ct: Any, x: Any, *, dtype: Any, weak_type: bool) -> list[Any]:
    own = x.aval
    return [convert_element_type_p.bind(ct, dtype=own.dtype, weak_type=own.weak_type)]


def _convert_lower(ctx: Any, x: Any, *, dtype: Any, weak_type: bool) -> Any:
    source, out = ctx.avals_in[0], ctx.avals_out[0]
    if source.dtype == out.dtype:
        return x
    if kind_of(source.dtype) == "c" and kind_of(out.dtype) not in "cb":
        real = np.zeros((), source.dtype).real.dtype
        x = mlir.emit("stablehlo.real", mlir.ir_type(ShapedArray(out.shape, real)), [x])
    if kind_of(out.dtype) == "b":
        zero = ctx.constant(0, source)
        return mlir.compare(x, zero, "NE")
    return mlir.emit("stablehlo.convert", mlir.ir_type(out), [x])


convert_element_type_p = Primitive(
    "convert_element_type",
    type=_convert_type,
    numpy=_convert_numpy,
    jvp=_convert_jvp,
    transpose=_convert_transpose,
    batch=elementwise_batch(lambda: convert_element_type_p),
    lower=_convert_lower,
)


def bitcast_convert_type(operand: ArrayLike, new_dtype: DTypeLike) -> Any:
    """The same bits as elements of another dtype.

    Where the new elements are narrower, a last axis is added, as long as there are new elements in
    one old one. Where they are wider, the last axis must have that length, and is removed.

    Raises:
        DTypeError: for booleans and PRNG keys, and widths that do not divide each other.
        ShapeError: if the last axis does not make up one new element.

    Example:
        >>> from jib import lax
        >>> hex(lax.bitcast_convert_type(1.0, "uint32").item())
        '0x3f800000'
    """
    return bitcast_convert_type_p.bind(operand, dtype=dtypes.parse(new_dtype))


def _bitcast_type(x: ShapedArray, *, dtype: Any) -> ShapedArray:
    for each in (x.dtype, dtype):
        if kind_of(each) in "bk":
            raise DTypeError.accepts("bitcast_convert_type", each.name, "numbers")
    old, new = dtypes.itemsize_bits(x.dtype), dtypes.itemsize_bits(dtype)
    if max(old, new) % min(old, new):
        raise DTypeError(f"`bitcast_convert_type` cannot split {old} bits into elements of {new}")
    if old >= new:
        return ShapedArray((*x.shape, old // new) if old > new else x.shape, dtype)
    if x.shape[-1:] != (new // old,):
        raise ShapeError(
            f"`bitcast_convert_type` of {x} to {dtype.name} needs a last axis of length "
            f"{new // old}"
        )
    return ShapedArray(x.shape[:-1], dtype)


def _bitcast_numpy(x: Any, *, dtype: Any) -> Any:
    old, new = x.dtype.itemsize, dtype.itemsize
    if old > new:
        return np.ascontiguousarray(x).reshape(*x.shape, 1).view(dtype)
    viewed = np.ascontiguousarray(x).reshape(x.shape).view(dtype)
    return viewed if old == new else viewed.reshape(x.shape[:-1])


bitcast_convert_type_p = Primitive(
    "bitcast_convert_type",
    type=_bitcast_type,
    numpy=_bitcast_numpy,
    jvp=constant_jvp(lambda: bitcast_convert_type_p),
    transpose=Waived("bits have no derivative"),
    batch=batch_in_front(lambda: bitcast_convert_type_p),
    lower=one_operation("bitcast_convert"),
)

# ------------------------------------------------------------- constants to differentiation


def stop_gradient(x: Any) -> Any:
    """The same array, or tree of arrays, as a constant to differentiation.

    Example:
        >>> import jib
        >>> from jib import lax
        >>> jib.grad(lambda x: x * lax.stop_gradient(x))(3.0).item()
        3.0
    """
    return tree.map(_stop_leaf, x)


def _stop_leaf(x: Any) -> Any:
    # Only tracers have derivatives, and only those of floating and complex numbers.
    return stop_gradient_p.bind(x) if isinstance(x, Tracer) and kind_of(x.dtype) in "fc" else x


stop_gradient_p = Primitive(
    "stop_gradient",
    type=lambda x: x,
    numpy=lambda x: x,
    jvp=constant_jvp(lambda: stop_gradient_p),
    transpose=Waived("`stop_gradient` has no derivative"),
    batch=elementwise_batch(lambda: stop_gradient_p),
    lower=lambda ctx, x: x,
)


def optimization_barrier(operand: Any, /) -> Any:
    """The same array, or tree of arrays, which the compiler does not look through.

    What comes before is computed for all of the arrays before what comes after is for any.

    Example:
        >>> from jib import lax
        >>> lax.optimization_barrier({"x": 1.0})["x"].item()
        1.0
    """
    leaves, structure = tree.flatten(operand)
    return structure.unflatten(optimization_barrier_p.bind(*leaves) if leaves else [])


def _behind_barrier(values: Any) -> list[Any]:
    """All that are not zeros."""
    given = [x for x in values if type(x) is not Zero]
    moved = iter(optimization_barrier_p.bind(*given) if given else [])
    return [x if type(x) is Zero else next(moved) for x in values]


def _barrier_lower(ctx: Any, *values: Any) -> Any:
    types = [mlir.ir_type(a) for a in ctx.avals_out]
    return list(mlir.emit_many("stablehlo.optimization_barrier", types, list(values)).results)


optimization_barrier_p = Primitive(
    "optimization_barrier",
    type=lambda *avals: list(avals),
    numpy=lambda *arrays: list(arrays),
    jvp=lambda primals, tangents: (
        optimization_barrier_p.bind(*primals),
        _behind_barrier(tangents),
    ),
    transpose=lambda cts, *operands: _behind_barrier(cts),
    batch=lambda axis, args, dims: (optimization_barrier_p.bind(*args), dims),
    lower=_barrier_lower,
    multiple_results=True,
)
