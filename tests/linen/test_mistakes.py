"""Mistakes in using modules: the error names the place and offers the line that works."""

import pytest

import jib
import jib.numpy as jnp
from jib import errors, linen as nn

X = jnp.ones((2, 5))


class Normed(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.BatchNorm(use_running_average=True)(nn.Dense(3)(x))


class Raw(nn.Module):
    maker: object = None

    @nn.compact
    def __call__(self, x):
        return x @ self.param("w", self.maker, (5, 3))


def test_a_collection_that_is_left_out():
    variables = Normed().init(jib.random.key(0), X)
    params = variables["params"]
    cases = {
        "{'params': params, 'batch_stats': batch_stats}": {"params": params},
        "{'params': params}": params,
    }
    for cure, given in cases.items():
        with pytest.raises(nn.errors.ScopeCollectionNotFound) as e:
            Normed().apply(given, X)
        assert e.value.help[0] == f"model.apply({cure}, x)"
    with pytest.raises(nn.errors.ScopeCollectionNotFound) as e:
        Raw(nn.initializers.ones).apply({}, X)
    assert e.value.help[0] == "model.apply({'params': params}, x)"


@pytest.mark.parametrize("init", [jnp.ones((5, 3)), None, "zeros"], ids=["array", "none", "text"])
def test_an_initialiser_that_is_no_function(init):
    with pytest.raises(errors.ArgumentTypeError, match="the initialiser of `w` of / is"):
        Raw(init).init(jib.random.key(0), X)


def test_an_initialiser_that_was_not_called():
    factory = nn.initializers.lecun_normal
    for model in (nn.Dense(3, kernel_init=factory), Raw(lambda *_: factory())):
        with pytest.raises(errors.ArgumentTypeError, match="made a function, not an array"):
            model.init(jib.random.key(0), X)


def test_a_method_that_is_not_there():
    with pytest.raises(nn.errors.ApplyModuleInvalidMethodError, match="'encode'"):
        nn.Dense(3).apply({"params": {}}, X, method="encode")


def test_a_scanned_step_gives_a_pair():
    layers = nn.scan(
        nn.Dense, variable_axes={"params": 0}, split_rngs={"params": True}, length=3
    )(5)  # fmt: skip
    with pytest.raises(errors.ArgumentTypeError, match=r"a step of `nn.scan` gives a pair"):
        layers.init(jib.random.key(0), X)
