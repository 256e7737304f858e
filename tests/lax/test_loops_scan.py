"""`scan` and `map` against Python loops: values, derivatives, batches, residuals, errors."""

import re

import numpy as np
import pytest

from jib import lax
from jib.core.jaxpr import sub_jaxprs
from jib.errors import ArgumentValueError, CarryError, StructureError
from jib.passes.dce import dce_jaxpr
from jib.settings import disable_jit
from jib.transforms.abstract import make_jaxpr
from jib.transforms.grad import grad
from jib.transforms.jit import jit
from jib.transforms.linear import jvp, linear_transpose
from jib.transforms.vmap import vmap

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


W, H, XS = normal(3), normal(3), normal(5, 3)


def step(w):
    def body(h, x):
        h = lax.sin(lax.add(lax.mul(h, w), x))
        return h, lax.mul(h, h)

    return body


def by_scan(w, h, xs, **options):
    return lax.scan(step(w), h, xs, **options)


def by_loop(w, h, xs, reverse=False):
    ys = [None] * len(xs)
    for i in reversed(range(len(xs))) if reverse else range(len(xs)):
        h = np.sin(h * w + xs[i])
        ys[i] = h * h
    return h, np.stack(ys)


def total(w, h, xs):
    last, ys = by_scan(w, h, xs)
    return lax.add(lax.reduce_sum(last, (0,)), lax.reduce_sum(ys, (0, 1)))


def differences(position, args=(W, H, XS), step=1e-6):
    """The gradient of `total` by central differences, in double precision."""
    wide = [np.asarray(a, np.float64) for a in args]
    found = np.zeros(wide[position].shape)

    def value(i, delta):
        moved = [a.copy() for a in wide]
        moved[position][i] += delta
        last, ys = by_loop(*moved)
        return last.sum() + ys.sum()

    for i in np.ndindex(found.shape):
        found[i] = (value(i, step) - value(i, -step)) / (2 * step)
    return found


