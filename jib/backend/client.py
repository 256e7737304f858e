"""PJRT clients: one per platform, made when first asked for and never at import."""

import copyreg
import threading
from typing import Any

from jib import settings
from jib.backend import _plugins
from jib.backend._compat import jaxlib_core, xla_client
from jib.errors import ArgumentValueError, JibRuntimeError

__all__ = ["client", "default_device", "platforms", "resolve_device"]

_lock = threading.RLock()
_clients: dict[str, Any] = {}
_order: list[str] = []
_default_devices: dict[Any, Any] = {}
_ALIASES = {"cuda": ("cuda",), "gpu": ("cuda", "rocm"), "tpu": ("tpu",), "cpu": ("cpu",)}


def _start_cpu() -> Any:
    count = settings.num_cpu_devices.value
    if count < 1:
        raise ValueError(
            f"the number of CPU devices must be 1 or more, got {count}\nhelp: JIB_NUM_CPU_DEVICES=8"
        )
    return xla_client.make_cpu_client(asynchronous=True, num_devices=count)


def _start_all() -> None:
    requested = (settings.platforms.value or "").replace(",", " ").lower().split()
    names = [full for name in requested for full in _ALIASES.get(name, (name,))]
    # A CPU client always comes last: it is the fallback, and holds host-side constants.
    for name in names or [*_plugins.found(), "cpu"]:
        if name in _clients:
            continue
        started = _start_cpu() if name == "cpu" else _plugins.start(name)
        if started is not None:
            _clients[name] = started
            _order.append(name)
    if not _order:
        reasons = "".join(_plugins.explain(name) for name in names)
        raise JibRuntimeError(
            f"none of the platforms that were asked for could be started: {', '.join(names)}"
            f"{reasons}",
            help="JIB_PLATFORMS=cpu",
        )


def platforms() -> tuple[str, ...]:
    """Names of the started platforms, the default one first. Starts the clients."""
    if not _order:
        with _lock:
            if not _order:
                _start_all()
    return tuple(_order)


def clients_started() -> bool:
    """Whether any client exists yet (asking does not start one)."""
    return bool(_order)


def client(platform: str | None = None) -> Any:
    """The PJRT client of `platform` (`"cpu"`, `"gpu"`, `"cuda"`, `"tpu"`), or the default one.

    Raises:
        RuntimeError: the platform is not there; the message lists those that are.
    """
    names = platforms()
    if platform is None:
        return _clients[names[0]]
    if isinstance(platform, jaxlib_core.Client):
        return platform
    for name in _ALIASES.get(platform.lower(), (platform.lower(),)):
        if name in _clients:
            return _clients[name]
    if platform.lower() == "cpu":
        # The host is always usable, even when only an accelerator was asked for.
        with _lock:
            if "cpu" not in _clients:
                _clients["cpu"] = _start_cpu()
                _order.append("cpu")
            return _clients["cpu"]
    raise JibRuntimeError(
        f"there is no platform `{platform}` here{_plugins.explain(platform)}; the platforms are: "
        f"{', '.join(names)}",
        help=f'jib.devices("{names[0]}")',
    )


def default_device() -> Any:
    """The device that new arrays go to: the `default_device` setting, or the first local one."""
    chosen = settings.default_device.value
    device = _default_devices.get(chosen)
    if device is None:
        device = resolve_device(chosen)
        _default_devices[chosen] = device
    return device


def resolve_device(chosen: Any) -> Any:
    """The device that a setting stands for: a device, `"gpu"`, `"cpu:1"`, or None."""
    if chosen is None or chosen == "":
        return client().local_devices()[0]
    if not isinstance(chosen, str):
        return chosen
    platform, _, index = chosen.partition(":")
    devices = client(platform).local_devices()
    if index and not (index.isdigit() and int(index) < len(devices)):
        raise ArgumentValueError(
            f"there is no device `{chosen}`: {platform} has {len(devices)} local device(s)",
            help=f'jib.config.update("jax_default_device", "{platform}:0")',
        )
    return devices[int(index or 0)]


def _device_with_id(platform: str, index: int) -> Any:
    found = [device for device in client(platform).devices() if device.id == index]
    if not found:
        raise ArgumentValueError(
            f"a stored device, {platform} {index}, does not exist in this process",
            help=f'jib.devices("{platform}")',
        )
    return found[0]


def _reduce_device(device: Any) -> tuple[Any, ...]:
    return _device_with_id, (device.platform, device.id)


def _reduce_device_list(devices: Any) -> tuple[Any, ...]:
    return jaxlib_core.DeviceList, (tuple(devices),)


# Devices are pickled by name: the process that reads them has a client of its own.
copyreg.pickle(jaxlib_core.Device, _reduce_device)  # type: ignore[arg-type]
copyreg.pickle(jaxlib_core.DeviceList, _reduce_device_list)  # type: ignore[arg-type]
