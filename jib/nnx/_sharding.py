"""How variables say where their values lie: names of mesh axes in their metadata."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jib
from jib import tree
from jib.backend.meshes import get_mesh
from jib.core.tracing import Tracer
from jib.nnx import _boxes
from jib.nnx._compiled import eval_shape
from jib.nnx._graphs import map as map_variables, split
from jib.nnx._variables import Variable, with_metadata
from jib.sharding import NamedSharding, PartitionSpec

__all__ = [
    "PARTITION_NAME", "abstract_with_sharding", "as_abstract", "get_abstract_model",
    "get_named_sharding", "get_partition_spec", "logical_axis_rules", "use_eager_sharding",
    "using_eager_sharding", "with_partitioning",
]  # fmt: skip

#: The key of `transform_metadata` under which the name of the mapped axis stands.
PARTITION_NAME = "partition_name"

_rules: list[tuple] = []
_eager: list[bool] = []


@contextlib.contextmanager
def logical_axis_rules(rules: Any) -> Iterator[None]:
    """Inside, `out_sharding` of variables speaks in names that `rules` (pairs of a name and a mesh
    axis, or None) translate."""
    _rules.append(tuple(rules))
    try:
        yield
    finally:
        _rules.pop()


class use_eager_sharding:
    """Whether new variables are placed by their `out_sharding` at once; also as `with` block."""

    def __init__(self, value: bool, /) -> None:
        _eager.append(value)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        _eager.pop()


def using_eager_sharding() -> bool:
    """Whether new variables are placed by their `out_sharding` at once; so by default."""
    return _eager[-1] if _eager else True


def _fields(fields: Any, axis: int, change: Callable[[list], Any]) -> tuple:
    listed = list(fields) + [None] * (axis - len(fields))
    change(listed)
    return tuple(listed)


def _each(variable: Variable, metadata: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The metadata that has an entry for each dimension, and the entry of the mapped one."""
    named = {("out_sharding" if k == PARTITION_NAME else k): v for k, v in metadata.items()}
    for key, value in named.items():
        fields = variable.get_metadata(key, None)
        if isinstance(fields, tuple) and (fields or key == "out_sharding"):
            yield key, fields, value


def added_axis(variable: Variable, axis: int, metadata: Mapping[str, Any]) -> None:
    """Name a dimension that a transform has added."""
    for key, fields, value in _each(variable, metadata):
        variable.set_metadata(key, _fields(fields, axis, lambda f, v=value: f.insert(axis, v)))
    variable.add_axis(axis, metadata.get(PARTITION_NAME))


def removed_axis(variable: Variable, axis: int, metadata: Mapping[str, Any]) -> None:
    """Forget the name of a dimension that a transform has taken away."""
    for key, fields, _ in _each(variable, metadata):
        variable.set_metadata(key, _fields(fields, axis, lambda f: f.pop(axis)))
    variable.remove_axis(axis, metadata.get(PARTITION_NAME))


def with_partitioning(
    initializer: Callable, sharding: Any, mesh: Any = None, **metadata: Any
) -> Callable:
    """An initializer whose variables say over which mesh axes their dimensions are divided.

    Example:
        >>> from jib import nnx
        >>> init = nnx.with_partitioning(nnx.initializers.zeros, (None, "model"))
        >>> nnx.get_partition_spec(nnx.Param(init(jib.random.key(0), (2, 4)))).value
        P(None, 'model')
    """
    return with_metadata(initializer, out_sharding=sharding, mesh=mesh, **metadata)


def _spec(variable: Variable) -> Any:
    names = variable.get_metadata("out_sharding", None)
    if names:
        rules = dict(variable.get_metadata("sharding_rules", None) or ())
        for table in _rules:
            rules = {**rules, **dict(table)}
        return PartitionSpec(*[rules.get(n, n) if isinstance(n, str) else n for n in names])
    return PartitionSpec() if hasattr(variable.get_raw_value(), "shape") else None


def get_partition_spec(tree: Any) -> Any:
    """A state with a `PartitionSpec` in the place of each value, from the variables' metadata."""
    return _map(lambda v: v.replace(_spec(v)), lambda x: PartitionSpec(), tree)


def _map(of_variable: Callable, of_array: Callable, values: Any) -> Any:
    def one(x: Any) -> Any:
        if isinstance(x, Variable):
            return of_variable(x)
        return of_array(x) if hasattr(x, "shape") else None

    return tree.map(one, values, is_leaf=lambda x: isinstance(x, Variable))


def get_named_sharding(tree: Any, mesh: Any) -> Any:
    """As `get_partition_spec`, with `NamedSharding` on a mesh."""
    return _map(
        lambda v: v.replace(NamedSharding(mesh, _spec(v) or PartitionSpec())),
        lambda x: NamedSharding(mesh, PartitionSpec()),
        tree,
    )


def get_abstract_model(init_fn: Callable, mesh: Any, *, graph: bool | None = None) -> tuple:
    """The definition and abstract state of the module that `init_fn` makes, with the sharding of
    each variable; nothing is computed."""
    graphdef, state = split(eval_shape(init_fn))
    return graphdef, tree.map(
        lambda a, s: jib.ShapeDtypeStruct(a.shape, a.dtype, sharding=s),
        state,
        get_named_sharding(state, mesh),
    )


def as_abstract(tree: Any, graph: bool | None = None) -> Any:
    """A copy of a module of abstract values in which each has the sharding that its variable asks
    for."""

    def placed(path: tuple, x: Any) -> Any:
        if not isinstance(x, Variable) or not x.has_metadata("out_sharding"):
            return x
        value, mesh = x.get_value(), x.get_metadata("mesh", None) or _mesh()
        sharding = NamedSharding(mesh, _spec(x))
        return x.replace(jib.ShapeDtypeStruct(value.shape, value.dtype, sharding=sharding))

    return map_variables(placed, tree)


abstract_with_sharding = as_abstract


def _mesh() -> Any:
    mesh = get_mesh()
    return None if mesh.empty else mesh


def _placed(value: Any, variable: Variable) -> Any:
    """A first value where its variable's `out_sharding` says, if there is a mesh."""
    eager = variable.get_metadata("eager_sharding", using_eager_sharding())
    mesh = variable.get_metadata("mesh", None) or _mesh()
    if not eager or mesh is None or not hasattr(value, "shape") or not variable.out_sharding:
        return value
    sharding = NamedSharding(mesh, _spec(variable))
    if isinstance(value, Tracer):
        return jib.lax.with_sharding_constraint(value, sharding)
    return jib.device_put(value, sharding)


_boxes.placement = _placed
