"""The numbers of every sampler, against those that the field's reference draws for the same key."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import jib
from jib import random
from jib.nn import initializers

GOLDEN = np.load(pathlib.Path(__file__).with_name("golden.npz"))
TABLE = np.arange(12, dtype=np.int32).reshape(4, 3)
LOGITS = np.array([[0.1, 2.0, -1.0], [1.0, 0.0, 3.0]], np.float32)
CHANCES = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
SHAPES = np.array([0.5, 1.0, 3.0, 10.0], np.float32)


def _data(function, *args):
    return lambda key: random.key_data(function(key, *args))


def _init(name, *args, shape=(3, 4), **kwargs):
    return lambda key: getattr(initializers, name)(*args, **kwargs)(key, shape)


def _call(name, *args, **kwargs):
    return lambda key: getattr(random, name)(key, *args, **kwargs)


EXACT = {
    "key_minus_one": lambda key: random.key_data(random.key(-1)),
    "key_large": lambda key: random.key_data(random.key(2**40 + 3)),
    "split3": _data(random.split, 3),
    "split_2x2": _data(random.split, (2, 2)),
    "fold_in": _data(random.fold_in, 7),
    "bits8": _call("bits", (3, 5), "uint8"),
    "bits16": _call("bits", (3, 5), "uint16"),
    "bits32": _call("bits", (3, 5), "uint32"),
    "randint": _call("randint", (9,), -3, 10),
    "randint_u8": _call("randint", (9,), 0, 256, "uint8"),
    "randint_i8": _call("randint", (5,), -500, 500, "int8"),
    "randint_u32": _call("randint", (5,), 0, np.uint32(2**32 - 1), "uint32"),
    "randint_array": _call("randint", (3,), np.array([0, 5, 9]), np.array([4, 5, 1000])),
    "bernoulli": _call("bernoulli", 0.3, (20,)),
    "bernoulli_high": _call("bernoulli", 0.3, (20,), mode="high"),
    "rademacher": _call("rademacher", (9,)),
    "categorical": _call("categorical", LOGITS),
    "categorical_shape": _call("categorical", LOGITS, shape=(4, 2)),
    "categorical_axis0": _call("categorical", LOGITS, axis=0),
    "categorical_no_replace": _call("categorical", LOGITS, shape=(2, 2), replace=False),
    "permutation": _call("permutation", 10),
    "permutation_array": _call("permutation", TABLE),
    "permutation_axis1": _call("permutation", TABLE, 1),
    "permutation_independent": _call("permutation", TABLE, 0, independent=True),
    "choice": _call("choice", 10, (4,)),
    "choice_no_replace": _call("choice", 10, (4,), replace=False),
    "choice_p": _call("choice", 4, (6,), p=CHANCES),
    "choice_p_no_replace": _call("choice", 4, (3,), replace=False, p=CHANCES),
    "choice_array": _call("choice", TABLE, (2,), axis=1),
    "choice_array_no_replace": _call("choice", TABLE, (2,), replace=False),
    "geometric": _call("geometric", 0.3, (5,)),
    "poisson": _call("poisson", np.array([0, 0.5, 5, 9.9, 10, 30, 1000, 1e6], np.float32)),
    "poisson_scalar": _call("poisson", 4.0, (6,)),
    "binomial": _call(
        "binomial",
        np.array([10, 10, 100, 1000, 1000, 5], np.float32),
        np.array([0.2, 0.7, 0.5, 0.9, 0.001, 1.5], np.float32),
    ),
    "multinomial": _call("multinomial", 50, np.array([0.2, 0.5, 0.3], np.float32)),
    "uniform": _call("uniform", (3, 5)),
    "uniform_scalar": _call("uniform"),
    "uniform_f16": _call("uniform", (4,), "float16"),
    "uniform_bf16": _call("uniform", (4,), "bfloat16"),
}

CLOSE = {
    "uniform_range": _call("uniform", (7,), minval=-2.0, maxval=5.0),
    "normal": _call("normal", (4, 5)),
    "normal_complex": _call("normal", (3,), "complex64"),
    "normal_bf16": _call("normal", (4,), "bfloat16"),
    "truncated_normal": _call("truncated_normal", -2.0, 2.0, (9,)),
    "exponential": _call("exponential", (5,)),
    "gumbel": _call("gumbel", (5,)),
    "gumbel_high": _call("gumbel", (5,), mode="high"),
    "gumbel_highest": _call("gumbel", (5,), mode="highest"),
    "laplace": _call("laplace", (5,)),
    "logistic": _call("logistic", (5,)),
    "cauchy": _call("cauchy", (5,)),
    "pareto": _call("pareto", 2.0, (5,)),
    "rayleigh": _call("rayleigh", 2.0, (5,)),
    "weibull_min": _call("weibull_min", 2.0, 1.5, (5,)),
    "triangular": _call("triangular", 0.0, 1.0, 3.0, (5,)),
    "wald": _call("wald", 1.5, (5,)),
    "lognormal": _call("lognormal", 0.5, (5,)),
    "gamma": _call("gamma", np.array([0.01, 0.5, 1.0, 3.0, 100.0], np.float32)),
    "gamma_scalar": _call("gamma", 2.5, (7,)),
    "loggamma": _call("loggamma", np.array([1e-3, 0.5, 3.0], np.float32)),
    "beta": _call("beta", 0.7, 2.0, (5,)),
    "dirichlet": _call("dirichlet", np.array([0.5, 1.0, 3.0], np.float32), (2,)),
    "chisquare": _call("chisquare", 3.0, (5,)),
    "f": _call("f", 3.0, 5.0, (5,)),
    "t": _call("t", 3.0, (5,)),
    "generalized_normal": _call("generalized_normal", 1.5, (5,)),
    "ball": _call("ball", 3, 2, (2,)),
    "maxwell": _call("maxwell", (5,)),
    "double_sided_maxwell": _call("double_sided_maxwell", 1.0, 2.0, (3,)),
    "vmap_normal": lambda key: jib.vmap(lambda k: random.normal(k, (3,)))(random.split(key)),
    "init_glorot_uniform": _init("glorot_uniform"),
    "init_glorot_normal": _init("glorot_normal"),
    "init_lecun_uniform": _init("lecun_uniform"),
    "init_lecun_normal": _init("lecun_normal"),
    "init_he_uniform": _init("he_uniform"),
    "init_he_normal": _init("he_normal"),
    "init_normal": _init("normal", 0.1, shape=(3,)),
    "init_uniform": _init("uniform", 0.1, shape=(3,)),
    "init_truncated_normal": _init("truncated_normal", 0.1, shape=(3,)),
    "init_complex": _init("glorot_normal", dtype="complex64", shape=(2, 3)),
    "init_complex_uniform": _init("glorot_uniform", dtype="complex64", shape=(2, 3)),
}


def _keys():
    return random.key(42), random.PRNGKey(42)


@pytest.mark.parametrize("name", EXACT)
def test_equal_bit_for_bit(name):
    """Integers, choices and plain uniform numbers are the reference's own."""
    actual = np.asarray(EXACT[name](_keys()[0]))
    expected = GOLDEN[name]
    np.testing.assert_array_equal(actual.astype(expected.dtype), expected)


@pytest.mark.parametrize("name", CLOSE)
def test_equal_to_the_last_places(name):
    """What goes through a logarithm or a root agrees but for rounding."""
    actual = np.asarray(CLOSE[name](_keys()[0]))
    expected = GOLDEN[name]
    np.testing.assert_allclose(actual.astype(expected.dtype), expected, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["uniform", "randint", "split3", "permutation"])
def test_raw_keys_draw_the_same(name):
    """An array of two words is as good as a typed key."""
    actual = np.asarray(EXACT[name](_keys()[1]))
    np.testing.assert_array_equal(actual, GOLDEN[name])


def test_traced_draws_are_the_same():
    """A compiled program draws the numbers that eager calls draw."""
    drawn = jib.jit(lambda k: (random.normal(k, (4, 5)), random.permutation(random.clone(k), 10)))(
        _keys()[0]
    )
    np.testing.assert_array_equal(drawn[0], np.asarray(random.normal(_keys()[0], (4, 5))))
    np.testing.assert_array_equal(drawn[1], GOLDEN["permutation"])


def test_every_golden_number_is_checked():
    """No golden entry is left aside."""
    assert set(GOLDEN.files) == {*EXACT, *CLOSE}
