"""What goes through a loop: the objects of a step, and new ones that take their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jib import tree
from jib.nnx._graphs import clone
from jib.nnx._structure import graph_of, is_root

__all__ = ["adopted", "apart"]


def adopted(given: Any, out: Any, replaced: set[int]) -> Any:
    """The value that a step returns, in the objects that it was given: new objects of the same
    structure hand their values over, and `replaced` notes which they were."""
    old, structure = tree.flatten(given, is_leaf=is_root)
    new, returned = tree.flatten(out, is_leaf=is_root)
    if returned != structure:
        return out
    roots = [i for i, x in enumerate(old) if is_root(x)]
    taken = []
    for root, i in enumerate(roots):
        if new[i] is not old[i] and is_root(new[i]):
            before, after = graph_of((old[i],)), graph_of((new[i],))
            if before.structure == after.structure and before.boxed:
                taken.append((root, before.slots, after.values()))
                new[i] = old[i]
    for root, slots, values in taken:
        replaced.add(root)
        for slot, value in zip(slots, values, strict=True):
            slot.set_raw_value(value)
    return structure.unflatten(new)


def apart(roots: Sequence[Any], replaced: set[int], finish: Callable[[], Any]) -> Any:
    """What `finish` gives; objects that steps replaced by new ones stay as they were."""
    if not replaced:
        return finish()
    originals = tuple([roots[i] for i in sorted(replaced)])
    slots = graph_of(originals).slots
    before = [slot.get_raw_value() for slot in slots]
    out = finish()
    fresh = dict(zip(map(id, originals), clone(originals), strict=True))
    for slot, value in zip(slots, before, strict=True):
        slot.set_raw_value(value)
    return tree.map(lambda x: fresh.get(id(x), x), out, is_leaf=is_root)
