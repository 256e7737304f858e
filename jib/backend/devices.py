"""The devices there are: `devices`, `device_count`, `process_index` and their kin."""

from typing import Any

from jib.backend import client as client_module
from jib.backend._compat import jaxlib_core
from jib.errors import ArgumentValueError

__all__ = [
    "Device", "default_backend", "device_count", "devices", "live_arrays", "local_device_count",
    "local_devices", "process_count", "process_index", "process_indices",
]  # fmt: skip

Device = jaxlib_core.Device


def devices(backend: str | None = None) -> list[Device]:
    """All devices of a platform, those of other processes included.

    Args:
        backend: `"cpu"`, `"gpu"`, `"tpu"`, or None for the default platform.

    Raises:
        RuntimeError: there is no such platform; the message lists those that there are.

    Example:
        >>> import jib
        >>> len(jib.devices()) == jib.device_count()
        True
    """
    return client_module.client(backend).devices()


def local_devices(
    process_index: int | None = None, backend: str | None = None, host_id: int | None = None
) -> list[Device]:
    """The devices of one process: this one, or number `process_index`.

    Raises:
        ValueError: there is no process of that number.

    Example:
        >>> import jib
        >>> jib.local_devices()[0] == jib.devices()[0]
        True
    """
    wanted = host_id if process_index is None else process_index
    client = client_module.client(backend)
    if wanted is None:
        wanted = client.process_index()
    if wanted not in process_indices(backend):
        raise ArgumentValueError(
            f"there is no process {wanted}; the processes are {process_indices(backend)}",
            help="jib.local_devices(jib.process_index())",
        )
    return [device for device in client.devices() if device.process_index == wanted]


def device_count(backend: str | None = None) -> int:
    """How many devices there are, over all processes.

    Example:
        >>> import jib
        >>> jib.device_count() >= jib.local_device_count()
        True
    """
    return int(client_module.client(backend).device_count())


def local_device_count(backend: str | None = None) -> int:
    """How many devices this process has.

    Example:
        >>> import jib
        >>> jib.local_device_count() > 0
        True
    """
    return int(client_module.client(backend).local_device_count())


def default_backend() -> str:
    """The name of the default platform: `"cpu"`, `"gpu"` or `"tpu"`.

    Example:
        >>> import jib
        >>> jib.default_backend() in ("cpu", "gpu", "tpu")
        True
    """
    return client_module.client().platform


def process_index(backend: str | None = None) -> int:
    """The number of this process, from 0; always 0 without a cluster.

    Example:
        >>> import jib
        >>> jib.process_index()
        0
    """
    return client_module.client(backend).process_index()


def process_count(backend: str | None = None) -> int:
    """How many processes take part.

    Example:
        >>> import jib
        >>> jib.process_count()
        1
    """
    return len(process_indices(backend))


def process_indices(backend: str | None = None) -> list[int]:
    """The numbers of all processes, ascending.

    Example:
        >>> import jib
        >>> jib.process_indices()
        [0]
    """
    return sorted({device.process_index for device in devices(backend)})


def live_arrays(platform: str | None = None) -> list[Any]:
    """The arrays of a platform (None: the default one) that are still held.

    Example:
        >>> import jib
        >>> isinstance(jib.live_arrays(), list)
        True
    """
    return client_module.client(platform).live_arrays()
