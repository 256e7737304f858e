"""The reference: evaluate a jaxpr with the primitives' NumPy rules, without a compiler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jib.backend import transfer
from jib.core.avals import ShapedArray
from jib.core.jaxpr import Jaxpr, Literal, Var
from jib.core.keys import KeyArray
from jib.core.primitive import Primitive
from jib.core.tracing import Tracer, aval_of, leaked
from jib.passes.batch import knows_keys, on_physical

__all__ = ["evaluate_jaxpr_numpy", "evaluate_numpy", "from_numpy", "to_numpy"]


def to_numpy(x: Any) -> np.ndarray:
    """The contents of an array, scalar or key array, in the dtype that programs see."""
    if isinstance(x, Tracer):
        raise leaked(x)
    aval = aval_of(x)
    if type(x) is KeyArray:
        x = x._base
    return np.asarray(x).astype(aval.physical().dtype, copy=False)


def from_numpy(value: Any, aval: ShapedArray) -> Any:
    """An array of the given type with the contents of a NumPy array."""
    physical = aval.physical()
    array = np.asarray(value)
    if array.shape != physical.shape:
        array = np.broadcast_to(array, physical.shape)
    placed = transfer.put(np.asarray(array.astype(physical.dtype), order="C"), physical)
    return KeyArray(placed, aval.dtype) if aval.is_key else placed


def evaluate_numpy(primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
    """Apply one primitive by its NumPy rule; arrays in, arrays out."""
    out_avals = primitive.abstract(tuple(map(aval_of, args)), params)
    with np.errstate(all="ignore"):
        out = _apply(primitive, [aval_of(x) for x in args], list(map(to_numpy, args)), params)
    if primitive.multiple_results:
        return [from_numpy(x, aval) for x, aval in zip(out, out_avals, strict=True)]
    return from_numpy(out, out_avals)


def _apply(
    primitive: Primitive, avals: Sequence[ShapedArray], values: list[Any], params: dict[str, Any]
) -> Any:
    if any(a.is_key for a in avals) and not knows_keys(primitive):
        out = primitive.abstract(tuple(avals), params)
        program = on_physical(
            primitive, params, avals, out if primitive.multiple_results else [out]
        )
        outs = evaluate_jaxpr_numpy(program, (), values)
        return outs if primitive.multiple_results else outs[0]
    return primitive.numpy(*values, **params)


def evaluate_jaxpr_numpy(jaxpr: Jaxpr, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
    """Evaluate a whole program on NumPy arrays."""
    env: dict[Var, Any] = dict(zip(jaxpr.constvars, map(to_numpy, consts), strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))

    def read(atom: Var | Literal) -> Any:
        if isinstance(atom, Literal):
            return np.asarray(atom.val).astype(atom.aval.dtype)
        return env[atom]

    with np.errstate(all="ignore"):
        for eqn in jaxpr.eqns:
            avals = [v.aval for v in eqn.invars]
            out = _apply(eqn.primitive, avals, list(map(read, eqn.invars)), eqn.params)
            outs = out if eqn.primitive.multiple_results else [out]
            for var, value in zip(eqn.outvars, outs, strict=True):
                env[var] = np.asarray(value).astype(var.aval.physical().dtype, copy=False)
    return [read(v) for v in jaxpr.outvars]
