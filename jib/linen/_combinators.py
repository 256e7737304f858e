"""Modules in a row, and functions over merged axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from jib import numpy as jnp, tree
from jib.errors import ArgumentTypeError, ArgumentValueError, ShapeError
from jib.linen._calls import compact
from jib.linen._module import Module
from jib.nn import functional as F

__all__ = ["BatchApply", "Sequential"]


class Sequential(Module):
    """Callables one after the other: each takes what the one before returned.

    A tuple is spread over positional arguments, a dict over keyword arguments.

    Attributes:
        layers: the callables, modules or not.

    Raises:
        ArgumentTypeError: if they are no sequence.
        ArgumentValueError: when called without any.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> model = nn.Sequential([nn.Dense(4), nn.relu, nn.Dense(2)])
        >>> model.init_with_output(jib.random.key(0), jnp.ones((1, 3)))[0].shape
        (1, 2)
    """

    layers: Sequence[Callable[..., Any]]

    def __post_init__(self) -> None:
        if not isinstance(self.layers, Sequence):
            raise ArgumentTypeError(
                f"`Sequential` takes one sequence of layers, not a {type(self.layers).__name__}",
                help="nn.Sequential([nn.Dense(4), nn.relu])",
            )
        super().__post_init__()

    @compact
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the layers in their order."""
        if not self.layers:
            raise ArgumentValueError(f"`{F.layer_text(self)}` has no layers", help="layers=[...]")
        out = self.layers[0](*args, **kwargs)
        for layer in self.layers[1:]:
            if isinstance(out, tuple):
                out = layer(*out)
            elif isinstance(out, dict):
                out = layer(**out)
            else:
                out = layer(out)
        return out


class BatchApply:
    """A function called with leading axes merged into one, which are split in its results again.

    Arrays with fewer axes than are merged pass as they are.

    Args:
        f: the function.
        num_dims: how many axes are merged.

    Raises:
        ShapeError: when called without an array of so many axes.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> nn.BatchApply(lambda x: x.sum(axis=1))(jnp.ones((2, 3, 4))).shape
        (2, 3)
    """

    def __init__(self, f: Callable[..., Any], num_dims: int = 2) -> None:
        self._f = f
        self.num_dims = num_dims

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        count = self.num_dims
        shapes = [jnp.shape(x) for x in tree.leaves((args, kwargs))]
        leading = next((shape[:count] for shape in shapes if len(shape) >= count), None)
        if leading is None:
            raise ShapeError(
                f"`BatchApply` merges {count} axes, but no array has so many: shapes are {shapes}",
                help=f"num_dims={max(map(len, shapes), default=1)}",
            )

        def merge(x: Any) -> Any:
            shape = jnp.shape(x)
            merged = (math.prod(shape[:count]), *shape[count:])
            return jnp.reshape(x, merged) if len(shape) >= count else x

        args, kwargs = tree.map(merge, (args, kwargs))
        out = self._f(*args, **kwargs)
        return tree.map(lambda x: jnp.reshape(x, (*leading, *x.shape[1:])), out)
