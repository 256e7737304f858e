"""From a StableHLO module to an executable: memory cache, then disk cache, then XLA."""

import functools
import logging
import os
import platform as host_platform
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jib import settings
from jib._deferred import DeferredModule
from jib.backend import cache
from jib.backend._compat import jaxlib_core, jaxlib_version, xla_client
from jib.errors import ArgumentValueError

__all__ = ["clear_memory_cache", "compile_module", "module_fingerprint"]

_hashing: Any = DeferredModule("hashlib")
_ctypes: Any = DeferredModule("ctypes")
_logger = logging.getLogger(__name__)
_lock = threading.Lock()
_in_memory: OrderedDict[str, Any] = OrderedDict()
# Each entry keeps its machine code alive; the programs in use are held by their functions anyway.
_MEMORY_ENTRIES = 2048
_LONG_COMPILATION = 0.25  # seconds, from which on the compiler's memory is worth giving back
# Compiler options that are fields of the build options; all others are XLA flags.
_BUILD_FIELDS = (
    "exec_time_optimization_effort",
    "memory_fitting_effort",
    "memory_fitting_level",
    "optimization_level",
)
# Environment variables that change what the compiler makes of a module.
_ENVIRONMENT = ("XLA_FLAGS", "LIBTPU_INIT_ARGS", "XLA_CLIENT_MEM_FRACTION")


def compile_module(
    module: Any,
    *,
    devices: Sequence[Any],
    options: Mapping[str, Any] | None = None,
    spmd: bool = False,
    num_partitions: int = 1,
    allow_propagation_to_parameters: Sequence[bool] = (),
    allow_propagation_to_outputs: Sequence[bool] = (),
    host_callbacks: Sequence[Any] = (),
    name: str = "",
) -> Any:
    """A loaded executable of `module`.

    Args:
        module: an MLIR module, its bytecode, or its text.
        devices: the devices it runs on, in mesh order; `num_partitions` of them.
        options: compiler options, by XLA flag name.
        spmd: whether XLA partitions the program over the devices.
        num_partitions: devices that share the program.
        allow_propagation_to_parameters: per argument, whether XLA may choose its sharding.
        allow_propagation_to_outputs: per result, whether XLA may choose its sharding.
        host_callbacks: host functions the program calls; such a program is not kept on disk.
        name: of the function, for the log.

    Raises:
        ValueError: an option that the compiler does not know.
    """
    devices = tuple(devices)
    client = devices[0].client
    compile_options = _compile_options(
        devices, options or {}, spmd, num_partitions,
        allow_propagation_to_parameters, allow_propagation_to_outputs,
    )  # fmt: skip
    if host_callbacks:
        return _compile(client, module, devices, compile_options, host_callbacks, options, name)
    key = _cache_key(module, devices, compile_options)
    with _lock:
        executable = _in_memory.get(key)
        if executable is not None:
            _in_memory.move_to_end(key)
            return executable
    executable = _from_disk(client, key, devices, compile_options, name)
    if executable is None:
        start = time.perf_counter()
        executable = _compile(client, module, devices, compile_options, (), options, name)
        seconds = time.perf_counter() - start
        if seconds > _LONG_COMPILATION:
            _return_memory()
        if settings.compilation_cache.value:
            cache.store(key, lambda: client.serialize_executable(executable), seconds)
    with _lock:
        _in_memory[key] = executable
        while len(_in_memory) > _MEMORY_ENTRIES:
            _in_memory.popitem(last=False)
    return executable


