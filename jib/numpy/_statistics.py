"""Medians and quantiles, histograms, correlations."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.scalars import exact_scalar
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentValueError, ShapeError, TracedShapeError
from jib.lax._families import constant_like
from jib.numpy._calculus import diff
from jib.numpy._choosing import clip, where
from jib.numpy._contraction import diagonal, matmul
from jib.numpy._creation import asarray
from jib.numpy._derived import derived
from jib.numpy._elementwise import named
from jib.numpy._indexing import take_along_axis
from jib.numpy._joining import concatenate, stack
from jib.numpy._promotion import as_operand, broadcast_to_shape, promote_dtypes, promote_inexact
from jib.numpy._ranges import linspace
from jib.numpy._shaping import atleast_2d, axes_tuple, integer, ravel
from jib.numpy._sorting import searchsorted
from jib.numpy._taking import take_in_bounds
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "bincount", "corrcoef", "cov", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd",
    "median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile",
]  # fmt: skip

# Where between two elements to read, for a place that lies there.
_METHODS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda place: place,
    "lower": lax.floor,
    "higher": lax.ceil,
    "midpoint": lambda place: lax.div(
        lax.add(lax.floor(place), lax.ceil(place)), constant_like(place, 2)
    ),
    "nearest": lambda place: lax.round(place, lax.RoundingMethod.TO_NEAREST_EVEN),
}


# ----------------------------------------------------------------------------------- quantiles


def quantile(
    a: ArrayLike,
    q: ArrayLike,
    axis: int | Sequence[int] | None = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: None = None,
) -> Array:
    """The values that a fraction `q` of the elements along axes lies below.

    Args:
        a: real numbers.
        q: fractions between 0 and 1, a number or a vector, whose axis comes first in the result.
        axis: the axes; None for all.
        method: between two elements, "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: whether the axes stay, with length 1.

    Returns:
        Floating numbers; NaN where an element is NaN.

    Raises:
        ArgumentValueError: for another method.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.quantile(jnp.arange(5), 0.5).tolist()
        2.0
    """
    return _quantile_of("quantile", a, q, axis, out, overwrite_input, method, keepdims, weights)


def _variant(name: str, doc: str, percent: bool, run: Callable[..., Any] | None = None) -> Any:
    """`quantile` of a part of the elements, or with fractions in percent."""

    def made(
        a: ArrayLike,
        q: ArrayLike,
        axis: int | Sequence[int] | None = None,
        out: None = None,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: bool = False,
        *,
        weights: None = None,
    ) -> Array:
        plain = type(q) in (int, float)  # keeps all its digits
        share: Any = q if not percent else q / 100 if plain else _percent(q)
        rest = (axis, out, overwrite_input, method, keepdims, weights)
        return _quantile_of(name, a, share, *rest, run)

    return named(made, name, doc)


percentile = _variant("percentile", "`quantile` with `q` in percent.", True)


@compiled
def _percent(q: Any) -> Any:
    q = promote_inexact("percentile", q)
    return lax.div(q, exact_scalar(100, aval_of(q).dtype))


def median(
    a: ArrayLike,
    axis: int | Sequence[int] | None = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Array:
    """The element in the middle, or the mean of the two there.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.median(jnp.array([3.0, 1.0, 2.0, 9.0])).tolist()
        2.5
    """
    return _quantile_of("median", a, 0.5, axis, out, overwrite_input, "midpoint", keepdims)


def _quantile_of(
    name: str,
    a: Any,
    q: Any,
    axis: Any,
    out: Any,
    overwrite: bool,
    method: str,
    keep: bool,
    weights: None = None,
    run: Callable[..., Any] | None = None,
) -> Any:
    if weights is not None:
        raise ArgumentValueError(f"`{name}` counts every element the same: it has no `weights`")
    if out is not None or overwrite:
        raise ArgumentValueError(f"`{name}` cannot write into an array: arrays are immutable")
    if method not in _METHODS:
        raise ArgumentValueError(
            f"`{name}` knows the methods {tuple(_METHODS)}, but got {method!r}"
        )
    a, q = as_operand(name, a), as_operand(name, q)
    ndim = aval_of(a).ndim
    axes = tuple(range(ndim)) if axis is None else axes_tuple(name, axis, ndim)
    if aval_of(q).ndim > 1:
        raise ShapeError(f"`{name}` takes a number or a vector of fractions, but got {aval_of(q)}")
    if np.issubdtype(aval_of(a).dtype, np.complexfloating):
        raise ArgumentValueError(f"`{name}` orders real numbers, but got {aval_of(a)}")
    return (run or _quantile)(a, q, axes, method, bool(keep))


@compiled(static=("axes", "method", "keep"))
def _quantile(a: Any, q: Any, axes: tuple[int, ...], method: str, keep: bool) -> Any:
    a = promote_inexact("quantile", a)
    shape, dtype = aval_of(a).shape, aval_of(a).dtype
    work = dtype if dtype.itemsize >= 4 else np.dtype(np.float32)
    rest = tuple(i for i in range(len(shape)) if i not in axes)
    length = math.prod(shape[i] for i in axes)
    rows = lax.reshape(lax.transpose(a, (*axes, *rest)), (length, *(shape[i] for i in rest)))
    rows = lax.sort(lax.convert_element_type(rows, work), dimension=0)
    last = exact_scalar(max(length - 1, 0), work)
    place = lax.clamp(exact_scalar(0, work), lax.mul(lax.convert_element_type(q, work), last), last)
    place = _METHODS[method](place)
    low, high = lax.floor(place), lax.ceil(place)
    below, above = (
        take_in_bounds(rows, lax.convert_element_type(i, np.int32), 0) for i in (low, high)
    )
    full = aval_of(below).shape
    weight = lax.broadcast_in_dim(lax.sub(place, low), full, range(aval_of(q).ndim))
    left = lax.mul(below, lax.sub(constant_like(weight, 1), weight))
    # Infinite neighbours would give NaN where the place is exact.
    out = lax.select(lax.eq(below, above), below, lax.add(left, lax.mul(above, weight)))
    missing = broadcast_to_shape(lax.reduce_or(lax.ne(rows, rows), (0,)), full)
    out = lax.convert_element_type(lax.select(missing, lax.full_like(out, np.nan), out), dtype)
    if keep:
        kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
        out = lax.reshape(out, (*aval_of(q).shape, *kept))
    return out


# ---------------------------------------------------------------------------------- histograms


def bincount(
    x: ArrayLike,
    weights: ArrayLike | None = None,
    minlength: int = 0,
    *,
    length: int | None = None,
    out_sharding: Any = None,
) -> Array:
    """How often each number from 0 on occurs, or the sum of the weights where it does.

    Args:
        x: a vector of integers; negative ones count as 0.
        weights: one for each element.
        minlength: the least length of the result.
        length: the length of the result, which programs must know; larger numbers are left out.

    Raises:
        TracedShapeError: if the length depends on values of a running program.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.bincount(jnp.array([0, 2, 2])).tolist()
        [1, 0, 2]
    """
    x = as_operand("bincount", x)
    aval = aval_of(x)
    if aval.ndim != 1:
        raise ShapeError(f"`bincount` takes a vector, but got {aval}")
    if not dtypes.issubdtype(aval.dtype, np.integer):
        raise ArgumentValueError(f"`bincount` takes integers, but got {aval}")
    if length is None:
        if isinstance(x, Tracer):
            raise TracedShapeError(x)
        values = np.asarray(x)
        length = max(int(minlength), int(values.max(initial=-1)) + 1)
    return _bincount(x, weights, integer("bincount", length))


@compiled(static=("length",))
def _bincount(x: Any, weights: Any, length: int) -> Any:
    if weights is None:
        weights = lax.full(aval_of(x).shape, 1, dtypes.default_int_dtype())
    else:
        weights = lax.convert_element_type(weights, aval_of(weights).dtype)
    x = lax.max(x, exact_scalar(0, aval_of(x).dtype))
    return lax.scatter_add(
        lax.full((length,), 0, aval_of(weights).dtype),
        lax.expand_dims(x, (1,)),
        weights,
        lax.ScatterDimensionNumbers((), (0,), (0,)),
        mode="drop",
    )


def histogram_bin_edges(
    a: ArrayLike, bins: ArrayLike = 10, range: Any = None, weights: ArrayLike | None = None
) -> Array:
    """The edges of bins of equal width over the range of an array; see `histogram`."""
    if isinstance(bins, str):
        raise ArgumentValueError(f"`histogram` takes a number of bins or their edges, not {bins!r}")
    a = ravel(as_operand("histogram_bin_edges", a))
    if np.ndim(bins) == 1:
        return asarray(bins)
    count = integer("histogram", bins)
    ends = _ends(a, None if range is None else tuple(range))
    return linspace(*ends, count + 1, dtype=dtypes.to_inexact_dtype(dtypes.result_type(a)))


@compiled
def _ends(a: Any, limits: Any) -> tuple[Any, Any]:
    """Limits, by default those of the elements, moved apart where they are one value."""
    dtype = dtypes.to_inexact_dtype(dtypes.result_type(*(limits or (a,))))
    if limits is None:
        limits = (lax.reduce_min(a, (0,)), lax.reduce_max(a, (0,))) if aval_of(a).size else (0, 1)
    low, high = (lax.convert_element_type(x, dtype) for x in limits)
    flat, half = lax.eq(low, high), exact_scalar(0.5, dtype)
    return lax.select(flat, lax.sub(low, half), low), lax.select(flat, lax.add(high, half), high)


def histogram(
    a: ArrayLike,
    bins: ArrayLike = 10,
    range: Any = None,
    weights: ArrayLike | None = None,
    density: bool | None = None,
) -> tuple[Array, Array]:
    """How many elements lie in each bin, and the edges of the bins.

    Args:
        a: an array, which counts as flattened.
        bins: how many bins of equal width, or their edges.
        range: lowest and highest edge; by default of the elements.
        weights: weights of the elements.
        density: whether to divide so that the integral is 1.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.histogram(jnp.array([1.0, 2.0, 2.5]), 2, (0.0, 4.0))[0].tolist()
        [1.0, 2.0]
    """
    edges = histogram_bin_edges(a, bins, range)
    a = ravel(as_operand("histogram", a))
    if weights is not None and aval_of(weights).size != aval_of(a).size:
        raise ShapeError(f"`histogram` needs a weight for each element of {aval_of(a)}")
    flat = None if weights is None else ravel(weights)
    return _histogram(a, edges, flat, bool(density)), edges


@derived("density")
def _histogram(a: Any, edges: Any, weights: Any, density: bool) -> Any:
    count = edges.size - 1
    if weights is None:
        weights = lax.full(a.shape, 1, dtypes.to_inexact_dtype(a.dtype))
    dtype = dtypes.to_inexact_dtype(weights.dtype)
    a, edges = promote_dtypes("histogram", a, edges)
    # The last bin holds its upper edge; what is outside falls off the end.
    place = searchsorted(edges, a, side="right") - 1
    place = where(a == edges[count], count - 1, where(place < 0, count, place))
    counts = _bincount(place, weights.astype(dtype), count)
    return counts / diff(edges).astype(dtype) / counts.sum() if density else counts


# --------------------------------------------------------------------------------- correlations


@derived("rowvar", "bias", "ddof", "dtype")
def cov(
    m: ArrayLike,
    y: ArrayLike | None = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: ArrayLike | None = None,
    aweights: ArrayLike | None = None,
    dtype: Any = None,
) -> Array:
    """The covariances of variables, which are the rows of `m` (and of `y`).

    Args:
        m: observations, one variable for each row; or a single variable.
        y: more variables.
        rowvar: whether rows are variables; else columns are.
        bias: whether to divide by the number of observations, not by one less.
        ddof: what to subtract from that number.
        dtype: dtype of the calculation; by default that of the arguments.
        fweights, aweights: how often each observation counts, and how much.

    Raises:
        ShapeError: if `m` has more than two axes.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.cov(jnp.array([[0.0, 2.0], [2.0, 0.0]])).tolist()
        [[2.0, -2.0], [-2.0, 2.0]]
    """
    given = [x for x in (m, y) if x is not None]
    for x in given:
        if x.ndim > 2:
            raise ShapeError(f"`cov` takes one or two axes, but got {aval_of(x)}")
    given = [promote_inexact("cov", x if dtype is None else x.astype(dtype)) for x in given]
    given = promote_dtypes("cov", *given)
    x = concatenate([atleast_2d(x if rowvar or x.ndim < 2 else x.T) for x in given])
    freedom = (0 if bias else 1) if ddof is None else integer("cov", ddof)
    used = [w.astype(x.real.dtype) for w in (fweights, aweights) if w is not None]
    weights: Any = math.prod(used)
    total: Any = weights.sum() if used else x.shape[1]
    norm: Any = total - freedom
    if aweights is not None:
        norm = total - freedom * (weights * used[-1]).sum() / total
    centred = x - ((x * weights).sum(1) / total)[:, None]
    out = matmul(centred, (centred * weights).conj().T) / norm
    return out.reshape(()) if out.size == 1 else out


@derived("rowvar", "dtype")
def corrcoef(
    x: ArrayLike, y: ArrayLike | None = None, rowvar: bool = True, dtype: DTypeLike | None = None
) -> Array:
    """The correlations of variables, between -1 and 1; see `cov`."""
    c: Any = cov(x, y, rowvar)
    c = c if dtype is None else c.astype(dtype)
    if not c.ndim:
        return c / c
    scale = lax.sqrt(lax.real(diagonal(c)) if c.dtype.kind == "c" else diagonal(c))
    c = c / scale[:, None] / scale
    return c if c.dtype.kind == "c" else clip(c, -1, 1)


# ------------------------------------------------------------------------- skipping NaN


@derived("axes", "method", "keep")
def _nan_quantile(a: Any, q: Any, axes: tuple[int, ...], method: str, keep: bool) -> Any:
    a = promote_inexact("nanquantile", a)
    rest = [i for i in range(a.ndim) if i not in axes]
    rows = a.transpose(*axes, *rest).reshape(-1, *(a.shape[i] for i in rest))
    rows, count = lax.sort(rows, dimension=0), (a == a).sum(axes)  # NaN goes to the end
    place = q.reshape(*q.shape, *(1,) * count.ndim).astype(a.dtype) * (count - 1)
    place = _METHODS[method](place)
    low, high = lax.floor(place), lax.ceil(place)
    flat = [x.astype(np.int32).reshape(-1, *count.shape) for x in (low, high)]
    below, above = (take_along_axis(rows, x, 0, mode="clip").reshape(place.shape) for x in flat)
    out = where(below == above, below, below * (1 - (place - low)) + above * (place - low))
    out = where(count == 0, np.nan, out).astype(a.dtype)
    lengths = (1 if i in axes else n for i, n in enumerate(a.shape))
    return out.reshape(*q.shape, *lengths) if keep else out


nanquantile = _variant(
    "nanquantile", "`quantile` of the elements that are not NaN.", False, _nan_quantile
)
nanpercentile = _variant(
    "nanpercentile", "`percentile` of the elements that are not NaN.", True, _nan_quantile
)


def nanmedian(
    a: ArrayLike,
    axis: int | Sequence[int] | None = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Array:
    """`median` of the elements that are not NaN."""
    arguments = (a, 0.5, axis, out, overwrite_input, "midpoint", keepdims)
    return _quantile_of("nanmedian", *arguments, run=_nan_quantile)


# ---------------------------------------------------------------- histograms of several axes


def histogramdd(
    sample: ArrayLike | Sequence[ArrayLike],
    bins: Any = 10,
    range: Sequence[Any] | None = None,
    weights: ArrayLike | None = None,
    density: bool | None = None,
) -> tuple[Array, list[Array]]:
    """How many points, the rows of `sample`, fall into each box of a grid; and the edges.

    Args:
        sample: points, of shape (count, D), or D vectors of coordinates.
        bins: for all or each axis, the number of bins or their edges.
        range: for each axis, the lowest and the highest edge; None for those of the points.
        weights: how much each point counts.
        density: whether to give shares per volume.
    """
    points = stack(sample, -1) if isinstance(sample, list | tuple) else asarray(sample)
    if points.ndim != 2:
        raise ShapeError(f"`histogramdd` takes points of shape (count, D), not {points.shape}")
    count = points.shape[1]
    bins = tuple(bins) if hasattr(bins, "__len__") else (bins,) * count
    spans = range or (None,) * count
    if len(bins) != count or len(spans) != count:
        raise ArgumentValueError(f"`histogramdd` of {count} axes needs as many `bins` and ranges")
    columns = [points[:, i] for i in np.arange(count)]
    every = zip(columns, bins, spans, strict=True)
    edges: list[Any] = [histogram_bin_edges(x, b, span) for x, b, span in every]
    shape, place, inside = tuple(len(e) - 1 for e in edges), 0, True
    for x, e in zip(columns, edges, strict=True):
        found = searchsorted(e, x, side="right") - 1
        found = where(x == e[-1], len(e) - 2, found)  # the last bin has both of its edges
        inside = inside & (found >= 0) & (found < len(e) - 1)
        place = place * (len(e) - 1) + found
    if weights is None:
        weights = lax.full(points.shape[:1], 1, dtypes.to_inexact_dtype(points.dtype))
    counted = where(inside, weights, 0)
    out = bincount(where(inside, place, 0), counted, length=math.prod(shape)).reshape(shape)
    if density:
        out = out / out.sum()
        for i, e in enumerate(edges):
            out = out / diff(e).reshape([-1 if i == j else 1 for j in np.arange(count)])
    return out, edges


def histogram2d(
    x: ArrayLike,
    y: ArrayLike,
    bins: Any = 10,
    range: Sequence[Any] | None = None,
    weights: ArrayLike | None = None,
    density: bool | None = None,
) -> tuple[Array, Array, Array]:
    """`histogramdd` of points in the plane: the counts, and the edges of both axes."""
    if hasattr(bins, "__len__") and len(bins) not in (1, 2):
        bins = (bins, bins)
    out, edges = histogramdd([asarray(x), asarray(y)], bins, range, weights, density)
    return out, edges[0], edges[1]
