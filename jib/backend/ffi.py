"""jaxlib's own kernels outside XLA, registered when first needed: LAPACK, cuSOLVER, cuSPARSE."""

import functools
import os
from typing import Any

from jaxlib import lapack as _lapack

from jib._deferred import DeferredModule
from jib.backend._compat import xla_client

__all__ = ["ensure_cuda_kernels", "ensure_lapack", "register_target"]

# These look for the plugin's package when they are imported.
_CUDA: tuple[Any, ...] = (DeferredModule("jaxlib.gpu_solver"), DeferredModule("jaxlib.gpu_sparse"))


@functools.cache
def ensure_lapack() -> None:
    """Make LAPACK's custom calls (`lapack_sgetrf_ffi`, ...) known to XLA. Cheap to repeat.

    Raises:
        ImportError: SciPy is missing; jaxlib takes the routines from it.
    """
    try:
        _lapack._lapack.initialize()
    except ImportError as error:
        raise ImportError(
            f"linear algebra on the CPU needs SciPy, from which jaxlib takes LAPACK: {error}\n"
            "help: python -m pip install scipy"
        ) from error
    for platform, targets in _lapack.registrations().items():
        for name, function, api_version in targets:
            xla_client.register_custom_call_target(
                name, function, platform=platform, api_version=api_version
            )
    for name in _lapack.batch_partitionable_targets():
        xla_client.register_custom_call_as_batch_partitionable(name)


@functools.cache
def ensure_cuda_kernels() -> frozenset[str]:
    """Make the CUDA plugin's custom calls known to XLA; their names. None without its package."""
    names = set()
    for module in _CUDA:
        for name, function, api_version in module.registrations().get("CUDA", []):
            xla_client.register_custom_call_target(
                name, function, platform="CUDA", api_version=api_version
            )
            names.add(name)
    return frozenset(names)


def register_target(name: str, function: Any, platform: str, api_version: int, **more: Any) -> None:
    """Make a compiled function known to XLA under a name."""
    xla_client.register_custom_call_target(name, function, platform, api_version, **more)


def register_type(name: str, registration: Any, platform: str) -> None:
    """Make the type of a handler's state known to XLA under a name."""
    xla_client.register_custom_type(name, registration, platform=platform)


def register_partitionable(name: str) -> None:
    """Let XLA split the calls of a target along leading axes that its operands share."""
    xla_client.register_custom_call_as_batch_partitionable(name)


def header_folder() -> str:
    """The folder of XLA's header files."""
    return os.path.join(os.path.dirname(os.path.abspath(_lapack.__file__)), "include")
