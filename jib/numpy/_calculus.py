"""Slopes, areas and lines between points; polynomials by their coefficients."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.lax._shaping import canonical_axis
from jib.numpy import linalg
from jib.numpy._choosing import clip, where
from jib.numpy._contraction import diag
from jib.numpy._creation import asarray, ones, zeros
from jib.numpy._cumulative import cumsum
from jib.numpy._derived import derived
from jib.numpy._editing import trim_zeros
from jib.numpy._joining import concatenate
from jib.numpy._promotion import promote_dtypes, promote_inexact
from jib.numpy._ranges import arange
from jib.numpy._shaping import atleast_1d, axes_tuple, broadcast_to, integer, moveaxis, ravel
from jib.numpy._sorting import searchsorted
from jib.numpy._windows import convolve
from jib.typing import Array, ArrayLike

__all__ = [
    "diff", "ediff1d", "gradient", "interp", "poly", "polyadd", "polyder", "polydiv", "polyfit",
    "polyint", "polymul", "polysub", "polyval", "roots", "trapezoid", "unwrap", "vander",
]  # fmt: skip


@derived("n", "axis")
def diff(
    a: ArrayLike,
    n: int = 1,
    axis: int = -1,
    prepend: ArrayLike | None = None,
    append: ArrayLike | None = None,
) -> Array:
    """The differences of neighbours along an axis, taken `n` times.

    Raises:
        ArgumentValueError: if `n` is negative.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.diff(jnp.array([1, 3, 6])).tolist()
        [2, 3]
    """
    times = integer("diff", n)
    if times < 0:
        raise ArgumentValueError(f"`diff` is taken 0 times or more, but got {n}")
    if not a.ndim:
        raise ShapeError("`diff` takes an array with one axis or more, but got one of rank 0")
    axis = canonical_axis("diff", integer("diff", axis), a.ndim)
    one = (*a.shape[:axis], 1, *a.shape[axis + 1 :])
    parts = [x for x in (prepend, a, append) if x is not None]
    parts = promote_dtypes("diff", *(x if x.ndim else broadcast_to(x, one) for x in parts))
    a = lax.concatenate(parts, axis) if len(parts) > 1 else parts[0]
    minus = lax.ne if a.dtype == np.bool_ else lax.sub
    for _ in range(times):
        length = a.shape[axis]
        later = lax.slice_in_dim(a, min(1, length), length, axis=axis)
        a = minus(later, lax.slice_in_dim(a, 0, max(length - 1, 0), axis=axis))
    return a


def ediff1d(
    ary: ArrayLike, to_end: ArrayLike | None = None, to_begin: ArrayLike | None = None
) -> Array:
    """The differences of neighbours in the flattened array, between what is given for the ends."""
    middle = diff(ravel(ary))
    parts = [ravel(asarray(x, middle.dtype)) for x in (to_begin, middle, to_end) if x is not None]
    return concatenate(parts)


def gradient(
    f: ArrayLike,
    *varargs: ArrayLike,
    axis: int | Sequence[int] | None = None,
    edge_order: int | None = None,
) -> Any:
    """The slopes along axes, by central differences, and by one-sided ones at the ends.

    Args:
        f: numbers, two or more along each axis.
        varargs: the spacing: one number for all axes, or a number or a vector of coordinates each.
        axis: the axes; None for all.

    Returns:
        An array, or a list of them for several axes.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.gradient(jnp.array([1.0, 4.0, 9.0])).tolist()
        [3.0, 4.0, 5.0]
    """
    if edge_order is not None:
        raise ArgumentValueError("`gradient` has first-order differences at the ends alone")
    f = asarray(f)
    axes = tuple(range(f.ndim)) if axis is None else axes_tuple("gradient", axis, f.ndim)
    spacings = varargs or (1.0,)
    spacings = spacings * len(axes) if len(spacings) == 1 else spacings
    if len(spacings) != len(axes):
        raise ArgumentValueError(f"`gradient` over {len(axes)} axes got {len(spacings)} spacings")
    out = [_slope(f, h, i) for i, h in zip(axes, spacings, strict=True)]
    return out if len(out) > 1 else out[0]


@derived("axis")
def _slope(f: Any, h: Any, axis: int) -> Any:
    f = moveaxis(f, axis, -1)
    if f.shape[-1] < 2 or h.ndim > 1 or (h.ndim and h.size != f.shape[-1]):
        raise ShapeError(
            f"`gradient` needs two or more elements along axis {axis}, and a number or as many "
            f"coordinates, but got {aval_of(f)} and {aval_of(h)}"
        )
    steps = diff(h) if h.ndim else h
    slopes = diff(f) / steps
    before, after = slopes[..., :-1], slopes[..., 1:]
    if h.ndim:  # the nearer neighbour counts for more
        inside = (before * steps[1:] + after * steps[:-1]) / (steps[1:] + steps[:-1])
    else:
        inside = (before + after) / 2
    return moveaxis(concatenate([slopes[..., :1], inside, slopes[..., -1:]], -1), -1, axis)


@derived("axis")
def trapezoid(
    y: ArrayLike, x: ArrayLike | None = None, dx: ArrayLike = 1.0, axis: int = -1
) -> Array:
    """The area under lines between points, by the trapezoidal rule.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.trapezoid(jnp.array([0.0, 1.0, 2.0])).tolist()
        2.0
    """
    place = canonical_axis("trapezoid", axis, aval_of(y).ndim)
    y = moveaxis(y, place, -1)
    points = aval_of(y).shape[-1]
    if points < 2 or (x is None and aval_of(dx).ndim):
        return (dx * (y[..., 1:] + y[..., :-1])).sum(-1) * 0.5
    # Gathered by point: a sum over two shifted views at once is ten times slower.
    if x is None:
        return dx * (y[..., 1:-1].sum(-1) + (y[..., 0] + y[..., -1]) * 0.5)
    x = x if aval_of(x).ndim == 1 else moveaxis(x, place, -1)
    inner = (y[..., 1:-1] * (x[..., 2:] - x[..., :-2])).sum(-1)
    first = y[..., 0] * (x[..., 1] - x[..., 0])
    return (inner + first + y[..., -1] * (x[..., -1] - x[..., -2])) * 0.5


@derived("axis")
def unwrap(
    p: ArrayLike, discont: ArrayLike | None = None, axis: int = -1, period: ArrayLike = 2 * math.pi
) -> Array:
    """Angles without jumps: each differs from the one before it by half a period at most."""
    p, period = promote_dtypes("unwrap", p, period)
    axis = canonical_axis("unwrap", axis, aval_of(p).ndim)
    jump = diff(p, axis=axis)
    whole = aval_of(p).dtype.kind in "iu"
    half = period // 2 if whole else period / 2
    small = (jump + half) % period - half
    small = where((small == -half) & (jump > 0), half, small)
    limit = half if discont is None else where(discont > half, discont, half)
    change = cumsum(where(abs(jump) < limit, 0, small - jump), axis)
    first = lax.slice_in_dim(p, 0, 1, axis=axis)
    rest = lax.slice_in_dim(p, 1, aval_of(p).shape[axis], axis=axis)
    return concatenate([first, rest + change], axis, dtype=aval_of(p).dtype)


@derived("N", "increasing")
def vander(x: ArrayLike, N: int | None = None, increasing: bool = False) -> Array:
    """The powers of a vector as columns, the highest first unless `increasing`."""
    if aval_of(x).ndim != 1:
        raise ShapeError(f"`vander` takes a vector, but got {aval_of(x)}")
    powers = arange(aval_of(x).size if N is None else N)
    return x[:, None] ** (powers if increasing else powers[::-1])


@derived("period")
def _interp(x: Any, xp: Any, fp: Any, left: Any, right: Any, period: Any) -> Any:
    x, xp = (promote_inexact("interp", v) for v in promote_dtypes("interp", x, xp))
    if period is not None:
        x, xp = x % period, xp % period
        order = xp.argsort()
        xp, fp = xp[order], fp[order]
        xp = concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = concatenate([fp[-1:], fp, fp[:1]])
    fp = promote_inexact("interp", fp)
    upper = clip(searchsorted(xp, x, side="right"), min(1, xp.size - 1), xp.size - 1)
    lower = clip(upper - 1, 0)
    width = xp[upper] - xp[lower]
    slope = (fp[upper] - fp[lower]) / where(width == 0, 1, width)
    out = where(width == 0, fp[lower], fp[lower] + slope * (x - xp[lower]))
    if period is not None:
        return out
    out = where(x < xp[0], fp[0] if left is None else left, out)
    return where(x > xp[-1], fp[-1] if right is None else right, out)


def interp(
    x: ArrayLike,
    xp: ArrayLike,
    fp: ArrayLike,
    left: ArrayLike | str | None = None,
    right: ArrayLike | str | None = None,
    period: float | None = None,
) -> Array:
    """Straight lines between the points `(xp, fp)`, read at `x`; `xp` is ascending.

    Outside, the value at the end, or `left` and `right`; with `period` the points repeat.

    Raises:
        ShapeError: if `xp` and `fp` are not vectors of one length.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.interp(0.5, jnp.array([0.0, 1.0]), jnp.array([0.0, 10.0])).tolist()
        5.0
    """
    if isinstance(left, str) or isinstance(right, str):
        raise ArgumentValueError("`interp` takes numbers for `left` and `right`")
    points = aval_of(xp), aval_of(fp)
    if points[0].shape != points[1].shape or points[0].ndim != 1 or not points[0].size:
        raise ShapeError(
            f"`interp` takes two vectors of one length, but got {points[0]} and {points[1]}"
        )
    return _interp(x, xp, fp, left, right, period)


# -------------------------------------------------------------------------------- polynomials


@derived("unroll")
def polyval(p: ArrayLike, x: ArrayLike, *, unroll: int = 16) -> Array:
    """The values of a polynomial at `x`; the coefficient of the highest power comes first.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.polyval(jnp.array([1, 0, 2]), 3).tolist()
        11
    """
    p, x = promote_dtypes("polyval", p, x)
    out = lax.full_like(x, 0)
    for i in range(len(p)):  # Horner's scheme
        out = out * x + p[i]
    return out


def polyadd(a1: ArrayLike, a2: ArrayLike) -> Array:
    """The sum of two polynomials; as in all of these, the highest power's coefficient is first."""
    a, b = atleast_1d(*promote_dtypes("polyadd", asarray(a1), asarray(a2)))
    a, b = (b, a) if a.size < b.size else (a, b)
    return a.at[a.size - b.size :].add(b)


