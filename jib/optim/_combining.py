"""Transformations made of others: one after another, on some leaves, by label."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

from jib import tree
from jib.errors import ArgumentValueError, StructureError
from jib.optim._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    OptState,
    Params,
    Updates,
    set_to_zero,
    with_extra_args_support,
)

__all__ = [
    "MaskedNode", "MaskedState", "MultiTransformState", "PartitionState", "chain", "freeze",
    "masked", "multi_transform", "named_chain", "partition", "selective_transform",
]  # fmt: skip


def _in_turn(
    names: list[Any], transforms: list[GradientTransformationExtraArgs], build: Callable[..., Any]
) -> GradientTransformationExtraArgs:
    """One after another; `build(states)` makes the state, which is indexed by `names`."""

    def init(params: Params) -> Any:
        return build([each.init(params) for each in transforms])

    def update(
        updates: Updates, state: Any, params: Params | None = None, **extra_args: Any
    ) -> tuple[Updates, Any]:
        if len(state) != len(transforms):
            raise ArgumentValueError(
                f"this chain has {len(transforms)} transformations, and the state that `update` "
                f"got is of {len(state)}",
                help=[
                    "make the state with this chain's own `init`: state = optimizer.init(params)",
                    "the order is   optimizer.update(gradients, state, params)",
                ],
            )
        states = []
        for name, each in zip(names, transforms, strict=True):
            updates, new = each.update(updates, state[name], params, **extra_args)
            states.append(new)
        return updates, build(states)

    return GradientTransformationExtraArgs(init, update)


def chain(*args: GradientTransformation) -> GradientTransformationExtraArgs:
    """Transformations applied in turn; the state is the tuple of their states.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optimizer = optim.chain(optim.clip(1.0), optim.sgd(0.5))
        >>> optimizer.update(jnp.full(2, 8.0), optimizer.init(jnp.ones(2)))[0].tolist()
        [-0.5, -0.5]
    """
    transforms = [with_extra_args_support(each) for each in args]
    return _in_turn(list(range(len(args))), transforms, tuple)


def named_chain(*args: tuple[str, GradientTransformation]) -> GradientTransformationExtraArgs:
    """`(name, transformation)` pairs applied in turn; the state is a dict of their states.

    Raises:
      ArgumentValueError: a name occurs twice.
    """
    names = [name for name, _ in args]
    if len(set(names)) < len(names):
        raise ArgumentValueError(
            f"names in named_chain are distinct, and these are {names}", help="rename one of them"
        )
    transforms = [with_extra_args_support(each) for _, each in args]
    return _in_turn(names, transforms, lambda states: dict(zip(names, states, strict=True)))


class MaskedState(NamedTuple):
    """The state of the transformation under a mask."""

    inner_state: Any


class MaskedNode(NamedTuple):
    """Stands, in a masked transformation, where a leaf is left out. It has no leaves."""


def _mask_of(mask: MaskOrFn, values: Any) -> Any:
    """The tree of booleans: a mask whose leaves are all functions is called with the values."""
    leaves = tree.leaves(mask)
    called: Any = mask
    return called(values) if leaves and all(map(callable, leaves)) else mask


def masked(
    inner: GradientTransformation, mask: MaskOrFn, *, mask_compatible_extra_args: bool = False
) -> GradientTransformationExtraArgs:
    """Transform the leaves that a mask selects, and pass the others through.

    Args:
      inner: what the selected leaves meet.
      mask: tree of booleans, the parameters' structure or a prefix of it, or a function from
        parameters (or updates) to one.
      mask_compatible_extra_args: mask extra arguments of the updates' structure as well.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optimizer = optim.masked(optim.scale(2.0), {"w": True, "b": False})
        >>> ones = {"w": jnp.ones(1), "b": jnp.ones(1)}
        >>> updates, _ = optimizer.update(ones, optimizer.init(ones))
        >>> updates["w"].tolist(), updates["b"].tolist()
        ([2.0], [1.0])
    """
    inner = with_extra_args_support(inner)

    def select(selected: Any, values: Any) -> Any:
        found = tree.first_difference(selected, values, ("the mask", "the tree of parameters"))
        if found:
            raise StructureError(
                f"the mask does not fit the parameters: {found}",
                help="mask=lambda params: jib.tree.map(lambda p: p.ndim > 1, params)",
            )
        return tree.map(lambda m, v: v if m else MaskedNode(), selected, values)

    def init(params: Params) -> MaskedState:
        return MaskedState(inner.init(select(_mask_of(mask, params), params)))

    def update(
        updates: Updates, state: MaskedState, params: Params | None = None, **extra_args: Any
    ) -> tuple[Updates, MaskedState]:
        selected = _mask_of(mask, updates)
        if mask_compatible_extra_args:
            structure = tree.structure(updates)
            extra_args = {
                name: select(selected, value) if tree.structure(value) == structure else value
                for name, value in extra_args.items()
            }
        chosen = None if params is None else select(selected, params)
        new, inner_state = inner.update(
            select(selected, updates), state.inner_state, chosen, **extra_args
        )
        merged = tree.map(lambda m, n, old: n if m else old, selected, new, updates)
        return merged, MaskedState(inner_state)

    return GradientTransformationExtraArgs(init, update)


class PartitionState(NamedTuple):
    """The state of each label's transformation."""

    inner_states: Any


