"""What a benchmark sees of a framework: its modules under common names, and how to wait."""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["FRAMEWORKS", "Framework", "load"]

FRAMEWORKS = ("jib", "jax", "torch", "numpy")
_LIBRARIES = {
    "jib": {"linen": "jib.linen", "nnx": "jib.nnx", "optim": "jib.optim", "ckpt": "jib.ckpt"},
    "jax": {"linen": "flax.linen", "nnx": "flax.nnx", "optim": "optax", "ckpt": "orbax.checkpoint"},
}


@dataclass(frozen=True)
class Framework:
    """One framework inside its own process.

    `root` is the package (`jib`, `jax`, `torch`, `numpy`), `numpy` the module with the
    array functions, `array` turns a NumPy array into one of the framework's own.
    """

    name: str
    root: ModuleType
    numpy: ModuleType
    array: Callable[[np.ndarray], Any]
    wait: Callable[[Any], Any]

    def library(self, role: str) -> ModuleType:
        """The module that plays `role`: "linen" and "nnx" for layers, "optim", "ckpt"."""
        return importlib.import_module(_LIBRARIES[self.name][role])


def load(name: str) -> Framework:
    """Import a framework by name; raises whatever its import raises."""
    if name not in FRAMEWORKS:
        raise ValueError(f"unknown framework {name!r}; choose from {', '.join(FRAMEWORKS)}")
    root = importlib.import_module(name)
    if name == "numpy":
        return Framework(name, root, root, np.array, lambda value: value)
    if name == "torch":
        root.set_num_threads(len(os.sched_getaffinity(0)))
        return Framework(name, root, root, lambda a: root.from_numpy(a.copy()), lambda v: v)
    arrays = importlib.import_module(f"{name}.numpy")
    return Framework(name, root, arrays, arrays.asarray, root.block_until_ready)
