"""Host callbacks: values, order, and what transforms make of them."""

import traceback

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import CallbackError, EffectError, LeakedTracerError, NoDerivativeError
from jib.experimental import io_callback

SCALAR = jib.ShapeDtypeStruct((), "int32")
log = []


@pytest.fixture(autouse=True)
def _empty_log():
    jib.effects_barrier()
    log.clear()


def note(x):
    io_callback(lambda x: log.append(int(x)), None, x, ordered=True)


def doubled(x):
    def on_host(x):
        log.append(("doubled", int(x)))
        return np.int32(x * 2)

    return io_callback(on_host, SCALAR, x, ordered=True)


def nested_calls(x):
    note(x)
    y = jib.jit(lambda x: (note(x + 1), jib.jit(doubled)(x))[1])(x)
    note(y)
    return y


def scan(x):
    def step(c, i):
        note(10 * c + i)
        return doubled(c) - i, c

    return lax.scan(step, x, jnp.arange(3, dtype=jnp.int32), reverse=True, unroll=2)


def branches(x):
    def one(x, i):
        return lax.cond(i % 2 == 0, lambda x: (note(x), x + 1)[1], lambda x: x + 2, x)

    return lax.switch(one(one(x, 0), 1) % 3, [doubled, lambda x: (note(-x), x)[1], lambda x: x], x)


def loop(x):
    return lax.while_loop(lambda s: s < 20, lambda s: (note(s), doubled(s))[1], x)


def loop_with_effects_in_its_condition(x):
    def go_on(s):
        note(1000 + s[0])
        return s[0] < 5

    return lax.while_loop(go_on, lambda s: (s[0] + 1, doubled(s[1])), (x, x))


def checkpointed(x):
    return jib.checkpoint(lambda x: (note(x), x + 1)[1])(x)


def looks(x):
    jib.debug.callback(lambda x: log.append(("look", int(x))), x, ordered=True)
    note(x)
    jib.debug.print("{}", x, ordered=True)
    jib.debug.callback(lambda: log.append("nothing"), ordered=True)
    return x


@pytest.mark.parametrize(
    "function",
    [nested_calls, scan, branches, loop, loop_with_effects_in_its_condition, checkpointed, looks],
)
def test_order_and_values_equal_those_without_compilation(function, capsys):
    with jib.disable_jit():
        wanted = function(jnp.int32(1))
    plain = log[:]
    log.clear()
    compiled = jib.jit(function)
    for _ in range(2):
        got = compiled(jnp.int32(1))
    jib.effects_barrier()
    assert log == plain * 2 and plain
    for a, b in zip(jib.tree.leaves(got), jib.tree.leaves(wanted), strict=True):
        np.testing.assert_array_equal(a, b)


def test_order_holds_between_programs_and_eager_calls():
    f, g = jib.jit(note), jib.jit(lambda x: (doubled(x), note(x))[1])
    wanted = []
    for i in range(10):
        f(i)
        g(i)
        note(jnp.int32(100 + i))
        wanted += [i, ("doubled", i), i, 100 + i]
    jib.effects_barrier()
    assert log == wanted


def test_a_failed_program_does_not_break_the_order_of_the_next():
    def fail(x):
        raise ValueError("no")

    bad = jib.jit(lambda x: io_callback(fail, None, x, ordered=True))
    with pytest.raises(CallbackError):
        bad(1)
        jib.effects_barrier()
    jib.jit(note)(7)
    jib.effects_barrier()
    assert log == [7]


def test_ordered_effects_survive_donation_and_unused_arguments():
    f = jib.jit(lambda x, unused: (note(x[0]), x + 1)[1], donate_argnums=0)
    out = f(jnp.arange(3), jnp.ones(2))
    jib.effects_barrier()
    assert log == [0] and out.tolist() == [1, 2, 3]
    compiled = f.lower(jnp.arange(3), jnp.ones(2)).compile()
    assert compiled(jnp.arange(3), jnp.ones(2)).tolist() == [1, 2, 3]
    jib.effects_barrier()
    assert log == [0, 0]


