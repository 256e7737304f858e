"""Libraries that take the arrays of any framework take jib's."""

import subprocess
import sys

import numpy as np
import opt_einsum
import pytest

import jib
import jib.numpy as jnp

einops = pytest.importorskip("einops")
X = np.arange(24.0, dtype="float32").reshape(2, 3, 4)


@pytest.mark.parametrize(
    "pattern", ["a b c -> c (a b)", "(two a) b c -> two a b c", "a b c -> b a c"]
)
def test_einops_rearranges(pattern):
    names = {"two": 2} if "two" in pattern else {}
    for f in (einops.rearrange, jib.jit(einops.rearrange, static_argnums=1)):
        out = f(jnp.asarray(X), pattern, **names) if f is einops.rearrange or not names else None
        if out is not None:
            assert isinstance(out, jib.Array)
            np.testing.assert_array_equal(out, einops.rearrange(X, pattern, **names))


def test_einops_reduces_repeats_and_multiplies_under_transforms():
    def f(x):
        mean = einops.reduce(x, "a b c -> a c", "mean")
        return einops.einsum(
            einops.repeat(mean, "a c -> a c d", d=2), x, "a c d, a b c -> d b"
        ).sum()

    np.testing.assert_allclose(jib.jit(f)(jnp.asarray(X)), f(X), rtol=1e-5)
    assert jib.grad(f)(jnp.asarray(X)).shape == X.shape
    packed, shapes = einops.pack([jnp.asarray(X), jnp.ones((2, 4))], "a * c")
    assert packed.shape == (2, 4, 4) and len(einops.unpack(packed, shapes, "a * c")) == 2


def test_opt_einsum_contracts():
    def f(x):
        return opt_einsum.contract("abc,abd,cd->b", x, x, x[0, :4, :].T @ x[0])

    np.testing.assert_allclose(jib.jit(f)(jnp.asarray(X)), f(X), rtol=1e-5)
    assert isinstance(f(jnp.asarray(X)), jib.Array)


@pytest.mark.parametrize("first, second", [("einops", "jib.numpy"), ("jib.numpy", "einops")])
def test_the_order_of_imports_does_not_matter(first, second):
    code = (
        f"import {first}, {second}, einops, jib.numpy as jnp\n"
        "print(einops.rearrange(jnp.ones((2, 3)), 'a b -> b a').shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(3, 2)\n"
