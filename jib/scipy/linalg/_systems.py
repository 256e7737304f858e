"""Linear systems, decompositions, and functions of matrices."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import jib.lax.linalg as lax_linalg  # the `from` form would ask for a missing name first
from jib import dtypes, lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, NotAvailableError, ShapeError
from jib.lax.linalg._matrices import adjoint, eye_like, product, scaled
from jib.numpy import linalg as jnp_linalg
from jib.numpy._promotion import as_operand, promote_inexact
from jib.numpy.linalg._solving import square
from jib.passes.eager import compiled
from jib.scipy._arguments import promoted
from jib.transforms.linear import jvp
from jib.transforms.vmap import vmap
from jib.typing import Array, ArrayLike

__all__ = [
    "cho_factor", "cho_solve", "cholesky", "det", "eigh", "eigh_tridiagonal", "expm",
    "expm_frechet", "hessenberg", "inv", "lu", "lu_factor", "lu_solve", "polar", "qr",
    "rsf2csf", "schur", "solve", "solve_sylvester", "solve_triangular", "sqrtm", "svd",
]  # fmt: skip


def _solved(name: str, solver: Callable[..., Any], a: Any, b: Any) -> Any:
    """`solver(a, b)` for vectors or matrices `b`, with leading axes that broadcast."""
    a, b = promoted(name, square(name, a), as_operand(name, b))
    first, second = aval_of(a), aval_of(b)
    if not second.ndim or second.shape[-2:][0] != first.shape[-1]:
        raise ShapeError(f"`{name}` cannot solve {first} for right sides {second}")
    vector = second.ndim == 1
    b = b[:, None] if vector else b
    lead = lax.broadcast_shapes(first.shape[:-2], aval_of(b).shape[:-2])
    a, b = (jnp.broadcast_to(x, (*lead, *aval_of(x).shape[-2:])) for x in (a, b))
    out = solver(a, b)
    return out[..., 0] if vector else out


# ----------------------------------------------------------------------------- decompositions


def cholesky(
    a: ArrayLike, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Array:
    """The upper (or lower) triangle of the Cholesky decomposition; only that triangle is read.

    NaN where a matrix is not positive definite.

    Raises:
        ShapeError: if the matrices are not square.

    Example:
        >>> import jib
        >>> jib.scipy.linalg.cholesky(jib.numpy.array([[4.0, 2.0], [2.0, 5.0]])).tolist()
        [[2.0, 1.0], [0.0, 2.0]]
    """
    return jnp_linalg.cholesky(a, upper=not lower, symmetrize_input=False)


def cho_factor(
    a: ArrayLike, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Array, bool]:
    """The Cholesky decomposition as `cho_solve` takes it: a triangle, and whether it is lower."""
    return cholesky(a, lower), lower


def cho_solve(
    c_and_lower: tuple[ArrayLike, bool], b: ArrayLike, overwrite_b: bool = False,
    check_finite: bool = True,
) -> Array:  # fmt: skip
    """The solution of `a @ x == b`, from `cho_factor(a)`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> factor = jib.scipy.linalg.cho_factor(4.0 * jnp.eye(2))
        >>> jib.scipy.linalg.cho_solve(factor, jnp.array([4.0, 8.0])).tolist()
        [1.0, 2.0]
    """
    c, lower = c_and_lower
    return _cho_solve(c, b, bool(lower))


@compiled(static=("lower",))
def _cho_solve(c: Any, b: Any, lower: bool) -> Any:
    def solver(c: Any, b: Any) -> Any:
        for turned in (not lower, lower):
            flags = {"left_side": True, "lower": lower}
            b = lax_linalg.triangular_solve(c, b, **flags, transpose_a=turned, conjugate_a=turned)
        return b

    return _solved("cho_solve", solver, c, b)


def solve(
    a: ArrayLike, b: ArrayLike, lower: bool = False, overwrite_a: bool = False,
    overwrite_b: bool = False, debug: bool = False, check_finite: bool = True,
    assume_a: str = "gen",
) -> Array:  # fmt: skip
    """The solution of `a @ x == b`.

    Args:
        lower: which triangle is read with `assume_a="pos"`.
        assume_a: "pos" for Hermitian positive definite matrices, which takes half the work; "gen",
            "sym" and "her" are one.

    Raises:
        ShapeError: if the shapes do not fit.
        ArgumentValueError: for another `assume_a`.
    """
    ArgumentValueError.check("solve", "assume_a", assume_a, ("gen", "sym", "her", "pos"))
    return cho_solve(cho_factor(a, lower), b) if assume_a == "pos" else jnp_linalg.solve(a, b)


def solve_triangular(
    a: ArrayLike, b: ArrayLike, trans: int | str = 0, lower: bool = False,
    unit_diagonal: bool = False, overwrite_b: bool = False, debug: Any = None,
    check_finite: bool = True,
) -> Array:  # fmt: skip
    """The solution of `a @ x == b`, where only one triangle of `a` is read.

    Args:
        trans: 0 or "N"; 1 or "T" for the transpose of `a`; 2 or "C" for its conjugate transpose.
        unit_diagonal: whether the diagonal counts as ones.

    Raises:
        ShapeError: if the shapes do not fit.
        ArgumentValueError: for another `trans`.
    """
    places = {0: 0, "N": 0, 1: 1, "T": 1, 2: 2, "C": 2}
    ArgumentValueError.check("solve_triangular", "trans", trans, tuple(places))
    return _solve_triangular(a, b, places[trans], bool(lower), bool(unit_diagonal))


@compiled(static=("trans", "lower", "unit"))
def _solve_triangular(a: Any, b: Any, trans: int, lower: bool, unit: bool) -> Any:
    flags = {"transpose_a": trans > 0, "conjugate_a": trans > 1, "unit_diagonal": unit}
    solver = functools.partial(lax_linalg.triangular_solve, left_side=True, lower=lower, **flags)
    return _solved("solve_triangular", solver, a, b)


def svd(
    a: ArrayLike, full_matrices: bool = True, compute_uv: bool = True, overwrite_a: bool = False,
    check_finite: bool = True, lapack_driver: str = "gesdd",
) -> Any:  # fmt: skip
    """The singular value decomposition; see `jib.numpy.linalg.svd`."""
    out = jnp_linalg.svd(a, full_matrices, compute_uv)
    return tuple(out) if compute_uv else out


def det(a: ArrayLike, overwrite_a: bool = False, check_finite: bool = True) -> Array:
    """The determinants of square matrices."""
    return jnp_linalg.det(a)


def inv(a: ArrayLike, overwrite_a: bool = False, check_finite: bool = True) -> Array:
    """The inverses of square matrices."""
    return jnp_linalg.inv(a)


def eigh(
    a: ArrayLike, b: ArrayLike | None = None, lower: bool = True, eigvals_only: bool = False,
    overwrite_a: bool = False, overwrite_b: bool = False, turbo: bool = True, eigvals: None = None,
    type: int = 1, check_finite: bool = True,
) -> Any:  # fmt: skip
    """The eigenvalues and eigenvectors of Hermitian matrices; see `jib.numpy.linalg.eigh`.

    Raises:
        NotAvailableError: with `b`, `eigvals`, or a `type` other than 1.
    """
    if b is not None or eigvals is not None or type != 1:
        raise NotAvailableError("scipy.linalg.eigh with b, eigvals or type", "eigh(a)")
    w, v = jnp_linalg.eigh(a, "L" if lower else "U")
    return w if eigvals_only else (w, v)


def eigh_tridiagonal(
    d: ArrayLike, e: ArrayLike, *, eigvals_only: bool = False, select: str = "a",
    select_range: tuple[int, int] | None = None, tol: float | None = None, key: Any = None,
) -> Any:  # fmt: skip
    """The eigenvalues and eigenvectors of a Hermitian matrix with diagonals `d` and `e`.

    The whole matrix is made, so its derivatives are those of `eigh`.

    Args:
        d, e: the main diagonal, of shape `(n,)`, and the one above it, of shape `(n - 1,)`.
        select: "a" for all, "i" for those from the first place in `select_range` to the last.

    Raises:
        ArgumentValueError: for another `select`.
    """
    known = ("a",) if select_range is None else ("a", "i")
    ArgumentValueError.check("eigh_tridiagonal", "select", select, known)
    d, e = promoted("eigh_tridiagonal", d, e)
    w, v = jnp_linalg.eigh(jnp.diag(d) + jnp.diag(e, 1) + jnp.diag(jnp.conj(e), -1))
    if select == "i":
        first, last = select_range  # type: ignore[misc]
        w, v = w[first : last + 1], v[:, first : last + 1]
    return w if eigvals_only else (w, v)


def schur(a: ArrayLike, output: str = "real") -> tuple[Array, Array]:
    """The Schur form `t` and vectors `z` with `z @ t @ z^H == a`; on CPUs.

    Args:
        output: "complex" makes `t` a triangle, where for real matrices it may have 2x2 blocks.
    """
    ArgumentValueError.check("schur", "output", output, ("real", "complex"))
    a = promote_inexact("schur", square("schur", a))
    t, z = lax_linalg.schur(_complexified(a) if output == "complex" else a)
    return t, z


def _complexified(a: Any) -> Any:
    return lax.convert_element_type(a, dtypes.promote_types(aval_of(a).dtype, np.complex64))


def rsf2csf(T: ArrayLike, Z: ArrayLike, check_finite: bool = True) -> tuple[Array, Array]:
    """The complex Schur form from a real one."""
    T, Z = (_complexified(x) for x in promoted("rsf2csf", square("rsf2csf", T), Z))
    form, turn = lax_linalg.schur(T)
    return form, jnp.matmul(Z, turn, precision="highest")


def hessenberg(
    a: ArrayLike, *, calc_q: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """The Hessenberg form `h` (and `q`) with `q @ h @ q^H == a`; on CPUs."""
    a = promote_inexact("hessenberg", square("hessenberg", a))
    packed, taus = lax_linalg.hessenberg(a)
    h = jnp.triu(packed, -1)
    if not calc_q:
        return h
    q = eye_like(packed)
    if aval_of(a).shape[-1] > 1:
        inner = lax_linalg.householder_product(packed[..., 1:, :-1], taus)
        q = q.at[..., 1:, 1:].set(inner)
    return h, q


def lu_factor(
    a: ArrayLike, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Array, Array]:
    """The LU decomposition as `lu_solve` takes it: both triangles, and the exchanges of rows."""
    return lax_linalg.lu(promote_inexact("lu_factor", a))[:2]


def lu_solve(
    lu_and_piv: tuple[ArrayLike, ArrayLike], b: ArrayLike, trans: int = 0,
    overwrite_b: bool = False, check_finite: bool = True,
) -> Array:  # fmt: skip
    """The solution of `a @ x == b` (with `trans`, of `a^T` or `a^H`), from `lu_factor(a)`."""
    factors, pivots = lu_and_piv
    order = lax_linalg.lu_pivots_to_permutation(pivots, aval_of(factors).shape[-1])

    def solver(a: Any, b: Any) -> Any:
        places = jnp.broadcast_to(order, aval_of(b).shape[:-1])
        unit, upper = ({"lower": True, "unit_diagonal": True}, {"lower": False})
        flags = {"left_side": True, "transpose_a": trans > 0, "conjugate_a": trans > 1}
        if not trans:
            b = jnp.take_along_axis(b, places[..., None], -2)
        for part in (upper, unit) if trans else (unit, upper):
            b = lax_linalg.triangular_solve(a, b, **flags, **part)
        return jnp.take_along_axis(b, jnp.argsort(places)[..., None], -2) if trans else b

    return _solved("lu_solve", solver, factors, b)


def lu(
    a: ArrayLike, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """`p`, `l` and `u` with `p @ l @ u == a`; with `permute_l`, `p @ l` and `u`."""
    a = promote_inexact("lu", a)
    factors, _, order = lax_linalg.lu(a)
    m, n = aval_of(a).shape[-2:]
    k = min(m, n)
    p = jnp.asarray(order[..., None, :] == jnp.arange(m)[:, None], factors.real.dtype)
    low = jnp.tril(factors, -1)[..., :k] + jnp.eye(m, k, dtype=factors.dtype)
    up = jnp.triu(factors)[..., :k, :]
    return (jnp.matmul(p, low), up) if permute_l else (p, low, up)


def qr(
    a: ArrayLike, overwrite_a: bool = False, lwork: Any = None, mode: str = "full",
    pivoting: bool = False, check_finite: bool = True,
) -> Any:  # fmt: skip
    """The QR decomposition; modes "full", "r" and "economic", and perhaps an order of columns."""
    ArgumentValueError.check("qr", "mode", mode, ("full", "r", "economic"))
    options = {"pivoting": pivoting, "full_matrices": mode != "economic"}
    out = lax_linalg.qr(promote_inexact("qr", a), **options)
    return out[1:] if mode == "r" else out


def polar(
    a: ArrayLike, side: str = "right", *, method: str = "qdwh", eps: float | None = None,
    max_iterations: int | None = None,
) -> tuple[Array, Array]:  # fmt: skip
    """`u` with orthonormal columns (or rows) and a positive `p` with `u @ p == a`.

    Args:
        side: "left" for `p @ u == a`.
        method: "qdwh" or "svd"; both are computed by the singular value decomposition.
    """
    ArgumentValueError.check("polar", "side", side, ("right", "left"))
    ArgumentValueError.check("polar", "method", method, ("qdwh", "svd"))
    u, s, vh = lax_linalg.svd(promote_inexact("polar", a), full_matrices=False)
    base = adjoint(vh) if side == "right" else u
    return product(u, vh), product(scaled(base, s), adjoint(base))


# ------------------------------------------------------------------------ functions of matrices

_PADE = {
    7: (17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1),
    13: (
        64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800,
        129060195264000, 10559470521600, 670442572800, 33522128640, 1323241920, 40840800,
        960960, 16380, 182, 1,
    ),
}  # fmt: skip


def expm(A: ArrayLike, *, upper_triangular: bool = False, max_squarings: int = 16) -> Array:
    """The exponentials of square matrices, by Padé approximation, scaling and squaring.

    Source: Higham, The scaling and squaring method for the matrix exponential revisited (2005).

    Args:
        A: matrices of shape `(..., n, n)`.
        upper_triangular: whether they are upper triangles.
        max_squarings: where more squarings were needed the result is NaN.

    Raises:
        ShapeError: if the matrices are not square.

    Example:
        >>> import jib
        >>> jib.scipy.linalg.expm(jib.numpy.zeros((2, 2))).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    return _expm(square("expm", A), bool(upper_triangular), int(max_squarings))


