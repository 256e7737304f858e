"""What users met: carries of new objects, derivative rules, mistakes and their cures."""

import contextlib
import io

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import errors, nnx, optim


class Point(nnx.Module):
    def __init__(self, x=1.0):
        self.x, self.seen = nnx.Param(jnp.array(x)), nnx.BatchStat(jnp.array(0.0))
        self.count, self.rngs = nnx.Variable(jnp.array(0)), nnx.Rngs(0)


def scanned(body, carry):
    return nnx.scan(lambda c, i: body(c), in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)(
        carry, jnp.arange(3)
    )


def counted(body, carry):
    return nnx.fori_loop(0, 3, lambda i, c: body(c), carry)


def while_true(body, carry):
    return nnx.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, body(c[1])), (0, carry))[1]


loops = pytest.mark.parametrize("loop", [scanned, counted, while_true])


@loops
def test_new_objects_in_a_carry_leave_the_first_ones_as_they_were(loop):
    state = nnx.state(Point(1.0), nnx.Param)
    out = loop(lambda s: jib.tree.map(lambda x: 2 * x, s), state)
    assert out["x"].value == 8
    assert state["x"].value == 1
    first = Point(1.0)
    model = loop(lambda m: nnx.clone(m), first)
    assert isinstance(model, Point)
    assert model is not first


@loops
def test_the_objects_of_a_carry_are_changed_in_place(loop):
    first = Point(1.0)

    def double(model):
        model.x[...] *= 2
        return model

    assert loop(double, first) is first
    assert first.x.value == 8


@loops
def test_a_carry_whose_members_change_places(loop):
    a, b = loop(lambda c: (c[1], c[0]), (Point(1.0), Point(2.0)))
    assert (a.x.value, b.x.value) == (2, 1)


def test_a_variable_by_itself_is_differentiated_whatever_its_type():
    b = nnx.BatchStat(jnp.array(3.0))
    assert nnx.grad(lambda b: b[...] ** 2)(b).value == 6
    state = nnx.state(Point(2.0), nnx.Param, nnx.BatchStat)
    grads = nnx.grad(lambda p, s: p["x"] * s["seen"] + s["seen"], argnums=(0, 1))(*state)
    assert (grads[0]["x"].value, grads[1]["seen"].value) == (0, 3)


def test_perturbations_have_gradients():
    class Model(nnx.Module):
        def __call__(self, x):
            x = self.perturb("at", 3 * x)
            return (x**2).sum()

    x = jnp.array([1.0, 2.0])
    _, zeros = nnx.capture(Model(), nnx.Perturbation)(x)
    by = nnx.grad(lambda p: nnx.capture(Model(), nnx.Intermediate, init=p)(x)[0])(zeros)
    np.testing.assert_array_equal(by["at"].value, [6.0, 12.0])


@pytest.mark.parametrize("wrap", [lambda f: f, nnx.jit])
def test_a_rule_for_modules_and_arrays(wrap):
    seen = []

    @nnx.custom_vjp
    def f(model, x, other):
        model.seen[...] += 1
        return model.x[...] * x * other.x[...]

    def backward(residuals, cotangents):
        (of_model, of_x, of_other), g = cotangents
        seen.append((sorted(of_model), of_x, of_model["x"].value.shape))
        of_model["x"][...] = g * 7
        return of_model, g * residuals[1], of_other

    f.defvjp(lambda m, x, o: (f(m, x, o), (m.x[...], x)), backward)
    model, other = Point(2.0), Point(5.0)
    grads = wrap(nnx.grad(lambda m, x, o: f(m, x, o), argnums=(0, 1, 2)))(
        model, jnp.array(3.0), other
    )
    assert (grads[0]["x"].value, grads[1], grads[2]["x"].value) == (7, 3, 0)
    assert model.seen.value == 1
    assert seen[0] == (["count", "rngs", "seen", "x"], None, ())
    f.defvjp(lambda m, x, o: (f(m, x, o), None), lambda residuals, g: g[1])
    with pytest.raises(errors.ArgumentTypeError, match="must return a tuple"):
        nnx.grad(lambda m: f(m, jnp.array(1.0), other))(model)


def test_a_rule_with_fixed_arguments():
    @nnx.custom_vjp(nondiff_argnums=(0,))
    def scaled(k, model, x):
        return k * model.x[...] * x

    scaled.defvjp(lambda k, m, x: (scaled(k, m, x), None), lambda k, r, g: (None, g[1] * 10 * k))
    by = nnx.grad(lambda m, x: scaled(2.0, m, x), argnums=(0, 1))(Point(), jnp.array(1.0))
    assert (by[0]["x"].value, by[1]) == (0, 20)


def test_keys_from_a_file_are_keys_again():
    layer = nnx.Dropout(0.5, rngs=nnx.Rngs(0))
    words = jib.random.key_data(layer.rngs.key.value)
    nnx.update(layer, {"rngs": {"key": np.asarray(words)}})
    other = nnx.Dropout(0.5, rngs=nnx.Rngs(0))
    np.testing.assert_array_equal(layer(jnp.ones(9)), other(jnp.ones(9)))


