"""`Module`: a dataclass that describes a network, whose variables are given to `apply`."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import functools
import inspect
import itertools
import weakref
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

import numpy as np

from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.linen import errors
from jib.linen._calls import DONE, TRANSFORMED, ModuleState, compact, context, wrap_method_once
from jib.linen._running import RunMethods
from jib.linen._variables import VariableMethods, described
from jib.linen.core.frozen_dict import FrozenDict
from jib.linen.core.scope import Scope
from jib.sharding import PartitionSpec

__all__ = ["Module", "merge_param", "share_scope"]

_Self = TypeVar("_Self", bound="Module")
_numbers = itertools.count()


class _Unspecified:
    """The `parent` of a module that is told none: the module whose method makes it."""

    def __copy__(self) -> _Unspecified:
        return self

    def __deepcopy__(self, memo: Any) -> _Unspecified:
        return self

    def __reduce__(self) -> str:
        return "_unspecified"

    def __repr__(self) -> str:
        return "<the module that makes it>"


_unspecified: Any = _Unspecified()


class _Parent:
    """The attribute `parent`, held weakly: modules make no cycles, so arrays are freed at once."""

    def __get__(self, obj: Any, owner: Any = None) -> Any:
        if obj is None:
            return self
        held = obj._parent_ref
        return held() if isinstance(held, weakref.ReferenceType) else held

    def __set__(self, obj: Any, value: Any) -> None:
        held = weakref.ref(value) if isinstance(value, Module) else value
        object.__setattr__(obj, "_parent_ref", held)


# Attributes of these types hold no modules.
_PLAIN = {type(None), bool, int, float, complex, str, bytes, type, FunctionType, np.dtype}


def _map_modules(fn: Callable[[str, Any], Any], value: Any, suffix: str = "") -> Any:
    """Containers with `fn(suffix, module)` in place of their modules, and themselves frozen."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, Module):
        return fn(suffix, value)
    if isinstance(value, dict | FrozenDict):
        return FrozenDict({k: _map_modules(fn, v, f"{suffix}_{k}") for k, v in value.items()})
    if isinstance(value, list | tuple):
        if kind is PartitionSpec:
            return value
        parts = [_map_modules(fn, v, f"{suffix}_{i}") for i, v in enumerate(value)]
        return kind(*parts) if hasattr(kind, "_fields") else tuple(parts)
    if getattr(kind, "_is_struct", False):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return dataclasses.replace(
            value, **{k: _map_modules(fn, v, f"{suffix}_{k}") for k, v in fields.items()}
        )
    return value


def _module_hash(given: Callable[[Any], int]) -> Callable[[Any], int]:
    @functools.wraps(given)
    def hashed(self: Any) -> int:
        if self.scope is not None:
            raise ArgumentTypeError(
                f"a {type(self).__name__} that holds variables cannot be hashed",
                help="model, variables = bound.unbind()",
            )
        return given(self)

    return hashed


@contextlib.contextmanager
def _without(names: Iterable[str], classes: Iterable[type]) -> Iterator[None]:
    """Hide some fields of classes inside a `with` block."""
    found = [c.__dict__["__dataclass_fields__"] for c in classes
             if "__dataclass_fields__" in c.__dict__]  # fmt: skip
    hidden = [{name: fields.pop(name) for name in names if name in fields} for fields in found]
    try:
        yield
    finally:
        for fields, kept in zip(found, hidden, strict=True):
            fields.update(kept)


_KEPT = {"__eq__", "__repr__", "__init__", "__hash__", "__post_init__"}


@dataclass_transform(field_specifiers=(dataclasses.field,))
class _ModuleBase:
    """Tells type checkers that subclasses of `Module` are dataclasses."""


