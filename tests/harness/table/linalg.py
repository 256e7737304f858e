"""Rows for `jib/lax/linalg/`."""

import numpy as np

from jib import lax
from jib.errors import DTypeError, ShapeError
from jib.lax import linalg
from jib.lax.linalg import _matrices
from jib.lax.linalg._solving import solve
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import wrong

__all__ = ["ROWS"]


def regular(shape, dtype="float32"):
    """Matrices with a heavy diagonal, so that they are far from singular."""
    return array(shape, dtype) + 4 * np.eye(shape[-1], dtype=dtype)


SQUARES = [regular((3, 3)), regular((2, 3, 3)), regular((2, 2), "complex64")]
LOOSE = {"rtol": 2e-4, "atol": 2e-5}

ALONE = {"compute_left_eigenvectors": False, "compute_right_eigenvectors": False}
SPREAD = np.array([[1.0, 0.3, -0.2], [0.4, 3.0, 0.5], [-0.1, 0.6, 6.0]], "float32")


def two(first, second):
    """Two operands."""
    return array(first, low=-1.0, high=1.0), array(second)


def not_square(name):
    """The error of a matrix that is not square."""
    message = f"`{name}` takes square matrices on the last two axes, but got float32[2,3]"
    return wrong(ShapeError, message, array((2, 3)))


def positive(a):
    """A Hermitian matrix with positive eigenvalues."""
    if a.shape[-1] != a.shape[-2]:
        return a
    return lax.add(_matrices.product(a, _matrices.adjoint(a)), _matrices.eye_like(a))


def rebuilt(v, w):
    """The eigenvalues, and a function of the matrix that does not depend on signs."""
    inner = _matrices.scaled(v, lax.sin(w))
    return w, _matrices.product(inner, _matrices.adjoint(v))


def resized(u, s, vh):
    """The singular values, and the matrix with others in their place."""
    return s, _matrices.product(_matrices.scaled(u, lax.sin(s)), vh)


def spectral(a):
    """Functions of a matrix by its eigenvectors from the right and from the left."""
    w, left, right = linalg.eig(a, enable_eigvec_derivs=True)
    size = lax.abs(_matrices.product(_matrices.adjoint(left), right))
    inverse = solve(right, _matrices.eye_like(right))
    return _matrices.product(_matrices.scaled(right, lax.sin(w)), inverse), size


