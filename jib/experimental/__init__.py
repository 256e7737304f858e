"""Names that may change: devices arranged for meshes, and tools across processes."""

from jib.experimental import checkify as checkify
from jib.transforms.callbacks import io_callback as io_callback

__all__ = ["checkify", "io_callback"]
