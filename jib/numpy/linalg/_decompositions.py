"""Decompositions of matrices, and what follows from them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

import jib.lax.linalg as lax_linalg  # the `from` form would ask for a missing name first
from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.lax._families import constant_like
from jib.lax.linalg._matrices import adjoint, hermitian, permuted, product, scaled, transposed
from jib.numpy._promotion import as_operand, promote_dtypes, promote_inexact
from jib.numpy.linalg._products import norm
from jib.numpy.linalg._solving import inv, square
from jib.passes.eager import compiled
from jib.transforms.custom_jvp import custom_jvp
from jib.typing import Array, ArrayLike

__all__ = [
    "EigResult", "EighResult", "QRResult", "SVDResult", "cholesky", "cond", "eig", "eigh",
    "eigvals", "eigvalsh", "lstsq", "matrix_rank", "pinv", "qr", "svd", "svdvals",
]  # fmt: skip


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


class EighResult(NamedTuple):
    """Eigenvalues that rise, and orthonormal eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


class QRResult(NamedTuple):
    """Orthonormal columns, and an upper triangle."""

    Q: Any
    R: Any


class SVDResult(NamedTuple):
    """Vectors from the left, singular values that fall, and vectors from the right as rows."""

    U: Any
    S: Any
    Vh: Any


def _matrices(name: str, a: Any) -> Any:
    a = as_operand(name, a)
    if aval_of(a).ndim < 2:
        raise ShapeError(f"`{name}` takes matrices on the last two axes, but got {aval_of(a)}")
    return a


def cholesky(a: ArrayLike, *, upper: bool = False, symmetrize_input: bool = True) -> Array:
    """The triangle `l` with `l @ l^H == a`, for Hermitian positive definite matrices.

    Args:
        a: matrices of shape `(..., n, n)`; integers count as floats.
        upper: whether the upper triangle, `l^H`, is wanted.
        symmetrize_input: whether `a` is replaced by its Hermitian part first.

    Returns:
        Triangles of the shape of `a`; NaN where a matrix is not positive definite.

    Raises:
        ShapeError: if the matrices are not square.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.cholesky(jnp.array([[4.0, 2.0], [2.0, 5.0]])).tolist()
        [[2.0, 0.0], [1.0, 2.0]]
    """
    return _cholesky(square("cholesky", a), bool(upper), bool(symmetrize_input))


@compiled(static=("upper", "symmetrize"))
def _cholesky(a: Any, upper: bool, symmetrize: bool) -> Any:
    a = promote_inexact("cholesky", a)
    a = hermitian(a) if symmetrize else adjoint(a) if upper else a
    factor = lax_linalg.cholesky(a, symmetrize_input=False)
    return adjoint(factor) if upper else factor


def qr(a: ArrayLike, mode: str = "reduced") -> Any:
    """The QR decomposition: orthonormal columns `q` and an upper triangle `r` with `q @ r == a`.

    Args:
        a: matrices of shape `(..., m, n)`.
        mode: "reduced" for `q` of shape `(m, k)` with `k = min(m, n)`, "complete" for `(m, m)`,
            "r" for `r` alone, "raw" for LAPACK's reflections (transposed) and their factors.

    Raises:
        ShapeError: if there are fewer than two axes.
        ArgumentValueError: for another mode.

    Example:
        >>> import jib.numpy as jnp
        >>> q, r = jnp.linalg.qr(jnp.array([[3.0], [4.0]]))
        >>> q.shape, r.shape, bool(abs(q @ r - jnp.array([[3.0], [4.0]])).max() < 1e-6)
        ((2, 1), (1, 1), True)
    """
    modes = ("reduced", "complete", "r", "raw", "full")
    if mode not in modes:
        raise ArgumentValueError(
            f"`qr` knows the modes {', '.join(map(repr, modes[:-1]))}, but got {mode!r}",
            help="q, r = jnp.linalg.qr(a, mode='reduced')",
        )
    out = _qr(_matrices("qr", a), mode)
    return out[0] if mode == "r" else QRResult(*out)


