"""The operations of `bench_operations.py`: one line each, in the frameworks' own spelling.

A line names the operation and its code over `xp` (the array module), `root` (the package) and
`a`, whose members are operands: x, y standard normal; p positive; u in (-1, 1); i, j integers;
b, c booleans; z complex; s sorted; m a square matrix; q and k a tenth as many numbers and
indices; `images` and `matrices` for what they are named after.
"""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["OPERATIONS", "Operation"]


@dataclass(frozen=True)
class Operation:
    """A name, and per framework the source of one call; a framework without it is left out."""

    name: str
    sources: dict[str, str]


_ARRAYS = ("jib", "jax")


def _one(name: str, same: str, numpy: str = "", torch: str = "") -> Operation:
    """`same` for jib and JAX; "=" in the others means the same code, "" that there is none."""
    sources = dict.fromkeys(_ARRAYS, same)
    for framework, source in (("numpy", numpy), ("torch", torch)):
        if source:
            sources[framework] = same if source == "=" else source
    return Operation(name, sources)


def _calls(names: str, operands: str, missing_in_torch: str = "") -> Iterator[Operation]:
    for name in names.split():
        torch = "" if name in missing_in_torch.split() else "="
        yield _one(name, f"xp.{name}({operands})", "=", torch)


def _elementwise() -> Iterator[Operation]:
    yield from _calls("absolute negative sign square exp exp2 expm1 sin cos tan", "a.x")
    yield from _calls("sinh cosh tanh arctan arcsinh floor ceil trunc", "a.x")
    yield from _calls("rint cbrt", "a.x", "rint cbrt")
    yield from _calls("isnan isinf isfinite signbit positive", "a.x")
    yield from _calls("sqrt log log2 log10 log1p reciprocal", "a.p")
    yield from _calls("arcsin arccos arctanh", "a.u")
    yield from _calls("add subtract multiply maximum minimum fmax fmin", "a.x, a.y")
    yield from _calls("arctan2 hypot copysign nextafter logaddexp logaddexp2", "a.x, a.y")
    yield from _calls("equal not_equal less less_equal greater greater_equal", "a.x, a.y", "equal")
    yield from _calls("divide floor_divide remainder fmod", "a.x, a.p")
    yield from _calls("logical_and logical_or logical_xor", "a.b, a.c")
    yield from _calls("logical_not", "a.b")
    yield from _calls("bitwise_and bitwise_or bitwise_xor gcd lcm", "a.i, a.j")
    yield from _calls("bitwise_not", "a.i")
    yield _one("bitwise_count", "xp.bitwise_count(a.i)", "=")
    yield _one("left_shift", "xp.left_shift(a.i, 3)", "=", "xp.bitwise_left_shift(a.i, 3)")
    yield _one("power", "xp.power(a.p, a.x)", "=", "xp.pow(a.p, a.x)")
    yield _one("power 2", "a.x ** 2", "=", "=")
    yield _one("floor_divide int", "a.i // a.j", "=", "=")
    yield _one("remainder int", "a.i % a.j", "=", "=")
    yield _one("real imag", "a.z.real + a.z.imag", "=", "=")
    yield _one("multiply complex", "a.z * a.z", "=", "=")
    yield _one("absolute complex", "xp.abs(a.z)", "=", "=")
    yield _one("exp complex", "xp.exp(a.z)", "=", "=")
    yield _one("round", "xp.round(a.x, decimals=2)", "=", "=")
    yield _one("where", "xp.where(a.b, a.x, a.y)", "=", "=")
    yield _one("clip", "xp.clip(a.x, -1.0, 1.0)", "=", "=")
    yield _one("nan_to_num", "xp.nan_to_num(a.x)", "=", "=")
    yield _one("isclose", "xp.isclose(a.x, a.y)", "=", "=")
    yield _one("sinc", "xp.sinc(a.x)", "=", "=")
    yield _one("heaviside", "xp.heaviside(a.x, a.y)", "=", "=")
    yield _one("astype int32", "a.x.astype('int32')", "=", "a.x.to(xp.int32)")
    yield _one("astype bfloat16", "a.x.astype('bfloat16')", "", "a.x.to(xp.bfloat16)")


