"""Losses of class scores: cross entropies, hinges, perceptrons, sparsemax, focal loss."""

from __future__ import annotations

import operator
from typing import Any

import jib.numpy as jnp
from jib import lax, nn
from jib.errors import ArgumentTypeError, DTypeError, ShapeError
from jib.lax._shaping import canonical_axis
from jib.optim._losses_common import (
    Axis,
    Where,
    broadcasting_shapes,
    equal_shapes,
    floating,
    weighted,
)
from jib.optim.projections import projection_simplex
from jib.transforms.vmap import vmap
from jib.typing import Array, ArrayLike

__all__ = [
    "hinge_loss", "multiclass_hinge_loss", "multiclass_perceptron_loss",
    "multiclass_sparsemax_loss", "perceptron_loss", "poly_loss_cross_entropy",
    "safe_softmax_cross_entropy", "sigmoid_binary_cross_entropy", "sigmoid_focal_loss",
    "smooth_labels", "softmax_cross_entropy", "softmax_cross_entropy_with_integer_labels",
    "sparsemax_loss",
]  # fmt: skip


# -------------------------------------------------------------------------------- two classes


def _log_chances(logits: Array) -> tuple[Array, Array]:
    return nn.log_sigmoid(logits), nn.log_sigmoid(-logits)


def sigmoid_binary_cross_entropy(logits: ArrayLike, labels: ArrayLike) -> Array:
    """Cross entropy of independent yes-or-no questions, element by element.

    Finite for logits of any size; 0 for an infinite logit that is right.

    Args:
        logits: log odds, an array of floats.
        labels: 0 or 1, or probabilities; the shape broadcasts.

    Raises:
        DTypeError: logits are not floating-point.
        ShapeError: the shapes do not broadcast, or do so as `(n, 1)` and `(n,)`, by mistake.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.sigmoid_binary_cross_entropy(jnp.array([0.0, 1e4]), jnp.array([1, 1])).round(4)
        Array([0.6931, 0.    ], dtype=float32)
    """
    (logits,) = floating("sigmoid_binary_cross_entropy", logits=logits)
    broadcasting_shapes("sigmoid_binary_cross_entropy", logits=logits, labels=labels)
    labels = jnp.asarray(labels).astype(logits.dtype)
    log_p, log_q = _log_chances(logits)
    return -weighted(labels, log_p) - weighted(1 - labels, log_q)


def sigmoid_focal_loss(
    logits: ArrayLike, labels: ArrayLike, *, alpha: ArrayLike | None = None, gamma: ArrayLike = 2.0
) -> Array:
    """Binary cross entropy that counts well classified elements less, element by element.

    Lin et al., "Focal loss for dense object detection", 2017.

    Args:
        logits: log odds, an array of floats.
        labels: 0 or 1, or probabilities.
        alpha: weight of the positives, `1 - alpha` that of the negatives; none when None.
        gamma: the power of `1 - p` by which an element with probability `p` counts.
    """
    (logits,) = floating("sigmoid_focal_loss", logits=logits)
    broadcasting_shapes("sigmoid_focal_loss", logits=logits, labels=labels)
    logits, labels = jnp.broadcast_arrays(logits, jnp.asarray(labels).astype(logits.dtype))
    chances = jnp.stack(_log_chances(logits), axis=-1)
    weights = jnp.stack([1 - labels, labels], axis=-1)
    log_wrong = nn.logsumexp(chances, axis=-1, b=weights)
    loss = sigmoid_binary_cross_entropy(logits, labels) * jnp.exp(gamma * log_wrong)
    if alpha is None:
        return loss
    alpha = jnp.asarray(alpha).astype(logits.dtype)
    return (alpha * labels + (1 - alpha) * (1 - labels)) * loss


def hinge_loss(predictor_outputs: ArrayLike, targets: ArrayLike) -> Array:
    """`max(0, 1 - output * target)` for targets of -1 and 1, element by element."""
    broadcasting_shapes("hinge_loss", predictor_outputs=predictor_outputs, targets=targets)
    return jnp.maximum(0, 1 - jnp.asarray(predictor_outputs) * jnp.asarray(targets))


