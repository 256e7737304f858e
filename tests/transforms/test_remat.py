"""`checkpoint`: the same derivatives, computed again instead of kept."""

import numpy as np
import pytest

from jib import lax
from jib.ad_checkpoint import (
    Offloadable,
    Recompute,
    Saveable,
    print_saved_residuals,
    saved_residuals,
)
from jib.core.jaxpr import sub_jaxprs
from jib.errors import NotAvailableError
from jib.lax._recompute import name_p
from jib.transforms.abstract import make_jaxpr
from jib.transforms.grad import grad
from jib.transforms.jit import jit
from jib.transforms.linear import jvp
from jib.transforms.remat import checkpoint, checkpoint_name, checkpoint_policies
from jib.transforms.vmap import vmap

X = np.float32(1.1)
XS = np.float32([0.1, 0.7])
SLOPE = np.cos(np.sin(np.sin(1.1))) * np.cos(np.sin(1.1)) * np.cos(1.1)


def waves(x):
    return lax.sin(lax.sin(lax.sin(x)))


def counts(function, *args):
    """How often each primitive stands in a program."""
    found = {}

    def walk(jaxpr):
        for eqn in jaxpr.eqns:
            found[eqn.primitive.name] = found.get(eqn.primitive.name, 0) + 1
            for inner in sub_jaxprs(eqn.params):
                walk(inner)

    walk(make_jaxpr(function)(*args).jaxpr)
    return found


def test_values_and_derivatives():
    f = checkpoint(waves)
    np.testing.assert_allclose(f(X), np.sin(np.sin(np.sin(1.1))), rtol=1e-6)
    for run in (grad(f), jit(grad(f)), grad(jit(f)), grad(checkpoint(f))):
        np.testing.assert_allclose(run(X), SLOPE, rtol=1e-5)
    np.testing.assert_allclose(jvp(f, (X,), (np.float32(2),))[1], 2 * SLOPE, rtol=1e-5)
    np.testing.assert_allclose(grad(grad(f))(X), grad(grad(waves))(X), rtol=1e-5)
    np.testing.assert_allclose(vmap(grad(f))(XS), vmap(grad(waves))(XS), rtol=1e-5)
    total = lambda xs: lax.reduce_sum(vmap(f)(xs), (0,))
    np.testing.assert_allclose(jit(grad(total))(XS), vmap(grad(waves))(XS), rtol=1e-5)


def test_it_computes_again():
    assert counts(grad(waves), X)["sin"] == 3
    # Three on the way there; two of them again on the way back.
    assert counts(grad(checkpoint(waves)), X)["sin"] == 5


def test_only_the_arguments_are_kept():
    program = make_jaxpr(grad(checkpoint(waves)))(X)
    back = program.eqns[-1]
    assert back.primitive.name == "checkpoint"
    assert back.invars[0] is program.jaxpr.invars[0]
    assert len(back.invars) == 2  # the argument, and the cotangent


@pytest.mark.parametrize("prevent_cse", [True, False])
def test_a_barrier_keeps_the_compiler_from_merging(prevent_cse):
    text = jit(grad(checkpoint(waves, prevent_cse=prevent_cse))).lower(X).as_text()
    assert ("optimization_barrier" in text) is prevent_cse


def test_policies():
    policies = checkpoint_policies
    sines = lambda policy: counts(grad(checkpoint(waves, policy=policy)), X)["sin"]
    assert sines(policies.nothing_saveable) == 5
    assert sines(policies.everything_saveable) == 3
    assert sines(policies.dots_saveable) == 5
    matrix = np.eye(3, dtype=np.float32)
    layer = lambda v: lax.reduce_sum(lax.sin(lax.dot(matrix, lax.sin(v))), (0,))
    dots = lambda policy: counts(
        grad(checkpoint(jit(layer), policy=policy)), np.float32([1, 2, 3])
    )["dot_general"]
    assert dots(policies.nothing_saveable) == 3
    assert dots(policies.dots_saveable) == 2
    assert dots(policies.dots_with_no_batch_dims_saveable) == 2
    with pytest.raises(NotAvailableError, match="no_such_policy"):
        _ = policies.no_such_policy


