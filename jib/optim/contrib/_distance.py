"""Optimizers that find their learning rate: DoG, DoWG, Prodigy, D-Adaptation, Mechanic, MoMo."""

from __future__ import annotations

from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import tree as trees
from jib.errors import ArgumentValueError
from jib.optim._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Number,
    Params,
    ScalarOrSchedule,
    identity,
    required,
    with_extra_args_support,
)
from jib.optim._combining import chain
from jib.optim._hyper import hyperparameters
from jib.optim._numerics import safe_increment
from jib.optim._transforms import add_decayed_weights, scale_by_learning_rate
from jib.optim._trees import (
    like,
    real_dtype,
    tree_norm,
    tree_scale,
    tree_sub,
    tree_sum,
    tree_update_moment,
    tree_vdot,
    tree_where,
    tree_zeros_like,
)
from jib.optim.contrib._adaptive import zero_count

__all__ = [
    "DAdaptAdamWState", "DoGState", "DoWGState", "MechanicState", "MomoAdamState", "MomoState",
    "ProdigyState", "dadapt_adamw", "dog", "dowg", "mechanize", "momo", "momo_adam", "prodigy",
]  # fmt: skip


# --------------------------------------------------------------- distance over gradients


class DoGState(NamedTuple):
    """Whether no step was taken, the first parameters, the way from them, the sum of squares."""

    is_init_step: Any
    init_params: Any
    max_dist: Any
    sum_sq_norm_grads: Any
    hyper: Any = ()


def _scale_by_dog(init_step: tuple[str, Number], eps: Number) -> GradientTransformation:
    kind, first = init_step
    ArgumentValueError.check(
        "dog", "init_step[0]", kind, ("heuristic", "distance", "learning_rate")
    )

    def init(params: Params) -> DoGState:
        dtype = real_dtype(params)
        start = {"distance": lambda: first, "learning_rate": lambda: 0.0,
                 "heuristic": lambda: first * (1 + tree_norm(params))}[kind]()  # fmt: skip
        zero = jnp.zeros((), dtype)
        return DoGState(jnp.asarray(True), params, jnp.asarray(start).astype(dtype), zero)

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        required(params, "dog")
        total = state.sum_sq_norm_grads + tree_norm(updates, squared=True)
        distance = jnp.maximum(state.max_dist, tree_norm(tree_sub(state.init_params, params)))
        rate = distance / jnp.sqrt(total + h.eps(total))
        if kind == "learning_rate":
            rate = jnp.where(state.is_init_step, h.init_step(rate), rate)
        new_state = DoGState(jnp.asarray(False), state.init_params, distance, total)
        return tree_scale(rate, updates), new_state

    return hyperparameters(init, update, eps=eps, init_step=first)


class DoWGState(NamedTuple):
    """The first parameters, the weighted sum of squares, and the squared way from them."""

    init_params: Any
    weighted_sq_norm_grads: Any
    estim_sq_dist: Any
    hyper: Any = ()


def _scale_by_dowg(first: Number | None, eps: Number) -> GradientTransformation:
    def init(params: Params) -> DoWGState:
        dtype = real_dtype(params)
        start = jnp.asarray(eps if first is None else first).astype(dtype)
        return DoWGState(params, jnp.zeros((), dtype), start)

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        required(params, "dowg")
        way = tree_norm(tree_sub(state.init_params, params), squared=True)
        distance = jnp.maximum(state.estim_sq_dist, way)
        total = distance * tree_norm(updates, squared=True) + state.weighted_sq_norm_grads
        rate = distance / (jnp.sqrt(total) + h.eps(total))
        return tree_scale(rate, updates), DoWGState(state.init_params, total, distance)

    return hyperparameters(init, update, eps=eps)


def _with_decay(
    scaling: GradientTransformation, learning_rate: Any, weight_decay: Any, mask: Any
) -> GradientTransformationExtraArgs:
    decay = identity() if weight_decay is None else add_decayed_weights(weight_decay, mask)
    return chain(decay, scaling, scale_by_learning_rate(learning_rate))


