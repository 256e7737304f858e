"""`debug.breakpoint`, driven by a script, and the tables of shardings."""

import io

import pytest

import jib
import jib.numpy as jnp
from jib.errors import ArgumentValueError, CallbackError, EffectError, NotAvailableError

stop = jib.debug.breakpoint


def files(script, out):
    return {"stdin": io.StringIO(script), "stdout": out}


def inner(c, params, out):
    z = c + params["w"]
    script = "p z\npp params\nl\nw\nu\np x\nnope\nd\nd\nz.sum()\n\nc\np never\n"
    stop(**files(script, out), num_frames=2)
    return z


def test_frames_and_values_inside_a_compiled_function():
    out = io.StringIO()

    @jib.jit
    def outer(x):
        return inner(x, {"w": x * 2, "n": 3}, out)

    outer(jnp.arange(2.0))
    jib.effects_barrier()
    text = out.getvalue()
    for part in (
        "test_debugger.py(21) inner\n-> stop(",
        "(jdb) array([0., 3.], dtype=float32)\n",
        "(jdb) {'n': 3, 'w': array([0., 2.], dtype=float32)}\n",
        "  19        z = c + params",
        "  21 ->     stop(",
        ") outer\n> ",
        "(jdb) array([0., 1.], dtype=float32)\n",
        "*** NameError: name 'nope' is not defined (in outer)",
        "*** no frame there",
        "(jdb) np.float32(3.0)\n",
    ):
        assert part in text, text
    assert text.endswith("(jdb) (jdb) ")  # nothing after `c`


def test_each_step_of_a_loop_and_each_member_of_a_batch_stops():
    out = io.StringIO()

    def step(c, i):
        stop(**files("p c", out), num_frames=1, ordered=True)
        return c + 1, None

    jib.jit(lambda: jib.lax.scan(step, 5, jnp.arange(3)))()
    jib.effects_barrier()
    assert [line for line in out.getvalue().splitlines() if line.startswith("(jdb) array")] == [
        "(jdb) array(5, dtype=int32)"
    ]  # the script is read once; every other stop finds its end, and goes on
    assert out.getvalue().count(") step\n") == 3
    out = io.StringIO()
    jib.vmap(lambda x: stop(**files("c\nc", out), num_frames=1))(jnp.arange(2))
    assert out.getvalue().count(") <lambda>\n") == 2
    with pytest.raises(EffectError):
        jib.vmap(lambda x: stop(**files("c", out), ordered=True))(jnp.arange(2))


def test_q_gives_up():
    @jib.jit
    def f(x):
        stop(**files("q", io.StringIO()))
        return x

    with pytest.raises(CallbackError, match="told to quit"):
        f(1)
        jib.effects_barrier()


def test_tables_of_shardings(capsys):
    jib.debug.visualize_array_sharding(jnp.ones(4))
    assert capsys.readouterr().out == "+---------+\n|  CPU 0  |\n+---------+\n"
    with pytest.raises(ArgumentValueError, match="one or two axes"):
        jib.debug.visualize_array_sharding(jnp.ones((2, 2, 2)))
    with pytest.raises(NotAvailableError):
        jib.jit(lambda x: jib.debug.visualize_array_sharding(x))(jnp.ones(3))
