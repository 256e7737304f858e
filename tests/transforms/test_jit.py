"""`jit`: what makes a new program and what does not, what a call may hold, and its stages."""

import collections
import dataclasses
import functools
import threading
import types

import numpy as np
import pytest

import jib
import jib.debug
import jib.numpy as jnp
from jib.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    DonatedArrayError,
    IntegerRangeError,
    StaticArgumentError,
    StructureError,
    TracedControlFlowError,
)

scale = 2.0
other_module = types.ModuleType("other_module")


class Counted:
    """A function that counts how often it is traced."""

    def __init__(self, function):
        self.function, self.traces = function, 0
        functools.update_wrapper(self, function)

    def __call__(self, *args, **kwargs):
        self.traces += 1
        return self.function(*args, **kwargs)


def counted(function):
    return Counted(function)


# ------------------------------------------------------------------------- static arguments


@counted
def power(x, n=2, *, negative=False):
    y = x
    for _ in range(n - 1):
        y = y * x
    return -y if negative else y


@pytest.mark.parametrize(
    "options",
    [
        {"static_argnums": 1, "static_argnames": ("n", "negative")},
        {"static_argnums": -1, "static_argnames": ("n", "negative")},
        {"static_argnames": ("n", "negative")},
    ],
)
def test_static_arguments_by_number_and_by_name(options):
    f = jib.jit(power, **options)
    x = jnp.float32(3.0)
    assert float(f(x, 3)) == 27.0
    before = power.traces
    assert float(f(x, 3)) == 27.0
    assert power.traces == before
    assert float(f(x, n=3)) == 27.0
    assert float(f(x, 3, negative=True)) == -27.0


def test_a_number_names_the_parameter_too():
    f = jib.jit(lambda x, n: x * len(n), static_argnums=1)
    assert float(f(2.0, "abc")) == 6.0
    assert float(f(2.0, n="abcd")) == 8.0
    g = jib.jit(lambda x, n: x * len(n), static_argnames="n")
    assert float(g(2.0, "abc")) == 6.0


def test_equal_static_values_of_other_types_are_other_programs():
    f = jib.jit(lambda x, n: x * n, static_argnums=1)
    x = jnp.arange(3)
    assert [f(x, n).dtype.name for n in (1, True, 1.0)] == ["int32", "int32", "float32"]
    h = jib.jit(lambda x, n: type(n) is bool, static_argnames="n")
    assert [bool(h(1.0, n=n)) for n in (1, True, 1.0)] == [False, True, False]


def test_static_arguments_must_exist():
    f = lambda x, n: x
    for options, message in [
        ({"static_argnums": 2}, r"static_argnums=2 is no positional parameter of `<lambda>\(x, n"),
        ({"static_argnums": -3}, "static_argnums=-3 is no positional"),
        ({"static_argnames": "m"}, "static_argnames='m' is no parameter of"),
        ({"donate_argnames": ("x", "m")}, "donate_argnames='m' is no parameter of"),
    ]:
        with pytest.raises(ArgumentValueError, match=message):
            jib.jit(f, **options)
    assert float(jib.jit(lambda *xs: xs[0] * len(xs[1]), static_argnums=-1)(2.0, "abc")) == 6.0
    assert float(jib.jit(lambda **d: d["x"] * len(d["y"]), static_argnames="y")(x=2.0, y="ab")) == 4


def test_a_static_argument_that_cannot_be_hashed():
    f = jib.jit(lambda x, axes: x.sum(axes[0]), static_argnums=1)
    for _ in range(2):
        with pytest.raises(StaticArgumentError) as caught:
            f(np.ones((2, 2), np.float32), [0])
        text = str(caught.value)
        assert "static argument `axes` of `<lambda>` must be hashable, but is a list" in text
        assert "help: pass a tuple: tuple(axes)" in text
    with pytest.raises(StaticArgumentError, match="`axes`"):
        f(np.ones((2, 2), np.float32), axes=[0])


# -------------------------------------------------------------------------------- options


