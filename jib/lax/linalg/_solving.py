"""LU decomposition, triangular systems, and square linear systems."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.core.avals import AxisData, ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import ShapeError
from jib.lax._families import constant_jvp, is_linear
from jib.lax._gathering import gather_along_axis
from jib.lax.linalg._library import Call, decomposition, info_like
from jib.lax.linalg._matrices import (
    check_matrices,
    check_square,
    eye_like,
    front,
    permuted,
    product,
    transposed,
    triangle,
)
from jib.passes.lower import lower_by_tracing
from jib.typing import Array, ArrayLike

__all__ = [
    "lu", "lu_p", "lu_pivots_to_permutation", "lu_pivots_to_permutation_p", "solve",
    "triangular_solve", "triangular_solve_p",
]  # fmt: skip

# ------------------------------------------------------------------------------------------ LU


def lu(x: ArrayLike) -> tuple[Array, Array, Array]:
    """The LU decomposition of matrices, with rows exchanged so that pivots are large.

    Returns:
        Both triangles in one matrix (the ones on the diagonal of the lower are left out), the
        exchanges of rows in order, and the permutation that they make together.

    Raises:
        ShapeError: if there are fewer than two axes.
        DTypeError: if the elements are neither of float32, float64 nor complex.
    """
    factors, pivots = lu_p.bind(x)
    return factors, pivots, lu_pivots_to_permutation(pivots, aval_of(x).shape[-2])


def lu_pivots_to_permutation(pivots: ArrayLike, permutation_size: int) -> Array:
    """The permutation of rows that exchanges, one after the other, make together."""
    return lu_pivots_to_permutation_p.bind(pivots, size=int(permutation_size))


def _permutation_type(pivots: ShapedArray, *, size: int) -> ShapedArray:
    if not pivots.ndim or pivots.dtype != np.int32 or pivots.shape[-1] > size:
        raise ShapeError(
            f"`lu_pivots_to_permutation` of {size} rows takes up to {size} int32 exchanges on the "
            f"last axis, but got {pivots}"
        )
    return ShapedArray((*pivots.shape[:-1], size), np.int32)


def _permutation_numpy(pivots: Any, *, size: int) -> Any:
    order = np.tile(np.arange(size, dtype=np.int32), (*pivots.shape[:-1], 1))
    for i in range(pivots.shape[-1]):
        other = pivots[..., i : i + 1].astype(np.int64)
        mine, theirs = order[..., i : i + 1].copy(), np.take_along_axis(order, other, -1)
        np.put_along_axis(order, other, mine, -1)
        order[..., i : i + 1] = theirs
    return order


def _permutation_hlo(pivots: Any, *, size: int) -> Any:
    aval = aval_of(pivots)
    place = aval.ndim - 1
    everywhere = (*aval.shape[:-1], size)
    start = lax.broadcasted_iota(np.dtype(np.int32), everywhere, place)

    def exchange(i: Any, order: Any) -> Any:
        other = lax.dynamic_slice_in_dim(pivots, i, 1, place)
        mine = lax.dynamic_slice_in_dim(order, i, 1, place)
        theirs = gather_along_axis(order, other, place, mode="promise_in_bounds")
        same = [
            lax.broadcast_in_dim(x, everywhere, range(place + 1)) for x in (other, mine, theirs)
        ]
        order = lax.select(lax.eq(start, same[0]), same[1], order)
        here = lax.eq(start, lax.convert_element_type(i, np.dtype(np.int32)))
        return lax.select(here, same[2], order)

    return lax.fori_loop(0, aval.shape[-1], exchange, start)


def _permutation_batch(axis: AxisData, args: Any, dims: Any, *, size: int) -> tuple[Any, int]:
    return lu_pivots_to_permutation_p.bind(*front(axis, args, dims), size=size), 0


lu_pivots_to_permutation_p = Primitive(
    "lu_pivots_to_permutation",
    type=_permutation_type,
    numpy=_permutation_numpy,
    jvp=constant_jvp(lambda: lu_pivots_to_permutation_p),
    transpose=Waived("integers have no derivative"),
    batch=_permutation_batch,
    lower=lower_by_tracing(_permutation_hlo),
)


def _lu_type(a: ShapedArray) -> list[ShapedArray]:
    check_matrices("lu", a)
    pivots = ShapedArray((*a.shape[:-2], min(a.shape[-2:])), np.int32)
    return [a, pivots]


def _lu_numpy(a: Any) -> list[Any]:
    factors = np.array(a).reshape(-1, *a.shape[-2:])
    rows, columns = a.shape[-2:]
    pivots = np.zeros((len(factors), min(rows, columns)), np.int32)
    for matrix, exchanged in zip(factors, pivots, strict=True):
        for k in range(min(rows, columns)):
            p = k + int(np.argmax(np.abs(matrix[k:, k].real) + np.abs(matrix[k:, k].imag)))
            exchanged[k] = p
            matrix[[k, p]] = matrix[[p, k]]
            matrix[k + 1 :, k] /= matrix[k, k]
            matrix[k + 1 :, k + 1 :] -= np.outer(matrix[k + 1 :, k], matrix[k, k + 1 :])
    return [factors.reshape(a.shape), pivots.reshape(*a.shape[:-2], -1)]


def _lu_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    """With L' = L lower(X), U' = upper(X) U and X = L**-1 P A' U**-1; square matrices."""
    (a,), (t,) = primals, tangents
    factors, pivots = lu_p.bind(a)
    no_pivots = Zero(tangent_aval(aval_of(pivots)))
    if type(t) is Zero:
        return [factors, pivots], [Zero(tangent_aval(aval_of(factors))), no_pivots]
    check_square("lu", aval_of(a))
    t = permuted(t, lu_pivots_to_permutation(pivots, aval_of(a).shape[-2]))
    inner = triangular_solve(factors, t, left_side=True, lower=True, unit_diagonal=True)
    inner = triangular_solve(factors, inner)
    lower, upper = triangle(inner, True, -1), triangle(inner, False)
    unit = lax.add(triangle(factors, True, -1), eye_like(a))
    change = lax.add(product(unit, lower), product(upper, triangle(factors, False)))
    return [factors, pivots], [change, no_pivots]


