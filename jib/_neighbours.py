"""Tells libraries that know frameworks by name what jib's arrays are, when they are imported."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = ["introduce"]


def _to_einops(module: ModuleType) -> None:
    """einops asks each known subclass of its backend class whether an array is its own."""

    class JibBackend(module.NumpyBackend):
        framework_name = "jib"

        def __init__(self) -> None:
            self.np = importlib.import_module("jib.numpy")

        def from_numpy(self, x: Any) -> Any:
            return self.np.asarray(x)

        def is_appropriate_type(self, tensor: Any) -> bool:
            return isinstance(tensor, self.np.ndarray)

    vars(module)["JibBackend"] = JibBackend  # einops itself holds its classes weakly


def _to_opt_einsum(module: ModuleType) -> None:
    """opt_einsum looks for functions in the package that defines an array's class."""
    module._aliases.update(jaxlib="jib.numpy", jib="jib.numpy")


_INTRODUCTIONS: dict[str, Callable[[ModuleType], None]] = {
    "einops._backends": _to_einops,
    "opt_einsum.backends.dispatch": _to_opt_einsum,
}


class _Waiting:
    """A finder of modules that finds none, but sees which are imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        introduction = _INTRODUCTIONS.pop(name, None)
        spec = importlib.util.find_spec(name) if introduction else None
        if introduction and spec and spec.loader:
            execute = spec.loader.exec_module

            def execute_and_introduce(module: ModuleType) -> None:
                execute(module)
                introduction(module)

            spec.loader.exec_module = execute_and_introduce
        return spec


def introduce() -> None:
    """Introduce jib to the libraries that are loaded now, and to the others once they are."""
    for name in [name for name in _INTRODUCTIONS if name in sys.modules]:
        _INTRODUCTIONS.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, _Waiting())
