"""Signals and interpolation, against NumPy and by definition."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.errors import ArgumentValueError, ShapeError
from jib.scipy import ndimage, signal
from tests.harness.samples import array


@pytest.mark.parametrize("mode", ["full", "valid"])
@pytest.mark.parametrize("method", ["direct", "fft"])
def test_vectors(mode, method):
    x, y = array((7,)), array((4,))
    found = signal.convolve(x, y, mode, method)
    np.testing.assert_allclose(found, np.convolve(x, y, mode), rtol=1e-4, atol=1e-5)
    found = signal.correlate(x, y, mode, method)
    np.testing.assert_allclose(found, np.correlate(x, y, mode), rtol=1e-4, atol=1e-5)


def test_the_middle_is_that_of_the_first():
    x, y = array((3,)), array((6,))
    full = np.convolve(x, y)
    np.testing.assert_allclose(signal.convolve(x, y, "same"), full[2:5], rtol=1e-4, atol=1e-5)


def test_complex_correlation():
    x, y = array((6,), "complex64"), array((3,), "complex64")
    found = signal.correlate(x, y, "valid")
    np.testing.assert_allclose(found, np.correlate(x, y, "valid"), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("boundary", "mode"), [("wrap", "wrap"), ("symm", "symmetric")])
def test_edges_of_matrices(boundary, mode):
    x, y = array((5, 4)), array((3, 3))
    wide = np.pad(x, 1, mode)
    found = signal.convolve2d(x, y, "same", boundary)
    np.testing.assert_allclose(found, signal.convolve2d(wide, y, "valid"), rtol=1e-4, atol=1e-5)
    filled = signal.correlate2d(x, y, "same", "fill", 2.0)
    wide = np.pad(x, 1, constant_values=2.0)
    np.testing.assert_allclose(filled, signal.correlate2d(wide, y, "valid"), rtol=1e-4, atol=1e-5)


def test_trends():
    line = np.arange(10) * 0.5 + 3
    bent = np.where(np.arange(10) < 4, line, 7.0 - line).astype("float32")
    np.testing.assert_allclose(signal.detrend(bent, bp=4), 0.0, atol=1e-5)
    assert abs(float(signal.detrend(bent, type="constant").mean())) < 1e-5


def test_between_elements():
    x = jnp.array([[0.0, 1.0], [10.0, 11.0]])
    at = [jnp.array([0.5, 1.0, -1.0]), jnp.array([0.5, 0.25, 0.0])]
    assert ndimage.map_coordinates(x, at, 1, "constant", -5.0).tolist() == [5.5, 10.25, -5.0]
    assert ndimage.map_coordinates(x, at, 1, "nearest").tolist() == [5.5, 10.25, 0.0]
    row = lambda mode: ndimage.map_coordinates(jnp.arange(3.0), [jnp.arange(-4, 7)], 0, mode)
    assert row("wrap").tolist() == [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]
    assert row("mirror").tolist() == [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]
    assert row("reflect").tolist() == [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]
    slope = jib.grad(lambda c: ndimage.map_coordinates(x, [c, 0.5], 1))(0.25)
    assert float(slope) == 10.0


def test_errors():
    with pytest.raises(ShapeError, match="one must be at least as long"):
        signal.convolve(array((2, 3)), array((3, 2)), "valid")
    with pytest.raises(ArgumentValueError, match="no mode 'ful'"):
        signal.convolve(array((2,)), array((3,)), "ful")
    with pytest.raises(ArgumentValueError, match="orders 0 and 1"):
        ndimage.map_coordinates(array((3,)), [array((2,))], 3)
