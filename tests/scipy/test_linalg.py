"""Systems, decompositions and functions of matrices, against SciPy and by rebuilding."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

import jib
import jib.numpy as jnp
from jib.errors import ArgumentValueError, ShapeError
from jib.scipy import linalg
from jib.scipy.sparse.linalg import bicgstab, cg, gmres

SOURCE = np.random.RandomState(0)
A, B = SOURCE.randn(4, 4).astype(np.float32), SOURCE.randn(4, 2).astype(np.float32)
V = B[:, 0].copy()
POSITIVE = A @ A.T + np.eye(4, dtype=np.float32)
COMPLEX = (A + 1j * A[::-1]).astype(np.complex64)
NEAR = {"rtol": 2e-3, "atol": 2e-3}

SAME = {
    "block_diag": (A, B, V), "circulant": (V,), "hadamard": (4,), "hankel": (V[:3], A[1]),
    "hilbert": (4,), "invpascal": (4, "upper"), "pascal": (4,), "toeplitz": (V[:3], A[1]),
    "det": (A,), "inv": (A,), "expm": (3 * A,), "expm_frechet": (A, POSITIVE), "lu": (A,),
    "lu_factor": (A,), "cholesky": (POSITIVE,), "solve": (A, B),
    "solve_sylvester": (A, POSITIVE, A),
}  # fmt: skip


def adjoint(x):
    return np.conj(x).T


@pytest.mark.parametrize("name", SAME)
def test_same_as_scipy(name):
    """Values are SciPy's."""
    found, wanted = (getattr(m, name)(*SAME[name]) for m in (linalg, scipy.linalg))
    pairs = zip(found, wanted, strict=True) if isinstance(wanted, tuple) else [(found, wanted)]
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine, theirs, **NEAR)


@pytest.mark.parametrize("a", [A, COMPLEX], ids=["real", "complex"])
def test_factored_systems(a):
    """LU, Cholesky and triangles solve what they should, turned as asked."""
    right = V.astype(a.dtype)
    for trans, turned in enumerate((a, a.T, adjoint(a))):
        wanted = np.linalg.solve(turned, right)
        np.testing.assert_allclose(
            linalg.lu_solve(linalg.lu_factor(a), right, trans), wanted, **NEAR
        )
        wanted = scipy.linalg.solve_triangular(a, right, trans, lower=True)
        np.testing.assert_allclose(
            linalg.solve_triangular(a, right, trans, lower=True), wanted, rtol=2e-2, atol=2e-3
        )
    positive = a @ adjoint(a) + np.eye(4, dtype=a.dtype)
    for lower in (True, False):
        found = linalg.cho_solve(linalg.cho_factor(positive, lower), right)
        np.testing.assert_allclose(found, np.linalg.solve(positive, right), **NEAR)
        found = linalg.solve(positive, right, lower, assume_a="pos")
        np.testing.assert_allclose(found, np.linalg.solve(positive, right), **NEAR)


@pytest.mark.parametrize("a", [A, COMPLEX], ids=["real", "complex"])
def test_rebuilding(a):
    """Schur, Hessenberg and polar forms, and the square root."""
    for form in (linalg.schur(a), linalg.schur(a, "complex"), linalg.rsf2csf(*linalg.schur(a))):
        t, z = map(np.asarray, form)
        np.testing.assert_allclose(z @ t @ adjoint(z), a, **NEAR)
    assert not np.tril(t, -1).any()
    h, q = map(np.asarray, linalg.hessenberg(a, calc_q=True))
    np.testing.assert_allclose(q @ h @ adjoint(q), a, **NEAR)
    assert not np.tril(h, -2).any()
    u, p = map(np.asarray, linalg.polar(a))
    np.testing.assert_allclose(u @ p, a, **NEAR)
    u, p = map(np.asarray, linalg.polar(a, "left"))
    np.testing.assert_allclose(p @ u, a, **NEAR)
    root = np.asarray(linalg.sqrtm(a))
    np.testing.assert_allclose(root @ root, a, **NEAR)
    q, r, order = linalg.qr(a, pivoting=True)
    np.testing.assert_allclose(q @ r, a[:, np.asarray(order)], **NEAR)


