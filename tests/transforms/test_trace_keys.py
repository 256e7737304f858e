"""Re-created functions share a trace only if they compute the same."""

import numpy as np

from jib import lax
from jib.transforms._calls import content_key
from jib.transforms.jit import jit

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