ROWS = [
    Row(
        "lu",
        linalg.lu,
        [
            *(sample(a, order=1, **LOOSE) for a in SQUARES),
            sample(array((3, 2)), order=0, **LOOSE),
            sample(array((2, 3)), order=0, **LOOSE),
        ],
        [
            wrong(
                ShapeError,
                "`lu` takes matrices on the last two axes, but got float32[3]",
                array((3,)),
            )
        ],
    ),
    Row(
        "triangular_solve",
        linalg.triangular_solve,
        [
            sample(SQUARES[0], array((2, 3)), **LOOSE),
            sample(SQUARES[0], array((3, 2)), left_side=True, lower=True, **LOOSE),
            sample(SQUARES[1], array((2, 3, 2)), left_side=True, transpose_a=True, **LOOSE),
            sample(SQUARES[0], array((3, 2)), left_side=True, unit_diagonal=True, **LOOSE),
            sample(SQUARES[2], array((2, 2), "complex64"), conjugate_a=True, order=1, **LOOSE),
        ],
        [
            wrong(
                ShapeError,
                "`triangular_solve` cannot solve float32[3,3] for right sides float32[2,2]",
                *(regular((3, 3)), array((2, 2))),
                left_side=True,
            )
        ],
    ),
    Row(
        "solve",
        solve,
        [
            sample(SQUARES[0], array((3, 2)), **LOOSE),
            sample(SQUARES[1], array((2, 3, 1)), **LOOSE),
            sample(SQUARES[2], array((2, 2), "complex64"), order=1, **LOOSE),
        ],
        [
            wrong(
                ShapeError,
                "`solve` cannot solve float32[3,3] for right sides float32[2,2]",
                *(regular((3, 3)), array((2, 2))),
            )
        ],
    ),
    Row(
        "lu_pivots_to_permutation",
        linalg.lu_pivots_to_permutation,
        [sample(np.array([2, 2, 3], np.int32), 4), sample(np.array([[1, 1], [0, 1]], np.int32), 2)],
        [
            wrong(
                ShapeError,
                "`lu_pivots_to_permutation` of 1 rows takes up to 1 int32 exchanges on the last "
                "axis, but got int32[2]",
                np.array([0, 1], np.int32),
                1,
            )
        ],
    ),
    Row(
        "cholesky",
        lambda a: linalg.cholesky(positive(a)),
        [
            sample(array((3, 3)), **LOOSE),
            sample(array((2, 2, 2), "complex64"), **LOOSE),
            sample(array((0, 0))),
        ],
        [not_square("cholesky")],
    ),
    Row(
        "qr",
        linalg.qr,
        [
            sample(array((3, 2)), full_matrices=False, **LOOSE),
            sample(array((2, 3)), **LOOSE),
            sample(array((4, 2)), order=1, **LOOSE),
            sample(array((2, 2, 2), "complex64"), order=1, **LOOSE),
            sample(array((3, 2)), pivoting=True, full_matrices=False, order=1, **LOOSE),
            sample(array((3, 0)), order=0),
        ],
        [
            wrong(
                ShapeError,
                "`qr` takes matrices on the last two axes, but got float32[3]",
                array((3,)),
            )
        ],
    ),
    Row(
        "geqrf",
        linalg.geqrf,
        [sample(array((3, 2)), order=0, **LOOSE), sample(array((2, 3)), order=0, **LOOSE)],
        [
            wrong(
                DTypeError,
                "`geqrf` takes float32, float64 or complex matrices, but got int32[2,2]",
                array((2, 2), "int32"),
            )
        ],
    ),
    Row(
        "geqp3",
        linalg.geqp3,
        [sample(array((3, 2)), np.zeros(2, np.int32), order=0, **LOOSE)],
        [
            wrong(
                ShapeError,
                "`geqp3` takes one int32 for each column, but got float32[3,2] and int32[3]",
                *(array((3, 2)), np.zeros(3, np.int32)),
            )
        ],
    ),
    Row(
        "householder_product",
        linalg.householder_product,
        [
            sample(array((3, 2)), array((2,)), order=0, **LOOSE),
            sample(array((2, 3, 3), "complex64"), array((2, 2), "complex64"), order=0, **LOOSE),
        ],
        [
            wrong(
                ShapeError,
                "`householder_product` takes no more columns than rows, but got float32[2,3]",
                *(array((2, 3)), array((2,))),
            )
        ],
    ),
    Row(
        "ormqr",
        linalg.ormqr,
        [
            sample(array((3, 2)), array((2,)), array((3, 4)), order=0, **LOOSE),
            sample(array((3, 2)), array((2,)), array((2, 3)), left=False, order=0, **LOOSE),
            sample(array((3, 2)), array((2,)), array((3, 2)), transpose=True, order=0, **LOOSE),
        ],
        [
            wrong(
                ShapeError,
                "`ormqr` cannot multiply float32[2,3] from the left by reflections in float32[3,2]",
                *(array((3, 2)), array((2,)), array((2, 3))),
            )
        ],
    ),
    Row(
        "eigh",
        lambda a, **options: rebuilt(*linalg.eigh(a, **options)),
        [
            sample(array((3, 3)), **LOOSE),
            sample(array((2, 2, 2), "complex64"), order=1, **LOOSE),
            sample(array((3, 3)), lower=False, symmetrize_input=False, order=1, **LOOSE),
            sample(array((0, 0))),
        ],
        [not_square("eigh")],
    ),
    Row(
        "eig",
        lambda a: [linalg.eig(a, **ALONE)[0], *spectral(a)],
        [sample(SPREAD, **LOOSE), sample(SPREAD.astype("complex64"), order=1, **LOOSE)],
        [not_square("eig")],
    ),
    Row(
        "svd",
        lambda a: resized(*linalg.svd(a, full_matrices=False)),
        [
            sample(array((3, 2)), **LOOSE),
            sample(array((2, 2, 3)), order=1, **LOOSE),
            sample(array((2, 2), "complex64"), order=1, **LOOSE),
            sample(array((0, 2))),
        ],
        [
            wrong(
                ShapeError,
                "`svd` takes matrices on the last two axes, but got float32[3]",
                array((3,)),
            )
        ],
    ),
    Row(
        "schur",
        lambda a: _matrices.product(*linalg.schur(a)[::-1]),
        [sample(SPREAD, order=0, **LOOSE), sample(SQUARES[2], order=0, **LOOSE)],
        [not_square("schur")],
    ),
    Row(
        "hessenberg",
        linalg.hessenberg,
        [sample(array((4, 4)), order=0, **LOOSE), sample(SQUARES[1], order=0, **LOOSE)],
        [not_square("hessenberg")],
    ),
    Row(
        "tridiagonal",
        lambda a: linalg.tridiagonal(positive(a)),
        [sample(array((4, 4)), order=0, **LOOSE), sample(array((1, 1)), order=0)],
        [not_square("tridiagonal")],
    ),
    Row(
        "tridiagonal_solve",
        linalg.tridiagonal_solve,
        [
            sample(array((3,)), array((3,), low=4.0, high=6.0), *two((3,), (3, 2)), **LOOSE),
            sample(
                *(array((2, 2)), array((2, 2), low=4.0, high=6.0), *two((2, 2), (2, 2, 1))),
                order=1,
                **LOOSE,
            ),
        ],
        [
            wrong(
                ShapeError,
                "`tridiagonal_solve` cannot solve diagonals float32[3], float32[3] and float32[3] "
                "for right sides float32[2,1]",
                *([array((3,))] * 3),
                array((2, 1)),
            )
        ],
    ),
]
