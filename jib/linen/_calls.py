"""How a module's method is called: `setup` first, names counted, interceptors, records."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from jib import tree
from jib.core.avals import ShapeDtypeStruct
from jib.core.tracing import is_eager
from jib.linen import errors
from jib.transforms.abstract import named_scope

__all__ = [
    "InterceptorContext", "compact", "compact_name_scope", "disable_named_call",
    "enable_named_call", "intercept_methods", "nowrap", "override_named_call",
]  # fmt: skip

_Function = TypeVar("_Function", bound=Callable[..., Any])

NEW, TRANSFORMED, DONE = range(3)  # has `setup` run: no; outside of a transform; yes


class ModuleState:
    """What changes in a module while its methods run: where we are, and the names given so far."""

    __slots__ = ("children", "cursor", "in_compact", "in_setup", "initialized", "setup")

    def __init__(self) -> None:
        self.in_compact = self.in_setup = self.initialized = False
        self.setup = NEW
        self.cursor: dict[str, int] = {}
        self.children: dict[str, Any] = {}

    def export(self) -> ModuleState:
        """The state with which a transform's copy of the module begins."""
        made = ModuleState()
        made.reimport(self)
        made.setup = TRANSFORMED if self.setup else NEW
        return made

    def reimport(self, other: ModuleState) -> None:
        """Take over where the transform's copy of the module has got to."""
        self.in_compact, self.in_setup = other.in_compact, other.in_setup
        self.initialized, self.cursor = other.initialized, dict(other.cursor)


class CallRecord(NamedTuple):
    """One call of a method, for `tabulate`."""

    index: int
    path: tuple[str, ...]
    module: Any
    scope: Any
    method: str
    args: Any
    kwargs: Any
    outputs: Any


class _Context(threading.local):
    """What runs in this thread: the modules, what captures their outputs, what records calls."""

    def __init__(self) -> None:
        self.modules: list[Any] = [None]
        self.captures: list[Any] = [False]
        self.interceptors: list[Any] = []
        self.records: list[list[CallRecord | None]] = []


context = _Context()


class _NamedCall(threading.local):
    enabled = True


_named_call = _NamedCall()


def enable_named_call() -> None:
    """Give the operations of each module the module's name in programs and profiles (default)."""
    _named_call.enabled = True


def disable_named_call() -> None:
    """Leave the names of modules out of programs and profiles."""
    _named_call.enabled = False


@contextlib.contextmanager
def override_named_call(enable: bool = True) -> Iterator[None]:
    """`enable_named_call` or `disable_named_call` inside a `with` block."""
    before = _named_call.enabled
    _named_call.enabled = enable
    try:
        yield
    finally:
        _named_call.enabled = before


@dataclasses.dataclass(frozen=True)
class InterceptorContext:
    """What an interceptor is told about the call.

    Attributes:
      module: the module.
      method_name: the method's name.
      orig_method: the bound method, without interceptors.
    """

    module: Any
    method_name: str
    orig_method: Callable[..., Any]


@contextlib.contextmanager
def intercept_methods(interceptor: Callable[..., Any]) -> Iterator[None]:
    """Call `interceptor(next_fun, args, kwargs, context)` in place of every method of modules.

    Of several interceptors the first one is the outermost. Methods that are `nowrap`, and special
    methods other than `__call__`, are not intercepted.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> class Double(nn.Module):
        ...     def __call__(self, x):
        ...         return 2 * x
        >>> def negate(next_fun, args, kwargs, context):
        ...     return -next_fun(*args, **kwargs)
        >>> with nn.intercept_methods(negate):
        ...     print(Double()(jnp.ones(2)))
        [-2. -2.]
    """
    context.interceptors.append(interceptor)
    try:
        yield
    finally:
        context.interceptors.pop()


