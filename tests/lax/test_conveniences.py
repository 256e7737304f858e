"""Short names: against NumPy, and against what they are made of."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.core.primitive import primitives
from jib.errors import DTypeError, NotAvailableError
from tests.harness.samples import array

X = array((2, 3))


def test_primitives_have_their_names():
    assert lax.div_p is primitives["div"] and lax.while_p is primitives["while"]
    with pytest.raises(NotAvailableError, match=r"jib does not have jib\.lax\.sinus_p"):
        print(lax.sinus_p)


def test_shapes():
    np.testing.assert_array_equal(lax.stack([X, X], axis=-1), np.stack([X, X], axis=-1))
    np.testing.assert_array_equal(lax.unstack(X, 1)[2], X[:, 2])
    np.testing.assert_array_equal(lax.tile(X, (2, 3)), np.tile(X, (2, 3)))
    np.testing.assert_array_equal(lax.broadcast_like(X[0], X), np.broadcast_to(X[0], X.shape))
    assert lax.broadcast_to_rank(X, 4).shape == (1, 1, 2, 3)
    assert lax.shape_as_value((2, 3)).tolist() == [2, 3]


def test_numbers():
    stacks = array((2, 2, 3)), array((2, 3, 4))
    np.testing.assert_allclose(lax.batch_matmul(*stacks), np.matmul(*stacks), 1e-5, 1e-5)
    taken = lax.index_take(X, (np.array([0, -1]), np.array([1, 2])), (0, 1))
    np.testing.assert_array_equal(taken, X[[0, -1], [1, 2]])
    assert lax.reciprocal(4.0).item() == 0.25


def test_approximate_extremes_are_exact():
    values, places = lax.approx_min_k(X, 2, 1)
    np.testing.assert_array_equal(values, np.sort(X, 1)[:, :2])
    np.testing.assert_array_equal(places, np.argsort(X, 1)[:, :2])
    np.testing.assert_array_equal(lax.approx_max_k(X, 1, 0)[0], X.max(0, keepdims=True))
    with pytest.raises(DTypeError, match="`approx_max_k` takes floating elements, but got int32"):
        lax.approx_max_k(np.arange(3, dtype="int32"), 2)


def test_broadcast_from_one_member():
    spread = jib.vmap(lambda x: lax.pbroadcast(x, "i", 1), axis_name="i")
    assert spread(jnp.array([1.0, np.inf, 3.0])).tolist() == [np.inf] * 3


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "uint32"])
def test_high_products(dtype):
    info = np.iinfo(dtype)
    edges = np.array([info.min, info.min + 1, 0, 1, 77, info.max], dtype)
    x, y = (a.ravel() for a in np.meshgrid(edges, edges))
    expected = [(int(a) * int(b)) >> info.bits for a, b in zip(x, y, strict=True)]
    assert lax.mulhi(x, y).tolist() == expected


def test_algorithms_of_products():
    x, y = array((2, 3)), array((3, 4))
    for preset in lax.DotAlgorithmPreset:
        if preset.name.startswith(("ANY", "F64")):
            continue
        found = lax.dot(x, y, precision=preset.name)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, x @ y, 0.02, 0.02)
    low, high = jnp.asarray(x).astype("float8_e4m3fn"), jnp.asarray(y).astype("float8_e5m2")
    found = lax.dot(low, high, precision="ANY_F8_ANY_F8_F32")
    np.testing.assert_allclose(found, np.float32(low) @ np.float32(high), 1e-5, 1e-5)
    with pytest.raises(DTypeError, match="takes float8 elements, but got float32"):
        lax.dot(x, y, precision="ANY_F8_ANY_F8_F32")
    custom = lax.DotAlgorithm("bfloat16", "bfloat16", "float32")
    grad = jib.grad(lambda x: jnp.sum(lax.dot(x, y, precision=custom)))(x)
    np.testing.assert_allclose(grad, np.broadcast_to(y.sum(1), (2, 3)), 0.02, 0.02)


NARROW = [
    "int2", "uint2", "int4", "uint4", "float4_e2m1fn", "float8_e3m4", "float8_e4m3",
    "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz",
]  # fmt: skip


@pytest.mark.parametrize("dtype", NARROW)
def test_narrow_dtypes(dtype):
    x = jnp.array([1, 0, 1]).astype(dtype)
    assert x.astype("float32").tolist() == [1.0, 0.0, 1.0]
    assert (x < x[1]).tolist() == [False] * 3 and (x[1] < x).tolist() == [True, False, True]
    assert (x * x).astype("float32").tolist() == [1.0, 0.0, 1.0]
    assert jnp.sort(x).astype("float32").tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("dtype", ["int1", "uint1", "float6_e2m3fn", "float6_e3m2fn"])
def test_dtypes_that_the_compiler_lacks(dtype):
    with pytest.raises(DTypeError, match=f"the compiler has no elements of dtype {dtype}"):
        lax.convert_element_type(jnp.ones(2), dtype)
