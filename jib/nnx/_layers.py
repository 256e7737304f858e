"""What layers share: how they keep their arguments and make their parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jib import numpy as jnp
from jib.errors import ArgumentTypeError
from jib.nn import functional as F
from jib.nnx._modules import Module
from jib.nnx._pytrees import data
from jib.nnx._random import Rngs
from jib.nnx._variables import Param, VariableMetadata
from jib.typing import DTypeLike, Shape

__all__ = ["NOTHING", "Layer", "made", "next_key", "promote_dtype", "reshaping", "value_of"]

NOTHING: Mapping[str, Any] = MappingProxyType({})

_USED_UP = ("_init", "_initializer", "_metadata")


def promote_dtype(args: Any, /, *, dtype: DTypeLike | None = None, inexact: bool = True) -> Any:
    """A tuple of arrays, all of the dtype that they promote to, or of the given one."""
    return tuple(F.promote_dtype(*args, dtype=dtype, inexact=inexact))


class Layer(Module):
    """A module that keeps what its constructor was given."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def _keep(self, arguments: Mapping[str, Any]) -> None:
        """Set arguments as attributes, but for those that only make parameters."""
        for name, value in arguments.items():
            if name not in ("self", "rngs", "__class__") and not name.endswith(_USED_UP):
                setattr(self, name, value)


def made(
    rngs: Rngs, init: Callable[..., Any], shape: Shape, dtype: DTypeLike,
    metadata: Mapping[str, Any], wanted: bool = True,
) -> Any:  # fmt: skip
    """A parameter, made with the next key of the stream `params`; None where it is not wanted."""
    return Param(init(next_key(rngs), shape, dtype), **metadata) if wanted else data(None)


def next_key(rngs: Any) -> Any:
    """The next key of the stream `params`.

    Raises:
        ArgumentTypeError: if the layer was given something else than streams.
    """
    if not isinstance(rngs, Rngs):
        raise ArgumentTypeError(
            f"a layer makes its parameters at random: `rngs` is an nnx.Rngs, not a "
            f"{type(rngs).__name__}",
            help="rngs=nnx.Rngs(0)",
        )
    return rngs.params()


def reshaping(init: Callable[..., Any], flat: Shape) -> Callable[..., Any]:
    """An initializer that draws an array of the shape `flat`, and gives it the one asked for."""

    def draw(key: Any, shape: Shape, dtype: DTypeLike) -> Any:
        value = init(key, flat, dtype)
        if isinstance(value, VariableMetadata):
            value.raw_value = jnp.reshape(value.raw_value, shape)
            return value
        return jnp.reshape(value, shape)

    return draw


def value_of(variable: Any) -> Any:
    """The array of a parameter that a layer may lack."""
    return None if variable is None else variable[...]
