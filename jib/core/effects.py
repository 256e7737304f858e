"""Effects: what a program does beside computing its results."""

from __future__ import annotations

__all__ = ["Effect", "is_ordered", "no_effects"]


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

# Looking at values: may be seen twice or not at all by derivatives. Input and output may not.
debug_effect = Effect("debug")
ordered_debug_effect = Effect("ordered debug", ordered=True)
io_effect = Effect("io")
ordered_io_effect = Effect("ordered io", ordered=True)
# Raising an error: may be left out where the same was computed before.
check_effect = Effect("check")


def is_ordered(effects: frozenset[Effect]) -> bool:
    """Whether one of the effects keeps program order."""
    return any([effect.ordered for effect in effects])
