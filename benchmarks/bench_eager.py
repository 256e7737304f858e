"""What one operation costs outside any compiled function, on arrays too small to matter."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.frameworks import Framework
from benchmarks.measure import Case, Sampler, calls, everywhere

__all__ = ["CASES"]

#: An operation: a function of the array module and of the operands `_operands` makes.
Operation = Callable[[Any, SimpleNamespace], Any]


def _operands(framework: Framework) -> SimpleNamespace:
    generator = np.random.RandomState(0)
    x, y = (generator.standard_normal((4, 4)).astype("float32") for _ in range(2))
    host = {
        "x": x,
        "y": y,
        "v": generator.standard_normal(16).astype("float32"),
        "mask": x > 0,
        "index": np.array([3, 1, 4], "int32"),
    }
    arrays = {name: framework.array(value) for name, value in host.items()}
    return SimpleNamespace(host=x, root=framework.root, **arrays)


def _case(
    name: str,
    same: Operation,
    numpy: Operation | None = None,
    torch: Operation | None = None,
    only: tuple[str, ...] = ("jib", "jax", "numpy", "torch"),
) -> Case:
    """The same code everywhere, save where NumPy or PyTorch spell it otherwise."""

    def builder(operation: Operation) -> Callable[[Framework], Sampler]:
        def build(framework: Framework) -> Sampler:
            xp, a = framework.numpy, _operands(framework)
            return calls(lambda: operation(xp, a), framework)

        return build

    builders = everywhere(builder(same), numpy=builder(numpy or same), torch=builder(torch or same))
    return Case(name, {key: value for key, value in builders.items() if key in only})


def _set_row(copy: str) -> Operation:
    def run(xp: Any, a: SimpleNamespace) -> Any:
        out = getattr(a.x, copy)()
        out[1] = 0.0
        return out

    return run


def _numpy_add_at(xp: Any, a: SimpleNamespace) -> Any:
    out = a.v.copy()
    xp.add.at(out, a.index, 1.0)
    return out


def _keyed(name: str, same: Callable[[Any, Any], Any], **others: Operation) -> Case:
    """A case that draws random numbers: jib and JAX hold a key, the others a generator."""

    def with_key(framework: Framework) -> Sampler:
        random = framework.root.random
        key = random.PRNGKey(0)  # bare words: a typed key is for one use
        return calls(lambda: same(random, key), framework)

    def without(operation: Operation) -> Callable[[Framework], Sampler]:
        def build(framework: Framework) -> Sampler:
            a = SimpleNamespace(generator=np.random.default_rng(0))
            return calls(lambda: operation(framework.numpy, a), framework)

        return build

    return Case(name, everywhere(with_key, **{k: without(v) for k, v in others.items()}))


_ARRAYS_WITH_DEVICES = ("jib", "jax")

CASES = [
    _case("add", lambda xp, a: a.x + a.y),
    _case("add_scalar", lambda xp, a: a.x + 1.5),
    _case("mul_scalar", lambda xp, a: a.x * 2),
    _case("mul_add_tanh", lambda xp, a: xp.tanh(a.x * a.y + a.x)),
    _case("matmul", lambda xp, a: a.x @ a.y),
    _case("compare_eq", lambda xp, a: a.x == a.y),
    _case("exp", lambda xp, a: xp.exp(a.x)),
    _case("slice", lambda xp, a: a.x[1:3]),
    _case("slice_step", lambda xp, a: a.v[1:9:2]),
    _case("slice_2d", lambda xp, a: a.x[1:3, 0:2]),
    _case("index_int", lambda xp, a: a.x[2]),
    _case("index_negative", lambda xp, a: a.x[-1]),
    _case("float_element", lambda xp, a: float(a.x[1, 2])),
    _case("iterate_rows", lambda xp, a: list(a.x)[-1]),
    _case("index_array", lambda xp, a: a.v[a.index]),
    _case("where", lambda xp, a: xp.where(a.mask, a.x, a.y)),
    _case("where_scalar", lambda xp, a: xp.where(a.mask, a.x, 0.0)),
    _case("reshape", lambda xp, a: a.x.reshape(2, 8)),
    _case("transpose", lambda xp, a: a.x.T),
    _case("at_set", lambda xp, a: a.x.at[1].set(0.0), _set_row("copy"), _set_row("clone")),
    _case(
        "at_add_index",
        lambda xp, a: a.v.at[a.index].add(1.0),
        _numpy_add_at,
        lambda xp, a: a.v.index_add(0, a.index, xp.ones(3)),
    ),
    _case("sum_all", lambda xp, a: a.x.sum()),
    _case("sum_axis", lambda xp, a: xp.sum(a.x, 0)),
    _case("mean", lambda xp, a: xp.mean(a.x)),
    _case("max", lambda xp, a: a.x.max()),
    _case("std", lambda xp, a: xp.std(a.x)),
    _case("argmax", lambda xp, a: xp.argmax(a.x)),
    _case("all_finite", lambda xp, a: xp.all(xp.isfinite(a.x))),
    _case("cumsum", lambda xp, a: xp.cumsum(a.v, 0)),
    _case("sort", lambda xp, a: xp.sort(a.v), torch=lambda xp, a: xp.sort(a.v).values),
    _case("linalg_norm", lambda xp, a: xp.linalg.norm(a.v)),
    _case("clip", lambda xp, a: xp.clip(a.x, -1.0, 1.0)),
    _case("astype", lambda xp, a: a.x.astype(xp.int32), torch=lambda xp, a: a.x.to(xp.int32)),
    _case("stack", lambda xp, a: xp.stack([a.x, a.y])),
    _case("concatenate", lambda xp, a: xp.concatenate([a.x, a.y], axis=0)),
    _case("einsum", lambda xp, a: xp.einsum("ij,jk->ik", a.x, a.y)),
    _case(
        "softmax",
        lambda xp, a: a.root.nn.softmax(a.x),
        torch=lambda xp, a: xp.softmax(a.x, -1),
        only=("jib", "jax", "torch"),
    ),
    _case("zeros", lambda xp, a: xp.zeros((4, 4))),
    _case("full_like", lambda xp, a: xp.full_like(a.x, 2.0)),
    _case("arange", lambda xp, a: xp.arange(16)),
    _case("eye", lambda xp, a: xp.eye(4)),
    _case(
        "from_numpy",
        lambda xp, a: xp.asarray(a.host),
        lambda xp, a: xp.array(a.host),
        lambda xp, a: xp.tensor(a.host),
    ),
    _case("from_list", lambda xp, a: xp.asarray([1.0, 2.0, 3.0])),
    _case("device_put", lambda xp, a: a.root.device_put(a.host), only=_ARRAYS_WITH_DEVICES),
    _case("to_numpy", lambda xp, a: np.asarray(a.x) + 0, torch=lambda xp, a: a.x.numpy() + 0),
    _case("repr", lambda xp, a: repr(a.x)),
    _keyed("key_split", lambda random, key: random.split(key)),
    _keyed(
        "normal",
        lambda random, key: random.normal(key, (4, 4)),
        numpy=lambda xp, a: a.generator.standard_normal((4, 4), dtype="float32"),
        torch=lambda xp, a: xp.randn(4, 4),
    ),
]
