"""What a message says about an array or a traced value."""

from __future__ import annotations

from typing import Any

from jib.errors._base import Provenance

__all__ = ["provenance_of", "type_text"]


def type_text(value: Any) -> str:
    """The type of an array or tracer as text (`float32[3]`); text stays as it is."""
    return str(getattr(value, "aval", value))


def provenance_of(value: Any) -> Provenance | None:
    """What a traced value says about its origin, through its method `provenance()`."""
    ask: Any = getattr(value, "provenance", None)
    return None if ask is None else ask()
