"""Moving one array: host to device, device to device, device to host."""

import contextlib
import logging
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from jib import dtypes
from jib.backend import client as client_module
from jib.backend._compat import jaxlib_core
from jib.backend._runtime import NATIVE_DTYPES
from jib.backend.donations import raise_explained
from jib.backend.shardings import Sharding, SingleDeviceSharding, single_device_sharding
from jib.core.avals import ShapedArray
from jib.errors import ArgumentTypeError, JibRuntimeError
from jib.settings import transfer_guard_device_to_host

__all__ = ["as_sharding", "block_until_ready", "device_get", "device_put", "put", "reshard"]

_logger = logging.getLogger(__name__)

ArrayImpl = jaxlib_core.ArrayImpl
_batched_put = jaxlib_core.batched_device_put
# The host buffer is read during the call only: a later write to the NumPy array cannot be seen.
_COPY_NOW = jaxlib_core.HostBufferSemantics.IMMUTABLE_ONLY_DURING_CALL
_KEEP = jaxlib_core.HostBufferSemantics.ZERO_COPY
_Copy = jaxlib_core.ArrayCopySemantics


@contextlib.contextmanager
def explicit() -> Iterator[None]:
    """Transfers inside were asked for: the guards "disallow" and "log" let them pass."""
    state = jaxlib_core.guard_lib.thread_local_state()
    before = state.explicit_device_put, state.explicit_device_get
    state.explicit_device_put = state.explicit_device_get = True
    try:
        yield
    finally:
        state.explicit_device_put, state.explicit_device_get = before


def put(x: Any, aval: Any, sharding: Any = None, committed: bool | None = None) -> ArrayImpl:
    """A device array with the contents of the host array `x`.

    Args:
        x: a NumPy array or scalar whose dtype is `aval.dtype`.
        aval: the shape and dtype of the result.
        sharding: where it goes; None is the default device.
        committed: whether the array insists on its devices; None means "when a sharding is given".
    """
    if sharding is None:
        sharding = single_device_sharding(client_module.default_device())
        committed = bool(committed)
    elif committed is None:
        committed = True
    if type(sharding) is SingleDeviceSharding:
        devices = [sharding._device]
        try:
            return _batched_put(aval, sharding, [x], devices, committed, False, _COPY_NOW, True)
        except jaxlib_core.JaxRuntimeError as error:
            raise_explained(error, ())
    x = np.asarray(x)
    indices = sharding.addressable_devices_indices_map(aval.shape)
    # Each device gets a copy that nobody else holds, so jaxlib may keep it (one buffer given to
    # two devices is not an option: jaxlib 0.10 fails on it, and a donation would write to both).
    shards = [np.array(x[index], order="C") for index in indices.values()]
    return _batched_put(aval, sharding, shards, list(indices), committed, False, _KEEP, True)


def put_kept(x: np.ndarray, aval: Any, sharding: Any) -> ArrayImpl:
    """`put` to one device, without a copy where the runtime can do so: `x` must not change."""
    return _batched_put(aval, sharding, [x], [sharding._device], False, False, _KEEP, True)


def put_scalar(x: Any, dtype: Any, weak_type: bool = False) -> ArrayImpl:
    """A Python or NumPy scalar as a rank-0 array on the default device."""
    sharding = single_device_sharding(client_module.default_device())
    value = np.asarray(x, dtype)
    aval = ShapedArray((), value.dtype, weak_type=weak_type)
    return _batched_put(aval, sharding, [value], [sharding._device], False, False, _COPY_NOW, True)


def as_sharding(device: Any) -> Any:
    """A device, its name, a sharding or None as a sharding or None."""
    if device is None or isinstance(device, Sharding):
        return device
    if isinstance(device, jaxlib_core.Device):
        return single_device_sharding(device)
    if isinstance(device, str):
        return single_device_sharding(client_module.resolve_device(device))
    raise ArgumentTypeError(
        f"the second argument of device_put is a device, a sharding or None, not {device!r} of "
        f"type {type(device).__name__}",
        help="jib.device_put(x, jib.devices()[0])",
    )