@compiled(static=("mode",))
def _qr(a: Any, mode: str) -> Any:
    a = promote_inexact("qr", a)
    if mode == "raw":
        packed, taus = lax_linalg.geqrf(a)
        return transposed(packed), taus
    q, r = lax_linalg.qr(a, full_matrices=mode == "complete")
    return (r,) if mode == "r" else (q, r)


def svd(
    a: ArrayLike,
    full_matrices: bool = True,
    compute_uv: bool = True,
    hermitian: bool = False,
    subset_by_index: tuple[int, int] | None = None,
) -> Any:
    """The singular value decomposition: `(U * S) @ Vh == a`, where `S` falls.

    Args:
        a: matrices of shape `(..., m, n)`.
        full_matrices: whether `U` and `Vh` are square; without, they have `min(m, n)` vectors, and
            derivatives.
        compute_uv: whether the vectors are wanted, or `S` alone.
        hermitian: whether `a` is Hermitian, which is faster.
        subset_by_index: the first and the end of the places of the values that are kept.

    Raises:
        ShapeError: if there are fewer than two axes.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.svd(jnp.array([[0.0, 2.0], [3.0, 0.0]])).S.tolist()
        [3.0, 2.0]
    """
    window = None if subset_by_index is None else tuple(int(i) for i in subset_by_index)
    flags = (bool(full_matrices), bool(compute_uv), bool(hermitian))
    out = _svd(_matrices("svd", a), *flags, window)
    return SVDResult(*out) if compute_uv else out


@compiled(static=("full", "vectors", "hermitian", "window"))
def _svd(a: Any, full: bool, vectors: bool, hermitian: bool, window: Any) -> Any:
    a = promote_inexact("svd", a)
    if not hermitian:
        options = {"full_matrices": full, "compute_uv": vectors, "subset_by_index": window}
        return lax_linalg.svd(a, **options)
    v, w = lax_linalg.eigh(a, subset_by_index=window)
    axis = aval_of(w).ndim - 1
    places = lax.broadcasted_iota(np.dtype(np.int32), aval_of(w).shape, axis)
    order = lax.sort((lax.neg(lax.abs(lax.stop_gradient(w))), places), num_keys=1)[1]
    w = lax.squeeze(permuted(lax.expand_dims(w, (axis + 1,)), order), (axis + 1,))
    if not vectors:
        return lax.abs(w)
    u = transposed(permuted(transposed(v), order))
    return u, lax.abs(w), adjoint(scaled(u, lax.sign(w)))


def svdvals(x: ArrayLike, /) -> Array:
    """The singular values of matrices, which fall."""
    return svd(x, compute_uv=False)


# --------------------------------------------------------------------------------- eigenvalues


def _upper(name: str, uplo: str | None) -> bool:
    if uplo not in (None, "L", "U"):
        raise ArgumentValueError(
            f"`{name}` knows UPLO='L' and UPLO='U', but got {uplo!r}",
            help=f"jnp.linalg.{name}(a, UPLO='L')",
        )
    return uplo == "U"


def eigh(a: ArrayLike, UPLO: str | None = None, symmetrize_input: bool = True) -> EighResult:
    """The eigenvalues, which rise, and orthonormal eigenvectors of Hermitian matrices.

    Args:
        a: matrices of shape `(..., n, n)`.
        UPLO: "L" or "U", the triangle that is read if `a` is not made Hermitian.
        symmetrize_input: whether `a` is replaced by its Hermitian part first.

    Raises:
        ShapeError: if the matrices are not square.
        ArgumentValueError: for another `UPLO`.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.eigh(jnp.array([[2.0, 0.0], [0.0, 1.0]])).eigenvalues.tolist()
        [1.0, 2.0]
    """
    upper = _upper("eigh", UPLO)
    return EighResult(*_eigh(square("eigh", a), upper, bool(symmetrize_input)))


