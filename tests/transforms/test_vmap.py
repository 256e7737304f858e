"""`vmap`: the forms of its axes, nesting, and its errors."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    BatchSizeError,
    NotAvailableError,
    StructureError,
)

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def sentence(caught):
    return str(caught.value).splitlines()[0]


# ----------------------------------------------------------------------------- in and out


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_axes_of_arguments(axis):
    found = jib.vmap(lambda v: v.sum(), in_axes=axis)(X)
    np.testing.assert_array_equal(found, [v.sum() for v in np.moveaxis(X, axis, 0)])


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_axes_of_results(axis):
    outer = lambda v: jnp.outer(v, v)
    found = jib.vmap(outer, out_axes=axis)(X)
    np.testing.assert_array_equal(found, np.stack([np.outer(v, v) for v in X], axis))


def test_prefixes_of_trees():
    tree = {"a": X, "b": (X.T, 2.0)}
    f = lambda d, e: (d["a"] * d["b"][0] * d["b"][1], e)
    found, e = jib.vmap(f, in_axes=({"a": 0, "b": (1, None)}, None), out_axes=(0, None))(tree, 5)
    np.testing.assert_array_equal(found, X * X * 2)
    assert int(e) == 5
    as_list = jib.vmap(lambda a, b: a * b, in_axes=[0, None])(X, 2.0)
    np.testing.assert_array_equal(as_list, X * 2)


def test_results_of_several_axes():
    found = jib.vmap(lambda v: {"v": v, "c": (v.sum(), 1.0)}, out_axes={"v": 1, "c": (0, None)})(X)
    np.testing.assert_array_equal(found["v"], X.T)
    assert found["c"][0].shape == (2,)
    assert found["c"][1] == 1.0


def test_none_among_arguments_and_keywords():
    assert jib.vmap(lambda a, b: a, in_axes=(0, None))(X, None).shape == (2, 3)
    assert jib.vmap(lambda a, b: a)(X, None).shape == (2, 3)
    np.testing.assert_array_equal(jib.vmap(lambda a, *, b: a + b)(X, b=X), 2 * X)


def test_axis_size():
    found = jib.vmap(lambda: jnp.ones(2), axis_size=3)()
    assert found.shape == (3, 2)
    assert jib.vmap(lambda x: x, in_axes=None, axis_size=4)(1.0).shape == (4,)
    assert jib.vmap(lambda x: x, axis_size=2)(X).shape == X.shape
    name = jib.vmap(lambda x: x + lax.axis_index("i"), axis_name="i", axis_size=2)
    assert name(np.zeros(2, np.float32)).tolist() == [0.0, 1.0]


def test_a_constant_result_is_repeated():
    assert jib.vmap(lambda v: 3.0)(X).tolist() == [3.0, 3.0]
    assert jib.vmap(lambda v: (np.int32(1), v.sum()), out_axes=(None, 0))(X)[0] == 1


def test_no_members():
    assert jib.vmap(lambda v: v * 2)(np.zeros((0, 3), np.float32)).shape == (0, 3)


# ------------------------------------------------------------------------------- nesting


def test_nested_maps():
    outer = jib.vmap(jib.vmap(lambda a, b: a * b, (None, 0)), (0, None))
    np.testing.assert_array_equal(outer(X[0], X[1]), np.multiply.outer(X[0], X[1]))
    swapped = jib.vmap(jib.vmap(lambda a: a * 2, 1, 1), 0, -1)(np.ones((2, 3, 4), np.float32))
    assert swapped.shape == (3, 4, 2)


def test_names_of_nested_axes():
    f = lambda a, b: lax.psum(a, "i") + lax.psum(b, ("i", "j"))
    found = jib.vmap(jib.vmap(f, axis_name="j"), axis_name="i")(X, X)
    np.testing.assert_array_equal(found, X.sum(0, keepdims=True) + X.sum() + 0 * X)


def test_transforms_on_top_of_each_other():
    """A map of a compiled gradient of a compiled function, against its closed form."""
    inner = jib.jit(lambda x, s: (jnp.sin(x) * s).sum())
    run = jib.vmap(jib.jit(jib.grad(inner)), in_axes=(0, None))
    expected = np.cos(X) * 2
    np.testing.assert_allclose(run(X, 2.0), expected, rtol=1e-6)
    np.testing.assert_allclose(jib.jit(run)(X, 2.0), expected, rtol=1e-6)
    total = lambda x: run(x, 2.0).sum()
    np.testing.assert_allclose(jib.grad(total)(X), -2 * np.sin(X), rtol=1e-6)
    second = jib.vmap(jib.hessian(lambda x: inner(x, 1.0)))(X)
    np.testing.assert_allclose(second[1], np.diag(-np.sin(X[1])), atol=1e-6)


def test_the_function_runs_once():
    calls = []
    jib.vmap(lambda v: calls.append(v.shape) or v)(X)
    assert calls == [(3,)]


# -------------------------------------------------------------------------------- errors


def test_sizes_that_differ():
    with pytest.raises(BatchSizeError) as caught:
        jib.vmap(lambda a, b: a)(X, X.T)
    assert sentence(caught) == (
        "jib.vmap of `<lambda>` needs one size for all mapped axes, but `a` has 2 and `b` has 3"
    )
    assert "`b` is float32[3,2], mapped over axis 0" in str(caught.value)
    with pytest.raises(BatchSizeError, match="`axis_size` has 3"):
        jib.vmap(lambda a: a, axis_size=3)(X)


def test_axes_that_do_not_exist():
    with pytest.raises(ArgumentValueError) as caught:
        jib.vmap(lambda d: d, in_axes=2)({"w": X})
    assert sentence(caught) == (
        "`vmap` cannot map over axis 2 of `d['w']`: float32[2,3] has 2 axes"
    )
    with pytest.raises(ArgumentValueError, match="axis 0 of `x`: float32"):
        jib.vmap(lambda x: x)(1.0)
    for axis in (2, -3):
        with pytest.raises(ArgumentValueError, match=f"cannot put the batch at axis {axis}"):
            jib.vmap(lambda v: v, out_axes=axis)(X)


@pytest.mark.parametrize("axes", ["x", 1.5, True, (0.5,)])
def test_axes_that_are_no_integers(axes):
    with pytest.raises(ArgumentTypeError, match="in_axes of `vmap` holds integers and None"):
        jib.vmap(lambda v: v, in_axes=axes)(X)
    with pytest.raises((ArgumentTypeError, StructureError)):
        jib.vmap(lambda v: v, out_axes=axes)(X)


def test_prefixes_that_do_not_fit():
    with pytest.raises(ArgumentValueError, match="in_axes for 1 argument"):
        jib.vmap(lambda a, b: a, in_axes=(0,))(X, X)
    with pytest.raises(StructureError, match="the prefix does not fit"):
        jib.vmap(lambda d: d, in_axes=({"a": 0},))({"b": X})
    with pytest.raises(StructureError, match="the prefix does not fit"):
        jib.vmap(lambda v: v, out_axes=(0, 0))(X)
    with pytest.raises(ArgumentValueError, match="nothing to map over"):
        jib.vmap(lambda v: v, in_axes=None)(X)
    with pytest.raises(ArgumentValueError, match=r"without batch axis \(out_axes=None\)"):
        jib.vmap(lambda v: v, out_axes=None)(X)


def test_options_that_are_not_there_are_refused():
    with pytest.raises(NotAvailableError, match=r"jib does not have vmap\(sum_match=True\)"):
        jib.vmap(jnp.sin, sum_match=True)
