"""Convolutional layers as functions of arrays, features last."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jib import lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.lax._window_shapes import numbers_for
from jib.nn.functional._promoting import as_tuple, layer_text
from jib.transforms.abstract import eval_shape
from jib.typing import Array

__all__ = [
    "Windows", "canonicalize_padding", "check_one_group", "convolve", "convolve_local",
    "convolve_transposed", "features_in_group", "local_shape", "windows_of",
]  # fmt: skip


class Windows(NamedTuple):
    """Where a kernel is laid on an array: one number (or pair) for each spatial axis."""

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str | tuple[tuple[int, int], ...]
    input_dilation: tuple[int, ...]
    kernel_dilation: tuple[int, ...]


_NAMED = ("SAME", "SAME_LOWER", "VALID", "CIRCULAR", "REFLECT", "CAUSAL")


def canonicalize_padding(
    padding: Any, rank: int, layer: Any = "Conv"
) -> str | tuple[tuple[int, int], ...]:
    """A name of a padding, or (low, high) for each of `rank` spatial axes.

    Args:
        padding: a name, a number for all sides, or for each axis a number or a pair.

    Raises:
        ArgumentValueError: for anything else.
    """
    if isinstance(padding, str):
        ArgumentValueError.check(layer_text(layer), "padding", padding, _NAMED)
        return padding
    given = [padding] * rank if isinstance(padding, int) else padding
    if isinstance(given, Sequence) and len(given) == rank:
        pairs = [(p, p) if isinstance(p, int) else p for p in given]
        if all(isinstance(p, Sequence) and [type(n) for n in p] == [int, int] for p in pairs):
            return tuple((low, high) for low, high in pairs)
    raise ArgumentValueError(
        f"`{layer_text(layer)}` has a kernel of {rank} spatial axes, but padding {padding!r}; it "
        "is a name, a number, or a number or pair for each axis",
        help=f"padding={((1, 1),) * rank}",
    )


def windows_of(
    layer: Any, kernel_size: Any, strides: Any = 1, padding: Any = "SAME", input_dilation: Any = 1,
    kernel_dilation: Any = 1,
) -> Windows:  # fmt: skip
    """The windows that a layer's arguments tell: one number counts for all axes, None is 1.

    Raises:
        ArgumentValueError: if a stride or dilation is less than 1, or there is no such padding.
        ShapeError: if there are not as many numbers as spatial axes.
    """
    name, sizes = layer_text(layer), as_tuple(kernel_size)

    def spread(what: str, values: Any) -> tuple[int, ...]:
        given = (values,) * len(sizes) if isinstance(values, int) else values
        return numbers_for(name, what, given, len(sizes))

    return Windows(
        numbers_for(name, "kernel_size", sizes, len(sizes)),
        spread("strides", strides),
        canonicalize_padding(padding, len(sizes), layer),
        spread("input_dilation", input_dilation),
        spread("kernel_dilation", kernel_dilation),
    )


def features_in_group(layer: Any, features: int, groups: int) -> int:
    """How many features of the input a group has.

    Raises:
        ShapeError: if the groups are not equal.
    """
    if features % groups:
        raise ShapeError(
            f"`{layer_text(layer)}` cannot put {features} features into {groups} equal groups",
            help=f"feature_group_count={math.gcd(features, groups)}",
        )
    return features // groups


def check_one_group(layer: Any, groups: int) -> None:
    """Raise ArgumentValueError for a local convolution of more than one group."""
    if groups != 1:
        raise ArgumentValueError(
            f"`{layer_text(layer)}` has {groups} groups of features, but a kernel of its own at "
            "each place",
            help="feature_group_count=1",
        )


def _flat_batch(layer: Any, x: Array, windows: Windows) -> tuple[Array, tuple[int, ...]]:
    """The array with one batch axis, and the batch axes that it had."""
    rank = len(windows.sizes)
    if x.ndim < rank + 1:
        raise ShapeError(
            f"`{layer_text(layer)}` with a kernel of size {windows.sizes} needs {rank} spatial "
            f"axes and features, but got {aval_of(x)}",
            help=f"kernel_size={windows.sizes[: max(x.ndim - 1, 1)]}",
        )
    batch = x.shape[: x.ndim - rank - 1]
    return (x if len(batch) == 1 else x.reshape(-1, *x.shape[x.ndim - rank - 1 :])), batch


def _padded(layer: Any, x: Array, windows: Windows) -> tuple[Array, Windows]:
    """Carry out the paddings that the convolution itself does not know."""
    if windows.padding not in ("CIRCULAR", "REFLECT", "CAUSAL"):
        return x, windows
    reach = [(k - 1) * d for k, d in zip(windows.sizes, windows.kernel_dilation, strict=True)]
    if windows.padding == "CAUSAL":
        if len(reach) != 1:
            raise ArgumentValueError(
                f"`{layer_text(layer)}` has a kernel of size {windows.sizes}: causal padding is "
                "for one spatial axis",
                help=f"padding={tuple((r, 0) for r in reach)}",
            )
        pads, mode = [(reach[0], 0)], "constant"
    else:
        pads = [(r // 2, (r + 1) // 2) for r in reach]
        mode = "wrap" if windows.padding == "CIRCULAR" else "reflect"
    return jnp.pad(x, [(0, 0), *pads, (0, 0)], mode=mode), windows._replace(padding="VALID")


def _layout(ndim: int) -> lax.ConvDimensionNumbers:
    spatial = tuple(range(1, ndim - 1))
    array = (0, ndim - 1, *spatial)
    return lax.ConvDimensionNumbers(array, (ndim - 1, ndim - 2, *range(ndim - 2)), array)


def convolve(
    x: Array, kernel: Array, bias: Array | None, windows: Windows, *, groups: int = 1,
    layer: Any = "Conv", conv: Callable[..., Any] = lax.conv_general_dilated, **options: Any,
) -> Array:  # fmt: skip
    """Convolve an array with one kernel for all places.

    Args:
        x: any number of batch axes, spatial axes, features.
        kernel: spatial axes, features in (of one group), features out.
        bias: one number for each feature that comes out, or None.
        windows: where the kernel is laid.
        groups: in how many groups the features fall.
        layer: what messages call the layer.
        conv: what convolves, in place of `lax.conv_general_dilated`.
        options: further arguments of `conv`, such as `precision`.

    Raises:
        ShapeError: if there are too few axes, or features do not fit the kernel.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional
        >>> windows = functional.windows_of("Conv", 2, padding="VALID")
        >>> functional.convolve(jnp.ones((1, 3, 1)), jnp.ones((2, 1, 1)), None, windows).tolist()
        [[[2.0], [2.0]]]
    """
    return _convolve(layer, x, kernel, bias, windows, conv, feature_group_count=groups, **options)


def convolve_local(
    x: Array, kernel: Array, bias: Array | None, windows: Windows, *, layer: Any = "ConvLocal",
    **options: Any,
) -> Array:  # fmt: skip
    """Convolve an array with a kernel of its own at each place (see `local_shape`)."""

    def conv(*args: Any, **kwargs: Any) -> Any:
        return lax.conv_general_dilated_local(*args, filter_shape=windows.sizes, **kwargs)

    return _convolve(layer, x, kernel, bias, windows, conv, **options)


def _convolve(
    layer: Any, x: Array, kernel: Array, bias: Array | None, windows: Windows,
    conv: Callable[..., Any], **options: Any,
) -> Array:  # fmt: skip
    x, batch = _flat_batch(layer, x, windows)
    x, windows = _padded(layer, x, windows)
    out = conv(
        x,
        kernel,
        windows.strides,
        windows.padding,
        lhs_dilation=windows.input_dilation,
        rhs_dilation=windows.kernel_dilation,
        dimension_numbers=_layout(x.ndim),
        **options,
    )
    out = out if bias is None else jnp.add(out, bias)
    return out if len(batch) == 1 else out.reshape(*batch, *out.shape[1:])


def local_shape(
    layer: Any, x: Array, features: int, windows: Windows
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of kernel and bias of `convolve_local`."""
    taken = (*windows.sizes, x.shape[-1], features)

    def place(x: Any) -> Any:
        return convolve(x, jnp.zeros(taken, x.dtype), None, windows, layer=layer)

    out = eval_shape(place, x).shape[-len(windows.sizes) - 1 :]
    return (*out[:-1], math.prod(taken[:-1]), features), out