def eigvalsh(a: ArrayLike, UPLO: str | None = "L", *, symmetrize_input: bool = True) -> Array:
    """The eigenvalues of Hermitian matrices, which rise; see `eigh`."""
    upper = _upper("eigvalsh", UPLO)
    return _eigh(square("eigvalsh", a), upper, bool(symmetrize_input))[0]


@compiled(static=("upper", "symmetrize"))
def _eigh(a: Any, upper: bool, symmetrize: bool) -> Any:
    a = promote_inexact("eigh", a)
    return lax_linalg.eigh(a, lower=not upper, symmetrize_input=symmetrize)[::-1]


def eig(a: ArrayLike) -> EigResult:
    """The eigenvalues and eigenvectors of square matrices, which are complex; on CPUs.

    Eigenvectors have no derivative, as they are found up to a factor: `eigvals` has one, and
    `jib.lax.linalg.eig` has an option.

    Raises:
        ShapeError: if the matrices are not square.
        NotAvailableError: on devices other than CPUs.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.eig(jnp.array([[0.0, -1.0], [1.0, 0.0]])).eigenvalues.imag.tolist()
        [1.0, -1.0]
    """
    return EigResult(*_eig(square("eig", a), True))


def eigvals(a: ArrayLike) -> Array:
    """The eigenvalues of square matrices, which are complex; on CPUs."""
    return _eig(square("eigvals", a), False)[0]


@compiled(static=("vectors",))
def _eig(a: Any, vectors: bool) -> Any:
    options = {"compute_left_eigenvectors": False, "compute_right_eigenvectors": vectors}
    return tuple(lax_linalg.eig(promote_inexact("eig", a), **options))


# ------------------------------------------------------------------------- by singular values


def _one_tolerance(name: str, first: Any, second: Any, names: str) -> Any:
    if first is not None and second is not None:
        raise ArgumentValueError(f"`{name}` takes one of {names}, not both")
    return second if first is None else first


def _cutoff(rtol: Any, s: Any) -> Any:
    """A tolerance (of the leading axes) times a singular value or 1, beside the values."""
    tolerance = lax.convert_element_type(rtol, aval_of(s).dtype)
    return lax.broadcast_in_dim(tolerance, aval_of(s).shape, range(aval_of(tolerance).ndim))


def _largest(s: Any) -> Any:
    return lax.slice_in_dim(s, 0, 1, axis=aval_of(s).ndim - 1)


def _epsilon(x: Any) -> float:
    return float(dtypes.finfo(aval_of(x).dtype).eps)


def matrix_rank(
    M: ArrayLike,
    rtol: ArrayLike | None = None,
    *,
    hermitian: bool = False,
    tol: ArrayLike | None = None,
) -> Array:
    """How many singular values are larger than a tolerance.

    Args:
        M: matrices of shape `(..., m, n)`.
        rtol, tol: the tolerance; by default the largest singular value, times the larger of `m`
            and `n`, times the distance of numbers near 1.

    Example:
        >>> import jib.numpy as jnp
        >>> int(jnp.linalg.matrix_rank(jnp.ones((3, 3))))
        1
    """
    tolerance = _one_tolerance("matrix_rank", rtol, tol, "rtol and tol")
    M = as_operand("matrix_rank", M)
    if aval_of(M).ndim < 2:
        some = lax.reduce_or(lax.ne(M, constant_like(M, 0)), tuple(range(aval_of(M).ndim)))
        return lax.convert_element_type(some, np.int32)
    return _matrix_rank(M, tolerance, bool(hermitian))


@compiled(static=("hermitian",))
def _matrix_rank(a: Any, tolerance: Any, hermitian: bool) -> Any:
    s = _svd(a, False, False, hermitian, None)
    axis = aval_of(s).ndim - 1
    if not math.prod(aval_of(s).shape):
        return lax.full(aval_of(s).shape[:-1], 0, np.int32)
    if tolerance is None:
        largest = lax.squeeze(_largest(s), (axis,))
        tolerance = lax.mul(largest, constant_like(s, max(aval_of(a).shape[-2:]) * _epsilon(s)))
    counted = lax.gt(s, _cutoff(tolerance, s))
    return lax.reduce_sum(lax.convert_element_type(counted, np.int32), (axis,))


