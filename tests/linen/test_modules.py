"""What modules do: names, lifecycles, collections, sharing, and what they refuse."""

import dataclasses
import pickle
import time

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import linen as nn, random
from jib.linen import core, errors, partitioning
from jib.sharding import PartitionSpec as P

X = jnp.linspace(-1.0, 1.0, 6).reshape(2, 3)


def key(n=0):
    return random.key(n)


class Pair(nn.Module):
    """Fields with defaults, inheritance, a property, a method made of the fields alone."""

    width: int = 2
    act: object = jnp.tanh

    def setup(self):
        self.first, self.last = nn.Dense(self.width), nn.Dense(self.width)

    def __call__(self, x):
        return self.last(self.act(self.first(x)))

    @property
    def size(self):
        return self.width * 2

    @nn.nowrap
    def doubled(self):
        return self.copy(width=2 * self.width)


class Named(Pair):
    label: str = "named"


@dataclasses.dataclass
class Config:
    width: int = 3


def test_fields_are_inherited_with_name_and_parent_last():
    names = [f.name for f in dataclasses.fields(Named)]
    assert names == ["width", "act", "label", "parent", "name"]
    assert Named(5, label="x").width == 5
    assert Named(5) == Named(5) != Named(6)
    assert hash(Named(5)) == hash(Named(5))
    assert Pair(3).size == 6
    assert Pair(3).doubled().width == 6


def test_modules_are_pickled_and_shown():
    plain = Named(4, act=None)
    assert pickle.loads(pickle.dumps(plain)) == plain
    assert repr(Named(4)).splitlines()[2] == "    width = 4"
    bound = Pair().bind(Pair().init(key(), X))
    assert "first = Dense(" in repr((bound(X), bound)[1])


def test_automatic_names_count_each_class():
    class Model(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = nn.Dense(3)(x)
            x = nn.LayerNorm()(x)
            x = nn.Dense(3, name="mine")(x)
            assert self.path == ()
            return nn.Dense(3)(x)

    assert list(Model().init(key(), X)["params"]) == ["Dense_0", "LayerNorm_0", "mine", "Dense_1"]


def test_a_module_from_outside_is_named_by_its_field_and_shared():
    class Twice(nn.Module):
        one: nn.Module
        two: nn.Module

        def __call__(self, x):
            return self.two(self.one(x))

    shared = nn.Dense(3)
    assert list(Twice(shared, shared).init(key(), X)["params"]) == ["one"]
    assert sorted(Twice(nn.Dense(3), nn.Dense(3)).init(key(), X)["params"]) == ["one", "two"]


def test_containers_of_modules_are_frozen_and_named_by_their_places():
    class Model(nn.Module):
        parts: dict

        @nn.compact
        def __call__(self, x):
            assert isinstance(self.parts, nn.FrozenDict)
            return self.parts["b"][1](self.parts["a"](x))

    model = Model({"a": nn.Dense(3), "b": [None, nn.Dense(2)], "c": 3})
    assert sorted(model.init(key(), X)["params"]) == ["parts_a", "parts_b_1"]


def test_bind_unbind_and_submodules():
    model = Pair()
    variables = model.init(key(), X)
    bound = model.bind(variables)
    np.testing.assert_array_equal(bound(X), model.apply(variables, X))
    first, inner = bound.first.unbind()
    assert first.scope is None
    assert first.name is None
    np.testing.assert_array_equal(first.apply(inner, X), bound.first(X))
    with pytest.raises(errors.CallUnbindOnUnboundModuleError):
        model.unbind()


def test_method_by_name_by_function_and_of_a_submodule():
    variables = Pair().init(key(), X)
    by_name = Pair().apply(variables, X, method="first")
    by_function = Pair().apply(variables, X, method=lambda m, x: m.first(x))
    np.testing.assert_array_equal(by_name, by_function)
    made = Pair().init(key(), X, method=lambda m, x: m.first(x))
    assert list(made["params"]) == ["first"]
    with pytest.raises(errors.ApplyModuleInvalidMethodError):
        Pair().apply(variables, method=lambda: 0)


def test_sow_capture_and_perturb():
    class Model(nn.Module):
        @nn.compact
        def __call__(self, x):
            self.sow("sown", "x", x.sum())
            self.sow("sown", "x", 1)
            self.sow("sown", "n", 2, reduce_fn=lambda a, b: a + b, init_fn=lambda: 0)
            return nn.Dense(2)(self.perturb("hidden", x))

    variables = Model().init(key(), X)
    y, kept = Model().apply(
        {"params": variables["params"]}, X, mutable=["sown"], capture_intermediates=True
    )
    assert (len(kept["sown"]["x"]), kept["sown"]["n"]) == (2, 2)
    assert set(kept["intermediates"]) == {"Dense_0", "__call__"}
    np.testing.assert_array_equal(kept["intermediates"]["__call__"][0], y)
    only = Model().apply(variables, X, capture_intermediates=lambda m, name: m.name == "Dense_0")
    assert set(only[1]["intermediates"]) == {"Dense_0"}
    assert Model().apply({"params": variables["params"]}, X).shape == (2, 2)


def test_a_variable_keeps_its_box_when_it_is_written():
    class Model(nn.Module):
        @nn.compact
        def __call__(self):
            boxed = nn.with_partitioning(jnp.zeros, ("data",))
            state = self.variable("state", "x", boxed, (2,))
            state.value = state.value + 1
            return state.value

    y, updated = Model().apply({}, mutable=["state"])
    assert updated["state"]["x"].names == ("data",)
    np.testing.assert_array_equal(y, [1, 1])
    np.testing.assert_array_equal(nn.unbox(updated)["state"]["x"], [1, 1])


def test_lazy_init_uses_shapes_only():
    x = jib.ShapeDtypeStruct((4, 3), jnp.float32)
    lazy, full = Pair().lazy_init(key(), x), Pair().init(key(), X)
    jib.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), lazy, full)

    class Data(nn.Module):
        @nn.compact
        def __call__(self, x):
            return self.param("mean", lambda k: x.mean())

    with pytest.raises(errors.LazyInitError, match="depends on the values"):
        Data().lazy_init(key(), x)


