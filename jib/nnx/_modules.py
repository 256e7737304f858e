"""Modules: objects with variables, whose methods are layers."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from jib import errors, numpy as jnp, tree
from jib.nnx._filters import Filter, to_predicate
from jib.nnx._graphs import recursive_map
from jib.nnx._pytrees import Pytree, data
from jib.nnx._states import State, split_state, to_flat_state
from jib.nnx._variables import Perturbation, Variable, variable_type_from_name
from jib.nnx._walks import iter_children, iter_graph

__all__ = [
    "M", "Module", "capture", "iter_module_children", "iter_modules", "view", "view_info",
    "with_attributes",
]  # fmt: skip

M = TypeVar("M", bound="Module")
_A = TypeVar("_A")


class Module(Pytree):
    """The base of layers and models.

    Example:
        >>> from jib import nnx
        >>> class Linear(nnx.Module):
        ...     def __init__(self, n, m, *, rngs):
        ...         self.w = nnx.Param(rngs.params.normal((n, m)))
        ...     def __call__(self, x):
        ...         return x @ self.w
        >>> Linear(2, 3, rngs=nnx.Rngs(0))(jnp.ones(2)).shape
        (3,)
    """

    def _kept(self, variable_type: Any, name: str) -> tuple[Any, Any, bool]:
        """The type meant, the variable that keeps `name`, and whether values are wanted."""
        if isinstance(variable_type, str):
            variable_type = variable_type_from_name(variable_type, allow_register=True)
        captures = vars(self).get(_CAPTURES)
        if captures is not None:
            found = next((v for v in captures if type(v) is variable_type), None)
            return variable_type, found, found is not None
        found = vars(self).get(name)
        if found is not None and type(found) is not variable_type:
            raise errors.ArgumentValueError(
                f"`{name}` of {type(self).__name__} is a {type(found).__name__}, so no "
                f"{variable_type.__name__} can be kept there",
                help=f"self.sow(nnx.{variable_type.__name__}, '{name}_seen', value)",
            )
        return variable_type, found, True

    def sow(
        self,
        variable_type: type[Variable] | str,
        name: str,
        value: Any,
        reduce_fn: Callable[[Any, Any], Any] = lambda xs, x: (*xs, x),
        init_fn: Callable[[], Any] = lambda: (),
    ) -> bool:
        """Keep a value to be seen later, by `nnx.capture` or `nnx.pop`.

        Args:
            variable_type: the kind of the variable that keeps it, as `nnx.Intermediate`.
            name: the attribute that keeps it.
            value: what to keep.
            reduce_fn, init_fn: how values are gathered; by default in a tuple.

        Returns:
            Whether the value was kept.
        """
        kind, found, wanted = self._kept(variable_type, name)
        if not wanted:
            return False
        if found is not None and _CAPTURES in vars(self):
            found[name] = reduce_fn(found[name] if name in found else init_fn(), value)
        elif found is not None:
            found.set_value(reduce_fn(found.get_value(), value))
        else:
            setattr(self, name, kind(reduce_fn(init_fn(), value)))
        return True

    def perturb(
        self, name: str, value: Any, variable_type: str | type[Variable] = Perturbation
    ) -> Any:
        """`value` plus a variable that is zero: its gradient is that by the value."""
        kind, found, wanted = self._kept(variable_type, name)
        if not wanted:
            return value
        zeros = tree.map(jnp.zeros_like, value)
        if found is not None and _CAPTURES in vars(self):
            if name not in found:
                found[name] = zeros
            zeros = found[name]
        elif found is not None:
            zeros = found.get_value()
        else:
            setattr(self, name, kind(zeros))
        return tree.map(jnp.add, zeros, value)

    def iter_modules(self) -> Iterator[tuple[tuple, Module]]:
        """See `nnx.iter_modules`."""
        return iter_modules(self)

    def iter_children(self) -> Iterator[tuple[Any, Any]]:
        """See `nnx.iter_children`."""
        return iter_children(self)

    def set_attributes(
        self,
        *filters: Filter,
        raise_if_not_found: bool = True,
        graph: bool | None = None,
        **attributes: Any,
    ) -> None:
        """Set attributes of all modules inside that have them, and that one of the filters takes.

        Raises:
            ArgumentValueError: if no module has an attribute.
        """
        predicates = [to_predicate(f) for f in filters or (True,)]
        unused = set(attributes)
        for path, module in iter_modules(self):
            if any(predicate(path, module) for predicate in predicates):
                for name, value in attributes.items():
                    if hasattr(module, name):
                        unused.discard(name)
                        setattr(module, name, value)
        _check_used(unused, raise_if_not_found, self)

    def train(self, **attributes: Any) -> None:
        """Make layers such as Dropout and BatchNorm behave as in training."""
        self.set_attributes(
            deterministic=False, use_running_average=False, raise_if_not_found=False, **attributes
        )

    def eval(self, **attributes: Any) -> None:
        """Make layers such as Dropout and BatchNorm behave as in use."""
        self.set_attributes(
            deterministic=True, use_running_average=True, raise_if_not_found=False, **attributes
        )


def _check_used(unused: set[str], wanted: bool, node: Any) -> None:
    if unused and wanted:
        names = sorted({name for _, m in iter_modules(node) for name in vars(m)})
        near = [n for u in sorted(unused) for n in difflib.get_close_matches(u, names, 1)]
        raise errors.ArgumentValueError(
            f"no module has an attribute {', '.join(f'`{n}`' for n in sorted(unused))}; they have "
            f"{', '.join(near or names)}",
            help="raise_if_not_found=False   lets it pass",
        )


def iter_modules(module: Any, /, *, graph: bool | None = None) -> Iterator[tuple[tuple, Module]]:
    """Paths and modules of all that a module holds, parts before the whole."""
    return ((path, x) for path, x in iter_graph(module) if isinstance(x, Module))


def iter_module_children(
    node: Any, /, *, graph: bool | None = None
) -> Iterator[tuple[Any, Module]]:
    """Keys and modules that a module holds itself."""
    return ((key, x) for key, x in iter_children(node) if isinstance(x, Module))


def with_attributes(
    node: _A,
    /,
    *,
    only: Filter = ...,
    raise_if_not_found: bool = True,
    graph: bool | None = None,
    **attributes: Any,
) -> _A:
    """A copy of a module, which shares its variables, with attributes of its parts set."""
    predicate = to_predicate(only)
    unused = set(attributes)

    def changed(path: tuple, x: Any) -> Any:
        if isinstance(x, Module) and predicate(path, x):
            for name, value in attributes.items():
                if hasattr(x, name):
                    setattr(x, name, value)
                    unused.discard(name)
        return x

    out = recursive_map(changed, node)
    _check_used(unused, raise_if_not_found, node)
    return out


def _parameters(function: Callable) -> tuple[set[str], bool]:
    """The names that a function takes by keyword, and whether it takes any."""
    parameters = inspect.signature(function).parameters.values()
    names = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return names, any(p.kind is p.VAR_KEYWORD for p in parameters)


def view(
    node: _A,
    /,
    *,
    only: Filter = ...,
    raise_if_not_found: bool = True,
    graph: bool | None = None,
    **kwargs: Any,
) -> _A:
    """A copy of a module, which shares its variables, with other settings of its layers.

    Each layer that has a method `set_view` gets those of the settings that the method takes:
    `nnx.view(model, deterministic=True)`.
    """
    predicate = to_predicate(only)
    unused = set(kwargs)

    def changed(path: tuple, x: Any) -> Any:
        if hasattr(type(x), "set_view") and predicate(path, x):
            names, takes_any = _parameters(x.set_view)
            taken = {k: v for k, v in kwargs.items() if takes_any or k in names}
            x.set_view(**taken)
            unused.difference_update(taken)
        return x

    out = recursive_map(changed, node)
    if unused and raise_if_not_found:
        raise errors.ArgumentValueError(
            f"no layer has a setting {', '.join(f'`{n}`' for n in sorted(unused))}",
            help="print(nnx.view_info(model))   lists the settings of the layers",
        )
    return out


def view_info(node: Module, /, *, only: Filter = ..., graph: bool | None = None) -> str:
    """The settings that `view` can change, by class of layer."""
    predicate = to_predicate(only)
    classes: dict[str, Any] = {
        type(x).__qualname__: type(x)
        for path, x in iter_modules(node)
        if hasattr(type(x), "set_view") and predicate(path, x)
    }
    lines = []
    for name in sorted(classes):
        lines.append(f"{name}:")
        parameters = list(inspect.signature(classes[name].set_view).parameters.values())[1:]
        lines += [f"  {p}" for p in parameters if p.kind is not p.VAR_KEYWORD]
    return "\n".join(lines)


# The attribute that holds, while `capture` runs, a variable for each type: a dict by name. As
# data of the module it goes through transforms.
_CAPTURES = "__captures__"


def capture(
    fn: Any,
    *var_types: type[Variable],
    init: State | None = None,
    method_outputs: type[Variable] | None = None,
) -> Any:
    """A function that also returns what the modules inside it `sow` (and `perturb`).

    Args:
        fn: a module, one of its methods, or a function whose first argument is a module; or a type
            of variable, which makes this a decorator.
        *var_types: the types of variables to return, a state for each.
        init: first values, as of perturbations.
        method_outputs: a type of variable; the results of all methods are kept as such.

    Example:
        >>> from jib import nnx
        >>> class Model(nnx.Module):
        ...     def __call__(self, x):
        ...         self.sow(nnx.Intermediate, "seen", x)
        ...         return x + 1
        >>> out, seen = nnx.capture(Model(), nnx.Intermediate)(1)
        >>> out, seen["seen"].value
        (2, (1,))
    """
    if isinstance(fn, type) and issubclass(fn, Variable):
        kinds = (fn, *var_types)
        return lambda f: capture(f, *kinds, init=init, method_outputs=method_outputs)
    owner = fn if isinstance(fn, Module) else getattr(fn, "__self__", None)

    @functools.wraps(fn if not isinstance(fn, Module) else type(fn).__call__)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        root = owner if isinstance(owner, Module) else args[0]
        modules = list(iter_modules(root))
        first: dict[tuple, dict] = {}
        for path, v in to_flat_state(init) if init else ():
            first.setdefault(path[:-1], {}).setdefault(type(v), {})[path[-1]] = v.get_value()
        for path, m in modules:
            given = {**{t: {} for t in var_types}, **first.get(path, {})}
            setattr(m, _CAPTURES, data(tuple([kind(v) for kind, v in given.items()])))
        wrapped = _noting(modules, method_outputs)
        try:
            call: Any = fn
            result = call(*args, **kwargs)
            seen = _collected(modules, var_types)
        finally:
            for cls, name, method in wrapped:
                setattr(cls, name, method)
            for _, m in modules:
                delattr(m, _CAPTURES)
        if not var_types:
            return result
        states = split_state(seen, *var_types)
        return result, *(states if len(var_types) > 1 else (states,))

    return wrapper


def _noting(modules: list, kind: Any) -> list[tuple[type, str, Any]]:
    """Make the public methods of the modules' classes sow their results; what they were before."""
    if kind is None:
        return []
    before = []
    for cls in {type(m) for _, m in modules}:
        for name, method in list(vars(cls).items()):
            if inspect.isfunction(method) and (name == "__call__" or not name.startswith("_")):
                before.append((cls, name, method))
                setattr(cls, name, _noted(method, name, kind))
    return before


def _noted(method: Callable, name: str, kind: Any) -> Callable:
    @functools.wraps(method)
    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = method(self, *args, **kwargs)
        if _CAPTURES in vars(self):
            self.sow(kind, name, result)
        return result

    return noted


def _collected(modules: list, var_types: tuple) -> State:
    state: dict[tuple, Any] = {}
    for path, m in modules:
        for v in getattr(m, _CAPTURES):
            if type(v) in var_types:
                state.update({(*path, k): type(v)(value) for k, value in v.get_value().items()})
    return State.from_flat_path(state)
