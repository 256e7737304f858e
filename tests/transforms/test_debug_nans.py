"""`debug_nans` and `debug_infs`: which operation made the value, where, and what is no alarm."""

import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import NotFiniteError

BAD = jnp.asarray([1.0, -1.0])


def loss(x):
    y = jnp.log(x)
    return jnp.sum(y * 2)


def masked(x):
    return jnp.where(x > 0, jnp.log(x), 0.0).sum()


def steps(x):
    return lax.scan(lambda a, b: (jnp.sqrt(a - b), a), x, jnp.arange(3.0))[0]


def caught(f, *args):
    with jib.debug_nans(True), pytest.raises(NotFiniteError) as info:
        f(*args)
    return info.value


@pytest.mark.parametrize(
    ("f", "x", "message", "text"),
    [
        (jib.jit(loss), BAD, "`log` made a NaN", "jnp.log(x)"),
        (loss, BAD, "`log` made a NaN", "jnp.log(x)"),
        (jib.jit(jib.jit(loss)), BAD, "`log` made a NaN", "jnp.log(x)"),
        (jib.jit(steps), jnp.float32(1), "`sqrt` made a NaN", "jnp.sqrt(a - b)"),
        (jib.jit(jib.vmap(steps)), jnp.ones(2), "`sqrt` made a NaN", None),
        (jib.jit(jib.grad(loss)), jnp.asarray([jnp.inf, jnp.nan]), "`div` made a NaN", None),
        (masked, BAD, "`log` made a NaN", "jnp.log(x)"),  # eagerly each operation is a program
        (jib.jit(lambda x: x + 1, donate_argnums=0), BAD * jnp.nan, "`add` made a NaN", "x + 1"),
    ],
)
def test_the_first_operation_and_its_place(f, x, message, text):
    error = caught(f, x)
    assert isinstance(error, FloatingPointError)
    assert error.message == message
    assert text is None or error.span.text == text


def test_a_nan_that_is_thrown_away_inside_a_program_is_no_alarm():
    with jib.debug_nans(True):
        assert jib.jit(masked)(BAD) == 0
        assert jib.jit(loss)(jnp.ones(2)) == 0


def test_infinities():
    with jib.debug_infs(True):
        with pytest.raises(NotFiniteError, match="`div` made an infinity"):
            jib.jit(lambda x: 1 / x)(jnp.zeros(2))
        assert jnp.isnan(jib.jit(loss)(BAD))


def test_programs_that_were_compiled_before_and_after_are_left_alone():
    f = jib.jit(loss)
    assert jnp.isnan(f(BAD))
    for _ in range(2):
        assert caught(f, BAD).message == "`log` made a NaN"
    assert jnp.isnan(f(BAD))


def test_the_global_option_under_its_name_in_jax():
    jib.config.update("jax_debug_nans", True)
    try:
        with pytest.raises(FloatingPointError):
            jib.jit(loss)(BAD)
    finally:
        jib.config.update("jax_debug_nans", False)


def test_a_program_that_must_not_run_twice_is_named_as_a_whole():
    seen = []

    @jib.jit
    def told(x):
        jib.experimental.io_callback(lambda x: seen.append(float(x)), None, x.sum())
        return jnp.log(x)

    assert caught(told, BAD).message == "`told` made a NaN"
    jib.effects_barrier()
    assert len(seen) == 1