def perceptron_loss(predictor_outputs: ArrayLike, targets: ArrayLike) -> Array:
    """`max(0, -output * target)` for targets of -1 and 1, element by element.

    Raises:
        ShapeError: the shapes differ.
    """
    equal_shapes("perceptron_loss", predictor_outputs=predictor_outputs, targets=targets)
    return jnp.maximum(0, -jnp.asarray(predictor_outputs) * jnp.asarray(targets))


def sparsemax_loss(logits: ArrayLike, labels: ArrayLike) -> Array:
    """Binary sparsemax loss for labels of 0 and 1, element by element.

    Martins and Astudillo, "From softmax to sparsemax", 2016.
    """
    logits = jnp.asarray(logits)
    return nn.sparse_plus(jnp.where(labels, -logits, logits))


# ------------------------------------------------------------------------------- many classes


def _same_rank(where: Any, logits: Array, axis: Axis) -> Any:
    if where is None or jnp.ndim(where) == logits.ndim:
        return where
    return jnp.expand_dims(jnp.asarray(where), axis)  # type: ignore[arg-type]


def softmax_cross_entropy(
    logits: ArrayLike, labels: ArrayLike, axis: Axis = -1, where: Where = None
) -> Array:
    """Cross entropy between softmax(logits) and label probabilities.

    A class with logit -inf and probability 0 adds nothing, and gets derivative 0.

    Args:
        logits: unnormalised log probabilities.
        labels: probabilities that sum to 1 along `axis`.
        axis: the axes of the classes.
        where: which classes count.

    Returns:
        The loss of each element: the shape of `logits` without `axis`.

    Raises:
        DTypeError: logits are not floating-point.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> logits = jnp.array([0.0, 0.0, -jnp.inf])
        >>> optim.softmax_cross_entropy(logits, jnp.array([1.0, 0.0, 0.0])).round(4).item()
        0.6930999755859375
    """
    (logits,) = floating("softmax_cross_entropy", logits=logits)
    broadcasting_shapes("softmax_cross_entropy", logits=logits, labels=labels)
    where = _same_rank(where, logits, axis)
    log_probabilities = nn.log_softmax(logits, axis, where)
    return -weighted(jnp.asarray(labels), log_probabilities).sum(axis, where=where)


def safe_softmax_cross_entropy(logits: ArrayLike, labels: ArrayLike) -> Array:
    """`softmax_cross_entropy` along the last axis, which is safe for logits of -inf here."""
    return softmax_cross_entropy(logits, labels)


def softmax_cross_entropy_with_integer_labels(
    logits: ArrayLike, labels: ArrayLike, axis: int | tuple[int, ...] = -1, where: Where = None
) -> Array:
    """Cross entropy between softmax(logits) and one right class per element.

    The largest logit is taken off first, so that logits of any size keep the loss's digits.

    Args:
        logits: unnormalised log probabilities.
        labels: indices of the right classes; the shape of `logits` without `axis`.
        axis: the axis of the classes, or axes that are numbered together in row-major order.
        where: which classes count; an element without any has loss 0.

    Returns:
        The loss of each element: the shape of `labels`.

    Raises:
        DTypeError: logits are not floating-point, or labels not integers.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.softmax_cross_entropy_with_integer_labels(jnp.array([[1e4, 0.0]]), jnp.array([1]))
        Array([10000.], dtype=float32)
    """
    name = "softmax_cross_entropy_with_integer_labels"
    (scores,), labels = floating(name, logits=logits), jnp.asarray(labels)
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        raise DTypeError(
            f"`{name}` takes integer `labels`, not {labels.dtype}",
            help="probabilities go to   optim.softmax_cross_entropy(logits, labels)",
        )
    where = _same_rank(where, scores, axis)
    if isinstance(axis, tuple):
        last = [canonical_axis(name, i, scores.ndim) for i in axis]
        first = [i for i in range(scores.ndim) if i not in last]

        def merge(x: Any) -> Array:
            x = jnp.transpose(jnp.broadcast_to(x, scores.shape), (*first, *last))
            return x.reshape(*x.shape[: len(first)], -1)

        where, scores, axis = None if where is None else merge(where), merge(scores), -1
    elif not hasattr(axis, "__index__"):
        raise ArgumentTypeError(f"the `axis` of `{name}` is an int or a tuple, not {axis!r}")
    axis = canonical_axis(name, operator.index(axis), scores.ndim)
    wanted = scores.shape[:axis] + scores.shape[axis + 1 :]
    fits = all(m == n or 1 in (m, n) for m, n in zip(labels.shape, wanted, strict=False))
    if labels.ndim != len(wanted) or not fits:
        raise ShapeError(
            f"`{name}` takes labels of shape {wanted} for logits of shape {jnp.shape(logits)}, "
            f"not {labels.shape}",
            help="labels.argmax(-1)   of rows with a one in them"
            if labels.shape == scores.shape
            else "one label for each row of logits",
        )
    counted = scores if where is None else jnp.where(where, scores, -jnp.inf)
    top = lax.stop_gradient(jnp.max(counted, axis, keepdims=True))
    shifted = scores - jnp.where(jnp.isfinite(top), top, 0)
    right = jnp.take_along_axis(shifted, jnp.expand_dims(labels, axis), axis).squeeze(axis)
    loss = nn.logsumexp(shifted, axis=axis, where=where) - right
    return loss if where is None else jnp.where(jnp.any(where, axis), loss, 0)


