"""Modules and their transforms give the numbers of the field's reference.

The goldens were computed once with flax 0.12.8 and jax 0.10.2 on a CPU, by the programs of
`cases.py`; each array stands under the case's name and its path in the case's result.
"""

import pathlib
import types

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax, linen, random, tree_util
from tests.linen.cases import cases

GOLDEN = np.load(pathlib.Path(__file__).parent.parent / "golden" / "linen" / "modules.npz")
CASES = cases(types.SimpleNamespace(nn=linen, jax=jib, jnp=jnp, random=random, lax=lax))


def initialised(path):
    """Whether an array is a parameter from `init`, which is equal bit for bit."""
    return path.startswith("[0]['params']")


@pytest.mark.parametrize("name", CASES)
def test_equals_the_reference(name):
    result = CASES[name]()
    found = {tree_util.keystr(p): x for p, x in tree_util.tree_leaves_with_path(result)}
    wanted = {key[len(name) :]: key for key in GOLDEN if key.partition("[")[0] == name}
    assert set(found) == set(wanted)
    for path, x in found.items():
        golden = GOLDEN[wanted[path]]
        assert (x.shape, x.dtype) == (golden.shape, golden.dtype), path
        if initialised(path) and "gradient" not in name:
            np.testing.assert_array_equal(x, golden, err_msg=path)
        else:
            np.testing.assert_allclose(x, golden, rtol=2e-5, atol=2e-6, err_msg=path)


def test_the_goldens_belong_to_cases():
    assert {key.partition("[")[0] for key in GOLDEN} == set(CASES)
