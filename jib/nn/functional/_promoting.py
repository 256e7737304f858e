"""What all layers share: one dtype for arrays of several, first values, and what messages say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jib import dtypes, numpy as jnp
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from jib.nn import initializers
from jib.numpy._shaping import axes_tuple
from jib.typing import DTypeLike

__all__ = [
    "as_tuple", "canonicalize_dtype", "checked_mask", "default_bias_init", "default_embed_init",
    "default_kernel_init", "first_given", "given", "layer_text", "promote_dtype", "sorted_axes",
]  # fmt: skip


def canonicalize_dtype(*args: Any, dtype: DTypeLike | None = None, inexact: bool = True) -> Any:
    """The dtype in which a layer computes: the given one, or what its arrays promote to.

    Args:
        args: arrays, or None, which has no say.
        dtype: the dtype, whatever the arrays are.
        inexact: whether the result must be floating or complex; integers then count as float32.

    Raises:
        DTypeError: if `dtype` is neither floating nor complex, and `inexact` is true.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional
        >>> functional.canonicalize_dtype(jnp.ones(2, jnp.bfloat16), None, jnp.ones(2)).name
        'float32'
    """
    if dtype is None:
        found = jnp.result_type(*[x for x in args if x is not None])
        if inexact and not jnp.issubdtype(found, jnp.inexact):
            found = jnp.promote_types(jnp.float32, found)
        return found
    found = dtypes.parse(dtype)
    if inexact and not jnp.issubdtype(found, jnp.inexact):
        raise DTypeError(
            f"a layer computes with floating or complex numbers, but its dtype is {found.name}",
            help="dtype=jib.numpy.float32",
        )
    return found


def promote_dtype(*args: Any, dtype: DTypeLike | None = None, inexact: bool = True) -> list[Any]:
    """The arrays, all of the dtype that `canonicalize_dtype` tells; None stays None."""
    found = canonicalize_dtype(*args, dtype=dtype, inexact=inexact)
    return [None if x is None else jnp.asarray(x, found) for x in args]


# ------------------------------------------------------------------------------- first values


default_kernel_init = initializers.lecun_normal()
default_bias_init = initializers.zeros
default_embed_init = initializers.variance_scaling(1.0, "fan_in", "normal", out_axis=0)


# ------------------------------------------------------------------------------------ helpers


def as_tuple(x: int | Sequence[int]) -> tuple[int, ...]:
    """A number, or several, as a tuple."""
    return (x,) if isinstance(x, int) else tuple(x)


def sorted_axes(layer: Any, axes: int | Sequence[int], ndim: int) -> tuple[int, ...]:
    """Axes as ascending non-negative numbers."""
    return tuple(sorted(axes_tuple(layer_text(layer), axes, ndim)))


def layer_text(layer: Any) -> str:
    """What messages call a layer: its path in the model where it has one, and its class."""
    if isinstance(layer, str):
        return layer
    path = "/".join(map(str, getattr(layer, "path", ())))
    kind = type(layer).__name__
    return f"{path} ({kind})" if path else kind


def given(**options: Any) -> dict[str, Any]:
    """The options that are not None: functions of users need not know the others."""
    return {name: value for name, value in options.items() if value is not None}


def first_given(layer: Any, option: str, example: str, *values: Any) -> Any:
    """The first of several values of an option that is not None; `example` shows one.

    Raises:
        ArgumentValueError: if all are.
    """
    for value in values:
        if value is not None:
            return value
    raise ArgumentValueError(
        f"`{option}` is given neither to `{layer_text(layer)}` nor to its call",
        help=f"layer(x, {option}={example})",
    )


def checked_mask(layer: Any, mask: Any, kernel_shape: Sequence[int]) -> Any:
    """The mask of a kernel.

    Raises:
        ShapeError: if its shape is not the kernel's.
    """
    if mask is not None and tuple(mask.shape) != tuple(kernel_shape):
        raise ShapeError(
            f"`{layer_text(layer)}` has a kernel of shape {tuple(kernel_shape)}, but its mask has "
            f"the shape {tuple(mask.shape)}",
            help=f"mask=jib.numpy.ones({tuple(kernel_shape)})",
        )
    return mask
