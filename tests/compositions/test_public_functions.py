"""Every public function of arrays, in 64 bits: eager = NumPy, jit = eager, vmap = a loop,
derivatives = differences, and forwards = backwards."""

from __future__ import annotations

import functools
import inspect

import numpy as np
import pytest
import scipy.linalg
import scipy.special

import jib
import jib.numpy as jnp
from tests.numpy import (
    test_against_numpy as against_numpy,
    test_elementwise as elementwise,
    test_shaping_and_joining as shaping,
)
from tests.scipy import test_linalg as systems, test_special as special

_random = np.random.default_rng(7)
A, B = _random.normal(size=(2, 3, 4))
C = _random.normal(size=(2, 3, 4))
U = np.abs(A) / (np.abs(A).max() + 0.1)  # in (0, 1)
V, W = _random.normal(size=(2, 4))
M, N = _random.normal(size=(2, 3, 3))
P = M @ M.T + 3 * np.eye(3)  # positive definite
I, J = _random.integers(1, 9, (2, 3, 4))  # noqa: E741
MASK = A > 0
KEY = jib.random.key(0)
Z = M + 1j * N

CASES: list[tuple] = []


def c(names: str, *arguments, **options):
    """Cases: functions by their paths in jib, and how they are called."""
    CASES.extend((name, arguments, options) for name in names.split())


def within(module: str, names: str, *arguments, **options):
    c(" ".join(f"{module}.{name}" for name in names.split()), *arguments, **options)


for _name, _arguments, _options in against_numpy.CASES:
    within("numpy", _name, *_arguments, **_options)
for _name, _arguments, _options in shaping.CASES:
    within("numpy", _name, *_arguments, **_options)
within("numpy", " ".join(elementwise.UNARY), A)
within("numpy", " ".join(elementwise.BINARY), A, B)
within("numpy", " ".join(elementwise.INTEGER), I, J)
within("numpy", "absolute arcsin asin arccos acos arctanh atanh atan asinh fix conjugate positive "
       "reciprocal log log10 log2 log1p sqrt radians signbit", U)  # fmt: skip
within("numpy", "acosh arccosh", U + 1)
within("numpy", "true_divide mod divmod atan2 power pow logical_xor isclose allclose "
       "array_equal array_equiv", U, np.abs(B))  # fmt: skip
within("numpy", "bitwise_left_shift left_shift bitwise_right_shift right_shift", I, J)
within("numpy", "bitwise_invert bitwise_not invert bitwise_count", I)
within("numpy", "sum prod max min amax amin mean std var any all argmax argmin cumsum cumprod "
       "count_nonzero median ptp sort average nansum nanmax nanmin nanmean nanstd unstack "
       "argsort", A, axis=0)  # fmt: skip
within("numpy", "size ndim shape ravel atleast_1d atleast_2d flip array copy asarray "
       "matrix_transpose transpose squeeze array_str iscomplexobj isrealobj zeros_like ones_like "
       "histogram_bin_edges argwhere tril triu", A)  # fmt: skip
