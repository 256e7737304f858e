"""The dtype in which a layer computes."""

from __future__ import annotations

from jib.nn.functional import canonicalize_dtype, promote_dtype

__all__ = ["canonicalize_dtype", "promote_dtype"]