class Module(_ModuleBase, VariableMethods, RunMethods):
    """The base of layers and models.

    A subclass is a dataclass: its fields say what the network is like. Its variables live outside
    of it: `init` makes them and `apply` takes them. Parts are named in `setup`, or made where they
    are used, in one method that is `compact`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> class Scale(nn.Module):
        ...     start: float = 1.0
        ...
        ...     def setup(self):
        ...         self.scale = self.param("scale", nn.initializers.constant(self.start), ())
        ...
        ...     def __call__(self, x):
        ...         return x * self.scale
        >>> model = Scale(start=3.0)
        >>> variables = model.init(jib.random.key(0), jnp.ones(2))
        >>> model.apply(variables, jnp.ones(2))
        Array([3., 3.], dtype=float32)
    """

    scope: ClassVar[Any] = None
    _state: ClassVar[Any] = None
    _parent_ref: ClassVar[Any] = None
    _fields: ClassVar[tuple[str, ...]] = ()
    _scoped_methods: ClassVar[tuple[str, ...]] = ()
    if TYPE_CHECKING:
        _id: ClassVar[int]  # of each module; a field would be an argument
        name: str | None = dataclasses.field(kw_only=True, default=None)
        parent: Any = dataclasses.field(kw_only=True, default=None)

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...

        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def __init_subclass__(cls, kw_only: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        annotations = inspect.get_annotations(cls)
        if "parent" in annotations or annotations.get("name", str) not in (
            "str", str, "str | None", "Optional[str]", str | None,
        ):  # fmt: skip
            raise errors.ReservedModuleAttributeError(annotations)
        for name in annotations:
            default = cls.__dict__.get(name)
            if isinstance(default, dataclasses.Field) and not default.init:
                default.compare = default.hash = default.repr = False
        extra: dict[str, Any] = {"parent": (Any, _unspecified), "name": (str | None, None)}
        for name, (annotation, default) in extra.items():
            if name == "name" and isinstance(cls.__dict__.get(name), str):
                default = cls.__dict__[name]
            cls.__annotations__ = {**inspect.get_annotations(cls), name: annotation}
            compare = name != "parent"
            setattr(cls, name, dataclasses.field(default=default, repr=False, compare=compare))
        own_hash = "__hash__" in cls.__dict__
        with _without(extra, cls.__mro__[1:]):  # so that they come last in every class
            make: Any = dataclasses.dataclass(unsafe_hash=not own_hash, repr=False, kw_only=kw_only)
            make(cls)
        made: Any = cls.__init__
        if made.__code__.co_filename == "<string>":  # library code in messages, not the user's
            made.__code__ = made.__code__.replace(co_filename=__file__)
        cls.__hash__ = _module_hash(cls.__hash__)  # type: ignore[method-assign]
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]
        cls._fields = tuple(f.name for f in fields if f.init and f.name not in extra)
        cls._wrap_methods({f.name for f in fields})
        cls.parent = _Parent()

    @classmethod
    def _wrap_methods(cls, fields: set[str]) -> None:
        scoped = [n for n in dir(cls) if hasattr(getattr(cls, n, None), "compact_name_scope")]
        cls._scoped_methods = tuple(scoped)
        for name, value in list(cls.__dict__.items()):
            if name in _KEPT or name in fields or hasattr(value, "nowrap"):
                continue
            if isinstance(value, property):
                setattr(cls, name, _checked_property(value))
            elif (
                callable(value)
                and not inspect.isclass(value)
                and not isinstance(value, staticmethod | classmethod)
            ):
                setattr(cls, name, wrap_method_once(value))

    def __post_init__(self) -> None:
        write = object.__setattr__
        write(self, "_id", next(_numbers))
        state = ModuleState()
        write(self, "_state", state)
        parent = self.parent
        if parent is _unspecified:
            parent = context.modules[-1]
            self.parent = parent
        if parent is None:
            return
        if isinstance(parent, Module):
            # A module made in `setup` gets its name, and then all else, when it is assigned.
            if parent._state.in_setup and self.name is None:
                return
            self._attach(parent)
        elif isinstance(parent, Scope):
            write(self, "scope", parent)
        else:
            raise ArgumentTypeError(f"`parent` is a {type(parent).__name__}, not a module")
        for name in self._fields:
            value = self.__dict__.get(name)
            if type(value) not in _PLAIN:
                self._register_submodules(name, value)
        state.initialized = True

    def _attach(self, parent: Module) -> None:
        """Get a name and a scope in the parent."""
        outer: Any = parent._state
        kind = type(self).__name__
        if not parent._initialization_allowed:
            raise errors.AssignSubModuleError(kind)
        if self.name is None:
            number = outer.cursor.get(kind, 0)
            object.__setattr__(self, "name", f"{kind}_{number}")
            outer.cursor[kind] = number + 1
        name: Any = self.name
        reuse = outer.in_setup and outer.setup == TRANSFORMED
        if not reuse and parent.scope.name_reserved(name):
            raise errors.NameInUseError("submodule", name, described(parent))
        outer.children[name] = self
        object.__setattr__(self, "scope", parent.scope.push(name, reuse=reuse))

    def _register_submodules(self, name: str, value: Any) -> None:
        """Set an attribute; modules in it become children, named after it."""
        root = self.scope.root
        if root.modules is None:
            root.modules = weakref.WeakValueDictionary()
        adopted: list[Module] = []

        def adopt(suffix: str, module: Module) -> Module:
            own = module.name
            if module.parent is None:  # made outside: its copy is used, one wherever it stands
                known = root.modules.get(module._id)
                if known is None:
                    known = root.modules[module._id] = module.clone(name=None)
                own, module = module.name, known
            if module.name is None:
                module.parent = self
                keep = own if getattr(type(self), "preserve_adopted_names", False) else None
                given = own if isinstance(module, _NameScope) else keep
                object.__setattr__(module, "name", given or f"{name}{suffix}")
                adopted.append(module)
            return module

        object.__setattr__(self, name, _map_modules(adopt, value))
        for module in adopted:
            module.__post_init__()

    def __setattr__(self, name: str, value: Any) -> None:
        state = self.__dict__.get("_state")
        if state is None or not (state.in_setup or state.initialized) or name.startswith("__"):
            object.__setattr__(self, name, value)
        elif not state.in_setup:
            raise errors.SetAttributeFrozenModuleError(described(self), name, value)
        elif name in self._fields or name in ("name", "parent"):
            if name != "parent":
                raise errors.SetAttributeInModuleSetupError(type(self).__name__, name)
            object.__setattr__(self, name, value)
        elif type(value) in _PLAIN:
            object.__setattr__(self, name, value)
        else:
            self._register_submodules(name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        self._try_setup()
        if name in self.__dict__:
            return self.__dict__[name]
        near = difflib.get_close_matches(name, [n for n in dir(type(self)) if n[0] != "_"], 1)
        hint = f"; is `{near[0]}` meant?" if near else ""
        if self.scope is None and not hint:
            hint = "; what `setup` makes exists inside of `init` and `apply` only"
        raise AttributeError(f"a {type(self).__name__} has no attribute `{name}`{hint}")

    def __dir__(self) -> list[str]:
        self._try_setup()
        return list(object.__dir__(self))

    def __repr__(self) -> str:
        return _module_repr(self)

    def setup(self) -> None:
        """Make submodules and variables; called once, before the first use of a bound module."""

    def _try_setup(self) -> None:
        """Run `setup`, if there are variables and it has not run."""
        state = self._state
        if self.scope is None or state is None or state.in_setup or state.setup == DONE:
            return
        try:
            state.in_setup = True
            self.setup()
            if self._scoped_methods:
                make: Any = _NameScope
                made = {
                    name: make(getattr(type(self), name).inner_fun, _held(self), name=name)
                    for name in self._scoped_methods
                }
                state.in_setup = True
                self._compact_name_scope_modules = made
        finally:
            state.in_setup = False
            state.setup = DONE

    @property
    def _initialization_allowed(self) -> bool:
        state = self._state
        return not state.initialized or state.in_setup or state.in_compact

    def clone(
        self: _Self, *, parent: Any = None, _deep_clone: bool | dict[int, Any] = False,
        _reset_names: bool = False, **updates: Any,
    ) -> _Self:  # fmt: skip
        """A module with the same fields, but for those in `updates`, and without a parent.

        Programs use `copy`.
        """
        fields = {name: getattr(self, name) for name in self._fields}
        fields["name"] = self.name
        fields.update(updates)
        if _deep_clone is not False:
            made: dict[int, Any] = {} if _deep_clone is True else _deep_clone
            names = {"name": None} if _reset_names else {}

            def cloned(suffix: str, module: Any) -> Any:
                if module._id not in made:
                    made[module._id] = module.clone(
                        _deep_clone=made, _reset_names=_reset_names, **names
                    )
                return made[module._id]

            fields = {
                k: v if type(v) in _PLAIN else _map_modules(cloned, v) for k, v in fields.items()
            }
        kind: Any = type(self)
        return kind(parent=parent, **fields)

    def copy(
        self: _Self, *, parent: Any = _unspecified, name: str | None = None, **updates: Any
    ) -> _Self:
        """A module with the same fields but for `updates`, made by the module that runs now.

        Example:
            >>> from jib import linen as nn
            >>> nn.Dense(3).copy(features=4).features
            4
        """
        return self.clone(parent=parent, name=name, _deep_clone=True, **updates)


class _NameScope(Module):
    """The child whose name stands around what a `compact_name_scope` method makes."""

    fn: Callable[..., Any]
    module_fn: Callable[[], Any]

    @compact
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method."""
        return self.fn(self.module_fn(), *args, **kwargs)


def _held(module: Module) -> Callable[[], Any]:
    return weakref.ref(module)


def _checked_property(given: property) -> property:
    """A property whose missing attributes are named, and not taken for its own absence."""
    read = given.fget

    @functools.wraps(read)  # type: ignore[arg-type]
    def checked(self: Any) -> Any:
        try:
            return read(self)  # type: ignore[misc]
        except AttributeError as error:
            raise errors.DescriptorAttributeError(type(self).__name__) from error

    return property(checked if read else None, given.fset, given.fdel, given.__doc__)


def merge_param(name: str, a: Any, b: Any) -> Any:
    """The one of two values that is not None: given to a module, or to its call.

    Raises:
        ArgumentValueError: if both are given, or neither.
    """
    if a is None and b is None:
        raise ArgumentValueError(
            f"`{name}` is given neither to the module nor to the call",
            help=f"module(x, {name}=...)",
        )
    if a is not None and b is not None:
        raise ArgumentValueError(
            f"`{name}` is given to the module and to the call", help="give it to one of them"
        )
    return b if a is None else a


def share_scope(module: Module, other: Module, /) -> None:
    """Let `other` keep its variables where `module` does, without a name of its own between.

    Both must be bound: call it in `setup`, or in a `compact` method.
    """
    if module.scope is None or other.scope is None:
        raise errors.CallShareScopeOnUnboundModuleError(type(module).__name__)
    above: Any = other.scope
    while above is not None and above is not module.scope:
        above = above.parent
    changed, target = (module, other.scope) if above is None else (other, module.scope)
    before = changed.scope
    object.__setattr__(changed, "scope", target)
    for child in changed._state.children.values():
        if isinstance(child, Module) and child.scope and child.scope.parent == before:
            target.reserve(child.scope.name)
            child.scope.parent = target


def _module_repr(module: Module, num_spaces: int = 4) -> str:
    """A module's fields and children, one to a line."""
    lines = []
    fields = {
        f.name: getattr(module, f.name, None)
        for f in dataclasses.fields(module)  # type: ignore[arg-type]
        if f.repr and f.name not in ("name", "parent")
    }
    if fields:
        lines.append("# attributes")
        for name, value in fields.items():
            text = getattr(value, "__name__", None) if callable(value) else None
            lines.append(f"{name} = {text or repr(value)}")
    children = {k: v for k, v in module._state.children.items() if isinstance(v, Module)}
    if children:
        lines.append("# children")
        lines += [f"{name} = {_module_repr(child, num_spaces)}" for name, child in children.items()]
    body = "".join(f"{' ' * num_spaces}{line}\n" for entry in lines for line in entry.splitlines())
    return f"{type(module).__name__}(\n{body})" if body else f"{type(module).__name__}()"
