"""`Scope`: one module's place in the nested dicts of variables, and its random numbers."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import numpy as np

from jib import random, tree
from jib.core.tracing import Tracer, aval_of, context
from jib.errors import ArgumentTypeError
from jib.linen import errors
from jib.linen.core import meta
from jib.linen.core._filters import (
    CollectionFilter as CollectionFilter,
    DenyList as DenyList,
    Filter as Filter,
    filter_to_set as filter_to_set,
    group_collections as group_collections,
    in_filter as in_filter,
    intersect_filters as intersect_filters,
    is_filter_empty as is_filter_empty,
    subtract_filters as subtract_filters,
    union_filters as union_filters,
)
from jib.linen.core._rngs import LazyRng, folded
from jib.linen.core._shapes import shapes_of
from jib.linen.core.frozen_dict import FrozenDict, unfreeze
from jib.linen.core.partial_eval import lazy_init as of_shapes
from jib.transforms.abstract import named_scope
from jib.typing import Array as Array

__all__ = [
    "Array",
    "CollectionFilter",
    "DenyList",
    "Filter",
    "LazyRng",
    "Scope",
    "Variable",
    "apply",
    "as_rngs",
    "bind",
    "check_trace_level",
    "child_rng_token",
    "current_trace",
    "filter_to_set",
    "group_collections",
    "in_filter",
    "init",
    "intersect_filters",
    "is_filter_empty",
    "is_key",
    "lazy_init",
    "no_flag",
    "subtract_filters",
    "union_filters",
]  # fmt: skip

T = TypeVar("T")
_MISSING: Any = object()
_NO_VARIABLES: dict[str, Any] = {}

#: Marks, in the counters of a scope, those of its children.
child_rng_token: Any = object()

#: The default of `get_flag` when none is given.
no_flag: Any = object()


def current_trace() -> Any:
    """What interprets operations now; it differs inside and outside of a transform."""
    return context.trace


def check_trace_level(base_level: Any) -> None:
    """Raise `JaxTransformError` unless `base_level` is the current trace."""
    if context.trace is not base_level:
        raise errors.JaxTransformError()


class Variable(Generic[T]):
    """A variable that can be read and, where its collection is mutable, written: `value`."""

    __slots__ = ("collection", "name", "scope", "unbox")

    def __init__(self, scope: Scope, collection: str, name: str, unbox: bool) -> None:
        self.scope, self.collection, self.name, self.unbox = scope, collection, name, unbox

    @property
    def value(self) -> Any:
        """The value, without its box."""
        value = self.scope.get_variable(self.collection, self.name)
        return meta.unbox(value) if self.unbox else value

    @value.setter
    def value(self, value: Any) -> None:
        if self.unbox:
            boxed = self.scope.get_variable(self.collection, self.name)
            leaves, kind = tree.flatten(boxed, is_leaf=meta.is_axis_metadata)
            if any(map(meta.is_axis_metadata, leaves)) and kind == tree.structure(
                value, is_leaf=meta.is_axis_metadata
            ):
                value = meta.replace_boxed(boxed, value)
        self.scope.put_variable(self.collection, self.name, value)

    def is_mutable(self) -> bool:
        """Whether the collection is mutable in this call."""
        return self.scope.is_mutable_collection(self.collection)

    def __repr__(self) -> str:
        return f"Variable({self.collection}, {self.scope.path_text}/{self.name})"


class Scope:
    """One module's place in the variables: a path, the dicts there, and counters of random numbers.

    A `Module` has a scope while `init` or `apply` runs; programs seldom need it themselves.

    Args:
      variables: the collections, of which only the root holds all; children hold what they use.
      rngs: keys by name.
      name: the last part of the path.
      mutable: which collections can be written.
      parent: the scope around this one.
      path: the names from the root to here.
      debug_path: the path for messages.
      flags: `initializing`.
    """

    __slots__ = (
        "__weakref__",
        "_invalid",
        "_root",
        "_variables",
        "debug_path",
        "flags",
        "modules",
        "mutable",
        "name",
        "parent",
        "path",
        "reservations",
        "rng_counters",
        "rngs",
        "trace_level",
    )  # fmt: skip

    def __init__(
        self, variables: Any, rngs: Mapping[str, Any] | None = None, name: str | None = None,
        mutable: CollectionFilter = False, parent: Scope | None = None, path: tuple[str, ...] = (),
        debug_path: tuple[str, ...] = (), flags: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._variables = variables
        self.rngs = {k: LazyRng.create(v) for k, v in rngs.items()} if rngs else {}
        self.name: Any = name  # None at the root alone
        self.mutable, self.parent = mutable, parent
        self.path = tuple(path)
        self.debug_path = tuple(debug_path) or self.path
        self.flags: Mapping[str, Any] = flags or {}
        self._root = parent.root if parent is not None else None
        self.trace_level = context.trace
        self.rng_counters: dict[Any, Any] = dict.fromkeys(self.rngs, 0)
        self.reservations: dict[str, set[str | None]] = {}
        self._invalid = False
        self.modules: Any = None  # of a root: the modules adopted from outside, by their numbers

    def _like(self, **changes: Any) -> Scope:
        """A scope with the same parts but for `changes`, and nothing reserved."""
        made = object.__new__(type(self))
        made._variables, made.rngs, made.name = self._variables, self.rngs, self.name
        made.mutable, made.parent, made.path = self.mutable, self.parent, self.path
        made.debug_path, made.flags, made._root = self.debug_path, self.flags, self._root
        made.trace_level, made.rng_counters = self.trace_level, self.rng_counters
        made.reservations, made._invalid, made.modules = {}, False, None
        for key, value in changes.items():
            setattr(made, key, value)
        return made

    # Scopes with the same variables, path and counters act alike.
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scope):
            return False
        return self is other or (
            self.root._variables is other.root._variables
            and self.path == other.path
            and self.rng_counters is other.rng_counters
        )

    def __hash__(self) -> int:
        return hash((id(self.root._variables), self.path, id(self.rng_counters)))

    @property
    def root(self) -> Scope:
        """The outermost scope, which holds all variables."""
        return self if self._root is None else self._root

    @property
    def path_text(self) -> str:
        """The path as text: `/Encoder/Dense_3`."""
        return "/" + "/".join(self.debug_path)

    @property
    def invalid(self) -> bool:
        """Whether the `init` or `apply` of the scope has ended."""
        root = self._root
        return self._invalid or (root is not None and root._invalid)

    def _check_valid(self) -> None:
        if self.invalid:
            raise errors.InvalidScopeError(
                f"the module at {self.path_text}" if self.path else "a module"
            )

    @contextlib.contextmanager
    def temporary(self) -> Iterator[Scope]:
        """The scope in a `with` block, at whose end it becomes invalid."""
        try:
            yield self
        finally:
            self.invalidate()

    def invalidate(self) -> None:
        """Let every further use raise `InvalidScopeError`."""
        self._invalid = True

    def mutable_variables(self) -> dict[str, Any]:
        """The collections that can be written."""
        found = self.variables()
        return {col: found[col] for col in found if in_filter(self.mutable, col)}

    def variables(self) -> dict[str, Any]:
        """All collections, as they are at this path."""
        for col in self.root._variables:
            self._collection(col)
        return self._variables

    def rewound(self, rewind_rngs: bool = False) -> Scope:
        """A scope of the same place whose names are free again."""
        self._check_valid()
        counters = dict.fromkeys(self.rngs, 0) if rewind_rngs else self.rng_counters
        return self._like(rng_counters=counters)

    def name_reserved(self, name: str, col: str | None = None) -> bool:
        """Whether a name is taken, by a child or by a variable of the collection `col`."""
        taken = self.reservations.get(name)
        return taken is not None and (None in taken or col is None or col in taken)

    def reserve(self, name: str, col: str | None = None) -> None:
        """Take a name, for a child or for a variable; raises `NameInUseError` if it is taken."""
        if not isinstance(name, str):
            raise ArgumentTypeError(f"a name is a string, but got a {type(name).__name__}")
        if self.name_reserved(name, col):
            raise errors.NameInUseError("variable" if col else "submodule", name, self.path_text)
        self.reservations.setdefault(name, set()).add(col)

    def default_name(self, prefix: str) -> str:
        """The first of `prefix0`, `prefix1`, ... that is free."""
        number = 0
        while f"{prefix}{number}" in self.reservations:
            number += 1
        return f"{prefix}{number}"

    def push(self, name: str | None = None, prefix: str = "", reuse: bool = False) -> Scope:
        """A scope for a child; with `reuse`, of a name that may be taken."""
        self._check_valid()
        if name is None:
            name = self.default_name(prefix)
        if not (reuse and name in self.reservations):
            self.reserve(name)
        rngs = {key: LazyRng(rng.rng, (*rng.suffix, name)) for key, rng in self.rngs.items()}
        counters = self.rng_counters.setdefault(
            (child_rng_token, name), dict.fromkeys(self.rngs, 0)
        )
        return self._like(
            _variables={}, rngs=rngs, name=name, parent=self, path=(*self.path, name),
            debug_path=(*self.debug_path, name), rng_counters=counters, _root=self.root,
        )  # fmt: skip

    def child(
        self, fn: Callable[..., Any], name: str | None = None, prefix: str | None = None,
        named_call: bool = True, **partial_kwargs: Any,
    ) -> Callable[..., Any]:  # fmt: skip
        """`fn` with a child scope as its first argument; calls share the child's variables."""
        if prefix is None:
            prefix = f"{fn.__name__}_" if hasattr(fn, "__name__") else ""
        scope = self.push(name, prefix)

        @functools.wraps(fn)
        def call(*args: Any, **kwargs: Any) -> Any:
            with named_scope(str(scope.name)) if named_call else contextlib.nullcontext():
                return fn(scope.rewound(), *args, **{**partial_kwargs, **kwargs})

        return call

    def is_mutable_collection(self, col: str) -> bool:
        """Whether a collection can be written."""
        return in_filter(self.mutable, col)

    def is_collection_empty(self, col: str) -> bool:
        """Whether the root has nothing in a collection."""
        return not self.root._variables.get(col)

    def _mutable_collection(self, col: str) -> dict[str, Any]:
        """The dict of a collection at this path, which is made where there is none."""
        found = self._variables.get(col)
        if found is None:
            if self.parent is None:
                found = self._variables[col] = {}
            else:
                found = self.parent._mutable_collection(col).setdefault(self.name, {})
                self._variables[col] = found
        return found

    def _collection(self, col: str) -> Mapping[str, Any]:
        """The dict of a collection at this path."""
        found = self._variables.get(col)
        if found is None:
            outer = None if self.parent is None else self.parent._collection(col)
            found = outer.get(self.name) if outer else None
            if found is None:
                return _NO_VARIABLES
            self._variables[col] = found
        return found

    def has_rng(self, name: str) -> bool:
        """Whether there is a key of a name."""
        return name in self.rngs

    def make_rng(self, name: str = "params") -> Any:
        """A new key from the key `name`, or from `params` where there is none of that name.

        Raises:
            InvalidRngError: if there is neither.
        """
        lazy = self.rngs.get(name)
        if lazy is None:
            lazy, asked = self.rngs.get("params"), name
            if lazy is None:
                given = ", ".join(f"'{key}'" for key in self.rngs) or "none"
                raise errors.InvalidRngError(
                    f"{self.path_text} needs random numbers of the name '{asked}', and {given} "
                    f"{'are' if ',' in given else 'is'} given",
                    help=f"model.apply(variables, x, rngs={{'{asked}': jib.random.key(0)}})",
                )
            name = "params"
        self._check_valid()
        self.rng_counters[name] += 1
        return random.fold_in(lazy.rng, folded((*lazy.suffix, self.rng_counters[name])))

    def get_variable(self, col: str, name: str, default: Any = None) -> Any:
        """The value of a variable, boxed if it is, or `default`."""
        return self._collection(col).get(name, default)

    def has_variable(self, col: str, name: str) -> bool:
        """Whether there is a variable."""
        return name in self._collection(col)

    def put_variable(self, col: str, name: str, value: Any) -> None:
        """Write a variable; raises `ModifyScopeVariableError` if its collection is not mutable."""
        self._check_valid()
        if not in_filter(self.mutable, col):
            raise errors.ModifyScopeVariableError(col, name, self.path_text)
        if context.trace is not self.trace_level:
            self._check_trace(col, name, value)
        _put(self._mutable_collection(col), name, value)

    def _check_trace(self, col: str, name: str, value: Any) -> None:
        """Refuse values of a transform that began inside the module: they would escape from it."""
        for leaf in tree.leaves(value):
            if isinstance(leaf, Tracer) and leaf._trace is context.trace:
                raise errors.JaxTransformError(
                    f"`{name}` of {self.path_text}, in the collection `{col}`, is written inside a "
                    "transform that began inside the module, and would escape from it"
                )

    def _missing(self, cls: Any, name: str, col: str, *args: Any) -> Exception:
        """The error for a variable that is not there: what is there, and what was meant."""
        if self.get_flag("initializing", False) and "(" in self.path_text:
            return errors.JaxTransformError(
                f"{self.path_text} makes `{name}` in the collection `{col}`, of which the "
                "transform around it is not told",
                f"variable_axes={{'{col}': 0}}   or, where all share it, {{'{col}': None}}",
            )
        if self.is_collection_empty(col):
            given = self.root._variables
            return errors.ScopeCollectionNotFound(col, name, self.path_text, given)
        scope, wanted = self, name
        while scope.parent is not None and not scope._collection(col):
            scope, wanted = scope.parent, str(scope.name)
        present = scope._collection(col)
        return cls(*args, self.path_text, wanted=wanted, present=present, path=scope.path_text)

    def variable(
        self, col: str, name: str, init_fn: Callable[..., Any] | None = None, *init_args: Any,
        unbox: bool = True, **init_kwargs: Any,
    ) -> Variable[Any]:  # fmt: skip
        """A variable, made by `init_fn(*init_args)` where there is none yet.

        Raises:
            ScopeVariableNotFoundError: if there is none, and none can be made.
        """
        self.reserve(name, col)
        if name not in self._collection(col):
            if init_fn is None or not in_filter(self.mutable, col):
                raise self._missing(errors.ScopeVariableNotFoundError, name, col, name, col)
            self.put_variable(col, name, init_fn(*init_args, **init_kwargs))
        return Variable(self, col, name, unbox)

    def param(
        self, name: str, init_fn: Callable[..., Any], *init_args: Any, unbox: bool = True,
        **init_kwargs: Any,
    ) -> Any:  # fmt: skip
        """A parameter, made by `init_fn(key, *init_args)` where there is none yet.

        Raises:
            ScopeParamNotFoundError: if there is none, and none can be made.
            ScopeParamShapeError: if it has another shape than `init_fn` makes.
        """
        self.reserve(name, "params")
        value = self._collection("params").get(name, _MISSING)
        if value is _MISSING:
            if not in_filter(self.mutable, "params"):
                raise self._missing(errors.ScopeParamNotFoundError, name, "params", name)
            if not callable(init_fn):
                raise ArgumentTypeError(
                    f"the initialiser of `{name}` of {self.path_text} is {type(init_fn).__name__}, "
                    "where a function of a key is needed",
                    help=f"self.param('{name}', lambda key: value)",
                )
            value = init_fn(self.make_rng("params"), *init_args, **init_kwargs)
            if inspect.isroutine(value):
                raise ArgumentTypeError(
                    f"the initialiser of `{name}` of {self.path_text} made a function, not an "
                    "array",
                    help=f"call it first: {getattr(init_fn, '__name__', 'initialiser')}()",
                )
            self.put_variable("params", name, value)
            return meta.unbox(value) if unbox else value
        plain = getattr(value, "shape", None)  # boxes and trees of parameters have none
        if plain is not None and init_args and init_args[0] == plain:
            return value  # what initialisers make of a shape has that shape
        if plain is None and unbox:
            value = meta.unbox(value)
        found = (plain,) if plain is not None else tuple(map(np.shape, tree.leaves(value)))
        expected = shapes_of(init_fn, init_args, init_kwargs)
        if found != expected:
            for here, there in zip(found, expected, strict=False):
                if here != there:
                    raise errors.ScopeParamShapeError(name, self.path_text, here, there)
        return value

    def has_flag(self, key: str) -> bool:
        """Whether there is a flag."""
        return key in self.flags

    def get_flag(self, key: str, default: Any = no_flag) -> Any:
        """A flag, or `default`; raises `KeyError` where there is neither."""
        return self.flags[key] if default is no_flag else self.flags.get(key, default)


