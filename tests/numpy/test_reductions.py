"""Reductions against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies

import jib.numpy as jnp
from jib.errors import ArgumentValueError, AxisError, DTypeError
from jib.transforms.jit import jit

X = np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.0]], np.float32)
NAN = np.array([[np.nan, 1.0], [np.nan, 3.0], [np.nan, -2.0]], np.float32)
NAMES = [
    *("sum", "prod", "max", "min", "mean", "std", "var", "any", "all"),
    *("argmax", "argmin", "cumsum", "cumprod"),
]


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_reductions_agree_with_numpy(axis):
    """All of them over one axis, in one program."""
    ours = jit(lambda x: {name: getattr(jnp, name)(x, axis=axis) for name in NAMES})(X)
    for name in NAMES:
        np.testing.assert_allclose(
            np.asarray(ours[name]), getattr(np, name)(X, axis=axis), rtol=1e-5, err_msg=name
        )


def test_options():
    """`keepdims`, `initial`, `where`, `ddof`, `dtype`."""
    mask = X > 0

    def both(np_like, x, mask):
        return [
            np_like.sum(x, (0, 1), keepdims=True),
            np_like.sum(x, 0, where=mask),
            np_like.max(x, 1, initial=-9.0, where=mask),
            np_like.min(x, initial=-9.0),
            np_like.mean(x, 0, where=mask),
            np_like.mean(x, 1, keepdims=True, where=mask),
            np_like.var(x, 1, ddof=1),
            np_like.std(x, 0, keepdims=True),
            np_like.var(x, where=mask),
            np_like.argmax(x, 1, keepdims=True),
            np_like.count_nonzero(x > 0, axis=1),
            np_like.average(x, axis=1, weights=np.array([1.0, 2.0, 3.0], np.float32)),
            np_like.ptp(x, axis=0),
            np_like.sum(x, dtype=np.int32),
            np_like.all(x, 1, where=mask),
        ]

    ours = jit(lambda x, mask: both(jnp, x, mask))(X, mask)
    for i, (mine, other) in enumerate(zip(ours, both(np, X, mask), strict=True)):
        if i == 13:  # here the conversion comes first
            other = X.astype(np.int32).sum()
        np.testing.assert_allclose(np.asarray(mine), other, rtol=1e-5, err_msg=str(i))
        assert mine.shape == np.shape(other)


def test_nan_reductions_skip_nan():
    """Columns of nothing but NaN give what NumPy gives, without its warnings."""
    assert jnp.nansum(NAN, 0).tolist() == [0.0, 2.0]
    np.testing.assert_array_equal(np.asarray(jnp.nanmax(NAN, 0)), [np.nan, 3.0])
    np.testing.assert_array_equal(np.asarray(jnp.nanmin(NAN, 0)), [np.nan, -2.0])
    np.testing.assert_allclose(np.asarray(jnp.nanmean(NAN, 0)), [np.nan, 2 / 3], rtol=1e-6)
    np.testing.assert_allclose(float(jnp.nanstd(NAN)), np.nanstd(NAN), rtol=1e-6)


def test_half_precision_adds_up_in_float32():
    """4096 ones in float16 and bfloat16 are 4096, and the dtype stays."""
    for dtype in ("float16", "bfloat16"):
        total = jnp.sum(jnp.ones(4096, dtype))
        assert float(total) == 4096
        assert total.dtype == dtype


def test_errors():
    """Axes out of range or repeated, nothing to reduce, masks that are not boolean."""
    with pytest.raises(AxisError, match="sum"):
        jnp.sum(X, axis=2)
    with pytest.raises(ArgumentValueError, match="twice"):
        jnp.sum(X, axis=(0, -2))
    with pytest.raises(ArgumentValueError, match="no elements"):
        jnp.max(np.zeros((0, 3), np.float32), axis=0)
    with pytest.raises(ArgumentValueError, match="initial"):
        jnp.max(X, where=X > 0)
    with pytest.raises(DTypeError, match="boolean"):
        jnp.sum(X, where=X)
    with pytest.raises(TypeError, match="immutable"):
        jnp.sum(X, out=X)


@given(strategies.lists(strategies.integers(-1000, 1000), min_size=1, max_size=8))
@settings(max_examples=20, deadline=None)
def test_integer_sums(values):
    """Integers add up exactly, whatever their number."""
    assert int(jnp.sum(np.array(values, np.int16))) == sum(values)


def test_cumulative_sum_of_the_standard():
    """`cumulative_sum` may start from 0, and needs an axis for matrices."""
    assert jnp.cumulative_sum(jnp.array([1, 2]), include_initial=True).tolist() == [0, 1, 3]
    with pytest.raises(ArgumentValueError, match="axis"):
        jnp.cumulative_sum(X)


@pytest.mark.parametrize(
    "shape, axis", [((5000,), 0), ((20, 300), 0), ((70, 70), 1), ((600, 8), 1)]
)
@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_extremes_in_pieces_see_every_element(shape, axis, name):
    # The pieces overlap at the end, and NaN may stand in any of them.
    x = np.random.default_rng(0).permutation(np.prod(shape)).astype(np.float32).reshape(shape)
    with_nan = x.copy()
    with_nan.flat[:: x.size // 7] = np.nan
    for values in (x, -x, with_nan, x.astype(np.int32)):
        found = getattr(jnp, name)(values, axis=axis)
        np.testing.assert_array_equal(np.asarray(found), getattr(np, name)(values, axis=axis))


@pytest.mark.parametrize("count", [3, 64, 65, 300])
@pytest.mark.parametrize("side", ["left", "right"])
def test_searching_few_and_many(count, side):
    generator = np.random.default_rng(count)
    edges = np.sort(generator.integers(0, 50, count)).astype(np.float32)
    edges[-1] = np.nan
    values = np.append(generator.integers(-2, 55, 60), [np.nan, np.inf]).astype(np.float32)
    found = jnp.searchsorted(edges, values, side)
    np.testing.assert_array_equal(np.asarray(found), np.searchsorted(edges, values, side))
    np.testing.assert_array_equal(np.asarray(jnp.isin(values, edges)), np.isin(values, edges))
