"""The shapes of what initialisers make, which parameters are checked against."""

from __future__ import annotations

import weakref
from typing import Any

from jib import random, tree
from jib.transforms.abstract import eval_shape

__all__ = ["shapes_of"]

# Shapes by initialiser and arguments, for as long as the initialiser lives.
_known_shapes: Any = weakref.WeakKeyDictionary()


def shapes_of(init_fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The shapes of what an initialiser makes."""
    try:
        key = (args, tuple(kwargs.items()))
        known = _known_shapes.get(init_fn)
        shapes = None if known is None else known.get(key)
    except TypeError:  # an argument that cannot be hashed, such as an array
        return _evaluated_shapes(init_fn, args, kwargs)
    if shapes is None:
        shapes = _evaluated_shapes(init_fn, args, kwargs)
        _known_shapes.setdefault(init_fn, {})[key] = shapes
    return shapes


def _evaluated_shapes(init_fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    made = eval_shape(lambda: init_fn(random.key(0), *args, **kwargs))
    return tuple(leaf.shape for leaf in tree.leaves(made))
