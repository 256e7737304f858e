"""Losses of numbers and of directions: squares, Huber, log-cosh, cosine, triplets, NT-Xent."""

from __future__ import annotations

import jib.numpy as jnp
from jib import nn
from jib.errors import ShapeError
from jib.optim._losses_common import Axis, Where, broadcasting_shapes, equal_shapes, floating
from jib.optim._trees import safe_sqrt
from jib.typing import Array, ArrayLike

__all__ = [
    "cosine_distance", "cosine_similarity", "huber_loss", "l2_loss", "log_cosh", "ntxent",
    "squared_error", "triplet_margin_loss",
]  # fmt: skip


def _errors(loss: str, predictions: ArrayLike, targets: ArrayLike | None) -> Array:
    (predictions,) = floating(loss, predictions=predictions)
    if targets is None:
        return predictions
    broadcasting_shapes(loss, predictions=predictions, targets=targets)
    return predictions - jnp.asarray(targets)


def squared_error(predictions: ArrayLike, targets: ArrayLike | None = None) -> Array:
    """Squared errors, element by element.

    Args:
        predictions: an array of floats.
        targets: an array of the same shape; zeros when None.

    Raises:
        DTypeError: predictions are not floating-point.
        ShapeError: the shapes differ; broadcasting would hide a mistake.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.squared_error(jnp.array([1.0, 4.0]), jnp.array([1.0, 2.0])).tolist()
        [0.0, 4.0]
    """
    if targets is not None:
        equal_shapes("squared_error", predictions=predictions, targets=targets)
    return jnp.square(_errors("squared_error", predictions, targets))


def l2_loss(predictions: ArrayLike, targets: ArrayLike | None = None) -> Array:
    """Half the squared errors: the derivative is the error. Arguments as in `squared_error`."""
    return 0.5 * squared_error(predictions, targets)


def huber_loss(
    predictions: ArrayLike, targets: ArrayLike | None = None, *, delta: ArrayLike = 1.0
) -> Array:
    """Quadratic up to errors of `delta`, linear beyond; element by element.

    Huber, "Robust estimation of a location parameter", 1964.

    Args:
        predictions: an array of floats.
        targets: an array; zeros when None.
        delta: where the loss becomes linear.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.huber_loss(jnp.array([0.5, 4.0])).tolist()
        [0.125, 3.5]
    """
    size = jnp.abs(_errors("huber_loss", predictions, targets))
    quadratic = jnp.minimum(size, delta)
    return 0.5 * jnp.square(quadratic) + delta * (size - quadratic)


def log_cosh(predictions: ArrayLike, targets: ArrayLike | None = None) -> Array:
    """`log(cosh(error))`, element by element: quadratic near 0, linear far away.

    Small errors keep all their digits and large ones do not overflow.

    Args:
        predictions: an array of floats.
        targets: an array; zeros when None.
    """
    size = jnp.abs(_errors("log_cosh", predictions, targets))
    small = size < 1
    near = jnp.log1p(2 * jnp.square(jnp.sinh(0.5 * jnp.where(small, size, 0))))
    far = size + jnp.log1p(jnp.exp(-2 * size)) - jnp.log(2.0).astype(size.dtype)
    return jnp.where(small, near, far)


def cosine_similarity(
    predictions: ArrayLike,
    targets: ArrayLike,
    *,
    epsilon: ArrayLike = 0.0,
    axis: Axis = -1,
    where: Where = None,
) -> Array:
    """Cosine of the angle between vectors: 1 for equal directions, -1 for opposite ones.

    A vector of zeros has similarity 0 to all others, with derivative 0.

    Args:
        predictions: vectors along `axis`.
        targets: vectors along `axis`.
        epsilon: squared norms are at least this.
        axis: the axes that hold the vectors.
        where: which elements count.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.cosine_similarity(jnp.array([2.0, 0.0]), jnp.array([5.0, 0.0])).item()
        1.0
    """
    a, b = floating("cosine_similarity", predictions=predictions, targets=targets)

    def unit(x: Array) -> Array:
        square = jnp.square(x).sum(axis=axis, where=where, keepdims=True)
        norm = safe_sqrt(jnp.maximum(square, jnp.asarray(epsilon, square.dtype)))
        return jnp.where(norm == 0, 0, x / jnp.where(norm == 0, 1, norm))

    return (unit(a) * unit(b)).sum(axis=axis, where=where)


def cosine_distance(
    predictions: ArrayLike,
    targets: ArrayLike,
    *,
    epsilon: ArrayLike = 0.0,
    axis: Axis = -1,
    where: Where = None,
) -> Array:
    """`1 - cosine_similarity`, with the same arguments."""
    return 1 - cosine_similarity(predictions, targets, epsilon=epsilon, axis=axis, where=where)


def triplet_margin_loss(
    anchors: ArrayLike,
    positives: ArrayLike,
    negatives: ArrayLike,
    axis: int = -1,
    norm_degree: float = 2,
    margin: ArrayLike = 1.0,
    eps: ArrayLike = 1e-06,
) -> Array:
    """How much closer than `margin` the negatives are, compared to the positives.

    Balntas et al., "Learning local feature descriptors with triplets", 2016.

    Args:
        anchors: vectors along `axis`.
        positives: vectors that should be near the anchors.
        negatives: vectors that should be far.
        axis: the axis of the vectors.
        norm_degree: the p of the p-norm that measures distance.
        margin: the wanted difference of distances.
        eps: added under the root.
    """
    a, p, n = floating(
        "triplet_margin_loss", anchors=anchors, positives=positives, negatives=negatives
    )

    def distance(x: Array) -> Array:
        return (jnp.power(jnp.abs(a - x), norm_degree).sum(axis) + eps) ** (1 / norm_degree)

    return jnp.maximum(distance(p) - distance(n) + margin, 0)


def ntxent(embeddings: ArrayLike, labels: ArrayLike, temperature: ArrayLike = 0.07) -> Array:
    """Normalised temperature-scaled cross entropy of pairs with equal labels, a scalar.

    Each pair of equal labels is a positive; the negatives of an element are all elements with
    another label. The mean over all positives; 0 when there is none.
    Chen et al., "A simple framework for contrastive learning", 2020.

    Args:
        embeddings: `(batch, features)` floats.
        labels: `(batch,)` integers.
        temperature: divides the similarities.

    Raises:
        ShapeError: embeddings and labels have different leading sizes.
    """
    (embeddings,) = floating("ntxent", embeddings=embeddings)
    labels = jnp.asarray(labels)
    if labels.shape[0] != embeddings.shape[0]:
        raise ShapeError(
            f"`ntxent` takes one label per embedding, not {labels.shape[0]} labels for "
            f"{embeddings.shape[0]} embeddings"
        )
    epsilon = float(jnp.finfo(embeddings.dtype).eps)
    similarity = cosine_similarity(embeddings[None], embeddings[:, None], epsilon=epsilon)
    similarity = similarity / temperature
    same = labels[:, None] == labels[None, :]
    positive = same & ~jnp.eye(labels.shape[0], dtype=bool)
    # -inf where an element has no negatives: the finite stand-in keeps its derivative defined.
    lonely = jnp.all(same, axis=1, keepdims=True)
    negatives = nn.logsumexp(similarity, axis=1, keepdims=True, where=~same | lonely)
    total = jnp.where(lonely, similarity, jnp.logaddexp(negatives, similarity))
    count = jnp.maximum(positive.sum(), 1).astype(similarity.dtype)
    return -jnp.where(positive, similarity - total, 0).sum() / count
