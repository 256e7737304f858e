"""Matrices with a structure: Toeplitz, Hankel, Hilbert, Pascal and others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jib import dtypes, numpy as jnp
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.numpy._promotion import as_operand, promote_dtypes
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "block_diag", "circulant", "hadamard", "hankel", "hilbert", "invpascal", "pascal", "toeplitz",
]  # fmt: skip


def _vector(name: str, x: Any) -> Any:
    return jnp.atleast_1d(as_operand(name, jnp.asarray(x)))


def block_diag(*arrs: ArrayLike) -> Array:
    """A matrix with the given matrices along its diagonal, zeros elsewhere.

    Raises:
        ShapeError: if one has more than two axes.

    Example:
        >>> import jib
        >>> jib.scipy.linalg.block_diag([[1, 2]], [[3]]).tolist()
        [[1, 2, 0], [0, 0, 3]]
    """
    given = [as_operand("block_diag", jnp.asarray(a)) for a in arrs] or [jnp.zeros((1, 0))]
    blocks = [jnp.atleast_2d(x) for x in promote_dtypes("block_diag", *given)]
    for x in blocks:
        if x.ndim > 2:
            raise ShapeError(f"`block_diag` takes matrices, but got {aval_of(x)}")
    total, before, rows = sum(x.shape[1] for x in blocks), 0, []
    for x in blocks:
        rows.append(jnp.pad(x, ((0, 0), (before, total - before - x.shape[1]))))
        before += x.shape[1]
    return jnp.concatenate(rows)


def toeplitz(c: ArrayLike, r: ArrayLike | None = None) -> Array:
    """The matrix with equal elements along each diagonal: first column `c`, first row `r`.

    The first element of `r` is not read; by default `r` is the conjugate of `c`.

    Example:
        >>> import jib
        >>> jib.scipy.linalg.toeplitz([1, 2], [0, 3, 4]).tolist()
        [[1, 3, 4], [2, 1, 3]]
    """
    down = _vector("toeplitz", c)
    along = jnp.conj(down) if r is None else _vector("toeplitz", r)
    return _along_diagonals(jnp.flip(down, -1), along, down.shape[-1], -1)


def _along_diagonals(first: Any, row: Any, rows: int, sign: int) -> Any:
    second, columns = row[..., 1:], row.shape[-1]
    lead = np.broadcast_shapes(first.shape[:-1], second.shape[:-1])
    both = [jnp.broadcast_to(x, (*lead, x.shape[-1])) for x in (first, second)]
    i, j = np.arange(rows)[:, None], np.arange(columns)
    return jnp.concatenate(both, -1)[..., i + j if sign > 0 else rows - 1 - i + j]


def hankel(c: ArrayLike, r: ArrayLike | None = None) -> Array:
    """The matrix with equal elements across diagonals: first column `c`, last row `r`.

    The first element of `r` is not read; by default `r` is zeros.
    """
    down = _vector("hankel", c)
    along = jnp.zeros_like(down) if r is None else _vector("hankel", r)
    return _along_diagonals(down, along, down.shape[-1], 1)


def circulant(c: ArrayLike) -> Array:
    """The matrix whose columns are `c`, each moved down by one more place."""
    column = _vector("circulant", c)
    n = np.arange(column.shape[-1])
    return column[..., (n[:, None] - n) % max(len(n), 1)]


def _exact(values: Any, dtype: Any = None) -> Array:
    return jnp.asarray(np.asarray(values, np.float64), dtype or dtypes.default_float_dtype())


def hilbert(n: int) -> Array:
    """The matrix of `1 / (i + j + 1)`."""
    i = np.arange(n)
    return _exact(1 / (i[:, None] + i + 1.0))


def _pascal(name: str, n: int, kind: str | None, signed: bool) -> Array:
    ArgumentValueError.check(name, "kind", kind, (None, "symmetric", "lower", "upper"))
    low = np.array([[float(math.comb(i, j)) for j in range(n)] for i in range(n)]).reshape(n, n)
    i = np.arange(n)
    low = low * (-1.0) ** (i[:, None] + i) if signed else low
    symmetric = low.T @ low if signed else low @ low.T
    return _exact({"lower": low, "upper": low.T}.get(kind or "", symmetric))


def pascal(n: int, kind: str | None = None) -> Array:
    """Binomial coefficients: a symmetric matrix, or its "lower" or "upper" factor."""
    return _pascal("pascal", n, kind, False)


def invpascal(n: int, kind: str | None = None) -> Array:
    """The inverse of `pascal(n, kind)`."""
    return _pascal("invpascal", n, kind, True)


def hadamard(n: int, dtype: DTypeLike = int) -> Array:
    """A symmetric matrix of 1 and -1 with orthogonal rows; `n` is a power of 2."""
    if n < 1 or n & (n - 1):
        raise ArgumentValueError(f"`hadamard` takes a power of 2, but got {n}")
    out = np.ones((1, 1))
    while len(out) < n:
        out = np.block([[out, out], [out, -out]])
    return jnp.asarray(out, dtype)
