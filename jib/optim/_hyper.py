"""Hyperparameters are leaves of the optimizer's state.

Every transformation with a learning rate, a decay, an epsilon, ... is made by
`hyperparameters(init, update, learning_rate=..., ...)`. It puts the values into the field `hyper`
of the state, one float64 scalar under each name, and hands `update` the values it reads *there*.
So a compiled step takes them as arguments: another learning rate is another input, never another
program. Flags and whole numbers (`nesterov`, `every_k`) are structure and stay in the program.

* Read them with `get_hyper(state)`, change them with `with_hyper(state, learning_rate=1e-4)`.
* The scalars are float64 so that float64 parameters lose no digits; `update` casts each to the
  dtype of the leaf it meets (`hyper.eps(leaf)`), so float32 and bfloat16 leaves keep their dtype.
* A schedule (any function of the step) is evaluated at each update: `hyper["learning_rate"]` is
  the value last used, and `hyper["learning_rate_step"]` counts the steps.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import jib.numpy as jnp
from jib.errors import ArgumentValueError
from jib.optim._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Updates,
)
from jib.optim._misfits import explained, needed_arguments
from jib.optim._numerics import safe_increment
from jib.optim._scalars import Scalar, wide
from jib.typing import Array

__all__ = ["HyperparameterError", "get_hyper", "hyperparameters", "with_hyper"]

Path = tuple[Any, ...]


class HyperparameterError(ArgumentValueError, code="J732", title="a hyperparameter cannot be set"):
    """The state has no hyperparameter of this name, or a schedule decides its value."""


def _start(values: Mapping[str, Any]) -> dict[str, Array]:
    """The leaves that `init` puts into the state."""
    hyper = {}
    for name, value in values.items():
        if callable(value):
            hyper[f"{name}_step"] = step = jnp.zeros((), jnp.int32)
            value = value(step)
        hyper[name] = wide(value)
    return hyper


def _advance(values: Mapping[str, Any], hyper: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values that this update uses, and the leaves that it leaves behind."""
    if not hyper:  # a state that was built by hand
        hyper = _start(values)
    used, left = {}, dict(hyper)
    for name, value in values.items():
        if callable(value):
            step = hyper[f"{name}_step"]
            left[name] = wide(value(step))
            left[f"{name}_step"] = safe_increment(step)
        used[name] = left[name]
    return used, left


def hyperparameters(
    init: Callable[[Params], Any], update: Callable[..., tuple[Updates, Any]], /, *,
    extra_args: Any = False, **values: Any,
) -> GradientTransformation:  # fmt: skip
    """A transformation whose `values` are leaves of its state.

    Args:
      init: `init(params) -> state`, a NamedTuple with a field `hyper`.
      update: `update(updates, state, params, hyper) -> (updates, state)`; `hyper.name` is a
        `Scalar`, and `hyper.name(x)` is the value in the dtype of `x`.
      extra_args: whether `update` takes further named arguments.
      **values: numbers, arrays of rank 0, or schedules, by name.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim, tree
        >>> def halve(updates, state, params, hyper):
        ...     return tree.map(lambda u: u * hyper.factor(u), updates), state
        >>> transform = optim.hyperparameters(optim.init_empty_state, halve, factor=0.5)
        >>> state = transform.init(jnp.ones(2))
        >>> transform.update(jnp.ones(2), state)[0].tolist()
        [0.5, 0.5]
        >>> transform.update(jnp.ones(2), optim.with_hyper(state, factor=2.0))[0].tolist()
        [2.0, 2.0]
    """

    def init_with_values(params: Params) -> Any:
        return init(params)._replace(hyper=_start(values))

    check_given = needed_arguments(update)

    def update_with_values(
        updates: Updates, state: Any, params: Params | None = None, **extra: Any
    ) -> tuple[Updates, Any]:
        check_given(extra)
        used, left = _advance(values, state.hyper)
        current = SimpleNamespace(**{name: Scalar(v, updates) for name, v in used.items()})
        updates, state = update(updates, state, params, current, **extra)
        return updates, state._replace(hyper=left)

    update_or_explain = explained(init_with_values, update_with_values)
    if extra_args:
        return GradientTransformationExtraArgs(init_with_values, update_or_explain)

    def plain(updates: Updates, state: Any, params: Params | None = None) -> tuple[Updates, Any]:
        return update_or_explain(updates, state, params)

    return GradientTransformation(init_with_values, plain)


# Reading and setting, at any depth of chains, masks and partitions ---------------------------

_FIELDS = ("hyper", "hyperparams")


def _children(node: Any) -> Iterator[tuple[Any, Any]]:
    if hasattr(node, "_fields"):
        yield from zip(node._fields, node, strict=True)
    elif isinstance(node, Mapping):
        yield from node.items()
    elif isinstance(node, (tuple, list)):
        yield from enumerate(node)


