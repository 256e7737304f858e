"""How fast compiled programs run once they are compiled, and eager sorting beside NumPy."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks import workloads
from benchmarks.frameworks import Framework
from benchmarks.measure import Case, Sampler, calls, everywhere

__all__ = ["CASES"]

#: A program: (array module, operands, the framework's root) to a result.
Program = Callable[[Any, SimpleNamespace], Any]

_MILLION = 1_000_000


def _vectors(framework: Framework, size: int = _MILLION) -> SimpleNamespace:
    generator = np.random.RandomState(0)
    host = {
        "v": generator.standard_normal(size).astype("float32"),
        "integers": generator.randint(0, 1000, size).astype("int32"),
        "queries": generator.standard_normal(size // 10).astype("float32"),
    }
    host["sorted"] = np.sort(host["v"])
    return SimpleNamespace(**{name: framework.array(value) for name, value in host.items()})


def _matrices(framework: Framework, rows: int = 4096, columns: int = 1024) -> SimpleNamespace:
    generator = np.random.RandomState(0)
    host = {
        "x": generator.standard_normal((rows, columns)).astype("float32"),
        "a": generator.standard_normal((512, 512)).astype("float32"),
        "b": generator.standard_normal((512, 512)).astype("float32"),
        "small": generator.standard_normal((16, 16)).astype("float32"),
    }
    return SimpleNamespace(**{name: framework.array(value) for name, value in host.items()})


def _images(framework: Framework) -> SimpleNamespace:
    generator = np.random.RandomState(0)
    images = generator.standard_normal((8, 28, 28, 32)).astype("float32")
    kernel = generator.standard_normal((3, 3, 32, 32)).astype("float32")
    return SimpleNamespace(images=framework.array(images), kernel=framework.array(kernel))


def _case(
    name: str,
    operands: Callable[[Framework], SimpleNamespace],
    same: Program,
    numpy: Program | None = None,
    torch: Program | None = None,
    eager: bool = False,
) -> Case:
    """A program under `jit` in jib and JAX (unless `eager`), as it is in the others."""

    def array(framework: Framework) -> Sampler:
        xp, values = framework.numpy, operands(framework)
        if eager:
            return calls(lambda: same(xp, values), framework)
        names = tuple(vars(values))
        arguments = tuple(vars(values).values())
        compiled = framework.root.jit(
            lambda *leaves: same(xp, SimpleNamespace(**dict(zip(names, leaves, strict=True))))
        )
        return calls(lambda: compiled(*arguments), framework)

    def plain(program: Program) -> Callable[[Framework], Sampler]:
        def build(framework: Framework) -> Sampler:
            values = operands(framework)
            return calls(lambda: program(framework.numpy, values), framework)

        return build

    others = {"numpy": numpy, "torch": torch}
    return Case(name, everywhere(array, **{k: plain(v) for k, v in others.items() if v}))


def _anywhere(
    name: str, operands: Callable[[Framework], SimpleNamespace], same: Program, eager: bool = False
) -> Case:
    return _case(name, operands, same, same, same, eager)


def _softmax(xp: Any, a: SimpleNamespace) -> Any:
    weights = xp.exp(a.x - xp.max(a.x, axis=-1, keepdims=True))
    return weights / xp.sum(weights, axis=-1, keepdims=True)


def _normalize(xp: Any, a: SimpleNamespace) -> Any:
    centred = a.x - xp.mean(a.x, axis=-1, keepdims=True)
    variance = xp.mean(centred * centred, axis=-1, keepdims=True)
    return centred / xp.sqrt(variance + 1e-6)


def _random(name: str, draw: str) -> Case:
    def array(framework: Framework) -> Sampler:
        random = framework.root.random
        key = random.PRNGKey(0)  # bare words: a typed key is for one use
        drawn = framework.root.jit(lambda key: getattr(random, draw)(key, (_MILLION,)))
        return calls(lambda: drawn(key), framework)

    def numpy(framework: Framework) -> Sampler:
        generator = np.random.default_rng(0)
        method = {"normal": generator.standard_normal, "uniform": generator.random}[draw]
        return calls(lambda: method(_MILLION, dtype="float32"), framework)

    def torch(framework: Framework) -> Sampler:
        method = {"normal": framework.root.randn, "uniform": framework.root.rand}[draw]
        return calls(lambda: method(_MILLION), framework)

    return Case(name, everywhere(array, numpy=numpy, torch=torch))


def _segment_sum(framework: Framework) -> Sampler:
    J, a = framework.root, _vectors(framework)
    summed = J.jit(lambda v, segments: J.ops.segment_sum(v, segments, num_segments=1000))
    return calls(lambda: summed(a.v, a.integers), framework)


def _convolve(J: Any, images: Any, kernel: Any) -> Any:
    return J.lax.conv_general_dilated(
        images, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def _convolution(framework: Framework) -> Sampler:
    J, a = framework.root, _images(framework)
    convolved = J.jit(lambda images, kernel: _convolve(J, images, kernel))
    return calls(lambda: convolved(a.images, a.kernel), framework)


def _convolution_gradient(framework: Framework) -> Sampler:
    J, a = framework.root, _images(framework)
    loss = lambda kernel, images: J.numpy.sum(_convolve(J, images, kernel) ** 2)  # noqa: E731
    gradient = J.jit(J.grad(loss))
    return calls(lambda: gradient(a.kernel, a.images), framework)


def _torch_convolution(framework: Framework) -> Sampler:
    torch, a = framework.root, _images(framework)
    images = a.images.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    kernel = a.kernel.permute(3, 2, 0, 1).contiguous()
    convolve = torch.nn.functional.conv2d
    return calls(lambda: convolve(images, kernel, padding=1), framework)


def _gradient_of(workload: str, **sizes: int) -> Case:
    def build(framework: Framework) -> Sampler:
        J = framework.root
        function, arguments = getattr(workloads, workload)(J, **sizes)
        gradient = J.jit(J.grad(function))
        return calls(lambda: gradient(*arguments), framework)

    return Case(f"grad of {workload}", everywhere(build), timeout=300.0)


CASES = [
    _case(
        "sort 1e6",
        _vectors,
        lambda xp, a: xp.sort(a.v),
        lambda xp, a: xp.sort(a.v),
        lambda xp, a: xp.sort(a.v).values,
    ),
    _anywhere("argsort 1e6", _vectors, lambda xp, a: xp.argsort(a.v)),
    _anywhere("unique 1e6", _vectors, lambda xp, a: xp.unique(a.integers), eager=True),
    _anywhere("median 1e6", _vectors, lambda xp, a: xp.median(a.v)),
    _anywhere("cumsum 1e6", _vectors, lambda xp, a: xp.cumsum(a.v, 0)),
    _anywhere("searchsorted 1e6", _vectors, lambda xp, a: xp.searchsorted(a.sorted, a.queries)),
    _anywhere("argmax 1e6", _vectors, lambda xp, a: xp.argmax(a.v)),
    _anywhere("gather 1e6", _vectors, lambda xp, a: a.v[a.integers]),
    Case(
        "segment_sum 1e6",
        everywhere(
            _segment_sum,
            numpy=lambda framework: (
                lambda a: calls(lambda: np.bincount(a.integers, a.v, 1000), framework)
            )(_vectors(framework)),
        ),
    ),
    _anywhere("sin 1e6", _vectors, lambda xp, a: xp.sin(a.v)),
    _random("normal 1e6", "normal"),
    _random("uniform 1e6", "uniform"),
    _anywhere("sum rows 4096x1024", _matrices, lambda xp, a: xp.sum(a.x, -1)),
    _anywhere("sum columns 4096x1024", _matrices, lambda xp, a: xp.sum(a.x, 0)),
    _case("softmax 4096x1024", _matrices, _softmax, _softmax, lambda xp, a: xp.softmax(a.x, -1)),
    _case("layer norm 4096x1024", _matrices, _normalize, _normalize),
    _anywhere("matmul 512", _matrices, lambda xp, a: a.a @ a.b),
    _anywhere("matmul 16", _matrices, lambda xp, a: a.small @ a.small),
    Case("convolution 3x3", everywhere(_convolution, torch=_torch_convolution)),
    Case("convolution 3x3 gradient", everywhere(_convolution_gradient)),
    _gradient_of("mlp"),
    _gradient_of("transformer", layers=2, width=128, length=64, batch=4),
    _gradient_of("gru_scan"),
]
