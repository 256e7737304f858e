"""Trees, second derivatives, perturbations, assignments, parts of batches, small linear algebra."""

from typing import NamedTuple

import numpy as np
import pytest
import scipy.optimize

import jib
import jib.numpy as jnp
from jib import optim
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from jib.optim import assignment, microbatching, perturbations, second_order
from jib.optim._tree_paths import StateNameError

TREE = {"a": jnp.array([3.0, -4.0]), "b": jnp.array([[2.0]], "bfloat16")}


class Inner(NamedTuple):
    count: int
    mu: dict


STATE = (Inner(1, {"w": jnp.zeros(2)}), {"count": 5, "rest": [Inner(2, {"w": jnp.ones(2)})]})


# -------------------------------------------------------------------------------------- trees


def test_arithmetic_of_trees():
    tree = optim.tree
    assert tree.norm({"a": TREE["a"]}).item() == 5
    assert tree.norm(TREE, 1).item() == 9
    assert tree.norm(TREE, "inf", squared=True).item() == 16
    assert tree.norm(TREE["b"]).dtype == "bfloat16"
    assert tree.norm({}).item() == 0
    assert jib.grad(tree.norm)(jnp.zeros(2)).tolist() == [0, 0]
    assert (tree.size(TREE), float(tree.max(TREE)), float(tree.min(TREE))) == (3, 3, -4)
    assert float(tree.sum(TREE)) == float(tree.sum(TREE, True)) == 1
    scaled = tree.scale(jnp.float32(2), TREE)
    assert [leaf.dtype.name for leaf in jib.tree.leaves(scaled)] == ["float32", "bfloat16"]
    assert tree.add_scale(TREE, 2.0, TREE)["a"].tolist() == [9, -12]
    assert tree.vdot({"z": jnp.array([1j])}, {"z": jnp.array([1j])}).item() == 1
    assert tree.clip(TREE, -1, 1)["a"].tolist() == [1, -1]
    assert bool(tree.allclose(TREE, tree.sub(tree.add(TREE, TREE), TREE)))
    assert tree.batch_shape(TREE, (3,))["b"].shape == (3, 1, 1)
    with pytest.raises(ArgumentValueError, match="None, 1, 2 or inf, not 3"):
        tree.norm(TREE, 3)


def test_half_precision_norms_are_summed_in_float32():
    many = jnp.full(4096, 1.0, "bfloat16")
    assert float(optim.tree.norm(many)) == 64


def test_dtypes_of_trees():
    tree = optim.tree
    assert tree.dtype(TREE, "lowest") == "bfloat16"
    assert tree.dtype(TREE, "highest") == tree.dtype(TREE, "promote") == "float32"
    assert tree.dtype(tree.cast(TREE, "float64")) == "float64"
    assert tree.dtype(tree.cast_like(tree.cast(TREE, "float64"), TREE), "lowest") == "bfloat16"
    with pytest.raises(ArgumentValueError, match="dtypes float32 and bfloat16"):
        tree.dtype(TREE)


def test_moments():
    decay = jnp.float64(0.9)
    first = optim.update_moment(
        {"g": jnp.ones(2), "n": None}, {"g": jnp.zeros(2), "n": 0}, decay, 1
    )
    assert first["n"] is None
    np.testing.assert_allclose(first["g"], 0.1, rtol=1e-7)
    corrected = optim.bias_correction(first["g"], decay, jnp.int32(1))
    np.testing.assert_allclose(corrected, 1, rtol=1e-6)
    z = jnp.array([3 + 4j])
    square = optim.update_moment_per_elem_norm(z, jnp.zeros(1), 0.0, 2)
    assert square.dtype == "float32"
    assert square.tolist() == [25]
    top = optim.update_infinity_moment(jnp.array([-2.0]), jnp.array([3.0]), 0.5, 0.0)
    assert top.tolist() == [2]
    half = optim.update_moment(jnp.ones(1, "bfloat16"), jnp.zeros(1, "bfloat16"), decay, 1)
    assert half.dtype == "bfloat16"


def test_random_trees():
    key = jib.random.key(0)
    draws = optim.tree.random_like(key, TREE)
    assert jib.tree.map(lambda x: (x.shape, x.dtype), draws) == jib.tree.map(
        lambda x: (x.shape, x.dtype), TREE
    )
    words = optim.tree.unwrap_random_key_data({"k": jib.random.key(1), "x": 2})
    assert (words["k"].tolist(), words["x"]) == ([0, 1], 2)