def poly_loss_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    epsilon: ArrayLike = 2.0,
    axis: Axis = -1,
    where: Where = None,
) -> Array:
    """Cross entropy plus `epsilon * (1 - p)`, where p is the probability of the right class.

    Leng et al., "PolyLoss", 2022. Arguments as in `softmax_cross_entropy`.
    """
    logits, labels = floating("poly_loss_cross_entropy", logits=logits, labels=labels)
    wrong = labels * (1 - nn.softmax(logits, axis=axis, where=where))
    entropy = softmax_cross_entropy(logits, labels, axis, where)
    return entropy + epsilon * jnp.sum(wrong, axis=axis, where=where)


def _right_scores(scores: Any, labels: ArrayLike) -> tuple[Array, Array, Array]:
    """The scores, the labels as one-hot rows, and the scores of the right classes."""
    scores = jnp.asarray(scores)
    rows = nn.one_hot(labels, scores.shape[-1], dtype=scores.dtype)
    return scores, rows, jnp.sum(scores * rows, axis=-1)


def multiclass_hinge_loss(scores: ArrayLike, labels: ArrayLike) -> Array:
    """How far the best wrong score is from being 1 below the right one.

    Crammer and Singer, 2001.

    Args:
        scores: `(..., classes)` floats.
        labels: `(...)` integers.
    """
    scores, rows, right = _right_scores(scores, labels)
    return jnp.max(scores + 1 - rows, axis=-1) - right


def multiclass_perceptron_loss(scores: ArrayLike, labels: ArrayLike) -> Array:
    """How far the best score is above the right one. Arguments as in `multiclass_hinge_loss`."""
    scores, _, right = _right_scores(scores, labels)
    return jnp.max(scores, axis=-1) - right


def multiclass_sparsemax_loss(scores: ArrayLike, labels: ArrayLike) -> Array:
    """The loss whose prediction is the projection of the scores onto the simplex.

    Martins and Astudillo, "From softmax to sparsemax", 2016.

    Args:
        scores: `(batch, classes)` floats.
        labels: `(batch,)` integers.
    """
    scores, rows, right = _right_scores(scores, labels)
    chances = vmap(projection_simplex)(scores)
    margins = jnp.where((chances > 0) & (rows == 0), scores - right[:, None], 0)
    return jnp.sum(chances * margins, -1) + 0.5 * (1 - jnp.sum(jnp.square(chances), -1))


def smooth_labels(
    labels: ArrayLike, alpha: ArrayLike, *, axis: Axis = -1, where: Where = None
) -> Array:
    """Label probabilities mixed with a share `alpha` of the uniform distribution.

    Args:
        labels: probabilities that sum to 1 along `axis`.
        alpha: the share, in [0, 1].
        axis: the axes of the classes.
        where: which classes count.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.smooth_labels(jnp.array([1.0, 0.0]), 0.5).tolist()
        [0.75, 0.25]
    """
    (labels,) = floating("smooth_labels", labels=labels)
    if where is None:
        classes: Any = jnp.size(labels, axis)  # type: ignore[arg-type]
    else:
        classes = jnp.sum(where, axis, keepdims=True).astype(labels.dtype)
    alpha = jnp.asarray(alpha).astype(labels.dtype)
    return (1 - alpha) * labels + alpha / classes
