"""The stages of `jit`: `Traced`, `Lowered`, `Compiled`."""

from jib.transforms.stages import ArgInfo, Compiled, Lowered, Traced, Wrapped

__all__ = ["ArgInfo", "Compiled", "Lowered", "Traced", "Wrapped"]
