"""Keys: known answers of the block function, structure, and errors."""

from __future__ import annotations

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import errors, lax, random

# Random123, tests/kat_vectors: threefry2x32 with 20 rounds; counter, key, result.
KNOWN_ANSWERS = [
    ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN_ANSWERS)
def test_known_answers(counter, key, result):
    """The published vectors, compiled and by the NumPy rule."""
    words = [np.uint32(w) for w in (*key, *counter)]
    assert tuple(int(w) for w in lax.threefry2x32(*words)) == result
    with jib.disable_jit():
        assert tuple(int(w) for w in lax.threefry2x32(*words)) == result


def test_keys_are_arrays_of_keys():
    """Indexing, reshaping and joining work on keys, not on their words."""
    keys = random.split(random.key(0), 4)
    assert keys.shape == (4,)
    assert keys.reshape(2, 2)[1, 0].shape == ()
    assert jnp.concatenate([keys, keys]).shape == (8,)
    np.testing.assert_array_equal(random.key_data(keys[2]), random.key_data(keys)[2])
    first, second = random.split(random.key(0))
    assert first.shape == second.shape == ()


def test_batched_keys_draw_like_single_ones():
    """`vmap` over keys gives for each of them what it draws alone."""
    keys = random.split(random.key(3), 3)
    batch = jib.vmap(lambda key: random.uniform(key, (2,)))(keys)
    alone = np.stack([random.uniform(key, (2,)) for key in random.clone(keys)])
    np.testing.assert_array_equal(batch, alone)


@pytest.mark.parametrize("seed", [2**63, -(2**63) - 1])
def test_seed_of_more_than_64_bits(seed):
    """A host integer that does not fit is an error."""
    with pytest.raises(OverflowError, match="does not fit"):
        random.key(seed)


def test_errors_name_what_is_wrong():
    """An array of keys, a seed with a fraction, words of another width, too many draws."""
    with pytest.raises(ValueError, match="one key"):
        random.normal(random.split(random.key(0)))
    with pytest.raises(TypeError, match="integer seed"):
        random.key(1.5)
    with pytest.raises(ValueError, match="2 words"):
        random.uniform(np.zeros(3, np.uint32))
    with pytest.raises(ValueError, match="without replacement"):
        random.choice(random.key(0), 3, (4,), replace=False)
    with pytest.raises(TypeError, match="floating"):
        random.uniform(random.key(0), dtype="int32")


def test_keys_are_compared_and_not_computed_with():
    keys = random.split(random.key(0), 3)
    assert (keys == keys[1]).tolist() == [False, True, False]
    assert (keys != keys[1]).tolist() == [True, False, True]
    assert jib.jit(lambda a, b: a == b)(keys, keys).tolist() == [True] * 3
    for compute in (lambda: keys + 1, lambda: 1 - keys, lambda: keys + keys, lambda: -keys):
        with pytest.raises(errors.DTypeError, match=r"jib\.random\.key_data\(key\)"):
            compute()