def test_names_for_policies():
    def named(x):
        return lax.sin(checkpoint_name(lax.sin(checkpoint_name(lax.sin(x), "first")), "second"))

    policies = checkpoint_policies
    sines = lambda policy: counts(grad(checkpoint(named, policy=policy)), X)["sin"]
    assert sines(policies.save_only_these_names("first")) == 4
    assert sines(policies.save_only_these_names("first", "second")) == 3
    assert sines(policies.save_any_names_but_these("first")) == 4
    either = policies.save_from_both_policies(
        policies.save_only_these_names("first"), policies.save_only_these_names("second")
    )
    assert sines(either) == 3
    np.testing.assert_allclose(grad(checkpoint(named, policy=either))(X), SLOPE, rtol=1e-5)


def test_static_arguments():
    f = checkpoint(lambda x, n: waves(x) if n else x, static_argnums=(1,))
    np.testing.assert_allclose(grad(f)(X, 1), SLOPE, rtol=1e-5)
    assert float(grad(f)(X, 0)) == 1.0
    g = checkpoint(lambda x, *, flip: lax.neg(x) if flip is True else x)
    assert float(g(X, flip=True)) == -X


def test_in_a_loop_nothing_but_the_carry_is_stacked():
    loop = lambda wrap: lambda x: lax.scan(lambda c, _: (wrap(waves)(c), None), x, None, 6)[0]
    np.testing.assert_allclose(grad(loop(checkpoint))(X), grad(loop(lambda f: f))(X), rtol=1e-5)
    text = jit(grad(loop(checkpoint))).lower(X).as_text()
    line = next(line for line in text.splitlines() if "stablehlo.while" in line)
    assert line.count("tensor<6xf32>") == 1


def test_what_is_kept_can_be_listed(capsys):
    layer = lambda x, w: lax.sin(lax.mul(checkpoint_name(lax.exp(x), "grown"), w["scale"]))
    wanted = checkpoint_policies.save_only_these_names("grown")
    args = X, {"scale": X}
    listed = lambda f: [origin for _, origin in saved_residuals(f, *args)]
    assert "the argument w['scale']" in listed(layer)
    assert any(line.startswith("output of cos from ") for line in listed(layer))
    assert listed(checkpoint(layer)) == ["the argument x", "the argument w['scale']"]
    assert len(listed(checkpoint(layer, policy=wanted))) == 3
    print_saved_residuals(lambda x: lax.mul(x, X), 2.0)
    assert capsys.readouterr().out in ("float32[] from a constant\n", "")


def test_offloading_policies_keep_values():
    policies = checkpoint_policies
    kinds = {"offload_src": "device", "offload_dst": "pinned_host"}
    matrix = np.eye(3, dtype=np.float32)
    layer = lambda v: lax.reduce_sum(
        lax.sin(lax.dot(matrix, checkpoint_name(lax.sin(v), "inner"))), (0,)
    )
    count = lambda policy, name: counts(
        grad(checkpoint(layer, policy=policy)), np.float32([1, 2, 3])
    )[name]
    assert count(policies.offload_dot_with_no_batch_dims(**kinds), "dot_general") == 2
    names = policies.save_and_offload_only_these_names(
        names_which_can_be_saved=[], names_which_can_be_offloaded=["inner"], **kinds
    )
    assert count(names, "dot_general") == 3
    assert count(names, "sin") < count(policies.nothing_saveable, "sin")
    assert names(name_p, name="inner") == Offloadable("device", "pinned_host")
    assert names(name_p, name="outer") is Recompute
    with_both = policies.save_from_both_policies(names, policies.everything_saveable)
    assert with_both(name_p, name="outer") is Saveable
