"""Names that may change: devices arranged for meshes, and tools across processes."""

from jib.transforms.callbacks import io_callback as io_callback

__all__ = ["io_callback"]
