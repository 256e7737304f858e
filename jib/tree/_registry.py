"""Which types are nodes of trees: two C++ registries, and the functions that add to them.

`tree_registry` is what users see. `call_registry` flattens the arguments of compiled calls: it
has every node of the first, and types that are leaves elsewhere but arrive at the compiler as
several buffers (`register_call_node`).
"""

import collections
import dataclasses
import os
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

# jaxlib logs to the terminal from its import on unless this is set.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")

from jaxlib._jax import pytree

__all__ = [
    "DictKey", "FlattenedIndexKey", "GetAttrKey", "KeyEntry", "KeyPath", "PyTreeDef", "SequenceKey",
    "all_leaves", "default_registry", "is_tree_node", "register_dataclass", "register_pytree_node",
    "register_pytree_node_class", "register_pytree_with_keys", "register_pytree_with_keys_class",
    "register_static", "treedef_tuple",
]  # fmt: skip

PyTreeDef: TypeAlias = pytree.PyTreeDef
SequenceKey = pytree.SequenceKey
DictKey = pytree.DictKey
GetAttrKey = pytree.GetAttrKey
FlattenedIndexKey = pytree.FlattenedIndexKey

KeyEntry = TypeVar("KeyEntry", bound=Any)
KeyPath = tuple[Any, ...]
Class = TypeVar("Class", bound=type)
Children = Iterable[Any]
KeyedChildren = Iterable[tuple[Any, Any]]


def _new_registry(name: str) -> Any:
    """An empty registry; its module and name let tree definitions be pickled by reference."""
    kinds = ("none", "tuple", "namedtuple", "list", "dict")
    registry: Any = pytree.PyTreeRegistry(**{f"enable_{kind}": True for kind in kinds})
    registry.__module__ = __name__
    registry.__name__ = name
    return registry


tree_registry = _new_registry("tree_registry")
call_registry = _new_registry("call_registry")
default_registry = tree_registry


def _add(registry: Any, method: str, cls: type, *arguments: Any) -> None:
    """Call a registry's method, with a plain error for a class that it has already."""
    try:
        getattr(registry, method)(cls, *arguments)
    except ValueError:
        raise ValueError(
            f"{cls.__module__}.{cls.__qualname__} is already a tree node; "
            "a class is registered once, where it is defined"
        ) from None


def register_pytree_node(
    nodetype: type,
    flatten_func: Callable[[Any], tuple[Children, Hashable]],
    unflatten_func: Callable[[Any, Any], Any],
    flatten_with_keys_func: Callable[[Any], tuple[KeyedChildren, Hashable]] | None = None,
) -> None:
    """Make a class a tree node, by functions that take an instance apart and rebuild it.

    `flatten_func(instance)` gives the children and hashable static data;
    `unflatten_func(static_data, children)` gives an instance. `flatten_with_keys_func` is as
    `flatten_func` with `(key, child)` pairs. Raises `ValueError` if the class is a node already.

    Example:
        >>> from jib import tree, tree_util
        >>> class Pair:
        ...     def __init__(self, first, second):
        ...         self.first, self.second = first, second
        >>> tree_util.register_pytree_node(
        ...     Pair, lambda pair: ((pair.first, pair.second), None), lambda _, pair: Pair(*pair)
        ... )
        >>> tree.leaves(Pair(1, [2, 3]))
        [1, 2, 3]
    """
    rules = (flatten_func, unflatten_func, flatten_with_keys_func)
    for registry in (tree_registry, call_registry):
        _add(registry, "register_node", nodetype, *rules)


