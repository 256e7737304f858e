"""Convolution: sums over windows and features, with every layout, stride, dilation and group."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from jib import dtypes, lax
from jib.backend import mlir
from jib.core.algebra import algebra
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from jib.lax._convolution_forms import faster_form
from jib.lax._families import is_linear, kind_of, numbers, zero_tangent
from jib.lax._joining import pad_p
from jib.lax._precision import PrecisionLike, canonical_precision, precision_attributes
from jib.lax._window_shapes import count_windows, dilated, numbers_for, pads_back, pads_for
from jib.passes.lower import lower_by_tracing
from jib.typing import ArrayLike, DTypeLike

__all__ = [
    "ConvDimensionNumbers", "ConvGeneralDilatedDimensionNumbers", "conv_dimension_numbers",
    "conv_general_dilated", "conv_general_dilated_p", "conv_general_permutations",
]  # fmt: skip

_NAME = "conv_general_dilated"


class ConvDimensionNumbers(NamedTuple):
    """Which axis is what: batch and feature axes first, then the spatial axes, of each array.

    For the kernel (`rhs_spec`) output features come first, then input features.
    """

    lhs_spec: tuple[int, ...]
    rhs_spec: tuple[int, ...]
    out_spec: tuple[int, ...]


ConvGeneralDilatedDimensionNumbers: TypeAlias = ConvDimensionNumbers | tuple[str, str, str] | None


def conv_general_permutations(dimension_numbers: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """The axes that layouts such as `("NHWC", "HWIO", "NHWC")` name, in the order of the kernel.

    Raises:
        ShapeError: if a letter is missing or comes twice.

    Example:
        >>> from jib import lax
        >>> lax.conv_general_permutations(("NHWC", "HWIO", "NHWC"))
        ((0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2))
    """
    kernel = dimension_numbers[1]
    spatial = [c for c in kernel if c not in "OI"]
    found = []
    for spec, pair in zip(dimension_numbers, ("NC", "OI", "NC"), strict=True):
        letters = [*pair, *spatial]
        if sorted(spec) != sorted(letters) or len(set(spec)) != len(spec):
            raise ShapeError(
                f"the layout {spec!r} of a convolution needs each of {', '.join(letters)} once",
                help="dimension_numbers=('NHWC', 'HWIO', 'NHWC')",
                notes=["N is the batch, C the features, O and I the output and input features of "
                       "the kernel; the other letters are the same in all three"],
            )  # fmt: skip
        found.append(tuple(spec.index(c) for c in letters))
    return tuple(found)


def conv_dimension_numbers(
    lhs_shape: Sequence[int], rhs_shape: Sequence[int], dimension_numbers: Any
) -> ConvDimensionNumbers:
    """Layouts in any spelling (None is `("NCHW", "OIHW", "NCHW")`) as numbers of axes.

    Raises:
        ShapeError: if the ranks differ, or a layout does not fit them.

    Example:
        >>> from jib import lax
        >>> lax.conv_dimension_numbers((1, 5, 2), (3, 2, 4), ("NHC", "HIO", "NHC")).rhs_spec
        (2, 1, 0)
    """
    if isinstance(dimension_numbers, ConvDimensionNumbers):
        return ConvDimensionNumbers(*(tuple(int(i) for i in s) for s in dimension_numbers))
    left, right = list(lhs_shape), list(rhs_shape)
    if len(left) != len(right) or len(left) < 2:
        short = len(left) == len(right) - 1
        raise ShapeError(
            f"a convolution needs two arrays of one rank, 2 or more, but got the shapes {left} "
            f"and {right}",
            help="lhs[None] gives one example the batch axis that it lacks" if short else (),
        )
    if dimension_numbers is None:
        return ConvDimensionNumbers(*[tuple(range(len(left)))] * 3)
    fits = len(dimension_numbers) == 3 and not any(
        len(spec) != len(left) for spec in dimension_numbers
    )
    if not fits or not all(isinstance(spec, str) for spec in dimension_numbers):
        letters = "".join("HWD"[i] if i < 3 else "abcdefg"[i - 3] for i in range(len(left) - 2))
        usual = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
        raise ShapeError(
            f"dimension_numbers {dimension_numbers!r} do not fit the shapes {left} and {right}: "
            f"three strings of {len(left)} letters are needed",
            help=f"dimension_numbers={usual}",
        )
    return ConvDimensionNumbers(*conv_general_permutations(dimension_numbers))


def conv_general_dilated(
    lhs: ArrayLike,
    rhs: ArrayLike,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
    out_sharding: Any = None,
) -> Any:
    """Convolve an array with a kernel (which is not turned round), over any number of axes.

    Args:
        lhs, rhs: the array and the kernel, numbers of one dtype and rank.
        window_strides: steps between windows, for each spatial axis.
        padding: `"SAME"`, `"SAME_LOWER"`, `"VALID"`, or (low, high) for each spatial axis.
        lhs_dilation, rhs_dilation: distances of neighbouring elements of the array, the kernel.
        dimension_numbers: three layouts as in `("NHWC", "HWIO", "NHWC")`, for the array, the kernel
            and the result; None is `("NCHW", "OIHW", "NCHW")`.
        feature_group_count, batch_group_count: in how many groups features (the batch) fall that
            meet only their own part of the kernel; at most one of the two is not 1.
        precision: `None` is full float32; see `Precision`.
        preferred_element_type: dtype of the result; by default that of the operands.

    Raises:
        ShapeError: if ranks, features or groups do not fit.
        ArgumentValueError: if there is no such padding, or a stride or dilation is less than 1.
        DTypeError: if the dtypes differ.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import lax
        >>> x, kernel = jnp.ones((1, 1, 5)), jnp.ones((1, 1, 3))
        >>> lax.conv_general_dilated(x, kernel, (2,), "VALID").tolist()
        [[[3.0, 3.0]]]
    """
    left, right = aval_of(lhs).shape, aval_of(rhs).shape
    layout = conv_dimension_numbers(left, right, dimension_numbers)
    sizes, windows = [
        [shape[i] for i in spec[2:]]
        for shape, spec in ((left, layout.lhs_spec), (right, layout.rhs_spec))
    ]
    count = len(sizes)
    strides = numbers_for(_NAME, "window_strides", window_strides, count)
    holes = numbers_for(_NAME, "lhs_dilation", lhs_dilation, count)
    kernel_holes = numbers_for(_NAME, "rhs_dilation", rhs_dilation, count)
    if isinstance(padding, str) and padding.upper() != "VALID" and max(holes, default=1) > 1:
        raise ArgumentValueError(
            f"padding {padding!r} has no meaning for an array dilated by {holes}",
            help=f"lax.conv_transpose(lhs, rhs, {holes}, {padding!r})",
        )
    spread = [dilated(n, d) for n, d in zip(sizes, holes, strict=True)]
    wide = [dilated(n, d) for n, d in zip(windows, kernel_holes, strict=True)]
    out = conv_general_dilated_p.bind(
        lhs,
        rhs,
        window_strides=strides,
        padding=pads_for(_NAME, padding, spread, wide, strides),
        lhs_dilation=holes,
        rhs_dilation=kernel_holes,
        dimension_numbers=layout,
        feature_group_count=int(feature_group_count),
        batch_group_count=int(batch_group_count),
        precision=canonical_precision(precision),
        preferred_element_type=(
            None if preferred_element_type is None else dtypes.parse(preferred_element_type)
        ),
    )
    return out if out_sharding is None else lax.with_sharding_constraint(out, out_sharding)


def _shaped_by(spec: Sequence[int], values: Sequence[int]) -> tuple[int, ...]:
    """Lengths in the order of a layout (batch, features, spatial) put where the axes are."""
    return tuple(values[spec.index(i)] for i in range(len(values)))


def _spatial(shape: Sequence[int], spec: Sequence[int], dilation: Sequence[int]) -> list[int]:
    return [dilated(shape[i], d) for i, d in zip(spec[2:], dilation, strict=True)]


def _conv_type(x: ShapedArray, y: ShapedArray, **p: Any) -> ShapedArray:
    for aval in (x, y):
        if kind_of(aval.dtype) not in numbers:
            help = "" if aval.is_key else "x.astype('float32')"
            raise DTypeError.accepts(_NAME, aval.dtype.name, str(numbers), help)
    if x.dtype != y.dtype:
        raise DTypeError(
            f"`{_NAME}` needs operands of one dtype, but got {x} and {y}",
            help=f"rhs.astype({x.dtype.name!r})",
        )
    _check_features(x, y, **p)
    lhs_spec, rhs_spec, out_spec = p["dimension_numbers"]
    counts = count_windows(
        _spatial(x.shape, lhs_spec, p["lhs_dilation"]),
        _spatial(y.shape, rhs_spec, p["rhs_dilation"]),
        p["window_strides"],
        p["padding"],
    )
    batch = x.shape[lhs_spec[0]] // p["batch_group_count"]
    shape = _shaped_by(out_spec, (batch, y.shape[rhs_spec[0]], *counts))
    preferred = p["preferred_element_type"]
    if preferred is None:
        return ShapedArray(shape, x.dtype, x.weak_type and y.weak_type)
    return ShapedArray(shape, preferred)


def _check_features(
    x: ShapedArray, y: ShapedArray, *, dimension_numbers: Any, feature_group_count: int,
    batch_group_count: int, **_: Any,
) -> None:  # fmt: skip
    lhs_spec, rhs_spec, _out = dimension_numbers
    groups = (feature_group_count, batch_group_count)
    if min(groups) < 1 or max(groups) > 1 < min(groups):
        raise ArgumentValueError(
            f"`{_NAME}` got {groups[0]} feature groups and {groups[1]} batch groups: one of them "
            "is 1, and the other at least 1",
            help="batch_group_count=1",
        )
    pair = f"`{_NAME}` of {x} and kernel {y}"
    batch, features = x.shape[lhs_spec[0]], x.shape[lhs_spec[1]]
    made, taken = y.shape[rhs_spec[0]], y.shape[rhs_spec[1]]
    if features != taken * feature_group_count:
        in_groups = f" in {feature_group_count} groups" if feature_group_count > 1 else ""
        last = x.ndim > 2 and x.shape[-1] == y.shape[-2] * feature_group_count
        letters = "HWDabcdefg"[: x.ndim - 2]
        depthwise = taken == 1 and feature_group_count == 1 and features and not made % features
        helps = [f"feature_group_count={features}"] if depthwise else []
        if last and lhs_spec[1] != x.ndim - 1:
            helps = [f"dimension_numbers=('N{letters}C', '{letters}IO', 'N{letters}C')"]
        raise ShapeError(
            f"{pair}: the array has {features} features (axis {lhs_spec[1]}){in_groups}, and the "
            f"kernel takes {taken} (axis {rhs_spec[1]})",
            help=helps,
        )
    for what, size, count in (
        ("output features", made, max(groups)), ("batch", batch, batch_group_count)
    ):  # fmt: skip
        if size % count:
            raise ShapeError(f"{pair}: {what} of {size} do not fall into {count} equal groups")


# ------------------------------------------------------------------------------------ rules


def _conv_numpy(x: Any, y: Any, **p: Any) -> Any:
    """The definition: for each place in the kernel, a product of features, added up."""
    lhs_spec, rhs_spec, out_spec = p["dimension_numbers"]
    strides, holes = p["window_strides"], p["rhs_dilation"]
    groups, batches = p["feature_group_count"], p["batch_group_count"]
    narrow = kind_of(x.dtype) == "f" and x.dtype.itemsize < 4
    dtype = np.dtype(np.float32) if narrow else x.dtype
    preferred = p["preferred_element_type"]
    dtype = dtype if preferred is None or narrow else np.result_type(dtype, preferred)
    config = [
        (low, high, d - 1) for (low, high), d in zip(p["padding"], p["lhs_dilation"], strict=True)
    ]
    x, y = x.astype(dtype).transpose(lhs_spec), y.astype(dtype).transpose(rhs_spec)
    x = pad_p.numpy(x, dtype.type(0), config=((0, 0, 0), (0, 0, 0), *config))
    windows = y.shape[2:]
    wide = [dilated(n, d) for n, d in zip(windows, holes, strict=True)]
    counts = count_windows(x.shape[2:], wide, strides, ((0, 0),) * len(wide))
    space = x.shape[2:]
    (n, c), o = x.shape[:2], y.shape[0]
    if batches > 1:
        x = x.reshape(batches, n // batches, c, *space).swapaxes(0, 1)
    else:
        x = x.reshape(n, groups, c // groups, *space)
    parts = x.shape[1]
    y = y.reshape(parts, o // parts, *y.shape[1:])
    out = np.zeros((len(x), parts, o // parts, *counts), dtype)
    for place in itertools.product(*map(range, windows)) if out.size else ():
        cut = tuple(
            np.s_[k * d : k * d + (m - 1) * s + 1 : s]
            for k, d, m, s in zip(place, holes, counts, strides, strict=True)
        )
        out += np.einsum("npc...,poc->npo...", x[(..., *cut)], y[(..., *place)])
    return out.reshape(len(x), o, *counts).transpose(np.argsort(out_spec))


def _conv_jvp(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
    (x, y), (dx, dy) = primals, tangents
    out = conv_general_dilated_p.bind(x, y, **params)
    terms = [] if type(dx) is Zero else [conv_general_dilated_p.bind(dx, y, **params)]
    if type(dy) is not Zero:
        terms.append(conv_general_dilated_p.bind(x, dy, **params))
    return out, functools.reduce(lambda a, b: lax.add(a, b), terms) if terms else zero_tangent(out)


def _outward(x: Any, axis: int, groups: int, target: int) -> Any:
    """Move the groups that an axis holds (outermost) to another axis, outermost as well."""
    if groups == 1:
        return x
    shape = list(aval_of(x).shape)
    rest = [*shape[:axis], shape[axis] // groups, *shape[axis + 1 :]]
    x = lax.reshape(x, (*shape[:axis], groups, *rest[axis:]))
    x = algebra.moveaxis(x, axis, target)
    rest[target] *= groups
    return lax.reshape(x, rest)


def _conv_transpose(
    ct: Any, x: Any, y: Any, *, window_strides: Any, padding: Any, lhs_dilation: Any,
    rhs_dilation: Any, dimension_numbers: Any, feature_group_count: int, batch_group_count: int,
    precision: Any, preferred_element_type: Any,
) -> list[Any]:  # fmt: skip
    """Convolutions again: of `ct` with the reversed kernel, or of the array with `ct`.

    Without spatial axes a convolution sums like a product of matrices, [m, j] [j, k] -> [m, k],
    with groups [m, gj] [j, gk] -> [m, gk] or [gm, j] [j, gk] -> [m, gk]; so do its transposes.
    """
    lhs_spec, rhs_spec, out_spec = dimension_numbers
    aval, other = (x.aval, y) if is_linear(x) else (y.aval, x)
    left, right = [v.aval.shape if is_linear(v) else aval_of(v).shape for v in (x, y)]
    out = aval_of(ct)
    if not out.size or not aval.size or not aval_of(other).size:
        zeros = lax.full(aval.shape, 0, aval.dtype)
        return [zeros, None] if is_linear(x) else [None, zeros]
    other = lax.convert_element_type(other, out.dtype)
    sizes, windows = _spatial(left, lhs_spec, lhs_dilation), _spatial(right, rhs_spec, rhs_dilation)
    counts = [out.shape[i] for i in out_spec[2:]]
    back = pads_back(sizes, windows, counts, window_strides, padding)
    convolve = functools.partial(conv_general_dilated, precision=precision)
    groups = max(feature_group_count, batch_group_count)
    if is_linear(x):
        kernel = lax.rev(_outward(other, rhs_spec[0], groups, rhs_spec[1]), rhs_spec[2:])
        swapped = (rhs_spec[1], rhs_spec[0], *rhs_spec[2:])
        layout = ConvDimensionNumbers(out_spec, swapped, lhs_spec)
        found = convolve(
            ct, kernel, lhs_dilation, back, window_strides, rhs_dilation, layout, groups
        )
        found = _outward(found, lhs_spec[1], batch_group_count, lhs_spec[0])
        return [lax.convert_element_type(found, aval.dtype), None]
    # The windows of the array that `ct` (dilated by the strides) sees, one for each kernel place.
    within = tuple(
        (low, window - 1 - low + dilated(n, stride) - size)
        for (low, _), n, stride, size, window in zip(
            padding, counts, window_strides, sizes, windows, strict=True
        )
    )
    layout = ConvDimensionNumbers(*((s[1], s[0], *s[2:]) for s in (lhs_spec, out_spec, rhs_spec)))
    found = convolve(
        other, ct, rhs_dilation, within, lhs_dilation, window_strides, layout,
        feature_group_count=batch_group_count, batch_group_count=feature_group_count,
    )  # fmt: skip
    return [None, lax.convert_element_type(found, aval.dtype)]


def _fold(x: Any, dim: int, axis: int, groups: int = 1) -> Any:
    """Merge the batch axis `dim` into an axis (counted without it), within each of its groups."""
    x = algebra.moveaxis(x, dim, axis)
    shape = list(aval_of(x).shape)
    size, length = shape[axis], shape[axis + 1]
    merged = [*shape[:axis], size * length, *shape[axis + 2 :]]
    if groups > 1:
        split = [*shape[: axis + 1], groups, length // groups, *shape[axis + 2 :]]
        x = algebra.moveaxis(lax.reshape(x, split), axis, axis + 1)
    return lax.reshape(x, merged)


def _unfold(x: Any, axis: int, size: int, groups: int = 1) -> tuple[Any, int]:
    """Take a batch axis out again."""
    shape = list(aval_of(x).shape)
    inner = shape[axis] // (size * groups)
    split = lax.reshape(x, (*shape[:axis], groups, size, inner, *shape[axis + 1 :]))
    split = algebra.moveaxis(split, axis + 1, axis)
    return lax.reshape(split, (*shape[:axis], size, groups * inner, *shape[axis + 1 :])), axis


def _conv_batch(axis: Any, args: Any, dims: Any, **params: Any) -> tuple[Any, int]:
    (x, y), (dx, dy), size = args, dims, axis.size
    lhs_spec, rhs_spec, out_spec = params["dimension_numbers"]
    bind = conv_general_dilated_p.bind
    features, batches = params["feature_group_count"], params["batch_group_count"]
    if not size:
        shapes = [
            a.update(shape=tuple(np.delete(a.shape, d).tolist())) if d is not None else a
            for a, d in zip(map(aval_of, args), dims, strict=True)
        ]
        out = _conv_type(*shapes, **params)
        return lax.full((0, *out.shape), 0, out.dtype), 0
    if dx is None:
        y = _fold(y, dy, rhs_spec[0], max(features, batches))
        return _unfold(bind(x, y, **params), out_spec[1], size, max(features, batches))
    if dy is None:
        return _unfold(bind(_fold(x, dx, lhs_spec[0], batches), y, **params), out_spec[0], size)
    # Each example is one more group, which meets its own part of the kernel.
    grouped = "batch_group_count" if batches > 1 else "feature_group_count"
    x = _fold(x, dx, lhs_spec[0] if batches > 1 else lhs_spec[1])
    y = _fold(y, dy, rhs_spec[0])
    out = bind(x, y, **{**params, grouped: params[grouped] * size})
    return _unfold(out, out_spec[1], size)


def _conv_lower(ctx: Any, x: Any, y: Any, **p: Any) -> Any:
    (left, right), out = ctx.avals_in, ctx.avals_out[0]
    if not out.size or not left.size or not right.size:
        return mlir.splat(0, out)
    if kind_of(left.dtype) == "c":
        return _conv_of_parts(ctx, x, y, **p)
    form = faster_form(left, right, **p) if ctx.platform == "cpu" else None
    if form is not None:
        return _lower_as(form)(ctx, x, y, **p)
    lhs_spec, rhs_spec, out_spec = p["dimension_numbers"]
    numbers = mlir.hlo.ConvDimensionNumbers.get(
        lhs_spec[0], lhs_spec[1], lhs_spec[2:],
        rhs_spec[1], rhs_spec[0], rhs_spec[2:],
        out_spec[0], out_spec[1], out_spec[2:],
    )  # fmt: skip
    pads = np.asarray(p["padding"], np.int64).reshape(-1, 2)
    attributes = {
        "dimension_numbers": numbers,
        "feature_group_count": mlir.integer_attribute(p["feature_group_count"]),
        "batch_group_count": mlir.integer_attribute(p["batch_group_count"]),
        "window_strides": mlir.int64_array(p["window_strides"]),
        "padding": mlir.ir.DenseIntElementsAttr.get(pads),
        "lhs_dilation": mlir.int64_array(p["lhs_dilation"]),
        "rhs_dilation": mlir.int64_array(p["rhs_dilation"]),
        **precision_attributes(p["precision"], ctx),
    }
    return mlir.emit("stablehlo.convolution", mlir.ir_type(out), [x, y], attributes)


def _by_parts(x: Any, y: Any, **params: Any) -> Any:
    """Complex numbers, which XLA convolves slowly or not at all, as pairs of real ones."""
    preferred = params["preferred_element_type"]
    if preferred is not None:
        params["preferred_element_type"] = np.zeros((), preferred).real.dtype
    part = functools.partial(conv_general_dilated_p.bind, **params)
    xs, ys = [(lax.real(v), lax.imag(v)) for v in (x, y)]
    real = lax.sub(part(xs[0], ys[0]), part(xs[1], ys[1]))
    return lax.complex(real, lax.add(part(xs[0], ys[1]), part(xs[1], ys[0])))


_lower_as = functools.cache(lower_by_tracing)
_conv_of_parts = _lower_as(_by_parts)

conv_general_dilated_p = Primitive(
    _NAME,
    type=_conv_type,
    numpy=_conv_numpy,
    jvp=_conv_jvp,
    transpose=_conv_transpose,
    batch=_conv_batch,
    lower=_conv_lower,
)
