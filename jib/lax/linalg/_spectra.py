"""Eigenvalues and singular values, and the forms of matrices on the way to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jib import lax
from jib._deferred import DeferredModule
from jib.core.avals import ShapedArray
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, NoDerivativeError, NotAvailableError
from jib.lax._families import constant_like
from jib.lax.linalg._library import Call, decomposition, info_like, lapack
from jib.lax.linalg._matrices import (
    adjoint,
    check_matrices,
    check_square,
    diagonal_of,
    eye_like,
    hermitian,
    in_dtype,
    on_diagonal,
    product,
    real_dtype,
    scaled,
)
from jib.lax.linalg._solving import solve
from jib.typing import Array, ArrayLike

__all__ = [
    "eig", "eig_p", "eigh", "eigh_p", "hessenberg", "hessenberg_p", "schur", "schur_p", "svd",
    "svd_p", "tridiagonal", "tridiagonal_p",
]  # fmt: skip

_scipy: Any = DeferredModule("scipy.linalg")  # for the NumPy rules alone


def _window(name: str, window: tuple[int, int] | None, count: int) -> slice:
    """Which values are asked for, by their places."""
    low, high = (0, count) if window is None else window
    if not 0 <= low <= high <= count:
        raise ArgumentValueError(f"`{name}` has {count} values, but got subset_by_index={window}")
    return slice(low, high)


def _one_algorithm(name: str, wanted: Any) -> None:
    if wanted is not None:
        raise NotAvailableError(f"a choice of algorithm for `{name}`", f"{name}(a)")


def _inverse_gaps(values: Any, squared: bool = False) -> Any:
    """`1 / (v_j - v_i)`, 0 on the diagonal; with `squared` the differences are of the squares."""
    shape = (*aval_of(values).shape, aval_of(values).shape[-1])
    lead = range(len(shape) - 2)
    rows, columns = (lax.broadcast_in_dim(values, shape, (*lead, len(shape) - i)) for i in (2, 1))
    gaps = lax.sub(columns, rows)
    gaps = lax.mul(gaps, lax.add(columns, rows)) if squared else gaps
    eye = eye_like(gaps)
    gaps = lax.select(lax.ne(eye, constant_like(eye, 0)), eye, gaps)
    return lax.sub(lax.div(lax.full_like(gaps, 1), gaps), eye)


# ---------------------------------------------------------------------------------- symmetric


def eigh(
    x: ArrayLike,
    *,
    lower: bool = True,
    symmetrize_input: bool = True,
    sort_eigenvalues: bool = True,
    subset_by_index: tuple[int, int] | None = None,
    implementation: Any = None,
) -> tuple[Array, Array]:
    """The eigenvectors and eigenvalues of Hermitian matrices of shape `(..., n, n)`.

    Args:
        lower: which triangle of `x` is read.
        symmetrize_input: whether `x` is replaced by its Hermitian part first.
        sort_eigenvalues: they always rise.
        subset_by_index: the first and the end of the places of the eigenvalues that are kept.

    Returns:
        The eigenvectors, as columns, and then the eigenvalues, which are real.

    Raises:
        ShapeError: if the matrices are not square.
        DTypeError: if the elements are neither of float32, float64 nor complex.

    Where eigenvalues are equal, eigenvectors have no derivative: it comes out as NaN or infinite.
    Functions of the eigenvalues alone are differentiated all the same.
    """
    aval = aval_of(x)
    check_square("eigh", aval)
    _one_algorithm("eigh", implementation)
    chosen = hermitian(x) if symmetrize_input else x
    v, w = eigh_p.bind(chosen, lower=bool(lower))
    kept = _window("eigh", subset_by_index, aval.shape[-1])
    if subset_by_index is not None:
        v, w = (lax.slice_in_dim(y, kept.start, kept.stop, axis=-1) for y in (v, w))
    return v, w


def _eigh_cpu(a: ShapedArray, *, outs: Any, lower: bool) -> Call:
    kind = "he" if a.dtype.kind == "c" else "sy"
    options = {"mode": "V", "uplo": "L" if lower else "U"}
    return Call(f"lapack_{{}}{kind}evd_ffi", [*outs, info_like(a)], options)


def _eigh_cuda(a: ShapedArray, *, outs: Any, lower: bool) -> Call:
    options = {"lower": lower, "algorithm": np.uint8(0)}
    return Call("cusolver_syevd_ffi", [*outs, info_like(a)], options)


def _eigh_jvp(a: Any, t: Any, *, lower: bool) -> tuple[Any, Any]:
    """Perturbation theory: https://people.maths.ox.ac.uk/gilesm/files/NA-08-01.pdf, 3.1."""
    v, w = outs = eigh_p.bind(a, lower=lower)
    inner = product(product(adjoint(v), hermitian(t, lower)), v)
    dw = diagonal_of(lax.real(inner) if aval_of(inner).dtype.kind == "c" else inner)
    return outs, [product(v, lax.mul(in_dtype(_inverse_gaps(w), inner), inner)), dw]


