"""How precisely products are computed: what a user's `precision=` means."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from jib import dtypes, settings
from jib.backend import mlir
from jib.backend.mlir import ir
from jib.errors import ArgumentValueError, DTypeError

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
    """How an accelerator computes a product: what operands are rounded to, how sums are kept.

    A CPU is at least as precise as any of them.

    Source: StableHLO specification, `dot_general`.
    """

    lhs_precision_type: Any
    rhs_precision_type: Any
    accumulation_type: Any
    lhs_component_count: int = 1
    rhs_component_count: int = 1
    num_primitive_operations: int = 1
    allow_imprecise_accumulation: bool = False


class DotAlgorithmPreset(enum.Enum):
    """Algorithms of products that some device has: operands, sums, and how many products.

    `X3`, `X6` and `X9` add that many products of parts of the operands.
    """

    DEFAULT = ""
    ANY_F8_ANY_F8_F32 = "f8 f32 1"
    ANY_F8_ANY_F8_F32_FAST_ACCUM = "f8 f32 1 fast"
    ANY_F8_ANY_F8_ANY = "f8 any 1"
    ANY_F8_ANY_F8_ANY_FAST_ACCUM = "f8 any 1 fast"
    F16_F16_F16 = "f16 f16 1"
    F16_F16_F32 = "f16 f32 1"
    BF16_BF16_BF16 = "bf16 bf16 1"
    BF16_BF16_F32 = "bf16 f32 1"
    BF16_BF16_F32_X3 = "bf16 f32 3"
    BF16_BF16_F32_X6 = "bf16 f32 6"
    BF16_BF16_F32_X9 = "bf16 f32 9"
    TF32_TF32_F32 = "tf32 f32 1"
    TF32_TF32_F32_X3 = "tf32 f32 3"
    F32_F32_F32 = "f32 f32 1"
    F64_F64_F64 = "f64 f64 1"

    def __str__(self) -> str:
        return self.name


PrecisionLike: TypeAlias = str | Precision | DotAlgorithm | DotAlgorithmPreset | tuple | None

_NAMES = {
    "default": Precision.DEFAULT, "fastest": Precision.DEFAULT, "bfloat16": Precision.DEFAULT,
    "high": Precision.HIGH, "bfloat16_3x": Precision.HIGH, "tensorfloat32": Precision.HIGH,
    "highest": Precision.HIGHEST, "float32": Precision.HIGHEST,
}  # fmt: skip


def canonical_precision(precision: Any) -> Any:
    """None, a pair of `Precision`, or an algorithm.

    Raises:
        ArgumentValueError: if it is neither, nor a name of one.
    """
    if precision is None:
        precision = settings.default_matmul_precision.value
        if precision is None:
            return None
    if isinstance(precision, DotAlgorithm | DotAlgorithmPreset):
        return None if precision is DotAlgorithmPreset.DEFAULT else precision
    if precision in DotAlgorithmPreset.__members__:
        return canonical_precision(DotAlgorithmPreset[precision])
    pair = precision if isinstance(precision, tuple | list) else (precision, precision)
    found = tuple(p if isinstance(p, Precision) else _NAMES.get(p) for p in pair)
    if len(found) != 2 or None in found:
        raise ArgumentValueError(
            f"{precision!r} is not a precision",
            help="precision='highest'",
            notes=[f"the names are {', '.join(_NAMES)}"],
        )
    return found


def precision_attributes(precision: Any, ctx: Any) -> dict[str, Any]:
    """The attributes of a `dot_general` (or a convolution) that ask for a precision."""
    if is_algorithm(precision):
        return {} if ctx.platform == "cpu" else {"algorithm": _attribute(precision, ctx)}
    if ctx.platform == "cpu":  # which knows one algorithm, at least as precise as all of these
        return {}
    if precision is None:
        precision = (Precision.HIGHEST, Precision.HIGHEST)
    names = [mlir.hlo.PrecisionAttr.get(p.name) for p in precision]
    return {"precision_config": ir.ArrayAttr.get(names)}


# ------------------------------------------------------------------------------- algorithms

_WORDS = {
    "f16": np.dtype("float16"), "bf16": np.dtype(dtypes.bfloat16), "f32": np.dtype("float32"),
    "f64": np.dtype("float64"),
}  # fmt: skip


def is_algorithm(precision: Any) -> bool:
    """Whether `canonical_precision` gave an algorithm."""
    return isinstance(precision, DotAlgorithm | DotAlgorithmPreset)


def algorithm_dtypes(algorithm: Any, lhs: Any, rhs: Any, preferred: Any) -> tuple[Any, Any, Any]:
    """What the operands have to be converted to, and the dtype of the sums.

    Raises:
        DTypeError: if the algorithm is one of float8, and an operand is not.
    """
    if isinstance(algorithm, DotAlgorithm):
        return (*map(dtypes.parse, algorithm[:3]),)
    kind, total, products, *_ = algorithm.value.split()
    if kind == "f8":
        for dtype in (lhs, rhs):
            if not dtype.name.startswith("float8"):
                raise DTypeError.accepts(f"precision {algorithm}", dtype.name, "float8")
        return lhs, rhs, _WORDS["f32"] if total == "f32" else preferred
    # One product of bfloat16 may be of floats that are cut; several need those that are not.
    wide = kind == "tf32" or products != "1" or (kind == "bf16" and _WORDS["f32"] == lhs == rhs)
    storage = _WORDS["f32" if wide else kind]
    return storage, storage, _WORDS[total]


def _attribute(algorithm: Any, ctx: Any) -> Any:
    lhs, rhs = (mlir.ir_type(a).element_type for a in ctx.avals_in)
    total = mlir.ir_type(ctx.avals_out[0]).element_type
    if isinstance(algorithm, DotAlgorithm):
        return mlir.hlo.DotAlgorithm.get(lhs, rhs, total, *algorithm[3:])
    kind, _, products, *fast = algorithm.value.split()
    if kind in ("bf16", "tf32"):
        lhs = rhs = ir.BF16Type.get() if kind == "bf16" else ir.FloatTF32Type.get()
    return mlir.hlo.DotAlgorithm.get(lhs, rhs, total, 1, 1, int(products), bool(fast))
