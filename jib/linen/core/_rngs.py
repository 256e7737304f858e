"""Keys of modules: the root's key with a hash of the module's path folded in."""

from __future__ import annotations

import functools
import hashlib
from typing import Any

import numpy as np

from jib import random
from jib.tree_util import register_pytree_node

__all__ = ["LazyRng", "folded"]


class LazyRng:
    """A key and the names that are yet to be folded into it.

    A module's key is the root's key with a hash of the module's path and a counter folded in, so
    keys do not depend on the order in which modules are made.
    """

    __slots__ = ("rng", "suffix")

    def __init__(self, rng: Any, suffix: tuple[str | int, ...] = ()) -> None:
        self.rng, self.suffix = rng, suffix

    @staticmethod
    def create(rng: Any, *suffix: str | int) -> LazyRng:
        """A key, lazy or not, with further names."""
        if isinstance(rng, LazyRng):
            return LazyRng(rng.rng, rng.suffix + suffix)
        return LazyRng(rng, suffix)

    def as_jax_rng(self) -> Any:
        """The key."""
        if not self.suffix:
            return self.rng
        return random.fold_in(self.rng, folded(self.suffix))

    def clear_suffix(self) -> LazyRng:
        """The key without the names."""
        return LazyRng(self.rng)

    def replace(self, **updates: Any) -> LazyRng:
        """With another key or other names."""
        return LazyRng(updates.get("rng", self.rng), updates.get("suffix", self.suffix))


register_pytree_node(
    LazyRng, lambda x: ((x.rng,), x.suffix), lambda suffix, keys: LazyRng(keys[0], suffix)
)


@functools.lru_cache(maxsize=4096)
def folded(suffix: tuple[str | int, ...]) -> np.uint32:
    """The number that stands for a path: the first four bytes of its SHA-1 hash."""
    digest = hashlib.sha1(usedforsecurity=False)
    for part in suffix:
        if isinstance(part, str):
            digest.update(part.encode())
        else:
            digest.update(int(part).to_bytes((int(part).bit_length() + 7) // 8, "big"))
    return np.uint32(int.from_bytes(digest.digest()[:4], "big"))