def dog(
    learning_rate: ScalarOrSchedule = 1.0,
    init_step: tuple[str, Number] = ("heuristic", 1e-06),
    eps: Number = 1e-08,
    weight_decay: ScalarOrSchedule | None = None,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """Steps as long as the way so far, over the root of all squared gradients.

    Ivgi, Hinder and Carmon, "DoG is SGD's best friend", 2023.

    Args:
        learning_rate: factor of the step; 1 is meant.
        init_step: ("distance", way) assumes a first way; ("heuristic", share) takes it as a share
            of `1 +` the parameters' norm; ("learning_rate", rate) gives the first step's rate.
        eps: added under the root.
        weight_decay: of the parameters, added to gradients; none when None.
        mask: which parameters decay.

    Raises:
        ArgumentValueError: an unknown kind of first step.
    """
    return _with_decay(_scale_by_dog(init_step, eps), learning_rate, weight_decay, mask)


def dowg(
    learning_rate: ScalarOrSchedule = 1.0,
    init_estim_sq_dist: Number | None = None,
    eps: Number = 0.0001,
    weight_decay: ScalarOrSchedule | None = None,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """Like `dog`, with squared gradients weighted by the squared way.

    Khaled, Mishchenko and Jin, "DoWG unleashed", 2023.

    Args:
        learning_rate: factor of the step; 1 is meant.
        init_estim_sq_dist: the first squared way; `eps` when None.
        eps: added to the root.
        weight_decay: of the parameters, added to gradients; none when None.
        mask: which parameters decay.
    """
    return _with_decay(_scale_by_dowg(init_estim_sq_dist, eps), learning_rate, weight_decay, mask)


# ------------------------------------------------------------------- D-Adaptation and Prodigy


class ProdigyState(NamedTuple):
    """Both moments, the sum of gradients, the first parameters, the estimate and its numerator."""

    exp_avg: Any
    exp_avg_sq: Any
    grad_sum: Any
    params0: Any
    estim_lr: Any
    numerator_weighted: Any
    count: Any
    hyper: Any = ()


def _rate(h: Any, state: Any, count: Any) -> Any:
    """The estimate times the schedule and Adam's correction of both biases."""
    estimate = state.estim_lr
    unbiased = jnp.sqrt(1 - h.b2(estimate) ** count) / (1 - h.b1(estimate) ** count)
    return estimate * h.learning_rate(estimate) * unbiased.astype(estimate.dtype)


def _larger(estimate: Any, numerator: Any, denominator: Any) -> Any:
    """The larger of an estimate and a quotient; the estimate where nothing was seen yet."""
    some = denominator > 0
    quotient = numerator / jnp.where(some, denominator, 1)
    return jnp.where(some, jnp.maximum(estimate, quotient), estimate).astype(estimate.dtype)


def prodigy(
    learning_rate: ScalarOrSchedule = 1.0,
    betas: tuple[float, float] = (0.9, 0.999),
    beta3: Number | None = None,
    eps: Number = 1e-08,
    estim_lr0: Number = 1e-06,
    estim_lr_coef: Number = 1.0,
    weight_decay: ScalarOrSchedule = 0.0,
    safeguard_warmup: bool = False,
) -> GradientTransformation:
    """Adam whose learning rate is told from how gradients agree with the way so far.

    Mishchenko and Defazio, "Prodigy: an expeditiously adaptive parameter-free learner", 2023.

    Args:
        learning_rate: factor of the estimate, a number or a schedule; 1 is meant.
        betas: weights of the past in the two moments.
        beta3: weight of the past in the estimate; the root of the second beta when None.
        eps: added to the root of the second moment.
        estim_lr0: the first estimate.
        estim_lr_coef: factor of every new estimate.
        weight_decay: decoupled decay of the parameters.
        safeguard_warmup: keep the schedule out of the estimate's denominator.
    """

    def init(params: Params) -> ProdigyState:
        zeros, zero = tree_zeros_like(params), jnp.zeros((), real_dtype(params))
        first = jnp.asarray(estim_lr0).astype(zero.dtype)
        return ProdigyState(zeros, zeros, zeros, params, first, zero, zero_count())

    def update(updates: Any, state: Any, params: Any, h: Any, **_: Any) -> Any:
        required(params, "prodigy")
        count, estimate = safe_increment(state.count), state.estim_lr
        rate, start = _rate(h, state, count), h.estim_lr0(estimate)
        scaled = tree_scale(estimate, updates)
        mean = tree_update_moment(scaled, state.exp_avg, h.b1.wide, 1)
        squares = tree_update_moment(scaled, state.exp_avg_sq, h.b2.wide, 2)
        weight = (estimate if safeguard_warmup else rate) / start
        sums = trees.map(lambda s, g: h.beta3(s) * s + like(weight, g) * g, state.grad_sum, scaled)
        agreement = tree_vdot(updates, tree_sub(state.params0, params))
        numerator = h.beta3(estimate) * state.numerator_weighted
        numerator = numerator + estimate / start * rate * agreement
        total = tree_sum(trees.map(jnp.abs, sums))
        larger = _larger(estimate, h.estim_lr_coef(estimate) * numerator, total)

        def step(m: Any, v: Any, p: Any) -> Any:
            direction = m / (jnp.sqrt(v) + like(larger, v) * h.eps(v))
            return -like(rate, p) * (h.weight_decay(p) * p + direction)

        return trees.map(step, mean, squares, params), ProdigyState(
            mean, squares, sums, state.params0, larger, numerator.astype(estimate.dtype), count
        )

    return hyperparameters(
        init, update, extra_args=True, learning_rate=learning_rate, b1=betas[0], b2=betas[1],
        beta3=betas[1] ** 0.5 if beta3 is None else beta3, eps=eps, estim_lr0=estim_lr0,
        estim_lr_coef=estim_lr_coef, weight_decay=weight_decay,
    )  # fmt: skip


class DAdaptAdamWState(NamedTuple):
    """Both moments, the sum of gradients, the estimate and its numerator, and steps."""

    exp_avg: Any
    exp_avg_sq: Any
    grad_sum: Any
    estim_lr: Any
    numerator_weighted: Any
    count: Any
    hyper: Any = ()


def dadapt_adamw(
    learning_rate: ScalarOrSchedule = 1.0,
    betas: tuple[Number, Number] = (0.9, 0.999),
    eps: Number = 1e-08,
    estim_lr0: Number = 1e-06,
    weight_decay: ScalarOrSchedule = 0.0,
) -> GradientTransformation:
    """AdamW whose learning rate is told from how gradients agree with one another.

    Defazio and Mishchenko, "Learning-rate-free learning by D-Adaptation", 2023.

    Args:
        learning_rate: factor of the estimate, a number or a schedule; 1 is meant.
        betas: weights of the past in the two moments.
        eps: added to the root of the second moment.
        estim_lr0: the first estimate.
        weight_decay: decoupled decay of the parameters.
    """

    def init(params: Params) -> DAdaptAdamWState:
        zeros, zero = tree_zeros_like(params), jnp.zeros((), real_dtype(params))
        first = jnp.asarray(estim_lr0).astype(zero.dtype)
        return DAdaptAdamWState(zeros, zeros, zeros, first, zero, zero_count())

    def update(updates: Any, state: Any, params: Any, h: Any, **_: Any) -> Any:
        required(params, "dadapt_adamw")
        count, root = safe_increment(state.count), jnp.sqrt(h.b2.wide)
        rate = _rate(h, state, count)
        divided = trees.map(
            lambda s, v: s / (jnp.sqrt(v) + h.eps(v)), state.grad_sum, state.exp_avg_sq
        )
        agreement = jnp.asarray(tree_vdot(updates, divided)).astype(rate.dtype)
        scaled = tree_scale(rate, updates)
        mean = tree_update_moment(scaled, state.exp_avg, h.b1.wide, 1)
        squares = tree_update_moment(updates, state.exp_avg_sq, h.b2.wide, 2)
        sums = tree_update_moment(scaled, state.grad_sum, root, 1)
        numerator = tree_update_moment(rate * agreement, state.numerator_weighted, root, 1)
        total = like(1 - root, rate) * tree_sum(trees.map(jnp.abs, sums))

        def step(m: Any, v: Any, p: Any) -> Any:
            return -h.weight_decay(p) * like(rate, p) * p - m / (jnp.sqrt(v) + h.eps(v))

        larger = _larger(state.estim_lr, numerator, total)
        new_state = DAdaptAdamWState(mean, squares, sums, larger, numerator, count)
        return trees.map(step, mean, squares, params), new_state

    return hyperparameters(
        init, update, extra_args=True, learning_rate=learning_rate, b1=betas[0], b2=betas[1],
        eps=eps, estim_lr0=estim_lr0, weight_decay=weight_decay,
    )  # fmt: skip


# ----------------------------------------------------------------------------------- Mechanic


class MechanicState(NamedTuple):
    """The inner state, steps, one bettor's numbers per decay, and the first parameters."""

    base_optimizer_state: Any
    count: Any
    r: Any
    m: Any
    v: Any
    s: Any
    x0: Any
    hyper: Any = ()


def mechanize(
    base_optimizer: GradientTransformation,
    weight_decay: ScalarOrSchedule = 0.01,
    eps: Number = 1e-08,
    s_init: Number = 1e-06,
    num_betas: int = 6,
) -> GradientTransformation:
    """Find the factor of another optimizer's updates by betting.

    Cutkosky, Defazio and Mehta, "Mechanic: a learning rate tuner", 2023.

    Args:
        base_optimizer: the optimizer, with its schedule and its learning rate.
        weight_decay: how much parameters pull the factor down.
        eps: added to denominators.
        s_init: the first factor.
        num_betas: how many decays, `1 - 0.1 ** i`, take part.
    """
    base_optimizer = with_extra_args_support(base_optimizer)

    def init(params: Params) -> MechanicState:
        zeros = jnp.zeros(num_betas, real_dtype(params))
        first = jnp.full_like(zeros, s_init)
        inner = base_optimizer.init(params)
        return MechanicState(inner, zero_count(), zeros, zeros, zeros, first, params)

    def update(updates: Any, state: Any, params: Any, h: Any, **extra: Any) -> Any:
        required(params, "mechanize")
        inner_updates, inner = base_optimizer.update(
            updates, state.base_optimizer_state, params, **extra
        )
        first = tree_where(state.count == 0, params, state.x0)
        factor = jnp.sum(state.s)
        eps = h.eps(factor)
        pull = h.weight_decay(factor) * factor * tree_norm(updates) / (tree_norm(params) + eps)
        way = trees.map(lambda p, p0: (p0 - p) / like(factor + eps, p), params, first)
        pulled = trees.map(lambda g, p: g + like(pull, p) * p, updates, params)
        gain = jnp.asarray(tree_vdot(pulled, way)).astype(factor.dtype)
        decays = jnp.asarray([1 - 0.1**i for i in range(1, num_betas + 1)], factor.dtype)
        m = jnp.maximum(decays * state.m, jnp.abs(gain) + eps)
        v = jnp.square(decays) * state.v + jnp.square(gain)
        r = decays * state.r + jnp.clip(gain, -state.m, state.m) * state.s
        wealth = h.s_init(factor) / num_betas * m + jnp.maximum(r, 0)
        s = wealth / (jnp.sqrt(v) + eps)
        total = jnp.sum(s)
        updates = trees.map(
            lambda p0, p, w, u: p0 - like(total, p) * (w - u) - p, first, params, way, inner_updates
        )
        count = safe_increment(state.count)
        return updates, MechanicState(inner, count, r, m, v, s, first)

    return hyperparameters(
        init, update, extra_args=True, weight_decay=weight_decay, eps=eps, s_init=s_init
    )


# --------------------------------------------------------------------------------------- MoMo


class MomoState(NamedTuple):
    """Mean gradient, mean loss, mean of gradient times parameters, lower bound, and steps."""

    exp_avg: Any
    barf: Any
    gamma: Any
    lb: Any
    count: Any
    hyper: Any = ()


class MomoAdamState(NamedTuple):
    """The same, and the mean of squared gradients."""

    exp_avg: Any
    exp_avg_sq: Any
    barf: Any
    gamma: Any
    lb: Any
    count: Any
    hyper: Any = ()


def _momo_step(
    params: Any, mean: Any, divisors: Any, state: Any, unbias: Any, h: Any, adapt: bool
) -> tuple[Any, Any]:
    """The updates, and the new lower bound: Polyak's step for the model of means in `state`."""
    _, barf, gamma, bound, _, _ = state
    alpha, lower = h.learning_rate(barf), h.lower_bound(barf)
    pull = alpha * h.weight_decay(barf)
    shrink = 1 + pull
    direction = mean if divisors is None else trees.map(jnp.divide, mean, divisors)
    square = jnp.asarray(tree_vdot(mean, direction)).astype(barf.dtype)
    product = jnp.asarray(tree_vdot(mean, params)).astype(barf.dtype)
    if adapt:
        cap = shrink * (barf - gamma) + product
        lowered = jnp.maximum(cap / (2 * unbias * shrink), lower)
        bound = jnp.where(cap < shrink * unbias * bound, lowered, bound)
    gap = jnp.maximum(shrink * (barf - unbias * bound - gamma) + product, 0)
    flat = square <= float(jnp.finfo("float64").eps)
    tau = jnp.minimum(alpha / unbias, jnp.where(flat, 0, gap / jnp.where(flat, 1, square)))
    decay = pull / shrink
    if adapt:
        bound = jnp.maximum((barf + product - gamma - 0.5 * tau * square) / unbias, lower)
    updates = trees.map(lambda p, d: -like(decay, p) * p - like(tau, d) * d, params, direction)
    return updates, bound


def momo(
    learning_rate: ScalarOrSchedule = 1.0,
    beta: Number = 0.9,
    lower_bound: Number = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
    adapt_lower_bound: bool = False,
) -> GradientTransformation:
    """SGD with momentum and Polyak's step size for a model of the loss made of past gradients.

    Schaipp et al., "MoMo: momentum models for adaptive learning rates", 2024. `update` takes the
    loss by name: `update(gradients, state, params, value=loss)`.

    Args:
        learning_rate: the largest step size, a number or a schedule.
        beta: weight of the past.
        lower_bound: of the loss.
        weight_decay: decay of the parameters.
        adapt_lower_bound: estimate the bound along the way.
    """

    def init(params: Params) -> MomoState:
        zero = jnp.zeros((), real_dtype(params))
        bound = jnp.full_like(zero, lower_bound)
        return MomoState(tree_zeros_like(params), zero, zero, bound, zero_count())

    def update(updates: Any, state: Any, params: Any, h: Any, *, value: Any, **_: Any) -> Any:
        required(params, "momo")
        decay = jnp.where(state.count == 0, 0, h.beta.wide)
        new = MomoState(*_means(updates, state, params, decay, value))
        updates, bound = _momo_step(
            params, new.exp_avg, None, new, jnp.ones_like(new.barf), h, adapt_lower_bound
        )
        return updates, new._replace(lb=bound)

    return hyperparameters(
        init, update, extra_args=True, learning_rate=learning_rate, beta=beta,
        lower_bound=lower_bound, weight_decay=weight_decay,
    )  # fmt: skip


def _means(updates: Any, state: Any, params: Any, decay: Any, value: Any) -> tuple[Any, ...]:
    """The fields of the next `MomoState`, its bound unchanged."""
    dtype = state.barf.dtype
    seen = jnp.asarray(value).astype(dtype), jnp.asarray(tree_vdot(updates, params)).astype(dtype)
    mean, (barf, gamma) = tree_update_moment(
        (updates, seen), (state.exp_avg, (state.barf, state.gamma)), decay, 1
    )
    return mean, barf, gamma, state.lb, safe_increment(state.count)


def momo_adam(
    learning_rate: ScalarOrSchedule = 0.01,
    b1: Number = 0.9,
    b2: Number = 0.999,
    eps: Number = 1e-08,
    lower_bound: Number = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
    adapt_lower_bound: bool = False,
) -> GradientTransformation:
    """`momo` in the metric of Adam.

    Args:
        learning_rate: the largest step size, a number or a schedule.
        b1: weight of the past in the mean of gradients and losses.
        b2: weight of the past in the mean of squares.
        eps: added to the root of the latter.
        lower_bound: of the loss.
        weight_decay: decay of the parameters.
        adapt_lower_bound: estimate the bound along the way.
    """

    def init(params: Params) -> MomoAdamState:
        zeros, zero = tree_zeros_like(params), jnp.zeros((), real_dtype(params))
        bound = jnp.full_like(zero, lower_bound)
        return MomoAdamState(zeros, zeros, zero, zero, bound, zero_count())

    def update(updates: Any, state: Any, params: Any, h: Any, *, value: Any, **_: Any) -> Any:
        required(params, "momo_adam")
        new = MomoState(*_means(updates, state, params, h.b1.wide, value))
        squares = tree_update_moment(updates, state.exp_avg_sq, h.b2.wide, 2)
        unbias1 = 1 - h.b1(new.barf) ** new.count
        unbias2 = 1 - h.b2(new.barf) ** new.count
        divisors = trees.map(lambda v: h.eps(v) + jnp.sqrt(v / like(unbias2, v)), squares)
        updates, bound = _momo_step(
            params, new.exp_avg, divisors, new, unbias1, h, adapt_lower_bound
        )
        return updates, MomoAdamState(new.exp_avg, squares, new.barf, new.gamma, bound, new.count)

    return hyperparameters(
        init, update, extra_args=True, learning_rate=learning_rate, b1=b1, b2=b2, eps=eps,
        lower_bound=lower_bound, weight_decay=weight_decay,
    )  # fmt: skip
