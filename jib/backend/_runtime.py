"""jaxlib's process-wide hooks: the settings its C++ call path watches, registered once."""

from typing import Any

import ml_dtypes
import numpy as np

from jib import settings
from jib.backend._compat import jaxlib_core

__all__ = ["context_key", "post_hook", "set_tracer_class", "trace_key", "trace_state"]

_unset = jaxlib_core.config.unset
_trace_context = jaxlib_core.config.trace_context
_guards = jaxlib_core.guard_lib


def _watched(name: str, value: Any = None, *, compared: bool = True, traced: bool = False) -> Any:
    """A value that the C++ call path watches; those `compared` are part of the key of a call."""
    return jaxlib_core.config.Config(
        name, value, include_in_jit_key=compared, include_in_trace_context=traced
    )


# What the C++ call path compares on each call. Two calls under different values never share a
# compiled program; `post_hook` is called with each result and is not part of the key.
_enable_x64 = _watched("enable_x64", settings.enable_x64.value, traced=True)
_disable_jit = _watched("disable_jit", settings.jit_disabled.value, traced=True)
trace_state = _watched("trace_state")
context_key = _watched("context_key")
mesh_context = _watched("mesh_context", traced=True)
abstract_mesh_context = _watched("abstract_mesh_context", traced=True)
post_hook = _watched("post_hook", compared=False)

jaxlib_core.jax_jit.set_enable_x64_state(_enable_x64)
jaxlib_core.jax_jit.set_disable_jit_state(_disable_jit)
jaxlib_core.jax_jit.set_post_hook_state(post_hook)


class _InvalidArgument(TypeError):
    """Raised by C++ for an argument that is no array; the call path turns it into its own error."""


jaxlib_core.set_invalid_input_exception(_InvalidArgument)

_NATIVE = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"
_EXTRA = (
    "bfloat16 int2 int4 uint2 uint4 float4_e2m1fn float8_e3m4 float8_e4m3 float8_e8m0fnu "
    "float8_e4m3b11fnuz float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz"
)
# Those that the buffer protocol has formats for, too.
NATIVE_DTYPES = frozenset(map(np.dtype, f"{_NATIVE} complex64 complex128".split()))
jaxlib_core.set_valid_dtypes(
    NATIVE_DTYPES | {np.dtype(getattr(ml_dtypes, name)) for name in _EXTRA.split()}
)
_MIRRORED = {"enable_x64": _enable_x64, "disable_jit": _disable_jit}


def trace_key() -> tuple:
    """What a trace depends on beside its function and arguments: settings, and the mesh."""
    return (settings.config.trace_key(), _trace_context())


def set_tracer_class(tracer_class: type) -> None:
    """Tell the C++ call path which objects are tracers: a call with one goes to Python."""
    jaxlib_core.set_tracer_class(tracer_class)


def _follow_guard(option: Any, value: Any, is_local: bool) -> None:
    state = _guards.thread_local_state() if is_local else _guards.global_state()
    levels = _guards.TransferGuardLevel.__members__
    level = None if value is settings.UNSET else levels[value.upper()]
    setattr(state, option.name.removeprefix("transfer_guard_"), level)


def _follow(option: Any, value: Any, is_local: bool) -> None:
    if option.name.startswith("transfer_guard_"):
        _follow_guard(option, value, is_local)
    mirror = _MIRRORED.get(option.name)
    if mirror is not None:
        if not is_local:
            mirror.set_global(value)
        else:
            mirror.set_local(_unset if value is settings.UNSET else value)
    if option.traced:
        # The key holds every option that shapes a trace, so no two settings share a program.
        key = settings.config.trace_key()
        if not is_local:
            context_key.set_global(key)
        elif value is settings.UNSET and key == context_key.get_global():
            context_key.set_local(_unset)
        else:
            context_key.set_local(key)


for _option in settings.config.options("transfer_guard"):
    _follow_guard(_option, _option.value, False)
context_key.set_global(settings.config.trace_key())
settings.config.on_change(_follow)
