"""Functions with a `vmap` rule of their own."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.custom_batching import custom_vmap, sequential_vmap
from jib.errors import ArgumentValueError, ShapeError, StructureError

XS = np.float32([1, 2, 4])


def made(rule):
    f = custom_vmap(lambda x, y: {"product": x * y, "sum": x + y})
    f.def_vmap(rule)
    return f


def test_the_rule_maps():
    calls = []

    def rule(size, batched, x, y):
        calls.append((size, *batched))
        return {"product": 10 * x * y, "sum": jnp.sum(y)}, {"product": True, "sum": False}

    f = made(rule)
    assert float(f(2.0, 3.0)["product"]) == 6.0
    out = jib.vmap(f, (0, None))(XS, 3.0)
    np.testing.assert_array_equal(out["product"], 30 * XS)
    np.testing.assert_array_equal(out["sum"], [3, 3, 3])
    np.testing.assert_array_equal(jib.jit(jib.vmap(f))(XS, XS)["product"], 10 * XS * XS)
    assert calls == [(3, True, False), (3, True, True)]
    assert float(jib.jit(f)(2.0, 3.0)["product"]) == 6.0


def test_derivatives():
    f = made(lambda size, batched, x, y: ({"product": 10 * x * y, "sum": x}, True))
    product = lambda x: f(x, x)["product"]
    assert float(jib.grad(product)(3.0)) == 6.0
    assert float(jib.jit(jib.grad(jib.grad(product)))(3.0)) == 2.0
    np.testing.assert_array_equal(
        jib.grad(lambda xs: jib.vmap(product)(xs).sum())(XS), 20 * XS
    )  # the rule
    np.testing.assert_array_equal(jib.vmap(jib.grad(product))(XS), 2 * XS)  # the function


def test_one_after_the_other():
    f = sequential_vmap(jnp.dot)
    rows = jnp.asarray(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(jib.vmap(f, (0, None))(rows, XS), rows @ XS)
    assert "scan" in str(jib.make_jaxpr(jib.vmap(f, (0, None)))(rows, XS))
    table = jib.vmap(jib.vmap(f, (None, 0)), (0, None))(rows, rows)
    np.testing.assert_array_equal(table, rows @ rows.T)
    slope = jib.grad(lambda r: jib.vmap(f, (0, None))(r, XS).sum())(rows)
    np.testing.assert_array_equal(slope, np.stack([XS, XS]))


def test_errors():
    with pytest.raises(ArgumentValueError, match="has no rule yet"):
        custom_vmap(jnp.sin)(1.0)
    with pytest.raises(StructureError, match="must return a pair"):
        jib.vmap(made(lambda size, batched, x, y: x))(XS, XS)
    with pytest.raises(StructureError, match="structured as the function's"):
        jib.vmap(made(lambda size, batched, x, y: (x, True)))(XS, XS)
    with pytest.raises(ShapeError, match=r"batch axis, of size 3, but it is float32\[\]"):
        one = lambda size, batched, x, y: ({"product": x.sum(), "sum": x}, True)
        jib.vmap(made(one))(XS, XS)

    def closes_over(x):
        f = custom_vmap(lambda y: x * y)
        f.def_vmap(lambda size, batched, y: (y, batched[0]))
        return f(x)

    with pytest.raises(ArgumentValueError, match="cannot close over a value that is mapped"):
        jib.vmap(closes_over)(XS)
