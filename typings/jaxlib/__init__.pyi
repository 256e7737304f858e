"""The compiled modules of jaxlib ship without types; their contents are `Any` to the checker."""

from typing import Any

_hlo: Any
_jax: Any
_pretty_printer: Any
_profile_data: Any
_profiler: Any
_sdy_mpmd: Any
_xla: Any
cpu: Any
cpu_feature_guard: Any
cpu_sparse: Any
gpu_linalg: Any
gpu_prng: Any
gpu_rnn: Any
gpu_solver: Any
gpu_sparse: Any
lapack: Any
plugin_support: Any
utils: Any
version: Any
weakref_lru_cache: Any
xla_client: Any