def look(x):
    jib.debug.callback(lambda x: log.append(round(float(x), 3)), x)


def scan_that_looks(x):
    return lax.scan(lambda c, i: ((look(c), jnp.sin(c))[1], None), x, jnp.arange(2))[0]


def scan_that_looks_at_counters(x):
    return lax.scan(lambda c, i: ((look(i), c * 2)[1], None), x, jnp.arange(2))[0]


def cond_that_looks(x):
    return lax.cond(True, lambda x: (look(3.0), x * 2)[1], lambda x: x, x)


def checkpoint_that_looks(x):
    return jib.checkpoint(lambda x: (look(x), jnp.sin(jnp.sin(x)))[1])(x)


def call_that_looks(x):
    return jib.jit(lambda x: (look(x), jnp.sin(x))[1])(x)


@pytest.mark.parametrize("outer", [lambda f: f, jib.jit], ids=["eager", "jit"])
@pytest.mark.parametrize(
    "function",
    [scan_that_looks, scan_that_looks_at_counters, cond_that_looks, checkpoint_that_looks,
     call_that_looks],
)  # fmt: skip
def test_reverse_mode_looks_once(function, outer):
    function(1.5)
    jib.effects_barrier()
    plain = log[:]
    log.clear()
    outer(jib.grad(function))(1.5)
    jib.effects_barrier()
    assert log == plain and plain


def test_linearizing_a_while_loop_looks_once():
    def f(x):
        return lax.while_loop(lambda s: s[0] < 2, lambda s: (s[0] + 1, (look(s[1]), s[1] * 2)[1]),
                              (0, x))[1]  # fmt: skip

    jib.jit(lambda x: jib.linearize(f, x)[1](1.0))(1.5)
    jib.effects_barrier()
    assert log == [1.5, 3.0]


def test_vmap_looks_at_each_member():
    jib.jit(jib.vmap(look))(jnp.arange(3.0))
    jib.effects_barrier()
    assert log == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("method", "shapes"),
    [("sequential", [((2,), (2,))] * 3), ("sequential_unrolled", [((2,), (2,))] * 3),
     ("expand_dims", [((3, 2), (1, 2))]), ("broadcast_all", [((3, 2), (3, 2))])],
)  # fmt: skip
def test_ways_to_take_a_batch(method, shapes):
    seen = []

    def add(a, b):
        seen.append((a.shape, b.shape))
        return a + b

    def f(a, b):
        return jib.pure_callback(
            add, jib.ShapeDtypeStruct((2,), "float32"), a, b, vmap_method=method
        )

    x, y = jnp.arange(6.0).reshape(2, 3), jnp.arange(2.0)
    for wrap in (jib.jit, lambda f: f):
        seen.clear()
        out = wrap(jib.vmap(f, in_axes=(1, None), out_axes=1))(x, y)
        np.testing.assert_array_equal(out, np.asarray(x) + np.arange(2.0)[:, None])
        assert seen == shapes


def test_trees_and_static_values_reach_the_function():
    def on_host(tree, flag, *, name):
        assert flag is not None and name["k"].shape == (2,)
        return {"sum": tree["a"] + tree["b"], "more": (np.float32(3),)}

    announced = {"sum": jib.ShapeDtypeStruct((3,), "float32"),
                 "more": (jib.ShapeDtypeStruct((), "float32"),)}  # fmt: skip
    tree = {"a": jnp.ones(3), "b": jnp.arange(3.0)}
    f = jib.jit(
        lambda tree: jib.pure_callback(on_host, announced, tree, True, name={"k": jnp.ones(2)})
    )
    out = f(tree)
    assert out["sum"].tolist() == [1.0, 2.0, 3.0] and float(out["more"][0]) == 3.0


def test_custom_jvp_gives_a_derivative():
    @jib.custom_jvp
    def sin(x):
        return jib.pure_callback(np.sin, jib.ShapeDtypeStruct(x.shape, x.dtype), x)

    sin.defjvp(lambda primals, tangents: (sin(primals[0]), jnp.cos(primals[0]) * tangents[0]))
    assert np.isclose(jib.jit(jib.grad(sin))(jnp.float32(0.5)), np.cos(0.5))