def polysub(a1: ArrayLike, a2: ArrayLike) -> Array:
    """The difference of two polynomials."""
    return polyadd(a1, -asarray(a2))


def _trimmed(p: Any, trim: bool) -> Any:
    return trim_zeros(p, "f") if trim else p


def polymul(a1: ArrayLike, a2: ArrayLike, *, trim_leading_zeros: bool = False) -> Array:
    """The product of two polynomials.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.polymul(jnp.array([1, 1]), jnp.array([1, -1])).tolist()
        [1, 0, -1]
    """
    a, b = (_trimmed(x, trim_leading_zeros) for x in atleast_1d(asarray(a1), asarray(a2)))
    return convolve(a, b)


def polydiv(u: ArrayLike, v: ArrayLike, *, trim_leading_zeros: bool = False) -> tuple[Array, Array]:
    """The quotient and the rest of two polynomials."""
    u, v = promote_dtypes("polydiv", asarray(u) / 1, asarray(v) / 1)
    steps = max(u.size - v.size + 1, 1)
    quotient = zeros(steps, u.dtype)
    for i in range(steps if u.size >= v.size else 0):
        quotient = quotient.at[i].set(u[i] / v[0])
        u = u.at[i : i + v.size].add(-quotient[i] * v)
    return quotient, _trimmed(u, trim_leading_zeros)


