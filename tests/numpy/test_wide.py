"""Numbers beside arrays of 64 bits keep all their digits, eagerly, compiled and traced."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp

X = np.array([0.3, 2.0, -1.5, 0.7])

CASES = {
    "clip": lambda np, x: np.clip(x, 0.1, 0.7),
    "where": lambda np, x: np.where(x > 1, x, 0.1),
    "add": lambda np, x: x + 0.1,
    "power": lambda np, x: np.power(abs(x), 0.1),
    "logaddexp": lambda np, x: np.logaddexp(x, 0.1),
    "nan_to_num": lambda np, x: np.nan_to_num(x + np.where(x > 0, 0, np.nan), nan=0.1),
    "pad": lambda np, x: np.pad(x, 1, constant_values=0.1),
    "isclose": lambda np, x: np.isclose(x, x + 1e-9, rtol=0, atol=1e-9 + 1e-16),
    "quantile": lambda np, x: np.quantile(x, 0.1),
    "percentile": lambda np, x: np.percentile(x, 12.3),
    "median": lambda np, x: np.median(x),
    "histogram": lambda np, x: np.histogram(x, 3)[1],
    "interp": lambda np, x: np.interp(0.1, np.sort(x), x),
    "searchsorted": lambda np, x: np.searchsorted(np.sort(x), 0.3 + 1e-12),
    "digitize": lambda np, x: np.digitize(x, np.sort(x) + 1e-12),
    "std": lambda np, x: np.std(x, ddof=1),
    "average": lambda np, x: np.average(x, weights=abs(x)),
    "select": lambda np, x: np.select([x > 1, x < 0], [x, -x], 0.1),
    "full_like": lambda np, x: np.full_like(x, 0.1),
    "heaviside": lambda np, x: np.heaviside(x - x, 0.1),
    "round": lambda np, x: np.round(x * 0.1, 2),
    "trapezoid": lambda np, x: np.trapezoid(x, dx=0.1),
    "gradient": lambda np, x: np.gradient(x, 0.1),
    "linspace": lambda np, x: np.linspace(0, 0.1, 3) + 0 * x[:3],
    "unwrap": lambda np, x: np.unwrap(x * 4, period=3.1),
}


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_rounded_to_32_bits(name):
    def run(x):
        if name == "linspace":
            return jnp.linspace(0, 0.1, 3, dtype="float64") + 0 * x[:3]
        return CASES[name](jnp, x)

    x = jnp.asarray(X, "float64")
    expected = CASES[name](np, X)
    for result in (run(x), jib.jit(run)(x)):
        np.testing.assert_allclose(result, expected, rtol=1e-13)


def test_numbers_given_to_compiled_functions():
    scale = jib.jit(lambda x, s: x * s["by"])
    for _ in range(2):  # the second call is repeated by C++ where that is right
        wide = scale(jnp.ones(2, "float64"), {"by": 0.1})
        assert wide.dtype == "float64" and float(wide[0]) == 0.1
        assert scale(jnp.ones(2), {"by": 0.1}).dtype == "float32"
    inner = jib.jit(lambda x: scale(x, {"by": 0.1}))
    assert float(inner(jnp.ones(2, "float64"))[0]) == 0.1
    assert complex(scale(jnp.ones(1, "complex128"), {"by": 0.1j})[0]) == 0.1j


@pytest.mark.parametrize("sampler", ["gamma", "loggamma", "beta", "poisson"])
def test_samplers_compute_in_64_bits(sampler):
    parameters = {"gamma": (0.3,), "loggamma": (0.3,), "beta": (0.3, 0.4), "poisson": (3.0,)}[
        sampler
    ]
    dtype = {} if sampler == "poisson" else {"dtype": "float64"}
    drawn = getattr(jib.random, sampler)(jib.random.key(0), *parameters, (64,), **dtype)
    if dtype:
        assert drawn.dtype == "float64"
        assert np.any(np.asarray(drawn) != np.asarray(drawn).astype("float32"))
    assert np.isfinite(drawn).all()


def test_select_keeps_the_digits_of_its_default_each_time():
    x = jnp.asarray(np.arange(3.0), "float64")
    for _ in range(3):  # later calls take the quick path
        assert jnp.select([x > 1], [x], 0.1).tolist() == [0.1, 0.1, 2.0]
        assert jnp.where(x > 1, x, np.float32(0.5)).dtype == np.float64
