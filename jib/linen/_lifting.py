"""Transforms of modules: classes, methods and functions of modules made functions of scopes."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import threading
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from jib import tree
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.linen import errors
from jib.linen._calls import method_name, wrap_method_once
from jib.linen._module import Module
from jib.linen._running import method_of
from jib.linen.core.frozen_dict import FrozenDict
from jib.linen.core.scope import LazyRng, Scope, Variable
from jib.tree_util import register_pytree_node

__all__ = [
    "description", "is_module_class", "lift", "lift_cached", "lift_direct",
]  # fmt: skip


class _Held:
    """A module or variable among the arguments of a transform: a node without children."""

    __slots__ = ("described", "value")

    def __init__(self, value: Any, described: Hashable) -> None:
        self.value, self.described = value, described

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.described == other.described

    def __hash__(self) -> int:
        return hash(self.described)


register_pytree_node(_Held, lambda held: ((), held), lambda held, _: held)


class _Scopes:
    """The scopes of a module, of the modules in its fields, and of those among its arguments."""

    def __init__(self, module: Module, args: Any, kwargs: Any) -> None:
        self.found: list[Scope] = []
        self.args, self.kwargs = tree.map(self._hold, (args, kwargs))
        self._gather(module)

    def _hold(self, x: Any) -> Any:
        if isinstance(x, Module | Variable) and x.scope is not None:
            self._gather(x)
            return _Held(x, description(x) if isinstance(x, Module) else (x.collection, x.name))
        return x

    def _gather(self, x: Any) -> None:
        if isinstance(x, Module) and x.scope is not None:
            for name in x._fields:
                for leaf in tree.leaves(getattr(x, name)):
                    self._gather(leaf)
        if isinstance(x, Module | Variable) and x.scope is not None and x.scope not in self.found:
            self.found.append(x.scope)

    def inside(self, scopes: Any) -> _Inside:
        """The same modules with scopes inside of a transform."""
        return _Inside(dict(zip(self.found, scopes, strict=True)))


class _Inside:
    """Copies of modules with other scopes; one copy of each."""

    def __init__(self, scopes: dict[Scope, Scope]) -> None:
        self.scopes = scopes
        self.made: dict[int, Any] = {}

    def copy(self, x: Any, kind: type[Module] | None = None) -> Any:
        """A module, variable, or tree with such in it, by its copy; other leaves as they are."""
        if isinstance(x, _Held):
            return self.copy(x.value)
        if isinstance(x, Variable):
            return Variable(self.scopes[x.scope], x.collection, x.name, x.unbox)
        if not isinstance(x, Module) or x.scope is None:
            return x
        if x._id not in self.made:
            fields = {
                name: tree.map(self.copy, getattr(x, name), is_leaf=_is_held) for name in x._fields
            }
            parent = self.scopes[x.scope]
            self.made[x._id] = (kind or type(x))(parent=parent, name=x.name, **fields)
        return self.made[x._id]


def _is_held(x: Any) -> bool:
    return isinstance(x, _Held | Module)


def _run_inside(found: _Scopes, scopes: Any, self: Module, state: Any, fn: Any, kind: Any,
                args: Any, kwargs: Any) -> Any:  # fmt: skip
    """Call a method with the copy of its module that belongs inside of the transform."""
    inside = found.inside(scopes)
    copied = inside.copy(self, kind)
    object.__setattr__(copied, "_state", state.export())
    args, kwargs = tree.map(inside.copy, (args, kwargs), is_leaf=_is_held)
    y = fn(copied, *args, **kwargs)
    self._state.reimport(copied._state)
    if any(isinstance(leaf, Module | Variable) for leaf in tree.leaves(y)):
        raise errors.TransformedMethodReturnValueError(method_name(fn))
    return y


def _lifted(transform: Any, fns: Any, kind: Any, single: bool, options: dict[str, Any]) -> Any:
    """A method that runs `fns` inside of a transform, which gets them as functions of scopes."""

    @functools.wraps(fns[0])
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.scope is None:
            raise errors.CallCompactUnboundModuleError(type(self).__name__)
        state = self._state.export()
        found = _Scopes(self, args, kwargs)
        if single and len(found.found) != 1:
            raise errors.JaxTransformError(
                "this transform does not go with modules that hold other modules",
                "make the submodules in `setup`, or in the function itself",
            )

        def of_scopes(fn: Any, scopes: Any, *args: Any, **kwargs: Any) -> Any:
            scopes = [scopes] if single else scopes
            return _run_inside(found, scopes, self, state, fn, kind, args, kwargs)

        run = transform(*[functools.partial(of_scopes, fn) for fn in fns], **options)
        return run(found.found[0] if single else found.found, *found.args, **found.kwargs)

    return method


def _lifted_once(transform: Any, fns: Any, kind: Any, single: bool, options: dict[str, Any]) -> Any:
    """As `_lifted`, for a transform that keeps compiled programs from call to call."""
    (fn,) = fns
    after: dict[Any, Any] = {}  # description of the module -> its state after a call

    def of_scopes(scopes: Any, described: Hashable, *args: Any, **kwargs: Any) -> Any:
        self, found, state = _running.stack[-1]
        y = _run_inside(found, scopes, self, state, fn, kind, args, kwargs)
        after[described] = self._state.export()
        return y

    run = transform(functools.wraps(fn)(of_scopes), **options)

    @functools.wraps(fn)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.scope is None:
            raise errors.CallCompactUnboundModuleError(type(self).__name__)
        state = self._state.export()
        with _fresh_rngs(self):
            found = _Scopes(self, args, kwargs)
            described = description(self)
            _running.stack.append((self, found, state))
            try:
                y = run(found.found, described, *found.args, **found.kwargs)
            finally:
                _running.stack.pop()
        self._state.reimport(after[described])
        return y

    return method


class _Running(threading.local):
    """The calls of compiled methods that run now: the module, its scopes, and its state.

    They are no arguments, as the cache of programs would keep them, and their arrays, alive.
    """

    def __init__(self) -> None:
        self.stack: list[tuple[Any, Any, Any]] = []


_running = _Running()


@contextlib.contextmanager
def _fresh_rngs(module: Module) -> Iterator[None]:
    """Keys of the module alone, which do not depend on its path."""
    scope: Any = module.scope
    before = scope.rngs
    scope.rngs = {name: LazyRng(scope.make_rng(name)) for name in before}
    try:
        yield
    finally:
        scope.rngs = before


def description(module: Module) -> Hashable:
    """What a compiled method of a module depends on, besides arrays; equal ones share a program."""
    return _described(module, {}, type(module).__name__)


def _described(x: Any, seen: dict[int, int], path: str) -> Hashable:
    if isinstance(x, Module):
        if x._id in seen:
            return type(x), seen[x._id]
        seen[x._id] = len(seen)
        fields = [(n, _described(getattr(x, n), seen, f"{path}.{n}")) for n in x._fields]
        state, scope = x._state, x.scope
        parts: tuple[Any, ...] = (
            state.in_compact, state.in_setup, state.setup, state.initialized,
            tuple(state.cursor.items()),
        )  # fmt: skip
        if scope is not None:
            flags = tuple(scope.flags.items())
            taken = tuple((k, frozenset(v)) for k, v in scope.reservations.items())
            parts += (flags, taken, tuple(scope.rngs))
        return type(x), tuple(fields), parts
    if isinstance(x, dict | FrozenDict):
        return tuple((k, _described(v, seen, f"{path}[{k!r}]")) for k, v in x.items())
    if isinstance(x, tuple | list):
        return type(x), tuple(_described(v, seen, f"{path}[{i}]") for i, v in enumerate(x))
    if isinstance(x, functools.partial):
        return x.func, _described(x.args, seen, path), _described(x.keywords, seen, path)
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        fields = [f.name for f in dataclasses.fields(x)]
        return type(x), tuple(_described(getattr(x, n), seen, f"{path}.{n}") for n in fields)
    try:
        hash(x)
    except TypeError:
        raise ArgumentTypeError(
            f"`{path}` is a {type(x).__name__}, which cannot be hashed, so that `nn.jit` cannot "
            "tell whether it has a program for the module",
            help="arrays go in as arguments of the method, not as fields of the module",
        ) from None
    return x


def is_module_class(target: Any) -> bool:
    """Whether a target is a class of modules, or one with some fields given."""
    if isinstance(target, functools.partial):
        return is_module_class(target.func)
    return inspect.isclass(target) and issubclass(target, Module)


def lift(
    transform: Any, target: Any, methods: Any = None, *, single: bool = False,
    make: Any = _lifted, **options: Any,
) -> Any:  # fmt: skip
    """A class of modules with transformed methods, or a transformed method or function."""
    if is_module_class(target):
        return _lifted_class(transform, target, methods, make, options)
    if callable(target) and not isinstance(target, Module):
        return make(transform, [wrap_method_once(target)], None, single, options)
    raise errors.TransformTargetError(target)


lift_cached = functools.partial(lift, make=_lifted_once)


def _lifted_class(transform: Any, target: Any, methods: Any, make: Any, options: Any) -> Any:
    given = None
    if isinstance(target, functools.partial):
        given, target = target, target.func
    if methods is None:
        chosen = {"__call__": options}
    elif isinstance(methods, Mapping):
        chosen = {name: dict(own) for name, own in methods.items()}
    elif isinstance(methods, list | tuple):
        chosen = dict.fromkeys(methods, options)
    else:
        raise ArgumentValueError(
            f"`methods` is a {type(methods).__name__}", help="methods=['__call__', 'encode']"
        )
    made = {
        name: make(transform, [getattr(target, name)], target, False, own)
        for name, own in chosen.items()
    }
    name = f"{transform.__name__.capitalize()}{target.__name__}"
    kind: Any = type(name, (target,), {**made, "__doc__": target.__doc__})
    return kind if given is None else functools.partial(kind, *given.args, **given.keywords)


def lift_direct(
    transform: Any, targets: Any, module: Module, *args: Any, single: bool = False, **options: Any
) -> Any:
    """Call a transform of functions of modules with a module and arguments."""
    functions = []
    for target in targets:
        if is_module_class(target) or not callable(target):
            raise errors.TransformTargetError(target)
        functions.append(wrap_method_once(method_of(module, target)))

    def direct(*fns: Any) -> Any:
        return functools.partial(transform, *fns, **options)

    return _lifted(direct, functions, None, single, {})(module, *args)
