"""From one dtype to another."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import dtypes
from jib.backend import mlir
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, float0, tangent_aval
from jib.errors import DTypeError
from jib.lax._families import elementwise_batch, kind_of
from jib.typing import ArrayLike, DTypeLike

__all__ = ["convert_element_type"]


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
    weak = False
    if isinstance(operand, np.generic | bool | int | float | complex):
        if kind_of(aval.dtype) == "c" and kind_of(dtype) != "c":
            operand = operand.real
        return np.asarray(operand).astype(dtype)[()]
    if aval.dtype == dtype and aval.weak_type == weak and not isinstance(operand, np.ndarray):
        return operand
    return convert_element_type_p.bind(operand, dtype=dtype, weak_type=weak)


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
        return mlir.hlo.compare(x, zero, mlir.hlo.ComparisonDirectionAttr.get("NE"))
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