def _put(target: dict[str, Any], key: str, value: Any) -> None:
    """Write into nested dicts in place: scopes hold references to the dicts."""
    old = target.get(key)
    if isinstance(old, dict) and isinstance(value, Mapping):
        for name, part in value.items():
            _put(old, name, part)
    else:
        target[key] = value


def bind(
    variables: Any, rngs: Mapping[str, Any] | None = None, mutable: CollectionFilter = False,
    flags: Mapping[str, Any] | None = None,
) -> Scope:  # fmt: skip
    """A root scope of given variables and keys.

    Raises:
        ApplyScopeInvalidVariablesTypeError: if `variables` is no dict of dicts with string keys.
        InvalidRngError: if `rngs` is no dict of keys.
    """
    if not isinstance(variables, dict | FrozenDict) or not all(
        map(_is_collection, variables.items())
    ):
        raise errors.ApplyScopeInvalidVariablesTypeError()
    if rngs is not None:
        _check_rngs(rngs)
    held = {k: unfreeze(v) if in_filter(mutable, k) else v for k, v in variables.items()}
    return Scope(held, rngs=rngs, mutable=mutable, flags=flags)


def _is_collection(item: tuple[Any, Any]) -> bool:
    name, col = item
    return (
        isinstance(name, str)
        and isinstance(col, dict | FrozenDict)
        and all([type(key) is str for key in col])
    )