def device_put(x: Any, device: Any = None, *, donate: bool = False, may_alias: bool | None = None):
    """`x` (a device array, NumPy array or scalar) on `device`: a device, a sharding or None.

    With None, a device array is returned as it is, and host data goes to the default device.
    """
    sharding = as_sharding(device)
    if isinstance(x, ArrayImpl):
        return x if sharding is None else reshard(x, sharding, donate=donate, may_alias=may_alias)
    value = np.asarray(x)
    return put(value, ShapedArray(value.shape, value.dtype, weak_type=False), sharding)


def reshard(x: ArrayImpl, sharding: Any, *, donate: bool = False, may_alias: bool | None = None):
    """The device array `x` laid out as `sharding` says; no copy where it lies so already."""
    semantics = _Copy.REUSE_INPUT
    if donate:
        semantics = _Copy.DONATE_INPUT
    elif may_alias is False:
        semantics = _Copy.ALWAYS_COPY
    source = x._sharding
    if source.is_equivalent_to(sharding, x.aval.ndim) and semantics is _Copy.REUSE_INPUT:
        if source == sharding and x._committed:
            return x
        return ArrayImpl(x.aval, sharding, x._arrays, True, _skip_checks=True)
    same_shards = source.num_devices == sharding.num_devices and source._to_xla_hlo_sharding(
        x.aval.ndim
    ) == sharding._to_xla_hlo_sharding(x.aval.ndim)
    if same_shards:
        (moved,) = jaxlib_core.batched_copy_array_to_devices_with_sharding(
            [x], [sharding._internal_device_list], [sharding], [semantics]
        )
        # The copy is as committed as its source was; who names a place insists on it.
        return ArrayImpl(x.aval, sharding, moved._arrays, True, _skip_checks=True)
    # Different shards: assemble on the host, then cut anew. Never wrong, and needs no compile.
    moved = put(device_get(x), x.aval, sharding, True)
    if donate:
        x.delete()
    return moved


def copied(x: ArrayImpl) -> ArrayImpl:
    """A device array with the same contents in memory of its own: a donation spares it."""
    sharding = x._sharding
    (out,) = jaxlib_core.batched_copy_array_to_devices_with_sharding(
        [x], [sharding._internal_device_list], [sharding], [_Copy.ALWAYS_COPY]
    )
    return out


# DLPack's numbers for kinds of devices, by platform.
_DLPACK_KINDS = {"cpu": 1, "cuda": 2, "rocm": 10}


def dlpack_device(x: ArrayImpl) -> tuple[int, int]:
    """Where the array lies, as DLPack says it: (kind, number)."""
    (device,) = x._sharding.device_set if x._sharding.num_devices == 1 else (None,)
    kind = _DLPACK_KINDS.get(getattr(device, "platform", ""))
    if device is None or kind is None:
        raise BufferError("DLPack shares arrays on one CPU or GPU device, which this one is not on")
    return kind, device.local_hardware_id or 0


def to_dlpack(x: ArrayImpl, stream: Any, device: Any, copy: bool | None) -> Any:
    """The array's memory as a DLPack capsule."""
    if device is not None and tuple(device) != dlpack_device(x):
        raise BufferError(f"this array is on DLPack device {dlpack_device(x)}, not {device}")
    try:
        return jaxlib_core.buffer_to_dlpack_managed_tensor(copied(x) if copy else x, stream=stream)
    except jaxlib_core.JaxRuntimeError:
        raise BufferError(f"DLPack has no type for elements of {x.aval.dtype}") from None