def test_streams_start_anew():
    layer = nnx.Dropout(0.5, rngs=nnx.Rngs(0))
    x = jnp.ones(16)
    first = layer(x)
    assert layer.rngs.tag == "default"
    nnx.reseed(layer, default=3)
    assert layer.rngs.count.value == 0
    second = layer(x)
    nnx.reseed(layer, default=3)
    np.testing.assert_array_equal(layer(x), second)
    assert not np.array_equal(first, second)
    nnx.split_rngs(layer, splits=3)
    with pytest.raises(errors.ArgumentValueError, match="one key cannot reseed it"):
        nnx.reseed(layer, default=3)
    nnx.reseed(layer, policy="match_shape", default=3)
    assert layer.rngs.key.shape == (3,)
    with pytest.raises(
        errors.ArgumentValueError, match=r"was split: it holds keys of shape \(3,\)"
    ):
        layer(x)
    nnx.reseed(layer, policy=lambda path, key, shape: key, default=3)
    np.testing.assert_array_equal(layer(x), second)


def test_everything_can_be_displayed():
    model = Point()
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        nnx.display(model, nnx.state(model), nnx.graphdef(model))
    for word in ("Point", "Param", "BatchStat", "State", "GraphDef"):
        assert word in written.getvalue()


def test_an_array_in_the_place_of_a_variable():
    model = Point()
    with pytest.raises(nnx.AttributeKindError, match=r"`x` of Point is a Param, and would be"):
        model.x = jnp.zeros(())
    del model.x
    model.x = jnp.zeros(())
    assert nnx.state(model, nnx.Param) == {}


def test_data_put_into_a_static_list_later():
    class Model(nnx.Module):
        def __init__(self):
            self.layers = []

    model = Model()
    model.layers.append(Point())
    with pytest.raises(nnx.AttributeKindError, match="`layers` of Model is a static attribute"):
        nnx.jit(lambda m: m.layers[0].x[...])(model)


def test_messages_name_the_arguments_of_the_user():
    @nnx.jit
    def f(model, x):
        return 1.0 if model.x > x else 0.0

    with pytest.raises(errors.TracedControlFlowError) as caught:
        f(Point(), 3.0)
    assert "`model.x`: float32[]" in str(caught.value)
    assert "traced by jib.jit (test_users.py:" in str(caught.value)
    with pytest.raises(errors.BatchSizeError, match=r"`a\.w` has 3 and `x` has 4"):
        nnx.vmap(lambda a, x: x)(nnx.Dict(w=nnx.Param(jnp.ones(3))), jnp.ones(4))
    with pytest.raises(errors.GradTypeError) as caught:
        jib.grad(lambda m: m.x[...] * 2)(Point())
    assert "nnx.grad(loss)(model)" in str(caught.value)


@pytest.mark.parametrize(
    ("mistake", "kind", "message"),
    [
        (lambda: nnx.Linear(2, 2, rngs=0), errors.ArgumentTypeError, "is an nnx.Rngs, not a int"),
        (lambda: nnx.LoRA(2, 1, 2, rngs=None), errors.ArgumentTypeError, "nnx.Rngs, not a NoneTy"),
        (
            lambda: nnx.update(Point(), {"x": {"a": 1.0}}),
            nnx.StateError,
            "in a Param, where the state has more levels: 'a'",
        ),
        (
            lambda: nnx.vmap(lambda r: r())(nnx.Rngs(0)),
            errors.ArgumentValueError,
            "the stream of random keys `default` has one key",
        ),
        (
            lambda: nnx.vmap(lambda m: m, in_axes=nnx.StateAxes({nnx.BatchStat: 0}))(Point()),
            nnx.FilterError,
            "StateAxes says nothing of `count`, a Variable",
        ),
        (
            lambda: nnx.Optimizer(Point(), optim.sgd(0.1), wrt=nnx.LoRAParam),
            nnx.FilterError,
            "the optimizer would train nothing",
        ),
        (
            lambda: nnx.Dict(a=Point()).a.rngs and Flags().set_attributes(determinstic=True),
            errors.ArgumentValueError,
            "`determinstic`; they have deterministic",
        ),
    ],
)
def test_a_mistake_is_named(mistake, kind, message):
    with pytest.raises(kind, match=message):
        mistake()


class Flags(nnx.Module):
    def __init__(self):
        self.deterministic = True


def test_an_optimizer_of_another_model():
    def shaped(*shape):
        return nnx.Dict(w=nnx.Param(jnp.ones(shape)))

    optimizer = nnx.Optimizer(shaped(3), optim.adam(0.1), wrt=nnx.Param)
    for other in (shaped(2), nnx.Dict(v=nnx.Param(jnp.ones(3)))):
        grads = nnx.grad(lambda m: sum(x.sum() for x in jib.tree.leaves(m)))(other)
        with pytest.raises(nnx.StateError, match="was made for other parameters") as caught:
            optimizer.update(other, grads)
        assert "the model needs" in str(caught.value)


def test_branches_that_set_different_attributes():
    def grow(model):
        model.extra = nnx.Param(1.0)

    def keep(model):
        pass

    with pytest.raises(errors.JibError) as caught:
        nnx.cond(True, grow, keep, Point())
    assert "`grow` returns PyTreeDef(None); sets `extra` of the root" in str(caught.value)
