"""Functions with derivatives of their own, and what their rules work with."""

from typing import Any

from jib.core.tracing import aval_of
from jib.core.zeros import Zero as SymbolicZero, tangent_aval
from jib.transforms.closures import closure_convert, custom_gradient, linear_call
from jib.transforms.custom_jvp import custom_jvp, custom_jvp_call_p
from jib.transforms.custom_vjp import CustomVJPPrimal, custom_vjp, custom_vjp_call_p
from jib.transforms.linear import materialize
from jib.tree import map as tree_map

__all__ = [
    "CustomVJPPrimal", "SymbolicZero", "closure_convert", "custom_gradient", "custom_jvp",
    "custom_jvp_call_p", "custom_vjp", "custom_vjp_call_p", "custom_vjp_primal_tree_values",
    "linear_call", "zero_from_primal",
]  # fmt: skip


def zero_from_primal(val: Any, symbolic_zeros: bool = False) -> Any:
    """The zero tangent of a value: an array, or a `SymbolicZero` if that is asked for.

    Example:
        >>> from jib.custom_derivatives import zero_from_primal
        >>> zero_from_primal(3.0).tolist(), zero_from_primal(3.0, symbolic_zeros=True)
        (0.0, Zero(float32[]))
    """
    zero = SymbolicZero(tangent_aval(aval_of(val)))
    return zero if symbolic_zeros else materialize(zero)


def custom_vjp_primal_tree_values(tree: Any) -> Any:
    """The values of a tree of `CustomVJPPrimal`, which `fwd` gets with `symbolic_zeros`.

    Example:
        >>> from jib.custom_derivatives import CustomVJPPrimal, custom_vjp_primal_tree_values
        >>> custom_vjp_primal_tree_values([CustomVJPPrimal(2.0, True)])
        [2.0]
    """
    return tree_map(lambda x: x.value, tree, is_leaf=lambda x: isinstance(x, CustomVJPPrimal))