def test_donation():
    f = jib.jit(lambda state, x: state + x, donate_argnums=0)
    state = jnp.zeros(128)
    for _ in range(3):
        old, state = state, f(state, 1.0)
    assert state[0] == 3.0
    assert old.is_deleted()
    other_program = jib.jit(lambda x: x * 5)
    closed_over = jib.jit(lambda x: x + old)
    for use in (
        lambda: old + 1,
        lambda: 1 - old,
        lambda: -old,
        lambda: old[0],
        lambda: jnp.sin(old),
        lambda: old.sum(),
        lambda: old.tolist(),
        lambda: f(old, 1.0),
        lambda: other_program(old),
        lambda: closed_over(1.0),
    ):
        with pytest.raises(DonatedArrayError, match="`state` was donated to `<lambda>` at "):
            use()


def test_donation_by_name_reuses_the_memory():
    f = jib.jit(lambda *, state: {"w": state["w"] * 2}, donate_argnames="state")
    w = jnp.ones(64)
    pointer = w.unsafe_buffer_pointer()
    out = f(state={"w": w})
    assert w.is_deleted()
    assert out["w"].unsafe_buffer_pointer() == pointer
    np.testing.assert_array_equal(out["w"], np.full(64, 2.0))


def test_keep_unused():
    slim = jib.jit(lambda x, y: x + 1).lower(1.0, 2.0).as_text()
    full = jib.jit(lambda x, y: x + 1, keep_unused=True).lower(1.0, 2.0).as_text()
    assert slim.count("%arg") < full.count("%arg")
    assert "%arg1" in full
    assert "%arg1" not in slim
    assert float(jib.jit(lambda x, y: x + 1, keep_unused=True)(1.0, 2.0)) == 2.0


def test_inline():
    def program(inline):
        inner = jib.jit(lambda x: x * 2, inline=inline)
        return jib.jit(lambda x: inner(x) + inner(x)).lower(1.0).as_text()

    assert program(True).count("func.func") == 1
    assert program(False).count("func.func") == 2


def test_compiler_options():
    f = jib.jit(lambda x: x * 3, compiler_options={"xla_cpu_enable_fast_math": True})
    assert float(f(2.0)) == 6.0
    for options, message in [
        ({"xla_nonsense": 1}, "the compiler has no option `xla_nonsense`"),
        ({"xla_cpu_enable_fast_math": "perhaps"}, "does not take 'perhaps'"),
    ]:
        with pytest.raises(ArgumentValueError, match=message):
            jib.jit(lambda x: x * 3, compiler_options=options)(2.0)


def test_device_and_backend():
    device = jib.devices()[0]
    for options in ({"device": device}, {"backend": device.platform}):
        out = jib.jit(lambda x: x + 1, **options)(np.float32(1))
        assert out.devices() == {device}
        assert out.committed
    assert not jib.jit(lambda x: x + 1)(np.float32(1)).committed


def test_what_jit_refuses():
    with pytest.raises(ArgumentTypeError, match="`jit` needs a function, but got int"):
        jib.jit(3)
    with pytest.raises(ArgumentTypeError, match=r"`x\['b'\]` is a str"):
        jib.jit(lambda x: x)({"a": 1, "b": "text"})
    with pytest.raises(ArgumentTypeError, match="is a str, where an array is needed"):
        jib.jit(lambda x: "text")(1.0)


def test_as_a_decorator_with_options():
    @jib.jit(static_argnames="n")
    def repeated(x, n):
        """Many of them."""
        return jnp.stack([x] * n)

    assert repeated(1.0, n=3).shape == (3,)
    assert repeated.__name__ == "repeated"
    assert repeated.__doc__ == "Many of them."


# --------------------------------------------------------------------------------- stages