def test_tridiagonal_eigenvalues():
    """All, and some by their place."""
    wanted = scipy.linalg.eigh_tridiagonal(V, V[1:], eigvals_only=True)
    found = linalg.eigh_tridiagonal(V, V[1:], eigvals_only=True)
    np.testing.assert_allclose(found, wanted, **NEAR)
    some, _ = linalg.eigh_tridiagonal(V, V[1:], select="i", select_range=(1, 2))
    np.testing.assert_allclose(some, wanted[1:3], **NEAR)


def test_expm_compiled_mapped_and_differentiated():
    """A stack is a loop; the derivative is Fréchet's; too many squarings give NaN."""
    stack = np.stack([A, POSITIVE])
    np.testing.assert_allclose(linalg.expm(stack)[1], linalg.expm(POSITIVE), rtol=2e-3)
    slope = jib.jit(jib.grad(lambda a: (linalg.expm(a) * A).sum()))(A)
    wanted = scipy.linalg.expm_frechet(A.astype(float), POSITIVE.astype(float))[1]
    np.testing.assert_allclose((slope * POSITIVE).sum(), (wanted * A).sum(), rtol=1e-3)
    assert np.isnan(linalg.expm(1e6 * A, max_squarings=3)).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: linalg.solve(A, V, assume_a="x"),
            ArgumentValueError,
            "`assume_a` of `solve` is one of 'gen'",
        ),
        (lambda: linalg.cho_solve((A, True), B[:3]), ShapeError, "for right sides float32"),
        (
            lambda: linalg.qr(A, mode="reduced"),
            ArgumentValueError,
            "`mode` of `qr` is one of 'full', 'r'",
        ),
        (lambda: linalg.polar(A, "up"), ArgumentValueError, "one of 'right', 'left', not 'up'"),
        (lambda: linalg.block_diag(A[None]), ShapeError, r"but got float32\[1,4,4\]"),
        (lambda: cg(A[:2], V), ShapeError, r"or a function, but got shape \(2, 4\)"),
        (
            lambda: gmres(A, V, solve_method="x"),
            ArgumentValueError,
            "one of 'batched', 'incremental'",
        ),
    ],
)
def test_errors(call, error, words):
    """What does not fit is refused."""
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("solver", [cg, bicgstab, gmres])
def test_iterative_solvers(solver):
    """Values and gradients are those of the direct solution; `jit`, `vmap`, trees, a start."""
    matrix = POSITIVE if solver is cg else A + 4 * np.eye(4, dtype=np.float32)

    def total(solve, a, b):
        return (solve(a, b) ** 2).sum()

    iterated = lambda a, b: solver(a, b, tol=1e-6)[0]
    for mine, theirs in zip(
        jib.grad(lambda a, b: total(iterated, a, b), (0, 1))(matrix, V),
        jib.grad(lambda a, b: total(jnp.linalg.solve, a, b), (0, 1))(matrix, V),
        strict=True,
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)
    wanted = np.linalg.solve(matrix, V)
    inverse = np.diag(1 / np.diag(matrix)).astype(np.float32)
    found = jib.jit(lambda b: solver(matrix, b, x0=b, M=inverse)[0])(V)
    np.testing.assert_allclose(found, wanted, **NEAR)
    found = jib.vmap(lambda b: solver(matrix, b)[0])(np.stack([V, 2 * V]))
    np.testing.assert_allclose(found[1], 2 * wanted, **NEAR)
    tree = solver(lambda t: {"x": matrix @ t["x"]}, {"x": V})[0]
    np.testing.assert_allclose(tree["x"], wanted, **NEAR)
