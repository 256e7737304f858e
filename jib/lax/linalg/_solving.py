"""LU decomposition, triangular systems, and square linear systems."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import lax
from jib.backend import mlir
from jib.backend.ffi import ensure_lapack
from jib.backend.mlir import ir
from jib.core.avals import AxisData, ShapedArray
from jib.core.primitive import Primitive, Waived
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import DTypeError, NotAvailableError, ShapeError
from jib.lax._families import is_linear
from jib.lax._gathering import gather_along_axis
from jib.passes.batch import to_batch_axis
from jib.passes.lower import lower_by_tracing
from jib.typing import Array, ArrayLike

__all__ = ["lu", "lu_pivots_to_permutation", "solve", "triangular_solve"]

_LAPACK = {"float32": "s", "float64": "d", "complex64": "c", "complex128": "z"}


def _check_square(name: str, a: ShapedArray) -> None:
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"`{name}` takes square matrices on the last two axes, but got {a}")
    _check_dtype(name, a)


def _check_dtype(name: str, a: ShapedArray) -> None:
    if a.dtype.name not in _LAPACK:
        raise DTypeError(
            f"`{name}` takes float32, float64 or complex matrices, but got {a}",
            help="a = a.astype('float32')",
        )


def _product(a: Any, b: Any) -> Any:
    """Matrix products with equal leading axes, at full precision."""
    lead = tuple(range(aval_of(a).ndim - 2))
    last = len(lead)
    numbers = (((last + 1,), (last,)), (lead, lead))
    return lax.dot_general(a, b, numbers, precision="highest")


def _turned(a: Any, conjugate: bool = False) -> Any:
    """The (conjugate) transpose of the last two axes."""
    ndim = aval_of(a).ndim
    out = lax.transpose(a, (*range(ndim - 2), ndim - 1, ndim - 2))
    return lax.conj(out) if conjugate and aval_of(a).dtype.kind == "c" else out


def _triangle(a: Any, lower: bool, offset: int = 0) -> Any:
    """The elements on one side of a diagonal, zeros elsewhere."""
    shape = aval_of(a).shape
    rows, columns = (
        lax.broadcasted_iota(np.dtype(np.int32), shape, len(shape) - i) for i in (2, 1)
    )
    rows = lax.add(rows, np.int32(offset))
    keep = lax.ge(rows, columns) if lower else lax.le(rows, columns)
    return lax.select(keep, a, lax.full_like(a, 0))


def _front(axis: AxisData, args: Any, dims: Any) -> list[Any]:
    """All operands with the batch axis in front."""
    return [to_batch_axis(x, d, axis) for x, d in zip(args, dims, strict=True)]


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
    aval = aval_of(pivots)
    lead, count = aval.shape[:-1], aval.shape[-1]
    word = np.dtype(np.int32)
    place = len(lead)
    start = lax.broadcasted_iota(word, (*lead, permutation_size), place)

    def exchange(i: Any, order: Any) -> Any:
        other = lax.dynamic_slice_in_dim(pivots, i, 1, place)
        mine = lax.dynamic_slice_in_dim(order, i, 1, place)
        theirs = gather_along_axis(order, other, place, mode="promise_in_bounds")
        everywhere = aval_of(order).shape
        same = [
            lax.broadcast_in_dim(x, everywhere, range(place + 1)) for x in (other, mine, theirs)
        ]
        order = lax.select(lax.eq(start, same[0]), same[1], order)
        here = lax.eq(start, lax.convert_element_type(i, word))
        return lax.select(here, same[2], order)

    return lax.fori_loop(0, count, exchange, start)


def _lu_type(a: ShapedArray) -> list[ShapedArray]:
    if a.ndim < 2:
        raise ShapeError(f"`lu` takes matrices on the last two axes, but got {a}")
    _check_dtype("lu", a)
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
    _check_square("lu", aval_of(a))
    t = _permuted(t, lu_pivots_to_permutation(pivots, aval_of(a).shape[-2]))
    inner = triangular_solve(factors, t, left_side=True, lower=True, unit_diagonal=True)
    inner = triangular_solve(factors, inner)
    lower, upper = _triangle(inner, True, -1), _triangle(inner, False)
    size = aval_of(a).shape[-1]
    eye = lax.broadcast_in_dim(_eye(size, aval_of(a).dtype), aval_of(a).shape, _last_two(a))
    unit = lax.add(_triangle(factors, True, -1), eye)
    change = lax.add(_product(unit, lower), _product(upper, _triangle(factors, False)))
    return [factors, pivots], [change, no_pivots]


def _last_two(a: Any) -> tuple[int, int]:
    return aval_of(a).ndim - 2, aval_of(a).ndim - 1


def _eye(size: int, dtype: Any) -> Any:
    rows, columns = (lax.broadcasted_iota(np.dtype(np.int32), (size, size), i) for i in (0, 1))
    return lax.convert_element_type(lax.eq(rows, columns), dtype)


def _permuted(rows: Any, order: Any) -> Any:
    """Rows (on the last axis but one) in another order."""
    shape = aval_of(rows).shape
    lead = range(len(shape) - 1)
    index = lax.broadcast_in_dim(order, shape, lead)
    return gather_along_axis(rows, index, len(shape) - 2, mode="promise_in_bounds")


def _columns_first(ndim: int) -> Any:
    """The layout with matrices stored by columns."""
    order = (ndim - 2, ndim - 1, *range(ndim - 3, -1, -1)) if ndim >= 2 else range(ndim - 1, -1, -1)
    return ir.DenseIntElementsAttr.get(
        np.array(list(order), np.int64), type=ir.IndexType.get(mlir.context)
    )


def _rows_first(ndim: int) -> Any:
    order = np.arange(ndim - 1, -1, -1, dtype=np.int64)
    return ir.DenseIntElementsAttr.get(order, type=ir.IndexType.get(mlir.context))


_TARGETS = {"cpu": "lapack_{}getrf_ffi", "cuda": "cusolver_getrf_ffi"}


def _lu_lower(ctx: Any, a: Any) -> list[Any]:
    (matrix,), (_, pivots) = ctx.avals_in, ctx.avals_out
    target = _TARGETS.get(ctx.platform)
    if target is None:
        raise NotAvailableError(f"LU decomposition on {ctx.platform}", instead="the CPU")
    if ctx.platform == "cpu":
        ensure_lapack()
    info = ShapedArray(matrix.shape[:-2], np.int32)
    layouts = [
        _columns_first(matrix.ndim), _rows_first(pivots.ndim), _rows_first(info.ndim)
    ]  # fmt: skip
    alias = mlir.hlo.OutputOperandAlias.get([0], 0, [])
    call = mlir.emit_many(
        "stablehlo.custom_call",
        [mlir.ir_type(x) for x in (matrix, pivots, info)],
        [a],
        {
            "call_target_name": mlir.string_attribute(target.format(_LAPACK[matrix.dtype.name])),
            "api_version": mlir.integer_attribute(4, 32),
            "backend_config": ir.DictAttr.get({}, mlir.context),
            "operand_layouts": ir.ArrayAttr.get(layouts[:1], mlir.context),
            "result_layouts": ir.ArrayAttr.get(layouts, mlir.context),
            "output_operand_aliases": ir.ArrayAttr.get([alias], mlir.context),
        },
    )
    factors, exchanged, _ = call.results
    one = ctx.constant(1, pivots)
    zero_based = mlir.emit("stablehlo.subtract", mlir.ir_type(pivots), [exchanged, one])
    return [factors, zero_based]


def _lu_batch(axis: AxisData, args: Any, dims: Any) -> tuple[Any, Any]:
    return lu_p.bind(*_front(axis, args, dims)), [0, 0]


lu_p = Primitive(
    "lu",
    type=_lu_type,
    numpy=_lu_numpy,
    jvp=_lu_jvp,
    transpose=Waived("`lu` is not linear"),
    batch=_lu_batch,
    lower=_lu_lower,
    multiple_results=True,
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
    solved = triangular_solve_p.bind(a, _turned(b), turned=not transpose_a, **flags)
    return _turned(solved)


def _triangular_type(a: ShapedArray, b: ShapedArray, **params: Any) -> ShapedArray:
    _check_square("triangular_solve", a)
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
        da = _triangle(da, params["lower"], (-1 if params["lower"] else 1) * params["unit"])
        change = lax.neg(_product(_turned(da) if params["turned"] else da, x))
        right = change if right is None else lax.add(right, change)
    if right is None:
        return x, Zero(tangent_aval(aval_of(x)))
    return x, triangular_solve_p.bind(a, right, **params)


def _triangular_transpose(ct: Any, a: Any, b: Any, **params: Any) -> list[Any]:
    return [None, triangular_solve_p.bind(a, ct, **{**params, "turned": not params["turned"]})]


def _triangular_batch(axis: AxisData, args: Any, dims: Any, **params: Any) -> tuple[Any, int]:
    return triangular_solve_p.bind(*_front(axis, args, dims), **params), 0


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
    _check_square("solve", a)
    if b.ndim != a.ndim or b.shape[:-1] != a.shape[:-1] or a.dtype != b.dtype:
        raise ShapeError(f"`solve` cannot solve {a} for right sides {b}")
    return b


def _solve_hlo(a: Any, b: Any, *, turned: bool) -> Any:
    factors, pivots = lu_p.bind(a)
    order = lu_pivots_to_permutation(pivots, aval_of(a).shape[-1])
    lower = {"lower": True, "unit": True, "turned": turned}
    upper = {"lower": False, "unit": False, "turned": turned}
    if not turned:
        x = triangular_solve_p.bind(factors, _permuted(b, order), **_ordered(lower))
        return triangular_solve_p.bind(factors, x, **_ordered(upper))
    x = triangular_solve_p.bind(factors, b, **_ordered(upper))
    x = triangular_solve_p.bind(factors, x, **_ordered(lower))
    places = lax.broadcasted_iota(np.dtype(np.int32), aval_of(order).shape, aval_of(order).ndim - 1)
    back = lax.sort((order, places), num_keys=1)[1]
    return _permuted(x, back)


def _ordered(flags: dict[str, bool]) -> dict[str, bool]:
    return {name: flags[name] for name in ("turned", "lower", "unit")}


def _solve_jvp(primals: Any, tangents: Any, *, turned: bool) -> tuple[Any, Any]:
    (a, b), (da, db) = primals, tangents
    x = solve_p.bind(a, b, turned=turned)
    right = None if type(db) is Zero else db
    if type(da) is not Zero:
        change = lax.neg(_product(_turned(da) if turned else da, x))
        right = change if right is None else lax.add(right, change)
    if right is None:
        return x, Zero(tangent_aval(aval_of(x)))
    return x, solve_p.bind(a, right, turned=turned)


def _solve_transpose(ct: Any, a: Any, b: Any, *, turned: bool) -> list[Any]:
    if is_linear(a):
        raise AssertionError("`solve` is linear in its right sides alone")
    return [None, solve_p.bind(a, ct, turned=not turned)]


def _solve_batch(axis: AxisData, args: Any, dims: Any, *, turned: bool) -> tuple[Any, int]:
    return solve_p.bind(*_front(axis, args, dims), turned=turned), 0


solve_p = Primitive(
    "solve",
    type=_solve_type,
    numpy=lambda a, b, *, turned: np.linalg.solve(np.swapaxes(a, -1, -2) if turned else a, b),
    jvp=_solve_jvp,
    transpose=_solve_transpose,
    batch=_solve_batch,
    lower=lower_by_tracing(_solve_hlo),
)