def pinv(
    a: ArrayLike,
    rtol: ArrayLike | None = None,
    hermitian: bool = False,
    *,
    rcond: ArrayLike | None = None,
) -> Array:
    """The pseudo-inverses of matrices (Moore and Penrose): shape `(..., n, m)` for `(..., m, n)`.

    Args:
        a: matrices of shape `(..., m, n)`.
        rtol, rcond: singular values below this part of the largest count as 0; by default 10 times
            the larger of `m` and `n` times the distance of numbers near 1.
        hermitian: whether `a` is Hermitian, which is faster.

    The derivative (Golub and Pereyra, 1973) is right where the rank does not change.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.pinv(jnp.array([[2.0, 0.0], [0.0, 0.0]])).tolist()
        [[0.5, 0.0], [0.0, 0.0]]
    """
    tolerance = _one_tolerance("pinv", rtol, rcond, "rtol and rcond")
    a = promote_inexact("pinv", _matrices("pinv", a))
    if not math.prod(aval_of(a).shape):
        return transposed(a)
    if tolerance is None:
        tolerance = np.float32(10.0 * max(aval_of(a).shape[-2:]) * _epsilon(a))
    return _pinv(a, tolerance, bool(hermitian))


@compiled(static=("hermitian",))
def _pinv(a: Any, tolerance: Any, hermitian: bool) -> Any:
    return _pseudo_inverse(a, tolerance, hermitian)


def _pseudo_inverse_value(a: Any, tolerance: Any, is_hermitian: bool) -> Any:
    u, s, vh = _svd(a, False, True, is_hermitian, None)
    largest = lax.broadcast_in_dim(_largest(s), aval_of(s).shape, range(aval_of(s).ndim))
    keep = lax.gt(s, lax.mul(_cutoff(tolerance, s), largest))
    safe = lax.select(keep, s, lax.full_like(s, 1))
    inverse = lax.select(keep, lax.div(lax.full_like(s, 1), safe), lax.full_like(s, 0))
    return product(scaled(adjoint(vh), inverse), adjoint(u))


_pseudo_inverse = custom_jvp(_pseudo_inverse_value, nondiff_argnums=(2,))


@_pseudo_inverse.defjvp
def _pseudo_inverse_jvp(is_hermitian: bool, primals: Any, tangents: Any) -> Any:
    (a, tolerance), (da, _) = primals, tangents
    p = _pseudo_inverse(a, tolerance, is_hermitian)
    if is_hermitian:
        a, da = hermitian(a), hermitian(da)
    inner = product(product(p, da), p)
    left = product(product(p, adjoint(p)), adjoint(da))
    right = product(product(adjoint(da), adjoint(p)), p)
    first = lax.sub(left, product(left, product(a, p)))
    second = lax.sub(right, product(product(p, a), right))
    return p, lax.add(lax.sub(first, inner), second)


def lstsq(
    a: ArrayLike, b: ArrayLike, rcond: float | None = None, *, numpy_resid: bool = False
) -> tuple[Array, Array, Array, Array]:
    """The shortest `x` for which `|a @ x - b|` is least.

    Args:
        a: a matrix of shape `(m, n)`.
        b: right sides of shape `(m,)` or `(m, k)`.
        rcond: singular values below this part of the largest count as 0.
        numpy_resid: whether the residuals are empty where NumPy's are: for `m <= n`, and for a
            rank below `n` (which must be known, so not under `jit`).

    Returns:
        `x`, the squared lengths of the residuals, the rank, and the singular values of `a`.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> import jib.numpy as jnp
        >>> a = jnp.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
        >>> [round(v) for v in jnp.linalg.lstsq(a, jnp.array([1.0, 3.0, 5.0]))[0].tolist()]
        [1, 2]
    """
    a, b = as_operand("lstsq", a), as_operand("lstsq", b)
    first, second = aval_of(a), aval_of(b)
    if first.ndim != 2 or second.ndim not in (1, 2) or first.shape[0] != second.shape[0]:
        raise ShapeError(
            f"`lstsq` takes (m, n) and (m,) or (m, k) arrays, but got {first} and {second}"
        )
    x, residuals, rank, s = _lstsq(a, b, rcond)
    m, n = first.shape
    if numpy_resid and (m <= n or int(rank) < n):
        residuals = lax.slice_in_dim(residuals, 0, 0)
    return x, residuals, rank, s


