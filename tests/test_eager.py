"""Arrays outside of any transform: programs that repeat, operators, conversions, copies."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import lax
from jib.backend import compile as compiler
from jib.errors import AmbiguousTruthError, ItemAssignmentError, UnhashableArrayError

X = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def compilations(monkeypatch):
    """The names of the programs that XLA was asked for."""
    names = []
    compile_module = compiler.compile_module

    def count(*args, **kwargs):
        names.append(kwargs.get("name"))
        return compile_module(*args, **kwargs)

    monkeypatch.setattr(compiler, "compile_module", count)
    return names


# --------------------------------------------------------------------- one program for each


@pytest.mark.parametrize(
    "operation",
    [
        lambda x, i: x[i],
        lambda x, i: x[i, -i],
        lambda x, i: x[i : i + 1],
        lambda x, i: x.at[i].set(float(i)),
        lambda x, i: x.at[i, i].add(i),
        lambda x, i: x * i,
        lambda x, i: i - x,
        lambda x, i: jnp.where(x > i, x, i),
        lambda x, i: x[np.array([i, 0])],
        lambda x, i: jnp.sum(x + i, axis=0),
        lambda x, i: jnp.clip(x, 0.0, float(i)),
        lambda x, i: lax.dynamic_slice(x, (i, 0), (1, 2)),
    ],
    ids=[
        "row",
        "element",
        "slice",
        "set",
        "add",
        "times",
        "minus",
        "where",
        "gather",
        "sum",
        "clip",
        "dynamic",
    ],
)
def test_other_values_need_no_other_program(operation, compilations):
    x = jnp.asarray(X)
    operation(x, 1)
    compilations.clear()
    for i in (0, 2, 1):
        found = operation(x, i)
        with jib.disable_jit():
            np.testing.assert_allclose(found, operation(x, i))
    assert compilations == []


def test_one_program_for_each_public_function(compilations):
    x = jnp.asarray(X.T.copy())
    jib.clear_caches()
    compilations.clear()
    x.std(axis=1)
    assert len(compilations) == 1


# ----------------------------------------------------------------------------- disable_jit


def steps(x):
    """A compiled loop in a compiled function, and control flow on values where those are known."""

    def body(i, v):
        return jnp.where(i % 2 == 0, v * 2, v + 1)

    y = lax.fori_loop(0, 4, body, x)
    y = lax.cond(y.sum() > 3, jnp.sin, jnp.cos, y)
    y, sums = lax.scan(lambda c, v: (c + v, c * v), y, jnp.arange(3.0))
    return {"y": y, "sums": sums, "sorted": jnp.sort(y), "top": jnp.argmax(y)}


def test_without_the_compiler(compilations):
    f = jib.jit(steps)
    compiled = f(X[0])
    compilations.clear()
    jib.clear_caches()
    with jib.disable_jit():
        reference = f(X[0])
    assert compilations == []
    for name, value in reference.items():
        np.testing.assert_allclose(value, compiled[name], rtol=1e-6)


def test_without_the_compiler_values_are_known():
    seen = []

    @jib.jit
    def f(x):
        seen.append(float(x))
        return -x if x > 1 else x

    with jib.disable_jit():
        assert [float(f(x)) for x in (1.0, 2.0)] == [1.0, -2.0]
        gradient = jib.grad(lambda x: f(x) * 3)(2.0)
    assert float(gradient) == -3.0
    assert seen == [1.0, 2.0, 2.0]


# ------------------------------------------------------------------------------- operators


def test_numpy_arrays_on_the_left():
    x = jnp.ones(3)
    host = np.arange(3, dtype=np.float32)
    for found in (host * x, host + x, host - x, host / x, host**x, host > x, host @ x):
        assert isinstance(found, jib.Array)
    assert (host - x).tolist() == [-1.0, 0.0, 1.0]
    assert isinstance(np.float32(2) * x, jib.Array)
    assert (np.float32(2) - x).tolist() == [1.0, 1.0, 1.0]


def test_updates_in_place_make_new_arrays():
    x = y = jnp.ones(2)
    x += 1
    x *= 3
    x -= np.float32(1)
    x /= 5
    x **= 2
    assert (x.tolist(), y.tolist()) == ([1.0, 1.0], [1.0, 1.0])
    n = m = jnp.arange(3)
    n |= 4
    n <<= 1
    n //= 2
    n %= 5
    assert (n.tolist(), m.tolist()) == ([4, 0, 1], [0, 1, 2])
    with pytest.raises(ItemAssignmentError, match=r"x = x\.at\[0\]\.set\(5\)"):
        x[0] = 5


def test_comparisons():
    x = jnp.float32(2)
    assert 1 < x < 3
    assert not 1 < x < 2
    assert (jnp.arange(3) == np.arange(3)).all()
    assert (jnp.arange(3) != 1).tolist() == [True, False, True]
    with pytest.raises(AmbiguousTruthError):
        assert 0 <= jnp.arange(3) <= 2


def test_python_values():
    x = jnp.int32(3)
    assert (int(x), float(x), complex(x), bool(x), [0, 1, 2, 9][x]) == (3, 3.0, 3 + 0j, True, 9)
    assert (f"{jnp.float32(1.23456):.2f}", f"{x:03d}", round(jnp.float32(2.6))) == (
        "1.23",
        "003",
        3,
    )
    assert list(range(x)) == [0, 1, 2]
    assert int(jnp.ones((1, 1)).sum()) == 1
    with pytest.raises(TypeError):
        [1, 2, 3][jnp.float32(1)]
    with pytest.raises(TypeError):
        float(jnp.ones(2))
    for value in (jnp.ones(2), jnp.zeros(0)):
        with pytest.raises(AmbiguousTruthError):
            bool(value)


def test_iteration():
    x = jnp.asarray(X)
    assert [row.tolist() for row in x] == X.tolist()
    first, *_ = x
    assert first.shape == (4,)
    assert len(x) == 3
    assert [v.tolist() for v in reversed(x)] == X[::-1].tolist()
    assert 5.0 in x
    assert 50 not in x
    assert dict(enumerate(jnp.arange(2)))[1] == 1
    for failing in (iter, len):
        with pytest.raises(TypeError):
            failing(jnp.float32(1))


def test_an_array_has_no_hash():
    with pytest.raises(UnhashableArrayError):
        hash(jnp.ones(2))
    with pytest.raises(TypeError):
        {jnp.float32(1): 1}


# ------------------------------------------------------------------------- copies and views


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8", "bool", "complex64", "float64"])
def test_copies(dtype):
    x = jnp.asarray(X).astype(dtype)
    for y in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x)), x.copy()):
        assert isinstance(y, jib.Array)
        assert y.dtype == x.dtype
        np.testing.assert_array_equal(np.asarray(y), np.asarray(x))


def test_pickles_keep_weak_types_and_trees():
    tree = {"x": jnp.asarray(2.0), "n": None, "list": [jnp.arange(2)]}
    found = pickle.loads(pickle.dumps(jib.jit(lambda t: t)(tree)))
    assert found["list"][0].tolist() == [0, 1]
    weak = jib.jit(lambda x: x)(2.0)
    assert pickle.loads(pickle.dumps(weak)).weak_type
    key = jib.random.key(3)
    again = pickle.loads(pickle.dumps(key))
    assert jib.random.bits(again).item() == jib.random.bits(key).item()


@pytest.mark.parametrize("make", [copy.deepcopy, jnp.array, jnp.copy, lambda x: x.copy()])
def test_copies_survive_donation(make):
    x = jnp.ones(16)
    y = make(x)
    jib.jit(lambda v: v + 1, donate_argnums=0)(x)
    assert x.is_deleted()
    assert y.tolist() == [1.0] * 16


def test_numpy_views():
    x = jnp.asarray(X)
    view = np.asarray(x)
    assert not view.flags.writeable
    assert np.asarray(x) is not None
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    mine = np.array(x)
    mine[0] = 7
    assert x.tolist() == X.tolist()
    assert np.asarray(x, np.int16).dtype == np.int16
    assert np.asarray(x, np.int16).tolist() == X.tolist()
    assert np.array(x, copy=True).flags.writeable
    assert np.sum(x).item() == X.sum()
    del x
    assert view.tolist() == X.tolist()


def test_the_host_array_is_copied():
    host = X.copy()
    x = jnp.asarray(host)
    y = jnp.array(host)
    z = jib.device_put(host)
    host[:] = -1
    for found in (x, y, z):
        assert found.tolist() == X.tolist()


def test_dlpack():
    x = jnp.asarray(X)
    there = np.from_dlpack(x)
    np.testing.assert_array_equal(there, X)
    assert there.ctypes.data == x.unsafe_buffer_pointer()
    assert not there.flags.writeable
    assert x.__dlpack_device__() == (1, 0)
    apart = np.from_dlpack(x, copy=True)
    assert apart.ctypes.data != x.unsafe_buffer_pointer()
    with pytest.raises(BufferError, match="is on DLPack device"):
        x.__dlpack__(dl_device=(2, 0))


def test_texts():
    assert repr(jnp.arange(3)) == "Array([0, 1, 2], dtype=int32)"
    assert str(jnp.ones(2)) == "[1. 1.]"
    assert repr(jnp.zeros((0, 2))) == "Array([], shape=(0, 2), dtype=float32)"


# --------------------------------------------------------------------------------- devices


DEVICES = """
import numpy as np
import jib, jib.numpy as jnp
one = jib.devices()[1]
with jib.default_device(one):
    x = jnp.ones(3) + 1
    y = jib.jit(lambda v: v * 2)(np.float32(3))
    z = jib.random.key(0)
assert x.devices() == {one} and y.devices() == {one}
assert jnp.ones(3).devices() == {jib.devices()[0]}
assert not x.committed
assert (x + jib.device_put(1.0, jib.devices()[0])).devices() == {jib.devices()[0]}
print("passed")
"""


def test_default_device():
    """In a process of its own, which has two devices."""
    environment = {**os.environ, "JIB_NUM_CPU_DEVICES": "2"}
    done = subprocess.run(
        [sys.executable, "-c", DEVICES], env=environment, capture_output=True, text=True
    )
    assert done.stdout == "passed\n", done.stderr
