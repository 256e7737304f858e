"""Smoothing by noise: the mean of a function over perturbed arguments, and its derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jib.numpy as jnp
from jib import lax, random, tree as trees
from jib.optim._trees import like, tree_add_scale, tree_random_like, tree_scale, tree_sum
from jib.transforms.vmap import vmap
from jib.typing import Array, ArrayLike, DTypeLike, Shape

__all__ = ["Gumbel", "Normal", "make_perturbed_fun"]


class Normal:
    """Standard normal noise."""

    def sample(self, key: Any, sample_shape: Shape = (), dtype: DTypeLike = float) -> Array:
        """Draws of the given shape."""
        return random.normal(key, sample_shape, dtype)

    def log_prob(self, inputs: Any) -> Array:
        """Log density, up to a constant."""
        return -0.5 * jnp.square(inputs)


class Gumbel:
    """Standard Gumbel noise: the maximum of perturbed scores is drawn as softmax says."""

    def sample(self, key: Any, sample_shape: Shape = (), dtype: DTypeLike = float) -> Array:
        """Draws of the given shape."""
        return random.gumbel(key, sample_shape, dtype)

    def log_prob(self, inputs: Any) -> Array:
        """Log density."""
        return -inputs - jnp.exp(-inputs)


_GUMBEL = Gumbel()


def make_perturbed_fun(
    fun: Callable[[Any], Any],
    num_samples: int = 1000,
    sigma: ArrayLike = 0.1,
    noise: Any = _GUMBEL,
    use_baseline: bool = True,
) -> Callable[[Any, Any], Any]:
    """The mean of `fun(x + sigma * noise)`, whose derivatives exist even where fun has none.

    The derivative is the score-function estimate: `fun` times that of the noise's log density.
    Berthet et al., "Learning with differentiable perturbed optimizers", 2020.

    Args:
        fun: a function of a tree of arrays that gives a tree of arrays.
        num_samples: how many draws are averaged.
        sigma: scale of the noise.
        noise: has `sample(key, shape, dtype)` and `log_prob(values)`.
        use_baseline: subtract `fun(x)` in derivatives, which lowers their variance.

    Returns:
        A function of a key and a tree of arrays.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib.optim import perturbations
        >>> hard = lambda x: (x > 0).astype(jnp.float32)
        >>> soft = perturbations.make_perturbed_fun(hard, 1000, 1.0, perturbations.Normal())
        >>> bool(abs(jib.grad(soft, 1)(jib.random.key(0), 0.0) - 0.4) < 0.05)
        True
    """

    def estimate(key: Any, x: Any, baseline: Any) -> Any:
        draws = tree_random_like(key, x, noise.sample)
        moved = trees.map(lambda x, z: lax.stop_gradient(x + like(sigma, x) * z), x, draws)
        # The same draws, as a function of x: only their density depends on it.
        seen = trees.map(lambda x, y: (y - x) / like(sigma, x), x, moved)
        log_density = jnp.asarray(tree_sum(trees.map(noise.log_prob, seen)))
        one = jnp.exp(log_density - lax.stop_gradient(log_density))
        out = tree_scale(one, fun(moved))
        return tree_add_scale(out, 1 - one, baseline) if use_baseline else out

    def perturbed(key: Any, x: Any) -> Any:
        x = trees.map(jnp.asarray, x)
        baseline = fun(lax.stop_gradient(x)) if use_baseline else None
        keys = random.split(key, num_samples)
        return trees.map(
            lambda y: jnp.mean(y, axis=0), vmap(estimate, (0, None, None))(keys, x, baseline)
        )

    return perturbed
