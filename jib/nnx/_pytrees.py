"""Objects that are trees: attributes are data or static, and assignments say which."""

from __future__ import annotations

import dataclasses
import inspect
from abc import ABCMeta
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, TypeVar, dataclass_transform

import numpy as np

from jib import errors, tree
from jib.core.tracing import context
from jib.nnx._boxes import Structures, Variable, root_types
from jib.nnx._errors import AttributeKindError
from jib.nnx._levels import check_level
from jib.nnx._static import Static, is_fixed
from jib.tree_util import GetAttrKey, SequenceKey, register_pytree_with_keys
from jib.typing import Array

__all__ = [
    "Data", "Object", "Pytree", "check_pytree", "data", "dataclass", "has_data", "is_data",
    "register_data_type", "static",
]  # fmt: skip

_T = TypeVar("_T")
_MISSING: Any = object()
_set = object.__setattr__

Data = Annotated[_T, "data"]
Static_ = Annotated[_T, "static"]

_data_types: set[type] = set()


class _Marked:
    """A value with the kind that it has as an attribute."""

    __slots__ = ("is_data", "value")

    def __init__(self, value: Any, is_data: bool) -> None:
        self.value, self.is_data = value, is_data


def _marker(is_data: bool, value: Any, options: dict[str, Any]) -> Any:
    if value is not _MISSING:
        return _Marked(value, is_data)
    metadata = {**(options.pop("metadata", None) or {}), "static": not is_data}
    return dataclasses.field(metadata=metadata, **options)


def data(value: Any = _MISSING, /, **kwargs: Any) -> Any:
    """Mark an attribute as data: `self.layers = nnx.data([...])`, or `layers: list = nnx.data()`.

    Keywords are those of `dataclasses.field`.

    Example:
        >>> from jib import nnx
        >>> class Pair(nnx.Pytree):
        ...     def __init__(self, a, b):
        ...         self.items = nnx.data([a, b])
        >>> jib.tree.leaves(Pair(1.0, 2.0))
        [1.0, 2.0]
    """
    return _marker(True, value, kwargs)


def static(value: Any = _MISSING, /, **kwargs: Any) -> Any:
    """Mark an attribute as static, part of what is compiled for; see `data`."""
    return _marker(False, value, kwargs)


def register_data_type(type_: type, /) -> type:
    """Make attributes of a type data without a mark."""
    _data_types.add(type_)
    return type_


def is_data(value: Any, /) -> bool:
    """Whether an attribute with this value is data without a mark.

    Example:
        >>> from jib import nnx
        >>> nnx.is_data(jnp.ones(2)), nnx.is_data(nnx.Param(1.0)), nnx.is_data(1.0)
        (True, True, False)
    """
    return isinstance(value, Array | np.ndarray | Variable | Pytree) or type(value) in _data_types


def has_data(value: Any, /) -> list[Any]:
    """The data inside a value, looking into containers."""
    if type(value) in (int, str, float, bool, type(None)):
        return []
    seen: set[int] = set()

    def stop(x: Any) -> bool:
        visited = id(x) in seen
        seen.add(id(x))
        return visited or is_data(x)

    return [x for x in tree.leaves(value, is_leaf=stop) if is_data(x)]


@dataclass_transform(field_specifiers=(dataclasses.field, data, static))
def dataclass(cls: Any = None, /, **options: Any) -> Any:
    """`dataclasses.dataclass` for modules; fields may be `nnx.data()` or `nnx.static()`.

    Example:
        >>> from jib import nnx
        >>> @nnx.dataclass
        ... class Scale(nnx.Module):
        ...     factor: nnx.Param
        ...     name: str = nnx.static(default="scale")
        >>> Scale(nnx.Param(2.0)).name
        'scale'
    """
    if cls is None:
        return lambda cls: dataclass(cls, **options)
    options.setdefault("eq", False)
    return dataclasses.dataclass(cls, repr=False, **options)


class _PytreeMeta(ABCMeta):
    """Makes instances: the hidden attributes first, and a check of the others at the end."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        node = cls.__new__(cls, *args, **kwargs)
        _prepare(node)
        cls._pytree_meta_construct(node, *args, **kwargs)
        if cls._pytree__is_pytree:  # type: ignore[attr-defined]
            check_pytree(node)
        return node

    def _pytree_meta_construct(cls, self: Any, *args: Any, **kwargs: Any) -> None:
        self.__init__(*args, **kwargs)

    # Which is the signature to show: that of `__init__`, not of the method above.
    @property
    def __signature__(cls) -> inspect.Signature:
        init = inspect.signature(cls.__init__)
        return init.replace(parameters=list(init.parameters.values())[1:])


def _prepare(node: Any, kinds: dict[str, bool] | None = None) -> None:
    """Give a new object its hidden attributes."""
    _set(node, "_pytree__level", context.trace)
    _set(node, "_pytree__kinds", dict(type(node)._pytree__declared) if kinds is None else kinds)
    _set(node, "_pytree__version", 0)
    _set(node, "_pytree__cache", None)


def blank(cls: type, attributes: Iterable[tuple[str, Any]], kinds: dict[str, bool]) -> Any:
    """An object of a class with these attributes, made without its `__init__`."""
    node = object.__new__(cls)
    _prepare(node, kinds)
    vars(node).update(attributes)
    return node


class _Slots:
    """Where the hidden attributes live: `vars(module)` has the user's alone."""

    __slots__ = (
        "__dict__", "__weakref__", "_pytree__cache", "_pytree__kinds", "_pytree__level",
        "_pytree__version",
    )  # fmt: skip