def _intercepted(function: Callable[..., Any], name: str, module: Any) -> Callable[..., Any]:
    original = functools.partial(function, module)
    about = InterceptorContext(module, name, original)

    def around(interceptor: Any, inner: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: interceptor(inner, args, kwargs, about)

    call: Callable[..., Any] = original
    for interceptor in reversed(context.interceptors):
        call = around(interceptor, call)
    return lambda _, *args, **kwargs: call(*args, **kwargs)


def compact(fun: _Function) -> _Function:
    """Let a method make submodules and parameters where it uses them.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> class Scale(nn.Module):
        ...     @nn.compact
        ...     def __call__(self, x):
        ...         return x * self.param("scale", nn.initializers.ones, x.shape[-1:])
        >>> Scale().init(jib.random.key(0), jnp.ones((1, 2)))
        {'params': {'scale': Array([1., 1.], dtype=float32)}}
    """
    fun.compact = True  # type: ignore[attr-defined]
    return fun


def nowrap(fun: _Function) -> _Function:
    """Leave a method as it is: it can be called without variables, and is not intercepted."""
    fun.nowrap = True  # type: ignore[attr-defined]
    return fun


def compact_name_scope(fun: Callable[..., Any]) -> Callable[..., Any]:
    """As `compact`, with the method's name around the names of what it makes."""

    @functools.wraps(fun)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.scope is None:
            raise errors.CallCompactUnboundModuleError(type(self).__name__)
        self._try_setup()
        return self._compact_name_scope_modules[fun.__name__](*args, **kwargs)

    call.compact_name_scope = call.nowrap = True  # type: ignore[attr-defined]
    call.inner_fun = fun  # type: ignore[attr-defined]
    return call


def method_name(function: Any) -> str:
    """The name of a function, also where it is partially applied."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", "unnamed_function")


def wrap_method_once(fun: Callable[..., Any]) -> Callable[..., Any]:
    """A method that keeps its module's state; one that does so already is given back."""
    if hasattr(fun, "method_handler_wrapped"):
        return fun
    name, is_compact = method_name(fun), hasattr(fun, "compact")

    @functools.wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if args and hasattr(args[0], "_register_submodules"):
            return _call_method(args[0], fun, name, is_compact, args[1:], kwargs)
        return fun(*args, **kwargs)

    wrapped.method_handler_wrapped = True  # type: ignore[attr-defined]
    return wrapped


def _enter(self: Any, name: str, is_compact: bool) -> bool:
    """Note which kind of method begins; whether one of the kind runs already (by `super()`)."""
    state, scope = self._state, self.scope
    if scope is not None and scope.invalid:
        raise errors.InvalidScopeError(f"the module at {scope.path_text}")
    if name == "setup":
        if self.scope is None:
            raise errors.CallSetupUnboundModuleError(type(self).__name__)
        nested, state.in_setup = state.in_setup, True
        return nested
    if state.setup != DONE:
        self._try_setup()
    if not is_compact:
        return True
    if self.scope is None:
        raise errors.CallCompactUnboundModuleError(type(self).__name__)
    nested, state.in_compact = state.in_compact, True
    return nested


def _call_method(
    self: Any, fun: Any, name: str, is_compact: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call a method with its module on the stack, and capture and record what is asked for."""
    nested = _enter(self, name, is_compact)
    run = _intercepted(fun, name, self) if context.interceptors else fun
    record = context.records[-1] if context.records and name != "setup" else None
    if record is not None:
        index = len(record)
        record.append(None)
    context.modules.append(self)
    try:
        if is_eager() or not _named_call.enabled:
            y = run(self, *args, **kwargs)
        else:
            label = self.name or type(self).__name__
            with named_scope(label if name == "__call__" else f"{label}.{name}"):
                y = run(self, *args, **kwargs)
        capture = context.captures[-1]
        if capture and capture(self, name):
            self.sow("intermediates", name, y)
        if record is not None:
            record[index] = CallRecord(
                index,
                self.path,
                self.clone(),
                self.scope,
                name,
                *map(_shapes_of, (args, kwargs, y)),
            )
        return y
    except Exception as error:
        _annotate(error, self, name)
        raise
    finally:
        context.modules.pop()
        if is_compact and not self.scope.invalid:
            object.__setattr__(self, "scope", self.scope.rewound())
        if not nested:
            state = self._state
            state.in_compact = state.in_setup = False
            state.cursor = {}


def _annotate(error: Exception, module: Any, name: str) -> None:
    """Say once, under the message, in which module an error happened."""
    if module.scope is None or isinstance(error, errors.FlaxError):
        return
    if not any(note.startswith("in the module ") for note in getattr(error, "__notes__", ())):
        kind = type(module).__name__
        error.add_note(f"in the module {module.scope.path_text}, {kind}.{name}")


def _shapes_of(x: Any) -> Any:
    """A tree with the types of its arrays; other leaves as they are."""

    def shape_of(leaf: Any) -> Any:
        if not hasattr(leaf, "dtype") or not hasattr(leaf, "shape"):
            return leaf
        return ShapeDtypeStruct(leaf.shape, leaf.dtype)

    return tree.map(shape_of, x, is_leaf=lambda leaf: leaf is None)