def test_unused_results():
    @jib.jit
    def f(x):
        jib.pure_callback(lambda x: log.append("pure") or x, x, x)
        io_callback(lambda x: log.append("io") or x, x, x)
        return x

    f(jnp.float32(1))
    jib.effects_barrier()
    assert log == ["io"]


def test_what_the_function_gets_is_its_own():
    kept = []

    def on_host(x):
        kept.append(x)
        x += 1
        return x

    x = jnp.zeros(3)
    assert jib.jit(lambda x: jib.pure_callback(on_host, x, x))(x).tolist() == [1.0] * 3
    assert x.tolist() == [0.0] * 3 and kept[0].tolist() == [1.0] * 3


def boom(x):
    raise KeyError("boom")


def test_an_error_arrives_with_its_own_traceback():
    f = jib.jit(lambda x: jib.pure_callback(boom, x, x))
    with pytest.raises(CallbackError, match=r"the callback `boom` raised KeyError: 'boom'") as info:
        np.asarray(f(jnp.float32(1)))
    cause = info.value.__cause__
    assert type(cause) is KeyError
    assert [frame.name for frame in traceback.extract_tb(cause.__traceback__)] == ["boom"]
    with pytest.raises(KeyError):  # eagerly there is nothing in between
        jib.pure_callback(boom, jnp.float32(1), jnp.float32(1))


def test_a_traced_value_in_the_function_is_an_error():
    @jib.jit
    def f(x):
        return jib.pure_callback(lambda v: v + x, x, x)

    with pytest.raises(LeakedTracerError):
        np.asarray(f(jnp.float32(1)))


def batched_branch(x):
    return lax.cond(x > 0, doubled, lambda x: x, x)


@pytest.mark.parametrize(
    ("function", "error", "text"),
    [
        (lambda: jib.vmap(note)(jnp.arange(2)), EffectError, "have no order"),
        (lambda: jib.vmap(batched_branch)(jnp.arange(2)), EffectError, "different ways"),
        (lambda: jib.vmap(loop)(jnp.arange(2)), EffectError, "no order|different ways"),
        (lambda: jib.grad(lambda x: jib.pure_callback(np.sin, x, x))(1.0), NoDerivativeError,
         "custom_jvp"),
        (lambda: jib.grad(lambda x: io_callback(np.sin, x, x))(1.0), NoDerivativeError,
         "stop_gradient"),
        (lambda: jib.grad(jib.checkpoint(lambda x: (note(3), jnp.sin(x))[1]))(1.0), EffectError,
         "twice"),
        (lambda: jib.linear_transpose(lambda x: (look(x), x)[1], jnp.float32(1))(jnp.float32(1)),
         EffectError, "transposed"),
        (lambda: jib.pure_callback(np.sin, 3, 1.0), ValueError, "a shape and a dtype"),
        (lambda: jib.pure_callback(np.sin, SCALAR, 1, vmap_method="fast"), ValueError, "none of"),
        (lambda: jib.vmap(lambda x: jib.pure_callback(np.sin, x, x))(jnp.ones(2)), EffectError,
         "vmap_method"),
    ],
)  # fmt: skip
def test_refused(function, error, text):
    with pytest.raises(error, match=text):
        function()


def test_scopes_are_visible_in_the_lowered_program():
    def f(x):
        with jib.named_scope("model"):
            with jib.named_scope("layer"):
                y = jnp.sin(x)
            return jib.named_call(jib.jit(jnp.cos), name="call")(y).sum()

    def names(function, x):
        text = jib.jit(function).lower(x).compile().as_text()
        return {part.split('"')[0] for part in text.split('op_name="')[1:]}

    x = jnp.ones((2, 3))
    assert names(f, x) == {"model/layer/sin", "model/call/jit", "model/reduce_sum"}
    assert "model/layer/sin" in names(jib.vmap(jib.jit(f)), x)
    assert {"model/layer/cos", "model/call/jit"} <= names(jib.grad(f), x)
    assert "loc(" not in jib.jit(jnp.sin).lower(x).as_text()
