"""jaxlib's own kernels outside XLA: LAPACK on the CPU, registered when first needed."""

import functools

from jaxlib import lapack as _lapack

from jib.backend._compat import xla_client

__all__ = ["ensure_lapack"]


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
