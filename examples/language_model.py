"""A transformer that learns a text letter by letter, then writes with a cache of its attention.

Training sees all letters of a line at once, under a causal mask; writing makes one at a time, and
keeps the keys and values of those before it. Both must give the same logits, which is checked.
Run: python examples/language_model.py
"""

import argparse
from typing import Any

import numpy as np

import jib
import jib.numpy as jnp
from jib import lax, linen as nn, optim
from jib.training import TrainState

TEXT = "the sea gives and the sea takes, and the boats go out and come home again. " * 8
LETTERS = sorted(set(TEXT))


class Layer(nn.Module):
    """Attention to what came before, and a hidden layer, each added to its input."""

    decode: bool

    @nn.compact
    def __call__(self, x: jib.Array, mask: jib.Array | None) -> jib.Array:
        attention = nn.MultiHeadDotProductAttention(num_heads=4, decode=self.decode)
        x = x + attention(nn.LayerNorm()(x), mask=mask)
        hidden = nn.gelu(nn.Dense(4 * x.shape[-1])(nn.LayerNorm()(x)))
        return x + nn.Dense(x.shape[-1])(hidden)


class LanguageModel(nn.Module):
    """Letters `(batch, time)` and their places to logits `(batch, time, letters)`."""

    decode: bool = False
    width: int = 48
    layers: int = 2
    longest: int = 64

    @nn.compact
    def __call__(self, letters: jib.Array, places: jib.Array) -> jib.Array:
        table = nn.Embed(len(LETTERS), self.width)
        x = table(letters) + nn.Embed(self.longest, self.width)(places)
        mask = None if self.decode else nn.make_causal_mask(letters)
        for _ in range(self.layers):
            x = Layer(self.decode)(x, mask)
        return table.attend(nn.LayerNorm()(x))


@jib.jit
def train_step(state: TrainState, lines: jib.Array) -> tuple[TrainState, jib.Array]:
    """One step; `lines` `(batch, time + 1)`, of which each letter is guessed from those before."""

    def loss_of(params: Any) -> jib.Array:
        seen, following = lines[:, :-1], lines[:, 1:]
        logits = state.apply_fn({"params": params}, seen, jnp.arange(seen.shape[1]))
        return optim.softmax_cross_entropy_with_integer_labels(logits, following).mean()

    loss, grads = jib.value_and_grad(loss_of)(state.params)
    return state.apply_gradients(grads=grads), loss


def write(params: Any, start: jib.Array, length: int) -> tuple[jib.Array, jib.Array]:
    """`length` letters that begin with `start`, the likeliest each time, and all logits."""
    model = LanguageModel(decode=True)
    empty = jnp.zeros((1, length), int)
    shapes = jib.eval_shape(model.init, jib.random.key(0), empty, empty[0])
    cache = jib.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes["cache"])

    def step(carry: Any, place: jib.Array) -> Any:
        cache, letter = carry
        variables = {"params": params, "cache": cache}
        logits, new = model.apply(variables, letter[None, None], place[None], mutable=["cache"])
        given = start[jnp.minimum(place + 1, len(start) - 1)]
        following = jnp.where(place + 1 < len(start), given, logits[0, 0].argmax())
        return (new["cache"], following), (letter, logits[0, 0])

    return lax.scan(step, (cache, start[0]), jnp.arange(length))[1]


def main(steps: int = 150, length: int = 48) -> tuple[float, float]:
    """Trains and writes; returns the last loss, and how far cached logits are from uncached."""
    text = np.array([LETTERS.index(letter) for letter in TEXT])
    model = LanguageModel()
    params = model.init(jib.random.key(0), text[None, :4], np.arange(4))["params"]
    schedule = optim.warmup_cosine_decay_schedule(0.0, 5e-3, 20, max(steps, 21))
    tx = optim.chain(optim.clip_by_global_norm(1.0), optim.adamw(schedule, weight_decay=0.01))
    state = TrainState.create(apply_fn=model.apply, params=params, tx=tx)
    source = np.random.default_rng(0)
    loss = jnp.inf
    for step in range(steps):
        begins = source.integers(0, len(text) - 49, 16)
        state, loss = train_step(state, text[begins[:, None] + np.arange(49)])
        if step % 50 == 0 or step == steps - 1:
            print(f"step {step}: loss {float(loss):.3f}")
    letters, cached = jib.jit(write, static_argnums=2)(state.params, text[:8], length)
    print("".join(LETTERS[i] for i in letters.tolist()))
    at_once = model.apply({"params": state.params}, letters[None], jnp.arange(length))[0]
    return float(loss), float(jnp.abs(at_once - cached).max())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--length", type=int, default=48)
    main(**vars(parser.parse_args()))
