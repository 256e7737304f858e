"""On a mesh of one device, eager operations work as they do on any array."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp

OPERATIONS = {
    "index": lambda np, x: x[1],
    "both indices": lambda np, x: x[1, 2],
    "slice": lambda np, x: x[:, 1],
    "sum": lambda np, x: x.sum(),
    "reshape": lambda np, x: x.reshape(-1),
    "stack": lambda np, x: np.stack([x, x]),
    "where": lambda np, x: np.where(x > 1, x, 0),
    "argmax": lambda np, x: np.argmax(x),
    "take": lambda np, x: np.take(x, np.array([1, 0]), axis=0),
    "matmul": lambda np, x: x @ x.T,
    "iteration": lambda np, x: np.stack(list(x)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation(name):
    mesh = jib.make_mesh((1,), ("x",))
    x = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    put = jib.device_put(x, jib.NamedSharding(mesh, jib.P("x", None)))
    np.testing.assert_allclose(OPERATIONS[name](jnp, put), OPERATIONS[name](np, x))


def test_an_updated_element():
    mesh = jib.make_mesh((1,), ("x",))
    put = jib.device_put(np.zeros(3, np.float32), jib.NamedSharding(mesh, jib.P("x")))
    assert put.at[1].set(2.0).tolist() == [0, 2, 0]