def scans(jaxpr):
    """All `scan` equations of a program."""
    found = []
    for eqn in jaxpr.eqns:
        if eqn.primitive.name == "scan":
            found.append(eqn)
        for inner in sub_jaxprs(eqn.params):
            found += scans(inner)
    return found


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("unroll", [1, 2, 3, True])
def test_values(reverse, unroll):
    expected = by_loop(W, H, XS, reverse)
    run = lambda w, h, xs: by_scan(w, h, xs, reverse=reverse, unroll=unroll)
    for function in (run, jit(run)):
        for got, want in zip(function(W, H, XS), expected, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_reference_needs_no_compiler():
    with disable_jit():
        got = by_scan(W, H, XS, reverse=True)
    np.testing.assert_allclose(got[1], by_loop(W, H, XS, True)[1], rtol=1e-5)


def test_no_steps():
    last, ys = by_scan(W, H, XS[:0])
    np.testing.assert_array_equal(last, H)
    assert ys.shape == (0, 3)


def test_trees_and_length():
    carry, ys = lax.scan(
        lambda c, _: ({"n": lax.add(c["n"], 1)}, (c["n"], None)), {"n": 0}, None, length=3
    )
    assert int(carry["n"]) == 3
    assert np.asarray(ys[0]).tolist() == [0, 1, 2]
    assert ys[1] is None


def test_a_weak_carry_takes_the_type_that_the_body_returns():
    last, _ = lax.scan(
        lambda c, x: (lax.add(lax.convert_element_type(c, x.dtype), x), None), 0, XS[0]
    )
    assert last.dtype == np.float32


@pytest.mark.parametrize("position", [0, 1, 2])
def test_gradient(position):
    expected = differences(position)
    for function in (grad(total, position), jit(grad(total, position)), grad(jit(total), position)):
        np.testing.assert_allclose(function(W, H, XS), expected, rtol=2e-3, atol=1e-4)


def test_tangent():
    directions = (normal(3), normal(3), normal(5, 3))
    _, got = jvp(total, (W, H, XS), directions)
    expected = sum((differences(i) * d).sum() for i, d in enumerate(directions))
    np.testing.assert_allclose(got, expected, rtol=2e-3)


def test_second_derivative():
    squares = lambda w: lax.reduce_sum(lax.square(grad(total)(w, H, XS)), (0,))
    got = np.asarray(grad(squares)(W))
    np.testing.assert_allclose(jit(grad(squares))(W), got, rtol=1e-4, atol=1e-5)
    for i, unit in enumerate(np.eye(3)):
        near = [np.square(differences(0, (W + s * 1e-4 * unit, H, XS))).sum() for s in (1, -1)]
        np.testing.assert_allclose(got[i], (near[0] - near[1]) / 2e-4, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("axes", [(0, None, None), (None, 0, None), (None, None, 1), (0, 1, 2)])
def test_batching(axes):
    shapes = ((3,), (3,), (5, 3))
    args = [
        normal(*s) if a is None else normal(*s[:a], 4, *s[a:])
        for s, a in zip(shapes, axes, strict=True)
    ]
    member = lambda i: [
        x if a is None else np.take(x, i, a) for x, a in zip(args, axes, strict=True)
    ]
    for function in (vmap(total, axes), jit(vmap(total, axes))):
        expected = [np.asarray(total(*member(i))) for i in range(4)]
        np.testing.assert_allclose(function(*args), expected, rtol=1e-5)
    gradients = vmap(grad(total, 2), axes)(*args)
    for i in range(4):
        expected = grad(total, 2)(*member(i))
        np.testing.assert_allclose(np.asarray(gradients)[i], expected, rtol=1e-4, atol=1e-5)


def test_a_counter_in_the_carry_is_no_obstacle_to_transposition():
    def linear(x):
        def body(carry, _):
            i, v = carry
            return (lax.add(i, 1), lax.mul(v, lax.convert_element_type(i, np.float32))), v

        return lax.scan(body, (1, x), None, 4)

    (_, last), ys = linear(2.0)
    transposed = linear_transpose(lambda x: linear(x)[0][1], 1.0)
    assert float(last) == 48.0
    assert float(transposed(1.0)[0]) == 24.0
    assert np.asarray(ys).tolist() == [2.0, 2.0, 4.0, 12.0]


def test_weights_are_not_stacked_for_the_way_back():
    weights = normal(4, 6)
    half = np.float32(0.5)

    def loss(w, xs):
        def body(h, x):
            doubled = lax.mul(w, half)  # the same in every step, so computed once
            h = lax.tanh(lax.dot(lax.concatenate([h, x], 0), lax.transpose(doubled, (0, 1))))
            return lax.slice_in_dim(h, 0, 2), lax.reduce_sum(h, (0,))

        return lax.reduce_sum(lax.scan(body, np.ones(2, np.float32), xs)[1], (0,))

    xs = normal(7, 2)
    text = jit(grad(loss)).lower(weights, xs).as_text()
    stacked = {m for m in re.findall(r"tensor<7x([0-9x]*)xf32>", text)}
    assert "4x6" not in stacked
    assert stacked <= {"2", "4", "6"}


def test_arrays_that_are_looped_over_are_not_copied_for_the_way_back():
    loss = lambda w: lax.reduce_sum(
        lax.scan(lambda c, x: (lax.add(c, lax.mul(w, x)), None), H, XS)[0], (0,)
    )
    program = make_jaxpr(grad(loss))(W)
    slim, _ = dce_jaxpr(program.jaxpr.hoisted, (True,))
    (backwards,) = scans(slim)
    assert len(backwards.outvars) == 2  # the cotangents of `w` and of the carry
    assert not any(v.aval.shape == (5, 3) for v in backwards.outvars)


def test_dead_carries_and_results_are_dropped():
    def f(x):
        def body(carry, _):
            a, b = carry
            return (lax.add(a, a), lax.mul(b, a)), (a, b)

        (a, _), _ = lax.scan(body, (x, x), None, 3)
        return a

    program = make_jaxpr(f)(1.0)
    slim, _ = dce_jaxpr(program.jaxpr, (True,))
    (eqn,) = scans(slim)
    assert eqn.params["num_carry"] == 1
    assert [e.primitive.name for e in eqn.params["jaxpr"].eqns] == ["add"]
    assert float(jit(f)(1.0)) == 8.0


@pytest.mark.parametrize("batch_size", [None, 1, 2, 5, 7])
def test_map(batch_size):
    got = lax.map(lambda x: {"y": lax.mul(x, x)}, XS, batch_size=batch_size)
    np.testing.assert_allclose(got["y"], XS * XS, rtol=1e-6)


def test_a_body_may_speak_of_a_mapped_axis():
    place = lambda x: lax.scan(
        lambda c, _: (lax.add(c, lax.axis_index("i")), None), np.int32(0), None, 2
    )[0]
    run = vmap(lambda x: lax.add(x, place(x)), axis_name="i")
    assert np.asarray(run(np.int32([10, 20, 30]))).tolist() == [10, 22, 34]


ERRORS = {
    "carry type": (
        CarryError,
        "`carry['k']` was float32[] and became bool[]",
        lambda: lax.scan(
            lambda c, x: ({"h": c["h"], "k": lax.lt(c["h"], 1.0)}, x), {"h": 1.0, "k": 2.0}, XS
        ),
    ),
    "carry structure": (
        StructureError,
        "a carry of the structure",
        lambda: lax.scan(lambda c, x: ((c, c), x), 1.0, XS),
    ),
    "no pair": (StructureError, "must return a pair", lambda: lax.scan(lambda c, x: c, 1.0, XS)),
    "lengths": (
        ArgumentValueError,
        r"`xs\['a'\]` has 5 and `xs\['b'\]` has 3",
        lambda: lax.scan(lambda c, x: (c, x), 1.0, {"a": XS, "b": W}),
    ),
    "no length": (ArgumentValueError, "holds no array", lambda: lax.scan(lambda c, x: (c, x), 1.0)),
    "scalar": (
        ArgumentValueError,
        "which has none",
        lambda: lax.scan(lambda c, x: (c, x), 1.0, 3.0),
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    error, text, call = ERRORS[name]
    pattern = text if "\\" in text or "|" in text else re.escape(text)
    with pytest.raises(error, match=pattern):
        call()
