"""The state of every optimizer goes to bytes and to disk, and comes back as it was."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import ckpt, optim
from jib.optim import contrib
from jib.serialization import from_bytes, to_bytes
from tests.optim.cases import CASES, params
from tests.optim.field_cases import LINE_SEARCHES, OPTIMIZERS, problem


@pytest.fixture(scope="module")
def states():
    """States that are not the first ones: every number is moved a little."""
    given = jib.tree.map(jnp.asarray, params())
    start = jib.tree.map(jnp.asarray, problem(jnp)[1])
    found = {name: build(optim).init(given) for name, build in CASES.items()}
    found |= {f"rare {n}": make(optim, contrib).init(start) for n, (make, _) in OPTIMIZERS.items()}
    found |= {f"line {n}": row[0](optim).init(start) for n, row in LINE_SEARCHES.items()}
    return jib.tree.map(moved, found)


def moved(leaf):
    if jnp.issubdtype(leaf.dtype, jib.dtypes.prng_key):
        return leaf
    return jnp.asarray(np.asarray(leaf) + np.ones((), leaf.dtype), leaf.dtype)


def plain(leaf):
    is_key = jnp.issubdtype(leaf.dtype, jib.dtypes.prng_key)
    return np.asarray(jib.random.key_data(leaf) if is_key else leaf)


def assert_same(found, expected):
    assert jib.tree.structure(found) == jib.tree.structure(expected)
    pairs = zip(jib.tree_util.tree_leaves_with_path(found), jib.tree.leaves(expected), strict=True)
    for (path, one), other in pairs:
        assert one.dtype == other.dtype, jib.tree_util.keystr(path)
        np.testing.assert_array_equal(plain(one), plain(other), jib.tree_util.keystr(path))


def zeros(leaf):
    if jnp.issubdtype(leaf.dtype, jib.dtypes.prng_key):
        return jib.random.key(5)
    return jnp.asarray(np.zeros(leaf.shape, leaf.dtype), leaf.dtype)


def test_by_bytes(states):
    assert_same(from_bytes(jib.tree.map(zeros, states), to_bytes(states)), states)


def test_by_a_checkpoint(states, tmp_path):
    ckpt.save(tmp_path / "states", states)
    assert_same(ckpt.load(tmp_path / "states", jib.tree.map(zeros, states)), states)