within("numpy", "append", A, B)
within("numpy", "concat concatenate vstack block", [A, B])
within("numpy", "broadcast_arrays meshgrid", V, W)
within("numpy", "inner outer vecdot vdot", V, W)
within("numpy", "roots poly", V)
c("numpy.polyfit", np.arange(4.0), V, 1)
c("numpy.polyval", V, 0.1)
c("numpy.cross", A[:, :3], B[:, 1:])
c("numpy.clip", A, 0.1, 0.7)
c("numpy.where", MASK, A, 0.1)
c("numpy.select", [MASK, A < -1], [A, B], 0.1)
c("numpy.choose", I % 2, [A, B])
c("numpy.percentile", A, 12.3)
c("numpy.quantile", A, 0.1, axis=0)
c("numpy.compress", np.array([True, False, True]), A, axis=0)
c("numpy.take", A, I % 3, axis=0)
c("numpy.take", A, J, axis=1, mode="wrap")
c("numpy.take_along_axis", A, I % 3, axis=0)
c("numpy.expand_dims", A, 0)
c("numpy.swapaxes", A, 0, 1)
c("numpy.broadcast_to", V, (3, 4))
c("numpy.full_like", A, 0.1)
c("numpy.round around".replace(" ", " numpy."), A, 2)
c("numpy.nan_to_num", np.where(MASK, A, np.nan), nan=0.1)
c("numpy.pad", A, 1, constant_values=0.1)
c("numpy.pad", A, 1, mode="mean")
c("numpy.interp", 0.1, np.sort(V), W)
c("numpy.interp", A, np.sort(V), W, left=0.1, right=0.3)
c("numpy.interp", A, np.sort(V), W, period=3.1)
c("numpy.trapezoid", A, dx=0.1)
c("numpy.gradient", A, 0.1)
c("numpy.unwrap", A * 4, period=3.1)
c("numpy.ediff1d", V, to_begin=0.1)
c("numpy.polyint", V, 2, [0.1, 0.2])
c("numpy.histogram", A, 3)
c("numpy.searchsorted", np.sort(V), W)
c("numpy.partition argpartition".replace(" ", " numpy."), V, 2)
c("numpy.logaddexp heaviside hypot copysign float_power".replace(" ", " numpy."), U, 0.1)
c("numpy.diff", A, prepend=0.1)
c("numpy.unravel_index", I, (5, 4))
c("numpy.roll", A, 1)
c("numpy.sum", A, initial=0.1)
c("numpy.max", A, initial=0.1, axis=0)
c("numpy.prod", A, where=MASK)
c("numpy.tensordot", A, B, ((0, 1), (0, 1)))
c("numpy.einsum", "ij,kj->ik", A, B)
c("numpy.astype", A, "float64")
c("numpy.cov", A)
c("numpy.split", A, 3)
c("numpy.tile", V, 2)
c("numpy.bincount", I[0], minlength=9, length=9)
c("numpy.unique", V, size=4)
c("numpy.nonzero", A)

within("numpy.linalg", "cholesky cond det eigh eigvalsh inv matrix_norm matrix_rank pinv slogdet "
       "svdvals norm trace diagonal eigvals matrix_transpose", P)  # fmt: skip
within("numpy.linalg", "qr svd", M)
within("numpy.linalg", "cholesky det inv eigh slogdet norm", Z @ Z.conj().T + 3 * np.eye(3))
within("numpy.linalg", "solve matmul tensordot vecdot cross", P, N)
c("numpy.linalg.outer", V, W)
c("numpy.linalg.lstsq", A, V[:3])
c("numpy.linalg.matrix_power", M, -2)
c("numpy.linalg.multi_dot", [M, N, P])
c("numpy.linalg.vector_norm", A, axis=0)
c("numpy.linalg.norm", A, 3, axis=0)
c("numpy.linalg.tensorinv", P.reshape(3, 3, 1), ind=1)
c("numpy.linalg.tensorsolve", P, V[:3])
within("numpy.fft", "fft ifft fft2 ifft2 fftn ifftn rfft rfft2 rfftn irfft irfft2 irfftn hfft "
       "ihfft fftshift ifftshift", A)  # fmt: skip
within("scipy.fft", "dct idct dctn idctn", A)
within("nn", "celu elu gelu hard_sigmoid hard_silu hard_swish hard_tanh identity leaky_relu "
       "log_sigmoid log_softmax logmeanexp logsumexp mish relu relu6 selu sigmoid silu "
       "soft_sign softmax softplus sparse_plus sparse_sigmoid squareplus standardize swish tanh "
       "glu", A)  # fmt: skip
c("nn.log1mexp", U)
c("nn.elu", A, 0.1)
c("nn.leaky_relu", A, 0.1)
c("nn.celu", A, 0.1)
c("nn.gelu", A, approximate=False)
c("nn.standardize", A, epsilon=0.1)
c("nn.dot_product_attention", *_random.normal(size=(3, 1, 3, 2, 2)), scale=0.1)
for _name, _arguments in special.CASES.items():
    c(f"scipy.special.{_name}", *(x[3:7] for x in _arguments))
within("scipy.special", "betaln kl_div rel_entr xlogy xlog1py", U, U[::-1])
within("scipy.special", "digamma entr erf erfc erfinv expit gammaln i0 i0e i1 i1e log_softmax "
       "logit logsumexp ndtr ndtri softmax", U)  # fmt: skip
c("scipy.special.multigammaln", U + 3, 2)
for _name, _arguments in systems.SAME.items():
    c(f"scipy.linalg.{_name}", *_arguments)