def _eigh_numpy(a: Any, *, lower: bool) -> list[Any]:
    w, v = np.linalg.eigh(a, "L" if lower else "U")
    return [v, w]


eigh_p = decomposition(
    "eigh",
    type=lambda a, *, lower: [a, ShapedArray(a.shape[:-1], real_dtype(a.dtype))],
    square=True,
    numpy=_eigh_numpy,
    calls={"cpu": _eigh_cpu, "cuda": _eigh_cuda},
    jvp=_eigh_jvp,
)


# ------------------------------------------------------------------------------------- general


def eig(
    x: ArrayLike,
    *,
    compute_left_eigenvectors: bool = True,
    compute_right_eigenvectors: bool = True,
    enable_eigvec_derivs: bool = False,
    implementation: Any = None,
    use_magma: bool | None = None,
) -> list[Array]:
    """The eigenvalues of square matrices, with eigenvectors from the left and from the right.

    Args:
        x: matrices of shape `(..., n, n)`.
        enable_eigvec_derivs: whether eigenvectors may be differentiated. They are found up to a
            factor, and the derivative is that of LAPACK's choice: length 1, and a real largest
            element.

    Returns:
        `[w, vl, vr]`, complex, less what was not asked for; `vl^H @ x == w vl^H`.

    Raises:
        ShapeError: if the matrices are not square.
        DTypeError: if the elements are neither of float32, float64 nor complex.
        NotAvailableError: on devices other than CPUs.
    """
    _one_algorithm("eig", implementation)
    flags = (bool(compute_left_eigenvectors), bool(compute_right_eigenvectors))
    return eig_p.bind(x, left=flags[0], right=flags[1], smooth=bool(enable_eigvec_derivs))


def _complex_dtype(dtype: Any) -> np.dtype:
    return np.dtype(np.complex64 if dtype.itemsize <= 4 or dtype.char == "F" else np.complex128)


def _eig_type(a: ShapedArray, *, left: bool, right: bool, smooth: bool) -> list[ShapedArray]:
    dtype = _complex_dtype(a.dtype)
    return [ShapedArray(a.shape[:-1], dtype)] + [ShapedArray(a.shape, dtype)] * (left + right)


def _eig_call(a: ShapedArray, *, outs: Any, left: bool, right: bool, smooth: bool) -> Call:
    values = [ShapedArray(a.shape[:-1], a.dtype)] * (1 if a.dtype.kind == "c" else 2)
    vectors = [ShapedArray(a.shape, outs[0].dtype)] * 2
    options = {"compute_left": "NV"[left], "compute_right": "NV"[right]}
    return Call("lapack_{}geev_ffi", [*values, *vectors, info_like(a)], options, {})


def _eig_finish(*results: Any, platform: str, left: bool, right: bool, smooth: bool) -> list[Any]:
    *values, vl, vr = results
    w = values[0] if len(values) == 1 else lax.complex(*values)
    return [w, *([vl] if left else []), *([vr] if right else [])]


def _eig_numpy(a: Any, *, left: bool, right: bool, smooth: bool) -> list[Any]:
    found = _scipy.eig(a, left=left, right=right)
    return list(found) if left or right else [found]