@compiled
def _lstsq(a: Any, b: Any, rcond: Any) -> Any:
    a, b = (promote_inexact("lstsq", x) for x in promote_dtypes("lstsq", a, b))
    m, n = aval_of(a).shape
    vector = aval_of(b).ndim == 1
    b = lax.expand_dims(b, (1,)) if vector else b
    u, s, vh = lax_linalg.svd(a, full_matrices=False)
    if min(m, n):
        limit = constant_like(s, max(m, n) * _epsilon(s)) if rcond is None else rcond
        limit = lax.convert_element_type(limit, aval_of(s).dtype)
        negative = lax.lt(limit, constant_like(limit, 0))
        limit = lax.select(negative, lax.full_like(limit, _epsilon(s)), limit)
        cutoff = lax.mul(lax.squeeze(_largest(s), (0,)), limit)
        keep = lax.bitwise_and(lax.gt(s, constant_like(s, 0)), lax.ge(s, cutoff))
    else:
        keep = lax.gt(s, s)
    safe = lax.select(keep, s, lax.full_like(s, 1))
    inverse = lax.select(keep, lax.div(lax.full_like(s, 1), safe), lax.full_like(s, 0))
    x = product(adjoint(vh), scaled(product(adjoint(u), b), inverse, rows=True))
    left = lax.sub(b, product(a, x))
    residuals = lax.reduce_sum(lax.square(lax.abs(left)), (0,))
    rank = lax.reduce_sum(lax.convert_element_type(keep, np.int32), (0,))
    return lax.squeeze(x, (1,)) if vector else x, residuals, rank, s


def cond(x: ArrayLike, p: int | float | str | None = None) -> Array:
    """The condition numbers of matrices: by how much solving may enlarge an error.

    Args:
        x: matrices of shape `(..., m, n)`, square unless `p` is None, 2 or -2.
        p: the norm, as in `norm`; by default 2.

    Raises:
        ShapeError: if the matrices are empty, or not square.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.linalg.cond(jnp.array([[4.0, 0.0], [0.0, 1.0]])).tolist()
        4.0
    """
    x = _matrices("cond", x)
    if not all(aval_of(x).shape[-2:]):
        raise ShapeError(f"`cond` takes matrices that are not empty, but got {aval_of(x)}")
    return _cond(x if p in (None, 2, -2) else square("cond", x), p)


@compiled(static=("p",))
def _cond(x: Any, p: Any) -> Any:
    x = promote_inexact("cond", x)
    if p in (None, 2, -2):
        s = svdvals(x)
        axis = aval_of(s).ndim - 1
        last = lax.slice_in_dim(s, aval_of(s).shape[-1] - 1, None, axis=axis)
        ends = (last, _largest(s)) if p == -2 else (_largest(s), last)
        ratio = lax.squeeze(lax.div(*ends), (axis,))
    else:
        ratio = lax.mul(norm(x, p, (-2, -1)), norm(inv(x), p, (-2, -1)))
    axes = (aval_of(x).ndim - 2, aval_of(x).ndim - 1)
    known = lax.bitwise_not(lax.reduce_or(lax.ne(x, x), axes))
    singular = lax.bitwise_and(lax.ne(ratio, ratio), known)
    return lax.select(singular, lax.full_like(ratio, np.inf), ratio)
