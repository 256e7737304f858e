"""Minima that are known."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.scipy.optimize import minimize


def valley(x):
    """Rosenbrock's function: its minimum is 0, where all numbers are 1."""
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_rosenbrock():
    found = minimize(valley, jnp.zeros(2), method="BFGS")
    assert bool(found.success)
    assert int(found.status) == 0
    np.testing.assert_allclose(found.x, [1, 1], rtol=1e-4)
    assert abs(found.jac).max() < 1e-5
    np.testing.assert_allclose(found.hess_inv, np.linalg.inv([[802, -400], [-400, 200]]), rtol=0.05)
    assert int(found.nit) < 40
    assert int(found.nfev) == int(found.njev) < 80


def test_mapped_with_arguments():
    shifted = lambda x, to: jnp.sum((x - to) ** 4 + (x - to) ** 2)
    run = lambda x: minimize(shifted, x, (3.0,), method="bfgs", tol=1e-4)
    found = jib.jit(jib.vmap(run))(jnp.asarray([[1.0, 2.0], [-5.0, 30.0]]))
    assert found.success.all()
    np.testing.assert_allclose(found.x, np.full((2, 2), 3.0), atol=1e-3)


def test_how_it_can_end():
    stopped = minimize(valley, jnp.zeros(2), method="BFGS", options={"maxiter": 3})
    assert (bool(stopped.success), int(stopped.status), int(stopped.nit)) == (False, 1, 3)
    there = minimize(valley, jnp.ones(2), method="BFGS")
    assert (bool(there.success), int(there.nit), int(there.nfev)) == (True, 0, 1)
    stuck = minimize(lambda x: jnp.sum(jnp.log(x)), jnp.ones(1), method="BFGS")
    assert not stuck.success
    assert int(stuck.status) in (1, 3)


def test_errors():
    x = jnp.zeros(2)
    with pytest.raises(ArgumentValueError, match="not 'CG'"):
        minimize(valley, x, method="CG")
    with pytest.raises(ArgumentTypeError, match="`args` must be a tuple"):
        minimize(valley, x, 3.0, method="BFGS")
    with pytest.raises(ArgumentValueError, match=r"`x0` is float32\[1,2\]"):
        minimize(valley, x[None], method="BFGS")
    with pytest.raises(ArgumentValueError, match="no option 'ftol'"):
        minimize(valley, x, method="BFGS", options={"ftol": 1})
