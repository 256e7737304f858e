"""What the transforms of nnx keep: identity, sharing, structure, and few compilations."""

import copy
import pickle

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import nnx


class Dense(nnx.Module):
    def __init__(self, n, m, *, rngs):
        self.kernel = nnx.Param(nnx.initializers.lecun_normal()(rngs.params(), (n, m)))
        self.bias = nnx.Param(jnp.zeros(m))

    def __call__(self, x):
        return x @ self.kernel[...] + self.bias[...]


def test_parameters_equal_the_references_bit_for_bit():
    """The first kernel of nnx.Linear(2, 3, rngs=nnx.Rngs(0)) of flax 0.12.8."""
    kernel = nnx.Linear(2, 3, rngs=nnx.Rngs(0)).kernel.value
    words = np.asarray(kernel).view(np.uint32).ravel().tolist()
    assert words == [0x3F41B90D, 0xBF2F8A12, 0xBF119F16, 0xBF6031D7, 0xBF28F202, 0x3EE61151]


def test_a_call_compiles_once_for_equal_structures():
    traces = []

    @nnx.jit
    def call(model, x):
        traces.append(1)
        return model(x)

    x = jnp.ones((1, 2))
    for seed in range(3):
        model = Dense(2, 2, rngs=nnx.Rngs(seed))
        np.testing.assert_allclose(call(model, x), model(x), rtol=1e-6)
        model.kernel[...] *= 2
        np.testing.assert_allclose(call(model, x), model(x), rtol=1e-6)
    assert len(traces) == 1
    model.note = "another structure"
    call(model, x)
    call(model, x)
    assert len(traces) == 2
    del model.note
    call(model, x)
    assert len(traces) == 2


def test_replaced_variables_and_plain_arrays_are_seen():
    call = nnx.jit(lambda m: m.w[...] + m.plain)
    model = nnx.Dict(w=nnx.Param(jnp.ones(())), plain=jnp.ones(()))
    assert call(model) == 2
    model.w = nnx.Param(jnp.full((), 5.0))
    assert call(model) == 6
    model.plain = jnp.full((), 3.0)
    assert call(model) == 8


def test_lists_that_change_in_place_are_seen():
    class Listed(nnx.Module):
        def __init__(self):
            self.parts = nnx.data([nnx.Param(jnp.ones(()))])

    total = nnx.jit(lambda m: sum(p[...] for p in m.parts))
    model = Listed()
    assert total(model) == 1
    model.parts.append(nnx.Param(jnp.ones(())))
    assert total(model) == 2


def test_attributes_assigned_inside_come_out():
    @nnx.jit
    def grow(model):
        model.new = nnx.BatchStat(model.w * 2)
        model.w = nnx.Param(model.w + 1)
        model.flag = True
        del model.old
        return model.new

    old = nnx.Param(jnp.ones(()))
    model = nnx.Dict(w=old, old=nnx.Param(jnp.zeros(())))
    returned = grow(model)
    assert returned is model.new
    assert model.new.value == 2
    assert model.w.value == 2
    assert model.w is not old
    assert model.flag
    assert "old" not in model


def test_an_argument_that_is_returned_is_the_callers_object():
    model = nnx.Dict(a=nnx.Dict(w=nnx.Param(jnp.ones(()))))
    whole, part, variable = nnx.jit(lambda m: (m, m.a, m.a.w))(model)
    assert whole is model
    assert part is model.a
    assert variable is model.a.w


def test_one_variable_in_two_arguments_stays_one():
    w = nnx.Param(jnp.ones(()))

    @nnx.jit
    def add(a, b):
        a.w[...] += 1
        return b.w * 10

    assert add(nnx.Dict(w=w), nnx.Dict(w=w)) == 20
    assert w.value == 2
    other = nnx.Dict(w=nnx.Param(jnp.ones(())))
    assert add(nnx.Dict(w=w), other) == 10  # another structure: not shared


def test_donated_variables_are_replaced():
    model = nnx.Dict(w=nnx.Param(jnp.ones(4)), b=nnx.Param(jnp.ones(4)))

    @nnx.jit(donate_argnums=0)
    def step(model, x):
        model.w[...] += x

    for _ in range(2):
        step(model, 1.0)
    assert model.w.value.tolist() == [3.0] * 4
    assert model.b.value.tolist() == [1.0] * 4


def test_static_arguments():
    @nnx.jit(static_argnums=1, static_argnames="name")
    def call(model, n, name="w"):
        return getattr(model, name) * n

    model = nnx.Dict(w=nnx.Param(jnp.ones(())), v=nnx.Param(jnp.full((), 2.0)))
    assert call(model, 3) == 3
    assert call(model, 3, name="v") == 6
    assert call(model, 4) == 4


def test_a_failed_trace_leaves_the_module_as_it_was():
    model = nnx.Dict(w=nnx.Param(jnp.ones(())))

    @nnx.jit
    def fail(model):
        model.w[...] += 1
        model.extra = nnx.Param(model.w)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail(model)
    assert model.w.value == 1
    assert "extra" not in model


