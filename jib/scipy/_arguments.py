"""What all functions of several floating arguments do with them."""

from __future__ import annotations

from typing import Any

from jib.numpy._creation import asarray
from jib.numpy._promotion import promote_dtypes, promote_inexact

__all__ = ["promoted"]


def promoted(name: str, *args: Any) -> list[Any]:
    """The arguments in their common floating (or complex) dtype, shapes as they are."""
    # Arrays, as arithmetic among numbers of the host would lose that they are of 64 bits.
    return [asarray(promote_inexact(name, x)) for x in promote_dtypes(name, *args)]
