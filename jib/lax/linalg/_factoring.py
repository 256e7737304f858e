"""Triangular and orthogonal factors: Cholesky and QR decompositions, Householder reflections."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import lax
from jib.core.avals import ShapedArray
from jib.core.tracing import aval_of
from jib.errors import ShapeError
from jib.lax._families import constant_like, zero_tangent
from jib.lax.linalg._library import Call, decomposition, info_like, lapack
from jib.lax.linalg._matrices import (
    adjoint,
    check_square,
    eye_like,
    hermitian,
    in_dtype,
    on_diagonal,
    permuted,
    product,
    transposed,
    triangle,
)
from jib.lax.linalg._solving import solve, triangular_solve
from jib.typing import Array, ArrayLike

__all__ = [
    "cholesky", "cholesky_p", "geqp3", "geqrf", "householder_product", "householder_product_p",
    "ormqr", "ormqr_p", "qr", "qr_p",
]  # fmt: skip


# ------------------------------------------------------------------------------------- Cholesky


def cholesky(x: ArrayLike, *, symmetrize_input: bool = True) -> Array:
    """The lower triangle `l` with `l @ l^H == x`, for Hermitian positive definite matrices.

    Args:
        x: matrices of shape `(..., n, n)`; only the lower triangle is read.
        symmetrize_input: whether `x` is replaced by its Hermitian part first.

    Returns:
        Matrices of the shape of `x`; NaN where one is not positive definite.

    Raises:
        ShapeError: if the matrices are not square.
        DTypeError: if the elements are neither of float32, float64 nor complex.
    """
    check_square("cholesky", aval_of(x))
    return cholesky_p.bind(hermitian(x) if symmetrize_input else x)[0]


def _cholesky_numpy(a: Any) -> list[Any]:
    try:
        return [np.linalg.cholesky(a)]
    except np.linalg.LinAlgError:
        return [np.full_like(a, np.nan)]


def _cholesky_jvp(a: Any, t: Any) -> tuple[Any, Any]:
    """L' = L phi(L**-1 A' L**-H), where phi halves the diagonal of the lower triangle."""
    (factor,) = outs = cholesky_p.bind(a)
    t = hermitian(t, True)
    inner = triangular_solve(factor, t, lower=True, transpose_a=True, conjugate_a=True)
    inner = triangular_solve(factor, inner, left_side=True, lower=True)
    half = lax.mul(on_diagonal(inner), constant_like(inner, 0.5))
    return outs, [product(factor, lax.sub(triangle(inner, True), half))]


cholesky_p = decomposition(
    "cholesky",
    type=lambda a: [a],
    numpy=_cholesky_numpy,
    square=True,
    calls={
        "cpu": lambda a, outs: Call("lapack_{}potrf_ffi", [a, info_like(a)], {"uplo": "L"}),
        "cuda": lambda a, outs: Call("cusolver_potrf_ffi", [a, info_like(a)], {"lower": True}),
    },
    finish=lambda factor, platform: [triangle(factor, True)],
    jvp=_cholesky_jvp,
)


# ------------------------------------------------------------------- Householder reflections


def geqrf(a: ArrayLike) -> tuple[Array, Array]:
    """A QR decomposition as LAPACK keeps it: `r` with the reflections under it, and factors."""
    packed, taus = geqrf_p.bind(a)
    return packed, taus


def geqp3(a: ArrayLike, jpvt: ArrayLike, *, use_magma: bool | None = None) -> Any:
    """Like `geqrf`, with columns exchanged: the packed matrix, the columns from 1, and factors."""
    return tuple(geqp3_p.bind(a, jpvt))


def _taus(a: ShapedArray) -> ShapedArray:
    return ShapedArray((*a.shape[:-2], min(a.shape[-2:])), a.dtype)


def _geqp3_type(a: ShapedArray, jpvt: ShapedArray) -> list[ShapedArray]:
    if jpvt.dtype != np.int32 or jpvt.shape != (*a.shape[:-2], a.shape[-1]):
        raise ShapeError(f"`geqp3` takes one int32 for each column, but got {a} and {jpvt}")
    return [a, jpvt, _taus(a)]


geqrf_p = decomposition(
    "geqrf",
    type=lambda a: [a, _taus(a)],
    numpy=lambda a: lapack("geqrf", a.dtype)(a)[:2],
    calls={
        "cpu": lambda a, outs: Call("lapack_{}geqrf_ffi", outs, checked=False),
        "cuda": lambda a, outs: Call("cusolver_geqrf_ffi", outs, checked=False),
    },
)
geqp3_p = decomposition(
    "geqp3",
    type=_geqp3_type,
    numpy=lambda a, jpvt: lapack("geqp3", a.dtype)(a)[:3],
    calls={
        "cpu": lambda *avals, outs: Call(
            "lapack_{}geqp3_ffi", outs, aliases={0: 0, 1: 1}, checked=False
        )
    },
)


def householder_product(a: ArrayLike, taus: ArrayLike) -> Array:
    """The first columns of the product of reflections `I - tau v v^H`.

    Args:
        a: matrices of shape `(..., m, n)` with `m >= n`, whose columns below the diagonal are the
            vectors `v` (the diagonal counts as 1).
        taus: the factors, of shape `(..., k)` with `k <= n`.

    Raises:
        ShapeError: if the shapes do not fit.
    """
    return householder_product_p.bind(a, taus)[0]


def _check_reflections(name: str, a: ShapedArray, taus: ShapedArray) -> None:
    if taus.shape[:-1] != a.shape[:-2] or taus.shape[-1] > min(a.shape[-2:]):
        raise ShapeError(f"`{name}` cannot make reflections of {a} with factors {taus}")


def _householder_type(a: ShapedArray, taus: ShapedArray) -> list[ShapedArray]:
    _check_reflections("householder_product", a, taus)
    if a.shape[-2] < a.shape[-1]:
        raise ShapeError(f"`householder_product` takes no more columns than rows, but got {a}")
    return [a]


def _reflected(a: Any, taus: Any) -> Any:
    """The whole product of the reflections, by NumPy."""
    q = np.eye(len(a), dtype=a.dtype)
    for i, tau in enumerate(taus):
        v = np.concatenate([np.zeros(i), [1], a[i + 1 :, i]]).astype(a.dtype)
        q = q - np.outer(q @ v, tau * v.conj())
    return q.astype(a.dtype)


def _orthogonal(name: str, alias: int) -> Any:
    """Calls of a routine that is called unitary for complex matrices."""

    def cuda(a: Any, *rest: Any, outs: Any, **flags: Any) -> Call:
        return Call(f"cusolver_or{name}_ffi", outs, flags, {alias: 0}, checked=False)

    def cpu(a: Any, *rest: Any, **params: Any) -> Call:
        prefix = "un" if a.dtype.kind == "c" else "or"
        return cuda(a, **params)._replace(target=f"lapack_{{}}{prefix}{name}_ffi")

    return {"cpu": cpu, "cuda": cuda}


householder_product_p = decomposition(
    "householder_product",
    type=_householder_type,
    numpy=lambda a, taus: [_reflected(a, taus)[:, : a.shape[1]]],
    calls=_orthogonal("gqr", 0),
)


def ormqr(
    a: ArrayLike, taus: ArrayLike, c: ArrayLike, *, left: bool = True, transpose: bool = False
) -> Array:
    """`q @ c` (or `c @ q` without `left`), where `q` is the product of reflections in `a`.

    With `transpose` the adjoint of `q` is taken. `q` itself is never made.

    Raises:
        ShapeError: if the shapes do not fit.
    """
    return ormqr_p.bind(a, taus, c, left=bool(left), transpose=bool(transpose))[0]


def _ormqr_type(a: Any, taus: Any, c: Any, *, left: bool, transpose: bool) -> list[ShapedArray]:
    _check_reflections("ormqr", a, taus)
    if c.ndim != a.ndim or c.shape[:-2] != a.shape[:-2] or c.shape[-1 - left] != a.shape[-2]:
        side = "from the left" if left else "from the right"
        raise ShapeError(f"`ormqr` cannot multiply {c} {side} by reflections in {a}")
    return [c.strip_weak_type()]


def _ormqr_numpy(a: Any, taus: Any, c: Any, *, left: bool, transpose: bool) -> list[Any]:
    q = _reflected(a, taus)
    q = q.conj().T if transpose else q
    return [q @ c if left else c @ q]


ormqr_p = decomposition("ormqr", type=_ormqr_type, numpy=_ormqr_numpy, calls=_orthogonal("mqr", 2))


# -------------------------------------------------------------------------------------------- QR


def qr(
    x: ArrayLike,
    *,
    pivoting: bool = False,
    full_matrices: bool = True,
    use_magma: bool | None = None,
) -> Any:
    """`q` with orthonormal columns and an upper triangle `r` with `q @ r == x`.

    Args:
        x: matrices of shape `(..., m, n)`.
        pivoting: whether columns are exchanged so that the diagonal of `r` falls; then the order
            of the columns is a third result, and `q @ r == x[..., order]`.
        full_matrices: whether `q` has shape `(m, m)`, or `(m, min(m, n))`.

    Raises:
        ShapeError: if there are fewer than two axes.
        DTypeError: if the elements are neither of float32, float64 nor complex.

    The derivative needs the first `min(m, n)` columns of `x` to be independent.
    """
    return tuple(qr_p.bind(x, pivoting=bool(pivoting), full=bool(full_matrices)))


def _qr_type(a: ShapedArray, *, pivoting: bool, full: bool) -> list[ShapedArray]:
    *lead, m, n = a.shape
    k = m if full else min(m, n)
    outs = [ShapedArray((*lead, m, k), a.dtype), ShapedArray((*lead, k, n), a.dtype)]
    return [*outs, ShapedArray((*lead, n), np.int32)] if pivoting else outs


def _qr_numpy(a: Any, *, pivoting: bool, full: bool) -> list[Any]:
    mode = "complete" if full else "reduced"
    if not pivoting:
        return list(np.linalg.qr(a, mode))
    order = lapack("geqp3", a.dtype)(a)[1] - 1
    return [*np.linalg.qr(a[:, order], mode), order]


def _qr_hlo(a: Any, *, pivoting: bool, full: bool) -> list[Any]:
    *lead, m, n = aval_of(a).shape
    if pivoting:
        columns = lax.full((*lead, n), 0, np.int32)
        packed, columns, taus = geqp3_p.bind(a, columns)
        order = [lax.sub(columns, np.int32(1))] if m else [columns]
    else:
        (packed, taus), order = geqrf_p.bind(a), []
    k = m if full else min(m, n)
    vectors = lax.slice_in_dim(packed, 0, min(k, n), axis=len(lead) + 1)
    if k > n:
        widths = [(0, 0, 0)] * (len(lead) + 1) + [(0, k - n, 0)]
        vectors = lax.pad(vectors, constant_like(vectors, 0), widths)
    (q,) = householder_product_p.bind(vectors, taus)
    r = lax.slice_in_dim(triangle(packed, False), 0, k, axis=len(lead))
    return [q, r, *order]


def _thin_qr_jvp(q: Any, r: Any, dx: Any) -> tuple[Any, Any]:
    """For square `r`: Walter and Lehmann (2010), https://arxiv.org/abs/1001.1654."""
    scaled_dx = triangular_solve(r, dx)
    inner = product(adjoint(q), scaled_dx)
    below = triangle(inner, True, -1)
    turn = lax.sub(below, adjoint(below))
    if aval_of(inner).dtype.kind == "c":  # the diagonal of r stays real
        line = on_diagonal(inner)
        turn = lax.add(turn, lax.sub(line, in_dtype(lax.real(line), line)))
    dq = lax.add(product(q, lax.sub(turn, inner)), scaled_dx)
    return dq, product(lax.sub(inner, turn), r)