def convolve_transposed(
    x: Array, kernel: Array, bias: Array | None, windows: Windows, *,
    transpose_kernel: bool = False, layer: Any = "ConvTranspose", **options: Any,
) -> Array:  # fmt: skip
    """The convolution that spreads each element with a kernel, `strides` apart.

    Args:
        x: any number of batch axes, spatial axes, features.
        kernel: spatial axes, features in, features out; the last two the other way round, and the
            kernel turned round, with `transpose_kernel`.
        bias: one number for each feature that comes out, or None.
        windows: where the kernel is laid.
        layer: what messages call the layer.
        options: further arguments of `lax.conv_transpose`.
    """
    x, batch = _flat_batch(layer, x, windows)
    circular = windows.padding == "CIRCULAR"
    out = lax.conv_transpose(
        x,
        kernel,
        windows.strides,
        "VALID" if circular else windows.padding,
        rhs_dilation=windows.kernel_dilation,
        transpose_kernel=transpose_kernel,
        **options,
    )
    if circular:
        periods = [n * s for n, s in zip(x.shape[1:-1], windows.strides, strict=True)]
        out = _wrapped(out, periods, transpose_kernel)
    out = out if bias is None else jnp.add(out, bias)
    return out if len(batch) == 1 else out.reshape(*batch, *out.shape[1:])


def _wrapped(x: Array, periods: Sequence[int], odd_last: bool) -> Array:
    """Lay what stands out over the ends of each period onto its other side.

    The array is filled up to whole periods so that its middle keeps its place; where an odd number
    is missing, the larger half goes last for a turned kernel and first otherwise.
    """
    missing = [-(n - p) % (2 * p) for n, p in zip(x.shape[1:-1], periods, strict=True)]
    halves = [(m // 2, (m + 1) // 2) for m in missing]
    pads = halves if odd_last else [(high, low) for low, high in halves]
    x = jnp.pad(x, [(0, 0), *pads, (0, 0)])
    for axis, period in enumerate(periods, start=1):
        x = x.reshape(*x.shape[:axis], -1, period, *x.shape[axis + 1 :]).sum(axis)
    return x
