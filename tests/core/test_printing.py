"""Programs print in the field's familiar form."""

import textwrap

import numpy as np
import pytest

from jib import lax
from jib.core.avals import ShapedArray
from jib.core.effects import Effect
from jib.core.jaxpr import ClosedJaxpr, Equation, Jaxpr, Literal, Var
from jib.transforms.jit import jit
from jib.transforms.vmap import vmap

X = np.ones((2, 3), "float32")


def printed(function, *args):
    return str(jit(function).trace(*args).jaxpr)


def lines(text):
    return textwrap.dedent(text).strip()


def test_a_short_program_is_one_line():
    text = printed(lambda x: lax.mul(lax.add(x, x), 2.0), X[0])
    assert text == (
        "{ lambda ; a:f32[3]. let b:f32[3] = add a a; c:f32[3] = mul b 2.0:f32[] in (c,) }"
    )


def test_an_empty_program():
    assert printed(lambda x: x, X) == "{ lambda ; a:f32[2,3]. let in (a,) }"
    assert printed(lambda: ()) == "{ lambda ; . let in () }"


def test_nested_programs_are_indented():
    inner = jit(lambda x, y: (lax.sub(lax.mul(x, y), lax.add(x, y)), lax.neg(x)))

    def function(x, y):
        total, _ = inner(x, y)
        return lax.broadcast_in_dim(total, (4, 2, 3), (1, 2))

    assert printed(function, X, X) == lines("""
        { lambda ; a:f32[2,3] b:f32[2,3]. let
            c:f32[2,3] _:f32[2,3] = jit[
              jaxpr={ lambda ; d:f32[2,3] e:f32[2,3]. let
                  f:f32[2,3] = mul d e
                  g:f32[2,3] = add d e
                  h:f32[2,3] = sub f g
                  i:f32[2,3] = neg d
                in (h, i) }
              name=<lambda>
            ] a b
            j:f32[4,2,3] = broadcast_in_dim[shape=(4, 2, 3) dims=(1, 2)] c
          in (j,) }
    """)


def test_captured_arrays_stand_before_the_semicolon():
    captured = lax.add(X, 1.0)
    text = printed(lambda x: lax.add(x, captured), X)
    assert text.startswith("{ lambda a:f32[2,3] ; b:f32[2,3]. let")


@pytest.mark.parametrize(
    "value, shown",
    [(np.float32(2.5), "2.5:f32[]"), (True, "True:bool[]"), (np.int32(-3), "-3:i32[]")],
)
def test_literals(value, shown):
    literal = Literal(value, ShapedArray((), np.asarray(value).dtype))
    assert printed_with(literal) == f"{{ lambda ; . let in ({shown},) }}"


def printed_with(atom):
    return str(Jaxpr((), [], [atom], []))


def test_names_go_on_after_z():
    variables = [Var(ShapedArray((), "float32")) for _ in range(28)]
    text = str(Jaxpr((), variables, [], []))
    assert " z:f32[] ba:f32[] bb:f32[]. let" in text


def test_keys_and_narrow_floats_have_short_names():
    avals = [ShapedArray((2,), d) for d in ("bfloat16", "bool", "uint8", "complex64")]
    text = str(Jaxpr((), [Var(a) for a in avals], [], []))
    assert text == "{ lambda ; a:bf16[2] b:bool[2] c:u8[2] d:c64[2]. let in () }"


def test_dtypes_and_functions_among_parameters_have_plain_names():
    text = printed(lambda x: lax.convert_element_type(x, "int32"), X)
    assert "convert_element_type[dtype=int32 weak_type=False] a" in text


def test_a_result_that_nothing_reads():
    aval = ShapedArray((), "float32")
    a, b = Var(aval), Var(aval)
    eqn = Equation(neg_primitive(), [a], [b], {})
    assert str(Jaxpr((), [a], [a], [eqn])) == ("{ lambda ; a:f32[]. let _:f32[] = neg a in (a,) }")


def neg_primitive():
    return jit(lax.neg).trace(1.0).jaxpr.eqns[0].primitive


def test_an_equation_alone():
    eqn = jit(lambda x: lax.mul(x, 2.0)).trace(X).jaxpr.eqns[0]
    assert repr(eqn) == "b:f32[2,3] = mul a 2.0:f32[]"


def test_source_lines():
    program = jit(vmap(lambda x: lax.mul(x, 2.0))).trace(X).jaxpr
    assert isinstance(program, ClosedJaxpr)
    text = program.pretty_print(source_info=True)
    assert "mul a 2.0:f32[]  # tests/core/test_printing.py:" in text
    assert "(test_source_lines.<lambda>)" in text


def test_effects_do_not_break_printing():
    eqn = Equation(neg_primitive(), [Literal(1.0, ShapedArray((), "float32"))], [], {})
    program = Jaxpr((), [], [], [eqn], frozenset({Effect("io")}))
    assert str(program) == "{ lambda ; . let neg 1.0:f32[] in () }"