@pytest.mark.parametrize("transform", [jib.jit, jib.grad, jib.vmap, nnx.jit, nnx.vmap])
def test_a_closed_over_variable_may_not_change(transform):
    v = nnx.Variable(jnp.ones(()))

    def change(x):
        v[...] = v[...] + x.sum()
        return x.sum()

    with pytest.raises(nnx.TraceLevelError):
        transform(change)(jnp.ones(2) if transform is not jib.grad else jnp.ones(()))
    assert v.value == 1


def test_gradients_by_arrays_and_by_two_modules():
    a, b = nnx.Dict(w=nnx.Param(jnp.full((), 2.0))), nnx.Dict(w=nnx.Param(jnp.full((), 3.0)))
    grads = nnx.grad(lambda a, x, b: a.w * x * b.w, argnums=(0, 1, 2))(a, jnp.full((), 5.0), b)
    assert [grads[0]["w"].value, grads[1], grads[2]["w"].value] == [15, 6, 10]
    by_variable = nnx.grad(lambda w: w[...] ** 2)(a.w)
    assert isinstance(by_variable, nnx.Param)
    assert by_variable.value == 4


def test_partition_names_follow_the_mapped_axis():
    init = nnx.with_partitioning(nnx.initializers.ones, (None, "model"))
    metadata = {nnx.PARTITION_NAME: "layers"}

    @nnx.split_rngs(splits=3)
    @nnx.vmap(transform_metadata=metadata)
    def make(rngs):
        return nnx.Dict(w=nnx.Param(init(rngs(), (2, 4))))

    models = make(nnx.Rngs(0))
    assert models.w.out_sharding == ("layers", None, "model")
    seen = []

    @nnx.vmap(transform_metadata=metadata)
    def look(model):
        seen.append(model.w.out_sharding)
        return model.w.sum()

    assert look(models).shape == (3,)
    assert seen == [(None, "model")]
    assert models.w.out_sharding == ("layers", None, "model")
    spec = nnx.get_partition_spec(nnx.state(models))["w"].value
    assert spec == jib.P("layers", None, "model")


def test_copies_and_pickles_keep_sharing():
    w = nnx.Param(jnp.ones(2))
    model = nnx.Dict(a=w, b=w)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), nnx.clone(model)):
        assert other.a is other.b
        assert other.a is not w
        assert nnx.graphdef(other) == nnx.graphdef(model)
        assert hash(nnx.graphdef(other)) == hash(nnx.graphdef(model))


def test_modules_are_trees():
    model = Dense(2, 3, rngs=nnx.Rngs(0))
    doubled = jib.tree.map(lambda x: x * 2, model)
    np.testing.assert_array_equal(doubled.kernel.value, model.kernel.value * 2)
    assert jib.jit(lambda m, x: m(x))(model, jnp.ones((1, 2))).shape == (1, 3)


def test_abstract_modules_are_not_computed():
    abstract = nnx.eval_shape(lambda: Dense(1000, 10**6, rngs=nnx.Rngs(0)))
    assert abstract.kernel.value.shape == (1000, 10**6)


def test_metrics():
    metrics = nnx.MultiMetric(accuracy=nnx.metrics.Accuracy(), loss=nnx.metrics.Average())
    logits = jnp.array([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0]])
    metrics.update(logits=logits, labels=jnp.array([1, 1, 1]), values=jnp.array([1.0, 2.0, 6.0]))
    assert metrics.compute()["loss"] == 3
    np.testing.assert_allclose(metrics.compute()["accuracy"], 2 / 3, rtol=1e-6)
    metrics.reset()
    assert metrics.loss.count.value == 0
    values = np.array([[1.0, 4.0, 2.0], [8.0, 5.0, 7.0]], np.float32)
    welford = nnx.metrics.Welford()
    for batch in values:
        welford.update(values=jnp.asarray(batch))
    found = welford.compute()
    np.testing.assert_allclose(found.mean, values.mean(), rtol=1e-6)
    np.testing.assert_allclose(found.standard_deviation, values.std(), rtol=1e-6)


@pytest.mark.parametrize(
    "function",
    [
        lambda w, x: jib.lax.mul(w, x),
        lambda w, x: jib.lax.dot(x, w),
        lambda w, x: jnp.take(w, jnp.array([1]), axis=0),
        lambda w, x: jnp.power(w, x),
        lambda w, x: jib.nn.relu(w),
        lambda w, x: x @ w + w * x - w / x,
    ],
)
def test_a_variable_stands_for_its_array(function):
    x, w = jnp.full((2, 2), 2.0), nnx.Param(jnp.array([[1.0, 2.0], [3.0, 4.0]]))
    plain = jib.grad(lambda w: function(w, x).sum())(w.value)
    boxed = nnx.jit(nnx.grad(lambda w: function(w, x).sum()))(w)
    np.testing.assert_array_equal(boxed.value, plain)
    assert np.any(plain)
