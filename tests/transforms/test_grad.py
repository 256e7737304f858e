"""`grad` and `value_and_grad`: the forms of a call, closed forms, higher orders, strong zeros."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.core.zeros import float0
from jib.errors import ArgumentTypeError, ArgumentValueError, GradTypeError, NonScalarGradError

V = np.float32([1, 2, 3])


def sentence(caught):
    """The first line of an error, without its code and place."""
    return str(caught.value).splitlines()[0]


# ------------------------------------------------------------------------ forms of a call


def test_argnums():
    f = lambda x, y, z=1.0: x * y**2 + z
    assert float(jib.grad(f)(2.0, 3.0)) == 9.0
    assert float(jib.grad(f, 1)(2.0, 3.0)) == 12.0
    assert float(jib.grad(f, argnums=-1)(2.0, 3.0)) == 12.0
    assert [float(g) for g in jib.grad(f, (1, 0))(2.0, 3.0)] == [12.0, 9.0]
    assert [float(g) for g in jib.grad(f, [0, -1])(2.0, 3.0, z=5.0)] == [9.0, 12.0]
    single = jib.grad(f, (0,))(2.0, 3.0)
    assert type(single) is tuple
    assert len(single) == 1
    with pytest.raises(ArgumentValueError) as caught:
        jib.grad(f, argnums=2)(2.0, 3.0)
    assert "`grad` was asked for argument 2 of `<lambda>`, which was called with 2" in sentence(
        caught
    )


def test_aux():
    f = lambda x: (x**2, {"twice": 2 * x, "name": None})
    gradient, aux = jib.grad(f, has_aux=True)(3.0)
    assert (float(gradient), float(aux["twice"]), aux["name"]) == (6.0, 6.0, None)
    (value, aux), gradient = jib.value_and_grad(f, has_aux=True)(3.0)
    assert (float(value), float(gradient), float(aux["twice"])) == (9.0, 6.0, 6.0)
    jitted = jib.jit(jib.value_and_grad(f, has_aux=True))(3.0)
    assert float(jitted[0][1]["twice"]) == 6.0
    for bad, given in [(lambda x: x, r"float32\[\]"), (lambda x: (x, x, x), "3 values")]:
        with pytest.raises(ArgumentTypeError, match=f"must return a pair.*returned {given}"):
            jib.grad(bad, has_aux=True)(1.0)


def test_containers():
    params = {"w": V, "b": (np.float32(1), None), "empty": []}
    f = lambda p: (p["w"] * p["b"][0]).sum()
    gradient = jib.grad(f)(params)
    assert gradient["w"].tolist() == [1.0, 1.0, 1.0]
    assert float(gradient["b"][0]) == 6.0
    assert gradient["b"][1] is None
    assert gradient["empty"] == []


def test_arguments_that_are_not_differentiated_may_be_anything():
    f = lambda x, mode, table: x * table[mode]
    assert float(jib.grad(f)(2.0, "double", {"double": 2})) == 2.0


def test_the_dtype_of_a_gradient_is_that_of_its_argument():
    f = lambda x: (x * np.float32(2)).sum().astype(jnp.float32)
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        assert jib.grad(f)(jnp.ones(2, dtype)).dtype == dtype


def test_integer_arguments():
    f = lambda n, x: n * x
    with pytest.raises(GradTypeError) as caught:
        jib.grad(f)(3, 2.0)
    assert sentence(caught) == "jib.grad needs floating numbers, but `n` is int32[]"
    found = jib.grad(f, argnums=(0, 1), allow_int=True)(np.arange(3).sum(), 2.0)
    assert (found[0].dtype, found[0].shape, float(found[1])) == (float0, (), 3.0)
    found = jib.grad(lambda d: d["x"] * 2, allow_int=True)({"n": np.arange(2), "x": 1.0})
    assert (found["n"].dtype, found["n"].shape, float(found["x"])) == (float0, (2,), 2.0)
    with pytest.raises(GradTypeError, match=r"`d\['n'\]\[0\]` is bool\[\]"):
        jib.grad(lambda d: d["x"])({"n": [True], "x": 1.0})


def test_complex_arguments():
    z = np.complex64(1 + 2j)
    assert complex(jib.grad(lambda z: z**2, holomorphic=True)(z)) == 2 * (1 + 2j)
    with pytest.raises(GradTypeError, match=r"the function returned is complex64\[\]"):
        jib.grad(lambda z: z)(z)
    # A real function of a complex number: df/dx - i df/dy, so that z - rate * conj(g) descends.
    assert complex(jib.grad(lambda z: jnp.abs(z) ** 2)(z)) == pytest.approx(2 - 4j)
    assert complex(jib.jit(jib.grad(lambda z: (z * z).imag))(z)) == pytest.approx(4 - 2j)
    with pytest.raises(GradTypeError, match=r"`x` is float32\[\]"):
        jib.grad(lambda x: x, holomorphic=True)(1.0)
    assert float(jib.grad(lambda x: jnp.abs(x * (3 + 4j)))(2.0)) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (lambda x: x * V, "float32[3]"),
        (lambda x: (x,), "tuple"),
        (lambda x: None, "NoneType"),
        (lambda x: {"loss": x}, "dict"),
    ],
)
def test_results_that_are_no_number(function, given):
    with pytest.raises(NonScalarGradError) as caught:
        jib.grad(function)(1.0)
    expected = f"jib.grad needs `<lambda>` to return one number, but it returned {given}"
    assert sentence(caught) == expected


def test_results_that_are_no_float():
    with pytest.raises(GradTypeError, match=r"what the function returned is int32\[\]"):
        jib.grad(lambda x: x.astype(int))(jnp.float32(1))
    with pytest.raises(GradTypeError, match=r"what the function returned is complex64\[\]"):
        jib.grad(lambda x: x * 1j)(1.0)


def test_a_constant_function():
    assert float(jib.grad(lambda x: 3.0)(1.0)) == 0.0
    assert jib.grad(lambda x: jnp.float32(3))(V).tolist() == [0.0, 0.0, 0.0]


# -------------------------------------------------------------------------------- values


def test_control_flow_on_values_without_jit():
    def f(x):
        total = 0.0 * x
        while total < 10:  # doubles until it is large enough
            total = total + x
            x = x * 2
        return total if total > 12 else -total

    assert [float(jib.grad(f)(x)) for x in (3.0, 4.0)] == [7.0, -3.0]
    g = lambda x: x**2 if float(x) > 0 and int(x) == 3 else -x
    assert [float(jib.grad(g)(x)) for x in (3.0, -1.0)] == [6.0, -1.0]
    h = lambda x: (x * np.asarray(x > 1.5)).sum()
    assert jib.grad(h)(V).tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("function", "derivatives"),
    [
        (jnp.sin, [np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin]),
        (jnp.exp, [np.exp] * 4),
        (lambda x: x**4, [lambda x: 4 * x**3, lambda x: 12 * x**2, lambda x: 24 * x, lambda _: 24]),
        (jnp.log, [lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3, lambda x: -6 / x**4]),
    ],
    ids=["sin", "exp", "power", "log"],
)
def test_higher_orders(function, derivatives):
    x = np.float32(0.7)
    jitted = function
    for expected in derivatives:
        function, jitted = jib.grad(function), jib.grad(jib.jit(jitted))
        np.testing.assert_allclose(function(x), expected(x), rtol=2e-5)
    np.testing.assert_allclose(jib.jit(jitted)(x), expected(x), rtol=2e-5)


def test_value_and_gradient_agree():
    f = lambda x: (jnp.tanh(x) * x).sum()
    value, gradient = jib.value_and_grad(f)(V)
    assert float(value) == float(f(jnp.asarray(V)))
    np.testing.assert_allclose(gradient, np.tanh(V) + V / np.cosh(V) ** 2, rtol=1e-5)


def test_a_gradient_for_each_example():
    w = np.float32([0.5, -1.0])
    xs, ys = np.float32([[1, 2], [3, 4], [5, 6]]), np.float32([1, 0, 1])
    loss = lambda w, x, y: (jnp.dot(w, x) - y) ** 2
    found = jib.vmap(jib.grad(loss), in_axes=(None, 0, 0))(w, xs, ys)
    np.testing.assert_allclose(found, 2 * (xs @ w - ys)[:, None] * xs, rtol=1e-6)


def test_a_gradient_of_a_gradient_step():
    """Through an optimizer's step, as meta-learning does."""
    inner = lambda w: w**3
    outer = lambda w, rate: (w - rate * jib.grad(inner)(w)) ** 2
    by_w, by_rate = jib.jit(jib.grad(outer, (0, 1)))(2.0, 0.1)
    step = 2.0 - 0.1 * 12
    assert float(by_w) == pytest.approx(2 * step * (1 - 0.1 * 12), rel=1e-5)
    assert float(by_rate) == pytest.approx(2 * step * -12, rel=1e-5)