def is_key(rng: Any) -> bool:
    """Whether a value is one PRNG key, typed or as words, lazy or not."""
    if isinstance(rng, LazyRng):
        return True
    if not hasattr(rng, "shape"):
        return False
    aval = aval_of(rng)
    return aval.shape == () if aval.is_key else aval.shape == (2,) and aval.dtype == np.uint32


def _check_rngs(rngs: Any) -> None:
    if not isinstance(rngs, Mapping):
        raise errors.InvalidRngError(
            f"`rngs` is a {type(rngs).__name__}, where a dict of keys is needed",
            help="rngs={'dropout': jib.random.key(0)}",
        )
    for name, rng in rngs.items():
        if not (isinstance(name, str) and is_key(rng)):
            shown = str(getattr(rng, "aval", None) or type(rng).__name__)
            raise errors.InvalidRngError(
                f"the entry '{name}' of `rngs` is {shown}, where one key is needed",
                help=f"rngs={{'{name}': jib.random.key(0)}}",
            )


def as_rngs(rngs: Any) -> Any:
    """A dict of keys, of one key that is meant for the parameters."""
    if isinstance(rngs, Mapping):
        return rngs
    if not is_key(rngs):
        raise errors.InvalidRngError(
            f"{getattr(rngs, 'aval', None) or type(rngs).__name__} is given for a key",
            help="variables = model.init(jib.random.key(0), x)",
        )
    return {"params": rngs}


