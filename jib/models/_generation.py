"""Text from a decoder, token by token, in one compiled program."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jib
from jib import lax, nnx, numpy as jnp
from jib.errors import ArgumentValueError, ShapeError
from jib.models._attending import Cache
from jib.typing import Array, ArrayLike

__all__ = ["generate", "sample_token"]


def sample_token(
    key: Array | None,
    logits: Array,
    temperature: ArrayLike = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Array:
    """One int32 token for each row of logits `(..., vocabulary)`.

    Args:
        key: for the draw; None takes the likeliest token.
        temperature: divides the logits; less is bolder.
        top_k: only the k likeliest tokens are drawn from.
        top_p: only the likeliest tokens that together have this probability (Holtzman et al. 2020,
            arXiv:1904.09751).

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.models import sample_token
        >>> sample_token(None, jnp.array([[0.0, 3.0, 1.0]])).tolist()
        [1]
    """
    if key is None:
        return jnp.argmax(logits, -1).astype("int32")
    logits = logits.astype("float32") / temperature
    if top_k is not None:
        least = lax.top_k(logits, min(top_k, logits.shape[-1]))[0][..., -1:]
        logits = jnp.where(logits < least, -jnp.inf, logits)
    if top_p is not None:
        ordered = jnp.sort(logits, axis=-1, descending=True)
        chances = jib.nn.softmax(ordered)
        before = jnp.cumsum(chances, -1) - chances  # of the tokens that are likelier
        least = jnp.where(before < top_p, ordered, jnp.inf).min(-1, keepdims=True)
        logits = jnp.where(logits < least, -jnp.inf, logits)
    return jib.random.categorical(key, logits).astype("int32")


class _State(NamedTuple):
    tokens: Array  # (batch, prompt + new), pad where nothing is yet
    last: Array  # (batch,), what was drawn last
    done: Array  # (batch,)
    count: Array
    cache: Cache
    key: Any


def generate(
    model: Any,
    prompt: ArrayLike,
    max_new_tokens: int,
    *,
    key: Array | None = None,
    mask: ArrayLike | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    end: int | None = None,
    pad: int = 0,
) -> Array:
    """The prompt, and what a decoder says after it.

    Keys and values of each token are computed once and kept. The whole loop is one program; it ends
    when every row has said `end`.

    Args:
        model: a `GPT2` or a `Llama`.
        prompt: int tokens `(batch, time)`. Shorter rows are padded on the *left*.
        max_new_tokens: how many tokens are added at most.
        key: for drawing; None takes the likeliest token each time.
        mask: booleans like `prompt`, False where there is padding.
        temperature, top_k, top_p: see `sample_token`.
        end: the token after which a row is done.
        pad: what stands after it.

    Returns:
        int32 `(batch, time + max_new_tokens)`.

    Raises:
        ShapeError: the prompt is no matrix.
        ArgumentValueError: the model does not know so many positions, or the last token of a row
            is padding.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import models, nnx
        >>> sizes = {"vocab_size": 50, "n_positions": 16, "n_embd": 8, "n_layer": 1, "n_head": 2}
        >>> model = models.GPT2(sizes, rngs=nnx.Rngs(0))
        >>> models.generate(model, jnp.array([[7, 8, 9]]), 4).shape
        (1, 7)
    """
    prompt = jnp.asarray(prompt)
    if prompt.ndim != 2:
        raise ShapeError(
            f"generate takes tokens (batch, time), not an array of shape {prompt.shape}",
            help="prompt = prompt[None]  # one row",
        )
    size = prompt.shape[1] + max_new_tokens
    if size > model.most_tokens:
        raise ArgumentValueError(
            f"{prompt.shape[1]} tokens and {max_new_tokens} new ones are {size}, and the model "
            f"knows {model.most_tokens} positions",
            help=f"max_new_tokens={max(0, model.most_tokens - prompt.shape[1])}",
        )
    mask = jnp.ones(prompt.shape, bool) if mask is None else jnp.asarray(mask, bool)
    if not mask[:, -1].all():
        raise ArgumentValueError(
            "the last token of a row is padding, so there is nothing to go on from",
            help="pad on the left: [pad, pad, first, ..., last]",
        )
    run = _program(max_new_tokens, top_k, top_p, end, pad)
    return run(model, prompt, mask, key, jnp.float32(temperature))


@functools.lru_cache(64)
def _program(new: int, top_k: int | None, top_p: float | None, end: int | None, pad: int) -> Any:
    """The compiled loop; `nnx.jit` keeps one for each set of shapes."""

    def draw(state: _State, logits: Array, temperature: Array) -> _State:
        key, now = (None, None) if state.key is None else jib.random.split(state.key)
        token = sample_token(now, logits[:, -1], temperature, top_k, top_p)
        token = jnp.where(state.done, pad, token)
        place = state.tokens.shape[1] - new + state.count
        tokens = lax.dynamic_update_slice(state.tokens, token[:, None], (place * 0, place))
        done = state.done if end is None else state.done | (token == end)
        return state._replace(tokens=tokens, last=token, done=done, count=state.count + 1, key=key)

    @nnx.jit
    def run(model: Any, prompt: Array, mask: Array, key: Any, temperature: Array) -> Array:
        batch, time = prompt.shape
        tokens = jnp.pad(prompt.astype("int32"), ((0, 0), (0, new)), constant_values=pad)
        logits, cache = model(prompt, mask, model.empty_cache(batch, time + new))
        nobody = jnp.zeros(batch, bool)
        state = _State(tokens, tokens[:, -1], nobody, jnp.int32(0), cache, key)
        if not new:
            return tokens

        def step(state: _State) -> _State:
            logits, cache = model(state.last[:, None], None, state.cache)
            return draw(state._replace(cache=cache), logits, temperature)

        state = draw(state, logits, temperature)

        def unfinished(state: _State) -> Array:
            return (state.count < new) & ~state.done.all()

        return lax.while_loop(unfinished, step, state).tokens

    return run
