"""`jib.numpy.fft` against NumPy, and its derivatives against inner products."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from tests.harness.samples import array

REAL, COMPLEX = array((3, 4, 5)), array((3, 4, 5), "complex64")
TAKES_REAL = ("rfft", "ihfft", "rfft2", "rfftn")


def operand(name):
    return REAL if name in TAKES_REAL else COMPLEX


def check(name, *arguments):
    """jib and NumPy agree, in shape, kind and numbers."""
    found = np.asarray(getattr(jnp.fft, name)(operand(name), *arguments))
    expected = getattr(np.fft, name)(operand(name), *arguments)
    assert found.dtype == (np.float32 if expected.dtype.kind == "f" else np.complex64)
    np.testing.assert_allclose(found, expected, 1e-4, 1e-4, err_msg=f"{name}{arguments}")


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_one_axis(name):
    for arguments in [(), (2, 0, "ortho"), (7, 1, "forward"), (None, -1, "backward")]:
        check(name, *arguments)


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft"])
def test_several_axes(name):
    check(f"{name}2")
    check(f"{name}2", (3, 6), (2, 0), "ortho")
    check(f"{name}n")
    check(f"{name}n", (2, 6), (0, 1), "forward")


def test_more_axes_than_the_compiler_transforms_at_once():
    x = array((2, 3, 2, 3, 2))
    np.testing.assert_allclose(jnp.fft.rfftn(x), np.fft.rfftn(x), 1e-4, 1e-4)
    half = np.fft.rfftn(x).astype("complex64")
    np.testing.assert_allclose(jnp.fft.irfftn(half), x, 1e-4, 1e-4)


def test_dtypes():
    assert jnp.fft.fft(np.arange(4)).dtype == np.complex64
    assert jnp.fft.rfft(jnp.ones(4, "bfloat16")).dtype == np.complex64
    with jib.enable_x64(True):
        assert jnp.fft.irfft(np.ones(4)).dtype == np.float64
        wide = REAL.astype("float64")
        np.testing.assert_allclose(jnp.fft.fft(wide), np.fft.fft(wide), 1e-10)


@pytest.mark.parametrize("length", [1, 4, 5])
def test_frequencies(length):
    np.testing.assert_allclose(jnp.fft.fftfreq(length, 0.3), np.fft.fftfreq(length, 0.3), 1e-6)
    np.testing.assert_allclose(jnp.fft.rfftfreq(length, 0.3), np.fft.rfftfreq(length, 0.3), 1e-6)


@pytest.mark.parametrize("axes", [None, 1, (0, 2)])
def test_shifts(axes):
    np.testing.assert_array_equal(jnp.fft.fftshift(REAL, axes), np.fft.fftshift(REAL, axes))
    np.testing.assert_array_equal(jnp.fft.ifftshift(REAL, axes), np.fft.ifftshift(REAL, axes))


@pytest.mark.parametrize("length", [4, 5])
def test_transposes_of_real_transforms(length):
    x, z = array((length,)), array((length // 2 + 1,), "complex64")
    for function, point in ((jnp.fft.rfft, x), (lambda z: jnp.fft.irfft(z, length), z)):
        out, pull = jib.vjp(function, point)
        ct = array(out.shape, out.dtype, -1)
        _, tangent = jib.jvp(function, (point,), (point,))
        left, right = np.sum(ct * tangent).real, np.sum(np.asarray(pull(ct)[0]) * point).real
        np.testing.assert_allclose(left, right, 1e-4)
