"""Re-created functions share a trace only if they compute the same."""

import numpy as np

import jib
from jib import lax
from jib.transforms._calls import content_key
from jib.transforms.jit import _traces, jit

scale = 1.0


def helper(x):
    return lax.mul(x, np.float32(scale))


def make(n):
    return lambda x: lax.mul(x, n)


def test_closures_share_by_content():
    assert content_key(make(2.0)) == content_key(make(2.0))
    assert content_key(make(2.0)) != content_key(make(3.0))
    assert content_key(make(0.0)) != content_key(make(-0.0))
    assert content_key(make(1)) != content_key(make(True))
    assert content_key(make(np.ones(3))) is None


def test_a_global_that_changes_changes_the_function():
    global scale
    seen = []
    for value in (2.0, 3.0):
        scale = value
        direct = jit(lambda x: lax.mul(x, np.float32(scale)))  # noqa: B023 (a global)
        through = jit(lambda x: helper(x))
        seen.append((float(direct(np.float32(1))), float(through(np.float32(1)))))
    scale = 1.0
    assert seen == [(2.0, 2.0), (3.0, 3.0)]


def test_traces_of_one_function_are_bounded():
    def double(x):
        return 2 * x

    compiled = jib.jit(double)
    for length in range(600):
        compiled.trace(jib.ShapeDtypeStruct((length,), "float32"))
    assert len(_traces.results_of(double)) == 512
    # The newest is still there: the function is not traced again.
    program = compiled.trace(jib.ShapeDtypeStruct((599,), "float32")).jaxpr.jaxpr
    assert compiled.trace(jib.ShapeDtypeStruct((599,), "float32")).jaxpr.jaxpr is program
