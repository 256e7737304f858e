"""LU decomposition, triangular systems, and square linear systems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.core.avals import ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.errors import ShapeError
from jib.lax._families import batch_in_front, constant_jvp, zero_tangent
from jib.lax._gathering import gather_along_axis
from jib.lax.linalg._library import Call, decomposition, info_like, lapack, library_lowering
from jib.lax.linalg._matrices import (
    LETTERS,
    check_square,
    eye_like,
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
    start = lax.broadcasted_iota(np.int32, everywhere, place)

    def exchange(i: Any, order: Any) -> Any:
        other = lax.dynamic_slice_in_dim(pivots, i, 1, place)
        mine = lax.dynamic_slice_in_dim(order, i, 1, place)
        theirs = gather_along_axis(order, other, place, mode="promise_in_bounds")
        other, mine, theirs = (
            lax.broadcast_in_dim(x, everywhere, range(place + 1)) for x in (other, mine, theirs)
        )
        order = lax.select(lax.eq(start, other), mine, order)
        here = lax.eq(start, lax.convert_element_type(i, np.int32))
        return lax.select(here, theirs, order)

    return lax.fori_loop(0, aval.shape[-1], exchange, start)


lu_pivots_to_permutation_p = Primitive(
    "lu_pivots_to_permutation",
    type=_permutation_type,
    numpy=_permutation_numpy,
    jvp=constant_jvp(lambda: lu_pivots_to_permutation_p),
    transpose=Waived("integers have no derivative"),
    batch=batch_in_front(lambda: lu_pivots_to_permutation_p),
    lower=lower_by_tracing(_permutation_hlo),
)


def _lu_jvp(a: Any, t: Any) -> tuple[Any, Any]:
    """With L' = L lower(X), U' = upper(X) U and X = L**-1 P A' U**-1; square matrices."""
    factors, pivots = lu_p.bind(a)
    check_square("lu", aval_of(a))
    t = permuted(t, lu_pivots_to_permutation(pivots, aval_of(a).shape[-2]))
    inner = triangular_solve(factors, t, left_side=True, lower=True, unit_diagonal=True)
    inner = triangular_solve(factors, inner)
    lower, upper = triangle(inner, True, -1), triangle(inner, False)
    unit = lax.add(triangle(factors, True, -1), eye_like(a))
    change = lax.add(product(unit, lower), product(upper, triangle(factors, False)))
    return [factors, pivots], [change, zero_tangent(pivots)]


def _lu_call(target: str) -> Any:
    return lambda a, outs: Call(target, [*outs, info_like(a)], checked=False)


lu_p = decomposition(
    "lu",
    type=lambda a: [a, ShapedArray((*a.shape[:-2], min(a.shape[-2:])), np.int32)],
    numpy=lambda a: lapack("getrf", a.dtype)(a)[:2],
    calls={"cpu": _lu_call("lapack_{}getrf_ffi"), "cuda": _lu_call("cusolver_getrf_ffi")},
    finish=lambda factors, pivots, info, platform: [factors, lax.sub(pivots, np.int32(1))],
    jvp=_lu_jvp,
)


# ----------------------------------------------------------------------------------- systems


def linear_system(
    name: str,
    *,
    type: Callable[..., ShapedArray],
    numpy: Callable[..., Any],
    image: Callable[..., Any],
    turned: Callable[..., tuple[Sequence[Any], dict[str, Any]]],
    lower: Callable[..., Any],
) -> Primitive:
    """A primitive `(*a, b) -> x` that solves `a @ x == b`: linear in `b`, its last operand.

    Args:
        image: `(x, *changes, **params)`: the change of `a`, some of it `Zero`, times `x`.
        turned: `(*a, **params) -> (a, params)` of the system with the transpose of `a`.
    """

    def jvp(primals: Any, tangents: Any, **params: Any) -> tuple[Any, Any]:
        x = primitive.bind(*primals, **params)
        *changes, right = tangents
        if any(not isinstance(t, Zero) for t in changes):
            moved = lax.neg(image(x, *changes, **params))
            right = moved if isinstance(right, Zero) else lax.add(right, moved)
        if isinstance(right, Zero):
            return x, zero_tangent(x)
        return x, primitive.bind(*primals[:-1], right, **params)

    def transpose(ct: Any, *operands: Any, **params: Any) -> list[Any]:
        a, others = turned(*operands[:-1], **params)
        return [*[None] * len(a), primitive.bind(*a, ct, **others)]

    primitive = Primitive(
        name,
        type=type,
        numpy=numpy,
        jvp=jvp,
        transpose=transpose,
        batch=batch_in_front(lambda: primitive),
        lower=lower,
    )
    return primitive