def test_names_in_states():
    found = optim.tree.get_all_with_path(STATE, "count")
    assert [value for _, value in found] == [1, 5, 2]
    assert str(found[0][0][-1]) == "Inner.count"
    assert optim.tree.get(STATE, "nothing", default=7) == 7
    picked = optim.tree.get(STATE, "count", filtering=lambda path, value: value == 5)
    assert picked == 5
    assert [v.count for _, v in optim.tree.get_all_with_path(STATE, "Inner")] == [1, 2]
    changed = optim.tree.set(STATE, lambda path, value: value != 5, count=9)
    assert (changed[0].count, changed[1]["count"], changed[1]["rest"][0].count) == (9, 5, 9)
    with pytest.raises(StateNameError, match="3 values are named 'count'"):
        optim.tree.get(STATE, "count")
    with pytest.raises(KeyError, match="no value is named 'cout'"):
        optim.tree.set(STATE, cout=1)


def test_map_params():
    tx = optim.adam(1e-3)
    params = {"w": jnp.ones(2)}
    state = tx.init(params)
    seen = optim.tree_map_params(
        tx, lambda x, p: x + p, state, params, transform_non_params=lambda x: None
    )
    assert optim.tree.get(seen, "mu")["w"].tolist() == [1, 1]
    assert optim.tree.get(seen, "count") is None


# ------------------------------------------------------------------------- second derivatives


def loss(params, inputs, targets):
    return jnp.mean((jnp.tanh(inputs @ params["w"]) - targets) ** 2)


RNG = np.random.RandomState(0)
PARAMS = {"w": jnp.asarray(RNG.randn(3), "float64")}
DATA = jnp.asarray(RNG.randn(5, 3), "float64"), jnp.asarray(RNG.randn(5), "float64")


def test_hvp_is_the_difference_of_gradients():
    v, step = jnp.asarray(RNG.randn(3), "float64"), 1e-5
    product = second_order.hvp(loss, v, PARAMS, *DATA)["w"]
    ahead, behind = (
        jib.grad(loss)({"w": PARAMS["w"] + sign * step * v}, *DATA)["w"] for sign in (1, -1)
    )
    np.testing.assert_allclose(product, (ahead - behind) / (2 * step), rtol=1e-7)


def test_diagonals():
    hessian = jib.hessian(lambda w: loss({"w": w}, *DATA))(PARAMS["w"])
    diagonal = second_order.hessian_diag(loss, PARAMS, *DATA)
    np.testing.assert_allclose(diagonal, np.diag(hessian), rtol=1e-12)
    gradient = jib.grad(loss)(PARAMS, *DATA)["w"]
    np.testing.assert_allclose(second_order.fisher_diag(loss, PARAMS, *DATA), gradient**2)


def test_perturbed_maximum_is_softmax():
    def hard(x):
        return jib.nn.one_hot(jnp.argmax(x), 3)

    scores = jnp.array([0.5, 0.0, -0.5])
    soft = perturbations.make_perturbed_fun(hard, 4000, sigma=1.0)
    both = jib.jit(
        lambda key: (soft(key, scores), jib.jacrev(soft, 1)(jib.random.clone(key), scores))
    )
    found, slopes = both(jib.random.key(1))
    np.testing.assert_allclose(found, jib.nn.softmax(scores), atol=0.03)
    np.testing.assert_allclose(slopes, jib.jacrev(jib.nn.softmax)(scores), atol=0.05)


# ---------------------------------------------------------------------------------- assignment


@pytest.mark.parametrize("shape", [(5, 5), (3, 6), (6, 3), (0, 2)])
def test_assignment_is_optimal(shape):
    costs = np.random.RandomState(1).randint(0, 9, shape).astype("f")
    rows, columns = jib.jit(assignment.hungarian_algorithm)(costs)
    assert list(rows) == sorted(rows)
    assert len(set(columns.tolist())) == len(columns) == min(shape)
    best = scipy.optimize.linear_sum_assignment(costs)
    assert costs[np.asarray(rows), np.asarray(columns)].sum() == costs[best].sum()