@compiled(static=("triangular", "most"))
def _expm(a: Any, triangular: bool, most: int) -> Any:
    a = promote_inexact("expm", a)
    if aval_of(a).ndim > 2:
        return vmap(lambda x: _expm(x, triangular, most))(a)
    double = aval_of(a).dtype in (np.float64, np.complex128)
    degree, limit = (13, 5.371920351148152) if double else (7, 3.92572478313866)
    size = lax.stop_gradient(jnp_linalg.norm(a, 1))
    count = jnp.maximum(0, jnp.ceil(jnp.log2(size / limit)))
    a = a / jnp.asarray(2**count, aval_of(a).dtype)
    even = eye_like(a)
    square_of = product(a, a)
    tops = [jnp.zeros_like(a), jnp.zeros_like(a)]
    for i, factor in enumerate(_PADE[degree]):
        if i and i % 2 == 0:
            even = product(even, square_of)
        tops[i % 2] = tops[i % 2] + float(factor) * even
    odd = product(a, tops[1])
    solver = solve_triangular if triangular else jnp_linalg.solve
    out = solver(tops[0] - odd, tops[0] + odd)
    out = lax.fori_loop(0, most, lambda i, x: jnp.where(i < count, product(x, x), x), out)
    return jnp.where(count > most, np.nan, out)