def test_share_scope_leaves_out_a_level():
    class Wrapped(nn.Module):
        def setup(self):
            self.inner = nn.Dense(2)
            nn.share_scope(self, self.inner)

        def __call__(self, x):
            return self.inner(x)

    assert sorted(Wrapped().init(key(), X)["params"]) == ["bias", "kernel"]
    with pytest.raises(errors.CallShareScopeOnUnboundModuleError):
        nn.share_scope(Pair(), Pair())


def test_dropout_differs_from_call_to_call_and_repeats_with_the_key():
    class Model(nn.Module):
        @nn.compact
        def __call__(self, x):
            drop = nn.Dropout(0.5, deterministic=False)
            return drop(x), drop(x)

    ones = jnp.ones(64)
    a, b = Model().apply({}, ones, rngs={"dropout": key()})
    again, _ = Model().apply({}, ones, rngs={"dropout": key()})
    assert (a != b).any()
    np.testing.assert_array_equal(a, again)


def test_interceptors_run_from_the_outside_in():
    seen = []

    def note(tag):
        def interceptor(next_fun, args, kwargs, context):
            seen.append((tag, type(context.module).__name__, context.method_name))
            return next_fun(*args, **kwargs)

        return interceptor

    with nn.intercept_methods(note(1)), nn.intercept_methods(note(2)):
        nn.Dense(2).init(key(), X)
    assert seen == [(1, "Dense", "__call__"), (2, "Dense", "__call__")]


def test_names_of_modules_stand_in_programs():
    model = Pair()
    variables = model.init(key(), X)
    lowered = jib.jit(model.apply).lower(variables, X).as_text(debug_info=True)
    assert "Pair/first" in lowered
    with nn.override_named_call(False):
        lowered = jib.jit(lambda v, x: model.apply(v, x)).lower(variables, X)
    assert "Pair/first" not in lowered.as_text(debug_info=True)


def test_jitted_modules_that_are_alike_share_a_program():
    traced = []

    class Noted(nn.Module):
        @nn.compact
        def __call__(self, x):
            traced.append(self.path)
            return nn.Dense(3)(x)

    class Model(nn.Module):
        @nn.compact
        def __call__(self, x):
            layer = nn.jit(Noted)
            for _ in range(4):
                x = layer()(x)
            return x

    Layer = nn.jit(Noted)

    class Shared(nn.Module):
        @nn.compact
        def __call__(self, x):
            for _ in range(4):
                x = Layer()(x)
            return x

    variables = Shared().init(key(), X)
    assert len(traced) == 1
    Shared().apply(variables, X)
    assert len(traced) == 2
    with pytest.raises(jib.errors.ArgumentTypeError, match="cannot be hashed"):
        nn.jit(nn.Dense)(2, dtype=jnp.ones(2)).init(key(), X)


