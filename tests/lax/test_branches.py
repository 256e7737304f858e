"""`cond` and `switch`: values, derivatives, batches, what the branches share, errors."""

import numpy as np
import pytest

from jib import lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, CarryError, StructureError
from jib.passes.dce import dce_jaxpr
from jib.settings import disable_jit
from jib.transforms.abstract import make_jaxpr
from jib.transforms.grad import grad
from jib.transforms.jit import jit
from jib.transforms.linear import jvp
from jib.transforms.vmap import vmap

W = np.float32(0.7)
X, Y = np.float32(1.2), np.float32(0.4)


def chosen(p, x, y):
    """Two branches whose residuals differ in number."""
    return lax.cond(
        p,
        lambda a, b: lax.mul(lax.sin(a), b),
        lambda a, b: lax.add(lax.mul(a, a), lax.mul(lax.sin(lax.cos(a)), W)),
        x,
        y,
    )


def expected(p, x, y):
    return np.sin(x) * y if p else x * x + np.sin(np.cos(x)) * W


def slopes(p, x, y):
    if p:
        return np.cos(x) * y, np.sin(x)
    return 2 * x - np.cos(np.cos(x)) * np.sin(x) * W, 0.0


def curvature(p, x, y):
    step = 1e-4
    return (slopes(p, x + step, y)[0] - slopes(p, x - step, y)[0]) / (2 * step)


@pytest.mark.parametrize("p", [True, False])
@pytest.mark.parametrize("run", [chosen, jit(chosen)])
def test_values_and_derivatives(run, p):
    np.testing.assert_allclose(run(p, X, Y), expected(p, X, Y), rtol=1e-5)
    for gradient in (grad(run, (1, 2)), jit(grad(run, (1, 2)))):
        np.testing.assert_allclose(gradient(p, X, Y), slopes(p, X, Y), rtol=1e-5)
    _, tangent = jvp(lambda x: run(p, x, Y), (X,), (np.float32(2),))
    np.testing.assert_allclose(tangent, 2 * slopes(p, X, Y)[0], rtol=1e-5)
    second = grad(grad(run, 1), 1)(p, X, Y)
    np.testing.assert_allclose(second, curvature(p, np.float64(X), Y), rtol=1e-3, atol=1e-4)


def test_reference_needs_no_compiler():
    with disable_jit():
        np.testing.assert_allclose(chosen(False, X, Y), expected(False, X, Y), rtol=1e-5)


@pytest.mark.parametrize("wrap", [lambda f: f, jit])
def test_batches(wrap):
    ps, xs = np.array([True, False, True]), np.float32([1, 2, 3])
    each = [expected(p, x, Y) for p, x in zip(ps, xs, strict=True)]
    np.testing.assert_allclose(wrap(vmap(chosen, (0, 0, None)))(ps, xs, Y), each, rtol=1e-5)
    alike = [expected(True, x, Y) for x in xs]
    np.testing.assert_allclose(wrap(vmap(chosen, (None, 0, None)))(True, xs, Y), alike, rtol=1e-5)
    gradients = wrap(vmap(grad(chosen, 1), (0, 0, None)))(ps, xs, Y)
    each = [slopes(p, x, Y)[0] for p, x in zip(ps, xs, strict=True)]
    np.testing.assert_allclose(gradients, each, rtol=1e-5)
    by_row = vmap(lambda p, r: lax.cond(p, lambda v: v, lax.neg, r))(ps, np.float32([[1, 2]] * 3))
    np.testing.assert_array_equal(by_row, [[1, 2], [-1, -2], [1, 2]])


def test_a_shared_predicate_stays_a_branch_in_a_batch():
    program = make_jaxpr(vmap(chosen, (None, 0, None)))(True, np.float32([1, 2]), Y)
    assert "cond" in [e.primitive.name for e in program.eqns]
    program = make_jaxpr(vmap(chosen, (0, 0, None)))(np.array([True, False]), np.float32([1, 2]), Y)
    assert "cond" not in [e.primitive.name for e in program.eqns]


@pytest.mark.parametrize("wrap", [lambda f: f, jit])
def test_switch_clamps_its_index(wrap):
    branches = [lambda x: x, lambda x: lax.mul(x, x), lambda x: lax.neg(x)]
    run = wrap(lambda i, x: lax.switch(i, branches, x))
    assert [float(run(i, 3.0)) for i in (-4, 0, 1, 2, 9)] == [3.0, 3.0, 9.0, -3.0, -3.0]
    slope = wrap(grad(lambda i, x: lax.switch(i, branches, x), 1))
    assert [float(slope(i, 3.0)) for i in (0, 1, 2)] == [1.0, 6.0, -1.0]
    got = vmap(run)(np.int32([0, 1, 2, 9]), np.float32([3, 3, 3, 3]))
    assert np.asarray(got).tolist() == [3.0, 9.0, -3.0, -3.0]


def test_operand_by_keyword_and_closures():
    run = lambda p, x: lax.cond(p, lambda v: lax.mul(v, x), lambda v: lax.neg(v), operand=x)
    assert float(run(True, np.float32(3))) == 9.0
    assert float(grad(run, 1)(True, np.float32(3))) == 6.0
    assert float(grad(run, 1)(False, np.float32(3))) == -1.0


def test_a_number_counts_as_true_unless_it_is_zero():
    assert [int(lax.cond(p, lambda: 1, lambda: 2)) for p in (2, 0, 0.5)] == [1, 2, 1]


def test_a_result_is_weak_only_if_it_is_in_all_branches():
    one = lax.cond(True, lambda x: x, lambda x: np.float32(1), 1.0)
    assert not aval_of(one).weak_type
    assert aval_of(lax.cond(True, lambda x: x, lambda x: x, 1.0)).weak_type


def test_unused_results_and_operands_are_dropped():
    def f(p, x, y):
        return lax.cond(p, lambda: (lax.sin(x), lax.cos(y)), lambda: (x, y))[0]

    slim, used = dce_jaxpr(make_jaxpr(f)(True, X, Y).jaxpr, (True,))
    assert used == (True, True, False)
    eqn = next(e for e in slim.eqns if e.primitive.name == "cond")
    assert len(eqn.outvars) == 1


def test_errors():
    with pytest.raises(StructureError, match="the same structure"):
        lax.cond(True, lambda x: x, lambda x: (x, x), 1.0)
    with pytest.raises(CarryError, match=r"`result\['a'\]` is float32\[\] in true_fun and int32"):
        lax.cond(True, lambda x: {"a": x}, lambda x: {"a": 1}, 1.0)
    with pytest.raises(ArgumentTypeError, match=r"`pred` is bool\[2\]"):
        lax.cond(np.array([True, False]), lambda: 1, lambda: 2)
    with pytest.raises(ArgumentTypeError, match="must be a function"):
        lax.cond(True, 1.0, lambda: 2.0)
    with pytest.raises(ArgumentTypeError, match="integer scalar"):
        lax.switch(1.0, [lambda: 1, lambda: 2])
