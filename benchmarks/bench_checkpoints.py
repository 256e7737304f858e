"""What it costs to save and to restore: jib.ckpt, Orbax and `torch.save`, into a new folder."""

import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.frameworks import Framework
from benchmarks.measure import Case, Sampler, everywhere, stages

__all__ = ["CASES"]


def _tree(framework: Framework, count: int, shape: tuple[int, ...]) -> dict[str, Any]:
    generator = np.random.RandomState(0)
    return {
        f"layer_{i}": {"kernel": framework.array(generator.randn(*shape).astype("float32"))}
        for i in range(count)
    }


def _arrays(count: int, shape: tuple[int, ...]) -> Callable[[Framework], Sampler]:
    def build(framework: Framework) -> Sampler:
        tree = _tree(framework, count, shape)
        checkpointer = framework.library("ckpt").StandardCheckpointer()

        def sample(watch: Any) -> None:
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder).resolve() / "saved"
                with watch("save"):
                    checkpointer.save(path, tree)
                    checkpointer.wait_until_finished()
                with watch("restore"):
                    framework.root.block_until_ready(checkpointer.restore(path, tree))
                watch.size("on disk", sum(f.stat().st_size for f in path.rglob("*") if f.is_file()))

        return stages(sample)

    return build


def _torch(count: int, shape: tuple[int, ...]) -> Callable[[Framework], Sampler]:
    def build(framework: Framework) -> Sampler:
        torch, tree = framework.root, _tree(framework, count, shape)

        def sample(watch: Any) -> None:
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "saved"
                with watch("save"):
                    torch.save(tree, path)
                with watch("restore"):
                    torch.load(path)
                watch.size("on disk", path.stat().st_size)

        return stages(sample)

    return build


def _case(name: str, count: int, shape: tuple[int, ...]) -> Case:
    builders = everywhere(_arrays(count, shape), torch=_torch(count, shape))
    return Case(name, builders, isolated=True, timeout=300.0)


CASES = [
    _case("1,000 arrays of 1 kB", 1000, (16, 16)),
    _case("10 arrays of 4 MB", 10, (1024, 1024)),
    _case("4 arrays of 64 MB", 4, (4096, 4096)),
]
