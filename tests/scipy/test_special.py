"""Special functions against SciPy's, and their derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special as reference

import jib
import jib.numpy as jnp
from jib.errors import NoDerivativeError
from jib.scipy import special

_random = np.random.default_rng(3)
REAL = np.concatenate([_random.normal(size=40) * 4, [0.0]])
POSITIVE = 10 ** _random.uniform(-3, 2, 40)
OTHER = 10 ** _random.uniform(-2, 2, 40)
BELOW_1 = _random.uniform(0.001, 0.999, 40)
COUNTS = np.repeat(np.arange(8), 5)

CASES = {
    "gammainc": (POSITIVE, OTHER),
    "gammaincc": (POSITIVE, OTHER),
    "betainc": (POSITIVE, OTHER, BELOW_1),
    "log_ndtr": (np.concatenate([10 * REAL, [-1e5, -np.inf, 9.0]]),),
    "erfcx": (np.concatenate([REAL, [1e6, np.inf]]),),
    "dawsn": (np.concatenate([REAL, [1e4, 1e-4]]),),
    "fresnel": (np.concatenate([REAL, [1e-3, 20.0]]),),
    "exp1": (np.append(POSITIVE, 0.0),),
    "expi": (np.concatenate([POSITIVE, -POSITIVE]),),
    "expn": (COUNTS, POSITIVE),
    "sici": (np.concatenate([POSITIVE, -POSITIVE, [0.0]]),),
    "spence": (np.concatenate([POSITIVE, [0.0, 0.5, 1.0, 2.0, -1.0]]),),
    "hyp1f1": (REAL[:40] / 3, POSITIVE + 0.5, REAL[:40]),
    "hyp2f1": (REAL[:40] / 4, POSITIVE**0.3, POSITIVE**0.3 + 1, 2 * BELOW_1 - 1.05),
    "gamma": (np.concatenate([REAL, [-2.0, -2.5, 5.0]]),),
    "gammasgn": (np.concatenate([REAL, [-0.0, -1.5]]),),
    "loggamma": (POSITIVE,),
    "beta": (POSITIVE, BELOW_1),
    "poch": (BELOW_1, 5 * BELOW_1[::-1]),
    "factorial": (COUNTS - 1,),
    "comb": (COUNTS + 5, COUNTS[::-1]),
    "polygamma": (COUNTS[:20], POSITIVE[:20] + 0.1),
    "zeta": (1 + OTHER[:20], POSITIVE[:20]),
    "boxcox": (POSITIVE, np.append(REAL[:39], 0.0)),
    "boxcox1p": (POSITIVE, np.append(REAL[:39], 0.0)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("bits", [32, 64])
def test_equals_scipy(name, bits):
    """All functions agree to about the precision of the dtype."""
    args = [x.astype(f"float{bits}") if x.dtype.kind == "f" else x for x in CASES[name]]
    with jib.enable_x64(bits == 64):
        found = np.asarray(getattr(special, name)(*args))
        assert found.dtype == f"float{bits}"
    wide = [x.astype(float) if x.dtype.kind == "f" else x for x in args]
    with np.errstate(all="ignore"):
        expected = np.asarray(getattr(reference, name)(*wide)).astype(found.dtype)
    tolerance = 1e-4 if bits == 32 else 1e-11
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-6 * tolerance)


DERIVATIVES = {
    "gammainc": [(2.0, 3.0), (1.0, 4.0), (8.0, 8.8), (0.3, 0.1)],
    "betainc": [(2.0, 3.0, 0.4), (1.0, 5.0, 0.6), (0.5, 8.0, 0.01)],
    "erfcx": [(0.7,), (-1.2,)],
    "dawsn": [(0.2,), (1.3,)],
    "spence": [(0.3,), (0.8,), (3.0,)],
    "expi": [(0.5,), (-0.5,), (50.0,)],
    "log_ndtr": [(-5.0,), (1.0,)],
    "hyp1f1": [(-2.0, 1.5, 3.0), (0.7, 1.5, -3.0)],
    "hyp2f1": [(-2.0, 1.2, 2.0, 0.3), (0.0, 1.2, 2.0, 0.9)],
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_by_all_arguments(name):
    """Also where a series or a fraction ends early, as it does at integers."""
    function, oracle = getattr(special, name), getattr(reference, name)
    for args in DERIVATIVES[name]:
        with jib.enable_x64():
            found = jib.grad(function, tuple(range(len(args))))(*args)
        for i, slope in enumerate(found):
            step = 1e-4 * (abs(args[i]) + 0.1)
            shift = step * np.eye(len(args))[i]
            one, two = (oracle(*(args + k * shift)) - oracle(*(args - k * shift)) for k in (1, 2))
            np.testing.assert_allclose(slope, (8 * one - two) / (12 * step), rtol=1e-7, atol=1e-9)


def test_second_derivatives_in_reverse_mode():
    """Loops are never run backwards, at no order."""
    second = jib.grad(jib.grad(special.expi))(2.0)
    np.testing.assert_allclose(second, np.exp(2) / 2 - np.exp(2) / 4, rtol=1e-5)
    mixed = jib.grad(jib.grad(special.gammainc, 0), 1)(2.0, 3.0)
    density = 3 * np.exp(-3)
    np.testing.assert_allclose(mixed, density * (np.log(3) - reference.digamma(2)), rtol=1e-5)


def test_no_second_derivative_by_a_parameter():
    """What is not known raises."""
    with pytest.raises(NoDerivativeError, match=r"`lax.igamma` has no second derivative by `a`"):
        jib.grad(jib.grad(special.gammainc))(2.0, 3.0)
    with pytest.raises(NoDerivativeError, match=r"`scipy.special.expn` has no derivative by `n`"):
        jib.grad(special.expn)(2.0, 3.0)


def test_complex_numbers_and_bernoulli_numbers():
    """The functions with results of another shape or dtype."""
    z = REAL + 0.7j * REAL[::-1]
    np.testing.assert_allclose(
        special.wofz(z.astype("complex64")), reference.wofz(z.astype("complex64")), rtol=2e-5
    )
    np.testing.assert_allclose(special.bernoulli(12), reference.bernoulli(12), rtol=1e-6)


EDGES = {
    "gammainc": [(0, 1), (1, 0), (0, 0), (-1, 1), (2, np.inf), (np.inf, 2), (1, -1), (np.nan, 1)],
    "betainc": [(0, 1, 0.5), (1, 0, 0.5), (1, 1, 0), (1, 1, 1), (1, 2, 1.5), (2, np.inf, 0.5)],
}


@pytest.mark.parametrize("name", EDGES)
def test_edges(name):
    """Parameters at and beyond the ends of their ranges."""
    args = np.array(EDGES[name], np.float32).T
    np.testing.assert_array_equal(getattr(special, name)(*args), getattr(reference, name)(*args))


def test_batched_and_compiled():
    """Transforms compose with the loops inside."""
    slopes = jib.jit(jib.vmap(jib.grad(special.expi)))(jnp.array([0.5, 2.0]))
    np.testing.assert_allclose(slopes, np.exp([0.5, 2.0]) / [0.5, 2.0], rtol=1e-5)
