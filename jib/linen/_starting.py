"""The initializers that are names of the package itself."""

from __future__ import annotations

from jib.nn.initializers import ones, ones_init, zeros, zeros_init

__all__ = ["ones", "ones_init", "zeros", "zeros_init"]