def register_pytree_with_keys(
    nodetype: type,
    flatten_with_keys: Callable[[Any], tuple[KeyedChildren, Hashable]],
    unflatten_func: Callable[[Any, Any], Any],
    flatten_func: Callable[[Any], tuple[Children, Hashable]] | None = None,
) -> None:
    """Make a class a tree node whose children have keys, for readable paths.

    `flatten_with_keys(instance)` gives `(key, child)` pairs and hashable static data, where a key
    is a `GetAttrKey`, `DictKey` or `SequenceKey`. Raises `ValueError` if the class is a node
    already.
    """

    def without_keys(instance: Any) -> tuple[Children, Hashable]:
        pairs, static_data = flatten_with_keys(instance)
        return [child for _, child in pairs], static_data

    register_pytree_node(nodetype, flatten_func or without_keys, unflatten_func, flatten_with_keys)


def register_pytree_node_class(cls: Class) -> Class:
    """Class decorator: make a tree node of a class with `tree_flatten` and `tree_unflatten`.

    `tree_flatten(self)` gives the children and hashable static data; the class method
    `tree_unflatten(static_data, children)` gives an instance.

    Example:
        >>> from jib import tree, tree_util
        >>> @tree_util.register_pytree_node_class
        ... class Scaled:
        ...     def __init__(self, value, unit):
        ...         self.value, self.unit = value, unit
        ...     def tree_flatten(self):
        ...         return (self.value,), self.unit
        ...     @classmethod
        ...     def tree_unflatten(cls, unit, children):
        ...         return cls(*children, unit)
        >>> tree.map(lambda x: x * 2, Scaled(21, "metre")).value
        42
    """
    methods: Any = cls
    register_pytree_node(cls, lambda node: node.tree_flatten(), methods.tree_unflatten)
    return cls


def register_pytree_with_keys_class(cls: Class) -> Class:
    """Class decorator: as `register_pytree_node_class`, with `tree_flatten_with_keys`.

    A `tree_flatten` is used where keys are not needed, if there is one.
    """
    methods: Any = cls
    register_pytree_with_keys(
        cls,
        lambda node: node.tree_flatten_with_keys(),
        methods.tree_unflatten,
        (lambda node: node.tree_flatten()) if hasattr(cls, "tree_flatten") else None,
    )
    return cls


def register_static(cls: Class) -> Class:
    """Class decorator: make instances trees without leaves, compared by `==` and hashed.

    Example:
        >>> from jib import tree, tree_util
        >>> @tree_util.register_static
        ... class Mode(str): ...
        >>> tree.leaves({"mode": Mode("fast"), "x": 1})
        [1]
    """
    register_pytree_with_keys(cls, lambda node: ((), node), lambda node, _: node)
    return cls


def static(**kwargs: Any) -> Any:
    """A dataclass field that is static data of the tree, not a child.

    Takes the arguments of `dataclasses.field`.

    Example:
        >>> import dataclasses
        >>> from jib import tree, tree_util
        >>> @tree_util.register_dataclass
        ... @dataclasses.dataclass
        ... class Layer:
        ...     weight: float
        ...     name: str = tree.static(default="dense")
        >>> tree.leaves(Layer(2.0))
        [2.0]
    """
    metadata = {"static": True} | dict(kwargs.pop("metadata", None) or {})
    return dataclasses.field(metadata=metadata, **kwargs)