def _return_memory() -> None:
    """Give back what the compiler has freed: the C library would keep some 100 MB of it.

    It takes about 20 ms, where the library is glibc; others are left to themselves.
    """
    trim = getattr(_ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


def clear_memory_cache() -> None:
    """Forget the executables of this process; those on disk stay."""
    with _lock:
        _in_memory.clear()


def module_fingerprint(module: Any) -> bytes:
    """SHA-256 of a module without its source positions, so that moving code keeps its cache."""
    if isinstance(module, str | bytes):
        return _hashing.sha256(module.encode() if isinstance(module, str) else module).digest()
    return _hashing.sha256(module.operation.get_asm(binary=True, enable_debug_info=False)).digest()


def _from_disk(
    client: Any, key: str, devices: tuple[Any, ...], options: Any, name: str
) -> Any | None:
    if not settings.compilation_cache.value:
        return None
    device_list = jaxlib_core.DeviceList(devices)
    start = time.perf_counter()
    executable = cache.load(
        key, lambda data: client.deserialize_executable(data, device_list, options)
    )
    if executable is not None and settings.log_compiles.value:
        _logger.warning(
            "loaded `%s` from the disk cache in %.3f s", name, time.perf_counter() - start
        )
    return executable


def _compile(
    client: Any,
    module: Any,
    devices: tuple[Any, ...],
    compile_options: Any,
    host_callbacks: Sequence[Any],
    options: Mapping[str, Any] | None,
    name: str,
) -> Any:
    arguments: tuple[Any, ...]
    if isinstance(module, str | bytes):
        arguments = (module, list(devices), compile_options)
    else:
        arguments = (module, jaxlib_core.DeviceList(devices), compile_options)
        if host_callbacks:
            arguments = (*arguments, list(host_callbacks))
    start = time.perf_counter()
    try:
        executable = client.compile_and_load(*arguments)
    except jaxlib_core.JaxRuntimeError as error:
        _explain_option_error(error, options or {})
        raise
    if settings.log_compiles.value:
        _logger.warning("compiled `%s` in %.3f s", name, time.perf_counter() - start)
    return executable


def _explain_option_error(error: Exception, options: Mapping[str, Any]) -> None:
    """Raise a clear error where XLA's complaint is about one of the user's options."""
    text = str(error)
    for option, value in options.items():
        if option not in text:
            continue
        if "No such compile option" in text or "not found" in text.lower():
            raise ArgumentValueError(
                f"the compiler has no option `{option}`",
                notes=["XLA's flags are listed at https://openxla.org/xla/flags_guidance"],
                help=f"compiler_options.pop({option!r})",
            ) from None
        if "INVALID_ARGUMENT" in text:
            reason = text.splitlines()[0].removeprefix("INVALID_ARGUMENT: ")
            raise ArgumentValueError(
                f"the compiler option `{option}` does not take {value!r}: {reason}",
                help=f"compiler_options.pop({option!r})",
            ) from None


def _compile_options(
    devices: tuple[Any, ...],
    options: Mapping[str, Any],
    spmd: bool,
    num_partitions: int,
    to_parameters: Sequence[bool],
    to_outputs: Sequence[bool],
) -> Any:
    if len(devices) != num_partitions:
        raise ArgumentValueError(
            f"{num_partitions} partition(s) need as many devices, got {len(devices)}"
        )
    result = xla_client.CompileOptions()
    result.num_replicas, result.num_partitions = 1, num_partitions
    build = result.executable_build_options
    build.use_shardy_partitioner = True
    build.use_spmd_partitioning = spmd
    ids = np.array([device.id for device in devices]).reshape(1, num_partitions)
    assignment = xla_client.DeviceAssignment.create(ids)
    result.device_assignment = assignment
    build.device_assignment = assignment
    if num_partitions > 1:
        build.allow_spmd_sharding_propagation_to_parameters = list(to_parameters) or [False]
        build.allow_spmd_sharding_propagation_to_output = list(to_outputs) or [False]
    if settings.disable_most_optimizations.value:
        build.debug_options.xla_backend_optimization_level = 0
        build.debug_options.xla_llvm_disable_expensive_passes = True
    flags = {}
    for name, value in options.items():
        if name in _BUILD_FIELDS:
            setattr(build, name, value)
        else:
            flags[name] = value if isinstance(value, str | bool | int | float) else str(value)
    if flags:
        result.env_option_overrides = list(flags.items())
    return result


def _cache_key(module: Any, devices: tuple[Any, ...], options: Any) -> str:
    digest = _hashing.sha256(module_fingerprint(module))
    digest.update(options.SerializeAsString())
    digest.update(_machine_fingerprint(devices[0].client))
    kinds = [(device.device_kind, device.id) for device in devices]
    environment = [os.environ.get(name, "") for name in _ENVIRONMENT]
    digest.update(repr((kinds, environment)).encode())
    return digest.hexdigest()


@functools.lru_cache(16)
def _machine_fingerprint(client: Any) -> bytes:
    """What an executable depends on besides its module: versions and, on a CPU, its features."""
    parts = [jaxlib_version, client.platform, client.platform_version]
    if client.platform == "cpu":
        parts += [host_platform.machine(), host_platform.system(), _cpu_features()]
    return "\0".join(parts).encode()


def _cpu_features() -> str:
    """The host's instruction set extensions, as exactly as the system tells them."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return host_platform.processor()
    wanted = ("model name", "flags", "Features", "CPU part")
    # The first processor stands for all of them.
    return "\n".join(dict.fromkeys(line for line in lines if line.startswith(wanted)))
