"""Losses of overlap between predicted and true regions."""

from __future__ import annotations

from typing import Any

import jib.numpy as jnp
from jib import nn
from jib.core.tracing import Tracer
from jib.errors import ArgumentValueError
from jib.optim._losses_common import equal_shapes
from jib.typing import Array, ArrayLike

__all__ = ["binary_dice_loss", "dice_loss", "multiclass_generalized_dice_loss"]

_REDUCTIONS = {"mean": jnp.mean, "sum": jnp.sum, "none": lambda x, axis: x}


def _chances(predictions: Array, apply: bool) -> Array:
    if apply:
        return nn.sigmoid(predictions) if predictions.shape[-1] == 1 else nn.softmax(predictions)
    sums = predictions.sum(-1)
    # One channel holds the probability of one class; values are known only outside of programs.
    known = predictions.shape[-1] > 1 and not isinstance(sums, Tracer)
    if known and not jnp.allclose(sums, 1.0, rtol=1e-5, atol=1e-5):
        raise ArgumentValueError(
            "with `apply_softmax=False` the predictions are probabilities that sum to 1 over the "
            f"last axis, and these sum to {float(sums.min()):.4g} to {float(sums.max()):.4g}",
            help="apply_softmax=True",
        )
    return predictions


def dice_loss(
    predictions: ArrayLike,
    targets: ArrayLike,
    *,
    class_weights: ArrayLike | None = None,
    smooth: ArrayLike = 1.0,
    alpha: ArrayLike = 0.5,
    beta: ArrayLike = 0.5,
    apply_softmax: bool = True,
    reduction: str = "mean",
    ignore_background: bool = False,
    axis: Any = None,
) -> Array:
    """`1 -` the overlap of predicted and true regions, relative to their sizes.

    With other weights of false positives and negatives it is the Tversky loss.
    Milletari et al., "V-Net", 2016; Salehi et al., 2017.

    Args:
        predictions: `(batch, ..., classes)` logits, or probabilities without `apply_softmax`.
        targets: the same shape, 0 or 1. The class axis may be missing on one side.
        class_weights: `(classes,)` factors.
        smooth: added to both overlap and size.
        alpha: weight of false positives.
        beta: weight of false negatives.
        apply_softmax: make probabilities of logits (a sigmoid when there is one class).
        reduction: "mean", "sum" or "none", over classes.
        ignore_background: leave out class 0 when there are several.
        axis: the axes of a region; all but the first and last when None.

    Raises:
        ShapeError: the shapes differ.
        ArgumentValueError: `reduction` is unknown, or probabilities do not sum to 1.
    """
    ArgumentValueError.check("dice_loss", "reduction", reduction, tuple(_REDUCTIONS))
    predictions, targets = jnp.asarray(predictions), jnp.asarray(targets)
    if predictions.ndim == targets.ndim - 1:
        predictions = predictions[..., None]
    if targets.ndim == predictions.ndim - 1:
        targets = targets[..., None]
    equal_shapes("dice_loss", predictions=predictions, targets=targets)
    chances = _chances(predictions, apply_softmax)
    axis = tuple(range(1, chances.ndim - 1)) if axis is None else axis
    overlap = jnp.sum(chances * targets, axis=axis)
    false_positive = jnp.sum(chances, axis=axis) - overlap
    false_negative = jnp.sum(targets, axis=axis) - overlap
    size = overlap + alpha * false_positive + beta * false_negative
    loss = 1 - (overlap + smooth) / (size + smooth)
    if class_weights is not None:
        loss = loss * class_weights
    if ignore_background and chances.shape[-1] > 1:
        loss = loss[..., 1:]
    return _REDUCTIONS[reduction](loss, axis=-1)


def multiclass_generalized_dice_loss(
    predictions: ArrayLike,
    targets: ArrayLike,
    *,
    smooth: ArrayLike = 1.0,
    apply_softmax: bool = True,
    ignore_background: bool = False,
) -> Array:
    """Mean Dice loss with classes weighted by the inverse square of their frequency, a scalar.

    Sudre et al., "Generalised Dice overlap", 2017. Arguments as in `dice_loss`.
    """
    targets = jnp.asarray(targets)
    equal_shapes("multiclass_generalized_dice_loss", predictions=predictions, targets=targets)
    frequency = targets.sum(tuple(range(targets.ndim - 1)))
    weights = 1 / (jnp.square(frequency) + 1e-7)
    loss = dice_loss(
        predictions, targets, class_weights=weights / weights.mean(), smooth=smooth,
        apply_softmax=apply_softmax, reduction="none", ignore_background=ignore_background,
    )  # fmt: skip
    return jnp.mean(loss)


def binary_dice_loss(
    predictions: ArrayLike, targets: ArrayLike, *, smooth: ArrayLike = 1.0,
    apply_sigmoid: bool = True,
) -> Array:  # fmt: skip
    """Dice loss of one class: the loss of each region.

    Args:
        predictions: `(batch, ...)` or `(batch, ..., 1)` logits, or probabilities without
            `apply_sigmoid`.
        targets: 0 or 1, of the same shape.
        smooth: added to both overlap and size.
        apply_sigmoid: make probabilities of logits.
    """
    predictions, targets = jnp.asarray(predictions), jnp.asarray(targets)
    if predictions.ndim == targets.ndim and predictions.shape[-1] != 1:
        predictions, targets = predictions[..., None], targets[..., None]
    return dice_loss(predictions, targets, smooth=smooth, apply_softmax=apply_sigmoid)
