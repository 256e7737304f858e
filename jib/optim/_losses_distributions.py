"""Divergences of distributions, the ranking loss, and losses made of a maximum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jib.numpy as jnp
from jib import nn
from jib.optim._losses_common import Axis, Where, floating, weighted
from jib.typing import Array, ArrayLike

__all__ = [
    "convex_kl_divergence", "generalized_kl_divergence", "kl_divergence",
    "kl_divergence_with_log_targets", "make_fenchel_young_loss", "ranking_softmax_loss",
]  # fmt: skip


def kl_divergence(
    log_predictions: ArrayLike, targets: ArrayLike, axis: Axis = -1, where: Where = None
) -> Array:
    """Kullback-Leibler divergence of the targets from the predictions.

    Outcomes with target 0 add nothing, whatever their predicted log probability.

    Args:
        log_predictions: log probabilities.
        targets: probabilities.
        axis: the axes of the outcomes.
        where: which outcomes count.

    Raises:
        DTypeError: one of the arrays is not floating-point.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.kl_divergence(jnp.log(jnp.array([1.0, 0.0])), jnp.array([1.0, 0.0])).item()
        0.0
    """
    logs, targets = floating("kl_divergence", log_predictions=log_predictions, targets=targets)
    some = targets != 0
    log_targets = jnp.where(some, jnp.log(jnp.where(some, targets, 1)), 0)
    return jnp.sum(weighted(targets, log_targets - logs), axis=axis, where=where)


def kl_divergence_with_log_targets(
    log_predictions: ArrayLike, log_targets: ArrayLike, axis: Axis = -1, where: Where = None
) -> Array:
    """`kl_divergence` of targets that are given as log probabilities, -inf for 0."""
    logs, log_targets = floating(
        "kl_divergence_with_log_targets", log_predictions=log_predictions, log_targets=log_targets
    )
    none = jnp.isneginf(log_targets)
    ratio = jnp.where(none, 0, log_targets) - jnp.where(none, 0, logs)
    return jnp.sum(jnp.exp(log_targets) * ratio, axis=axis, where=where)


def generalized_kl_divergence(
    log_predictions: ArrayLike, targets: ArrayLike, axis: Axis = -1, where: Where = None
) -> Array:
    """`kl_divergence` of measures that need not sum to 1: convex in both arguments."""
    surplus = jnp.exp(log_predictions) - jnp.asarray(targets)
    return kl_divergence(log_predictions, targets, axis, where) + jnp.sum(
        surplus, axis=axis, where=where
    )


def convex_kl_divergence(
    log_predictions: ArrayLike, targets: ArrayLike, axis: Axis = -1, where: Where = None
) -> Array:
    """The older name of `generalized_kl_divergence`."""
    return generalized_kl_divergence(log_predictions, targets, axis=axis, where=where)


def ranking_softmax_loss(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    where: Where = None,
    weights: ArrayLike | None = None,
    reduce_fn: Callable[..., Any] | None = jnp.mean,
) -> Array:
    """Cross entropy between the softmax of the items' scores and their relevance.

    Cao et al., "Learning to rank", 2007 (ListNet).

    Args:
        logits: `(..., items)` scores.
        labels: `(..., items)` relevances.
        where: which items count; a list without any is left out of the mean.
        weights: a factor per item.
        reduce_fn: a reduction of the lists' losses that takes `where`, or None to keep them all.
    """
    (logits,) = floating("ranking_softmax_loss", logits=logits)
    labels = jnp.asarray(labels).astype(logits.dtype)
    if weights is not None:
        labels = labels * weights
    logs = nn.log_softmax(logits if where is None else jnp.where(where, logits, -jnp.inf))
    loss = -jnp.sum(weighted(labels, logs), axis=-1, where=where)
    lists = None if where is None else jnp.any(where, axis=-1)
    if reduce_fn is None:
        return loss if lists is None else jnp.where(lists, loss, 0)
    result = reduce_fn(loss, where=lists)
    return result if lists is None else jnp.where(jnp.any(lists), result, 0)


def make_fenchel_young_loss(max_fun: Callable[..., Any]) -> Callable[..., Array]:
    """The loss whose gradient is `gradient of max_fun - targets`.

    Blondel, Martins and Niculae, "Learning with Fenchel-Young losses", 2020.

    Args:
        max_fun: a maximum of a vector of scores, smoothed in some way: for example `logsumexp`,
            or what `perturbations.make_perturbed_fun` makes.

    Returns:
        A function of scores and targets, `(..., items)`, and further arguments of `max_fun`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> loss = optim.losses.make_fenchel_young_loss(jib.nn.logsumexp)
        >>> loss(jnp.zeros(2), jnp.array([1.0, 0.0])).round(4).item()
        0.6930999755859375
    """
    best = jnp.vectorize(max_fun, signature="(n)->()")
    product = jnp.vectorize(jnp.vdot, signature="(n),(n)->()")

    def fenchel_young_loss(scores: Any, targets: Any, *args: Any, **kwargs: Any) -> Array:
        return best(scores, *args, **kwargs) - product(targets, scores)

    return fenchel_young_loss
