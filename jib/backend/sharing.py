"""Memory shared with other libraries: DLPack in, and host arrays without a copy."""

from __future__ import annotations

import ctypes
import math
import types
from typing import Any

import numpy as np

from jib import dtypes
from jib.backend import client, transfer
from jib.backend._compat import jaxlib_core
from jib.backend.shardings import single_device_sharding
from jib.core.avals import ShapedArray
from jib.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["from_dlpack", "share"]

ArrayImpl = jaxlib_core.ArrayImpl
# Platforms by DLPack's numbers for kinds of devices; 3 is host memory that a GPU can read.
_PLATFORMS = {1: "cpu", 2: "cuda", 3: "cpu", 10: "rocm"}
_KINDS = {0: "int", 1: "uint", 2: "float", 4: "bfloat", 5: "complex", 6: "bool"}
_ALIGNMENT = 64  # what compiled programs assume of memory that they read


def from_dlpack(x: Any, device: Any = None, copy: bool | None = None) -> Any:
    """An array in the memory of `x`, an object with `__dlpack__`, or in a copy of it."""
    if not hasattr(x, "__dlpack__") or not hasattr(x, "__dlpack_device__"):
        raise ArgumentTypeError(
            "`from_dlpack` takes an array of another library, with `__dlpack__` and "
            f"`__dlpack_device__`, not a {type(x).__name__}",
            help="jib.dlpack.from_dlpack(array)",
        )
    kind, number = x.__dlpack_device__()
    platform = _PLATFORMS.get(kind)
    if platform is None:
        raise ArgumentValueError(
            f"DLPack device {(int(kind), number)} is not one that jib shares memory with: "
            "1 is a CPU, 2 and 10 are GPUs"
        )
    source = client.client(platform).local_devices()[number if platform != "cpu" else 0]
    target = transfer.as_sharding(device) or single_device_sharding(source)
    stays = target.device_set == {source}
    if copy is False and not stays:
        raise ArgumentValueError(
            f"`from_dlpack` cannot move an array from {source} to {device} without a copy",
            help="jib.dlpack.from_dlpack(x, device=device)",
        )
    out = _import(x, source, copy)
    if stays:
        return out if not copy else transfer.copied(out)
    return transfer.reshard(out, target)


def _import(x: Any, source: Any, copy: bool | None) -> Any:
    on_host = source.platform == "cpu"
    stream = None if on_host else source.get_stream_for_external_ready_events()
    tensor = problem = None
    try:
        capsule = x.__dlpack__() if on_host else x.__dlpack__(stream=stream)
    except BufferError as error:  # NumPy's read-only arrays, for one
        problem = str(error).partition("\n")[0]
    else:
        tensor = _tensor(capsule)
        problem = tensor.problem(on_host)
        if problem is None:
            aval = ShapedArray(tensor.lengths, tensor.dtype(), False)
            # From here on the capsule, and what it points to, belong to the buffer.
            made = jaxlib_core.dlpack_managed_tensor_to_buffer(capsule, source, stream)
            return ArrayImpl(aval, single_device_sharding(source), [made], False, _skip_checks=True)
    if copy is False or not on_host:
        raise ArgumentValueError(
            f"`from_dlpack` cannot share this memory: {problem}",
            help="jib.dlpack.from_dlpack(x, copy=True)" if on_host else (),
        )
    try:
        value = np.from_dlpack(x) if tensor is None else tensor.copied()
    except (BufferError, RuntimeError, TypeError):
        raise ArgumentValueError(f"`from_dlpack` cannot read this array: {problem}") from None
    return transfer.put(value, ShapedArray(value.shape, value.dtype, False))


class _Tensor(ctypes.Structure):
    """DLPack's `DLTensor`: https://dmlc.github.io/dlpack/latest/c_api.html."""

    _fields_ = (
        ("data", ctypes.c_size_t),
        ("device", ctypes.c_int32 * 2),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )

    @property
    def lengths(self) -> tuple[int, ...]:
        return tuple(self.shape[: self.ndim])

    def dtype(self) -> np.dtype:
        name = _KINDS[self.code]
        return dtypes.parse(name if name == "bool" else f"{name}{self.bits}")

    def copied(self) -> np.ndarray:
        """The elements of memory on the host, in row-major order."""
        if self.code not in _KINDS or self.lanes != 1 or self.bits < 8:
            raise TypeError
        width = self.bits // 8
        strides = tuple(width * n for n in self.strides[: self.ndim]) if self.strides else None
        there = {"data": (self.data + self.byte_offset, True), "typestr": f"|V{width}"}
        there |= {"shape": self.lengths, "strides": strides, "version": 3}
        return np.array(types.SimpleNamespace(__array_interface__=there), order="C").view(
            self.dtype()
        )

    def problem(self, on_host: bool) -> str | None:
        """Why the runtime cannot use this memory as it is, if it cannot."""
        if self.code not in _KINDS or self.lanes != 1 or self.bits < 8:
            return f"its elements have the DLPack type {(self.code, self.bits, self.lanes)}"
        lengths, step = self.lengths, 1
        if not math.prod(lengths):
            return None
        for i in reversed(range(self.ndim) if self.strides else ()):
            if lengths[i] > 1 and self.strides[i] != step:
                return "its elements do not lie in row-major order without gaps"
            step *= lengths[i]
        if on_host and (self.data + self.byte_offset) % _ALIGNMENT:
            return f"it does not start at a multiple of {_ALIGNMENT} bytes"
        return None


def _tensor(capsule: Any) -> _Tensor:
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return _Tensor.from_address(pointer(capsule, b"dltensor"))


def share(x: np.ndarray) -> Any:
    """The host array as a device array in the same memory.

    Raises:
        ArgumentValueError: if that cannot be; a later write to `x` would be seen.
    """
    sharding = single_device_sharding(client.default_device())
    aval = ShapedArray(x.shape, x.dtype, False)
    reason = None
    if sharding._device.platform != "cpu":
        reason = f"the default device is {sharding._device}"
    elif not x.flags.c_contiguous:
        reason = "its elements do not lie in row-major order without gaps"
    elif x.ctypes.data % _ALIGNMENT:
        reason = f"its memory does not start at a multiple of {_ALIGNMENT} bytes"
    if reason is None:
        out = transfer.put_kept(x, aval, sharding)
        if not x.size or out.unsafe_buffer_pointer() == x.ctypes.data:
            return out
        reason = f"the runtime copies {x.dtype} arrays of this size"
    raise ArgumentValueError(
        f"the array of shape {x.shape} cannot be used without a copy: {reason}",
        help="jib.numpy.asarray(x)",
    )
