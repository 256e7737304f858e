"""`associative_scan`: the running results, and how much there is to compute."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import ArgumentTypeError, ArgumentValueError, CarryError, StructureError


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 5, 8, 13])
def test_sums(length, reverse):
    x = np.arange(1, 2 * length + 1, dtype=np.float32).reshape(2, length)
    with jib.disable_jit():
        got = lax.associative_scan(jnp.add, x, reverse, 1)
    turn = (lambda a: a[:, ::-1]) if reverse else (lambda a: a)
    np.testing.assert_array_equal(got, turn(np.cumsum(turn(x), 1)))


def affine(a, b):
    """First `a`, then `b`, where each is `scale * x + offset`; it does not commute."""
    return {"scale": a["scale"] * b["scale"], "offset": b["scale"] * a["offset"] + b["offset"]}


def test_a_tree_that_does_not_commute_and_its_gradient():
    generator = np.random.default_rng(0)
    maps = {
        "scale": generator.normal(size=(7, 2)).astype(np.float32),
        "offset": generator.normal(size=(7, 2)).astype(np.float32),
    }
    step = lambda c, m: (m["scale"] * c + m["offset"],) * 2
    slow = lambda maps: lax.scan(step, jnp.zeros(2), maps)[1]
    fast = lambda maps: lax.associative_scan(affine, maps)["offset"]
    np.testing.assert_allclose(fast(maps), slow(maps), rtol=1e-5)
    loss = lambda f: jib.jit(jib.grad(lambda m: jnp.sum(jnp.sin(f(m)))))(maps)
    for key, ct in loss(slow).items():
        np.testing.assert_allclose(loss(fast)[key], ct, rtol=1e-4, atol=1e-6)
    both = jib.vmap(fast)(jib.tree.map(lambda x: np.stack([x, 2 * x]), maps))
    np.testing.assert_allclose(both[0], slow(maps), rtol=1e-5)


def test_work_and_depth():
    """At most `2 * log2(n)` calls, on at most `2 * n` elements together."""
    sizes = []

    def add(a, b):
        sizes.append(a.shape[0])
        return a + b

    jib.make_jaxpr(lambda x: lax.associative_scan(add, x))(np.ones(1000, np.float32))
    assert len(sizes) <= 2 * np.log2(1000)
    assert sum(sizes) < 2 * 1000


def test_keys_are_moved():
    keys = jib.random.split(jib.random.key(0), 3)
    last = lax.associative_scan(lambda a, b: b, keys)
    np.testing.assert_array_equal(jib.random.key_data(last), jib.random.key_data(keys))


def test_errors():
    x = jnp.ones(4)
    with pytest.raises(ArgumentTypeError, match="must be a function, but is a int"):
        lax.associative_scan(3, x)
    with pytest.raises(ArgumentValueError, match="one length along axis 0, but got 3 and 4"):
        lax.associative_scan(affine, {"scale": x, "offset": jnp.ones(3)})
    with pytest.raises(CarryError, match=r"an element was float32\[2\] and became int32\[2\]"):
        lax.associative_scan(lambda a, b: (a + b).astype(int), x)
    with pytest.raises(StructureError, match="structure"):
        lax.associative_scan(lambda a, b: (a, b), x)