def _reductions() -> Iterator[Operation]:
    for name in ["sum", "mean", "std", "var"]:
        yield _one(name, f"xp.{name}(a.x)", "=", "=")
    for name in ["max", "min", "argmax", "argmin"]:
        yield _one(name, f"xp.{name}(a.x)", "=", "=")
    for name in ["sum", "max", "mean"]:
        torch = f"xp.{'a' * (name == 'max')}{name}(a.m, 0)"
        yield _one(f"{name} axis 0", f"xp.{name}(a.m, axis=0)", "=", torch)
        yield _one(f"{name} axis 1", f"xp.{name}(a.m, axis=1)", "=", torch.replace("0)", "1)"))
    yield from _calls("prod", "a.p")
    yield from _calls("any all count_nonzero", "a.b")
    yield from _calls("nansum nanmean", "a.x")
    yield from _calls("nanmax", "a.x", "nanmax")
    yield _one("ptp", "xp.ptp(a.x)", "=")
    yield _one("argmax axis 1", "xp.argmax(a.m, axis=1)", "=", "=")
    yield _one("median", "xp.median(a.x)", "=", "=")
    yield _one("quantile", "xp.quantile(a.x, 0.9)", "=")
    yield _one("average", "xp.average(a.x, weights=a.p)", "=")
    yield _one("histogram", "xp.histogram(a.x, bins=50)[0]", "=", "xp.histogram(a.x, 50).hist")
    yield _one("bincount", "xp.bincount(a.i, length=1000)", "np.bincount(a.i)", "xp.bincount(a.i)")
    yield _one("cov", "xp.cov(a.x, a.y)", "=")
    yield _one("allclose", "xp.allclose(a.x, a.y)", "=", "=")
    yield _one("logsumexp", "root.nn.logsumexp(a.m, axis=1)", "", "xp.logsumexp(a.m, 1)")
    for name in ["cumsum", "cumprod"]:
        yield _one(name, f"xp.{name}(a.p)", "=", f"xp.{name}(a.p, 0)")
    yield _one("cumsum axis 0", "xp.cumsum(a.m, axis=0)", "=", "=")
    yield _one("cumsum axis 1", "xp.cumsum(a.m, axis=1)", "=", "=")
    numpy_cummax = "xp.maximum.accumulate(a.x)"
    yield _one("cummax", "root.lax.cummax(a.x)", numpy_cummax, "xp.cummax(a.x, 0).values")
    yield _one("diff", "xp.diff(a.x)", "=", "=")
    yield _one("trapezoid", "xp.trapezoid(a.x)", "=", "=")
    yield _one("segment_sum", "root.ops.segment_sum(a.x, a.i, 1000)", "xp.bincount(a.i, a.x)")


def _sorting_and_searching() -> Iterator[Operation]:
    yield _one("sort", "xp.sort(a.x)", "=", "xp.sort(a.x).values")
    yield _one("sort axis 1", "xp.sort(a.m, axis=1)", "=", "xp.sort(a.m, 1).values")
    yield _one("sort int", "xp.sort(a.i)", "=", "xp.sort(a.i).values")
    yield _one("argsort", "xp.argsort(a.x)", "=", "=")
    yield _one("lexsort", "xp.lexsort((a.x, a.i))", "=")
    yield _one("partition", "xp.partition(a.x, a.x.size // 2)", "=")
    yield _one("top_k", "root.lax.top_k(a.x, 10)[0]", "", "xp.topk(a.x, 10).values")
    yield _one("unique", "xp.unique(a.i)", "=", "=")
    yield _one("searchsorted", "xp.searchsorted(a.s, a.q)", "=", "=")
    yield _one("digitize", "xp.digitize(a.x, a.s[:50])", "=", "xp.bucketize(a.x, a.s[:50])")
    yield _one("nonzero", "xp.nonzero(a.b)", "=", "=")
    yield _one("isin", "xp.isin(a.i, a.j[:30])", "=", "=")
    yield _one("interp", "xp.interp(a.q, a.s, a.x)", "=")


