"""Parameters whose axes have logical names, kept beside them in a collection of names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from jib import struct, tree
from jib.errors import ArgumentValueError
from jib.linen import _transforms
from jib.linen._calls import context
from jib.linen._lifting import lift
from jib.linen.core._filters import Filter, union_filters
from jib.linen.core._packing import In as ScanIn, Out as ScanOut
from jib.linen.core.frozen_dict import FrozenDict, freeze, unfreeze
from jib.linen.core.lift import checkpoint as core_remat_static
from jib.linen.core.scope import Variable
from jib.linen.spmd import (
    RulesFallback,
    _is_names,
    get_logical_axis_rules as get_axis_rules,
    logical_axis_rules as axis_rules,
    logical_to_mesh,
    logical_to_mesh_axes,
    set_logical_axis_rules as set_axis_rules,
    with_logical_constraint as with_sharding_constraint,
)
from jib.sharding import PartitionSpec

__all__ = [
    "AxisMetadata", "PartitionedVariable", "RulesFallback", "ScanIn", "ScanOut", "axis_rules",
    "core_remat_static", "get_axis_names", "get_axis_rules", "logical_to_mesh",
    "logical_to_mesh_axes", "param_with_axes", "remat", "scan_with_axes", "set_axis_rules",
    "variable_with_axes", "vmap_with_axes", "with_sharding_constraint",
]  # fmt: skip


@struct.dataclass
class AxisMetadata:
    """The logical names of a variable's axes."""

    names: Any = struct.field(pytree_node=False)


def _same(kept: Any, names: AxisMetadata) -> AxisMetadata:
    """The names, which must be those that were kept before."""
    if isinstance(kept, AxisMetadata) and kept != names:
        raise ArgumentValueError(f"axes are named {names.names} here and {kept.names} before")
    return names


def _module(module: Any) -> Any:
    return context.modules[-1] if module is None else module


def param_with_axes(
    name: str, init_fn: Callable[..., Any], *init_args: Any, axes: tuple[str, ...] | None = None,
    module: Any = None, **init_kwargs: Any,
) -> Any:  # fmt: skip
    """A parameter whose axes have logical names, kept in the collection `params_axes`."""
    module = _module(module)
    value = module.param(name, init_fn, *init_args, **init_kwargs)
    if axes is None:
        return value
    module.sow("params_axes", f"{name}_axes", AxisMetadata(axes), reduce_fn=_same)
    return with_sharding_constraint(value, PartitionSpec(*axes))


class PartitionedVariable(Variable):
    """A variable that is laid out by its axes' logical names whenever it is read or written."""

    __slots__ = ("axes", "fallback")

    def __init__(
        self, scope: Any, collection: str, name: str, axes: tuple[str, ...] | None = None,
        fallback: RulesFallback = RulesFallback.AXIS_IS_UNSHARDED,
    ) -> None:  # fmt: skip
        super().__init__(scope, collection, name, True)
        self.axes, self.fallback = axes, fallback

    def _placed(self, value: Any) -> Any:
        return with_sharding_constraint(value, self.axes, fallback=self.fallback)

    @property
    def value(self) -> Any:
        """The value."""
        return self._placed(self.scope.get_variable(self.collection, self.name))

    @value.setter
    def value(self, value: Any) -> None:
        self.scope.put_variable(self.collection, self.name, self._placed(value))


def variable_with_axes(
    collection: str, name: str, init_fn: Callable[..., Any], *init_args: Any,
    axes: tuple[str, ...] | None = None, module: Any = None,
    fallback: RulesFallback = RulesFallback.AXIS_IS_UNSHARDED, **init_kwargs: Any,
) -> PartitionedVariable:  # fmt: skip
    """A variable whose axes have logical names, kept in the collection `<collection>_axes`."""
    module = _module(module)
    module.variable(collection, name, init_fn, *init_args, **init_kwargs)
    if axes is not None:
        names = AxisMetadata(axes)
        module.sow(f"{collection}_axes", f"{name}_axes", names, reduce_fn=_same)
    return PartitionedVariable(module.scope, collection, name, axes, fallback)


