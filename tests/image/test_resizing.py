"""Resizing: exact small cases, and properties that every filter has."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.errors import ArgumentValueError, ShapeError
from jib.image import ResizeMethod, resize, scale_and_translate
from tests.harness.samples import array

SMOOTH = ("linear", "cubic", "lanczos3", "lanczos5", "cubic-pytorch", "area")


@pytest.mark.parametrize("method", SMOOTH)
@pytest.mark.parametrize("antialias", [True, False])
def test_a_constant_image_stays_constant(method, antialias):
    found = resize(np.full((5, 6), 3.0, "float32"), (9, 4), method, antialias)
    np.testing.assert_allclose(found, 3.0, rtol=1e-5)


# Computed once with another library, for the row 0, 1, 4, 9.
GOLDEN = {("nearest", 2): [1.0, 9.0], ("linear", 2): [1.0, 5.7142859], ("area", 2): [0.5, 6.5]}


@pytest.mark.parametrize(("method", "size"), GOLDEN)
def test_known_numbers(method, size):
    found = resize(jnp.arange(4.0) ** 2, (size,), method)
    np.testing.assert_allclose(found, GOLDEN[method, size], rtol=1e-5)


def test_nearest_keeps_the_dtype():
    found = resize(np.arange(4, dtype="uint8"), (6,), ResizeMethod.NEAREST)
    assert found.dtype == np.uint8
    assert found.tolist() == [0, 1, 1, 2, 3, 3]


def test_scale_and_translation_have_derivatives():
    """A ramp moved by d changes by -d at each point whose sources are all inside."""
    ramp = jnp.arange(8.0)
    move = lambda d: scale_and_translate(ramp, (8,), (0,), jnp.ones(1), d, "linear")[3]
    np.testing.assert_allclose(jib.grad(lambda d: move(d))(jnp.array([0.25])), [-1.0], rtol=1e-4)


def test_batches_and_gradients():
    images = array((3, 4, 5))
    found = jib.vmap(lambda v: resize(v, (2, 5), "cubic"))(images)
    np.testing.assert_allclose(found[1], resize(images[1], (2, 5), "cubic"), rtol=1e-5, atol=1e-6)
    total = jib.grad(lambda v: resize(v, (3, 2, 5), "linear").sum())(images)
    np.testing.assert_allclose(total.sum(), 30.0, rtol=1e-5)


def test_errors():
    with pytest.raises(ShapeError, match="2 axes of float32"):
        resize(array((4, 4)), (2,), "linear")
    with pytest.raises(ArgumentValueError, match=r"of `resize` is one of 'linear'.*not 'softest'"):
        resize(array((4, 4)), (2, 2), "softest")
    with pytest.raises(ArgumentValueError, match="no nearest-pixel method"):
        scale_and_translate(array((4,)), (4,), (0,), [1.0], [0.0], "nearest")
