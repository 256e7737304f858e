"""`while_loop` and `fori_loop` against Python loops."""

import numpy as np
import pytest

from jib import lax
from jib.core.jaxpr import sub_jaxprs
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError, CarryError, NoDerivativeError
from jib.passes.dce import dce_jaxpr
from jib.settings import disable_jit
from jib.transforms.abstract import make_jaxpr
from jib.transforms.grad import grad
from jib.transforms.jit import jit
from jib.transforms.linear import jvp, linearize
from jib.transforms.vmap import vmap


def doubled(x, limit=9.0):
    """Doubles until the limit."""
    return lax.while_loop(
        lambda v: lax.lt(v, lax.convert_element_type(limit, np.float32)),
        lambda v: lax.mul(v, np.float32(2)),
        lax.convert_element_type(x, np.float32),
    )


def power(x, n):
    return lax.fori_loop(0, n, lambda i, v: lax.mul(v, x), lax.full_like(x, 1))


def primitives_in(jaxpr):
    names = []
    for eqn in jaxpr.eqns:
        names.append(eqn.primitive.name)
        for inner in sub_jaxprs(eqn.params):
            names += primitives_in(inner)
    return names


@pytest.mark.parametrize("run", [doubled, jit(doubled)])
def test_while(run):
    assert [float(run(x)) for x in (1.0, 3.0, 10.0)] == [16.0, 12.0, 10.0]


def test_reference_needs_no_compiler():
    with disable_jit():
        assert float(doubled(1.0)) == 16.0


def test_while_has_forward_mode():
    for run in (doubled, jit(doubled)):
        value, tangent = jvp(run, (np.float32(3),), (np.float32(1),))
        assert (float(value), float(tangent)) == (12.0, 4.0)
    value, derivative = linearize(doubled, np.float32(1))
    assert (float(value), float(derivative(np.float32(1)))) == (16.0, 16.0)


def test_while_has_no_reverse_mode():
    for run in (grad(doubled), jit(grad(doubled)), grad(jit(doubled))):
        with pytest.raises(NoDerivativeError, match="fori_loop"):
            run(np.float32(1))


@pytest.mark.parametrize("run", [doubled, jit(doubled)])
def test_members_of_a_batch_stop_on_their_own(run):
    xs = np.array([1.0, 3.0, 10.0], np.float32)
    np.testing.assert_array_equal(vmap(run)(xs), [16.0, 12.0, 10.0])
    limits = np.array([2.0, 5.0, 100.0], np.float32)
    got = vmap(run, (None, 0))(np.float32(1), limits)
    np.testing.assert_array_equal(got, [2.0, 8.0, 128.0])


def test_a_batch_that_shares_its_condition_keeps_one_condition():
    def count(n, x):
        return lax.while_loop(
            lambda c: lax.lt(c[0], n),
            lambda c: (lax.add(c[0], np.int32(1)), lax.add(c[1], x)),
            (np.int32(0), lax.full_like(x, 0)),
        )[1]

    xs = np.arange(4, dtype=np.float32)
    np.testing.assert_array_equal(vmap(count, (None, 0))(np.int32(3), xs), 3 * xs)
    names = primitives_in(make_jaxpr(vmap(count, (None, 0)))(np.int32(3), xs).jaxpr)
    assert "select" not in names


def test_rows_of_a_batch():
    rows = np.array([[1.0, 2.0], [5.0, 1.0]], np.float32)
    run = lambda v: lax.while_loop(
        lambda v: lax.lt(lax.reduce_max(v, (0,)), np.float32(4)), lambda v: lax.add(v, v), v
    )
    np.testing.assert_array_equal(vmap(run)(rows), [[2.0, 4.0], [5.0, 1.0]])


def test_unused_values_are_dropped():
    def f(x):
        return lax.while_loop(
            lambda c: lax.lt(c[0], np.float32(9)),
            lambda c: (lax.add(c[0], c[0]), lax.sin(c[1])),
            (x, x),
        )[0]

    slim, _ = dce_jaxpr(make_jaxpr(f)(np.float32(1)).jaxpr, (True,))
    (eqn,) = slim.eqns
    assert len(eqn.outvars) == 1
    assert float(jit(f)(np.float32(1))) == 16.0


@pytest.mark.parametrize("n", [0, 1, 5])
def test_fori(n):
    assert float(power(np.float32(2), n)) == 2.0**n
    assert float(jit(power)(np.float32(2), np.int32(n))) == 2.0**n


def test_fori_with_known_bounds_has_reverse_mode():
    f = lambda x: power(x, 5)
    for run in (grad(f), jit(grad(f)), grad(jit(f))):
        np.testing.assert_allclose(run(np.float32(1.5)), 5 * 1.5**4, rtol=1e-5)
    second = grad(grad(f))(np.float32(1.5))
    np.testing.assert_allclose(second, 20 * 1.5**3, rtol=1e-5)
    np.testing.assert_allclose(vmap(grad(f))(np.float32([1, 2])), [5.0, 80.0], rtol=1e-5)


def test_fori_counts_from_lower_to_upper():
    seen = lambda a, b: lax.fori_loop(a, b, lambda i, v: lax.add(lax.mul(v, 10), i), 0)
    assert int(seen(2, 5)) == 234
    assert int(jit(seen)(2, 5)) == 234
    assert int(seen(5, 2)) == 0
    assert int(lax.fori_loop(2, 5, lambda i, v: lax.add(lax.mul(v, 10), i), 0, unroll=2)) == 234


def test_fori_over_a_batch_of_bounds():
    got = vmap(power, (None, 0))(np.float32(2), np.int32([0, 3, 1]))
    np.testing.assert_array_equal(got, [1.0, 8.0, 2.0])


def test_a_weak_value_takes_the_type_of_the_body():
    got = lax.fori_loop(0, 3, lambda i, v: lax.add(lax.convert_element_type(v, np.float32), 0.5), 0)
    assert aval_of(got).dtype == np.float32
    assert float(got) == 1.5


def test_errors():
    with pytest.raises(CarryError, match=r"the carry was float32\[\] and became float32\[2\]"):
        lax.while_loop(lambda v: True, lambda v: lax.broadcast(v, (2,)), np.float32(0))
    with pytest.raises(ArgumentTypeError, match=r"returned float32\[\]"):
        lax.while_loop(lambda v: v, lambda v: v, np.float32(0))
    with pytest.raises(ArgumentTypeError, match="`upper`"):
        lax.fori_loop(0, 2.5, lambda i, v: v, 0)
    with pytest.raises(ArgumentValueError, match="unroll"):
        jit(lambda n: lax.fori_loop(0, n, lambda i, v: v, 0, unroll=4))(3)