def test_scan_equals_a_loop():
    class Layer(nn.Module):
        @nn.compact
        def __call__(self, x, _):
            return jnp.tanh(nn.Dense(3)(x)), x.sum()

    layers = nn.scan(Layer, variable_axes={"params": 0}, split_rngs={"params": True}, length=5)()
    variables = layers.init(key(), X, None)
    y, sums = layers.apply(variables, X, None)
    x = X
    for i in range(5):
        own = jib.tree.map(lambda v, i=i: v[i], variables)
        x, total = Layer().apply(own, x, None)
        np.testing.assert_allclose(total, sums[i], rtol=1e-5)
    np.testing.assert_allclose(x, y, rtol=1e-5)


def test_scan_refuses_shared_variables_that_differ_by_step():
    class Layer(nn.Module):
        @nn.compact
        def __call__(self, c, x):
            self.variable("state", "x", lambda: x)
            return c, None

    layers = nn.scan(Layer, variable_broadcast="state")
    with pytest.raises(errors.JaxTransformError, match="differs from step to step"):
        layers().init(key(), 0.0, jnp.ones(3))


def test_what_a_transform_is_not_told_of_is_named():
    class Layer(nn.Module):
        @nn.compact
        def __call__(self, x):
            self.variable("state", "x", lambda: x)
            return nn.Dense(2)(x)

    mapped = nn.vmap(Layer, variable_axes={"params": None}, split_rngs={"params": False})
    with pytest.raises(errors.JaxTransformError, match=r"variable_axes=\{'state': 0\}"):
        mapped().init(key(), X)
    with pytest.raises(errors.TransformTargetError):
        nn.vmap(nn.Dense(2))
    with pytest.raises(errors.TransformedMethodReturnValueError):
        nn.remat(lambda m: m)(nn.Dense(2).bind({}))
    with pytest.raises(jib.errors.ArgumentValueError, match="how many steps or members"):
        nn.vmap(nn.Dense, in_axes=None)(2).init(key(), X)


def test_boxes_are_told_of_new_axes():
    init = nn.with_partitioning(nn.initializers.ones, (None, "model"))

    class Layer(nn.Module):
        @nn.compact
        def __call__(self, x, _=None):
            return x @ self.param("kernel", init, (3, 3)), None

    named = {nn.PARTITION_NAME: "layers"}
    layers = nn.scan(
        Layer, variable_axes={"params": 0}, split_rngs={"params": True}, length=2,
        metadata_params=named,
    )()  # fmt: skip
    variables = layers.init(key(), X, None)
    assert nn.get_partition_spec(variables)["params"]["kernel"] == P("layers", None, "model")
    assert layers.apply(variables, X, None)[0].shape == (2, 3)
    boxed = variables["params"]["kernel"]
    assert nn.Partitioned.from_nnx_metadata(boxed.to_nnx_metadata()).names == boxed.names
    with pytest.raises(errors.PartitioningUnspecifiedError):
        boxed.add_axis(0, {})


def test_rules_take_each_mesh_axis_once_and_the_first_rule_first():
    rules = (("a", "x"), ("b", ("x", "y")), ("b", "y"), ("c", None), ("d", "x"))
    assert nn.logical_to_mesh_axes(("a", "b"), rules) == P("x", "y")
    assert nn.logical_to_mesh_axes(("b", "a"), rules) == P("y", "x")
    assert nn.logical_to_mesh_axes(("c", "d", None, "e"), rules) == P(None, "x", None, None)
    assert nn.logical_to_mesh_axes(None, rules) is None
    with pytest.raises(jib.errors.ArgumentValueError, match="more than once"):
        nn.logical_to_mesh_axes(("a", "a"), rules)
    mesh = jib.make_mesh((1, 1), ("x", "y"))
    sharding = nn.logical_to_mesh_sharding(P("a", "b"), mesh, rules)
    assert sharding.spec == P("x", "y")
    y = jib.jit(lambda x: nn.with_logical_constraint(x, ("a", "b"), rules, mesh))(X)
    np.testing.assert_array_equal(y, X)
    with pytest.raises(jib.errors.ArgumentValueError, match="no rule names"):
        nn.with_logical_constraint(
            X, ("a", "z"), rules, mesh, fallback=nn.spmd.RulesFallback.RAISE_ERROR
        )
    with nn.logical_axis_rules(rules):
        assert nn.get_logical_axis_rules() == rules
    assert nn.get_logical_axis_rules() == ()