def _vectors_jvp(w: Any, v: Any, da: Any) -> tuple[Any, Any]:
    """The changes of eigenvalues and of eigenvectors of LAPACK's length and phase."""
    inner = product(solve(v, da), v)
    change = product(v, lax.mul(_inverse_gaps(w), inner))
    place = aval_of(v).ndim - 2
    rows = lax.broadcasted_iota(np.int32, aval_of(v).shape, place)
    largest = lax.expand_dims(lax.argmax(lax.abs(v), place, np.int32), (place,))
    chosen = lax.eq(rows, lax.broadcast_in_dim(largest, aval_of(v).shape, range(place + 2)))
    nothing = lax.full_like(v, 0)
    along = lax.reduce_sum(lax.real(lax.mul(lax.conj(v), change)), (place,))
    top = lax.reduce_sum(lax.real(lax.select(chosen, v, nothing)), (place,))
    turn = lax.reduce_sum(lax.imag(lax.select(chosen, change, nothing)), (place,))
    factors = lax.neg(lax.complex(along, lax.div(turn, top)))
    return diagonal_of(inner), lax.add(change, scaled(v, factors))


def _eig_jvp(a: Any, da: Any, *, left: bool, right: bool, smooth: bool) -> tuple[Any, Any]:
    if (left or right) and not smooth:
        raise NoDerivativeError(
            "eigenvectors of general matrices are found up to a complex factor, so they have no "
            "derivative by themselves",
            help="w, v = jib.lax.linalg.eig(a, compute_left_eigenvectors=False, "
            "enable_eigvec_derivs=True)",
        )
    # The derivative of eigenvalues does not depend on the factors of the eigenvectors.
    w, *vectors = eig_p.bind(a, left=left, right=True, smooth=True)
    da = in_dtype(da, w)
    if not (left or right):
        return [w], [diagonal_of(product(solve(vectors[-1], da), vectors[-1]))]
    dw, d_right = _vectors_jvp(w, vectors[-1], da)
    changes = [_vectors_jvp(lax.conj(w), vectors[0], adjoint(da))[1]] if left else []
    changes += [d_right] if right else []
    return [w, *vectors[: left + right]], [dw, *changes]


eig_p = decomposition(
    "eig",
    type=_eig_type,
    numpy=_eig_numpy,
    square=True,
    calls={"cpu": _eig_call},
    finish=_eig_finish,
    jvp=_eig_jvp,
)


# ------------------------------------------------------------------------------ singular values


def svd(
    x: ArrayLike,
    *,
    full_matrices: bool = True,
    compute_uv: bool = True,
    subset_by_index: tuple[int, int] | None = None,
    algorithm: Any = None,
) -> Any:
    """The singular value decomposition: `(u * s) @ vh == x`.

    Args:
        x: matrices of shape `(..., m, n)`.
        full_matrices: whether `u` and `vh` are square; such ones have no derivative unless `x` is
            square, as their other columns are not determined.
        compute_uv: whether `u` and `vh` are wanted, or the singular values alone.
        subset_by_index: the first and the end of the places of the singular values that are kept.

    Returns:
        `u`, the singular values, which fall, and `vh`.

    Raises:
        ShapeError: if there are fewer than two axes.
        DTypeError: if the elements are neither of float32, float64 nor complex.
    """
    check_matrices("svd", aval_of(x))
    count = min(aval_of(x).shape[-2:])
    kept = _window("svd", subset_by_index, count)
    if subset_by_index is not None and full_matrices and subset_by_index != (0, count):
        raise ArgumentValueError(
            "`svd` takes a subset of the singular values only with full_matrices=False"
        )
    _one_algorithm("svd", algorithm)
    outs = svd_p.bind(x, full=bool(full_matrices), vectors=bool(compute_uv))
    if subset_by_index is not None and subset_by_index != (0, count):
        outs = [
            lax.slice_in_dim(y, kept.start, kept.stop, axis=axis)
            for y, axis in zip(outs, (-1, -1, -2), strict=False)
        ]
    return (outs[1], outs[0], outs[2]) if compute_uv else outs[0]


def _svd_type(a: ShapedArray, *, full: bool, vectors: bool) -> list[ShapedArray]:
    *lead, m, n = a.shape
    k = min(m, n)
    s = ShapedArray((*lead, k), real_dtype(a.dtype))
    if not vectors:
        return [s]
    shapes = ((m, m if full else k), (n if full else k, n))
    return [s, *(ShapedArray((*lead, *shape), a.dtype) for shape in shapes)]