def test_assignment_in_batches():
    costs = jnp.asarray(np.random.RandomState(2).rand(3, 4, 4), "float64")
    _, columns = jib.vmap(assignment.hungarian_algorithm)(costs)
    alone = [assignment.hungarian_algorithm(each)[1].tolist() for each in costs]
    assert columns.tolist() == alone


# ------------------------------------------------------------------------------ parts of batches

BATCH = jnp.arange(12.0).reshape(6, 2)
Kind = microbatching.AccumulationType


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        (Kind.SUM, lambda x: x.sum(0)),
        (Kind.MEAN, lambda x: x.mean(0)),
        (Kind.RUNNING_MEAN, lambda x: x.mean(0)),
        (Kind.CONCAT, lambda x: 2 * x),
        ((Kind.SUM, {"c": Kind.CONCAT}), lambda x: (x.sum(), {"c": [x[:, 0], x + 1]})),
    ],
)
def test_parts_equal_the_whole(kind, function):
    split = jib.jit(microbatching.microbatch(function, 0, 2, kind))(BATCH)
    for part, whole in zip(jib.tree.leaves(split), jib.tree.leaves(function(BATCH)), strict=True):
        np.testing.assert_allclose(part, whole)


def test_only_the_real_parts_run():
    first = microbatching.microbatch(jnp.sum, 0, 2, num_real_microbatches=jnp.int32(1))
    assert float(first(BATCH)) == float(BATCH[jnp.array([0, 3])].sum())


def test_gradients_of_examples():
    def square(w, x):
        return jnp.sum((x @ w) ** 2)

    w = jnp.array([1.0, -2.0])
    whole = jib.grad(square)(w, BATCH)
    for size in (None, 3):
        run = microbatching.micro_grad(square, microbatch_size=size, metrics_fn=optim.tree.norm)
        gradient, each = run(w, BATCH)
        np.testing.assert_allclose(gradient, whole, rtol=1e-6)
        np.testing.assert_allclose(each.values, (np.asarray(BATCH) @ np.asarray(w)) ** 2)
        assert each.metrics.shape == (6,)


def test_errors_of_parts():
    with pytest.raises(ShapeError, match=r"sizes \[6\] do not split into parts of 4"):
        microbatching.microbatch(jnp.sum, 0, 4)(BATCH)
    with pytest.raises(DTypeError, match="needs floating-point outputs, not int32"):
        microbatching.microbatch(jnp.sum, 0, 2, Kind.MEAN)(BATCH.astype("int32"))


# ------------------------------------------------------------------------------- linear algebra


def test_power_iteration_and_inverse_root():
    half = RNG.randn(4, 4)
    matrix = jnp.asarray(half @ half.T, "float64")
    value, vector = optim.power_iteration(matrix, num_iters=1000, error_tolerance=1e-10)
    assert float(value) == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-9)
    np.testing.assert_allclose(matrix @ vector, value * vector, atol=1e-8)
    root, error = optim.matrix_inverse_pth_root(matrix, 4, ridge_epsilon=0.0)
    identity = np.linalg.matrix_power(np.asarray(root), 4) @ np.asarray(matrix)
    np.testing.assert_allclose(identity, np.eye(4), atol=1e-4)
    assert float(error) < 1e-5
    with pytest.raises(ArgumentValueError, match="needs the first vector"):
        optim.power_iteration(lambda v: v)


def test_nnls():
    matrix, right = RNG.randn(8, 4), RNG.randn(8)
    found = optim.nnls(jnp.asarray(matrix, "float64"), jnp.asarray(right, "float64"), 800)
    np.testing.assert_allclose(found, scipy.optimize.nnls(matrix, right)[0], atol=1e-6)


def test_multi_normal_and_scale_gradient():
    normal = optim.multi_normal(jnp.zeros(2), jnp.log(jnp.array([1.0, 2.0])))
    draws = normal.sample((2000,), jib.random.key(0))
    np.testing.assert_allclose(draws.std(0), [1, 2], rtol=0.06)
    expected = -np.log(2 * np.pi) - np.log(2) - 0.5
    assert float(normal.log_prob(jnp.array([1.0, 0.0]))) == pytest.approx(expected, rel=1e-6)
    value, slope = jib.value_and_grad(lambda x: optim.scale_gradient(x, -0.5))(jnp.inf)
    assert (float(value), float(slope)) == (np.inf, -0.5)
