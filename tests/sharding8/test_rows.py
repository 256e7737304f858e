"""Rows of the table of primitives on eight devices: operands spread over a mesh, equal results."""

import numpy as np
import pytest

import jib
from tests.harness.oracles import assert_close, reference, trace
from tests.harness.samples import array, sample
from tests.harness.table import ROWS

MATRICES = (((1,), (0,)), ((), ()))
CALLS = {
    "add": [array((8, 4)), array((8, 4), low=-1)],
    "sin": [array((8, 4))],
    "select_n": [array((8, 4), "bool"), array((8, 4)), array((8, 4), low=-1)],
    "reduce_sum": [array((8, 4)), (0,)],
    "reduce_max": [array((8, 4)), (0, 1)],
    "argmax": [array((8, 4)), 0, "int32"],
    "cumsum": [array((8, 4))],
    "dot_general": [array((8, 4)), array((4, 8)), MATRICES],
    "transpose": [array((8, 4)), (1, 0)],
    "reshape": [array((8, 4)), (4, 8)],
    "sort": [array((8, 4)), 0],
    "slice": [array((8, 4)), (1, 0), (7, 4)],
    "scan": [array((4,)), array((4,)), array((8, 4))],
    "threefry2x32": [np.array(1, "uint32"), np.array(2, "uint32"), *array((2, 8), "uint32", 0, 99)],
}
TABLE = {row.name: row for row in ROWS}


@pytest.fixture(scope="module")
def mesh():
    return jib.make_mesh((4, 2), ("x", "y"))


@pytest.mark.parametrize("name", CALLS)
def test_eight_devices_equal_the_reference(name, mesh):
    s = sample(*CALLS[name])
    function = s.call(TABLE[name].function)
    wanted = reference(trace(function, s.operands), s.operands)
    axes = [jib.P("x", "y"), jib.P("x"), jib.P()]
    placed = [jib.device_put(x, jib.NamedSharding(mesh, axes[2 - x.ndim])) for x in s.operands]
    assert placed[-1].ndim == 0 or len(placed[-1].sharding.device_set) == 8
    for found, expected in zip(jib.jit(function)(*placed), wanted, strict=True):
        assert_close(found, expected, f"{name} on eight devices", rtol=1e-5, atol=1e-5)
