"""References: boxes that hold an array, inside one function."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import ref as refs
from jib.errors import EffectError


def program(x):
    box = jib.new_ref(x)
    box[0] = 5.0
    box[1:] *= 2
    box.addupdate(1.0, jnp.asarray([0, 0]))
    before = refs.swap(box, 1, 7.0)
    part = box.at[1:]
    part[1] = before
    refs.set(box, -1, refs.get(box, -1) + part[0])
    refs.addupdate(box, 0, 1.0)
    return box[...], part[...], before


@pytest.mark.parametrize("transform", [lambda f: f, jib.jit])
def test_reads_and_writes(transform):
    x = jnp.arange(4.0)
    whole, part, before = transform(program)(x)
    np.testing.assert_array_equal(whole, [8.0, 7.0, 2.0, 13.0])
    np.testing.assert_array_equal(part, [7.0, 2.0, 13.0])
    assert before == 2.0
    np.testing.assert_array_equal(x, np.arange(4.0))


def test_differentiates_and_maps():
    x = jnp.arange(8.0).reshape(2, 4)
    whole = jib.vmap(lambda x: program(x)[0])(x)
    np.testing.assert_array_equal(whole, [program(row)[0] for row in x])
    gradient = jib.grad(lambda x: program(x)[0].sum())(x[0])
    np.testing.assert_array_equal(gradient, [0.0, 2.0, 0.0, 2.0])


def test_a_reference_has_the_look_of_its_array():
    box = jib.Ref(jnp.ones((2, 3)))
    assert (box.shape, box.dtype, box.ndim, box.size, len(box)) == ((2, 3), jnp.float32, 2, 6, 2)
    assert box.at[0].shape == (3,) and box.at[0].at[1].dtype == jnp.float32
    assert repr(jib.new_ref(jnp.zeros(()))) == "Ref(Array(0., dtype=float32))"


def test_a_reference_stays_where_it_was_made():
    box = jib.new_ref(jnp.zeros(()))
    with pytest.raises(EffectError, match="under another transform"):
        jib.jit(lambda x: x + box[...])(1.0)
    with pytest.raises(EffectError, match="under another transform"):
        jib.lax.fori_loop(0, 3, lambda i, x: box.addupdate(x) or x, 1.0)


def test_a_frozen_reference_is_done():
    box = jib.new_ref(jnp.ones(2))
    np.testing.assert_array_equal(jib.freeze(box), [1.0, 1.0])
    with pytest.raises(EffectError, match="after `freeze`"):
        box[0] = 2.0
