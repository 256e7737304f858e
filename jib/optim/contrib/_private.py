"""Gradients with differential privacy, and optimizers that see complex numbers as pairs."""

from __future__ import annotations

from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import random, tree as trees
from jib.errors import ArgumentValueError
from jib.optim._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Number,
    Params,
    ScalarOrSchedule,
    identity,
)
from jib.optim._clipping import per_example_global_norm_clip
from jib.optim._combining import chain
from jib.optim._hyper import hyperparameters
from jib.optim._transforms import scale_by_learning_rate, trace
from jib.optim._trees import like

__all__ = [
    "DifferentiallyPrivateAggregateState", "SplitRealAndImaginaryState",
    "differentially_private_aggregate", "dpsgd", "split_real_and_imaginary",
]  # fmt: skip


class DifferentiallyPrivateAggregateState(NamedTuple):
    """The key of the next noise."""

    rng_key: Any
    hyper: Any = ()


def differentially_private_aggregate(
    l2_norm_clip: Number, noise_multiplier: Number, key: Any = None, *, seed: int | None = None
) -> GradientTransformation:
    """The mean over examples of clipped gradients, with normal noise.

    Abadi et al., "Deep learning with differential privacy", 2016. Gradients have a leading axis
    of examples, as `jib.vmap(jib.grad(loss), (None, 0))` gives.

    Args:
        l2_norm_clip: the largest norm of one example's gradient.
        noise_multiplier: the noise's deviation, relative to it.
        key: a key or a number; noise that everybody can repeat protects nothing, so there is no
            default.
        seed: the older name of a number as key.

    Raises:
        ArgumentValueError: not just one of `key` and `seed` is given.
    """
    if (key is None) == (seed is None):
        raise ArgumentValueError(
            "`differentially_private_aggregate` takes a `key` for its noise, and just one",
            help="key=jib.random.key(seed), where nobody else knows the seed",
        )
    source = seed if key is None else key

    def init(params: Params) -> DifferentiallyPrivateAggregateState:
        start = random.key(source) if isinstance(source, int) else source
        return DifferentiallyPrivateAggregateState(start)

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        leaves, structure = trees.flatten(updates)
        clip = h.l2_norm_clip.wide
        totals, _ = per_example_global_norm_clip(leaves, clip)
        deviation, examples = clip * h.noise_multiplier.wide, leaves[0].shape[0]
        new_key, *keys = random.split(state.rng_key, len(leaves) + 1)
        noised = [
            (g + like(deviation, g) * random.normal(k, g.shape, g.dtype)) / examples
            for g, k in zip(totals, keys, strict=True)
        ]
        return trees.unflatten(structure, noised), DifferentiallyPrivateAggregateState(new_key)

    return hyperparameters(
        init, update, l2_norm_clip=l2_norm_clip, noise_multiplier=noise_multiplier
    )


def dpsgd(
    learning_rate: ScalarOrSchedule,
    l2_norm_clip: Number,
    noise_multiplier: Number,
    seed: int,
    momentum: Number | None = None,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """SGD on `differentially_private_aggregate`, with momentum if asked."""
    return chain(
        differentially_private_aggregate(l2_norm_clip, noise_multiplier, seed=seed),
        identity() if momentum is None else trace(momentum, nesterov),
        scale_by_learning_rate(learning_rate),
    )


class _Pair(NamedTuple):
    real: Any
    imaginary: Any


class SplitRealAndImaginaryState(NamedTuple):
    """The state of an optimizer that sees pairs."""

    inner_state: Any


def split_real_and_imaginary(inner: GradientTransformation) -> GradientTransformation:
    """Let an optimizer see each complex array as a pair of real ones.

    Args:
        inner: any transformation; it meets only real arrays.
    """

    def split(tree: Any) -> Any:
        return trees.map(lambda x: _Pair(x.real, x.imag) if jnp.iscomplexobj(x) else x, tree)

    def join(x: Any) -> Any:
        return x.real + 1j * x.imaginary if isinstance(x, _Pair) else x

    def update(updates: Any, state: Any, params: Params | None = None) -> Any:
        updates, inner_state = inner.update(split(updates), state.inner_state, split(params))
        joined = trees.map(join, updates, is_leaf=lambda x: isinstance(x, _Pair))
        return joined, SplitRealAndImaginaryState(inner_state)

    return GradientTransformation(
        lambda params: SplitRealAndImaginaryState(inner.init(split(params))), update
    )