def get_axis_names(axes_metadata: Any) -> FrozenDict:
    """A collection of names, such as `params_axes`, as logical `PartitionSpec`s by parameter."""

    def renamed(value: Any) -> Any:
        if isinstance(value, AxisMetadata):
            specs = functools.partial(tree.map, is_leaf=_is_names)
            return specs(lambda n: None if n is None else PartitionSpec(*n), value.names)
        return {key.removesuffix("_axes"): renamed(inner) for key, inner in value.items()}

    return freeze(renamed(unfreeze(axes_metadata)))


def _with_axis(target: Any, place: Any, name: str, col: str) -> Any:
    """A transformed module whose names in `col` have one more, for the axis of the transform."""
    place = getattr(place, "axis", place)

    def change(step: Callable[[list[Any]], None]) -> Callable[[Any], Any]:
        def one(names: Any) -> Any:
            if names is None:
                return None
            listed = list(names)
            step(listed)
            return tuple(listed)

        def of(x: Any) -> Any:
            if not isinstance(x, AxisMetadata):
                return x
            return AxisMetadata(tree.map(one, x.names, is_leaf=_is_names))

        return lambda t: tree.map(of, t, is_leaf=lambda x: isinstance(x, AxisMetadata))

    module = context.modules[-1]
    return _transforms.map_variables(
        target, col, change(lambda names: names.pop(place) and None),
        change(lambda names: names.insert(place, name)),
        mutable=module is None or module.is_mutable_collection(col),
    )  # fmt: skip


def scan_with_axes(
    target: Any, variable_axes: Mapping[Any, Any] = {}, variable_broadcast: Filter = False,
    variable_carry: Filter = False, split_rngs: Mapping[Any, bool] = {}, in_axes: Any = 0,
    out_axes: Any = 0, length: int | None = None, reverse: bool = False, unroll: int = 1,
    axis_name: str = "layers", axes_collections: tuple[str, ...] = ("params",),
    data_transform: Callable[..., Any] | None = None, methods: Any = None,
) -> Any:  # fmt: skip
    """`nn.scan`, whose axis gets a logical name in the collections of names."""
    names = tuple(f"{col}_axes" for col in axes_collections)
    scanned = _transforms.scan(
        target, variable_axes, union_filters(variable_broadcast, names), variable_carry,
        split_rngs, in_axes, out_axes, length, reverse, unroll, data_transform, methods=methods,
    )  # fmt: skip
    for col in axes_collections:
        if col in variable_axes:
            scanned = _with_axis(scanned, variable_axes[col], axis_name, f"{col}_axes")
    return scanned


def vmap_with_axes(
    target: Any, variable_axes: Mapping[Any, Any], split_rngs: Mapping[Any, bool] = {},
    in_axes: Any = 0, out_axes: Any = 0, axis_size: int | None = None, axis_name: str | None = None,
    partitioning_axis_names: Mapping[Any, str] = {}, spmd_axis_name: str | None = None,
    methods: Any = None,
) -> Any:  # fmt: skip
    """`nn.vmap`, whose axis gets a logical name in the collections of names."""
    axes = {**variable_axes, **{f"{col}_axes": None for col in partitioning_axis_names}}
    mapped = _transforms.vmap(
        target, axes, split_rngs, in_axes, out_axes, axis_size, axis_name, spmd_axis_name,
        methods=methods,
    )  # fmt: skip
    for col, name in partitioning_axis_names.items():
        if col in variable_axes:
            mapped = _with_axis(mapped, variable_axes[col], name, f"{col}_axes")
    return mapped


def remat(
    target: Any, variables: Filter = True, rngs: Filter = True, concrete: bool = False,
    prevent_cse: bool = True, static_argnums: int | tuple[int, ...] = (),
    policy: Callable[..., bool] | None = None, methods: Any = None,
) -> Any:  # fmt: skip
    """`nn.remat`, whose `static_argnums` do not count the module: 0 is the first input."""
    return lift(
        core_remat_static, target, methods, variables=variables, rngs=rngs, concrete=concrete,
        prevent_cse=prevent_cse, static_argnums=static_argnums, policy=policy,
    )  # fmt: skip
