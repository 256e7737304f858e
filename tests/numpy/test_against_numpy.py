"""Functions that NumPy has too give what NumPy gives."""

from __future__ import annotations

import numpy as np
import pytest

import jib
import jib.numpy as jnp

_random = np.random.default_rng(0)


def f(*shape):
    return _random.normal(size=shape).astype(np.float32)


def i(*shape):
    return _random.integers(-9, 9, size=shape).astype(np.int32)


CASES: list[tuple] = []


def c(name, *arguments, **options):
    """A case: the name of a function, and how both libraries are to call it."""
    CASES.append((name, arguments, options))


EDGES = np.float32([-1, 0, 2, 5])
A = f(3, 4)
B = f(3, 4)
V = f(5)
N = A.copy()
N[0, 1] = np.nan
N[2, :] = np.nan
WHOLE = i(3, 4)
J = i(3, 4)
W = i(5)
UNARY = "signbit fabs spacing frexp modf angle iscomplex isreal deg2rad rad2deg degrees sinc i0"
for n in UNARY.split():
    c(n, A)
c("angle", A + 1j * B, deg=True)
c("frexp", np.float32([0, -0.0, 1e-40, np.inf, np.nan, 3e38, -8]))
c("modf", np.float32([1.5, -2.5, np.inf, -np.inf, np.nan]))
c("signbit", np.float32([-0.0, 0, -1, 1]))
c("signbit", WHOLE)
for n in ["copysign", "heaviside", "float_power", "hypot", "logaddexp2"]:
    c(n, np.abs(A), B)
c("hypot", np.float32([1e30, 3, np.inf, 0]), np.float32([1e30, 4, np.nan, 0]))
c("ldexp", A, WHOLE)
c("ldexp", np.float32([1e-30]), np.int32([200]))
c("gcd", WHOLE, J)
c("lcm", WHOLE, J)
c("gcd", 12, W)
c("lcm", 0, W)
for n in ["bartlett", "blackman", "hamming", "hanning"]:
    c(n, 7)
    c(n, 1)
    c(n, 0)
c("kaiser", 6, 14.0)
for m in ("full", "same", "valid"):
    for x, y in ((V, V[:2]), (V[:2], V), (V[:4], V[:2]), (V[:3], V), (W, W[:2])):
        c("convolve", x, y, m)
        c("correlate", x, y, m)
c("correlate", V + 1j * V[::-1], V[:2] - 2j)
c("permute_dims", A, (1, 0))
c("rollaxis", f(2, 3, 4), 2)
c("rollaxis", f(2, 3, 4), 0, 3)
c("rollaxis", f(2, 3, 4), 0, -1)
c("fliplr", A)
c("flipud", A)
c("resize", A, (2, 7))
c("matvec", f(2, 3, 4), f(4))
c("vecmat", f(3) + 1j, f(2, 3, 4))
c("diagflat", A[:2, :2], 1)
c("vsplit", f(4, 2), 2)
c("hsplit", A, 2)
c("hsplit", f(4), 2)
c("dsplit", f(1, 2, 4), 2)
c("cumulative_prod", V)
c("cumulative_sum", A, axis=1, include_initial=True)
c("cumulative_prod", A, axis=0, include_initial=True)
for n in ["nancumsum", "nancumprod", "nanprod", "nanvar", "nanmedian"]:
    c(n, N[:2])
    c(n, N[:2], axis=1)
c("nanargmax", N[:2], axis=1)
c("nanargmin", N[:2])
c("nanargmax", WHOLE, axis=0)
c("nanquantile", N, np.float32([0.1, 0.5]), axis=0)
c("nanquantile", N[:2], 0.3, axis=1, keepdims=True)
c("nanpercentile", N, 30.0)
c("nanquantile", N, 0.3, axis=0, method="nearest")
c("sort_complex", V)
c("digitize", A, np.float32([-1, 0, 1]))
c("digitize", A, np.float32([1, 0, -1]), right=True)
for edges in (EDGES, EDGES[::-1]):
    for right in (False, True):  # the edges themselves are among the values
        c("digitize", EDGES, edges, right=right)
c("flatnonzero", WHOLE > 0)
S = np.float32([3, 1, 3, np.nan, 2, np.nan])
T = np.float32([1, 5, 3])
for n in ["union1d", "setxor1d", "setdiff1d", "intersect1d"]:
    c(n, W, np.int32([1, 2, 5, -3]))
