"""Losses and projections against the field's reference (optax 0.2.8), formulas and extremes."""

import functools
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


SIZE = 12  # losses of one program


@functools.cache
def compiled(chunk):
    """Values and gradients of some losses."""

    def everything(inputs):
        found = {}
        for name, x in inputs.items():
            loss = of_first(name)[0]
            gradient = jib.grad(lambda x, loss=loss: jnp.sum(jnp.sin(loss(x))))
            found[name] = loss(x), gradient(x)
        return found

    names = list(LOSSES)[chunk * SIZE : (chunk + 1) * SIZE]
    return jib.jit(everything)({name: of_first(name)[1] for name in names})


@pytest.mark.parametrize("name", LOSSES)
def test_value_and_gradient_are_the_reference(name):
    value, gradient = compiled(list(LOSSES).index(name) // SIZE)[name]
    np.testing.assert_allclose(value, STORED[name], rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(gradient, STORED[f"{name}_grad"], rtol=5e-6, atol=1e-6)


QUICK = ["squared_error", "integer", "kl"]


@pytest.mark.parametrize(
    "names", [QUICK, pytest.param(list(LOSSES), marks=pytest.mark.slow)], ids=["some", "all"]
)
def test_a_batch_of_losses_is_one_after_another(names):
    def both(inputs):
        found = {}
        for name, pair in inputs.items():
            loss = of_first(name)[0]
            found[name] = jib.vmap(loss)(pair), jnp.stack([loss(pair[0]), loss(pair[1])])
        return found

    inputs = {name: jnp.stack([x, 0.9 * x]) for name in names for x in [of_first(name)[1]]}
    for name, (together, alone) in jib.jit(both)(inputs).items():
        np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6, err_msg=name)


def test_a_support_does_not_depend_on_how_the_compiler_rounds():
    loss, x = of_first("multi_sparsemax")
    np.testing.assert_allclose(jib.jit(lambda x: loss(0.9 * x))(x), loss(0.9 * x), rtol=1e-5)


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in LOSSES
])  # fmt: skip
def test_without_jit_the_numbers_are_the_same(name):
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


def test_large_and_infinite_arguments():
    """A right answer with infinite certainty costs nothing and pulls nowhere."""
    large, infinite = jnp.array([0.0, -1e30, 3e4]), jnp.array([0.0, -jnp.inf, -1e4])

    @jib.jit
    def everything():
        return {
            name: jib.value_and_grad(lambda z, loss=loss: jnp.sum(loss(z)))(
                large if name in ("log_cosh", "focal") else infinite
            )
            for name, loss in EXTREMES.items()
        }

    for name, (value, gradient) in everything().items():
        assert np.isfinite(value), name
        assert np.isfinite(np.asarray(gradient)).all(), name


def test_zero_vectors_have_no_direction():
    def similarity(x):
        return losses.cosine_similarity(x, jnp.ones(3))

    value, gradient = jib.value_and_grad(similarity)(jnp.zeros(3))
    assert float(value) == 0
    assert gradient.tolist() == [0, 0, 0]


def test_ntxent_without_pairs_is_zero():
    assert float(jib.jit(losses.ntxent)(ARRAYS["z"], jnp.arange(4))) == 0


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
    far = jnp.array([1e8, 1e8 + 8.0, 0.0])
    two, one, none, simplex, jacobian = jib.jit(lambda: (
        projections.projection_l2_sphere(zeros, 2.0),
        projections.projection_l1_sphere(zeros, 2.0),
        projections.projection_simplex(zeros + jnp.arange(4), 0.0),
        projections.projection_simplex(far),
        jib.jacrev(projections.projection_simplex)(jnp.array([0.3, 0.2, -1.0])),
    ))()  # fmt: skip
    assert (two.tolist(), one.tolist()) == ([1] * 4, [0.5] * 4)
    assert (none.tolist(), simplex.tolist()) == ([0] * 4, [0, 1, 0])
    np.testing.assert_allclose(jacobian, [[0.5, -0.5, 0], [-0.5, 0.5, 0], [0, 0, 0]], atol=1e-6)