MultiTransformState = PartitionState


def partition(
    transforms: Mapping[Hashable, GradientTransformation], param_labels: Any, *,
    mask_compatible_extra_args: bool = False,
) -> GradientTransformationExtraArgs:  # fmt: skip
    """Another transformation for each label.

    Args:
      transforms: transformations by label.
      param_labels: tree of labels, the parameters' structure or a prefix of it, or a function from
        parameters (or updates) to one.
      mask_compatible_extra_args: split extra arguments of the updates' structure as well.

    Raises:
      ArgumentValueError: a label has no transformation.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optimizer = optim.partition(
        ...     {"slow": optim.sgd(0.1), "fast": optim.sgd(1.0)}, {"w": "slow", "b": "fast"}
        ... )
        >>> state = optimizer.init({"w": jnp.ones(1), "b": jnp.ones(1)})
        >>> sorted(optim.get_hyper(state))
        ['fast/1/learning_rate', 'slow/1/learning_rate']
    """

    def masks(values: Any) -> dict[Hashable, GradientTransformationExtraArgs]:
        labels = param_labels(values) if callable(param_labels) else param_labels
        unknown = set(tree.leaves(labels)) - set(transforms)
        if unknown:
            found, known = (", ".join(sorted(map(repr, each))) for each in (unknown, transforms))
            raise ArgumentValueError(
                f"the labels {found} have no transformation; there are those of {known}",
                help="optim.set_to_zero() keeps the leaves of a label as they are",
            )
        return {
            label: masked(
                each,
                tree.map(lambda found, label=label: found == label, labels),
                mask_compatible_extra_args=mask_compatible_extra_args,
            )
            for label, each in transforms.items()
        }

    def init(params: Params) -> PartitionState:
        return PartitionState({label: each.init(params) for label, each in masks(params).items()})

    def update(
        updates: Updates, state: PartitionState, params: Params | None = None, **extra_args: Any
    ) -> tuple[Updates, PartitionState]:
        states: dict[Hashable, OptState] = {}
        for label, each in masks(updates).items():
            updates, states[label] = each.update(
                updates, state.inner_states[label], params, **extra_args
            )
        return updates, PartitionState(states)

    return GradientTransformationExtraArgs(init, update)


multi_transform = partition


def freeze(mask: MaskOrFn) -> GradientTransformation:
    """Make the updates zero where the mask is true."""
    return masked(set_to_zero(), mask)


def selective_transform(
    optimizer: GradientTransformation, *, freeze_mask: MaskOrFn
) -> GradientTransformation:
    """The optimizer where the mask is false, and zero updates where it is true."""

    def labels(params: Params) -> Any:
        selected = _mask_of(freeze_mask, params)
        return tree.map(lambda frozen: "freeze" if frozen else "train", selected)

    return partition({"train": optimizer, "freeze": set_to_zero()}, labels)
