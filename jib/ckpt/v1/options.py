"""Options of the second interface of Orbax."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable

__all__ = ["AsyncOptions", "CheckpointLayout"]


@dataclasses.dataclass(kw_only=True)
class AsyncOptions:
    """How saves in the background are done; see `jib.ckpt.AsyncOptions`."""

    timeout_secs: int = 1200
    post_finalization_callback: Callable[[], None] | None = None
    create_directories_asynchronously: bool = True


class CheckpointLayout(enum.Enum):
    """The format on disk: jib's own (under the name ORBAX), safetensors, or what is found."""

    AUTO = "auto"
    ORBAX = "orbax"
    SAFETENSORS = "safetensors"
