"""`custom_jvp` and `custom_vjp`: eagerly, compiled, batched, of higher order, in loops."""

import numpy as np
import pytest

from jib import lax
from jib.core.zeros import Zero, float0
from jib.errors import ArgumentTypeError, ArgumentValueError, NoDerivativeError, StructureError
from jib.transforms.custom_jvp import custom_jvp
from jib.transforms.custom_vjp import custom_vjp
from jib.transforms.grad import grad
from jib.transforms.jit import jit
from jib.transforms.linear import jvp, vjp
from jib.transforms.vmap import vmap

THREE = np.float32(3)
X, Y = np.float32(0.5), np.float32(2)
XS = np.float32([0.1, 0.5, 1.0])


def value(x, y):
    return lax.mul(lax.sin(x), y)


forward = custom_jvp(value)
backward = custom_vjp(value)


@forward.defjvp
def _(primals, tangents):
    (x, y), (s, t) = primals, tangents
    # Three times the true derivative in x, so that a test can tell which rule was used.
    slope = lax.mul(lax.mul(lax.cos(x), y), THREE)
    return forward(x, y), lax.add(lax.mul(slope, s), lax.mul(lax.sin(x), t))


def _bwd(residuals, ct):
    x, y = residuals
    return lax.mul(lax.mul(lax.mul(lax.cos(x), y), THREE), ct), lax.mul(lax.sin(x), ct)


backward.defvjp(lambda x, y: (value(x, y), (x, y)), _bwd)
both = pytest.mark.parametrize("f", [forward, backward], ids=["custom_jvp", "custom_vjp"])


def slope(x, y=2.0):
    return 3 * np.cos(x) * y


@both
def test_value(f):
    for run in (f, jit(f), lambda x, y: vmap(f, (0, None))(np.float32([x]), y)):
        np.testing.assert_allclose(np.ravel(run(X, Y)), np.sin(0.5) * 2, rtol=1e-6)
    np.testing.assert_allclose(f(y=Y, x=X), np.sin(0.5) * 2, rtol=1e-6)


@both
def test_the_rule_is_used(f):
    for run in (grad(f), jit(grad(f)), grad(jit(f)), jit(grad(jit(f)))):
        np.testing.assert_allclose(run(X, Y), slope(0.5), rtol=1e-5)
    got = grad(f, (0, 1))(X, Y)
    np.testing.assert_allclose(got, [slope(0.5), np.sin(0.5)], rtol=1e-5)


@both
def test_second_derivatives_differentiate_the_rule(f):
    for run in (grad(grad(f)), jit(grad(grad(f))), grad(grad(jit(f))), grad(jit(grad(f)))):
        np.testing.assert_allclose(run(X, Y), -3 * np.sin(0.5) * 2, rtol=1e-5)


@both
def test_batches(f):
    runs = [
        vmap(grad(f), (0, None)),
        jit(vmap(grad(f), (0, None))),
        vmap(jit(grad(f)), (0, None)),
        grad(lambda xs, y: lax.reduce_sum(vmap(f, (0, None))(xs, y), (0,))),
        grad(lambda xs, y: lax.reduce_sum(jit(vmap(f, (0, None)))(xs, y), (0,))),
    ]
    for run in runs:
        np.testing.assert_allclose(run(XS, Y), slope(XS), rtol=1e-5)
    shared = grad(lambda y: lax.reduce_sum(vmap(f, (0, None))(XS, y), (0,)))
    np.testing.assert_allclose(shared(Y), np.sin(XS).sum(), rtol=1e-5)


@both
def test_inside_loops_and_branches(f):
    loop = lambda x: lax.scan(lambda c, _: (f(c, Y), None), x, None, 3)[0]
    values = [0.5]
    for _ in range(3):
        values.append(np.sin(values[-1]) * 2)
    expected = np.prod([slope(v) for v in values[:3]])
    for run in (grad(loop), jit(grad(loop)), grad(jit(loop))):
        np.testing.assert_allclose(run(X), expected, rtol=1e-4)
    np.testing.assert_allclose(np.asarray(vmap(grad(loop))(XS))[1], expected, rtol=1e-4)
    branch = lambda x: lax.cond(True, lambda v: f(v, Y), lambda v: v, x)
    np.testing.assert_allclose(grad(branch)(X), slope(0.5), rtol=1e-5)


def test_forward_mode():
    _, tangent = jvp(lambda x: forward(x, Y), (X,), (np.float32(2),))
    np.testing.assert_allclose(tangent, 2 * slope(0.5), rtol=1e-5)
    for run in (jvp, jit(jvp, static_argnums=0)):
        with pytest.raises(NoDerivativeError, match="reverse-mode rule only"):
            run(lambda x: backward(x, Y), (X,), (X,))


