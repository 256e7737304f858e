"""Options of checkpointers, under the names that Orbax gives them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

__all__ = ["AsyncOptions", "FileOptions", "MultiprocessingOptions"]

#: Options of Orbax that tune its storage, or name its extension points.
_WITHOUT_EFFECT = {
    "array_metadata_validator", "array_options", "atomicity_options", "checkpoint_metadata_store",
    "checkpointables_options", "deletion_options", "enable_pinned_host_transfer", "file_options",
    "handler_impl", "is_prioritized_key_fn", "memory_limit_options", "memory_options",
    "multiprocessing_options", "pathways_options", "pytree_metadata_options", "pytree_options",
    "restore_concurrent_gb", "safetensors_options", "save_concurrent_gb",
    "save_device_host_concurrent_gb", "temporary_path_class", "type_handler_registry",
    "use_compression", "use_ocdbt", "use_zarr3",
}  # fmt: skip


def accept(options: dict[str, Any], function: str) -> None:
    """Raise for an option that does not exist; those of Orbax that have no effect here pass."""
    for name in options.keys() - _WITHOUT_EFFECT:
        raise TypeError(f"{function} got an unexpected keyword argument {name!r}")


@dataclasses.dataclass
class AsyncOptions:
    """How saves in the background are done.

    Attributes:
        timeout_secs: how long to wait for a save before it counts as failed.
        barrier_sync_fn: accepted, and not used: one process writes.
        post_finalization_callback: called, in the background, after each save that succeeded.
        create_directories_asynchronously: accepted, and not used.
    """

    timeout_secs: int = 1200
    barrier_sync_fn: Any = None
    post_finalization_callback: Callable[[], None] | None = None
    create_directories_asynchronously: bool = True


@dataclasses.dataclass
class MultiprocessingOptions:
    """Which processes take part; accepted, and not used: one process writes."""

    primary_host: int | None = 0
    active_processes: set[int] | None = None
    barrier_sync_key_prefix: str | None = None


@dataclasses.dataclass
class FileOptions:
    """How files are made; `path_permission_mode` is left to the process's umask."""

    path_permission_mode: int | None = None
    skip_sync_file_validations: bool = False