def test_stages():
    f = jib.jit(lambda x, n, *, scale: {"y": (x @ x) * scale + n}, static_argnums=1)
    x = jnp.ones((4, 4))
    traced = f.trace(x, 2, scale=3.0)
    assert "dot_general" in str(traced.jaxpr)
    assert traced.out_info["y"].shape == (4, 4)
    lowered = traced.lower()
    assert "stablehlo.dot_general" in lowered.as_text()
    (info,), named = lowered.args_info
    assert (info.shape, info.dtype, info.donated) == ((4, 4), np.float32, False)
    assert named["scale"].shape == ()
    compiled = lowered.compile()
    assert compiled.out_info["y"].dtype == np.float32
    assert compiled.cost_analysis()["flops"] >= 2 * 4**3
    memory = compiled.memory_analysis()
    assert memory.output_size_in_bytes == 64
    assert "HloModule" in compiled.as_text()
    np.testing.assert_allclose(compiled(x, scale=3.0)["y"], 14.0)
    with pytest.raises(ArgumentTypeError, match=r"compiled for float32\[4,4\], but got float32\[3"):
        compiled(jnp.ones((3, 3)), scale=3.0)
    with pytest.raises(ArgumentTypeError, match="int32"):
        compiled(jnp.ones((4, 4), jnp.int32), scale=3.0)
    with pytest.raises(StructureError, match="was compiled for arguments of structure"):
        compiled(x)


def test_lowering_from_types_alone():
    f = jib.jit(lambda x: x.sum())
    compiled = f.lower(jib.ShapeDtypeStruct((3,), jnp.float32)).compile()
    assert float(compiled(jnp.arange(3.0))) == 3.0
    assert f.eval_shape(jib.ShapeDtypeStruct((3,), jnp.float32)).shape == ()


def test_a_nested_call_is_written_once():
    @jib.jit
    def inner(x):
        return jnp.sin(x) * 2

    text = jib.jit(lambda x: inner(inner(inner(x)))).lower(1.0).as_text()
    assert text.count("func.func") == 2
    assert text.count("call @") == 3
    assert text.count("stablehlo.sine") == 1


# --------------------------------------------------------------- what functions close over


@pytest.mark.parametrize("make", [jnp.asarray, np.asarray])
def test_closed_over_arrays_are_hidden_arguments(make):
    big = make(np.ones(6_000_000, np.float32))  # 24 MB
    f = jib.jit(lambda x: x + big[:2] * big.sum())
    text = f.lower(np.ones(2, np.float32)).as_text()
    assert len(text) < 3000
    assert f(np.ones(2, np.float32)).tolist() == [6_000_001.0] * 2


def test_constants_are_not_shared_between_closures():
    def make(values):
        table = np.asarray(values, np.float32)
        return jib.jit(lambda i: table[i] if isinstance(i, int) else jnp.asarray(table)[i])

    index = np.int32(1)
    first, second = make([1, 2, 3]), make([4, 5, 6])
    assert [float(f(index)) for f in (first, second, first, second)] == [2.0, 5.0, 2.0, 5.0]


def make_printing(n):
    return jib.jit(lambda x: (print("traced"), jnp.sin(x) * 0 + n)[1])


def test_recreated_functions_do_not_retrace(capsys):
    seen = []
    for n in (2.0, 2.0, 3.0, 2.0):
        value = float(make_printing(n)(1.0))
        seen.append((value, capsys.readouterr().out.count("traced")))
    assert seen == [(2.0, 1), (2.0, 0), (3.0, 1), (2.0, 0)]


def test_recreated_functions_see_changes_outside(monkeypatch):
    """Of a global, of a variable of another module, of what a helper reads."""

    def helper(x):
        return x * scale

    def results():
        return [
            float(jib.jit(lambda x: x * scale)(1.0)),
            float(jib.jit(lambda x: x * other_module.scale)(1.0)),
            float(jib.jit(lambda x: helper(x))(1.0)),
        ]

    monkeypatch.setattr(other_module, "scale", 2.0, raising=False)
    assert results() == [2.0, 2.0, 2.0]
    monkeypatch.setattr(other_module, "scale", 3.0)
    monkeypatch.setitem(globals(), "scale", 3.0)
    assert results() == [3.0, 3.0, 3.0]


def test_recreated_functions_that_set_outer_variables_run():
    """What tracing leaves in a variable must be there for each of them."""

    def structure_of(x):
        found = None

        def function(x):
            nonlocal found
            found = len(x)
            return x

        jib.jit(function)(x)
        return found

    assert [structure_of([1, 2]), structure_of([1, 2])] == [2, 2]