def _svd_cpu(a: Any, *, outs: Any, full: bool, vectors: bool) -> Call:
    results = _svd_type(a, full=full, vectors=True)
    options = {"mode": ("A" if full else "S") if vectors else "N"}
    return Call("lapack_{}gesdd_ffi", [a, *results, info_like(a)], options)


def _svd_cuda(a: Any, *, outs: Any, full: bool, vectors: bool) -> Call:
    whole = full or min(a.shape[-2:]) <= 32  # small matrices in batches: no columns left out
    s, u, vh = _svd_type(a, full=whole, vectors=True)
    v = ShapedArray((*a.shape[:-2], *vh.shape[:-3:-1]), a.dtype)
    options = {"full_matrices": whole, "compute_uv": vectors}
    return Call("cusolver_gesvdj_ffi", [a, s, u, v, info_like(a)], options)


def _svd_finish(
    a: Any, s: Any, u: Any, v: Any, *, platform: str, full: bool, vectors: bool
) -> list[Any]:
    if platform == "cpu" or not vectors:
        return [s, u, v][: 1 + 2 * vectors]
    vh, count = adjoint(v), None if full else aval_of(s).shape[-1]
    return [s, lax.slice_in_dim(u, 0, count, axis=-1), lax.slice_in_dim(vh, 0, count, axis=-2)]


def _svd_numpy(a: Any, *, full: bool, vectors: bool) -> list[Any]:
    u, s, vh = np.linalg.svd(a, full)
    return [s, u, vh][: 1 + 2 * vectors]


def _svd_jvp(a: Any, da: Any, *, full: bool, vectors: bool) -> tuple[Any, Any]:
    """Townsend, Differentiating the singular value decomposition (2016)."""
    m, n = aval_of(a).shape[-2:]
    if vectors and full and m != n:
        raise NoDerivativeError(
            f"`svd` of {aval_of(a)} with full_matrices has no derivative, as the last columns are "
            "not determined by the matrix",
            help="u, s, vh = jnp.linalg.svd(a, full_matrices=False)",
        )
    s, u, vh = svd_p.bind(a, full=False, vectors=True)
    v = adjoint(vh)
    inner = product(product(adjoint(u), da), v)
    ds = diagonal_of(lax.real(inner) if aval_of(inner).dtype.kind == "c" else inner)
    if not vectors:
        return [s], [ds]
    gaps = in_dtype(_inverse_gaps(s, squared=True), inner)
    right, left = scaled(inner, s), scaled(inner, s, rows=True)
    turn_u = lax.mul(gaps, lax.add(right, adjoint(right)))
    turn_v = lax.mul(gaps, lax.add(left, adjoint(left)))
    if aval_of(inner).dtype.kind == "c":  # the phases of pairs of vectors
        skew = on_diagonal(lax.sub(inner, adjoint(inner)))
        turn_u = lax.add(turn_u, scaled(lax.mul(skew, constant_like(skew, 0.5)), _reciprocal(s)))
    du, dv = product(u, turn_u), product(v, turn_v)
    if m > n:
        du = lax.add(du, _outside(u, product(da, v), s))
    if n > m:
        dv = lax.add(dv, _outside(v, product(adjoint(da), u), s))
    return [s, u, vh], [ds, du, adjoint(dv)]


def _outside(basis: Any, change: Any, s: Any) -> Any:
    """The part of a change that leaves the space of the vectors, over the singular values."""
    inside = product(basis, product(adjoint(basis), change))
    return scaled(lax.sub(change, inside), _reciprocal(s))


def _reciprocal(x: Any) -> Any:
    return lax.div(lax.full_like(x, 1), x)


svd_p = decomposition(
    "svd",
    type=_svd_type,
    numpy=_svd_numpy,
    calls={"cpu": _svd_cpu, "cuda": _svd_cuda},
    finish=_svd_finish,
    jvp=_svd_jvp,
)


# ------------------------------------------------------------------- on the way to eigenvalues