def test_known_values_may_steer_python():
    @custom_vjp
    def f(x):
        return lax.square(x) if x > 0 else lax.neg(x)

    f.defvjp(lambda x: (f(x), x), lambda x, ct: (ct if float(x) > 0 else lax.neg(ct),))
    assert (float(f(3.0)), float(f(-3.0))) == (9.0, 3.0)
    assert (float(grad(f)(3.0)), float(grad(f)(-3.0))) == (1.0, -1.0)


def test_arguments_that_are_not_differentiated():
    def apply(function, x, scale):
        return lax.mul(function(x), scale)

    ahead = custom_jvp(apply, nondiff_argnums=(0,))
    ahead.defjvp(lambda fn, p, t: (fn(p[0]), lax.mul(t[0], np.float32(7))))
    assert float(grad(lambda x: ahead(lax.sin, x, Y))(X)) == 7.0
    assert float(jit(grad(lambda x: ahead(lax.sin, x, Y)))(X)) == 7.0
    back = custom_vjp(apply, nondiff_argnames=("function",))
    back.defvjp(
        lambda fn, x, s: (lax.mul(fn(x), s), None),
        lambda fn, _, ct: (lax.mul(fn(ct), np.float32(7)), None),
    )
    assert float(grad(lambda x: back(lax.neg, x, Y))(X)) == -7.0
    assert float(grad(lambda s: back(lax.neg, X, s))(Y)) == 0.0


def test_trees_and_integers():
    @custom_vjp
    def scale(tree, n):
        return {"out": lax.mul(tree["a"], lax.convert_element_type(n, np.float32))}

    scale.defvjp(lambda t, n: (scale(t, n), n), lambda n, ct: ({"a": ct["out"], "b": None}, None))
    out, pullback = vjp(scale, {"a": X, "b": Y}, np.int32(4))
    assert float(out["out"]) == 2.0
    cts, integer = pullback({"out": np.float32(5)})
    assert (float(cts["a"]), float(cts["b"])) == (5.0, 0.0)
    assert integer.dtype == float0


def test_symbolic_zeros():
    seen = []

    @custom_jvp
    def f(x, y):
        return lax.mul(x, y)

    def rule(primals, tangents):
        seen.append([type(t) is Zero for t in tangents])
        return f(*primals), lax.mul(tangents[0], primals[1])

    f.defjvp(rule, symbolic_zeros=True)
    assert float(grad(f)(X, Y)) == 2.0
    assert seen == [[False, True]]

    g = custom_vjp(lambda x, y: (lax.mul(x, y), x))

    def fwd(x, y):
        seen.append([x.perturbed, y.perturbed])
        return (lax.mul(x.value, y.value), x.value), (x.value, y.value)

    def bwd(residuals, cts):
        seen.append([type(ct) is Zero for ct in cts])
        return lax.mul(cts[0], residuals[1]), lax.mul(cts[0], residuals[0])

    g.defvjp(fwd, bwd, symbolic_zeros=True)
    seen.clear()
    assert float(grad(lambda x: g(x, Y)[0])(X)) == 2.0
    assert seen == [[True, False], [False, True]]


def test_defjvps():
    f = custom_jvp(lambda x, y: lax.mul(x, y))
    f.defjvps(lambda t, out, x, y: lax.mul(lax.mul(t, out), THREE), None)
    assert [float(g) for g in grad(f, (0, 1))(X, Y)] == [3.0, 0.0]


def test_errors():
    f = custom_vjp(lambda x: x)
    with pytest.raises(ArgumentValueError, match="has no rule yet"):
        f(X)
    f.defvjp(lambda x: x, lambda r, ct: (ct,))
    with pytest.raises(StructureError, match="a pair of the result and residuals"):
        grad(f)(X)
    f.defvjp(lambda x: (x, None), lambda r, ct: ct)
    with pytest.raises(StructureError, match="a tuple with 1 cotangent"):
        grad(f)(X)
    f.defvjp(lambda x: (x, None), lambda r, ct: (lax.broadcast(ct, (2,)),))
    with pytest.raises(ArgumentTypeError, match=r"float32\[\] for an argument"):
        grad(f)(X)
    g = custom_jvp(lambda x: x)
    g.defjvp(lambda p, t: p[0])
    with pytest.raises(StructureError, match="a pair of the result and its tangent"):
        grad(g)(X)

    def closes_over(x):
        inner = custom_jvp(lambda y: lax.mul(x, y))
        inner.defjvp(lambda p, t: (p[0], t[0]))
        return inner(np.float32(1))

    with pytest.raises(NoDerivativeError, match="closes over"):
        grad(jit(closes_over))(X)
