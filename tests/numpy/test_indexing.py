"""Indexing agrees with NumPy for every kind of index, read or written."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import jib
import jib.numpy as jnp
from jib.errors import ArgumentTypeError, DTypeError, IndexBoundsError, TracedMaskError
from jib.numpy import _at, _indexing

SHAPE = (3, 4, 2)
X = np.arange(24, dtype=np.float32).reshape(SHAPE)
# One shape for all arrays of positions, so that few programs are compiled.
ARRAYS = st.just((2,))


@st.composite
def indices(draw):
    """An index into an array of shape SHAPE."""
    parts, axis = [], 0
    while axis < len(SHAPE) and draw(st.integers(0, 4)):
        size = SHAPE[axis]
        kind = draw(st.sampled_from(["integer", "slice", "array", "mask", "new"]))
        if kind == "new":
            parts.append(None)
            continue
        if kind == "integer":
            parts.append(draw(st.integers(-size, size - 1)))
        elif kind == "slice":
            parts.append(draw(st.slices(size)))
        elif kind == "array":
            shape = draw(ARRAYS)
            values = draw(st.lists(st.integers(-size, size - 1), min_size=2, max_size=2))
            parts.append(np.array(values, np.int32).reshape(shape))
        else:
            chosen = draw(st.permutations(range(size)))[:2]
            parts.append(np.isin(np.arange(size), chosen))
        axis += 1
    if draw(st.booleans()):  # what stands behind `...` speaks of the last axis
        parts = [*parts[: draw(st.integers(0, 2))], Ellipsis]
        if sum(part is not None for part in parts) < len(SHAPE):
            parts += draw(st.sampled_from([[], [1], [slice(None, None, -1)], [np.array([1, 0])]]))
    return tuple(parts)


@settings(max_examples=40, deadline=None)
@given(indices())
def test_reading_is_numpys(index):
    expected = X[index]
    found = jnp.asarray(X)[index]
    assert found.shape == expected.shape
    assert np.array_equal(found, expected)


@settings(max_examples=15, deadline=None)
@given(indices())
def test_traced_reading_and_its_gradient(index):
    value, grad = jib.jit(jib.value_and_grad(lambda x: (x[index] ** 2).sum()))(jnp.asarray(X))
    expected = np.zeros_like(X)
    np.add.at(expected, index, 2 * X[index])
    np.testing.assert_allclose(value, (X[index] ** 2).sum(), rtol=1e-5)
    np.testing.assert_allclose(grad, expected)


@settings(max_examples=25, deadline=None)
@given(indices(), st.sampled_from(["set", "add", "max"]))
def test_writing_is_numpys(index, name):
    expected = X.copy()
    if name == "set":
        expected[index] = 7
    else:
        {"add": np.add, "max": np.maximum}[name].at(expected, index, 7)
    found = getattr(jnp.asarray(X).at[index], name)(7)
    assert np.array_equal(found, expected)


def test_an_integer_index_is_an_operand():
    """Reading and writing at other positions compiles nothing new."""
    x = jnp.asarray(X)
    x[0], x[0, 1], x[0:2], x.at[0].set(1.0)
    before = _indexing._program_of.cache_info().currsize, _at._program_of.cache_info().currsize
    for i in (-1, 1, 2):
        assert np.array_equal(x[i], X[i])
        assert np.array_equal(x[i, i - 1], X[i, i - 1])
        assert np.array_equal(x.at[i].set(1.0)[i], np.ones((4, 2)))
    assert np.array_equal(x[1:3], X[1:3])
    assert (
        _indexing._program_of.cache_info().currsize,
        _at._program_of.cache_info().currsize,
    ) == before


def test_positions_outside():
    x = jnp.asarray(X[:, 0, 0])
    for index in (3, -4, np.array([0, 3]), jnp.asarray(np.array([-4], np.int32))):
        with pytest.raises(IndexBoundsError, match="axis 0, which has 3"):
            x[index]
        with pytest.raises(IndexBoundsError):
            x.at[index].set(1.0)
    read = jib.jit(lambda i: x[i])
    assert [float(read(i)) for i in (7, -7)] == [16.0, 0.0]
    write = jib.jit(lambda i: x.at[i].set(1.0))
    assert np.array_equal(write(7), x)
    assert np.array_equal(write(-1), x.at[2].set(1.0))


def test_modes():
    x = jnp.asarray(np.array([1.0, 2.0, 3.0], np.float32))
    assert np.isnan(x.at[7].get(mode="fill"))
    assert float(x.at[7].get(mode="fill", fill_value=5.0)) == 5.0
    assert float(x.at[7].get(mode="clip")) == 3.0
    assert x.at[7].set(9.0, mode="clip").tolist() == [1.0, 2.0, 9.0]
    assert x.at[-1].set(9.0, wrap_negative_indices=False).tolist() == [1.0, 2.0, 3.0]
    assert jnp.take(x, jnp.asarray(-1), mode="wrap") == 3.0
    assert np.isnan(jnp.take(x, jnp.asarray(7)))


def test_updates_combine():
    x = jnp.asarray(np.array([1.0, 2.0, 4.0], np.float32))
    twice = np.array([1, 1])
    assert x.at[twice].add(1.0).tolist() == [1.0, 4.0, 4.0]
    assert x.at[twice].multiply(3.0).tolist() == [1.0, 18.0, 4.0]
    assert x.at[twice].divide(2.0).tolist() == [1.0, 0.5, 4.0]
    assert x.at[2].power(2.0).tolist() == [1.0, 2.0, 16.0]
    assert x.at[::2].subtract(jnp.asarray([1.0, 2.0])).tolist() == [0.0, 2.0, 2.0]
    assert x.at[twice].apply(lambda v: v * v).tolist() == [1.0, 16.0, 4.0]
    assert x.at[x > 1].min(0.5).tolist() == [1.0, 0.5, 0.5]
    assert x.at[:2].set((7, 8)).tolist() == [7.0, 8.0, 4.0]


def test_a_mask_with_one_value_may_be_traced():
    x = jnp.asarray(np.array([-1.0, 2.0], np.float32))
    assert jib.jit(lambda x: x.at[x < 0].set(0.0))(x).tolist() == [0.0, 2.0]
    with pytest.raises(TracedMaskError):
        jib.jit(lambda x: x[x < 0])(x)


@pytest.mark.parametrize("index", [1.0, 1.5, "name", [0, 1], np.array([0.5])])
def test_what_is_no_index(index):
    with pytest.raises(ArgumentTypeError):
        jnp.asarray(X)[index]


def test_values_keep_their_meaning():
    with pytest.raises(DTypeError, match="float32 into an array of int32"):
        jnp.zeros(2, "int32").at[0].set(1.5)


def test_keys_are_indexed_like_numbers():
    keys = jib.random.split(jib.random.key(0), 3)
    words = np.asarray(jib.random.key_data(keys))
    assert np.array_equal(jib.random.key_data(keys[::-1][0]), words[2])
    changed = keys.at[0].set(keys[2])
    assert np.array_equal(jib.random.key_data(changed), words[[2, 1, 2]])