within("scipy.linalg", "eigh polar lu cho_factor", P)
c("scipy.linalg.solve_triangular", P, N)
c("scipy.signal.detrend", A)
within("scipy.signal", "convolve2d correlate2d fftconvolve convolve correlate", A, B[:2, :2])
c("scipy.stats.norm.logpdf", A, 0.1, 1.7)
c("scipy.stats.norm.ppf", U, 0.1, 1.7)
c("scipy.stats.gamma.logpdf", U, 1.3, 0.0, 0.1)
c("scipy.stats.beta.logpdf", U, 1.3, 2.1)
c("scipy.stats.t.logpdf", A, 2.1)
c("scipy.stats.poisson.logpmf", I, 2.1)
c("scipy.stats.rankdata", V)
c("scipy.stats.sem", A)
for _method in ("linear", "cubic", "lanczos3", "area"):
    c("image.resize", A, (5, 3), _method)
c("image.scale_and_translate", A, (3, 4), (0, 1), V[:2] ** 2 + 0.5, W[:2], "linear")
for _name, *_arguments in (
    ("uniform", (3,), "float64", 0.1, 0.7), ("normal", (3,), "float64"),
    ("gumbel", (3,), "float64"), ("exponential", (3,), "float64"), ("laplace", (3,), "float64"),
    ("logistic", (3,), "float64"), ("cauchy", (3,), "float64"), ("gamma", 1.3, (3,), "float64"),
    ("loggamma", 0.3, (3,), "float64"), ("beta", 0.3, 0.7, (3,), "float64"),
    ("t", 2.3, (3,), "float64"), ("pareto", 1.3, (3,), "float64"), ("wald", 0.3, (3,), "float64"),
    ("weibull_min", 0.3, 0.7, (3,), "float64"), ("rayleigh", 0.3, (3,), "float64"),
    ("truncated_normal", -0.1, 0.7, (3,), "float64"), ("chisquare", 2.3, (3,), "float64"),
    ("dirichlet", U[0], (), "float64"), ("maxwell", (3,), "float64"),
    ("randint", (3,), -(2**40), 2**40, "int64"), ("bits", (3,), "uint64"),
    ("categorical", A), ("permutation", V), ("choice", V, (2,)), ("ball", 2, 2, (), "float64"),
    ("multivariate_normal", V[:3], P), ("bernoulli", U), ("lognormal", 0.3, (3,), "float64"),
):  # fmt: skip
    c(f"random.{_name}", KEY, *_arguments)

# Functions of jib.numpy that have no row, and why.
NOT_OF_ARRAYS = """
    arange bartlett blackman broadcast_shapes can_cast diag_indices empty eye frombuffer fromfile
    fromfunction fromiter fromstring frompyfunc full get_printoptions hamming hanning identity
    indices isdtype issubdtype iterable kaiser linspace load logspace mask_indices ones
    printoptions promote_types set_printoptions tri tril_indices triu_indices vectorize zeros
    geomspace einsum_path save savez array_repr isscalar result_type from_dlpack
""".split()  # noqa: SIM905
TESTED_ELSEWHERE = """
    fill_diagonal place put put_along_axis empty_like sort_complex
""".split()  # noqa: SIM905  (they change arrays in NumPy, or have no particular values)

# Their results have lengths that depend on values, or they read values.
NOT_COMPILED = {
    f"numpy.{n}"
    for n in """
    delete insert extract trim_zeros union1d setxor1d setdiff1d intersect1d unique_all
    unique unique_counts unique_inverse unique_values flatnonzero nonzero argwhere
    compress repeat histogram2d histogramdd piecewise ravel_multi_index ix_
    apply_over_axes bincount unpackbits tile array_str choose place array_equal resize
    roots poly gcd apply_along_axis fromfunction geomspace kaiser bartlett blackman
    hamming hanning tri
    """.split()  # noqa: SIM905
}


def _function(path):
    return functools.reduce(getattr, path.split("."), jib)


def _wide(x):
    """Arrays of 64 bits; all else as it is."""
    if isinstance(x, list | tuple):
        return type(x)(map(_wide, x))
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "fci" or x.dtype.itemsize < 4:
        return x
    return x.astype({"f": "float64", "c": "complex128", "i": "int64"}[x.dtype.kind])


def _outputs(x):
    return [m for m in jib.tree.leaves(x) if hasattr(m, "dtype")]


def _on_device(x):
    return jnp.asarray(x, x.dtype) if isinstance(x, np.ndarray) else x