c("union1d", S, T)
c("setdiff1d", S, T)
c("intersect1d", S, T)
c("intersect1d", np.int32([3, 1, 2, 3]), np.int32([2, 3, 9]), return_indices=True)
c("setdiff1d", T, T[:1], assume_unique=True)
c("unique_all", W)
c("unique_counts", W)
c("unique_inverse", A)
c("unique_values", S)
c("tri", 3, 4, 1)
c("tril_indices_from", A, 1)
c("triu_indices_from", A)
c("diag_indices_from", f(3, 3))
c("geomspace", 1.0, 1000.0, 4)
c(
    "geomspace",
    np.float32([1, 2]),
    np.float32([10, -30]) * np.float32([1, -1]),
    5,
    endpoint=False,
    axis=-1,
)
c("fromfunction", lambda a, b: a + b * 2, (2, 3))
c("ravel_multi_index", (np.int32([1, 2]), np.int32([3, 0])), (3, 4))
c("ravel_multi_index", (np.int32([1, 7]), np.int32([-3, 0])), (3, 4), mode="wrap", order="F")
c("ravel_multi_index", (np.int32([1, 7]), np.int32([-3, 0])), (3, 4), mode="clip")
c("ix_", np.int32([0, 2]), np.array([True, False, True]))
for o in (1, -1, [1, 1, 3], slice(0, 3), np.array([True, False, True, False, False])):
    c("delete", V, o)
    c("insert", V, o, 9.0)
c("extract", A > 0, A)
c("trim_zeros", np.int32([0, 0, 1, 0, 2, 0]))
c("trim_zeros", np.int32([0, 0, 1, 0, 2, 0]), "b")
c("apply_along_axis", lambda x: x[::-1].cumsum(), 0, f(2, 3, 4))
c("apply_along_axis", lambda x: x.sum(), 1, f(2, 3, 4))
c("apply_along_axis", lambda x: x[:, None] * x, 1, f(2, 3, 4))
c("apply_over_axes", lambda a, i: a.sum(i), f(2, 3, 4), [0, 2])
c("piecewise", V, [V < 0, V > 0.3], [lambda x: -x, lambda x: x * 2, 7.0])
c("piecewise", V, [V < 0], [-1.0])
bits = _random.integers(0, 2, size=(3, 11)).astype(np.uint8)
for bo in ("big", "little"):
    for ax in (None, 0, 1):
        c("packbits", bits, axis=ax, bitorder=bo)
        c("unpackbits", bits * 77, axis=ax, bitorder=bo)
c("unpackbits", bits, axis=1, count=5)
c("unpackbits", bits, axis=1, count=-3)
c("unpackbits", bits, axis=1, count=100)
c("ediff1d", A)
c("ediff1d", V, to_begin=1.0, to_end=[2.0, 3.0])
c("gradient", V)
c("gradient", V, 2.0)
c("gradient", V, np.float32([0, 1, 3, 4, 9]))
c("gradient", A)
c("gradient", A, 2.0, np.arange(4.0) ** 2)
c("gradient", A, axis=1)
c("trapezoid", A)
c("trapezoid", A, np.float32([0, 1, 3, 4]))
c("trapezoid", A, dx=0.5, axis=0)
c("unwrap", V * 9)
c("unwrap", A * 9, axis=0, discont=4.0)
c("unwrap", W * 3, period=6)
c("vander", V, 3)
c("vander", W)
c("vander", V, 3, increasing=True)
c("interp", A, np.sort(V), f(5))
c("interp", A, np.sort(V), f(5), left=-9.0, right=8.0)
c("interp", A * 4, V, f(5), period=1.5)
for n in ["polyadd", "polysub", "polymul"]:
    c(n, V, V[:2])
    c(n, V[:2], V)
c("polydiv", V[:2], V)
c("polyder", V, 2)
c("polyint", V, 2, [1.0, 2.0])
c("polyint", V)
c("poly", V)
c("corrcoef", A)
c("corrcoef", V, V**2)
c("histogram2d", f(20), f(20), bins=4)
c("histogramdd", f(20, 3), bins=(2, 3, 4), density=True)
c("histogram2d", f(20), f(20), bins=[3, np.linspace(-1, 1, 5)], weights=f(20))
c("histogram2d", f(20), f(20), bins=4, range=[[-1, 1], [-1, 1]])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_a_function_agrees_with_numpy(case):
    name, arguments, options = case
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(*arguments, **options)
    given = [
        jnp.asarray(x) if isinstance(x, np.ndarray) and name not in ("insert", "delete") else x
        for x in arguments
    ]
    found = getattr(jnp, name)(*given, **options)
    found, expected = (
        jib.tree.leaves(tuple(x) if isinstance(x, tuple) else x) for x in (found, expected)
    )
    assert len(found) == len(expected)
    for one, other in zip(found, map(np.asarray, expected), strict=True):
        assert one.shape == other.shape
        assert one.dtype.kind == other.dtype.kind
        np.testing.assert_allclose(np.asarray(one), other, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", ["put", "place", "put_along_axis"])
def test_changed_copies(name):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    arguments = {
        "put": ([1, 4], np.float32([9, 8])),
        "place": (x > 2, np.float32([7, 5])),
        "put_along_axis": (np.int32([[0], [2]]), np.float32([[4], [6]]), 1),
    }[name]
    expected = x.copy()
    getattr(np, name)(expected, *arguments)
    found = getattr(jnp, name)(jnp.asarray(x), *map(jnp.asarray, arguments[:2]), *arguments[2:],
                               inplace=False)  # fmt: skip
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError, match="immutable"):
        getattr(jnp, name)(x, *arguments)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2), (3, 3, 3)])