def _square_system(name: str) -> Callable[..., ShapedArray]:
    def rule(a: ShapedArray, b: ShapedArray, **params: Any) -> ShapedArray:
        check_square(name, a)
        if b.ndim != a.ndim or b.shape[:-1] != a.shape[:-1] or a.dtype != b.dtype:
            raise ShapeError(f"`{name}` cannot solve {a} for right sides {b}")
        return b

    return rule


def _other_way(a: Any, *, turned: bool, **flags: Any) -> tuple[Sequence[Any], dict[str, Any]]:
    return [a], {"turned": not turned, **flags}


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


def _triangular_numpy(a: Any, b: Any, *, turned: bool, lower: bool, unit: bool) -> Any:
    matrix = np.tril(a) if lower else np.triu(a)
    if unit:
        matrix = np.where(np.eye(a.shape[-1], dtype=bool), 1, matrix)
    return np.linalg.solve(np.swapaxes(matrix, -1, -2) if turned else matrix, b)


def _triangular_image(x: Any, da: Any, *, turned: bool, lower: bool, unit: bool) -> Any:
    da = triangle(da, lower, (-1 if lower else 1) * unit)
    return product(transposed(da) if turned else da, x)


def _triangular_call(a: Any, b: Any, *, outs: Any, turned: bool, lower: bool, unit: bool) -> Call:
    flags = {"diag": "NU"[unit], "side": "L", "trans_x": "NT"[turned], "uplo": "UL"[lower]}
    return Call("lapack_{}trsm_ffi", outs, flags, aliases={1: 0}, checked=False)


_triangular_library = library_lowering("triangular_solve", {"cpu": _triangular_call}, None)


def _triangular_lower(ctx: Any, a: Any, b: Any, *, turned: bool, lower: bool, unit: bool) -> Any:
    aval = ctx.avals_in[1]
    if ctx.platform == "cpu" and aval.dtype.name in LETTERS and aval.size:
        return _triangular_library(ctx, a, b, turned=turned, lower=lower, unit=unit)[0]
    kind = mlir.hlo.TransposeAttr.get("TRANSPOSE" if turned else "NO_TRANSPOSE")
    flags = [mlir.bool_attribute(x) for x in (True, lower, unit)]
    return mlir.hlo.triangular_solve(a, b, *flags, kind)


triangular_solve_p = linear_system(
    "triangular_solve",
    type=_square_system("triangular_solve"),
    numpy=_triangular_numpy,
    image=_triangular_image,
    turned=_other_way,
    lower=_triangular_lower,
)


def solve(a: ArrayLike, b: ArrayLike) -> Array:
    """The solution of `a @ x == b` for matrices of shape `(..., n, n)` and `(..., n, m)`.

    Derivatives solve with the same matrix again; they do not go through its decomposition.
    """
    return solve_p.bind(a, b, turned=False)


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
    places = lax.broadcasted_iota(np.int32, aval_of(order).shape, aval_of(order).ndim - 1)
    back = lax.sort((order, places), num_keys=1)[1]
    return permuted(x, back)


solve_p = linear_system(
    "solve",
    type=_square_system("solve"),
    numpy=lambda a, b, *, turned: np.linalg.solve(np.swapaxes(a, -1, -2) if turned else a, b),
    image=lambda x, da, *, turned: product(transposed(da) if turned else da, x),
    turned=_other_way,
    lower=lower_by_tracing(_solve_hlo),
)
