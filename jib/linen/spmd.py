"""Logical names of axes, and the rules that say which mesh axes they are split over."""

from __future__ import annotations

import contextlib
import enum
import functools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from jib import lax, struct, tree
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.linen.core import meta
from jib.sharding import Mesh, NamedSharding, PartitionSpec

__all__ = [
    "LogicallyPartitioned", "RulesFallback", "get_logical_axis_rules", "logical_axis_rules",
    "logical_to_mesh", "logical_to_mesh_axes", "logical_to_mesh_sharding",
    "set_logical_axis_rules", "with_logical_constraint", "with_logical_partitioning",
]  # fmt: skip


class _Rules(threading.local):
    rules: Any = ()


_current = _Rules()


def set_logical_axis_rules(rules: Any) -> None:
    """Make rules the current ones of this thread."""
    _current.rules = rules


def get_logical_axis_rules() -> Any:
    """The current rules: `(logical name, mesh axes)` pairs, the most important ones first."""
    return _current.rules


@contextlib.contextmanager
def logical_axis_rules(rules: Any) -> Iterator[None]:
    """Make rules the current ones inside a `with` block.

    Example:
        >>> from jib import linen as nn
        >>> with nn.logical_axis_rules((("batch", "data"), ("embed", None), ("mlp", "model"))):
        ...     nn.logical_to_mesh_axes(("batch", "mlp"))
        P('data', 'model')
    """
    before = _current.rules
    _current.rules = rules
    try:
        yield
    finally:
        _current.rules = before


_UNASSIGNED: Any = object()


def _assigned(names: Sequence[Any], rules: Any) -> list[Any]:
    """For each axis the mesh axes that the first free rule gives it, or `_UNASSIGNED`."""
    repeated = [name for name, n in Counter(names).items() if n > 1 and isinstance(name, str)]
    if repeated:
        raise ArgumentValueError(f"the axes {repeated} stand more than once in {tuple(names)}")
    if not isinstance(rules, tuple | list):
        raise ArgumentTypeError(
            f"rules are pairs in a tuple or list, but got a {type(rules).__name__}",
            help="rules = (('batch', 'data'), ('mlp', 'model'))",
        )
    found = [_UNASSIGNED if isinstance(name, str) else name for name in names]
    taken = {a for a in tree.leaves([n for n in found if isinstance(n, tuple)])}
    for name, axes in rules:
        wanted = {axes} if isinstance(axes, str) else set(axes or ())
        if name in names and not wanted & taken:
            place = list(names).index(name)
            if found[place] is _UNASSIGNED:
                found[place] = axes
                taken |= wanted
    return found


def logical_to_mesh_axes(array_dim_names: Any, rules: Any = None) -> PartitionSpec | None:
    """The `PartitionSpec` of an array whose axes have these logical names.

    Args:
      array_dim_names: for each axis its name, or None; None for an array without names.
      rules: `(logical name, mesh axes)` pairs; by default the current ones. An earlier rule comes
        first, and a mesh axis is used once; an axis that gets none is not split.

    Raises:
        ArgumentValueError: if a name stands for two axes.
    """
    if array_dim_names is None:
        return None
    found = _assigned(array_dim_names, get_logical_axis_rules() if rules is None else rules)
    return PartitionSpec(*[None if axes is _UNASSIGNED else axes for axes in found])


def _is_spec(x: Any) -> bool:
    return isinstance(x, PartitionSpec)


def logical_to_mesh(tree: Any, rules: Any = None) -> Any:
    """A tree of logical `PartitionSpec`s as one of mesh axes."""
    return _map(lambda x: logical_to_mesh_axes(x, rules), tree, is_leaf=_is_spec)


def logical_to_mesh_sharding(tree: Any, mesh: Mesh, rules: Any = None) -> Any:
    """A tree of logical `PartitionSpec`s as layouts on a mesh."""
    specs = logical_to_mesh(tree, rules)
    return _map(lambda x: NamedSharding(mesh, x), specs, is_leaf=_is_spec)


_map = tree.map


class RulesFallback(enum.Enum):
    """What happens to an axis that no rule names."""

    AXIS_IS_UNSHARDED = "axis_is_unsharded"
    RAISE_ERROR = "raise_error"
    NO_CONSTRAINT = "no_constraint"


def _is_names(x: Any) -> bool:
    return x is None or (
        isinstance(x, tuple)
        and all(e is None or isinstance(e, str) or e is PartitionSpec.UNCONSTRAINED for e in x)
    )


def with_logical_constraint(
    x: Any, logical_axis_resources: Any, rules: Any = None, mesh: Mesh | None = None,
    fallback: RulesFallback = RulesFallback.AXIS_IS_UNSHARDED,
) -> Any:  # fmt: skip
    """Arrays laid out as their axes' logical names and the rules say.

    Without rules, or without a mesh, it gives `x` back.

    Args:
      x: a tree of arrays.
      logical_axis_resources: for each array a tuple of names.
      rules: by default the current ones.
      mesh: by default the current one.
      fallback: what happens to an axis that no rule names.

    Raises:
        ArgumentValueError: if no rule names an axis, with `RulesFallback.RAISE_ERROR`.
    """
    rules = get_logical_axis_rules() if rules is None else rules
    if not rules or logical_axis_resources is None:
        return x
    if mesh is None and not meta.global_mesh_defined():
        return x

    def constrained(names: Any, leaf: Any) -> Any:
        if names is None:
            return leaf
        axes = _assigned(names, rules)
        if _UNASSIGNED in axes and fallback is RulesFallback.RAISE_ERROR:
            missing = [n for n, a in zip(names, axes, strict=True) if a is _UNASSIGNED]
            raise ArgumentValueError(f"no rule names the axes {missing} of {tuple(names)}")
        if _UNASSIGNED in axes and fallback is RulesFallback.NO_CONSTRAINT:
            return leaf
        spec: Any = PartitionSpec(*[None if a is _UNASSIGNED else a for a in axes])
        return lax.with_sharding_constraint(
            leaf, spec if mesh is None else NamedSharding(mesh, spec)
        )

    return _map(constrained, logical_axis_resources, x, is_leaf=_is_names)


class LogicallyPartitioned(meta.Partitioned):
    """A variable with a logical name for each of its axes; rules say where they lie.

    Args:
      value: the array.
      names: the logical names.
      mesh: the mesh; by default the current one.
      rules: the rules; by default the current ones.
    """

    rules: Any = struct.field(default=None, pytree_node=False)
    _renamed: ClassVar[dict[str, str]] = {"names": "out_sharding", "rules": "sharding_rules"}

    def unbox(self, apply_constraint: bool = True) -> Any:
        """The value, laid out as rules say where there are a mesh and rules."""
        if not apply_constraint:
            return self.value
        return with_logical_constraint(self.value, tuple(self.names), self.rules, self.mesh)


def with_logical_partitioning(
    fn: Callable[..., Any], names: Any, mesh: Mesh | None = None, rules: Any = None
) -> Callable[..., LogicallyPartitioned]:
    """An initialiser whose result is boxed with logical names of its axes.

    Example:
        >>> import jib
        >>> from jib import linen as nn
        >>> init = nn.with_logical_partitioning(nn.initializers.ones, ("embed", "mlp"))
        >>> nn.get_partition_spec(init(jib.random.key(0), (2, 4)))
        P('embed', 'mlp')
    """

    @functools.wraps(fn)
    def boxed(*args: Any, **kwargs: Any) -> LogicallyPartitioned:
        return LogicallyPartitioned(fn(*args, **kwargs), names, mesh=mesh, rules=rules)

    return boxed
