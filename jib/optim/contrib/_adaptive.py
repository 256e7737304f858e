"""Relatives of Adam and AdaGrad: ADOPT, ACProp, AdEMAMix, MADGRAD, COCOB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import tree as trees
from jib.optim._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Number,
    Params,
    ScalarOrSchedule,
    required,
)
from jib.optim._combining import chain
from jib.optim._hyper import hyperparameters
from jib.optim._moments import ScaleByAdamState, ScaleByBeliefState
from jib.optim._numerics import safe_increment
from jib.optim._transforms import add_decayed_weights, scale_by_learning_rate
from jib.optim._trees import (
    like,
    tree_bias_correction,
    tree_cast,
    tree_full_like,
    tree_sub,
    tree_update_moment,
    tree_update_moment_per_elem_norm,
    tree_zeros_like,
)
from jib.typing import DTypeLike

__all__ = [
    "COCOBState", "MadgradState", "ScaleByAdemamixState", "ScaleBySimplifiedAdEMAMixState",
    "acprop", "ademamix", "adopt", "cocob", "madgrad", "scale_by_acprop", "scale_by_ademamix",
    "scale_by_adopt", "scale_by_cocob", "scale_by_madgrad", "scale_by_simplified_ademamix",
    "simplified_ademamix",
]  # fmt: skip


def zero_count() -> Any:
    """A step counter at 0."""
    return jnp.zeros((), "int32")


# -------------------------------------------------------------------------------------- ADOPT


def _fourth_root(step: Any) -> Any:
    return step**0.25


def scale_by_adopt(
    b1: Number = 0.9,
    b2: Number = 0.9999,
    eps: Number = 1e-06,
    mu_dtype: DTypeLike | None = None,
    *,
    nesterov: bool = False,
    use_clipping: bool = True,
    clip_value_fn: Callable[[Any], Any] = _fourth_root,
) -> GradientTransformation:
    """Adam that divides by the second moment of the *earlier* steps, and then averages.

    Taniguchi et al., "ADOPT: modified Adam can converge with any beta2", 2024.

    Args:
        b1: weight of the past in the mean.
        b2: weight of the past in the mean of squares.
        eps: the least root of the latter.
        mu_dtype: dtype in which the mean is kept.
        nesterov: look one step ahead.
        use_clipping: limit normalised gradients to `clip_value_fn(step)`.
        clip_value_fn: a function of the step, from 0.
    """

    def init(params: Params) -> ScaleByAdamState:
        mu = tree_zeros_like(params, mu_dtype)
        return ScaleByAdamState(zero_count(), mu, tree_zeros_like(params))

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        first = state.count == 0
        b1, b2 = jnp.where(first, 1, h.b1.wide), jnp.where(first, 0, h.b2.wide)
        limit = clip_value_fn(state.count) if use_clipping else None

        def normalise(g: Any, v: Any) -> Any:
            g = g / jnp.maximum(jnp.sqrt(v), h.eps(v))
            return g if limit is None else jnp.clip(g, -like(limit, g), like(limit, g))

        scaled = trees.map(normalise, updates, state.nu)
        mu = tree_update_moment(scaled, state.mu, b1, 1)
        mean = tree_update_moment(scaled, mu, b1, 1) if nesterov else mu
        nu = tree_update_moment_per_elem_norm(updates, state.nu, b2, 2)
        return mean, ScaleByAdamState(safe_increment(state.count), tree_cast(mu, mu_dtype), nu)

    return hyperparameters(init, update, b1=b1, b2=b2, eps=eps)


def adopt(
    learning_rate: ScalarOrSchedule,
    b1: Number = 0.9,
    b2: Number = 0.9999,
    eps: Number = 1e-06,
    mu_dtype: DTypeLike | None = None,
    *,
    nesterov: bool = False,
    use_clipping: bool = True,
    clip_value_fn: Callable[[Any], Any] = _fourth_root,
) -> GradientTransformationExtraArgs:
    """ADOPT; the arguments are those of `scale_by_adopt`."""
    scaling = scale_by_adopt(
        b1, b2, eps, mu_dtype, nesterov=nesterov, use_clipping=use_clipping,
        clip_value_fn=clip_value_fn,
    )  # fmt: skip
    return chain(scaling, scale_by_learning_rate(learning_rate))


# ------------------------------------------------------------------------------------- ACProp


def scale_by_acprop(
    b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-16, eps_root: Number = 1e-16
) -> GradientTransformation:
    """Divide gradients by the spread, known one step earlier, around their running mean.

    Zhuang et al., "Momentum centering and asynchronous update", 2021.

    Args:
        b1: weight of the past in the mean.
        b2: weight of the past in the mean of squared deviations.
        eps: added to the root of the latter.
        eps_root: added to the squares at every step.
    """

    def init(params: Params) -> ScaleByBeliefState:
        zeros = tree_zeros_like(params)
        return ScaleByBeliefState(zero_count(), zeros, zeros)

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        first = state.count == 0
        mu = tree_update_moment(updates, state.mu, h.b1.wide, 1)
        deviation = tree_sub(updates, state.mu)
        nu = tree_update_moment_per_elem_norm(deviation, state.nu, h.b2.wide, 2)
        nu = trees.map(lambda v: v + h.eps_root(v), nu)
        before = tree_bias_correction(state.nu, h.b2.wide, jnp.maximum(state.count, 1))

        def divide(g: Any, v: Any) -> Any:
            return g / (jnp.sqrt(jnp.where(first, 1, v)) + h.eps(v))

        new_state = ScaleByBeliefState(safe_increment(state.count), mu, nu)
        return trees.map(divide, updates, before), new_state

    return hyperparameters(init, update, b1=b1, b2=b2, eps=eps, eps_root=eps_root)


def acprop(
    learning_rate: ScalarOrSchedule,
    b1: Number = 0.9,
    b2: Number = 0.999,
    eps: Number = 1e-16,
    eps_root: Number = 1e-16,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """ACProp with decoupled weight decay; the arguments are those of `scale_by_acprop`."""
    return _decayed(scale_by_acprop(b1, b2, eps, eps_root), learning_rate, weight_decay, mask)


def _decayed(
    scaling: GradientTransformation, learning_rate: Any, weight_decay: Any, mask: Any
) -> GradientTransformationExtraArgs:
    decay = add_decayed_weights(weight_decay, mask)
    return chain(scaling, decay, scale_by_learning_rate(learning_rate))


# ----------------------------------------------------------------------------------- AdEMAMix


class ScaleByAdemamixState(NamedTuple):
    """Steps, a fast and a slow mean of gradients, and the mean of their squares."""

    count: Any
    count_m2: Any
    m1: Any
    m2: Any
    nu: Any
    hyper: Any = ()


def scale_by_ademamix(
    b1: Number = 0.9,
    b2: Number = 0.999,
    b3: ScalarOrSchedule = 0.9999,
    alpha: ScalarOrSchedule = 6.0,
    eps: Number = 1e-08,
    eps_root: Number = 0.0,
    mu_dtype: DTypeLike | None = None,
) -> GradientTransformation:
    """Adam with a second, much slower mean of gradients.

    Pagliardini et al., "The AdEMAMix optimizer: better, faster, older", 2024.

    Args:
        b1: weight of the past in the fast mean.
        b2: weight of the past in the mean of squares.
        b3: weight of the past in the slow mean, a number or a schedule.
        alpha: factor of the slow mean, a number or a schedule.
        eps: added to the root of the mean of squares.
        eps_root: added under it.
        mu_dtype: dtype in which the means are kept.
    """

    def init(params: Params) -> ScaleByAdemamixState:
        zeros = tree_zeros_like(params, mu_dtype)
        return ScaleByAdemamixState(zero_count(), zero_count(), zeros, zeros, zeros)

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        m1 = tree_update_moment(updates, state.m1, h.b1.wide, 1)
        m2 = tree_update_moment(updates, state.m2, h.b3.wide, 1)
        nu = tree_update_moment_per_elem_norm(updates, state.nu, h.b2.wide, 2)
        count, count_m2 = safe_increment(state.count), safe_increment(state.count_m2)

        def mix(fast: Any, slow: Any, v: Any) -> Any:
            return (fast + h.alpha(slow) * slow) / (jnp.sqrt(v + h.eps_root(v)) + h.eps(v))

        fast = tree_bias_correction(m1, h.b1.wide, count)
        updates = trees.map(mix, fast, m2, tree_bias_correction(nu, h.b2.wide, count))
        kept = tree_cast((m1, m2, nu), mu_dtype)
        return updates, ScaleByAdemamixState(count, count_m2, *kept)

    return hyperparameters(
        init, update, b1=b1, b2=b2, b3=b3, alpha=alpha, eps=eps, eps_root=eps_root
    )


def ademamix(
    learning_rate: ScalarOrSchedule,
    b1: Number = 0.9,
    b2: Number = 0.999,
    b3: ScalarOrSchedule = 0.9999,
    alpha: ScalarOrSchedule = 5.0,
    eps: Number = 1e-08,
    eps_root: Number = 0.0,
    mu_dtype: DTypeLike | None = None,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """AdEMAMix with decoupled weight decay; the arguments are those of `scale_by_ademamix`."""
    scaling = scale_by_ademamix(b1, b2, b3, alpha, eps, eps_root, mu_dtype)
    return _decayed(scaling, learning_rate, weight_decay, mask)


class ScaleBySimplifiedAdEMAMixState(NamedTuple):
    """Steps, the decayed sum of gradients, and the mean of their squares."""

    t: Any
    m: Any
    n: Any
    hyper: Any = ()


def scale_by_simplified_ademamix(
    b1: Number = 0.99,
    b2: Number = 0.95,
    alpha: ScalarOrSchedule = 0.0,
    eps: Number = 1e-08,
    eps_root: Number = 0.0,
) -> GradientTransformation:
    """AdEMAMix whose fast mean is the gradient itself, times `alpha`.

    Morwani et al., "Connections between Schedule-Free optimizers, AdEMAMix, and accelerated SGD
    variants", 2025.

    Args:
        b1: weight of the past in the sum of gradients.
        b2: weight of the past in the mean of squares.
        alpha: factor of the gradient, a number or a schedule.
        eps: added to the root of the mean of squares.
        eps_root: added under it.
    """

    def init(params: Params) -> ScaleBySimplifiedAdEMAMixState:
        zeros = tree_zeros_like(params)
        return ScaleBySimplifiedAdEMAMixState(zero_count(), zeros, zeros)

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        m = trees.map(lambda g, m: g + h.b1(m) * m, updates, state.m)
        n = tree_update_moment(updates, state.n, h.b2.wide, 2)
        t = safe_increment(state.t)

        def divide(m: Any, g: Any, v: Any) -> Any:
            return (m + h.alpha(g) * g) / (jnp.sqrt(v + h.eps_root(v)) + h.eps(v))

        spread = tree_bias_correction(n, h.b2.wide, t)
        return trees.map(divide, m, updates, spread), ScaleBySimplifiedAdEMAMixState(t, m, n)

    return hyperparameters(init, update, b1=b1, b2=b2, alpha=alpha, eps=eps, eps_root=eps_root)


def simplified_ademamix(
    learning_rate: ScalarOrSchedule,
    b1: Number = 0.99,
    b2: Number = 0.95,
    alpha: ScalarOrSchedule = 0.0,
    eps: Number = 1e-08,
    eps_root: Number = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """Simplified AdEMAMix with decoupled weight decay; see `scale_by_simplified_ademamix`."""
    scaling = scale_by_simplified_ademamix(b1, b2, alpha, eps, eps_root)
    return _decayed(scaling, learning_rate, weight_decay, mask)


# ------------------------------------------------------------------------------------ MADGRAD


class MadgradState(NamedTuple):
    """Steps, weighted sums of squared gradients and of gradients, and the first parameters."""

    count: Any
    grad_sum_sq: Any
    s: Any
    x0: Any
    hyper: Any = ()


def scale_by_madgrad(
    learning_rate: ScalarOrSchedule, momentum: float = 0.9, eps: float = 1e-06
) -> GradientTransformation:
    """Dual averaging with the cube root of summed squares, and momentum by averaging iterates.

    Defazio and Jelassi, "Adaptivity without compromise", 2022. The updates are ready to be added.

    Args:
        learning_rate: a number or a schedule.
        momentum: weight of the last iterate.
        eps: added to the root and to the learning rate.
    """

    def init(params: Params) -> MadgradState:
        zeros = tree_zeros_like(params)
        return MadgradState(zero_count(), zeros, zeros, params)

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        required(params, "scale_by_madgrad")
        weight = (h.learning_rate.wide + h.eps.wide) * jnp.sqrt(state.count + 1.0)
        squares = trees.map(
            lambda v, g: v + like(weight, g) * jnp.square(g), state.grad_sum_sq, updates
        )
        sums = trees.map(lambda s, g: s + like(weight, g) * g, state.s, updates)

        def move(first: Any, s: Any, v: Any, p: Any) -> Any:
            target = first - s / (jnp.cbrt(v) + h.eps(v))
            return like(1 - h.momentum.wide, p) * (target - p)

        updates = trees.map(move, state.x0, sums, squares, params)
        return updates, MadgradState(safe_increment(state.count), squares, sums, state.x0)

    return hyperparameters(init, update, learning_rate=learning_rate, momentum=momentum, eps=eps)


def madgrad(
    learning_rate: ScalarOrSchedule,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    eps: float = 1e-06,
) -> GradientTransformationExtraArgs:
    """MADGRAD on gradients to which decayed weights are added; see `scale_by_madgrad`."""
    return chain(add_decayed_weights(weight_decay), scale_by_madgrad(learning_rate, momentum, eps))


# -------------------------------------------------------------------------------------- COCOB


class COCOBState(NamedTuple):
    """First parameters, sums of gradients, their largest size, sum of sizes, and winnings."""

    init_particles: Any
    cumulative_gradients: Any
    scale: Any
    subgradients: Any
    reward: Any
    hyper: Any = ()


def scale_by_cocob(alpha: Number = 100.0, eps: Number = 1e-08) -> GradientTransformation:
    """Bet on the gradient's sign with what was won so far: no learning rate.

    Orabona and Tommasi, "Training deep networks without learning rates", 2017. The updates are
    ready to be added.

    Args:
        alpha: how slowly bets grow at the start.
        eps: the first guess of the largest gradient.
    """

    def init(params: Params) -> COCOBState:
        zeros = tree_zeros_like(params)
        return COCOBState(params, zeros, tree_full_like(params, eps), zeros, zeros)

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        required(params, "scale_by_cocob")
        first, sums, scale, sizes, reward, _ = state
        scale = trees.map(lambda most, g: jnp.maximum(most, jnp.abs(g)), scale, updates)
        sizes = trees.map(lambda total, g: total + jnp.abs(g), sizes, updates)
        reward = trees.map(
            lambda won, g, p, p0: jnp.maximum(won - g * (p - p0), 0), reward, updates, params, first
        )
        sums = tree_sub(sums, updates)

        def bet(p: Any, p0: Any, total: Any, most: Any, size: Any, won: Any) -> Any:
            odds = total / (most * jnp.maximum(size + most, h.alpha(most) * most))
            return p0 + odds * (most + won) - p

        updates = trees.map(bet, params, first, sums, scale, sizes, reward)
        return updates, COCOBState(first, sums, scale, sizes, reward)

    return hyperparameters(init, update, alpha=alpha)


def cocob(
    learning_rate: ScalarOrSchedule = 1.0,
    alpha: Number = 100.0,
    eps: Number = 1e-08,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """COCOB on gradients with decayed weights, times a factor; see `scale_by_cocob`."""
    return chain(
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate, flip_sign=False),
        scale_by_cocob(alpha, eps),
    )
