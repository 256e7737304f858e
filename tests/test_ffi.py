"""Calls of compiled code: a handler compiled here, and targets that jaxlib brings."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.backend.ffi import ensure_lapack
from jib.core.primitive import Primitive, Waived
from jib.errors import ArgumentValueError, EffectError, JibRuntimeError, NoDerivativeError

COMPILER = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")


@pytest.fixture(scope="module")
def scale(tmp_path_factory):
    if COMPILER is None:
        pytest.skip("no C++ compiler (c++, g++ or clang++) is on the path")
    library = tmp_path_factory.mktemp("ffi") / "handler.so"
    source = Path(__file__).with_name("ffi_handler.cc")
    flags = ["-std=c++17", "-w", "-fPIC", "-shared", f"-I{jib.ffi.include_dir()}"]
    subprocess.run([COMPILER, *flags, source, "-o", library], check=True)
    handler = ctypes.CDLL(str(library)).ScaleHandler
    jib.ffi.register_ffi_target("jib_test_scale", jib.ffi.pycapsule(handler))

    def call(x, mode="plus", **options):
        target = jib.ffi.ffi_call(
            "jib_test_scale", jib.ShapeDtypeStruct(x.shape, x.dtype), **options
        )
        return target(x, by=np.float32(3), mode=mode)

    return call


X = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize(
    "options",
    [{}, {"has_side_effect": True}, {"input_output_aliases": {0: 0}},
     {"input_layouts": [(1, 0)], "output_layouts": (1, 0)}],
    ids=str,
)  # fmt: skip
def test_a_compiled_handler(scale, options):
    x = jnp.asarray(X)
    np.testing.assert_array_equal(scale(x, **options), X * 3 + 1)
    np.testing.assert_array_equal(jib.jit(lambda x: scale(x, **options))(x), X * 3 + 1)
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize(
    "method", ["sequential", "sequential_unrolled", "expand_dims", "broadcast_all"]
)
def test_batches(scale, method):
    out = jib.jit(jib.vmap(lambda x: scale(x, vmap_method=method), in_axes=1, out_axes=1))(X)
    np.testing.assert_array_equal(out, X * 3 + 1)


def test_errors(scale):
    x = jnp.asarray(X)
    with pytest.raises(NoDerivativeError, match="custom_jvp"):
        jib.grad(lambda x: scale(x).sum())(x)
    with pytest.raises(EffectError, match="vmap_method"):
        jib.vmap(scale)(x)
    with pytest.raises(JibRuntimeError, match="told to fail"):
        np.asarray(scale(x, "fail"))
    with pytest.raises(ArgumentValueError, match="2 entries for 1"):
        scale(x, input_layouts=[None, None])
    with pytest.raises(ArgumentValueError, match="share memory"):
        scale(x, input_output_aliases={0: 0}, input_layouts=[(1, 0)])
    with pytest.raises(ArgumentValueError, match="not there"):
        scale(x, input_output_aliases={1: 0})
    with pytest.raises(ArgumentValueError, match="typed handlers"):
        scale(x, legacy_backend_config="by=3")


def cholesky(x):
    results = (jib.ShapeDtypeStruct(x.shape, x.dtype), jib.ShapeDtypeStruct((), "int32"))
    # LAPACK's matrices lie column by column.
    layouts = {"input_layouts": [(1, 0)], "output_layouts": [(1, 0), ()]}
    call = jib.ffi.ffi_call("lapack_spotrf_ffi", results, vmap_method="sequential", **layouts)
    return call(x, uplo=np.uint8(ord("L")))


def test_a_target_of_jaxlib():
    ensure_lapack()
    x = np.array([[4.0, 2.0], [2.0, 5.0]], np.float32)
    for run in (cholesky, jib.jit(cholesky)):
        factor, status = run(x)
        assert int(status) == 0
        np.testing.assert_allclose(np.tril(factor), np.linalg.cholesky(x), rtol=1e-6)
    many = jib.vmap(cholesky)(np.stack([x, 4 * x]))[0]
    np.testing.assert_allclose(np.tril(many[1]), 2 * np.linalg.cholesky(x), rtol=1e-6)


def test_a_primitive_that_is_a_call():
    ensure_lapack()
    call_p = Primitive(
        "test_potrf",
        type=lambda x, **_: [x, x.update(shape=(), dtype=np.dtype("int32"))],
        numpy=Waived("a test"),
        jvp=Waived("a test"),
        transpose=Waived("a test"),
        batch=Waived("a test"),
        lower=jib.ffi.ffi_lowering("lapack_spotrf_ffi"),
        multiple_results=True,
    )
    factor, _ = jib.jit(lambda x: call_p.bind(x, uplo=np.uint8(ord("L"))))(
        np.eye(2, dtype="f4") * 9
    )
    np.testing.assert_allclose(factor, np.eye(2) * 3)
