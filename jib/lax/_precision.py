"""How precisely products are computed: what a user's `precision=` means."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from jib import dtypes, settings
from jib.backend import mlir
from jib.backend.mlir import ir
from jib.errors import ArgumentValueError

__all__ = ["DotAlgorithm", "DotAlgorithmPreset", "Precision", "PrecisionLike"]


class Precision(enum.Enum):
    """How many bits of float32 operands a product may drop, on devices that gain speed by it.

    Without a precision float32 means float32. `DEFAULT` is the fastest of the device (TF32 or
    bfloat16 units), `HIGH` a compromise, `HIGHEST` full float32.
    """

    DEFAULT = 0
    HIGH = 1
    HIGHEST = 2

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name


class DotAlgorithm(NamedTuple):
    """An algorithm for products, spelled out: operand and accumulator dtypes, and how many parts.

    Source: `DotAlgorithm` of the StableHLO specification, operation `dot_general`.
    """

    lhs_precision_type: Any
    rhs_precision_type: Any
    accumulation_type: Any
    lhs_component_count: int = 1
    rhs_component_count: int = 1
    num_primitive_operations: int = 1
    allow_imprecise_accumulation: bool = False


class DotAlgorithmPreset(enum.Enum):
    """Well-known algorithms for products, named operand, operand, accumulator, number of parts."""

    DEFAULT = 0
    ANY_F8_ANY_F8_F32 = 1
    ANY_F8_ANY_F8_F32_FAST_ACCUM = 2
    ANY_F8_ANY_F8_ANY = 3
    ANY_F8_ANY_F8_ANY_FAST_ACCUM = 4
    F16_F16_F16 = 5
    F16_F16_F32 = 6
    BF16_BF16_BF16 = 7
    BF16_BF16_F32 = 8
    BF16_BF16_F32_X3 = 9
    BF16_BF16_F32_X6 = 10
    BF16_BF16_F32_X9 = 11
    TF32_TF32_F32 = 12
    TF32_TF32_F32_X3 = 13
    F32_F32_F32 = 14
    F64_F64_F64 = 15

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name


PrecisionLike: TypeAlias = (
    str
    | Precision
    | tuple[str, str]
    | tuple[Precision, Precision]
    | DotAlgorithm
    | DotAlgorithmPreset
    | None
)

_NAMES = {
    "default": Precision.DEFAULT, "fastest": Precision.DEFAULT, "bfloat16": Precision.DEFAULT,
    "high": Precision.HIGH, "bfloat16_3x": Precision.HIGH, "tensorfloat32": Precision.HIGH,
    "highest": Precision.HIGHEST, "float32": Precision.HIGHEST,
}  # fmt: skip


def canonical_precision(precision: Any) -> Any:
    """None, a pair of `Precision`, a `DotAlgorithm` or a `DotAlgorithmPreset`.

    Raises:
        ArgumentValueError: if it is none of these, nor a name of one.
    """
    if precision is None:
        precision = settings.default_matmul_precision.value
        if precision is None:
            return None
    if isinstance(precision, DotAlgorithm | DotAlgorithmPreset):
        return None if precision is DotAlgorithmPreset.DEFAULT else precision
    if isinstance(precision, str) and precision in DotAlgorithmPreset.__members__:
        return canonical_precision(DotAlgorithmPreset[precision])
    pair = precision if isinstance(precision, tuple | list) else (precision, precision)
    found = tuple(p if isinstance(p, Precision) else _NAMES.get(p) for p in pair)
    if len(found) != 2 or None in found:
        raise ArgumentValueError(
            f"{precision!r} is not a precision",
            help="precision='highest'",
            notes=[f"the names are {', '.join(_NAMES)}, and those of DotAlgorithmPreset"],
        )
    return found


def _float_type(name: str) -> ir.Type:
    if name == "tf32":
        return ir.FloatTF32Type.get()
    return mlir.type_of_dtype(np.dtype(dtypes.bfloat16 if name == "bf16" else f"float{name[1:]}"))


def _element_type(dtype: Any) -> ir.Type:
    return mlir.type_of_dtype(dtypes.parse(dtype))


def _preset_attribute(preset: DotAlgorithmPreset, ctx: Any) -> ir.Attribute:
    name = preset.name.lower()
    operands = [mlir.type_of_dtype(a.dtype) for a in ctx.avals_in]
    if name.startswith("any"):
        narrow = name.replace("_fast_accum", "").endswith("any")
        result = mlir.type_of_dtype(ctx.avals_out[0].dtype) if narrow else _float_type("f32")
        return _algorithm(*operands, result, fast=name.endswith("fast_accum"))
    left, right, result, *parts = name.split("_")
    types = map(_float_type, (left, right, result))
    return _algorithm(*types, count=int(parts[0][1:]) if parts else 1)


def _algorithm(
    left: ir.Type,
    right: ir.Type,
    result: ir.Type,
    pieces: tuple[int, int] = (1, 1),
    count: int = 1,
    fast: bool = False,
) -> ir.Attribute:
    return mlir.hlo.DotAlgorithm.get(left, right, result, *pieces, count, fast)


def precision_attributes(precision: Any, ctx: Any) -> dict[str, ir.Attribute]:
    """The attributes of a `dot_general` (or a convolution) that ask for a precision."""
    if ctx.platform == "cpu":  # which knows one algorithm, at least as precise as all of these
        return {}
    if isinstance(precision, DotAlgorithmPreset):
        return {"algorithm": _preset_attribute(precision, ctx)}
    if isinstance(precision, DotAlgorithm):
        left, right, result, *pieces, count, fast = precision
        types = map(_element_type, (left, right, result))
        return {"algorithm": _algorithm(*types, pieces=tuple(pieces), count=count, fast=fast)}
    if precision is None:
        precision = (Precision.HIGHEST, Precision.HIGHEST)
    names = [mlir.hlo.PrecisionAttr.get(p.name) for p in precision]
    return {"precision_config": ir.ArrayAttr.get(names)}
