"""Variables: the boxes that hold a module's arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from jib import errors, tree
from jib.backend.buffers import ArrayImpl
from jib.core.tracing import Tracer, aval_of, boxes, context, leaked
from jib.nnx._levels import check_level, is_leaked
from jib.nnx._static import Static
from jib.tree_util import GetAttrKey, register_pytree_with_keys
from jib.typing import Array

__all__ = ["A", "Structures", "Variable", "VariableMetadata", "root_types"]

A = TypeVar("A")
MISSING: Any = object()
_HOOKS = ("on_get_value", "on_set_value", "on_create_value", "on_add_axis", "on_remove_axis")
_DROPPED = ("hijax", "ref")  # what peers keep about how they store a value; here there is one way


@dataclass
class VariableMetadata(Generic[A]):
    """What an initializer says about the variable made of its value, beside the value."""

    raw_value: A
    on_set_value: tuple[Callable, ...] = ()
    on_get_value: tuple[Callable, ...] = ()
    on_create_value: tuple[Callable, ...] = ()
    on_add_axis: tuple[Callable, ...] = ()
    on_remove_axis: tuple[Callable, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def all_metadata(self) -> dict[str, Any]:
        """The metadata with the hooks that are set."""
        hooks = {name: getattr(self, name) for name in _HOOKS}
        return {**{name: hook for name, hook in hooks.items() if hook}, **self.metadata}


def _renamed(metadata: dict[str, Any]) -> dict[str, Any]:
    """Metadata with the older names of `out_sharding` replaced."""
    for old in ("sharding", "sharding_names"):
        if old in metadata:
            metadata["out_sharding"] = metadata.pop(old)
    for name in _DROPPED:
        if metadata.pop(name, None):
            raise errors.ArgumentValueError(
                f"variables are always plain boxes here: `{name}=True` has no meaning",
                help="nnx.Variable(value)   nnx.jit and the others carry its changes",
            )
    return metadata


class Variable(Generic[A]):
    """A box with an array (or a tree of arrays), and metadata; the box changes, arrays do not.

    Args:
        value: an array, a tree of arrays, or a `VariableMetadata` from an initializer.
        hijax, ref: accepted when false.
        eager_sharding: place the value by `out_sharding` at once (default: where a mesh is set).
        **metadata: anything, read as attributes: `Variable(x, tag="a").tag`.

    `v[...]` (or `v.get_value()`, `v.value`) reads, `v[...] = x` (or `v.set_value(x)`,
    `v.value = x`) writes. Operators act on the value and give arrays.

    Raises:
        TraceLevelError: on a change inside a transformed function that closes over the variable.

    Example:
        >>> from jib import nnx
        >>> import jib.numpy as jnp
        >>> v = nnx.Param(jnp.arange(3.0), owner="me")
        >>> v[...] += 1
        >>> v.value, v.owner, v * 2
        (Array([1., 2., 3.], dtype=float32), 'me', Array([2., 4., 6.], dtype=float32))
    """

    __slots__ = ("__weakref__", "_aux", "_level", "_metadata", "_raw_value", "_version")
    _raw_value: Any
    _metadata: dict[str, Any]
    _aux: Static | None
    required_metadata: ClassVar[frozenset[str]] = frozenset(["eager_sharding"])
    __array_priority__ = 1100
    __hash__ = object.__hash__

    def __init__(
        self,
        value: A | VariableMetadata[A],
        *,
        hijax: bool | None = None,
        ref: bool | None = None,
        eager_sharding: bool | None = None,
        **metadata: Any,
    ) -> None:
        if isinstance(value, VariableMetadata):
            metadata = {**value.all_metadata(), **metadata}
            value = value.raw_value
        metadata = _renamed({**metadata, "hijax": hijax, "ref": ref})
        if eager_sharding is not None:
            metadata["eager_sharding"] = eager_sharding
        for name in _HOOKS:
            if name not in metadata and hasattr(type(self), name):
                metadata[name] = getattr(type(self), name)
        _fill(self, value, metadata)
        raw: Any = self._hooked("on_create_value", value)
        raw = self.create_value(raw)
        if "out_sharding" in metadata and placement is not None:
            raw = placement(raw, self)
        _set(self, "_raw_value", raw)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _register(cls)
        root_types.add(cls)
        boxes.add(cls)

    def _hooked(self, name: str, *args: Any) -> Any:
        """The last argument after the hooks of a name."""
        hooks = self._metadata.get(name, ())
        *head, value = args
        for hook in hooks if isinstance(hooks, tuple) else (hooks,):
            result = hook(self, *head, value)
            value = result if name.endswith("_value") else value
        return value

    def _check_can_update(self) -> None:
        if self._level is not context.trace:
            check_level(self, self._level)

    # Values

    @property
    def value(self) -> Any:
        """The value, after the hooks."""
        return self.get_value()

    @value.setter
    def value(self, value: Any) -> None:
        self.set_value(value)

    @property
    def raw_value(self) -> Any:
        """The value as it is stored."""
        return self._raw_value

    def get_raw_value(self) -> Any:
        """The value as it is stored, without hooks."""
        return self._raw_value

    def set_raw_value(self, value: Any, *, _unsafe_bypass_check: bool = False) -> None:
        """Store a value without hooks."""
        if not _unsafe_bypass_check:
            self._check_can_update()
        _set(self, "_raw_value", value)

    def create_value(self, value: A) -> A:
        """What is stored for a first value; a class of variables may override it."""
        return value

    def get_value(self, *, index: Any = MISSING) -> Any:
        """The value; with `index`, a part of it. Containers are copied, arrays are not."""
        value = self._raw_value
        if not isinstance(value, ArrayImpl | Tracer):
            value = tree.map(_same, value)
        if index is not MISSING and not (index is ... and _is_array(value)):
            value = value[index]
        return self._hooked("on_get_value", value) if "on_get_value" in self._metadata else value

    def set_value(self, value: Any, *, index: Any = MISSING) -> None:
        """Store a value, after the hooks; with `index`, a part of an array or container.

        Raises:
            TraceLevelError: if the variable was made under another trace.
            LeakedTracerError: if the value belongs to a trace that has ended.
        """
        if self._level is not context.trace:
            check_level(self, self._level)
        if isinstance(value, Variable):
            value = value.get_value()
        if isinstance(value, Tracer):
            if is_leaked(value):
                raise leaked(value)  # the error names who made the value and who held it
        elif not isinstance(value, ArrayImpl):
            value = tree.map(_same, value)
        if "on_set_value" in self._metadata:
            value = self._hooked("on_set_value", value)
        old = self._raw_value
        if index is MISSING:
            pass
        elif not _is_array(old):
            whole = tree.map(_same, old)
            whole[index] = value
            value = whole
        elif index is not ... or not _alike(old, value):
            value = old.at[index].set(value)
        _set(self, "_raw_value", value)

    def __getitem__(self, key: Any) -> Any:
        return self.get_value(index=key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.set_value(value, index=key)

    def __delitem__(self, key: Any) -> None:
        value = self.get_value()
        del value[key]
        self.set_value(value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.get_value()(*args, **kwargs)

    def __len__(self) -> int:
        return len(self.get_value())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.get_value())

    def __contains__(self, item: Any) -> bool:
        return item in self.get_value()

    def __jib_array__(self) -> Any:
        return self.get_value()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.get_value().__array__(dtype)

    def __eq__(self, other: object) -> Any:
        return self.get_value() == (other.get_value() if isinstance(other, Variable) else other)

    def __ne__(self, other: object) -> Any:
        return self.get_value() != (other.get_value() if isinstance(other, Variable) else other)

    # Attributes and metadata

    def __getattr__(self, name: str) -> Any:
        metadata = object.__getattribute__(self, "_metadata")
        if name in metadata:
            return metadata[name]
        if name.startswith("_") or name == "aval":  # what array types alone have
            raise AttributeError(name)
        return getattr(object.__getattribute__(self, "_raw_value"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._check_can_update()
        if name not in ("value", "raw_value") and not hasattr(type(self), name):
            raise AttributeError(
                f"a {type(self).__name__} has no attribute `{name}`; "
                f"write   variable.set_metadata({name}=value)"
            )
        _set(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(
            f"`{name}` of a {type(self).__name__} cannot be deleted; "
            f"metadata is: variable.del_metadata({name!r})"
        )

    @property
    def type(self) -> Any:
        """The class of the variable."""
        return type(self)

    var_type = type

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self.get_value().shape

    @property
    def sharding_names(self) -> Any:
        """The mesh axes that the dimensions are divided over, or None."""
        return self._metadata.get("out_sharding")

    def get_metadata(
        self,
        name: str | None = None,
        default: Any = MISSING,
        *,
        exclude_required: bool | None = None,
    ) -> Any:
        """The metadata as a dict, or the entry `name`, or `default` where there is none."""
        if name is None:
            metadata = dict(self._metadata)
            if exclude_required:
                metadata = {k: v for k, v in metadata.items() if k not in self.required_metadata}
            return metadata
        return self._metadata[name] if default is MISSING else self._metadata.get(name, default)

    def set_metadata(self, *args: Any, **kwargs: Any) -> None:
        """Replace all metadata (a dict), set one entry (name, value), or some (by keyword)."""
        self._check_can_update()
        if len(args) == 1 and not kwargs:
            _set(self, "_metadata", _renamed(dict(args[0])))
        elif len(args) == 2 and not kwargs:
            self._metadata.update(_renamed({args[0]: args[1]}))
        elif kwargs and not args:
            self._metadata.update(_renamed(kwargs))
        else:
            raise errors.ArgumentTypeError(
                f"set_metadata takes a dict, a name and a value, or keywords; got {len(args)} "
                f"positional and {len(kwargs)} keyword arguments",
                help="variable.set_metadata(tag='a')",
            )
        self._restructured()

    def _restructured(self) -> None:
        """Say that metadata has changed: what was derived from it is stale."""
        _set(self, "_version", self._version + 1)
        _set(self, "_aux", None)
        Structures.epoch += 1

    def has_metadata(self, name: str) -> bool:
        """Whether there is an entry `name`."""
        return name in self._metadata

    def del_metadata(self, name: str) -> None:
        """Remove the entry `name`."""
        self._check_can_update()
        del self._metadata[name]
        self._restructured()

    def _static(self) -> Static:
        """The metadata as a hashable value."""
        static = self._aux
        if static is None:
            static = Static(dict(sorted(self._metadata.items())))
            _set(self, "_aux", static)
        return static

    # Copies

    def copy_from(self, other: Variable) -> None:
        """Take over value and metadata of a variable of the same type."""
        if type(self) is not type(other):
            raise errors.ArgumentValueError(
                f"a {type(self).__name__} cannot take over a {type(other).__name__}",
                help="variable.set_value(other.get_value())   takes the value alone",
            )
        self.update_from_state(other)

    def update_from_state(self, variable_state: Variable) -> None:
        """Take over value and metadata."""
        self._check_can_update()
        _set(self, "_raw_value", variable_state._raw_value)
        if self._metadata != variable_state._metadata:
            _set(self, "_metadata", dict(variable_state._metadata))
            self._restructured()

    def copy(self, value: Any = MISSING, *, _copy_ref: bool = True, **updates: Any) -> Any:
        """Another variable of this type, with another value or metadata where given."""
        value = updates.pop("value", value)
        value = self._raw_value if value is MISSING else value
        return type(self)._new(tree.map(_same, value), {**self._metadata, **_renamed(updates)})

    replace = copy
    to_state = copy

    @classmethod
    def _new(cls, value: Any, metadata: dict[str, Any]) -> Any:
        """A variable as it is, without hooks."""
        variable = object.__new__(cls)
        _fill(variable, value, metadata)
        return variable

    @classmethod
    def from_metadata(cls, value: Any, attributes: Mapping[str, Any]) -> Any:
        """A variable with a value and metadata, without hooks."""
        return cls._new(value, _renamed(dict(attributes)))

    def add_axis(self, axis_index: int, axis_name: str | None) -> None:
        """Call the hooks for a dimension that a transform has added."""
        self._hooked("on_add_axis", axis_index, axis_name)

    def remove_axis(self, axis_index: int, axis_name: str | None) -> None:
        """Call the hooks for a dimension that a transform has taken away."""
        self._hooked("on_remove_axis", axis_index, axis_name)

    def __getstate__(self) -> dict[str, Any]:
        return {"value": self._raw_value, "metadata": self._metadata}

    def __setstate__(self, state: dict[str, Any]) -> None:
        _fill(self, state["value"], dict(state["metadata"]))

    def __repr__(self) -> str:
        return render(self)


class Structures:
    """Counts changes of structure: while `epoch` stands, what is cached of any module holds."""

    epoch = 0


# The classes of objects that keep their identity: variables, and what derives from Pytree. To ask
# whether a type is in a set is ten times as quick as `isinstance` of an abstract class.
root_types: set[type] = set()

# Set by the files that need variables first: how a value is placed by `out_sharding`, and shown.
placement: Any = None
render: Any = object.__repr__

_set = object.__setattr__


def _fill(variable: Variable, value: Any, metadata: dict[str, Any]) -> None:
    _set(variable, "_raw_value", value)
    _set(variable, "_metadata", metadata)
    _set(variable, "_level", context.trace)
    _set(variable, "_version", 0)
    _set(variable, "_aux", None)


def _same(x: Any) -> Any:
    return x


def _is_array(x: Any) -> bool:
    return isinstance(x, Array)


def _alike(old: Any, new: Any) -> bool:
    """Whether `new` may take the place of `old` as it is."""
    if not _is_array(new):
        return False
    a, b = aval_of(old), aval_of(new)
    return a.shape == b.shape and a.dtype == b.dtype


def _register(cls: type[Variable]) -> None:
    key = GetAttrKey("value")
    register_pytree_with_keys(
        cls,
        lambda v: (((key, v._raw_value),), v._static()),
        lambda static, children: cls._new(next(iter(children)), dict(static.value)),
        lambda v: ((v._raw_value,), v._static()),
    )


def _binary(function: Callable, reflected: bool) -> Callable:
    def operate(self: Variable, other: Any) -> Any:
        value = self.get_value()
        other = other.get_value() if isinstance(other, Variable) else other
        return function(other, value) if reflected else function(value, other)

    return operate


def _unary(function: Callable) -> Callable:
    return lambda self, *args: function(self.get_value(), *args)


def _in_place(symbol: str) -> Callable:
    def refuse(self: Variable, other: Any) -> Any:
        raise errors.ArgumentTypeError(
            f"`variable {symbol}= x` would replace the variable by an array",
            help=f"variable[...] {symbol}= x",
        )

    return refuse


_SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "matmul": "@", "truediv": "/", "floordiv": "//",
    "mod": "%", "pow": "**", "lshift": "<<", "rshift": ">>", "and": "&", "xor": "^", "or": "|",
}  # fmt: skip
for _name, _symbol in _SYMBOLS.items():
    _function = getattr(operator, f"__{_name}__")
    setattr(Variable, f"__{_name}__", _binary(_function, reflected=False))
    setattr(Variable, f"__r{_name}__", _binary(_function, reflected=True))
    setattr(Variable, f"__i{_name}__", _in_place(_symbol))
for _name in ("lt", "le", "gt", "ge"):
    setattr(Variable, f"__{_name}__", _binary(getattr(operator, _name), reflected=False))
for _name, _function in {
    "neg": operator.neg, "pos": operator.pos, "abs": abs, "invert": operator.invert, "int": int,
    "float": float, "complex": complex, "index": operator.index, "round": round, "bool": bool,
}.items():  # fmt: skip
    setattr(Variable, f"__{_name}__", _unary(_function))
_register(Variable)
root_types.add(Variable)
boxes.add(Variable)
