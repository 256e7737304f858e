"""MLIR: the context, types, constants, and the one function that emits operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
from jaxlib.mlir import ir
from jaxlib.mlir._mlir_libs import _jax_mlir_ext
from jaxlib.mlir.dialects import chlo, func, sdy
from jaxlib.mlir.dialects import stablehlo as hlo

from jib.backend._compat import jaxlib_core as _jaxlib_core  # noqa: F401  (loads jaxlib once)
from jib.core.avals import ShapedArray

__all__ = [
    "bool_attribute",
    "chlo",
    "constant",
    "context",
    "emit",
    "emit_many",
    "func",
    "hlo",
    "int64_array",
    "integer_attribute",
    "ir",
    "ir_type",
    "module_bytecode",
    "sdy",
    "splat",
    "string_attribute",
    "symbol_attribute",
    "type_of_dtype",
    "unknown_location",
]


def _make_context() -> ir.Context:
    made = ir.Context()
    registry = ir.DialectRegistry()
    _jax_mlir_ext.register_dialects(registry)
    made.append_dialect_registry(registry)
    for dialect in (hlo, chlo, sdy):
        dialect.register_dialect(made)
    made.enable_multithreading(False)
    made.load_all_available_dialects()
    return made


context = _make_context()
unknown_location = ir.Location.unknown(context)
_create = ir.Operation.create


def _element_types() -> dict[np.dtype, ir.Type]:
    integer, unsigned = ir.IntegerType.get_signless, ir.IntegerType.get_unsigned
    types: dict[Any, ir.Type] = {
        np.bool_: integer(1),
        np.float16: ir.F16Type.get(),
        np.float32: ir.F32Type.get(),
        np.float64: ir.F64Type.get(),
        np.complex64: ir.ComplexType.get(ir.F32Type.get()),
        np.complex128: ir.ComplexType.get(ir.F64Type.get()),
        ml_dtypes.bfloat16: ir.BF16Type.get(),
        ml_dtypes.float8_e3m4: ir.Float8E3M4Type.get(),
        ml_dtypes.float8_e4m3: ir.Float8E4M3Type.get(),
        ml_dtypes.float8_e4m3b11fnuz: ir.Float8E4M3B11FNUZType.get(),
        ml_dtypes.float8_e4m3fn: ir.Float8E4M3FNType.get(),
        ml_dtypes.float8_e4m3fnuz: ir.Float8E4M3FNUZType.get(),
        ml_dtypes.float8_e5m2: ir.Float8E5M2Type.get(),
        ml_dtypes.float8_e5m2fnuz: ir.Float8E5M2FNUZType.get(),
        ml_dtypes.float8_e8m0fnu: ir.Float8E8M0FNUType.get(),
        ml_dtypes.float4_e2m1fn: ir.Float4E2M1FNType.get(),
    }
    for bits in (8, 16, 32, 64):
        types[getattr(np, f"int{bits}")] = integer(bits)
        types[getattr(np, f"uint{bits}")] = unsigned(bits)
    for bits in (2, 4):
        types[getattr(ml_dtypes, f"int{bits}")] = integer(bits)
        types[getattr(ml_dtypes, f"uint{bits}")] = unsigned(bits)
    return {np.dtype(scalar): made for scalar, made in types.items()}


with context, unknown_location:
    _by_dtype = _element_types()
_by_aval: dict[ShapedArray, ir.Type] = {}


def type_of_dtype(dtype: np.dtype) -> ir.Type:
    """The MLIR element type of a dtype."""
    return _by_dtype[dtype]


def ir_type(aval: ShapedArray) -> ir.Type:
    """The MLIR tensor type of an aval (of the array that carries it, for keys)."""
    found = _by_aval.get(aval)
    if found is None:
        physical = aval.physical()
        element = _by_dtype.get(physical.dtype) or _by_dtype[np.dtype(np.bool_)]  # float0
        found = _by_aval[aval] = ir.RankedTensorType.get(
            physical.shape, element, loc=unknown_location
        )
    return found


def emit(
    name: str,
    result: ir.Type,
    operands: Sequence[ir.Value],
    attributes: dict[str, ir.Attribute] | None = None,
) -> ir.Value:
    """Emit an operation with one result at the current insertion point."""
    return _create(name, [result], operands, attributes).result


def emit_many(
    name: str,
    results: Sequence[ir.Type],
    operands: Sequence[ir.Value],
    attributes: dict[str, ir.Attribute] | None = None,
    regions: int = 0,
) -> ir.Operation:
    """Emit an operation with any number of results and regions."""
    return _create(name, results, operands, attributes, None, regions)


def constant(value: np.ndarray | np.generic) -> ir.Value:
    """Emit a constant that holds a NumPy array or scalar."""
    attribute = _dense(np.asarray(value))
    return _create("stablehlo.constant", [attribute.type], [], {"value": attribute}).result


def splat(value: Any, aval: ShapedArray) -> ir.Value:
    """Emit a constant of the type `aval` whose elements are all `value`."""
    dtype = aval.dtype
    element = _scalar_attribute(np.asarray(value).astype(dtype)[()], dtype)
    attribute = (
        ir.DenseElementsAttr.get_splat(ir_type(aval), element)
        if element is not None
        else _dense(np.full(aval.shape, value, dtype))
    )
    return _create("stablehlo.constant", [ir_type(aval)], [], {"value": attribute}).result


def _scalar_attribute(value: Any, dtype: np.dtype) -> ir.Attribute | None:
    element = _by_dtype[dtype]
    if dtype.kind in "iub":
        return ir.IntegerAttr.get(element, int(value))
    if dtype.kind == "f":
        return ir.FloatAttr.get(element, float(value))
    return None


def _dense(array: np.ndarray) -> ir.DenseElementsAttr:
    element = _by_dtype[array.dtype]
    shape = array.shape
    if array.dtype == np.bool_:
        array = np.packbits(array, bitorder="little")
    elif array.dtype.itemsize == 1 and array.dtype.kind == "V":
        array = array.view(np.uint8)
    return ir.DenseElementsAttr.get(np.ascontiguousarray(array), type=element, shape=shape)


_int64_arrays: dict[tuple[int, ...], ir.Attribute] = {}


def int64_array(values: Sequence[int]) -> ir.Attribute:
    """The attribute `array<i64: ...>`."""
    key = tuple(values)
    found = _int64_arrays.get(key)
    if found is None:
        found = _int64_arrays[key] = ir.DenseI64ArrayAttr.get(key, context)
    return found


def integer_attribute(value: int, bits: int = 64) -> ir.Attribute:
    """A signless integer attribute."""
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(bits, context), value)


def bool_attribute(value: bool) -> ir.Attribute:
    """A boolean attribute."""
    return ir.BoolAttr.get(value, context)


def string_attribute(value: str) -> ir.Attribute:
    """A string attribute."""
    return ir.StringAttr.get(value, context)


def symbol_attribute(name: str) -> ir.Attribute:
    """A reference to a function of the module."""
    return ir.FlatSymbolRefAttr.get(name, context)


def module_bytecode(module: ir.Module) -> bytes:
    """The module in MLIR's binary form; equal modules give equal bytes."""

    class _Buffer(bytearray):
        write = bytearray.extend

    buffer = _Buffer()
    module.operation.write_bytecode(buffer)
    return bytes(buffer)