class Pytree(_Slots, metaclass=_PytreeMeta):
    """An object whose attributes are parts of a tree, and may be assigned.

    Arrays, variables and other such objects are data; numbers, strings, functions ... are static.
    `nnx.data` and `nnx.static` say otherwise. A plain list or dict with data in it must be marked,
    or be an `nnx.List` or `nnx.Dict`.

    Raises:
        AttributeKindError: for an assignment that would hide data in a static attribute.
        TraceLevelError: for an assignment under another trace than the one that made the object.

    Example:
        >>> from jib import nnx
        >>> class Foo(nnx.Pytree):
        ...     def __init__(self):
        ...         self.a, self.b = jnp.ones(2), "static"
        >>> jib.tree.leaves(Foo())
        [Array([1., 1.], dtype=float32)]
    """

    _pytree__is_pytree = True
    _pytree__has_int_keys = False
    _pytree__declared: dict[str, bool] = {}  # noqa: RUF012 (replaced in each class)
    _pytree__version: int
    _pytree__kinds: dict[str, bool]
    _pytree__cache: Any
    _pytree__level: Any

    def __init_subclass__(cls, *, pytree: bool = True, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._pytree__is_pytree = pytree
        root_types.add(cls)
        declared = dict(cls._pytree__declared)
        for name, annotation in inspect.get_annotations(cls).items():
            text = annotation if isinstance(annotation, str) else ""
            marks = getattr(annotation, "__metadata__", ())
            if "data" in marks or text.startswith("nnx.Data"):
                declared[name] = True
            elif "static" in marks or text.startswith("nnx.Static"):
                declared[name] = False
        for name, value in vars(cls).items():
            if isinstance(value, dataclasses.Field) and "static" in value.metadata:
                declared[name] = not value.metadata["static"]
        cls._pytree__declared = declared
        if pytree:
            register_pytree_with_keys(
                cls,
                _flatten_with_keys,
                lambda static, children: _unflatten(cls, static, children),
                _flatten,
            )

    def __setattr__(self, name: str, value: Any) -> None:
        self._setattr(name, value)

    def _setattr(self, name: str, value: Any) -> None:
        if self._pytree__level is not context.trace:
            check_level(self, self._pytree__level, name)
        if isinstance(getattr(type(self), name, None), property):
            return _set(self, name, value)
        attributes = vars(self)
        if attributes.get(name, _MISSING) is value and is_fixed(value):
            return None
        if self._pytree__is_pytree:
            value = self._classify(name, value)
        elif type(value) is _Marked:
            value = value.value
        attributes[name] = value
        restructured(self)
        return None

    def _classify(self, name: str, value: Any) -> Any:
        """The value to store; notes whether the attribute is data."""
        kinds = self._pytree__kinds
        if type(value) is _Marked:
            kinds[name], value = value.is_data, value.value
            if not kinds[name] and (found := has_data(value)):
                raise hidden(self, name, value, found)
            return value
        new = is_data(value)
        old = kinds.get(name)
        held = vars(self).get(name)
        if isinstance(held, Variable) and isinstance(value, Array | np.ndarray):
            raise AttributeKindError(
                f"`{name}` of {type(self).__name__} is a {type(held).__name__}, and would be "
                f"replaced by an array: it would no longer be found as a {type(held).__name__}",
                help=[
                    f"self.{name}[...] = value   a new value for the {type(held).__name__}",
                    f"del self.{name}   before, if it is to be a plain array",
                ],
            )
        if new and old is False and name in vars(self):
            raise AttributeKindError(
                f"`{name}` of {type(self).__name__} holds {_brief(vars(self)[name])}, which is "
                f"static, and is assigned {_brief(value)}, which is data",
                help=[
                    f"self.{name} = nnx.data(...)   at the first assignment",
                    f"{name}: Any = nnx.data()   in the class",
                ],
            )
        if old is None or (new and name not in vars(self)):
            kinds[name] = new
        if not kinds[name] and (found := has_data(value)):
            if old is None:
                del kinds[name]
            raise hidden(self, name, value, found)
        return value

    def __delattr__(self, name: str) -> None:
        if self._pytree__level is not context.trace:
            check_level(self, self._pytree__level, name)
        object.__delattr__(self, name)
        if name not in type(self)._pytree__declared:
            self._pytree__kinds.pop(name, None)
        restructured(self)

    def _check_valid_context(self, error_msg: Callable[[], str] | None = None) -> None:
        check_level(self, self._pytree__level)

    def __getstate__(self) -> dict[str, Any]:
        return {"attributes": vars(self).copy(), "kinds": dict(self._pytree__kinds)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        _prepare(self, state["kinds"])
        vars(self).update(state["attributes"])

    def __repr__(self) -> str:
        return render(self)


root_types.add(Pytree)

# Set by the file that draws modules.
render: Any = object.__repr__


class Object(Pytree, pytree=False):
    """A `Pytree` that `jib.tree` takes for a leaf; the functions of nnx look into it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        kwargs.setdefault("pytree", False)
        super().__init_subclass__(**kwargs)


def restructured(node: Any) -> None:
    """Say that attributes of an object have changed: what was derived from them is stale."""
    _set(node, "_pytree__version", node._pytree__version + 1)
    _set(node, "_pytree__cache", None)
    Structures.epoch += 1


def check_pytree(pytree: Any) -> None:
    """Raise if a static attribute holds data, as a plain list that was appended to does.

    Raises:
        AttributeKindError: naming the attribute, with the cures.
    """
    if not isinstance(pytree, Pytree):
        raise errors.ArgumentTypeError(
            f"a {type(pytree).__name__} is no nnx.Pytree", help="class Model(nnx.Module): ..."
        )
    kinds = pytree._pytree__kinds
    for name, value in vars(pytree).items():
        if name not in kinds:
            kinds[name] = is_data(value)
        if not kinds[name] and (found := has_data(value)):
            raise hidden(pytree, name, value, found)


def hidden(node: Any, name: str, value: Any, found: list[Any]) -> AttributeKindError:
    """The error of a static attribute with data in it."""
    kinds = ", ".join(sorted({type(x).__name__ for x in found}))
    container = {list: "nnx.List", dict: "nnx.Dict"}.get(type(value))
    help = [f"self.{name} = nnx.data(...)"]
    if container:
        help.insert(0, f"self.{name} = {container}(...)")
    return AttributeKindError(
        f"`{name}` of {type(node).__name__} is a static attribute, but the {type(value).__name__} "
        f"in it holds data: {kinds}",
        notes=["the transforms would not see what a static attribute holds"],
        help=help,
    )


def _brief(value: Any) -> str:
    if isinstance(value, int | float | str | type(None)):
        return repr(value)
    return "an array" if isinstance(value, Array) else f"a {type(value).__name__}"


def items(node: Any) -> Iterator[tuple[Any, Any, bool | None]]:
    """The attributes `(key, value, is data)` of an object in order; None: whatever the value is."""
    attributes: Any = vars(node)
    kinds = node._pytree__kinds if node._pytree__is_pytree else {}
    if node._pytree__has_int_keys:
        keyed = [(int(k) if k.isdecimal() else k, k) for k in attributes]
        for key, name in sorted(keyed, key=lambda item: (isinstance(item[0], str), item[0])):
            yield key, attributes[name], kinds.get(name)
    else:
        for name in sorted(attributes):
            yield name, attributes[name], kinds.get(name)


class _Layout:
    """What the tree of an object has beside its data; equal layouts compare by content."""

    __slots__ = ("keys", "static")

    def __init__(self, keys: tuple, static: Static) -> None:
        self.keys, self.static = keys, static

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is _Layout and self.keys == other.keys and self.static == other.static
        )

    def __hash__(self) -> int:
        return hash((self.keys, self.static))


def _layout(node: Any) -> _Layout:
    cache = node._pytree__cache
    if cache is not None and "layout" in cache:
        return cache["layout"]
    data = tuple([key for key, _, kind in items(node) if kind])
    rest = tuple([(key, value) for key, value, kind in items(node) if not kind])
    layout = _Layout(data, Static(rest))
    if is_fixed(rest):
        _set(node, "_pytree__cache", {**(cache or {}), "layout": layout})
    return layout


def _flatten(node: Any) -> tuple[list[Any], _Layout]:
    layout = _layout(node)
    attributes = vars(node)
    return [attributes[str(key)] for key in layout.keys], layout


def _flatten_with_keys(node: Any) -> tuple[list[tuple[Any, Any]], _Layout]:
    children, layout = _flatten(node)
    keys = [SequenceKey(k) if isinstance(k, int) else GetAttrKey(k) for k in layout.keys]
    return list(zip(keys, children, strict=True)), layout


def _unflatten(cls: type, layout: _Layout, children: Iterable[Any]) -> Any:
    rest = layout.static.value
    kinds = {**dict.fromkeys(map(str, layout.keys), True), **{str(k): False for k, _ in rest}}
    names = map(str, layout.keys)
    attributes = [*zip(names, children, strict=True), *((str(k), v) for k, v in rest)]
    return blank(cls, attributes, kinds)
