"""Decompositions rebuild their matrices, and their gradients are the field's reference's."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.lax import linalg as lax_linalg
from jib.numpy import linalg

GOLDEN = np.load(pathlib.Path(__file__).with_name("linalg_golden.npz"))
A, R = GOLDEN["a"], GOLDEN["r"]  # 4x4, normal numbers
WIDE, TALL = np.ascontiguousarray(A[:2]), np.ascontiguousarray(A[:2].T)
COMPLEX = (A + 1j * R).astype(np.complex64)
POSITIVE = A @ A.T + np.eye(4, dtype=np.float32)
NEAR = {"rtol": 2e-3, "atol": 2e-4}
STACKS = [A, WIDE, TALL, COMPLEX, np.stack([TALL, 2 * TALL]), A[:0, :3], A[:2, :0], A[None][:0]]


def adjoint(x):
    return np.swapaxes(np.conj(x), -1, -2)


def weighted(*arrays):
    return sum((x * R[: x.shape[0], : x.shape[1]]).sum() for x in arrays)


def thin_vectors(a):
    u, _, vh = linalg.svd(a, full_matrices=False)
    return weighted(abs(u), abs(vh))


GRADIENTS = {
    "cholesky": (lambda a: weighted(linalg.cholesky(a)), POSITIVE),
    "qr": (lambda a: weighted(*linalg.qr(a)), A),
    "qr_wide": (lambda a: weighted(*linalg.qr(a)), WIDE),
    "qr_tall": (lambda a: weighted(*linalg.qr(a)), TALL),
    "qr_complete": (lambda a: weighted(*linalg.qr(a, mode="complete")), TALL),
    "eigh": (lambda a: weighted(abs(linalg.eigh(a)[1])) + linalg.eigh(a)[0] @ R[0], POSITIVE),
    "svd_wide": (thin_vectors, WIDE),
    "svd_tall": (thin_vectors, TALL),
    "svdvals": (lambda a: linalg.svdvals(a) @ R[0], A),
    "eigvals": (lambda a: (abs(linalg.eigvals(a)) ** 2).sum(), A),
    "pinv_wide": (lambda a: weighted(linalg.pinv(a)), WIDE),
    "pinv_tall": (lambda a: weighted(linalg.pinv(a)), TALL),
    "lstsq": (lambda a: weighted(linalg.lstsq(a, R)[0]), TALL),
    "cond": (linalg.cond, A),
    "nuclear": (lambda a: linalg.norm(a, "nuc"), A),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    """Of Cholesky factors, QR of every shape, eigenvalues, singular vectors, pseudo-inverses."""
    function, at = GRADIENTS[name]
    np.testing.assert_allclose(jib.grad(function)(at), GOLDEN[name], **NEAR)


@pytest.mark.parametrize("a", STACKS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_rebuilding(a):
    """QR, SVD, and the empty ones."""
    for mode in ("reduced", "complete"):
        q, r = map(np.asarray, linalg.qr(a, mode))
        np.testing.assert_allclose(q @ r, a, **NEAR)
        eye = np.broadcast_to(np.eye(q.shape[-1]), (*q.shape[:-2], *q.shape[-1:] * 2))
        np.testing.assert_allclose(adjoint(q) @ q, eye, **NEAR)
    u, s, vh = map(np.asarray, linalg.svd(a, full_matrices=False))
    np.testing.assert_allclose((u * s[..., None, :]) @ vh, a, **NEAR)
    np.testing.assert_allclose(linalg.svd(a, compute_uv=False), s, **NEAR)
    assert [x.shape for x in linalg.svd(a)] == [x.shape for x in np.linalg.svd(a)]


@pytest.mark.parametrize("a", [POSITIVE, COMPLEX @ adjoint(COMPLEX), POSITIVE[:0, :0]], ids=len)
def test_hermitian(a):
    """Cholesky factors, eigenvectors, and the Hermitian ways to singular values."""
    lower = np.asarray(linalg.cholesky(a))
    np.testing.assert_allclose(lower @ adjoint(lower), a, rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(linalg.cholesky(a, upper=True), adjoint(lower), **NEAR)
    w, v = map(np.asarray, linalg.eigh(a, "U"))
    np.testing.assert_allclose((v * w) @ adjoint(v), a, rtol=2e-3, atol=2e-3)
    shifted = a - 2 * np.eye(len(a), dtype=a.dtype)
    u, s, vh = map(np.asarray, linalg.svd(shifted, hermitian=True))
    np.testing.assert_allclose((u * s) @ vh, shifted, rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(s, np.linalg.svd(shifted)[1], **NEAR)


def test_a_failed_factor_is_nan_and_only_it():
    """One matrix of a stack is not positive definite."""
    out = np.asarray(linalg.cholesky(np.stack([POSITIVE, -POSITIVE])))
    assert np.isfinite(out[0]).all()
    assert np.isnan(out[1][np.tril_indices(4)]).all()


def test_equal_eigenvalues():
    """The eigenvalues alone have a derivative; eigenvectors have none, which shows."""
    eye = jnp.eye(4)
    slope = jib.grad(lambda a: (linalg.eigvalsh(a) ** 3).sum())(eye)
    np.testing.assert_allclose(slope, 3 * np.eye(4), **NEAR)
    assert np.isnan(jib.grad(lambda a: weighted(linalg.eigh(a)[1]))(eye)).any()
    assert np.isfinite(jib.grad(lambda a: linalg.svdvals(a).sum())(eye)).all()


def test_eig_on_both_sides():
    """Eigenvectors from the left and the right, of real and complex matrices."""
    for a in (A, COMPLEX):
        w, left, right = map(np.asarray, lax_linalg.eig(a))
        np.testing.assert_allclose(a @ right, right * w, rtol=2e-3, atol=2e-3)
        np.testing.assert_allclose(adjoint(left) @ a, w[:, None] * adjoint(left), atol=2e-3)


def test_numbers_of_numpy():
    """What needs no tolerance for signs is NumPy's."""
    stack = np.stack([POSITIVE, A, np.ones((4, 4), np.float32)])
    assert linalg.matrix_rank(stack).tolist() == [4, 4, 1]
    assert int(linalg.matrix_rank(np.zeros(3))) == 0
    for p in (None, 1, -2, "fro"):
        np.testing.assert_allclose(linalg.cond(POSITIVE, p), np.linalg.cond(POSITIVE, p), rtol=1e-3)
    for order in (2, -2, "nuc"):
        np.testing.assert_allclose(
            linalg.norm(stack, order, (0, 2)), np.linalg.norm(stack, order, (0, 2)), rtol=1e-4
        )
    for mine, theirs in zip(linalg.lstsq(TALL, R), np.linalg.lstsq(TALL, R), strict=True):
        np.testing.assert_allclose(mine, theirs, **NEAR)
    cube = R.reshape(2, 2, 4)
    np.testing.assert_allclose(linalg.tensorinv(cube), np.linalg.tensorinv(cube), **NEAR)
    wanted = np.linalg.tensorsolve(cube, A[:2, :2])
    np.testing.assert_allclose(linalg.tensorsolve(cube, A[:2, :2]), wanted, **NEAR)
    found, wanted = (
        m.vector_norm(cube, axis=(0, 2), ord=3, keepdims=True) for m in (linalg, np.linalg)
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert linalg.cholesky(np.array([[4, 2], [2, 2]])).tolist() == [[2, 0], [1, 1]]


def test_pivoting_and_reflections():
    """The order of columns is LAPACK's; reflections multiply as their product does."""
    q, r, order = map(np.asarray, lax_linalg.qr(A, pivoting=True))
    np.testing.assert_allclose(q @ r, A[:, order], **NEAR)
    assert (np.diff(abs(np.diagonal(r))) <= 1e-6).all()
    packed, taus = lax_linalg.geqrf(COMPLEX)
    whole = np.asarray(lax_linalg.householder_product(packed, taus))
    np.testing.assert_allclose(lax_linalg.ormqr(packed, taus, COMPLEX), whole @ COMPLEX, **NEAR)


def test_subsets_by_place():
    """The first values, with their vectors."""
    w, v = lax_linalg.eigh(POSITIVE)[::-1]
    v2, w2 = lax_linalg.eigh(POSITIVE, subset_by_index=(1, 3))
    assert w2.tolist() == w[1:3].tolist()
    assert v2.tolist() == v[:, 1:3].tolist()
    s = linalg.svd(A, full_matrices=False, subset_by_index=(0, 2)).S
    np.testing.assert_allclose(s, linalg.svdvals(A)[:2], rtol=1e-5)


def test_compiled_and_mapped():
    """`jit` and `vmap` change nothing."""
    stack = jnp.stack([jnp.asarray(TALL), 3 * jnp.asarray(TALL)], 2)
    mapped = jib.jit(jib.vmap(linalg.pinv, 2))(stack)
    for i in range(2):
        np.testing.assert_allclose(mapped[i], linalg.pinv(stack[:, :, i]), **NEAR)
