"""How variables and modules come together: `init`, `apply`, `bind` and their like."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from jib.linen import errors, summary
from jib.linen._calls import context
from jib.linen.core._filters import NOT_INTERMEDIATES, CollectionFilter, union_filters
from jib.linen.core.partial_eval import lazy_init as of_shapes
from jib.linen.core.scope import (
    Scope,
    apply as apply_scope,
    as_rngs,
    bind as bind_scope,
    init as init_scope,
)

__all__ = ["apply", "init", "init_with_output"]

_Self = TypeVar("_Self", bound="RunMethods")


class RunMethods:
    """The methods of `Module` that give it variables."""

    if TYPE_CHECKING:
        scope: Any

        def clone(self: _Self, **updates: Any) -> _Self: ...

        @property
        def variables(self) -> Any: ...

    def bind(
        self: _Self, variables: Any, *args: Any, rngs: Any = None, mutable: CollectionFilter = False
    ) -> _Self:
        """A module that holds variables and can be called directly, for looking around.

        Example:
            >>> import jib
            >>> import jib.numpy as jnp
            >>> from jib import linen as nn
            >>> model = nn.Dense(2, kernel_init=nn.initializers.ones)
            >>> variables = model.init(jib.random.key(0), jnp.ones(3))
            >>> model.bind(variables)(jnp.ones(3))
            Array([3., 3.], dtype=float32)
        """
        self = _instance(self)
        scope = bind_scope(variables, rngs=rngs, mutable=mutable)
        return self.clone(parent=scope, _deep_clone=True)

    def unbind(self: _Self) -> tuple[_Self, Any]:
        """A bound module, or a part of one, as a module without variables and the variables."""
        self = _instance(self)
        if self.scope is None:
            raise errors.CallUnbindOnUnboundModuleError(type(self).__name__)
        module = self.clone(_deep_clone=True, _reset_names=True, name=None)
        return module, dict(self.variables)

    def apply(
        self, variables: Any, *args: Any, rngs: Any = None,
        method: Callable[..., Any] | str | None = None, mutable: CollectionFilter = False,
        capture_intermediates: bool | Callable[[Any, str], bool] = False, **kwargs: Any,
    ) -> Any:  # fmt: skip
        """Call a method, by default `__call__`, with the given variables.

        Args:
          variables: the collections, as `init` gave them.
          args: what the method gets.
          rngs: keys by name, such as `{"dropout": key}`; a key alone is `{"params": key}`.
          method: the method, its name, or a function of the module.
          mutable: the collections that the call may write.
          capture_intermediates: put the result of each `__call__`, or of what a function of module
            and method name chooses, into the collection `intermediates`.
          kwargs: what the method gets by name.

        Returns what the method does; with `mutable`, also the mutable collections.

        Raises:
            ScopeParamNotFoundError: if a parameter is missing.
            ScopeParamShapeError: if a parameter has another shape than its initialiser makes.
            InvalidRngError: if a key is missing.
        """
        self = _instance(self)
        if rngs is not None:
            rngs = as_rngs(rngs)
        run = apply(method_of(self, method), self, mutable, capture_intermediates)
        return run(variables, *args, **kwargs, rngs=rngs)

    def init_with_output(
        self, rngs: Any, *args: Any, method: Callable[..., Any] | str | None = None,
        mutable: CollectionFilter = NOT_INTERMEDIATES,
        capture_intermediates: bool | Callable[[Any, str], bool] = False, **kwargs: Any,
    ) -> tuple[Any, Any]:  # fmt: skip
        """As `init`; gives the method's result and the variables."""
        self = _instance(self)
        run = init_with_output(method_of(self, method), self, mutable, capture_intermediates)
        return run(as_rngs(rngs), *args, **kwargs)

    def init(
        self, rngs: Any, *args: Any, method: Callable[..., Any] | str | None = None,
        mutable: CollectionFilter = NOT_INTERMEDIATES,
        capture_intermediates: bool | Callable[[Any, str], bool] = False, **kwargs: Any,
    ) -> Any:  # fmt: skip
        """Make the variables, by calling a method, as a rule `__call__`, with example inputs.

        Args:
          rngs: a key, or keys by name.
          args: what the method gets.
          method: the method, its name, or a function of the module.
          mutable: the collections to give back.
          capture_intermediates: as for `apply`.
          kwargs: what the method gets by name.

        Returns nested dicts: collection, then module, then variable.
        """
        self = _instance(self)
        return self.init_with_output(
            rngs,
            *args,
            method=method,
            mutable=mutable,
            capture_intermediates=capture_intermediates,
            **kwargs,
        )[1]

    def lazy_init(
        self, rngs: Any, *args: Any, method: Callable[..., Any] | None = None,
        mutable: CollectionFilter = NOT_INTERMEDIATES, **kwargs: Any,
    ) -> Any:  # fmt: skip
        """As `init`, with `ShapeDtypeStruct`s for inputs of which only the shapes matter.

        Raises:
            LazyInitError: if a variable depends on the values of such an input.

        Example:
            >>> import jib
            >>> import jib.numpy as jnp
            >>> from jib import linen as nn
            >>> x = jib.ShapeDtypeStruct((1, 128), jnp.float32)
            >>> nn.Dense(4).lazy_init(jib.random.key(0), x)["params"]["kernel"].shape
            (128, 4)
        """
        self = _instance(self)
        run = functools.partial(self.init, method=method, mutable=mutable)
        return of_shapes(run)(rngs, *args, **kwargs)

    def tabulate(
        self, rngs: Any, *args: Any, depth: int | None = None, show_repeated: bool = False,
        mutable: CollectionFilter = NOT_INTERMEDIATES,
        console_kwargs: Mapping[str, Any] | None = None,
        table_kwargs: Mapping[str, Any] = MappingProxyType({}),
        column_kwargs: Mapping[str, Any] = MappingProxyType({}), compute_flops: bool = False,
        compute_vjp_flops: bool = False, **kwargs: Any,
    ) -> str:  # fmt: skip
        """A table of the module's parts with their inputs, outputs and variables, as text.

        Nothing is computed: inputs may be `ShapeDtypeStruct`s. See `jib.linen.tabulate`.
        """
        return summary.tabulate(
            _instance(self), rngs, depth, show_repeated, mutable, console_kwargs, table_kwargs,
            column_kwargs, compute_flops, compute_vjp_flops,
        )(*args, **kwargs)  # fmt: skip

    def module_paths(
        self, rngs: Any, *args: Any, show_repeated: bool = False,
        mutable: CollectionFilter = NOT_INTERMEDIATES, **kwargs: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """The modules that a call runs, by their paths, without variables.

        Example:
            >>> import jib
            >>> import jib.numpy as jnp
            >>> from jib import linen as nn
            >>> model = nn.Sequential([nn.Dense(4), nn.Dense(2)])
            >>> list(model.module_paths(jib.random.key(0), jnp.ones((1, 3))))
            ['', 'layers_0', 'layers_1']
        """
        table = summary.module_table(_instance(self), show_repeated=show_repeated)
        rows = table(rngs, *args, mutable=mutable, **kwargs)
        return {"/".join(row.path): row.module_copy for row in rows}


def _instance(self: Any) -> Any:
    """A module; raises where a method is called on the class, or `__post_init__` was overridden."""
    if not isinstance(self, RunMethods):
        raise errors.InvalidInstanceModuleError()
    if "_id" not in self.__dict__:
        raise errors.IncorrectPostInitOverrideError()
    return self


def method_of(module: Any, method: Any) -> Callable[..., Any]:
    """A function whose first argument is the module."""
    if method is None:
        return type(module).__call__
    if isinstance(method, str):
        name, found = method, getattr(module, method, None)
        if found is None or isinstance(found, RunMethods):  # a submodule, made in `setup` perhaps

            def run_named(bound: Any, *args: Any, **kwargs: Any) -> Any:
                part = getattr(bound, name, None)
                if part is None:
                    raise errors.ApplyModuleInvalidMethodError(name)
                return part(*args, **kwargs)

            return run_named
        method = found
    if inspect.ismethod(method) and isinstance(method.__self__, RunMethods):
        method = method.__func__
    if not callable(method) or not inspect.signature(method).parameters:
        raise errors.ApplyModuleInvalidMethodError(method)
    return method


def _is_call(module: Any, method: str) -> bool:
    return method == "__call__"


def _scoped(transform: Any, fn: Any, module: Any, mutable: Any, capture: Any) -> Any:
    """`apply` or `init` of scopes, for a function of a module."""
    if capture is True:
        capture = _is_call
    if capture:
        mutable = union_filters(mutable, "intermediates")

    @functools.wraps(fn)
    def of_scope(scope: Scope, *args: Any, **kwargs: Any) -> Any:
        context.captures.append(capture)
        try:
            return fn(module.clone(parent=scope, _deep_clone=True), *args, **kwargs)
        finally:
            context.captures.pop()

    return transform(of_scope, mutable=mutable)


def apply(
    fn: Callable[..., Any], module: Any, mutable: CollectionFilter = False,
    capture_intermediates: bool | Callable[[Any, str], bool] = False,
) -> Callable[..., Any]:  # fmt: skip
    """A function `(variables, *args, rngs=None)` that calls `fn(module, *args)`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> model = nn.Dense(1, kernel_init=nn.initializers.ones)
        >>> variables = model.init(jib.random.key(0), jnp.ones(3))
        >>> nn.apply(lambda m, x: 2 * m(x), model)(variables, jnp.ones(3))
        Array([6.], dtype=float32)
    """
    return _scoped(apply_scope, fn, module, mutable, capture_intermediates)


def init_with_output(
    fn: Callable[..., Any], module: Any, mutable: CollectionFilter = NOT_INTERMEDIATES,
    capture_intermediates: bool | Callable[[Any, str], bool] = False,
) -> Callable[..., tuple[Any, Any]]:  # fmt: skip
    """A function `(rngs, *args)` that gives `fn(module, *args)` and the variables."""
    return _scoped(init_scope, fn, module, mutable, capture_intermediates)


def init(
    fn: Callable[..., Any], module: Any, mutable: CollectionFilter = NOT_INTERMEDIATES,
    capture_intermediates: bool | Callable[[Any, str], bool] = False,
) -> Callable[..., Any]:  # fmt: skip
    """A function `(rngs, *args)` that gives the variables that `fn(module, *args)` makes."""
    run = init_with_output(fn, module, mutable, capture_intermediates)
    return functools.wraps(fn)(lambda *args, **kwargs: run(*args, **kwargs)[1])