def _tables(state: Any, path: Path = (), above: frozenset[str] = frozenset()) -> Iterator[Any]:
    """`(path, names, table)` of every mapping of hyperparameters, outermost first.

    `names` leaves out what a mapping further out repeats (`inject_hyperparams` wraps an optimizer
    that has the same names).
    """
    for key, child in _children(state):
        if key in _FIELDS and hasattr(state, "_fields"):
            if isinstance(child, Mapping):
                steps = {f"{name}_step" for name in child}
                names = [name for name in child if name not in above and name not in steps]
                yield path, names, child
                above = above | set(names) if key == "hyperparams" else above
        elif not hasattr(child, "dtype"):
            # Field names say nothing to a user; keys of a partition and places in a chain do.
            visible = path if hasattr(state, "_fields") else (*path, key)
            yield from _tables(child, visible, above)


def get_hyper(state: OptState) -> dict[str, Array]:
    """The hyperparameters in an optimizer's state, by name: arrays of rank 0.

    A name that occurs once stands alone, as "learning_rate". One that occurs several times is
    written with its place in the chain or its label in the partition, as "encoder/1/learning_rate".
    For a schedule it is the value last used.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> state = optim.sgd(0.1, momentum=0.9).init(jnp.ones(2))
        >>> {name: float(value) for name, value in optim.get_hyper(state).items()}
        {'decay': 0.9, 'learning_rate': 0.1}
    """
    found = [(path, name, table[name]) for path, names, table in _tables(state) for name in names]
    counts: dict[str, int] = {}
    for _, name, _ in found:
        counts[name] = counts.get(name, 0) + 1
    return {
        name if counts[name] == 1 else "/".join(map(str, (*path, name))): value
        for path, name, value in found
    }


def _matches(wanted: str, path: Path, name: str) -> bool:
    """Whether "a/b/name" names this place: the parts stand in the path, in this order."""
    *parts, last = wanted.split("/")
    places = iter(map(str, path))
    return last == name and all(part in places for part in parts)


def _rebuild(node: Any, change: Callable[[Path, Any, Mapping[str, Any]], Any], path: Path) -> Any:
    """`node` with `change(path, node, table)` in place of every table of hyperparameters."""
    if hasattr(node, "dtype") or not isinstance(node, (tuple, list, Mapping)):
        return node
    if hasattr(node, "_fields"):
        return type(node)(
            *(
                change(path, node, child)
                if key in _FIELDS and isinstance(child, Mapping)
                else _rebuild(child, change, path)
                for key, child in _children(node)
            )
        )
    new = {key: _rebuild(child, change, (*path, key)) for key, child in _children(node)}
    build: Any = type(node)
    return build(new if isinstance(node, Mapping) else new.values())


def with_hyper(
    state: OptState, values: Mapping[str, Any] | None = None, /, **named: Any
) -> OptState:
    """The state with some hyperparameters set; the compiled step that takes it stays the same.

    Args:
      state: an optimizer's state, of any nesting.
      values: new values by the names that `get_hyper` gives. A bare name sets every hyperparameter
        of that name; "encoder/learning_rate" only those under "encoder".
      **named: the same, for bare names.

    Raises:
      HyperparameterError: there is no such name, or a schedule decides the value.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> state = optim.adam(1e-3).init(jnp.ones(2))
        >>> state = optim.with_hyper(state, learning_rate=1e-4)
        >>> float(optim.get_hyper(state)["learning_rate"])
        0.0001
    """
    wanted = {**(values or {}), **named}
    missing = set(wanted)

    def change(path: Path, node: Any, table: Mapping[str, Any]) -> dict[str, Any]:
        new = dict(table)
        for key, value in wanted.items():
            for name in table:
                if _matches(key, path, name):
                    _refuse_scheduled(node, table, name)
                    new[name] = jnp.broadcast_to(wide(value), jnp.shape(table[name]))
                    missing.discard(key)
        return new

    result = _rebuild(state, change, ())
    if missing:
        raise _unknown(min(missing), get_hyper(state))
    return result


def _refuse_scheduled(node: Any, table: Mapping[str, Any], name: str) -> None:
    scheduled = getattr(node, "follows_schedule", False) or f"{name}_step" in table
    if scheduled or name in getattr(node, "hyperparams_states", ()):
        raise HyperparameterError(
            f"{name} follows a schedule, so a value that is set is gone at the next update",
            help=f"give the optimizer a number for {name}, or another schedule",
        )


def _unknown(name: str, known: Mapping[str, Any]) -> HyperparameterError:
    near = difflib.get_close_matches(name, known, n=1)
    listed = ", ".join(sorted(known)) or "no hyperparameters"
    return HyperparameterError(
        f"the optimizer has no hyperparameter {name!r}; it has {listed}",
        help=f"did you mean {near[0]!r}?" if near else "optim.get_hyper(state) lists them",
    )


def carry_hyper(source: OptState, target: OptState, *, scheduled: bool = True) -> OptState:
    """`target` with the hyperparameters of `source`, a state of the same structure.

    With `scheduled=False` those that follow a schedule stay as they are in `target`.
    """
    tables = iter([table for _, _, table in _tables(source)])

    def change(path: Path, node: Any, table: Mapping[str, Any]) -> dict[str, Any]:
        kept = {
            name
            for name in table
            if not scheduled and (f"{name}_step" in table or name.endswith("_step"))
        }
        given = next(tables)
        return {name: table[name] if name in kept else given[name] for name in table}

    return _rebuild(target, change, ())
