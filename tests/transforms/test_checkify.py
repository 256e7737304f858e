"""Errors of the running program as values: which one comes first, through every transform."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import ArgumentTypeError, CheckError, EffectError
from jib.experimental import checkify
from jib.experimental.checkify import check, check_error, debug_check

LINE = jnp.arange(5.0)


def said(f, *args, errors=checkify.user_checks):
    """The first line of the error of a run, the same with and without compiling; or None."""
    checked = checkify.checkify(f, errors=errors)
    plain, compiled = checked(*args)[0].get_exception(), jib.jit(checked)(*args)[0].get_exception()
    assert (plain and plain.message) == (compiled and compiled.message)
    return plain and plain.message


def positive(v):
    check(v > 0, "{v} of {n}", v=v, n=3)
    return jnp.log(v)


def branching(v):
    return lax.cond(v > 1, lambda u: positive(u - 3), lambda u: u * 2, v)


def scanning(v):
    return lax.scan(lambda a, b: (positive(a - b), b), v, LINE)[0]


def counting(v):
    def condition(a):
        check(a < 7, "condition {}", a)
        return a < 10

    def body(a):
        check(a < 5, "body {}", a)
        return a + 1

    return lax.while_loop(condition, body, v)


def indexed_loop(v):
    def body(i, a):
        check(a < 5, "{} at {}", a, i)
        return a + 2

    return lax.fori_loop(0, 4, body, v)


@jib.custom_jvp
def own_jvp(v):
    check(v > 0, "own {}", v)
    return v * v


own_jvp.defjvp(lambda p, t: (own_jvp(*p), t[0] * 2 * p[0]))


@jib.custom_vjp
def own_vjp(v):
    check(v > 0, "own {}", v)
    return v * v


own_vjp.defvjp(lambda v: (v * v, v), lambda r, g: (2 * r * g,))

# Each case gives the same first error in JAX, but for those marked: it loses them there.
CASES = [
    (positive, -1.0, "-1.0 of 3"),
    (positive, 1.0, None),
    (branching, 2.0, "-1.0 of 3"),
    (branching, 0.0, None),
    (scanning, 2.0, "-0.3068528175354004 of 3"),
    (counting, 2.0, "body 5.0"),
    (counting, 8.0, "condition 8.0"),
    (counting, 12.0, "condition 12.0"),
    (counting, 6.5, "body 6.5"),
    (indexed_loop, 0.0, "6.0 at 3"),
    (own_jvp, -2.0, "own -2.0"),
    (own_vjp, -2.0, "own -2.0"),
    (jib.grad(own_jvp), -2.0, "own -2.0"),
    (jib.grad(positive), -2.0, "-2.0 of 3"),
    (jib.grad(branching), 2.0, "-1.0 of 3"),
    (jib.grad(scanning), 2.0, "-0.3068528175354004 of 3"),  # marked
    (jib.grad(indexed_loop), 2.0, "6.0 at 2"),  # marked
    (jib.checkpoint(positive), -2.0, "-2.0 of 3"),
    (jib.grad(jib.checkpoint(positive)), -2.0, "-2.0 of 3"),
    (lambda v: jib.jit(jib.jit(positive))(v) + jib.jit(own_jvp)(v), -3.0, "-3.0 of 3"),
    (jib.vmap(positive), [1.0, -2.0, -3.0], "-2.0 of 3"),
    (lambda v: lax.switch(1, [lambda: None, lambda: check(v > 0, "b")]), -1.0, "b"),
]


@pytest.mark.parametrize(("f", "value", "expected"), CASES)
def test_checks_of_the_user(f, value, expected):
    assert said(f, jnp.asarray(value, "float32")) == expected


AUTOMATIC = [
    (lambda v: jnp.log(v) + jnp.sqrt(v), -1.0, "nan", "`log` made a NaN"),
    (lambda v: v + 1, np.nan, "nan", "`add` made a NaN"),
    (lambda v: jnp.where(v > 0, v, jnp.nan), -1.0, "nan", None),
    (jnp.sin, np.inf, "float", "`sin` made a NaN"),
    (lambda v: 1 / v, 0.0, "div", "division by zero"),
    (lambda v: v / v, 0.0, "float", "division by zero"),
    (lambda v: v / v, 0.0, "nan", "`div` made a NaN"),
    (jib.grad(jnp.log), 0.0, "all", "division by zero"),
    (lambda v: positive(jnp.log(v)), -1.0, "all", "`log` made a NaN"),
    (lambda i: LINE[i], 7, "index", "index 7 is outside axis 0, which has 5 elements"),
    (lambda i: LINE[i], -5, "index", None),
    (lambda i: LINE[i], [1, 9], "index", "index 9 is outside axis 0, which has 5 elements"),
    (lambda i: LINE.at[i].add(1), 5, "index", "index 5 is outside axis 0, which has 5 elements"),
    (
        lambda i: jnp.ones((3, 4))[0, i],
        4,
        "index",
        "index 4 is outside axis 1, which has 4 elements",
    ),
    (
        lambda i: lax.dynamic_slice(LINE, (i,), (2,)),
        4,
        "index",
        "a window of 2 from index 4 leaves axis 0, which has 5 elements",
    ),
    (
        lambda i: lax.dynamic_update_slice(LINE, LINE[:3], (i,)),
        3,
        "index",
        "a window of 3 from index 3 leaves axis 0, which has 5 elements",
    ),
    (
        lambda n: lax.scan(lambda a, i: (a + LINE[i], a), n, jnp.arange(7)),
        0.0,
        "index",
        "index 5 is outside axis 0, which has 5 elements",
    ),
    (
        lambda v: lax.while_loop(lambda a: a > -9, lambda a: jnp.log(a), v),
        0.5,
        "nan",
        "`log` made a NaN",
    ),
]


@pytest.mark.parametrize(("f", "value", "kind", "expected"), AUTOMATIC)
def test_automatic_checks(f, value, kind, expected):
    dtype = "int32" if "index" in (expected or kind) and not isinstance(value, float) else "float32"
    errors = getattr(checkify, f"{kind}_checks")
    assert said(f, jnp.asarray(value, dtype), errors=errors) == expected


def test_categories_that_were_not_asked_for_do_not_count():
    assert said(positive, jnp.float32(-1), errors=checkify.index_checks) is None
    assert said(lambda v: 1 / v, jnp.float32(0), errors=checkify.nan_checks) is None


def test_the_place_is_the_users():
    error, _ = checkify.checkify(lambda i: LINE[i], errors=checkify.index_checks)(jnp.int32(9))
    assert "test_checkify.py:" in error.get()
    assert error.get_exception().span.text == "LINE[i]"


def test_results_are_those_of_the_function():
    def f(v):
        total, steps = lax.scan(lambda a, b: (a * b - own_vjp(v), a), v, LINE)
        return lax.while_loop(lambda a: a > -99, lambda a: a - 9 + LINE[2], total), steps

    error, out = checkify.checkify(f, errors=checkify.all_checks)(jnp.float32(2))
    for found, expected in zip(jib.tree.leaves(out), jib.tree.leaves(f_plain(2)), strict=True):
        np.testing.assert_array_equal(found, expected)
    error.throw()


def f_plain(v):
    total, steps = v, []
    for b in range(5):
        steps.append(total)
        total = total * b - v * v
    while total > -99:
        total = total - 9 + 2
    return total, np.asarray(steps, "float32")


def test_vmap_of_a_checked_function_has_an_error_for_each_member():
    error, out = jib.vmap(checkify.checkify(positive))(jnp.asarray([1.0, -2.0, -3.0]))
    assert out.shape == (3,)
    found = error.get_exception()
    assert found.message == "at index 1 of the batch: -2.0 of 3"
    assert found.notes == ["at index 2 of the batch: -3.0 of 3"]
    assert jib.vmap(checkify.checkify(positive))(jnp.ones(2))[0].get() is None


def test_members_that_are_done_do_not_fail_in_vmap_of_a_checked_loop():
    def loop(v):
        def body(a):
            check(a < 8, "body {}", a)
            return a * 2

        return lax.while_loop(lambda a: a < 10, body, v)

    error, _ = jib.vmap(checkify.checkify(loop))(jnp.asarray([3.0, 20.0]))
    assert error.get() is None
    with pytest.raises(EffectError, match=r"jib\.lax\.map"):
        checkify.checkify(jib.vmap(loop))(jnp.asarray([3.0, 20.0]))


def test_derivatives_of_a_checked_function():
    checked = checkify.checkify(positive)
    (value, error), slope = jib.value_and_grad(lambda v: checked(v)[::-1], has_aux=True)(-2.0)
    assert jnp.isnan(value)
    assert slope == -0.5
    assert error.get().startswith("-2.0 of 3")


def test_known_values_raise_at_once():
    for run in (positive, jib.grad(positive), lambda v: jib.vmap(positive)(v[None])):
        with pytest.raises(CheckError, match=r"-1\.0 of 3"):
            run(jnp.float32(-1))


def test_a_compiled_check_says_what_to_do():
    with pytest.raises(EffectError, match=r"checkify\.checkify\(function\)"):
        jib.jit(positive)(1.0)


def test_debug_checks_count_under_checkify_alone():
    def f(v):
        debug_check(v > 0, "no")
        return v

    assert f(-1.0) == jib.jit(f)(-1.0) == -1.0
    assert said(f, jnp.float32(-1)) == "no"


def test_errors_go_back_into_a_program():
    def f(v):
        error, out = jib.jit(checkify.checkify(positive))(v)
        check_error(error)
        return out

    def of_batch(v):
        check_error(jib.vmap(checkify.checkify(positive))(v)[0])

    assert said(f, jnp.float32(-1)) == "-1.0 of 3"
    assert said(of_batch, jnp.asarray([1.0, -2.0])) == "-2.0 of 3"
    with pytest.raises(CheckError, match=r"-1\.0 of 3"):
        f(-1.0)


def test_arguments_that_are_no_arrays_stay_what_they_are():
    def f(mode, v):
        check(v > 0, "{} {}", mode, v)
        return v if mode == "same" else -v

    error, out = checkify.checkify(f)("same", jnp.float32(-1))
    assert (error.get().splitlines()[0], out) == ("same -1.0", -1)


def test_codes_do_not_change_when_a_function_is_traced_again():
    codes = set()
    for _ in range(2):
        codes.add(int(checkify.checkify(lambda v: positive(v))(-1.0 * jnp.ones(()))[0]._code))
    assert len(codes) == 1


@pytest.mark.parametrize("pred", [jnp.ones(3) > 0, 1.0])
def test_a_condition_is_a_boolean_scalar(pred):
    with pytest.raises(ArgumentTypeError, match="boolean scalar"):
        check(pred, "no")
    with pytest.raises(ArgumentTypeError, match="needs an Error"):
        check_error(pred)