def test_names_of_axes_beside_parameters():
    class Layer(nn.Module):
        @nn.compact
        def __call__(self, x, _=None):
            kernel = partitioning.param_with_axes(
                "kernel", nn.initializers.ones, (3, 3), axes=("embed", "mlp")
            )
            return x @ kernel, None

    layers = partitioning.scan_with_axes(
        Layer, variable_axes={"params": 0}, split_rngs={"params": True}, length=2
    )
    variables = layers().init(key(), X, None)
    names = partitioning.get_axis_names(variables["params_axes"])
    assert names["kernel"] == P("layers", "embed", "mlp")


def test_frozen_dicts():
    frozen = core.freeze({"a": {"b": 1}, "c": 2})
    assert frozen["a"] == core.FrozenDict({"b": 1})
    assert frozen.copy({"c": 3})["c"] == 3
    assert frozen.pop("c")[1] == 2
    assert core.unfreeze(frozen) == {"a": {"b": 1}, "c": 2}
    assert hash(frozen) == hash(core.freeze(core.unfreeze(frozen)))
    assert jib.tree.leaves(frozen) == [1, 2]
    assert core.pretty_repr({"a": {"b": 1}}) == "{\n    a: {\n        b: 1,\n    },\n}"
    assert pickle.loads(pickle.dumps(frozen)) == frozen
    with pytest.raises(jib.errors.ArgumentValueError, match="does not change"):
        frozen["a"] = 1
    assert Pair().apply(core.freeze(Pair().init(key(), X)), X).shape == (2, 2)


@pytest.mark.parametrize(
    ("a", "b", "union", "difference", "common"),
    [
        ("x", ["y"], {"x", "y"}, {"x"}, set()),
        (True, "x", True, core.DenyList("x"), "x"),
        (core.DenyList("x"), "x", core.DenyList(set()), core.DenyList({"x"}), set()),
        (core.DenyList("x"), core.DenyList("y"), core.DenyList(set()), {"y"},
         core.DenyList({"x", "y"})),
    ],
)  # fmt: skip
def test_filters(a, b, union, difference, common):
    assert core.scope.union_filters(a, b) == union
    assert core.scope.subtract_filters(a, b) == difference
    assert core.scope.intersect_filters(a, b) == common


def test_scopes_without_modules():
    def dense(scope, x):
        return x @ scope.param("kernel", nn.initializers.ones, (x.shape[-1], 2))

    def model(scope, x):
        return scope.child(dense, "a")(x) + scope.child(dense)(x)

    y, variables = core.init(model)(key(), X)
    assert sorted(variables["params"]) == ["a", "dense_0"]
    np.testing.assert_array_equal(core.apply(model)(variables, X), y)


class Refused(nn.Module):
    """Mistakes, by the method that makes them."""

    width: int = 2

    def setup(self):
        self.layer = nn.Dense(2)

    def __call__(self, x):
        return self.layer(x)

    def submodule(self, x):
        return nn.Dense(2)(x)

    def param_here(self, x):
        return self.param("p", nn.initializers.ones, ())

    def state(self, x):
        self.put_variable("state", "x", x)

    def attribute(self, x):
        self.x = x

    def absent(self, x):
        return self.layers

    def noise(self, x):
        return self.make_rng("noise")


