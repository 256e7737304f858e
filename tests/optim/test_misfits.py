"""Gradients, parameters and states that do not belong together: the error says which, and why."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import errors, optim

PARAMS = {"a": jnp.ones((2, 3)), "b": jnp.ones(3)}
OTHER = {"c": jnp.ones(2)}
WIDER = {"a": jnp.ones((2, 4)), "b": jnp.ones(4)}
OPTIMIZERS = {
    "adam": lambda: optim.adam(0.1),
    "sgd": lambda: optim.sgd(0.1, momentum=0.9),
    "chain": lambda: optim.chain(optim.clip(1.0), optim.adamw(0.1)),
    "lion": lambda: optim.lion(0.1),
    "multi": lambda: optim.MultiSteps(optim.adam(0.1), 2),
    "masked": lambda: optim.masked(optim.rmsprop(0.1), lambda p: jib.tree.map(lambda _: True, p)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("given", [OTHER, WIDER, [jnp.ones(2)]], ids=["names", "shapes", "list"])
def test_a_state_of_other_parameters(name, given):
    optimizer = OPTIMIZERS[name]()
    state = optimizer.init(given)
    for run in (optimizer.update, jib.jit(optimizer.update)):
        with pytest.raises(errors.StructureError, match="was not made for these parameters") as e:
            run(PARAMS, state, PARAMS)
        assert "optimizer.init(params)" in e.value.help[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_gradients_of_other_parameters(name):
    optimizer = OPTIMIZERS[name]()
    with pytest.raises(errors.StructureError, match="the gradients are not those of the param"):
        optimizer.update({"params": PARAMS}, optimizer.init(PARAMS), PARAMS)


def test_a_state_of_another_optimizer():
    state = optim.sgd(0.1).init(PARAMS)
    with pytest.raises(errors.StructureError, match=r"has an EmptyState and .* a ScaleByAdamState"):
        optim.adam(0.1).update(PARAMS, state, PARAMS)


def test_a_failure_of_another_cause_stays_as_it_is():
    def broken(updates, state, params, hyper):
        raise ZeroDivisionError("mine")

    optimizer = optim.hyperparameters(optim.init_empty_state, broken, rate=0.1)
    with pytest.raises(ZeroDivisionError, match="mine"):
        optimizer.update(PARAMS, optimizer.init(PARAMS), PARAMS)


def test_updates_of_other_parameters():
    for updates in (OTHER, WIDER, list(PARAMS.values())):
        with pytest.raises(errors.StructureError, match="the updates are not those of the param"):
            optim.apply_updates(PARAMS, updates)


def test_a_mask_of_other_parameters():
    with pytest.raises(errors.StructureError, match=r"the mask does not fit.*'b'"):
        optim.masked(optim.scale(2.0), {"a": True}).init(PARAMS)


def test_what_an_optimizer_needs_beside_gradients():
    asked = {"value, grad, value_fn": optim.lbfgs(), "value": optim.polyak_sgd()}
    for names, optimizer in asked.items():
        with pytest.raises(errors.ArgumentTypeError, match="needs `value`") as e:
            optimizer.update(PARAMS, optimizer.init(PARAMS), PARAMS)
        for name in names.split(", "):
            assert f"{name}={name}" in e.value.help[0]


@pytest.mark.parametrize("thing", [optim.adam, 0.1], ids=["factory", "number"])
def test_what_is_no_optimizer(thing):
    with pytest.raises(errors.ArgumentTypeError, match="an optimizer has `init` and `update`"):
        optim.chain(optim.clip(1.0), thing)


def test_steps_on_whole_numbers_are_not_rounded_to_nothing():
    for leaf in (3, np.int32(3), jnp.arange(3)):
        optimizer = optim.adam(0.1)
        state = optimizer.init({"n": leaf})
        updates, _ = optimizer.update({"n": 0 * jnp.asarray(leaf)}, state)
        assert np.all(np.asarray(updates["n"]) == 0)
        updates, _ = optimizer.update({"n": leaf}, state)
        assert updates["n"].dtype == jnp.float32
        assert np.allclose(updates["n"], -0.1 * (np.asarray(leaf) > 0), atol=1e-6)


COLUMN, ROW = jnp.ones((4, 1)), jnp.ones(4)
LOSSES = [
    optim.sigmoid_binary_cross_entropy, optim.sigmoid_focal_loss, optim.hinge_loss, optim.l2_loss,
    optim.huber_loss, optim.log_cosh,
]  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_a_forgotten_axis_is_no_matrix_of_losses(loss):
    for pair in ((COLUMN, ROW), (ROW, COLUMN), (jnp.ones(3), jnp.ones(4))):
        with pytest.raises(errors.ShapeError, match=loss.__name__.replace("l2", r"\w+")):
            loss(*pair)
    assert loss(COLUMN, COLUMN).shape == (4, 1)
    if loss is not optim.l2_loss:  # others broadcast on purpose
        assert loss(COLUMN, jnp.ones(())).shape == loss(COLUMN, jnp.ones(1)).shape == (4, 1)
        assert loss(COLUMN, jnp.ones((1, 5))).shape == (4, 5)


def test_labels_that_fit_no_logits():
    logits = jnp.ones((4, 3))
    whole = optim.softmax_cross_entropy_with_integer_labels
    for labels, cure in (((4, 3), "argmax"), ((5,), "one label"), ((), "one label")):
        with pytest.raises(errors.ShapeError, match=r"takes labels of shape \(4,\)") as e:
            whole(logits, jnp.zeros(labels, "int32"))
        assert cure in e.value.help[0]
    with pytest.raises(errors.ShapeError, match="softmax_cross_entropy"):
        optim.softmax_cross_entropy(logits, jnp.ones((4, 5)))
    assert optim.softmax_cross_entropy(logits, jnp.ones(3)).shape == (4,)
    assert optim.sigmoid_binary_cross_entropy(jnp.ones((4, 1)), jnp.ones((1, 5))).shape == (4, 5)
