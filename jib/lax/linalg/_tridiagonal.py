"""Linear systems with three diagonals."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from jib import lax
from jib.core.avals import ShapedArray
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.errors import DTypeError, ShapeError
from jib.lax._families import constant_like
from jib.lax.linalg._library import Call, info_like, library_lowering
from jib.lax.linalg._matrices import LETTERS, scaled
from jib.lax.linalg._solving import linear_system
from jib.typing import Array, ArrayLike

__all__ = ["tridiagonal_solve", "tridiagonal_solve_p"]


def tridiagonal_solve(
    dl: ArrayLike, d: ArrayLike, du: ArrayLike, b: ArrayLike, *, perturb_singular: bool = False
) -> Array:
    """The solution of `a @ x == b` for matrices with three diagonals.

    Args:
        dl: the diagonal below, of shape `(..., n)`; `dl[..., 0]` is not read.
        d: the main diagonal.
        du: the diagonal above; `du[..., -1]` is not read.
        b: right sides, of shape `(..., n, m)`.
        perturb_singular: whether pivots that are nearly 0 are moved away from it.

    Raises:
        ShapeError: if the shapes do not fit.
        DTypeError: if the elements are neither of float32, float64 nor complex.
    """
    return tridiagonal_solve_p.bind(dl, d, du, b, perturb=bool(perturb_singular))


def _type(dl: Any, d: Any, du: Any, b: Any, *, perturb: bool) -> ShapedArray:
    shapes = {x.shape for x in (dl, d, du)}
    if len(shapes) > 1 or not d.ndim or b.shape[:-1] != d.shape:
        raise ShapeError(
            f"`tridiagonal_solve` cannot solve diagonals {dl}, {d} and {du} for right sides {b}"
        )
    if b.dtype.name not in LETTERS or any(x.dtype != b.dtype for x in (dl, d, du)):
        raise DTypeError(
            "`tridiagonal_solve` takes operands of one float32, float64 or complex dtype, but got "
            f"{dl}, {d}, {du} and {b}"
        )
    return ShapedArray(b.shape, b.dtype)


def _numpy(dl: Any, d: Any, du: Any, b: Any, *, perturb: bool) -> Any:
    n = d.shape[-1]
    matrix = np.zeros((*d.shape, n), d.dtype)
    i = np.arange(n)
    matrix[..., i, i] = d
    matrix[..., i[1:], i[:-1]] = dl[..., 1:]
    matrix[..., i[:-1], i[1:]] = du[..., :-1]
    return np.linalg.solve(matrix, b)


def _moved(x: Any, axis: int, by: int) -> Any:
    """`x` moved along an axis by one place, with 0 where nothing comes from."""
    widths = [(0, 0, 0)] * aval_of(x).ndim
    widths[axis] = (by, -by, 0)
    return lax.pad(x, constant_like(x, 0), widths)


def _image(x: Any, *changes: Any, perturb: bool) -> Any:
    row = aval_of(x).ndim - 2
    terms = [
        scaled(_moved(x, row, by) if by else x, t, rows=True)
        for t, by in zip(changes, (1, 0, -1), strict=True)
        if type(t) is not Zero
    ]
    return functools.reduce(lambda a, b: lax.add(a, b), terms)


def _turned(dl: Any, d: Any, du: Any, **params: Any) -> tuple[list[Any], dict[str, Any]]:
    last = aval_of(d).ndim - 1
    return [_moved(du, last, 1), d, _moved(dl, last, -1)], params


def _cpu(*avals: ShapedArray, outs: Any, perturb: bool) -> Call:
    if perturb:
        return Call("tridiagonal_solve_perturbed_ffi", outs, aliases={}, checked=False)
    results = [*avals, info_like(avals[3])]
    return Call("lapack_{}gtsv_ffi", results, aliases={i: i for i in range(4)})


def _cuda(*avals: ShapedArray, outs: Any, perturb: bool) -> Call:
    target = "cu_tridiagonal_solve_perturbed" if perturb else "cusparse_gtsv2_ffi"
    return Call(target, outs, aliases={} if perturb else {3: 0}, checked=False)


_lower = library_lowering(
    "tridiagonal_solve",
    {"cpu": _cpu, "cuda": _cuda},
    lambda *results, platform, perturb: [results[-1]],
)
tridiagonal_solve_p = linear_system(
    "tridiagonal_solve",
    type=_type,
    numpy=_numpy,
    image=_image,
    turned=_turned,
    lower=lambda ctx, *values, **params: _lower(ctx, *values, **params)[0],
)
