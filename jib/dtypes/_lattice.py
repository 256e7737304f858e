"""The type promotion lattice, as data.

An edge leads from a dtype to the next wider ones; two dtypes promote to the least one above both.
The nodes `int`, `float` and `complex` are weak: they stand for Python scalars, and lie below the
narrowest dtypes of their kind, so a Python number does not widen an array. Floats of 8 bits and
fewer, and integers below 8 bits, have no edge upwards: they promote with nothing else.

Source: the table of JAX's documentation, "Type promotion semantics".
"""

import functools
from typing import Any

import numpy as np

from jib.dtypes import _kinds as kinds

__all__ = ["TypePromotionError", "least_upper_bound"]

Node = Any  # an np.dtype, or int, float or complex for the weak nodes


class TypePromotionError(ValueError):
    """Dtypes that do not promote to a common one."""


def _edges(table: str) -> dict[Node, tuple[Node, ...]]:
    """Read lines of `node: wider ...`; weak nodes end in `*`."""
    weak = {"int*": int, "float*": float, "complex*": complex}

    def node(name: str) -> Node:
        return weak.get(name) or np.dtype(name)

    lines = (line.split(":") for line in table.split("\n") if line.strip())
    return {node(low.strip()): tuple(map(node, high.split())) for low, high in lines}


_STANDARD = _edges(
    """
    bool: int*
    int*: uint8 int8
    uint8: uint16 int16
    uint16: uint32 int32
    uint32: uint64 int64
    uint64: float*
    int8: int16
    int16: int32
    int32: int64
    int64: float*
    float*: bfloat16 float16 complex*
    bfloat16: float32
    float16: float32
    float32: float64 complex64
    float64: complex128
    complex*: complex64
    complex64: complex128
    complex128:
    """
)
_STANDARD[int] += kinds.NARROW_INTEGERS
_STANDARD[float] += kinds.NARROW_FLOATS
_STANDARD |= {dtype: () for dtype in kinds.NARROW}

# Without `enable_x64`, nothing of 32 bits promotes to 64: uint32 with int32 is int32.
_STANDARD_32 = _STANDARD | {np.dtype("uint32"): (np.dtype("int32"), np.dtype("uint64"))}

_STRICT: dict[Node, tuple[Node, ...]] = {
    int: (float, *kinds.UNSIGNED, *kinds.SIGNED),
    float: (complex, *kinds.FLOATS),
    complex: kinds.COMPLEX,
    **{dtype: () for dtype in (kinds.BOOL, *kinds.NUMERIC)},
}


def _upper_bounds(edges: dict[Node, tuple[Node, ...]]) -> dict[Node, frozenset[Node]]:
    """For each node, itself and all that lies above it."""

    @functools.cache
    def above(node: Node) -> frozenset[Node]:
        return frozenset({node}).union(*map(above, edges[node]))

    return {node: above(node) for node in edges}


# Indexed by `wide`.
_BOUNDS = {
    "standard": (_upper_bounds(_STANDARD_32), _upper_bounds(_STANDARD)),
    "strict": (_upper_bounds(_STRICT),) * 2,
}


def least_upper_bound(nodes: frozenset[Node], mode: str, wide: bool) -> Node:
    """The least node above all of `nodes`; raises `TypePromotionError` if there is none."""
    bounds = _BOUNDS[mode][wide]
    if not nodes <= bounds.keys():
        raise TypePromotionError(_message(nodes, "standard"))
    common = frozenset.intersection(*[bounds[node] for node in nodes])
    for candidate in (*(common & nodes), *common):
        if common <= bounds[candidate]:
            return candidate
    raise TypePromotionError(_message(nodes, mode))


def _message(nodes: frozenset[Node], mode: str) -> str:
    names = sorted(
        f"a Python {node.__name__}" if isinstance(node, type) else node.name for node in nodes
    )
    text = f"{' and '.join(names)} do not promote to a common dtype"
    if mode == "strict":
        text += " while numpy_dtype_promotion='strict'"
    elif any(node in kinds.NARROW for node in nodes):
        text += ": types this narrow never change by themselves"
    return f"{text}. help: cast one, as in x.astype('float32')"
