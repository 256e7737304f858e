"""The one door to jaxlib: checks before it loads, and what differs between its releases."""

import os
import sys

# jaxlib reads this while its shared library loads; without it every process prints a banner.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")

if "jax" in sys.modules:
    raise ImportError(
        "jib and jax cannot share a process: both hook the same C++ array class, and the one "
        "that comes second would change how the first one's arrays behave\n"
        "help: import only one of them here; run the other one in a process of its own"
    )

import contextlib
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import jaxlib.version
from jaxlib import _hlo as hlo_bindings, _jax as jaxlib_core, xla_client

__all__ = ["JAXLIB_VERSION", "hlo_bindings", "jaxlib_core", "jaxlib_version", "xla_client"]

jaxlib_version: str = jaxlib.version.__version__
JAXLIB_VERSION: tuple[int, ...] = tuple(
    int("".join(filter(str.isdigit, part)) or 0) for part in jaxlib_version.split(".")[:3]
)
TESTED_VERSIONS = ((0, 10, 2), (0, 11, 99))

if TESTED_VERSIONS[0] > JAXLIB_VERSION:
    raise ImportError(
        f"jib needs jaxlib 0.10.2 or later and found {jaxlib_version}\n"
        "help: python -m pip install --upgrade 'jaxlib>=0.10.2,<0.12'"
    )

_check_lock = threading.RLock()


def attach(cpp_class: type) -> Callable[[type], type]:
    """Class decorator: move the members of a Python class onto a C++ class, and return that one.

    The dispatch path of jaxlib hashes and compares its own sharding and array types in C++, but
    only when the type is exactly its own; a Python subclass would be asked through Python.
    """

    def move(python_class: type) -> type:
        skipped = {"__dict__", "__weakref__", "__module__", "__annotations__", "__firstlineno__"}
        for name, member in vars(python_class).items():
            if name not in skipped:
                setattr(cpp_class, name, member)
                if hasattr(member, "__set_name__"):
                    member.__set_name__(cpp_class, name)
        return cpp_class

    return move


@contextlib.contextmanager
def lend_partition_check(check: Callable[[Any, Any], None]) -> Iterator[None]:
    """While open, jaxlib's named sharding finds `check(mesh, spec)` where it looks for it.

    The C++ constructor fetches its validator by module name, once per process, from the Python
    package it was written for. That package is never loaded here, so stand-in modules carry our
    validator for the duration of the first construction and are taken away again.
    """
    names = ("jax", "jax._src", "jax._src.named_sharding")
    with _check_lock:
        for name in names:
            module = types.ModuleType(name)
            module.check_pspec = check  # type: ignore[attr-defined]
            sys.modules[name] = module
        try:
            yield
        finally:
            for name in names:
                sys.modules.pop(name, None)