def _full_qr_jvp(q: Any, dq: Any) -> Any:
    """The change of the other columns of `q`: https://arxiv.org/abs/2409.13374, section 4."""
    *lead, m, n = aval_of(dq).shape
    rows = len(lead)
    thin, rest = (lax.slice_in_dim(q, *ends, axis=rows + 1) for ends in ((0, n), (n, m)))
    upper, lower = (lax.slice_in_dim(thin, *ends, axis=rows) for ends in ((0, n), (n, m)))
    d_upper, d_lower = (lax.slice_in_dim(dq, *ends, axis=rows) for ends in ((0, n), (n, m)))
    base = lax.sub(upper, eye_like(upper))
    z = adjoint(solve(adjoint(base), adjoint(lower)))  # lower @ (upper - I)**-1
    moved = adjoint(lax.sub(d_lower, product(z, d_upper)))
    change = product(lax.add(thin, product(rest, z)), moved)
    return lax.sub(product(dq, adjoint(z)), change)


def _qr_jvp(x: Any, dx: Any, *, pivoting: bool, full: bool) -> tuple[Any, Any]:
    q, r, *order = outs = qr_p.bind(x, pivoting=pivoting, full=full)
    *lead, m, n = aval_of(x).shape
    column = len(lead) + 1
    if pivoting:
        x, dx = (transposed(permuted(transposed(t), *order)) for t in (x, dx))
    if m < n:
        left, right = (lax.slice_in_dim(dx, *ends, axis=column) for ends in ((0, m), (m, n)))
        dq, dr = _thin_qr_jvp(q, lax.slice_in_dim(r, 0, m, axis=column), left)
        rest = product(adjoint(dq), lax.slice_in_dim(x, m, n, axis=column))
        dr = lax.concatenate([dr, lax.add(rest, product(adjoint(q), right))], column)
    else:
        thin = lax.slice_in_dim(q, 0, n, axis=column)
        dq, dr = _thin_qr_jvp(thin, lax.slice_in_dim(r, 0, n, axis=column - 1), dx)
        if full and m > n:
            dq = lax.concatenate([dq, _full_qr_jvp(q, dq)], column)
            below = lax.full((*lead, m - n, n), 0, aval_of(dr).dtype)
            dr = lax.concatenate([dr, below], column - 1)
    return outs, [dq, dr, *zero_tangent(order)]


qr_p = decomposition("qr", type=_qr_type, numpy=_qr_numpy, traced=_qr_hlo, jvp=_qr_jvp)
