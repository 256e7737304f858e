"""Distributions and statistics against SciPy's."""

from __future__ import annotations

import importlib
import inspect

import numpy as np
import pytest
import scipy.stats as reference

import jib
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from jib.scipy import stats

_random = np.random.default_rng(5)
REAL = (_random.normal(size=30) * 3).astype("float32")
POSITIVE, A, B = (_random.uniform(0.3, 5, 30).astype("float32") for _ in range(3))
P = _random.uniform(0.05, 0.95, 30).astype("float32")
K = np.arange(-2, 28, dtype=np.float32)
N = np.full(30, 20, np.float32)

CASES = {
    "norm": (REAL,),
    "uniform": (REAL,),
    "expon": (REAL,),
    "cauchy": (REAL,),
    "laplace": (REAL,),
    "logistic": (REAL,),
    "gumbel_l": (REAL,),
    "gumbel_r": (REAL,),
    "pareto": (POSITIVE, A),
    "gamma": (REAL, A),
    "chi2": (REAL, A),
    "beta": (REAL / 3, A, B),
    "t": (REAL, A),
    "truncnorm": (REAL, -A, B),
    "gennorm": (REAL / 2, A),
    "vonmises": (REAL, A),
    "wrapcauchy": (POSITIVE, P),
    "bernoulli": (np.round(P * 3 - 1), P),
    "binom": (K, N, P),
    "betabinom": (K, N, A, B),
    "nbinom": (K, A, P),
    "geom": (K, P),
    "poisson": (K, A * 3),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_scipy(name):
    """Every function of a distribution, with a location and a scale where it takes them."""
    module = getattr(stats, name)
    for method in module.__all__:
        if method == "entropy":
            continue
        function, args = getattr(module, method), list(CASES[name])
        if method in ("ppf", "isf"):
            args[0] = P[::-1]
        taken = inspect.signature(function).parameters
        counts = "logpmf" in module.__all__
        more = {"loc": 1.0 if counts else 0.3, "scale": 1.7}
        more = {k: v for k, v in more.items() if k in taken}
        found = function(*args, **more)
        assert found.dtype == np.float32
        with np.errstate(all="ignore"):
            wide = [x.astype(float) for x in args]
            expected = getattr(getattr(reference, name), method)(*wide, **more)
        possible = np.where(expected < -85, -np.inf, expected) if "cdf" in method else expected
        found = np.where((found < -85) & ("cdf" in method), -np.inf, found)
        np.testing.assert_allclose(found, possible, rtol=1e-4, atol=2e-6, err_msg=method)


def test_distributions_are_modules():
    """They can be imported by their full names."""
    assert importlib.import_module("jib.scipy.stats.norm") is stats.norm


def test_derivatives_are_finite_outside_the_support():
    """A formula that holds inside does not poison the rest."""
    assert float(jib.grad(stats.expon.pdf)(-1.0)) == 0
    assert float(jib.grad(stats.gamma.pdf)(-1.0, 0.5)) == 0
    by_a, by_x = jib.grad(stats.gamma.cdf, (1, 0))(1.0, 2.0)
    np.testing.assert_allclose(by_x, reference.gamma.pdf(1.0, 2.0), rtol=1e-5)
    assert float(by_a) < 0


def test_vectors():
    """The distributions of several variables."""
    cov = np.array([[2, 0.3], [0.3, 1]], np.float32)
    x = REAL[:6].reshape(3, 2)
    np.testing.assert_allclose(
        stats.multivariate_normal.logpdf(x, np.zeros(2), cov),
        reference.multivariate_normal.logpdf(x, np.zeros(2), cov),
        rtol=1e-5,
    )
    shares, alpha = np.array([0.2, 0.3, 0.5]), np.array([1.0, 2.0, 3.0])
    expected = reference.dirichlet.pdf(shares, alpha)
    np.testing.assert_allclose(stats.dirichlet.pdf(shares, alpha), expected, rtol=1e-5)
    np.testing.assert_allclose(stats.dirichlet.pdf(shares[:2], alpha), expected, rtol=1e-5)
    counts = np.array([1, 2, 1])
    expected = reference.multinomial.pmf(counts, 4, shares)
    np.testing.assert_allclose(stats.multinomial.pmf(counts, 4, shares), expected, rtol=1e-5)
    means = np.array([0, 0.5, 5, 50, 500], np.float32)
    np.testing.assert_allclose(
        stats.poisson.entropy(means), reference.poisson.entropy(means), rtol=1e-5
    )


def test_ranks_modes_and_errors_of_means():
    """Along axes, and of all values."""
    table = _random.integers(0, 4, (3, 7))
    for axis in (None, 0, 1):
        for method in ("average", "min", "max", "dense", "ordinal"):
            expected = reference.rankdata(table, method, axis=axis)
            np.testing.assert_array_equal(stats.rankdata(table, method, axis=axis), expected)
        for keepdims in (False, True):
            found = stats.mode(table, axis, keepdims=keepdims)
            expected = reference.mode(table, axis, keepdims=keepdims)
            np.testing.assert_array_equal(found.mode, expected.mode)
            np.testing.assert_array_equal(found.count, expected.count)
        np.testing.assert_allclose(stats.sem(table, axis), reference.sem(table, axis), rtol=1e-5)
    assert np.isnan(stats.rankdata(np.array([1.0, np.nan]))).all()


def test_errors():
    """What does not fit is refused."""
    with pytest.raises(ShapeError, match="a vector of concentrations"):
        stats.dirichlet.logpdf(np.ones(4), np.ones(3))
    with pytest.raises(ShapeError, match=r"needs a covariance of shape \(2, 2\)"):
        stats.multivariate_normal.logpdf(np.ones(2), np.ones(2), np.eye(3))
    with pytest.raises(DTypeError):
        stats.multinomial.logpmf(np.ones(2), 2, np.ones(2) / 2)
    with pytest.raises(ArgumentValueError, match="one of 'propagate', not 'omit'"):
        stats.mode(np.ones(3), nan_policy="omit")
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        stats.norm.logpdf(1.0, mean=0.0)
