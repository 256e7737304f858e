"""How precisely products are computed: what a user's `precision=` means."""

from __future__ import annotations

import enum
from typing import Any, TypeAlias

from jib import settings
from jib.backend import mlir
from jib.backend.mlir import ir
from jib.errors import ArgumentValueError

__all__ = ["Precision", "PrecisionLike"]


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


PrecisionLike: TypeAlias = str | Precision | tuple[str, str] | tuple[Precision, Precision] | None

_NAMES = {
    "default": Precision.DEFAULT, "fastest": Precision.DEFAULT, "bfloat16": Precision.DEFAULT,
    "high": Precision.HIGH, "bfloat16_3x": Precision.HIGH, "tensorfloat32": Precision.HIGH,
    "highest": Precision.HIGHEST, "float32": Precision.HIGHEST,
}  # fmt: skip


def canonical_precision(precision: Any) -> Any:
    """None, or a pair of `Precision`.

    Raises:
        ArgumentValueError: if it is neither, nor a name of one.
    """
    if precision is None:
        precision = settings.default_matmul_precision.value
        if precision is None:
            return None
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
    if ctx.platform == "cpu":  # which knows one algorithm, at least as precise as all of these
        return {}
    if precision is None:
        precision = (Precision.HIGHEST, Precision.HIGHEST)
    names = [mlir.hlo.PrecisionAttr.get(p.name) for p in precision]
    return {"precision_config": ir.ArrayAttr.get(names)}
