"""Random vectors and matrices that linear algebra makes from normal numbers."""

from __future__ import annotations

from typing import Any

from jib import numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.numpy import linalg
from jib.numpy._promotion import promote_dtypes, promote_inexact
from jib.passes.eager import compiled
from jib.random._arguments import broadcast_shape, canonical_shape, checked_dtype
from jib.random._continuous import normal
from jib.typing import Array, ArrayLike, DTypeLike, Shape

__all__ = ["multivariate_normal", "orthogonal"]


def multivariate_normal(
    key: ArrayLike, mean: ArrayLike, cov: ArrayLike, shape: Shape | None = None,
    dtype: DTypeLike | None = None, method: str = "cholesky", *, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """Vectors of a normal distribution with a mean and a covariance.

    Args:
        mean: vectors of shape `(..., n)`.
        cov: matrices of shape `(..., n, n)`.
        shape: shape of the result without its last axis; by default that of the leading axes.
        method: the factor of `cov`: "cholesky", which needs a positive definite matrix, "eigh" or
            "svd".

    Raises:
        ShapeError: if the shapes do not fit.
        ArgumentValueError: for another method.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.random.multivariate_normal(jib.random.key(0), jnp.zeros(2), jnp.eye(2), (3,)).shape
        (3, 2)
    """
    name = "multivariate_normal"
    mean, cov = (promote_inexact(name, x) for x in promote_dtypes(name, mean, cov))
    ArgumentValueError.check(name, "method", method, ("cholesky", "eigh", "svd"))
    first, second = aval_of(mean), aval_of(cov)
    if not first.ndim or second.ndim < 2 or second.shape[-2:] != first.shape[-1:] * 2:
        raise ShapeError(
            f"`{name}` takes a mean (..., n) and a covariance (..., n, n), but got "
            f"{first} and {second}"
        )
    found = checked_dtype(name, first.dtype if dtype is None else dtype)
    shape = broadcast_shape(name, shape, first.shape[:-1], second.shape[:-2])
    return _multivariate_normal(key, mean, cov, shape, found, method)


@compiled(static=("shape", "dtype", "method"))
def _multivariate_normal(
    key: Any, mean: Any, cov: Any, shape: tuple[int, ...], dtype: Any, method: str
) -> Any:
    if method == "cholesky":
        factor = linalg.cholesky(cov)
    else:
        w, v = linalg.svd(cov)[1::-1] if method == "svd" else linalg.eigh(cov)
        factor = v * jnp.sqrt(w[..., None, :])
    drawn = normal(key, (*shape, mean.shape[-1]), dtype)
    return mean + jnp.einsum("...ij,...j->...i", factor, drawn)


def orthogonal(
    key: ArrayLike, n: int, shape: Shape = (), dtype: DTypeLike | None = None,
    m: int | None = None, *, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """Orthogonal (or unitary) matrices, all equally likely: shape `(*shape, n, m)`.

    Args:
        m: the number of columns, `n` by default; the shorter side is orthonormal.
        dtype: a floating or complex dtype.

    Source: Mezzadri, How to generate random matrices from the classical compact groups (2007).

    Example:
        >>> import jib
        >>> q = jib.random.orthogonal(jib.random.key(0), 3)
        >>> bool(abs(q @ q.T - jib.numpy.eye(3)).max() < 1e-5)
        True
    """
    found = checked_dtype("orthogonal", dtype, "floating or complex")
    lead = canonical_shape("orthogonal", shape)
    return _orthogonal(key, int(n), int(n if m is None else m), lead, found)


@compiled(static=("n", "m", "shape", "dtype"))
def _orthogonal(key: Any, n: int, m: int, shape: tuple[int, ...], dtype: Any) -> Any:
    q, r = linalg.qr(normal(key, (*shape, max(n, m), min(n, m)), dtype))
    signs = jnp.sign(jnp.diagonal(r, 0, -2, -1))
    q = q * signs[..., None, :]
    return jnp.matrix_transpose(q) if n < m else q
