"""Decompositions of matrices, and what follows from them."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

import jib.lax.linalg as lax_linalg  # the `from` form would ask for a missing name first
from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.lax.linalg._matrices import adjoint, hermitian, permuted, product, scaled, transposed
from jib.numpy._choosing import where
from jib.numpy._creation import asarray
from jib.numpy._derived import derived
from jib.numpy._promotion import as_operand, promote_dtypes, promote_inexact
from jib.numpy.linalg._products import norm
from jib.numpy.linalg._solving import inv, square
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


@derived("upper", "symmetrize_input")
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
    a = promote_inexact("cholesky", square("cholesky", a))
    a = hermitian(a) if symmetrize_input else adjoint(a) if upper else a
    factor = lax_linalg.cholesky(a, symmetrize_input=False)
    return adjoint(factor) if upper else factor


@derived("mode")
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
    a = promote_inexact("qr", _matrices("qr", a))
    if mode == "raw":
        packed, taus = lax_linalg.geqrf(a)
        return QRResult(transposed(packed), taus)
    q, r = lax_linalg.qr(a, full_matrices=mode == "complete")
    return r if mode == "r" else QRResult(q, r)


@derived("full_matrices", "compute_uv", "hermitian", "subset_by_index")
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
    a = promote_inexact("svd", _matrices("svd", a))
    if not hermitian:
        options = {"compute_uv": compute_uv, "subset_by_index": subset_by_index}
        out = lax_linalg.svd(a, full_matrices=full_matrices, **options)
        return SVDResult(*out) if compute_uv else out
    v, w = lax_linalg.eigh(a, subset_by_index=subset_by_index)
    axis = w.ndim - 1
    places = lax.broadcasted_iota(np.dtype(np.int32), w.shape, axis)
    order = lax.sort((-abs(lax.stop_gradient(w)), places), num_keys=1)[1]
    w = permuted(w[..., None], order)[..., 0]
    if not compute_uv:
        return abs(w)
    u = transposed(permuted(transposed(v), order))
    return SVDResult(u, abs(w), adjoint(scaled(u, lax.sign(w))))


def svdvals(x: ArrayLike, /) -> Array:
    """The singular values of matrices, which fall."""
    return svd(x, compute_uv=False)


# --------------------------------------------------------------------------------- eigenvalues


@derived("UPLO", "symmetrize_input")
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
    return EighResult(*_eigh("eigh", a, UPLO, symmetrize_input))


@derived("UPLO", "symmetrize_input")
def eigvalsh(a: ArrayLike, UPLO: str | None = "L", *, symmetrize_input: bool = True) -> Array:
    """The eigenvalues of Hermitian matrices, which rise; see `eigh`."""
    return _eigh("eigvalsh", a, UPLO, symmetrize_input)[0]


def _eigh(name: str, a: Any, uplo: str | None, symmetrize: bool) -> Any:
    if uplo not in (None, "L", "U"):
        raise ArgumentValueError(
            f"`{name}` knows UPLO='L' and UPLO='U', but got {uplo!r}",
            help=f"jnp.linalg.{name}(a, UPLO='L')",
        )
    a = promote_inexact("eigh", square(name, a))
    return lax_linalg.eigh(a, lower=uplo != "U", symmetrize_input=symmetrize)[::-1]


@derived()
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
    return EigResult(*_eig("eig", a, True))


@derived()
def eigvals(a: ArrayLike) -> Array:
    """The eigenvalues of square matrices, which are complex; on CPUs."""
    return _eig("eigvals", a, False)[0]


def _eig(name: str, a: Any, vectors: bool) -> Any:
    options = {"compute_left_eigenvectors": False, "compute_right_eigenvectors": vectors}
    return lax_linalg.eig(promote_inexact("eig", square(name, a)), **options)


# ------------------------------------------------------------------------- by singular values


def _one_tolerance(name: str, first: Any, second: Any, names: str) -> Any:
    if first is not None and second is not None:
        raise ArgumentValueError(f"`{name}` takes one of {names}, not both")
    return second if first is None else first


def _cutoff(rtol: Any, s: Any) -> Any:
    """A tolerance (of the leading axes) times a singular value or 1, beside the values."""
    tolerance = lax.convert_element_type(rtol, aval_of(s).dtype)
    return lax.broadcast_in_dim(tolerance, aval_of(s).shape, range(aval_of(tolerance).ndim))


def _epsilon(x: Any) -> float:
    return float(dtypes.finfo(aval_of(x).dtype).eps)


@derived("hermitian")
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
    if M.ndim < 2:
        return (M != 0).any().astype(np.int32)
    s = svd(M, False, False, hermitian)
    if not s.size:
        return lax.full(s.shape[:-1], 0, np.int32)
    if tolerance is None:
        tolerance = s[..., 0] * (max(M.shape[-2:]) * _epsilon(s))
    return (s > _cutoff(tolerance, s)).sum(-1, dtype=np.int32)


@derived("hermitian")
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
        tolerance = 10.0 * max(aval_of(a).shape[-2:]) * _epsilon(a)
    return _pseudo_inverse(a, tolerance, hermitian)


def _pseudo_inverse_value(a: Any, tolerance: Any, is_hermitian: bool) -> Any:
    u, s, vh = svd(a, False, True, is_hermitian)
    inverse = _inverse_where(s > _cutoff(tolerance, s) * s[..., :1], s)
    return product(scaled(adjoint(vh), inverse), adjoint(u))


def _inverse_where(keep: Any, s: Any) -> Any:
    return where(keep, 1 / where(keep, s, 1), 0)


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


@derived()
def _lstsq(a: Any, b: Any, rcond: Any) -> Any:
    a, b = (promote_inexact("lstsq", x) for x in promote_dtypes("lstsq", a, b))
    columns = b[:, None] if b.ndim == 1 else b
    u, s, vh = lax_linalg.svd(a, full_matrices=False)
    if a.size:
        limit = asarray(max(a.shape) * _epsilon(s) if rcond is None else rcond, s.dtype)
        limit = where(limit < 0, _epsilon(s), limit)
        keep = (s > 0) & (s >= s[0] * limit)
    else:
        keep = s > s
    x = product(
        adjoint(vh), scaled(product(adjoint(u), columns), _inverse_where(keep, s), rows=True)
    )
    residuals = lax.square(abs(columns - product(a, x))).sum(0)
    return x[:, 0] if b.ndim == 1 else x, residuals, keep.sum(dtype=np.int32), s


@derived("p")
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
    spectral = p in (None, 2, -2)
    x = promote_inexact("cond", x if spectral else square("cond", x))
    if spectral:
        s = svdvals(x)
        ratio = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    else:
        ratio = norm(x, p, (-2, -1)) * norm(inv(x), p, (-2, -1))
    singular = (ratio != ratio) & ~(x != x).any((-2, -1))
    return where(singular, np.inf, ratio)
