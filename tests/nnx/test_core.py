"""Modules that change: the programs of `programs.py` give the numbers of the field's reference."""

import json
import pathlib

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import nnx
from tests.nnx import programs

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "nnx" / "core.json"


@pytest.mark.parametrize("program", programs.PROGRAMS, ids=lambda p: p.__name__)
def test_numbers_equal_the_references(program):
    expected = json.loads(GOLDEN.read_text())[program.__name__]
    out = program(nnx, jib, jnp, jnp.arange(6.0).reshape(2, 3) / 6)
    assert sorted(out) == sorted(expected)  # the same variables at the same paths
    for name, value in out.items():
        np.testing.assert_allclose(value, expected[name], rtol=2e-5, atol=1e-6, err_msg=name)