@pytest.mark.parametrize(
    ("method", "error", "says"),
    [
        ("submodule", errors.AssignSubModuleError, "neither `setup` nor `compact`"),
        ("param_here", errors.AssignSubModuleError, "parameter `p`"),
        ("state", errors.ModifyScopeVariableError, r"mutable=\['state'\]"),
        ("attribute", errors.SetAttributeFrozenModuleError, "`x` cannot be set"),
        ("absent", AttributeError, "no attribute `layers`"),
        ("noise", errors.InvalidRngError, r"rngs=\{'noise'"),
    ],
)
def test_mistakes_in_methods(method, error, says):
    variables = Refused().init(key(), X)
    with pytest.raises(error, match=says):
        Refused().apply(variables, X, method=method)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda v: nn.Dense(2)(X), errors.CallCompactUnboundModuleError),
        (lambda v: Pair().setup(), errors.CallSetupUnboundModuleError),
        (lambda v: Pair().variables, errors.UnboundModuleError),
        (lambda v: Pair.apply(v, X), errors.InvalidInstanceModuleError),
        (lambda v: Pair().apply(v["params"], X, mutable=3), errors.FlaxError),
        (lambda v: Pair().apply(3, X), errors.ApplyScopeInvalidVariablesTypeError),
        (lambda v: Pair().apply({"params": v}, X), errors.ApplyScopeInvalidVariablesStructureError),
        (lambda v: Pair().apply({}, X), errors.ScopeCollectionNotFound),
        (lambda v: Pair().apply(v, X, rngs=3), errors.InvalidRngError),
        (lambda v: Pair().init("key", X), errors.InvalidRngError),
        (lambda v: hash(Pair().bind(v)), jib.errors.ArgumentTypeError),
        (lambda v: type("Bad", (nn.Module,), {"__annotations__": {"parent": int}}),
         errors.ReservedModuleAttributeError),
    ],
)  # fmt: skip
def test_mistakes_in_calls(call, error):
    with pytest.raises(error):
        call(Pair().init(key(), X))


def test_errors_of_arithmetic_tell_the_module():
    class Broken(nn.Module):
        @nn.compact
        def __call__(self, x):
            return x + jnp.ones(7)

    class Outer(nn.Module):
        @nn.compact
        def __call__(self, x):
            return Broken(name="inner")(x)

    with pytest.raises(jib.errors.JibError) as caught:
        Outer().init(key(), X)
    assert caught.value.__notes__ == ["in the module /inner, Broken.__call__"]


def test_merge_param():
    assert nn.merge_param("train", None, 0) == 0
    assert nn.merge_param("train", True, None) is True
    for values in ((None, None), (1, 2)):
        with pytest.raises(jib.errors.ArgumentValueError, match="`train`"):
            nn.merge_param("train", *values)


TABLE = """
                                      Pair Summary
┏━━━━━━━┳━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━┓
┃ path  ┃ module ┃ inputs       ┃ outputs      ┃ params               ┃
┡━━━━━━━╇━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━┩
│       │ Pair   │ float32[2,3] │ float32[2,2] │                      │
├───────┼────────┼──────────────┼──────────────┼──────────────────────┤
│ first │ Dense  │ float32[2,3] │ float32[2,2] │ bias: float32[2]     │
│       │        │              │              │ kernel: float32[3,2] │
│       │        │              │              │                      │
│       │        │              │              │ 8 (32 B)             │
├───────┼────────┼──────────────┼──────────────┼──────────────────────┤
"""


def test_tabulate():
    text = Pair().tabulate(key(), X, console_kwargs={"width": 90, "force_terminal": False})
    found = [line.strip() for line in text.splitlines() if line.strip()]
    wanted = [line.strip() for line in TABLE.splitlines() if line.strip()]
    assert found[: len(wanted)] == wanted
    assert found[-1] == "Total Parameters: 14 (56 B)"
    shapes = jib.ShapeDtypeStruct((2, 3), jnp.float32)
    assert "Total" in Pair().tabulate(key(), shapes, depth=0, compute_flops=True)
    paths = Pair().module_paths(key(), X)
    assert {p: type(m).__name__ for p, m in paths.items()} == {
        "": "Pair", "first": "Dense", "last": "Dense",
    }  # fmt: skip


@pytest.mark.slow
def test_twenty_layers_cost_little_more_than_their_arithmetic():
    class Deep(nn.Module):
        @nn.compact
        def __call__(self, x):
            for _ in range(20):
                x = nn.Dense(16)(x)
            return x

    x = jnp.ones((4, 16))
    variables = Deep().init(key(), x)

    def best(function):
        times = []
        for _ in range(30):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
        return min(times)

    layers = [variables["params"][f"Dense_{i}"] for i in range(20)]

    def plain():
        y = x
        for p in layers:
            y = y @ p["kernel"] + p["bias"]

    assert best(lambda: Deep().apply(variables, x)) < 12 * best(plain)
