"""The kinds of variables, their names, and initializers that carry metadata."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from jib import errors
from jib.nnx._boxes import A, Variable, VariableMetadata

__all__ = [
    "A", "BatchStat", "Cache", "Intermediate", "LoRAParam", "OptArray", "OptState", "OptVariable",
    "Param", "Perturbation", "RngCount", "RngKey", "RngState", "Variable", "VariableMetadata",
    "VariableState", "register_variable_name", "variable_name_from_type", "variable_type_from_name",
    "with_metadata",
]  # fmt: skip

MISSING: Any = object()

VariableState = Variable


class Param(Variable[A]):
    """A parameter: what `grad` and `Optimizer` take by default."""

    __slots__ = ()


class BatchStat(Variable[A]):
    """A running statistic, as the mean of BatchNorm."""

    __slots__ = ()


class Cache(Variable[A]):
    """What decoding step by step keeps, as keys and values of attention."""

    __slots__ = ()


class Intermediate(Variable[A]):
    """A value that a layer lets be seen (`sow`)."""

    __slots__ = ()


class Perturbation(Intermediate[A]):
    """A zero added to an intermediate value, so that the derivative by that value can be had."""

    __slots__ = ()


class LoRAParam(Param[A]):
    """A parameter of a low-rank adapter."""

    __slots__ = ()


class RngState(Variable[A]):
    """Part of a stream of random keys; `tag` is the name of the stream."""

    __slots__ = ()


class RngCount(RngState[A]):
    """How many keys a stream has given."""

    __slots__ = ()


class RngKey(RngState[A]):
    """The key that a stream derives its keys from."""

    __slots__ = ()


class OptState(Variable[A]):
    """State of an optimizer."""

    __slots__ = ()


class OptArray(OptState[A]):
    """State of an optimizer that belongs to no parameter."""

    __slots__ = ()


class OptVariable(OptState[A]):
    """State of an optimizer that belongs to a parameter, with the metadata of the parameter."""

    __slots__ = ()


_types: dict[str, type[Variable]] = {
    "params": Param,
    "batch_stats": BatchStat,
    "cache": Cache,
    "intermediates": Intermediate,
    "perturbations": Perturbation,
}


def variable_type_from_name(
    name: str, /, *, base: type[Variable] = Variable, allow_register: bool = False
) -> type[Variable]:
    """The type of variables of a collection name such as `"batch_stats"`.

    Raises:
        ArgumentValueError: if there is none, and none may be made.
    """
    if name not in _types:
        if not allow_register:
            raise errors.ArgumentValueError(
                f"no type of variables has the name {name!r}; known: {', '.join(sorted(_types))}",
                help=f"nnx.register_variable_name({name!r}, MyVariable)",
            )
        _types[name] = type(name, (base,), {"__slots__": ()})
    return _types[name]


def variable_name_from_type(typ: type[Variable], /, *, allow_register: bool = False) -> str:
    """The collection name of a type of variables; see `variable_type_from_name`."""
    for name, known in _types.items():
        if known is typ:
            return name
    if not allow_register:
        raise errors.ArgumentValueError(
            f"{typ.__name__} has no collection name",
            help=f"nnx.register_variable_name({typ.__name__.lower()!r}, {typ.__name__})",
        )
    register_variable_name(typ.__name__, typ)
    return typ.__name__


def register_variable_name(name: str, typ: Any = MISSING, *, overwrite: bool = False) -> Any:
    """Give a type of variables a collection name; without a type, a decorator of classes."""
    if typ is MISSING:
        return functools.partial(register_variable_name, name, overwrite=overwrite)
    if name in _types and not overwrite:
        raise errors.ArgumentValueError(
            f"the name {name!r} belongs to {_types[name].__name__}",
            help=f"nnx.register_variable_name({name!r}, {typ.__name__}, overwrite=True)",
        )
    _types[name] = typ
    return typ


def _hooks(given: Any) -> tuple[Callable, ...]:
    return (given,) if callable(given) else tuple(given)


def with_metadata(
    initializer: Callable,
    on_set_value: Any = (),
    on_get_value: Any = (),
    on_create_value: Any = (),
    on_add_axis: Any = (),
    on_remove_axis: Any = (),
    **metadata: Any,
) -> Callable:
    """An initializer whose values carry metadata (and hooks) into their variables.

    Example:
        >>> from jib import nnx, random
        >>> init = nnx.with_metadata(nnx.initializers.zeros, owner="me")
        >>> nnx.Param(init(random.key(0), (2,))).owner
        'me'
    """
    given = (on_set_value, on_get_value, on_create_value, on_add_axis, on_remove_axis)
    hooks = tuple(map(_hooks, given))

    @functools.wraps(initializer)
    def wrapper(*args: Any, **kwargs: Any) -> VariableMetadata:
        return VariableMetadata(initializer(*args, **kwargs), *hooks, metadata=metadata)

    return wrapper