def device_get(x: Any) -> Any:
    """The contents of a device array as a NumPy array; anything else is returned as it is."""
    if not isinstance(x, ArrayImpl):
        return x
    cached = x._npy_value
    if cached is not None:
        return cached
    if transfer_guard_device_to_host.value != "allow":
        _check_read(x)
    sharding = x._sharding
    if type(sharding) is SingleDeviceSharding:
        value = _read_one(x, sharding)
    elif sharding.is_fully_replicated:
        single = x if sharding.num_devices == 1 else x._fully_replicated_shard()
        value, _ = single._single_device_array_to_np_array_did_copy()
    else:
        value = _assemble(x)
    value.flags.writeable = False
    x._npy_value = value
    return value


def _check_read(x: ArrayImpl) -> None:
    """Apply the guard on every platform: jaxlib's own lets reads on a CPU pass."""
    level = transfer_guard_device_to_host.value
    asked = jaxlib_core.guard_lib.thread_local_state().explicit_device_get
    if asked and not level.endswith("explicit"):
        return
    text = f"an array of shape {x.aval.shape} and dtype {x.aval.dtype} is read on the host"
    if level.startswith("log"):
        _logger.warning("%s", text)
        return
    raise JibRuntimeError(
        f"{text}, which transfer_guard_device_to_host={level!r} does not allow",
        help="jib.device_get(x)" if level == "disallow" else (),
    )


def _read_one(x: ArrayImpl, sharding: Any) -> np.ndarray:
    aval = x.aval  # which single buffers, that jaxlib cut from a result, do not have
    if aval is not None and aval.dtype in NATIVE_DTYPES and sharding._device.platform == "cpu":
        # Python's buffer protocol copies nothing, and takes a tenth of the time of what follows.
        try:
            return np.asarray(memoryview(x))
        except BufferError:  # the array was deleted, and the error below says so
            return x._single_device_array_to_np_array_did_copy()[0]
    if aval is not None and aval.dtype.kind == "V" and dtypes.itemsize_bits(aval.dtype) >= 8:
        return _read_extra(x, sharding._device.platform)
    return x._single_device_array_to_np_array_did_copy()[0]


def _read_extra(x: ArrayImpl, platform: str) -> np.ndarray:
    """A copy of bfloat16 and the like; jaxlib searches for a module at each of its own reads."""
    if platform != "cpu" or not x.aval.size or x.is_deleted():
        return x._single_device_array_to_np_array_did_copy()[0]
    x.block_until_ready()
    dtype = x.aval.dtype
    there = {"data": (x.unsafe_buffer_pointer(), True), "typestr": f"|V{dtype.itemsize}"}
    memory = types.SimpleNamespace(
        __array_interface__=there | {"shape": x.aval.shape, "version": 3}
    )
    return np.array(memory).view(dtype)


def _assemble(x: ArrayImpl) -> np.ndarray:
    if not x._sharding.is_fully_addressable:
        raise JibRuntimeError(
            f"an array of shape {x.aval.shape} spans devices of other processes, so its whole "
            "value cannot be read here",
            help="[shard.data for shard in x.addressable_shards]",
        )
    result = np.empty(x.aval.shape, x.aval.dtype)
    seen: set[Any] = set()
    indices = x._sharding.addressable_devices_indices_map(x.aval.shape)
    for shard, index in zip(x._arrays, indices.values(), strict=True):
        key = tuple((part.start, part.stop) for part in index)
        if key not in seen:
            seen.add(key)
            result[index] = shard._single_device_array_to_np_array_did_copy()[0]
    return result


def copy_to_host_async(x: Any) -> None:
    """Start the copy of a device array to the host, so that a later read does not wait for it."""
    if not isinstance(x, ArrayImpl) or x._npy_value is not None:
        return
    shards = [x] if x._sharding.num_devices == 1 else x._arrays
    if x._sharding.is_fully_replicated:
        shards = shards[:1]
    for shard in shards:
        shard._copy_single_device_array_to_host_async()


def block_until_ready(x: Any) -> Any:
    """Wait until the device array `x` has been computed, and return it."""
    if isinstance(x, ArrayImpl):
        x.block_until_ready()
    return x