def test_a_trace_never_answers_for_another_value(monkeypatch):
    """A function traced after a global changed is not taken for one that reads the old value."""

    def make():
        return lambda x: x * scale

    old = jib.jit(make())
    assert float(old(1.0)) == 2.0
    monkeypatch.setitem(globals(), "scale", 5.0)
    assert old(np.ones(2, np.float32)).tolist() == [5.0, 5.0]
    monkeypatch.setitem(globals(), "scale", 2.0)
    assert jib.jit(make())(np.ones(2, np.float32)).tolist() == [2.0, 2.0]


# ------------------------------------------------------------------------------ signatures


def test_one_function_two_signatures():
    @counted
    def double(x):
        return x * 2

    f = jib.jit(double)
    for _ in range(3):
        assert f(np.float32(2)).dtype == np.float32
        assert f(np.ones(2, np.int32)).tolist() == [2, 2]
    assert double.traces == 2


def test_python_scalars_do_not_recompile_by_value():
    @counted
    def double(x):
        return x + x

    f = jib.jit(double)
    for values in ((1, 2, 2**31 - 1), (1.0, 2.5, float("inf")), (True, False), (1j, 2 + 1j)):
        before = double.traces
        kinds = {type(f(v).tolist()) for v in values}
        assert double.traces == before + 1
        assert len(kinds) == 1
    assert f(1.5).weak_type
    assert f(1.5).dtype == np.float32
    assert not f(np.float32(1.5)).weak_type
    assert (f(np.float32(2)) + np.float16(1)).dtype == np.float32
    assert (f(2.0) + jnp.float16(1)).dtype == np.float16


def test_numpy_arguments_are_copied():
    f = jib.jit(lambda x: x)
    host = np.zeros(1024, np.float32)
    for _ in range(3):
        host[:] = 0
        out = f(host)
        host[:] = 7
        assert float(out.max()) == 0.0


def test_numpy_arguments_are_converted():
    f = jib.jit(lambda x: x + 1)
    for _ in range(2):
        assert f(np.zeros(2)).dtype == np.float32
        assert f(np.zeros(2, np.int64)).dtype == np.int32
        assert f(np.int64(3)).dtype == np.int32
        assert f(jnp.zeros(2, "float64")).dtype == np.float64


@pytest.mark.parametrize("value", [np.int64(2**40), np.array([1, 2**40]), 2**40, np.uint64(2**40)])
def test_integers_that_do_not_fit_raise_on_every_call(value):
    f = jib.jit(lambda x: x + 1)
    fits = value * 0 + 1 if isinstance(value, np.ndarray) else type(value)(1)
    for _ in range(2):
        with pytest.raises(IntegerRangeError):
            f(value)
        f(fits)


Point = collections.namedtuple("Point", "x y")


@functools.partial(jib.tree_util.register_dataclass, data_fields=["w"], meta_fields=["name"])
@dataclasses.dataclass
class Layer:
    w: object
    name: str


def test_containers():
    f = jib.jit(lambda tree: tree)
    for _ in range(2):
        out = f({"b": Point(1.0, None), "a": [2, ()], "layer": Layer(3.0, "first")})
        assert list(out) == ["a", "b", "layer"]
        assert type(out["b"]) is Point
        assert out["b"].y is None
        assert out["a"] == [2, ()]
        assert (float(out["layer"].w), out["layer"].name) == (3.0, "first")
    assert f(collections.OrderedDict(b=1, a=2)) == collections.OrderedDict(b=1, a=2)
    assert f(None) is None


def test_the_order_of_a_dict_is_no_signature():
    @counted
    def take(d):
        return d["a"] - d["b"]

    f = jib.jit(take)
    assert float(f({"a": 3.0, "b": 1.0})) == float(f({"b": 1.0, "a": 3.0})) == 2.0
    assert take.traces == 1


def test_typed_keys():
    @counted
    def step(key):
        key, sub = jib.random.split(key)
        return key, jib.random.bits(sub, (2,))

    f = jib.jit(step)
    key = jib.random.key(0)
    first = f(key)
    again = f(jib.random.clone(key))
    third = f(first[0])
    assert step.traces == 1
    assert first[0].dtype == key.dtype
    assert first[1].tolist() == again[1].tolist() != third[1].tolist()
    expected = jib.random.bits(jib.random.split(jib.random.key(0))[1], (2,))
    assert first[1].tolist() == expected.tolist()


# ----------------------------------------------------------------------- calls of all kinds