def _moving() -> Iterator[Operation]:
    yield _one("copy", "xp.array(a.x)", "=", "a.x.clone()")
    yield _one("transpose", "xp.copy(a.m.T)", "xp.ascontiguousarray(a.m.T)", "a.m.T.contiguous()")
    yield _one("flip", "xp.copy(xp.flip(a.x))", "=", "xp.flip(a.x, (0,))")
    yield _one("roll", "xp.roll(a.x, 3)", "=", "=")
    yield _one("concatenate", "xp.concatenate([a.x, a.y])", "=", "=")
    yield _one("stack", "xp.stack([a.x, a.y])", "=", "=")
    yield _one("stack axis 1", "xp.stack([a.x, a.y], axis=1)", "=", "=")
    yield _one("tile", "xp.tile(a.q, 10)", "=", "=")
    yield _one("repeat", "xp.repeat(a.q, 10)", "=", "xp.repeat_interleave(a.q, 10)")
    pad_torch = "xp.nn.functional.pad(a.m, (1, 1, 1, 1))"
    yield _one("pad", "xp.pad(a.m, 1)", "=", pad_torch)
    yield _one("broadcast_to", "xp.copy(xp.broadcast_to(a.q, (10, a.q.size)))", "=")
    yield _one("tril", "xp.tril(a.m)", "=", "=")
    yield _one("diagonal", "xp.copy(xp.diagonal(a.m))", "=", "xp.diagonal(a.m).clone()")
    yield _one("slice step", "xp.copy(a.x[::2])", "=", "a.x[::2].clone()")
    yield _one("index reverse", "xp.copy(a.x[::-1])", "=")
    yield _one("index array", "a.x[a.k]", "=", "=")
    yield _one("index mask", "a.x[a.b]", "=", "=")
    yield _one("take", "xp.take(a.x, a.k)", "=")
    yield _one("take_along_axis", "xp.take_along_axis(a.x, a.k, axis=0)")
    numpy_set, numpy_add = "xp.put(a.x.copy(), a.k, 1.0)", "xp.add.at(a.x.copy(), a.k, 1.0)"
    torch_set, torch_add = "a.x.index_fill(0, a.k, 1.0)", "a.x.index_add(0, a.k, a.q)"
    yield _one("at set", "a.x.at[a.k].set(1.0)", numpy_set, torch_set)
    yield _one("at add", "a.x.at[a.k].add(a.q)", numpy_add, torch_add)
    yield _one(
        "one_hot", "root.nn.one_hot(a.j, 30)", "", "xp.nn.functional.one_hot(a.j.long(), 30)"
    )
    yield _one("zeros", "xp.zeros(a.x.shape)", "=", "=")
    yield _one("arange", "xp.arange(a.x.size)", "=", "xp.arange(a.x.numel())")
    torch_linspace = "xp.linspace(0.0, 1.0, a.x.numel())"
    yield _one("linspace", "xp.linspace(0.0, 1.0, a.x.size)", "=", torch_linspace)
    yield _one("meshgrid", "xp.meshgrid(a.m[0], a.m[0])", "=")


def _linear_algebra() -> Iterator[Operation]:
    yield _one("matmul vector", "a.m @ a.m[0]", "=", "=")
    yield _one("matmul batched", "a.matrices @ a.matrices", "=", "=")
    yield _one("dot", "xp.dot(a.x, a.y)", "=", "=")
    yield _one("outer", "xp.outer(a.m[0], a.m[1])", "=", "=")
    yield _one("einsum", "xp.einsum('bij,bkj->bik', a.matrices, a.matrices)", "=", "=")
    yield _one("kron", "xp.kron(a.m[:20, :20], a.m[0])", "=", "=")
    yield _one("norm", "xp.linalg.norm(a.x)", "=", "=")
    for name in ["det", "inv", "qr", "eigh", "svd", "cholesky"]:
        operand = "a.matrices @ a.matrices.mT" if name in ("eigh", "cholesky") else "a.matrices"
        yield _one(f"linalg.{name} batched", f"xp.linalg.{name}({operand})", "=", "=")
    yield _one("linalg.solve batched", "xp.linalg.solve(a.matrices, a.matrices)", "=", "=")
    for name in ["fft", "rfft", "ifft"]:
        yield _one(f"fft.{name}", f"xp.fft.{name}(a.x)", "=", "=")
    yield _one("fft.fft2", "xp.fft.fft2(a.m)", "=", "=")
    yield _one("convolve", "xp.convolve(a.x, a.x[:50], mode='same')", "=")


