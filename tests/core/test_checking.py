"""The type checker finds what is wrong with a program, and says where."""

import numpy as np
import pytest

from jib import lax
from jib.core.avals import ShapedArray
from jib.core.checking import check_jaxpr
from jib.core.effects import Effect
from jib.core.jaxpr import Jaxpr, Literal, Var
from jib.errors import JaxprTypeError
from jib.passes.stage import stage
from jib.transforms.grad import grad
from jib.transforms.jit import jit
from jib.transforms.vmap import vmap

VECTOR = ShapedArray((3,), "float32")


@pytest.fixture
def program():
    """`mul(neg(a), b)`, freshly made: a test may break it."""
    function = lambda x, y: [lax.mul(lax.neg(x), y)]
    return stage(function, [VECTOR, VECTOR])[0]


def refuses(program, message):
    with pytest.raises(JaxprTypeError) as caught:
        check_jaxpr(program)
    assert caught.value.message == message


def test_what_transforms_make_is_well_typed():
    function = vmap(grad(jit(lambda x: lax.mul(lax.integer_pow(x, 3), 2.0))))
    check_jaxpr(jit(function).trace(np.ones(3, "float32")).jaxpr.jaxpr)


def test_an_unbound_variable(program):
    refuses(
        program.replace(invars=program.invars[:1]),
        "equation 1 (`mul`) reads variable `c:f32[3]` before it is bound",
    )


def test_an_equation_out_of_order(program):
    refuses(
        program.replace(eqns=program.eqns[::-1]),
        "equation 0 (`mul`) reads variable `c:f32[3]` before it is bound",
    )


def test_an_unbound_result(program):
    refuses(
        program.replace(outvars=[Var(VECTOR)]),
        "the program returns variable `d:f32[3]` before it is bound",
    )


def test_a_variable_bound_twice(program):
    again = program.eqns[0].replace(outvars=[program.invars[0]])
    refuses(
        program.replace(eqns=[*program.eqns, again]),
        "variable `a:f32[3]` is bound twice (the second time in equation 2)",
    )
    refuses(
        program.replace(invars=[*program.invars, program.invars[0]]),
        "variable `a:f32[3]` is bound twice",
    )


def test_a_wrong_type(program):
    wrong = Var(ShapedArray((2,), "float32"))
    refuses(
        Jaxpr((), program.invars, [wrong], [program.eqns[0].replace(outvars=[wrong])]),
        "equation 0 (`neg`) binds `c` as float32[2], but the type rule gives float32[3]",
    )


def test_a_wrong_weak_type(program):
    wrong = Var(ShapedArray((3,), "float32", weak_type=True))
    refuses(
        Jaxpr((), program.invars, [wrong], [program.eqns[0].replace(outvars=[wrong])]),
        "equation 0 (`neg`) binds `c` as float32[3], weakly typed, "
        "but the type rule gives float32[3]",
    )


def test_operands_that_the_rule_refuses(program):
    short = Var(ShapedArray((2,), "float32"))
    refuses(
        Jaxpr(
            (),
            [program.invars[0], short],
            program.outvars,
            [program.eqns[0], program.eqns[1].replace(invars=[program.invars[0], short])],
        ),
        "equation 1 (`mul`) does not accept (float32[3], float32[2]): "
        "`mul` cannot stretch float32[3] and float32[2] to one shape",
    )


def test_a_wrong_number_of_results(program):
    more = [*program.eqns[1].outvars, Var(VECTOR)]
    refuses(
        program.replace(eqns=[program.eqns[0], program.eqns[1].replace(outvars=more)]),
        "equation 1 (`mul`) has 2 results where its rule gives 1",
    )


def test_a_literal_with_axes(program):
    literal = Literal(np.ones(3, "float32"), VECTOR)
    refuses(
        program.replace(eqns=[program.eqns[0].replace(invars=[literal]), program.eqns[1]]),
        "equation 0 (`neg`) reads a literal of type float32[3], not of rank 0",
    )


def test_wrong_effects(program):
    effects = frozenset({Effect("io")})
    refuses(
        program.replace(effects=effects),
        "a program says that its effects are {io}, but those of its equations are none",
    )
    eqns = [program.eqns[0].replace(effects=effects), program.eqns[1]]
    refuses(
        program.replace(eqns=eqns, effects=effects),
        "equation 0 (`neg`) says that its effects are {io}, but its rule gives none",
    )


def test_nested_programs_are_checked(program):
    outer = stage(lambda x, y: [jit(lambda a, b: lax.mul(lax.neg(a), b))(x, y)], [VECTOR] * 2)[0]
    (eqn,) = outer.eqns
    inner = eqn.params["jaxpr"]

    def with_inner(jaxpr):
        return outer.replace(eqns=[eqn.replace(params={**eqn.params, "jaxpr": jaxpr})])

    check_jaxpr(with_inner(inner))
    refuses(
        with_inner(inner.replace(eqns=inner.eqns[::-1])),
        "equation 0 (`mul`) reads variable `c:f32[3]` before it is bound",
    )
    refuses(
        with_inner(inner.replace(constvars=inner.invars[:1], invars=inner.invars[1:])),
        "equation 0 (`jit`) holds a program with 1 constants, which must be operands of the "
        "equation",
    )


def test_the_note_shows_the_equation(program):
    with pytest.raises(JaxprTypeError) as caught:
        check_jaxpr(program.replace(invars=program.invars[:1]))
    assert caught.value.notes == ["the equation is d:f32[3] = mul b c"]