def register_dataclass(
    nodetype: Class,
    data_fields: Sequence[str] | None = None,
    meta_fields: Sequence[str] | None = None,
    drop_fields: Sequence[str] = (),
) -> Class:
    """Make a dataclass a tree node: `data_fields` are children, `meta_fields` static data.

    Left out, the data fields are those not made with `tree.static`. Each field that `__init__`
    takes is in one of the two lists or in `drop_fields`. Works for any class whose `__init__`
    takes all these names, but then both lists are needed. Raises `TypeError` if one is missing,
    `ValueError` for a field that is missing, unknown or in both.

    Example:
        >>> import dataclasses
        >>> from jib import tree, tree_util
        >>> @tree_util.register_dataclass
        ... @dataclasses.dataclass
        ... class Point:
        ...     x: float
        ...     y: float
        >>> tree.map(lambda value: value + 1, Point(1, 2))
        Point(x=2, y=3)
    """
    name = nodetype.__qualname__
    is_dataclass = dataclasses.is_dataclass(nodetype)
    if data_fields is None and meta_fields is None and is_dataclass:
        fields = [field for field in dataclasses.fields(nodetype) if field.init]
        fields = [field for field in fields if field.name not in drop_fields]
        data_fields = [field.name for field in fields if not field.metadata.get("static")]
        meta_fields = [field.name for field in fields if field.metadata.get("static")]
    if data_fields is None or meta_fields is None:
        raise TypeError(
            f"register_dataclass({name}) needs both data_fields and meta_fields, "
            "or neither if it is a dataclass"
        )
    both = set(data_fields) & set(meta_fields)
    if both:
        raise ValueError(f"fields of {name} are both data and meta: {', '.join(sorted(both))}")
    if is_dataclass:
        _check_fields(nodetype, {*data_fields, *meta_fields}, set(drop_fields))
    for registry in (tree_registry, call_registry):
        _add(registry, "register_dataclass_node", nodetype, list(data_fields), list(meta_fields))
    return nodetype


def _check_fields(nodetype: Any, listed: set[str], dropped: set[str]) -> None:
    """Raise unless the listed fields are those that `__init__` takes."""
    taken = {field.name for field in dataclasses.fields(nodetype) if field.init} - dropped
    missing, unknown = sorted(taken - listed), sorted(listed - taken)
    name = nodetype.__qualname__
    if missing:
        raise ValueError(
            f"fields of {name} are neither data nor meta: {', '.join(missing)}. "
            f"help: list them in one of the two, or pass drop_fields={missing!r}"
        )
    if unknown:
        raise ValueError(f"{name}.__init__ takes no field {', '.join(unknown)}")


def register_call_node(
    cls: type,
    flatten: Callable[[Any], tuple[Children, Hashable]],
    unflatten: Callable[[Any, Any], Any],
) -> None:
    """Make a leaf type a node for compiled calls only, so that C++ sees the buffers in it."""
    _add(call_registry, "register_node", cls, flatten, unflatten)


def is_tree_node(typ: type) -> bool:
    """Whether instances of a class are nodes (containers) of trees."""
    return tree_registry.is_node(typ)


def treedef_tuple(treedefs: Iterable[Any]) -> Any:
    """The structure of a tuple whose items have these structures."""
    return pytree.treedef_tuple(tree_registry, list(treedefs))


def all_leaves(iterable: Iterable[Any], is_leaf: Callable[[Any], bool] | None = None) -> bool:
    """Whether no item is a container.

    Example:
        >>> from jib import tree_util
        >>> tree_util.all_leaves([1, "a"]), tree_util.all_leaves([1, (2,)])
        (True, False)
    """
    if is_leaf is None:
        return pytree.all_leaves(tree_registry, iterable)
    items = list(iterable)
    leaves = tree_registry.flatten(items, is_leaf)[0]
    return len(leaves) == len(items) and all(map(lambda a, b: a is b, items, leaves))


def _keyed(mapping: Any) -> tuple[Any, ...]:
    return tuple((DictKey(key), mapping[key]) for key in mapping)


def _sorted_default(mapping: Any) -> tuple[KeyedChildren, Hashable]:
    keys = tuple(sorted(mapping))
    children = tuple((DictKey(key), mapping[key]) for key in keys)
    return children, (mapping.default_factory, keys)


register_pytree_with_keys(
    collections.OrderedDict,
    lambda node: (_keyed(node), tuple(node)),
    lambda keys, children: collections.OrderedDict(zip(keys, children, strict=True)),
)
register_pytree_with_keys(
    collections.defaultdict,
    _sorted_default,
    lambda data, children: collections.defaultdict(data[0], zip(data[1], children, strict=True)),
)
register_pytree_with_keys(
    collections.deque,
    lambda node: (tuple((SequenceKey(i), x) for i, x in enumerate(node)), node.maxlen),
    lambda maxlen, children: collections.deque(children, maxlen),
)
