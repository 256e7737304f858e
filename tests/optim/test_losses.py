"""Losses and projections against the field's reference (optax 0.2.8), formulas and extremes."""

import pathlib

import numpy as np
import pytest
import scipy.special

import jib
import jib.numpy as jnp
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from jib.optim import losses, projections
from tests.optim.field_cases import LOSSES, PROJECTIONS, loss_arrays

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "optim"
STORED = np.load(GOLDEN / "losses.npz")
POINTS = np.load(GOLDEN / "projections.npz")
ARRAYS = {name: jnp.asarray(value) for name, value in loss_arrays.items()}
TREE = {"a": ARRAYS["z"][0], "b": ARRAYS["square"]}


def of_first(name):
    """The loss as a function of its first argument, and that argument."""
    function, names, named = LOSSES[name]
    first, *rest = [ARRAYS[each] for each in names]
    named = {key: ARRAYS[value] if key == "where" else value for key, value in named.items()}
    return lambda x: getattr(losses, function)(x, *rest, **named), first


@pytest.mark.parametrize("name", LOSSES)
def test_value_and_gradient_are_the_reference(name):
    loss, x = of_first(name)
    np.testing.assert_allclose(loss(x), STORED[name], rtol=2e-6, atol=1e-6)
    gradient = jib.grad(lambda x: jnp.sum(jnp.sin(loss(x))))(x)
    np.testing.assert_allclose(gradient, STORED[f"{name}_grad"], rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_dtypes_stay(name):
    loss, x = of_first(name)
    wide = jib.eval_shape(loss, x.astype("float64"))
    assert wide.dtype == "float64"
    if LOSSES[name][1] in (["z", "class"], ["z", "group"]):
        assert jib.eval_shape(loss, x.astype("bfloat16")).dtype == "bfloat16"


def test_every_loss_has_a_case():
    tested = {function for function, _, _ in LOSSES.values()}
    assert set(losses.__all__) == tested | {
        "ctc_loss_with_forward_probs", "make_fenchel_young_loss",
    }  # fmt: skip


def test_float64_keeps_its_digits():
    z, y = (loss_arrays[name].astype("float64") for name in "zy")
    wide, labels = jnp.asarray(z, "float64"), jnp.asarray([1, 0, 4, 2])
    log = scipy.special.log_softmax(z, axis=-1)
    np.testing.assert_allclose(
        losses.softmax_cross_entropy_with_integer_labels(wide, labels),
        -log[np.arange(4), [1, 0, 4, 2]], rtol=1e-14,
    )  # fmt: skip
    small = jnp.asarray(1e-9 * y, "float64")
    np.testing.assert_allclose(losses.log_cosh(small), (1e-9 * y) ** 2 / 2, rtol=1e-14)


EXTREMES = {
    "binary": lambda z: losses.sigmoid_binary_cross_entropy(z, jnp.array([1.0, 0.0, 1.0])),
    "softmax": lambda z: losses.softmax_cross_entropy(z, jnp.array([1.0, 0.0, 0.0])),
    "integer": lambda z: losses.softmax_cross_entropy_with_integer_labels(z, jnp.array(0)),
    "focal": lambda z: losses.sigmoid_focal_loss(z, jnp.array([1.0, 0.0, 1.0])),
    "kl": lambda z: losses.kl_divergence(z, jnp.array([1.0, 0.0, 0.0])),
    "log_cosh": lambda z: losses.log_cosh(z, jnp.array([0.0, -1e30, 0.0])),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_large_and_infinite_arguments(name):
    """A right answer with infinite certainty costs nothing and pulls nowhere."""
    at = jnp.array([0.0, -1e30, 3e4] if name in ("log_cosh", "focal") else [0.0, -jnp.inf, -1e4])
    value, gradient = jib.value_and_grad(lambda z: jnp.sum(EXTREMES[name](z)))(at)
    assert np.isfinite(value)
    assert np.isfinite(np.asarray(gradient)).all()


def test_zero_vectors_have_no_direction():
    def similarity(x):
        return losses.cosine_similarity(x, jnp.ones(3))

    value, gradient = jib.value_and_grad(similarity)(jnp.zeros(3))
    assert float(value) == 0
    assert gradient.tolist() == [0, 0, 0]


def test_ntxent_without_pairs_is_zero():
    assert float(losses.ntxent(ARRAYS["z"], jnp.arange(4))) == 0


def test_integer_labels_keep_digits_of_large_logits():
    loss = losses.softmax_cross_entropy_with_integer_labels
    assert float(loss(jnp.array([1e6, 1e6]), jnp.array(0))) == pytest.approx(np.log(2), rel=1e-6)


def test_fenchel_young_gradient_is_softmax_less_targets():
    loss = losses.make_fenchel_young_loss(jib.nn.logsumexp)
    gradient = jib.grad(lambda z: loss(z, ARRAYS["p"]).sum())(ARRAYS["z"])
    np.testing.assert_allclose(gradient, jib.nn.softmax(ARRAYS["z"]) - ARRAYS["p"], atol=1e-6)


def test_ctc_sums_over_alignments():
    logits = jnp.log(jnp.array([[[0.5, 0.5], [0.2, 0.8], [0.6, 0.4]]]))
    loss, blanks, emits = losses.ctc_loss_with_forward_probs(
        logits, jnp.zeros((1, 3)), jnp.array([[1]]), jnp.zeros((1, 1))
    )
    wrong = 0.5 * 0.2 * 0.6 + 0.5 * 0.2 * 0.4  # no label at all; label, blank, label
    assert float(jnp.exp(-loss[0])) == pytest.approx(1 - wrong, rel=1e-5)
    assert blanks.shape == (3, 1, 2)
    assert emits.shape == (3, 1, 1)


def test_errors():
    ints = jnp.arange(3)
    with pytest.raises(DTypeError, match="takes floating-point `predictions`, not int32"):
        losses.l2_loss(ints)
    with pytest.raises(DTypeError, match="takes integer `labels`, not float32"):
        losses.softmax_cross_entropy_with_integer_labels(ARRAYS["z"], ARRAYS["p"])
    with pytest.raises(ShapeError, match=r"one shape, not \(3,\) and \(2,\)"):
        losses.squared_error(jnp.ones(3), jnp.ones(2))
    with pytest.raises(ArgumentValueError, match="sum to 1 over the last axis"):
        losses.dice_loss(ARRAYS["image"], ARRAYS["mask"], apply_softmax=False)
    with pytest.raises(ShapeError, match="`ctc_loss` takes logits"):
        losses.ctc_loss(jnp.ones((2, 3)), jnp.ones(2), jnp.ones((2, 2)), jnp.ones((2, 2)))


# -------------------------------------------------------------------------------- projections


def flat(tree):
    return np.concatenate([np.asarray(leaf).ravel() for leaf in jib.tree.leaves(tree)])


@pytest.mark.parametrize("name", PROJECTIONS)
def test_projection_is_the_reference_and_idempotent(name):
    project = jib.jit(lambda tree: getattr(projections, name)(tree, **PROJECTIONS[name]))
    once = project(TREE)
    np.testing.assert_allclose(flat(once), POINTS[name], atol=1e-6)
    np.testing.assert_allclose(flat(project(once)), flat(once), atol=1e-6)
    sizes = np.abs(flat(once))
    scale = PROJECTIONS[name].get("scale", np.inf)
    norm = {"l1": sizes.sum(), "l2": np.sqrt((sizes**2).sum()), "linf": sizes.max()}
    kind = name.split("_")[1]
    assert norm.get(kind, 0) <= scale * (1 + 1e-6)
    if name.endswith(("sphere", "simplex")):
        assert norm.get(kind, sizes.sum()) == pytest.approx(scale, rel=1e-6)


def test_projections_onto_planes():
    x, a = TREE, {"a": jnp.ones(5), "b": jnp.full((3, 3), 2.0)}

    def inner(y):
        return flat(y) @ flat(a)

    plane = projections.projection_hyperplane(x, a, 4.0)
    assert inner(plane) == pytest.approx(4, rel=1e-5)
    assert inner(projections.projection_halfspace(x, a, -4.0)) == pytest.approx(-4, rel=1e-5)
    inside = projections.projection_halfspace(x, a, 1e3)
    np.testing.assert_array_equal(flat(inside), flat(x))
    on = flat(projections.projection_vector(x, a))
    assert abs((flat(x) - on) @ flat(a)) < 1e-5
    box = projections.projection_box(x, {"a": 0.0, "b": -0.1}, 0.2)
    assert flat(box).max() <= 0.2
    assert flat(box["b"]).min() == np.float32(-0.1)


def test_projections_at_zero_and_far_away():
    zeros = jnp.zeros(4)
    assert projections.projection_l2_sphere(zeros, 2.0).tolist() == [1, 1, 1, 1]
    assert projections.projection_l1_sphere(zeros, 2.0).tolist() == [0.5] * 4
    far = projections.projection_simplex(jnp.array([1e8, 1e8 + 8.0, 0.0]))
    assert far.tolist() == [0, 1, 0]
    jacobian = jib.jacrev(projections.projection_simplex)(jnp.array([0.3, 0.2, -1.0]))
    np.testing.assert_allclose(jacobian, [[0.5, -0.5, 0], [-0.5, 0.5, 0], [0, 0, 0]], atol=1e-6)
