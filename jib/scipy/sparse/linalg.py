"""Iterative solution of linear systems, which need only products with the matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jib import lax, numpy as jnp
from jib.errors import ArgumentValueError, ShapeError, missing_names
from jib.flatten_util import ravel_pytree
from jib.numpy import linalg
from jib.numpy._promotion import promote_inexact
from jib.typing import ArrayLike

__all__ = ["bicgstab", "cg", "gmres"]

__getattr__ = missing_names(__name__)


def _product(name: str, A: Any) -> Callable[[Any], Any]:
    """The function `x -> A @ x`."""
    if callable(A):
        return A
    A = jnp.asarray(A)
    if A.ndim != 2 or A.shape[0] != A.shape[1]:
        raise ShapeError(f"`{name}` takes a square matrix or a function, but got shape {A.shape}")
    return lambda x: A @ x


def _dot(x: Any, y: Any) -> Any:
    return jnp.vdot(x, y, precision="highest")


def _solved(
    name: str, iterate: Callable[..., Any], system: tuple[Any, ...], limits: Any, symmetric: bool
) -> tuple[Any, None]:
    """`iterate(product, preconditioner, b, x0, limit, maxiter)` on vectors, for trees of arrays."""
    A, b, x0, M = system
    tol, atol, maxiter = limits
    flat, restore = ravel_pytree(b)
    flat = promote_inexact(name, flat)
    start = jnp.zeros_like(flat) if x0 is None else ravel_pytree(x0)[0].astype(flat.dtype)
    if start.shape != flat.shape:
        raise ShapeError(f"`{name}` takes an x0 like b, but they hold {start.size} and {flat.size}")
    maxiter = 10 * flat.size if maxiter is None else maxiter

    def on_vectors(function: Any) -> Callable[[Any], Any]:
        return lambda x: ravel_pytree(function(restore(x)))[0].astype(flat.dtype)

    forward = on_vectors(_product(name, A))
    precondition = (lambda x: x) if M is None else on_vectors(_product(name, M))

    def solve(product: Any, right: Any, x: Any = None) -> Any:
        x = jnp.zeros_like(right) if x is None else x
        limit = jnp.maximum(tol * linalg.norm(right), atol)
        return iterate(product, precondition, right, x, limit, maxiter)

    found = lax.custom_linear_solve(
        forward, flat, lambda product, right: solve(product, right, start),
        transpose_solve=solve, symmetric=symmetric,
    )  # fmt: skip
    return restore(found), None


def cg(
    A: Any, b: Any, x0: Any = None, *, tol: ArrayLike = 1e-5, atol: ArrayLike = 0.0,
    maxiter: int | None = None, M: Any = None,
) -> tuple[Any, None]:  # fmt: skip
    """Solve `A @ x == b` for a Hermitian positive definite `A`, by conjugate gradients.

    Derivatives solve the same system again; they do not go through the iterations.

    Args:
        A: a square matrix, or a linear function from trees of arrays like `b` to such trees.
        b: the right side, an array or a tree of arrays.
        x0: where to start; zeros by default.
        tol, atol: the residual may be `max(tol * norm(b), atol)` long.
        maxiter: the most iterations, by default 10 for each element of `b`.
        M: nearly the inverse of `A`, a matrix or a function.

    Returns:
        The solution, and None.

    Source: Hestenes and Stiefel, Methods of conjugate gradients (1952).

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> x, _ = jib.scipy.sparse.linalg.cg(lambda x: 2.0 * x, jnp.array([2.0, 4.0]))
        >>> x.tolist()
        [1.0, 2.0]
    """
    return _solved("cg", _cg, (A, b, x0, M), (tol, atol, maxiter), True)


def _cg(product: Any, precondition: Any, b: Any, x: Any, limit: Any, maxiter: Any) -> Any:
    def more(state: Any) -> Any:
        _, r, _, _, k = state
        return (linalg.norm(r) > limit) & (k < maxiter)

    def step(state: Any) -> Any:
        x, r, p, gamma, k = state
        image = product(p)
        alpha = gamma / _dot(p, image)
        r = r - alpha * image
        z = precondition(r)
        new = _dot(r, z)
        return x + alpha * p, r, z + new / gamma * p, new, k + 1

    r = b - product(x)
    z = precondition(r)
    return lax.while_loop(more, step, (x, r, z, _dot(r, z), 0))[0]


def bicgstab(
    A: Any, b: Any, x0: Any = None, *, tol: ArrayLike = 1e-5, atol: ArrayLike = 0.0,
    maxiter: int | None = None, M: Any = None,
) -> tuple[Any, None]:  # fmt: skip
    """Solve `A @ x == b` for any square `A`, by stabilised biconjugate gradients; see `cg`.

    Source: van der Vorst, Bi-CGSTAB (1992).
    """
    return _solved("bicgstab", _bicgstab, (A, b, x0, M), (tol, atol, maxiter), False)


def _bicgstab(product: Any, precondition: Any, b: Any, x: Any, limit: Any, maxiter: Any) -> Any:
    first = b - product(x)

    def more(state: Any) -> Any:
        _, r, *_, k = state
        return (linalg.norm(r) > limit) & (k < maxiter) & (k >= 0)

    def step(state: Any) -> Any:
        x, r, p, q, (alpha, omega, rho), k = state
        new = _dot(first, r)
        p = r + new / rho * (alpha / omega) * (p - omega * q)
        ahead = precondition(p)
        q = product(ahead)
        alpha = new / _dot(first, q)
        s = r - alpha * q
        half = precondition(s)
        t = product(half)
        enough = linalg.norm(s) <= limit
        omega = jnp.where(enough, 0, _dot(t, s) / jnp.where(enough, 1, _dot(t, t)))
        x = x + alpha * ahead + omega * half
        r = jnp.where(enough, s, s - omega * t)
        broken = (new == 0) | ((omega == 0) & ~enough)
        return x, r, p, q, (alpha, omega, new), jnp.where(broken, -1, k + 1)

    zeros, one = jnp.zeros_like(b), jnp.ones((), b.dtype)
    state = (x, first, zeros, zeros, (one, one, one), jnp.asarray(0))
    return lax.while_loop(more, step, state)[0]


def gmres(
    A: Any, b: Any, x0: Any = None, *, tol: ArrayLike = 1e-5, atol: ArrayLike = 0.0,
    restart: int = 20, maxiter: int | None = None, M: Any = None, solve_method: str = "batched",
) -> tuple[Any, None]:  # fmt: skip
    """Solve `A @ x == b` for any square `A`, by the least residual in a growing space; see `cg`.

    Args:
        restart: the most vectors that span the space before it is made anew.
        maxiter: how often it may be made anew.
        solve_method: "batched" or "incremental"; both are computed as the first is.

    Source: Saad and Schultz, GMRES (1986).
    """
    ArgumentValueError.check("gmres", "solve_method", solve_method, ("batched", "incremental"))

    def iterate(product: Any, precondition: Any, b: Any, x: Any, limit: Any, maxiter: Any) -> Any:
        size = min(int(restart), b.size)

        def more(state: Any) -> Any:
            return (linalg.norm(state[1]) > limit) & (state[2] < maxiter)

        def step(state: Any) -> Any:
            x, r, k = state
            x = x + precondition(_least(lambda v: product(precondition(v)), r, size))
            return x, b - product(x), k + 1

        return lax.while_loop(more, step, (x, b - product(x), 0))[0]

    return _solved("gmres", iterate, (A, b, x0, M), (tol, atol, maxiter), False)


def _least(product: Any, r: Any, size: int) -> Any:
    """The `x` of a Krylov space of `r` for which `|product(x) - r|` is least."""
    length = linalg.norm(r)

    def grow(k: Any, state: Any) -> Any:
        basis, images = state
        v = product(basis[k])
        images = images.at[k].set(v)
        for _ in range(2):  # once more, for what rounding left
            v = v - (basis.conj() @ v) @ basis
        norm = linalg.norm(v)
        small = norm <= jnp.finfo(norm.dtype).eps * linalg.norm(images[k])
        return basis.at[k + 1].set(jnp.where(small, 0, v / jnp.where(small, 1, norm))), images

    basis = jnp.zeros((size + 1, r.size), r.dtype).at[0].set(r / length)
    images = jnp.zeros((size, r.size), r.dtype)
    basis, images = lax.fori_loop(0, size, grow, (basis, images))
    return linalg.lstsq(images.T, r)[0] @ basis[:-1]
