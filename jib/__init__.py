"""Composable transformations of NumPy-style programs, over the XLA compiler."""

import importlib as _importlib
import os as _os
import typing as _typing

# jaxlib reads this while it loads; without it every process prints a banner.
_os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")

from jib.backend import _compat as _compat  # isort: skip  # refuses a process that holds jax
from jib._neighbours import introduce as _introduce
from jib.backend.assembly import *
from jib.backend.devices import *
from jib.backend.execute import effects_barrier as effects_barrier
from jib.backend.meshes import make_mesh as make_mesh, set_mesh as set_mesh
from jib.backend.shardings import NamedSharding as NamedSharding
from jib.core.array import Array as Array
from jib.core.avals import ShapeDtypeStruct as ShapeDtypeStruct
from jib.core.zeros import float0 as float0
from jib.errors import missing_names as _missing_names
from jib.lax._sharding import reshard as reshard
from jib.settings import (
    check_tracer_leaks as check_tracer_leaks,
    checking_leaks as checking_leaks,
    config as config,
    debug_infs as debug_infs,
    debug_key_reuse as debug_key_reuse,
    debug_nans as debug_nans,
    default_device as default_device,
    default_matmul_precision as default_matmul_precision,
    disable_jit as disable_jit,
    enable_x64 as enable_x64,
    log_compiles as log_compiles,
    numpy_dtype_promotion as numpy_dtype_promotion,
    numpy_rank_promotion as numpy_rank_promotion,
    transfer_guard as transfer_guard,
    transfer_guard_device_to_device as transfer_guard_device_to_device,
    transfer_guard_device_to_host as transfer_guard_device_to_host,
    transfer_guard_host_to_device as transfer_guard_host_to_device,
)
from jib.sharding._partition_spec import PartitionSpec as P
from jib.transforms.abstract import *
from jib.transforms.callbacks import pure_callback as pure_callback
from jib.transforms.closures import (
    closure_convert as closure_convert,
    custom_gradient as custom_gradient,
)
from jib.transforms.custom_jvp import custom_jvp as custom_jvp
from jib.transforms.custom_vjp import custom_vjp as custom_vjp
from jib.transforms.debug_nans import install as _install_debug_nans
from jib.transforms.grad import *
from jib.transforms.jacobians import *
from jib.transforms.jit import clear_caches as clear_caches, jit as jit
from jib.transforms.linear import (
    jvp as jvp,
    linear_transpose as linear_transpose,
    linearize as linearize,
    vjp as vjp,
)
from jib.transforms.moving import *
from jib.transforms.pmap import pmap as pmap
from jib.transforms.remat import (
    checkpoint as checkpoint,
    checkpoint_policies as checkpoint_policies,
    remat as remat,
)
from jib.transforms.shard_map import shard_map as shard_map
from jib.transforms.vmap import *

if _typing.TYPE_CHECKING:
    from jib.backend.shards import Shard as Shard
    from jib.ref import Ref as Ref, freeze as freeze, new_ref as new_ref

__all__ = [
    "Array", "Device", "NamedSharding", "P", "ShapeDtypeStruct", "block_until_ready",
    "check_tracer_leaks", "checking_leaks", "checkpoint", "checkpoint_policies", "clear_caches",
    "closure_convert", "config", "copy_to_host_async", "custom_gradient", "custom_jvp",
    "custom_vjp", "debug_infs", "debug_key_reuse", "debug_nans", "default_backend",
    "default_device", "default_matmul_precision", "device_count", "device_get", "device_put",
    "devices", "disable_jit", "enable_x64", "ensure_compile_time_eval", "eval_shape", "float0",
    "grad",
    "hessian", "jacfwd", "jacobian", "jacrev", "jit", "jvp", "linear_transpose", "linearize",
    "live_arrays", "local_device_count", "local_devices", "log_compiles",
    "make_array_from_callback", "make_array_from_process_local_data",
    "make_array_from_single_device_arrays", "make_jaxpr", "make_mesh", "named_call", "named_scope",
    "numpy", "numpy_dtype_promotion", "numpy_rank_promotion", "pmap", "process_count",
    "process_index", "process_indices", "pure_callback", "remat", "reshard", "set_mesh",
    "shard_map", "transfer_guard", "transfer_guard_device_to_device",
    "transfer_guard_device_to_host", "transfer_guard_host_to_device", "typeof", "value_and_grad",
    "vjp", "vmap",
]  # fmt: skip

# Arrays get their operators and methods there.
from jib import numpy as numpy

__version__ = "0.1.0"
__version_info__ = tuple(int(_part) for _part in __version__.split("."))

# Subpackages that load on first use: `import jib` stays quick.
_LAZY = {
    "ad_checkpoint", "cache", "ckpt", "custom_batching", "custom_derivatives", "debug", "dlpack",
    "dtypes", "errors", "experimental", "ffi", "flatten_util", "image", "interpreters",
    "jax_utils", "lax", "linen", "models", "monitoring", "nn", "nnx", "ops", "optim", "random",
    "ref", "scipy", "serialization", "sharding", "stages", "struct", "training", "traverse_util",
    "tree", "tree_util", "typing",
}  # fmt: skip
_LAZY_NAMES = {"Ref": "ref", "Shard": "backend.shards", "freeze": "ref", "new_ref": "ref"}

_introduce()
_install_debug_nans()
_missing = _missing_names(__name__)


def __getattr__(name: str) -> _typing.Any:
    if name in _LAZY:
        return _importlib.import_module(f"jib.{name}")
    if name in _LAZY_NAMES:
        return getattr(_importlib.import_module(f"jib.{_LAZY_NAMES[name]}"), name)
    return _missing(name)
