"""What a bound module does with its variables and random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jib import numpy as jnp, tree
from jib.linen import errors
from jib.linen.core.scope import Variable

__all__ = ["VariableMethods", "described"]


class VariableMethods:
    """The methods of `Module` that read and write variables."""

    if TYPE_CHECKING:
        scope: Any
        _state: Any

        @property
        def _initialization_allowed(self) -> bool: ...

    def _bound(self, what: str) -> Any:
        """The scope; raises `UnboundModuleError` where there is none."""
        if self.scope is None:
            raise errors.UnboundModuleError(
                f"{what} of a {type(self).__name__} outside of `init` and `apply`, where it has no "
                "variables"
            )
        return self.scope

    @property
    def path(self) -> tuple[str, ...]:
        """The names from the root to this module; `()` for the root itself."""
        return self._bound("the path").path

    def variable(
        self, col: str, name: str, init_fn: Callable[..., Any] | None = None, *init_args: Any,
        unbox: bool = True, **init_kwargs: Any,
    ) -> Variable[Any]:  # fmt: skip
        """A variable of a collection, made by `init_fn(*init_args)` where there is none yet.

        Args:
          col: the collection, such as "batch_stats".
          name: the name in this module.
          init_fn: makes the first value; without it there must be one.
          init_args: what `init_fn` is called with; there is no key among it.
          unbox: give the value without its box.
          init_kwargs: as `init_args`, by name.

        Raises:
            ScopeVariableNotFoundError: if there is none, and the collection is not mutable.
            NameInUseError: if the module has one of the name in the collection already.
        """
        self._check_new("variable", name, col)
        made = self.scope.variable(col, name, init_fn, *init_args, unbox=unbox, **init_kwargs)
        self._state.children[name] = col
        return made

    def param(
        self, name: str, init_fn: Callable[..., Any], *init_args: Any, unbox: bool = True,
        **init_kwargs: Any,
    ) -> Any:  # fmt: skip
        """A parameter, made by `init_fn(key, *init_args)` under `init`, and given to `apply`.

        Args:
          name: the name in this module.
          init_fn: makes the first value of a key and `init_args`.
          init_args: the further arguments, as a rule shape and dtype.
          unbox: give the value without its box.
          init_kwargs: as `init_args`, by name.

        Raises:
            ScopeParamNotFoundError: if `apply` is given none.
            ScopeParamShapeError: if it has another shape than `init_fn` makes.
            NameInUseError: if the module has one of the name already.
        """
        self._check_new("parameter", name, "params")
        value = self.scope.param(name, init_fn, *init_args, unbox=unbox, **init_kwargs)
        self._state.children[name] = "params"
        return value

    def _check_new(self, kind: str, name: str, col: str) -> None:
        """Refuse a variable where none can be made."""
        if not self._initialization_allowed:
            raise errors.AssignSubModuleError(f"{kind} `{name}`")
        if self._bound(f"a {kind}").name_reserved(name, col):
            raise errors.NameInUseError(kind, name, described(self))

    def has_variable(self, col: str, name: str) -> bool:
        """Whether the module has a variable of a name in a collection."""
        return self._bound("variables").has_variable(col, name)

    def get_variable(self, col: str, name: str, default: Any = None) -> Any:
        """The value of a variable of this module, or `default`."""
        return self._bound("variables").get_variable(col, name, default)

    def put_variable(self, col: str, name: str, value: Any) -> None:
        """Write a variable; raises `ModifyScopeVariableError` if its collection is not mutable."""
        self._bound("variables").put_variable(col, name, value)

    @property
    def variables(self) -> Any:
        """The collections, as they are at this module."""
        return self._bound("variables").variables()

    def is_mutable_collection(self, col: str) -> bool:
        """Whether a collection can be written in this call."""
        return self._bound("collections").is_mutable_collection(col)

    def has_rng(self, name: str) -> bool:
        """Whether there is a key of a name."""
        return self._bound("random numbers").has_rng(name)

    def make_rng(self, name: str = "params") -> Any:
        """A new key, from the key `name` that `init` or `apply` got; each call gives another one.

        Raises:
            InvalidRngError: if there is no key of the name, nor one of the name `params`.
        """
        return self._bound("random numbers").make_rng(name)

    def is_initializing(self) -> bool:
        """Whether `init` runs, and not `apply`."""
        return self._bound("the state").get_flag("initializing", False)

    def sow(
        self, col: str, name: str, value: Any,
        reduce_fn: Callable[[Any, Any], Any] = lambda values, value: (*values, value),
        init_fn: Callable[[], Any] = tuple,
    ) -> bool:  # fmt: skip
        """Hand a value out of `apply`, if the collection is mutable in this call.

        Args:
          col: the collection, such as "intermediates".
          name: the name in this module.
          value: what to keep.
          reduce_fn: joins what was kept with `value`; by default a tuple of all.
          init_fn: makes what `reduce_fn` gets first.

        Returns whether the value was kept.
        """
        scope = self._bound("variables")
        if not scope.is_mutable_collection(col):
            return False
        if scope.has_variable(col, name):
            kept = scope.get_variable(col, name)
        else:
            scope.reserve(name, col)
            self._state.children[name] = col
            kept = init_fn()
        scope.put_variable(col, name, reduce_fn(kept, value))
        return True

    def perturb(self, name: str, value: Any, collection: str = "perturbations") -> Any:
        """`value` plus a variable that is zero: its gradient is that of the value.

        Where the collection is not given to `apply`, it is `value` itself.
        """
        scope = self._bound("variables")
        if scope.is_mutable_collection(collection) and not scope.has_variable(collection, name):
            scope.reserve(name, collection)
            self._state.children[name] = collection
            scope.put_variable(collection, name, tree.map(jnp.zeros_like, value))
        if collection not in scope.root._variables:
            return value
        if not scope.has_variable(collection, name):
            raise errors.ScopeVariableNotFoundError(name, collection, scope.path_text)
        return tree.map(jnp.add, value, scope.get_variable(collection, name))


def described(module: Any) -> str:
    """A module's class, with its path where it has one."""
    kind = type(module).__name__
    return kind if module.scope is None else f"{kind} at {module.scope.path_text}"
