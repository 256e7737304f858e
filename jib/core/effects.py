"""Effects: what a program does beside computing its results."""

from __future__ import annotations

__all__ = ["Effect", "no_effects"]


class Effect:
    """A named side effect of an equation. Ordered effects keep program order through a token.

    Equations with effects are never removed as dead code.
    """

    __slots__ = ("name", "ordered")

    def __init__(self, name: str, *, ordered: bool = False) -> None:
        self.name = name
        self.ordered = ordered

    def __repr__(self) -> str:
        return self.name


no_effects: frozenset[Effect] = frozenset()