def test_effects_happen_on_every_call(capfd):
    @jib.jit
    def f(x):
        jib.debug.print("x is {}", x)
        return x

    for i in range(3):
        f(float(i)).block_until_ready()
    assert capfd.readouterr().out.count("x is") == 3


def test_forgetting_programs():
    @counted
    def double(x):
        return x * 2

    f = jib.jit(double)
    for expected, forget in enumerate((lambda: None, f.clear_cache, jib.clear_caches), start=1):
        forget()
        assert [float(f(1.0)), float(f(2.0))] == [2.0, 4.0]
        assert double.traces == expected
    assert float(jnp.float32(1) + 2) == 3.0


def test_threads_at_once():
    f = jib.jit(lambda x, n: x * n, static_argnums=1)
    found, start = {}, threading.Barrier(4)

    def work(i):
        start.wait()
        found[i] = [float(f(float(j), i % 2 + 1)) for j in range(8)]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: [j * (i % 2 + 1.0) for j in range(8)] for i in range(4)}


@pytest.mark.parametrize("transform", [jib.jit, jib.grad, jib.vmap, lambda f: jib.jit(jib.grad(f))])
def test_an_exception_leaves_no_trace_behind(transform):
    def fails(x):
        x = x * 2
        raise KeyError("mine")

    for _ in range(2):
        with pytest.raises(KeyError, match="mine"):
            transform(fails)(np.ones(2, np.float32) if transform is jib.vmap else 1.0)
    assert float(jnp.float32(1) + 1) == 2.0
    assert float(jib.jit(lambda x: x + 1)(1.0)) == 2.0


def test_control_flow_on_traced_values_names_the_argument():
    with pytest.raises(TracedControlFlowError, match=r"`if` needs True or False now"):
        jib.jit(lambda y: 1 if y > 0 else 2)(1.0)


class Model:
    def __init__(self, scale):
        self.scale = scale
        self.call_jitted = jib.jit(self.call)

    def call(self, x):
        return x * self.scale

    @functools.partial(jib.jit, static_argnums=0)
    def method(self, x):
        return x * self.scale


def test_methods():
    two, three = Model(2.0), Model(3.0)
    for _ in range(2):
        assert [float(m.method(1.0)) for m in (two, three)] == [2.0, 3.0]
        assert [float(m.call_jitted(1.0)) for m in (two, three)] == [2.0, 3.0]


@dataclasses.dataclass
class Mutable:  # equal by value, so not hashable
    scale: float

    def __call__(self, x):
        return x * self.scale


def test_partials_and_callable_objects():
    def multiply(a, b):
        return a * b

    by_two = jib.jit(functools.partial(multiply, 2.0))
    by_three = jib.jit(functools.partial(multiply, b=3.0))
    assert [float(by_two(5.0)), float(by_three(5.0))] == [10.0, 15.0]
    assert [float(jib.jit(Mutable(k))(1.0)) for k in (2.0, 3.0)] == [2.0, 3.0]
    assert float(jib.jit(jib.jit(lambda x: x + 1))(1.0)) == 2.0


def test_recursion_and_generators():
    @jib.jit
    def factorial(x, n):
        return x if n == 0 else factorial(x * n, n - 1)

    factorial_static = jib.jit(
        lambda x, n: x if n == 0 else factorial_static(x * n, n - 1), static_argnums=1
    )
    assert float(factorial_static(1.0, 5)) == 120.0
    with pytest.raises(TracedControlFlowError):
        factorial(1.0, 5)

    def parts(x):
        for i in range(3):
            yield x * i

    assert float(jib.jit(lambda x: sum(parts(x)))(2.0)) == 6.0
    assert [float(y) for y in jib.jit(lambda x: list(parts(x)))(1.0)] == [0.0, 1.0, 2.0]


def test_variable_arguments():
    f = jib.jit(lambda *args, **kwargs: sum(args) + sum(kwargs.values()))
    assert float(f(1.0)) == 1.0
    assert float(f(1.0, 2.0, a=3.0)) == 6.0
    assert float(f(1.0, b=2.0)) == 3.0
    with pytest.raises(TypeError, match="required positional argument"):
        jib.jit(lambda x: x)()
