"""Connectionist temporal classification: the loss of label sequences without alignment."""

from __future__ import annotations

from typing import Any

import jib.numpy as jnp
from jib import lax, nn
from jib.errors import ShapeError
from jib.optim._losses_common import equal_shapes, floating
from jib.typing import Array, ArrayLike

__all__ = ["ctc_loss", "ctc_loss_with_forward_probs"]


def _check(logits: Array, logit_paddings: Array, labels: Array, label_paddings: Array) -> None:
    if logits.ndim != 3 or labels.ndim != 2 or labels.shape[0] != logits.shape[0]:
        raise ShapeError(
            "`ctc_loss` takes logits of shape (batch, time, classes) and labels of shape "
            f"(batch, length), not {logits.shape} and {labels.shape}"
        )
    equal_shapes("ctc_loss", labels=labels, label_paddings=label_paddings)
    equal_shapes("ctc_loss", frames=logits[..., 0], logit_paddings=logit_paddings)


def ctc_loss_with_forward_probs(
    logits: ArrayLike,
    logit_paddings: ArrayLike,
    labels: ArrayLike,
    label_paddings: ArrayLike,
    *,
    blank_id: int = 0,
    log_epsilon: ArrayLike = -100000.0,
) -> tuple[Array, Array, Array]:
    """`ctc_loss`, and the log probabilities of its forward recursion.

    Returns:
        The loss `(batch,)`; the log probability of having read n labels and ending in a blank,
        `(time, batch, length + 1)`; that of ending in the n-th label, `(time, batch, length)`.
    """
    (logits,) = floating("ctc_loss", logits=logits)
    logit_paddings, labels = jnp.asarray(logit_paddings), jnp.asarray(labels)
    label_paddings = jnp.asarray(label_paddings)
    _check(logits, logit_paddings, labels, label_paddings)
    dtype, (batch, length) = logits.dtype, labels.shape
    log_epsilon = jnp.asarray(log_epsilon, dtype)
    logs = jnp.swapaxes(nn.log_softmax(logits), 0, 1)
    rows = nn.one_hot(labels, logits.shape[-1], dtype=dtype)
    emits = jnp.einsum("tbk,bnk->tbn", logs, rows, precision=lax.Precision.HIGHEST)
    # Two equal labels in a row need a blank between them.
    repeated = jnp.pad(labels[:, :-1] == labels[:, 1:], ((0, 0), (0, 1)))
    skip_cost = jnp.where(repeated, log_epsilon, 0)
    stay_cost = jnp.where(repeated, 0, log_epsilon)

    def enter(blank: Array, added: Array) -> Array:
        return jnp.concatenate([blank[:, :1], jnp.logaddexp(blank[:, 1:], added)], axis=-1)

    def step(carry: Any, frame: Any) -> Any:
        blank, emit = carry
        log_emit, log_blank, padded = frame
        before = enter(blank, emit + skip_cost)
        next_emit = jnp.logaddexp(before[:, :-1], emit) + log_emit
        next_blank = enter(before + log_blank, emit + log_blank + stay_cost)
        padded = padded[:, None] > 0
        carry = jnp.where(padded, blank, next_blank), jnp.where(padded, emit, next_emit)
        return carry, carry

    first_blank = jnp.full((batch, length + 1), log_epsilon).at[:, 0].set(0)
    first = first_blank, jnp.full((batch, length), log_epsilon)
    frames = emits, logs[:, :, blank_id : blank_id + 1], logit_paddings.T
    (blank, emit), (blanks, emits) = lax.scan(step, first, frames)
    last = enter(blank, emit)
    sizes = length - jnp.sum(label_paddings, axis=1).astype("int32")
    loss = -jnp.take_along_axis(last, sizes[:, None], axis=1)[:, 0]
    return loss, blanks.at[-1].set(last), emits


def ctc_loss(
    logits: ArrayLike,
    logit_paddings: ArrayLike,
    labels: ArrayLike,
    label_paddings: ArrayLike,
    *,
    blank_id: int = 0,
    log_epsilon: ArrayLike = -100000.0,
) -> Array:
    """Negative log probability of label sequences, summed over all alignments with the frames.

    Graves et al., "Connectionist temporal classification", 2006.

    Args:
        logits: `(batch, time, classes)` floats.
        logit_paddings: `(batch, time)`, 1 for padding and 0 for frames.
        labels: `(batch, length)` integers; the order of classes.
        label_paddings: `(batch, length)`, 1 for padding and 0 for labels; padding is at the end.
        blank_id: the class that stands for no label.
        log_epsilon: the logarithm that stands for probability 0.

    Returns:
        The loss of each sequence, `(batch,)`.

    Raises:
        ShapeError: the shapes do not fit together.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> loss = optim.ctc_loss(jnp.zeros((1, 2, 2)), jnp.zeros((1, 2)), jnp.array([[1]]),
        ...                       jnp.zeros((1, 1)))
        >>> jnp.exp(-loss).round(4).item()
        0.75
    """
    return ctc_loss_with_forward_probs(
        logits, logit_paddings, labels, label_paddings, blank_id=blank_id, log_epsilon=log_epsilon
    )[0]