def polyder(p: ArrayLike, m: int = 1) -> Array:
    """The m-th derivative of a polynomial."""
    p = asarray(p)
    for _ in range(m):
        p = p[:-1] * arange(p.size - 1, 0, -1)
    return p


def polyint(p: ArrayLike, m: int = 1, k: ArrayLike | None = None) -> Array:
    """The m-th integral of a polynomial, with the constants `k` (0 by default)."""
    p = asarray(p)
    wide = aval_of(p / 1).dtype if isinstance(k, float | list | tuple) else None
    constants = asarray(0 if k is None else k, wide).reshape(-1)
    if constants.size not in (1, m):
        raise ArgumentValueError(f"`polyint` takes {m} constants, but got {constants.size}")
    for i in range(m):
        end = constants[i if constants.size > 1 else 0]
        p = concatenate([p / arange(p.size, 0, -1), end[None]])
    return p


def poly(seq_of_zeros: ArrayLike) -> Array:
    """The polynomial with these zeros, or the characteristic polynomial of a matrix."""
    zeros_at = asarray(seq_of_zeros)
    zeros_at = linalg.eigvals(zeros_at) if zeros_at.ndim == 2 else atleast_1d(zeros_at)
    out = ones(1, zeros_at.dtype)
    for i in range(zeros_at.size):
        out = convolve(out, concatenate([ones(1, out.dtype), -zeros_at[i : i + 1]]))
    return out


