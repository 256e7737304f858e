"""The gradient of every single example, and two things it is good for.

`grad` of a mean gives the mean of the gradients. `vmap(grad(...))` gives each of them, in one
compiled program: here to find mislabelled examples, and to train so that no single example
weighs much (the clipping and noise of differentially private training; the privacy itself is
not accounted for here).
Run: python examples/per_example_gradients.py
"""

import argparse

import jib
import jib.numpy as jnp


def make_data(key: jib.Array, count: int, wrong: int) -> tuple[jib.Array, jib.Array]:
    """Points `(count, 5)` and labels of 0 or 1 `(count,)`, the first `wrong` of them turned."""
    points = jib.random.normal(key, (count, 5))
    labels = (points @ jnp.asarray([2.0, -1.0, 0.5, 0.0, 1.0]) > 0).astype(jnp.float32)
    return points, labels.at[:wrong].set(1.0 - labels[:wrong])


def loss(weights: jib.Array, point: jib.Array, label: jib.Array) -> jib.Array:
    """Logistic loss of one example."""
    score = point @ weights
    return jnp.logaddexp(0.0, score) - label * score


#: Weights `(5,)`, points `(n, 5)`, labels `(n,)` to gradients `(n, 5)`.
each_gradient = jib.jit(jib.vmap(jib.grad(loss), in_axes=(None, 0, 0)))


@jib.jit
def plain_step(weights: jib.Array, points: jib.Array, labels: jib.Array) -> jib.Array:
    """Gradient descent on the mean loss."""
    return weights - each_gradient(weights, points, labels).mean(axis=0)


@jib.jit
def clipped_step(
    weights: jib.Array, points: jib.Array, labels: jib.Array, key: jib.Array
) -> jib.Array:
    """Each gradient is cut to length 0.1, and noise hides what is left of a single one.

    Source: Abadi et al. 2016, arXiv:1607.00133, algorithm 1.
    """
    gradients = each_gradient(weights, points, labels)
    lengths = jnp.linalg.norm(gradients, axis=1, keepdims=True)
    clipped = gradients * jnp.minimum(1.0, 0.1 / (lengths + 1e-12))
    noise = 0.1 * jib.random.normal(key, weights.shape)
    return weights - 5.0 * (clipped.sum(axis=0) + noise) / len(points)


def main(count: int = 400, wrong: int = 8, steps: int = 100) -> tuple[int, float, float]:
    """Returns how many wrong labels were found, and the accuracy of both trainings."""
    data_key, noise_key = jib.random.split(jib.random.key(0))
    points, labels = make_data(data_key, count, wrong)
    plain = clipped = jnp.zeros(5)
    for step in range(steps):
        plain = plain_step(plain, points, labels)
        clipped = clipped_step(clipped, points, labels, jib.random.fold_in(noise_key, step))

    # The mean of all is the gradient of the mean, as it should be.
    mean_loss = lambda w: jib.vmap(loss, (None, 0, 0))(w, points, labels).mean()  # noqa: E731
    gradients = each_gradient(plain, points, labels)
    assert jnp.allclose(gradients.mean(axis=0), jib.grad(mean_loss)(plain), atol=1e-5)

    lengths = jnp.linalg.norm(gradients, axis=1)
    suspects = jnp.argsort(-lengths)[:wrong]
    found = int((suspects < wrong).sum())
    print(f"{found} of {wrong} wrong labels are among the {wrong} longest gradients")
    truth = jnp.concatenate([1.0 - labels[:wrong], labels[wrong:]])
    accuracies = [float(((points @ w > 0) == (truth > 0.5)).mean()) for w in (plain, clipped)]
    print(f"accuracy: plain {accuracies[0]:.1%}, clipped and noisy {accuracies[1]:.1%}")
    return found, accuracies[0], accuracies[1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--wrong", type=int, default=8)
    parser.add_argument("--steps", type=int, default=100)
    main(**vars(parser.parse_args()))
