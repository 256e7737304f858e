"""`jib.scipy.fft` against SciPy."""

import numpy as np
import pytest
import scipy.fft as reference

import jib
import jib.scipy.fft as jft
from jib.errors import ArgumentValueError, DTypeError
from tests.harness.samples import array

X = array((3, 5, 4))


@pytest.mark.parametrize("kind", [2, 3])
@pytest.mark.parametrize("name", ["dct", "idct"])
def test_one_axis(name, kind):
    for arguments in [(None, -1, None), (7, 1, "ortho"), (2, 0, "forward")]:
        found = getattr(jft, name)(X, kind, *arguments)
        expected = getattr(reference, name)(X, kind, *arguments)
        np.testing.assert_allclose(found, expected, 1e-4, 1e-4, err_msg=f"{arguments}")


@pytest.mark.parametrize("name", ["dctn", "idctn"])
def test_several_axes(name):
    for arguments in [(2, None, None, None), (3, (4, 6), None, "ortho"), (2, None, (0, 2))]:
        found = getattr(jft, name)(X, *arguments)
        expected = getattr(reference, name)(X, *arguments)
        np.testing.assert_allclose(found, expected, 1e-4, 1e-4, err_msg=f"{arguments}")


def test_orthogonal_transforms_keep_the_gradient_of_the_length():
    grad = jib.grad(lambda x: (jft.dct(x, norm="ortho") ** 2).sum())(X)
    np.testing.assert_allclose(grad, 2 * X, 1e-4, 1e-4)


def test_refusals():
    with pytest.raises(ArgumentValueError, match="`type` of `dct` is one of 2, 3, not 5"):
        jft.dct(X, 5)
    with pytest.raises(ArgumentValueError, match="`dct` needs lengths of at least 1"):
        jft.dct(X, 2, 0)
    with pytest.raises(DTypeError, match="`idct` takes real elements, but got complex64"):
        jft.idct(X + 1j)