def roots(p: ArrayLike, *, strip_zeros: bool = True) -> Array:
    """The zeros of a polynomial, as complex numbers: the eigenvalues of its companion matrix.

    Raises:
        ArgumentValueError: under a trace, unless `strip_zeros=False`: how many there are depends
            on which coefficients are 0.
    """
    p = atleast_1d(promote_inexact("roots", asarray(p)))
    ends = 0
    if strip_zeros:
        if isinstance(p, Tracer):
            raise ArgumentValueError(
                "how many roots there are depends on which of the traced coefficients are 0",
                help="jib.numpy.roots(p, strip_zeros=False)",
            )
        p = trim_zeros(p, "f")
        p, ends = trim_zeros(p, "b"), p.size
        ends -= p.size
    if p.size < 2:
        return zeros(ends, np.result_type(p.dtype, np.complex64))
    companion = diag(ones(p.size - 2, p.dtype), -1).at[0].set(-p[1:] / p[0])
    found = linalg.eigvals(companion)
    return concatenate([found, zeros(ends, found.dtype)])


def polyfit(
    x: ArrayLike,
    y: ArrayLike,
    deg: int,
    rcond: float | None = None,
    full: bool = False,
    w: ArrayLike | None = None,
    cov: bool | str = False,
) -> Any:
    """The polynomial of a degree that fits points best, by least squares.

    Returns:
        The coefficients; with `full` also the residuals, rank, singular values and `rcond`; with
        `cov` also the covariance of the coefficients.
    """
    x, y = (promote_inexact("polyfit", asarray(v)) for v in (x, y))
    if x.ndim != 1 or y.ndim not in (1, 2) or len(x) != len(y) or deg < 0:
        raise ShapeError(
            f"`polyfit` takes a vector, as many values, and a degree from 0 on, but got "
            f"{aval_of(x)}, {aval_of(y)} and {deg}"
        )
    rcond = len(x) * float(np.finfo(x.dtype).eps) if rcond is None else rcond
    left: Any = vander(x, deg + 1)
    if w is not None:
        weights: Any = asarray(w)[:, None]
        left, y = left * weights, (y.T * weights[:, 0]).T
    scale = ((left * left).sum(0)) ** 0.5
    out, residuals, rank, singular = linalg.lstsq(left / scale, y, rcond)
    out = (out.T / scale).T
    if full:
        return out, residuals, rank, singular, rcond
    if not cov:
        return out
    base = linalg.inv(left.T @ left)
    factor = 1.0 if cov == "unscaled" else residuals / (len(x) - deg - 1)
    return out, base * factor if y.ndim == 1 else base[:, :, None] * factor