def expm_frechet(
    A: ArrayLike, E: ArrayLike, *, method: str | None = None, compute_expm: bool = True
) -> Any:
    """The exponential of a matrix, and its derivative in the direction `E`."""
    A, E = promoted("expm_frechet", square("expm_frechet", A), square("expm_frechet", E))
    out, change = jvp(expm, (A,), (E,))
    return (out, change) if compute_expm else change


def sqrtm(A: ArrayLike, blocksize: int = 1) -> Array:
    """A square root of a matrix, which is complex, by its Schur form; on CPUs.

    Source: Björck and Hammarling, A Schur method for the square root of a matrix (1983).
    """
    t, z = schur(A, "complex")
    line = jnp.sqrt(jnp.diagonal(t))
    n = aval_of(line).shape[0]

    def column(j: Any, u: Any) -> Any:
        def row(step: Any, u: Any) -> Any:
            i = j - 1 - step
            rest = t[i, j] - jnp.matmul(u[i], u[:, j], precision="highest")
            return u.at[i, j].set(jnp.where(rest == 0, 0, rest / (line[i] + line[j])))

        return lax.fori_loop(0, j, row, u)

    u = lax.fori_loop(0, n, column, jnp.diag(line))
    return product(product(z, u), adjoint(z))


def solve_sylvester(
    A: ArrayLike, B: ArrayLike, C: ArrayLike, *, method: str = "schur", tol: float = 1e-8
) -> Array:
    """The solution of `A @ X + X @ B == C`, as one linear system."""
    a, b, c = promoted("solve_sylvester", square("solve_sylvester", A), B, C)
    m, n = aval_of(a).shape[-1], aval_of(b).shape[-1]
    matrix = jnp.kron(a, jnp.eye(n)) + jnp.kron(jnp.eye(m), b.T)
    return jnp_linalg.solve(matrix, c.reshape(-1)).reshape(m, n)