def schur(
    x: ArrayLike,
    *,
    compute_schur_vectors: bool = True,
    sort_eig_vals: bool = False,
    select_callable: Callable[..., Any] | None = None,
) -> Any:
    """The Schur form `t` and vectors `z` with `z @ t @ z^H == x`.

    `t` is an upper triangle; for real matrices it has blocks of 2x2 for pairs of eigenvalues.

    Raises:
        ShapeError: if the matrices are not square.
        NotAvailableError: with `sort_eig_vals`, and on devices other than CPUs.
    """
    if sort_eig_vals or select_callable is not None:
        raise NotAvailableError("schur with sorted eigenvalues", "schur(x)")
    return tuple(schur_p.bind(x, vectors=bool(compute_schur_vectors)))


def _schur_call(a: ShapedArray, *, outs: Any, vectors: bool) -> Call:
    values = [ShapedArray(a.shape[:-1], a.dtype)] * (1 if a.dtype.kind == "c" else 2)
    count = info_like(a)  # of selected eigenvalues
    options = {"mode": "NV"[vectors], "sort": "N"}
    return Call("lapack_{}gees_ffi", [outs[0], outs[0], *values, count, info_like(a)], options)


schur_p = decomposition(
    "schur",
    type=lambda a, *, vectors: [a] * (1 + vectors),
    numpy=lambda a, *, vectors: _scipy.schur(a)[: 1 + vectors],
    square=True,
    calls={"cpu": _schur_call},
)


def hessenberg(a: ArrayLike) -> tuple[Array, Array]:
    """Square matrices as LAPACK reduces them to Hessenberg form: packed reflections and factors.

    Raises:
        ShapeError: if the matrices are not square.
        NotAvailableError: on devices other than CPUs.
    """
    packed, taus = hessenberg_p.bind(a)
    return packed, taus


def _beside_diagonal(a: ShapedArray) -> ShapedArray:
    return ShapedArray((*a.shape[:-2], max(a.shape[-1] - 1, 0)), a.dtype)


hessenberg_p = decomposition(
    "hessenberg",
    type=lambda a: [a, _beside_diagonal(a)],
    numpy=lambda a: lapack("gehrd", a.dtype)(a)[:2] if len(a) > 1 else [a, a[0, :0]],
    square=True,
    calls={
        "cpu": lambda a, outs: Call(
            "lapack_{}gehrd_ffi", [*outs, info_like(a)], {"low": 1, "high": a.shape[-1]}
        )
    },
)


def tridiagonal(a: ArrayLike, *, lower: bool = True) -> tuple[Array, Array, Array, Array]:
    """Hermitian matrices as LAPACK reduces them to tridiagonal form.

    Returns:
        The packed reflections, the diagonal, the diagonal beside it, and the reflections' factors.

    Raises:
        ShapeError: if the matrices are not square.
    """
    packed, d, e, taus = tridiagonal_p.bind(a, lower=bool(lower))
    return packed, d, e, taus


def _tridiagonal_type(a: ShapedArray, *, lower: bool) -> list[ShapedArray]:
    beside, real = _beside_diagonal(a), real_dtype(a.dtype)
    return [a, ShapedArray(a.shape[:-1], real), beside.update(dtype=real), beside]


def _tridiagonal_cpu(a: ShapedArray, *, outs: Any, lower: bool) -> Call:
    kind = "he" if a.dtype.kind == "c" else "sy"
    options = {"uplo": "L" if lower else "U"}
    return Call(f"lapack_{{}}{kind}trd_ffi", [*outs, info_like(a)], options)


def _tridiagonal_numpy(a: Any, *, lower: bool) -> list[Any]:
    kind = "he" if a.dtype.kind == "c" else "sy"
    return lapack(f"{kind}trd", a.dtype)(a, lower=lower)[:4]


tridiagonal_p = decomposition(
    "tridiagonal",
    type=_tridiagonal_type,
    numpy=_tridiagonal_numpy,
    square=True,
    calls={
        "cpu": _tridiagonal_cpu,
        "cuda": lambda a, outs, lower: Call(
            "cusolver_sytrd_ffi", [*outs, info_like(a)], {"lower": lower}
        ),
    },
)
