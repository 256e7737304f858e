"""Small operations on the last two axes, from which rules of decompositions are written."""

from __future__ import annotations

from typing import Any

import numpy as np

from jib import lax
from jib.core.avals import ShapedArray
from jib.core.tracing import aval_of
from jib.errors import DTypeError, ShapeError
from jib.lax._families import constant_like
from jib.lax._gathering import gather_along_axis

__all__ = [
    "LETTERS", "adjoint", "check_matrices", "check_square", "diagonal_of", "eye_like", "hermitian",
    "in_dtype", "on_diagonal", "permuted", "product", "real_dtype", "scaled", "transposed",
    "triangle",
]  # fmt: skip

#: What LAPACK calls the dtypes.
LETTERS = {"float32": "s", "float64": "d", "complex64": "c", "complex128": "z"}


def check_matrices(name: str, a: ShapedArray) -> None:
    """Raise unless `a` holds matrices on its last two axes, of a dtype that LAPACK knows."""
    if a.ndim < 2:
        raise ShapeError(f"`{name}` takes matrices on the last two axes, but got {a}")
    if a.dtype.name not in LETTERS:
        raise DTypeError(
            f"`{name}` takes float32, float64 or complex matrices, but got {a}",
            help="a = a.astype('float32')",
        )


def check_square(name: str, a: ShapedArray) -> None:
    """Raise unless `a` holds square matrices on its last two axes."""
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"`{name}` takes square matrices on the last two axes, but got {a}")
    check_matrices(name, a)


def real_dtype(dtype: Any) -> np.dtype:
    """The dtype of the real part."""
    return np.zeros((), dtype).real.dtype


def in_dtype(x: Any, like: Any) -> Any:
    """`x` in the dtype of `like`: real numbers as complex ones, say."""
    return lax.convert_element_type(x, aval_of(like).dtype)


def product(a: Any, b: Any) -> Any:
    """Matrix products with equal leading axes, at full precision."""
    lead = tuple(range(aval_of(a).ndim - 2))
    last = len(lead)
    numbers = (((last + 1,), (last,)), (lead, lead))
    return lax.dot_general(a, b, numbers, precision="highest")


def transposed(a: Any, conjugate: bool = False) -> Any:
    """The (conjugate) transpose of the last two axes."""
    ndim = aval_of(a).ndim
    out = lax.transpose(a, (*range(ndim - 2), ndim - 1, ndim - 2))
    return lax.conj(out) if conjugate and aval_of(a).dtype.kind == "c" else out


def adjoint(a: Any) -> Any:
    """The conjugate transpose."""
    return transposed(a, True)


def _places(shape: tuple[int, ...]) -> tuple[Any, Any]:
    rows, columns = (lax.broadcasted_iota(np.int32, shape, len(shape) - i) for i in (2, 1))
    return rows, columns


def triangle(a: Any, lower: bool, offset: int = 0) -> Any:
    """The elements on one side of a diagonal, zeros elsewhere."""
    rows, columns = _places(aval_of(a).shape)
    rows = lax.add(rows, np.int32(offset))
    keep = lax.ge(rows, columns) if lower else lax.le(rows, columns)
    return lax.select(keep, a, lax.full_like(a, 0))


def eye_like(a: Any, shape: tuple[int, ...] | None = None) -> Any:
    """Ones on the main diagonal, in the shape and dtype of `a`."""
    return in_dtype(lax.eq(*_places(aval_of(a).shape if shape is None else shape)), a)


def on_diagonal(a: Any) -> Any:
    """The main diagonal, zeros elsewhere."""
    return lax.select(lax.eq(*_places(aval_of(a).shape)), a, lax.full_like(a, 0))


def diagonal_of(a: Any) -> Any:
    """The main diagonals of square matrices, as vectors."""
    return lax.reduce_sum(on_diagonal(a), (aval_of(a).ndim - 1,))


def scaled(a: Any, factors: Any, rows: bool = False) -> Any:
    """Each column (or row) multiplied by a factor of its own."""
    shape = aval_of(a).shape
    ndim = len(shape)
    places = (*range(ndim - 2), ndim - 2 if rows else ndim - 1)
    return lax.mul(a, lax.broadcast_in_dim(in_dtype(factors, a), shape, places))


def hermitian(a: Any, lower: bool | None = None) -> Any:
    """The Hermitian part of `a`; with `lower`, the matrix of which one triangle is read."""
    if lower is not None:
        a = lax.sub(lax.mul(triangle(a, lower), constant_like(a, 2)), on_diagonal(a))
    return lax.mul(lax.add(a, adjoint(a)), constant_like(a, 0.5))


def permuted(rows: Any, order: Any) -> Any:
    """Rows (on the last axis but one) in another order."""
    shape = aval_of(rows).shape
    index = lax.broadcast_in_dim(order, shape, range(len(shape) - 1))
    return gather_along_axis(rows, index, len(shape) - 2, mode="promise_in_bounds")