class Case:
    """A call of 64 bits, as a function of its arrays."""

    def __init__(self, path, arguments, options):
        self.path, self.function = path, _function(path)
        self.arguments, self.options = _wide(arguments), {k: _wide(v) for k, v in options.items()}
        self.given_options = jib.tree.map(_on_device, self.options)
        leaves, self.structure = jib.tree.flatten(self.arguments)
        self.places = [i for i, x in enumerate(leaves) if isinstance(x, np.ndarray)]
        self.leaves, self.given = leaves, [leaves[i] for i in self.places]
        self.wide = [_on_device(x) for x in self.given]

    def run(self, *operands):
        leaves = [jib.random.clone(x) if x is KEY else x for x in self.leaves]
        for i, x in zip(self.places, operands, strict=True):
            leaves[i] = x
        out = self.function(*jib.tree.unflatten(self.structure, leaves), **self.given_options)
        return _outputs(tuple(out) if isinstance(out, list) else out)

    @functools.cached_property
    def smooth(self):
        """Which operands are floating, and which results of them."""
        return [i for i, x in enumerate(self.given) if x.dtype.kind == "f"]

    @functools.cached_property
    def directions(self):
        source = np.random.default_rng(1)
        return [source.normal(size=self.given[i].shape) for i in self.smooth]

    def moved(self, step):
        out = list(self.given)
        for i, t in zip(self.smooth, self.directions, strict=True):
            out[i] = out[i] + step * t
        return [_on_device(x) for x in out]

    def real(self, *floats):
        """The real floating results, as a function of the floating operands."""
        operands = list(self.wide)
        for i, x in zip(self.smooth, floats, strict=True):
            operands[i] = x
        return [x for x in self.run(*operands) if x.dtype.kind == "f"]

    def traced(self, operands):
        """All oracles' results, for one program."""
        outs = {"compiled": self.run(*operands)}
        batch = [jnp.stack([x, jnp.flip(x)]) for x in operands]
        if batch:
            outs["mapped"] = jib.vmap(self.run)(*batch)
        if self.smooth and any(x.dtype.kind == "f" for x in outs["compiled"]):
            floats = [operands[i] for i in self.smooth]
            tangents = [jnp.asarray(t, "float64") for t in self.directions]
            outs["values"], outs["jvp"] = jib.jvp(self.real, tuple(floats), tuple(tangents))
            weights = [
                jnp.cos(jnp.arange(x.size, dtype="float64")).reshape(x.shape).astype(x.dtype)
                for x in outs["values"]
            ]
            _, backwards = jib.vjp(self.real, *floats)
            pulled = backwards(weights)
            outs["forwards"] = sum((w * t).sum() for w, t in zip(weights, outs["jvp"], strict=True))
            outs["backwards"] = sum((p * t).sum() for p, t in zip(pulled, tangents, strict=True))
        return outs


def _cases(chunk):
    return [Case(*case) for case in CASES[chunk * SIZE : (chunk + 1) * SIZE]]


SIZE = 24
NAMES = [f"{case[0]}-{i}" for i, case in enumerate(CASES)]


@functools.cache
def _compiled(chunk):
    """The results of some cases from one program, or what each of them raised."""
    cases, failed = _cases(chunk), {}

    def everything(operands):
        out = {}
        for i, (case, given) in enumerate(zip(cases, operands, strict=True)):
            if case.path in NOT_COMPILED:
                continue
            try:
                out[i] = case.traced(given)
            except Exception as error:
                failed[i] = error
        return out

    return jib.jit(everything)([case.wide for case in cases]), failed