_LU = {"cpu": "lapack_{}getrf_ffi", "cuda": "cusolver_getrf_ffi"}


def _lu_call(target: str) -> Any:
    def call(a: Any, *, outs: Any) -> Call:
        return Call(target, [*outs, info_like(a)], checked=False)

    return call


def _lu_finish(factors: Any, pivots: Any, info: Any, *, platform: str) -> list[Any]:
    return [factors, lax.sub(pivots, np.int32(1))]


lu_p = decomposition(
    "lu",
    type=_lu_type,
    numpy=_lu_numpy,
    calls={platform: _lu_call(target) for platform, target in _LU.items()},
    finish=_lu_finish,
    jvp=_lu_jvp,
)


# --------------------------------------------------------------------------- triangular systems


def triangular_solve(
    a: ArrayLike,
    b: ArrayLike,
    *,
    left_side: bool = False,
    lower: bool = False,
    transpose_a: bool = False,
    conjugate_a: bool = False,
    unit_diagonal: bool = False,
) -> Array:
    """The solution of `x @ a == b`, or of `a @ x == b` with `left_side`, for triangular `a`.

    Args:
        a: matrices of shape `(..., n, n)`; only one triangle of them is read.
        b: right sides, of shape `(..., m, n)`, or `(..., n, m)` with `left_side`.
        lower: whether the lower triangle is read.
        transpose_a, conjugate_a: whether `a` is transposed and conjugated first.
        unit_diagonal: whether the diagonal counts as ones, and is not read.

    Raises:
        ShapeError: if the shapes do not fit.
    """
    flags = {"lower": bool(lower), "unit": bool(unit_diagonal)}
    if conjugate_a and aval_of(a).dtype.kind == "c":
        a = lax.conj(a)
    if left_side:
        return triangular_solve_p.bind(a, b, turned=bool(transpose_a), **flags)
    solved = triangular_solve_p.bind(a, transposed(b), turned=not transpose_a, **flags)
    return transposed(solved)


def _triangular_type(a: ShapedArray, b: ShapedArray, **params: Any) -> ShapedArray:
    check_square("triangular_solve", a)
    if b.ndim != a.ndim or b.shape[:-1] != a.shape[:-1] or a.dtype != b.dtype:
        raise ShapeError(f"`triangular_solve` cannot solve {a} for right sides {b}")
    return b


def _triangular_numpy(a: Any, b: Any, *, turned: bool, lower: bool, unit: bool) -> Any:
    matrix = np.tril(a) if lower else np.triu(a)
    if unit:
        eye = np.eye(a.shape[-1], dtype=bool)
        matrix = np.where(eye, np.ones_like(matrix), matrix)
    return np.linalg.solve(np.swapaxes(matrix, -1, -2) if turned else matrix, b)


