"""A variational autoencoder of small stripes: two numbers describe each picture.

Source: Kingma and Welling 2014, arXiv:1312.6114.
Run: python examples/variational_autoencoder.py
"""

import argparse
from typing import Any

import numpy as np

import jib
import jib.numpy as jnp
from jib import linen as nn, optim
from jib.training import TrainState


class Autoencoder(nn.Module):
    """Pictures `(batch, 64)` of zeros and ones to a normal distribution over codes, and back."""

    codes: int = 2

    def setup(self) -> None:
        self.hidden = nn.Dense(64)
        self.mean, self.log_variance = nn.Dense(self.codes), nn.Dense(self.codes)
        self.decoder = nn.Sequential([nn.Dense(64), nn.tanh, nn.Dense(64)])

    def __call__(self, x: jib.Array) -> tuple[jib.Array, jib.Array, jib.Array]:
        hidden = nn.tanh(self.hidden(x))
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        noise = jib.random.normal(self.make_rng("codes"), mean.shape)
        return self.decode(mean + jnp.exp(0.5 * log_variance) * noise), mean, log_variance

    def decode(self, codes: jib.Array) -> jib.Array:
        """Log odds of each pixel."""
        return self.decoder(codes)


def stripes(count: int, seed: int) -> np.ndarray:
    """Pictures `(count, 64)`: a bright square of 8 by 8 but for what is left of a slanting edge."""
    source = np.random.default_rng(seed)
    place, slant = source.uniform(1, 7, (count, 1, 1)), source.uniform(-1, 1, (count, 1, 1))
    rows, columns = np.mgrid[:8, :8]
    edge = place + slant * (rows - 3.5)
    return (columns > edge).reshape(count, 64).astype(np.float32)


def bound(params: Any, apply: Any, key: jib.Array, x: jib.Array) -> tuple[jib.Array, jib.Array]:
    """The negative evidence bound in nats per picture, and the part that is reconstruction."""
    logits, mean, log_variance = apply({"params": params}, x, rngs={"codes": key})
    missed = optim.sigmoid_binary_cross_entropy(logits, x).sum(-1)
    divergence = 0.5 * jnp.sum(mean**2 + jnp.exp(log_variance) - 1 - log_variance, axis=-1)
    return (missed + divergence).mean(), missed.mean()


@jib.jit
def train_step(state: TrainState, key: jib.Array, x: jib.Array) -> tuple[TrainState, jib.Array]:
    """One step, and the bound before it."""
    grad_of = jib.value_and_grad(bound, has_aux=True)
    (loss, _), grads = grad_of(state.params, state.apply_fn, key, x)
    return state.apply_gradients(grads=grads), loss


def main(steps: int = 400, batch: int = 128) -> tuple[float, float, np.ndarray]:
    """Trains; returns the bound before and after on unseen pictures, and what codes decode to."""
    model = Autoencoder()
    init_key, first_key, train_key, last_key = jib.random.split(jib.random.key(0), 4)
    data, unseen = stripes(2048, seed=1), stripes(512, seed=2)
    params_key, codes_key = jib.random.split(init_key)
    params = model.init({"params": params_key, "codes": codes_key}, data[:1])["params"]
    state = TrainState.create(apply_fn=model.apply, params=params, tx=optim.adam(5e-3))
    before = float(bound(state.params, model.apply, first_key, unseen)[0])
    for step in range(steps):
        rows = np.random.default_rng(step).integers(0, len(data), batch)
        state, _ = train_step(state, jib.random.fold_in(train_key, step), data[rows])
    after, missed = map(float, bound(state.params, model.apply, last_key, unseen))
    print(f"bound {before:.1f} -> {after:.1f} nats, of which {missed:.1f} are reconstruction")
    codes = jnp.stack([jnp.linspace(-2, 2, 5), jnp.zeros(5)], axis=-1)
    pictures = nn.sigmoid(model.apply({"params": state.params}, codes, method="decode"))
    for row in np.asarray(pictures).reshape(5, 8, 8).swapaxes(0, 1):
        print("  ".join("".join(" .+#"[int(3.99 * p)] for p in picture) for picture in row))
    return before, after, np.asarray(pictures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=128)
    main(**vars(parser.parse_args()))
