"""`eval_shape`, `make_jaxpr`, `typeof`, scopes, and evaluation at compile time."""

import numpy as np
import pytest

from jib import lax
from jib.core.avals import ShapeDtypeStruct
from jib.errors import ArgumentTypeError
from jib.transforms.abstract import (
    ensure_compile_time_eval,
    eval_shape,
    make_jaxpr,
    named_call,
    named_scope,
    typeof,
)
from jib.transforms.jit import jit


def test_eval_shape():
    struct = ShapeDtypeStruct((3, 2), np.float32)
    got = eval_shape(lambda x, n: {"a": lax.transpose(x, (1, 0)), "n": n}, struct, n=1)
    assert got["a"] == ShapeDtypeStruct((2, 3), np.float32)
    assert got["n"] == ShapeDtypeStruct((), np.int32, weak_type=True)


def test_make_jaxpr():
    def f(x, n):
        for _ in range(n):
            x = lax.sin(x)
        return x, x

    program, shapes = make_jaxpr(f, static_argnums=1, return_shape=True)(np.float32(1), 3)
    assert [e.primitive.name for e in program.eqns] == ["sin"] * 3
    assert shapes == (ShapeDtypeStruct((), np.float32),) * 2


def test_make_jaxpr_with_axes():
    f = lambda x: lax.psum(x, "i")
    program = make_jaxpr(f, axis_env=[("i", 4)])(np.float32(1))
    assert len(program.eqns) >= 1


def test_typeof():
    assert typeof(np.ones((2, 3), np.float32)).str_short(True) == "f32[2,3]"
    assert typeof(1.0).weak_type


def test_scopes_nest_and_end():
    with named_scope("model"), named_scope("layer") as name:
        assert name == "model/layer"
    with named_scope("model") as name:
        assert name == "model"
    assert float(named_call(lax.neg, name="minus")(1.0)) == -1.0
    with pytest.raises(ArgumentTypeError):
        named_scope(3).__enter__()


def test_ensure_compile_time_eval():
    @jit
    def f(x):
        with ensure_compile_time_eval():
            n = int(lax.add(np.int32(2), np.int32(3)))
        return lax.mul(x, n)

    assert int(f(2)) == 10