def _triangular_jvp(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
    (a, b), (da, db) = primals, tangents
    x = triangular_solve_p.bind(a, b, **params)
    right = None if type(db) is Zero else db
    if type(da) is not Zero:
        da = triangle(da, params["lower"], (-1 if params["lower"] else 1) * params["unit"])
        change = lax.neg(product(transposed(da) if params["turned"] else da, x))
        right = change if right is None else lax.add(right, change)
    if right is None:
        return x, Zero(tangent_aval(aval_of(x)))
    return x, triangular_solve_p.bind(a, right, **params)


def _triangular_transpose(ct: Any, a: Any, b: Any, **params: Any) -> list[Any]:
    return [None, triangular_solve_p.bind(a, ct, **{**params, "turned": not params["turned"]})]


def _triangular_batch(axis: AxisData, args: Any, dims: Any, **params: Any) -> tuple[Any, int]:
    return triangular_solve_p.bind(*front(axis, args, dims), **params), 0


def _triangular_lower(ctx: Any, a: Any, b: Any, *, turned: bool, lower: bool, unit: bool) -> Any:
    kind = mlir.hlo.TransposeAttr.get("TRANSPOSE" if turned else "NO_TRANSPOSE")
    flags = [mlir.bool_attribute(x) for x in (True, lower, unit)]
    return mlir.hlo.triangular_solve(a, b, *flags, kind)


triangular_solve_p = Primitive(
    "triangular_solve",
    type=_triangular_type,
    numpy=_triangular_numpy,
    jvp=_triangular_jvp,
    transpose=_triangular_transpose,
    batch=_triangular_batch,
    lower=_triangular_lower,
)


# ------------------------------------------------------------------------------- square systems


def solve(a: ArrayLike, b: ArrayLike) -> Array:
    """The solution of `a @ x == b` for matrices of shape `(..., n, n)` and `(..., n, m)`.

    Derivatives solve with the same matrix again; they do not go through its decomposition.
    """
    return solve_p.bind(a, b, turned=False)


def _solve_type(a: ShapedArray, b: ShapedArray, *, turned: bool) -> ShapedArray:
    check_square("solve", a)
    if b.ndim != a.ndim or b.shape[:-1] != a.shape[:-1] or a.dtype != b.dtype:
        raise ShapeError(f"`solve` cannot solve {a} for right sides {b}")
    return b


def _solve_hlo(a: Any, b: Any, *, turned: bool) -> Any:
    factors, pivots = lu_p.bind(a)
    order = lu_pivots_to_permutation(pivots, aval_of(a).shape[-1])
    lower = {"turned": turned, "lower": True, "unit": True}
    upper = {"turned": turned, "lower": False, "unit": False}
    if not turned:
        x = triangular_solve_p.bind(factors, permuted(b, order), **lower)
        return triangular_solve_p.bind(factors, x, **upper)
    x = triangular_solve_p.bind(factors, b, **upper)
    x = triangular_solve_p.bind(factors, x, **lower)
    places = lax.broadcasted_iota(np.dtype(np.int32), aval_of(order).shape, aval_of(order).ndim - 1)
    back = lax.sort((order, places), num_keys=1)[1]
    return permuted(x, back)


def _solve_jvp(primals: Any, tangents: Any, *, turned: bool) -> tuple[Any, Any]:
    (a, b), (da, db) = primals, tangents
    x = solve_p.bind(a, b, turned=turned)
    right = None if type(db) is Zero else db
    if type(da) is not Zero:
        change = lax.neg(product(transposed(da) if turned else da, x))
        right = change if right is None else lax.add(right, change)
    if right is None:
        return x, Zero(tangent_aval(aval_of(x)))
    return x, solve_p.bind(a, right, turned=turned)


def _solve_transpose(ct: Any, a: Any, b: Any, *, turned: bool) -> list[Any]:
    if is_linear(a):
        raise AssertionError("`solve` is linear in its right sides alone")
    return [None, solve_p.bind(a, ct, turned=not turned)]


def _solve_batch(axis: AxisData, args: Any, dims: Any, *, turned: bool) -> tuple[Any, int]:
    return solve_p.bind(*front(axis, args, dims), turned=turned), 0


solve_p = Primitive(
    "solve",
    type=_solve_type,
    numpy=lambda a, b, *, turned: np.linalg.solve(np.swapaxes(a, -1, -2) if turned else a, b),
    jvp=_solve_jvp,
    transpose=_solve_transpose,
    batch=_solve_batch,
    lower=lower_by_tracing(_solve_hlo),
)