def apply(
    fn: Callable[..., Any], mutable: CollectionFilter = False,
    flags: Mapping[str, Any] | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """A pure function of a function of a scope: `(variables, *args, rngs=None)`.

    It gives the result of `fn`, with the mutable collections if `mutable` is not False.
    """

    @functools.wraps(fn)
    def applied(variables: Any, *args: Any, rngs: Any = None, **kwargs: Any) -> Any:
        if rngs is not None:
            rngs = as_rngs(rngs)
        params = variables.get("params") if isinstance(variables, Mapping) else None
        if isinstance(params, dict | FrozenDict) and "params" in params:
            raise errors.ApplyScopeInvalidVariablesStructureError(variables)
        root = bind(variables, rngs=rngs, mutable=mutable, flags=flags)
        try:
            y = fn(root, *args, **kwargs)
            return y if mutable is False else (y, root.mutable_variables())
        finally:
            root._invalid = True

    return applied


def init(
    fn: Callable[..., Any], mutable: CollectionFilter = True, flags: Mapping[str, Any] | None = None
) -> Callable[..., Any]:
    """A pure function `(rngs, *args)` that gives the result of `fn` and the variables it makes."""
    applied = apply(fn, mutable=mutable, flags={**(flags or {}), "initializing": True})

    @functools.wraps(fn)
    def initialised(rngs: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        return applied({}, *args, rngs=as_rngs(rngs), **kwargs)

    return initialised


def lazy_init(
    fn: Callable[..., Any], mutable: CollectionFilter = True, flags: Mapping[str, Any] | None = None
) -> Callable[..., Any]:
    """A function `(rngs, *args)` that gives the variables that `fn` makes.

    Arguments may be `ShapeDtypeStruct`s, where the variables do not depend on their values.
    """
    run = init(fn, mutable, flags)
    return of_shapes(functools.wraps(fn)(lambda *args, **kwargs: run(*args, **kwargs)[1]))