def test_fill_diagonal(shape):
    x = np.zeros(shape, np.float32)
    np.fill_diagonal(x, 5)
    np.testing.assert_array_equal(jnp.fill_diagonal(jnp.zeros(shape), 5, inplace=False), x)


def test_ranges_in_brackets():
    for take in (lambda m: m.r_[0:3, 7, np.array([4, 5])], lambda m: m.c_[np.arange(3), np.ones(3)],
                 lambda m: m.mgrid[0:2, 0:1:3j], lambda m: m.ogrid[0:2, 1:4][1],
                 lambda m: m.r_["0,2", np.arange(2), np.ones(2)]):  # fmt: skip
        np.testing.assert_allclose(take(jnp), take(np))


def test_sets_of_a_known_size_compile():
    a, b = jnp.array([3, 1, 3, 2]), jnp.array([2, 9])
    assert jib.jit(lambda a, b: jnp.union1d(a, b, size=5))(a, b).tolist() == [1, 2, 3, 9, 1]
    assert jib.jit(lambda a, b: jnp.setdiff1d(a, b, size=2))(a, b).tolist() == [1, 3]
    assert jib.jit(lambda a, b: jnp.intersect1d(a, b, size=1))(a, b).tolist() == [2]
    assert jib.jit(lambda a, b: jnp.setxor1d(a, b, size=3))(a, b).tolist() == [1, 3, 9]


@pytest.mark.parametrize("name", ["add", "multiply", "subtract", "maximum", "bitwise_xor"])
def test_ufunc_methods(name):
    x = np.array([[1, 5, 2, 7], [3, 1, 1, 2]], np.int32)
    one, other = getattr(jnp, name), getattr(np, name)
    assert isinstance(one, jnp.ufunc)
    assert (one.nin, one.nout) == (2, 1)
    np.testing.assert_array_equal(one.reduce(x, axis=1, keepdims=True),
                                  other.reduce(x, axis=1, keepdims=True))  # fmt: skip
    np.testing.assert_array_equal(one.accumulate(x, 1), other.accumulate(x, 1))
    np.testing.assert_array_equal(one.outer(x[0], x[1]), other.outer(x[0], x[1]))
    np.testing.assert_array_equal(one.reduceat(x[0], [0, 2, 1]), other.reduceat(x[0], [0, 2, 1]))
    expected = x[0].copy()
    other.at(expected, [0, 1, 0], 3)
    np.testing.assert_array_equal(one.at(x[0], jnp.array([0, 1, 0]), 3, inplace=False), expected)


def test_functions_of_elements():
    longer = jnp.frompyfunc(lambda x, y: jnp.sqrt(x * x + y * y), 2, 1, identity=0)
    assert float(longer.reduce(jnp.array([2.0, 3.0, 6.0]))) == 7.0
    with pytest.raises(ValueError, match="two elements"):
        jnp.frompyfunc(jnp.sin, 1, 1).reduce(jnp.ones(3))


def test_files_and_text(tmp_path):
    for x in (jnp.arange(3), jnp.ones(2, jnp.bfloat16)):
        jnp.save(tmp_path / "x.npy", x)
        back = jnp.load(tmp_path / "x.npy")
        assert back.dtype == x.dtype
        assert back.tolist() == x.tolist()
    assert jnp.fromstring("1 2", int, sep=" ").tolist() == [1, 2]
    for name in ("fromfile", "fromiter"):
        with pytest.raises(TypeError, match="reads from outside"):
            getattr(jnp, name)("x")
    assert jnp.iterable(jnp.ones(1))
    assert not jnp.iterable(jnp.ones(()))
    assert jnp.array_repr(jnp.arange(2)) == np.array_repr(np.arange(2, dtype=np.int32))


@pytest.mark.parametrize("name", ["sinc", "hypot", "gradient", "interp", "unwrap", "nanprod"])
def test_gradients_are_finite(name):
    x = jnp.array([0.0, 0.5, 2.0])
    function = {
        "hypot": lambda x: jnp.hypot(x, 0 * x),
        "interp": lambda x: jnp.interp(x, jnp.array([0.0, 1.0]), jnp.array([0.0, 3.0])),
    }.get(name, getattr(jnp, name))
    assert jnp.isfinite(jib.grad(lambda x: jnp.sum(function(x)))(x)).all()


def test_roots_and_fits():
    p = np.array([1.0, -6.0, 11.0, -6.0, 0.0], np.float32)
    np.testing.assert_allclose(np.sort(np.asarray(jnp.roots(jnp.asarray(p))).real), [0, 1, 2, 3],
                               atol=1e-3)  # fmt: skip
    x = np.linspace(-1, 1, 9, dtype=np.float32)
    y = x**2 - 2 * x + 0.5
    np.testing.assert_allclose(
        jnp.polyfit(jnp.asarray(x), jnp.asarray(y), 2), [1, -2, 0.5], atol=1e-4
    )