def test_perturbations_are_not_confused():
    f = lambda x: x * jib.grad(lambda y: x + y)(1.0)
    assert float(jib.grad(f)(1.0)) == 1.0
    g = lambda x: jib.grad(lambda y: x * y * y)(x)  # 2 x y at y = x
    assert float(jib.grad(g)(3.0)) == 12.0


@pytest.mark.parametrize(
    ("function", "at", "expected"),
    [
        (lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0), 0.0, 0.0),
        (lambda x: jnp.where(x > 0, jnp.log(x), 0.0), 0.0, 0.0),
        (lambda x: jnp.where(x > 0, 1 / x, 0.0), 0.0, 0.0),
        (lambda x: jnp.where(x > 0, x**0.5, 0.0), 0.0, 0.0),
        (lambda x: jnp.where(x > 0, jnp.linalg.norm(jnp.stack([x, x])), 0.0), 0.0, 0.0),
        (lambda x: jnp.where(x < 1, jnp.arccos(x), 0.0), 1.0, 0.0),
        (lambda x: jnp.where(x < 50, jnp.exp(x), x), 1e4, 1.0),
    ],
    ids=["sqrt", "log", "reciprocal", "power", "norm", "arccos", "exp"],
)
def test_branches_not_taken_add_nothing(function, at, expected):
    for run in (jib.grad(function), jib.jit(jib.grad(function)), jib.jacfwd(function)):
        assert float(run(at)) == expected
