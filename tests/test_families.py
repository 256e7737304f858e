"""Laws of the families, for all shapes and dtypes: without a compiler, by the NumPy rules."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from jib import lax
from jib.lax._families import booleans, complexes, floating, integers, numbers, real
from jib.transforms.vmap import vmap
from tests.harness.oracles import assert_close, reference, trace
from tests.harness.strategies import arrays, axes, dtypes_of, operands, shapes

UNARY = {
    lax.neg: numbers,
    lax.abs: numbers,
    lax.sign: numbers,
    lax.floor: floating,
    lax.is_finite: floating,
    lax.sin: floating | complexes,
    lax.bitwise_not: integers | booleans,
    lax.conj: complexes,
}
BINARY = {
    lax.add: numbers,
    lax.sub: numbers,
    lax.mul: numbers,
    lax.max: real | booleans,
    lax.bitwise_xor: integers | booleans,
    lax.eq: numbers | booleans,
    lax.lt: real | booleans,
}
REDUCTIONS = {
    lax.reduce_sum: numbers,
    lax.reduce_max: real | booleans,
    lax.reduce_and: integers | booleans,
}
MOVEMENTS = numbers | booleans

quick = settings(max_examples=25, deadline=None)


def named(table):
    return pytest.mark.parametrize("function", table, ids=lambda f: f.__name__)


def maps_like_a_loop(function, values, dims):
    """`vmap` equals the stacked results of each member, in shape, dtype and numbers."""
    mapped = vmap(function, tuple(dims))
    (out,) = reference(trace(lambda *xs: [mapped(*xs)], values), values)
    size = next(v.shape[d] for v, d in zip(values, dims, strict=True) if d is not None)
    for i in range(size):
        member = [v if d is None else np.take(v, i, d) for v, d in zip(values, dims, strict=True)]
        (wanted,) = reference(trace(lambda *xs: [function(*xs)], member), member)
        assert_close(out[i], wanted, f"member {i}")


def batch_of(data, values):
    """The values, some with a new axis of length 2 somewhere."""
    stacked, dims = [], []
    for i, x in enumerate(values):
        dim = data.draw(st.sampled_from([*range(x.ndim + 1), *([None] if i else [])]))
        stacked.append(x if dim is None else np.stack([x, np.flip(x)], dim))
        dims.append(dim)
    return stacked, dims


@named(UNARY)
@quick
@given(data=st.data())
def test_unary(function, data):
    values = data.draw(operands(1, UNARY[function]))
    (out,) = reference(trace(lambda x: [function(x)], values), values)
    assert out.shape == values[0].shape
    maps_like_a_loop(function, *batch_of(data, values))


@named(BINARY)
@quick
@given(data=st.data())
def test_binary(function, data):
    values = data.draw(operands(2, BINARY[function]))
    (out,) = reference(trace(lambda x, y: [function(x, y)], values), values)
    assert out.shape == np.broadcast_shapes(*(v.shape for v in values))
    maps_like_a_loop(function, *batch_of(data, values))


@named(REDUCTIONS)
@quick
@given(data=st.data())
def test_reduction(function, data):
    shape = data.draw(shapes())
    x = data.draw(arrays(shape, data.draw(dtypes_of(REDUCTIONS[function]))))
    over = data.draw(axes(x.ndim))
    call = lambda x: function(x, over)
    (out,) = reference(trace(lambda x: [call(x)], [x]), [x])
    assert out.shape == tuple(n for i, n in enumerate(shape) if i not in over)
    maps_like_a_loop(call, *batch_of(data, [x]))


@quick
@given(data=st.data())
def test_movement(data):
    shape = data.draw(shapes(min_rank=1))
    x = data.draw(arrays(shape, data.draw(dtypes_of(MOVEMENTS))))
    order = data.draw(st.permutations(range(x.ndim)))
    back = tuple(int(i) for i in np.argsort(order))
    over = data.draw(axes(x.ndim))

    def there_and_back(x):
        moved = lax.rev(lax.transpose(x, order), [back[a] for a in over])
        return lax.rev(lax.transpose(moved, back), over)

    (out,) = reference(trace(lambda x: [there_and_back(x)], [x]), [x])
    np.testing.assert_array_equal(out, x)
    maps_like_a_loop(there_and_back, *batch_of(data, [x]))
