"""What an optimizer is: a pair of pure functions, `init` and `update`, and the smallest of them.

The mechanism of hyperparameters stands in `jib/optim/_hyper.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import jib.numpy as jnp
from jib import lax, tree
from jib.errors import ArgumentTypeError, ShapeError, StructureError
from jib.optim._misfits import MisfitError, misfit
from jib.optim._trees import like, map_present
from jib.typing import Array, ArrayLike

__all__ = [
    "EmptyState", "GradientTransformation", "GradientTransformationExtraArgs", "MaskOrFn",
    "MissingParamsError", "OptState", "Params", "ScalarOrSchedule", "Schedule", "ScheduleState",
    "StatefulSchedule", "TransformInitFn", "TransformUpdateExtraArgsFn", "TransformUpdateFn",
    "Updates", "apply_updates", "identity", "incremental_update", "init_empty_state",
    "periodic_update", "set_to_zero", "stateless", "stateless_with_tree_map",
    "with_extra_args_support",
]  # fmt: skip

Number: TypeAlias = float | Array
Params: TypeAlias = Any
Updates: TypeAlias = Any
OptState: TypeAlias = Any
ScheduleState: TypeAlias = Any
Schedule: TypeAlias = Callable[[Any], Any]
ScalarOrSchedule: TypeAlias = float | Array | Schedule
MaskOrFn: TypeAlias = Any | Callable[[Params], Any] | None


class MissingParamsError(ArgumentTypeError, code="J731", title="an optimizer needs the parameters"):
    """`update` was called without `params`, and some transformation reads them."""


def required(params: Params, name: str) -> Params:
    """`params`, or J731 in the name of the transformation that needs them."""
    if params is None:
        raise MissingParamsError(
            f"{name} reads the parameters, and `update` got none",
            help="pass them as the third argument: optimizer.update(gradients, state, params)",
        )
    return params


@runtime_checkable
class StatefulSchedule(Protocol):
    """A schedule with a state of its own: `init()`, `update(state, ...)`, and the value."""

    def init(self) -> ScheduleState: ...

    def update(self, state: ScheduleState, **extra_args: Any) -> ScheduleState: ...

    def __call__(self, state: ScheduleState, **extra_args: Any) -> ArrayLike: ...


class TransformInitFn(Protocol):
    """`init(params)` gives the first state."""

    def __call__(self, params: Params) -> OptState: ...


class TransformUpdateFn(Protocol):
    """`update(updates, state, params)` gives new updates and the next state."""

    def __call__(
        self, updates: Updates, state: OptState, params: Params | None = None
    ) -> tuple[Updates, OptState]: ...


class TransformUpdateExtraArgsFn(Protocol):
    """An update function that takes further named values, as the loss, and ignores unknown ones."""

    def __call__(
        self, updates: Updates, state: OptState, params: Params | None = None, **extra_args: Any
    ) -> tuple[Updates, OptState]: ...


class GradientTransformation(NamedTuple):
    """A pair of pure functions that make gradients into updates.

    `init(params)` gives the state; `update(updates, state, params)` gives new updates, shaped as
    the old ones, and the next state.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optimizer = optim.sgd(0.5)
        >>> state = optimizer.init(jnp.ones(2))
        >>> updates, state = optimizer.update(jnp.ones(2), state)
        >>> updates.tolist()
        [-0.5, -0.5]
    """

    init: TransformInitFn
    update: Callable[..., tuple[Updates, OptState]]


class GradientTransformationExtraArgs(GradientTransformation):
    """A transformation whose `update` takes further named values and ignores unknown ones."""


class EmptyState(NamedTuple):
    """The state of a transformation that remembers nothing but its hyperparameters."""

    hyper: Any = ()


def init_empty_state(params: Params) -> EmptyState:
    """The state of a transformation that remembers nothing."""
    del params
    return EmptyState()


def with_extra_args_support(tx: GradientTransformation) -> GradientTransformationExtraArgs:
    """The same transformation, ignoring extra named arguments if it took none."""
    if isinstance(tx, GradientTransformationExtraArgs):
        return tx
    if not (hasattr(tx, "init") and hasattr(tx, "update")):
        name = getattr(tx, "__name__", None)
        raise ArgumentTypeError(
            f"an optimizer has `init` and `update`, and {name or repr(tx)} has not",
            help=f"optim.{name}(learning_rate)   makes one" if name else "optim.scale(-0.1)",
        )

    def update(
        updates: Updates, state: OptState, params: Params | None = None, **extra_args: Any
    ) -> tuple[Updates, OptState]:
        del extra_args
        return tx.update(updates, state, params)

    return GradientTransformationExtraArgs(tx.init, update)


def stateless(f: Callable[[Updates, Params | None], Updates]) -> GradientTransformation:
    """The transformation `updates -> f(updates, params)`, without a state."""

    def update(
        updates: Updates, state: OptState, params: Params | None = None
    ) -> tuple[Updates, OptState]:
        return f(updates, params), state

    return GradientTransformation(init_empty_state, update)


def stateless_with_tree_map(f: Callable[[Any, Any], Any]) -> GradientTransformation:
    """The transformation that applies `f(update, parameter)` to each leaf, without a state.

    `parameter` is None when `update` is called without parameters.
    """

    def each(updates: Updates, params: Params | None) -> Updates:
        if params is None:
            return tree.map(lambda u: f(u, None), updates)
        return tree.map(f, updates, params)

    return stateless(each)


def identity() -> GradientTransformation:
    """The transformation that changes nothing."""
    return stateless(lambda updates, params: updates)


def set_to_zero() -> GradientTransformation:
    """The transformation that makes every update zero, so that parameters stay as they are."""
    return stateless(lambda updates, params: tree.map(jnp.zeros_like, updates))


def apply_updates(params: Params, updates: Updates) -> Params:
    """`params + updates`, leaf by leaf, each leaf in its own dtype.

    A parameter that is None stays None.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.apply_updates({"w": jnp.ones(2)}, {"w": jnp.full(2, -0.25)})["w"].tolist()
        [0.75, 0.75]
    """

    def add(p: Any, u: Any) -> Array:
        return jnp.asarray(p + u).astype(jnp.asarray(p).dtype)

    try:
        return map_present(add, params, updates)
    except (StructureError, ShapeError):
        found = misfit(updates, params, ("the tree of updates", "that of parameters"))
        if found is None:
            raise
        raise MisfitError(
            f"the updates are not those of the parameters: {found}",
            help="updates, state = optimizer.update(gradients, state, params)",
        ) from None


def incremental_update(new_tensors: Params, old_tensors: Params, step_size: Number) -> Params:
    """`step_size * new + (1 - step_size) * old`, leaf by leaf: a moving average of parameters.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.incremental_update(jnp.ones(2), jnp.zeros(2), 0.25).tolist()
        [0.25, 0.25]
    """
    rest = 1.0 - step_size
    return map_present(
        lambda new, old: like(step_size, new) * new + like(rest, old) * old,
        new_tensors,
        old_tensors,
    )


def periodic_update(
    new_tensors: Params, old_tensors: Params, steps: ArrayLike, update_period: ArrayLike
) -> Params:
    """The new tensors at every `update_period`-th step, and the old ones between."""
    return lax.cond(jnp.mod(steps, update_period) == 0, lambda: new_tensors, lambda: old_tensors)