def _close(found, wanted, rtol=1e-12, message=""):
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape, message
    if wanted.dtype.kind in "fc":
        scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0) if wanted.size else 0
        np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol * scale, err_msg=message)
    else:
        np.testing.assert_array_equal(found, wanted, err_msg=message)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("index", [
    # Three programs of four take minutes to compile.
    pytest.param(i, id=NAMES[i], marks=[pytest.mark.slow] if i // SIZE % 4 else [])
    for i in range(len(CASES))
])  # fmt: skip
def test_transforms(index):
    """jit = eager, vmap = a loop, jvp = differences, vjp = jvp."""
    case = Case(*CASES[index])
    if case.path in OPEN:
        pytest.skip(OPEN[case.path])
    now = case.run(*case.wide)
    if case.path in NOT_COMPILED:
        return
    results, failed = _compiled(index // SIZE)
    if index % SIZE in failed:
        raise failed[index % SIZE]
    found = results[index % SIZE]
    for one, other in zip(found["compiled"], now, strict=True):
        assert one.dtype == other.dtype
        _close(one, other, 1e-11, "jit is not eager")
    if "mapped" in found:
        flipped = case.run(*(jnp.flip(x) for x in case.wide))
        for one, *each in zip(found["mapped"], now, flipped, strict=True):
            _close(one, np.stack(each), 1e-11, "vmap is not a loop")
    if "jvp" in found:
        step = 1e-6
        ahead, behind = (
            [x for x in case.run(*case.moved(s)) if x.dtype.kind == "f"] for s in (step, -step)
        )
        if case.path not in NOT_SMOOTH:
            for one, plus, minus in zip(found["jvp"], ahead, behind, strict=True):
                slope = (np.asarray(plus) - np.asarray(minus)) / (2 * step)
                good = np.isfinite(slope)
                _close(np.asarray(one)[good], slope[good], 1e-6, "jvp is not the differences")
        _close(found["backwards"], found["forwards"], 1e-9, "vjp is not jvp")


# Differences say nothing here: steps, infinities, sums of zeros, results of 1e22, random paths.
NOT_SMOOTH = {
    "numpy.spacing", "numpy.frexp", "numpy.hypot", "numpy.nextafter", "numpy.linalg.lstsq",
    "scipy.special.boxcox", "random.dirichlet",
}  # fmt: skip

# Where a transform is known to differ, and how.
OPEN = {
    "numpy.linalg.vector_norm": "XLA:CPU misreads a reversed array inside a fused concatenation",
    "scipy.special.zeta": "has no derivative by its first argument",
}


def _reference(path):
    module, _, name = path.rpartition(".")
    home = {"numpy": np, "numpy.linalg": np.linalg, "numpy.fft": np.fft,
            "scipy.special": scipy.special, "scipy.linalg": scipy.linalg}.get(module)  # fmt: skip
    return getattr(home, name, None)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("index", range(len(CASES)), ids=NAMES)
def test_values(index):
    """Results of 64 bits have 64 bits, and NumPy's or SciPy's values."""
    case = Case(*CASES[index])
    found = case.run(*case.wide)
    kinds = {x.dtype.kind for x in case.given} | {"f" for x in case.leaves if str(x) == "float64"}
    if kinds & set("fc"):
        for x in found:
            narrow = x.dtype in (np.float32, np.complex64) and case.path not in NARROW
            assert not narrow, f"{x.dtype} from 64 bits"
    reference = _reference(case.path)
    if reference is None or case.path in OTHERWISE:
        return
    wanted = reference(*case.arguments, **case.options)
    wanted = tuple(wanted) if isinstance(wanted, list | tuple) else wanted
    wanted = [np.asarray(x) for x in jib.tree.leaves(wanted)]
    for one, other in zip(found, wanted, strict=True):
        if kinds & set("fc") or other.dtype.kind not in "fc":
            _close(one, other, TOLERANCES.get(case.path, 1e-12))


# Values that are not NumPy's or SciPy's: other defaults (axis, mode, fill), free signs, and results
# that are no arrays.
OTHERWISE = {
    "numpy.bincount", "numpy.unique", "numpy.linalg.lstsq", "scipy.special.softmax",
    "scipy.special.log_softmax", "scipy.linalg.eigh", "scipy.linalg.cho_factor", "numpy.size",
    "numpy.ndim", "numpy.shape", "numpy.array_str", "numpy.iscomplexobj", "numpy.isrealobj",
    "numpy.linalg.svd", "numpy.linalg.qr", "numpy.linalg.eigh", "scipy.linalg.polar",
}  # fmt: skip
NARROW = {"scipy.stats.rankdata"}  # numbers of the default dtype, whatever was ranked
TOLERANCES: dict[str, float] = {}


def test_every_public_function_has_a_row():
    public = {
        name
        for name in dir(jnp)
        if not name.startswith("_")
        and callable(getattr(jnp, name))
        and not inspect.isclass(getattr(jnp, name))
    }
    known = {path.removeprefix("numpy.") for path, *_ in CASES}
    assert not sorted(public - known - {*NOT_OF_ARRAYS, *TESTED_ELSEWHERE})
