"""Shapes, joining, products and sorting: the same as NumPy, case by case."""

from __future__ import annotations

import numpy as np
import pytest

import jib
import jib.numpy as jnp

A = np.random.RandomState(0).randn(3, 4).astype(np.float32)
B = np.random.RandomState(1).randn(4, 5).astype(np.float32)
C = np.random.RandomState(2).randn(2, 3, 4).astype(np.float32)
V = np.random.RandomState(3).randn(4).astype(np.float32)
I = np.random.RandomState(4).randint(-5, 6, (3, 4)).astype(np.int32)  # noqa: E741

CASES = [
    ("reshape", (A, (-1, 2)), {"order": "F"}),
    ("moveaxis", (C, (0, 1), (-1, 0)), {}),
    ("rot90", (C, 3, (1, 2)), {}),
    ("roll", (A, (1, 2), (0, 1)), {}),
    ("atleast_3d", (A,), {}),
    ("stack", ([A, A],), {"axis": -1}),
    ("hstack", ([V, V],), {}),
    ("dstack", ([A, A],), {}),
    ("column_stack", ([V, V],), {}),
    ("array_split", (V, 3), {}),
    ("split", (V, [1, 3]), {}),
    ("tile", (A, (2, 1, 3)), {}),
    ("repeat", (V, np.array([1, 0, 2, 3])), {}),
    ("dot", (C, B), {}),
    ("matmul", (C, np.ones((7, 1, 4, 5), np.float32)), {}),
    ("matmul", (V, B), {}),
    ("tensordot", (C, C), {"axes": ([0, 2], [0, 2])}),
    ("kron", (V, A), {}),
    ("cross", (A[:, :3], A[:, 1:]), {}),
    ("diagonal", (C, 1, 0, 2), {}),
    ("diag", (V, -1), {}),
    ("trace", (I,), {}),
    ("argsort", (I,), {"kind": "stable"}),
    ("lexsort", ([I[0], I[1]],), {}),
    ("searchsorted", (np.sort(V), A), {"side": "right"}),
    ("searchsorted", (np.arange(40, dtype=np.float32), A * 20), {}),
    ("nonzero", (I,), {}),
    ("isin", (I, np.arange(0, 50, 2)), {}),
    ("unique", (I,), {"return_index": True, "return_inverse": True, "return_counts": True}),
    ("median", (C,), {"axis": (0, 2)}),
    ("quantile", (A, np.array([0.1, 0.9], np.float32)), {"axis": 1}),
    ("bincount", (np.array([0, 2, 2, 5]),), {}),
    ("histogram", (A, np.array([-1, 0, 0.5, 1], np.float32)), {"density": True}),
    ("cov", (A,), {}),
    ("diff", (A,), {"prepend": 0, "append": 9.0}),
    ("polyval", (V, A), {}),
    *[
        ("pad", (A, ((1, 2), (3, 5))), {"mode": m})
        for m in ("edge", "reflect", "symmetric", "wrap")
    ],
    *[("quantile", (A, 0.37), {"axis": 1, "method": m}) for m in ("lower", "higher", "nearest")],
    *[
        ("einsum", case, {})
        for case in (
            ("ij,jk", A, B),
            ("ii->i", A[:, :3]),
            ("bij,bkj->bik", C, C),
            ("...ij,jk->...ik", C, B),
            ("bij,jk,kl->bil", C, B, B.T),
            ("ab,cd->", A, B),
        )
    ],
]


def _device(x):
    if isinstance(x, list) and isinstance(x[0], np.ndarray):
        return [jnp.asarray(y) for y in x]
    return jnp.asarray(x) if isinstance(x, np.ndarray) else x


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_same_as_numpy(name, args, kwargs):
    """Values and shapes are NumPy's."""
    expected = getattr(np, name)(*args, **kwargs)
    actual = getattr(jnp, name)(*map(_device, args), **kwargs)
    several = isinstance(expected, list | tuple)
    for e, a in zip(*((expected, actual) if several else ([expected], [actual])), strict=True):
        assert np.shape(a) == np.shape(e)
        np.testing.assert_allclose(a, e, rtol=1e-4, atol=1e-5)


def test_nonzero_with_size_inside_a_program():
    """A known size makes the shape known; what is missing is filled."""
    found = jib.jit(lambda x: jnp.nonzero(x, size=3, fill_value=-1)[0])(jnp.array([0, 7, 0, 8]))
    assert found.tolist() == [1, 3, -1]


def test_unique_with_size_inside_a_program():
    """Values, first places, inverse and counts as eagerly, then filled."""
    x = jnp.array([3, 1, 3, 2])
    outs = jib.jit(lambda v: jnp.unique(v, True, True, True, size=4))(x)
    assert [o.tolist() for o in outs] == [[1, 2, 3, 1], [1, 3, 0, 1], [2, 0, 2, 1], [1, 1, 2, 0]]


def test_vectorize_broadcasts_and_checks():
    """Other axes broadcast; a result of the wrong rank is an error."""
    dot = jnp.vectorize(jnp.dot, signature="(n),(n)->()")
    np.testing.assert_allclose(dot(A[:, None], A[None]), A @ A.T, rtol=1e-5)
    with pytest.raises(ValueError, match="ranks"):
        jnp.vectorize(lambda x: x, signature="(n)->()")(A)


def test_error_names_the_shapes():
    """A product that does not fit says which lengths differ, and what would fit."""
    with pytest.raises(ValueError, match=r"float32\[3,4\] by float32\[5,4\]"):
        jnp.matmul(A, B.T)
