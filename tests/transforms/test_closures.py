"""Functions apart from what they close over, and rules that come with the value."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.custom_derivatives import (
    CustomVJPPrimal,
    SymbolicZero,
    custom_vjp_primal_tree_values,
    linear_call,
    zero_from_primal,
)
from jib.errors import NoDerivativeError, StructureError

XS = np.float32([1, 2, 4])


def test_traced_values_are_taken_out_of_a_closure():
    fixed = jnp.asarray(2.0)

    def scaled(a):
        run, values = jib.closure_convert(lambda x: a * fixed * x, 1.0)
        assert len(values) == 1
        with pytest.raises(StructureError, match="was converted for"):
            run([1.0], *values)
        made = jib.custom_vjp(lambda x, a: run(x, a))
        made.defvjp(lambda x, a: (run(x, a), None), lambda _, ct: (ct, 10 * ct))
        return made(3.0, *values)

    assert float(jib.grad(scaled)(5.0)) == 10.0
    assert float(jib.jit(scaled)(5.0)) == 30.0


def test_a_function_that_returns_its_gradient():
    @jib.custom_gradient
    def product(x, y):
        return {"out": x * y}, lambda ct: (2 * y * ct["out"], x * ct["out"])

    value = lambda x, y: product(x, y)["out"]
    assert float(value(3.0, 5.0)) == 15.0
    assert [float(g) for g in jib.grad(value, (0, 1))(3.0, 5.0)] == [10.0, 3.0]
    slopes = jib.jit(jib.vmap(jib.grad(value)))(XS, XS)
    np.testing.assert_array_equal(slopes, 2 * XS)
    assert float(jib.grad(lambda y: jib.grad(value)(3.0, y))(5.0)) == 2.0
    with pytest.raises(NoDerivativeError):
        jib.jvp(value, (1.0, 1.0), (1.0, 1.0))


def test_a_linear_function_with_its_transpose_by_hand():
    forward = lambda r, x: (r * x, -x)
    backward = lambda r, ct: 10 * (r * ct[0] - ct[1])
    call = lambda x, r=XS: linear_call(forward, backward, r, x)
    out, tangent = jib.jvp(call, (XS,), (XS + 1,))
    np.testing.assert_array_equal(out[0], XS * XS)
    np.testing.assert_array_equal(tangent[0], XS * (XS + 1))
    (ct,) = jib.vjp(call, XS)[1]((XS, XS))
    np.testing.assert_array_equal(ct, 10 * (XS * XS - XS))
    both = jib.jit(jib.vmap(jib.grad(lambda x, r: call(x, r)[0])))(XS, XS)
    np.testing.assert_array_equal(both, 10 * XS)
    back = jib.linear_transpose(lambda ct: jib.linear_transpose(call, XS)(ct)[0], (XS, XS))(XS)
    np.testing.assert_array_equal(back[0][0], XS * XS)
    with pytest.raises(NoDerivativeError, match="linear arguments only"):
        jib.grad(lambda r: call(1.0, r)[0])(2.0)


def test_symbolic_zeros_in_rules():
    seen = []

    @jib.custom_jvp
    def pair(x, y):
        return x * y

    def rule(primals, tangents):
        seen.extend(type(t) for t in tangents)
        return pair(*primals), tangents[0] * primals[1]

    pair.defjvp(rule, symbolic_zeros=True)
    assert float(jib.grad(pair)(3.0, 5.0)) == 5.0
    assert seen[1] is SymbolicZero
    assert seen[0] is not SymbolicZero
    zero = SymbolicZero.from_primal_value(XS)
    assert (zero.shape, zero.dtype) == ((3,), np.float32)
    assert zero_from_primal(XS).tolist() == [0, 0, 0]
    assert type(zero_from_primal(XS, symbolic_zeros=True)) is SymbolicZero

    made = jib.custom_vjp(lambda xs: xs["a"] * xs["b"])

    def fwd(xs):
        values = custom_vjp_primal_tree_values(xs)
        assert isinstance(xs["a"], CustomVJPPrimal)
        return values["a"] * values["b"], (values, xs["b"].perturbed)

    made.defvjp(fwd, lambda kept, ct: ({"a": ct * kept[0]["b"], "b": None},), symbolic_zeros=True)
    assert float(jib.grad(lambda a: made({"a": a, "b": 4.0}))(3.0)) == 4.0
