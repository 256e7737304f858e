"""Convolutions: kinds and forms that the table of primitives does not reach."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.lax._convolution_forms import faster_form
from tests.harness.samples import array

IMAGES = ("NHWC", "HWIO", "NHWC")


def test_transposed_is_the_gradient():
    x, kernel = array((1, 5, 4, 2)), array((3, 2, 2, 3))
    forward = lambda v: lax.conv_general_dilated(v, kernel, (2, 1), "SAME", None, None, IMAGES)
    out, back = jib.vjp(forward, x)
    ct = array(out.shape, low=-1)
    again = lax.conv_transpose(ct, kernel, (2, 1), "SAME", transpose_kernel=True)
    # The stride does not divide 5, so the enlarged array is one row longer.
    np.testing.assert_allclose(again[:, 1:], back(ct)[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layout", [IMAGES, ("CNHW", "HIOW", "HCNW")])
def test_patches_then_product_is_a_convolution(layout):
    lhs, rhs, out = lax.conv_general_permutations(layout)
    x = np.transpose(array((2, 3, 5, 4)), np.argsort(lhs))
    kernel = array((4, 3, 2, 3))
    options = ((1, 2), [(1, 0), (0, 2)], (1, 2), (2, 1), layout)
    wanted = lax.conv_general_dilated(x, np.transpose(kernel, np.argsort(rhs)), *options)
    patches = lax.conv_general_dilated_patches(x, (2, 3), *options)
    columns = kernel.reshape(4, -1)
    found = np.einsum("ok,nkhw->nohw", columns, np.transpose(patches, out))
    np.testing.assert_allclose(found, np.transpose(wanted, out), rtol=1e-4, atol=1e-5)


def test_local_with_one_kernel_everywhere_is_a_convolution():
    x, kernel = array((2, 3, 6)), array((4, 3, 2))
    everywhere = np.repeat(kernel.reshape(4, 6, 1), 5, 2)
    found = lax.conv_general_dilated_local(x, everywhere, (1,), "VALID", (2,))
    np.testing.assert_allclose(found, lax.conv(x, kernel, (1,), "VALID"), rtol=1e-4, atol=1e-5)


def test_shapes():
    shapes = ((2, 7, 6, 4), (3, 2, 4, 5))
    assert lax.conv_general_shape_tuple(*shapes, (2, 1), "SAME", IMAGES) == (2, 4, 6, 5)
    assert lax.conv_transpose_shape_tuple(*shapes, (2, 3), "VALID", IMAGES) == (2, 15, 18, 5)
    assert lax.conv_shape_tuple((4, 3, 5), (2, 3, 3), (1,), [(0, 0)], 2) == (2, 2, 3)


@pytest.mark.parametrize(
    ("options", "form"),
    [({"feature_group_count": 4}, "_shifted"), ({"batch_group_count": 2}, "_window_by_window")],
)
def test_faster_forms_are_used_and_agree(options, form):
    """What a CPU computes another way equals the definition (the table); here: it is chosen."""
    grouped = {
        "feature_group_count": ((1, 4, 6), (4, 1, 3)),
        "batch_group_count": ((4, 4, 6), (4, 4, 3)),
    }
    left, right = grouped[next(iter(options))]
    call = lambda x, y: lax.conv_general_dilated(x, y, (1,), "VALID", **options)
    (eqn,) = jib.make_jaxpr(call)(array(left), array(right)).eqns
    chosen = faster_form(*(v.aval for v in eqn.invars), **eqn.params)
    assert chosen is not None
    assert chosen.__name__ == form
    x, y = jnp.asarray(array(left)), jnp.asarray(array(right))
    plain = eqn.primitive.numpy(np.asarray(x), np.asarray(y), **eqn.params)
    np.testing.assert_allclose(jib.jit(call)(x, y), plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("groups", [{"feature_group_count": 2}, {"batch_group_count": 2}])
@pytest.mark.parametrize("axes", [(0, None), (None, 3), (1, 0)])
def test_batching_inside_groups(groups, axes):
    left = (2, 4, 5) if "feature_group_count" in groups else (4, 2, 5)
    x, y = array((3, *left)), array((3, 4, 2, 2))
    call = lambda a, b: lax.conv_general_dilated(a, b, (2,), "SAME", **groups)
    given = [v[0] if a is None else np.moveaxis(v, 0, a) for v, a in zip((x, y), axes, strict=True)]
    found = jib.vmap(call, axes)(*given)
    for i in range(3):
        one = call(*(v[0] if a is None else v[i] for v, a in zip((x, y), axes, strict=True)))
        np.testing.assert_allclose(found[i], one, rtol=1e-5, atol=1e-5)


def test_no_examples():
    out = jib.vmap(lambda a, b: lax.conv(a, b, (1,), "SAME"))(
        np.ones((0, 1, 2, 4), "float32"), np.ones((0, 3, 2, 2), "float32")
    )
    assert out.shape == (0, 1, 3, 4)
