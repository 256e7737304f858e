"""Boxes around variables that say how the axes of the array in them are split over devices."""

from __future__ import annotations

import abc
import dataclasses
import functools
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

from jib import lax, struct, tree
from jib.linen.errors import PartitioningUnspecifiedError
from jib.sharding import Mesh, NamedSharding, PartitionSpec, get_abstract_mesh

__all__ = [
    "PARTITION_NAME", "AxisMetadata", "Partitioned", "add_axis", "get_global_mesh",
    "get_partition_spec", "get_sharding", "global_mesh_defined", "is_axis_metadata",
    "map_axis_meta", "remove_axis", "replace_boxed", "unbox", "with_partitioning",
]  # fmt: skip

A = TypeVar("A")
B = TypeVar("B")

#: The entry of `metadata_params` under which a transform names the axis that it adds.
PARTITION_NAME = "partition_name"


class AxisMetadata(Generic[A], metaclass=abc.ABCMeta):
    """A box around a variable that knows about the variable's axes.

    `nn.scan` and `nn.vmap` tell it when they add an axis or take one away.
    """

    @abc.abstractmethod
    def unbox(self) -> A:
        """The content."""

    @abc.abstractmethod
    def replace_boxed(self, val: Any) -> AxisMetadata[Any]:
        """A box of the same kind around another value."""

    @abc.abstractmethod
    def add_axis(self, index: int, params: dict[Any, Any]) -> Any:
        """The box once a transform has added an axis; `params` are its `metadata_params`."""

    @abc.abstractmethod
    def remove_axis(self, index: int, params: dict[Any, Any]) -> Any:
        """The box once a transform has taken an axis away."""


def is_axis_metadata(val: Any) -> bool:
    """Whether a value is a box."""
    return isinstance(val, AxisMetadata)


def map_axis_meta(fn: Callable[[AxisMetadata[Any]], Any], tree: Any) -> Any:
    """A tree with `fn` applied to its boxes, and other leaves as they are."""
    return _map(lambda x: fn(x) if isinstance(x, AxisMetadata) else x, tree)


_map = functools.partial(tree.map, is_leaf=is_axis_metadata)


def add_axis(tree: Any, index: int, params: dict[Any, Any]) -> Any:
    """A tree whose boxes have been told of a new axis."""
    return map_axis_meta(lambda x: x.add_axis(index, params), tree)


def remove_axis(tree: Any, index: int, params: dict[Any, Any]) -> Any:
    """A tree whose boxes have been told of an axis that is gone."""
    return map_axis_meta(lambda x: x.remove_axis(index, params), tree)


def unbox(tree: Any) -> Any:
    """A tree with the contents of its boxes.

    Example:
        >>> from jib import linen as nn
        >>> nn.unbox({"kernel": nn.Partitioned(1.0, ("data",))})
        {'kernel': 1.0}
    """
    return map_axis_meta(lambda x: unbox(x.unbox()), tree)


def replace_boxed(tree: Any, updates: Any) -> Any:
    """`updates`, boxed as the leaves of `tree` are."""

    def updated(old: Any, new: Any) -> Any:
        if isinstance(old, AxisMetadata):
            return old.replace_boxed(replace_boxed(old.unbox(), new))
        return new

    return _map(updated, tree, updates)


def get_global_mesh() -> Any:
    """The mesh that `jib.set_mesh` made current, or None."""
    mesh = get_abstract_mesh()
    return None if mesh.empty else mesh


def global_mesh_defined() -> bool:
    """Whether there is a current mesh."""
    return get_global_mesh() is not None


class Partitioned(struct.PyTreeNode, AxisMetadata[A]):
    """A variable with the mesh axis that each of its axes is split over.

    Args:
      value: the array.
      names: for each axis the name of a mesh axis, a tuple of names, or None.
      mesh: the mesh; by default the current one.
    """

    value: Any
    names: Any = struct.field(pytree_node=False)
    mesh: Any = struct.field(default=None, pytree_node=False)

    def unbox(self, apply_constraint: bool = True) -> Any:
        """The value, laid out as `names` say where there is a mesh."""
        if not apply_constraint or (self.mesh is None and not global_mesh_defined()):
            return self.value
        spec = self.get_partition_spec()
        where = spec if self.mesh is None else NamedSharding(self.mesh, spec)
        return lax.with_sharding_constraint(self.value, where)

    def replace_boxed(self, val: Any) -> Any:
        """The same names around another value."""
        return self.replace(value=val)

    def _axis_name(self, params: dict[Any, Any]) -> Any:
        if PARTITION_NAME not in params:
            raise PartitioningUnspecifiedError(f"a variable partitioned as {self.names}")
        return params[PARTITION_NAME]

    def add_axis(self, index: int, params: dict[Any, Any]) -> Any:
        """The names with that of the new axis at `index`."""
        names = list(self.names)
        names += [None] * (index - len(names))
        names.insert(index if index >= 0 else index + len(names) + 1, self._axis_name(params))
        return self.replace(names=tuple(names))

    def remove_axis(self, index: int, params: dict[Any, Any]) -> Any:
        """The names without that of the axis at `index`."""
        self._axis_name(params)
        names = list(self.names)
        names.pop(index)
        return self.replace(names=tuple(names))

    def get_partition_spec(self) -> PartitionSpec:
        """The names as a `PartitionSpec`."""
        return PartitionSpec(*self.names)

    def get_sharding(self, mesh: Mesh) -> Any:
        """The layout on a mesh."""
        return NamedSharding(mesh, self.get_partition_spec())

    _renamed: ClassVar[dict[str, str]] = {"names": "out_sharding"}

    def to_nnx_metadata(self) -> dict[str, Any]:
        """The fields by the names that `jib.nnx` has for them."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {self._renamed.get(name, name): value for name, value in fields.items()}

    @classmethod
    def from_nnx_metadata(cls, metadata: dict[str, Any]) -> Any:
        """A box of fields by the names that `jib.nnx` has for them."""
        names = {f.name: cls._renamed.get(f.name, f.name) for f in dataclasses.fields(cls)}
        return cls(**{own: metadata[n] for own, n in names.items() if n in metadata})


def with_partitioning(
    fn: Callable[..., Any], names: Any, mesh: Mesh | None = None
) -> Callable[..., Partitioned[Any]]:
    """An initialiser whose result is boxed with the mesh axes it is split over.

    Example:
        >>> import jib
        >>> from jib import linen as nn
        >>> init = nn.with_partitioning(nn.initializers.lecun_normal(), (None, "model"))
        >>> init(jib.random.key(0), (2, 4)).names
        (None, 'model')
    """

    @functools.wraps(fn)
    def boxed(*args: Any, **kwargs: Any) -> Partitioned[Any]:
        return Partitioned(fn(*args, **kwargs), names, mesh=mesh)

    return boxed


def _spec(x: Any) -> PartitionSpec | None:
    if hasattr(x, "get_partition_spec"):
        return x.get_partition_spec()
    return PartitionSpec() if hasattr(x, "shape") else None


def get_partition_spec(tree: Any) -> Any:
    """The `PartitionSpec` of each variable: that of its box, or that of a replicated array."""
    return _map(_spec, tree)


def get_sharding(tree: Any, mesh: Mesh) -> Any:
    """The layout of each variable on a mesh."""

    def sharding(x: Any) -> Any:
        if hasattr(x, "get_sharding"):
            return x.get_sharding(mesh)
        spec = _spec(x)
        return None if spec is None else NamedSharding(mesh, spec)

    return _map(sharding, tree)
