"""MLIR: the context, types, constants, and the one function that emits operations."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np

from jib._deferred import DeferredModule
from jib.core.avals import ShapedArray
from jib.dtypes import NARROW_FLOATS, float0
from jib.errors import DTypeError

__all__ = ["attribute", "constant", "emit", "emit_many", "ir_type", "splat"]


# MLIR loads with the first program that is lowered. The dialects' Python classes of operations are
# slow to load and `emit` does without them; attributes and types come from C++.
ir: Any = DeferredModule("jaxlib.mlir.ir")
hlo: Any = DeferredModule("jaxlib.mlir._mlir_libs._stablehlo", "jaxlib.mlir.dialects.stablehlo")
chlo: Any = DeferredModule("jaxlib.mlir._mlir_libs._chlo", "jaxlib.mlir.dialects.chlo")
func: Any = DeferredModule("jaxlib.mlir.dialects.func")
sdy: Any = DeferredModule("jaxlib.mlir._mlir_libs._sdy", "jaxlib.mlir.dialects.sdy")
_extensions: Any = DeferredModule("jaxlib.mlir._mlir_libs._jax_mlir_ext")


@functools.cache
def _make_context() -> Any:
    made = ir.Context()
    registry = ir.DialectRegistry()
    _extensions.register_dialects(registry)
    made.append_dialect_registry(registry)
    for dialect in (hlo, chlo, sdy):
        dialect.register_dialect(made)
    made.enable_multithreading(False)
    made.load_all_available_dialects()
    return made


def __getattr__(name: str) -> Any:
    """`context` and `unknown_location` are made when they are first asked for."""
    if name not in ("context", "unknown_location"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = _make_context()
    globals().update(context=made, unknown_location=ir.Location.unknown(made))
    return globals()[name]


@functools.cache
def _elements() -> dict[np.dtype, Any]:
    with _make_context(), ir.Location.unknown(_make_context()):
        return _element_types()


def _element_types() -> dict[np.dtype, Any]:
    integer, unsigned = ir.IntegerType.get_signless, ir.IntegerType.get_unsigned
    types: dict[Any, Any] = {
        np.bool_: integer(1),
        np.float16: ir.F16Type.get(),
        np.float32: ir.F32Type.get(),
        np.float64: ir.F64Type.get(),
        np.complex64: ir.ComplexType.get(ir.F32Type.get()),
        np.complex128: ir.ComplexType.get(ir.F64Type.get()),
        ml_dtypes.bfloat16: ir.BF16Type.get(),
    }
    for dtype in NARROW_FLOATS:
        if not dtype.name.startswith("float6"):  # which XLA does not have
            kind = dtype.name.removeprefix("float").replace("_", "").upper()
            types[dtype] = getattr(ir, f"Float{kind}Type").get()
    for bits in (2, 4, 8, 16, 32, 64):
        module: Any = np if bits >= 8 else ml_dtypes
        types[getattr(module, f"int{bits}")] = integer(bits)
        types[getattr(module, f"uint{bits}")] = unsigned(bits)
    return {np.dtype(scalar): made for scalar, made in types.items()}


_by_aval: dict[ShapedArray, Any] = {}


def ir_type(aval: ShapedArray) -> Any:
    """The MLIR tensor type of an aval (of the array that carries it, for keys)."""
    found = _by_aval.get(aval)
    if found is None:
        physical = aval.physical()
        elements = _elements()
        element = elements.get(np.dtype(np.bool_) if physical.dtype == float0 else physical.dtype)
        if element is None:
            name = physical.dtype.name
            near = "float8_e4m3fn" if name.startswith("float") else name[:-1] + "2"
            message = f"the compiler has no elements of dtype {name}"
            raise DTypeError(message, help=f"x.astype({near!r})")
        found = _by_aval[aval] = ir.RankedTensorType.get(
            physical.shape, element, loc=ir.Location.unknown(_make_context())
        )
    return found


def emit(
    name: str, result: Any, operands: Sequence[Any], attributes: dict[str, Any] | None = None
) -> Any:
    """Emit an operation with one result at the current insertion point."""
    return ir.Operation.create(name, [result], operands, attributes).result


def emit_many(
    name: str,
    results: Sequence[Any],
    operands: Sequence[Any],
    attributes: dict[str, Any] | None = None,
    regions: int = 0,
) -> Any:
    """Emit an operation with any number of results and regions."""
    return ir.Operation.create(name, results, operands, attributes, None, regions)


@functools.cache
def _comparison(direction: str, kind: str) -> dict[str, Any]:
    attributes = {"comparison_direction": hlo.ComparisonDirectionAttr.get(direction)}
    return attributes | ({"compare_type": hlo.ComparisonTypeAttr.get(kind)} if kind else {})


_truths: dict[Any, Any] = {}  # by the type of the operands: booleans of its shape


def compare(x: Any, y: Any, direction: str, kind: str = "") -> Any:
    """Emit a comparison, `"EQ"`, `"NE"`, `"LT"` and so on, of values of one type.

    `kind` is `"FLOAT"`, `"TOTALORDER"`, `"SIGNED"` or `"UNSIGNED"`; by default that of the type.
    """
    operands = x.type
    result = _truths.get(operands)
    if result is None:
        truth = ir.IntegerType.get_signless(1, _make_context())
        result = _truths[operands] = ir.RankedTensorType.get(operands.shape, truth)
    return emit("stablehlo.compare", result, [x, y], _comparison(direction, kind))


def constant(value: np.ndarray | np.generic) -> Any:
    """Emit a constant that holds a NumPy array or scalar."""
    attribute = _dense(np.asarray(value))
    return emit("stablehlo.constant", attribute.type, [], {"value": attribute})


def splat(value: Any, aval: ShapedArray) -> Any:
    """Emit a constant of the type `aval` whose elements are all `value`."""
    dtype = aval.dtype
    element = _scalar_attribute(np.asarray(value).astype(dtype)[()], dtype)
    if element is not None:
        attribute = ir.DenseElementsAttr.get_splat(ir_type(aval), element)
    else:
        attribute = _dense(np.full(aval.shape, value, dtype))
    return emit("stablehlo.constant", ir_type(aval), [], {"value": attribute})


def _scalar_attribute(value: Any, dtype: np.dtype) -> Any | None:
    element = _elements()[dtype]
    if dtype.kind in "iub" and int(value) < 2**63:  # which is as far as an IntegerAttr goes
        return ir.IntegerAttr.get(element, int(value))
    if dtype.kind == "f":
        return ir.FloatAttr.get(element, float(value))
    return None


def _dense(array: np.ndarray) -> Any:
    element = _elements()[array.dtype]
    shape = array.shape
    if array.dtype == np.bool_:
        array = np.packbits(array, bitorder="little")
    elif array.dtype.itemsize == 1 and array.dtype.kind == "V":
        array = array.view(np.uint8)
    return ir.DenseElementsAttr.get(np.ascontiguousarray(array), type=element, shape=shape)


_int64_arrays: dict[tuple[int, ...], Any] = {}


def int64_array(values: Sequence[int]) -> Any:
    """The attribute `array<i64: ...>`."""
    key = tuple(values)
    found = _int64_arrays.get(key)
    if found is None:
        found = _int64_arrays[key] = ir.DenseI64ArrayAttr.get(key, _make_context())
    return found


def integer_attribute(value: int, bits: int = 64) -> Any:
    """A signless integer attribute."""
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(bits, _make_context()), value)


def bool_attribute(value: bool) -> Any:
    """A boolean attribute."""
    return ir.BoolAttr.get(value, _make_context())


def string_attribute(value: str) -> Any:
    """A string attribute."""
    return ir.StringAttr.get(value, _make_context())


def symbol_attribute(name: str) -> Any:
    """A reference to a function of the module."""
    return ir.FlatSymbolRefAttr.get(name, _make_context())


def attribute(value: Any) -> Any:
    """The attribute for a Python value; NumPy scalars and arrays keep their element type."""
    if isinstance(value, ir.Attribute):
        return value
    if isinstance(value, bool | np.bool_):
        return bool_attribute(bool(value))
    if isinstance(value, str):
        return string_attribute(value)
    if isinstance(value, int | float):
        value = np.asarray(value, np.int64 if isinstance(value, int) else np.float64)[()]
    if isinstance(value, np.generic):
        scalar = _scalar_attribute(value, value.dtype)
        if scalar is not None:
            return scalar
    if isinstance(value, np.ndarray):
        return _dense(value)
    if isinstance(value, dict):
        return ir.DictAttr.get({k: attribute(v) for k, v in value.items()})
    if isinstance(value, tuple | list):
        return ir.ArrayAttr.get([attribute(v) for v in value])
    raise TypeError(f"no attribute can hold a {type(value).__name__}")