def _learning() -> Iterator[Operation]:
    for name in [
        "relu",
        "sigmoid",
        "softplus",
        "silu",
        "gelu",
        "elu",
        "leaky_relu",
        "log_sigmoid",
        "relu6",
    ]:
        torch = "logsigmoid" if name == "log_sigmoid" else name
        yield _one(name, f"root.nn.{name}(a.x)", "", f"xp.nn.functional.{torch}(a.x)")
    for name in ["softmax", "log_softmax"]:
        yield _one(name, f"root.nn.{name}(a.m, axis=1)", "", f"xp.{name}(a.m, 1)")
    yield _one("standardize", "root.nn.standardize(a.m)", "", "xp.layer_norm(a.m, a.m.shape[1:])")
    for name, torch in dict(
        erf="erf", erfc="erfc", gammaln="gammaln", digamma="digamma", i0="i0", ndtr="ndtr"
    ).items():
        operand = "a.p" if name in ("gammaln", "digamma") else "a.x"
        source = f"root.scipy.special.{name}({operand})"
        yield _one(name, source, "", f"xp.special.{torch}({operand})")
    pools = "'VALID'", "xp.nn.functional.max_pool2d(a.images, 2)"
    window = "(1, 2, 2, 1), (1, 2, 2, 1)"
    pool = f"root.lax.reduce_window(a.images, -np.inf, root.lax.max, {window}, {pools[0]})"
    yield _one("max pool 2x2", pool, "", pools[1])
    convolution = (
        "root.lax.conv_general_dilated(a.images, xp.ones((3, 3, 16, 16)), (1, 1), 'SAME', "
        "dimension_numbers=('NHWC', 'HWIO', 'NHWC'))"
    )
    convolution_torch = (
        "xp.nn.functional.conv2d(a.images.permute(0, 3, 1, 2), xp.ones(16, 16, 3, 3), padding=1)"
    )
    yield _one("conv 3x3", convolution, "", convolution_torch)


def _random() -> Iterator[Operation]:
    key = "root.random.key(0), a.x.shape"
    drawn = {
        "uniform": ("np.random.default_rng(0).random(a.x.size, 'f4')", "xp.rand(a.x.numel())"),
        "normal": (
            "np.random.default_rng(0).standard_normal(a.x.size, 'f4')",
            "xp.randn(a.x.numel())",
        ),
        "exponential": ("np.random.default_rng(0).standard_exponential(a.x.size, 'f4')", ""),
    }
    for name, (numpy, torch) in drawn.items():
        yield _one(f"random.{name}", f"root.random.{name}({key})", numpy, torch)
    yield _one(
        "random.randint",
        f"root.random.randint({key}, 0, 100)",
        "np.random.default_rng(0).integers(0, 100, a.x.size, 'i4')",
        "xp.randint(0, 100, (a.x.numel(),))",
    )
    yield _one(
        "random.bernoulli", "root.random.bernoulli(root.random.key(0), 0.5, a.x.shape)", "", ""
    )
    yield _one(
        "random.permutation",
        "root.random.permutation(root.random.key(0), a.x)",
        "np.random.default_rng(0).permutation(a.x)",
        "a.x[xp.randperm(a.x.numel())]",
    )
    yield _one(
        "random.gamma",
        "root.random.gamma(root.random.key(0), 2.0, a.x.shape)",
        "np.random.default_rng(0).standard_gamma(2.0, a.x.size, 'f4')",
    )
    yield _one("random.categorical", "root.random.categorical(root.random.key(0), a.m, axis=1)")


OPERATIONS = [
    operation
    for family in (
        _elementwise,
        _reductions,
        _sorting_and_searching,
        _moving,
        _linear_algebra,
        _learning,
        _random,
    )
    for operation in family()
]
