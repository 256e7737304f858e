"""Kinds of convolutions: plain, transposed, with a kernel of its own at each place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError
from jib.lax._convolution import (
    conv_dimension_numbers,
    conv_general_dilated,
    conv_general_permutations,
)
from jib.lax._families import constant_like
from jib.lax._precision import PrecisionLike
from jib.lax._window_shapes import count_windows, dilated, numbers_for, pads_for
from jib.typing import ArrayLike, DTypeLike

__all__ = [
    "conv", "conv_general_dilated_local", "conv_general_dilated_patches",
    "conv_general_shape_tuple", "conv_shape_tuple", "conv_transpose", "conv_transpose_shape_tuple",
    "conv_with_general_padding",
]  # fmt: skip


def conv(
    lhs: ArrayLike, rhs: ArrayLike, window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]], precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
) -> Any:  # fmt: skip
    """`conv_general_dilated` of an array [N, C, space...] and a kernel [O, I, space...]."""
    return conv_general_dilated(
        lhs, rhs, window_strides, padding, precision=precision,
        preferred_element_type=preferred_element_type,
    )  # fmt: skip


def conv_with_general_padding(
    lhs: ArrayLike, rhs: ArrayLike, window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]], lhs_dilation: Sequence[int] | None,
    rhs_dilation: Sequence[int] | None, precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
) -> Any:  # fmt: skip
    """`conv` with dilations."""
    return conv_general_dilated(
        lhs, rhs, window_strides, padding, lhs_dilation, rhs_dilation, precision=precision,
        preferred_element_type=preferred_element_type,
    )  # fmt: skip


def conv_transpose(
    lhs: ArrayLike,
    rhs: ArrayLike,
    strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    transpose_kernel: bool = False,
    precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
    use_consistent_padding: bool = False,
) -> Any:
    """A convolution that enlarges: the strides spread the array, not the windows.

    Args:
        lhs, rhs: the array and the kernel.
        strides: distances of the elements, one for each spatial axis.
        padding: `"SAME"` or `"VALID"` mean that of the convolution whose gradient this is; pairs
            are that of the spread array, or with `use_consistent_padding` also of the other one.
        rhs_dilation: distances of neighbours in the kernel.
        dimension_numbers: three layouts; None is `("NHWC", "HWIO", "NHWC")` and the like.
        transpose_kernel: reverse the kernel and swap its features, which makes this the gradient
            of the convolution with that kernel.
        precision, preferred_element_type: as in `conv_general_dilated`.

    Raises:
        ShapeError, ArgumentValueError, DTypeError: as `conv_general_dilated`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> x, kernel = jnp.array([[[1.0], [2.0]]]), jnp.ones((2, 1, 1))
        >>> lax.conv_transpose(x, kernel, (2,), "VALID").ravel().tolist()
        [1.0, 1.0, 2.0, 2.0]
    """
    left, right = aval_of(lhs).shape, aval_of(rhs).shape
    if dimension_numbers is None and 2 <= len(left) <= 5:
        space = "HWD"[: len(left) - 2]
        dimension_numbers = (f"N{space}C", f"{space}IO", f"N{space}C")
    layout = conv_dimension_numbers(left, right, dimension_numbers)
    kernel = layout.rhs_spec
    strides = numbers_for("conv_transpose", "strides", strides, len(left) - 2)
    holes = numbers_for("conv_transpose", "rhs_dilation", rhs_dilation, len(left) - 2)
    if isinstance(padding, str) or use_consistent_padding:
        wide = [dilated(right[i], d) for i, d in zip(kernel[2:], holes, strict=True)]
        each = [padding] * len(wide) if isinstance(padding, str) else padding
        padding = [_spread_pads(*v) for v in zip(wide, strides, each, strict=True)]
    if transpose_kernel:
        order = list(range(len(right)))
        order[kernel[0]], order[kernel[1]] = kernel[1], kernel[0]
        rhs = lax.transpose(lax.rev(rhs, kernel[2:]), order)
    return conv_general_dilated(
        lhs, rhs, (1,) * len(strides), padding, strides, holes, layout, precision=precision,
        preferred_element_type=preferred_element_type,
    )  # fmt: skip


def _spread_pads(window: int, stride: int, padding: Any) -> tuple[int, int]:
    """What stands around an array spread by `stride`, for a padding of the convolution back."""
    if not isinstance(padding, str):
        low, high = padding
        return window - 1 - low, window - 1 - high
    total = window + stride - 2
    if padding.upper() == "VALID":
        return window - 1, total + max(window - stride, 0) - (window - 1)
    if padding.upper() != "SAME":
        raise ArgumentValueError(
            f"`conv_transpose` has no padding named {padding!r}", help="padding='SAME'"
        )
    before = window - 1 if stride > window - 1 else -(-total // 2)
    return before, total - before


# ---------------------------------------------------------------------------------- patches


def conv_general_dilated_patches(
    lhs: ArrayLike,
    filter_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
) -> Any:
    """The windows of an array: the elements of each one as its features.

    Args:
        lhs: the array.
        filter_shape: the lengths of a window.
        window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers: as in
            `conv_general_dilated`.
        precision: makes no difference, for nothing is computed.
        preferred_element_type: dtype of the result.

    Returns:
        An array in the layout of the result, whose features are, for each feature of `lhs`, the
        elements of the window in the order of the kernel's layout.

    Raises:
        ShapeError, ArgumentValueError: as `conv_general_dilated`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> x = jnp.arange(4).reshape(1, 1, 4)
        >>> lax.conv_general_dilated_patches(x, (2,), (1,), "VALID")[0].tolist()
        [[0, 1, 2], [1, 2, 3]]
    """
    name = "conv_general_dilated_patches"
    windows = tuple(filter_shape)
    shape = aval_of(lhs).shape
    layout = conv_dimension_numbers(shape, (1, 1, *windows), dimension_numbers)
    count = len(windows)
    strides = numbers_for(name, "window_strides", window_strides, count)
    spread = numbers_for(name, "lhs_dilation", lhs_dilation, count)
    holes = numbers_for(name, "rhs_dilation", rhs_dilation, count)
    x = lax.transpose(lhs, layout.lhs_spec)
    batch, features, *sizes = aval_of(x).shape
    sizes = [dilated(n, d) for n, d in zip(sizes, spread, strict=True)]
    wide = [dilated(n, d) for n, d in zip(windows, holes, strict=True)]
    pads = pads_for(name, padding, sizes, wide, strides)
    config = [(low, high, d - 1) for (low, high), d in zip(pads, spread, strict=True)]
    x = lax.pad(x, constant_like(x, 0), [(0, 0, 0), (0, 0, 0), *config])
    counts = count_windows(sizes, wide, strides, pads)
    for i in range(count):  # one axis after the other; the places in the window come before it
        axis = 2 + 2 * i
        step, many = strides[i], counts[i]
        pieces = [
            lax.slice_in_dim(x, k * holes[i], k * holes[i] + (many - 1) * step + 1, step, axis)
            if many
            else lax.slice_in_dim(x, 0, 0, 1, axis)
            for k in range(windows[i])
        ]
        x = lax.concatenate([lax.expand_dims(piece, (axis,)) for piece in pieces], axis)
    order = [0, 1, *range(2, 2 + 2 * count, 2), *range(3, 2 + 2 * count, 2)]
    x = lax.reshape(lax.transpose(x, order), (batch, features * math.prod(windows), *counts))
    x = lax.transpose(x, np.argsort(layout.out_spec).tolist())
    if preferred_element_type is None:
        return x
    return lax.convert_element_type(x, dtypes.parse(preferred_element_type))


def conv_general_dilated_local(
    lhs: ArrayLike,
    rhs: ArrayLike,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    filter_shape: Sequence[int],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    precision: PrecisionLike = None,
) -> Any:
    """A convolution without shared weights: each window has a kernel of its own.

    Args:
        lhs: the array.
        rhs: the kernels: the spatial axes say which window, and the input features hold the
            elements of a window as `conv_general_dilated_patches` puts them.
        filter_shape: the lengths of a window; the other arguments as in `conv_general_dilated`.

    Raises:
        ShapeError, ArgumentValueError, DTypeError: as `conv_general_dilated`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> x, kernels = jnp.ones((1, 1, 3)), jnp.arange(4.0).reshape(1, 2, 2)
        >>> lax.conv_general_dilated_local(x, kernels, (1,), "VALID", (2,)).tolist()
        [[[2.0, 4.0]]]
    """
    patches = conv_general_dilated_patches(
        lhs, filter_shape, window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers
    )
    layout = conv_dimension_numbers(
        aval_of(lhs).shape, (1, 1, *filter_shape), dimension_numbers
    )  # fmt: skip
    _, kernel, out = layout
    batch = (out[2:], kernel[2:])
    product = lax.dot_general(patches, rhs, (((out[1],), (kernel[1],)), batch), precision)
    # Its axes: the spatial ones in the order of the layout, the batch, the output features.
    ndim = aval_of(product).ndim
    return (
        lax.transpose(product, np.argsort((*out[2:], out[0], out[1])).tolist()) if ndim else product
    )


# ----------------------------------------------------------------------------------- shapes


def conv_shape_tuple(
    lhs_shape: Sequence[int], rhs_shape: Sequence[int], strides: Sequence[int], pads: Any,
    batch_group_count: int = 1,
) -> tuple[int, ...]:  # fmt: skip
    """The shape of a convolution in the layout [N, C, space...], [O, I, space...]."""
    sizes, windows = lhs_shape[2:], rhs_shape[2:]
    pads = pads_for("conv_shape_tuple", pads, sizes, windows, strides)
    counts = count_windows(sizes, windows, strides, pads)
    return (lhs_shape[0] // batch_group_count, rhs_shape[0], *counts)


def conv_general_shape_tuple(
    lhs_shape: Sequence[int], rhs_shape: Sequence[int], window_strides: Sequence[int],
    padding: Any, dimension_numbers: Sequence[str],
) -> tuple[int, ...]:  # fmt: skip
    """The shape of a convolution in any layout."""
    left, right, out = conv_general_permutations(dimension_numbers)
    found = conv_shape_tuple(
        [lhs_shape[i] for i in left], [rhs_shape[i] for i in right], window_strides, padding
    )
    return tuple(found[out.index(i)] for i in range(len(found)))


def conv_transpose_shape_tuple(
    lhs_shape: Sequence[int], rhs_shape: Sequence[int], window_strides: Sequence[int],
    padding: Any, dimension_numbers: Sequence[str],
) -> tuple[int, ...]:  # fmt: skip
    """The shape of a transposed convolution in any layout."""
    left, right, out = conv_general_permutations(dimension_numbers)
    sizes, windows = [lhs_shape[i] for i in left[2:]], [rhs_shape[i] for i in right[2:]]
    if isinstance(padding, str):
        pads = [_spread_pads(k, s, padding) for k, s in zip(windows, window_strides, strict=True)]
    else:
        pads = list(padding)
    spread = [dilated(n, s) for n, s in zip(sizes, window_strides, strict=True)]
    counts = count_windows(spread, windows, (1,) * len(spread), tuple(pads))
    found = (lhs_shape[left[0]], rhs_shape[right[0]], *counts)
    return tuple(found[out.index(i)] for i in range(len(found)))
